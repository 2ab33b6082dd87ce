"""Where the collector is, for its tests."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "collectors" / "forensics-collect.ps1"
STARTER = ROOT / "collectors" / "forensics-collect.cmd"


def text_of(path: Path) -> str:
    """A script's text, one character a byte: what is not ASCII is refused elsewhere."""
    if not path.exists():
        pytest.skip(f"{path.name} is not written yet")
    return path.read_bytes().decode("latin-1").replace("\r\n", "\n")
