"""Traces and applications' logs among the evidence of causes: they support and contradict, and decide nothing alone."""

import zipfile
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from builder import Machine, bundle_files
from builder.application_log import agent_log

from forensics.report.findings import Findings
from tests.bundles import analysis_of, cause, findings_of
from tests.machines import calm, churning, stuck
from tests.property_machines import MACHINES
from tests.report.cases import sample
from tests.tables import ids, said
from tests.traces import (
    AFTER,
    BIND,
    CONNECT,
    NO_MEMORY,
    NO_PORT,
    NOON,
    TAKEN,
    UDP_BIND,
    UNANSWERED,
    WEAK,
    failures,
    lifeless,
    lines,
    trace_of,
)  # fmt: skip

SAMPLES = Path(__file__).parents[2] / "samples"
PILES = (
    "close-wait-leak", "established-leak", "syn-sent-pileup", "fin-wait-pileup", "bound-port-leak", "time-wait-churn",
)  # fmt: skip
EXHAUSTED = failures(CONNECT, [NO_PORT] * 3)
Files = Mapping[str, bytes]


@cache
def files_of(name: str) -> dict[str, bytes]:
    machines: dict[str, Machine] = {
        "calm": calm(), "wrapped": stuck(), "churning": churning(), "wrapped-calm": calm(500), **MACHINES,
    }  # fmt: skip
    return bundle_files(machines[name])


def found(folder: Path, name: str, trace: bytes = b"", log: bytes = b"") -> Findings:
    more = {"trace/trace.txt": trace, "applog/01-agent.log": log}
    return findings_of(folder, {**files_of(name), **{path: data for path, data in more.items() if data}})


def statuses(findings: Findings) -> dict[str, str]:
    return {entry.id: entry.status for entry in findings.causes}


# --- no port was to be had ---


def test_a_calm_machine_is_calm(tmp_path: Path) -> None:
    before = statuses(found(tmp_path, "calm"))
    assert before["no-exhaustion"] == "confirmed"
    assert {before[one] for one in PILES} == {"ruled_out"}
    assert statuses(found(tmp_path, "calm", trace_of())) == before


def test_a_traced_shortage_on_an_otherwise_calm_machine(tmp_path: Path) -> None:
    findings = found(tmp_path, "calm", EXHAUSTED)
    nothing = cause(findings, "no-exhaustion")
    assert nothing.status == "ruled_out"
    assert said(nothing)["traced"] == (
        "A network trace shows 3 times that no port was to be had, first at 2018-12-24 12:35 UTC."
    )
    assert {one: cause(findings, one).status for one in PILES} == dict.fromkeys(PILES, "inconclusive")
    assert all("traced-unseen" in ids(cause(findings, one)) for one in PILES if one != "bound-port-leak")
    assert all(cause(findings, one).missing for one in PILES)
    assert findings.verdict.status != "confirmed"


@pytest.mark.parametrize("trace", [failures(WEAK, [""]), failures(BIND), failures(CONNECT)])
def test_each_proof_of_a_shortage(tmp_path: Path, trace: bytes) -> None:
    assert cause(found(tmp_path, "calm", trace), "no-exhaustion").status == "ruled_out"


@pytest.mark.parametrize("trace", [failures(CONNECT, [TAKEN]), failures(BIND, [TAKEN]), failures(UDP_BIND, [TAKEN])])
def test_a_port_that_is_taken_is_no_shortage(tmp_path: Path, trace: bytes) -> None:
    assert statuses(found(tmp_path, "calm", trace)) == statuses(found(tmp_path, "calm"))


def test_udp_is_told_apart(tmp_path: Path) -> None:
    after = statuses(found(tmp_path, "calm", failures(UDP_BIND)))
    assert after["no-exhaustion"] == "ruled_out"
    assert after["udp-port-exhaustion"] == "inconclusive"
    assert {after[one] for one in PILES} == {"ruled_out"}


def test_a_table_soon_after_speaks_of_a_shortage(tmp_path: Path) -> None:
    """The port was to be had by others than these: within the delay after it the table shows no pile."""
    after = statuses(found(tmp_path, "calm", failures(CONNECT, start=NOON + timedelta(seconds=100))))
    assert after["no-exhaustion"] == "ruled_out"
    assert {after[one] for one in PILES if one != "bound-port-leak"} == {"ruled_out"}


