r"""The connection table: `netstat -ano` and its variants, in any language.

What Windows prints (Server 2008 R2, Chinese)::

    活动连接

      协议  本地地址          外部地址        状态           PID
      TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       832
      TCP    10.0.0.5:49153         203.0.113.9:443        TIME_WAIT       0
      TCP    [fe80::1%11]:49160     [fe80::2%11]:445       ESTABLISHED     4
      UDP    0.0.0.0:123            *:*                                    944

Rows are told by their first word, TCP or UDP, which is Latin everywhere; the rest is split on white space,
never by column (a Japanese table has a wider first column, long addresses overflow theirs). A row is
`protocol local foreign [state] [PID] [offload state]`. Under a row, `-b` prints the component and
`[image.exe]`.

>>> parsed = parse(__doc__)
>>> snapshot, = parsed.facts
>>> [(row.state, row.local_port, row.pid) for row in snapshot.rows]
[('LISTENING', 135, 832), ('TIME_WAIT', 49153, 0), ('ESTABLISHED', 49160, 4), ('', 123, 944)]
>>> snapshot.rows[2].local_address, snapshot.rows[2].family, snapshot.rows[1].line
('fe80::1%11', 6, 9)
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeVar

import msgspec

from forensics.knowledge.tcp_states import english_state
from forensics.parsed import Parsed, Problem
from forensics.text.lines import split_lines
from forensics.text.problems import Problems

KIND = "netstat"
READS = "text"

# Rows of one member. A row as Windows prints it has 50 characters and more, so that no file below 200 MB reaches this.
MOST_ROWS = 4_000_000
_MOST_STATES = 1000  # unknown words that are told apart
_MOST_CACHED = 100_000  # different endpoints and owners that are remembered

# `findstr /n` and `Select-String` put "12:" or "file.txt:12:" in front of a line.
_PREFIX = re.compile(r"^(?:\S*:)?\d+:[ \t]*(?=TCP|UDP)")
_ROW = re.compile(r"[ \t]*(?:(?:\S*:)?\d+:[ \t]*)?(?:TCP|UDP)[ \t]+\S*:[^\s:]+[ \t]+\S*:[^\s:]+")
_ROW_IN_TEXT = re.compile(rf"[\r\n]{_ROW.pattern}")
_IMAGE = re.compile(r"^\s*\[(.+)\]\s*$")
_HIGHEST_PORT, _PORT_DIGITS = 65535, 5
_PROTOCOLS = ("TCP", "UDP")
_ENDPOINTS = 3  # protocol, local, foreign: the words that every row has
_GAP = re.compile(r"\S\s{2,}(?=\S)")


_T = TypeVar("_T")


class Row(msgspec.Struct, frozen=True, gc=False):
    """One row. Ports are None where netstat printed a name (without `-n`) or `*`.

    `state` is the English name, "" for UDP, and the word as printed where it is not known. `pid` is None
    where the table has no such column; rows in TIME_WAIT have PID 0 (domain.md §0, trap 5). `image` and
    `component` come from `-b`, `offload` from `-t`.
    """

    protocol: str
    family: int
    local_address: str
    local_port: int | None
    remote_address: str
    remote_port: int | None
    state: str
    pid: int | None
    line: int
    image: str = ""
    component: str = ""
    offload: str = ""

    @property
    def connection(self) -> tuple[str, int | None, str, int | None]:
        """The 4-tuple, by which the same row is found in two snapshots."""
        return (self.local_address, self.local_port, self.remote_address, self.remote_port)


class Snapshot(msgspec.Struct, frozen=True):
    """The table of one run. `line` is its heading's, or its first row's where it has no heading."""

    line: int
    rows: tuple[Row, ...]

    @property
    def has_pids(self) -> bool:
        """Whether the run had `-o`."""
        return any(row.pid is not None for row in self.rows)

    @property
    def has_images(self) -> bool:
        """Whether the run had `-b`."""
        return any(row.image for row in self.rows)

    @property
    def has_offload(self) -> bool:
        """Whether the run had `-t`."""
        return any(row.offload for row in self.rows)

    @property
    def has_bound(self) -> bool:
        """Whether the run had `-q` and found something."""
        return any(row.state == "BOUND" for row in self.rows)

    @property
    def listens(self) -> bool:
        """Whether any TCP row listens. Every Windows does (port 135): a table without was filtered, or lacks `-a`."""
        return any(row.state == "LISTENING" for row in self.rows)


def recognise(text: str) -> bool:
    """Find one row."""
    return _ROW_IN_TEXT.search("\n" + text) is not None


def parse(text: str) -> Parsed:
    """Read every table in the text; each heading starts a new snapshot."""
    reader = _Reader(split_lines(text))
    snapshots = tuple(reader.snapshots())
    rows = sum(len(snapshot.rows) for snapshot in snapshots)
    count = f"{len(snapshots)} snapshot{'s' * (len(snapshots) != 1)}"
    return Parsed(snapshots, f"{count}, {rows:,} rows", reader.told())


class _Reader:
    """One pass over the lines. Addresses are shared between rows, for 65,000 rows have few different ones."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._read = 0
        self._left_out: tuple[Problem, ...] = ()
        self._unreadable = Problems()
        self._unknown_states: Counter[str] = Counter()
        self._unknown_at: dict[str, int] = {}
        self._addresses: dict[str, str] = {}
        self._remotes: dict[str, tuple[int, str, int | None] | None] = {}
        self._tails: dict[str, tuple[str, int | None, str, bool]] = {}

    def told(self) -> tuple[Problem, ...]:
        unknown = Problems()
        for word, count in self._unknown_states.items():
            unknown.add(self._unknown_at[word], f"unknown state '{word[:40]}' in {count:,} rows: kept under that name")
        return (*self._left_out, *unknown.told(), *self._unreadable.told())

    def snapshots(self) -> Iterator[Snapshot]:
        rows: list[Row] = []
        owner: list[str] = []  # the lines under the last row, by which -b names its owner
        start = heading = 0
        after_blank = readable = True
        for number, line in enumerate(self._lines, 1):
            words = _without_prefix(line).split(None, _ENDPOINTS)
            if len(words) >= _ENDPOINTS and words[0] in _PROTOCOLS:
                if owner:
                    _give_owner(rows, owner)
                if heading and rows:
                    yield Snapshot(start, tuple(rows))
                    rows, start = [], 0
                start = start or heading or number
                heading, owner = 0, []
                row = self._row(words, number)
                readable = row is not None
                if row and self._read == MOST_ROWS:
                    # Half a table would seem to be a whole one with fewer connections.
                    told = f"more than {MOST_ROWS:,} rows: not read from the table here on"
                    self._left_out = (Problem(start, told),)
                    return
                if row:
                    self._read += 1
                    rows.append(row)
            elif words and self._is_heading(line, number, after_blank=after_blank):
                heading = number
            elif words and readable and not after_blank and not heading:
                owner.append(line)
            after_blank = not words
        _give_owner(rows, owner)
        if rows:
            yield Snapshot(start, tuple(rows))

    def _is_heading(self, line: str, number: int, *, after_blank: bool) -> bool:
        """Tell a table's beginning: the command, or the column headings, in whatever language.

        Headings stand between a blank line and a row, or have wide gaps, which the owners under a row never
        have.
        """
        if "netstat" in line.lower():
            return not _IMAGE.match(line)
        before_row = number < len(self._lines) and _ROW.match(self._lines[number]) is not None
        return (after_blank and before_row) or len(_GAP.findall(line)) > 1

    def _row(self, words: Sequence[str], number: int) -> Row | None:
        # Few remotes, states and owners among many rows: each is read once. Local ports differ from row to row.
        local, remote = _endpoint(words[1]), self._remote(words[2])
        if local is None or remote is None:
            self._unreadable.add(number, f"not a readable connection: {self._lines[number - 1].strip()[:80]}")
            return None
        state, pid, offload, known = self._tail(words[3] if len(words) > _ENDPOINTS else "")
        if not known and (state in self._unknown_at or len(self._unknown_at) < _MOST_STATES):
            self._unknown_states[state] += 1
            self._unknown_at.setdefault(state, number)
        family, address, port = local
        if len(self._addresses) >= _MOST_CACHED:
            self._addresses.clear()
        address = self._addresses.setdefault(address, address)
        return Row(words[0], family, address, port, remote[1], remote[2], state, pid, number, "", "", offload)

    def _remote(self, text: str) -> tuple[int, str, int | None] | None:
        if text not in self._remotes:
            self._remembered(self._remotes)[text] = _endpoint(text)
        return self._remotes[text]

    def _tail(self, text: str) -> tuple[str, int | None, str, bool]:
        """Read state, PID and offload state, and whether the state is a known one."""
        found = self._tails.get(text)
        if found is None:
            word, pid, offload = _tail(text.split())
            state = english_state(word) if word else ""
            found = (word if state is None else state, pid, offload, state is not None)
            self._remembered(self._tails)[text] = found
        return found

    @staticmethod
    def _remembered(cache: dict[str, _T]) -> dict[str, _T]:
        if len(cache) >= _MOST_CACHED:
            cache.clear()
        return cache


