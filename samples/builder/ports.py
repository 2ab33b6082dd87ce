"""The life of ports: connections open, close, wait, and give their port back, unless the clock has wrapped.

The model: a connection takes a free port soon after the last one taken, lives for its lifetime, and then, if
this machine closes first, holds the port in TIME_WAIT for the delay. Where the clock wraps, a wait that would
end at or after ``CLOCK_WRAP_SECONDS`` of uptime never ends. Without a free port the attempt fails. Attempts that
nobody answers and closings that nobody finishes hold a port for their time, leaks for ever.
"""

import math
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address

from builder.behaviour import Closing, Leak, Unanswered
from builder.life import ANY, Connection, Life, Pools, Row, Seen, leaked_row, own_address
from builder.machine import CLOCK_WRAP_SECONDS, Machine, PortRange, Traffic
from builder.port_pool import PortPool

__all__ = ["Connection", "Row", "Snapshot", "by_state", "connections", "ports_in_use", "snapshots"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All rows at one moment, in netstat's order, and the counters of ``netstat -s``.

    The counters are those of IPv4, and in ``ipv6`` the same five of IPv6, beyond what the system itself opened.
    ``leaked`` is how many sockets the machine's leaks hold, by owner: as many handles of that process.
    """

    rows: tuple[Row, ...]
    active_opens: int
    passive_opens: int
    failed_attempts: int
    resets: int
    current: int
    ipv6: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
    leaked: Mapping[int, int] = field(default_factory=dict)


def snapshots(machine: Machine) -> list[Snapshot]:
    """The machine's connections at each of its snapshot times."""
    moments = [machine.uptime(at) for at in machine.snapshot_times]
    begin = _begin(machine, moments[0]) if moments else 0.0
    leaks, standing, simulated = _simulation(machine, begin)
    opened, failed = _before(machine, leaks, begin, 4), _failed_before(machine, begin, 4)
    opened6, failed6 = _before(machine, leaks, begin, 6), _failed_before(machine, begin, 6)
    leaked = Counter[int]()
    for leak in leaks:
        leaked[leak.pid] += leak.already
    life = simulated.looked_at(moments, leaks)
    return [
        Snapshot(
            tuple(sorted((*standing, *_accepted_rows(machine, moment, number), *seen.rows), key=_netstat_order)),
            active_opens=opened + seen.opened[4],
            passive_opens=int(moment / 37),
            failed_attempts=int(moment / 4100) + failed + seen.failed[4],
            resets=int(moment / 950),
            current=_connected(machine, standing, seen, moment, number, 4),
            ipv6=(
                opened6 + seen.opened[6], 0, failed6 + seen.failed[6], 0,
                _connected(machine, standing, seen, moment, number, 6),
            ),
            leaked=leaked + seen.leaked,
        )
        for number, (moment, seen) in enumerate(zip(moments, life, strict=True))
    ]  # fmt: skip


def connections(machine: Machine, begin: datetime, end: datetime) -> list[Connection]:
    """What was open or tried between two moments, in the order of opening.

    It is the same simulation as that of the snapshots, so the same ports are taken in the same order; nothing is known
    of the time before it begins.
    """
    moments = [machine.uptime(at) for at in machine.snapshot_times]
    first, last = machine.uptime(begin), machine.uptime(end)
    longest = max((*(one.lifetime for one in machine.traffic), *(one.lasts for one in machine.passing)), default=0.0)
    leaks, _, simulated = _simulation(machine, _begin(machine, moments[0]), first)
    simulated.looked_at([*moments, last + longest + 1], leaks)
    return sorted((one for one in simulated.past if one.opened <= last), key=lambda one: one.opened)


def _simulation(
    machine: Machine, begin: float, remember_from: float = math.inf
) -> tuple[tuple[Leak, ...], list[Row], Life]:
    """Leaks, what stands from the beginning, and the life to run."""
    rng = random.Random(f"{machine.seed} ports")
    standing = _standing_rows(machine)
    pools = _pools(machine, standing, rng)
    leaks = (*machine.leaks, *(held.leak for held in machine.udp_held))
    standing += _held_rows(machine, pools) + _pile_rows(machine, pools) + _leaked_rows(machine, pools, leaks)
    return leaks, standing, Life(machine, pools, rng, begin, remember_from)


def _pools(machine: Machine, standing: list[Row], rng: random.Random) -> Pools:
    excluded = {port for exclusion in machine.exclusions for port in range(exclusion.first, exclusion.last + 1)}
    # Both families of a listener keep its port from IPv4's pool, as they always have here.
    taken = {row.local_port for row in standing if row.protocol == "TCP"}
    bound = PortPool(machine.dynamic_ports, taken | excluded, rng, shared=machine.shared_ports)
    other = random.Random(f"{machine.seed} other ports")
    bound6 = PortPool(machine.dynamic_ports, taken, other, shared=machine.shared_ports)
    outgoing = {4: bound, 6: bound6}
    if machine.auto_reuse:
        outgoing[4] = PortPool(machine.auto_reuse, taken | excluded, other, shared=True)
        outgoing[6] = PortPool(machine.auto_reuse, taken, other, shared=True)
    of_udp = {row.local_port for row in standing if row.protocol == "UDP"}
    udp = PortPool(machine.udp_ports or machine.dynamic_ports, of_udp, other)
    return Pools(outgoing, {4: bound, 6: bound6}, udp)


def _begin(machine: Machine, first: float) -> float:
    """The uptime at which the simulation starts: early enough that nothing older can still be seen."""
    longest = max((traffic.lifetime for traffic in machine.traffic), default=0.0)
    begin = first - machine.time_wait_delay - longest - 1
    if machine.clock_wraps:
        begin = min(begin, CLOCK_WRAP_SECONDS - machine.time_wait_delay - longest - 1)
    for passing in machine.passing:
        begin = min(begin, first - passing.lasts - 1)
    return max(0.0, begin)


def _before(machine: Machine, leaks: tuple[Leak, ...], begin: float, family: int) -> int:
    """How many connections of that family were opened before the simulation began."""
    rates: list[Traffic | Unanswered | Closing] = [*machine.traffic, *machine.passing]
    held = sum(held.count for held in machine.held) if family == 4 else 0
    return (
        held
        + sum(int(begin * kind.per_second) for kind in rates if kind.family == family)
        + sum(leak.already for leak in leaks if leak.family == family and _connects(leak))
    )


def _failed_before(machine: Machine, begin: float, family: int) -> int:
    return sum(int(begin * kind.per_second) for kind in machine.unanswered if kind.family == family)


def _connects(leak: Leak) -> bool:
    return leak.protocol == "TCP" and leak.state != "BOUND"


def _connected(machine: Machine, standing: list[Row], seen: Seen, moment: float, number: int, family: int) -> int:
    rows = [*standing, *seen.rows, *(_accepted_rows(machine, moment, number) if family == 4 else ())]
    local = own_address(machine, family)
    return sum(row.state in ("ESTABLISHED", "CLOSE_WAIT") and row.local == local for row in rows)


def _standing_rows(machine: Machine) -> list[Row]:
    rows = []
    for listener in machine.listeners:
        tcp = listener.protocol == "TCP"
        state, remote = ("LISTENING", "0.0.0.0") if tcp else ("", "")  # noqa: S104 -- only printed
        rows.append(Row(listener.protocol, "0.0.0.0", listener.port, remote, 0, state, listener.pid))  # noqa: S104
        if not listener.ipv4_only:
            remote = "::" if remote else ""
            rows.append(Row(listener.protocol, "::", listener.port, remote, 0, state, listener.pid))
    return rows


def _accepted_rows(machine: Machine, moment: float, number: int) -> list[Row]:
    """Connections from outside; those in TIME_WAIT change between snapshots, unless the clock has wrapped."""
    stuck = machine.clock_wraps and moment >= CLOCK_WRAP_SECONDS
    rows = []
    for accepted in machine.accepted:
        waiting = accepted.state == "TIME_WAIT"
        first = 50100 + (1009 * number if waiting and not stuck else 0)
        pid = 0 if waiting else accepted.pid
        rows += [
            Row(
                "TCP",
                machine.address,
                accepted.local_port,
                accepted.remote,
                first + 7 * other,
                accepted.state,
                pid,
            )
            for other in range(accepted.count)
        ]
    return rows


def _held_rows(machine: Machine, pools: Pools) -> list[Row]:
    rows = []
    for held in machine.held:
        for _ in range(held.count):
            if held.state == "BOUND":
                port, local, remote, remote_port = pools.bound[4].take(), ANY[4], ANY[4], 0
            else:
                local, remote, remote_port = machine.address, held.remote, held.port
                port = pools.outgoing[4].take((remote, remote_port))
            if port is None:
                raise ValueError("more connections are held than the dynamic range has ports")
            rows.append(Row("TCP", local, port, remote, remote_port, held.state, held.pid))
    return rows


def _pile_rows(machine: Machine, pools: Pools) -> list[Row]:
    rows = []
    for pile in machine.piles:
        for _ in range(pile.count):
            port = pools.outgoing[4].take((pile.remote, pile.port))
            if port is None:
                raise ValueError("the pile is larger than the dynamic range")
            rows.append(Row("TCP", machine.address, port, pile.remote, pile.port, "TIME_WAIT", 0))
    return rows


def _leaked_rows(machine: Machine, pools: Pools, leaks: tuple[Leak, ...]) -> list[Row]:
    rows = []
    for leak in leaks:
        for number in range(leak.already):
            row = leaked_row(machine, pools, leak, number)
            if row is None:
                raise ValueError("the leak is larger than the dynamic range")
            rows.append(row)
    return rows


def _netstat_order(row: Row) -> tuple[str, int, int, int, int, str, int]:
    return (
        row.protocol,
        *_address_order(row.local),
        row.local_port,
        len(row.remote),
        row.remote,
        row.remote_port,
    )


@lru_cache
def _address_order(address: str) -> tuple[int, int]:
    parsed = ip_address(address)
    return parsed.version, int(parsed)


def by_state(snapshot: Snapshot) -> Counter[str]:
    """How many TCP rows are in each state."""
    return Counter(row.state for row in snapshot.rows if row.protocol == "TCP")


def ports_in_use(snapshot: Snapshot, range_: PortRange) -> int:
    """Distinct local TCP ports over IPv4 inside the range, in any state."""
    end = range_.start + range_.count
    return len(
        {
            row.local_port
            for row in snapshot.rows
            if row.protocol == "TCP" and ":" not in row.local and range_.start <= row.local_port < end
        }
    )
