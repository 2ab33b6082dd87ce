"""Everything measured of one bundle: what causes are judged by."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from forensics.evidence import Evidence, Source
from forensics.knowledge.dynamic_ports import CRITICAL_SHARE, WIDEST_COUNT
from forensics.knowledge.tick import TICK_WRAP
from forensics.measure.application_logs import LogUse, find_application_logs, older_than_boot
from forensics.measure.attempts import Attempts, find_attempts
from forensics.measure.attribution import Attribution, find_attribution
from forensics.measure.boots import Boot
from forensics.measure.changes import Change, find_changes
from forensics.measure.collection import Collection, Taken, find_collection, when_taken
from forensics.measure.coverage import Coverage, cover
from forensics.measure.fix_state import FixState, Servicing, find_servicing, fix_state
from forensics.measure.host_memory import HostMemory, find_memory
from forensics.measure.integrity import Integrity, find_integrity
from forensics.measure.interval import Interval
from forensics.measure.log import PORT_EVENTS, TCPIP, Logged, SystemLog, system_log
from forensics.measure.network_drivers import NetworkDriver, find_network_drivers
from forensics.measure.offload import Offload, find_offload
from forensics.measure.piles import Pile, find_piles
from forensics.measure.port_space import PortState, find_port_space
from forensics.measure.ports import PortUse, find_ports, tcpip_parameter
from forensics.measure.processes import Listed, Processes, find_processes
from forensics.measure.rates import when_counted
from forensics.measure.shortage import Shortage, find_sharing, find_shortage, find_shortages
from forensics.measure.snapshots import (
    bound_rows,
    bound_tables,
    by_state,
    dynamic_time_wait,
    is_cut,
    outline,
    own_addresses,
    plain,
)
from forensics.measure.system import System, find_system
from forensics.measure.time_wait import Forecast, TimeWait, find_time_wait, forecast
from forensics.measure.traces import TraceUse, find_traces, shortages_of
from forensics.measure.uptime import Uptime, find_uptime
from forensics.measure.zone import Zone, find_zone
from forensics.text.said import Said


class BootCase(msgspec.Struct, frozen=True):
    """One run of the system, as a cause judges it.

    `uptime` are seconds at collection (`now`) or at its end (`previous-boot`), None where unknown. `port_events` are
    4227, 4231 and 4266 written in this run; `after_wrap` those of them written after its clock wrapped.
    """

    applies_to: str  # `now` or `previous-boot`
    boot: Boot | None
    uptime: Interval | None
    seconds: float | None
    fix: FixState
    port_events: tuple[Logged, ...]

    @property
    def after_wrap(self) -> tuple[Logged, ...]:
        """Port events that came after the wrap of this run."""
        if self.boot is None:
            return ()
        wrap = self.boot.wrap_at
        return tuple(one for one in self.port_events if one.at > wrap)

    @property
    def past_wrap(self) -> bool:
        """Whether the clock has wrapped for certain."""
        return self.uptime is not None and self.uptime.at_least(TICK_WRAP)

    @property
    def short_of_wrap(self) -> bool:
        """Whether the clock has not wrapped for certain."""
        return self.uptime is not None and self.uptime.below(TICK_WRAP)


class Incident(msgspec.Struct, frozen=True):
    """When ports were short, as far as the evidence tells: `basis` is `events`, `netstat` or `none`."""

    start: datetime | None
    end: datetime | None
    basis: str


class Measurements(msgspec.Struct, frozen=True):
    """The one thing that causes and reports look at.

    `shortage` and `udp_shortage` say how many ports a new connection can have in the fullest family,
    `shortages` in each, `piles` what holds them by group,
    `bound_shown` whether a table would show ports held without a connection. `coverage` sorts TCP's port events (4227,
    4231) by whether a table speaks of them, `udp_coverage` UDP's (4266); `covered_shortage` is that of the table that
    speaks, `covered_waiting` its TIME_WAIT by remote. `earlier_full` is set where a table before the latest was full,
    `full_table` where the latest is neither filtered nor cut: only then does a small number mean few connections.
    """

    zone: Zone
    log: SystemLog
    collection: Collection
    system: System
    uptime: Uptime
    servicing: Servicing
    tables: tuple[Taken, ...]
    taken: tuple[Taken, ...]
    ports: tuple[PortUse, ...]
    states: dict[str, int]
    time_wait: TimeWait
    forecast: Forecast | None
    attribution: Attribution
    cases: tuple[BootCase, ...]
    incident: Incident
    notes: tuple[Said, ...]
    processes: Processes
    shortage: Shortage
    udp_shortage: Shortage
    shortages: Mapping[tuple[str, int], Shortage]
    covered_shortage: Shortage | None
    piles: Mapping[str, Pile]
    bound_shown: bool
    coverage: Coverage
    udp_coverage: Coverage
    offload: Offload
    attempts: Attempts
    memory: HostMemory | None
    network_drivers: tuple[NetworkDriver, ...]
    changes: tuple[Change, ...]
    max_user_port: Source | None
    earlier_full: bool
    covered_waiting: Mapping[tuple[str, int | None], int]
    application_logs: tuple[LogUse, ...]
    traces: tuple[TraceUse, ...]
    port_space: tuple[PortState, ...]
    integrity: Integrity | None
    full_table: bool
    doubted: bool = False  # whether files that an answer rests on were changed since they were collected

    @property
    def judged_traces(self) -> tuple[TraceUse, ...]:
        """The traces that causes are judged by: of this machine, in the running boot, not after the collection."""
        return tuple(one for one in self.traces if one.doubt is None)

    @property
    def suspect(self) -> Listed | None:
        """A process with so many handles beyond its rows that it may hold sockets which netstat does not show."""
        if not self.tables:
            return None
        return self.processes.with_unexplained_handles({one.pid: one.rows for one in self.attribution.owners})

    @property
    def sure(self) -> bool:
        """Whether the files belong together and are as they were collected: without that nothing is confirmed."""
        return self.system.one_machine and not self.doubted

    @property
    def uptime_is_sure(self) -> bool:
        """Whether the uptime is this machine's, undisputed, more than one counter that nothing bears out, and to date.

        Where no file says when it was collected, a restart after the newest event would not be seen. An event is as it
        was written where its log matches its checksums.
        """
        moment, boot = self.collection.moment, self.uptime.boot
        dated = moment is not None and moment.method != "newest-event"
        told = self.uptime.method == "6013" and boot is not None and not self.log.is_changed(boot.source)
        return ((told and dated) or self.uptime.corroborated) and not self.uptime.disputed and self.sure

    @property
    def now(self) -> BootCase:
        """The run in which the evidence was collected."""
        return self.cases[0]

    @property
    def tcp(self) -> tuple[PortUse, ...]:
        """The TCP pools."""
        return tuple(pool for pool in self.ports if pool.protocol == "TCP")

    @property
    def fullest_tcp(self) -> PortUse:
        """The TCP pool of which most is in use."""
        return max(self.tcp, key=lambda pool: (pool.utilisation or 0.0, -pool.family))

    @property
    def time_wait_pool(self) -> PortUse:
        """The TCP pool of which TIME_WAIT holds the largest share."""
        return max(self.tcp, key=lambda pool: self.time_wait.held(pool.family) / pool.usable if pool.usable else 0.0)

    @property
    def time_wait_share(self) -> float:
        """TIME_WAIT on dynamic ports as a share of that pool's usable ports."""
        pool = self.time_wait_pool
        return self.time_wait.held(pool.family) / pool.usable if pool.usable else 0.0


