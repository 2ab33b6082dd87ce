"""Drawn cases are what their story says, and the study counts them right."""

import random
from collections import Counter
from dataclasses import replace

import pytest
from builder import CLOCK_WRAP_SECONDS, snapshots
from builder.draw_evidence import Evidence, approaching, bound, churn, left, one_table, vanished_owner, wrapped
from builder.draw_hosts import room
from builder.draws import STORIES, Draw, draw
from builder.machine import SERVER_2008_R2, SERVER_2019
from builder.ports import ports_in_use

from benchmarks.study import Answer, Case, calibration, summary

CAUSES = list(STORIES)


def drawn(cause: str, number: int = 0) -> Draw:
    return draw(random.Random(f"draws {number}"), cause)


def evidence(case: Draw, *without: str, manifest: bool = True, dated: bool = True) -> Evidence:
    return Evidence(case.machine, without, manifest, dated)


@pytest.mark.parametrize("cause", CAUSES)
def test_the_same_number_draws_the_same_case(cause: str) -> None:
    case = drawn(cause)
    assert case == drawn(cause)
    assert case != drawn(cause, 1)
    assert case.top == cause
    assert case.top in case.causes
    assert not case.causes & case.also
    assert case.why


def test_causes_are_drawn_about_equally_often() -> None:
    seen = Counter(draw(random.Random(number)).top for number in range(1600))
    assert set(seen) == set(CAUSES)
    assert min(seen.values()) > 60


def test_two_of_five_bundles_lack_nothing() -> None:
    machine = drawn("no-exhaustion").machine
    whole = sum(not left(random.Random(number), machine).without for number in range(1000))
    assert 350 < whole < 450


PILES = {
    "time-wait-churn": "TIME_WAIT", "close-wait-leak": "CLOSE_WAIT", "established-leak": "ESTABLISHED",
    "syn-sent-pileup": "SYN_SENT", "bound-port-leak": "BOUND", "udp-port-exhaustion": "",
}  # fmt: skip


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("cause", PILES)
def test_a_trouble_takes_more_than_half_of_the_free_ports(cause: str, number: int) -> None:
    case = drawn(cause, number)
    last = snapshots(case.machine)[-1]
    state = PILES[cause]
    pile = sum(row.state == state and row.protocol == ("TCP" if state else "UDP") for row in last.rows)
    assert pile > 0.5 * room(replace(case.machine, traffic=()))


@pytest.mark.parametrize("number", range(3))
def test_a_small_range_is_full_of_a_load_that_the_default_would_bear(number: int) -> None:
    case = drawn("port-range-too-small", number)
    last = snapshots(case.machine)[-1]
    excluded = sum(one.last - one.first + 1 for one in case.machine.exclusions)
    used = ports_in_use(last, case.machine.dynamic_ports)
    assert used >= 0.85 * (case.machine.dynamic_ports.count - excluded)
    assert used < 16_384 / 5


@pytest.mark.parametrize("number", range(6))
def test_a_wrapped_clock_keeps_its_rows(number: int) -> None:
    case = drawn("tick-wrap-497d", number)
    machine = case.machine
    if machine.uptime(machine.collected_at) < CLOCK_WRAP_SECONDS:
        assert (machine.earlier_boots[0].end - machine.earlier_boots[0].start).total_seconds() > CLOCK_WRAP_SECONDS
        return
    first, _, last = (
        {row for row in one.rows if row.state == "TIME_WAIT" and row.local_port >= 32_768} for one in snapshots(machine)
    )
    assert first <= last
    assert len(first) > 1000


@pytest.mark.parametrize("cause", ["memory-pressure", "external-nat-exhaustion", "chimney-wrap-248d"])
def test_ports_are_not_short_where_something_else_is(cause: str) -> None:
    case = drawn(cause)
    last = snapshots(case.machine)[-1]
    assert ports_in_use(last, case.machine.dynamic_ports) < 2000
    assert "no-exhaustion" in case.also | case.causes


@pytest.mark.parametrize("number", range(24))
def test_a_machine_that_is_well_has_free_ports_for_every_remote(number: int) -> None:
    machine = drawn("no-exhaustion", number).machine
    last = snapshots(machine)[-1]
    taken = Counter((row.remote, row.remote_port) for row in last.rows if row.local_port >= machine.dynamic_ports.start)
    if not machine.shared_ports:
        assert ports_in_use(last, machine.dynamic_ports) < 0.6 * machine.dynamic_ports.count
    assert max(taken.values()) < 0.6 * machine.dynamic_ports.count
    assert not [one for one in machine.incidents if one.event_id in (4227, 4231, 4266)]


