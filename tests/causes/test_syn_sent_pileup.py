"""Connects that nobody answers: they come and go, fail as fast, and hold the range all the same."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from builder import Machine, Unanswered, bundle_files, console, snapshots
from builder.languages import GERMAN, JAPANESE, RUSSIAN, SPANISH, Language
from builder.machine import WINDOWS_10
from builder.ports import Row

from forensics.report.findings import CauseEntry
from tests.machines import MONITOR, calm
from tests.property_rewrites import rehashed
from tests.tables import FIRST, GONE, LABEL, OTHER, entry_of, files_of, idle, lacking, rows, said

ID = "syn-sent-pileup"
DEAD = "10.20.4.99"
FULL = rows("SYN_SENT", 850)
OTHERS = rows("SYN_SENT", 850, FIRST + 150)  # 700 of the same ports, none of the same connects in truth


def files(
    *tables: Sequence[Row], failed: int = 6000, opened: int = 6000, machine: Machine | None = None
) -> dict[str, bytes]:
    """The tables, and readings of `netstat -s` between which so many attempts were made and failed."""
    machine = replace(machine or idle(), snapshots=len(tables))
    made = files_of(*tables, machine=machine)
    for number, snapshot in enumerate(snapshots(machine), 1):
        last = number == len(tables)
        counted = replace(
            snapshot, active_opens=70_000 + opened * last, failed_attempts=50_000 + failed * last, ipv6=(0, 0, 0, 0, 0)
        )
        made[f"netstat/s-{number}.txt"] = console.netstat_statistics(machine.language, counted, 9_000_000)
    return rehashed(made)


def judged(
    folder: Path, *tables: Sequence[Row], failed: int = 6000, opened: int = 6000, machine: Machine | None = None
) -> CauseEntry:
    return entry_of(folder, files(*tables, failed=failed, opened=opened, machine=machine), ID)


# Every status.


def test_confirmed_by_tables_and_failures(tmp_path: Path) -> None:
    entry = judged(tmp_path, FULL, OTHERS)
    assert entry.status == "confirmed"
    assert f"850 dynamic ports wait for an answer that does not come, most from {MONITOR}:443" in entry.headline
    sentences = said(entry)
    assert sentences["attempts-fail"] == "In 150 s 6,000 of 6,000 connection attempts failed."
    assert sentences["owner"] == f"850 of these 850 ports belong to {LABEL}."
    assert sentences["remote"].endswith(f"go to {MONITOR}:443.")
    (counted,) = (point for point in entry.evidence if point.id.endswith("attempts-fail"))
    assert {source.file for source in counted.sources} == {"netstat/s-1.txt", "netstat/s-2.txt"}
    assert entry.remedies[-1].action.startswith(f"Find out why {MONITOR}:443 does not answer")
    assert entry.remedies[-1].effect == "Frees the ports within half a minute."
    assert "cachesvc.exe back off" in entry.remedies[-1].action


def test_rows_that_come_and_go_speak_for_it(tmp_path: Path) -> None:
    entry = judged(tmp_path, FULL, rows("SYN_SENT", 850, FIRST + 100, remote="203.0.113.41"))
    (turnover,) = (point for point in entry.evidence if point.id.endswith("turns-over"))
    assert turnover.effect == "supports"


def test_what_turns_over_is_not_full_again_weeks_after_a_restart(tmp_path: Path) -> None:
    """850 in SYN_SENT now are 850 again half a minute after the restart, not 40 days."""
    entry = judged(tmp_path, FULL, rows("SYN_SENT", 850, FIRST + 100, remote="203.0.113.41"))
    assert "since the process started" not in entry.forecast
    assert "held again after 39 days" not in entry.remedies[0].effect


def test_likely_without_counters(tmp_path: Path) -> None:
    entry = entry_of(tmp_path, lacking(files(FULL, OTHERS), "netstat/s-"), ID)
    assert entry.status == "likely"
    assert not {"attempts-fail", "attempts-succeed"} & set(said(entry))


def test_possible_from_a_quarter_on(tmp_path: Path) -> None:
    assert judged(tmp_path, rows("SYN_SENT", 300), rows("SYN_SENT", 300)).status == "possible"


def test_inconclusive_where_the_table_is_filtered(tmp_path: Path) -> None:
    made = files(rows("SYN_SENT", 5), rows("SYN_SENT", 5))
    for path in ("netstat/ano-1.txt", "netstat/ano-2.txt"):
        made[path] = b"\r\n".join(line for line in made[path].splitlines() if b"SYN_SENT" in line)
    entry = entry_of(tmp_path, rehashed(made), ID)
    assert entry.status == "inconclusive"
    assert any("unfiltered netstat" in one.statement for one in entry.missing)


def test_ruled_out_by_a_whole_table_with_few(tmp_path: Path) -> None:
    entry = judged(tmp_path, rows("SYN_SENT", 5), rows("SYN_SENT", 5))
    assert entry.status == "ruled_out"
    assert said(entry)["small"] == "No more than 5 dynamic ports are in SYN_SENT."


# Each threshold from both sides.


@pytest.mark.parametrize(
    ("failed", "message", "expected"), [(850, "attempts-fail", "confirmed"), (849, "attempts-succeed", "likely")]
)
def test_as_many_failed_as_wait(tmp_path: Path, failed: int, message: str, expected: str) -> None:
    entry = judged(tmp_path, FULL, OTHERS, failed=failed)
    assert entry.status == expected
    assert f"{failed} of 6,000 connection attempts failed" in said(entry)[message]


def test_failures_are_counted_over_both_families(tmp_path: Path) -> None:
    """850 of IPv6's."""
    made = files(FULL, OTHERS, failed=0, opened=0)
    machine = idle()
    counted = replace(snapshots(machine)[-1], active_opens=70_000, failed_attempts=50_000, ipv6=(900, 0, 850, 0, 0))
    made["netstat/s-2.txt"] = console.netstat_statistics(machine.language, counted, 9_000_000)
    entry = entry_of(tmp_path, rehashed(made), ID)
    assert entry.status == "confirmed"
    assert "850 of 900" in said(entry)["attempts-fail"]


