"""Event 4227 while ports are free: what a table says of the event, how soon it must be taken, and what speaks against.

The range has 1,000 ports and nothing listens in it. One table at COLLECTED; 40 TIME_WAIT rows to one remote.
"""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from builder import Accepted, Boot, Exclusion, Held, Hotfix, Incident, Listener, Machine, Pile, Process, bundle_files
from builder.machine import SERVER_2008, SERVER_2012_R2, SERVER_2019

from forensics.report.findings import CauseEntry, Findings
from tests.bundles import cause, findings_of
from tests.machines import COLLECTED, MONITOR, calm
from tests.property_rewrites import rehashed
from tests.tables import ids, lacking

LISTENERS = (Listener("TCP", 135, 708), Listener("TCP", 445, 4))
SECOND = timedelta(seconds=1)
PILE = Pile(MONITOR, 443, 40)
OTHER = "203.0.113.50"


def once(event_id: int, seconds_before: float) -> Incident:
    at = COLLECTED - timedelta(seconds=seconds_before)
    return Incident("Tcpip", event_id, at - SECOND, at, 1e-9)


def collided(seconds_before: float = 60, **changes: object) -> Machine:
    machine = calm(traffic=(), held=(), listeners=LISTENERS, snapshots=1, incidents=(once(4227, seconds_before),))
    return replace(machine, **({"piles": (PILE,)} | changes))  # type: ignore[arg-type]


def found(folder: Path, machine: Machine, *without: str) -> Findings:
    files = lacking(bundle_files(machine), *without)
    return findings_of(folder, files)


def judged(folder: Path, machine: Machine, *without: str) -> CauseEntry:
    return cause(found(folder, machine, *without), "local-endpoint-reuse")


def test_free_ports_just_after_4227_are_confirmed(tmp_path: Path) -> None:
    findings = found(tmp_path, collided())
    entry = cause(findings, "local-endpoint-reuse")
    assert entry.status == "confirmed"
    assert ids(entry) == {"collisions", "free-at-event", "one-remote", "nothing-unseen"}
    assert "960 of 1,000" in entry.headline
    assert f"{MONITOR}:443" in entry.headline
    assert findings.verdict.cause == "local-endpoint-reuse"


# The shortest delay that may be in force: a port in use at the event is in TIME_WAIT that long at least.
@pytest.mark.parametrize(
    ("registry", "without", "seconds", "expected"),
    [
        (None, (), 120, "confirmed"),  # the default, where the key says nothing else
        (None, (), 121, "inconclusive"),
        (60, (), 60, "confirmed"),
        (60, (), 61, "inconclusive"),
        (240, (), 120, "confirmed"),  # a value may have been set since the boot: the default may be in force
        (240, (), 121, "inconclusive"),
        (None, ("registry/tcpip-",), 30, "confirmed"),  # the documented minimum, where the key was not exported
        (None, ("registry/tcpip-",), 31, "inconclusive"),
        (None, (), 0, "confirmed"),
        (None, (), -1, "inconclusive"),  # after the table
    ],
)
def test_the_table_must_be_taken_within_the_shortest_delay(
    tmp_path: Path, registry: int | None, without: tuple[str, ...], seconds: int, expected: str
) -> None:
    entry = judged(tmp_path, collided(seconds, registry_time_wait_delay=registry), *without)
    assert entry.status == expected
    assert ("too-late" in ids(entry)) == (expected == "inconclusive")


def test_a_calm_table_hours_later_proves_nothing(tmp_path: Path) -> None:
    findings = found(tmp_path, collided(5 * 3600))
    entry = cause(findings, "local-endpoint-reuse")
    assert entry.status == "inconclusive"
    assert "free-at-event" not in ids(entry)
    assert any("taken within" in one.statement for one in entry.missing)
    assert cause(findings, "no-exhaustion").status == "possible"


# 40 ports are in TIME_WAIT besides.
@pytest.mark.parametrize(
    ("held", "expected"), [(459, "confirmed"), (460, "possible"), (759, "possible"), (760, "ruled_out")]
)
def test_fullness_at_the_event(tmp_path: Path, held: int, expected: str) -> None:
    entry = judged(tmp_path, collided(held=(Held(1536, MONITOR, 443, "ESTABLISHED", held),)))
    assert entry.status == expected
    assert ("short-at-event" in ids(entry)) == (expected == "ruled_out")


def test_a_full_range_explains_events_that_no_table_speaks_of(tmp_path: Path) -> None:
    entry = judged(tmp_path, collided(5 * 3600, held=(Held(1536, MONITOR, 443, "ESTABLISHED", 800),)))
    assert (entry.status, "short-now" in ids(entry)) == ("ruled_out", True)


