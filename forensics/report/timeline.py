"""What happened when, on one axis: boots, the wrap, port events, changes, tables."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from forensics.evidence import Source
from forensics.knowledge.event_ids import usual_name
from forensics.measure.changes import CLOCK, DRIVER, SERVICE, UPDATE, Change
from forensics.measure.log import PORT_EVENTS, TCPIP, Logged
from forensics.measure.measurements import Measurements
from forensics.measure.snapshots import table_source
from forensics.report.language import tr
from forensics.report.tables import NAME_LENGTH, clip
from forensics.report.words import fill, say
from forensics.text.said import Said


class TimelineEntry(msgspec.Struct, frozen=True):
    """Something that happened; `at` is UTC by the machine's clock."""

    at: datetime
    event: str
    source: Source | None


_HALF_A_SECOND = timedelta(microseconds=500_000)
_ENDS = {
    "shutdown": Said("the machine shut down"),
    "unexpected": Said("the machine went down without a clean shutdown"),
    "unknown": Said("the machine last seen up before a restart"),
}
_AFD = "AFD"
_SLOW_CLOSE = 16002
_CONNECTIONS_ENDED = 4229
_MEANINGS = {  # domain.md §4
    4227: Said("a local port was still in TIME_WAIT"),
    _CONNECTIONS_ENDED: Said("connections were ended for want of memory"),
    4231: Said("no TCP port was free"),
    4266: Said("no UDP port was free"),
    16000: Said("a transport is used over TDI"),
    16001: Said("a TDI filter was found"),
    _SLOW_CLOSE: Said("closing a socket took long"),
}
# Strings of AFD after the device: the name of a driver, or protocol, port and PID of a socket.
_SOCKET = 3
_MOST_OF_A_DAY = 8  # changes of one kind that stand singly; more are one line
_NAMED = 3  # of those, by name
_DETAIL_LENGTH = 120  # of a path or a title: three lines of the PDF's column
_SINGLE = {
    DRIVER: Said("driver {name} was installed{detail}"),
    SERVICE: Said("service {name} was installed{detail}"),
    UPDATE: Said("{name} was installed{detail}"),
    CLOCK: Said("the clock was set by {name}{detail}"),
}
_MANY = {
    DRIVER: Said("{number} drivers installed: {names} and {more} more"),
    SERVICE: Said("{number} services installed: {names} and {more} more"),
    UPDATE: Said("{number} updates installed: {names} and {more} more"),
    CLOCK: Said("the clock was set {number} times: by {names} and {more} more"),
}


def timeline(m: Measurements) -> list[TimelineEntry]:
    """Every entry in order of time."""
    entries = [
        *_boots(m),
        *_port_events(m),
        *_driver_events(m),
        *_fix(m),
        *_changes([one for one in m.changes if not _is_the_fix(m, one)]),
        *_tables(m),
    ]
    return sorted(
        (msgspec.structs.replace(one, at=(one.at + _HALF_A_SECOND).replace(microsecond=0)) for one in entries),
        key=lambda one: one.at,
    )


def _boots(m: Measurements) -> Iterator[TimelineEntry]:
    at = m.collection.moment.at if m.collection.moment else None
    for boot in m.uptime.history:
        yield TimelineEntry(boot.start, tr("the machine booted"), boot.source)
        if boot.ended_at:
            yield TimelineEntry(boot.ended_at, say(_ENDS[boot.end]), boot.end_source)
        end = boot.ended_at or at
        if end and boot.wrap_at <= end:
            wrapped = tr("the 32-bit TIME_WAIT clock wrapped (497.1 days up)")
            yield TimelineEntry(boot.wrap_at, wrapped, boot.source)
    running = m.uptime.boot
    if running and at and running.wrap_at > at and m.now.fix.may_be_unfixed:
        ahead = tr("the TIME_WAIT clock will wrap, unless restarted")
        yield TimelineEntry(running.wrap_at, ahead, running.source)


