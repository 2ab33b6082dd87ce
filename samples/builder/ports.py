"""The life of ports: connections open, close, wait, and give their port back, unless the clock has wrapped.

The model: a connection takes a free port soon after the last one taken, lives for its lifetime, and then, if
this machine closes first, holds the port in TIME_WAIT for the delay. Where the clock wraps, a wait that would
end at or after ``CLOCK_WRAP_SECONDS`` of uptime never ends. Without a free port the attempt fails.
"""

import heapq
import random
from collections import Counter
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import count

from builder.machine import CLOCK_WRAP_SECONDS, Machine, PortRange, Traffic

_STEPS = 64
"""How far the search for a free port goes before it starts elsewhere."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of netstat. UDP rows have no remote and no state."""

    protocol: str
    local: str
    local_port: int
    remote: str = ""
    remote_port: int = 0
    state: str = ""
    pid: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All rows at one moment, in netstat's order, and the counters of ``netstat -s``."""

    rows: tuple[Row, ...]
    active_opens: int
    passive_opens: int
    failed_attempts: int
    resets: int
    current: int


class _Ports:
    """The dynamic range: which of its ports are free."""

    def __init__(self, range_: PortRange, taken: set[int], rng: random.Random) -> None:
        self._range = range_
        self._rng = rng
        self._last = rng.randrange(range_.count)
        self._free = [port for port in range(range_.start, range_.start + range_.count) if port not in taken]
        self._place = {port: place for place, port in enumerate(self._free)}

    def take(self) -> int | None:
        """A free port soon after the last one taken, else any free one; None if there is none."""
        if not self._free:
            return None
        start = self._last + self._rng.choice((1, 1, 1, 2, 2, 3, 5))
        for step in range(_STEPS):
            port = self._range.start + (start + step) % self._range.count
            if port in self._place:
                break
        else:
            port = self._rng.choice(self._free)
        self._last = port - self._range.start
        # Removed in constant time: the last free port moves to the place of the taken one.
        place = self._place.pop(port)
        moved = self._free.pop()
        if moved != port:
            self._free[place] = moved
            self._place[moved] = place
        return port

    def release(self, port: int) -> None:
        """Gives a port back."""
        self._place[port] = len(self._free)
        self._free.append(port)


def snapshots(machine: Machine) -> list[Snapshot]:
    """The machine's connections at each of its snapshot times."""
    rng = random.Random(f"{machine.seed} ports")
    standing = _standing_rows(machine)
    taken = {row.local_port for row in standing if row.protocol == "TCP"}
    taken |= {port for exclusion in machine.exclusions for port in range(exclusion.first, exclusion.last + 1)}
    ports = _Ports(machine.dynamic_ports, taken, rng)
    standing += _held_rows(machine, ports) + _pile_rows(machine, ports)
    moments = [machine.uptime(at) for at in machine.snapshot_times]
    begin = _begin(machine, moments[0]) if moments else 0.0
    opened_before = sum(int(begin * traffic.per_second) for traffic in machine.traffic) + sum(
        held.count for held in machine.held
    )
    life = _simulate(machine, ports, rng, begin, moments)
    result = []
    for number, (moment, (traffic, opened, failed)) in enumerate(zip(moments, life, strict=True)):
        rows = [*standing, *_accepted_rows(machine, moment, number), *traffic]
        connected = [row for row in rows if row.state in ("ESTABLISHED", "CLOSE_WAIT")]
        result.append(
            Snapshot(
                tuple(sorted(rows, key=_netstat_order)),
                active_opens=opened_before + opened,
                passive_opens=int(moment / 37),
                failed_attempts=int(moment / 4100) + failed,
                resets=int(moment / 950),
                current=len(connected),
            )
        )
    return result


def _begin(machine: Machine, first: float) -> float:
    """The uptime at which the simulation starts: early enough that nothing older can still be seen."""
    longest = max((traffic.lifetime for traffic in machine.traffic), default=0.0)
    begin = first - machine.time_wait_delay - longest - 1
    if machine.clock_wraps:
        begin = min(begin, CLOCK_WRAP_SECONDS - machine.time_wait_delay - longest - 1)
    return max(0.0, begin)


def _simulate(  # noqa: C901 -- one branch for each thing that happens to a port
    machine: Machine, ports: _Ports, rng: random.Random, begin: float, moments: list[float]
) -> list[tuple[list[Row], int, int]]:
    """At each moment: the rows that traffic has left; connections opened and attempts failed by then."""
    live: dict[int, Row] = {}
    opened = failed = 0
    result: list[tuple[list[Row], int, int]] = []
    order = count()
    queue: list[tuple[float, int, str, Traffic | None, int]] = []

    def plan(at: float, what: str, traffic: Traffic | None, port: int = 0) -> None:
        heapq.heappush(queue, (at, next(order), what, traffic, port))

    def row(traffic: Traffic, port: int, state: str, pid: int) -> Row:
        return Row("TCP", machine.address, port, traffic.remote, traffic.port, state, pid)

    for moment in moments:
        plan(moment, "look", None)
    for kind in machine.traffic:
        plan(begin + rng.random() / kind.per_second, "open", kind)
    while len(result) < len(moments):
        now, _, what, traffic, port = heapq.heappop(queue)
        if traffic is None:
            result.append((list(live.values()), opened, failed))
        elif what == "open":
            plan(now + rng.uniform(0.98, 1.02) / traffic.per_second, "open", traffic)
            taken = ports.take()
            if taken is None:
                failed += 1
                continue
            opened += 1
            live[taken] = row(traffic, taken, "ESTABLISHED", traffic.pid)
            plan(now + traffic.lifetime, "close", traffic, taken)
        elif what == "close" and rng.random() < traffic.closes_first:
            live[port] = row(traffic, port, "TIME_WAIT", 0)
            end = now + machine.time_wait_delay
            if not (machine.clock_wraps and end >= CLOCK_WRAP_SECONDS):
                plan(end, "release", traffic, port)
        else:
            del live[port]
            ports.release(port)
    return result


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


def _held_rows(machine: Machine, ports: _Ports) -> list[Row]:
    rows = []
    for held in machine.held:
        for _ in range(held.count):
            port = ports.take()
            if port is None:
                raise ValueError("more connections are held than the dynamic range has ports")
            if held.state == "BOUND":
                rows.append(Row("TCP", "0.0.0.0", port, "0.0.0.0", 0, "BOUND", held.pid))  # noqa: S104 -- printed
            else:
                rows.append(Row("TCP", machine.address, port, held.remote, held.port, held.state, held.pid))
    return rows


def _pile_rows(machine: Machine, ports: _Ports) -> list[Row]:
    rows = []
    for pile in machine.piles:
        for _ in range(pile.count):
            port = ports.take()
            if port is None:
                raise ValueError("the pile is larger than the dynamic range")
            rows.append(Row("TCP", machine.address, port, pile.remote, pile.port, "TIME_WAIT", 0))
    return rows


def _netstat_order(row: Row) -> tuple[str, int, int, int, int, str, int]:
    local = ip_address(row.local)
    return (
        row.protocol,
        local.version,
        int(local),
        row.local_port,
        len(row.remote),
        row.remote,
        row.remote_port,
    )


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
