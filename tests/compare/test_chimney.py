"""TCP Chimney after 248.5 days: the fix cures, so does switching it off; a restart gives 248.5 days more."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from builder import Held, Listener, Machine

from tests.compare.pairs import compared, later, restarted, what, with_fix
from tests.machines import COLLECTED, MONITOR, calm

HALF = timedelta(days=248, hours=13, minutes=13, seconds=56)


def offloading(**changes: object) -> Machine:
    """20 of 60 connections are in the hands of the network adapter, 300 days after the boot."""
    machine = calm(
        traffic=(), held=(Held(1536, MONITOR, 443, "ESTABLISHED", 60),),
        listeners=(Listener("TCP", 135, 708), Listener("TCP", 445, 4)),
        boot=COLLECTED - timedelta(days=300), chimney="enabled", offloaded=20,
    )  # fmt: skip
    return replace(machine, **changes)  # type: ignore[arg-type]


def test_nothing_done(tmp_path: Path) -> None:
    assert what(compared(tmp_path, offloading(), later(offloading()))) == ("did-not-work", "still")


def test_the_fix(tmp_path: Path) -> None:
    assert what(compared(tmp_path, offloading(), with_fix(restarted(offloading())))) == ("worked", "fixed")
    assert what(compared(tmp_path, offloading(), with_fix(later(offloading())))) == ("did-not-work", "still")


def test_switched_off(tmp_path: Path) -> None:
    after = later(offloading(chimney="disabled", offloaded=0))
    comparison = compared(tmp_path, offloading(), after)
    assert what(comparison) == ("worked", "chimney-off")
    assert comparison.answer.reasons[0].after[0].file == "netsh/tcp-global.txt"


def test_a_restart_alone_and_the_day_it_comes_back(tmp_path: Path) -> None:
    after = restarted(offloading(), days=5)
    comparison = compared(tmp_path, offloading(), after)
    assert what(comparison) == ("not-yet", "chimney-restarted")
    assert f"{after.boot + HALF:%Y-%m-%d %H:%M}" in comparison.answer.headline
    assert comparison.steps
