"""Beside each command that a person could type stands the run of the collector that brings the same, or why none does."""

import doctest
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from builder import SAMPLES, bundle_files
from rich.console import Console

from forensics.analysis import analyze
from forensics.report import collector_advice
from forensics.report.findings import Findings, MissingEntry, encode, json_schema
from forensics.report.front import front_of
from forensics.report.html import render_html
from forensics.report.terminal import render_terminal
from tests.bundles import zipped

ELEVATED = "needs an elevated start (Run as administrator)"
Files = dict[str, bytes]
Read = Callable[[Mapping[str, bytes]], Findings]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def of(files: Mapping[str, bytes]) -> Findings:
        (tmp_path / "case.zip").write_bytes(zipped(dict(files)))
        return analyze(tmp_path / "case.zip").findings

    return of


@pytest.fixture(scope="module")
def whole() -> Files:
    machine = SAMPLES["founding-case"].machine()
    return bundle_files(replace(machine, traffic=(), snapshots=1))


def lacking(files: Files, path: str, outcome: str, reason: str, **fields: object) -> Files:
    """The bundle of a collector that could not get one file."""
    manifest: dict[str, Any] = json.loads(files["manifest.json"]) | fields
    for entry in manifest["files"]:
        if entry["path"] == path:
            entry |= {"outcome": outcome, "reason": reason}
            entry.pop("sha256", None)
    left = {name: data for name, data in files.items() if name != path}
    return left | {"manifest.json": json.dumps(manifest).encode()}


def asked(findings: Findings, command: str) -> list[MissingEntry]:
    """What is missing that this command supplies, of whatever cause."""
    found = [one for cause in findings.causes for one in cause.missing if one.command.startswith(command)]
    assert found
    return found


def test_a_bundle_made_by_hand_is_told_the_runs(read: Read, whole: Files) -> None:
    findings = read({path: whole[path] for path in ("system/systeminfo.txt", "netstat/ano-1.txt")})
    runs = {one.command: one.collector for cause in findings.causes for one in cause.missing}
    assert {"forensics-collect.cmd", "forensics-collect.cmd -Thorough"} <= set(runs.values())
    thorough = [command for command, run in runs.items() if run.endswith("-Thorough")]
    assert thorough
    assert all("timeout" in command for command in thorough)
    (after,) = {one.collector_note for one in asked(findings, "for /l")}
    assert after == "Start it right after an event 4227."
    jsonschema.validate(json.loads(encode(findings)), json_schema())


def test_without_elevation_it_is_to_be_run_again_as_administrator(read: Read, whole: Files) -> None:
    findings = read(lacking(whole, "eventlog/System.evtx", "skipped", ELEVATED, elevated=False))
    missing = {(one.collector, one.collector_note) for one in asked(findings, "wevtutil epl System System.evtx")}
    note = "Run it again as administrator: without, it could not have eventlog/System.evtx."
    assert missing == {("forensics-collect.cmd", note)}


@pytest.mark.parametrize("outcome", ["failed", "timed-out", "not-supported"])
def test_what_the_collector_could_not_have_is_not_asked_of_it_again(read: Read, whole: Files, outcome: str) -> None:
    findings = read(lacking(whole, "eventlog/System.evtx", outcome, "no end after 600 s; ended by the collector"))
    for one in asked(findings, "wevtutil epl System System.evtx"):
        assert one.collector == ""
        assert one.collector_note == (
            "The collector could not have eventlog/System.evtx: no end after 600 s; ended by the collector."
        )


def test_a_quick_run_is_to_be_run_again_without_it(read: Read, whole: Files) -> None:
    for one in asked(read(whole), "netstat -ano > ano-1.txt"):
        assert one.collector == "forensics-collect.cmd -Thorough"
        assert one.collector_note == "Run it again without -Quick."


def test_a_redacted_bundle_is_to_be_made_again_without_redaction(read: Read, whole: Files) -> None:
    findings = read(lacking(whole, "eventlog/System.evtx", "skipped", "left out of a redacted bundle"))
    assert "without -Redact" in asked(findings, "wevtutil epl System System.evtx")[0].collector_note


def test_what_was_lost_on_the_way_is_asked_for(read: Read, whole: Files) -> None:
    findings = read({path: data for path, data in whole.items() if path != "system/tcpip-files.csv"})
    for one in asked(findings, "wmic datafile"):
        assert one.collector == ""
        assert one.collector_note == (
            "The collector had system/tcpip-files.csv, but it is not in this bundle: send the zip as it was made."
        )


def test_where_netstat_has_no_q_a_trace_shows_who_binds(read: Read) -> None:
    machine = replace(SAMPLES["founding-case"].machine(), traffic=())
    files = bundle_files(machine, without=("process/",))
    findings = read({path: data for path, data in files.items() if not path.startswith("netstat/")})
    for one in asked(findings, "netstat -anoq"):
        assert one.collector == "forensics-collect.cmd -TraceSeconds 120"
        assert "netstat/anoq-1.txt: this Windows is older than 6.3; a trace shows" in one.collector_note


def test_another_collectors_manifest_does_not_count(read: Read, whole: Files) -> None:
    files = lacking(whole, "eventlog/System.evtx", "failed", "no", collector={"name": "theirs", "version": "1"})
    for one in asked(read(files), "wevtutil epl System System.evtx"):
        assert (one.collector, one.collector_note) == ("forensics-collect.cmd", "")


def inconclusive(read: Read, whole: Files) -> Findings:
    findings = read({path: whole[path] for path in ("system/systeminfo.txt",)})
    assert findings.verdict.status == "inconclusive"
    return findings


def test_an_inconclusive_first_page_names_the_run_that_settles_most(read: Read, whole: Files) -> None:
    findings = inconclusive(read, whole)
    settle = front_of(findings).settle
    assert settle.endswith(": forensics-collect.cmd -Thorough")
    assert settle in render_html(findings)
    printed = io.StringIO()
    console = Console(width=80, file=printed)
    render_terminal(findings, console)
    lines = printed.getvalue().splitlines()
    assert settle in " ".join(line.strip() for line in lines)
    assert "         or forensics-collect.cmd" in [line.rstrip() for line in lines]
    assert max(map(len, lines)) <= 80


def test_a_verdict_that_stands_needs_no_such_sentence(read: Read, whole: Files) -> None:
    assert front_of(read(whole)).settle == ""


def test_where_no_run_helps_none_is_named(read: Read, whole: Files) -> None:
    refused = json.loads(whole["manifest.json"])
    for entry in refused["files"]:
        entry |= {"outcome": "failed", "reason": "ended with exit code 1: Access is denied."}
    files = {"manifest.json": json.dumps(refused).encode(), "system/systeminfo.txt": whole["system/systeminfo.txt"]}
    front = front_of(read(files))
    assert front.status == "inconclusive"
    assert front.settle == ""
    assert all(ask.note.startswith("The collector could not have ") for ask in front.asks)


def test_the_page_escapes_what_a_manifest_says(read: Read, whole: Files) -> None:
    files = lacking(whole, "eventlog/System.evtx", "failed", "<script>alert(1)</script>")
    assert "<script>" not in render_html(read(files))


def test_examples() -> None:
    results = doctest.testmod(collector_advice)
    assert results.attempted
    assert not results.failed
