"""The arithmetic of TIME_WAIT: what rate would fill the ports, what rate was seen, and which rows outlived the delay.

Formulas (domain.md §7), N ports in TIME_WAIT, λ connections a second, D the delay in seconds:

- ordinary expiry keeps N = λ·D, so N ports need λ = N / D (15,000 / 120 s = 125 a second);
- R = N / (λ·D) is about 1 where ordinary expiry explains N, and far above 1 where ports are not released;
- after the wrap nothing expires: N = λ·(t − t_wrap), so λ = N / (t − t_wrap) explains the pile, and the range of
  C ports is full when its free ones are used up, free/λ from now.
"""

import math
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import msgspec

from forensics.evidence import Evidence, Source
from forensics.knowledge.dynamic_ports import CRITICAL_SHARE
from forensics.knowledge.time_wait import (
    DEFAULT_DELAY,
    DISPUTED_DELAY,
    LEAST_DELAY,
    MOST_DELAY,
    REGISTRY_VALUE,
)
from forensics.measure.collection import Taken
from forensics.measure.ports import PortUse, has_tcpip_parameters, tcpip_parameter
from forensics.measure.rates import Counted, OpenRate, opened_between
from forensics.measure.snapshots import Turnover, held_by, turnover


class Delay(msgspec.Struct, frozen=True):
    """`seconds` as configured or by default; between `at_least` and `at_most` it is in force, for proofs.

    A registry value set since the boot is not in force, and Microsoft's texts name 120 and 240 s: a proof takes
    max(registry, 240 s), and 300 s (the documented maximum) where the registry was not collected; one that needs the
    shortest takes min(registry, 120 s), and 30 s (the documented minimum) where it was not.
    """

    seconds: int
    basis: str  # `registry` or `default`
    at_most: int
    source: Source | None = None
    at_least: int = LEAST_DELAY


class TimeWait(msgspec.Struct, frozen=True):
    """What TIME_WAIT does on this machine.

    `ports` are dynamic ports in TIME_WAIT in the latest table; `rows_seen` whether any table was read. `observed` is
    the rate over the longest interval that ends with it; `compared` the turnover over the same interval.
    """

    ports: int
    by_family: dict[int, int]
    tables: int
    delay: Delay
    observed: OpenRate | None
    compared: Turnover | None
    steps: tuple[Turnover, ...]
    free: int = 0  # usable TCP ports that nothing holds in the latest table
    usable: int = 0  # TCP ports that the pool which holds most can give
    range_known: bool = False  # whether the range was collected: an assumed one has free ports that may not exist
    crowded: bool = False  # whether the range is so full that Windows hands out ports in TIME_WAIT again

    def held(self, family: int) -> int:
        """Dynamic ports of one IP version in TIME_WAIT."""
        return self.by_family.get(family, 0)

    @property
    def needed_rate(self) -> float:
        """Connections a second that would keep this many ports in TIME_WAIT under ordinary expiry."""
        return self.ports / self.delay.seconds

    @property
    def ratio(self) -> float | None:
        """R by the figures as measured; None where no rate was measured or nothing was opened."""
        if self.observed is None or not self.observed.opens:
            return None
        return self.ports / (self.observed.per_second * self.delay.seconds)

    @property
    def ratio_bound(self) -> float | None:
        """R at the upper bounds of rate and delay, over whatever interval was measured; None without a rate."""
        if self.observed is None:
            return None
        return self.ports / (self.observed.per_second_at_most * self.delay.at_most)

    @property
    def ratio_at_least(self) -> float | None:
        """The same as a proof: None unless the interval outlasts the delay (N and λ paired)."""
        paired = self.observed is not None and self.observed.seconds > self.delay.at_most
        return self.ratio_bound if paired else None

    @property
    def outlived(self) -> bool:
        """Whether the tables compared are further apart than the delay can be."""
        seconds = self.compared.seconds if self.compared else None
        return seconds is not None and seconds > self.delay.at_most

    @property
    def survivors(self) -> int | None:
        """Rows found in both tables, of the families whose opens were counted; None without two tables."""
        if self.compared is None:
            return None
        if self.observed is None:
            return self.compared.survived
        return sum(count for family, count in self.compared.survived_by_family if family in self.observed.families)

    @property
    def reopened_at_most(self) -> int | None:
        """How many of them may have expired and been opened anew."""
        return self.observed.most if self.observed else None

    @property
    def excess(self) -> int | None:
        """Survivors that cannot have been opened anew: they outlived the delay. None where that cannot be told."""
        if not self.outlived or self.survivors is None or self.reopened_at_most is None:
            return None
        return max(0, self.survivors - self.reopened_at_most)

    @property
    def timed(self) -> bool:
        """Whether the time between the tables can be relied on.

        The collector's clock can. Files' dates say when a file was saved; the rows must bear them out: under ordinary
        expiry at a steady rate as many rows go as come, so that many come and none goes has a chance of e^-born,
        whatever the clock says.
        """
        if self.compared is None:
            return False
        if self.compared.clocked:
            return True
        return not any(step.gone for step in self.steps) and self.compared.born >= _UNLIKELY

    @property
    def only_grows(self) -> bool:
        """Whether the rows only grew in number though all should have expired, and reuse cannot have refilled them.

        The proof where Active Opens was not collected (traps.md, Arithmetic). Were all N rows new connections on ports
        taken at random from the C that were not held otherwise, each old row would stand again with a chance of N/C,
        and all of them with (N/C)^N: that must be below e^-20, one in 500 million. A full range proves nothing: there
        all ports are always in use.
        """
        if self.compared is None or not self.outlived or self.compared.gone or any(step.gone for step in self.steps):
            return False
        rows, later = self.compared.rows_before, self.compared.rows_after
        telling = self.range_known and (self.compared.born > 0 or later >= self.usable * _TELLING_SHARE)
        return telling and later > 0 and rows * math.log((later + self.free) / later) >= _IMPROBABLE

    @property
    def expired(self) -> int | None:
        """Rows that went away because their time was up; None where that cannot be told.

        A port in TIME_WAIT is handed out again only at exhaustion (ETL 1195, domain.md §2), so while the range is not
        crowded a row that is gone has expired; in a crowded one, less those that new connections can have taken.
        """
        if self.compared is None or not self.outlived or not self.compared.whole:
            return None
        if not self.crowded:
            return self.compared.gone
        return max(0, self.compared.gone - self.observed.most) if self.observed else None


