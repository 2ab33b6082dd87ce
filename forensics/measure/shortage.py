"""Whether a new connection would find a port: how many are held, by what, and where that is counted per remote.

Before Windows 10 and Server 2016 a port serves one socket: what is in use is gone for everybody. From then on
connect() without bind() may share ports: one local port serves many remotes (domain.md §2, "Port sharing"), so for a
new connection only those ports are gone that go to the same remote endpoint already, and those held without any remote
(bound, listening). Shortage is then judged for the remote that takes most. Whether a machine does share is settled by
rows that show it or by an auto-reuse range (Get-NetTCPSetting; its default, 0, was seen to share nothing: .NET
runtime #54903); where it is not and the two counts disagree, nothing is sure.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from forensics.evidence import Evidence, Source
from forensics.knowledge.dynamic_ports import CRITICAL_SHARE, WARNING_SHARE
from forensics.measure.collection import Taken
from forensics.measure.piles import BOUND, CLOSING_STATES, FIN_WAIT, UDP
from forensics.measure.ports import PortUse
from forensics.measure.snapshots import TIME_WAIT, table_source
from forensics.measure.system import System
from forensics.parsers.net_tcp_setting import TcpSetting
from forensics.parsers.netstat import Row

FIRST_VERSION_THAT_SHARES = (10, 0)

# Of several rows on one port the first of these says what the port is held by.
_RANK = (
    "LISTENING", "ESTABLISHED", "CLOSE_WAIT", "SYN_SENT", "SYN_RECEIVED", FIN_WAIT, BOUND, UDP, "DELETE_TCB", TIME_WAIT,
)  # fmt: skip
_WITHOUT_REMOTE = frozenset({"LISTENING", BOUND})

Remote = tuple[str, int | None]


class Shortage(msgspec.Struct, frozen=True):
    """The ports of one protocol that a new connection cannot have.

    `held` of `usable` ports, by what holds them (`by_group`). Where ports are shared, `remote` is the endpoint that
    takes most, and `total` the ports with any row at all. `share` is None where no table was read. `settled` is False
    where it hangs on whether ports are shared if they are short, and nothing shows it.
    """

    pool: PortUse
    shared: bool
    held: int
    total: int
    share: float | None
    remote: Remote | None
    by_group: Mapping[str, int]
    sources: tuple[Source, ...]
    settled: bool = True

    @property
    def full(self) -> bool:
        """At least 80 % held: critical (SDP, RC_EphemeralPort80Check)."""
        return self.share is not None and self.share >= CRITICAL_SHARE

    @property
    def warned(self) -> bool:
        """At least half held: a warning (SDP, RC_EphemeralPort50Check)."""
        return self.share is not None and self.share >= WARNING_SHARE

    @property
    def calm(self) -> bool:
        """Whether less than half is held, by whatever count."""
        return self.share is not None and not self.warned and self.total < self.pool.usable * WARNING_SHARE

    @property
    def unknown(self) -> int:
        """Ports in a state whose word is not known: nobody can say what holds them."""
        return sum(ports for group, ports in self.by_group.items() if group not in _RANK)

    @property
    def free(self) -> int:
        """Usable ports that a new connection can have."""
        return max(0, self.pool.usable - self.held)

    def held_by(self, group: str) -> int:
        """Ports that one group holds."""
        return self.by_group.get(group, 0)

    def fills(self, group: str) -> bool:
        """Whether a group holds at least half of what is held."""
        return self.held > 0 and self.held_by(group) * 2 >= self.held

    def would_cure(self, ports: int) -> bool:
        """Whether the range would not be full without so many of the ports."""
        return self.full and self.held - ports < self.pool.usable * CRITICAL_SHARE


class Sharing(msgspec.Struct, frozen=True):
    """Whether a local port may serve many remotes on this system, and whether it is known to. None: no system known.

    `ranges` are the auto-reuse ranges that are set: where there is one, only its ports are shared.
    """

    may: bool | None
    known: bool
    ranges: tuple[tuple[int, int], ...] = ()

    def of(self, pool: PortUse) -> "Sharing":
        """What is true of one pool's ports."""
        if not self.ranges:
            return self
        inside = any(start <= pool.end and pool.start < start + count for start, count in self.ranges)
        return Sharing(may=inside, known=True)


