"""Dates as Windows programs print them: in the format of the user's region, which they do not name.

>>> written = split("4.3.2019, 11:44:54")
>>> readings(written, month_first=is_month_first([written], "de"))
(datetime.datetime(2019, 3, 4, 11, 44, 54),)

What the text does not decide stays open, and gives two readings:

>>> readings(split("03/04/2019, 11:44:54"), month_first=None)
(datetime.datetime(2019, 4, 3, 11, 44, 54), datetime.datetime(2019, 3, 4, 11, 44, 54))
"""

import re
from collections.abc import Sequence
from datetime import datetime

import msgspec

from forensics.knowledge.date_orders import AFTERNOON, BUDDHIST_ERA, MONTH_FIRST, MORNING

_LONGEST = 60  # characters of the longest date and time seen, and more
_MONTHS = 12
_NOON = 12
_YEARS = range(1990, 2100)  # in which a Windows that this program knows can have run
_BUDDHIST_YEARS = range(_YEARS.start + BUDDHIST_ERA, _YEARS.stop + BUDDHIST_ERA)

# Marks of writing direction, which Arabic and Hebrew formats (and all, in newer programs) contain.
_INVISIBLE = dict.fromkeys([0x200E, 0x200F, 0x061C, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])

_DATE = r"(\d{1,4})\s?([./\-年])\s?(\d{1,2})\s?[./\-月]\s?(\d{1,4})(?:\.|日|\s?г\.)?"
_MARK = r"([^\d:.,/\-][^\d:,/\-]{0,11}?)?"
_WRITTEN = re.compile(
    rf"{_DATE}(?:[,\s]{{1,3}}{_MARK}\s?(\d{{1,2}})[:.](\d\d)(?:[:.](\d\d))?(?:\s?{_MARK})?)?", re.ASCII
)


class Written(msgspec.Struct, frozen=True):
    """A date, or a date and time, taken apart and not yet understood."""

    numbers: tuple[str, str, str]
    separator: str
    time: tuple[int, int, int] | None
    mark: str

    @property
    def year_first(self) -> bool:
        """Whether the date begins with its year; the month comes second then, everywhere."""
        return len(self.numbers[0]) > 2 or int(self.numbers[0]) > 31  # noqa: PLR2004 - no day has more

    @property
    def american(self) -> bool:
        """Whether this can be en-us: slashes, AM or PM, numbers without leading zeros."""
        padded = any(number.startswith("0") for number in self.numbers[:2])
        return self.separator == "/" and not padded and self.mark in ("AM", "PM")


def split(text: str) -> Written | None:
    """Take a date, with or without a time, apart; None where the text is not just that."""
    if len(text) > _LONGEST:
        return None
    match = _WRITTEN.fullmatch(text.translate(_INVISIBLE).replace("\u202f", " ").replace("\xa0", " ").strip())
    if match is None:
        return None
    first, separator, second, third, before, hour, minute, seconds, after = match.groups()
    time = (int(hour), int(minute), int(seconds or 0)) if hour else None
    return Written((first, second, third), separator, time, (before or after or "").strip())


def is_month_first(dates: Sequence[Written], locale: str = "") -> bool | None:
    """Tell the order of day and month in dates of one format: True, False, or None where it is open.

    A number above 12 is a day. Else the separator and the locale speak; but `locale` is the system's, and a
    user of an American system may well have a British format: that shows in leading zeros and in the want of
    AM and PM.
    """
    dates = [date for date in dates if not date.year_first]
    day_first = any(int(date.numbers[0]) > _MONTHS for date in dates)
    month_first = any(int(date.numbers[1]) > _MONTHS for date in dates)
    if day_first or month_first:
        return None if day_first and month_first else month_first
    if any(date.separator == "." for date in dates):
        return False
    american = bool(dates) and all(date.american for date in dates)
    if locale.lower() in MONTH_FIRST:
        return True if american else None
    if not locale or (american and not locale.lower().startswith("en")):
        return None
    return False


def readings(written: Written, *, month_first: bool | None) -> tuple[datetime, ...]:
    """Return what the text can mean, as naive local times: none, one, or two and more where something is open."""
    first, second, third = (int(number) for number in written.numbers)
    if written.year_first:
        dates = [(first, second, third)]
    else:
        year = third if len(written.numbers[2]) > 2 else 2000 + third  # noqa: PLR2004 - 19 for 2019
        day_month = [] if month_first is True else [(year, second, first)]
        dates = day_month + ([] if month_first is False else [(year, first, second)])
    _, minute, seconds = written.time or (0, 0, 0)
    found: list[datetime] = []
    for year, month, day in dates:
        common = year - BUDDHIST_ERA if year in _BUDDHIST_YEARS else year
        if common not in _YEARS:
            continue
        for hour in _hours(written):
            try:
                moment = datetime(common, month, day, hour, minute, seconds)  # noqa: DTZ001 - local
            except ValueError:
                continue
            if moment not in found:
                found.append(moment)
    return tuple(found)


def _hours(written: Written) -> tuple[int, ...]:
    """Return the hour of the day; both where a mark is not known."""
    if written.time is None:
        return (0,)
    hour = written.time[0]
    mark = re.sub(r"[.\s]", "", written.mark).lower()
    if not mark or hour > _NOON:
        return (hour,)
    if mark in AFTERNOON:
        return (hour % _NOON + _NOON,)
    if mark in MORNING:
        return (hour % _NOON,)
    return (hour % _NOON, hour % _NOON + _NOON)
