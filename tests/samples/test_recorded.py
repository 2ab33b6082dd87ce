"""A machine's trace and its application's log tell of the connections that its snapshots and counters show."""

import csv
import io
import re
import zipfile
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from builder import SAMPLES, Leak, Machine, PortRange, Recording, Traffic, Unanswered, bundle_files, snapshots
from builder.bundle import trace_begins
from builder.recorded import MachineTrace, application_log
from builder.scenarios import founding_case, founding_case_recorded, healthy
from builder.trace import DIALECTS, RECENT, Dialect

PEER = "10.20.4.15"
FOLDER = Path(__file__).parents[2] / "samples"
RECORDED = ("founding-case", "busy-patched")
CREATED = re.compile(r"endpoint 0x\w{16} \(Family=\S+ ?, PID=(\d+)\) created")
REQUESTED = re.compile(r"Tcb 0x\w{16} \(local=(\S+):(\d+) remote=(\S+)\) requested to connect")
AGE = re.compile(r"^(\S+ \S+),(\d{3}) (\d+) ", re.MULTILINE)


def files_of(name: str) -> tuple[Machine, dict[str, bytes]]:
    """The committed sample; another test holds it against the builder."""
    with zipfile.ZipFile(FOLDER / f"{name}.zip") as archive:
        return SAMPLES[name].machine(), {member: archive.read(member) for member in archive.namelist()}


def traced(machine: Machine) -> tuple[MachineTrace, str]:
    trace = MachineTrace(machine, trace_begins(machine))
    return trace, "".join(trace.lines())


@pytest.fixture(scope="module", params=RECORDED)
def recorded(request: pytest.FixtureRequest) -> tuple[str, Machine, dict[str, bytes], str]:
    machine, files = files_of(request.param)
    return request.param, machine, files, files["trace/trace.txt"].decode("ascii")


def test_the_trace_holds_what_the_truth_says(recorded: tuple[str, Machine, dict[str, bytes], str]) -> None:
    name, _, _, text = recorded
    truth = SAMPLES[name].truth
    assert len(REQUESTED.findall(text)) == truth.connects
    assert text.count("to TimeWaitState") == truth.births


def test_its_processes_are_listed_and_its_remotes_are_those_of_the_table(
    recorded: tuple[str, Machine, dict[str, bytes], str],
) -> None:
    _, machine, files, text = recorded
    listed = {int(row[1]) for row in csv.reader(io.StringIO(files["process/tasklist-svc.csv"].decode("cp936", "replace")))
              if row[1].isdigit()}  # fmt: skip
    assert {int(pid) for pid in CREATED.findall(text)} <= listed
    table = files["netstat/ano-3.txt"].decode("cp936", "replace")
    for local, port, remote in REQUESTED.findall(text):
        assert local == machine.address
        assert 49152 <= int(port) <= 65535
        assert f" {remote} " in table


def test_no_port_is_taken_that_is_not_free(recorded: tuple[str, Machine, dict[str, bytes], str]) -> None:
    _, machine, _, text = recorded
    begin, delay = trace_begins(machine), timedelta(seconds=machine.time_wait_delay)
    if machine.clock_wraps:  # nothing that waited in the last table has gone since
        held = {row.local_port for row in snapshots(machine)[-1].rows if row.protocol == "TCP" and row.state != "ESTABLISHED"}  # fmt: skip
        assert not held & {int(port) for _, port, _ in REQUESTED.findall(text)}
    ports = [int(port) for _, port, _ in REQUESTED.findall(text)]
    assert len(set(ports)) == len(ports)  # shorter than the delay, so none can have come back
    assert begin + delay > begin + timedelta(seconds=3)


def test_its_rate_is_that_of_the_counters(recorded: tuple[str, Machine, dict[str, bytes], str]) -> None:
    name, machine, _, _ = recorded
    truth = SAMPLES[name].truth
    assert machine.recording is not None
    assert truth.connects is not None
    expected = truth.opened / 300 * machine.recording.seconds
    assert abs(truth.connects - expected) <= 1


def test_it_runs_from_after_the_last_snapshot_by_the_machines_clock() -> None:
    machine, files = files_of("founding-case")
    times = re.findall(rb"\? (\d\d) (\d\d:\d\d:\d\d\.\d{3}) \[", files["trace/trace.txt"])
    last = machine.zone.local(machine.snapshot_times[-1])
    assert f"{last:%d %H:%M:%S}" == "24 12:50:00"
    assert (times[0], times[-1]) == ((b"24", b"12:50:10.000"), (b"24", b"12:52:10.000"))
    assert times == sorted(times)


