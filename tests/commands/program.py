"""The program as its user starts it: in this process, with its streams caught, or in one of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from forensics import cli
from forensics.isolation import Isolated
from forensics.parsing import Found, parse_here

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"


class Here(Isolated):
    """Reads members in this process: sooner, and a test may put a parser of its own in the place of ours."""

    def __init__(self) -> None:
        pass

    def __call__(self, content: str | bytes, *, remaining: bool = True, seconds: float | None = None) -> Found:  # noqa: ARG002
        return parse_here(content, remaining=remaining)

    def close(self) -> None:
        pass


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """Run `main` and return its exit status."""
    monkeypatch.setattr("forensics.isolation.Isolated", Here)
    for command in ("analyze", "inspect", "verify", "compare"):
        monkeypatch.setattr(f"forensics.commands.{command}.Isolated", Here)
    monkeypatch.setattr(sys, "argv", ["forensics", *map(str, arguments)])
    with pytest.raises(SystemExit) as left:
        cli.main()
    return int(left.value.code or 0)


def start(*arguments: object, shell_after: str = "", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Start the program in a process of its own, its output piped into a command of the shell where one is given."""
    command = [sys.executable, "-m", "forensics", *map(str, arguments)]
    line = " ".join(f"'{word}'" for word in command)
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    if shell_after:
        script = f"set -o pipefail; {line} | {shell_after}"
        return subprocess.run(["bash", "-c", script], capture_output=True, env=variables, check=False)
    return subprocess.run(command, capture_output=True, env=variables, check=False)
