"""What the network traces tell: whose connections, at what rate, and where no port was to be had.

A trace's wall clock is the machine's, so the machine's zone makes it UTC. PIDs are looked up in the process list only
where that can hold the same processes: of the same run of the system, and not created after the trace had ended.
"""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from forensics.evidence import Evidence, Found, Source
from forensics.measure.collection import Collection
from forensics.measure.processes import IDLE, Listed, Processes
from forensics.measure.uptime import Uptime
from forensics.measure.zone import Offset, Zone
from forensics.text.said import Said
from forensics.trace import Trace
from forensics.trace.facts import Owner

NO_PORT_LEFT = frozenset({"0xC0000209", "STATUS_TOO_MANY_ADDRESSES"})
"""What Windows answers where all ports are in use (ntstatus.h); WSAENOBUFS to the program."""

# Event ids of TCPIP (domain.md §6.3); 1195 has no status.
WEAK_REFERENCE, UDP_BIND, TIMED_OUT = 1195, 1394, 1045

NO_MEMORY = frozenset({"0xC000009A", "STATUS_INSUFFICIENT_RESOURCES"})  # ntstatus.h
_AHEAD = timedelta(days=1)  # the trace may be made after the tables, and the zone be unknown
_ONE_TIME = 3600  # seconds between a trace and a process list of unknown boots that may show the same processes
_SPREAD = 3  # standard deviations of a random count (Poisson: its square root) that a bound allows for


class TracedShortage(msgspec.Struct, frozen=True):
    """Direct proof that no port was to be had (TCPIP 1195; 1006, 1050 and 1394 with STATUS_TOO_MANY_ADDRESSES).

    `first_at` and `last_at` are UTC to `uncertain` seconds, None where the trace has no readable times.
    """

    protocol: str  # `TCP` or `UDP`
    count: int
    first_at: datetime | None
    last_at: datetime | None
    uncertain: float
    source: Source


class TracedOwner(msgspec.Struct, frozen=True):
    """A process of a trace; `process` has no image where its PID cannot be looked up."""

    counted: Owner
    process: Listed


class TraceUse(msgspec.Struct, frozen=True):
    """One trace. `offset` is that of its own times from UTC, `same_boot` whether it was made in the running boot.

    `owners` are complete, busiest first. `apart` are seconds between the trace and the latest evidence, None where
    either has no time. `doubt` says why the trace is shown and not judged by: it is of another boot, time or machine.
    """

    file: str
    trace: Trace
    offset: Offset | None
    started_at: datetime | None
    ended_at: datetime | None
    same_boot: bool | None
    owners: tuple[TracedOwner, ...]
    shortages: tuple[TracedShortage, ...]
    apart: float | None
    doubt: Said | None = None

    @property
    def seconds(self) -> float | None:
        """How long it lasted; None where that is not known, or nothing."""
        if self.started_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.started_at).total_seconds() or None

    @property
    def births_per_second(self) -> float | None:
        """Connections a second that entered TIME_WAIT: λ of Little's law as the stack itself logged it."""
        return self.trace.time_wait_births / self.seconds if self.seconds else None

    @property
    def births_per_second_at_most(self) -> float | None:
        """The same with what chance may have kept out of so short a trace; above zero even where none was seen."""
        if not self.seconds:
            return None
        births = self.trace.time_wait_births
        return (births + 1 + _SPREAD * math.sqrt(births)) / self.seconds

    @property
    def busiest(self) -> TracedOwner | None:
        """The process that made most connects."""
        return self.owners[0] if self.owners and self.owners[0].counted.connects else None

    def failed(self, *event_ids: int) -> int:
        """How many lines of these templates tell of a failure."""
        return sum(one.count for one in self.trace.failures if one.event_id in event_ids)

    def with_status(self, *statuses: str) -> int:
        """How many failures have one of these statuses."""
        return sum(one.count for one in self.trace.failures if one.status in statuses)

    def source(self) -> Source:
        """Point at the whole trace, saying what was counted."""
        trace = self.trace
        counted = f"{trace.sockets:,} sockets, {trace.connects:,} connects, {trace.time_wait_births:,} into TIME_WAIT"
        return Source(self.file, quote=f"{trace.lines:,} lines: {counted}")


def find_traces(
    evidence: Evidence,
    zone: Zone,
    collection: Collection,
    uptime: Uptime,
    processes: Processes,
    addresses: frozenset[str],
) -> tuple[TraceUse, ...]:
    """Measure every trace, the one with most connects first; `addresses` are the machine's own, as tables show them."""
    uses = [_measured(found, zone, collection, uptime, processes, addresses) for found in evidence.all(Trace)]
    return tuple(sorted(uses, key=lambda one: (-one.trace.connects, -one.trace.lines, one.file)))


