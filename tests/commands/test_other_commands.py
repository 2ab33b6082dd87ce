"""`inspect`, `verify`, `causes`, help, pipes and consoles."""

import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from builder import SAMPLES as SAMPLE_MACHINES
from builder import bundle_files

from forensics.causes import all_causes
from tests.bundle.zip_builder import Entry, build
from tests.bundles import zipped
from tests.commands.program import SAMPLES, run, start
from tests.commands.test_analyze import Caught, Run, _details, _raise


@pytest.fixture
def forensics(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)
    return partial(run, monkeypatch)


@pytest.fixture(scope="module")
def healthy() -> dict[str, bytes]:
    with zipfile.ZipFile(SAMPLES / "healthy.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


# --- verify ---


def verified(forensics: Run, capsys: Caught, folder: Path, files: dict[str, bytes]) -> tuple[list[str], str]:
    """What is not intact, and the last line."""
    (folder / "case.zip").write_bytes(zipped(files))
    assert forensics("verify", "case.zip") == 0
    first, *each, last = capsys.readouterr().out.splitlines()
    assert first == f"SHA-256 {sha256((folder / 'case.zip').read_bytes()).hexdigest()}"
    return [line for line in each if not line.startswith("intact ")], last


@pytest.mark.parametrize("folder", ["", "SRV1/"])
def test_verify_intact(forensics: Run, capsys: Caught, tmp_path: Path, healthy: dict[str, bytes], folder: str) -> None:
    files = {folder + path: data for path, data in healthy.items()}
    assert verified(forensics, capsys, tmp_path, files) == ([], "case.zip: consistent with its manifest (40 intact)")


def test_verify_a_bundle_in_a_zip(forensics: Run, capsys: Caught, tmp_path: Path, healthy: dict[str, bytes]) -> None:
    others, last = verified(forensics, capsys, tmp_path, {"SRV1.zip": zipped(healthy)})
    assert (others, last) == ([], "case.zip: consistent with its manifest (40 intact)")


def test_verify_changed_missing_and_not_listed(
    forensics: Run, capsys: Caught, tmp_path: Path, healthy: dict[str, bytes]
) -> None:
    files = healthy | {"netstat/ano-1.txt": b"edited", "note.txt": b"hello"}
    del files["system/fltmc.txt"]
    others, last = verified(forensics, capsys, tmp_path, files)
    assert others == ["changed     netstat/ano-1.txt", "missing     system/fltmc.txt", "not listed  note.txt"]
    assert last == "case.zip: NOT consistent with its manifest (38 intact, 1 changed, 1 missing, 1 not listed)"


def test_what_the_collector_could_not_get_is_not_missing(forensics: Run, capsys: Caught, tmp_path: Path) -> None:
    machine = SAMPLE_MACHINES["founding-case"].machine()
    others, last = verified(forensics, capsys, tmp_path, bundle_files(machine, without=("netsh/", "eventlog/")))
    assert (others, last) == ([], "case.zip: consistent with its manifest (26 intact)")


def test_verify_needs_no_evidence(forensics: Run, capsys: Caught, tmp_path: Path) -> None:
    files = {"manifest.json": b'{"schema": "forensics.bundle/1", "files": []}'}
    assert verified(forensics, capsys, tmp_path, files)[1].endswith("(nothing is listed)")


def test_verify_without_a_manifest(forensics: Run, capsys: Caught, tmp_path: Path, healthy: dict[str, bytes]) -> None:
    (tmp_path / "case.zip").write_bytes(zipped({path: data for path, data in healthy.items() if "/" in path}))
    assert forensics("verify", "case.zip") == 3
    expected = "forensics: case.zip: holds no manifest.json, so there is nothing to compare with\n"
    assert capsys.readouterr() == ("", expected)


def test_what_could_not_be_read_is_not_called_changed(
    forensics: Run, capsys: Caught, tmp_path: Path, healthy: dict[str, bytes]
) -> None:
    """Encrypted, or damaged on its way: nobody knows what it was when it was collected."""
    broken = {
        "netstat/s-1.txt": Entry(b"netstat/s-1.txt", b"x", crc=1),
        "system/fltmc.txt": Entry(b"system/fltmc.txt", b"x", flags=1),
    }
    entries = [broken.get(name) or Entry(name.encode(), data) for name, data in healthy.items()]
    (tmp_path / "case.zip").write_bytes(build(entries))
    assert forensics("verify", "case.zip") == 0
    printed = capsys.readouterr().out
    assert "not read    netstat/s-1.txt" in printed
    assert "not read    system/fltmc.txt" in printed
    assert printed.endswith("consistent with its manifest, as far as it was read (38 intact, 2 not read)\n")


def with_manifest(files: dict[str, bytes], change: Callable[[dict[str, Any]], object]) -> dict[str, bytes]:
    """The files with a manifest of which each entry was changed."""
    document = json.loads(files["manifest.json"])
    for entry in document["files"]:
        change(entry)
    return files | {"manifest.json": json.dumps(document).encode()}


def test_verify_with_sizes_alone(forensics: Run, capsys: Caught, tmp_path: Path, healthy: dict[str, bytes]) -> None:
    files = with_manifest(healthy, lambda entry: entry.pop("sha256", None))
    others, last = verified(forensics, capsys, tmp_path, files)
    assert {line[:12] for line in others} == {"not hashed  "}
    assert last == "case.zip: its manifest has no SHA-256 to compare with (40 not hashed)"
    others, last = verified(forensics, capsys, tmp_path, files | {"netstat/s-1.txt": b"x"})
    assert others[0] == "changed     netstat/s-1.txt"
    assert last == "case.zip: NOT consistent with its manifest (1 changed, 39 not hashed)"


def test_verify_with_one_hash_missing(
    forensics: Run, capsys: Caught, tmp_path: Path, healthy: dict[str, bytes]
) -> None:
    files = with_manifest(healthy, lambda one: one.pop("sha256") if one["path"] == "netstat/s-1.txt" else None)
    others, last = verified(forensics, capsys, tmp_path, files)
    assert others == ["not hashed  netstat/s-1.txt"]
    assert last == "case.zip: consistent with its manifest, as far as that has hashes (39 intact, 1 not hashed)"


def test_verify_a_file_under_another_name(
    forensics: Run, capsys: Caught, tmp_path: Path, healthy: dict[str, bytes]
) -> None:
    files = healthy | {"Copy of systeminfo.txt": healthy["system/systeminfo.txt"]}
    del files["system/systeminfo.txt"]
    others, last = verified(forensics, capsys, tmp_path, files)
    copy = "not listed  Copy of systeminfo.txt, which has the bytes of system/systeminfo.txt"
    assert others == ["missing     system/systeminfo.txt", copy]
    assert last == "case.zip: NOT consistent with its manifest (39 intact, 1 missing, 1 not listed)"


@pytest.mark.parametrize("garbage", [b'{"schema": "forensics.bundle/1", "files": [', b"\0\1garbage"])
def test_verify_a_manifest_that_cannot_be_read(
    forensics: Run, capsys: Caught, tmp_path: Path, healthy: dict[str, bytes], garbage: bytes
) -> None:
    (tmp_path / "case.zip").write_bytes(zipped(healthy | {"manifest.json": garbage}))
    assert forensics("verify", "case.zip") == 3
    told = "its manifest.json cannot be read as a manifest, so there is nothing to compare with"
    assert capsys.readouterr() == ("", f"forensics: case.zip: {told}\n")


@pytest.mark.parametrize("command", ["verify", "inspect"])
def test_a_bundle_that_does_not_exist(forensics: Run, capsys: Caught, command: str) -> None:
    assert forensics(command, "nowhere.zip") == 2
    assert capsys.readouterr() == ("", "forensics: nowhere.zip: no such file or folder\n")


# --- inspect ---


def test_inspect_shows_every_member(forensics: Run, capsys: Caught, healthy: dict[str, bytes]) -> None:
    assert forensics("inspect", SAMPLES / "healthy.zip") == 0
    printed = capsys.readouterr().out
    assert all(path in printed for path in healthy)


def test_inspect_json_on_standard_output_is_alone_there(
    forensics: Run, capsys: Caught, healthy: dict[str, bytes]
) -> None:
    assert forensics("inspect", SAMPLES / "healthy.zip", "--json", "-") == 0
    inspection = json.loads(capsys.readouterr().out)
    assert inspection["schema"] == "forensics.inspection/1"
    assert {file["path"] for file in inspection["files"]} == set(healthy)


def test_inspect_json_as_a_file(forensics: Run, capsys: Caught, tmp_path: Path) -> None:
    assert forensics("inspect", SAMPLES / "healthy.zip", "--json", "x.json") == 0
    assert "netstat/ano-1.txt" in capsys.readouterr().out
    assert json.loads((tmp_path / "x.json").read_text("utf-8"))["name"] == "healthy.zip"
    assert forensics("inspect", SAMPLES / "healthy.zip", "--json", "missing/x.json") == 4


def test_inspect_shows_what_is_no_evidence(forensics: Run, capsys: Caught, tmp_path: Path) -> None:
    (tmp_path / "case.zip").write_bytes(zipped({"notes.txt": b"Dear support,"}))
    assert forensics("inspect", "case.zip") == 0
    assert "notes.txt" in capsys.readouterr().out


@pytest.fixture
def denied(tmp_path: Path) -> None:
    """A bundle of an old system, whose collector was denied some of its files."""
    machine = replace(SAMPLE_MACHINES["founding-case"].machine(), traffic=(), snapshots=1)
    (tmp_path / "case.zip").write_bytes(zipped(bundle_files(machine, without=("netstat/s-", "system/hotfixes"))))


@pytest.mark.usefixtures("denied")
def test_inspect_shows_what_the_collector_could_not_get(
    forensics: Run, capsys: Caught, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert forensics("inspect", "case.zip") == 0
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 80
    members, _, lost = printed.partition("\nNot collected (")
    assert "changed by the collector: secrets masked" in members
    assert "system/hotfixes.csv" not in members
    assert lost.splitlines()[1:5] == [
        "failed        netstat/s-1.txt",
        "              ended with exit code 1: Access is denied.",
        "              Counters of the network stack: how many connections were opened",
        "              since the last reading.",
    ]
    assert "not-supported netstat/anoq-1.txt\n              this Windows is older than 6.3\n" in lost
    assert "skipped       netstat/ano-3.txt\n              -Quick lists connections once\n" in lost


@pytest.mark.usefixtures("denied")
def test_inspect_json_has_what_was_not_collected_and_what_was_changed(forensics: Run, capsys: Caught) -> None:
    assert forensics("inspect", "case.zip", "--json", "-") == 0
    inspection = json.loads(capsys.readouterr().out)
    lost = {one["path"]: one for one in inspection["not_collected"]}
    assert lost["system/hotfixes.csv"] == {
        "path": "system/hotfixes.csv",
        "outcome": "failed",
        "reason": "ended with exit code 1: Access is denied.",
        "why": "Installed updates.",
    }
    assert not set(lost) & {file["path"] for file in inspection["files"]}
    assert inspection["transformed"] == [{"path": "registry/windows-currentversion.reg", "how": "secrets masked"}]


def test_inspect_without_a_manifest_knows_of_nothing_that_is_missing(
    forensics: Run, capsys: Caught, tmp_path: Path, healthy: dict[str, bytes]
) -> None:
    (tmp_path / "case.zip").write_bytes(zipped({path: data for path, data in healthy.items() if "/" in path}))
    assert forensics("inspect", "case.zip") == 0
    assert "Not collected" not in capsys.readouterr().out


def test_a_manifest_may_not_steer_the_console(forensics: Run, capsys: Caught, tmp_path: Path) -> None:
    entry = {"path": "x\x1b[2J", "outcome": "failed", "reason": "\x1b]0;y\x07", "why": "\u202ez"}
    manifest = {"schema": "forensics.bundle/1", "files": [entry, {"path": "silent", "outcome": "timed-out"}]}
    (tmp_path / "case.zip").write_bytes(zipped({"manifest.json": json.dumps(manifest).encode()}))
    assert forensics("inspect", "case.zip") == 0
    printed = capsys.readouterr().out
    assert not {"\x1b", "\x07", "\u202e"} & set(printed)
    assert "timed-out     silent\n              the command did not end in time" in printed


def test_inspect_with_a_parser_that_raises(forensics: Run, capsys: Caught, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forensics.parsers.fltmc.parse", _raise)
    assert forensics("inspect", SAMPLES / "healthy.zip") == 1
    assert "ZeroDivisionError" in _details(capsys.readouterr().err)


# --- causes ---


def test_causes_lists_each(forensics: Run, capsys: Caught) -> None:
    assert forensics("causes") == 0
    printed = capsys.readouterr().out
    assert all(cause.ID in printed for cause in all_causes())


@pytest.mark.parametrize("cause", all_causes(), ids=lambda cause: cause.ID)
def test_causes_explains_one(forensics: Run, capsys: Caught, cause: object) -> None:
    assert forensics("causes", getattr(cause, "ID")) == 0  # noqa: B009 - modules stand for causes
    printed = capsys.readouterr().out
    for heading in ("What it is", "How it shows", "What proves it", "What rules it out", "What cures it", "Sources"):
        assert heading in printed


def test_an_unknown_cause(forensics: Run, capsys: Caught) -> None:
    assert forensics("causes", "gremlins") == 2
    assert capsys.readouterr() == ("", "forensics: gremlins: no such cause; 'forensics causes' lists them\n")


def test_a_command_that_raises(forensics: Run, capsys: Caught, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forensics.commands.causes.describe", _raise)
    assert forensics("causes", "tick-wrap-497d") == 1
    printed = capsys.readouterr()
    assert printed.err.startswith("forensics: a defect of forensics (ZeroDivisionError); the details are in ")
    assert "in _raise" in _details(printed.err)


# --- the program itself ---


def test_help_and_version(forensics: Run, capsys: Caught) -> None:
    assert forensics("--help") == 0
    printed = capsys.readouterr().out
    assert "..." not in printed.partition("Commands")[2]
    assert max(map(len, printed.splitlines())) <= 80
    assert forensics("--version") == 0
    assert capsys.readouterr().out.startswith("forensics ")


def test_help_imports_nothing_heavy() -> None:
    done = start("--help", PYTHONPROFILEIMPORTTIME="1")
    assert done.returncode == 0
    imported = {line.rpartition(b"|")[2].strip().decode() for line in done.stderr.splitlines()}
    assert "forensics.cli" in imported
    heavy = {"weasyprint", "jinja2", "rich", "rich.console", "rich.status", "msgspec", "inflate64"}
    assert not heavy & imported
    assert not [name for name in imported if name.startswith(("forensics.parsers", "forensics.report", "Evtx"))]


@pytest.mark.skipif(os.name == "nt", reason="needs a shell of Unix")
def test_a_pipe_that_closes_early_is_no_error() -> None:
    done = start("inspect", SAMPLES / "healthy.zip", shell_after="head -1")
    assert done.stderr == b""
    assert done.returncode == 0
    done = start("verify", SAMPLES / "healthy.zip", shell_after="true")
    assert (done.returncode, done.stderr) == (0, b"")
    done = start("analyze", SAMPLES / "healthy.zip", "-o", "/dev/null", "--json", "-", shell_after="head -c 1")
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_console_without_chinese_does_not_raise(tmp_path: Path, healthy: dict[str, bytes]) -> None:
    (tmp_path / "网络.zip").write_bytes(
        zipped({"网络/连接.txt": healthy["netstat/ano-1.txt"], "坏.zip": b"PK\x03\x04"})
    )
    for arguments in (("inspect", tmp_path / "网络.zip"), ("verify", tmp_path / "网络.zip")):
        done = start(*arguments, PYTHONIOENCODING="cp1252")
        assert b"Traceback" not in done.stderr
        assert "网络" in (done.stdout + done.stderr).decode("utf-8")
