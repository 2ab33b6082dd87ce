r"""The network drivers' files and versions: the collector's tcpip-files.csv, or `wmic datafile ... get Version`.

The collector's CSV::

    Path,Version,Created,Modified,Size,Sha256
    C:\Windows\system32\drivers\tcpip.sys,6.1.7601.17514,2010-11-21T03:24:00Z,2010-11-21T03:24:00Z,1924480,

What wmic prints for one file (the name is known only from the command above it)::

    C:\>wmic datafile where name="C:\\Windows\\System32\\drivers\\afd.sys" get Version /value

    Version=6.1.7601.17603

A file's creation is when it came to this machine, its modification when Microsoft built it. The version is
the one the next boot will run, which need not be the one that runs.

>>> tcpip, afd = parse(__doc__).facts
>>> tcpip.name, tcpip.version, tcpip.created_at.isoformat(), tcpip.size
('tcpip.sys', (6, 1, 7601, 17514), '2010-11-21T03:24:00+00:00', 1924480)
>>> afd.name, afd.version, afd.created_at
('afd.sys', (6, 1, 7601, 17603), None)
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from forensics.knowledge.calendar import CLOCK_YEARS
from forensics.parsed import Parsed
from forensics.text.lines import split_lines
from forensics.text.problems import Problems, is_known
from forensics.text.wmi_records import Record, cim_datetime, read

KIND = "tcpip-files"
READS = "text"

_KEY = re.compile(r"\bVersion\b", re.IGNORECASE)
_VERSION = re.compile(r"(\d{1,5})\.(\d{1,5})\.(\d{1,5})\.(\d{1,5})(?:\s.*)?", re.ASCII)
_DRIVER = re.compile(r"(?<![A-Za-z0-9_-])([A-Za-z0-9_-]{1,60}\.sys)\b", re.IGNORECASE)
_NAMED_WITHIN = 6  # lines above a lone version
_MOST_DIGITS = 15
_SHA256 = re.compile(r"[0-9a-f]{64}", re.IGNORECASE)


class DriverFile(msgspec.Struct, frozen=True):
    """One file. `name` is its base name in lower case; times are UTC, `size` in bytes, `sha256` in lower case or "".

    `version` is None where the text is no version of four numbers. `line` is 1-based.
    """

    path: str
    name: str
    version: tuple[int, int, int, int] | None
    version_text: str
    created_at: datetime | None
    modified_at: datetime | None
    size: int | None
    sha256: str
    line: int


def recognise(text: str) -> bool:
    """Find the version of at least one driver file."""
    return (".sys" in text or ".SYS" in text) and _KEY.search(text) is not None and is_known(parse(text))


def parse(text: str) -> Parsed:
    """Read every driver file in the text."""
    lines = split_lines(text)
    found = read(lines, "Version", lambda record: _file(record, lines), ("Path", "Name"))
    files = found.made
    unread = Problems()
    for file in files:
        if file.version is None:
            unread.add(file.line, f"{file.name[:60]} has no readable version: {file.version_text[:40]}")
    names = ", ".join(f"{file.name[:40]} {file.version_text[:40]}" for file in files[:5])
    return Parsed(tuple(files), names, (*found.problems.told(), *unread.told()) if found.known else ())


def _file(record: Record, lines: Sequence[str]) -> DriverFile | None:
    properties = record.properties
    version_text = properties.get("version", "")
    path = properties.get("path") or properties.get("name") or ""
    match = _VERSION.fullmatch(version_text)
    if not path and match:
        path = _named_above(record.line, lines)
    name = re.split(r"[\\/]", path)[-1].lower()
    # A table of anything else may have a column called Version; a collector's row without one is still a
    # file.
    if not name.endswith(".sys") or (match is None and "sha256" not in properties):
        return None
    size = properties.get("size") or properties.get("filesize") or ""
    sha256 = properties.get("sha256", "").lower()
    return DriverFile(
        path=path,
        name=name,
        version=(int(match[1]), int(match[2]), int(match[3]), int(match[4])) if match else None,
        version_text=version_text,
        created_at=_moment(properties.get("created") or properties.get("creationdate") or ""),
        modified_at=_moment(properties.get("modified") or properties.get("lastmodified") or ""),
        size=int(size) if size.isascii() and size.isdigit() and len(size) <= _MOST_DIGITS else None,
        sha256=sha256 if _SHA256.fullmatch(sha256) else "",
        line=record.line,
    )


def _named_above(line: int, lines: Sequence[str]) -> str:
    """Return the driver named nearest above, in a command or a note."""
    for index in range(line - 2, max(line - 2 - _NAMED_WITHIN, -1), -1):
        names = _DRIVER.findall(lines[index])
        if names:
            return str(names[-1])
    return ""


def _moment(text: str) -> datetime | None:
    """Read ISO 8601, which is UTC where no zone is given, or WMI's notation."""
    cim = cim_datetime(text)
    if cim:
        return cim
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.year not in CLOCK_YEARS:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
