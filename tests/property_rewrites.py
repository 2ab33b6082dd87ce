"""The same evidence, written another way: what people and their tools do to a bundle before it arrives.

Nothing here adds or removes evidence, so that no answer may change.
"""

import io
import json
import os
import random
import re
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from builder import Machine

Files = Mapping[str, bytes]

MANIFEST = "manifest.json"
LINE_ENDS = ("\r\n", "\n", "\r\r\n")
"""A console's, a Unix editor's, and what a console makes of CR LF that it takes for text."""
UTF_16_LE_MARK, UTF_8_MARK = b"\xff\xfe", b"\xef\xbb\xbf"

ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "utf-16-le with BOM": lambda text: UTF_16_LE_MARK + text.encode("utf-16-le"),
    "utf-16-be with BOM": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "utf-16-le": lambda text: text.encode("utf-16-le"),
    "utf-8-sig": lambda text: text.encode("utf-8-sig"),
    "utf-8": lambda text: text.encode(),
}
"""Notepad's and PowerShell's; the console's own code page is the bundle as it comes."""

_LINE_END = re.compile(r"\r*\n")
_UNDATED = (1980, 1, 1, 0, 0, 0)
"""What a zip says that knows no date."""


def text_of(machine: Machine, path: str, data: bytes) -> str | None:
    """A member as text; None for event logs and the manifest, which nobody opens in an editor."""
    if path == MANIFEST or path.endswith(".evtx"):
        return None
    if data.startswith(UTF_16_LE_MARK):
        return data[2:].decode("utf-16-le")
    if data.startswith(UTF_8_MARK):
        return data[3:].decode()
    return data.decode(machine.language.oem_codepage)


def encoded(machine: Machine, files: Files, encoding: str, line_end: str) -> dict[str, bytes]:
    """Every text saved anew."""
    return _each_text(machine, files, line_end, lambda _data, text: ENCODINGS[encoding](text))


def with_line_ends(machine: Machine, files: Files, line_end: str) -> dict[str, bytes]:
    """Every text with other line ends, in the encoding that it had."""

    def as_before(data: bytes, text: str) -> bytes:
        if data.startswith(UTF_16_LE_MARK):
            return UTF_16_LE_MARK + text.encode("utf-16-le")
        return text.encode("utf-8-sig" if data.startswith(UTF_8_MARK) else machine.language.oem_codepage)

    return _each_text(machine, files, line_end, as_before)


def _each_text(machine: Machine, files: Files, line_end: str, write: Callable[[bytes, str], bytes]) -> dict[str, bytes]:
    rewritten = {}
    for path, data in files.items():
        text = text_of(machine, path, data)
        rewritten[path] = data if text is None else write(data, line_end.join(_LINE_END.split(text)))
    return rehashed(rewritten)


def shuffled(machine: Machine, files: Files, rng: random.Random) -> dict[str, bytes]:
    """The rows of every netstat table in another order; headings stay where they are."""
    rewritten = dict(files)
    for path in files:
        if not path.startswith("netstat/ano") or path == "netstat/anob.txt":  # there a row and its owner stand together
            continue
        lines = files[path].decode(machine.language.oem_codepage).split("\r\n")
        places = [number for number, line in enumerate(lines) if line.split()[:1] in (["TCP"], ["UDP"])]
        rows = [lines[number] for number in places]
        rng.shuffle(rows)
        for number, row in zip(places, rows, strict=True):
            lines[number] = row
        rewritten[path] = "\r\n".join(lines).encode(machine.language.oem_codepage)
    return rehashed(rewritten)


def rehashed(files: Files) -> dict[str, bytes]:
    """The manifest, where there is one, as if the files had been collected as they are: by whoever can change both."""
    if MANIFEST not in files:
        return dict(files)
    document = json.loads(files[MANIFEST])
    for entry in document["files"]:
        data = files.get(entry["path"])
        if data is not None:
            entry |= {"size": len(data), "sha256": sha256(data).hexdigest()}
    return {**files, MANIFEST: json.dumps(document).encode()}


def new_names(files: Files, rng: random.Random) -> dict[str, str]:
    """Names that say nothing, in folders that say nothing, sorted as the old ones: order is all that is left of time."""
    ending = rng.choice((".txt", ".log", ".dat", ""))
    folder = rng.choice(("", "evidence/", "Neuer Ordner/証拠/"))
    each = rng.choice((1, 4, 100))
    paths = sorted(path for path in files if path != MANIFEST)
    return {path: f"{folder}{number // each} part/{number} copy{ending}" for number, path in enumerate(paths)}


def renamed(files: Files, names: Mapping[str, str]) -> dict[str, bytes]:
    """Members under other names; a manifest, where there is one, lists them as they are now."""
    moved = {names.get(path, path): data for path, data in files.items()}
    if MANIFEST in files:
        document = json.loads(files[MANIFEST])
        for entry in document["files"]:
            entry["path"] = names.get(entry["path"], entry["path"])
        moved[MANIFEST] = json.dumps(document).encode()
    return moved


def date_of(machine: Machine, path: str) -> datetime:
    """When a member was written, in UTC: snapshots at their times, the rest beside the first."""
    digits = path.removesuffix(".txt").rpartition("-")[2]
    number = int(digits) if path.startswith("netstat/") and digits.isdigit() else 1
    return machine.collected_at + timedelta(seconds=(number - 1) * machine.snapshot_gap)


def zip_of(
    machine: Machine,
    files: Files,
    *,
    dated: bool,
    backslashes: bool = False,
    stored: bool = False,
    folder: str = "",
    rng: random.Random | None = None,
) -> bytes:
    """A zip of these members.

    Args:
        machine: Whose clock the zip goes by: a zip has local times without a zone.
        files: Members by path.
        dated: Whether the members have their true dates.
        backslashes: Whether paths are written as some Windows tools write them.
        stored: Whether members are kept uncompressed.
        folder: What all of them lie in.
        rng: Shuffles the members, where it is given.
    """
    paths = list(files)
    if rng:
        rng.shuffle(paths)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path in paths:
            stamp = machine.zone.local(date_of(machine, path)).timetuple()[:6] if dated else _UNDATED
            member = zipfile.ZipInfo("x", stamp)
            member.filename = (folder + path).replace("/", "\\") if backslashes else folder + path
            member.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            archive.writestr(member, files[path])
    return out.getvalue()


def zip_inside(inner: bytes) -> bytes:
    """A zip that holds the bundle's zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("bundle.zip", _UNDATED), inner)
    return out.getvalue()


def unpack(machine: Machine, files: Files, target: Path, *, dated: bool) -> None:
    """The bundle as a folder; files that are not dated are as old as a zip says that knows no date."""
    for path, data in files.items():
        file = target / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        at = date_of(machine, path) if dated else datetime(*_UNDATED, tzinfo=UTC)
        os.utime(file, (at.timestamp(), at.timestamp()))
