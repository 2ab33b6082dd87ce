"""The life of ports from the start of the simulation to the last snapshot, as a queue of what happens next."""

import heapq
import math
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from ipaddress import ip_address
from itertools import count
from typing import Literal

from builder.behaviour import Closing, Leak, Unanswered
from builder.machine import CLOCK_WRAP_SECONDS, Machine, Traffic
from builder.port_pool import Endpoint, PortPool

ANY = {4: "0.0.0.0", 6: "::"}  # noqa: S104 -- only printed


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
class Connection:
    """An outgoing connection, from ``opened`` to ``closed`` (seconds of uptime; None where it stays open).

    ``end`` is ``local`` or ``remote``, whoever closed first; ``timeout``; ``no-port``, where none was free for it.
    """

    pid: int
    local: str
    local_port: int | None
    remote: Endpoint
    opened: float
    closed: float | None
    end: Literal["local", "remote", "timeout", "no-port", "kept"]


@dataclass(frozen=True, slots=True)
class Pools:
    """Where ports come from: outgoing connections by family, sockets bound without a peer by family, UDP."""

    outgoing: dict[int, PortPool]
    bound: dict[int, PortPool]
    udp: PortPool


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at the machine.

    ``opened`` and ``failed`` count by family since the simulation began, ``leaked`` the sockets that leaks have
    opened since then, by owner.
    """

    rows: tuple[Row, ...]
    opened: Counter[int]
    failed: Counter[int]
    leaked: Counter[int]


@lru_cache
def addresses(first: str, number: int) -> tuple[str, ...]:
    """So many addresses, counted up from the first."""
    return (first,) if number == 1 else tuple(str(ip_address(first) + other) for other in range(number))


def own_address(machine: Machine, family: int) -> str:
    """The machine's address of that family."""
    return machine.address if family == 4 else machine.address6


def leaked_row(machine: Machine, pools: Pools, leak: Leak, number: int) -> Row | None:
    """The row of a leak's socket of that number; None where no port is free for it."""
    if leak.protocol == "UDP":
        port = pools.udp.take()
        return None if port is None else Row("UDP", ANY[leak.family], port, pid=leak.pid)
    if leak.state == "BOUND":
        port = pools.bound[leak.family].take()
        local = ANY[leak.family]
        return None if port is None else Row("TCP", local, port, local, 0, "BOUND", leak.pid)
    remote = addresses(leak.remote, leak.remotes)[number % leak.remotes]
    if leak.own_ports is not None:
        port = leak.own_ports + number
    else:
        port = pools.outgoing[leak.family].take((remote, leak.port))
    local = own_address(machine, leak.family)
    return None if port is None else Row("TCP", local, port, remote, leak.port, leak.state, leak.pid)


