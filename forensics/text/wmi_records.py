r"""Objects of WMI as `wmic` and PowerShell print them: CSV, lists of properties, tables.

Property names are English on every system. `wmic` does not quote its CSV, so a comma in a value splits it; it
writes `&` as `&amp;`, and ends its lines with CR CR LF.

>>> read(["Node,HotFixID,InstalledOn", "SRV1,KB2553549,3/7/2019"], "HotFixID", lambda record: record.line).made
[2]
>>> read(["Name=smss.exe", "ProcessId=316", ""], "ProcessId", lambda record: record.properties).made
[{'name': 'smss.exe', 'processid': '316'}]
>>> read(["HotFixID   InstalledOn", "KB2553549  3/7/2019"], "HotFixID", lambda record: record.properties).made
[{'hotfixid': 'KB2553549', 'installedon': '3/7/2019'}]
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Generic, TypeVar

import msgspec

from forensics.knowledge.calendar import CLOCK_YEARS
from forensics.text.delimited import MOST_LINES, rows
from forensics.text.problems import Problems

# In a list, PowerShell may name a unit behind the property: `InitialRto(ms) : 3000`.
_PROPERTY = re.compile(r"\s*([A-Za-z_]\w{0,60})(?:\((?:ms|MSS)\))?(?:=|\s+: ?)(.*)", re.ASCII)
_HEADING_WORD = re.compile(r"[A-Za-z_]\w{0,60}", re.ASCII)
_RULE = re.compile(r"[\s-]+")
_MOST_COLUMNS = 200
MOST_OBJECTS = 100_000  # of one kind in one text: a machine has hundreds of processes, updates and files
# 20181224120000.123456+480: local time, and minutes east of UTC
_CIM = re.compile(r"(\d{14})\.(\d{6})([+-]\d{3})", re.ASCII)
# XML's entities, with which wmic writes its CSV. Python's html.unescape would know 2,231, and numbers of any length.
_ENTITY = re.compile("&(amp|lt|gt|quot|apos);")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}

_T = TypeVar("_T")


class Record(msgspec.Struct, frozen=True):
    """One object. Property names are in lower case. `by_wmic` where the notation is wmic's and not PowerShell's.

    `aligned` is False for a table's row that does not keep to the columns (double-width characters do that);
    its properties are then empty, as is one that the row is too short for. `text` is the line as it stands, `line` its
    1-based number.
    """

    line: int
    properties: dict[str, str]
    by_wmic: bool
    text: str = ""
    aligned: bool = True


class Found(msgspec.Struct, Generic[_T], frozen=True):
    """What was made of the records of one text, in its order, and what could not be read."""

    made: list[_T]
    problems: Problems
    too_many: bool = False

    @property
    def known(self) -> bool:
        """Whether the text holds such objects, though they may be too many to be any machine's."""
        return bool(self.made) or self.too_many


Plausible = Callable[[dict[str, str]], bool]


