"""Sockets that are bound and nothing else: what -q shows, what handles say, and what is left where there is no -q."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from builder import Held, Leak, Machine, bundle_files
from builder.languages import FRENCH, GERMAN, JAPANESE, RUSSIAN, Language
from builder.machine import SERVER_2008_R2, SERVER_2012_R2, SERVER_2016, WINDOWS_10, System
from builder.ports import Row

from forensics.report.findings import CauseEntry
from tests.machines import COLLECTED, calm
from tests.tables import FIRST, GONE, LABEL, OTHER, SERVICE, entry_of, files_of, idle, lacking, once, rows, said

ID = "bound-port-leak"
FULL = rows("BOUND", 850)


def with_handles(handles: int, name: str = SERVICE.name, **changes: object) -> Machine:
    """A machine whose service has so many handles."""
    processes = tuple(
        replace(one, handles=handles, name=name) if one.pid == SERVICE.pid else one for one in idle().processes
    )
    return idle(**{"system": WINDOWS_10, "processes": processes, **changes})


def judged(
    folder: Path, *bound: Sequence[Row], machine: Machine | None = None, plain: Sequence[Row] = ()
) -> CauseEntry:
    """The answer to tables of `netstat -anoq` with these BOUND rows, and plain ones without."""
    made = files_of(plain, plain, machine=machine or with_handles(900), bound=bound)
    return entry_of(folder, made, ID)


def at(number: int, *, before: timedelta, system: System = SERVER_2012_R2, **changes: object) -> Machine:
    """A machine with one such event so long before the first table."""
    return idle(system=system, incidents=(once(number, COLLECTED - before),), **changes)


# Every status, where -q was run.


def test_confirmed_by_handles_names_the_owner(tmp_path: Path) -> None:
    entry = judged(tmp_path, FULL)
    assert entry.status == "confirmed"
    assert entry.headline.startswith(f"{LABEL} holds 850 ports that it bound and never used")
    sentences = said(entry)
    assert sentences["fills"] == "850 of them are bound and have no connection."
    assert sentences["handles"] == "cachesvc.exe has 900 handles, enough for 850 sockets."
    assert "held" not in sentences
    now, widen, for_good = entry.remedies
    assert now.command == 'procdump -ma 2600 & net stop "CacheSvc" & net start "CacheSvc"'
    assert for_good.command == ""
    assert all((now.effect, now.cost, widen.effect, widen.cost, for_good.effect))
    assert "it is full again 39 days 23 h after a restart of the owner" in entry.forecast


def test_confirmed_by_the_same_rows_in_two_tables(tmp_path: Path) -> None:
    """Handles are not known here: tasklist has none."""
    made = lacking(files_of([], [], machine=with_handles(900), bound=[FULL, FULL]), "process/wmic")
    entry = entry_of(tmp_path, made, ID)
    assert entry.status == "confirmed"
    assert "held" in said(entry)


def test_what_is_bound_has_no_remote(tmp_path: Path) -> None:
    assert "remote" not in said(judged(tmp_path, FULL))


def test_likely_where_neither_handles_nor_a_second_table_bear_it_out(tmp_path: Path) -> None:
    made = lacking(files_of([], [], machine=with_handles(900), bound=[FULL]), "process/wmic")
    entry = entry_of(tmp_path, made, ID)
    assert entry.status == "likely"


def test_possible_from_a_quarter_on(tmp_path: Path) -> None:
    assert judged(tmp_path, rows("BOUND", 300)).status == "possible"


def test_inconclusive_without_any_table(tmp_path: Path) -> None:
    entry = entry_of(tmp_path, lacking(files_of([], [], machine=with_handles(900)), "netstat/", "eventlog/"), ID)
    assert entry.status == "inconclusive"
    assert any(one.command.startswith("netstat -anoq") for one in entry.missing)


def test_ruled_out_by_q_with_few(tmp_path: Path) -> None:
    entry = judged(tmp_path, rows("BOUND", 8))
    assert entry.status == "ruled_out"
    assert said(entry)["no-bound-rows"] == "netstat -q was run and shows 8 ports that are bound only."


def test_ruled_out_by_q_without_any(tmp_path: Path) -> None:
    """The command alone says that -q was run."""
    entry = judged(tmp_path, [])
    assert entry.status == "ruled_out"
    assert said(entry)["no-bound-rows"] == "netstat -q was run and shows 0 ports that are bound only."


# Each threshold from both sides.


@pytest.mark.parametrize(
    ("handles", "message", "expected"), [(850, "handles", "confirmed"), (849, "too-few-handles", "likely")]
)
def test_as_many_handles_as_ports(tmp_path: Path, handles: int, message: str, expected: str) -> None:
    entry = judged(tmp_path, FULL, FULL, machine=with_handles(handles))
    assert entry.status == expected
    assert f"cachesvc.exe has {handles} handles" in said(entry)[message]


@pytest.mark.parametrize(("held", "expected"), [(799, "likely"), (800, "confirmed")])
def test_80_percent_of_the_ports(tmp_path: Path, held: int, expected: str) -> None:
    assert judged(tmp_path, rows("BOUND", held)).status == expected


@pytest.mark.parametrize(
    ("held", "expected"), [(249, "ruled_out"), (250, "possible"), (499, "possible"), (500, "likely")]
)
def test_a_quarter_and_half_of_the_usable_ports(tmp_path: Path, held: int, expected: str) -> None:
    assert judged(tmp_path, rows("BOUND", held)).status == expected


@pytest.mark.parametrize(("own", "expected"), [(425, "confirmed"), (424, "likely")])
def test_half_of_what_is_held(tmp_path: Path, own: int, expected: str) -> None:
    plain = rows("ESTABLISHED", 850 - own, FIRST + own, pid=OTHER)
    assert judged(tmp_path, rows("BOUND", own), plain=plain).status == expected


@pytest.mark.parametrize(("own", "message", "expected"), [(425, "owner", "confirmed"), (424, "spread", "likely")])
def test_half_of_them_belong_to_one_process(tmp_path: Path, own: int, message: str, expected: str) -> None:
    table = (
        rows("BOUND", own)
        + rows("BOUND", 213, FIRST + own, pid=OTHER)
        + rows("BOUND", 637 - own, FIRST + own + 213, pid=4480)
    )
    entry = judged(tmp_path, table)
    assert entry.status == expected
    assert message in said(entry)


@pytest.mark.parametrize(("kept", "expected"), [(426, "confirmed"), (425, "likely")])
def test_half_of_the_rows_of_the_first_table(tmp_path: Path, kept: int, expected: str) -> None:
    first = rows("BOUND", kept) + rows("BOUND", 850 - kept, FIRST + kept, pid=OTHER)
    made = lacking(files_of([], [], machine=with_handles(900), bound=[first, FULL]), "process/wmic")
    assert entry_of(tmp_path, made, ID).status == expected


# What -q shows besides.


def test_a_port_with_another_row_is_no_bound_leak(tmp_path: Path) -> None:
    """contracts.md: each connection of 850 is BOUND too."""
    entry = judged(tmp_path, FULL, plain=rows("ESTABLISHED", 850))
    assert entry.status == "ruled_out"
    assert said(entry)["no-bound-rows"].startswith("netstat -q was run and shows 0 ports")


def test_only_ports_without_another_row_count(tmp_path: Path) -> None:
    """850 BOUND, 600 of them connected: 250 are left."""
    entry = judged(tmp_path, FULL, plain=rows("ESTABLISHED", 600, pid=OTHER))
    assert "250 of these 250 ports" in said(entry)["owner"]


@pytest.mark.parametrize("pid", [GONE, 0])
def test_an_owner_that_is_gone_has_bound_nothing(tmp_path: Path, pid: int) -> None:
    table = rows("BOUND", 850, pid=pid)
    entry = judged(tmp_path, table, table)
    assert entry.status == "possible"
    assert "owner-gone" in said(entry)


def test_without_a_process_list_nothing_is_confirmed(tmp_path: Path) -> None:
    made = lacking(files_of([], [], machine=with_handles(900), bound=[FULL, FULL]), "process/")
    assert entry_of(tmp_path, made, ID).status == "likely"


def test_bound_ports_are_gone_for_every_remote(tmp_path: Path) -> None:
    """Windows 10 shares ports between remotes, but none that is bound by hand."""
    plain = [replace(row, remote=f"203.0.113.{number % 90}") for number, row in enumerate(rows("ESTABLISHED", 90, FIRST + 850, pid=OTHER))]  # fmt: skip
    entry = judged(tmp_path, FULL, plain=plain)
    assert entry.status == "confirmed"


def test_a_range_full_of_connections_leaves_nothing_to_bound_ones(tmp_path: Path) -> None:
    entry = judged(tmp_path, rows("BOUND", 20, FIRST + 900), plain=rows("CLOSE_WAIT", 900, pid=OTHER))
    assert entry.status == "ruled_out"
    assert "no-bound-rows" in said(entry)


@pytest.mark.parametrize("language", [GERMAN, FRENCH, JAPANESE, RUSSIAN], ids=lambda one: one.tag)
def test_a_simulated_leak_is_found_in_every_language(tmp_path: Path, language: Language) -> None:
    """Each socket is a handle of the simulated process."""
    leak = Leak(4480, state="BOUND", already=850)
    machine = calm(language=language, system=SERVER_2016, leaks=(leak,))
    entry = entry_of(tmp_path, bundle_files(machine), ID)
    assert entry.status == "confirmed"
    assert "w3wp.exe (PID 4480; command line C:\\Windows\\System32\\inetsrv\\w3wp.exe" in entry.headline


def test_the_same_machine_without_q_and_handles_shows_nothing(tmp_path: Path) -> None:
    machine = calm(system=SERVER_2016, held=(Held(4480, "", 0, "BOUND", 850),))
    entry = entry_of(tmp_path, lacking(bundle_files(machine), "netstat/anoq", "eventlog/"), ID)
    assert entry.status == "inconclusive"
    assert any(one.command.startswith("netstat -anoq") for one in entry.missing)


# Where no table can show them (2012 R2 and older).

SOON = timedelta(seconds=60)


def test_likely_by_4231_beside_free_ports_and_many_handles(tmp_path: Path) -> None:
    machine = at(4231, before=SOON, processes=with_handles(12_000).processes)
    entry = entry_of(tmp_path, files_of([], [], machine=machine), ID)
    assert entry.status == "likely"
    assert "probably sockets that cachesvc.exe bound and never used" in entry.headline
    assert said(entry)["hidden"] == (
        "Event 4231 says that no port was free, 60 s before a table in which 1,000 of 1,000 look free."
    )
    assert said(entry)["many-handles"] == f"{LABEL} has 12,000 handles."
    assert any(one.command.startswith("netstat -anoq") for one in entry.missing)


@pytest.mark.parametrize(("handles", "expected"), [(9999, "possible"), (10_000, "likely")])
def test_ten_thousand_handles(tmp_path: Path, handles: int, expected: str) -> None:
    machine = at(4231, before=SOON, processes=with_handles(handles).processes)
    entry = entry_of(tmp_path, files_of([], [], machine=machine), ID)
    assert entry.status == expected
    assert ("many-handles" in said(entry)) == (handles == 10_000)


@pytest.mark.parametrize(("handles", "expected"), [(10_029, "possible"), (10_030, "likely")])
def test_handles_of_its_rows_are_accounted_for(tmp_path: Path, handles: int, expected: str) -> None:
    """30 connections are 30 handles."""
    machine = at(4231, before=SOON, processes=with_handles(handles).processes)
    table = rows("ESTABLISHED", 30)
    assert entry_of(tmp_path, files_of(table, table, machine=machine), ID).status == expected


@pytest.mark.parametrize("name", ["sqlservr.exe", "SQLSERVR.EXE", "store.exe", "lsass.exe"])
def test_some_have_many_handles_by_their_nature(tmp_path: Path, name: str) -> None:
    machine = at(4231, before=SOON, processes=with_handles(30_000, name).processes)
    entry = entry_of(tmp_path, files_of([], [], machine=machine), ID)
    assert entry.status == "possible"
    assert "many-handles" not in said(entry)


@pytest.mark.parametrize(("seconds", "expected"), [(120, "possible"), (121, "inconclusive")])
def test_an_event_speaks_for_a_table_within_the_delay(tmp_path: Path, seconds: int, expected: str) -> None:
    machine = at(4231, before=timedelta(seconds=seconds))
    assert entry_of(tmp_path, files_of([], machine=machine), ID).status == expected


@pytest.mark.parametrize(("held", "looks_free"), [(499, True), (500, False)])
def test_a_table_in_which_less_than_half_is_taken_looks_free(tmp_path: Path, held: int, *, looks_free: bool) -> None:
    table = rows("ESTABLISHED", held)
    entry = entry_of(tmp_path, files_of(table, table, machine=at(4231, before=SOON)), ID)
    assert ("hidden" in said(entry)) == looks_free
    assert (entry.status == "possible") == looks_free


def test_4227_is_a_hint_only(tmp_path: Path) -> None:
    machine = at(4227, before=SOON, system=SERVER_2008_R2, processes=with_handles(12_000).processes)
    entry = entry_of(tmp_path, files_of([], [], machine=machine), ID)
    assert entry.status == "possible"
    assert "hidden-perhaps" in said(entry)


def test_many_handles_alone_are_possible(tmp_path: Path) -> None:
    machine = with_handles(12_000, system=SERVER_2008_R2)
    assert entry_of(tmp_path, files_of([], [], machine=machine), ID).status == "possible"


def test_full_of_something_else_is_ruled_out(tmp_path: Path) -> None:
    table = rows("CLOSE_WAIT", 850)
    entry = entry_of(tmp_path, files_of(table, table), ID)
    assert entry.status == "ruled_out"
    assert "other-fills" in said(entry)


def test_a_whole_log_without_an_event_bears_out_that_nothing_was_short(tmp_path: Path) -> None:
    entry = entry_of(tmp_path, files_of([], []), ID)
    assert entry.status == "ruled_out"
    assert "quiet" in said(entry)


def test_without_a_log_and_q_nobody_knows(tmp_path: Path) -> None:
    entry = entry_of(tmp_path, lacking(files_of([], []), "eventlog/"), ID)
    assert entry.status == "inconclusive"


def test_handles_that_nobody_listed_are_asked_for(tmp_path: Path) -> None:
    entry = entry_of(tmp_path, lacking(files_of([], []), "eventlog/", "process/"), ID)
    assert any("HandleCount" in one.command for one in entry.missing)


# Where the answer looks wrong.


def test_handles_are_cited_from_where_they_stand(tmp_path: Path) -> None:
    entry = judged(tmp_path, FULL)
    (handles,) = (point for point in entry.evidence if point.id == f"{ID}.handles")
    assert [source.file for source in handles.sources] == ["process/wmic-process.csv"]


def test_a_log_with_4231_is_not_quiet(tmp_path: Path) -> None:
    """No port was free; a minute later netstat shows every other one taken: that rules nothing out."""
    table = rows("ESTABLISHED", 500)
    entry = entry_of(tmp_path, files_of(table, table, machine=at(4231, before=SOON)), ID)
    assert "quiet" not in said(entry)
    assert entry.status != "ruled_out"
