"""The ladder of a pile, rung by rung: a real machine's measurements with the shares that a test asks for."""

from pathlib import Path

import msgspec
import pytest
from builder.machine import WINDOWS_10

from forensics.judgement import CONFIRMED, INCONCLUSIVE, LIKELY, POSSIBLE, RULED_OUT
from forensics.measure.coverage import Coverage
from forensics.measure.measurements import Measurements
from forensics.measure.piles import BOUND, CLOSE_WAIT, UDP, Pile
from forensics.measure.ports import PortUse
from forensics.measure.shortage import Shortage
from forensics.report.words import fill
from forensics.rules.pile import PileCase, pile_case, pile_missing, pile_points, pile_status
from forensics.rules.pile_answer import pile_forecast, restart_owner, widen_range
from forensics.rules.pile_table import PILE_TEXTS, PILE_WEIGHTS
from forensics.text.said import Said
from tests.bundles import analysis_of
from tests.machines import MONITOR
from tests.tables import GONE, OTHER, SERVICE, files_of, idle, lacking, rows

REMOTE = (MONITOR, 443)
POOL = PortUse("TCP", 4, 49152, 1000, "netsh", 0, 0, None)
WHAT = Said("in CLOSE_WAIT")


@pytest.fixture(scope="module")
def calm_machine(tmp_path_factory: pytest.TempPathFactory) -> Measurements:
    """A whole table of one known machine, its range, its processes and a log without port events."""
    return analysis_of(tmp_path_factory.mktemp("calm"), files_of([], [])).measurements


def pile_of(ports: int, **changes: object) -> Pile:
    """So many ports of one owner to one remote, half of which stood there 150 s before."""
    usual = Pile(
        CLOSE_WAIT, "TCP", 4, ports, ports / 1000, SERVICE.pid, ports, REMOTE, ports, 1, (),
        ports, ports, ports, 0, 0, 150.0, clocked=True,
    )  # fmt: skip
    return msgspec.structs.replace(usual, **changes)


def shortage_of(held: int, **changes: object) -> Shortage:
    usual = Shortage(POOL, shared=False, held=held, total=held, share=held / 1000, remote=None, by_group={}, sources=())
    return msgspec.structs.replace(usual, **changes)


def case_of(ports: int, held: int, coverage: Coverage | None = None, **changes: object) -> PileCase:
    return PileCase(pile_of(ports, **changes), shortage_of(held), coverage or Coverage(), WHAT)


def with_(m: Measurements, **changes: object) -> Measurements:
    return msgspec.structs.replace(m, **changes)


# The rungs: ports of the pile, ports held, whether it is proven, whether it lasts.


@pytest.mark.parametrize(
    ("ports", "held", "proven", "lasting", "expected"),
    [
        (800, 800, True, True, CONFIRMED),
        (800, 800, False, True, LIKELY),
        (799, 799, True, True, LIKELY),
        (799, 799, True, False, POSSIBLE),
        (400, 800, True, True, CONFIRMED),
        (399, 800, True, True, LIKELY),
        (400, 801, True, True, LIKELY),
        (250, 900, True, True, LIKELY),
        (249, 900, True, True, RULED_OUT),
        (500, 700, True, True, LIKELY),
        (500, 700, True, False, POSSIBLE),
        (499, 700, True, True, POSSIBLE),
        (250, 700, True, True, POSSIBLE),
        (249, 700, True, True, RULED_OUT),
        (0, 0, True, True, RULED_OUT),
    ],
)
def test_the_ladder(
    calm_machine: Measurements, ports: int, held: int, expected: str, *, proven: bool, lasting: bool
) -> None:
    assert pile_status(calm_machine, case_of(ports, held), proven=proven, lasting=lasting) == expected


def test_a_share_is_of_what_exclusions_leave(calm_machine: Measurements) -> None:
    """Of 1,000 ports 20 are excluded: 784 of 980 are 80 %."""
    pool = msgspec.structs.replace(POOL, excluded=20)
    for held, expected in ((784, CONFIRMED), (783, LIKELY)):
        shortage = shortage_of(held, pool=pool, share=held / 980)
        case = PileCase(pile_of(held), shortage, Coverage(), WHAT)
        assert pile_status(calm_machine, case, proven=True, lasting=True) == expected


def test_a_range_that_is_excluded_whole_breaks_nothing(calm_machine: Measurements) -> None:
    pool = msgspec.structs.replace(POOL, excluded=1000)
    case = PileCase(pile_of(0, share=0.0), shortage_of(0, pool=pool, share=1.0), Coverage(), WHAT)
    assert case.share == 0
    assert pile_status(calm_machine, case, proven=True, lasting=True) == RULED_OUT