def cim_datetime(text: str) -> datetime | None:
    """Read the time format of WMI, as UTC; None for any other text.

    >>> cim_datetime("20181224120000.123456+480").isoformat()
    '2018-12-24T04:00:00.123456+00:00'
    """
    match = _CIM.fullmatch(text.strip())
    if match is None:
        return None
    try:
        moment = datetime.strptime(match[1], "%Y%m%d%H%M%S")  # noqa: DTZ007 - the zone follows
        zone = timezone(timedelta(minutes=int(match[3])))
        moment = moment.replace(microsecond=int(match[2]), tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year in CLOCK_YEARS else None


def read(
    lines: Sequence[str],
    key: str,
    make: Callable[[Record], _T | None],
    free: Sequence[str] = (),
    plausible: Plausible | None = None,
) -> Found[_T]:
    """Find every object that has the property `key`, and keep what `make` makes of it: records are large.

    `free` names the properties that may contain commas; where wmic's CSV gives too many fields, the first of
    them takes the surplus with which the record is `plausible`. Of more than `MOST_OBJECTS` none is kept, for half a
    list would seem to be a whole one.
    """
    made: list[_T] = []

    def take(record: Record) -> None:
        one = make(record) if len(made) <= MOST_OBJECTS else None
        if one is not None:
            made.append(one)

    reader = _Reader(lines, key.lower(), take, [name.lower() for name in free], plausible or (lambda _: True))
    index = 0
    while index < len(lines):
        index = reader.read_at(index) if reader.key in lines[index].lower() else index + 1
    if len(made) > MOST_OBJECTS:
        too_many = Problems()
        too_many.add(None, f"more than {MOST_OBJECTS:,} objects with {key}, as no machine has: none is read")
        return Found([], too_many, too_many=True)
    return Found(made, reader.problems)


class _Reader:
    """The three notations; each method returns the index of the first line that it has not consumed."""

    def __init__(
        self,
        lines: Sequence[str],
        key: str,
        take: Callable[[Record], None],
        free: Sequence[str],
        plausible: Plausible,
    ) -> None:
        self.key = key
        self.problems = Problems()
        self._take = take
        self._lines = lines
        self._free = free
        self._plausible = plausible
        self._done = 0

    def read_at(self, index: int) -> int:
        line = self._lines[index]
        pair = _PROPERTY.fullmatch(line)
        if pair and pair[1].lower() == self.key:
            self._done = self._list(index)
        elif "," in line and self.key in _names(line):
            self._done = self._csv(index)
        elif self.key in line.lower().split() and all(map(_HEADING_WORD.fullmatch, line.split())):
            self._done = self._table(index)
        else:
            return index + 1
        return self._done

    def _list(self, index: int) -> int:
        """Read the block of `Name=value` lines around this one."""
        start, names = index, {self.key}
        while start > self._done and (pair := _PROPERTY.fullmatch(self._lines[start - 1])):
            if pair[1].lower() in names:
                break
            names.add(pair[1].lower())
            start -= 1
        properties: dict[str, str] = {}
        by_wmic = True
        end = start
        while end < len(self._lines) and (pair := _PROPERTY.fullmatch(self._lines[end])):
            name = pair[1].lower()
            if name in properties:
                break
            by_wmic = by_wmic and "=" in self._lines[end].partition(":")[0]
            properties[name] = pair[2].strip()
            end += 1
        if self.key in properties:
            self._add(Record(index + 1, properties, by_wmic, self._lines[index]))
        return max(end, index + 1)

    def _csv(self, index: int) -> int:
        names = _names(self._lines[index])
        if '"' in self._lines[index]:
            return self._quoted(index, names)
        after_blank = False
        for end in range(index + 1, len(self._lines)):
            line = self._lines[end]
            fields = line.strip().split(",")
            if len(fields) > 1:
                properties = self._assign(names, fields)
                if properties:
                    self._add(Record(end + 1, properties, by_wmic=True, text=line))
                elif after_blank:
                    return end  # the output of something else
                else:
                    self.problems.add(end + 1, f"{len(fields)} fields under {len(names)} headings")
            elif line.strip():
                return end
            after_blank = not line.strip()
        return len(self._lines)

    def _assign(self, names: Sequence[str], fields: list[str]) -> dict[str, str] | None:
        surplus = len(fields) - len(names)
        if surplus == 0:
            return dict(zip(names, map(str.strip, fields), strict=True))
        if surplus < 0:
            return None
        for name in self._free:
            if name in names:
                at = names.index(name)
                joined = [*fields[:at], ",".join(fields[at : at + surplus + 1]), *fields[at + surplus + 1 :]]
                properties = dict(zip(names, map(str.strip, joined), strict=True))
                if self._plausible(properties):
                    return properties
        return None

    def _quoted(self, index: int, names: Sequence[str]) -> int:
        end, opened = index + 1, 0  # opened: the line of a quote that no line has closed yet
        while end < len(self._lines):
            inside = opened and end - opened < MOST_LINES
            if '"' not in self._lines[end] and not inside:
                break
            if self._lines[end].count('"') % 2:
                opened = 0 if opened else end
            end += 1
        for number, fields in rows(self._lines[index + 1 : end]):
            row = index + 1 + number
            if len(fields) == len(names):
                properties = dict(zip(names, fields, strict=True))
                self._add(Record(row, properties, by_wmic=False, text=self._lines[row - 1]))
            else:
                self.problems.add(row, f"{len(fields)} fields under {len(names)} headings")
        return end

    def _table(self, index: int) -> int:
        heading = self._lines[index]
        names = heading.lower().split()[:_MOST_COLUMNS]
        starts = _starts(heading)[:_MOST_COLUMNS]
        stops = [*starts[1:], None]
        by_wmic = True
        end = index + 1
        while end < len(self._lines):
            line = self._lines[end]
            end += 1
            if not line.strip():
                if end > index + 2:
                    break
                continue
            if _RULE.fullmatch(line):
                by_wmic = False
                continue
            if any(start > 0 and not line[start - 1].isspace() for start in starts[: bisect_right(starts, len(line))]):
                self._add(Record(end, {}, by_wmic, line, aligned=False))
                continue
            within = bisect_left(starts, len(line))
            cells = [line[start:stop].strip() for start, stop in zip(starts[:within], stops[:within], strict=True)]
            self._add(Record(end, dict(zip(names[:within], cells, strict=True)), by_wmic, line))
        return end

    def _add(self, record: Record) -> None:
        if record.by_wmic and "&" in record.text:
            plain = {name: _without_entities(value) for name, value in record.properties.items()}
            record = msgspec.structs.replace(record, properties=plain)
        self._take(record)


def _without_entities(text: str) -> str:
    return _ENTITY.sub(lambda entity: _ENTITIES[entity[1]], text)


def _names(line: str) -> list[str]:
    """Return the headings of a CSV, in lower case, or nothing where the line has another form."""
    names = [name.strip().strip('"').lower() for name in line.split(",")]
    return names if all(map(_HEADING_WORD.fullmatch, names)) and len(set(names)) == len(names) else []


def _starts(heading: str) -> list[int]:
    return [match.start() for match in re.finditer(r"\S+", heading)]
