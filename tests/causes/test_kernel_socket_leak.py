"""Ports whose process is gone: who may be accused, who may not, and each threshold from both sides.

The dynamic range has 1,000 ports and nothing listens in it, so shares follow from the counts.
"""

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from builder import (
    Boot,
    DriverInstall,
    Held,
    Hotfix,
    Incident,
    InstalledProgram,
    LayeredProvider,
    Leak,
    Listener,
    Machine,
    Pile,
    Process,
    Unanswered,
    bundle_files,
)
from builder.machine import SERVER_2008_R2, SERVER_2012, SERVER_2012_R2, SERVER_2016, SERVER_2019, System

from forensics.report.findings import CauseEntry
from tests.bundles import cause, findings_of
from tests.machines import COLLECTED, MONITOR, calm
from tests.property_rewrites import rehashed
from tests.tables import ids, lacking

VANISHED = 40_001
BOOT = COLLECTED - timedelta(days=40)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
LISTENERS = (Listener("TCP", 135, 708), Listener("TCP", 445, 4))


def quiet(**changes: object) -> Machine:
    """Nothing but listeners below the range."""
    return replace(calm(traffic=(), held=(), listeners=LISTENERS), **changes)  # type: ignore[arg-type]


def kept(
    count: int = 900, state: str = "ESTABLISHED", pid: int = VANISHED, port: int = 443, **changes: object
) -> Machine:
    return quiet(leaks=(Leak(pid, MONITOR, port, state, already=count),), **changes)


def judged(folder: Path, machine: Machine, *without: str, manifest: bool = True) -> CauseEntry:
    files = lacking(bundle_files(machine), *without)
    if not manifest:
        del files["manifest.json"]
    return cause(findings_of(folder, files), "kernel-socket-leak")


def once(event_id: int, at: timedelta, provider: str = "Tcpip", detail: tuple[str, ...] = ()) -> Incident:
    """A single event, so long after the collection (or before it, below zero)."""
    return Incident(provider, event_id, COLLECTED + at - SECOND, COLLECTED + at, 1e-9, detail)  # type: ignore[arg-type]


def slow_close(at: timedelta) -> Incident:
    return once(16002, at, "AFD", ("49200", "1536"))


def test_rows_of_a_vanished_process_are_confirmed(tmp_path: Path) -> None:
    entry = judged(tmp_path, kept())
    assert entry.status == "confirmed"
    assert ids(entry) == {"short", "fills", "held", "owner-gone", "remote", "no-holder"}
    (gone,) = (point for point in entry.evidence if point.id.endswith("owner-gone"))
    assert f"PID {VANISHED}" in gone.statement
    assert {source.file for source in gone.sources} >= {"netstat/ano-3.txt"}
    assert [remedy.action for remedy in entry.remedies if remedy.action.startswith("Restart the machine")]


@pytest.mark.parametrize("state", ["ESTABLISHED", "CLOSE_WAIT", "SYN_SENT"])
def test_every_state_that_needs_a_process_counts(tmp_path: Path, state: str) -> None:
    assert judged(tmp_path, kept(state=state)).status == "confirmed"


def test_bound_sockets_of_a_vanished_process_count_as_well(tmp_path: Path) -> None:
    machine = quiet(leaks=(Leak(VANISHED, state="BOUND", already=900),), system=SERVER_2019)
    assert judged(tmp_path, machine).status in {"confirmed", "likely"}


def test_rows_of_pid_0_in_established_have_no_process_either(tmp_path: Path) -> None:
    assert judged(tmp_path, kept(pid=0)).status == "confirmed"
    without_list = judged(tmp_path, kept(pid=0), "process/")
    assert without_list.status == "likely"


@pytest.mark.parametrize("state", ["FIN_WAIT_1", "FIN_WAIT_2", "CLOSING", "LAST_ACK"])
def test_closing_rows_have_pid_0_by_rights(tmp_path: Path, state: str) -> None:
    entry = judged(tmp_path, kept(state=state, pid=0))
    assert entry.status == "ruled_out"
    assert "all-owned" in ids(entry)


def churning_orphans(remotes: int) -> Machine:
    """900 attempts under way at any time, each for 100 s: Active Opens counts some 2,700 between the tables."""
    return quiet(unanswered=(Unanswered(VANISHED, "198.51.100.1", 443, per_second=9.0, lasts=100.0, remotes=remotes),))


def test_sockets_that_come_and_go_are_closed_by_somebody(tmp_path: Path) -> None:
    entry = judged(tmp_path, churning_orphans(50))
    assert (entry.status, "turns-over" in ids(entry)) == ("ruled_out", True)


