"""The wanted events of all System logs of a bundle, by provider and id, in the order they were written."""

from collections.abc import Callable, Iterable
from datetime import datetime

import msgspec

from forensics.evidence import Evidence, Source
from forensics.knowledge.event_ids import usual_name
from forensics.parsers.event_log import Event, EventLog
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
    """What the event logs hold together. `first_at` and `last_at` are over all records of the System logs."""

    events: tuple[Logged, ...] = ()
    records: int = 0
    records_promised: int | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None
    damaged: bool = False
    files: tuple[str, ...] = ()
    computers: tuple[str, ...] = ()  # who wrote the newest event of each System log; earlier names are renamings
    gaps: tuple[tuple[str, int, int], ...] = ()

    def lost_between(self, before: Logged, after: Logged) -> bool:
        """Whether records are missing between two of one log; of different logs nothing is known."""
        if before.file != after.file:
            return True
        low, high = before.event.record, after.event.record
        return any(file == before.file and first >= low and last <= high for file, first, last in self.gaps)

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
        for one in found
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
    logs = [one.fact for one in system]
    promised = [log.records_promised for log in logs]
    return SystemLog(
        tuple(sorted(events.values(), key=lambda logged: (logged.file, logged.event.record))),
        sum(log.records for log in logs),
        sum(number or 0 for number in promised) if any(number is not None for number in promised) else None,
        _edge(min, (log.first_at for log in logs)),
        _edge(max, (log.last_at for log in logs)),
        any(log.chunks_rejected or log.records_damaged or (log.records_promised or 0) > log.records for log in logs),
        tuple(one.file for one in system),
        computers,
        tuple((one.file, first, last) for one in found for first, last in one.fact.id_gaps),
    )


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