def test_the_agents_log_has_a_line_for_each_of_its_connections() -> None:
    machine, files = files_of("founding-case")
    truth = SAMPLES["founding-case"].truth
    lines = AGE.findall(files["applog/01-hostmonitor.log"].decode("ascii"))
    assert len(lines) == truth.submissions
    times = [datetime.fromisoformat(f"{stamp}.{milli}") for stamp, milli, _ in lines]
    steps = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    assert sum(steps) / len(steps) == pytest.approx(15.4, abs=0.02)
    assert all(15.0 < step < 15.8 for step in steps)
    # its counter and the process list agree on when it started: 485.3 days before, as in the article
    started = machine.zone.local(machine.boot) + timedelta(days=15)
    assert {round((at - started).total_seconds() * 1000) - int(age) for at, (_, _, age) in zip(times, lines, strict=True)} <= {-1, 0, 1}  # fmt: skip
    assert int(lines[-1][2]) / 86_400_000 == pytest.approx(485.32, abs=0.01)
    assert f"{started:%Y%m%d%H%M%S}.000000+480" in files["process/wmic-process.csv"].decode("utf-8-sig")
    # the last line before the first snapshot is the connection that stands in it, or has just closed
    copied = machine.zone.local(machine.collected_at) + timedelta(seconds=28)
    assert copied - timedelta(seconds=16) < times[-1] < copied


def test_what_was_asked_for_changes_nothing_else() -> None:
    plain, more = bundle_files(founding_case()), bundle_files(founding_case_recorded())
    assert set(more) - set(plain) == {"trace/trace.txt", "applog/01-hostmonitor.log"}
    changed = {path for path in plain if plain[path] != more[path]}
    assert changed == {"manifest.json", "process/wmic-process.csv"}


def small(**changes: object) -> Machine:
    quiet = replace(
        healthy(), traffic=(), held=(), accepted=(), listeners=(), recording=Recording(60, RECENT),
        dynamic_ports=PortRange(50_000, 300),
    )  # fmt: skip
    return replace(quiet, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_every_dialect_tells_the_same(dialect: Dialect) -> None:
    trace, text = traced(small(traffic=(Traffic(4480, PEER, 1433, per_second=2),), recording=Recording(5, dialect)))
    assert trace.truth.connects == {4480: 10}
    assert text.count("requested to connect") == 10


def test_a_full_range_is_told_as_such() -> None:
    """Three connects a second with 120 s each fill 300 ports and more."""
    trace, text = traced(small(traffic=(Traffic(4480, PEER, 1433, per_second=3),)))
    refused = text.count("connect failed: port-acquisition status = 0xC0000209")
    assert refused == trace.truth.exhaustion[1050] == trace.truth.failed[4480]
    assert trace.truth.connects[4480] == pytest.approx(180, abs=5)
    assert 20 < refused < 80  # 2.5 a second are let go, in waves


def test_peers_that_do_not_answer_and_sockets_that_are_kept() -> None:
    machine = small(
        unanswered=(Unanswered(4480, "10.20.4.16", 8080, 0.5),),
        leaks=(Leak(944, "10.20.4.17", 443, "ESTABLISHED", 0.2, 10), Leak(944, "", 0, "BOUND", 0.1, 3)),
    )
    trace, text = traced(machine)
    assert trace.truth.connects[4480] == pytest.approx(30, abs=3)
    assert trace.truth.connects[944] == pytest.approx(12, abs=3)
    assert text.count("connect-request timeout expired") == pytest.approx(
        20, abs=3
    )  # of those begun 21 s before its end
    assert trace.truth.births == Counter()


def test_connections_that_stand_when_it_begins_end_in_it() -> None:
    machine = small(traffic=(Traffic(4480, "2001:db8::15", 443, per_second=1, lifetime=30, family=6),))
    trace, text = traced(machine)
    assert trace.truth.connects[4480] == pytest.approx(60, abs=2)
    assert trace.truth.births[4480] == pytest.approx(60, abs=2)
    assert "(local=[2001:db8:20::40]:" in text


def test_without_being_asked_there_is_neither() -> None:
    assert not [path for path in bundle_files(founding_case()) if path.startswith(("trace/", "applog/"))]
    with pytest.raises(ValueError, match="no trace"):
        MachineTrace(healthy(), healthy().collected_at)
    with pytest.raises(ValueError, match="no log"):
        application_log(healthy(), healthy().collected_at)


def test_a_process_that_opens_nothing_logs_nothing() -> None:
    machine = replace(founding_case_recorded(), traffic=())
    assert application_log(machine, machine.collected_at).lines == ()
    assert bundle_files(machine)["applog/01-hostmonitor.log"] == b""