def test_a_shortage_supports_a_pile_that_is_there(tmp_path: Path) -> None:
    findings = found(tmp_path, "churning", EXHAUSTED)
    assert "traced" in ids(cause(findings, "time-wait-churn"))
    assert cause(findings, "time-wait-churn").status == "confirmed"


# --- rates ---


def test_the_trace_explains_a_busy_machine(tmp_path: Path) -> None:
    findings = found(tmp_path, "churning", trace_of(rate=8.2, seconds=20))
    churn = cause(findings, "time-wait-churn")
    assert "explains the pile" in said(churn)["trace-explains"]
    assert "hostmonitor.exe (PID 1536" in said(churn)["trace-explains"]
    assert churn.status == "confirmed"


def test_the_sample_of_a_busy_machine_explains_itself() -> None:
    findings = sample("busy-patched")
    churn = cause(findings, "time-wait-churn")
    assert said(churn)["trace-explains"].startswith(
        "A network trace of 3 s explains the pile: 390 connections entered TIME_WAIT, 130 connections a second, which "
        "keeps 15,600 ports there; 15,601 were seen. Busiest: w3wp.exe (PID 4480;"
    )
    assert "trace-explains" in ids(cause(findings, "tick-wrap-497d"))


def test_the_trace_shows_too_few_on_a_wrapped_machine(tmp_path: Path) -> None:
    findings = found(tmp_path, "wrapped", trace_of(rate=0.1, seconds=60))
    wrap = cause(findings, "tick-wrap-497d")
    assert "trace-too-few" in ids(wrap)
    assert "supports" in {point.effect for point in wrap.evidence if point.id.endswith("trace-too-few")}
    assert {point.effect for point in cause(findings, "time-wait-churn").evidence if point.id.endswith("trace-too-few")} == {
        "contradicts"
    }  # fmt: skip


def test_a_trace_without_a_connection_is_too_few(tmp_path: Path) -> None:
    assert "trace-too-few" in ids(cause(found(tmp_path, "wrapped", lifeless(120)), "tick-wrap-497d"))


@pytest.mark.parametrize("name", ["wrapped", "churning"])
def test_a_trace_of_another_boot_is_not_compared(tmp_path: Path, name: str) -> None:
    before = (calm().boot if name == "churning" else stuck().boot).replace(tzinfo=None) - timedelta(hours=2)
    findings = found(tmp_path, name, trace_of(rate=8, seconds=20, start=before))
    assert not {point.id for entry in findings.causes for point in entry.evidence if "trace-" in point.id}
    assert statuses(findings) == statuses(found(tmp_path, name))


# --- other messages ---


def test_unanswered_connects(tmp_path: Path) -> None:
    trace = trace_of() + lines(*[UNANSWERED] * 4, start=AFTER + timedelta(seconds=20))
    outside = cause(found(tmp_path, "calm", trace), "external-nat-exhaustion")
    assert said(outside)["trace-unanswered"].startswith("In a network trace 4 of ")
    assert "trace-unanswered" not in ids(cause(found(tmp_path, "calm", trace), "syn-sent-pileup"))
    assert "trace-unanswered" in ids(cause(found(tmp_path, "syn-sent-pileup", trace), "syn-sent-pileup"))


def test_no_memory(tmp_path: Path) -> None:
    entry = cause(found(tmp_path, "calm", lines(NO_MEMORY, NO_MEMORY)), "memory-pressure")
    assert entry.status == "possible"
    assert said(entry)["trace-no-memory"].startswith("In a network trace 2 operations failed for want of memory")


# --- the application's own log ---


def agents(days: float | None, interval: float = 15.4365) -> bytes:
    """The last half hour of an agent that has been running for so many days."""
    count = int(1800 / interval)
    begin = NOON - timedelta(seconds=interval * count)
    started = None if days is None else NOON - timedelta(days=days)
    return agent_log(begin, count, started=started, interval=interval, jitter=0.0).text.encode()


