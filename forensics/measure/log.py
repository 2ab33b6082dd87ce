"""The wanted events of all System logs of a bundle, by provider and id, in the order they were written."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import msgspec

from forensics.evidence import Evidence, Found, Source
from forensics.knowledge.event_ids import usual_name
from forensics.parsers.event_log import Event, EventLog
from forensics.parsers.event_xml import QUERIES
from forensics.parsers.systeminfo import SystemInfo

# Providers by their usual names (knowledge/event_ids.py); logs spell them in several ways.
EVENT_LOG = "EventLog"
KERNEL_GENERAL = "Microsoft-Windows-Kernel-General"
KERNEL_POWER = "Microsoft-Windows-Kernel-Power"
KERNEL_BOOT = "Microsoft-Windows-Kernel-Boot"
TCPIP = "Tcpip"
AFD = "AFD"
SERVICING = "Microsoft-Windows-Servicing"
USER32 = "User32"

# An export without gaps is a piece of the whole log if it is longer than from one daily 6013 to the next; a shorter one
# may be a few events that somebody picked.
_WHOLE_FROM = timedelta(hours=25)

# Events that tell of missing ports (domain.md §4): 4227 everywhere since Vista, 4231 and 4266 since Windows 8 and 2012.
PORT_EVENTS = (4227, 4231, 4266)


class Logged(msgspec.Struct, frozen=True):
    """An event and the log that holds it."""

    event: Event
    file: str

    @property
    def at(self) -> datetime:
        """When it was written, UTC by the machine's clock."""
        return self.event.at

    def source(self) -> Source:
        """Point at the record and quote its strings."""
        strings = " | ".join(text for text in self.event.strings if text)
        quote = f"{self.at:%Y-%m-%d %H:%M:%S} UTC {self.event.provider} {self.event.id}" + (
            f": {strings}" if strings else ""
        )
        return Source(self.file, record=self.event.record, quote=quote[:300])


class SystemLog(msgspec.Struct, frozen=True):
    """What the event logs hold together. `first_at` and `last_at` are over all records of the System logs.

    A log that was saved as text may have been filtered by anybody for anything: unless the manifest tells that the
    collector's own query made it, or no record ID is missing from a day and more, what it lacks proves nothing. Such
    logs are `partial`. Their events count like any others, their records do not, nor do their edges where a whole log
    is there too; and between two of their events records may always be lost.
    """

    events: tuple[Logged, ...] = ()
    records: int = 0
    records_promised: int | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None
    damaged: bool = False
    files: tuple[str, ...] = ()
    computers: tuple[str, ...] = ()  # who wrote the newest event of each System log; earlier names are renamings
    gaps: tuple[tuple[str, int, int], ...] = ()
    partial: frozenset[str] = frozenset()
    torn_off: frozenset[str] = frozenset()
    changed: tuple[tuple[str, int, int], ...] = ()  # records, first to last, that do not match their checksums

    def lost_between(self, before: Logged, after: Logged) -> bool:
        """Whether records are missing between two of one log; of different logs nothing is known."""
        if before.file != after.file or before.file in self.partial:
            return True
        low, high = before.event.record, after.event.record
        return any(file == before.file and first >= low and last <= high for file, first, last in self.gaps)

    def may_lack_after(self, source: Source) -> bool:
        """Whether records may be missing between an event and the end of its log."""
        record = source.record or 0
        return source.file in self.torn_off or any(file == source.file and last > record for file, _, last in self.gaps)

    def is_changed(self, source: Source) -> bool:
        """Whether an event need not say what was written: checksums of its log do not match."""
        record = source.record or 0
        return any(file == source.file and first <= record <= last for file, first, last in self.changed)

    def of(self, provider: str, *ids: int) -> list[Logged]:
        """Events of one provider, by its usual name, and any of the ids."""
        return [one for one in self.events if one.event.id in ids and usual_name(one.event.provider) == provider]

    def source(self, file: str) -> Source:
        """Point at a whole log."""
        return Source(file, quote=f"{self.records:,} records")


