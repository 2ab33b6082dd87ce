"""Real files for tests: the folder that the environment variable FORENSICS_CORPUS names. Without it the tests are skipped."""

import os
from pathlib import Path

import pytest

from forensics.bundle.decode import decode

_FOLDER = Path(os.environ.get("FORENSICS_CORPUS", ""))

needs_corpus = pytest.mark.skipif("FORENSICS_CORPUS" not in os.environ, reason="FORENSICS_CORPUS is not set")


def files(folder: str = "*") -> list[Path]:
    """Return the text files of one folder, or of all."""
    if "FORENSICS_CORPUS" not in os.environ:
        return []
    return sorted(path for path in _FOLDER.glob(f"{folder}/*") if path.is_file() and path.parent.name != "evtx")


def text(name: str) -> str:
    """Return a file, by its path in the corpus, decoded as a bundle's member is."""
    return decode((_FOLDER / name).read_bytes()).text


def index() -> dict[str, str]:
    """Return the column "notable" of INDEX.tsv by path: facts counted when the corpus was made, not by our parsers."""
    lines = (_FOLDER / "INDEX.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return {fields[0]: fields[5] for fields in (line.split("\t") for line in lines)}