def _endpoint(text: str) -> tuple[int, str, int | None] | None:
    """Split `[fe80::1%11]:49231`, `10.0.0.5:443`, `HOST:https` or `*:*` into family, address and port."""
    address, colon, port = text.rpartition(":")
    if not colon or not address or not port:
        return None
    family = 6 if address.startswith("[") else 4
    if not (port.isascii() and port.isdigit()):
        return family, address.strip("[]"), None
    if len(port) > _PORT_DIGITS or int(port) > _HIGHEST_PORT:
        return None
    return family, address.strip("[]"), int(port)


def _tail(words: Sequence[str]) -> tuple[str, int | None, str]:
    """Split what follows the endpoints: state word or none, PID or none, offload state or none."""
    for index in range(len(words) - 1, -1, -1):
        word = words[index]
        if word.isascii() and word.isdigit() and len(word) <= 10:  # noqa: PLR2004 - a DWORD has ten digits at most
            return " ".join(words[:index]), int(word), " ".join(words[index + 1 :])
    if len(words) > 1 and english_state(words[0]):
        return words[0], None, " ".join(words[1:])
    return " ".join(words), None, ""


def _without_prefix(line: str) -> str:
    """Take off what `findstr /n` and `Select-String` put in front of a line."""
    return _PREFIX.sub("", line) if ":" in line and line[:1].strip() else line


def _give_owner(rows: list[Row], lines: Sequence[str]) -> None:
    """Give the last row the image and component that `-b` printed under it."""
    image = next((match[1] for match in map(_IMAGE.match, lines) if match), "")
    if image and rows:
        component = lines[0].strip() if not _IMAGE.match(lines[0]) else ""
        rows[-1] = msgspec.structs.replace(rows[-1], image=image, component=component)
