"""Connections that hang while they close: four states, an owner that may be 0, and rows that time out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from builder import Accepted, Closing, Machine, bundle_files
from builder.behaviour import CLOSING_STATES
from builder.languages import GERMAN, JAPANESE, RUSSIAN, SIMPLIFIED_CHINESE, Language
from builder.machine import WINDOWS_10
from builder.ports import Row

from forensics.report.findings import CauseEntry
from tests.machines import COLLECTED, MONITOR, calm, collisions
from tests.tables import FIRST, GONE, LABEL, LISTENERS, OTHER, entry_of, files_of, idle, lacking, rows, said

ID = "fin-wait-pileup"
FULL = rows("FIN_WAIT_2", 850, pid=0)


def judged(folder: Path, *tables: Sequence[Row], machine: Machine | None = None) -> CauseEntry:
    return entry_of(folder, files_of(*tables, machine=machine), ID)


# Every status.


@pytest.mark.parametrize("state", CLOSING_STATES)
@pytest.mark.parametrize("pid", [0, GONE, 2600])
def test_confirmed_in_each_state_whoever_owns_it(tmp_path: Path, state: str, pid: int) -> None:
    """The application has closed: PID 0, or one that is gone, is ordinary."""
    table = rows(state, 850, pid=pid)
    entry = judged(tmp_path, table, table)
    assert entry.status == "confirmed"
    assert entry.headline.startswith("850 dynamic ports hang")
    assert "owner-gone" not in said(entry)


def test_confirmed_names_remote_and_what_helps(tmp_path: Path) -> None:
    table = rows("FIN_WAIT_2", 850)
    entry = judged(tmp_path, table, table)
    assert said(entry)["owner"] == f"850 of these 850 ports belong to {LABEL}."
    assert said(entry)["remote"] == f"850 of these 850 ports go to {MONITOR}:443."
    widen, for_good = entry.remedies[-2:]
    assert widen.command.startswith("netsh int ipv4 set dynamicport tcp")
    assert (widen.effect, widen.cost) != ("", "")
    assert for_good.action.startswith(f"Find out why {MONITOR}:443 does not finish closing")
    assert for_good.effect


def test_nobody_is_told_to_restart_no_process(tmp_path: Path) -> None:
    entry = judged(tmp_path, FULL, FULL)
    assert not [one for one in entry.remedies if "PID 0" in one.action]


def test_the_four_states_are_one_pile(tmp_path: Path) -> None:
    table = [
        row for number, state in enumerate(CLOSING_STATES) for row in rows(state, 210, FIRST + 210 * number, pid=0)
    ]
    entry = judged(tmp_path, table, table)
    assert entry.status == "confirmed"
    assert said(entry)["fills"] == "840 of them are in FIN_WAIT_1, FIN_WAIT_2, CLOSING or LAST_ACK."


def test_likely_with_one_table(tmp_path: Path) -> None:
    entry = judged(tmp_path, FULL)
    assert entry.status == "likely"
    assert any("second netstat" in one.statement for one in entry.missing)


def test_possible_from_a_quarter_on(tmp_path: Path) -> None:
    table = rows("FIN_WAIT_1", 300, pid=0)
    assert judged(tmp_path, table, table).status == "possible"


def test_inconclusive_where_ports_ran_out_at_another_time(tmp_path: Path) -> None:
    incident = collisions(COLLECTED - timedelta(hours=9), COLLECTED - timedelta(hours=5))
    entry = judged(tmp_path, [], [], machine=idle(incidents=(incident,)))
    assert entry.status == "inconclusive"
    assert entry.missing


def test_ruled_out_by_a_whole_table_with_few(tmp_path: Path) -> None:
    table = rows("FIN_WAIT_2", 12, pid=0)
    entry = judged(tmp_path, table, table)
    assert entry.status == "ruled_out"
    assert "No more than 12 dynamic ports" in said(entry)["small"]


# Each threshold from both sides.


@pytest.mark.parametrize(("held", "expected"), [(799, "likely"), (800, "confirmed")])
def test_80_percent_of_the_ports(tmp_path: Path, held: int, expected: str) -> None:
    table = rows("FIN_WAIT_2", held, pid=0)
    assert judged(tmp_path, table, table).status == expected


@pytest.mark.parametrize(("own", "expected"), [(425, "confirmed"), (424, "likely")])
def test_half_of_what_is_held(tmp_path: Path, own: int, expected: str) -> None:
    table = rows("FIN_WAIT_2", own, pid=0) + rows("TIME_WAIT", 850 - own, FIRST + own, pid=0)
    assert judged(tmp_path, table, table).status == expected


@pytest.mark.parametrize(
    ("held", "expected"), [(249, "ruled_out"), (250, "possible"), (499, "possible"), (500, "likely")]
)
def test_a_quarter_and_half_of_the_usable_ports(tmp_path: Path, held: int, expected: str) -> None:
    table = rows("FIN_WAIT_2", held, pid=0)
    assert judged(tmp_path, table, table).status == expected


@pytest.mark.parametrize(("first", "expected"), [(425, "confirmed"), (424, "likely")])
def test_half_as_many_stood_before(tmp_path: Path, first: int, expected: str) -> None:
    assert judged(tmp_path, FULL[:first], FULL).status == expected


@pytest.mark.parametrize(("first", "expected"), [(250, "likely"), (249, "possible")])
def test_a_crowd_of_a_moment_is_possible_only(tmp_path: Path, first: int, expected: str) -> None:
    assert judged(tmp_path, FULL[:first], FULL[:500]).status == expected


@pytest.mark.parametrize(("gap", "expected"), [(120, "likely"), (121, "confirmed")])
def test_tables_further_apart_than_the_delay(tmp_path: Path, gap: int, expected: str) -> None:
    assert judged(tmp_path, FULL, FULL, machine=idle(snapshot_gap=gap)).status == expected


# What keeps it from being confirmed, and look-alikes.


def test_rows_that_time_out_speak_for_it(tmp_path: Path) -> None:
    """None of the first is left, as many have come: fed all the time."""
    entry = judged(tmp_path, FULL, rows("FIN_WAIT_2", 850, remote="203.0.113.41", pid=0))
    assert entry.status == "confirmed"
    (turnover,) = (point for point in entry.evidence if point.id.endswith("turns-over"))
    assert turnover.effect == "supports"


def test_without_a_process_list_nothing_is_confirmed(tmp_path: Path) -> None:
    assert entry_of(tmp_path, lacking(files_of(FULL, FULL), "process/"), ID).status == "likely"


def test_time_wait_is_no_such_state(tmp_path: Path) -> None:
    table = rows("TIME_WAIT", 900, pid=0)
    entry = judged(tmp_path, table, table)
    assert entry.status == "ruled_out"
    assert "other-fills" in said(entry)


def test_a_server_that_closes_first_holds_its_own_port(tmp_path: Path) -> None:
    machine = calm(accepted=(Accepted(0, 443, "198.51.100.9", "FIN_WAIT_2", 900),))
    assert entry_of(tmp_path, bundle_files(machine), ID).status == "ruled_out"


def test_a_listener_inside_the_range_holds_its_own_port(tmp_path: Path) -> None:
    listener = Row("TCP", "0.0.0.0", 49170, "0.0.0.0", 0, "LISTENING", 2600)  # noqa: S104 - only printed
    clients = [Row("TCP", "10.20.0.40", 49170, "198.51.100.9", 20_000 + one, "FIN_WAIT_2", 0) for one in range(900)]
    made = files_of(clients, clients, listeners=(*LISTENERS, listener))
    assert entry_of(tmp_path, made, ID).status == "ruled_out"


def test_windows_10_many_remotes_are_open(tmp_path: Path) -> None:
    table = [replace(row, remote=f"203.0.113.{number % 100}") for number, row in enumerate(FULL)]
    assert judged(tmp_path, table, table, machine=idle(system=WINDOWS_10)).status == "possible"
    assert judged(tmp_path, FULL, FULL, machine=idle(system=WINDOWS_10)).status == "confirmed"


def test_an_owner_beside_it_is_no_reason(tmp_path: Path) -> None:
    """A leak of 500 in CLOSE_WAIT fills the range; 349 that close do not, but they are in the way too."""
    table = rows("FIN_WAIT_2", 349, pid=0) + rows("CLOSE_WAIT", 500, FIRST + 349, pid=OTHER)
    assert judged(tmp_path, table, table).status == "likely"


@pytest.mark.parametrize("language", [GERMAN, JAPANESE, RUSSIAN, SIMPLIFIED_CHINESE], ids=lambda one: one.tag)
def test_a_simulated_pile_is_found_in_every_language(tmp_path: Path, language: Language) -> None:
    """Seven closings a second that hang for 120 s: 840 ports."""
    machine = calm(language=language, closings=(Closing(0, "10.20.4.77", 443, "FIN_WAIT_2", per_second=7, lasts=120),))
    entry = entry_of(tmp_path, bundle_files(machine), ID)
    assert entry.status == "confirmed"
    assert "10.20.4.77:443" in said(entry)["remote"]


# Where the answer looks wrong.


def test_a_restart_frees_nothing_that_the_application_has_closed(tmp_path: Path) -> None:
    """measure/piles.py: the application has closed; the stack alone finishes (RFC 9293, figure 5)."""
    table = rows("FIN_WAIT_2", 850)
    entry = judged(tmp_path, table, table)
    assert not [one for one in entry.remedies if one.effect.startswith("Frees 850 ports at once")]
