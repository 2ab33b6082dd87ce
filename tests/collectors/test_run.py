"""The script itself, under a real PowerShell, with stand-ins for Windows' programs; its zip goes to the analyzer.

Runs where `pwsh` or `powershell` is on the PATH, or where FORENSICS_POWERSHELL names a command line that runs a
script as `pwsh -File` does; is skipped elsewhere.
"""

import hashlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from builder import bundle_files

from docs.collector_table import Row, read_table
from forensics.bundle.manifest import read
from tests.bundles import analysis_of
from tests.collectors.script import SCRIPT, text_of
from tests.commands.program import start
from tests.machines import stuck

STANDIN = Path(__file__).with_name("standin.py")
PROGRAMS = (
    "netstat netsh reg wevtutil tasklist systeminfo driverquery fltmc wmic powershell certutil".split()
)  # fmt: skip
UTF_16 = "\ufeffWinsock 目录\r\n".encode("utf-16-le")
CP936 = "地址类型\r\n".encode("cp936")
MOST_SECONDS = 240


def interpreter() -> list[str]:
    """How to start a script; skips the test where nothing can."""
    given = os.environ.get("FORENSICS_POWERSHELL")
    if given:
        return shlex.split(given)
    found = shutil.which("pwsh") or shutil.which("powershell")
    if not found:
        pytest.skip("no pwsh or powershell on the PATH, and FORENSICS_POWERSHELL names none")
    return [found, "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File"]


@dataclass
class Stand:
    """A folder of stand-ins, and one for the zip."""

    folder: Path
    rows: dict[str, Row]
    files: dict[str, bytes]
    faults: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    @property
    def output(self) -> Path:
        return self.folder / "out"

    def command(self, *options: str) -> list[str]:
        return [*interpreter(), str(SCRIPT), *options, "-OutputFolder", str(self.output)]

    def environment(self) -> dict[str, str]:
        programs = self.folder / "bin"
        shutil.rmtree(programs, ignore_errors=True)
        programs.mkdir(parents=True)
        for name in PROGRAMS:
            if name in self.missing:
                continue
            program = programs / name
            program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{STANDIN}" {name} "$@"\n', encoding="utf-8")
            program.chmod(0o755)
        answers: dict[str, str] = {}
        for number, (path, data) in enumerate(self.files.items()):
            (self.folder / f"{number}.bin").write_bytes(data)
            for command in self.rows[path].commands[:1]:
                answers.setdefault(command.replace('"', "").replace("{out}", "output.tmp"), f"{number}.bin")
        (self.folder / "answers.json").write_text(json.dumps(answers), encoding="utf-8")
        (self.folder / "faults.json").write_text(json.dumps(self.faults), encoding="utf-8")
        self.output.mkdir(exist_ok=True)
        rest = os.environ["PATH"]
        return {**os.environ, "PATH": f"{programs}{os.pathsep}{rest}", "STANDIN": str(self.folder)}

    def run(self, *options: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            self.command("-Quick", *options),
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=MOST_SECONDS,
            check=False,
        )

    def zip(self) -> Path:
        (only,) = self.output.iterdir()
        return only


@pytest.fixture(scope="module")
def rows() -> dict[str, Row]:
    interpreter()
    return {row.path: row for row in read_table(text_of(SCRIPT))}


@pytest.fixture(scope="module")
def machine_files(rows: dict[str, Row]) -> dict[str, bytes]:
    """A small relative of the founding case, collected now: 500 days up, most ports in TIME_WAIT."""
    now = datetime.now(tz=UTC).replace(microsecond=0)
    machine = stuck(collected_at=now, boot=now - timedelta(days=500), log_begins=now - timedelta(days=6))
    made = bundle_files(machine, manifest=False)
    made["netsh/ipaddresses.txt"] = CP936
    made["netsh/winsock-catalog.txt"] = UTF_16
    return {path: data for path, data in made.items() if path in rows and not Row.own(rows[path].run)}


@pytest.fixture
def stand(tmp_path: Path, rows: dict[str, Row], machine_files: dict[str, bytes]) -> Stand:
    return Stand(tmp_path, rows, dict(machine_files))


def contents(path: Path) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The members, checked against the manifest, and the manifest."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert names[-1] == "manifest.json"
        assert not [name for name in names if "\\" in name]
        files = {name: archive.read(name) for name in names}
    text = files.pop("manifest.json")
    assert text.isascii()
    manifest = json.loads(text)
    assert read(text.decode()).problems == ()
    listed = {entry["path"]: entry for entry in manifest["files"]}
    assert {name for name, entry in listed.items() if entry["outcome"] == "ok"} == set(files)
    for name, data in files.items():
        assert (listed[name]["size"], listed[name]["sha256"]) == (len(data), hashlib.sha256(data).hexdigest()), name
    for entry in manifest["files"]:
        assert entry["outcome"] == "ok" or entry["reason"], entry
    return files, manifest | {"files": listed}


