"""The section "Whose traffic it is": the busiest remotes and processes, and which may belong together."""

from collections.abc import Mapping

import msgspec

from forensics.report import words
from forensics.report.findings import MeasurementsEntry, OwnerEntry, RemoteEntry
from forensics.report.language import tr
from forensics.report.tables import NAME_LENGTH, Table, and_more, clip, table
from forensics.report.words import listed, tell
from forensics.text import endpoints

MOST_REMOTES = 10
MOST_OWNERS = 10
_MOST_CONSISTENT = 4
_MOST_SERVICES = 6
_COMMAND_LENGTH = 160


class Traffic(msgspec.Struct, frozen=True):
    """The section "Whose traffic it is"."""

    remotes: Table
    owners: Table


def traffic_of(measured: MeasurementsEntry) -> Traffic:
    """Show the busiest remotes and owners."""
    connections = measured.connections
    owners = {owner.pid: owner for owner in connections.by_owner}
    remotes = table(
        tr("Remote endpoints with the most rows in the latest table"),
        (tr("Remote endpoint"), 29, "raw"),
        (tr("Rows"), 10, "number"),
        (tr("TIME_WAIT"), 12, "number"),
        (tr("Local ports"), 12, "number"),
        (tr("Consistent with (live connections to it)"), 37, "text"),
        rows=[_remote_row(one, owners) for one in connections.by_remote[:MOST_REMOTES]],
        more=and_more(connections.remotes_total - MOST_REMOTES),
    )
    by_owner = table(
        tr("Processes with the most rows in the latest table"),
        (tr("PID"), 9, "number"),
        (tr("Process"), 37, "text"),
        (tr("Rows"), 9, "number"),
        (tr("Dynamic ports"), 11, "number"),
        (tr("States"), 34, "text"),
        rows=[_owner_row(one) for one in connections.by_owner[:MOST_OWNERS]],
        more=and_more(connections.owners_total - MOST_OWNERS),
    )
    return Traffic(remotes, by_owner)


def _remote_row(remote: RemoteEntry, owners: Mapping[int, OwnerEntry]) -> list[str]:
    named = [_owner_name(pid, owners) for pid in remote.consistent_with[:_MOST_CONSISTENT]]
    rest = len(remote.consistent_with) - _MOST_CONSISTENT
    names = "\n".join([*named, and_more(rest)] if rest > 0 else named)
    return [
        endpoint(remote.address, remote.port),
        words.count(remote.rows),
        words.count(remote.time_wait),
        words.count(remote.distinct_local_ports),
        names or tr("no live connection to it"),
    ]


def endpoint(address: str, port: int | None) -> str:
    """An address with its port, IPv6 in brackets, as long as a cell has room for.

    >>> endpoint("fe80::1", 443), endpoint("203.0.113.40", 443)
    ('[fe80::1]:443', '203.0.113.40:443')
    """
    return endpoints.endpoint(clip(address, NAME_LENGTH), port)


def _owner_name(pid: int, owners: Mapping[int, OwnerEntry]) -> str:
    owner = owners.get(pid)
    if owner is None:
        return f"PID {pid}"
    known = {"image": clip(owner.image, NAME_LENGTH) or tr("unnamed"), "pid": pid, "services": _services(owner)}
    if owner.services:
        return tell("{image} (PID {pid}, {services})", **known)
    return tell("{image} (PID {pid})", **known)


def _services(owner: OwnerEntry) -> str:
    more = len(owner.services) - _MOST_SERVICES
    names = [clip(one, NAME_LENGTH) for one in owner.services[:_MOST_SERVICES]]
    return listed([*names, and_more(more)] if more > 0 else names)


def _owner_row(owner: OwnerEntry) -> list[str]:
    lines = [clip(owner.image, NAME_LENGTH) or tr("unnamed")]
    if owner.pid == 0:
        lines.append(tr("rows in TIME_WAIT belong to no process any more"))
    if owner.services:
        lines.append(_services(owner))
    if owner.command_line:
        lines.append(clip(owner.command_line, _COMMAND_LENGTH))
    if owner.present is False:
        lines.append(tr("not in the process list"))
    states = sorted(owner.by_state.items(), key=lambda item: (-item[1], item[0]))
    shown = listed([f"{clip(state, NAME_LENGTH)} {words.count(rows)}" for state, rows in states[:4]])
    return [str(owner.pid), "\n".join(lines), words.count(owner.rows), words.count(owner.dynamic_ports), shown]