@pytest.mark.parametrize(("first", "expected"), [(425, "confirmed"), (424, "likely")])
def test_half_as_many_stood_before(tmp_path: Path, first: int, expected: str) -> None:
    assert judged(tmp_path, rows("SYN_SENT", first), FULL).status == expected


@pytest.mark.parametrize(("first", "expected"), [(250, "likely"), (249, "possible")])
def test_half_of_the_ports_are_no_crowd_of_a_moment_only_if_they_stood_before(
    tmp_path: Path, first: int, expected: str
) -> None:
    assert judged(tmp_path, rows("SYN_SENT", first), rows("SYN_SENT", 500)).status == expected


@pytest.mark.parametrize(("gap", "expected"), [(120, "likely"), (121, "confirmed")])
def test_tables_further_apart_than_an_attempt_lasts(tmp_path: Path, gap: int, expected: str) -> None:
    assert judged(tmp_path, FULL, OTHERS, machine=idle(snapshot_gap=gap)).status == expected


@pytest.mark.parametrize(("gap", "counted"), [(30.5, False), (31.5, True)])
def test_counters_further_apart_than_an_attempt_lasts(tmp_path: Path, gap: float, *, counted: bool) -> None:
    """31 s are the longest that a connect waits (InitialRto 1000 ms, four retransmissions)."""
    entry = judged(tmp_path, FULL, OTHERS, machine=idle(snapshot_gap=gap))
    assert ("attempts-fail" in said(entry)) == counted


@pytest.mark.parametrize(("held", "expected"), [(799, "likely"), (800, "confirmed")])
def test_80_percent_of_the_ports(tmp_path: Path, held: int, expected: str) -> None:
    assert judged(tmp_path, rows("SYN_SENT", held), rows("SYN_SENT", held)).status == expected


@pytest.mark.parametrize(("own", "expected"), [(425, "confirmed"), (424, "likely")])
def test_half_of_what_is_held(tmp_path: Path, own: int, expected: str) -> None:
    table = rows("SYN_SENT", own) + rows("ESTABLISHED", 850 - own, FIRST + own, pid=OTHER)
    assert judged(tmp_path, table, table).status == expected


@pytest.mark.parametrize(("held", "expected"), [(249, "ruled_out"), (250, "possible"), (500, "likely")])
def test_a_quarter_and_half_of_the_usable_ports(tmp_path: Path, held: int, expected: str) -> None:
    table = rows("SYN_SENT", held)
    assert judged(tmp_path, table, table).status == expected


# What keeps it from being confirmed, and look-alikes.


def test_one_table_shows_no_pile_that_stands(tmp_path: Path) -> None:
    entry = judged(tmp_path, FULL)
    assert entry.status == "likely"
    assert any("second netstat" in one.statement for one in entry.missing)


def test_an_owner_that_is_gone_connects_to_nothing(tmp_path: Path) -> None:
    table = rows("SYN_SENT", 850, pid=GONE)
    entry = judged(tmp_path, table, table)
    assert entry.status == "possible"
    assert "owner-gone" in said(entry)


def test_a_port_scan_over_many_remotes_on_windows_10_is_open(tmp_path: Path) -> None:
    """Nothing shows whether these connects shared ports."""
    table = [replace(row, remote=f"10.20.{number % 200}.9") for number, row in enumerate(FULL)]
    assert judged(tmp_path, table, table, machine=idle(system=WINDOWS_10)).status == "possible"


def test_the_same_scan_on_2008_r2_takes_the_range(tmp_path: Path) -> None:
    table = [replace(row, remote=f"10.20.{number % 200}.9") for number, row in enumerate(FULL)]
    entry = judged(tmp_path, table, table)
    assert entry.status == "confirmed"
    assert "remote" not in said(entry)


def test_attempts_that_are_answered_leave_few_rows(tmp_path: Path) -> None:
    """A slow peer: each connect waits for a second."""
    machine = calm(unanswered=(Unanswered(1536, DEAD, 443, per_second=20, lasts=1.0),))
    assert entry_of(tmp_path, bundle_files(machine), ID).status == "ruled_out"


@pytest.mark.parametrize("language", [GERMAN, JAPANESE, RUSSIAN, SPANISH], ids=lambda one: one.tag)
def test_a_simulated_pile_is_found_in_every_language(tmp_path: Path, language: Language) -> None:
    """41 connects a second that last 21 s: 861 ports."""
    machine = calm(language=language, unanswered=(Unanswered(4480, DEAD, 1433, per_second=41),))
    entry = entry_of(tmp_path, bundle_files(machine), ID)
    assert entry.status == "confirmed"
    assert f"most from {DEAD}:1433" in entry.headline
    assert "w3wp.exe (PID 4480; command line" in said(entry)["owner"]


# Where the answer looks wrong.


def test_849_of_850_that_failed_are_no_success(tmp_path: Path) -> None:
    entry = judged(tmp_path, FULL, OTHERS, failed=849, opened=850)
    assert "attempts-succeed" not in said(entry)
