"""TCP Chimney past half the wrap: the uptime to the second, the versions of each branch, the setting and the rows."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from builder import Held, Listener, Machine, bundle_files, with_tcpip_version, with_uptime
from builder.machine import SERVER_2008, SERVER_2008_R2_RTM, SERVER_2012, System

from forensics.report.findings import CauseEntry, Findings
from tests.bundles import cause, findings_of
from tests.machines import COLLECTED, MONITOR, calm
from tests.property_rewrites import rehashed
from tests.tables import ids, lacking

LISTENERS = (Listener("TCP", 135, 708), Listener("TCP", 445, 4))
SETTING, ROWS = "netsh/tcp-global", "netstat/anot"


def offloading(days: float = 300, **changes: object) -> Machine:
    """20 of 60 connections are in the hands of the network adapter, without the fix."""
    machine = calm(
        traffic=(), held=(Held(1536, MONITOR, 443, "ESTABLISHED", 60),), listeners=LISTENERS,
        boot=COLLECTED - timedelta(days=days), chimney="enabled", offloaded=20,
    )  # fmt: skip
    return replace(machine, **changes)  # type: ignore[arg-type]


def found(folder: Path, machine: Machine, *without: str) -> Findings:
    files = lacking(bundle_files(machine), *without)
    return findings_of(folder, files)


def judged(folder: Path, machine: Machine, *without: str) -> CauseEntry:
    return cause(found(folder, machine, *without), "chimney-wrap-248d")


def test_offloaded_rows_past_half_the_wrap_are_confirmed(tmp_path: Path) -> None:
    findings = found(tmp_path, offloading())
    entry = cause(findings, "chimney-wrap-248d")
    assert entry.status == "confirmed"
    assert ids(entry) == {"past-half", "unfixed", "offloaded", "allowed"}
    assert "20 of 60" in " ".join(point.statement for point in entry.evidence)
    assert findings.verdict.cause == "chimney-wrap-248d"
    assert entry.remedies[0].command == "netsh int tcp set global chimney=disabled"


# 2^31 ticks of 10 ms are 21,474,836.48 s; a record in whole seconds may be a second off.
@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(21_474_835, "ruled_out"), (21_474_836, "ruled_out"), (21_474_838, "confirmed"), (42_949_700, "confirmed")],
)
def test_half_the_wrap_to_the_second(tmp_path: Path, seconds: int, expected: str) -> None:
    entry = judged(tmp_path, with_uptime(offloading(), seconds))
    assert entry.status == expected
    assert ("past-half" in ids(entry)) == (expected == "confirmed")


@pytest.mark.parametrize(
    ("system", "version", "expected"),
    [
        (None, "6.1.7601.17756", "confirmed"),
        (None, "6.1.7601.17757", "ruled_out"),
        (None, "6.1.7601.21828", "confirmed"),  # LDR: above the GDR threshold, and unfixed
        (None, "6.1.7601.21892", "confirmed"),
        (None, "6.1.7601.21893", "ruled_out"),
        (SERVER_2008_R2_RTM, "6.1.7600.16942", "confirmed"),
        (SERVER_2008_R2_RTM, "6.1.7600.16943", "ruled_out"),
        (SERVER_2008_R2_RTM, "6.1.7600.21121", "confirmed"),
        (SERVER_2008_R2_RTM, "6.1.7600.21122", "ruled_out"),
        (SERVER_2008, "6.0.6002.22642", "confirmed"),
        (SERVER_2008, "6.0.6002.22643", "ruled_out"),
        (SERVER_2008, "6.0.6002.19000", "likely"),  # no source says
    ],
)
def test_the_fixed_versions_of_each_branch(tmp_path: Path, system: System | None, version: str, expected: str) -> None:
    machine = with_tcpip_version(offloading(), version)
    entry = judged(tmp_path, replace(machine, system=system) if system else machine)
    assert entry.status == expected
    assert ("fixed" in ids(entry)) == (expected == "ruled_out")


def test_a_fixed_file_that_came_after_the_boot_is_not_loaded(tmp_path: Path) -> None:
    machine = with_tcpip_version(offloading(), "6.1.7601.24000")
    later = tuple(replace(file, created=COLLECTED - timedelta(days=20)) for file in machine.tcpip_files)
    entry = judged(tmp_path, replace(machine, tcpip_files=later))
    assert (entry.status, "fix-unknown" in ids(entry)) == ("likely", True)


def test_without_the_file_the_fix_is_open(tmp_path: Path) -> None:
    entry = judged(tmp_path, offloading(), "system/tcpip-files")
    assert (entry.status, "fix-unknown" in ids(entry)) == ("likely", True)
    assert any("tcpip.sys" in one.statement for one in entry.missing)


def test_a_later_windows_cannot_have_it(tmp_path: Path) -> None:
    entry = judged(tmp_path, offloading(system=SERVER_2012))
    assert (entry.status, "not-affected" in ids(entry)) == ("ruled_out", True)


# --- the setting and the rows ---


def test_automatic_with_every_row_in_the_hosts_hands_is_ruled_out(tmp_path: Path) -> None:
    entry = judged(tmp_path, offloading(chimney="automatic", offloaded=0))
    assert entry.status == "ruled_out"
    assert "in-host" in ids(entry)
    assert judged(tmp_path, offloading(chimney="automatic", offloaded=0), SETTING).status == "ruled_out"


def test_one_offloaded_row_is_enough(tmp_path: Path) -> None:
    assert judged(tmp_path, offloading(chimney="automatic", offloaded=1)).status == "confirmed"
    assert judged(tmp_path, offloading(offloaded=1), SETTING).status == "confirmed"


@pytest.mark.parametrize("setting", ["enabled", "automatic"])
def test_a_setting_alone_proves_nothing(tmp_path: Path, setting: str) -> None:
    entry = judged(tmp_path, offloading(chimney=setting), ROWS)
    assert entry.status == "inconclusive"
    assert any("offloaded" in one.statement for one in entry.missing)


def test_disabled_without_rows_is_ruled_out(tmp_path: Path) -> None:
    entry = judged(tmp_path, offloading(chimney="disabled"), ROWS)
    assert (entry.status, "disabled" in ids(entry)) == ("ruled_out", True)
    assert judged(tmp_path, offloading(chimney="disabled", offloaded=0)).status == "ruled_out"


def test_rows_that_are_still_offloaded_outrank_the_setting(tmp_path: Path) -> None:
    """The remedy's own words: connections that hang stay so until they are closed."""
    assert judged(tmp_path, offloading(chimney="disabled")).status != "ruled_out"


