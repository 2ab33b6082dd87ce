r"""Installed updates: `wmic qfe` in every format, PowerShell's `Get-HotFix` as a table, a list or CSV.

What wmic prints::

    Description      FixComments  HotFixID   InstallDate  InstalledBy          InstalledOn  Name
    Security Update               KB2553549               NT AUTHORITY\SYSTEM  3/27/2012
    Update                        KB976902                SRV1\Administrator   11/21/2010

wmic writes `InstalledOn` the American way on every system, or as 20190321, or (Vista) as a FILETIME in
hexadecimal; PowerShell writes it in the user's regional format. A list without a KB proves nothing: later
updates replace earlier ones.

>>> parse(__doc__).facts[0]
Hotfix(kb='KB2553549', installed_on=datetime.date(2012, 3, 27), installed_on_text='3/27/2012', line=6)
"""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec

from forensics.knowledge.calendar import CLOCK_YEARS
from forensics.parsed import Parsed
from forensics.text.lines import split_lines
from forensics.text.local_dates import is_month_first, readings, split
from forensics.text.problems import is_known
from forensics.text.wmi_records import Record, read

KIND = "hotfixes"
READS = "text"

_KEY = "HotFixID"  # as wmic and PowerShell spell it in every language
_KB = re.compile(r"(?:KB|Q)?(\d{6,7})(?:[-_ .v].*)?", re.IGNORECASE | re.ASCII)
_KB_IN_ROW = re.compile(r"\bKB\d{6,7}(?!\d)", re.ASCII)
_DIGITS = re.compile(r"\d{8}", re.ASCII)
_FILETIME = re.compile(r"[0-9a-f]{16}", re.IGNORECASE)
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?=$|[T ])", re.ASCII)
_LONGEST_ROW = 1000  # characters behind the number, and more than wmic prints
_FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


class Hotfix(msgspec.Struct, frozen=True):
    """One update. `kb` is "KB" and its number. `installed_on` is None where the text's order of day and month is open.

    The date is the machine's local one (a FILETIME's is UTC). `line` is 1-based.
    """

    kb: str
    installed_on: date | None
    installed_on_text: str
    line: int


class _Row(msgspec.Struct, frozen=True):
    kb: str
    text: str
    line: int
    by_wmic: bool


def recognise(text: str) -> bool:
    """Find the property HotFixID as a heading or a label, with at least one update."""
    return _KEY in text and is_known(parse(text))


def parse(text: str) -> Parsed:
    """Read every list in the text. Entries that are no updates ("File 1", GUIDs) are left out."""
    found = read(split_lines(text), "HotFixID", _row)
    orders = {order for row in found.made if (order := _own_order(row.text)) is not None}
    hotfixes = []
    for row in found.made:
        installed = _installed_on(row, orders)
        hotfixes.append(Hotfix(row.kb, installed, row.text, row.line))
        if row.text and installed is None:
            found.problems.add(row.line, f"the date of {row.kb} is not certain: {row.text[:40]}")
    summary = f"{len(hotfixes)} update{'s' * (len(hotfixes) != 1)}"
    return Parsed(tuple(hotfixes), summary, found.problems.told() if found.known else ())


def _row(record: Record) -> _Row | None:
    if not record.aligned:
        match = _KB_IN_ROW.search(record.text)
        if match is None:
            return None
        words = record.text[match.end() : match.end() + _LONGEST_ROW].split()
        dated = next((word for word in words if _is_date(word)), "")
        return _Row(match[0].upper(), dated, record.line, record.by_wmic)
    named = _KB.fullmatch(record.properties.get("hotfixid", ""))
    if named is None:
        return None
    installed = record.properties.get("installedon", "")
    # PowerShell's own property is a time of day as well; a bare date is the text that WMI holds.
    return _Row(f"KB{named[1]}", installed, record.line, record.by_wmic or ":" not in installed)


def _is_date(word: str) -> bool:
    return any(pattern.match(word) for pattern in (_DIGITS, _FILETIME, _ISO)) or split(word) is not None


def _own_order(text: str) -> bool | None:
    written = split(text)
    return is_month_first([written]) if written else None


def _installed_on(row: _Row, orders: set[bool]) -> date | None:
    """The date, where it is one that can be meant."""
    day = _day(row, orders)
    return day if day and day.year in CLOCK_YEARS else None


def _day(row: _Row, orders: set[bool]) -> date | None:
    """Read the date; where it does not itself tell day from month, the others of the list do, or wmic's habit."""
    try:
        if _DIGITS.fullmatch(row.text):
            return date(int(row.text[:4]), int(row.text[4:6]), int(row.text[6:]))
        if _ISO.match(row.text):
            return date.fromisoformat(row.text[:10])
        if _FILETIME.fullmatch(row.text):
            return (_FILETIME_EPOCH + timedelta(microseconds=int(row.text, 16) // 10)).date()
    except (ValueError, OverflowError):
        return None
    written = split(row.text)
    if written is None:
        return None
    order = is_month_first([written])
    if order is None:
        order = _common(tuple(orders), by_wmic=row.by_wmic)
    days = {moment.date() for moment in readings(written, month_first=order)}
    return days.pop() if len(days) == 1 else None


def _common(orders: Sequence[bool], *, by_wmic: bool) -> bool | None:
    if len(orders) == 1:
        return orders[0]
    return True if by_wmic and not orders else None
