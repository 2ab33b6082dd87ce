"""Which state every local port is in: the latest table over the ports 0 to 65535, in runs of equal neighbours.

A port with several rows has one state here, by the order of `_PRECEDENCE`: what holds it longest comes first. A
listener is the machine's own service, TIME_WAIT ends by itself.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain

import msgspec

from forensics.measure.ports import FAMILIES, PortUse
from forensics.parsers.netstat import Row

_PRECEDENCE = (
    "LISTENING", "ESTABLISHED", "CLOSE_WAIT", "SYN_SENT", "SYN_RECEIVED", "FIN_WAIT_1", "FIN_WAIT_2", "CLOSING",
    "LAST_ACK", "BOUND", "UDP", "DELETE_TCB", "TIME_WAIT",
)  # fmt: skip
_RANK = {state: rank for rank, state in enumerate(_PRECEDENCE)}
EXCLUDED = "excluded"

Runs = tuple[tuple[int, int], ...]


class PortState(msgspec.Struct, frozen=True):
    """The ports of one protocol and family in one state, as runs from first to last; `excluded` are taken out."""

    protocol: str
    family: int
    state: str
    runs: Runs

    @property
    def ports(self) -> int:
        """How many they are."""
        return sum(last - first + 1 for first, last in self.runs)


def find_port_space(
    rows: Sequence[Row] | None, bound: Iterable[Row], pools: Sequence[PortUse]
) -> tuple[PortState, ...]:
    """Sort the ports of the latest table, and BOUND rows of a `-q` run beside it, by state; most ports first."""
    states: dict[tuple[str, int], dict[int, str]] = {pool: {} for pool in FAMILIES}
    for row in chain(rows or (), bound):
        if row.local_port is None:
            continue
        ports, state = states[row.protocol, row.family], row.state or row.protocol
        before = ports.get(row.local_port)
        if before is None or _rank(state) < _rank(before):
            ports[row.local_port] = state
    found = []
    for pool in pools:
        by_state: dict[str, list[int]] = defaultdict(list)
        for port, state in sorted(states[pool.protocol, pool.family].items()):
            by_state[state].append(port)
        own = [PortState(pool.protocol, pool.family, state, _runs(ports)) for state, ports in by_state.items()]
        found.extend(sorted(own, key=lambda one: (-one.ports, one.state)))
        if pool.exclusions:
            excluded = {port for first, last, _ in pool.exclusions for port in range(first, last + 1)}
            found.append(PortState(pool.protocol, pool.family, EXCLUDED, _runs(sorted(excluded))))
    return tuple(found)


def ports_in_use(rows: Sequence[Row], pool: PortUse) -> int:
    """Distinct local ports inside a pool's range with a row in any state, as contracts.md counts them."""
    own = (row for row in rows if row.protocol == pool.protocol and row.family == pool.family)
    return len({row.local_port for row in own if pool.holds(row.local_port)})


def _rank(state: str) -> int:
    return _RANK.get(state, len(_RANK))


def _runs(ports: Sequence[int]) -> Runs:
    """Join neighbours of an ascending list.

    >>> _runs([5, 6, 7, 9])
    ((5, 7), (9, 9))
    """
    runs: list[tuple[int, int]] = []
    for port in ports:
        if runs and runs[-1][1] == port - 1:
            runs[-1] = (runs[-1][0], port)
        else:
            runs.append((port, port))
    return tuple(runs)
