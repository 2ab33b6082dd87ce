"""Connections fail for want of memory, not of ports: error 10055 (WSAENOBUFS) and event 4229 while ports are free.

Signature: event 4229 ("TCP/IP has detected high memory utilization and has terminated some existing connections"), a
non-paged pool near its limit or hardly any memory available, and ports that are not short (domain.md §2, C20). 4229
exists in Windows 7 and Server 2008 R2 and later.
"""

from datetime import timedelta

from forensics.judgement import (
    CONFIRMED,
    INCONCLUSIVE,
    LIKELY,
    NOW,
    POSSIBLE,
    PREVIOUS_BOOT,
    RULED_OUT,
    STRONG,
    WEAK,
    Judgement,
    Missing,
    Point,
    Remedy,
    Statement,
    Weight,
    weigh,
)
from forensics.knowledge import commands
from forensics.measure.log import TCPIP, Logged
from forensics.measure.measurements import Measurements
from forensics.measure.traces import NO_MEMORY
from forensics.rules.fullness import shortage_point, surely_calm

ID = "memory-pressure"
TITLE = "Connections fail for want of memory, not of ports"
PRECEDENCE = 40
PLAIN = "Connections fail because Windows is short of memory. Ports, the numbers that connections need, are free."
ABOUT = (
    "Sockets need non-paged memory. Where it runs out, connections fail with error 10055, the same that a want of ports gives, and TCP/IP ends "
    "existing ones to keep the system alive."
)
SHOWS = "Event 4229; a non-paged pool near its limit or hardly any available memory; ports that are free."
PROVES = (
    "Event 4229 within a day of the collection, memory that is low by Windows' own measure, and an unfiltered netstat with less than half of the "
    "usable ports of a known range taken."
)
RULES_OUT = "A whole System log without event 4229 and memory that is not low."
CURES = "Find what uses the memory (poolmon for the non-paged pool) and end it; more memory."
REFERENCES = (
    "netevent.dll, text of event 4229",
    "Microsoft, memory limits for Windows releases (non-paged pool: 75 % of RAM on x64 Vista SP1 to 7, RAM since)",
    "Microsoft, CreateMemoryResourceNotification (low memory: 32 MB per 4 GB, at most 64 MB)",
)
FIRST_VERSION_WITH_4229 = (6, 1)  # netevent.dll (WINEVTKB)
RECENT = timedelta(days=1)  # an event of the trouble that was collected, and not of one long ago

WEIGHTS = {
    "terminated": Weight(STRONG, "events", "netevent.dll, 4229: TCP/IP ended connections for want of memory"),
    "long-ago": Weight(WEAK, "events", "the same, but longer than a day before the collection"),
    "none": Weight(-STRONG, "events", "no 4229 in a whole log of a system that has the event"),
    "memory-low": Weight(
        STRONG, "memory", "CreateMemoryResourceNotification: Windows signals low memory from there on"
    ),
    "pool-high": Weight(STRONG, "memory", "the memory manager trims a pool from 80 % of its limit on"),
    "trace-no-memory": Weight(STRONG, "trace", "ntstatus.h, INSUFFICIENT_RESOURCES: TCP/IP asked for memory in vain"),
    "memory-fine": Weight(-STRONG, "memory", "the same two measures: memory is not low"),
    "short": Weight(-STRONG, "fullness", "ports are short as well, which explains failing connects"),
    "not-short": Weight(WEAK, "fullness", "ports are free: want of ports does not explain failing connects"),
}
TEXTS = {
    "headline-confirmed": "Memory is short, and TCP/IP ends connections for it; ports are free.",
    "headline-likely": "TCP/IP ended connections for want of memory; ports are free.",
    "headline-possible": "Memory may be, or may have been, too short for connections.",
    "headline-inconclusive": "Whether connections fail for want of memory cannot be told from this bundle.",
    "headline-ruled-out": "Memory is not what connections fail for.",
    "terminated": "Event 4229 was logged {count:times}, last on {last_at:utc}: TCP/IP ended connections for want of memory.",
    "long-ago": "Event 4229 was logged {count:times}, last on {last_at:utc}, more than a day before the collection.",
    "none": "The System log from {first:utc} to {last:utc} holds no event 4229.",
    "memory-low": "{available:bytes} of memory are available; Windows calls that low.",
    "pool-high": "The non-paged pool holds {pool:bytes}, {pool_share:percent} of its limit.",
    "trace-no-memory": "In a network trace {count:count} operations failed for want of memory (STATUS_INSUFFICIENT_RESOURCES).",
    "memory-fine": "Memory is not low: {available:bytes} are available.",
    "short": "Ports are short as well: {held:count} of {usable:count} are taken ({share:percent}).",
    "short-for-remote": "Ports are short as well: for {busiest}, {held:count} of {usable:count} are taken ({share:percent}).",
    "not-short": "Ports are free: {held:count} of {usable:count} are taken ({share:percent}).",
    "not-short-for-remote": "Ports are free: no remote has more than {held:count} of {usable:count} ({share:percent}).",
    "missing-memory": "How much memory is left, and how large the non-paged pool is.",
    "missing-log": "The System event log, for event 4229.",
    "missing-table": "An unfiltered netstat, to tell a want of memory from a want of ports.",
    "do-find": "Find what holds the memory: poolmon sorted by bytes for the non-paged pool, the process list for the rest.",
    "do-find-effect": "Names the driver or process to update or restart.",
    "do-find-cost": "Minutes; nothing is interrupted.",
}


