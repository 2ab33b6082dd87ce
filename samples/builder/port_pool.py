"""The dynamic range: which of its ports are free, for everybody or for one remote endpoint."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping

from builder.machine import PortRange

_STEPS = 64
"""How far the search for a free port goes before it starts elsewhere."""

Endpoint = tuple[str, int]
"""Address and port of a peer."""


class _Free:
    """The free ports of a range in an order in which any of them is found, taken and given back in constant time.

    Only where the order differs from that of the beginning is it stored, so that hundreds of these, one for each
    remote, cost no more than the ports that they have given out.
    """

    def __init__(
        self, ports: tuple[int, ...], places: Mapping[int, int], range_: PortRange, rng: random.Random
    ) -> None:
        self._ports = ports
        self._places = places
        self._range = range_
        self._rng = rng
        self._count = len(ports)
        self._moved_to: dict[int, int] = {}  # place: port
        self._moved: dict[int, int] = {}  # port: place, -1 where it is taken
        self._last = rng.randrange(range_.count)

    def _place(self, port: int) -> int:
        place = self._moved.get(port)
        return self._places.get(port, -1) if place is None else place

    def _port(self, place: int) -> int:
        port = self._moved_to.get(place)
        return self._ports[place] if port is None else port

    def next(self) -> int | None:
        """A free port soon after the last one taken, else any free one; None if there is none."""
        if not self._count:
            return None
        start = self._last + self._rng.choice((1, 1, 1, 2, 2, 3, 5))
        for step in range(_STEPS):
            port = self._range.start + (start + step) % self._range.count
            if self._place(port) >= 0:
                break
        else:
            port = self._port(self._rng.choice(range(self._count)))
        self._last = port - self._range.start
        return port

    def remove(self, port: int) -> None:
        """Takes this port, if it is free: the last free one moves to its place."""
        place = self._place(port)
        if place < 0:
            return
        self._count -= 1
        last = self._port(self._count)
        if last != port:
            self._moved_to[place] = last
            self._moved[last] = place
        self._moved[port] = -1

    def add(self, port: int) -> None:
        """Gives a port back."""
        self._moved_to[self._count] = port
        self._moved[port] = self._count
        self._count += 1


class PortPool:
    """The ports of a range. A taken port is nobody else's, unless ports are shared.

    Shared, as from Windows 10 and Server 2016 on, a port may serve several remote endpoints at once and is refused
    only for those that it serves already (SO_REUSE_UNICASTPORT, on by default for ``connect`` without ``bind``).
    A port without a peer, bound but not connected, is exclusive in either case.
    """

    def __init__(self, range_: PortRange, taken: Iterable[int], rng: random.Random, *, shared: bool = False) -> None:
        self._range = range_
        self._rng = rng
        self._shared = shared
        without = set(taken)
        self._ports = tuple(port for port in range(range_.start, range_.start + range_.count) if port not in without)
        self._places = {port: place for place, port in enumerate(self._ports)}
        self._unused = self._free()
        self._by_remote: dict[Endpoint, _Free] = {}
        self._users: Counter[int] = Counter()
        self._exclusive: list[int] = []

    def _free(self) -> _Free:
        return _Free(self._ports, self._places, self._range, self._rng)

    def _free_for(self, remote: Endpoint) -> _Free:
        free = self._by_remote.get(remote)
        if free is None:
            free = self._by_remote[remote] = self._free()
            for port in self._exclusive:
                free.remove(port)
        return free

    def take(self, remote: Endpoint | None = None) -> int | None:
        """A port for a connection to that remote, or for a socket without a peer; None if there is none."""
        if not self._shared:
            port = self._unused.next()
            if port is not None:
                self._unused.remove(port)
            return port
        if remote is None:
            port = self._unused.next()
            if port is not None:
                self._unused.remove(port)
                self._exclusive.append(port)
                for free in self._by_remote.values():
                    free.remove(port)
            return port
        free = self._free_for(remote)
        port = free.next()
        if port is not None:
            free.remove(port)
            self._users[port] += 1
            self._unused.remove(port)
        return port

    def release(self, port: int, remote: Endpoint) -> None:
        """Gives back the port of a connection to that remote."""
        if self._shared:
            self._by_remote[remote].add(port)
            self._users[port] -= 1
            if self._users[port]:
                return
        self._unused.add(port)
