r"""Processes and the services in them: `tasklist`, with or without `/svc` and `/v`, as a table or CSV, in any language.

What `tasklist /svc` prints (German)::

    Abbildname                     PID Dienste
    ========================= ======== ============================================
    System Idle Process              0 Nicht zutreffend
    System                           4 Nicht zutreffend
    svchost.exe                    700 DcomLaunch, PlugPlay,
                                       Power
    agent.exe                     1536 Nicht zutreffend

What `tasklist /fo csv` prints::

    "Image Name","PID","Session Name","Session#","Mem Usage"
    "smss.exe","316","Services","0","1,204 K"

Columns are told by their place and by the rule of equal signs. "N/A" is translated: it is what stands with
the idle process and with System, or with several processes, for no service runs in two. The CSV of `/svc` has
three columns, the plain one five, that of `/v` nine. Window titles are not kept.

>>> table = parse(__doc__).facts
>>> [(process.pid, process.services) for process in table[1:4]]
[(4, ()), (700, ('DcomLaunch', 'PlugPlay', 'Power')), (1536, ())]
>>> table[4].image, table[4].session, table[4].memory_kb, table[4].line
('smss.exe', 'Services', 1204, 16)
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from forensics.parsed import Parsed, Problem
from forensics.text.delimited import rows
from forensics.text.lines import split_lines
from forensics.text.problems import is_known

KIND = "tasklist"
READS = "text"

_RULE = re.compile(r"[ \t]*={8,} ={4,} ={5,}(?: =+){0,6}[ \t]*")  # /v has nine columns
_RULE_IN_TEXT = re.compile(r"(?<![=\S])={8,} ={4,} ={5}")
_CSV_IN_TEXT = re.compile(r'"[^"\r\n]{1,260}","\d{1,10}","', re.ASCII)
_CSV_COLUMNS = {3: "services", 5: "plain", 9: "verbose"}
_NUMBER = re.compile(r"\d{1,10}", re.ASCII)
_ROW = re.compile(r"(\S(?:.{0,258}?\S)?)\s+(\d{1,10})(?:\s+(\S.*))?", re.ASCII)
# "1,204 K", "1.204 K", "1 204 Ko", "1 204 КБ"
_MEMORY = re.compile(r"([0-9]{1,3}(?:\D?[0-9]{2,3}){0,4})\s[^\W\d]{1,2}")
_SERVICE_COLUMNS = 3
_MOST_PROCESSES = 100_000  # in one text
_SYSTEM_PIDS = (0, 4)
_NOT_A_SERVICE = "N/A"


class Process(msgspec.Struct, frozen=True):
    """One process. `memory_kb` is its working set in units of 1,024 bytes, None where the form has no such column."""

    pid: int
    image: str
    services: tuple[str, ...]
    session: str
    memory_kb: int | None
    line: int


class _Row(msgspec.Struct):
    pid: int
    image: str
    services: list[str]  # as printed in each line of the row
    session: str
    memory: str
    line: int


def recognise(text: str) -> bool:
    """Find a table or CSV of programs with their process IDs."""
    seems = ("=====" in text and _RULE_IN_TEXT.search(text)) or ('","' in text and _CSV_IN_TEXT.search(text))
    return bool(seems) and is_known(parse(text))


def parse(text: str) -> Parsed:
    """Read every list in the text."""
    lines = split_lines(text)
    processes: list[Process] = []
    for group in (*_tables(lines), *_csv(lines)):
        if not _are_processes(group):
            continue
        if len(processes) + len(group) > _MOST_PROCESSES:
            # Half a list would seem to be a whole one.
            told = f"more than {_MOST_PROCESSES:,} processes, as no machine has: none is read"
            return Parsed((), "no processes", (Problem(group[0].line, told),))
        processes += _with_services(group)
    count = f"{len(processes):,} process{'es' * (len(processes) != 1)}"
    services = sum(len(process.services) for process in processes)
    return Parsed(tuple(processes), f"{count}, {services:,} services" if services else count)


def _are_processes(group: Sequence[_Row]) -> bool:
    """Whether most rows are programs: other tables too have numbers in their second column."""
    programs = sum(row.image.lower().endswith(".exe") or row.pid in _SYSTEM_PIDS for row in group)
    return bool(group) and programs * 2 >= len(group)


def _csv(lines: Sequence[str]) -> Iterator[list[_Row]]:
    groups: dict[int, list[_Row]] = {}
    for number, fields in rows([line if '","' in line else "" for line in lines]):
        form = _CSV_COLUMNS.get(len(fields))
        if "ProcessId" in fields:
            return  # WMI's own list, which has command lines
        if form is None or not _NUMBER.fullmatch(fields[1]):
            continue
        row = _Row(int(fields[1]), fields[0], [], "", "", number)
        if form == "services":
            row.services = [fields[2]]
        elif _NUMBER.fullmatch(fields[3]):
            row.session, row.memory = fields[2], fields[4]
        else:
            continue
        group = groups.setdefault(len(fields), [])
        if len(group) <= _MOST_PROCESSES:
            group.append(row)
    yield from groups.values()


def _tables(lines: Sequence[str]) -> Iterator[list[_Row]]:
    index = 0
    while index < len(lines):
        rule = lines[index]
        index += 1
        if not _RULE.fullmatch(rule):
            continue
        columns = [match.span() for match in re.finditer("=+", rule)]
        group: list[_Row] = []
        while index < len(lines) and lines[index].strip():
            row = _row(lines[index], columns, index + 1)
            if row:
                if len(group) <= _MOST_PROCESSES:
                    group.append(row)
            elif group and lines[index][: columns[1][1]].isspace():
                group[-1].services.append(lines[index].strip())
            else:
                break
            index += 1
        yield group


def _row(line: str, columns: Sequence[tuple[int, int]], number: int) -> _Row | None:
    """Read by column, or, where wide characters shifted these, by the first number that stands alone."""
    has_services = len(columns) == _SERVICE_COLUMNS
    image, pid = (line[start:end].strip() for start, end in columns[:2])
    if image and _NUMBER.fullmatch(pid):
        others = [line[start:end].strip() for start, end in columns[2:]]
        rest = line[columns[2][0] :].strip()
    else:
        match = _ROW.fullmatch(line.strip())
        if match is None or line[: columns[1][0]].isspace():
            return None
        image, pid, rest, others = match[1], match[2], match[3] or "", []
    if has_services:
        return _Row(int(pid), image, [rest], "", "", number)
    session, _, memory = [*others, "", "", ""][:3]
    return _Row(int(pid), image, [], session, memory, number)


def _with_services(group: Sequence[_Row]) -> Iterator[Process]:
    services = [" ".join(row.services) for row in group]
    printed = Counter(services)
    system = {told for told, row in zip(services, group, strict=True) if row.pid in _SYSTEM_PIDS}
    for told, row in zip(services, group, strict=True):
        none = told in system or printed[told] > 1 or told == _NOT_A_SERVICE
        names = () if none else tuple(name.strip() for name in told.split(",") if name.strip())
        if names and all(name.lower().endswith((".dll", ".exe", ".drv")) for name in names):
            names = ()  # the modules of `tasklist /m`
        memory = _MEMORY.fullmatch(row.memory)
        kilobytes = int(re.sub(r"[^0-9]", "", memory[1])) if memory else None
        yield Process(row.pid, row.image, names, row.session, kilobytes, row.line)
