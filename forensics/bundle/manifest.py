"""The collector's manifest.json (contracts.md): times and commands that the artefacts themselves do not carry.

>>> manifest = read('{"schema": "forensics.bundle/1", "host": "SRV1", "files": [{"path": "netstat/ano-1.txt", '
...     '"command": "netstat -ano", "outcome": "ok", "started_at": "2018-12-24T04:31:00Z"}]}')
>>> manifest.host, Listing(manifest, "SRV1/manifest.json").entry("SRV1/netstat/ano-1.txt").command
('SRV1', 'netstat -ano')
"""

import codecs
import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import msgspec

from forensics.knowledge.calendar import CLOCK_YEARS

NAME = "manifest.json"
KIND = "manifest"
SCHEMA = "forensics.bundle/1"
OUR_COLLECTOR = "forensics-collector"

# A bundle's 20,000 files at most make 5 MB; of lists in lists, each byte of JSON becomes thirty in memory.
MOST_TEXT = 16 * 2**20
_MOST_ENTRIES = 20_000
_MOST_PROBLEMS = 100
_LONGEST = 4096  # characters of a field: a command's line, or why it failed
_MOST = 2**53  # JSON's whole numbers are exact so far
_MOST_OFFSET = 14 * 60  # minutes: no time zone is further from UTC
_LONGEST_UPTIME = 50 * 366 * 86_400  # seconds: longer than Windows exists


class Entry(msgspec.Struct, frozen=True):
    """One artefact as the collector meant it. Times are UTC; `monotonic_ms` is a clock that nobody can set.

    `outcome` is `ok`, else `reason` says why it could not be had; `why` says what it is good for. `transformed` says
    what the collector changed in what the command printed: secrets masked, names replaced.
    """

    path: str
    command: str = ""
    outcome: str = ""
    reason: str = ""
    started_at: datetime | None = None
    monotonic_ms: float | None = None
    size: int | None = None
    sha256: str = ""
    why: str = ""
    exit_code: int | None = None
    duration_ms: float | None = None
    transformed: str = ""

    @property
    def collected(self) -> bool:
        """Whether the collector got it; a manifest that names no outcome lists what it has."""
        return self.outcome in {"ok", ""}


class Collector(msgspec.Struct, frozen=True):
    """The program that made the bundle."""

    name: str = ""
    version: str = ""


class Options(msgspec.Struct, frozen=True):
    """How it was started; one that is not told was not given."""

    quick: bool = False
    thorough: bool = False
    trace_seconds: int = 0
    trace_http: bool = False
    trace_packets: bool = False
    redact: bool = False


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
    collector: Collector = Collector()
    options: Options = Options()

    @property
    def by_our_collector(self) -> bool:
        """Whether the project's own collector made the bundle."""
        return self.collector.name == OUR_COLLECTOR

    @property
    def code_pages(self) -> tuple[str, ...]:
        """Python's names of the machine's console and ANSI code pages, the console's first; unknown ones left out."""
        pages = (self.oem_codepage, self.ansi_codepage)
        names = ("".join(letter for letter in page if letter in "0123456789") for page in pages)
        return tuple(filter(_is_codec, ("utf-8" if name == "65001" else f"cp{name}" for name in names)))


class Listing:
    """Finds what a manifest says of a member: by its path beside the manifest, else by its hash (moved or renamed)."""

    def __init__(self, manifest: Manifest, file: str) -> None:
        self.folder = folder_of(file)
        self._by_path = {_key(entry.path): entry for entry in manifest.files}
        times = Counter(entry.sha256 for entry in manifest.files)
        self._by_hash = {entry.sha256: entry for entry in manifest.files if entry.sha256 and times[entry.sha256] == 1}

    def entry(self, path: str, sha256: str = "") -> Entry | None:
        """The artefact that a member is, None where the manifest lists no such."""
        if path.startswith(self.folder):
            entry = self._by_path.get(_key(path[len(self.folder) :]))
            if entry:
                return entry
        return self._by_hash.get(sha256)

    def path(self, entry: Entry) -> str:
        """Where an artefact should be in the bundle, as the bundle spells it."""
        return self.folder + entry.path.replace("\\", "/").removeprefix("./")


def folder_of(path: str) -> str:
    """The folder that a member is in, with its slash; "" for the bundle itself."""
    return path[: path.rfind("/") + 1]


def _key(path: str) -> str:
    """A path as Windows compares it."""
    return path.replace("\\", "/").removeprefix("./").lower()


def _is_codec(name: str) -> bool:
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True


def is_manifest(text: str) -> bool:
    """Tell a manifest by its schema field."""
    return '"forensics.bundle/' in text[:4096] and text.lstrip()[:1] == "{"