def test_sockets_that_were_opened_anew_have_not_stayed(tmp_path: Path) -> None:
    """traps.md, Arithmetic: what survives counts only in excess of what Active Opens allows to be new."""
    assert judged(tmp_path, churning_orphans(1)).status != "confirmed"


def test_time_wait_has_pid_0_by_rights(tmp_path: Path) -> None:
    entry = judged(tmp_path, quiet(piles=(Pile(MONITOR, 443, 900),)))
    assert (entry.status, "all-owned" in ids(entry)) == ("ruled_out", True)


def test_a_live_process_holds_its_own_sockets(tmp_path: Path) -> None:
    entry = judged(tmp_path, kept(pid=1536))
    assert (entry.status, "all-owned" in ids(entry)) == ("ruled_out", True)


@pytest.mark.parametrize(
    ("port", "expected"), [(445, "ruled_out"), (139, "ruled_out"), (2049, "ruled_out"), (8443, "likely")]
)
def test_the_system_process_connects_for_others_to_some_ports(tmp_path: Path, port: int, expected: str) -> None:
    assert judged(tmp_path, kept(pid=4, port=port)).status == expected


# 800 of 1,000 usable ports are critical; below that nothing is proven.
@pytest.mark.parametrize(
    ("count", "expected"),
    [(800, "confirmed"), (799, "likely"), (500, "likely"), (499, "possible"), (250, "possible"), (249, "ruled_out")],
)
def test_ladder_of_rows_that_stay(tmp_path: Path, count: int, expected: str) -> None:
    assert judged(tmp_path, kept(count)).status == expected


@pytest.mark.parametrize(
    ("count", "expected"),
    [(800, "likely"), (799, "possible"), (500, "possible"), (250, "possible"), (249, "ruled_out")],
)
def test_ladder_of_a_single_table(tmp_path: Path, count: int, expected: str) -> None:
    assert judged(tmp_path, kept(count, snapshots=1)).status == expected


def with_handles(machine: Machine, more: int, *, total: bool) -> Machine:
    """One process more with so many handles, or with what lacks to that total (System's own do not count)."""
    others = sum(one.handles for one in machine.processes if one.pid not in {0, 4}) if total else 0
    return replace(machine, processes=(*machine.processes, Process(2600, "worker.exe", handles=more - others)))


@pytest.mark.parametrize(("handles", "expected"), [(899, "confirmed"), (900, "likely")])
def test_all_processes_together_must_have_too_few_handles(tmp_path: Path, handles: int, expected: str) -> None:
    """Children may have inherited the sockets in parts."""
    entry = judged(tmp_path, with_handles(kept(), handles, total=True))
    assert entry.status == expected
    assert ("no-holder" in ids(entry)) == (expected == "confirmed")
    assert "other-holder" not in ids(entry)


@pytest.mark.parametrize(("handles", "expected"), [(899, False), (900, True)])
def test_one_process_with_as_many_handles_is_named(tmp_path: Path, handles: int, *, expected: bool) -> None:
    entry = judged(tmp_path, with_handles(kept(), handles, total=False))
    assert entry.status == "likely"
    assert ("other-holder" in ids(entry)) == expected
    assert any("worker.exe (PID 2600)" in point.statement for point in entry.evidence) == expected


def test_without_handle_counts_nobody_can_be_cleared(tmp_path: Path) -> None:
    entry = judged(tmp_path, kept(), "process/wmic")
    assert entry.status == "likely"
    assert not ids(entry) & {"no-holder", "other-holder"}
    assert any("handles" in one.statement for one in entry.missing)


def test_one_process_without_a_count_is_enough_to_doubt(tmp_path: Path) -> None:
    files = bundle_files(kept())
    path = "process/wmic-process.csv"
    files[path] = re.sub(rb'("w3wp.exe",.*?),"45",', rb'\1,"",', files[path])
    assert files[path] != bundle_files(kept())[path]
    assert cause(findings_of(tmp_path, rehashed(files)), "kernel-socket-leak").status == "likely"


def test_without_a_process_list_it_is_open_whose_sockets_they_are(tmp_path: Path) -> None:
    entry = judged(tmp_path, kept(), "process/")
    assert entry.status == "inconclusive"
    assert any(one.statement.startswith("The process list") for one in entry.missing)


@pytest.mark.parametrize("count", [799, 500, 300])
def test_without_a_process_list_it_is_open_below_the_critical_share_too(tmp_path: Path, count: int) -> None:
    assert judged(tmp_path, kept(count)).status in {"likely", "possible"}
    assert judged(tmp_path, kept(count), "process/").status == "inconclusive"


