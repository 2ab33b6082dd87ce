"""Network traces in the machine's time: rates, names of processes, and where no port was to be had."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from builder import Recording, bundle_files
from builder.bundle import trace_begins
from builder.recorded import MachineTrace
from builder.trace import DIALECTS, RECENT, Dialect
from builder.zones import CHINA, EASTERN, PACIFIC, Zone

from forensics.measure.measurements import Measurements
from forensics.measure.traces import TracedShortage, TraceUse
from tests.bundles import analysis_of
from tests.machines import COLLECTED, calm
from tests.tables import lacking
from tests.traces import (
    AFTER,
    AGENT,
    BIND,
    CONNECT,
    NO_PORT,
    NOON,
    TAKEN,
    UDP_BIND,
    WEAK,
    failures,
    lifeless,
    lines,
    made,
    trace_of,
)  # fmt: skip

MACHINE = calm()


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return bundle_files(MACHINE)


def measured(folder: Path, files: Mapping[str, bytes], *traces: bytes, without: str = "-") -> Measurements:
    named = {f"trace/{number}.txt": data for number, data in enumerate(traces)}
    return analysis_of(folder, lacking({**files, **named}, without)).measurements


def use(folder: Path, files: Mapping[str, bytes], trace: bytes, without: str = "-") -> TraceUse:
    (one,) = measured(folder, files, trace, without=without).traces
    return one


def shortages(folder: Path, files: Mapping[str, bytes], trace: bytes) -> dict[str, TracedShortage]:
    return {one.protocol: one for one in use(folder, files, trace).shortages}


# --- times and rates ---


def test_a_trace_in_the_machines_time(tmp_path: Path, files: dict[str, bytes]) -> None:
    text = made(rate=2, seconds=10)
    one = use(tmp_path, files, b"".join(text.encoded()))
    assert text.truth.ended is not None
    assert one.started_at == AFTER.replace(tzinfo=UTC)
    assert one.ended_at is not None
    assert one.ended_at - text.truth.ended.replace(tzinfo=UTC) < timedelta(milliseconds=1)
    assert (one.file, one.same_boot) == ("trace/0.txt", True)
    assert one.apart == pytest.approx(10)  # from the last table, 300 s after the first
    assert one.seconds == pytest.approx(10, abs=1)
    assert one.births_per_second == text.truth.births[AGENT] / (one.seconds or 0)


def test_chance_may_have_kept_connections_out_of_a_short_trace(tmp_path: Path, files: dict[str, bytes]) -> None:
    one = use(tmp_path, files, trace_of(rate=2.5, seconds=10))
    assert one.seconds is not None
    assert one.births_per_second_at_most == pytest.approx((25 + 1 + 3 * 5) / one.seconds)
    none = use(tmp_path, files, lifeless(60))
    assert none.births_per_second == 0
    assert none.births_per_second_at_most == pytest.approx(1 / 60)


@pytest.mark.parametrize("zone", [CHINA, EASTERN, PACIFIC], ids=lambda zone: str(zone.key))
@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_every_dialect_in_any_zone(tmp_path: Path, dialect: Dialect, zone: Zone) -> None:
    machine = replace(calm(snapshots=1), zone=zone, recording=Recording(4, dialect))
    one = use(tmp_path, lacking(bundle_files(machine), "trace/"), bundle_files(machine)["trace/trace.txt"])
    assert one.started_at == trace_begins(machine)
    assert one.seconds == pytest.approx(4, abs=0.002)
    assert one.offset is not None
    assert one.offset.uncertain == 0


def test_an_unknown_zone_leaves_a_doubt(tmp_path: Path) -> None:
    machine = replace(calm(), zone=EASTERN, language=MACHINE.language)
    files = lacking(bundle_files(machine), "registry/timezone", "manifest", "system/systeminfo", "eventlog/")
    one = use(tmp_path, files, trace_of(start=machine.zone.local(COLLECTED)))
    assert one.offset is not None
    assert one.offset.uncertain > 0


def test_the_builders_count(tmp_path: Path) -> None:
    machine = replace(calm(snapshots=1), recording=Recording(100))
    told = MachineTrace(machine, trace_begins(machine))
    trace = b"".join(told.encoded())
    one = use(tmp_path, lacking(bundle_files(machine), "trace/"), trace)
    truth = told.truth
    assert one.trace.lines == truth.lines
    assert one.trace.sockets == truth.sockets.total()
    assert {owner.counted.pid: owner.counted.connects for owner in one.owners} == dict(truth.connects)
    assert {owner.counted.pid: owner.counted.time_wait_births for owner in one.owners} == dict(truth.births)
    assert truth.connects[AGENT] == pytest.approx(10, abs=1)


# --- which processes ---


def test_processes_are_named(tmp_path: Path, files: dict[str, bytes]) -> None:
    busiest = use(tmp_path, files, trace_of()).busiest
    assert busiest is not None
    assert (busiest.process.image, busiest.process.services) == ("hostmonitor.exe", ("HostMonitor",))
    remotes = [(remote.address, remote.port, remote.connects) for remote in busiest.counted.remotes]
    assert remotes == [("203.0.113.40", 443, busiest.counted.connects)]


def test_a_trace_of_another_boot_names_nobody(tmp_path: Path, files: dict[str, bytes]) -> None:
    before = MACHINE.boot.replace(tzinfo=None) - timedelta(hours=1)
    one = use(tmp_path, files, trace_of(start=before))
    assert one.same_boot is False
    assert {owner.process.image for owner in one.owners} == {""}
    assert one.trace.connects > 0


def test_the_boundary_is_the_boot(tmp_path: Path, files: dict[str, bytes]) -> None:
    boot = MACHINE.boot.replace(tzinfo=None)
    assert use(tmp_path, files, lifeless(4, boot - timedelta(seconds=5))).same_boot is False
    assert use(tmp_path, files, lifeless(4, boot - timedelta(seconds=2))).same_boot is True


def test_a_process_created_after_the_trace_is_another(tmp_path: Path) -> None:
    """PIDs are given out again: this one was given to a process that started five minutes before the collection."""
    late = tuple(
        replace(one, started=MACHINE.uptime(COLLECTED) - 300) if one.pid == AGENT else one for one in MACHINE.processes
    )
    files = bundle_files(replace(MACHINE, processes=late))
    early = use(tmp_path, files, trace_of(start=NOON - timedelta(minutes=20)))
    assert (early.same_boot, early.owners[0].process.image) == (True, "")
    assert use(tmp_path, files, trace_of()).owners[0].process.image == "hostmonitor.exe"


def test_without_any_boot_or_time_the_collectors_own_trace_is_named(tmp_path: Path) -> None:
    machine = replace(calm(snapshots=1), recording=Recording(4, RECENT))
    files = lacking(bundle_files(machine), "eventlog/", "system/systeminfo")
    (one,) = analysis_of(tmp_path, files).measurements.traces
    assert one.owners[0].process.image == "hostmonitor.exe"


# --- no port left ---


@pytest.mark.parametrize(
    ("template", "statuses", "protocol", "count"),
    [
        (CONNECT, [NO_PORT] * 3, "TCP", 3),
        (CONNECT, [TAKEN] * 3, "", 0),
        (CONNECT, [TAKEN, NO_PORT, NO_PORT], "TCP", 2),
        (BIND, [NO_PORT] * 2, "TCP", 2),
        (BIND, [TAKEN] * 2, "", 0),
        (BIND, ["STATUS_TOO_MANY_ADDRESSES"], "TCP", 1),
        (UDP_BIND, [NO_PORT] * 4, "UDP", 4),
        (UDP_BIND, [TAKEN] * 4, "", 0),
        (WEAK, [""], "TCP", 1),
    ],
)
def test_what_proves_that_no_port_was_left(
    tmp_path: Path, files: dict[str, bytes], template: str, statuses: list[str], protocol: str, count: int
) -> None:
    found = shortages(tmp_path, files, failures(template, statuses))
    assert {name: one.count for name, one in found.items()} == ({protocol: count} if count else {})


def test_both_protocols_are_told_apart(tmp_path: Path, files: dict[str, bytes]) -> None:
    first = AFTER + timedelta(seconds=1)
    trace = failures(CONNECT, start=AFTER) + failures(UDP_BIND, start=first) + failures(WEAK, start=first)
    m = measured(tmp_path, files, trace)
    found = {one.protocol: one for one in m.traces[0].shortages}
    assert found["TCP"].count == 2
    assert (found["TCP"].first_at, found["TCP"].last_at) == (AFTER.replace(tzinfo=UTC), first.replace(tzinfo=UTC))
    assert (found["UDP"].count, found["UDP"].source.line) == (1, 2)
    assert "port-acquisition status = 0xC0000209" in found["TCP"].source.quote
    assert [one.protocol for one in m.coverage.traced] == ["TCP"]
    assert [one.protocol for one in m.udp_coverage.traced] == ["UDP"]


# Tables at 0, 150 and 300 s; 120 s is the shortest delay that may be in force.
@pytest.mark.parametrize(
    ("after", "unseen"),
    [(-121, True), (-120, False), (0, False), (1, True), (29, True), (30, False), (180, False), (300, False), (301, True)],
)  # fmt: skip
def test_a_table_within_the_delay_speaks_of_a_traced_shortage(
    tmp_path: Path, files: dict[str, bytes], after: int, unseen: bool
) -> None:
    m = measured(tmp_path, files, failures(CONNECT, start=NOON + timedelta(seconds=after)))
    assert (len(m.coverage.traced), len(m.coverage.traced_unseen), m.coverage.unseen) == (1, int(unseen), unseen)


def test_the_last_of_several_has_to_be_covered(tmp_path: Path, files: dict[str, bytes]) -> None:
    long = lines(CONNECT.format(status=NO_PORT), CONNECT.format(status=NO_PORT), start=NOON, apart=400)
    assert measured(tmp_path, files, long).coverage.traced


def test_a_shortage_without_a_time_is_covered_by_no_table(tmp_path: Path, files: dict[str, bytes]) -> None:
    trace = failures(CONNECT, start=NOON).replace(b"2018-12-24", b"2018-99-99")
    m = measured(tmp_path, files, trace)
    (one,) = m.coverage.traced
    assert (one.count, one.first_at, one.last_at) == (1, None, None)


# --- several ---


def test_the_busier_of_two_comes_first(tmp_path: Path, files: dict[str, bytes]) -> None:
    m = measured(tmp_path, files, trace_of(rate=1), trace_of(rate=5), lifeless())
    assert [one.file for one in m.traces] == ["trace/1.txt", "trace/0.txt", "trace/2.txt"]
    assert m.traces[2].busiest is None


def test_no_trace_no_measurement(tmp_path: Path, files: dict[str, bytes]) -> None:
    m = measured(tmp_path, files)
    assert (m.traces, m.coverage.traced, m.coverage.unseen) == ((), (), False)


def test_what_the_source_says(tmp_path: Path, files: dict[str, bytes]) -> None:
    source = use(tmp_path, files, trace_of(rate=2, seconds=10)).source()
    assert source.file == "trace/0.txt"
    assert source.quote.endswith("lines: 20 sockets, 20 connects, 20 into TIME_WAIT")
