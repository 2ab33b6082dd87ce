"""Boundary bundles of the 497-day defect, each statement with a bundle on either side of it."""

import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builder import Boot, Held, Traffic, bundle_files, with_tcpip_version, with_uptime
from builder.machine import SERVER_2008, SERVER_2008_R2_RTM, SERVER_2012_R2, SERVER_2016, WINDOWS_7, Machine

from forensics.report.findings import CauseEntry
from tests.bundles import cause, findings_of
from tests.machines import COLLECTED, MONITOR, calm, churning, collisions, stuck
from tests.property_rewrites import rehashed

WRAP = 42_949_672.96  # 2^32 / 100 s, by hand


def judged(folder: Path, machine: Machine, *without: str) -> CauseEntry:
    files = bundle_files(machine)
    kept = {path: data for path, data in files.items() if not path.startswith(tuple(without) or ("-",))}
    return cause(findings_of(folder, kept), "tick-wrap-497d")


def messages(entry: CauseEntry) -> set[str]:
    return {point.id.removeprefix("tick-wrap-497d.") for point in entry.evidence}


def test_rows_that_outlive_the_delay_confirm(tmp_path: Path) -> None:
    entry = judged(tmp_path, stuck())
    assert entry.status == "confirmed"
    assert {"past-wrap", "survivors", "ratio-none", "share", "unfixed"} <= messages(entry)
    (survivors,) = (point for point in entry.evidence if point.id.endswith("survivors"))
    assert "Of 900 TIME_WAIT rows on dynamic ports, 900 were still there 300 s later" in survivors.statement
    assert [(source.file, source.line) for source in survivors.sources[:2]] == [
        ("netstat/ano-1.txt", 4),
        ("netstat/ano-3.txt", 4),
    ]
    assert {remedy.when for remedy in entry.remedies} == {"now", "next", "for-good"}


@pytest.mark.parametrize(("seconds", "expected"), [(-1, "ruled_out"), (1, "confirmed")])
def test_a_second_before_the_wrap_and_after(tmp_path: Path, seconds: int, expected: str) -> None:
    assert judged(tmp_path, with_uptime(stuck(), round(WRAP + seconds))).status == expected


@pytest.mark.parametrize("system", [SERVER_2012_R2, SERVER_2016])
def test_systems_without_the_defect_are_ruled_out_at_520_days(tmp_path: Path, system: object) -> None:
    machine = with_uptime(stuck(), 520 * 86_400)
    entry = judged(tmp_path, replace(machine, system=system))  # type: ignore[arg-type]
    assert entry.status == "ruled_out"


@pytest.mark.parametrize("system", [SERVER_2008, SERVER_2008_R2_RTM, WINDOWS_7])
def test_systems_with_the_defect_are_confirmed_by_what_is_seen(tmp_path: Path, system: object) -> None:
    machine = with_tcpip_version(stuck(), "6.1.7600.16385")
    entry = judged(tmp_path, replace(machine, system=system))  # type: ignore[arg-type]
    assert entry.status == "confirmed"


# domain.md §1.2, written by hand. Rows turn over as they should here, so that the version alone decides.
@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("6.1.7601.17756", "unfixed"),
        ("6.1.7601.17757", "fixed"),
        ("6.1.7601.21828", "unfixed"),
        ("6.1.7601.21892", "unfixed"),
        ("6.1.7601.21893", "fixed"),
        ("6.1.7600.16942", "unfixed"),
        ("6.1.7600.16943", "fixed"),
        ("6.1.7600.21121", "unfixed"),
        ("6.1.7600.21122", "fixed"),
        ("6.0.6002.22642", "unfixed"),
        ("6.0.6002.22643", "fixed"),
        ("6.0.6002.18005", "unfixed"),
        ("6.0.6002.18519", "unknown"),
        ("6.0.6003.20489", "unknown"),
    ],
)
def test_fix_state_follows_the_file_version_of_its_branch(tmp_path: Path, version: str, expected: str) -> None:
    machine = with_tcpip_version(stuck(), version)
    if version.startswith("6.0"):
        machine = replace(machine, system=SERVER_2008)
    findings = findings_of(tmp_path, bundle_files(machine))
    assert findings.measurements.fix.state == expected


