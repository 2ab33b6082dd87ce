"""The current folder may be an unpacked bundle: nothing in it is run, whatever it is called."""

import subprocess
import sys
from pathlib import Path

import pytest
from builder.trace import WINDOWS_7, Program, TraceText

from forensics.trace.apart import read_apart
from tests.commands.program import SAMPLES

LIBRARIES = {
    "forensics",
    "msgspec",
    "weasyprint",
    "matplotlib",
    "numpy",
    "jinja2",
    "typer",
    "rich",
    "Evtx",
    "inflate64",
}


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A folder that holds a module for every name that a program of Python may ask for; each says that it was run."""
    for name in {*sys.stdlib_module_names, *LIBRARIES, "sitecustomize", "usercustomize"}:
        (tmp_path / f"{name}.py").write_text("open('RUN', 'a').write(__name__)\nraise SystemExit(99)\n", "utf-8")
    return tmp_path


def test_no_module_of_the_current_folder_is_run(trap: Path) -> None:
    program = Path(sys.executable).with_name("forensics")
    bundle = SAMPLES / "founding-case.zip"
    command = [str(program), "analyze", str(bundle), "--output", "report.pdf", "--html", "report.html"]
    run = subprocess.run(command, cwd=trap, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert (trap / "report.pdf").read_bytes().startswith(b"%PDF")
    assert not (trap / "RUN").exists()


def test_nor_by_the_process_that_reads_a_large_trace(trap: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trap)
    text = TraceText(WINDOWS_7, (Program(1536, 4, ("203.0.113.9:80",)),), seconds=1)
    assert read_apart(text.encoded()).connects == 4
    assert not (trap / "RUN").exists()
