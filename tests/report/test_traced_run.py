"""What one run does to the machine, as Linux's strace saw it: the named outputs are written, and nothing else is left."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .cases import SAMPLES

STRACE = shutil.which("strace")
CALLS = "execve,execveat,socket,connect,bind,listen,accept,accept4,open,openat,creat,rename,renameat,renameat2,mkdir,mkdirat,link,linkat,symlink,symlinkat,truncate"
PROGRAM = "from forensics.cli import main; main()"

pytestmark = pytest.mark.skipif(STRACE is None, reason="there is no strace on the PATH (apt install strace)")


def test_nothing_listens_nothing_is_run_and_nothing_else_is_written(tmp_path: Path) -> None:
    assert STRACE
    home, temporary, outputs, seen = (tmp_path / name for name in ("home", "temporary", "outputs", "seen.txt"))
    for folder in (home, temporary, outputs):
        folder.mkdir()
    (outputs / "matplotlibrc").write_text("text.usetex: True\n")  # a stranger's: the outputs lie in a bundle's folder
    command = [
        STRACE,
        "-f",
        "-qq",
        "-s",
        "400",
        "-e",
        f"trace={CALLS}",
        "-o",
        str(seen),
        sys.executable,
        "-P",
        "-c",
        PROGRAM,
    ]
    command += [
        "analyze",
        str(SAMPLES / "founding-case.zip"),
        "-o",
        "r.pdf",
        "--html",
        "r.html",
        "--json",
        "r.json",
        "-q",
    ]
    environment = {**os.environ, "HOME": str(home), "TMPDIR": str(temporary), "PYTHONDONTWRITEBYTECODE": "1"}
    environment |= {"PYTHONPATH": str(SAMPLES.parent), "XDG_CACHE_HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    done = subprocess.run(command, cwd=outputs, env=environment, capture_output=True, text=True, check=False)
    if "ptrace" in done.stderr:
        pytest.skip("strace is not allowed here")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(one.name for one in outputs.iterdir()) == ["matplotlibrc", "r.html", "r.json", "r.pdf"]
    assert list(home.iterdir()) == list(temporary.iterdir()) == []
    calls = [line for line in seen.read_text("utf-8", "replace").splitlines() if " = -1 " not in line]
    programs = {one for line in calls for one in re.findall(r'execve\("([^"]*)"', line)}
    assert {Path(one).name.rstrip("0123456789.") for one in programs} == {"python"}
    assert not [line for line in calls if re.search(r" (socket|connect|bind|listen|accept4?)\(", line)]
    written = [
        line for line in calls if re.search(r"O_WRONLY|O_RDWR|O_CREAT|creat\(|rename|mkdir|link|truncate\(", line)
    ]
    assert len(written) > 5
    places = {one for line in written for one in re.findall(r'"([^"]*)"', line)}
    allowed = (f"{outputs}/", f"{temporary}/", "/dev/", "/proc/self/")
    assert not [one for one in places if one.startswith("/") and not one.startswith(allowed)]
    assert {one for one in places if not one.startswith("/")} <= {"r.pdf", "r.html", "r.json"}
