"""`measurements.trace` of the findings: valid, and equal to what the builder put into the trace."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import jsonschema
import pytest
from builder import SAMPLES, Machine, bundle_files
from builder.bundle import trace_begins
from builder.recorded import MachineTrace
from builder.zones import CHINA

from forensics.report.findings import Findings, encode
from tests.bundles import findings_of
from tests.machines import calm
from tests.report.cases import sample
from tests.tables import lacking
from tests.traces import AFTER, AGENT, CONNECT, UNANSWERED, WEAK, failures, lifeless, lines, made, trace_of

SCHEMA = json.loads((Path(__file__).parents[2] / "forensics/report/findings.schema.json").read_text("utf-8"))


def with_traces(folder: Path, *traces: bytes, machine: Machine | None = None, without: str = "-") -> Findings:
    files = lacking(bundle_files(machine or calm(snapshots=1)), without)
    return findings_of(folder, files | {f"trace/{number}.txt": data for number, data in enumerate(traces)})


@pytest.mark.parametrize("name", ["founding-case", "busy-patched"])
def test_the_samples_are_valid(name: str) -> None:
    findings = json.loads(encode(sample(name)))
    jsonschema.validate(findings, SCHEMA)
    trace = findings["measurements"]["trace"]
    truth = SAMPLES[name].truth
    assert (trace["connects"], trace["time_wait_births"]) == (truth.connects, truth.births)
    assert (trace["file"], trace["same_boot"], trace["unrecognised_lines"] > 0) == ("trace/trace.txt", True, True)
    assert findings["measurements"]["more_traces"] == []
    images = {process.pid: process.name for process in SAMPLES[name].machine().processes}
    assert {owner["pid"]: owner["image"] for owner in trace["by_owner"]}.items() <= images.items()


def test_the_founding_case_equals_the_builders_truth() -> None:
    machine = SAMPLES["founding-case"].machine()
    told = MachineTrace(machine, trace_begins(machine))
    assert told.truth.lines == 0
    assert sum(1 for _ in told.lines()) == told.truth.lines
    truth, trace = told.truth, sample("founding-case").measurements.trace
    assert trace is not None
    assert trace.lines == truth.lines
    assert trace.sockets == truth.sockets.total()
    assert trace.connects_without_owner == trace.port_exhaustion_events == 0
    (owner,) = trace.by_owner
    assert (owner.pid, owner.image, owner.services) == (AGENT, "hostmonitor.exe", ["HostMonitor"])
    assert (owner.sockets, owner.connects) == (truth.sockets[AGENT], truth.connects[AGENT])
    assert (owner.time_wait_births, owner.failed) == (truth.births[AGENT], 0)
    assert owner.connects_per_second == round(owner.connects / 120, 5)
    assert [(one.address, one.port, one.connects) for one in owner.remotes] == [("203.0.113.40", 443, owner.connects)]
    assert {
        bucket.at.replace(tzinfo=None): bucket.connects for bucket in trace.opens.buckets if bucket.connects
    } == dict(truth.per_second)


def test_times_are_the_machines_with_their_offset() -> None:
    trace = sample("founding-case").measurements.trace
    assert trace is not None
    assert trace.started_at == datetime.fromisoformat("2018-12-24T12:50:10+08:00")
    assert trace.ended_at == datetime.fromisoformat("2018-12-24T12:52:10+08:00")
    assert trace.started_at.utcoffset() == timedelta(hours=8)
    assert trace.seconds == 120


def test_a_life_from_creation_to_end() -> None:
    trace = sample("founding-case").measurements.trace
    assert trace is not None
    (life,) = trace.lives
    assert (life.pid, life.image, life.whole, life.closed_first) == (AGENT, "hostmonitor.exe", True, "local")
    assert life.remote == "203.0.113.40:443"
    assert life.local == f"10.20.0.40:{life.port}"
    assert [stay.state for stay in life.stays] == ["SynSent", "Established", "FinWait1", "Closing", "TimeWait"]
    assert life.stays[1].seconds == pytest.approx(5.6, abs=0.1)
    assert life.steps[0].event_id == 1001
    assert [step.line for step in life.steps] == sorted(step.line for step in life.steps)
    moments = [step.at for step in life.steps if step.at is not None]
    assert moments == sorted(moments)
    assert all(at.utcoffset() == timedelta(hours=8) for at in moments)


def test_the_busier_is_the_trace_and_the_others_follow(tmp_path: Path) -> None:
    measured = with_traces(tmp_path, lifeless(), trace_of(rate=1), trace_of(rate=4)).measurements
    assert measured.trace is not None
    assert (measured.trace.file, measured.trace.connects) == ("trace/2.txt", 40)
    assert [(one.file, one.connects) for one in measured.more_traces] == [("trace/1.txt", 10), ("trace/0.txt", 0)]


def test_shortages_and_failures(tmp_path: Path) -> None:
    at = AFTER + timedelta(seconds=1)
    findings = with_traces(tmp_path, failures(CONNECT) + failures(WEAK, start=at) + lines(UNANSWERED, start=at))
    jsonschema.validate(json.loads(encode(findings)), SCHEMA)
    trace = findings.measurements.trace
    assert trace is not None
    assert trace.port_exhaustion_events == 2
    (shortage,) = trace.shortages
    assert (shortage.protocol, shortage.count, shortage.source.line) == ("TCP", 2, 1)
    assert shortage.source.quote.startswith("TCP: connection 0xFFFFFA80C3956B20")
    counted = {(one.event_id, one.status): one.count for one in trace.failures}
    assert counted[1050, "0xC0000209"] == 1
    assert counted[1045, ""] == 1


def test_another_boot(tmp_path: Path) -> None:
    before = calm().boot.replace(tzinfo=None) - timedelta(days=1)
    trace = with_traces(tmp_path, trace_of(start=before)).measurements.trace
    assert trace is not None
    assert trace.same_boot is False
    assert [one.image for one in trace.by_owner] == [""]
    assert {life.image for life in trace.lives} == {""}


def test_without_a_zone_times_have_no_offset(tmp_path: Path) -> None:
    machine = replace(calm(snapshots=1), zone=CHINA)
    files = {path: data for path, data in bundle_files(machine).items() if path.startswith("netstat/")}
    findings = findings_of(tmp_path, files | {"t.txt": trace_of()})
    jsonschema.validate(json.loads(encode(findings)), SCHEMA)
    trace = findings.measurements.trace
    assert trace is not None
    assert trace.started_at is not None
    assert trace.started_at.tzinfo is None
    assert trace.same_boot is None


def test_without_times(tmp_path: Path) -> None:
    data = b"".join(made().encoded()).replace(b"2018? -? 12? -? 24", b"2018? -? 99? -? 99")
    findings = with_traces(tmp_path, data)
    jsonschema.validate(json.loads(encode(findings)), SCHEMA)
    trace = findings.measurements.trace
    assert trace is not None
    assert (trace.started_at, trace.seconds, trace.connects_per_second, trace.opens.buckets) == (None, None, None, [])
    assert trace.connects == 20


def test_no_trace(tmp_path: Path) -> None:
    findings = with_traces(tmp_path)
    assert (findings.measurements.trace, findings.measurements.more_traces) == (None, [])
    jsonschema.validate(json.loads(encode(findings)), SCHEMA)
