"""Everything measured of one bundle: what causes are judged by."""

from datetime import datetime

import msgspec

from forensics.evidence import Evidence
from forensics.knowledge.dynamic_ports import CRITICAL_SHARE
from forensics.knowledge.tick import TICK_WRAP
from forensics.measure.attribution import Attribution, find_attribution
from forensics.measure.boots import Boot
from forensics.measure.collection import Collection, Taken, find_collection, when_taken
from forensics.measure.fix_state import FixState, Servicing, find_servicing, fix_state
from forensics.measure.interval import Interval
from forensics.measure.log import PORT_EVENTS, TCPIP, Logged, SystemLog, system_log
from forensics.measure.ports import PortUse, find_ports
from forensics.measure.rates import when_counted
from forensics.measure.snapshots import bound_rows, by_state, plain
from forensics.measure.system import System, find_system
from forensics.measure.time_wait import Forecast, TimeWait, find_time_wait, forecast
from forensics.measure.uptime import Uptime, find_uptime
from forensics.measure.zone import Zone, find_zone

WIDEST_START = 10_000  # the widened range that Microsoft's and the founding article's commands set (domain.md §8)
WIDEST_COUNT = 55_535


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
    """The one thing that causes and reports look at."""

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
    notes: tuple[str, ...]

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
    def full_table(self) -> bool:
        """Whether the latest table is unfiltered: only then does a small number mean few connections."""
        return bool(self.tables) and self.tables[-1].found.fact.listens

    @property
    def time_wait_pool(self) -> PortUse:
        """The TCP pool of which TIME_WAIT holds the largest share."""
        return max(self.tcp, key=lambda pool: self.time_wait.held(pool.family) / pool.usable if pool.usable else 0.0)

    @property
    def time_wait_share(self) -> float:
        """TIME_WAIT on dynamic ports as a share of that pool's usable ports."""
        pool = self.time_wait_pool
        return self.time_wait.held(pool.family) / pool.usable if pool.usable else 0.0


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
    pools = find_ports(evidence, system, rows, bound_rows(taken))
    time_wait = find_time_wait(evidence, tables, when_counted(evidence, zone, log), pools)
    cases = _cases(system, servicing, uptime, log)
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
        find_attribution(evidence, latest, taken, pools),
        cases,
        _incident(log, pools, collection),
        tuple(
            note
            for note in (*notes, collection.note, system.conflict, _hosts_note(system), *uptime.disagreements)
            if note
        ),
    )


def _hosts_note(system: System) -> str:
    return "" if system.one_machine else f"the files name different computers: {', '.join(system.hosts)}"


def _cases(system: System, servicing: Servicing, uptime: Uptime, log: SystemLog) -> tuple[BootCase, ...]:
    events = tuple(log.of(TCPIP, *PORT_EVENTS))
    start = uptime.boot_time
    # The running boot's events: after its start, or all where nothing says when that was.
    now = BootCase(
        "now",
        uptime.boot,
        uptime.span,
        uptime.seconds,
        fix_state(system, servicing, start),
        tuple(one for one in events if start is None or one.at >= start),
    )
    earlier = []
    for boot, following in zip(uptime.history, uptime.history[1:], strict=False):
        at_least = boot.uptime_at_end or 0.0
        at_most = max(at_least, (following.start - boot.start).total_seconds())
        own = tuple(one for one in events if boot.start <= one.at < following.start)
        state = fix_state(system, servicing, boot.start)
        earlier.append(BootCase("previous-boot", boot, Interval(at_least, at_most), at_least, state, own))
    return (now, *reversed(earlier))


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
