"""The netstat tables in time: which are full, what the latest holds, and what became of TIME_WAIT rows between two."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

import msgspec

from forensics.evidence import Source
from forensics.measure.collection import Taken, seconds_between
from forensics.measure.ports import PortUse
from forensics.parsers.netstat import Row

TIME_WAIT = "TIME_WAIT"
_PLAIN_SWITCHES = frozenset("ano")


class Turnover(msgspec.Struct, frozen=True):
    """TIME_WAIT rows on dynamic ports of an earlier table looked up in a later one, `seconds` apart.

    `survived` is how many 4-tuples stand in both; survivors may have expired and been opened anew in between.
    """

    before: Taken
    after: Taken
    seconds: float | None
    rows_before: int
    rows_after: int
    survived: int
    survived_by_family: tuple[tuple[int, int], ...]
    families: frozenset[int]
    whole: bool  # whether the later table still holds what does not come and go: listeners and UDP

    @property
    def clocked(self) -> bool:
        """Whether the time between the tables is the collector's and not that of two files' dates."""
        return self.before.clocked and self.after.clocked

    @property
    def born(self) -> int:
        """Rows that were not there before."""
        return self.rows_after - self.survived

    @property
    def gone(self) -> int:
        """Rows that are no longer there."""
        return self.rows_before - self.survived


def plain(taken: Sequence[Taken]) -> tuple[Taken, ...]:
    """The tables that are compared: plain `-ano` ones; without any, whatever lists connections (contracts.md)."""
    complete = [one for one in taken if one.found.fact.listens] or list(taken)
    chosen = [one for one in complete if _is_plain(one)]
    return tuple(chosen or complete)


def shows_bound(one: Taken) -> bool:
    """Whether a table was made with `-q`: it shows BOUND rows, or its command says so."""
    return one.found.fact.has_bound or "q" in "".join(_switches(one))


def _switches(one: Taken) -> set[str]:
    command = one.found.entry.command.lower() if one.found.entry else ""
    return {word.lstrip("-/") for word in command.split()[1:]} if "netstat" in command else set()


def _is_plain(one: Taken) -> bool:
    snapshot = one.found.fact
    if snapshot.has_images or snapshot.has_offload or snapshot.has_bound:
        return False
    switches = _switches(one)
    return not switches or set("".join(switches)) <= _PLAIN_SWITCHES


def bound_rows(taken: Sequence[Taken]) -> tuple[Row, ...]:
    """BOUND rows of the latest table that shows any (`-q`)."""
    shown = bound_tables(taken)
    return tuple(row for row in shown[-1].found.fact.rows if row.state == "BOUND") if shown else ()


_ONE_COLLECTION = timedelta(minutes=30)  # the longest pause between two tables that this tool ever asks for


def bound_tables(taken: Sequence[Taken]) -> list[Taken]:
    """The tables that would show BOUND rows, of the same collection as the latest table of all."""
    moments = [one.moment.at for one in taken if one.moment]
    latest = max(moments, default=None)
    return [
        one
        for one in taken
        if shows_bound(one) and (one.moment is None or latest is None or latest - one.moment.at <= _ONE_COLLECTION)
    ]


def own_addresses(tables: Sequence[Taken]) -> frozenset[str]:
    """The machine's own addresses, as far as connections show them."""
    local = {row.local_address.split("%")[0] for one in tables for row in one.found.fact.rows if row.state}
    return frozenset(one for one in local if one not in {"0.0.0.0", "::", "::1", "*"} and not one.startswith("127."))  # noqa: S104


def listening_ports(rows: Sequence[Row]) -> frozenset[tuple[int, int]]:
    """Family and port of every listener: TIME_WAIT there belongs to clients of this machine (domain.md §2, C21)."""
    return frozenset(
        (row.family, row.local_port) for row in rows if row.state == "LISTENING" and row.local_port is not None
    )


def dynamic_time_wait(rows: Sequence[Row], pools: Sequence[PortUse]) -> list[Row]:
    """The TIME_WAIT rows that use up the dynamic range: local port inside it and no listener's."""
    ranges = {pool.family: pool for pool in pools if pool.protocol == "TCP"}
    listeners = listening_ports(rows)
    return [
        row
        for row in rows
        if row.state == TIME_WAIT
        and ranges[row.family].holds(row.local_port)
        and (row.family, row.local_port) not in listeners
    ]


def by_state(rows: Sequence[Row]) -> dict[str, int]:
    """All TCP rows, IPv4 and IPv6, by English state name (contracts.md), most frequent first."""
    counts = Counter(row.state or "(none)" for row in rows if row.protocol == "TCP")
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


Held = dict[tuple[str, int | None, str, int | None], int]


def held_by(table: Taken, pools: Sequence[PortUse]) -> Held:
    """A table's TIME_WAIT connections on dynamic ports, with their IP version."""
    return {row.connection: row.family for row in dynamic_time_wait(table.found.fact.rows, pools)}


def turnover(before: Taken, after: Taken, first: Held, second: Held) -> Turnover:
    """Compare two tables by what `held_by` says of each."""
    kept = [family for connection, family in first.items() if connection in second]
    return Turnover(
        before,
        after,
        seconds_between(before, after),
        len(first),
        len(second),
        len(kept),
        tuple(sorted(Counter(kept).items())),
        frozenset(first.values()) | frozenset(second.values()),
        _is_whole(before.found.fact.rows, after.found.fact.rows),
    )


def _is_whole(before: Sequence[Row], after: Sequence[Row]) -> bool:
    """Whether a table was not cut short or another machine's.

    Nine of ten listeners and UDP rows stand in it again, and one of the addresses that TIME_WAIT rows have.
    """
    addresses = {row.local_address for row in before if row.state == TIME_WAIT}
    if addresses and addresses.isdisjoint(row.local_address for row in after):
        return False
    lasting = {(row.protocol, row.local_address, row.local_port) for row in before if row.state in {"LISTENING", ""}}
    again = {(row.protocol, row.local_address, row.local_port) for row in after}
    return len(lasting & again) * 10 >= len(lasting) * 9


class Outline(NamedTuple):
    """What a table of one machine has in common with any other of it. A kind is a protocol and an IP version."""

    listeners: frozenset[tuple[int, int]]
    kinds: frozenset[tuple[str, int]]
    lasting: frozenset[tuple[str, int]]  # kinds of listeners and of UDP sockets


def outline(rows: Sequence[Row]) -> Outline:
    """The outline of a table."""
    return Outline(
        listening_ports(rows),
        frozenset((row.protocol, row.family) for row in rows),
        frozenset((row.protocol, row.family) for row in rows if row.state in {"LISTENING", ""}),
    )


def is_cut(table: Outline, other: Outline) -> bool:
    """Whether a table lacks what another of the machine has: more than one in ten listeners, or a protocol of them."""
    if len(other.listeners & table.listeners) * 10 < len(other.listeners) * 9:
        return True
    return not other.lasting <= table.kinds


def table_source(one: Taken) -> Source:
    """Point at a table's heading."""
    return one.found.source(one.found.fact.line)
