"""How fast the machine opens connections: "Active Opens" of `netstat -s`, counted by the system itself.

Active Opens is a 32-bit counter of connects attempted since boot, per family; the difference of two readings bounds
what could have been opened anew in between (traps.md, Arithmetic).
"""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec

from forensics.evidence import Evidence, Found, Source
from forensics.measure.collection import Moment, Taken, member_moment, seconds_between
from forensics.measure.log import SystemLog
from forensics.measure.zone import Zone
from forensics.parsers.netstat_statistics import Statistics

_NEVER = datetime.min.replace(tzinfo=UTC)
# A reading further from its table than this says nothing about what was opened in between.
_BESIDE = timedelta(seconds=30)
COUNTER_WRAP = 2**32  # a DWORD (MIB_TCPSTATS.dwActiveOpens)


class Counted(msgspec.Struct, frozen=True):
    """One `netstat -s` and when it ran."""

    found: Found[Statistics]
    moment: Moment | None
    monotonic: float | None


class OpenRate(msgspec.Struct, frozen=True):
    """Connections opened between two readings.

    `opens` over `seconds`, for the `families` whose counters both readings have. `margin` is what may have been
    opened between a table and the reading beside it, and so escaped the count.
    """

    opens: int
    seconds: float
    margin: int
    families: tuple[int, ...]
    sources: tuple[Source, ...]
    clocked: bool = True  # whether the seconds are the collector's and not those of two files' dates

    @property
    def per_second(self) -> float:
        """The rate as counted."""
        return self.opens / self.seconds

    @property
    def most(self) -> int:
        """An upper bound of what was opened in the time between the tables: one more for a counter read mid-connect."""
        return self.opens + self.margin + 1

    @property
    def per_second_at_most(self) -> float:
        """The rate's upper bound; above zero even where nothing was counted."""
        return self.most / self.seconds


def when_counted(evidence: Evidence, zone: Zone, log: SystemLog) -> tuple[Counted, ...]:
    """Every reading with its time, in the order taken (file-name order without times)."""
    readings = []
    for found in evidence.all(Statistics):
        moment, _ = member_moment(found, zone, log)
        monotonic = found.entry.monotonic_ms / 1000 if found.entry and found.entry.monotonic_ms is not None else None
        readings.append(Counted(found, moment, monotonic))
    if all(one.moment for one in readings):
        readings.sort(key=lambda one: (one.moment.at if one.moment else _NEVER, one.found.fact.line))
    return tuple(readings)


def opened_between(
    before: Taken, after: Taken, tables: Sequence[Taken], readings: Sequence[Counted]
) -> OpenRate | None:
    """Connections opened between two tables, from the readings that stand beside them."""
    first, last = _beside(before, tables, readings), _beside(after, tables, readings)
    if first is None or last is None or first is last:
        return None
    passed = readings[readings.index(first) : readings.index(last) + 1]
    opens = {family: total for family in (4, 6) if (total := grown(passed, family)) is not None}
    seconds = seconds_between(first, last) or seconds_between(before, after)
    if not opens or not seconds:
        return None
    total = sum(opens.values())
    sources = tuple(
        one.found.source(counters.line)
        for one in (first, last)
        for counters in one.found.fact.tcp
        if counters.family in opens
    )
    unseen = max(0.0, _offset(before, first)) + max(0.0, -_offset(after, last))
    margin = math.ceil(total / seconds * unseen)
    return OpenRate(total, seconds, margin, tuple(opens), sources, before.clocked and after.clocked)


def grown(readings: Sequence[Counted], family: int, counter: str = "active_opens") -> int | None:
    """How much a counter of a family grew over readings in a row; None where one lacks it or it ran backwards.

    A difference of half the counter's range or more is no growth: the reading is a copy, of another boot or machine.
    """
    values = [
        getattr(counters, counter) for one in readings for counters in one.found.fact.tcp if counters.family == family
    ]
    if len(values) != len(readings):
        return None
    steps = [(later - earlier) % COUNTER_WRAP for earlier, later in pairwise(values)]
    return None if any(step >= COUNTER_WRAP // 2 for step in steps) else sum(steps)


def _beside(table: Taken, tables: Sequence[Taken], readings: Sequence[Counted]) -> Counted | None:
    """The reading that belongs to a table: the nearest in time, or the one of the same rank where times are missing."""
    timed = [(one.moment.at, one) for one in readings if one.moment]
    if table.moment and len({at for at, _ in timed}) == len(readings) > 0:
        at = table.moment.at
        nearest = min(timed, key=lambda pair: abs(pair[0] - at))
        return nearest[1] if abs(nearest[0] - at) <= _BESIDE else None
    if len(readings) == len(tables):
        return readings[list(tables).index(table)]
    return None


def _offset(table: Taken, reading: Counted) -> float:
    """Seconds by which a reading came after its table."""
    if table.monotonic is not None and reading.monotonic is not None:
        return reading.monotonic - table.monotonic
    if table.moment and reading.moment:
        return (reading.moment.at - table.moment.at).total_seconds()
    return 0.0