def test_an_offload_state_in_another_language_rules_nothing_out(tmp_path: Path) -> None:
    files = bundle_files(offloading())
    path = "netstat/anot-1.txt"
    files[path] = files[path].replace(b" InHost", b" qzvxk").replace(b" Offloaded", b" wplmrtzq")
    assert cause(findings_of(tmp_path, rehashed(files)), "chimney-wrap-248d").status != "ruled_out"


# --- nothing assumed ---


@pytest.mark.parametrize(("held", "expected"), [(499, "confirmed"), (500, "likely")])
def test_ports_must_be_free_for_a_proof(tmp_path: Path, held: int, expected: str) -> None:
    machine = offloading(held=(Held(1536, MONITOR, 443, "ESTABLISHED", held),))
    assert judged(tmp_path, machine).status == expected


def test_an_uptime_with_one_witness_is_likely(tmp_path: Path) -> None:
    """No 6013, no systeminfo: the manifest alone tells it."""
    entry = judged(tmp_path, offloading(), "eventlog/", "system/systeminfo", "process/wmic")
    assert entry.status == "likely"


def test_without_an_uptime_it_is_open(tmp_path: Path) -> None:
    entry = judged(
        tmp_path, offloading(), "eventlog/", "system/systeminfo", "process/wmic", "manifest.json", "netstat/s-"
    )
    assert entry.status == "inconclusive"
    assert any("6013" in one.statement for one in entry.missing)


def test_files_of_two_computers_confirm_nothing(tmp_path: Path) -> None:
    files = bundle_files(offloading())
    files["system/systeminfo.txt"] = bundle_files(offloading(host="OTHER-HOST"))["system/systeminfo.txt"]
    assert cause(findings_of(tmp_path, rehashed(files)), "chimney-wrap-248d").status == "likely"


def test_a_filtered_table_confirms_nothing(tmp_path: Path) -> None:
    files = bundle_files(offloading())
    for path in [path for path in files if path.startswith("netstat/ano")]:
        files[path] = b"\r\n".join(line for line in files[path].splitlines() if b"LISTENING" not in line)
    assert cause(findings_of(tmp_path, rehashed(files)), "chimney-wrap-248d").status == "likely"


def test_the_forecast_names_the_wrap_until_it_is_past(tmp_path: Path) -> None:
    assert "497.1 days" in judged(tmp_path, offloading()).forecast
    assert judged(tmp_path, offloading(500)).forecast == ""


def test_a_healthy_short_uptime_is_ruled_out_without_the_rows(tmp_path: Path) -> None:
    entry = judged(tmp_path, offloading(40), ROWS)
    assert (entry.status, "short-of-half" in ids(entry)) == ("ruled_out", True)