@pytest.fixture(scope="module")
def whole(
    tmp_path_factory: pytest.TempPathFactory, rows: dict[str, Row], machine_files: dict[str, bytes]
) -> tuple[Stand, subprocess.CompletedProcess[bytes]]:
    stand = Stand(tmp_path_factory.mktemp("whole"), rows, dict(machine_files))
    return stand, stand.run()


def test_the_zip_is_complete(whole: tuple[Stand, subprocess.CompletedProcess[bytes]]) -> None:
    stand, done = whole
    assert done.returncode in {0, 1}, done.stdout.decode("utf-8", "replace") + done.stderr.decode("utf-8", "replace")
    files, manifest = contents(stand.zip())
    assert manifest["schema"] == "forensics.bundle/1"
    assert manifest["options"]["quick"] is True
    assert set(manifest["files"]) == {path for path, row in stand.rows.items() if row.when != "redacted"}
    quick = {path for path, row in stand.rows.items() if row.when in {"0", "1", "plain"}}
    wanted = {path for path in stand.files if path in quick}
    assert wanted <= set(files), {path: manifest["files"][path] for path in wanted - set(files)}
    assert str(stand.zip()).encode() in done.stdout


def test_the_bytes_are_the_commands_own(whole: tuple[Stand, subprocess.CompletedProcess[bytes]]) -> None:
    stand, _ = whole
    files, manifest = contents(stand.zip())
    for path, data in files.items():
        if path in stand.files and "transformed" not in manifest["files"][path] and not stand.rows[path].more:
            assert data == stand.files[path], path
    assert files["netsh/ipaddresses.txt"] == CP936
    assert files["netsh/winsock-catalog.txt"] == UTF_16


def test_the_analyzer_reads_it(whole: tuple[Stand, subprocess.CompletedProcess[bytes]], tmp_path: Path) -> None:
    stand, _ = whole
    verified = start("verify", stand.zip()).stdout.decode()
    assert "NOT consistent" not in verified
    assert "consistent with its manifest" in verified
    findings = analysis_of(tmp_path, stand.zip().read_bytes()).findings
    assert findings.verdict.cause == "tick-wrap-497d"
    assert findings.verdict.status in {"likely", "confirmed"}


def test_one_hangs_one_fails_one_is_missing_one_floods(stand: Stand) -> None:
    short = next(row for row in stand.rows.values() if row.path == "netsh/tcp-global.txt")
    assert short.limit == 30
    stand.faults = {"netsh int tcp": "hang", "tasklist": "fail", "systeminfo": "flood"}
    stand.missing = ("driverquery",)
    done = stand.run()
    assert done.returncode == 1
    files, manifest = contents(stand.zip())
    entries = manifest["files"]
    assert (entries["netsh/tcp-global.txt"]["outcome"], "30 s" in entries["netsh/tcp-global.txt"]["reason"]) == (
        "timed-out",
        True,
    )
    assert entries["process/tasklist-svc.csv"]["outcome"] == "failed"
    assert "Access is denied" in entries["process/tasklist-svc.csv"]["reason"]
    assert entries["system/drivers.csv"]["outcome"] == "not-supported"
    assert entries["system/systeminfo.txt"]["outcome"] == "failed"
    assert {"netstat/ano-1.txt", "eventlog/System.evtx", "system/fltmc.txt"} <= set(files)
    said = done.stdout.decode("utf-8", "replace")
    assert "netsh/tcp-global.txt" in said
    assert "system/systeminfo.txt" in said


def test_a_folder_that_cannot_be_written(stand: Stand) -> None:
    environment = stand.environment()
    stand.output.rmdir()
    stand.output.write_bytes(b"a file where the folder should be")
    done = subprocess.run(
        stand.command("-Quick"), env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert b"cannot write" in done.stdout
    assert stand.output.read_bytes() == b"a file where the folder should be"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for another process")
def test_ctrl_c_leaves_nothing(stand: Stand) -> None:
    stand.faults = {"netsh int tcp": "hang"}
    process = subprocess.Popen(
        stand.command("-Quick"),
        env=stand.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        began = time.monotonic()
        while not any(stand.output.rglob("netstat/s-1.txt")) and time.monotonic() - began < 60:
            time.sleep(0.2)
        assert any(stand.output.iterdir()), "it had begun"
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=60)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    assert list(stand.output.iterdir()) == []


def test_stand_ins_cover_the_programs_of_the_table(rows: Mapping[str, Row]) -> None:
    used = {command.split(" ")[0] for row in rows.values() for command in row.commands}
    assert used <= set(PROGRAMS)
