"""What happened when, on one axis: boots, the wrap, port events, updates, tables."""

from datetime import datetime, timedelta

import msgspec

from forensics.evidence import Source
from forensics.measure.log import PORT_EVENTS, TCPIP
from forensics.measure.measurements import Measurements
from forensics.measure.snapshots import table_source


class TimelineEntry(msgspec.Struct, frozen=True):
    """Something that happened; `at` is UTC by the machine's clock."""

    at: datetime
    event: str
    source: Source | None


_HALF_A_SECOND = timedelta(microseconds=500_000)
_ENDS = {
    "shutdown": "shut down",
    "unexpected": "went down without a clean shutdown",
    "unknown": "last seen up before a restart",
}


def timeline(m: Measurements) -> list[TimelineEntry]:
    """Every entry in order of time."""
    entries: list[TimelineEntry] = []
    for boot in m.uptime.history:
        entries.append(TimelineEntry(boot.start, "the machine booted", boot.source))
        if boot.ended_at:
            entries.append(TimelineEntry(boot.ended_at, f"the machine {_ENDS[boot.end]}", boot.end_source))
        end = boot.ended_at or (m.collection.moment.at if m.collection.moment else None)
        if end and boot.wrap_at <= end:
            entries.append(
                TimelineEntry(boot.wrap_at, "the 32-bit TIME_WAIT clock wrapped (497.1 days up)", boot.source)
            )
    running = m.uptime.boot
    at = m.collection.moment.at if m.collection.moment else None
    if running and at and running.wrap_at > at and m.now.fix.may_be_unfixed:
        entries.append(
            TimelineEntry(running.wrap_at, "the TIME_WAIT clock will wrap, unless restarted", running.source)
        )
    for number in PORT_EVENTS:
        events = m.log.of(TCPIP, number)
        if events:
            entries.append(TimelineEntry(events[0].at, f"first event {number}", events[0].source()))
        if len(events) > 1:
            entries.append(TimelineEntry(events[-1].at, f"last of {len(events)} events {number}", events[-1].source()))
    if m.now.fix.installed_at:
        source = m.now.fix.sources[0] if m.now.fix.sources else None
        entries.append(TimelineEntry(m.now.fix.installed_at, "an update with the fix KB2553549 was installed", source))
    entries.extend(
        TimelineEntry(one.moment.at, f"netstat: {len(one.found.fact.rows):,} rows", table_source(one))
        for one in m.tables
        if one.moment
    )
    return sorted(
        (msgspec.structs.replace(one, at=(one.at + _HALF_A_SECOND).replace(microsecond=0)) for one in entries),
        key=lambda one: one.at,
    )
