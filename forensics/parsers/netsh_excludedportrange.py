r"""Ports kept out of the dynamic range: `netsh int ipv4|ipv6 show excludedportrange tcp|udp`, in any language.

What Windows prints (Spanish, pasted with its command)::

    C:\>netsh int ipv4 show excludedportrange protocol=tcp

    Protocolo tcp Intervalos de exclusión de puertos

    Puerto de inicio    Puerto final
    ----------          --------
          1898        1997
         50000       50059     *

    * - Exclusiones de puertos administrados.

The table is told by its rule of two runs of dashes and by the Latin "tcp" or "udp" in its heading, or by the
foot note that explains the asterisk. An empty table says that nothing is excluded, and is a fact too.

>>> excluded, = parse(__doc__).facts
>>> excluded.protocol, excluded.family, excluded.line
('TCP', 4, 7)
>>> [(range.start, range.end, range.administered) for range in excluded.ranges]
[(1898, 1997, False), (50000, 50059, True)]
"""

import re

import msgspec

from forensics.parsed import Parsed
from forensics.text.lines import split_lines
from forensics.text.netsh_commands import CommandFamilies, heading_above
from forensics.text.problems import Problems, is_known

KIND = "netsh-excludedportrange"
READS = "text"

HIGHEST_PORT = 2**16 - 1

_RULE = re.compile(r"[ \t]*-{4,}[ \t]+-{4,}[ \t]*")
_RULE_IN_TEXT = re.compile(r"(?<!-)-{4,}[ \t]+-{4,}[ \t]*(?:[\r\n]|\Z)")
_ROW = re.compile(r"\s*([0-9]{1,10})\s+([0-9]{1,10})(?:\s+(\*))?\s*")
_FOOT_NOTE = re.compile(r"\s*\* ?[-–]")


class ExcludedRange(msgspec.Struct, frozen=True):
    """Ports from `start` to `end`, both included; `administered` (`*`) ones were set by someone and outlive a boot."""

    start: int
    end: int
    administered: bool
    line: int


class ExcludedRanges(msgspec.Struct, frozen=True):
    """One table. `protocol` is "TCP" or "UDP", `family` 4 or 6, both None where nothing tells; `line` the heading's."""

    protocol: str | None
    family: int | None
    ranges: tuple[ExcludedRange, ...]
    line: int


def recognise(text: str) -> bool:
    """Find a rule of two runs of dashes with a heading or a foot note of this table."""
    return "----" in text and _RULE_IN_TEXT.search(text) is not None and is_known(parse(text))


def parse(text: str) -> Parsed:
    """Read every table in the text. A range that cannot be one is a problem; its table's others are kept."""
    lines = split_lines(text)
    families = CommandFamilies("excludedportrange")
    tables: list[ExcludedRanges] = []
    problems = Problems()
    for index, line in enumerate(lines):
        families.read(line)
        if not _RULE.fullmatch(line):
            continue
        protocol, heading = heading_above(lines, index)
        rows, foot_note = _rows_under(lines, index)
        if protocol is None and not foot_note:
            continue
        if len(rows) > HIGHEST_PORT:
            problems.add(heading, f"more than {HIGHEST_PORT:,} ranges, as there are ports: the table is not read")
            continue
        possible = []
        for row in rows:
            if 0 < row.start <= row.end <= HIGHEST_PORT:
                possible.append(row)
            else:
                problems.add(row.line, f"not a possible port range: {row.start} to {row.end}")
        tables.append(ExcludedRanges(protocol, families.family(protocol), tuple(possible), heading))
    count = sum(len(table.ranges) for table in tables)
    summary = f"{len(tables)} table{'s' * (len(tables) != 1)}, {count:,} excluded range{'s' * (count != 1)}"
    return Parsed(tuple(tables), summary, problems.told())


def _rows_under(lines: list[str], rule: int) -> tuple[list[ExcludedRange], bool]:
    """Return the rows under the rule, and whether the foot note about the asterisk follows them."""
    rows: list[ExcludedRange] = []
    for number in range(rule + 2, len(lines) + 1):
        line = lines[number - 1]
        row = _ROW.fullmatch(line)
        if row:
            if len(rows) <= HIGHEST_PORT:
                rows.append(ExcludedRange(int(row[1]), int(row[2]), row[3] is not None, number))
        elif line.strip():
            return rows, _FOOT_NOTE.match(line) is not None
    return rows, False