# What each rung asks of the evidence.


def test_no_table_is_inconclusive(calm_machine: Measurements) -> None:
    m = with_(calm_machine, tables=())
    assert pile_status(m, case_of(0, 0), proven=True, lasting=True) == INCONCLUSIVE


def test_confirmed_asks_for_a_range_that_was_read(calm_machine: Measurements) -> None:
    pool = msgspec.structs.replace(POOL, basis="assumed")
    case = PileCase(pile_of(900), shortage_of(900, pool=pool), Coverage(), WHAT)
    assert pile_status(calm_machine, case, proven=True, lasting=True) == LIKELY
    pool = msgspec.structs.replace(POOL, basis="registry")
    case = PileCase(pile_of(900), shortage_of(900, pool=pool), Coverage(), WHAT)
    assert pile_status(calm_machine, case, proven=True, lasting=True) == CONFIRMED


def test_confirmed_asks_for_one_machine(calm_machine: Measurements) -> None:
    system = msgspec.structs.replace(calm_machine.system, hosts=("WEB-SH-03", "OTHER-07"))
    m = with_(calm_machine, system=system)
    assert pile_status(m, case_of(900, 900), proven=True, lasting=True) == LIKELY


def test_confirmed_asks_for_a_process_list(calm_machine: Measurements) -> None:
    m = with_(calm_machine, processes=msgspec.structs.replace(calm_machine.processes, complete=False))
    assert pile_status(m, case_of(900, 900), proven=True, lasting=True) == LIKELY


def test_confirmed_and_ruled_out_ask_for_a_whole_table(calm_machine: Measurements) -> None:
    m = with_(calm_machine, full_table=False)
    assert pile_status(m, case_of(900, 900), proven=True, lasting=True) == LIKELY
    assert pile_status(m, case_of(9, 900), proven=True, lasting=True) == INCONCLUSIVE


def test_ruled_out_asks_for_a_log_unless_the_range_is_full(calm_machine: Measurements) -> None:
    m = with_(calm_machine, log=msgspec.structs.replace(calm_machine.log, records=0))
    assert pile_status(m, case_of(9, 9), proven=True, lasting=True) == INCONCLUSIVE
    assert pile_status(m, case_of(9, 900), proven=True, lasting=True) == RULED_OUT


@pytest.mark.parametrize(("ports", "expected"), [(250, POSSIBLE), (249, RULED_OUT)])
def test_where_sharing_decides_and_nothing_shows_it_a_quarter_is_possible(
    calm_machine: Measurements, ports: int, expected: str
) -> None:
    case = PileCase(pile_of(ports), shortage_of(900, settled=False), Coverage(), WHAT)
    assert pile_status(calm_machine, case, proven=True, lasting=True) == expected


# Which ports of a pile stand in the way.


def test_where_ports_are_shared_those_to_one_remote_count() -> None:
    shortage = shortage_of(900, shared=True, remote=REMOTE)
    case = PileCase(pile_of(900, remote_ports=300), shortage, Coverage(), WHAT)
    assert (case.taken, case.share, case.fills) == (300, 0.3, False)


def test_a_pile_to_another_remote_than_the_busiest_does_not_fill() -> None:
    shortage = shortage_of(900, shared=True, remote=("203.0.113.41", 80))
    assert not PileCase(pile_of(900), shortage, Coverage(), WHAT).fills
    assert PileCase(pile_of(900), shortage_of(900, shared=True, remote=REMOTE), Coverage(), WHAT).fills


@pytest.mark.parametrize("group", [BOUND, UDP])
def test_bound_ports_and_udp_are_gone_for_everybody(group: str) -> None:
    case = PileCase(pile_of(900, group=group, remote_ports=0), shortage_of(900, shared=True), Coverage(), WHAT)
    assert (case.taken, case.fills) == (900, True)


def test_a_pile_of_the_other_family_is_not_in_the_way() -> None:
    assert case_of(900, 900, family=6).taken == 0


# Real tables.


def case_from(folder: Path, files: dict[str, bytes]) -> tuple[Measurements, PileCase]:
    m = analysis_of(folder, files).measurements
    return m, pile_case(m, CLOSE_WAIT, WHAT)


def test_missing_is_what_would_settle_it(tmp_path: Path) -> None:
    """One table, without log, range and processes."""
    files = lacking(files_of(rows("CLOSE_WAIT", 500)), "eventlog/", "netsh/", "process/", "registry/")
    asked = {one.statement.message for one in pile_missing(*case_from(tmp_path, files))}
    assert asked == {"missing-log", "missing-second", "missing-range", "missing-processes"}


