"""The process that renders PDFs: the same bytes as in one's own process, and one line where it fails."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from forensics.errors import OutputError
from forensics.report.pdf import render_pdf
from forensics.report.pdf_process import PdfProcess

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from forensics.report.pdf_process import PdfProcess

if __name__ == "__main__":
    process = PdfProcess()
    try:
        if sys.argv[2:]:
            print(process.render("<!DOCTYPE html><html lang=en><title>t</title><p>p", None)[:5])
    finally:
        process.close()
"""
HTML = '<!DOCTYPE html><html lang="en"><title>A title</title><p>Some text'


def test_it_renders_the_same_bytes_again_and_again() -> None:
    process = PdfProcess()
    try:
        first, second = process.render(HTML, None), process.render(HTML, None)
        attached = process.render(HTML, None, b"{}")
    finally:
        process.close()
    assert first == second == render_pdf(HTML, None)
    assert attached == render_pdf(HTML, None, b"{}") != first


def test_a_process_that_dies_is_one_line() -> None:
    process = PdfProcess()
    os.kill(process._process.pid or 0, signal.SIGTERM)
    process._process.join()
    with pytest.raises(OutputError, match="ended too early"):
        process.render(HTML, None)
    process.close()


def run(program: Path, *arguments: str, temporary: Path) -> str:
    command = [sys.executable, str(program), str(ROOT), *arguments]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    done = subprocess.run(command, cwd=temporary, env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


def test_no_module_of_the_current_folder_is_imported(tmp_path: Path) -> None:
    """Who has unpacked a bundle works in its folder, and `python -c`, which spawns a process, would look there first."""
    folder = tmp_path / "bundle"
    folder.mkdir()
    (tmp_path / "program.py").write_text(PROGRAM)
    for name in ("multiprocessing", "selectors", "signal", "weasyprint", "forensics"):
        (folder / f"{name}.py").write_text(f"open('run', 'a').write('{name}')\nraise SystemExit('{name}')\n")
    before = sorted(folder.iterdir())
    assert run(tmp_path / "program.py", "render", temporary=folder) == "b'%PDF-'\n"
    assert sorted(folder.iterdir()) == before


def test_nothing_is_left_where_it_is_ended_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    (tmp_path / "program.py").write_text(PROGRAM)
    run(tmp_path / "program.py", temporary=folder)
    assert list(folder.iterdir()) == []
