"""KB2553549: the symptom vanishes with any restart, and only the fix that is loaded cures."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from builder import Boot, Machine, PortRange, Traffic, bundle_files
from builder.scenarios import rebooted_after_incident

from tests.compare.pairs import compared, later, restarted, what, with_fix
from tests.machines import COLLECTED, MONITOR, calm, stuck
from tests.tables import lacking

WRAP = timedelta(days=497, hours=2, minutes=27, seconds=53)
BUSY = (Traffic(1536, MONITOR, 443, per_second=8.0),)


def healed(machine: Machine) -> Machine:
    return replace(machine, piles=(), traffic=(Traffic(1536, MONITOR, 443, per_second=0.1),))


def test_the_fix_and_a_restart(tmp_path: Path) -> None:
    after = with_fix(restarted(healed(stuck())))
    comparison = compared(tmp_path, stuck(), after)
    assert what(comparison) == ("worked", "fixed")
    assert comparison.machine.same == "yes"
    assert comparison.machine.reason.id == "machine-same-boot"
    fix = next(one for one in comparison.answer.reasons if one.id == "fix-after")
    assert "tcpip.sys 6.1.7601.24231 holds the fix" in fix.statement
    assert fix.after[0].file == "system/tcpip-files.csv"
    assert comparison.steps[0].command == ""


def test_a_restart_alone_is_no_cure_and_the_day_is_named(tmp_path: Path) -> None:
    after = restarted(healed(stuck()))
    comparison = compared(tmp_path, stuck(), after)
    assert what(comparison) == ("not-yet", "restarted-unfixed")
    assert comparison.answer.again_at is not None
    assert abs(comparison.answer.again_at - (after.boot + WRAP)) <= timedelta(seconds=1)
    assert f"{after.boot + WRAP:%Y-%m-%d}" in comparison.answer.headline
    assert [one.command.split()[0] for one in comparison.steps] == ["wusa.exe", "shutdown"], "the fix, then its restart"


def test_without_its_version_the_fix_is_asked_for(tmp_path: Path) -> None:
    files = lacking(
        bundle_files(restarted(healed(stuck()))),
        "system/tcpip-files",
        "system/hotfixes",
        "system/systeminfo",
        "eventlog/Setup",
    )
    comparison = compared(tmp_path, stuck(), files)
    assert what(comparison) == ("not-yet", "restarted-unknown")
    assert "tcpip.sys" in comparison.steps[0].command


def test_installed_and_not_restarted(tmp_path: Path) -> None:
    comparison = compared(tmp_path, stuck(), with_fix(later(stuck(940))))
    assert what(comparison) == ("not-yet", "restart-pending")
    assert any(one.command.startswith("shutdown /r") for one in comparison.steps)


@pytest.mark.parametrize("wider", [False, True])
def test_nothing_done_or_a_wider_range(tmp_path: Path, wider: bool) -> None:
    after = later(stuck(950), dynamic_ports=PortRange(40000, 3000) if wider else PortRange(49152, 1000))
    comparison = compared(tmp_path, stuck(), after)
    assert what(comparison) == ("did-not-work", "not-restarted")
    assert any(one.id == "wider" for one in comparison.answer.reasons) == wider
    assert any(one.command.startswith("shutdown /r") for one in comparison.steps)


def test_fuller_than_before_is_worse(tmp_path: Path) -> None:
    """850 of 1,000 ports, and then 950."""
    comparison = compared(tmp_path, stuck(850), later(stuck(950)))
    assert what(comparison) == ("got-worse", "worse")


def test_the_fix_is_loaded_but_another_cause_took_its_place(tmp_path: Path) -> None:
    after = replace(with_fix(restarted(stuck(0), clock_wraps=False)), piles=(), traffic=BUSY)
    comparison = compared(tmp_path, stuck(), after)
    assert what(comparison) == ("did-not-work", "another")
    assert "for another: The dynamic port range is too small" in comparison.answer.headline
    assert any(one.id == "fix-after" for one in comparison.answer.reasons)


def test_from_near_the_wrap_to_past_it(tmp_path: Path) -> None:
    near = healed(stuck(0, boot=COLLECTED - timedelta(days=492)))
    past = later(near, piles=stuck(300).piles)
    assert what(compared(tmp_path, near, past)) == ("got-worse", "wrap-passed")


def test_near_the_wrap_and_nothing_done(tmp_path: Path) -> None:
    near = healed(stuck(0, boot=COLLECTED - timedelta(days=475)))
    assert what(compared(tmp_path, near, later(near))) == ("not-yet", "still-approaching")
    assert what(compared(tmp_path, near, with_fix(restarted(near)))) == ("worked", "fixed")


def test_a_before_that_was_collected_after_the_restart(tmp_path: Path) -> None:
    """BEFORE tells of the run that had the trouble; nothing but the fix can have changed since."""
    before = rebooted_after_incident()
    after = replace(before, collected_at=before.collected_at + timedelta(days=3))
    comparison = compared(tmp_path, before, after)
    assert comparison.before.verdict.applies_to == "previous-boot"
    assert what(comparison) == ("not-yet", "nothing-done")
    boot = before.collected_at + timedelta(days=2)
    again = (*before.earlier_boots, Boot(before.boot, boot - timedelta(minutes=4)))
    cured = with_fix(replace(after, boot=boot, earlier_boots=again), days=1.5)
    assert what(compared(tmp_path, before, cured)) == ("worked", "fixed")


def test_a_quiet_machine_keeps_its_answer_out_of_remedies(tmp_path: Path) -> None:
    comparison = compared(tmp_path, calm(), later(calm()))
    assert what(comparison) == ("cannot-be-told", "nothing-to-remedy")
