"""The nearest look-alikes of the founding case: busy, nearly there, healthy."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from builder import Held, Incident, Traffic, bundle_files, with_tcpip_version, with_uptime
from builder.machine import SERVER_2019

from tests.bundles import cause, findings_of
from tests.machines import COLLECTED, MONITOR, calm, churning, collisions, stuck
from tests.property_rewrites import rehashed

DAY = 86_400


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(450 * DAY - 1, "ruled_out"), (450 * DAY, "confirmed"), (42_949_672, "confirmed"), (42_949_674, "ruled_out")],
)
def test_approaching_begins_at_450_days_and_ends_at_the_wrap(tmp_path: Path, seconds: int, expected: str) -> None:
    findings = findings_of(tmp_path, bundle_files(with_uptime(calm(), seconds)))
    assert cause(findings, "tick-wrap-approaching").status == expected


def test_approaching_outranks_no_exhaustion(tmp_path: Path) -> None:
    findings = findings_of(tmp_path, bundle_files(calm(489)))
    assert cause(findings, "no-exhaustion").status == "confirmed"
    assert (findings.verdict.cause, findings.verdict.status) == ("tick-wrap-approaching", "confirmed")


def test_approaching_is_likely_where_the_driver_is_unknown(tmp_path: Path) -> None:
    files = bundle_files(calm(489), without=("system/tcpip-files.csv",))
    findings = findings_of(tmp_path, files)
    assert findings.measurements.fix.state == "unknown"
    assert cause(findings, "tick-wrap-approaching").status == "likely"


def test_approaching_is_ruled_out_by_a_loaded_fix(tmp_path: Path) -> None:
    findings = findings_of(tmp_path, bundle_files(with_tcpip_version(calm(489), "6.1.7601.24000")))
    assert cause(findings, "tick-wrap-approaching").status == "ruled_out"


def test_churn_is_confirmed_where_the_rate_explains_the_pile_and_the_wrap_cannot(tmp_path: Path) -> None:
    findings = findings_of(tmp_path, bundle_files(churning()))
    entry = cause(findings, "time-wait-churn")
    assert entry.status == "confirmed"
    # 8 connections a second × 120 s, by hand.
    assert findings.measurements.time_wait.observed_rate == pytest.approx(8.0, abs=0.1)
    assert findings.measurements.time_wait.dynamic_ports == pytest.approx(960, abs=15)
    assert findings.measurements.time_wait.ratio == pytest.approx(1.0, abs=0.05)


def test_churn_is_likely_while_the_wrap_is_not_ruled_out(tmp_path: Path) -> None:
    findings = findings_of(tmp_path, bundle_files(churning(boot=COLLECTED - timedelta(days=510))))
    assert cause(findings, "time-wait-churn").status == "likely"


def test_churn_without_counters_is_likely_only(tmp_path: Path) -> None:
    files = {path: data for path, data in bundle_files(churning()).items() if not path.startswith("netstat/s-")}
    assert cause(findings_of(tmp_path, files), "time-wait-churn").status == "likely"


def test_churn_is_ruled_out_by_a_rate_ten_times_too_low(tmp_path: Path) -> None:
    entry = cause(findings_of(tmp_path, bundle_files(stuck())), "time-wait-churn")
    assert entry.status == "ruled_out"
    assert any(point.id == "time-wait-churn.not-explained" for point in entry.evidence)


def test_churn_is_ruled_out_where_another_state_holds_the_ports(tmp_path: Path) -> None:
    machine = calm(held=(Held(1536, MONITOR, 443, "CLOSE_WAIT", 900),))
    entry = cause(findings_of(tmp_path, bundle_files(machine)), "time-wait-churn")
    assert entry.status == "ruled_out"
    assert any(point.id == "time-wait-churn.other-state-fills" for point in entry.evidence)


def test_time_wait_names_no_culprit_but_live_connections_are_consistent(tmp_path: Path) -> None:
    machine = churning(held=(Held(1536, MONITOR, 443, "ESTABLISHED"),))
    findings = findings_of(tmp_path, bundle_files(machine))
    top = findings.measurements.connections.by_remote[0]
    assert (top.address, top.port, top.consistent_with) == (MONITOR, 443, [1536])
    entry = cause(findings, "time-wait-churn")
    (remote,) = (point for point in entry.evidence if point.id == "time-wait-churn.remote")
    assert "consistent with hostmonitor.exe (PID 1536)" in remote.statement


# 1,000 usable ports; the simulator's own listeners and pools hold some, so the edges are set by rows in use.
@pytest.mark.parametrize(("share", "expected"), [(0.49, "confirmed"), (0.55, "possible"), (0.85, "ruled_out")])
def test_no_exhaustion_by_fullness(tmp_path: Path, share: float, expected: str) -> None:
    machine = calm(traffic=(), held=(Held(1536, MONITOR, 443, "ESTABLISHED", round(share * 1000) - 10),))
    findings = findings_of(tmp_path, bundle_files(machine))
    assert cause(findings, "no-exhaustion").status == expected


def test_no_exhaustion_needs_a_known_range_and_a_log(tmp_path: Path) -> None:
    files = bundle_files(calm())
    without_netsh = {path: data for path, data in files.items() if not path.startswith("netsh/")}
    assert cause(findings_of(tmp_path, without_netsh), "no-exhaustion").status == "likely"
    without_log = {path: data for path, data in files.items() if not path.startswith("eventlog/")}
    assert cause(findings_of(tmp_path, without_log), "no-exhaustion").status == "likely"


def test_4227_makes_a_calm_table_no_proof(tmp_path: Path) -> None:
    machine = calm(incidents=(collisions(COLLECTED - timedelta(hours=9), COLLECTED - timedelta(hours=5)),))
    assert cause(findings_of(tmp_path, bundle_files(machine)), "no-exhaustion").status == "possible"


def test_4231_says_that_ports_ran_out(tmp_path: Path) -> None:
    begin, end = COLLECTED - timedelta(hours=9), COLLECTED - timedelta(hours=5)
    machine = calm(system=SERVER_2019, incidents=(Incident("Tcpip", 4231, begin, end, 1800),))
    assert cause(findings_of(tmp_path, bundle_files(machine)), "no-exhaustion").status == "ruled_out"


def test_past_the_wrap_a_calm_table_is_no_proof_either(tmp_path: Path) -> None:
    machine = calm(500, snapshots=1)
    assert cause(findings_of(tmp_path, bundle_files(machine)), "no-exhaustion").status == "possible"


def test_a_filtered_netstat_proves_no_calm(tmp_path: Path) -> None:
    files = bundle_files(calm(snapshots=1), without=("netstat/an",))
    files["netstat/filtered.txt"] = b"\r\n".join(
        line for line in bundle_files(calm(snapshots=1))["netstat/ano-1.txt"].splitlines() if b"ESTABLISHED" in line
    )
    entry = cause(findings_of(tmp_path, rehashed(files)), "no-exhaustion")
    assert entry.status == "inconclusive"


def test_two_causes_are_both_shown(tmp_path: Path) -> None:
    machine = replace(churning(boot=COLLECTED - timedelta(days=510)), traffic=(Traffic(1536, MONITOR, 443, 8.0),))
    findings = findings_of(tmp_path, bundle_files(machine))
    likely = {entry.id for entry in findings.causes if entry.status == "likely"}
    # The range of 1,000 ports is small besides.
    assert likely == {"tick-wrap-497d", "time-wait-churn", "port-range-too-small"}
