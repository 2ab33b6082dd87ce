"""Open connections that an application keeps: a leak of thousands, a growing one, and pools that are none."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from builder import Accepted, Held, Leak, Machine, PortRange, bundle_files
from builder.languages import FRENCH, GERMAN, JAPANESE, RUSSIAN, Language
from builder.machine import WINDOWS_10
from builder.ports import Row

from forensics.report.findings import CauseEntry
from tests.bundles import findings_of
from tests.machines import COLLECTED, MONITOR, calm, collisions
from tests.tables import FIRST, GONE, LABEL, OTHER, entry_of, files_of, idle, lacking, rows, said

ID = "established-leak"
LARGE = PortRange(FIRST, 10_000)
FULL = rows("ESTABLISHED", 850)


def judged(folder: Path, *tables: Sequence[Row], machine: Machine | None = None) -> CauseEntry:
    return entry_of(folder, files_of(*tables, machine=machine), ID)


# Every status.


def test_confirmed_by_size_names_the_owner(tmp_path: Path) -> None:
    table = rows("ESTABLISHED", 8500)
    entry = judged(tmp_path, table, table, machine=idle(dynamic_ports=LARGE))
    assert entry.status == "confirmed"
    assert entry.headline.startswith(f"{LABEL} holds 8,500 open connections")
    assert "8,500 open connections would be a warning in a range of the default size too" in said(entry)["abnormal"]
    now, widen, for_good = entry.remedies
    assert now.command == 'procdump -ma 2600 & net stop "CacheSvc" & net start "CacheSvc"'
    # 55,535 - 10,000
    assert widen.effect.startswith("Adds 45,535 ports at once")
    assert for_good.command == ""
    assert all(remedy.effect for remedy in entry.remedies)
    assert all((now.cost, widen.cost, widen.caution))


def test_confirmed_by_growth_without_an_end_of_any(tmp_path: Path) -> None:
    """30 in 150 s, 120 left: ten minutes."""
    entry = judged(tmp_path, FULL, rows("ESTABLISHED", 880))
    assert entry.status == "confirmed"
    assert said(entry)["grows"] == "Within 150 s 30 such rows came and none went."
    assert "ordinary" in said(entry)
    # The 880 come back at 0.2 a second.
    assert "it is full again 1 h 13 min after a restart of the owner" in entry.forecast


def test_possible_where_the_same_ones_stand_and_none_comes(tmp_path: Path) -> None:
    """That is what a pool does as well."""
    entry = judged(tmp_path, FULL, FULL)
    assert entry.status == "possible"
    assert {"fills", "held", "owner", "ordinary"} <= set(said(entry))


def test_possible_from_a_quarter_on(tmp_path: Path) -> None:
    table = rows("ESTABLISHED", 300)
    assert judged(tmp_path, table, table).status == "possible"


def test_inconclusive_where_ports_ran_out_at_another_time(tmp_path: Path) -> None:
    incident = collisions(COLLECTED - timedelta(hours=9), COLLECTED - timedelta(hours=5))
    entry = judged(tmp_path, [], [], machine=idle(incidents=(incident,)))
    assert entry.status == "inconclusive"
    assert any(one.command.startswith("netstat -ano") for one in entry.missing)


def test_ruled_out_by_a_whole_table_with_few(tmp_path: Path) -> None:
    table = rows("ESTABLISHED", 40)
    entry = judged(tmp_path, table, table)
    assert entry.status == "ruled_out"
    assert said(entry)["small"] == "No more than 40 dynamic ports are open connections."


# Each threshold from both sides.


@pytest.mark.parametrize(("held", "expected"), [(8191, "possible"), (8192, "confirmed")])
def test_as_many_as_half_a_default_range(tmp_path: Path, held: int, expected: str) -> None:
    table = rows("ESTABLISHED", held)
    entry = judged(tmp_path, table, table, machine=idle(dynamic_ports=LARGE))
    assert entry.status == expected
    assert ("abnormal" in said(entry)) == (held == 8192)


@pytest.mark.parametrize(("held", "expected"), [(8191, "possible"), (8192, "confirmed")])
def test_80_percent_of_10240_ports_are_as_many(tmp_path: Path, held: int, expected: str) -> None:
    """8,192 are 80 % of 10,240, to the port."""
    table = rows("ESTABLISHED", held)
    entry = judged(tmp_path, table, table, machine=idle(dynamic_ports=PortRange(FIRST, 10_240)))
    assert entry.status == expected
    assert ("short" in said(entry)) == (held == 8192)


@pytest.mark.parametrize(("born", "expected"), [(9, "possible"), (10, "confirmed")])
def test_ten_must_have_come(tmp_path: Path, born: int, expected: str) -> None:
    entry = judged(tmp_path, FULL, rows("ESTABLISHED", 850 + born))
    assert entry.status == expected
    assert ("grows" in said(entry)) == (born == 10)


def test_one_that_went_ends_the_proof(tmp_path: Path) -> None:
    entry = judged(tmp_path, FULL, rows("ESTABLISHED", 879, FIRST + 1))
    assert entry.status == "possible"
    assert "held" in said(entry)


@pytest.mark.parametrize(("held", "expected"), [(799, "likely"), (800, "confirmed")])
def test_80_percent_of_the_ports(tmp_path: Path, held: int, expected: str) -> None:
    assert judged(tmp_path, rows("ESTABLISHED", held - 20), rows("ESTABLISHED", held)).status == expected


@pytest.mark.parametrize(("own", "expected"), [(425, "confirmed"), (424, "likely")])
def test_half_of_what_is_held(tmp_path: Path, own: int, expected: str) -> None:
    other = rows("CLOSE_WAIT", 850 - own, FIRST + own, pid=OTHER)
    entry = judged(tmp_path, rows("ESTABLISHED", own - 20) + other, rows("ESTABLISHED", own) + other)
    assert entry.status == expected


@pytest.mark.parametrize(
    ("held", "expected"), [(249, "ruled_out"), (250, "possible"), (499, "possible"), (500, "possible")]
)
def test_a_quarter_and_half_of_the_usable_ports(tmp_path: Path, held: int, expected: str) -> None:
    table = rows("ESTABLISHED", held)
    assert judged(tmp_path, table, table).status == expected


@pytest.mark.parametrize(("kept", "expected"), [(4251, "confirmed"), (4250, "likely")])
def test_half_of_the_rows_of_the_first_table(tmp_path: Path, kept: int, expected: str) -> None:
    first = rows("ESTABLISHED", 8500)
    later = first[:kept] + rows("ESTABLISHED", 8500 - kept, FIRST + kept, remote="203.0.113.41")
    assert judged(tmp_path, first, later, machine=idle(dynamic_ports=LARGE)).status == expected


# Whose they are.


@pytest.mark.parametrize("pid", [GONE, 0])
def test_without_a_process_there_is_no_application(tmp_path: Path, pid: int) -> None:
    entry = judged(tmp_path, rows("ESTABLISHED", 850, pid=pid), rows("ESTABLISHED", 880, pid=pid))
    assert entry.status == "possible"
    assert "owner-gone" in said(entry)


def test_many_owners_are_no_leak_of_one(tmp_path: Path) -> None:
    pids = (2600, OTHER, 4480)
    later = [row for number, pid in enumerate(pids) for row in rows("ESTABLISHED", 293, FIRST + 293 * number, pid=pid)]
    entry = judged(tmp_path, later[:-20], later)
    assert entry.status == "likely"
    assert "spread" in said(entry)


def test_without_a_process_list_nothing_is_confirmed(tmp_path: Path) -> None:
    entry = entry_of(tmp_path, lacking(files_of(FULL, rows("ESTABLISHED", 880)), "process/"), ID)
    assert entry.status == "likely"
    assert any(one.command.startswith("tasklist") for one in entry.missing)


# Look-alikes.


def test_a_pool_that_serves_is_no_leak(tmp_path: Path) -> None:
    """240 connections to a database, a quarter of the range less ten."""
    machine = calm(held=(Held(4480, "10.20.4.15", 1433, "ESTABLISHED", 240),))
    assert entry_of(tmp_path, bundle_files(machine), ID).status == "ruled_out"


def test_clients_of_a_server_use_none_of_the_range(tmp_path: Path) -> None:
    machine = calm(accepted=(Accepted(4, 443, "198.51.100.9", count=3000),))
    assert entry_of(tmp_path, bundle_files(machine), ID).status == "ruled_out"


def test_clients_of_a_listener_inside_the_range_use_none_of_it(tmp_path: Path) -> None:
    """49155 is where lsass.exe listens."""
    machine = calm(accepted=(Accepted(540, 49155, "10.20.7.9", count=3000),))
    assert entry_of(tmp_path, bundle_files(machine), ID).status == "ruled_out"


def test_windows_10_many_remotes_on_the_same_ports(tmp_path: Path) -> None:
    """600 connections to each of six remotes: 60 % of the ports for any one of them, held."""
    leak = Leak(4480, "203.0.113.60", 443, "ESTABLISHED", already=3600, remotes=6)
    findings = findings_of(tmp_path, bundle_files(calm(system=WINDOWS_10, shared_ports=True, leaks=(leak,))))
    shortage = findings.measurements.shortage["tcp"]
    assert (shortage.shared, shortage.settled) == (True, True)
    entry = next(one for one in findings.causes if one.id == ID)
    assert entry.status == "possible"
    assert "No remote has more than" in said(entry)["not-short-for-remote"]


def test_windows_10_one_remote_takes_the_range(tmp_path: Path) -> None:
    leak = Leak(4480, MONITOR, 443, "ESTABLISHED", per_second=0.2, already=850)
    entry = entry_of(tmp_path, bundle_files(calm(system=WINDOWS_10, shared_ports=True, leaks=(leak,))), ID)
    assert entry.status == "confirmed"


@pytest.mark.parametrize("language", [GERMAN, FRENCH, JAPANESE, RUSSIAN], ids=lambda one: one.tag)
def test_a_simulated_leak_is_found_in_every_language(tmp_path: Path, language: Language) -> None:
    leak = Leak(1536, "10.20.4.31", 8080, "ESTABLISHED", per_second=0.2, already=830)
    entry = entry_of(tmp_path, bundle_files(calm(language=language, leaks=(leak,))), ID)
    assert entry.status == "confirmed"
    assert "hostmonitor.exe (PID 1536; services HostMonitor; command line" in entry.headline
    assert entry.remedies[0].command == 'procdump -ma 1536 & net stop "HostMonitor" & net start "HostMonitor"'