def test_without_a_process_list_nothing_counts_against_it(tmp_path: Path) -> None:
    entry = judged(tmp_path, kept(), "process/")
    assert not ids(entry) & {"small", "other-fills"}


def test_a_filtered_process_list_proves_no_absence(tmp_path: Path) -> None:
    """Without the System process, which every Windows has, it is no whole list."""
    machine = kept(processes=tuple(one for one in calm().processes if one.pid == 1536))
    assert judged(tmp_path, machine).status == "inconclusive"


def test_without_the_collectors_times_a_list_may_be_of_another_time(tmp_path: Path) -> None:
    assert judged(tmp_path, kept(), manifest=False).status == "likely"


# Tables at 0, 150 and 300 s after COLLECTED.
@pytest.mark.parametrize(
    ("milliseconds", "expected"),
    [(-1, "likely"), (0, "confirmed"), (1, "confirmed"), (300_000, "confirmed"), (300_001, "likely")],
)
def test_the_list_must_be_made_between_the_tables(tmp_path: Path, milliseconds: int, expected: str) -> None:
    files = bundle_files(kept())
    manifest = json.loads(files["manifest.json"])
    at = COLLECTED + timedelta(milliseconds=milliseconds)
    for entry in manifest["files"]:
        if entry["path"].startswith("process/"):
            entry["started_at"] = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"
    files["manifest.json"] = json.dumps(manifest).encode()
    assert cause(findings_of(tmp_path, files), "kernel-socket-leak").status == expected


def test_without_the_range_nothing_is_confirmed(tmp_path: Path) -> None:
    assert judged(tmp_path, kept(), "netsh/dynamicport").status != "confirmed"


def test_a_filtered_table_confirms_nothing_and_rules_out_nothing(tmp_path: Path) -> None:
    files = {
        path: data
        for path, data in bundle_files(kept(100)).items()
        if not path.startswith(("netstat/anot", "netstat/anob"))
    }
    for number in (1, 2, 3):
        path = f"netstat/ano-{number}.txt"
        files[path] = b"\r\n".join(line for line in files[path].splitlines() if b"LISTENING" not in line)
    assert cause(findings_of(tmp_path, rehashed(files)), "kernel-socket-leak").status == "inconclusive"


# --- AFD 16002 and the regression of July 2018 ---


def test_slow_closes_alone_are_possible(tmp_path: Path) -> None:
    entry = judged(tmp_path, quiet(system=SERVER_2012_R2, incidents=(slow_close(-DAY),)))
    assert entry.status == "possible"
    assert "slow-close" in ids(entry)
    assert "no-16002" in ids(judged(tmp_path, quiet(system=SERVER_2012_R2)))
    assert "no-16002" not in ids(judged(tmp_path, quiet()))  # 2008 R2 has no such event


def test_slow_closes_before_the_restart_are_past(tmp_path: Path) -> None:
    restart = COLLECTED - timedelta(hours=3)
    machine = quiet(
        system=SERVER_2012_R2, boot=restart, incidents=(slow_close(-timedelta(hours=4)),),
        earlier_boots=(Boot(restart - timedelta(days=30), restart - timedelta(minutes=3)),),
    )  # fmt: skip
    assert judged(tmp_path, machine).status == "ruled_out"
    assert judged(tmp_path, replace(machine, incidents=(slow_close(-timedelta(hours=2)),))).status == "possible"


JULY = Hotfix("KB4338815", date(2018, 7, 11), "Update")
# 4227 nine hours before the tables: no table speaks of it.
TROUBLE = (slow_close(-timedelta(hours=9)), once(4227, -timedelta(hours=9)))


def regressed(*hotfixes: Hotfix, **changes: object) -> Machine:
    return replace(quiet(system=SERVER_2012_R2, hotfixes=hotfixes, incidents=TROUBLE), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        ((), "likely"),
        ((Hotfix("KB4338831", date(2018, 7, 19)),), "possible"),  # the fix itself
        ((Hotfix("KB4343000", date(2018, 8, 13)),), "likely"),
        ((Hotfix("KB4343000", date(2018, 8, 14)),), "possible"),  # the updates of August hold the fix
        ((Hotfix("KB4054566", date(2017, 11, 18)),), "likely"),
    ],
)
def test_the_july_regression_and_what_ends_it(tmp_path: Path, later: tuple[Hotfix, ...], expected: str) -> None:
    entry = judged(tmp_path, regressed(JULY, *later))
    assert entry.status == expected
    assert ("regression" in ids(entry)) == (expected == "likely")
    assert any("KB4338831" in remedy.action for remedy in entry.remedies) == (expected == "likely")


