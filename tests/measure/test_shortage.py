"""How many ports a new connection cannot have: by count, by what holds them, and per remote where ports are shared."""

from dataclasses import replace
from pathlib import Path

import pytest
from builder import Exclusion, Held, Listener, Machine, Pile, PortRange, UdpHeld, bundle_files
from builder.machine import SERVER_2008_R2, SERVER_2012_R2, SERVER_2016, SERVER_2019, System

from forensics.measure.measurements import Measurements
from forensics.measure.shortage import Shortage
from tests.bundles import analysis_of
from tests.machines import MONITOR, calm
from tests.tables import lacking

LISTENERS = (Listener("TCP", 135, 708), Listener("TCP", 445, 4))


def machine(*held: Held, **changes: object) -> Machine:
    return replace(calm(traffic=(), held=held, listeners=LISTENERS, snapshots=1), **changes)  # type: ignore[arg-type]


def measured(folder: Path, files: dict[str, bytes]) -> Measurements:
    return analysis_of(folder, files).measurements


def shortage(folder: Path, one: Machine, *without: str) -> Shortage:
    files = lacking(bundle_files(one), *without)
    return measured(folder, files).shortage


def established(count: int, remote: str = MONITOR) -> Held:
    return Held(1536, remote, 443, "ESTABLISHED", count)


# 80 % of 1,000 usable ports are critical, half of them a warning.
@pytest.mark.parametrize(
    ("count", "full", "warned", "calm_"),
    [
        (800, True, True, False),
        (799, False, True, False),
        (500, False, True, False),
        (499, False, False, True),
        (0, False, False, True),
    ],
)
def test_the_shares_of_microsofts_script(tmp_path: Path, count: int, *, full: bool, warned: bool, calm_: bool) -> None:
    one = shortage(tmp_path, machine(*([established(count)] if count else [])))
    assert (one.held, one.total, one.free) == (count, count, 1000 - count)
    assert (one.full, one.warned, one.calm) == (full, warned, calm_)
    assert one.settled


def test_exclusions_are_not_usable(tmp_path: Path) -> None:
    one = shortage(tmp_path, machine(established(400), exclusions=(Exclusion(49152, 49651),)))
    assert (one.pool.usable, one.held, one.share, one.full) == (500, 400, 0.8, True)


def test_a_range_that_is_excluded_whole_is_full(tmp_path: Path) -> None:
    one = shortage(tmp_path, machine(exclusions=(Exclusion(49152, 50151),)))
    assert (one.pool.usable, one.held, one.share, one.full, one.free) == (0, 0, 1.0, True, 0)
    assert not one.fills("ESTABLISHED")


def test_without_a_table_nothing_is_full_or_calm(tmp_path: Path) -> None:
    one = shortage(tmp_path, machine(established(900)), "netstat/")
    assert (one.share, one.full, one.warned, one.calm, one.sources) == (None, False, False, False, ())


def test_ports_are_counted_by_what_holds_them(tmp_path: Path) -> None:
    held = (
        established(30), Held(1536, MONITOR, 443, "CLOSE_WAIT", 20), Held(0, MONITOR, 443, "LAST_ACK", 7),
        Held(0, MONITOR, 443, "FIN_WAIT_2", 5), Held(1536, MONITOR, 443, "SYN_SENT", 3),
    )  # fmt: skip
    one = shortage(tmp_path, machine(*held, piles=(Pile(MONITOR, 443, 40),), listeners=calm().listeners))
    assert one.by_group == {
        "TIME_WAIT": 40, "ESTABLISHED": 30, "CLOSE_WAIT": 20, "FIN_WAIT": 12, "SYN_SENT": 3, "LISTENING": 5,
    }  # fmt: skip
    assert (one.held, one.held_by("FIN_WAIT"), one.held_by("BOUND")) == (110, 12, 0)


@pytest.mark.parametrize(("count", "expected"), [(450, True), (449, False)])
def test_a_group_fills_with_half_of_what_is_held(tmp_path: Path, count: int, *, expected: bool) -> None:
    one = shortage(tmp_path, machine(established(900 - count), Held(1536, MONITOR, 443, "CLOSE_WAIT", count)))
    assert one.fills("CLOSE_WAIT") == expected


@pytest.mark.parametrize(("ports", "expected"), [(101, True), (100, False)])
def test_what_would_be_cured(tmp_path: Path, ports: int, *, expected: bool) -> None:
    """Of 900 ports 100 may go and the range is still full."""
    assert shortage(tmp_path, machine(established(900))).would_cure(ports) == expected
    assert not shortage(tmp_path, machine(established(700))).would_cure(ports)