def system_log(evidence: Evidence) -> SystemLog:
    """Join the logs of the bundle: events of any log, totals of the System logs alone."""
    found = evidence.all(EventLog)
    if not found:
        return SystemLog()
    events = {
        (logged.event.record, logged.event.at, logged.event.provider, logged.event.id): logged
        for one in sorted(found, key=_trust)  # of an event in several logs, the one in the fullest stays
        for logged in (Logged(event, one.file) for event in one.fact.events)
    }
    system = [one for one in found if one.fact.channel.lower() == "system"]
    computers = tuple(dict.fromkeys(name for one in system if (name := _writer(one.fact))))
    host = _host(evidence)
    own = [one for one in system if host and _writer(one.fact).upper().startswith(host)]
    if own and len(own) < len(system):
        # Another computer's log would tell another computer's uptime. That it is here at all is told by `computers`.
        strangers = {one.file for one in system} - {one.file for one in own}
        events = {key: logged for key, logged in events.items() if logged.file not in strangers}
        system = own
    logs = _counted(system)
    whole = [log for log in logs if _trust(log)]
    facts = [one.fact for one in logs]
    promised = [log.records_promised for log in facts]
    return SystemLog(
        tuple(sorted(events.values(), key=lambda logged: (logged.file, logged.event.record))),
        sum(log.fact.records for log in whole),
        sum(number or 0 for number in promised) if any(number is not None for number in promised) else None,
        _edge(min, (log.first_at for log in facts)),
        _edge(max, (log.last_at for log in facts)),
        len(whole) < len(logs) or any(_is_damaged(log) for log in facts),
        tuple(one.file for one in system),
        computers,
        tuple((one.file, first, last) for one in found if not one.fact.exported for first, last in one.fact.id_gaps),
        frozenset(one.file for one in found if not _trust(one)),
        frozenset(one.file for one in found if _is_torn_off(one.fact)),
        tuple((one.file, first, last) for one in found for first, last in one.fact.changed),
    )


def _trust(one: Found[EventLog]) -> int:
    """How far a log's silence proves anything: 2 a log as it is, 1 an export that lacks nothing wanted, 0 another."""
    log, entry = one.fact, one.entry
    if not log.exported:
        return 2
    query = QUERIES.get(log.channel)
    if query and entry and entry.outcome == "ok" and query in entry.command:
        return 1
    span = log.last_at - log.first_at if log.last_at and log.first_at else timedelta(0)
    return int(not log.id_gaps and span >= _WHOLE_FROM)


def _counted(system: list[Found[EventLog]]) -> list[Found[EventLog]]:
    """The logs that totals are over: those of the highest trust, so that a log and its export count once."""
    best = max((_trust(one) for one in system), default=0)
    return [one for one in system if _trust(one) == best]


def _is_damaged(log: EventLog) -> bool:
    lost = (log.records_promised or 0) > log.records
    return bool(log.chunks_rejected or log.changed or log.records_damaged or lost)


def _is_torn_off(log: EventLog) -> bool:
    """Whether the newest records may be lost: the header promises them, or what is torn lies between no two others.

    A header that was written when the log was closed says which record is the last; one of a running machine is older.
    """
    if log.records_promised is not None and log.first_record is not None and log.last_record is not None:
        promised = log.first_record + log.records_promised - 1
        if promised > log.last_record:
            return True
        if promised == log.last_record and not log.dirty:
            return False
    return log.chunks_rejected + log.records_damaged > len(log.id_gaps)


def _writer(log: EventLog) -> str:
    """Who wrote the newest event of a log, without domain."""
    return log.events[-1].computer.split(".")[0] if log.events else ""


def _host(evidence: Evidence) -> str:
    """The computer that the manifest or systeminfo names, as far as a NetBIOS name goes; "" where neither does."""
    names = [evidence.manifest.host] if evidence.manifest else []
    names += [info.fact.host for info in evidence.all(SystemInfo)]
    return next((name.split(".")[0].upper()[:15] for name in names if name), "")


def _edge(choose: Callable[[Iterable[datetime]], datetime], times: Iterable[datetime | None]) -> datetime | None:
    known = [time for time in times if time is not None]
    return choose(known) if known else None
