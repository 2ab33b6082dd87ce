"""What changed: shortages that Windows logged since BEFORE, and figures that differ and count as the same."""

import io
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from builder import Incident, Machine
from rich.console import Console

from forensics.compare.compare import compare
from forensics.compare.comparison import Change, Comparison
from forensics.compare.html import render_html
from forensics.compare.terminal import render_terminal
from forensics.report.event_samples import MOST_PORT_EVENTS
from forensics.report.findings import Findings
from tests.compare.pairs import LATER, found, later
from tests.machines import COLLECTED, churning, collisions
from tests.report.cases import sample

ALIKE = "Counts of ports, rates and shares that differ by at most 10 % count as the same."
BEFORE_LOG = COLLECTED - timedelta(days=6)


def row(comparison: Comparison, name: str) -> Change:
    return next(one for one in comparison.changes if one.id == name)


def before(folder: Path) -> Findings:
    """Shortages every half hour for two days, in a log of six."""
    events = collisions(COLLECTED - timedelta(days=2), COLLECTED)
    return found(folder, churning(incidents=(events,)), "before.zip")


def after(begin: datetime, seconds: float, log_begins: datetime) -> Machine:
    events = Incident("Tcpip", 4227, begin, LATER, seconds)
    return later(churning(), incidents=(events,), log_begins=log_begins)


def counted(findings: Findings) -> int:
    return findings.measurements.event_log.by_id["4227"]


def test_all_are_counted_where_all_came_since(tmp_path: Path) -> None:
    """A log that begins after BEFORE, with more events than the findings list."""
    old = before(tmp_path)
    new = found(tmp_path, after(LATER - timedelta(days=5), 900, LATER - timedelta(days=5)), "after.zip")
    events = row(compare(old, new), "events")
    assert counted(new) > MOST_PORT_EVENTS
    assert events.after.value == counted(new)
    assert f"{counted(new)} since BEFORE" in events.after.text
    assert "at least" not in events.after.text
    assert events.meaning == "worse"


def test_at_least_what_is_listed_where_some_are_older(tmp_path: Path) -> None:
    new = found(tmp_path, after(COLLECTED - timedelta(days=2), 900, BEFORE_LOG), "after.zip")
    events = row(compare(before(tmp_path), new), "events")
    listed = [one for one in new.measurements.event_log.port_events if one.at > COLLECTED]
    assert 0 < len(listed) < MOST_PORT_EVENTS
    assert "at least" in events.after.text
    assert events.after.value == len(listed)


@pytest.mark.parametrize(
    ("begin", "log_begins", "seconds", "meaning"),
    [
        (timedelta(days=5), timedelta(days=5), 900, "worse"),
        (timedelta(days=9), timedelta(days=9), 1800, "changed"),  # more of them, in nine days instead of six
        (timedelta(days=1), timedelta(days=5), 3600, "changed"),  # fewer, but some
        (timedelta(0), timedelta(days=5), 3600, "better"),
    ],
)
def test_more_in_no_longer_time_is_worse(
    tmp_path: Path, begin: timedelta, log_begins: timedelta, seconds: float, meaning: str
) -> None:
    new = found(tmp_path, after(LATER - begin, seconds, LATER - log_begins), "after.zip")
    assert row(compare(before(tmp_path), new), "events").meaning == meaning


def test_two_machines_are_neither_better_nor_worse() -> None:
    events = row(compare(sample("founding-case"), sample("busy-patched")), "events")
    assert (events.before.value, events.after.value, events.meaning) == (27, 250, "changed")
    assert events.after.text.startswith("250 since BEFORE, last ")


def shown(comparison: Comparison) -> tuple[str, str]:
    stream = io.StringIO()
    render_terminal(comparison, Console(file=stream, width=80, highlight=False))
    return " ".join(stream.getvalue().split()), render_html(comparison)


def test_a_tolerance_is_said_once_where_it_was_used() -> None:
    """93 % and 95 % count as the same; a bundle and itself need no tolerance."""
    comparison = compare(sample("founding-case"), sample("busy-patched"))
    assert row(comparison, "utilisation").meaning == "same"
    assert [text.count(ALIKE) for text in shown(comparison)] == [1, 1]
    alone = msgspec.structs.replace(comparison, changes=compare(sample("healthy"), sample("healthy")).changes)
    assert [text.count(ALIKE) for text in shown(alone)] == [0, 0]
