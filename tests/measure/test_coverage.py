"""Which port events a table speaks of: one taken within the shortest delay after them, to the second."""

from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from builder import Incident, Machine, bundle_files
from builder.machine import SERVER_2019

from forensics.measure.collection import Moment, Taken
from forensics.measure.coverage import Coverage, cover
from forensics.measure.log import Logged
from forensics.measure.measurements import Measurements
from tests.bundles import analysis_of
from tests.machines import COLLECTED, calm
from tests.tables import lacking

SECOND = timedelta(seconds=1)
DELAY = 120


def once(seconds_before: float, event_id: int = 4227) -> Incident:
    at = COLLECTED - timedelta(seconds=seconds_before)
    return Incident("Tcpip", event_id, at - SECOND, at, 1e-9)


def measured(folder: Path, machine: Machine, *without: str) -> Measurements:
    files = lacking(bundle_files(machine), *without)
    return analysis_of(folder, files).measurements


def times(events: tuple[Logged, ...]) -> list[float]:
    return [(one.at - COLLECTED).total_seconds() for one in events]


# Tables at 0, 150 and 300 s; the log is exported at 20 s.
def test_events_are_sorted_by_the_next_table(tmp_path: Path) -> None:
    machine = calm(incidents=(once(5000), once(121), once(120), once(1), once(0)))
    coverage = measured(tmp_path, machine).coverage
    assert times(coverage.uncovered) == [-5000, -121]
    assert times(coverage.covered) == [-120, -1, 0]
    assert (coverage.within, coverage.gap) == (DELAY, 0)
    assert coverage.after is not None
    assert coverage.after.found.file == "netstat/ano-1.txt"


def test_the_gap_runs_from_the_last_covered_event_to_its_table(tmp_path: Path) -> None:
    assert measured(tmp_path, calm(incidents=(once(90), once(45)))).coverage.gap == 45


@pytest.mark.parametrize(
    ("registry", "without", "expected"),
    [
        (None, (), 120),
        (60, (), 60),
        (30, (), 30),
        (240, (), 120),
        (29, (), 120),  # below the documented minimum: not believed
        (301, (), 120),
        (None, ("registry/tcpip-",), 30),
    ],
)
def test_the_shortest_delay_that_may_be_in_force(
    tmp_path: Path, registry: int | None, without: tuple[str, ...], expected: int
) -> None:
    machine = calm(registry_time_wait_delay=registry, incidents=(once(expected), once(expected + 1)))
    coverage = measured(tmp_path, machine, *without).coverage
    assert coverage.within == expected
    assert (times(coverage.covered), times(coverage.uncovered)) == ([-expected], [-expected - 1])


def test_an_event_after_the_last_table_is_not_its_own(tmp_path: Path) -> None:
    """A table tells what was in use before it."""
    coverage = measured(tmp_path, calm(snapshots=1, incidents=(once(-10),))).coverage
    assert (times(coverage.covered), times(coverage.uncovered)) == ([], [10])


def test_an_event_between_two_tables_belongs_to_the_later(tmp_path: Path) -> None:
    coverage = measured(tmp_path, calm(snapshot_gap=60, incidents=(once(-10),))).coverage
    assert coverage.after is not None
    assert (coverage.after.found.file, coverage.gap) == ("netstat/ano-2.txt", 50)


def test_a_filtered_table_speaks_of_nothing(tmp_path: Path) -> None:
    files = {path: data for path, data in bundle_files(calm(incidents=(once(60),))).items() if "anot" not in path}
    for path in [path for path in files if path.startswith("netstat/ano")]:
        files[path] = b"\r\n".join(line for line in files[path].splitlines() if b"LISTENING" not in line)
    coverage = analysis_of(tmp_path, files).measurements.coverage
    assert (len(coverage.covered), len(coverage.uncovered), coverage.after, coverage.gap) == (0, 1, None, None)


def test_a_table_without_a_time_speaks_of_nothing(tmp_path: Path) -> None:
    coverage = measured(tmp_path, calm(incidents=(once(60),)), "manifest.json").coverage
    assert (len(coverage.covered), len(coverage.uncovered)) == (0, 1)


def test_a_restart_frees_all_ports(tmp_path: Path) -> None:
    """An event of a minute before, in the run before: the table is of another run."""
    restart = COLLECTED - timedelta(seconds=50)
    event, table = one_of(tmp_path, COLLECTED, COLLECTED)
    assert cover((event,), (table,), DELAY, restart).uncovered == (event,)
    assert cover((event,), (table,), DELAY, event.at).covered == (event,)


def test_udp_has_events_of_its_own(tmp_path: Path) -> None:
    m = measured(tmp_path, calm(system=SERVER_2019, incidents=(once(60, 4266), once(50, 4231), once(40))))
    assert [one.event.id for one in m.coverage.covered] == [4231, 4227]
    assert [one.event.id for one in m.udp_coverage.covered] == [4266]


def test_no_events_no_coverage(tmp_path: Path) -> None:
    m = measured(tmp_path, calm())
    assert m.coverage == Coverage((), (), None, DELAY)
    assert m.covered_shortage is None


# --- tables whose time is known between two bounds only ---


def one_of(folder: Path, low: datetime, high: datetime) -> tuple[Logged, Taken]:
    """An event a minute before COLLECTED, and a real table with these bounds of time."""
    m = measured(folder, calm(snapshots=1, incidents=(once(60),)))
    moment = Moment(low + (high - low) / 2, low, high, "member-time")
    return m.coverage.covered[0], msgspec.structs.replace(m.tables[0], moment=moment)


def test_the_latest_moment_of_a_table_counts(tmp_path: Path) -> None:
    event, table = one_of(tmp_path, COLLECTED, COLLECTED + timedelta(seconds=60))
    assert cover((event,), (table,), DELAY, None).covered
    event, table = one_of(tmp_path, COLLECTED, COLLECTED + timedelta(seconds=61))
    assert not cover((event,), (table,), DELAY, None).covered


def test_a_table_that_may_be_older_than_the_event_speaks_of_nothing(tmp_path: Path) -> None:
    event, table = one_of(tmp_path, COLLECTED - timedelta(seconds=120), COLLECTED)
    assert not cover((event,), (table,), DELAY, None).covered