def find_sharing(evidence: Evidence, system: System) -> Sharing:
    """By version, and by an auto-reuse range that is set."""
    ranges = {
        (found.fact.auto_reuse_start or 0, found.fact.auto_reuse_count)
        for found in evidence.all(TcpSetting)
        if found.fact.auto_reuse_count
    }
    if ranges:
        return Sharing(may=True, known=True, ranges=tuple(sorted(ranges)))
    if system.version is None:
        return Sharing(may=None, known=False)
    return Sharing(may=system.version >= FIRST_VERSION_THAT_SHARES, known=system.version < FIRST_VERSION_THAT_SHARES)


def find_shortage(
    protocol: str, table: Taken | None, bound: Iterable[Row], pools: Sequence[PortUse], sharing: Sharing
) -> Shortage:
    """Measure the family of a protocol of which most is held."""
    measured = find_shortages(protocol, table, bound, pools, sharing)
    return max(measured, key=lambda one: (one.share or 0.0, -one.pool.family))


def find_shortages(
    protocol: str, table: Taken | None, bound: Iterable[Row], pools: Sequence[PortUse], sharing: Sharing
) -> list[Shortage]:
    """Measure every family of a protocol."""
    own = [pool for pool in pools if pool.protocol == protocol]
    if table is None:
        return [Shortage(pool, bool(sharing.may), 0, 0, None, None, {}, ()) for pool in own]
    rows = [*table.found.fact.rows, *bound]
    if protocol == UDP:
        sharing = Sharing(may=False, known=True)
    return [_of_family(pool, rows, table, sharing.of(pool)) for pool in own]


def _of_family(pool: PortUse, rows: Sequence[Row], table: Taken, sharing: Sharing) -> Shortage:
    own = [
        row
        for row in rows
        if row.protocol == pool.protocol and row.family == pool.family and pool.holds(row.local_port)
    ]
    total = len({row.local_port for row in own})
    if sharing.may is False:
        return _shortage(pool, own, None, total, table, shared=False, settled=True)
    remote, in_the_way = _for_one_remote(own)
    whole = _shortage(pool, own, None, total, table, shared=False, settled=False)
    for_remote = _shortage(pool, in_the_way, remote, total, table, shared=True, settled=False)
    settled = sharing.known or whole.full == for_remote.full or (bool(sharing.may) and _seen(own))
    return msgspec.structs.replace(for_remote if sharing.may else whole, settled=settled)


def _shortage(
    pool: PortUse,
    rows: Sequence[Row],
    remote: Remote | None,
    total: int,
    table: Taken,
    *,
    shared: bool,
    settled: bool,
) -> Shortage:
    groups: dict[int | None, str] = {}
    for row in rows:
        group = _group(row)
        before = groups.get(row.local_port)
        if before is None or _rank(group) < _rank(before):
            groups[row.local_port] = group
    share = len(groups) / pool.usable if pool.usable else 1.0
    sources = (table_source(table), *((pool.source,) if pool.source else ()))
    return Shortage(pool, shared, len(groups), total, share, remote, dict(Counter(groups.values())), sources, settled)


def _seen(rows: Sequence[Row]) -> bool:
    """Whether the owner of most ports has one that serves several remotes: no listener's, which serves whoever comes.

    That another process shares ports says nothing of one that binds its own.
    """
    listening = {row.local_port for row in rows if row.state == "LISTENING"}
    outgoing = [row for row in rows if row.local_port not in listening and row.state not in _WITHOUT_REMOTE]
    owners = Counter(pid for pid, _ in {(row.pid, row.local_port) for row in outgoing})
    main = max(owners, key=lambda pid: (owners[pid], -(pid or 0)), default=None)
    remotes: dict[int | None, Remote] = {}
    for row in outgoing:
        if row.pid != main:
            continue
        if remotes.setdefault(row.local_port, (row.remote_address, row.remote_port)) != (
            row.remote_address,
            row.remote_port,
        ):
            return True
    return False


def _for_one_remote(rows: Sequence[Row]) -> tuple[Remote | None, list[Row]]:
    """The rows that stand in the way of a new connection to the remote with most ports."""
    ports: dict[Remote, set[int | None]] = defaultdict(set)
    alone = []
    for row in rows:
        if row.state in _WITHOUT_REMOTE:
            alone.append(row)
        else:
            ports[row.remote_address, row.remote_port].add(row.local_port)
    if not ports:
        return None, alone
    busiest = min(ports, key=lambda one: (-len(ports[one]), str(one)))
    return busiest, [*alone, *(row for row in rows if (row.remote_address, row.remote_port) == busiest)]


def _group(row: Row) -> str:
    if row.protocol == UDP:
        return UDP
    return FIN_WAIT if row.state in CLOSING_STATES else row.state


def _rank(group: str) -> int:
    return _RANK.index(group) if group in _RANK else len(_RANK)
