"""`--max-size` and `--timeout`: what is over them is named, the rest is read, and that is no failure."""

import json
from pathlib import Path

import pytest

from forensics.bundle.content import Limits
from forensics.commands.limits import limits
from forensics.errors import UsageError
from tests.bundle.zip_builder import Entry, build
from tests.commands.program import SAMPLES, run
from tests.test_ingest import NETSTAT

FOUNDING = SAMPLES / "founding-case.zip"


@pytest.mark.parametrize(
    ("text", "size"),
    [("1", 1), ("500M", 500 * 2**20), ("4g", 4 * 2**30), ("4 GB", 4 * 2**30), ("4GiB", 4 * 2**30), ("1T", 2**40)],
)
def test_sizes_as_people_write_them(text: str, size: int) -> None:
    assert limits(text, 1.5) == Limits(size, 1.5)
    assert limits(None, None) == Limits()


@pytest.mark.parametrize("text", ["", "0", "-1", "4X", "1.5G", "G", "٤", "9" * 99])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--max-size"):
        limits(text, None)


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_what_is_no_time_is_refused(seconds: float) -> None:
    with pytest.raises(UsageError, match="--timeout"):
        limits(None, seconds)


def test_a_bomb_is_named_and_the_rest_analyzed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = tmp_path / "bomb.zip"
    bomb.write_bytes(build([Entry(b"a", bytes(9_000_000), claimed_size=9), Entry(b"netstat.txt", NETSTAT)]))
    found = tmp_path / "found.json"
    options = ("--max-size", "1M", "--json", found, "--output", tmp_path / "report.pdf", "--quiet")
    assert run(monkeypatch, "analyze", bomb, *options) == 0
    findings = json.loads(found.read_bytes())
    assert [(file["path"], file["status"]) for file in findings["bundle"]["files"]] == [
        ("a", "left"),
        ("netstat.txt", "read"),
    ]
    assert "unpacks to over 1,048,576 bytes" in str(findings["warnings"])


def test_inspect_names_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    shown = tmp_path / "shown.json"
    assert run(monkeypatch, "inspect", FOUNDING, "--timeout", "1e-9", "--json", shown) == 0
    files = json.loads(shown.read_bytes())["files"]
    assert {file["status"] for file in files} == {"left"}
    assert "the time limit of 1e-09 seconds is over" in capfd.readouterr().out


def test_verify_accuses_nothing_that_it_did_not_read(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "verify", FOUNDING, "--max-size", "100K") == 0
    printed = capfd.readouterr().out
    assert "not read    eventlog/System.evtx" in printed
    assert "changed" not in printed
    assert "consistent with its manifest, as far as it was read" in printed
    assert run(monkeypatch, "verify", FOUNDING, "--timeout", "1e-9") == 3
    assert "no manifest.json that could be read within the limits" in capfd.readouterr().err


def test_what_cannot_be_meant_is_one_line(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    for command in ("analyze", "inspect", "verify"):
        assert run(monkeypatch, command, FOUNDING, "--max-size", "much") == 2
        assert (
            capfd.readouterr().err == "forensics: --max-size much: give a number of bytes above 0, such as 500M or 4G\n"
        )


def test_a_path_that_no_system_has_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for command in ("analyze", "inspect", "verify"):
        assert run(monkeypatch, command, "x" * 5000) == 2
        assert capfd.readouterr().err == "forensics: a path is longer than this system can have\n"