_TELLING_SHARE = 0.25  # a few rows may be an application's own fixed ports; the ladder of contracts.md begins here
_UNLIKELY = 10  # e^-10 is one in 22,000
_IMPROBABLE = 20  # e^-20 is one in 500 million


class Forecast(msgspec.Struct, frozen=True):
    """After the wrap: the rate that explains the pile and what it means for the range, `full_at` in UTC."""

    explaining_rate: float
    full_at: datetime
    wider_range_seconds: float


def find_delay(evidence: Evidence) -> Delay:
    """The TIME_WAIT delay from the registry, or the default."""
    value = tcpip_parameter(evidence, REGISTRY_VALUE)
    if value and LEAST_DELAY <= value[0] <= MOST_DELAY:
        at_most, at_least = max(value[0], DISPUTED_DELAY), min(value[0], DEFAULT_DELAY)
        return Delay(value[0], "registry", at_most, value[1], at_least)
    if has_tcpip_parameters(evidence):
        return Delay(DEFAULT_DELAY, "default", DISPUTED_DELAY, None, DEFAULT_DELAY)
    return Delay(DEFAULT_DELAY, "default", MOST_DELAY)


def find_time_wait(
    evidence: Evidence, tables: Sequence[Taken], readings: Sequence[Counted], pools: Sequence[PortUse]
) -> TimeWait:
    """Measure the latest table against the earliest, and each against the one before it."""
    delay = find_delay(evidence)
    if not tables:
        return TimeWait(0, {}, 0, delay, None, None, ())
    latest = tables[-1]
    held = [held_by(table, pools) for table in tables]
    ports = {(family, connection[1]) for connection, family in held[-1].items()}
    by_family = dict(Counter(family for family, _ in ports))
    neighbours = zip(pairwise(tables), pairwise(held), strict=True)
    steps = tuple(turnover(*pair, *rows) for pair, rows in neighbours)
    # Around one table two readings of -s still give a rate.
    several = len(tables) > 1
    observed = opened_between(tables[0], latest, tables, readings) if several else _rate_of_readings(readings)
    compared = turnover(tables[0], latest, held[0], held[-1]) if several else None
    families = compared.families if compared else set(by_family)
    if observed and not families <= set(observed.families):
        observed = None  # rows of a family whose opens nobody counted: no rate is theirs
    if not several:
        return TimeWait(len(ports), by_family, 1, delay, observed, None, steps)
    fullest = max((pool for pool in pools if pool.protocol == "TCP"), key=lambda pool: pool.in_use or 0)
    free = max(0, fullest.usable - (fullest.in_use or 0))
    known = fullest.basis == "netsh"
    crowded = free < fullest.usable * (1 - CRITICAL_SHARE)
    return TimeWait(
        len(ports), by_family, len(tables), delay, observed, compared, steps, free, fullest.usable, known, crowded
    )


def _rate_of_readings(readings: Sequence[Counted]) -> OpenRate | None:
    if len(readings) < 2:  # noqa: PLR2004 - a difference needs two
        return None
    first, last = readings[0], readings[-1]
    stand_ins = [Taken(one.found, one.moment, one.monotonic) for one in (first, last)]  # type: ignore[arg-type]
    return opened_between(stand_ins[0], stand_ins[1], stand_ins, (first, last))


def forecast(ports: int, free: int, wrap_at: datetime, at: datetime, wider: int) -> Forecast | None:
    """What follows if nothing has been released since the wrap.

    Args:
        ports: dynamic ports in TIME_WAIT at `at`.
        free: usable ports that nothing holds at `at`.
        wrap_at: when the clock wrapped, UTC.
        at: the moment of collection, UTC.
        wider: ports that a wider range would add.
    """
    since = (at - wrap_at).total_seconds()
    if since <= 0 or not ports:
        return None
    rate = ports / since
    try:
        full_at = at + timedelta(seconds=free / rate)
    except OverflowError:
        return None
    return Forecast(rate, full_at, wider / rate)