class Life:
    """What happens to the machine's ports after ``begin`` (seconds of uptime).

    ``past`` remembers connections that ended at ``remember_from`` or later.
    """

    def __init__(
        self,
        machine: Machine,
        pools: Pools,
        rng: random.Random,
        begin: float,
        remember_from: float = math.inf,
    ) -> None:
        self.past: list[Connection] = []
        self._remember_from = remember_from
        self._machine = machine
        self._pools = pools
        self._rng = rng
        self._begin = begin
        self._queue: list[tuple[float, int, Callable[[float], None]]] = []
        self._order = count()
        self._live: dict[int, Row] = {}
        self._opened: Counter[int] = Counter()
        self._failed: Counter[int] = Counter()
        self._leaked: Counter[int] = Counter()
        self._seen: list[Seen] = []

    def looked_at(self, moments: list[float], leaks: Iterable[Leak]) -> list[Seen]:
        """The machine at each of these moments (seconds of uptime). Leaks grow from the first of them on."""
        machine, rng = self._machine, self._rng
        for moment in moments:
            self._plan(moment, self._look)
        for kind in machine.traffic:
            remotes = addresses(kind.remote, kind.remotes)
            self._plan(self._begin + rng.random() / kind.per_second, partial(self._open, kind, remotes, 0))
        trouble = random.Random(f"{machine.seed} troubles")
        for passing in machine.passing:
            remotes = addresses(passing.remote, passing.remotes)
            at = self._begin + trouble.random() / passing.per_second
            self._plan(at, partial(self._pass, passing, remotes, 0, trouble))
        for leak in leaks:
            if leak.per_second and moments:
                at = moments[0] + trouble.random() / leak.per_second
                self._plan(at, partial(self._leak, leak, leak.already, trouble))
        while len(self._seen) < len(moments):
            now, _, happens = heapq.heappop(self._queue)
            happens(now)
        return self._seen

    def _plan(self, at: float, happens: Callable[[float], None]) -> None:
        heapq.heappush(self._queue, (at, next(self._order), happens))

    def _look(self, _now: float) -> None:
        rows = tuple(self._live.values())
        self._seen.append(Seen(rows, self._opened.copy(), self._failed.copy(), self._leaked.copy()))

    def _open(self, traffic: Traffic, remotes: tuple[str, ...], turn: int, now: float) -> None:
        interval = self._rng.uniform(0.98, 1.02) / traffic.per_second
        self._plan(now + interval, partial(self._open, traffic, remotes, turn + 1))
        remote: Endpoint = (remotes[turn % len(remotes)], traffic.port)
        port = self._pools.outgoing[traffic.family].take(remote)
        if port is None:
            self._failed[traffic.family] += 1
            self._remember(traffic.pid, own_address(self._machine, traffic.family), None, remote, now, now, "no-port")
            return
        self._opened[traffic.family] += 1
        connection = self._row(traffic, remote, port, "ESTABLISHED", traffic.pid)
        self._plan(now + traffic.lifetime, partial(self._close, traffic, remote, connection))

    def _close(self, traffic: Traffic, remote: Endpoint, connection: int, now: float) -> None:
        row = self._live[connection]
        opened = now - traffic.lifetime
        if self._rng.random() >= traffic.closes_first:
            self._remember(traffic.pid, row.local, row.local_port, remote, opened, now, "remote")
            self._release(traffic.family, remote, connection, now)
            return
        self._remember(traffic.pid, row.local, row.local_port, remote, opened, now, "local")
        self._live[connection] = Row("TCP", row.local, row.local_port, row.remote, row.remote_port, "TIME_WAIT", 0)
        end = now + self._machine.time_wait_delay
        if not (self._machine.clock_wraps and end >= CLOCK_WRAP_SECONDS):
            self._plan(end, partial(self._release, traffic.family, remote, connection))

    def _release(self, family: int, remote: Endpoint, connection: int, _now: float) -> None:
        port = self._live.pop(connection).local_port
        self._pools.outgoing[family].release(port, remote)

    def _pass(
        self, passing: Unanswered | Closing, remotes: tuple[str, ...], turn: int, rng: random.Random, now: float
    ) -> None:
        interval = rng.uniform(0.9, 1.1) / passing.per_second
        self._plan(now + interval, partial(self._pass, passing, remotes, turn + 1, rng))
        remote: Endpoint = (remotes[turn % len(remotes)], passing.port)
        port = self._pools.outgoing[passing.family].take(remote)
        if port is None:
            self._failed[passing.family] += 1
            return
        self._opened[passing.family] += 1
        connection = self._row(passing, remote, port, passing.state, passing.pid)
        end = now + passing.lasts
        self._plan(end, partial(self._passed, passing, remote, connection))

    def _passed(self, passing: Unanswered | Closing, remote: Endpoint, connection: int, now: float) -> None:
        if isinstance(passing, Unanswered):
            self._failed[passing.family] += 1
        row = self._live[connection]
        end: Literal["timeout", "kept"] = "timeout" if isinstance(passing, Unanswered) else "kept"
        self._remember(passing.pid, row.local, row.local_port, remote, now - passing.lasts, now, end)
        self._release(passing.family, remote, connection, now)

    def _leak(self, leak: Leak, number: int, rng: random.Random, now: float) -> None:
        row = leaked_row(self._machine, self._pools, leak, number)
        interval = rng.uniform(0.8, 1.2) / leak.per_second
        self._plan(now + interval, partial(self._leak, leak, number + (row is not None), rng))
        connects = leak.protocol == "TCP" and leak.state != "BOUND"
        if row is None:
            self._failed[leak.family] += connects
            return
        self._opened[leak.family] += connects
        self._leaked[leak.pid] += 1
        self._live[next(self._order)] = row
        if connects:
            to = (row.remote, row.remote_port)
            self._remember(leak.pid, row.local, row.local_port, to, now, None, "kept")

    def _remember(
        self,
        pid: int,
        local: str,
        port: int | None,
        remote: Endpoint,
        opened: float,
        closed: float | None,
        end: Literal["local", "remote", "timeout", "no-port", "kept"],
    ) -> None:
        if closed is None or closed >= self._remember_from:
            self.past.append(Connection(pid, local, port, remote, opened, closed, end))

    def _row(self, kind: Traffic | Unanswered | Closing, remote: Endpoint, port: int, state: str, pid: int) -> int:
        """Notes a new connection and returns its number."""
        connection = next(self._order)
        local = own_address(self._machine, kind.family)
        self._live[connection] = Row("TCP", local, port, *remote, state, pid)
        return connection
