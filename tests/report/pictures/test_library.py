"""matplotlib reads no settings and runs no program, whatever lies in the current folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROGRAM = """
import sys

def watch(event, _arguments):
    if event in {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork"}:
        raise RuntimeError(event)  # not an OSError, which would be taken for a program that is not there

sys.addaudithook(watch)
sys.path.insert(0, sys.argv[1])
from forensics.report.pictures.canvas import drawing, whole

svg = drawing("name", 40, "alt", lambda figure: whole(figure).text(9, 9, "$x$ ^{2} _a_ <script>"))
assert ">$x$ ^{2} _a_ &lt;script&gt;</text>" in svg, svg
print(len(svg))
"""


@pytest.mark.parametrize("settings", [b"text.usetex: True\nsvg.fonttype: path\n", b"\xff\xfe\0"])
def test_a_stranger_s_settings_are_not_read(tmp_path: Path, settings: bytes) -> None:
    home, folder = tmp_path / "home", tmp_path / "bundle"
    home.mkdir()
    folder.mkdir()
    (folder / "matplotlibrc").write_bytes(settings)
    own = {"HOME": str(home), "TMPDIR": str(tmp_path), "MATPLOTLIBRC": str(folder), "MPLBACKEND": "module://stranger"}
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    command = [sys.executable, str(program), str(ROOT)]
    done = subprocess.run(command, cwd=folder, env={**os.environ, **own}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().isdigit()
    assert list(home.iterdir()) == []
    assert sorted(one.name for one in tmp_path.iterdir()) == ["bundle", "home", "program.py"]