def test_4231_is_on_no_system_that_does_not_know_it() -> None:
    for number in range(160):
        machine = draw(random.Random(number)).machine
        known = (machine.system.major, machine.system.minor) >= (6, 2)
        assert known or not [one for one in machine.incidents if one.event_id in (4231, 4266)]


def test_what_can_be_told_without_a_table_or_beside_it() -> None:
    leak, gone, hidden = drawn("close-wait-leak"), drawn("kernel-socket-leak"), drawn("bound-port-leak")
    assert one_table(evidence(leak, "netstat/ano-"))[0]  # netstat -anot is a table too
    assert not one_table(evidence(leak, "netstat/"))[0]
    assert vanished_owner(evidence(gone, "process/wmic"))[0]
    assert not vanished_owner(evidence(gone, "process/"))[0]
    new, old = (replace(hidden, machine=replace(hidden.machine, system=one)) for one in (SERVER_2019, SERVER_2008_R2))
    assert bound(evidence(new))[0]
    assert not bound(evidence(new, "netstat/anoq"))[0]
    assert not bound(evidence(old))[0]


def test_a_wrap_and_churn_are_told_apart_by_counted_opens_or_by_the_driver() -> None:
    stuck = next(
        case for case in map(drawn, ["tick-wrap-497d"] * 40, range(40))
        if case.machine.uptime(case.machine.collected_at) > CLOCK_WRAP_SECONDS + 3 * 86_400
    )  # fmt: skip
    assert wrapped(evidence(stuck))[0]
    assert wrapped(evidence(stuck, "system/tcpip-files"))[0]
    assert not wrapped(evidence(stuck, "system/tcpip-files", "netstat/s-"))[0]
    assert not churn(evidence(stuck, "system/tcpip-files", "netstat/s-"))[0]
    assert churn(evidence(stuck, "system/tcpip-files"))[0]
    assert not wrapped(evidence(stuck, "system/tcpip-files", manifest=False, dated=False))[0]


def test_an_unknown_driver_leaves_the_wrap_to_come_open() -> None:
    case = drawn("tick-wrap-approaching")
    assert approaching(evidence(case))[0]
    assert not approaching(evidence(case, "system/tcpip-files"))[0]
    assert not approaching(evidence(case, "eventlog/", "system/systeminfo", manifest=False))[0]


def answered(verdict: str, confidence: float, *, tellable: bool = True, confirmed: str = "", **changes: object) -> Case:
    status = "confirmed" if confirmed == verdict else "possible"
    causes = tuple((one, "confirmed", confidence) for one in filter(None, [confirmed]))
    case = Case(
        index=0, story="", top="close-wait-leak", at_work=("close-wait-leak",), also=(), without=(), manifest=True,
        tellable=tellable, why="", answer=Answer(verdict, status, confidence, causes, ()), build_seconds=1,
        analyze_seconds=1,
    )  # fmt: skip
    return replace(case, **changes)  # type: ignore[arg-type]


def test_calibration_is_the_mean_distance_of_what_was_said_from_what_was_true() -> None:
    answers = [(0.95, True)] * 3 + [(0.95, False)] + [(0.2, False)] * 4 + [(1.0, True)]
    table, error = calibration(answers)
    assert [(row["from"], row["answers"]) for row in table] == [(0.2, 4), (0.9, 5)]
    assert error == pytest.approx((4 * 0.2 + 5 * abs(0.96 - 0.8)) / 9)


def test_the_study_counts_what_is_right_and_what_is_wrongly_confirmed() -> None:
    cases = [
        answered("close-wait-leak", 0.9, confirmed="close-wait-leak"),
        answered("no-exhaustion", 0.9, confirmed="no-exhaustion"),
        answered("no-exhaustion", 0.9, confirmed="no-exhaustion", also=("no-exhaustion",)),
        answered("inconclusive", 0.0, tellable=False),
        answered("inconclusive", 0.0),
        answered("time-wait-churn", 0.5, tellable=False),
    ]
    assert [case.wrongly_confirmed for case in cases] == [(), ("no-exhaustion",), (), (), (), ()]
    found = summary(cases, 6)
    assert found["right_of_tellable"] == 1 / 4
    assert found["inconclusive_precision"] == found["inconclusive_recall"] == 1 / 2
    assert found["wrong_of_untellable"] == 1 / 2
    assert len(found["confirmed_wrongly"]) == 1  # type: ignore[arg-type]
