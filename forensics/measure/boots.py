"""The boot history that the System log tells.

Event 6013 (uptime in seconds, at boot and daily at noon) is the measure: `TimeCreated − seconds` is the boot, stable
to a second on a machine whose clock nobody moved (domain.md §4.1). 6009 and Kernel-General 12 mark boots too, but a
restart of the event log service and fast startup write some of them without a boot: a marker counts only where no
later 6013 says that the machine was up before it. A clock change moves `TimeCreated − seconds`; that is no boot.
"""

import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise, zip_longest

import msgspec

from forensics.evidence import Source
from forensics.knowledge.calendar import CLOCK_YEARS
from forensics.knowledge.tick import TICK_WRAP
from forensics.measure.log import (
    EVENT_LOG,
    KERNEL_BOOT,
    KERNEL_GENERAL,
    KERNEL_POWER,
    USER32,
    Logged,
    SystemLog,
)

_SAME_BOOT = timedelta(minutes=15)  # markers of one boot; services start within minutes, disks are checked
_SAME_BOOT_RECORDS = 200  # Kernel-General 12 may be written after the services' own first events
_STARTED = 6009  # written by the event log service when it starts: at boot, and when it alone is restarted
_MOST_DIGITS = 12  # a longer number is damage, and int() of a very long one costs time
_SECONDS = 4  # index of the uptime in 6013's and in 6008's strings (domain.md §4)
_HYBRID = "1"  # BootType of Kernel-Boot 27: 0 cold, 1 fast startup, 2 from hibernation (domain.md §4)
_SLEEP = 42  # Kernel-Power: entering sleep
_RESUME = "2"  # Kernel-General 1's Reason: the hardware clock after sleep, which uptime counts (domain.md §4.1)
_LONGEST_UPTIME = 2**32  # seconds, 136 years: a larger number in 6013 is damage


class Reading(msgspec.Struct, frozen=True):
    """One 6013: the machine had been up `seconds` at `at` (UTC, machine's clock)."""

    at: datetime
    seconds: int
    logged: Logged

    @property
    def boot(self) -> datetime:
        """The boot that it implies."""
        return self.at - timedelta(seconds=self.seconds)


class Boot(msgspec.Struct, frozen=True):
    """One run of the system.

    `start` is UTC by the clock of the last reading, which was set by `moved` seconds between that and the end.
    `ended_at` is the last moment it was surely up, None for the run in which the evidence was collected; `told` the
    uptime then, where 6008 tells it. `end` is `running`, `shutdown`, `unexpected` or `unknown`.
    """

    start: datetime
    basis: str
    source: Source
    readings: tuple[Reading, ...] = ()
    moved: float = 0.0
    ended_at: datetime | None = None
    end: str = "running"
    end_source: Source | None = None
    told: float | None = None

    @property
    def wrap_at(self) -> datetime:
        """When the TIME_WAIT clock wraps or wrapped: 2^32 ticks of 10 ms after the start."""
        return self.start + timedelta(seconds=self.moved + TICK_WRAP)

    @property
    def uptime_at_end(self) -> float | None:
        """Seconds of uptime when it was last seen up; None while it runs."""
        if self.told is not None or self.ended_at is None:
            return self.told
        return max(0.0, (self.ended_at - self.start).total_seconds() - self.moved)


class ClockChange(msgspec.Struct, frozen=True):
    """Kernel-General 1: the clock was set. `seconds` is new minus old; `resume` after sleep."""

    logged: Logged
    seconds: float
    resume: bool


def readings(log: SystemLog) -> list[Reading]:
    """Every 6013 with a sane number, oldest first."""
    found = []
    for logged in log.of(EVENT_LOG, 6013):
        seconds = uptime_told(logged)
        if seconds is not None:
            found.append(Reading(logged.at, seconds, logged))
    return found


def uptime_told(logged: Logged) -> int | None:
    """Read the uptime that 6013 and 6008 carry, in seconds; None where the number is damaged."""
    strings = logged.event.strings
    text = strings[_SECONDS] if len(strings) > _SECONDS else ""
    if not (text.isascii() and text.isdigit() and len(text) < _MOST_DIGITS):
        return None
    return int(text) if int(text) < _LONGEST_UPTIME else None


