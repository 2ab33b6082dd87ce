"""What the logs of applications tell: how often each repeats itself, to whom, and since when its process runs.

A log's wall clock is the machine's (the parser leaves it naive), so the machine's zone makes it UTC; what the zone may
be off by is added to the doubt of every moment, never to an age, which is read from a counter.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from forensics.evidence import Evidence, Found, Source
from forensics.measure.zone import Zone
from forensics.parsers.application_log import ApplicationLog
from forensics.text.endpoints import endpoint
from forensics.text.said import Said

# A log is not newer than its bundle. A day leaves room for a zone that is not known.
_AHEAD = timedelta(days=1)

_SERVICES_START = timedelta(minutes=10)  # two clocks of one boot agree to that (measure/uptime.py)


class LogUse(msgspec.Struct, frozen=True):
    """One log. What it does not tell is None, `remote` "".

    `repeats` lines say the same; `interval_seconds` is the median from one to the next, `rate_per_second` how many come
    in a second while the program runs. At the moment `at` (known to `at_uncertain_seconds`) the process had been
    running for `process_age_seconds` and more: its log begins when it does, or later.
    """

    file: str
    events: int
    first_at: datetime | None
    last_at: datetime | None
    repeats: int
    interval_seconds: float | None
    rate_per_second: float | None
    remote: str
    process_age_seconds: float | None
    age_uncertain_seconds: float
    at: datetime | None
    at_uncertain_seconds: float
    sources: tuple[Source, ...]

    @property
    def up_at_least(self) -> float | None:
        """Seconds for which the machine had been up at `at`, at least: no process outlives a restart."""
        if self.process_age_seconds is None:
            return None
        return max(0.0, self.process_age_seconds - self.age_uncertain_seconds)

    @property
    def started_no_later(self) -> datetime | None:
        """The latest moment at which the process, and so the machine, can have started."""
        if self.at is None or self.up_at_least is None:
            return None
        return self.at + timedelta(seconds=self.at_uncertain_seconds - self.up_at_least)


def find_application_logs(evidence: Evidence, zone: Zone, collected_at: datetime | None) -> tuple[LogUse, ...]:
    """Measure every log, in the order of the files' names."""
    return tuple(_measured(found, zone, collected_at) for found in evidence.all(ApplicationLog))


def older_than_boot(logs: Sequence[LogUse], boot: datetime | None) -> tuple[Said, ...]:
    """What to say of logs by whose counter a process is older than the running boot, which none can be."""
    return tuple(
        Said(
            "{file}: by its counter its process had started by {started:utc}, before the boot at {boot:utc}; no "
            "process outlives a restart, so one of the two is wrong, or the log is another machine's",
            {"file": one.file, "started": one.started_no_later, "boot": boot},
        )
        for one in logs
        if boot and one.at and one.at >= boot and one.started_no_later and one.started_no_later < boot - _SERVICES_START
    )


def _measured(found: Found[ApplicationLog], zone: Zone, collected_at: datetime | None) -> LogUse:
    log, repeated, age = found.fact, found.fact.repeated, found.fact.age
    remote = repeated.remote if repeated else None
    at, doubt = None, 0.0
    if age:
        local = _chosen(age.at_local, zone, collected_at)
        at = age.at or (_utc(local, zone) if local else None)
        doubt = 60.0 * zone.at_local(local).uncertain if local and not age.at else 0.0
    first, last = _ends(log, zone, collected_at)
    lines = [*(repeated.lines if repeated else (log.line, log.last_line)), *((age.first_line, age.line) if age else ())]
    return LogUse(
        file=found.file,
        events=log.events,
        first_at=first,
        last_at=last,
        repeats=repeated.count if repeated else 0,
        interval_seconds=repeated.interval_seconds if repeated else None,
        rate_per_second=repeated.rate if repeated else None,
        remote=endpoint(remote.host, remote.port) if remote else "",
        process_age_seconds=age.seconds if age else None,
        age_uncertain_seconds=age.uncertain_seconds if age else 0.0,
        at=at,
        at_uncertain_seconds=doubt,
        sources=tuple(found.source(line) for line in sorted(set(lines))),
    )


def _ends(log: ApplicationLog, zone: Zone, collected_at: datetime | None) -> tuple[datetime | None, datetime | None]:
    """The first and last time, UTC; of a log that has times with a zone and without, those with."""
    if log.first and log.last:
        return log.first, log.last
    if log.yearless and collected_at:
        first, last = _with_year(log.yearless, zone.at(collected_at).to_local(collected_at))
    else:
        first, last = (_chosen(readings, zone, collected_at) for readings in (log.first_local, log.last_local))
    return _utc(first, zone) if first else None, _utc(last, zone) if last else None


def _with_year(ends: tuple[datetime, datetime], collected: datetime) -> tuple[datetime | None, datetime | None]:
    """Times without a year: the log ends in the last year in which it can."""
    first, last = ends
    for year in (collected.year, collected.year - 1):
        try:
            end = last.replace(year=year)
            begin = first.replace(year=year - (last.year - first.year))
        except ValueError:  # 29 February
            continue
        if end <= collected + _AHEAD:
            return begin, end
    return None, None


def _chosen(readings: Sequence[datetime], zone: Zone, collected_at: datetime | None) -> datetime | None:
    """The only reading of a wall-clock time that is not after the collection; None where more than one is left."""
    possible = [one for one in readings if collected_at is None or _utc(one, zone) <= collected_at + _AHEAD]
    return possible[0] if len(possible) == 1 else None


def _utc(local: datetime, zone: Zone) -> datetime:
    return zone.at_local(local).to_utc(local)
