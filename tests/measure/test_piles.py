"""Groups of rows on dynamic ports: what belongs to one, who owns it, and what became of it between two tables."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from builder import Exclusion, Machine
from builder.machine import WINDOWS_10
from builder.ports import Row

from forensics.measure.piles import (
    BOUND,
    CLOSE_WAIT,
    CLOSING_STATES,
    ESTABLISHED,
    FIN_WAIT,
    LOOPBACK,
    OF_KERNEL,
    ORPHANED,
    SYN_SENT,
    UDP,
    Pile,
)
from tests.bundles import analysis_of
from tests.machines import MONITOR
from tests.tables import FIRST, GONE, LISTENERS, OTHER, SERVICE, files_of, idle, lacking, rows

PILE = Pile(CLOSE_WAIT, "TCP", 4, 850, 0.85, 9, 850, None, 0, 1, (), 850, 850, 425, 425, 425, 150.0, clocked=True)


def piles(
    folder: Path, *tables: Sequence[Row], machine: Machine | None = None, listeners: Sequence[Row] = LISTENERS
) -> dict[str, Pile]:
    made = files_of(*tables, machine=machine, listeners=listeners)
    return dict(analysis_of(folder, made).measurements.piles)


def listening(port: int, address: str = "0.0.0.0") -> Row:  # noqa: S104 - only printed
    return Row("TCP", address, port, address, 0, "LISTENING", 2600)


def pile(**changes: object) -> Pile:
    return msgspec.structs.replace(PILE, **changes)


# What belongs to a group.


def test_every_state_in_its_group(tmp_path: Path) -> None:
    """Distinct numbers, so that none is taken for another."""
    counts = {"CLOSE_WAIT": 3, "ESTABLISHED": 5, "SYN_SENT": 7, "UDP": 11, "TIME_WAIT": 13, "SYN_RECEIVED": 17}
    table = [
        row for number, (state, count) in enumerate(counts.items()) for row in rows(state, count, FIRST + 50 * number)
    ]
    table += [
        row for number, state in enumerate(sorted(CLOSING_STATES)) for row in rows(state, 2, FIRST + 500 + 50 * number)
    ]
    found = piles(tmp_path, table)
    assert {group: found[group].ports for group in (CLOSE_WAIT, ESTABLISHED, SYN_SENT, UDP, FIN_WAIT, BOUND)} == {
        CLOSE_WAIT: 3, ESTABLISHED: 5, SYN_SENT: 7, UDP: 11, FIN_WAIT: 8, BOUND: 0,
    }  # fmt: skip


def test_no_netstat_no_pile(tmp_path: Path) -> None:
    found = analysis_of(tmp_path, lacking(files_of([]), "netstat/")).measurements.piles
    assert {one.ports for one in found.values()} == {0}
    assert found[UDP].protocol == "UDP"


@pytest.mark.parametrize(("port", "inside"), [(49151, False), (49152, True), (50151, True), (50152, False)])
def test_the_edges_of_the_range(tmp_path: Path, port: int, *, inside: bool) -> None:
    assert piles(tmp_path, rows("CLOSE_WAIT", 1, port))[CLOSE_WAIT].ports == int(inside)


def test_a_listeners_port_belongs_to_its_clients(tmp_path: Path) -> None:
    """49160 over IPv4 listens: its connection counts for nothing, that of IPv6 on the same port does."""
    table = rows("ESTABLISHED", 1, 49160) + rows("ESTABLISHED", 1, 49160, remote="2001:db8::9", family=6)
    found = piles(tmp_path, table, listeners=(*LISTENERS, listening(49160)))
    assert (found[ESTABLISHED].family, found[ESTABLISHED].ports) == (6, 1)


def test_ports_are_counted_once_and_rows_apart(tmp_path: Path) -> None:
    table = rows("ESTABLISHED", 10) + rows("ESTABLISHED", 10, remote="203.0.113.41")
    found = piles(tmp_path, table, table)[ESTABLISHED]
    assert (found.ports, found.first_ports, found.first_rows, found.kept, found.remotes) == (10, 10, 20, 20, 2)


def test_the_share_is_of_what_exclusions_leave(tmp_path: Path) -> None:
    found = piles(tmp_path, rows("CLOSE_WAIT", 245), machine=idle(exclusions=(Exclusion(50132, 50151),)))
    assert found[CLOSE_WAIT].share == pytest.approx(245 / 980)


def test_the_family_of_which_most_is_held(tmp_path: Path) -> None:
    six = rows("CLOSE_WAIT", 30, remote="2001:db8::9", family=6)
    assert piles(tmp_path, rows("CLOSE_WAIT", 29) + six)[CLOSE_WAIT].family == 6
    assert piles(tmp_path, rows("CLOSE_WAIT", 30) + six)[CLOSE_WAIT].family == 4


def test_sockets_without_a_process(tmp_path: Path) -> None:
    """TIME_WAIT and FIN_WAIT need none, so theirs is ordinary; PID 0 can hold nothing."""
    table = (
        rows("ESTABLISHED", 3, pid=GONE)
        + rows("CLOSE_WAIT", 2, FIRST + 10, pid=0)
        + rows("TIME_WAIT", 50, FIRST + 20, pid=0)
        + rows("FIN_WAIT_2", 40, FIRST + 80, pid=GONE)
        + rows("ESTABLISHED", 30, FIRST + 130)
    )
    assert piles(tmp_path, table)[ORPHANED].ports == 5


def test_sockets_of_the_kernel(tmp_path: Path) -> None:
    """What it opens for others (SMB 445, NetBIOS 139, NFS 2049) is not its own."""
    table = rows("ESTABLISHED", 4, pid=4, port=8080)
    for number, port in enumerate((139, 445, 2049)):
        table += rows("ESTABLISHED", 20, FIRST + 100 * (number + 1), pid=4, port=port)
    assert piles(tmp_path, table)[OF_KERNEL].ports == 4


def test_connections_of_the_machine_to_itself(tmp_path: Path) -> None:
    table = rows("ESTABLISHED", 4, remote="127.0.0.1") + rows("FIN_WAIT_2", 3, FIRST + 10, remote="127.0.1.1")
    table += rows("ESTABLISHED", 20, FIRST + 20)
    assert piles(tmp_path, table)[LOOPBACK].ports == 7


# Bound sockets, which only -q shows.


def test_bound_ports_with_another_row_are_left_out(tmp_path: Path) -> None:
    plain = rows("ESTABLISHED", 40)
    made = files_of(plain, machine=idle(system=WINDOWS_10), bound=[rows("BOUND", 100)])
    found = analysis_of(tmp_path, made).measurements.piles[BOUND]
    assert (found.ports, found.owner, found.owner_ports) == (60, SERVICE.pid, 60)
    assert found.first_rows is None


def test_two_tables_of_bound_ports_are_compared(tmp_path: Path) -> None:
    bound = [rows("BOUND", 100), rows("BOUND", 100, FIRST + 20)]
    made = files_of([], [], machine=idle(system=WINDOWS_10), bound=bound)
    found = analysis_of(tmp_path, made).measurements.piles[BOUND]
    assert (found.first_rows, found.kept, found.born, found.gone) == (100, 80, 20, 20)
    assert found.seconds == pytest.approx(150)


# Owner and remote.


def test_owner_and_remote_are_those_with_most_ports(tmp_path: Path) -> None:
    """OTHER has more rows, on fewer ports."""
    table = rows("ESTABLISHED", 30)
    for number in range(5):
        table += rows("ESTABLISHED", 20, FIRST + 100, pid=OTHER, remote=f"203.0.113.{number}")
    found = piles(tmp_path, table)[ESTABLISHED]
    assert (found.owner, found.owner_ports, found.ports) == (SERVICE.pid, 30, 50)
    assert (found.remote, found.remote_ports, found.remotes) == ((MONITOR, 443), 30, 6)
    assert found.owner_share == 0.6


def test_of_equals_the_choice_is_fixed(tmp_path: Path) -> None:
    mixed = rows("ESTABLISHED", 10) + rows("ESTABLISHED", 10, FIRST + 10, pid=OTHER, remote="203.0.113.9")
    one, other = (piles(tmp_path, table)[ESTABLISHED] for table in (mixed, mixed[::-1]))
    assert (one.owner, one.remote) == (other.owner, other.remote)


def test_udp_has_owners_and_no_remote_port(tmp_path: Path) -> None:
    found = piles(tmp_path, rows("UDP", 10))[UDP]
    assert (found.protocol, found.owner, found.remote) == ("UDP", SERVICE.pid, ("*", None))


# In time.


def test_the_earliest_table_is_compared_with_the_latest(tmp_path: Path) -> None:
    """100, then none, then 90: of the first 60 stand again."""
    first, last = rows("CLOSE_WAIT", 100), rows("CLOSE_WAIT", 90, FIRST + 40)
    found = piles(tmp_path, first, [], last)[CLOSE_WAIT]
    assert (found.first_rows, found.kept, found.born, found.gone) == (100, 60, 30, 40)
    assert found.seconds == pytest.approx(300)
    assert found.growth == pytest.approx(-10 / 300)
    assert found.clocked


def test_another_owner_of_the_same_port_is_another_socket(tmp_path: Path) -> None:
    found = piles(tmp_path, rows("CLOSE_WAIT", 50), rows("CLOSE_WAIT", 50, pid=OTHER))[CLOSE_WAIT]
    assert (found.kept, found.born, found.gone) == (0, 50, 50)


def test_one_table_has_no_time(tmp_path: Path) -> None:
    found = piles(tmp_path, rows("CLOSE_WAIT", 50))[CLOSE_WAIT]
    assert (found.first_rows, found.growth, found.seconds) == (None, None, None)
    assert not any((found.persists, found.only_grows, found.stood_before, found.timed))


@pytest.mark.parametrize(("kept", "expected"), [(425, True), (424, False)])
def test_half_of_the_first_rows_persist(kept: int, *, expected: bool) -> None:
    assert pile(kept=kept).persists == expected


@pytest.mark.parametrize(("kept", "expected"), [(426, True), (425, False)])
def test_half_of_an_odd_number_is_rounded_up(kept: int, *, expected: bool) -> None:
    assert pile(first_rows=851, kept=kept).persists == expected


@pytest.mark.parametrize(("born", "gone", "expected"), [(9, 0, False), (10, 0, True), (10, 1, False), (900, 1, False)])
def test_only_growth_of_ten_counts(born: int, gone: int, *, expected: bool) -> None:
    assert pile(born=born, gone=gone).only_grows == expected


@pytest.mark.parametrize(("first", "expected"), [(425, True), (424, False)])
def test_half_as_many_stood_before(first: int, *, expected: bool) -> None:
    assert pile(first_ports=first).stood_before == expected


@pytest.mark.parametrize(("seconds", "expected"), [(None, False), (1, False), (120, False), (120.1, True)])
def test_tables_must_be_further_apart_than_the_default_delay(seconds: float | None, *, expected: bool) -> None:
    one = pile(seconds=seconds, kept=425, born=425, gone=0)
    assert (one.apart, one.persists, one.only_grows, one.stood_before) == (expected,) * 4


@pytest.mark.parametrize(
    ("clocked", "seconds", "expected"), [(True, 120.1, True), (True, 120, False), (False, 150, False)]
)
def test_only_the_collectors_clock_is_sure(seconds: float, *, clocked: bool, expected: bool) -> None:
    """Two files may be one table that was saved twice."""
    assert pile(clocked=clocked, seconds=seconds).timed == expected


@pytest.mark.parametrize(("kept", "born", "expected"), [(425, 425, True), (425, 426, False), (0, 0, False)])
def test_what_persists_makes_up_half_of_the_latest(kept: int, born: int, *, expected: bool) -> None:
    assert pile(kept=kept, born=born, first_rows=kept).persists == expected


def test_an_empty_pile_has_no_owner() -> None:
    empty = pile(ports=0, owner=None, owner_ports=0, first_rows=0, first_ports=0, kept=0, born=0, gone=0)
    assert empty.owner_share == 0
    assert not any((empty.persists, empty.only_grows))


# Where the measure looks wrong.


def test_a_tcp_listener_does_not_take_udps_port(tmp_path: Path) -> None:
    found = piles(tmp_path, rows("UDP", 1, 49160), listeners=(*LISTENERS, listening(49160)))
    assert found[UDP].ports == 1
