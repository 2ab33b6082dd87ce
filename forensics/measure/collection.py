"""When the evidence was collected, and when each netstat ran.

Methods, best first (issue's order): the manifest; the member's own time (UTC where the archive has it, else wall
clock read with the machine's offset); the newest event. A member's time is believed only where the event log bears
it out: a machine that runs writes event 6013 every noon (domain.md §4.1), so a log that ends over 25 hours before a
file was written says that the file's date is not the collection's (re-zipped, downloaded), unless the log lost records.
"""

from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec

from forensics.evidence import Evidence, Found
from forensics.measure.boots import clock_changes
from forensics.measure.log import SystemLog
from forensics.measure.zone import Zone
from forensics.parsers.netstat import Snapshot
from forensics.parsers.wmic_process import ProcessDetail
from forensics.text.said import Said

QUIET_LOG = timedelta(hours=25)  # 6013 comes every 24 h; an hour for a change to or from daylight saving
_DRIFT = 2.0  # seconds: the time service trims less than that all day
_PRINTERS = {"wmic.exe", "powershell.exe", "pwsh.exe"}  # what lists processes with the times they began
_CLOCK_SLACK = timedelta(minutes=5)  # events are written while a collection runs


class Moment(msgspec.Struct, frozen=True):
    """A time, its bounds, and what it was read from: `manifest`, `member-time`, `newest-event` or `unknown`."""

    at: datetime
    low: datetime
    high: datetime
    method: str


class Taken(msgspec.Struct, frozen=True):
    """A netstat table and when it was taken. `monotonic` are seconds on the collector's own clock."""

    found: Found[Snapshot]
    moment: Moment | None
    monotonic: float | None
    clocked: bool = False  # whether its time is the collector's: a file's date says when it was saved, no more


class Collection(msgspec.Struct, frozen=True):
    """The moment that all "now" figures refer to: the latest netstat, or the newest evidence without one."""

    moment: Moment | None
    note: Said | None = None


def member_moment(found: Found[object], zone: Zone, log: SystemLog) -> tuple[Moment | None, Said | None]:
    """When a member's command ran; with a note where its date was not believed."""
    if found.entry and found.entry.started_at:
        at = found.entry.started_at
        return Moment(at, at, at, "manifest"), None
    if found.time.utc is None and found.time.local is None:
        return None, None
    spread = timedelta(0)
    if found.time.utc is not None:
        at = found.time.utc
    else:
        local = found.time.local or datetime.min  # noqa: DTZ901 - not reached: one of both is set
        offset = zone.at_local(local)
        if offset.basis == "unknown":
            return None, Said(
                "{file}: dated {local} in an unknown time zone", {"file": found.file, "local": str(local)}
            )
        at, spread = offset.to_utc(local), timedelta(minutes=offset.uncertain)
    newest = log.last_at
    low, high = at - spread, at + spread
    if newest is None:
        return Moment(at, low, high, "member-time"), None
    if high + _CLOCK_SLACK < newest - timedelta(hours=1):
        return None, Said(
            "{file}: dated {at:utc}, before the newest event: not the time of collection",
            {"file": found.file, "at": at},
        )
    if low - newest > QUIET_LOG:
        if not log.damaged:
            return None, Said(
                "{file}: dated {at:utc}, over 25 hours after the newest event of a log that has a daily one: "
                "not believed as the time of collection",
                {"file": found.file, "at": at},
            )
        low = newest
    return Moment(at, max(low, min(at, newest)), high, "member-time"), None


def when_taken(evidence: Evidence, zone: Zone, log: SystemLog) -> tuple[tuple[Taken, ...], tuple[Said, ...]]:
    """Every netstat table with its time, in the order taken; notes on dates that were not believed."""
    notes: list[Said] = []
    taken = []
    steady = bool(log.records) and not _clock_was_set(evidence, log)
    for found in evidence.all(Snapshot):
        moment, note = member_moment(found, zone, log)
        if note and note not in notes:
            notes.append(note)
        entry = found.entry
        monotonic = entry.monotonic_ms / 1000 if entry and entry.monotonic_ms is not None else None
        clocked = monotonic is not None or (steady and moment is not None and moment.method == "manifest")
        taken.append(Taken(found, moment, monotonic, clocked))
    # Without any times, file-name order (contracts.md); several tables in one member stand in the order pasted.
    timeless = datetime.min.replace(tzinfo=UTC)
    known = all(one.moment for one in taken)
    taken.sort(
        key=lambda one: (
            one.moment.at if known and one.moment else timeless,
            _natural(one.found.file),
            one.found.fact.line,
        )
    )
    return tuple(taken), tuple(notes)


