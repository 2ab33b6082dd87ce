"""Whose traffic it is: rows by remote and by owner, and which live processes talk to the remotes in TIME_WAIT.

TIME_WAIT rows carry PID 0 (domain.md §0, trap 5), so they name no culprit. A process with a live connection to the
same remote is consistent with having made them; that is no proof of fault.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

import msgspec

from forensics.measure.collection import Taken
from forensics.measure.ports import PortUse
from forensics.measure.processes import IDLE, Processes
from forensics.measure.snapshots import TIME_WAIT
from forensics.parsers.netstat import Row

MOST_LISTED = 50  # owners and remotes in the findings; the totals are over all rows


class Owner(msgspec.Struct, frozen=True):
    """A process that owns rows. `present` is False where the process list lacks the PID, None without a list."""

    pid: int
    image: str
    services: tuple[str, ...]
    command_line: str
    rows: int
    dynamic_ports: int
    by_state: dict[str, int]
    present: bool | None


class Remote(msgspec.Struct, frozen=True):
    """A remote endpoint. `distinct_local_ports` are of all its rows; `live_owners` have rows other than TIME_WAIT."""

    address: str
    port: int | None
    rows: int
    time_wait: int
    distinct_local_ports: int
    live_owners: tuple[int, ...]
    same_address_owners: tuple[int, ...]


class Attribution(msgspec.Struct, frozen=True):
    """Rows of the latest table by owner and by remote, most first."""

    owners: tuple[Owner, ...] = ()
    remotes: tuple[Remote, ...] = ()

    def owner(self, pid: int) -> Owner | None:
        """Find an owner by PID."""
        return next((one for one in self.owners if one.pid == pid), None)

    def consistent_owners(self, remote: Remote) -> tuple[Owner, ...]:
        """Processes with live connections to the same endpoint, or else to the same address."""
        pids = remote.live_owners or remote.same_address_owners
        return tuple(owner for pid in pids if (owner := self.owner(pid)))


def find_attribution(
    table: Taken | None, bound: Sequence[Row], processes: Processes, pools: Sequence[PortUse]
) -> Attribution:
    """Group the rows of the latest table, and the BOUND rows that only `netstat -q` shows."""
    if table is None:
        return Attribution()
    rows = table.found.fact.rows
    shown = () if table.found.fact.has_bound else bound  # a table made with -q has them already
    return Attribution(_owners([*rows, *shown], processes, pools), _remotes(rows))


def _owners(rows: Sequence[Row], processes: Processes, pools: Sequence[PortUse]) -> tuple[Owner, ...]:
    ranges = {(pool.protocol, pool.family): pool for pool in pools}
    grouped: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        if row.pid is not None:
            grouped[row.pid].append(row)
    owners = []
    for pid, own in grouped.items():
        process = processes.named(pid)
        ports = {
            (row.protocol, row.family, row.local_port)
            for row in own
            if ranges[row.protocol, row.family].holds(row.local_port)
        }
        owners.append(
            Owner(
                pid,
                process.image if pid != IDLE else "System Idle Process",
                process.services,
                process.command_line,
                len(own),
                len(ports),
                dict(sorted(Counter(row.state or "UDP" for row in own).items())),
                pid in processes.by_pid or pid == IDLE if processes.complete else None,
            )
        )
    owners.sort(key=lambda owner: (-owner.rows, owner.pid))
    return tuple(owners)


def _remotes(rows: Sequence[Row]) -> tuple[Remote, ...]:
    grouped: dict[tuple[str, int | None], list[Row]] = defaultdict(list)
    by_address: dict[str, Counter[int]] = defaultdict(Counter)
    for row in rows:
        if row.protocol != "TCP" or row.state in {"LISTENING", "BOUND"} or not row.remote_port:
            continue
        grouped[row.remote_address, row.remote_port].append(row)
        if row.state != TIME_WAIT and row.pid:
            by_address[row.remote_address][row.pid] += 1
    remotes = [
        Remote(
            address,
            port,
            len(own),
            sum(row.state == TIME_WAIT for row in own),
            len({row.local_port for row in own}),
            tuple(
                pid for pid, _ in Counter(row.pid for row in own if row.state != TIME_WAIT and row.pid).most_common()
            ),
            tuple(pid for pid, _ in by_address[address].most_common()),
        )
        for (address, port), own in grouped.items()
    ]
    remotes.sort(key=lambda remote: (-remote.rows, remote.address, remote.port or 0))
    return tuple(remotes)
