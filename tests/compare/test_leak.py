"""Leaks: a restart empties one, and only its pace tells whether it is gone."""

from datetime import timedelta
from pathlib import Path

import pytest
from builder import Machine

from tests.compare.pairs import LATER, compared, restarted, what
from tests.machines import COLLECTED
from tests.tables import GONE, files_of, idle, rows


def leaking(ports: int, machine: Machine | None = None, *, pid: int = 2600) -> dict[str, bytes]:
    table = rows("CLOSE_WAIT", ports, pid=pid)
    return files_of(table, table, machine=machine)


def test_still_leaking(tmp_path: Path) -> None:
    after = leaking(870, idle(collected_at=LATER))
    assert what(compared(tmp_path, leaking(850), after)) == ("did-not-work", "still")


def test_soon_after_a_restart_it_is_too_early(tmp_path: Path) -> None:
    """850 ports in 40 days are 0.9 an hour: after an hour there would be none."""
    comparison = compared(tmp_path, leaking(850), leaking(0, restarted(idle(), days=1 / 24)))
    assert what(comparison) == ("not-yet", "leak-early")
    assert comparison.answer.again_at is not None
    boot = LATER - timedelta(hours=1)
    assert abs(comparison.answer.again_at - (boot + timedelta(days=7))) < timedelta(minutes=1)
    assert "forensics-collect.cmd" in comparison.steps[0].command


def test_a_restart_of_the_owner_could_have_emptied_it(tmp_path: Path) -> None:
    """8 days at the pace of BEFORE would be 170 ports; there are 3."""
    comparison = compared(tmp_path, leaking(850), leaking(3, restarted(idle(), days=8)))
    assert what(comparison) == ("not-yet", "leak-gone-unless")
    assert "at least 170 ports" in comparison.answer.headline
    assert "cachesvc.exe" in comparison.answer.headline


def test_the_same_pace_after_a_restart(tmp_path: Path) -> None:
    """850 in 40 days, 300 in 8: the leak goes on, and faster."""
    comparison = compared(tmp_path, leaking(850), leaking(300, restarted(idle(), days=8)))
    assert what(comparison) == ("did-not-work", "leak-goes-on")


def test_without_a_restart_the_pace_is_not_known(tmp_path: Path) -> None:
    comparison = compared(tmp_path, leaking(850), leaking(3, idle(collected_at=LATER)))
    assert what(comparison) == ("not-yet", "leak-age")


@pytest.mark.parametrize(("days", "expected"), [(6.9, "leak-early"), (7.1, "leak-gone")])
def test_sockets_without_an_owner_are_as_old_as_the_uptime(tmp_path: Path, days: float, expected: str) -> None:
    """No restart of a process empties them. A week is the least for a leak that took longer to fill the range."""
    before = leaking(850, pid=GONE)
    comparison = compared(tmp_path, before, leaking(0, restarted(idle(), days=days), pid=GONE))
    assert comparison.before.verdict.cause == "kernel-socket-leak"
    assert comparison.answer.id == expected


def test_what_comes_and_goes_is_not_cured_by_one_look(tmp_path: Path) -> None:
    waiting = rows("SYN_SENT", 850)
    before, after = files_of(waiting, waiting), files_of([], [], machine=idle(collected_at=LATER))
    comparison = compared(tmp_path, before, after)
    assert comparison.before.verdict.cause == "syn-sent-pileup"
    assert what(comparison) == ("not-yet", "moment")
    assert comparison.before.collected_at is not None
    assert comparison.before.collected_at >= COLLECTED