def test_a_fix_loaded_at_boot_rules_out(tmp_path: Path) -> None:
    machine = with_tcpip_version(churning(boot=COLLECTED - timedelta(days=510)), "6.1.7601.24000")
    entry = judged(tmp_path, machine)
    assert entry.status == "ruled_out"
    assert "fixed" in messages(entry)


def test_a_fix_loaded_at_boot_against_rows_that_outlive_is_a_conflict_held_at_likely(tmp_path: Path) -> None:
    entry = judged(tmp_path, with_tcpip_version(stuck(), "6.1.7601.24000"))
    assert entry.status == "likely"
    assert {"survivors", "seen-against-version"} <= messages(entry)


def test_a_fix_installed_since_the_boot_acquits_nobody(tmp_path: Path) -> None:
    machine = with_tcpip_version(stuck(), "6.1.7601.24000")
    files = tuple(replace(one, created=COLLECTED - timedelta(days=20)) for one in machine.tcpip_files)
    entry = judged(tmp_path, replace(machine, tcpip_files=files))
    assert entry.status == "confirmed"
    assert "installed-not-loaded" in messages(entry)
    assert entry.headline.endswith("2018-12-04 12:30 UTC waits for a restart.")
    assert "also loads the fix that is installed already" in entry.remedies[-1].action


def test_all_rows_reopened_by_fast_traffic_prove_nothing(tmp_path: Path) -> None:
    """Eight connections a second reuse every port: most rows of the first table stand in the third (traps.md)."""
    findings = findings_of(tmp_path, bundle_files(churning(boot=COLLECTED - timedelta(days=510))))
    assert findings.measurements.connections.turnover[0].survived > 800
    entry = cause(findings, "tick-wrap-497d")
    assert entry.status == "likely"  # past the wrap, unfixed, over half of the ports: the ladder's third rung
    assert "survivors" not in messages(entry)
    assert "ratio-low" in messages(entry)


def test_a_table_pair_no_longer_than_the_delay_confirms_nothing(tmp_path: Path) -> None:
    """Two tables 150 s apart: TIME_WAIT may last 240 s (traps.md)."""
    entry = judged(tmp_path, stuck(snapshots=2))
    assert entry.status == "likely"
    assert any("timeout /t 270" in missing.command for missing in entry.missing)


@pytest.mark.parametrize(("gap", "expected"), [(120, "likely"), (121, "confirmed")])
def test_tables_must_be_further_apart_than_240_seconds(tmp_path: Path, gap: int, expected: str) -> None:
    assert judged(tmp_path, stuck(snapshot_gap=gap)).status == expected


@pytest.mark.parametrize(("delay", "expected"), [(299, "confirmed"), (300, "likely")])
def test_a_longer_delay_in_the_registry_must_be_outlived(tmp_path: Path, delay: int, expected: str) -> None:
    assert judged(tmp_path, stuck(registry_time_wait_delay=delay)).status == expected


@pytest.mark.parametrize(
    ("pile", "expected"),
    [(249, "inconclusive"), (250, "possible"), (499, "possible"), (500, "likely"), (900, "likely")],
)
def test_the_ladder_below_confirmed(tmp_path: Path, pile: int, expected: str) -> None:
    """One table, no counters: a quarter of 1,000 ports, then half of them."""
    machine = stuck(pile, snapshots=1, held=())
    assert judged(tmp_path, machine, "netstat/s-").status == expected


def test_expiring_rows_rule_out_past_the_wrap(tmp_path: Path) -> None:
    """Past the wrap by three days, yet rows come and go: what is seen outranks what versions say."""
    entry = judged(tmp_path, calm(500))
    assert entry.status == "ruled_out"
    assert "expired" in messages(entry)