def judge(measurements: Measurements) -> Judgement:
    """Judge event 4229 and the memory figures."""
    m = measurements
    events = m.log.of(TCPIP, 4229)
    start = m.uptime.boot_time
    own = [one for one in events if start is None or one.at >= start]
    status = _status(m, own, events)
    remedy = Remedy(
        "now", Statement("do-find"), "poolmon /b", Statement("do-find-effect"), None, Statement("do-find-cost")
    )
    return Judgement(
        ID,
        status,
        Statement(f"headline-{status.replace('_', '-')}"),
        tuple(_points(m, own or events)),
        _missing(m) if status in {LIKELY, POSSIBLE, INCONCLUSIVE} else (),
        (remedy,) if status in {CONFIRMED, LIKELY} else (),
        PREVIOUS_BOOT if events and not own and status == POSSIBLE else NOW,
    )


def _status(m: Measurements, own: list[Logged], events: list[Logged]) -> str:
    low = m.memory is not None and m.memory.low
    calm = m.full_table and m.shortage.calm
    if own and _recent(m, own) and not m.shortage.full:
        sure = surely_calm(m, m.shortage) and low and m.sure
        return CONFIRMED if sure else LIKELY if calm else POSSIBLE
    if events or low or any(one.with_status(*NO_MEMORY) for one in m.judged_traces):
        return POSSIBLE
    if m.memory is not None and m.log.records and not m.log.damaged:
        return RULED_OUT
    whole = bool(m.log.records) and not m.log.damaged
    return RULED_OUT if whole and _has_event(m) else INCONCLUSIVE


def _has_event(m: Measurements) -> bool:
    """Whether this Windows has event 4229 at all."""
    return m.system.version is not None and m.system.version >= FIRST_VERSION_WITH_4229


def _recent(m: Measurements, events: list[Logged]) -> bool:
    moment = m.collection.moment
    return moment is not None and moment.at - max(one.at for one in events) <= RECENT


def _points(m: Measurements, events: list[Logged]) -> list[Point]:
    points: list[Point] = []
    if events:
        last = max(events, key=lambda one: one.at)
        message = "terminated" if _recent(m, events) else "long-ago"
        points.append(weigh(WEIGHTS, message, {"count": len(events), "last_at": last.at}, (last.source(),)))
    elif _has_event(m) and m.log.records and not m.log.damaged and m.log.first_at and m.log.last_at:
        said = {"first": m.log.first_at, "last": m.log.last_at}
        points.append(weigh(WEIGHTS, "none", said, tuple(m.log.source(file) for file in m.log.files)))
    memory = m.memory
    if memory:
        params = {"available": memory.available, "pool": memory.nonpaged_pool, "pool_share": memory.pool_share}
        if memory.available_low:
            points.append(weigh(WEIGHTS, "memory-low", params, (memory.source,)))
        if memory.pool_high:
            points.append(weigh(WEIGHTS, "pool-high", params, (memory.source,)))
        if not memory.low and memory.available is not None:
            points.append(weigh(WEIGHTS, "memory-fine", params, (memory.source,)))
    use = next((one for one in m.judged_traces if one.with_status(*NO_MEMORY)), None)
    if use is not None:
        points.append(weigh(WEIGHTS, "trace-no-memory", {"count": use.with_status(*NO_MEMORY)}, (use.source(),)))
    if m.tables and m.shortage.share is not None and (events or (memory and memory.low)):
        points.append(shortage_point(WEIGHTS, m.shortage))
    return points


def _missing(m: Measurements) -> tuple[Missing, ...]:
    missing = []
    if not m.log.records:
        missing.append(Missing(Statement("missing-log"), commands.EXPORT_LOG))
    if m.memory is None:
        missing.append(Missing(Statement("missing-memory"), commands.MEMORY))
    if not m.full_table:
        missing.append(Missing(Statement("missing-table"), commands.NETSTAT))
    return tuple(missing) or (Missing(Statement("missing-memory"), commands.MEMORY),)