def _is_full(tables: Sequence[Taken]) -> bool:
    """Whether the latest table is unfiltered and not cut: only then does a small number mean few connections."""
    if not tables or not tables[-1].found.fact.listens:
        return False
    latest = outline(tables[-1].found.fact.rows)
    return not any(is_cut(latest, outline(one.found.fact.rows)) for one in tables[:-1])


def measure(evidence: Evidence) -> Measurements:
    """Turn facts into figures."""
    log = system_log(evidence)
    zone = find_zone(evidence, log)
    taken, notes = when_taken(evidence, zone, log)
    tables = plain(taken)
    collection = find_collection(evidence, tables, log)
    system = find_system(evidence, log)
    uptime = find_uptime(evidence, log, collection, zone)
    servicing = find_servicing(evidence, log, zone)
    latest = tables[-1] if tables else None
    rows = latest.found.fact.rows if latest else None
    bound = bound_rows(taken)
    pools = find_ports(evidence, system, rows, bound)
    processes = find_processes(evidence, taken)
    sharing = find_sharing(evidence, system)
    readings = when_counted(evidence, zone, log)
    time_wait = find_time_wait(evidence, tables, readings, pools)
    cases = _cases(system, servicing, uptime, log)
    at_least = time_wait.delay.at_least
    logs = find_application_logs(evidence, zone, collection.moment.at if collection.moment else None)
    traces = find_traces(evidence, zone, collection, uptime, processes, own_addresses(tables))
    tcp_events, udp_events = log.of(TCPIP, 4227, 4231), log.of(TCPIP, 4266)
    coverage = cover(tcp_events, tables, at_least, uptime.boot_time, shortages_of(traces, "TCP"))
    max_user_port = tcpip_parameter(evidence, "MaxUserPort")
    fullest = max(pools[:2], key=lambda pool: pool.in_use or 0)
    expected = None
    if uptime.wrap_at and collection.moment:
        wider = max(0, WIDEST_COUNT - fullest.count)
        expected = forecast(
            time_wait.ports, max(0, fullest.usable - (fullest.in_use or 0)), uptime.wrap_at, collection.moment.at, wider
        )
    return Measurements(
        zone,
        log,
        collection,
        system,
        uptime,
        servicing,
        tables,
        taken,
        pools,
        by_state(rows or ()),
        time_wait,
        expected,
        find_attribution(latest, bound, processes, pools),
        cases,
        _incident(log, pools, collection),
        tuple(
            note
            for note in (
                *notes,
                collection.note,
                system.conflict,
                _hosts_note(system),
                *uptime.disagreements,
                *older_than_boot(logs, uptime.boot_time),
                *(one.doubt for one in traces if one.doubt),
            )
            if note
        ),
        processes,
        find_shortage("TCP", latest, bound, pools, sharing),
        find_shortage("UDP", latest, (), pools, sharing),
        {
            (one.pool.protocol, one.pool.family): one
            for protocol, rows_bound in (("TCP", bound), ("UDP", ()))
            for one in find_shortages(protocol, latest, rows_bound, pools, sharing)
        },
        find_shortage("TCP", coverage.after, bound, pools, sharing) if coverage.after else None,
        find_piles(tables, bound_tables(taken), pools, processes),
        bool(bound_tables(taken)),
        coverage,
        cover(udp_events, tables, at_least, uptime.boot_time, shortages_of(traces, "UDP")),
        find_offload(evidence, taken),
        find_attempts(tables, readings),
        find_memory(evidence, system),
        find_network_drivers(evidence, log),
        find_changes(log, servicing),
        max_user_port[1] if max_user_port else None,
        any(find_shortage("TCP", one, (), pools, sharing).full for one in tables[:-1]),
        _waiting_by_remote(coverage.after, pools),
        logs,
        traces,
        find_port_space(rows, bound, pools),
        find_integrity(evidence),
        _is_full(tables),
    )


