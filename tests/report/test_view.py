from pathlib import Path

import msgspec
import pytest
from builder import bundle_files

from forensics.report.findings import CauseEntry, EvidenceEntry, Findings, PoolEntry
from forensics.report.front import front_of
from forensics.report.view import View, build_view
from tests.bundles import findings_of
from tests.machines import stuck

from .cases import huge, sample, undecided

changed = msgspec.structs.replace


def shown(view: View, label: str) -> str:
    return next((line.value for line in view.front.figures if line.label == label), "")


def with_time_wait(ports: int, ratio_at_least: float = 800.0) -> Findings:
    known = sample("founding-case")
    wait = changed(known.measurements.time_wait, dynamic_ports=ports, ratio_at_least=ratio_at_least)
    return changed(known, measurements=changed(known.measurements, time_wait=wait))


def ruled_out(number: int) -> Findings:
    point = EvidenceEntry("id", "It was seen not to be.", "contradicts", 3, [])
    causes = [CauseEntry(f"c{n}", f"Cause {n}", "ruled_out", 0.0, "No.", "now", [point], [], []) for n in range(number)]
    known = sample("founding-case")
    return changed(known, causes=[known.causes[0], *causes])


def test_the_figures_that_carry_the_founding_case() -> None:
    view = build_view(sample("founding-case"))
    assert shown(view, "Up at collection") == "500.3 days"
    assert shown(view, "TIME_WAIT clock wrapped") == "2018-12-20 23:27 UTC"
    assert shown(view, "Ports in use") == "15,192 of 16,384"
    assert shown(view, "Rate needed") == "125 connections a second"
    assert shown(view, "Rate seen") == "one connection every 15.0 s"
    assert len(view.front.figures) == 5
    assert view.front.load == (
        "The load is ordinary: 125 connections a second would be needed to keep 14,943 ports in TIME_WAIT; "
        "the machine opens one connection every 15.0 s."
    )


def test_collected_in_utc_and_by_the_machine_s_clock() -> None:
    fact = next(one for one in build_view(sample("founding-case")).front.facts if one.label == "Collected")
    assert fact.value == "2018-12-24 04:50 UTC"
    assert fact.note == "2018-12-24 12:50 by the machine's clock (UTC+08:00)"


@pytest.mark.parametrize(("minutes", "known"), [(840, True), (841, False), (-(10**9), False), (None, False)])
def test_an_offset_that_no_zone_has_is_not_believed(minutes: int | None, known: bool) -> None:
    case = sample("founding-case")
    view = build_view(changed(case, bundle=changed(case.bundle, utc_offset_minutes=minutes)))
    fact = next(one for one in view.front.facts if one.label == "Collected")
    assert ("by the machine's clock" in fact.note) is known


def test_a_verdict_on_the_past_shows_the_figures_of_the_past() -> None:
    view = build_view(sample("rebooted-after-incident"))
    assert view.front.scope == "This is about the time before the last restart, not about the machine as it runs now."
    assert shown(view, "Up before the restart") == "502.3 days"
    assert shown(view, "TIME_WAIT clock wrapped") == "2017-05-31 05:42 UTC"
    assert shown(view, "Ports in use after the restart") == "106 of 16,384"
    assert not shown(view, "Rate needed for them")


@pytest.mark.parametrize(("ports", "told"), [(4096, True), (4095, False)])  # a quarter of 16,384
def test_rates_are_told_from_a_quarter_of_the_ports_on(ports: int, told: bool) -> None:
    view = build_view(with_time_wait(ports))
    assert bool(shown(view, "Rate seen")) is told
    assert bool(view.front.load) is told


@pytest.mark.parametrize(("ratio", "ordinary"), [(10.0, True), (9.99, False)])
def test_the_load_is_called_ordinary_from_ten_times_on(ratio: float, ordinary: bool) -> None:
    assert build_view(with_time_wait(14943, ratio)).front.load.startswith("The load is ordinary") is ordinary


@pytest.mark.parametrize(("number", "explained"), [(3, True), (4, False)])
def test_many_fallen_causes_are_only_named_on_the_first_page(number: int, explained: bool) -> None:
    fallen = build_view(ruled_out(number)).front.ruled_out
    assert len(fallen) == number
    assert all(bool(one.value) is explained for one in fallen)


def test_the_fullest_pool_leads() -> None:
    known = sample("founding-case")
    pools = {**known.measurements.ports, "udp_ipv6": PoolEntry(1024, 100, 100, 99, 0.99, "registry", None)}
    view = build_view(changed(known, measurements=changed(known.measurements, ports=pools)))
    assert shown(view, "Ports in use") == "99 of 100"


def test_each_missing_command_is_asked_for_once(tmp_path: Path) -> None:
    commands = [ask.command for ask in build_view(undecided(tmp_path)).front.asks]
    assert len(commands) == len(set(commands))
    assert commands[0] == "wevtutil epl System System.evtx"


def test_what_is_left_out_is_said() -> None:
    view = build_view(huge())
    assert (len(view.traffic.remotes.rows), view.traffic.remotes.more) == (10, "and 490 more")
    assert (len(view.files), view.more_files) == (100, "and 900 more files; --json lists them all")
    assert (len(view.timeline.rows), view.timeline.more) == (60, "and 340 more before these")
    assert (len(view.warnings.rows), view.warnings.more) == (40, "and 260 more warnings")


def test_what_the_findings_themselves_cut_is_counted() -> None:
    known = huge()
    connections = changed(known.measurements.connections, by_remote=known.measurements.connections.by_remote[:50])
    view = build_view(changed(known, measurements=changed(known.measurements, connections=connections)))
    assert view.traffic.remotes.more == "and 490 more"


def test_ipv6_endpoints_stand_in_brackets() -> None:
    assert build_view(huge()).traffic.remotes.rows[0][0] == "[2001:db8:0:ffff:ffff:ffff:ffff:ffff]:443"


def test_consistent_owners_are_named_by_process_and_services() -> None:
    row = build_view(sample("founding-case")).traffic.remotes.rows[0]
    assert row[0] == "203.0.113.40:443"
    assert row[-1].startswith("hostmonitor.exe (PID 1536")


def test_arithmetic_that_a_fix_makes_idle_is_left_out() -> None:
    def symbols(name: str) -> list[str]:
        return [step.symbol for step in build_view(sample(name)).numbers.arithmetic]

    assert "since the wrap" in symbols("founding-case")
    assert "since the wrap" not in symbols("busy-patched")


def test_a_range_that_is_assumed_is_not_passed_over(tmp_path: Path) -> None:
    """The defect is proven by its mechanism, whatever the range: but "nothing is assumed" would not be true."""
    whole = findings_of(tmp_path, bundle_files(stuck()))
    without = findings_of(tmp_path, bundle_files(stuck(), without=("netsh/dynamicport",)))
    assert (whole.verdict.status, without.verdict.status) == ("confirmed", "confirmed")
    assert front_of(whole).meaning == "Nothing is assumed: the evidence in this bundle proves it."
    assert front_of(without).meaning.endswith("the port ranges are assumed to be Windows' defaults.")