def read(text: str) -> Manifest:
    """Read a manifest field by field, so that one wrong field costs that field alone.

    Raises:
        ValueError: where the text is no JSON object, or too long for a manifest.
    """
    if len(text) > MOST_TEXT:
        raise ValueError(f"{len(text):,} characters are too many")
    try:
        raw = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(raw, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - the text is wrong, not a type of ours
    fields = _Fields(raw)
    listed = fields.list("files")
    if len(listed) > _MOST_ENTRIES:
        fields.problems.append(f"'files' has {len(listed):,} entries; only the first {_MOST_ENTRIES:,} are read")
    entries = tuple(_entry(item, fields.problems) for item in listed[:_MOST_ENTRIES])
    collector, options = _collector(fields.object("collector")), _options(fields.object("options"))
    return Manifest(
        host=fields.text("host"),
        started_at=fields.time("started_at"),
        finished_at=fields.time("finished_at"),
        elevated=raw.get("elevated") if isinstance(raw.get("elevated"), bool) else None,
        utc_offset_minutes=fields.whole("utc_offset_minutes", -_MOST_OFFSET, _MOST_OFFSET),
        os_version=fields.text("os_version"),
        oem_codepage=fields.text("oem_codepage"),
        ansi_codepage=fields.text("ansi_codepage"),
        uptime_seconds=fields.number("uptime_seconds", 0, _LONGEST_UPTIME),
        boot_time=fields.time("boot_time"),
        redacted=raw.get("redacted") is True,
        files=tuple(entry for entry in entries if entry.path),
        problems=_first(fields.problems),
        collector=collector,
        options=options,
    )


def _first(problems: list[str]) -> tuple[str, ...]:
    more = len(problems) - _MOST_PROBLEMS
    return (*problems[:_MOST_PROBLEMS], *([f"{more:,} more problems"] if more > 0 else []))


def _collector(fields: "_Fields") -> Collector:
    return Collector(fields.text("name"), fields.text("version"))


def _options(fields: "_Fields") -> Options:
    return Options(
        quick=fields.is_set("quick"),
        thorough=fields.is_set("thorough"),
        trace_seconds=fields.whole("trace_seconds") or 0,
        trace_http=fields.is_set("trace_http"),
        trace_packets=fields.is_set("trace_packets"),
        redact=fields.is_set("redact"),
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
        why=fields.text("why"),
        exit_code=fields.whole("exit_code", -_MOST),
        duration_ms=fields.number("duration_ms"),
        transformed=fields.text("transformed"),
    )


class _Fields:
    """Typed access to a JSON object of a stranger; what does not fit is noted and left out."""

    def __init__(self, raw: dict[str, Any], problems: list[str] | None = None) -> None:
        self._raw = raw
        self.problems = problems if problems is not None else []

    def text(self, name: str) -> str:
        value = self._raw.get(name)
        if value is None:
            return ""
        if isinstance(value, str) and len(value) > _LONGEST:
            self.problems.append(f"'{name}' has {len(value):,} characters; only the first {_LONGEST:,} are read")
            value = value[:_LONGEST]
        if isinstance(value, str):
            return value.encode("utf-8", "replace").decode()  # JSON can spell half a character
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _MOST:
            return str(value)
        self.problems.append(f"'{name}' is not text")
        return ""

    def number(self, name: str, least: float = 0, most: float = _MOST) -> float | None:
        value = self._raw.get(name)
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most:
            return float(value)
        self.problems.append(f"'{name}' is no number that can be meant")
        return None

    def whole(self, name: str, least: float = 0, most: float = _MOST) -> int | None:
        value = self.number(name, least, most)
        return None if value is None else round(value)

    def is_set(self, name: str) -> bool:
        return self._raw.get(name) is True

    def object(self, name: str) -> "_Fields":
        value = self._raw.get(name)
        if value is not None and not isinstance(value, dict):
            self.problems.append(f"'{name}' is not an object")
        return _Fields(value if isinstance(value, dict) else {}, self.problems)

    def list(self, name: str) -> list[Any]:
        value = self._raw.get(name)
        if value is not None and not isinstance(value, list):
            self.problems.append(f"'{name}' is not a list")
        return value if isinstance(value, list) else []

    def time(self, name: str) -> datetime | None:
        value = self._raw.get(name)
        if value is None or value == "":
            return None
        try:
            moment = datetime.fromisoformat(value)
            moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (TypeError, ValueError, OverflowError):
            self.problems.append(f"'{name}' is not an ISO 8601 time: {ascii(value)[:40]}")
            return None
        if moment.year not in CLOCK_YEARS:
            self.problems.append(f"'{name}' is no time that can be meant: {ascii(value)[:40]}")
            return None
        return moment
