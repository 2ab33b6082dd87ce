r"""The system's memory and kernel pools: WMI's Win32_PerfFormattedData_PerfOS_Memory and Win32_OperatingSystem.

What the collector writes (the figures are those of a published object of that class)::

    PoolNonpagedBytes,PoolPagedBytes,AvailableBytes,CommittedBytes,CommitLimit,HandleCount
    46321664,145367040,1238610176,1131204608,4294033408,31207

The same names and figures one a line, and what `wmic` and PowerShell print of these classes, are read too. `wmic os
get FreePhysicalMemory,TotalVisibleMemorySize` counts in kilobytes. Processes have pools and handles of their own: a
list of processes is not this.

>>> memory, = parse(__doc__).facts
>>> memory.nonpaged_pool_bytes, memory.available_bytes, memory.handles, memory.total_bytes
(46321664, 1238610176, 31207, None)
"""

import re
from collections.abc import Iterator, Sequence

import msgspec

from forensics.parsed import Parsed, Problem
from forensics.text.lines import split_lines
from forensics.text.problems import is_known
from forensics.text.wmi_records import Record, read

KIND = "memory"
READS = "text"

# What only the system as a whole has, as WMI spells it in every language, and the unit of each in bytes.
_AVAILABLE = {"AvailableBytes": 1, "AvailableKBytes": 2**10, "AvailableMBytes": 2**20, "FreePhysicalMemory": 2**10}
_TOTAL = {"TotalVisibleMemorySize": 2**10}
_COMMITTED = {"CommittedBytes": 1}
_LIMIT = {"CommitLimit": 1}
_OF_THE_SYSTEM = (*_AVAILABLE, *_TOTAL, *_COMMITTED, *_LIMIT)
# What each process has as well.
_NONPAGED = {"PoolNonpagedBytes": 1}
_PAGED = {"PoolPagedBytes": 1}
_HANDLES = {"HandleCount": 1}
_NAMES = frozenset(name.lower() for name in (*_OF_THE_SYSTEM, *_NONPAGED, *_PAGED, *_HANDLES))
_MAY_HAVE_COMMAS = ("Caption", "Description", "Organization", "RegisteredUser", "Name")
_PAIR = re.compile(r'\s*"?([A-Za-z]{1,40})"?[^\S\t]*+[,;\t]\s*+"?(\d{1,20})"?\s*', re.ASCII)
_MOST_DIGITS = 20  # of a number of 64 bits

Figures = dict[str, int]  # by the property's name in lower case


class Memory(msgspec.Struct, frozen=True):
    """One reading. A figure is None where it is not given; `line` is 1-based, that of the figures or of their first."""

    nonpaged_pool_bytes: int | None
    paged_pool_bytes: int | None
    available_bytes: int | None
    committed_bytes: int | None
    commit_limit_bytes: int | None
    total_bytes: int | None
    handles: int | None
    line: int


def recognise(text: str) -> bool:
    """Find a figure that only the system as a whole has."""
    return any(name in text for name in _OF_THE_SYSTEM) and is_known(parse(text))


def parse(text: str) -> Parsed:
    """Read every object of these classes in the text."""
    lines = split_lines(text)
    objects = list(_pairs(lines))
    problems: dict[Problem, None] = {}
    known = False
    for name in (name for name in _OF_THE_SYSTEM if name in text):
        found = read(lines, name, _object, _MAY_HAVE_COMMAS)
        objects += found.made
        known = known or found.too_many
        problems |= dict.fromkeys(found.problems.told())
    readings: dict[Memory, int] = {}
    for figures, line in objects:
        if any(name.lower() in figures for name in _OF_THE_SYSTEM):
            # Each of its names has found the object, and in a list each in a line of its own.
            reading = _memory(figures, 0)
            readings[reading] = min(line, readings.get(reading, line))
    facts = sorted(
        (msgspec.structs.replace(one, line=line) for one, line in readings.items()), key=lambda one: one.line
    )
    summary = f"{len(facts)} reading{'s' * (len(facts) != 1)} of the system's memory"
    return Parsed(tuple(facts), summary, tuple(problems) if facts or known else ())


def _object(record: Record) -> tuple[Figures, int]:
    return _figures(record.properties), record.line


def _figures(properties: dict[str, str]) -> Figures:
    numbers = {name: _number(text.strip('"')) for name, text in properties.items() if name in _NAMES}
    return {name: number for name, number in numbers.items() if number is not None}


def _pairs(lines: Sequence[str]) -> Iterator[tuple[Figures, int]]:
    """Every run of lines that each hold a name and a figure, with its first line."""
    figures: Figures = {}
    start = 0
    for number, line in enumerate([*lines, ""], 1):
        pair = _PAIR.fullmatch(line)
        name = pair[1].lower() if pair else ""
        if figures and (not pair or name in figures):
            yield figures, start
            figures = {}
        if pair:
            start = start if figures else number
            figures[name] = int(pair[2])


def _memory(figures: Figures, line: int) -> Memory:
    def of(names: dict[str, int]) -> int | None:
        known = (figures[name.lower()] * unit for name, unit in names.items() if name.lower() in figures)
        return next(known, None)

    return Memory(
        nonpaged_pool_bytes=of(_NONPAGED),
        paged_pool_bytes=of(_PAGED),
        available_bytes=of(_AVAILABLE),
        committed_bytes=of(_COMMITTED),
        commit_limit_bytes=of(_LIMIT),
        total_bytes=of(_TOTAL),
        handles=of(_HANDLES),
        line=line,
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None