def _waiting_by_remote(table: Taken | None, pools: tuple[PortUse, ...]) -> Mapping[tuple[str, int | None], int]:
    """TIME_WAIT on dynamic ports of one table, by remote endpoint."""
    if table is None:
        return {}
    rows = dynamic_time_wait(table.found.fact.rows, pools)
    return Counter((row.remote_address, row.remote_port) for row in rows)


def _hosts_note(system: System) -> Said | None:
    return None if system.one_machine else Said("the files name different computers: {hosts}", {"hosts": system.hosts})


def _cases(system: System, servicing: Servicing, uptime: Uptime, log: SystemLog) -> tuple[BootCase, ...]:
    events = tuple(log.of(TCPIP, *PORT_EVENTS))
    start = uptime.boot_time
    # The running boot's events: after its start, or all where nothing says when that was.
    now = BootCase(
        "now",
        uptime.boot,
        uptime.span,
        uptime.seconds,
        _citing(fix_state(system, servicing, start), uptime.boot),
        tuple(one for one in events if start is None or one.at >= start),
    )
    earlier = []
    for boot, following in zip(uptime.history, uptime.history[1:], strict=False):
        at_least = boot.uptime_at_end or 0.0
        at_most = max(at_least, (following.start - boot.start).total_seconds())
        own = tuple(one for one in events if boot.start <= one.at < following.start)
        state = _citing(fix_state(system, servicing, boot.start), boot)
        earlier.append(BootCase("previous-boot", boot, Interval(at_least, at_most), at_least, state, own))
    return (now, *reversed(earlier))


def _citing(fix: FixState, boot: Boot | None) -> FixState:
    """A fix's state with the source of the boot that it was compared with."""
    compared = boot is not None and fix.state in {"fixed", "installed-not-loaded"}
    return msgspec.structs.replace(fix, sources=(*fix.sources, boot.source)) if compared and boot else fix


def _incident(log: SystemLog, pools: tuple[PortUse, ...], collection: Collection) -> Incident:
    events = log.of(TCPIP, *PORT_EVENTS)
    full = any((pool.utilisation or 0.0) >= CRITICAL_SHARE for pool in pools)
    at = collection.moment.at if collection.moment else None
    if events:
        times = [one.at for one in events]
        return Incident(min(times), max(times) if not full or at is None else max(*times, at), "events")
    if full:
        return Incident(at, at, "netstat")
    return Incident(None, None, "none")