def test_unknown_uptime_is_inconclusive_and_names_the_command(tmp_path: Path) -> None:
    entry = judged(tmp_path, stuck(), "eventlog", "manifest", "system/systeminfo")
    assert entry.status == "inconclusive"
    assert "wevtutil epl System System.evtx" in {missing.command for missing in entry.missing}


def test_unknown_system_is_inconclusive(tmp_path: Path) -> None:
    """Six days of log hold no 6009; without the registry and systeminfo only 6013's binary part names the build."""
    machine = stuck()
    full = judged(tmp_path, machine, "registry", "system/systeminfo")
    assert full.status in {"likely", "confirmed"}


def test_a_reboot_after_the_incident_leaves_the_earlier_boot_to_be_judged(tmp_path: Path) -> None:
    restart = COLLECTED - timedelta(hours=3)
    earlier = Boot(restart - timedelta(days=502), restart - timedelta(minutes=4))
    machine = calm(
        days=0.125,
        earlier_boots=(earlier,),
        incidents=(collisions(restart - timedelta(days=2), restart - timedelta(hours=1)),),
    )
    findings = findings_of(tmp_path, bundle_files(machine))
    entry = cause(findings, "tick-wrap-497d")
    assert (entry.status, entry.applies_to) == ("likely", "previous-boot")
    assert (findings.verdict.cause, findings.verdict.applies_to) == ("tick-wrap-497d", "previous-boot")
    assert cause(findings, "no-exhaustion").status == "possible"


def test_an_earlier_boot_short_of_the_wrap_is_ruled_out(tmp_path: Path) -> None:
    restart = COLLECTED - timedelta(hours=3)
    earlier = Boot(restart - timedelta(days=497), restart - timedelta(minutes=4))
    machine = calm(
        days=0.125,
        earlier_boots=(earlier,),
        incidents=(collisions(restart - timedelta(days=2), restart - timedelta(hours=1)),),
    )
    assert judged(tmp_path, machine).status == "ruled_out"


def test_ports_in_other_states_do_not_count_as_time_wait(tmp_path: Path) -> None:
    machine = stuck(0, piles=(), held=(Held(1536, MONITOR, 443, "CLOSE_WAIT", 900),))
    findings = findings_of(tmp_path, bundle_files(machine))
    assert findings.measurements.time_wait.dynamic_ports == 0
    assert cause(findings, "tick-wrap-497d").status == "inconclusive"


def test_the_wrap_is_dated_in_utc_and_local_time(tmp_path: Path) -> None:
    """Boot 2017-08-11 12:35:00 UTC (500 days before the last table); plus 497 d 2 h 27 m 52.96 s."""
    findings = findings_of(tmp_path, bundle_files(with_uptime(stuck(), 500 * 86_400)))
    assert findings.measurements.uptime.wrap_at == datetime(2018, 12, 21, 15, 2, 53, tzinfo=UTC)
    assert findings.measurements.uptime.wrap_at_local == "2018-12-21 15:02:53 (UTC+00:00)"


def test_without_counters_a_set_that_only_grows_confirms(tmp_path: Path) -> None:
    """traps.md: survivors then count only where random reuse of the free ports cannot explain them."""
    entry = judged(tmp_path, stuck(), "netstat/s-")
    assert entry.status == "confirmed"
    assert "only-grows" in messages(entry)


def test_without_counters_rows_that_reappear_in_a_churn_prove_nothing(tmp_path: Path) -> None:
    entry = judged(tmp_path, churning(boot=COLLECTED - timedelta(days=510)), "netstat/s-")
    assert entry.status == "likely"
    assert "only-grows" not in messages(entry)