@pytest.mark.parametrize(("days", "expected"), [(496, "confirmed"), (498, "possible")])
def test_the_497_day_defect_makes_ports_collide_as_well(tmp_path: Path, days: int, expected: str) -> None:
    entry = judged(tmp_path, collided(boot=COLLECTED - timedelta(days=days)))
    assert entry.status == expected
    assert ("wrap-open" in ids(entry)) == (expected == "possible")
    assert any("497-day defect" in one.statement for one in entry.missing) == (expected == "possible")


def test_without_the_uptime_and_the_version_the_defect_is_open(tmp_path: Path) -> None:
    """The log alone tells of 4227; it tells the uptime too, so the boot has to lie past the wrap or be unknown."""
    machine = collided(log_begins=COLLECTED - timedelta(minutes=20), everyday_events=0)
    entry = judged(tmp_path, machine, "system/", "manifest.json")
    assert entry.status != "confirmed"


# --- ports that netstat does not show ---


def with_handles(total: int, **changes: object) -> Machine:
    """All processes together have so many handles, System's not counted."""
    machine = collided(**changes)  # type: ignore[arg-type]
    others = sum(one.handles for one in machine.processes if one.pid not in {0, 4})
    return replace(machine, processes=(*machine.processes, Process(2600, "cachesvc.exe", handles=total - others)))


@pytest.mark.parametrize(("handles", "expected"), [(959, "confirmed"), (960, "likely")])
def test_handles_that_leave_no_room_for_unseen_sockets(tmp_path: Path, handles: int, expected: str) -> None:
    entry = judged(tmp_path, with_handles(handles))
    assert entry.status == expected
    assert ("nothing-unseen" in ids(entry)) == (expected == "confirmed")


def test_without_handle_counts_sockets_may_be_unseen(tmp_path: Path) -> None:
    entry = judged(tmp_path, collided(), "process/wmic")
    assert entry.status == "likely"
    assert any("netstat -q" in one.statement for one in entry.missing)


def test_netstat_q_shows_them(tmp_path: Path) -> None:
    machine = with_handles(5000, system=SERVER_2019)
    assert judged(tmp_path, machine).status == "confirmed"
    assert judged(tmp_path, machine, "netstat/anoq").status == "likely"


def test_bound_sockets_that_q_shows_fill_the_range(tmp_path: Path) -> None:
    machine = collided(system=SERVER_2019, held=(Held(1536, MONITOR, 443, "BOUND", 800),))
    assert judged(tmp_path, machine).status == "ruled_out"


# --- one remote ---


@pytest.mark.parametrize(("third", "expected"), [(5, "confirmed"), (6, "possible")])
def test_one_remote_has_half_of_the_time_wait_rows(tmp_path: Path, third: int, expected: str) -> None:
    piles = (Pile(MONITOR, 443, 20), Pile(OTHER, 443, 15), Pile(MONITOR, 80, third))
    entry = judged(tmp_path, collided(piles=piles))
    assert entry.status == expected
    assert ("many-remotes" in ids(entry)) == (expected == "possible")


# 1 % of the ports in TIME_WAIT to it: one random choice in a hundred collides.
@pytest.mark.parametrize(("count", "expected"), [(10, "confirmed"), (9, "possible")])
def test_the_remote_must_have_enough_ports_to_collide(tmp_path: Path, count: int, expected: str) -> None:
    assert judged(tmp_path, collided(piles=(Pile(MONITOR, 443, count),))).status == expected


@pytest.mark.parametrize(("seconds", "expected"), [(61, "confirmed"), (60, "likely"), (0, "likely"), (-1, "confirmed")])
def test_a_process_created_since_the_event_may_have_replaced_the_one_that_held_ports(
    tmp_path: Path, seconds: int, expected: str
) -> None:
    """The event is 60 s before the table."""
    up = 40 * 86_400
    fresh = Process(2600, "w3wp.exe", "C:\\w3wp.exe", handles=10, started=up - seconds)
    assert judged(tmp_path, collided(processes=(*calm().processes, fresh))).status == expected


def test_without_time_wait_no_remote_is_named(tmp_path: Path) -> None:
    entry = judged(tmp_path, collided(piles=()))
    assert entry.status == "possible"
    assert not ids(entry) & {"one-remote", "many-remotes"}


def test_clients_of_this_machine_are_no_remotes_of_its_traffic(tmp_path: Path) -> None:
    """traps.md: only rows whose local port lies in the dynamic range use it up."""
    visitors = Accepted(4, 445, "10.20.7.20", "TIME_WAIT", 50)
    assert judged(tmp_path, collided(accepted=(visitors,))).status == "confirmed"


# --- what speaks against ---