def _port_events(m: Measurements) -> Iterator[TimelineEntry]:
    """The first and the last of each kind in each run of the machine."""
    starts = sorted(boot.start for boot in m.uptime.history)
    for number in (*PORT_EVENTS, _CONNECTIONS_ENDED):
        runs: dict[int, list[Logged]] = defaultdict(list)
        for logged in m.log.of(TCPIP, number):
            runs[bisect_right(starts, logged.at)].append(logged)
        what = fill(tr("{number} of this run"), {"number": number}) if len(runs) > 1 else f"{number}"
        for events in runs.values():
            yield from _first_and_last(events, what, _MEANINGS[number])


def _driver_events(m: Measurements) -> Iterator[TimelineEntry]:
    """What AFD says of the drivers below it: the first and the last for each driver, and of sockets slow to close."""
    for number in (16000, 16001, _SLOW_CLOSE):
        events: dict[str, list[Logged]] = defaultdict(list)
        for logged in m.log.of(_AFD, number):
            events["" if number == _SLOW_CLOSE else _named(logged)].append(logged)
        for some in events.values():
            yield from _first_and_last(some, f"AFD {number}", _MEANINGS[number])


def _first_and_last(events: Sequence[Logged], what: str, meaning: Said) -> Iterator[TimelineEntry]:
    first, last = min(events, key=_at), max(events, key=_at)
    said = {"what": what, "meaning": meaning, "named": _named(first)}
    yield TimelineEntry(first.at, fill(tr("first event {what}: {meaning}{named}"), said), first.source())
    if len(events) > 1:
        said = {"number": len(events), "what": what, "named": _named(last)}
        yield TimelineEntry(last.at, fill(tr("last of {number:count} events {what}{named}"), said), last.source())


def _at(logged: Logged) -> datetime:
    return logged.at


def _named(logged: Logged) -> str:
    """Which driver or socket an event of AFD names, in brackets."""
    if usual_name(logged.event.provider) != _AFD:
        return ""
    strings = logged.event.strings[1:]
    named = say(_socket(strings)) if len(strings) >= _SOCKET else " ".join(strings)
    return tr(" ({detail})").format(detail=clip(named, NAME_LENGTH)) if named else ""


def _socket(strings: Sequence[str]) -> Said:
    protocol, port, pid = strings[:_SOCKET]
    return Said("{protocol} port {port} of process {pid}", {"protocol": protocol, "port": port, "pid": pid})


def _is_the_fix(m: Measurements, change: Change) -> bool:
    fix = m.now.fix
    return fix.installed_at is not None and change.kind == UPDATE and change.source in fix.sources


def _fix(m: Measurements) -> Iterator[TimelineEntry]:
    fix = m.now.fix
    if fix.installed_at:
        name = next((tr(" ({detail})").format(detail=one.name) for one in m.changes if _is_the_fix(m, one)), "")
        source = fix.sources[0] if fix.sources else None
        text = fill(tr("an update with the fix KB2553549 was installed{name}"), {"name": name})
        yield TimelineEntry(fix.installed_at, text, source)


def _changes(changes: Sequence[Change]) -> Iterator[TimelineEntry]:
    """One line per change, or one per kind on a day that saw many."""
    days: dict[tuple[str, object], list[Change]] = defaultdict(list)
    for change in changes:
        days[change.kind, change.at.date()].append(change)
    for (kind, _), some in days.items():
        if len(some) > _MOST_OF_A_DAY:
            names = tuple(clip(one.name, NAME_LENGTH) for one in some[:_NAMED])
            said = {"number": len(some), "names": names, "more": len(some) - _NAMED}
            yield TimelineEntry(some[0].at, fill(tr(_MANY[kind].text), said), some[0].source)
            continue
        for one in some:
            detail = tr(" ({detail})").format(detail=clip(say(one.detail), _DETAIL_LENGTH)) if one.detail else ""
            single = {"name": clip(one.name, NAME_LENGTH), "detail": detail}
            yield TimelineEntry(one.at, fill(tr(_SINGLE[kind].text), single), one.source)


def _tables(m: Measurements) -> Iterator[TimelineEntry]:
    for one in m.tables:
        if one.moment:
            text = fill(tr("netstat: {rows:count} rows"), {"rows": len(one.found.fact.rows)})
            yield TimelineEntry(one.moment.at, text, table_source(one))