def test_nothing_is_missing_where_all_is_there(tmp_path: Path) -> None:
    table = rows("CLOSE_WAIT", 700)
    assert pile_missing(*case_from(tmp_path, files_of(table, table))) == []


def test_the_system_is_asked_for_where_sharing_decides(tmp_path: Path) -> None:
    table = [
        row for number in range(50) for row in rows("CLOSE_WAIT", 17, 49152 + 17 * number, remote=f"203.0.113.{number}")
    ]
    m, case = case_from(tmp_path, files_of(table, table, machine=idle(system=WINDOWS_10)))
    assert "missing-system" in {one.statement.message for one in pile_missing(m, case)}


@pytest.mark.parametrize("ports", [0, 249, 250, 500, 850])
def test_every_point_has_words_a_weight_and_a_source(tmp_path: Path, ports: int) -> None:
    table = rows("CLOSE_WAIT", ports)
    m, case = case_from(tmp_path, files_of(table, table))
    points = pile_points(m, case, PILE_WEIGHTS)
    messages = {point.statement.message for point in points}
    assert {"held", "owner", "remote"} <= messages or ports < 250
    for point in points:
        assert point.sources
        assert point.weight == PILE_WEIGHTS[point.statement.message].grade
        assert point.statement.message in PILE_TEXTS


def test_each_weight_has_words_and_a_reason() -> None:
    assert set(PILE_WEIGHTS) <= set(PILE_TEXTS)
    assert all(weight.source and weight.witness for weight in PILE_WEIGHTS.values())


@pytest.mark.parametrize(("own", "shown"), [(425, True), (424, False)])
def test_the_remote_is_named_where_half_go_there(tmp_path: Path, own: int, *, shown: bool) -> None:
    table = rows("CLOSE_WAIT", own)
    table += [
        row for number in range(5) for row in rows("CLOSE_WAIT", 85, 49577 + 85 * number, remote=f"10.9.9.{number}")
    ]
    table = table[:850]
    m, case = case_from(tmp_path, files_of(table, table))
    messages = {point.statement.message for point in pile_points(m, case, PILE_WEIGHTS)}
    assert case.pile.ports == (850 if own == 425 else 849)
    assert ("remote" in messages) == shown


def test_a_range_that_is_wide_already_is_not_widened(calm_machine: Measurements) -> None:
    """55,535 is what the command sets (10000 to 65534)."""
    for count, expected in ((55_534, 1), (55_535, 0)):
        pool = msgspec.structs.replace(POOL, start=10_000, count=count)
        case = PileCase(pile_of(900), shortage_of(900, pool=pool), Coverage(), WHAT)
        assert len(widen_range(calm_machine, case)) == expected


@pytest.mark.parametrize("pid", [0, 4, GONE])
def test_what_cannot_be_restarted_is_not_restarted(tmp_path: Path, pid: int) -> None:
    table = rows("CLOSE_WAIT", 850, pid=pid)
    assert restart_owner(*case_from(tmp_path, files_of(table, table))) == []


def test_a_process_with_several_services_has_no_one_command(tmp_path: Path) -> None:
    """svchost.exe of PID 708 runs RpcEptMapper and RpcSs."""
    table = rows("CLOSE_WAIT", 850, pid=708)
    m, case = case_from(tmp_path, files_of(table, table))
    (remedy,) = restart_owner(m, case)
    assert remedy.command == "procdump -ma 708"
    assert "services RpcEptMapper, RpcSs" in fill("{owner}", remedy.action.params)


def test_the_forecast_counts_what_is_free(tmp_path: Path) -> None:
    """15 in 150 s: a port every ten seconds; 400 are left."""
    m, case = case_from(tmp_path, files_of(rows("CLOSE_WAIT", 585), rows("CLOSE_WAIT", 600)))
    ahead = pile_forecast(m, case)
    assert ahead is not None
    assert ahead.message == "forecast-full"
    assert ahead.params["free"] == 400
    assert ahead.params["left"] == pytest.approx(4000)


# Where the rule looks wrong.


def test_a_few_without_an_owner_do_not_acquit_the_others(tmp_path: Path) -> None:
    """300 of a process that is gone, 290 and 260 of two that run: applications hold 550 of 850."""
    table = (
        rows("CLOSE_WAIT", 300, pid=GONE) + rows("CLOSE_WAIT", 290, 49452) + rows("CLOSE_WAIT", 260, 49742, pid=OTHER)
    )
    m, case = case_from(tmp_path, files_of(table, table))
    assert pile_status(m, case, proven=False, lasting=case.held) == LIKELY


def test_a_full_table_is_not_asked_for_again(tmp_path: Path) -> None:
    table = rows("CLOSE_WAIT", 850)
    assert pile_missing(*case_from(tmp_path, files_of(table, table))) == []
