"""The prefix of a trace line: where it begins, and the wall clock in it.

Prefixes seen (traps.md, "ETL text"; CPU, thread and date vary by Windows version, converter and the machine's region)::

    [30]0000.0000::2025/03/27-16:12:13.966003800 [Microsoft-Windows-TCPIP]TCP: …
    [2] 0C34.2FF0::08/28/17-13:24:28.693 [Microsoft-Windows-WLAN-AutoConfig]…
    [4] 0EF8.1174:: 08/28/17-13:24:29.705 […
    [01]0EF8.0154::2026-09-28 05:00:54.976181000 [Microsoft-Windows-TCPIP] TCP: …
     16818 [7]3ECC. 2FC8::? 2018? -? 12? -? 24 20:15:23.049 [Microsoft-Windows-TCPIP]TCP: …

The PID in the prefix is that of the thread that happened to run: it is never used (domain.md, trap 4).

>>> clock = Clock()
>>> _ = clock.stamp(b" 16818 [7]3ECC. 2FC8::? 2018? -? 12? -? 24 20:15:23.049 [Microsoft-Windows-TCPIP]TCP: x", 60)
>>> moment = clock.stamp(b"[2] 0C34.2FF0::12/24/18-20:15:28.693 [Microsoft-Windows-TCPIP]TCP: x", 60)
>>> clock.dates().at(moment)
datetime.datetime(2018, 12, 24, 20, 15, 28, 693000)
"""

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta

import msgspec

DAY = 86_400_000_000
"""Microseconds of a day. A moment is the number of its date, in the order of the file, times this, plus the time."""

_PREFIX = rb"[ \t]*+(?:\d++[ \t]++)?\[\d{1,4}+\][ \t]*+[0-9A-Fa-f]{1,8}+[ \t]*+\.[ \t]*+[0-9A-Fa-f]{1,8}+[ \t]*+::"
PREFIX = re.compile(_PREFIX)
LAST_PREFIXED = re.compile(rb"[\r\n](?=" + _PREFIX + rb")")
# All up to the hour, minutes, seconds, fraction. No time holds a colon before these.
_STAMP = re.compile(_PREFIX + rb"([^:\r\n]{1,60}+):([0-5]\d):([0-5]\d)[.,](\d{1,9}+)")
_DAY_AND_HOUR = re.compile(rb"(.*?)(\d\d)$", re.DOTALL)
_NUMBER = re.compile(rb"\d+")
_LONGEST_PREFIX = 400
_MOST_HOURS = 1 << 14  # different dates with hours that are remembered: over a year of trace
_MOST_DATES = 1 << 10

_BUDDHIST_ERA = 543
_FAR = timedelta(days=7)
"""A ring buffer holds minutes to hours. A date further than this from most others is a damaged one."""
_FEW = 0.01  # share of the stamps that damaged dates may have