def test_4231_says_that_all_ports_were_in_use(tmp_path: Path) -> None:
    entry = judged(tmp_path, collided(system=SERVER_2012_R2, incidents=(once(4227, 60), once(4231, 50))))
    assert (entry.status, "ran-out" in ids(entry)) == ("ruled_out", True)


def test_a_confirmed_answer_has_nothing_decisive_against_it(tmp_path: Path) -> None:
    """PROVES asks for no event 4231."""
    entry = judged(tmp_path, collided(system=SERVER_2012_R2, incidents=(once(4227, 60), once(4231, 40_000))))
    against = [point.id for point in entry.evidence if point.effect == "contradicts" and point.weight == 3]
    assert not (entry.status == "confirmed" and against)


def test_4231_without_4227_is_not_this_cause(tmp_path: Path) -> None:
    entry = judged(tmp_path, collided(system=SERVER_2012_R2, incidents=(once(4231, 60),)))
    assert (entry.status, ids(entry)) == ("ruled_out", {"none"})


def test_a_whole_log_without_4227_rules_it_out(tmp_path: Path) -> None:
    assert judged(tmp_path, collided(incidents=())).status == "ruled_out"


def test_a_damaged_or_missing_log_without_4227_does_not(tmp_path: Path) -> None:
    files = bundle_files(collided(incidents=()))
    log = bytearray(files["eventlog/System.evtx"])
    log[4096 + 600 : 4096 + 700] = bytes(100)
    files["eventlog/System.evtx"] = bytes(log)
    assert cause(findings_of(tmp_path, rehashed(files)), "local-endpoint-reuse").status == "inconclusive"
    entry = judged(tmp_path, collided(), "eventlog/")
    assert entry.status == "inconclusive"
    assert any("event log" in one.statement for one in entry.missing)


def test_events_before_the_restart_are_told_of_the_previous_boot(tmp_path: Path) -> None:
    restart = COLLECTED - timedelta(hours=3)
    machine = collided(
        4 * 3600, boot=restart,
        earlier_boots=(Boot(restart - timedelta(days=30), restart - timedelta(minutes=3)),),
    )  # fmt: skip
    entry = judged(tmp_path, machine)
    assert (entry.status, entry.applies_to) == ("inconclusive", "previous-boot")


# --- nothing assumed ---


@pytest.mark.parametrize("lost", ["netsh/dynamicport", "netsh/"])
def test_an_assumed_range_confirms_nothing(tmp_path: Path, lost: str) -> None:
    assert judged(tmp_path, collided(), lost).status == "possible"


def test_files_of_two_computers_confirm_nothing(tmp_path: Path) -> None:
    files = bundle_files(collided(system=SERVER_2012_R2))
    files["system/systeminfo.txt"] = bundle_files(collided(system=SERVER_2012_R2, host="OTHER-HOST"))[
        "system/systeminfo.txt"
    ]
    assert cause(findings_of(tmp_path, rehashed(files)), "local-endpoint-reuse").status == "likely"


def test_a_filtered_table_speaks_of_no_event(tmp_path: Path) -> None:
    files = {
        path: data
        for path, data in bundle_files(collided()).items()
        if not path.startswith(("netstat/anot", "netstat/anob"))
    }
    files["netstat/ano-1.txt"] = b"\r\n".join(
        line for line in files["netstat/ano-1.txt"].splitlines() if b"LISTENING" not in line
    )
    assert cause(findings_of(tmp_path, rehashed(files)), "local-endpoint-reuse").status == "inconclusive"


def test_without_the_exclusions_it_is_not_known_how_many_ports_were_free(tmp_path: Path) -> None:
    """800 of 1,000 ports are excluded; 180 of the 200 that are left were taken at the event."""
    machine = collided(
        exclusions=(Exclusion(49152, 49951),), held=(Held(1536, MONITOR, 443, "ESTABLISHED", 140),),
        piles=(PILE,),
    )  # fmt: skip
    assert judged(tmp_path, machine).status == "ruled_out"
    assert judged(tmp_path, machine, "netsh/excludedportrange").status != "confirmed"


# --- remedies ---


def test_the_hotfix_is_that_of_the_system_and_only_where_it_lacks(tmp_path: Path) -> None:
    assert any("KB2826167" in one.action for one in judged(tmp_path, collided()).remedies)
    assert any("KB2901197" in one.action for one in judged(tmp_path, collided(system=SERVER_2008)).remedies)
    assert not any("KB" in one.action for one in judged(tmp_path, collided(system=SERVER_2012_R2)).remedies)
    installed = collided(hotfixes=(Hotfix("KB2826167", date(2014, 1, 10), "Hotfix"),))
    assert not any("KB" in one.action for one in judged(tmp_path, installed).remedies)
