"""Two findings side by side, and what the rules ask of both."""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from forensics.evidence import Source
from forensics.knowledge.dynamic_ports import CRITICAL_SHARE
from forensics.measure.log import PORT_EVENTS
from forensics.measure.uptime import AGREE
from forensics.report.findings import CauseEntry, Findings, PoolEntry
from forensics.report.holdings import PileEntry
from forensics.verdict import NO_EXHAUSTION

FOUND = frozenset({"confirmed", "likely"})
APPROACHING = "tick-wrap-approaching"
# Said of fullness and of the calendar: neither makes ports short.
_NO_SHORTAGE = frozenset({NO_EXHAUSTION, APPROACHING})
_STATISTICS, _TIMES = "netstat-s", 2


class Pair(msgspec.Struct, frozen=True):
    """BEFORE and AFTER."""

    before: Findings
    after: Findings

    @property
    def restarted(self) -> bool | None:
        """Whether AFTER runs in a later boot; None where a boot is not known."""
        before, after = self.before.measurements.uptime.boot_time, self.after.measurements.uptime.boot_time
        return None if before is None or after is None else after - before > AGREE

    @property
    def apart(self) -> timedelta | None:
        """From one collection to the other."""
        before, after = self.before.bundle.collected_at, self.after.bundle.collected_at
        return after - before if before and after else None


def entry_of(findings: Findings, cause: str) -> CauseEntry | None:
    """What a bundle says of a cause."""
    return next((one for one in findings.causes if one.id == cause), None)


def found_now(findings: Findings) -> list[CauseEntry]:
    """The causes that make ports short in the running boot, the verdict's first."""
    found = [
        one
        for one in findings.causes
        if one.status in FOUND and one.applies_to == "now" and one.id not in _NO_SHORTAGE and not one.defect
    ]
    return sorted(found, key=lambda one: one.id != findings.verdict.cause)


def share_of(findings: Findings) -> float | None:
    """The share of the usable ports that a new connection cannot have; None where that is not known."""
    shortages = findings.measurements.shortage.values()
    if any(not one.settled for one in shortages):
        return None
    return max((one.share for one in shortages if one.share is not None), default=None)


def is_short(findings: Findings) -> bool:
    """Whether ports are short by Microsoft's own measure, whatever the cause."""
    share = share_of(findings)
    return share is not None and share >= CRITICAL_SHARE


def pool_of(findings: Findings) -> tuple[str, PoolEntry]:
    """The TCP pool that the shortage is told of; without tables that of IPv4."""
    shortage = findings.measurements.shortage.get("tcp")
    key = shortage.pool if shortage else "tcp_ipv4"
    return key, findings.measurements.ports[key]


def pile_of(findings: Findings, group: str) -> PileEntry | None:
    """What a group holds, if anything."""
    return next((one for one in findings.measurements.piles if one.group == group), None)


def port_events(findings: Findings) -> int:
    """How many events of the whole log tell of missing ports."""
    by_id = findings.measurements.event_log.by_id
    return sum(by_id.get(str(number), 0) for number in PORT_EVENTS)


def last_port_event(findings: Findings) -> datetime | None:
    """When the latest of them was logged."""
    return max((one.at for one in findings.measurements.event_log.port_events), default=None)


# Where things stand.


def table_sources(findings: Findings) -> list[Source]:
    """The table that the figures are of."""
    whole = [one for one in findings.measurements.connections.snapshots if one.complete]
    tables = whole or findings.measurements.connections.snapshots
    return [Source(tables[-1].file, tables[-1].line)] if tables else []


def uptime_sources(findings: Findings) -> list[Source]:
    """The witness of the uptime."""
    source = findings.measurements.uptime.source
    return [source] if source else []


def rate_sources(findings: Findings) -> list[Source]:
    """The first and the last `netstat -s`: the places that the causes cite, else the files."""
    files = [one.path for one in findings.bundle.files if _STATISTICS in one.kind.split("+")]
    cited: dict[Source, None] = {}
    for cause in findings.causes:
        for point in cause.evidence:
            cited.update(dict.fromkeys(one for one in point.sources if one.file in files and one.line is not None))
    ends = files[:1] + files[-1:] if len(files) >= _TIMES else files
    return sorted(cited, key=lambda one: (one.file, one.line or 0)) or [Source(one) for one in dict.fromkeys(ends)]


def log_sources(findings: Findings) -> list[Source]:
    """The System log as the cause `no-exhaustion` cites it; of an event that tells of missing ports the latest."""
    entry = entry_of(findings, NO_EXHAUSTION)
    named = {f"{NO_EXHAUSTION}.{one}" for one in ("quiet-log", "collisions", "ran-out")}
    points = [point for point in entry.evidence if point.id in named] if entry else []
    sources = list(dict.fromkeys(source for point in points for source in point.sources))
    latest = max(findings.measurements.event_log.port_events, key=lambda one: one.at, default=None)
    if latest and latest.record is not None and sources:
        return [Source(sources[-1].file, record=latest.record)]
    return sources


def log_files(findings: Findings) -> list[Source]:
    """The same log as a whole, for what is not in it."""
    return [Source(file) for file in dict.fromkeys(one.file for one in log_sources(findings))]


def kind_sources(findings: Findings, *kinds: str) -> list[Source]:
    """The files of the first of these kinds that the bundle holds."""
    for kind in kinds:
        files = [Source(one.path) for one in findings.bundle.files if kind in one.kind.split("+")]
        if files:
            return files
    return []


def evidence_sources(findings: Findings, cause: str, effect: Literal["supports", "contradicts"]) -> list[Source]:
    """Where the heaviest evidence for or against a cause stands."""
    entry = entry_of(findings, cause)
    points = [one for one in entry.evidence if one.effect == effect and one.sources] if entry else []
    return list(max(points, key=lambda one: one.weight).sources[:2]) if points else []