def test_an_agent_that_connects_far_too_seldom(tmp_path: Path) -> None:
    findings = found(tmp_path, "wrapped", log=agents(485))
    assert "every 15.4 s (116 lines)" in said(cause(findings, "tick-wrap-497d"))["app-slow"]
    assert "app-slow" in ids(cause(findings, "time-wait-churn"))
    assert "app-slow" not in ids(cause(found(tmp_path, "churning", log=agents(None, 0.5)), "time-wait-churn"))


def test_an_agent_as_old_as_the_machine(tmp_path: Path) -> None:
    entry = cause(found(tmp_path, "wrapped", log=agents(485)), "tick-wrap-497d")
    assert said(entry)["app-age"].startswith(
        "By a counter in the log applog/01-agent.log, a process had been running for 485.0 days on 2018-12-24 12:29 UTC"
    )
    assert "app-age" not in ids(cause(found(tmp_path, "wrapped", log=agents(None)), "tick-wrap-497d"))


def warned(findings: Findings) -> bool:
    return any("no process outlives a restart" in one.message for one in findings.warnings)


@pytest.mark.parametrize(
    ("days", "expected"), [(499.9, False), (499.999, False), (500.02, True), (501, True), (600, True)]
)
def test_a_log_older_than_the_boot_gives_a_warning(tmp_path: Path, days: float, *, expected: bool) -> None:
    findings = found(tmp_path, "wrapped", log=agents(days))
    assert warned(findings) is expected
    assert ("app-age" in ids(cause(findings, "tick-wrap-497d"))) is not expected


def test_an_old_log_of_the_run_before_gives_none(tmp_path: Path) -> None:
    """Its lines end before the restart: that its process was older is no contradiction."""
    machine = calm(days=0.01)  # 15 minutes
    files = bundle_files(machine)
    before = agent_log(NOON - timedelta(hours=3), 100, started=NOON - timedelta(days=300)).text.encode()
    findings = findings_of(tmp_path, {**files, "applog/01-agent.log": before})
    assert not warned(findings)


# --- nothing alone ---


def without(name: str, *starts: str) -> dict[str, bytes]:
    with zipfile.ZipFile(SAMPLES / f"{name}.zip") as archive:
        return {path: archive.read(path) for path in archive.namelist() if not path.startswith(starts)}


@pytest.mark.parametrize("name", ["founding-case", "busy-patched"])
def test_the_verdict_is_the_same_without_trace_and_log(tmp_path: Path, name: str) -> None:
    whole = sample(name)
    less = findings_of(tmp_path, without(name, "trace/", "applog/"))
    assert less.measurements.trace is None
    assert (less.verdict.cause, less.verdict.status, less.verdict.headline) == (
        whole.verdict.cause, whole.verdict.status, whole.verdict.headline,
    )  # fmt: skip
    assert statuses(less) == statuses(whole)


EVERYTHING = (
    trace_of(rate=9, seconds=12)
    + failures(CONNECT, start=AFTER + timedelta(seconds=20))
    + failures(UDP_BIND, start=AFTER + timedelta(seconds=21))
    + lines(UNANSWERED, NO_MEMORY, start=AFTER + timedelta(seconds=22))
)


@pytest.mark.parametrize("name", list(MACHINES)[::3])
def test_a_trace_confirms_nothing(tmp_path: Path, name: str) -> None:
    """Neither that it is there nor that it is taken away, but for what it was the only witness against."""
    bare, traced = statuses(found(tmp_path, name)), statuses(found(tmp_path, name, EVERYTHING, agents(10)))
    for cause_id, status in bare.items():
        if "confirmed" in {status, traced[cause_id]} and cause_id != "no-exhaustion":
            assert status == traced[cause_id], cause_id
    assert traced["no-exhaustion"] == "ruled_out"


@pytest.mark.parametrize(
    "name", ["wrapped", "wrapped-calm", "churning", "churning-past-the-wrap", "approaching", "calm"]
)
def test_a_trace_of_nothing_decides_nothing(tmp_path: Path, name: str) -> None:
    assert statuses(found(tmp_path, name, lifeless(90), agents(10))) == statuses(found(tmp_path, name))


def test_all_of_it_is_read_without_a_defect(tmp_path: Path) -> None:
    analysis = analysis_of(tmp_path, {**files_of("calm"), "t.txt": EVERYTHING, "a.log": agents(10)})
    assert analysis.defects == ()
