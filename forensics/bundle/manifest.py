"""The collector's manifest.json (contracts.md): times and commands that the artefacts themselves do not carry.

>>> manifest = read('{"schema": "forensics.bundle/1", "host": "SRV1", "files": [{"path": "netstat/ano-1.txt", '
...     '"command": "netstat -ano", "outcome": "ok", "started_at": "2018-12-24T04:31:00Z"}]}')
>>> manifest.host, manifest.entry("netstat/ano-1.txt").command
('SRV1', 'netstat -ano')
"""

from datetime import UTC, datetime
from typing import Any

import msgspec

NAME = "manifest.json"
KIND = "manifest"
SCHEMA = "forensics.bundle/1"


class Entry(msgspec.Struct, frozen=True):
    """One artefact as the collector meant it. Times are UTC; `monotonic_ms` is a clock that nobody can set."""

    path: str
    command: str = ""
    outcome: str = ""
    reason: str = ""
    started_at: datetime | None = None
    monotonic_ms: float | None = None
    size: int | None = None
    sha256: str = ""


class Manifest(msgspec.Struct, frozen=True):
    """Fields of contracts.md that the analysis uses; absent ones are None or empty. `problems` are for people."""

    host: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    elevated: bool | None = None
    utc_offset_minutes: int | None = None
    os_version: str = ""
    oem_codepage: str = ""
    ansi_codepage: str = ""
    uptime_seconds: float | None = None
    boot_time: datetime | None = None
    redacted: bool = False
    files: tuple[Entry, ...] = ()
    problems: tuple[str, ...] = ()

    def entry(self, path: str) -> Entry | None:
        """Find an artefact by its path in the bundle (case and slashes as Windows sees them)."""
        wanted = path.replace("\\", "/").lower()
        return next((entry for entry in self.files if entry.path.replace("\\", "/").lower() == wanted), None)

    @property
    def code_pages(self) -> tuple[str, ...]:
        """Python's names of the machine's console and ANSI code pages, the console's first."""
        pages = (self.oem_codepage, self.ansi_codepage)
        names = ("".join(letter for letter in page if letter.isdigit()) for page in pages)
        return tuple("utf-8" if name == "65001" else f"cp{name}" for name in names if name)


def is_manifest(text: str) -> bool:
    """Tell a manifest by its schema field."""
    return '"forensics.bundle/' in text[:4096] and text.lstrip()[:1] == "{"


def read(text: str) -> Manifest:
    """Read a manifest field by field, so that one wrong field costs that field alone.

    Raises:
        ValueError: where the text is no JSON object.
    """
    raw = msgspec.json.decode(text)
    if not isinstance(raw, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - the text is wrong, not a type of ours
    fields = _Fields(raw)
    entries = tuple(_entry(item, fields.problems) for item in fields.list("files"))
    return Manifest(
        host=fields.text("host"),
        started_at=fields.time("started_at"),
        finished_at=fields.time("finished_at"),
        elevated=raw.get("elevated") if isinstance(raw.get("elevated"), bool) else None,
        utc_offset_minutes=fields.whole("utc_offset_minutes"),
        os_version=fields.text("os_version"),
        oem_codepage=fields.text("oem_codepage"),
        ansi_codepage=fields.text("ansi_codepage"),
        uptime_seconds=fields.number("uptime_seconds"),
        boot_time=fields.time("boot_time"),
        redacted=raw.get("redacted") is True,
        files=tuple(entry for entry in entries if entry.path),
        problems=tuple(fields.problems),
    )


def _entry(item: Any, problems: list[str]) -> Entry:  # noqa: ANN401 - whatever JSON holds
    if not isinstance(item, dict):
        problems.append("an entry of 'files' is not an object")
        return Entry("")
    fields = _Fields(item, problems)
    return Entry(
        path=fields.text("path"),
        command=fields.text("command"),
        outcome=fields.text("outcome"),
        reason=fields.text("reason"),
        started_at=fields.time("started_at"),
        monotonic_ms=fields.number("monotonic_ms"),
        size=fields.whole("size"),
        sha256=fields.text("sha256").lower(),
    )


class _Fields:
    """Typed access to a JSON object of a stranger; what does not fit is noted and left out."""

    def __init__(self, raw: dict[str, Any], problems: list[str] | None = None) -> None:
        self._raw = raw
        self.problems = problems if problems is not None else []

    def text(self, name: str) -> str:
        value = self._raw.get(name)
        if isinstance(value, str):
            return value
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""

    def number(self, name: str) -> float | None:
        value = self._raw.get(name)
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e18:  # noqa: PLR2004 - no clock runs that long
            return float(value)
        self.problems.append(f"'{name}' is not a number")
        return None

    def whole(self, name: str) -> int | None:
        value = self.number(name)
        return None if value is None else round(value)

    def list(self, name: str) -> list[Any]:
        value = self._raw.get(name)
        return value if isinstance(value, list) else []

    def time(self, name: str) -> datetime | None:
        value = self._raw.get(name)
        if value is None or value == "":
            return None
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.problems.append(f"'{name}' is not an ISO 8601 time: {str(value)[:40]}")
            return None
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