def _measured(
    found: Found[Trace],
    zone: Zone,
    collection: Collection,
    uptime: Uptime,
    processes: Processes,
    addresses: frozenset[str],
) -> TraceUse:
    trace = found.fact
    offset = _offset(trace, zone)
    started, ended = _utc(trace.started_local, offset), _utc(trace.ended_local, offset)
    doubt = timedelta(minutes=offset.uncertain) if offset else timedelta(0)
    same_boot = None if ended is None or uptime.boot_time is None else ended + doubt >= uptime.boot_time
    moment = collection.moment.at if collection.moment else None
    apart = None
    if started and ended and moment:
        apart = max(0.0, (started - moment).total_seconds(), (moment - ended).total_seconds())
    # The collector makes the list and the trace in one run; without it they must be of one time.
    doubt_of_it = _doubt(found, started, moment, addresses, same_boot=same_boot)
    near = found.entry is not None or (apart is not None and apart <= _ONE_TIME)
    listed = doubt_of_it is None and (same_boot or (same_boot is None and near))
    owners = tuple(
        TracedOwner(
            one, _process(one.pid, ended + doubt if ended else None, processes) if listed else Listed(one.pid, "")
        )
        for one in trace.by_owner
    )
    return TraceUse(
        found.file,
        trace,
        offset,
        started,
        ended,
        same_boot,
        owners,
        tuple(_shortages(found, offset)),
        apart,
        doubt_of_it,
    )


def _doubt(
    found: Found[Trace],
    started: datetime | None,
    collected: datetime | None,
    addresses: frozenset[str],
    *,
    same_boot: bool | None,
) -> Said | None:
    """Why nothing is judged by this trace, if so."""
    if same_boot is False:
        return Said("{file}: made before the last restart, so nothing is judged by it", {"file": found.file})
    if started and collected and started - collected > _AHEAD:
        return Said("{file}: its times lie after the collection, so nothing is judged by it", {"file": found.file})
    trace = found.fact
    own = {
        host
        for text in (*(one.local for one in trace.lives), *(one.local for one in trace.rundown))
        if (host := _host(text))
    }
    if own and addresses and not own & addresses:
        return Said(
            "{file}: its local addresses are none of this machine's, so nothing is judged by it", {"file": found.file}
        )
    return None


def _host(text: str) -> str:
    """The address of an endpoint; "" for none, a wildcard or the machine itself.

    >>> _host("10.0.0.8:10010"), _host("[fe80::1]:443"), _host("0.0.0.0:0"), _host("127.0.0.1:80")
    ('10.0.0.8', 'fe80::1', '', '')
    """
    host = text.rpartition(":")[0].strip("[]").split("%")[0]
    return "" if host in {"0.0.0.0", "::", "::1"} or host.startswith("127.") else host  # noqa: S104 - no binding


def _offset(trace: Trace, zone: Zone) -> Offset | None:
    """What makes the trace's times UTC."""
    if trace.started_local is None or trace.date_order.startswith("assumed"):
        return None  # a day that may be a month is no time
    return Offset(0, 0, "utc") if trace.utc else zone.at_local(trace.started_local)


def _utc(local: datetime | None, offset: Offset | None) -> datetime | None:
    return offset.to_utc(local) if local and offset else None


def _process(pid: int, ended: datetime | None, processes: Processes) -> Listed:
    """Look a PID up. One that was given to another process since is unknown."""
    listed = processes.named(pid)
    created_later = listed.created_at is not None and ended is not None and listed.created_at > ended
    return Listed(pid, "") if created_later or pid == IDLE else listed


def _shortages(found: Found[Trace], offset: Offset | None) -> list[TracedShortage]:
    trace = found.fact
    proofs = [row for row in trace.exhaustion if row.event_id == WEAK_REFERENCE or row.status in NO_PORT_LEFT]
    shortages = []
    for protocol in ("TCP", "UDP"):
        rows = [row for row in proofs if (row.event_id == UDP_BIND) == (protocol == "UDP")]
        if not rows:
            continue
        first = min(rows, key=lambda row: row.line)
        shortages.append(
            TracedShortage(
                protocol,
                sum(row.count for row in rows),
                _utc(min((row.first_local for row in rows if row.first_local), default=None), offset),
                _utc(max((row.last_local for row in rows if row.last_local), default=None), offset),
                60.0 * offset.uncertain if offset else 0.0,
                found.source(first.line, quote=first.quote),
            )
        )
    return shortages


def shortages_of(traces: Sequence[TraceUse], protocol: str) -> tuple[TracedShortage, ...]:
    """Every shortage of one protocol, in the order of the traces."""
    return tuple(one for use in traces if not use.doubt for one in use.shortages if one.protocol == protocol)