@pytest.mark.parametrize(
    ("system", "kb", "fix"),
    [
        (SERVER_2008_R2, "KB4338818", "KB4338821"),
        (SERVER_2008_R2, "KB4338823", "KB4345459"),
        (SERVER_2012, "KB4338830", "KB4338816"),
        (SERVER_2012_R2, "KB4338824", "KB4345424"),
        (SERVER_2016, "KB4338814", "KB4345418"),
        (SERVER_2012_R2, "KB4338818", ""),  # another system's update
        (SERVER_2008_R2, "KB4338815", ""),
    ],
)
def test_the_remedy_names_the_fix_of_the_same_track(tmp_path: Path, system: System, kb: str, fix: str) -> None:
    entry = judged(tmp_path, regressed(Hotfix(kb, date(2018, 7, 11)), system=system))
    assert entry.status == ("likely" if fix else "possible")
    assert ("regression" in ids(entry)) == bool(fix)
    assert not fix or any(fix in remedy.action for remedy in entry.remedies)


@pytest.mark.parametrize(
    ("kb", "expected"), [("KB4457129", "possible"), ("KB4054566", "likely"), ("KB4345459", "possible")]
)
def test_without_dates_a_later_number_may_hold_the_fix(tmp_path: Path, kb: str, expected: str) -> None:
    """systeminfo lists updates without dates."""
    entry = judged(tmp_path, regressed(JULY, Hotfix(kb, date(2018, 9, 12))), "system/hotfixes")
    assert entry.status == expected


def test_the_regression_without_slow_closes_is_possible(tmp_path: Path) -> None:
    assert judged(tmp_path, regressed(JULY, incidents=(once(4227, -timedelta(hours=9)),))).status == "possible"


def test_the_regression_alone_accuses_nobody(tmp_path: Path) -> None:
    assert judged(tmp_path, regressed(JULY, incidents=())).status == "ruled_out"


def test_slow_closes_and_the_regression_beside_a_pile_that_explains_the_shortage(tmp_path: Path) -> None:
    machine = regressed(JULY, leaks=(Leak(1536, MONITOR, 443, "CLOSE_WAIT", already=900),))
    assert judged(tmp_path, machine).status == "possible"


def test_ports_that_collide_in_a_calm_table_are_hidden(tmp_path: Path) -> None:
    """4227 a minute before a table that shows nobody: something unseen held the ports."""
    at = -timedelta(minutes=1)
    assert judged(tmp_path, regressed(JULY, incidents=(slow_close(at), once(4227, at)))).status == "likely"


def test_a_fix_that_waits_for_a_restart_fixes_nothing(tmp_path: Path) -> None:
    fix = Hotfix("KB4338831", (BOOT + timedelta(days=10)).date())
    assert judged(tmp_path, regressed(JULY, fix)).status == "likely"


def test_a_regression_that_waits_for_a_restart_breaks_nothing(tmp_path: Path) -> None:
    boot = COLLECTED - timedelta(days=180)  # 2018-06-27
    machine = regressed(JULY, boot=boot, log_begins=COLLECTED - timedelta(days=6))
    assert judged(tmp_path, machine).status == "possible"


# --- hints ---


@pytest.mark.parametrize(
    ("before", "expected"), [(7 * DAY, True), (7 * DAY + SECOND, False), (SECOND, True), (-SECOND, False)]
)
def test_a_driver_installed_in_the_week_before_the_first_event_is_a_hint(
    tmp_path: Path, before: timedelta, *, expected: bool
) -> None:
    onset = -timedelta(hours=9)
    driver = DriverInstall(COLLECTED + onset - before, "shieldnt", "\\SystemRoot\\System32\\drivers\\shieldnt.sys")
    machine = quiet(
        incidents=(once(4227, onset), once(4227, onset + timedelta(hours=1))), driver_installs=(driver,),
        log_begins=COLLECTED - timedelta(days=20), everyday_events=1,
    )  # fmt: skip
    entry = judged(tmp_path, machine)
    assert entry.status == "inconclusive"
    assert ("installed" in ids(entry)) == expected


def test_a_service_is_no_driver(tmp_path: Path) -> None:
    service = DriverInstall(COLLECTED - DAY, "backup", "C:\\Backup\\backup.exe", driver=False)
    machine = quiet(incidents=(once(4227, -timedelta(hours=9)),), driver_installs=(service,))
    assert "installed" not in ids(judged(tmp_path, machine))


