"""A disk that is full, an output that is closed, a program that is told to end: one line, and nothing left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.commands.program import ROOT, SAMPLES

HEALTHY = SAMPLES / "healthy.zip"
NO_SPACE = "cannot be written: No space left on device"
COMMANDS = [
    ["--version"],
    ["--help"],
    ["causes"],
    ["verify", str(HEALTHY)],
    ["inspect", str(HEALTHY), "--json", "-"],
    ["analyze", str(HEALTHY), "--json", "-", "-o", "case.pdf"],
]


def program(arguments: list[str], folder: Path, shell: str = "") -> "subprocess.Popen[bytes]":
    """The program in a process of its own, which keeps its temporary files in `folder`/tmp."""
    (folder / "tmp").mkdir()
    command = [sys.executable, "-m", "forensics", *arguments]
    if shell:
        command = ["bash", "-c", f'exec "$@" {shell}', "bash", *command]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder / "tmp")}
    return subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE)


def lines(process: "subprocess.Popen[bytes]") -> list[str]:
    return process.communicate()[1].decode().splitlines()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("arguments", COMMANDS)
def test_standard_output_is_full(tmp_path: Path, arguments: list[str]) -> None:
    process = program(arguments, tmp_path, "> /dev/full")
    (line,) = lines(process)
    assert (line[:11], line[-len(NO_SPACE) :], process.returncode) == ("forensics: ", NO_SPACE, 4)
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="no shell to close it with")
def test_standard_output_is_closed(tmp_path: Path) -> None:
    process = program(["analyze", str(HEALTHY), "--json", "-", "-o", "case.pdf"], tmp_path, ">&-")
    assert (lines(process), process.returncode) == (["forensics: standard output is closed"], 4)
    assert (tmp_path / "case.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.skipif(sys.platform == "win32", reason="it knows no such signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_told_to_end(tmp_path: Path, name: str) -> None:
    process = program(["analyze", str(HEALTHY), "-o", "case.pdf"], tmp_path)
    number = getattr(signal, name)
    while not list((tmp_path / "tmp").iterdir()):  # until there is something that could be left behind
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(number)
    assert (lines(process), process.returncode) == ([], 128 + number)
    assert [path.name for path in tmp_path.iterdir()] == ["tmp"]
    assert not list((tmp_path / "tmp").iterdir())
