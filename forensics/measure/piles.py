"""What holds the dynamic ports: the rows of the tables in groups, who owns each group, and what becomes of it in time.

A group is a state, or what a cause asks for: rows whose owner is in no process list, rows of the kernel, rows between
two ends on this machine. Only rows on dynamic ports count, and none on a listener's port: those belong to clients of
this machine (domain.md §2, C21). Ports are what runs out, not rows: each is counted once (traps.md, netstat).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec

from forensics.evidence import Source
from forensics.knowledge.time_wait import DEFAULT_DELAY
from forensics.measure.collection import Taken, seconds_between
from forensics.measure.ports import PortUse
from forensics.measure.processes import KERNEL, Processes
from forensics.measure.snapshots import is_cut, listening_ports, outline, table_source
from forensics.parsers.netstat import Row

# Groups by what a socket is doing.
CLOSE_WAIT, ESTABLISHED, SYN_SENT, FIN_WAIT, BOUND, UDP = (
    "CLOSE_WAIT",
    "ESTABLISHED",
    "SYN_SENT",
    "FIN_WAIT",
    "BOUND",
    "UDP",
)
# Groups by whose it is.
ORPHANED, OF_KERNEL, LOOPBACK = "orphaned", "kernel", "loopback"

# The application has closed; the stack alone finishes (RFC 9293, figure 5). LAST_ACK follows CLOSE_WAIT.
CLOSING_STATES = frozenset({"FIN_WAIT_1", "FIN_WAIT_2", "CLOSING", "LAST_ACK"})
# A process must hold a socket in these; once it has closed it, the socket leaves them (domain.md §2, C6).
OWNED_STATES = frozenset({"ESTABLISHED", "CLOSE_WAIT", "SYN_SENT", "BOUND"})
# Ports that the System process connects to on behalf of others: SMB and NetBIOS redirectors, NFS client, printing.
_REDIRECTED = frozenset({139, 445, 2049})
_LOOPBACK = ("127.", "::1")


class Pile(msgspec.Struct, frozen=True):
    """One group on the dynamic ports of one protocol and family.

    `ports` are distinct in the latest table. `first_ports`, `kept` (of the earliest table's `first_rows`, those that
    stand in the latest too), `born` and `gone` compare the earliest table with the latest, `seconds` apart; all None
    with one table. `owner` is the PID that holds most of them, `owner_ports` how many; `remote` likewise.
    """

    group: str
    protocol: str
    family: int
    ports: int
    share: float
    owner: int | None
    owner_ports: int
    remote: tuple[str, int | None] | None
    remote_ports: int
    remotes: int
    sources: tuple[Source, ...]
    first_rows: int | None = None
    first_ports: int | None = None
    kept: int | None = None
    born: int | None = None
    gone: int | None = None
    seconds: float | None = None
    clocked: bool = False

    @property
    def owner_share(self) -> float:
        """Share of the ports that the main owner holds."""
        return self.owner_ports / self.ports if self.ports else 0.0

    @property
    def growth(self) -> float | None:
        """Ports more (or fewer, below zero) a second from the earliest table to the latest; None with one table."""
        if self.first_ports is None or not self.seconds:
            return None
        return (self.ports - self.first_ports) / self.seconds

    @property
    def apart(self) -> bool:
        """Whether the tables are so far apart that what stands in both is no crowd of a moment.

        As far as the collector spaces them at the least (contracts.md, Timing: longer than the default delay).
        """
        return self.seconds is not None and self.seconds > DEFAULT_DELAY

    @property
    def timed(self) -> bool:
        """Whether that is sure: by the collector's clock. Files' dates say when a table was saved, no more."""
        return self.apart and self.clocked

    @property
    def persists(self) -> bool:
        """Whether at least half of the earliest table's rows still stand in the latest, and make up half of it.

        Then the pile is held and not turned over, and no crowd that has just come.
        """
        kept, born = self.kept or 0, self.born or 0
        return self.apart and kept > 0 and kept * 2 >= (self.first_rows or 0) and kept >= born

    @property
    def only_grows(self) -> bool:
        """Whether rows came and none went.

        Where as many go as come, that so many come and none goes has a chance of e^-born (measure/time_wait.py).
        """
        stood = (self.first_rows or 0) >= UNLIKELY  # of none before, none could have gone
        return self.apart and stood and self.gone == 0 and (self.born or 0) >= UNLIKELY

    @property
    def stood_before(self) -> bool:
        """Whether it was at least half as large in the earliest table: no momentary crowd."""
        return self.apart and self.first_ports is not None and self.first_ports * 2 >= self.ports


UNLIKELY = 10  # exponent: e^-10 is one in 22,000

Chosen = Callable[[Row], bool]


def find_piles(
    tables: Sequence[Taken], bound: Sequence[Taken], pools: Sequence[PortUse], processes: Processes
) -> Mapping[str, Pile]:
    """Measure every group, each in the family in which it holds the largest share."""
    groups = dict(_groups(processes))
    piles = {group: _pile(group, chosen, tables, pools) for group, chosen in groups.items()}
    piles[BOUND] = _pile(BOUND, lambda row: row.state == "BOUND", _bound_only(bound), pools)
    return piles


def _groups(processes: Processes) -> list[tuple[str, Chosen]]:
    return [
        (CLOSE_WAIT, lambda row: row.state == "CLOSE_WAIT"),
        (ESTABLISHED, lambda row: row.state == "ESTABLISHED"),
        (SYN_SENT, lambda row: row.state == "SYN_SENT"),
        (FIN_WAIT, lambda row: row.state in CLOSING_STATES),
        (UDP, lambda row: row.protocol == "UDP"),
        (ORPHANED, lambda row: row.state in OWNED_STATES and processes.absent(row.pid)),
        (OF_KERNEL, lambda row: row.state in OWNED_STATES and row.pid == KERNEL and row.remote_port not in _REDIRECTED),
        (LOOPBACK, lambda row: row.state in OWNED_STATES | CLOSING_STATES and row.remote_address.startswith(_LOOPBACK)),
    ]  # fmt: skip


def _pile(group: str, chosen: Chosen, tables: Sequence[Taken], pools: Sequence[PortUse]) -> Pile:
    protocol = "UDP" if group == UDP else "TCP"
    ranges = {pool.family: pool for pool in pools if pool.protocol == protocol}
    if not tables:
        return Pile(group, protocol, 4, 0, 0.0, None, 0, None, 0, 0, ())
    latest = _rows(chosen, tables[-1], ranges)
    family = max(ranges, key=lambda one: (len(_ports(latest, one)) / max(1, ranges[one].usable), -one))
    rows = [row for row in latest if row.family == family]
    ports = _ports(rows, family)
    owner, owner_ports = _most((row.pid, row.local_port) for row in rows)
    remote, remote_ports = _most(((row.remote_address, row.remote_port), row.local_port) for row in rows)
    example = next((row for row in rows if row.pid == owner), None)
    pile = Pile(
        group,
        protocol,
        family,
        len(ports),
        len(ports) / ranges[family].usable if ranges[family].usable else 0.0,
        owner,
        owner_ports,
        remote,
        remote_ports,
        len({(row.remote_address, row.remote_port) for row in rows}),
        (table_source(tables[-1]), *((tables[-1].found.source(example.line),) if example else ())),
    )
    if len(tables) == 1 or _differ_in_extent(tables[0], tables[-1]):
        return pile
    before = [row for row in _rows(chosen, tables[0], ranges) if row.family == family]
    first, last = {_identity(row) for row in before}, {_identity(row) for row in rows}
    kept = len(first & last)
    return msgspec.structs.replace(
        pile,
        first_rows=len(first),
        first_ports=len(_ports(before, family)),
        kept=kept,
        born=len(last) - kept,
        gone=len(first) - kept,
        seconds=seconds_between(tables[0], tables[-1]),
        clocked=tables[0].clocked and tables[-1].clocked,
    )


def _differ_in_extent(first: Taken, last: Taken) -> bool:
    """Whether one of two tables was cut: then rows are missing that did not come or go."""
    if not (first.found.fact.listens and last.found.fact.listens):
        return False
    before, after = outline(first.found.fact.rows), outline(last.found.fact.rows)
    return is_cut(before, after) or is_cut(after, before)


def _identity(row: Row) -> tuple[object, ...]:
    return (*row.connection, row.pid)


def _rows(chosen: Chosen, table: Taken, ranges: Mapping[int, PortUse]) -> list[Row]:
    rows = table.found.fact.rows
    listeners = listening_ports(rows)
    return [
        row
        for row in rows
        if chosen(row)
        and ranges[row.family].holds(row.local_port)
        and not (row.protocol == "TCP" and (row.family, row.local_port) in listeners)
    ]


def _ports(rows: Sequence[Row], family: int) -> set[int | None]:
    return {row.local_port for row in rows if row.family == family}


def _bound_only(tables: Sequence[Taken]) -> list[Taken]:
    """The tables of `netstat -q` without ports that have another row: those are no bound leak (contracts.md)."""
    shown = []
    for table in tables:
        snapshot = table.found.fact
        used = {(row.family, row.local_port) for row in snapshot.rows if row.protocol == "TCP" and row.state != "BOUND"}
        rows = tuple(row for row in snapshot.rows if row.state == "BOUND" and (row.family, row.local_port) not in used)
        found = msgspec.structs.replace(table.found, fact=msgspec.structs.replace(snapshot, rows=rows))
        shown.append(msgspec.structs.replace(table, found=found))
    return shown


Key = TypeVar("Key")


def _most(pairs: Iterable[tuple[Key, int | None]]) -> tuple[Key | None, int]:
    """The key with most distinct ports, and how many; the smaller key of equals, for a fixed order."""
    counts = Counter(key for key, _ in set(pairs))
    if not counts:
        return None, 0
    key = min(counts, key=lambda one: (-counts[one], str(one)))
    return key, counts[key]