def test_without_counters_a_full_range_proves_nothing(tmp_path: Path) -> None:
    """All but a handful of 1,000 ports are in TIME_WAIT in every table: fast traffic looks the same."""
    assert judged(tmp_path, stuck(985, held=()), "netstat/s-").status == "likely"


def test_files_of_two_computers_confirm_nothing(tmp_path: Path) -> None:
    files = bundle_files(stuck())
    files["eventlog/System.evtx"] = bundle_files(stuck(host="OTHER-07"))["eventlog/System.evtx"]
    findings = findings_of(tmp_path, rehashed(files))
    entry = cause(findings, "tick-wrap-497d")
    assert entry.status == "likely"
    assert "hosts-differ" in messages(entry)
    assert any("different computers" in warning.message for warning in findings.warnings)


def saved(machine: Machine, minutes: float, *, third_is_first: bool = False) -> bytes:
    """Zipped by hand: the first and the third table with their counters, dated `minutes` apart by their files."""
    files = bundle_files(machine)
    last = "1" if third_is_first else "3"
    kept = {path: data for path, data in files.items() if not path.startswith(("netstat/", "manifest"))}
    early = COLLECTED.replace(tzinfo=None)
    late = early + timedelta(minutes=minutes)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data, at in (
            *((path, data, late) for path, data in kept.items()),
            ("a.txt", files["netstat/ano-1.txt"], early),
            ("a-s.txt", files["netstat/s-1.txt"], early),
            ("b.txt", files[f"netstat/ano-{last}.txt"], late),
            ("b-s.txt", files[f"netstat/s-{last}.txt"], late),
        ):
            archive.writestr(zipfile.ZipInfo(name, late.timetuple()[:6] if at is late else early.timetuple()[:6]), data)
    return buffer.getvalue()


def test_the_same_table_saved_twice_proves_nothing(tmp_path: Path) -> None:
    """A busy, fixed machine whose driver was not collected: its one table, in two files dated seven minutes apart."""
    machine = churning(boot=COLLECTED - timedelta(days=510), tcpip_files=(), hotfixes=())
    findings = findings_of(tmp_path, saved(machine, 7, third_is_first=True))
    assert cause(findings, "tick-wrap-497d").status == "likely"
    assert cause(findings, "time-wait-churn").status == "possible"


def test_two_tables_a_second_apart_saved_minutes_apart_prove_nothing(tmp_path: Path) -> None:
    """Pasted into an editor and saved later: eight rows came and went in the second between them."""
    machine = churning(boot=COLLECTED - timedelta(days=510), tcpip_files=(), hotfixes=(), snapshot_gap=0.5)
    findings = findings_of(tmp_path, saved(machine, 7))
    assert cause(findings, "tick-wrap-497d").status == "likely"
    assert cause(findings, "time-wait-churn").status != "ruled_out"


def test_files_dates_are_borne_out_by_rows_that_only_come(tmp_path: Path) -> None:
    """Fifteen new rows in five minutes and none gone: ordinary expiry at a steady rate would do that once in e^15."""
    slow = (Traffic(1536, MONITOR, 443, per_second=0.05),)
    machine = stuck(400, traffic=slow, boot=COLLECTED - timedelta(days=497.2))
    findings = findings_of(tmp_path, saved(machine, 5))
    assert findings.measurements.connections.turnover[0].born == 15
    assert cause(findings, "tick-wrap-497d").status == "confirmed"


def test_the_range_is_full_when_its_free_ports_are_gone(tmp_path: Path) -> None:
    """domain.md §7 with every port counted that something holds: free / λ from the last table on."""
    findings = findings_of(tmp_path, bundle_files(stuck()))
    wait, pool = findings.measurements.time_wait, findings.measurements.ports["tcp_ipv4"]
    since = 500 * 86_400 + 300 - WRAP
    free = 1000 - (pool.in_use or 0)
    expected = COLLECTED + timedelta(seconds=300 + free / (900 / since))
    assert abs((wait.full_at or COLLECTED) - expected) < timedelta(seconds=2)