def clock_changes(log: SystemLog) -> list[ClockChange]:
    """Every step of the clock, in the order of its records.

    Windows 7 and earlier give no reason: there the first step after the machine went to sleep is its waking up.
    """
    changes = []
    asleep = False
    marks = log.of(KERNEL_GENERAL, 1) + log.of(KERNEL_POWER, _SLEEP)
    for logged in sorted(marks, key=_position):
        if logged.event.id == _SLEEP:
            asleep = True
            continue
        new, old = _time(logged.event.named("NewTime")), _time(logged.event.named("OldTime"))
        if new and old:
            reason = logged.event.named("Reason")
            resume = reason == _RESUME or (reason is None and asleep)
            changes.append(ClockChange(logged, (new - old).total_seconds(), resume))
            asleep = False
    return changes


def moved_between(changes: Sequence[ClockChange], after: Logged, before: Logged | None) -> float:
    """Seconds by which the clock was set (not by sleep) between two records of one log; to its end without `before`."""
    return sum(
        change.seconds
        for change in changes
        if not change.resume
        and change.logged.file == after.file
        and change.logged.event.record > after.event.record
        and (before is None or change.logged.event.record < before.event.record)
    )


def boot_history(log: SystemLog) -> tuple[Boot, ...]:
    """Every boot that the log shows or implies, in the order of its records; the last one still runs at its end.

    Record order, not time order: a clock that was wrong at boot dates events hours off (domain.md §0, trap 8).
    """
    boots: list[Boot] = []
    changes = clock_changes(log)
    runs = [run for run in _runs(log) if run.readings or not _is_fast_startup(log, run.markers[0].at)]
    for run, following in zip_longest(runs, runs[1:]):
        if run.readings:
            last = run.readings[-1]
            start, known, basis = last.boot, last.logged, "6013"
        else:
            known = min(run.markers, key=lambda one: one.at)
            basis = "6009" if all(one.event.id == _STARTED for one in run.markers) else "kernel-general-12"
            start = known.at
        moved = moved_between(changes, known, following.first if following else None)
        boots.append(Boot(start, basis, known.source(), tuple(run.readings), moved))
    ended = [_ended(boot, following.start, log) for boot, following in pairwise(boots)]
    return (*_told_by_6008(log, boots), *ended, *boots[-1:])


class _Run:
    """What was written in one run of the system: at most one 6009 and one Kernel-General 12, and readings."""

    def __init__(self) -> None:
        self.markers: list[Logged] = []
        self.readings: list[Reading] = []

    @property
    def first(self) -> Logged:
        """Its first record."""
        return min([*self.markers, *(one.logged for one in self.readings)], key=_position)

    def takes(self, marker: Logged) -> bool:
        """Whether a marker belongs to this run: none of its kind yet, and no reading but the one made at boot."""
        if any(one.event.id == marker.event.id for one in self.markers):
            return False
        if not self.readings:
            return True
        first = self.readings[0]
        at_boot = len(self.readings) == 1 and first.seconds < _SAME_BOOT.total_seconds()
        return at_boot and marker.event.record - first.logged.event.record <= _SAME_BOOT_RECORDS


def _runs(log: SystemLog) -> list[_Run]:
    """Sort markers and readings into runs."""
    changes = clock_changes(log)
    marks: list[Logged | Reading] = [*_markers(log), *readings(log)]
    marks.sort(key=_position)
    runs: list[_Run] = []
    for mark in marks:
        if isinstance(mark, Logged):
            if not runs or not runs[-1].takes(mark):
                runs.append(_Run())
            runs[-1].markers.append(mark)
            continue
        read = [run for run in runs if run.readings]
        previous = read[-1].readings[-1] if read else None
        marked = bool(runs) and not runs[-1].readings
        if previous is not None and not marked and _is_damaged(previous, mark, changes, log):
            continue
        if previous is not None and _same_boot(previous, mark, changes, log, marked=marked):
            # A marker in between came from a restart of the event log service, not of the machine.
            del runs[runs.index(read[-1]) + 1 :]
        elif not marked:
            runs.append(_Run())
        runs[-1].readings.append(mark)
    return runs


def _is_damaged(before: Reading, after: Reading, changes: Sequence[ClockChange], log: SystemLog) -> bool:
    """Whether a reading cannot be: in an unbroken log without a boot, uptime neither falls nor outruns the clock."""
    if log.lost_between(before.logged, after.logged):
        return False
    steps = sum(abs(one.seconds) for one in changes if before.logged.event.record < one.logged.event.record)
    passed = abs((after.at - before.at).total_seconds()) + steps + _SAME_BOOT.total_seconds()
    return not before.seconds <= after.seconds <= before.seconds + passed