def _clock_was_set(evidence: Evidence, log: SystemLog) -> bool:
    """Whether the clock was set about the time of collection: then times without a monotonic clock tell no interval."""
    times = [found.entry.started_at for found in evidence.all(Snapshot) if found.entry and found.entry.started_at]
    if not times:
        return False
    early, late = min(times) - QUIET_LOG, max(times) + QUIET_LOG
    return any(abs(one.seconds) > _DRIFT and early <= one.logged.at <= late for one in clock_changes(log))


def _natural(name: str) -> tuple[tuple[int, str], ...]:
    """Sort key under which `ano-2` comes before `ano-10`."""
    parts: list[tuple[int, str]] = []
    digits = ""
    for letter in name.lower() + "\0":
        if letter.isascii() and letter.isdigit():
            digits += letter
            continue
        if digits:
            parts.append((int(digits[:12]), ""))
            digits = ""
        parts.append((0, letter))
    return tuple(parts)


class Timed(Protocol):
    """Something that was run at a moment: a table or a reading of counters."""

    @property
    def moment(self) -> Moment | None:
        """When, as far as known."""

    @property
    def monotonic(self) -> float | None:
        """Seconds on the collector's own clock."""


def seconds_between(before: Timed, after: Timed) -> float | None:
    """The least time between two runs: by the collector's own clock where it kept one, else by their times.

    None where that clock does not run forward, or nothing tells.
    """
    if before.monotonic is not None and after.monotonic is not None:
        seconds = after.monotonic - before.monotonic
    elif before.moment and after.moment:
        seconds = (after.moment.low - before.moment.high).total_seconds()
    else:
        return None
    return seconds if seconds > 0 else None


def find_collection(evidence: Evidence, taken: tuple[Taken, ...], log: SystemLog) -> Collection:
    """The moment of collection. Never before the newest event (contracts.md)."""
    moments = [one.moment for one in taken if one.moment]
    if moments:
        latest = max(moments, key=lambda moment: moment.at)
    elif evidence.manifest and (evidence.manifest.finished_at or evidence.manifest.started_at):
        at = evidence.manifest.finished_at or evidence.manifest.started_at or datetime.min.replace(tzinfo=UTC)
        latest = Moment(at, at, at, "manifest")
    elif log.last_at:
        high = log.last_at + QUIET_LOG
        newest = Moment(log.last_at, log.last_at, high, "newest-event")
        return Collection(newest, Said("no file says when it was collected"))
    else:
        return Collection(None, Said("neither a manifest, nor a believable file date, nor an event log says when"))
    if log.last_at and latest.at < log.last_at:
        late = log.last_at - latest.at
        said = Said(
            "the newest event is {late} later than the {method} says", {"late": str(late), "method": latest.method}
        )
        note = said if late > _CLOCK_SLACK else None
        moved = Moment(log.last_at, max(latest.low, log.last_at), max(latest.high, log.last_at), latest.method)
        return Collection(moved, note)
    if latest.method == "member-time" and not log.last_at:
        return _by_files_alone(evidence, latest)
    return Collection(latest)


def _by_files_alone(evidence: Evidence, latest: Moment) -> Collection:
    """The files' dates, which no event log bears out: copied and zipped later, they make every uptime longer.

    A list of processes with their times has the one in it that printed it, which began a moment before.
    """
    printers = (one.fact for one in evidence.all(ProcessDetail) if one.fact.image.lower() in _PRINTERS)
    printed = max((one.created_at for one in printers if one.created_at), default=None)
    if printed is None or latest.low - printed <= QUIET_LOG:
        return Collection(latest)
    said = Said(
        "the files are dated {at:utc}, and the list of processes was made at {printed:utc}: "
        "their dates are not those of the collection",
        {"at": latest.at, "printed": printed},
    )
    return Collection(msgspec.structs.replace(latest, low=printed), said)