def test_third_party_drivers_are_an_inventory_and_no_evidence(tmp_path: Path) -> None:
    product = {
        "driver_installs": (
            DriverInstall(COLLECTED - DAY, "SYMTDIV", "\\SystemRoot\\System32\\drivers\\SYMTDIV.SYS"),
            DriverInstall(COLLECTED - DAY, "tmtdi", "\\SystemRoot\\System32\\drivers\\tmtdi.sys"),
        ),
        "programs": (InstalledProgram("Symantec Endpoint Protection", "12.1.7004.6500", "Symantec Corporation"),),
        "winsock_catalog": True,
        "layered_providers": (LayeredProvider("ShieldNet LSP", "C:\\Program Files\\ShieldNet\\shlsp.dll"),),
    }
    for make in (quiet, kept):
        plain = judged(tmp_path, make())
        files = bundle_files(replace(make(), **product))  # type: ignore[arg-type]
        findings = findings_of(tmp_path, files)
        equipped = cause(findings, "kernel-socket-leak")
        assert len(findings.measurements.network_drivers) >= 2
        assert (equipped.status, equipped.confidence, ids(equipped)) == (plain.status, plain.confidence, ids(plain))


def test_a_filter_that_afd_names_is_shown_where_the_question_is_open(tmp_path: Path) -> None:
    named = once(16001, -DAY, "AFD", ("\\Driver\\shieldnt",))
    calm_one = judged(tmp_path, quiet(system=SERVER_2012_R2, incidents=(named,)))
    assert (calm_one.status, "tdi-filter" in ids(calm_one)) == ("ruled_out", False)
    open_one = judged(tmp_path, kept(system=SERVER_2012_R2, incidents=(named,)))
    assert "tdi-filter" in ids(open_one)
    assert any("shieldnt" in point.statement for point in open_one.evidence)


@pytest.mark.parametrize(("count", "expected"), [(250, True), (249, False)])
def test_loopback_sockets_are_a_hint_on_2008_r2(tmp_path: Path, count: int, *, expected: bool) -> None:
    own = Leak(1536, "127.0.0.1", 8005, "ESTABLISHED", already=count)
    orphans = Leak(VANISHED, MONITOR, 443, "ESTABLISHED", already=300)
    assert ("loopback" in ids(judged(tmp_path, quiet(leaks=(own, orphans))))) == expected
    assert "loopback" not in ids(judged(tmp_path, quiet(leaks=(own, orphans), system=SERVER_2012_R2)))


# --- several things at once ---


def test_ports_that_many_remotes_share_are_nobodys_shortage(tmp_path: Path) -> None:
    """Windows 10: 900 orphaned rows over nine remotes leave 900 of 1,000 ports to each."""
    machine = quiet(
        system=SERVER_2019, shared_ports=True,
        leaks=(Leak(VANISHED, "198.51.100.1", 443, "ESTABLISHED", already=900, remotes=9),),
    )  # fmt: skip
    findings = findings_of(tmp_path, bundle_files(machine))
    assert cause(findings, "kernel-socket-leak").status == "ruled_out"
    assert cause(findings, "port-range-too-small").status == "ruled_out"


def test_a_leak_in_a_small_range_is_both_and_the_leak_leads(tmp_path: Path) -> None:
    findings = findings_of(tmp_path, bundle_files(kept()))
    assert cause(findings, "kernel-socket-leak").status == "confirmed"
    assert cause(findings, "port-range-too-small").status == "likely"
    assert (findings.verdict.cause, findings.verdict.status) == ("kernel-socket-leak", "confirmed")


def test_trouble_before_the_restart_is_told_of_the_previous_boot(tmp_path: Path) -> None:
    restart = COLLECTED - timedelta(hours=3)
    machine = quiet(
        boot=restart, incidents=(once(4227, -timedelta(hours=4)),),
        earlier_boots=(Boot(restart - timedelta(days=30), restart - timedelta(minutes=3)),),
    )  # fmt: skip
    entry = judged(tmp_path, machine)
    assert (entry.status, entry.applies_to) == ("inconclusive", "previous-boot")


def test_a_leak_over_two_families_counts_the_fuller(tmp_path: Path) -> None:
    six = Leak(VANISHED, "2001:db8:31::20", 443, "ESTABLISHED", already=900, family=6)
    assert judged(tmp_path, quiet(leaks=(six,))).status == "confirmed"


def test_half_of_what_is_held_must_be_orphaned(tmp_path: Path) -> None:
    """450 orphans of 900 rows fill the range; 449 of 900 do not, and yet without them it would not be full."""
    own = Held(1536, MONITOR, 443, "ESTABLISHED", 450)
    half = judged(tmp_path, kept(450, held=(own,)))
    assert half.status == "confirmed"
    less = judged(tmp_path, kept(449, held=(replace(own, count=451),)))
    assert less.status == "likely"