class Dates(msgspec.Struct, frozen=True):
    """Which day each date of the file is: None where it is none, or far from the others."""

    days: tuple[date | None, ...]
    order: str
    wrong: int

    def at(self, moment: int | None) -> datetime | None:
        """Return the wall clock of a moment."""
        if moment is None:
            return None
        day = self.days[moment // DAY]
        if day is None:
            return None
        return datetime(day.year, day.month, day.day) + timedelta(microseconds=moment % DAY)  # noqa: DTZ001 - local


class Clock:
    """Reads stamps; decides at the end, from all dates, what is day and what is month."""

    def __init__(self) -> None:
        self._hours: dict[bytes, int] = {}
        self._dates: dict[tuple[bytes, ...], int] = {}
        self._stamps: list[int] = []
        self._dotted = False
        self._seconds: dict[bytes, int] = {}
        self._last_text, self._last_second = b"", 0
        self.unreadable = 0

    def stamp(self, block: bytes, position: int) -> int | None:
        """Return the moment of the line around `position`, None where its prefix cannot be read."""
        low = max(0, position - _LONGEST_PREFIX)
        found = _STAMP.match(block, max(block.rfind(b"\n", low, position) + 1, low), position)
        if found is None:
            found = _STAMP.match(block, max(block.rfind(b"\r", low, position) + 1, low), position)
            if found is None:
                self.unreadable += 1
                return None
        hours, minutes, seconds, fraction = found.groups()
        base = self._hours.get(hours)
        if base is None:
            base = self._begin(hours)
        if base < 0:
            self.unreadable += 1
            return None
        self._stamps[base // DAY] += 1
        return base + (int(minutes) * 60 + int(seconds)) * 1_000_000 + int(fraction[:6].ljust(6, b"0"))

    def second(self, block: bytes, position: int) -> int | None:
        """Return the moment in whole seconds: what `stamp` does, remembering each second's text.

        Hundreds of lines in a row are of one second: the last one is looked at before all others.
        """
        low = max(0, position - _LONGEST_PREFIX)
        start = block.find(b"::", max(block.rfind(b"\n", low, position), low), position)
        if start < 0:
            self.unreadable += 1
            return None
        if self._last_text and block.startswith(self._last_text, start, position):
            self._stamps[self._last_second // 86_400] += 1
            return self._last_second
        colon = block.find(b":", block.find(b":", start + 2, position) + 1, position)
        text = block[start : colon + 3]
        second = self._seconds.get(text)
        if second is None:
            moment = self.stamp(block, position)
            if moment is None:
                return None
            if len(self._seconds) >= _MOST_HOURS:
                self._seconds.clear()
            second = self._seconds[text] = moment // 1_000_000
        else:
            self._stamps[second // 86_400] += 1
        self._last_text, self._last_second = text, second
        return second

    def _begin(self, text: bytes) -> int:
        """Give the date and hour of a stamp their number: -1 where it is no date, or there are too many."""
        found = _DAY_AND_HOUR.match(text)
        numbers = tuple(_NUMBER.findall(found[1])) if found else ()
        base = -1
        if found and len(numbers) == 3 and int(found[2]) < 24 and len(self._hours) < _MOST_HOURS:  # noqa: PLR2004
            self._dotted = self._dotted or b"." in found[1]
            number = self._dates.get(numbers)
            if number is None and len(self._dates) < _MOST_DATES:
                number = self._dates[numbers] = len(self._dates)
                self._stamps.append(0)
            if number is not None:
                base = number * DAY + int(found[2]) * 3_600_000_000
        if len(self._hours) < _MOST_HOURS:
            self._hours[text] = base
        return base

    def dates(self) -> Dates:
        """Decide the order of day and month from the whole file, and which dates are damaged."""
        written = list(self._dates)
        order = _order(written)
        if order == "assumed-month-first" and self._dotted:
            order = "day-first"  # nobody puts a dot behind a month's number but who begins with the day
        days = [_day(numbers, order) for numbers in written]
        sound = [(day, count) for day, count in zip(days, self._stamps, strict=True) if day]
        if sound:
            middle = _median(sound)
            far = [day for day, _ in sound if abs(day - middle) > _FAR]
            total = sum(self._stamps)
            if sum(count for day, count in sound if day in far) <= max(total * _FEW, 1):
                days = [None if day in far else day for day in days]
        wrong = sum(count for day, count in zip(days, self._stamps, strict=True) if day is None)
        return Dates(tuple(days), order, wrong)


def _median(sound: Iterable[tuple[date, int]]) -> date:
    ordered = sorted(sound)
    half, seen = sum(count for _, count in ordered) / 2, 0
    for day, count in ordered:
        seen += count
        if seen >= half:
            return day
    return ordered[-1][0]


def _order(written: list[tuple[bytes, ...]]) -> str:
    """Tell the order of the numbers: a number over 12 is no month; over midnight the day moves, not the month."""
    if not written:
        return ""
    if all(len(first) == 4 for first, _, _ in written):  # noqa: PLR2004 - digits of a year
        return "year-first"
    rest = [(int(first), int(second)) for first, second, _ in written if len(first) != 4]  # noqa: PLR2004
    day_first = sum(first > 12 >= second for first, second in rest)  # noqa: PLR2004 - months
    month_first = sum(second > 12 >= first for first, second in rest)  # noqa: PLR2004
    if day_first == month_first:
        firsts, seconds = ({pair[index] for pair in rest} for index in (0, 1))
        day_first, month_first = len(firsts), len(seconds)
    if day_first == month_first:
        return "assumed-month-first"
    return "day-first" if day_first > month_first else "month-first"


def _day(numbers: tuple[bytes, ...], order: str) -> date | None:
    first, second, third = (int(number) for number in numbers)
    if len(numbers[0]) == 4:  # noqa: PLR2004
        year, month, day = first, second, third
    elif order == "day-first":
        day, month, year = first, second, third
    else:
        month, day, year = first, second, third
    if len(numbers[0]) != 4 and len(numbers[2]) == 2:  # noqa: PLR2004
        year += 2000
    if year > 2400:  # noqa: PLR2004 - Thailand's calendar: 2561 is 2018
        year -= _BUDDHIST_ERA
    if not 2006 <= year <= 2100:  # noqa: PLR2004 - ETW text of this kind begins with Vista
        return None
    try:
        return date(year, month, day)
    except (ValueError, OverflowError):
        return None
