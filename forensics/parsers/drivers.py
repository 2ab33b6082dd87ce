r"""Installed drivers: `driverquery`, plain or `/v`, as CSV or table, in any language.

What `driverquery` prints::

    Module Name  Display Name           Driver Type   Link Date
    ============ ====================== ============= ======================
    ACPI         Microsoft ACPI Driver  Kernel        11/20/2010 1:19:16 AM

What `driverquery /fo csv` prints (Chinese)::

    "模块名","显示名称","驱动程序类型","链接日期"
    "Tcpip","TCP/IP Protocol Driver","Kernel ","2010/11/20 17:25:52"

With `/v` there are 15 columns: module, display name, description, type, start mode, state, status, two for
what it accepts, three sizes, link date, path, another size. They are told by their place. Words and dates are
in the machine's language, and stay so.

>>> acpi, tcpip = parse(__doc__).facts
>>> acpi.module, acpi.driver_type, acpi.link_date_text
('ACPI', 'Kernel', '11/20/2010 1:19:16 AM')
>>> tcpip.module, tcpip.display_name, tcpip.line
('Tcpip', 'TCP/IP Protocol Driver', 12)
"""

import re
from collections.abc import Iterator, Sequence

import msgspec

from forensics.parsed import Parsed, Problem
from forensics.text.delimited import rows
from forensics.text.lines import split_lines
from forensics.text.problems import is_known

KIND = "drivers"
READS = "text"

_VERBOSE_COLUMNS = 15
_PLAIN_COLUMNS = 4
_MOST_DRIVERS = 20_000  # in one text; a machine has hundreds
# Drivers that every Windows from XP on has, by which a list of drivers is told from any other table.
_ALWAYS_THERE = frozenset({"acpi", "afd", "disk", "mup", "ndis", "ntfs", "tcpip"})
_RULE = re.compile(r"[ \t]*=+(?: =+){3,14}[ \t]*")
_RULE_IN_TEXT = re.compile(r"(?<![=\S])={4,} ={4,} ={4,} ={4,}")
_CSV_IN_TEXT = re.compile(r'"[^"\r\n]{1,100}",(?:"[^"\r\n]{0,300}",){2}"')


class Driver(msgspec.Struct, frozen=True):
    """One driver. `module` is the service's name. `start_mode`, `state` and `path` come from `/v`, else they are "".

    `link_date_text` is when the driver was built, as printed. `line` is 1-based.
    """

    module: str
    display_name: str
    driver_type: str
    start_mode: str
    state: str
    path: str
    link_date_text: str
    line: int


def recognise(text: str) -> bool:
    """Find a list that holds drivers which every Windows has."""
    seems = ("=====" in text and _RULE_IN_TEXT.search(text)) or ('","' in text and _CSV_IN_TEXT.search(text))
    return bool(seems) and is_known(parse(text))


def parse(text: str) -> Parsed:
    """Read every list in the text."""
    lines = split_lines(text)
    drivers: list[Driver] = []
    for group in (*_tables(lines), *_csv(lines)):
        if not any(driver.module.lower() in _ALWAYS_THERE for driver in group):
            continue
        if len(drivers) + len(group) > _MOST_DRIVERS:
            # Half a list would seem to be a whole one.
            told = f"more than {_MOST_DRIVERS:,} drivers, as no machine has: none is read"
            return Parsed((), "no drivers", (Problem(group[0].line, told),))
        drivers += group
    return Parsed(tuple(drivers), f"{len(drivers):,} driver{'s' * (len(drivers) != 1)}")


def _csv(lines: Sequence[str]) -> Iterator[list[Driver]]:
    groups: dict[int, list[Driver]] = {_VERBOSE_COLUMNS: [], _PLAIN_COLUMNS: []}
    heading = True
    for number, fields in rows([line if '","' in line else "" for line in lines]):
        if len(fields) in groups:
            if not heading and len(groups[len(fields)]) <= _MOST_DRIVERS:
                groups[len(fields)].append(_driver(fields, number))
            heading = False
        else:
            heading = True
    yield from groups.values()


def _tables(lines: Sequence[str]) -> Iterator[list[Driver]]:
    columns: list[tuple[int, int]] = []
    group: list[Driver] = []
    for number, line in enumerate(lines, 1):
        if _RULE.fullmatch(line):
            yield group
            columns, group = [match.span() for match in re.finditer("=+", line)], []
        elif not line.strip():
            columns = []
        elif len(columns) in (_VERBOSE_COLUMNS, _PLAIN_COLUMNS) and len(group) <= _MOST_DRIVERS:
            cells = [line[start:end].strip() for start, end in columns]
            if cells[0]:
                group.append(_driver(cells, number))
    yield group


def _driver(fields: Sequence[str], line: int) -> Driver:
    if len(fields) == _PLAIN_COLUMNS:
        module, name, kind, date = fields
        return Driver(module, name, kind, "", "", "", date, line)
    module, name, _, kind, mode, state = fields[:6]
    return Driver(module, name, kind, mode, state, fields[13], fields[12], line)