def _same_boot(
    before: Reading, after: Reading, changes: Sequence[ClockChange], log: SystemLog, *, marked: bool
) -> bool:
    """Whether two readings in a row were made in one run.

    Uptime must have grown. Every boot leaves a marker, so without one between them, in a log that lost no record
    there, it was one run, however the clock jumped (a paused virtual machine). Else the later reading must imply a
    boot, less the clock changes, before the earlier one.
    """
    if after.seconds < before.seconds:
        return False
    if not marked and not log.lost_between(before.logged, after.logged):
        return True
    moved = moved_between(changes, before.logged, after.logged)
    return after.boot - timedelta(seconds=moved) <= before.at


def _position(mark: Logged | Reading) -> tuple[str, int]:
    logged = mark.logged if isinstance(mark, Reading) else mark
    return logged.file, logged.event.record


def _markers(log: SystemLog) -> list[Logged]:
    return [*log.of(EVENT_LOG, _STARTED), *log.of(KERNEL_GENERAL, 12)]


def _told_by_6008(log: SystemLog, boots: Sequence[Boot]) -> list[Boot]:
    """Tell of a run before the log's first boot: 6008 names its uptime at the last heartbeat (domain.md §4)."""
    for logged in log.of(EVENT_LOG, 6008):
        heartbeat, told = last_heartbeat(logged), uptime_told(logged)
        if heartbeat is None or told is None:
            continue
        if boots and heartbeat > boots[0].start:
            continue
        start = heartbeat - timedelta(seconds=told)
        source = logged.source()
        return [Boot(start, "6008", source, ended_at=heartbeat, end="unexpected", end_source=source)]
    return []


def fast_startups(log: SystemLog) -> list[Logged]:
    """Every Kernel-Boot 27 of type 1: a hybrid boot resumes the old kernel, so uptime goes on (Windows 8 and later)."""
    return [one for one in log.of(KERNEL_BOOT, 27) if one.event.strings[:1] == (_HYBRID,)]


def _is_fast_startup(log: SystemLog, at: datetime) -> bool:
    return any(abs(one.at - at) <= _SAME_BOOT for one in fast_startups(log))


def _ended(boot: Boot, next_start: datetime, log: SystemLog) -> Boot:
    """Find how a run ended before the next began: clean shutdown, 6008's last heartbeat, or the last event seen.

    Where the log lacks records, other runs may lie between: all that is sure is that it was up at its last reading.
    """
    if boot.source.file in log.partial:
        last_reading = boot.readings[-1].logged if boot.readings else None
        return _with_end(boot, last_reading.at if last_reading else boot.start, "unknown", last_reading)

    def within(logged: Logged) -> bool:
        return boot.start < logged.at <= next_start + timedelta(minutes=1)

    shutdowns = [one for one in log.of(EVENT_LOG, 6006) + log.of(KERNEL_GENERAL, 13) if within(one)]
    planned = [one for one in log.of(USER32, 1074) if within(one)]
    late = next_start + _SAME_BOOT
    unexpected = [
        (heartbeat, one)
        for one in log.of(EVENT_LOG, 6008)
        if next_start - timedelta(minutes=1) <= one.at <= late and (heartbeat := last_heartbeat(one))
    ]
    crashed = [one for one in log.of(KERNEL_POWER, 41) if next_start - timedelta(minutes=1) <= one.at <= late]
    if unexpected and boot.start < unexpected[-1][0] <= next_start:
        at, logged = unexpected[-1]
        told = uptime_told(logged)
        return msgspec.structs.replace(
            _with_end(boot, at, "unexpected", logged), told=None if told is None else float(told)
        )
    if shutdowns and not crashed:
        logged = max(shutdowns + planned, key=lambda one: one.at)
        return _with_end(boot, min(logged.at, next_start), "shutdown", logged)
    seen = [one for one in log.events if boot.start <= one.at < next_start]
    last = max(seen, key=lambda one: one.at) if seen else None
    at = last.at if last else boot.start
    return _with_end(boot, at, "unexpected" if crashed else "unknown", crashed[-1] if crashed else last)


def _with_end(boot: Boot, at: datetime, how: str, logged: Logged | None) -> Boot:
    return msgspec.structs.replace(boot, ended_at=at, end=how, end_source=logged.source() if logged else None)


def last_heartbeat(logged: Logged) -> datetime | None:
    """6008's binary part: a SYSTEMTIME in local time, then one in UTC: when the machine was last seen up."""
    binary = logged.event.binary
    if len(binary) < 32:  # noqa: PLR2004 - two SYSTEMTIMEs
        return None
    year, month, _, day, hour, minute, second, _ = struct.unpack_from("<8H", binary, 16)
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def _time(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat((text or "").strip().replace(" UTC", ""))
    except ValueError:
        return None
    if moment.year not in CLOCK_YEARS:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
