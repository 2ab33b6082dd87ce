"""What the fuzzer begins with: the samples, what the parsers' docstrings show, and real files where there are some.

The dictionary holds the words and signs of the formats, which libFuzzer puts where a change of single bytes would
never come upon them.
"""

import io
import os
import re
import zipfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from builder.trace import DIALECTS, Program, TraceText  # the sample builder's: not what is tested

from fuzz.targets import HEADER, LONGEST, LONGEST_TEXT, PARSERS, ROOT, TEXT_PARSERS
from tests.parsers.shapes import evidence, with_line_ends

_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp437", "cp850", "cp932", "cp936", "cp1252")
TEXTS = ("text", "decoding", "redaction", *PARSERS)
_TOKEN = re.compile(r"\w[\w.%-]{1,40}|[^\w\s]{2,40}|\s{2,8}")


def seeds(target: str) -> Iterable[bytes]:
    """Inputs that a target begins with."""
    if target in TEXTS:
        yield from _texts(target)
    elif target == "trace":
        for dialect in DIALECTS:
            made = TraceText(
                dialect, (Program(1536, 4, ("203.0.113.9:80",), ("local", "remote", "no-port")),), seconds=2
            )
            yield b"".join(made.encoded())[:LONGEST]
    else:
        for name, data in _members():
            if _wanted(target, name):
                yield data[: HEADER + LONGEST]
    if target == "archive":
        yield from _archives()


def _texts(target: str) -> Iterator[bytes]:
    parsers = [PARSERS[target]] if target in PARSERS else TEXT_PARSERS
    for parser in parsers:
        for text in with_line_ends(evidence(parser)):
            yield text.encode()
        if target not in PARSERS:
            for encoding in _ENCODINGS:
                yield evidence(parser).encode(encoding, "ignore")
    for name, data in (*_members(), *_real_files()):
        if name.endswith((".evtx", ".zip", ".json")):
            continue
        text = data[: 4 * LONGEST_TEXT].decode("utf-8", "replace")
        if target not in PARSERS or PARSERS[target].recognise(text):
            yield data[:LONGEST_TEXT]


def _members() -> Iterator[tuple[str, bytes]]:
    for path in sorted((ROOT / "samples").glob("*.zip")):
        with zipfile.ZipFile(path) as bundle:
            for name in bundle.namelist():
                if not name.startswith("trace/"):
                    yield name, bundle.read(name)


def _real_files() -> Iterator[tuple[str, bytes]]:
    """Beginnings of the files that tests use where FORENSICS_CORPUS names a folder of them."""
    folder = os.environ.get("FORENSICS_CORPUS")
    for path in sorted(Path(folder).glob("*/*.*")) if folder else ():
        with path.open("rb") as file:
            yield path.name, file.read(LONGEST)


def _wanted(target: str, name: str) -> bool:
    if target == "event-log":
        return name.endswith(".evtx")
    return target == "manifest" and name == "manifest.json"


def _archives() -> Iterator[bytes]:
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as small:
            small.writestr("netstat/ano-1.txt", b"TCP 10.0.0.1:1 10.0.0.2:2 TIME_WAIT 0\r\n" * 20)
            small.writestr("a\\b.txt", b"")
        yield out.getvalue()


def dictionary(target: str) -> str:
    """Words for libFuzzer: those of the formats, and those of what the docstring of each parser shows."""
    parsers = [PARSERS[target]] if target in PARSERS else TEXT_PARSERS
    shown = (token for parser in parsers for token in islice(_TOKEN.findall(evidence(parser)), 200))
    words = "".join(f'"{_escaped(word)}"\n' for word in dict.fromkeys(shown))
    return (ROOT / "fuzz" / "formats.dict").read_text(encoding="ascii") + words


def _escaped(word: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word.encode())
