"""Causes that follow the load: a quieter hour is no cure."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from builder import Machine, PortRange, Traffic, bundle_files

from tests.compare.pairs import LATER, compared, later, restarted, what
from tests.machines import COLLECTED, MONITOR, churning, collisions
from tests.tables import lacking

# A range that is large enough for its rate to be the cause: 10,320 of 12,000 ports at 86 a second (× 120 s).
LARGE = PortRange(40000, 12000)


def busy(per_second: float = 86.0, **changes: object) -> Machine:
    events = collisions(COLLECTED - timedelta(days=2), COLLECTED)
    traffic = (Traffic(1536, MONITOR, 443, per_second=per_second),)
    return replace(churning(dynamic_ports=LARGE, traffic=traffic, incidents=(events,)), **changes)  # type: ignore[arg-type]


def at_rate(per_second: float, **changes: object) -> Machine:
    return later(busy(per_second), log_begins=LATER - timedelta(days=3), incidents=(), **changes)


def test_as_busy_as_before(tmp_path: Path) -> None:
    comparison = compared(tmp_path, busy(), at_rate(84))
    assert what(comparison) == ("did-not-work", "still")
    assert comparison.before.verdict.cause == "time-wait-churn"


def test_a_quieter_hour_is_no_cure(tmp_path: Path) -> None:
    comparison = compared(tmp_path, busy(), at_rate(30))
    assert what(comparison) == ("not-yet", "quieter")
    assert "30 connections a second; in BEFORE it was 86" in comparison.answer.headline
    assert "2018-12-24" in comparison.steps[0].action


def test_a_wider_range_that_carries_the_old_rate(tmp_path: Path) -> None:
    """Measured: 3,600 ports at 30 a second, 120 s each; 86 a second would be 10,320 of 55,535, and chance adds a little."""
    comparison = compared(tmp_path, busy(), at_rate(30, dynamic_ports=PortRange(10000, 55535)))
    assert what(comparison) == ("worked", "carries")
    usable = next(one for one in comparison.changes if one.id == "usable")
    assert (usable.before.value, usable.after.value, usable.meaning) == (12000, 55535, "better")


@pytest.mark.parametrize(("ports", "expected"), [(15000, "carries"), (12600, "quieter")])
def test_80_percent_at_the_old_rate(tmp_path: Path, ports: int, expected: str) -> None:
    """10,320 ports and what chance adds are 73 % of 15,000 and over 80 % of 12,600."""
    assert what(compared(tmp_path, busy(), at_rate(30, dynamic_ports=PortRange(30000, ports))))[1] == expected


def test_a_shorter_delay_is_measured_and_not_believed(tmp_path: Path) -> None:
    """30 s instead of 120: 86 a second would hold 2,580 ports. In the registry alone it is not in force."""
    in_force = {"time_wait_delay": 30.0, "registry_time_wait_delay": 30}
    shorter = restarted(busy(30), log_begins=LATER - timedelta(days=6), incidents=(), **in_force)
    assert what(compared(tmp_path, busy(), shorter)) == ("worked", "carries")
    only_set = at_rate(30, registry_time_wait_delay=30)
    assert what(compared(tmp_path, busy(), only_set))[0] != "worked"


def test_a_week_without_a_logged_shortage(tmp_path: Path) -> None:
    """The log of AFTER reaches back past BEFORE; a shortage six days ago would be one too many."""
    after = later(busy(30), log_begins=COLLECTED - timedelta(days=6), incidents=busy().incidents)
    assert what(compared(tmp_path, busy(), after)) == ("worked", "quiet-week")
    again = collisions(LATER - timedelta(days=6, hours=1), LATER - timedelta(days=6))
    assert what(compared(tmp_path, busy(), replace(after, incidents=(again,)))) == ("not-yet", "quieter")


def test_without_counters_the_rate_is_not_known(tmp_path: Path) -> None:
    after = lacking(bundle_files(at_rate(30)), "netstat/s-")
    assert what(compared(tmp_path, busy(), after)) == ("cannot-be-told", "rate-unknown")


def small(per_second: float, ports: int) -> Machine:
    traffic = (Traffic(1536, MONITOR, 443, per_second=per_second),)
    return churning(dynamic_ports=PortRange(49152, ports), traffic=traffic, log_begins=COLLECTED - timedelta(days=3))


def test_a_range_that_was_too_small(tmp_path: Path) -> None:
    """960 of 1,000 ports: the default range must hold as many before it is known to carry them."""
    before = small(8, 1000)
    tested = compared(tmp_path, before, later(small(8, 16384)))
    assert tested.before.verdict.cause == "port-range-too-small"
    assert what(tested) == ("worked", "range-tested")
    untested = later(small(2, 16384), log_begins=LATER - timedelta(days=3))
    assert what(compared(tmp_path, before, untested)) == ("not-yet", "range-untested")
    unchanged = later(small(2, 1000), log_begins=LATER - timedelta(days=3))
    assert what(compared(tmp_path, before, unchanged)) == ("not-yet", "range-same")
