"""`forensics analyze --trace FILE`, and traces in bundles as the program tells of them."""

import json
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import jsonschema
import pytest
from builder import bundle_files

from forensics import ingest
from forensics.report import pdf_process
from tests.bundles import zipped
from tests.commands.program import ROOT, SAMPLES, run
from tests.machines import calm
from tests.traces import AGENT, failures, made, trace_of

Caught = pytest.CaptureFixture[str]
Run = Callable[..., int]
SCHEMA = json.loads((ROOT / "forensics/report/findings.schema.json").read_text("utf-8"))


class NoPdf:
    """Makes no page: these tests are about the findings."""

    def render(self, *_given: object) -> bytes:
        return b"%PDF-1.7 stand-in"

    def close(self) -> None:
        """Nothing to end."""


@pytest.fixture
def forensics(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """The program in an empty folder, with a PDF that costs nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pdf_process, "PdfProcess", NoPdf)
    return partial(run, monkeypatch)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    (tmp_path / "bundle.zip").write_bytes(zipped(bundle_files(calm())))
    return tmp_path / "bundle.zip"


def test_a_trace_beside_the_bundle(forensics: Run, bundle: Path, tmp_path: Path, capsys: Caught) -> None:
    text = made(rate=3, seconds=10)
    (tmp_path / "trace.txt").write_bytes(b"".join(text.encoded()))
    assert forensics("analyze", bundle, "--trace", "trace.txt", "--json", "f.json", "-q", "--exit-code") == 0
    assert capsys.readouterr().err == ""
    findings = json.loads((tmp_path / "f.json").read_text("utf-8"))
    jsonschema.validate(findings, SCHEMA)
    trace = findings["measurements"]["trace"]
    assert (trace["file"], trace["connects"]) == ("../trace.txt", text.truth.connects[AGENT])
    assert trace["by_owner"][0]["image"] == "hostmonitor.exe"
    assert "../trace.txt" in {file["path"] for file in findings["bundle"]["files"]}


def test_it_counts_as_evidence(forensics: Run, bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "trace.txt").write_bytes(failures("TCP: endpoint (sockaddr=0.0.0.0:0) bind failed: port-acquisition status = {status}."))  # fmt: skip
    assert forensics("analyze", bundle, "-q", "--exit-code") == 0
    assert forensics("analyze", bundle, "--trace", "trace.txt", "-q", "--exit-code") == 11


def test_a_folder_and_a_trace_inside_it(forensics: Run, tmp_path: Path) -> None:
    with zipfile.ZipFile(SAMPLES / "healthy.zip") as archive:
        archive.extractall(tmp_path / "bundle")
    (tmp_path / "bundle" / "t.txt").write_bytes(trace_of())
    assert forensics("analyze", "bundle", "--trace", "bundle/t.txt", "-q", "--json", "f.json") == 0
    measured = json.loads((tmp_path / "f.json").read_text("utf-8"))["measurements"]
    assert [measured["trace"]["file"], *(one["file"] for one in measured["more_traces"])] == ["../t.txt", "t.txt"]


@pytest.mark.parametrize("name", ["gone.txt", "."])
def test_a_trace_that_is_no_file(forensics: Run, bundle: Path, capsys: Caught, name: str) -> None:
    assert forensics("analyze", bundle, "--trace", name) == 2
    assert capsys.readouterr().err.splitlines()[-1].endswith(f"{name}: no such file")


def test_a_file_that_is_no_trace(forensics: Run, bundle: Path, tmp_path: Path, capsys: Caught) -> None:
    (tmp_path / "t.etl").write_bytes(bytes(5000))
    assert forensics("analyze", bundle, "--trace", "t.etl") == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert "t.etl: not the text of a network trace" in line
    assert "netsh trace convert" in line


def test_one_trace_for_several_bundles(forensics: Run, bundle: Path, tmp_path: Path, capsys: Caught) -> None:
    (tmp_path / "t.txt").write_bytes(trace_of())
    assert forensics("analyze", bundle, SAMPLES / "healthy.zip", "--trace", "t.txt") == 2
    assert "one trace cannot belong to several bundles" in capsys.readouterr().err


def test_no_output_overwrites_the_trace(forensics: Run, bundle: Path, tmp_path: Path, capsys: Caught) -> None:
    (tmp_path / "t.txt").write_bytes(trace_of())
    assert forensics("analyze", bundle, "--trace", "t.txt", "--json", "t.txt") == 2
    assert "is an input" in capsys.readouterr().err
    assert (tmp_path / "t.txt").read_bytes() == trace_of()


def test_a_trace_over_the_budget_is_used_as_far_as_it_was_read(
    forensics: Run, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Caught
) -> None:
    monkeypatch.setattr(ingest, "STREAM_BUDGET", 800_000)
    text = made(rate=30, seconds=10)
    (tmp_path / "t.txt").write_bytes(b"".join(text.encoded()))
    assert forensics("analyze", bundle, "--trace", "t.txt", "--json", "f.json", "-q", "-v") == 0
    assert "../t.txt: the bundle unpacks to over 800,000 bytes" in capsys.readouterr().err
    findings = json.loads((tmp_path / "f.json").read_text("utf-8"))
    assert 50 < findings["measurements"]["trace"]["connects"] < text.truth.connects[AGENT]
    (file,) = (one for one in findings["bundle"]["files"] if one["path"] == "../t.txt")
    assert (file["kind"], file["status"]) == ("trace", "partly-read")


def test_inspect_names_it(forensics: Run, capsys: Caught) -> None:
    assert forensics("inspect", SAMPLES / "founding-case.zip", "--json", "-") == 0
    files = {file["path"]: file for file in json.loads(capsys.readouterr().out)["files"]}
    assert files["trace/trace.txt"]["kind"] == "trace"
    assert files["trace/trace.txt"]["note"] == "7 sockets, 7 connects in 120 s"
    assert files["applog/01-hostmonitor.log"]["kind"] == "application-log"


def test_verify_finds_both_intact(forensics: Run) -> None:
    assert forensics("verify", SAMPLES / "founding-case.zip") == 0