def test_bound_ports_that_q_shows_count(tmp_path: Path) -> None:
    bound = machine(Held(1536, MONITOR, 443, "BOUND", 850), system=SERVER_2019)
    one = shortage(tmp_path, bound)
    assert (one.held, one.full, one.by_group) == (850, True, {"BOUND": 850})
    assert shortage(tmp_path, bound, "netstat/anoq").held == 0


def test_the_fuller_family_is_measured(tmp_path: Path) -> None:
    table = bundle_files(machine(established(10)))
    six = b"".join(
        b"  TCP    [2001:db8::40]:%d  [2001:db8::9]:443  ESTABLISHED     1536\r\n" % port
        for port in range(49152, 49172)
    )
    table["netstat/ano-1.txt"] += six
    one = measured(tmp_path, table).shortage
    assert (one.pool.family, one.held) == (6, 20)


# --- shared ports: Windows 10 and Server 2016 on ---


def crowd(remotes: int, each: int) -> tuple[Held, ...]:
    return tuple(established(each, f"198.51.100.{number}") for number in range(1, remotes + 1))


@pytest.mark.parametrize(
    ("system", "shared", "held"),
    [(SERVER_2008_R2, False, 900), (SERVER_2012_R2, False, 900), (SERVER_2016, True, 100), (SERVER_2019, True, 100)],
)
def test_from_which_version_on_a_port_may_serve_many_remotes(
    tmp_path: Path, system: System, held: int, *, shared: bool
) -> None:
    one = shortage(tmp_path, machine(*crowd(9, 100), system=system))
    assert (one.shared, one.held) == (shared, held)
    assert (one.remote is None) == (not shared)


def test_rows_that_share_a_port_settle_it(tmp_path: Path) -> None:
    shared = machine(*crowd(12, 100), system=SERVER_2019, shared_ports=True)
    one = shortage(tmp_path, shared)
    assert (one.shared, one.settled, one.full, one.held) == (True, True, False, 100)
    assert one.total < 1000


def test_where_no_row_shares_a_port_and_the_counts_disagree_nothing_is_settled(tmp_path: Path) -> None:
    """900 ports over nine remotes, each once: full if ports are not shared, a tenth if they are."""
    one = shortage(tmp_path, machine(*crowd(9, 100), system=SERVER_2019))
    assert (one.shared, one.settled, one.full, one.calm) == (True, False, False, False)


def test_where_both_counts_agree_it_is_settled(tmp_path: Path) -> None:
    assert shortage(tmp_path, machine(established(900), system=SERVER_2019)).settled
    assert shortage(tmp_path, machine(*crowd(7, 100), system=SERVER_2019)).settled


def test_an_unknown_system_is_unsettled_where_it_matters(tmp_path: Path) -> None:
    files = {path: data for path, data in bundle_files(machine(*crowd(9, 100))).items() if path.startswith("net")}
    one = measured(tmp_path, files).shortage
    assert (one.shared, one.settled, one.full) == (False, False, True)


def test_an_auto_reuse_range_settles_it_on_older_systems(tmp_path: Path) -> None:
    reuse = machine(*crowd(9, 100), system=SERVER_2012_R2, auto_reuse=PortRange(49152, 1000))
    one = shortage(tmp_path, reuse)
    assert (one.shared, one.settled) == (True, True)


def test_ports_without_a_remote_stand_in_everybodys_way(tmp_path: Path) -> None:
    bound = Held(1536, MONITOR, 443, "BOUND", 300)
    one = shortage(tmp_path, machine(established(100), bound, system=SERVER_2019, shared_ports=True))
    assert (one.held, one.by_group) == (400, {"BOUND": 300, "ESTABLISHED": 100})


def test_a_listener_that_serves_many_clients_shows_no_sharing(tmp_path: Path) -> None:
    """Rows on a listener's port go to many remotes on every Windows."""
    one = machine(*crowd(9, 100), system=SERVER_2019, listeners=(*LISTENERS, Listener("TCP", 50_151, 4480)))
    files = bundle_files(one)
    files["netstat/ano-1.txt"] += b"".join(
        b"  TCP    10.20.0.40:50151  10.20.7.%d:50000  ESTABLISHED     4480\r\n" % number for number in range(1, 9)
    )
    assert not measured(tmp_path, files).shortage.settled


def test_udp_ports_are_never_shared(tmp_path: Path) -> None:
    one = measured(tmp_path, bundle_files(machine(system=SERVER_2019, udp_held=(UdpHeld(1536, 800),)))).udp_shortage
    assert (one.shared, one.held, one.full, one.by_group) == (False, 800, True, {"UDP": 800})
