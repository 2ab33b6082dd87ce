"""Times in the lines of any log: wherever they stand, in any usual form, day and month told by the whole file.

>>> clock = LogClock("17/11/2026 10:00:01 started")
>>> stamp = clock.read("17/11/2026 10:00:01 started")
>>> wall_clock(stamp.seconds).isoformat(), stamp.kind
('2026-11-17T10:00:01', 'local')
"""

import re
from collections import Counter, deque
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from forensics.knowledge.date_orders import AFTERNOON, BUDDHIST_ERA, MORNING
from forensics.parsed import Problem

HEAD = 256  # characters of a line that may hold its time: an Apache line has a host and a user before it
_LONGEST = 400  # characters of a line that are compared with others
_YEARS = range(1990, 2100)
_NOON = 12
DAY = 86_400
_EPOCH = date(1970, 1, 1).toordinal()
_HALF_YEAR = 180 * DAY
_NO_YEAR = 2000  # a leap year, for times that have none

IN_UTC, IN_LOCAL_TIME, OPEN, YEARLESS = "utc", "local", "open", "yearless"  # open: day and month may be exchanged

# --- times of day ---

_MARKS = sorted(mark for mark in MORNING | AFTERNOON if mark in {"am", "pm"} or not mark.isascii())  # no words of prose
_MARK = "|".join(r"\.?\s?".join(map(re.escape, mark)) + r"\.?" for mark in _MARKS)
_BLANK = "[ \\t\u202f\xa0]"  # newer .NET puts U+202F before AM and PM
_CLOCK = (
    rf"(?:(?P<before>{_MARK}){_BLANK}?)?(?P<h>\d{{1,2}}):(?P<m>\d\d)(?::(?P<s>\d\d)(?:[.,:](?P<f>\d{{1,9}}))?)?(?!\d)"
    rf"(?:{_BLANK}?(?P<after>{_MARK})(?![A-Za-z]))?"
    r"(?P<zone>\s?(?:UTC|GMT)?[+-]\d\d:?\d\d(?![\d.:-])|[+-]\d\d(?![\d.:-])|\s?(?:Z|UTC|GMT)(?!\w))?"
)
_NO_TAIL = r"(?P<tail>)"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_GAP = r"[T ,;|\t_-]{1,3}"
_ASCII = re.ASCII | re.IGNORECASE

_YEAR_FIRST = re.compile(
    rf"(?<!\d)(?P<date>\d{{4}}(?:[-/.]|年)\s?\d{{1,2}}(?:[-/.]|月)\s?\d{{1,2}}日?){_GAP}{_CLOCK}{_NO_TAIL}", _ASCII
)
_NUMBERS = re.compile(
    rf"(?<![\d.])(?P<date>\d{{1,2}}([-/.])\d{{1,2}}\2(?:\d{{4}}|\d\d)){_GAP}{_CLOCK}{_NO_TAIL}", _ASCII
)
_DAY_NAMED = re.compile(
    rf"(?<!\d)(?P<date>\d{{1,2}}[ /-]{_MONTH},?[ /-](?:\d{{4}}|\d\d))[ :,T]{{1,2}}{_CLOCK}{_NO_TAIL}", _ASCII
)
_MONTH_NAMED = re.compile(
    rf"(?<![A-Za-z])(?P<date>{_MONTH} {{1,2}}\d{{1,2}}(?:,? \d{{4}})?),? {{1,2}}{_CLOCK}"
    r"(?: [A-Z]{3,4}(?= \d{4}))?(?: (?P<tail>\d{4})(?!\d))?",
    _ASCII,
)
_YEAR_NAMED = re.compile(rf"(?<!\d)(?P<date>\d{{4}}[-/ ]{_MONTH}[-/ ]\d{{1,2}}){_GAP}{_CLOCK}{_NO_TAIL}", _ASCII)
_DIGITS_ALONE = re.compile(
    r"(?<!\d)(?P<date>(?:19|20)\d{6})[T _-]?(?P<before>)(?P<h>\d\d):?(?P<m>\d\d):?(?P<s>\d\d)"
    rf"(?:[.,](?P<f>\d{{1,9}}))?(?!\d)(?P<after>)(?P<zone>Z(?!\w)|[+-]\d\d:?\d\d(?!\d))?{_NO_TAIL}",
    _ASCII,
)
_FORMS = (_YEAR_FIRST, _NUMBERS, _DAY_NAMED, _MONTH_NAMED, _YEAR_NAMED, _DIGITS_ALONE)
_SINCE_1970 = re.compile(
    r'(?:[\s"\'(\[{]{0,3}|.{0,80}?(?<![A-Za-z])(?:ts|time|timestamp|date|epoch)["\']?\s?[:=]\s?["\']?)'
    r"(?<![\d.])(?P<s>[1-3]\d{9})(?:(?P<ms>\d{3})|[.,](?P<f>\d{1,9}))?(?![\d.])",
    _ASCII,
)
_MAY_HOLD_TIME = re.compile(r"[0-9](?::[0-9]{2}|[0-9]{9}|[T _-][0-9]{6})")
_LETTERS = re.compile(r"[A-Za-z]{3}")
_NUMBER = re.compile(r"\d+", re.ASCII)
_ORDERS = ("dmy", "mdy", "ymd")
_MOST_DATES = 1000  # by which the order of day and month is decided
_MOST_CACHED = 20_000
_MOST_PLACES = 4  # where times stood in recent lines

# --- lines ---

_LINE = re.compile(r"([^\r\n]*)(?:\r\r\n|\r\n|\n|\r|\Z)")
_HEADER = re.compile(r"#(?:Fields|Date|Software|Version|Time Format|Start-Date|End-Date|Remark):", re.IGNORECASE)
_FIREWALL = {"src-ip", "dst-ip"}
_INVISIBLE = "\u200e"


class Stamp(NamedTuple):
    """A line's time: seconds since 1970 on the calendar that `kind` names, its place, its resolution in seconds."""

    seconds: float
    kind: str
    begin: int
    end: int
    resolution: float


def log_lines(text: str) -> Iterator[tuple[int, str]]:
    """Every line with its number, cut at what is looked at."""
    marked = _INVISIBLE in text
    for number, match in enumerate(_LINE.finditer(text), 1):
        begin, end = match.span(1)
        line = text[begin : min(end, begin + _LONGEST)]
        yield number, line.replace(_INVISIBLE, "") if marked else line


class LogClock:
    """Finds and reads the time of a line. What a whole file must decide is asked once, when it first matters."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._orders: tuple[str, ...] = ()
        self._recent: deque[tuple[re.Pattern[str], int]] = deque(maxlen=_MOST_PLACES)
        self._places: list[tuple[re.Pattern[str], int]] = []  # the same from left to right: a line's first time counts
        self._midnights: dict[tuple[re.Pattern[str], str, str], tuple[float, str] | None] = {}
        self.client: int | None = None  # which field of a W3C log is the other end's address
        self._naive = IN_LOCAL_TIME
        self._year = _NO_YEAR
        self._before = 0.0  # the last time without a year
        self._impossible = 0
        self._first_impossible: int | None = None
        self._yearless = False

    def read(self, head: str, number: int | None = None) -> Stamp | None:
        """The time of a line; None where it has none."""
        if head.startswith("#") and _HEADER.match(head):
            self._header(head)
            return None
        match = self._near_recent(head)
        if match is None and _MAY_HOLD_TIME.search(head):
            match = self._search(head)
            if match is None:
                return _since_1970(head)
        if match is None:
            return None
        stamp = self._understand(match)
        if stamp is None:
            self._impossible += 1
            self._first_impossible = self._first_impossible or number
        return stamp

    def readings(self, seconds: float) -> tuple[datetime, ...]:
        """A time whose order of day, month and year the file leaves open, in every order."""
        moment = wall_clock(seconds)
        year = moment.year % 100 if "ymd" in self._orders else moment.year
        numbers = {"y": year, "m": moment.month, "d": moment.day}
        first, second, third = (numbers[letter] for letter in self._orders[0])
        days = [_of(order, (first, second, third)) for order in self._orders]
        return tuple(dict.fromkeys(wall_clock(day + seconds % DAY) for day in days if day is not None))

    def problems(self, events: int) -> Iterator[Problem]:
        """What the reader of the facts must know."""
        if not events:
            yield Problem(
                None, "no line bears a date and time that can be read: nothing can be told of how often or when"
            )
        if self._impossible:
            lines = f"{self._impossible:,} line{'s' * (self._impossible != 1)}"
            yield Problem(self._first_impossible, f"{lines} with a date or time that cannot be, the first here")
        if events and len(self._orders) > 1:
            yield Problem(None, "nothing decides the order of day and month in its dates: both readings are kept")
        if events and self._yearless:
            yield Problem(None, "its times have no year")

    def _header(self, line: str) -> None:
        """W3C: fields `date` and `time` are UTC; the firewall's log says that it is not."""
        name, _, value = line.lower().partition(":")
        fields = value.split()
        if name == "#time format":
            self._naive = IN_LOCAL_TIME if "local" in fields else IN_UTC
        elif name == "#software" and "firewall" not in value:
            self._naive = IN_UTC
        elif name == "#fields" and {"date", "time"} <= set(fields):
            self.client = fields.index("c-ip") if "c-ip" in fields else None
            if not set(fields) >= _FIREWALL:
                self._naive = IN_UTC

    def _near_recent(self, head: str) -> re.Match[str] | None:
        for form, column in self._places:
            match = form.match(head, column)
            if match:
                return match
        return None

    def _search(self, head: str) -> re.Match[str] | None:
        found = [match for match in (form.search(head) for form in _FORMS) if match]
        if not found:
            return None
        match = min(found, key=lambda one: one.start())
        self._recent.append((match.re, match.start()))
        self._places = sorted(self._recent, key=lambda one: one[1])
        return match

    def _understand(self, match: re.Match[str]) -> Stamp | None:
        date_text, hours, minutes, seconds, fraction, before, after, zone, tail = match.group(
            "date", "h", "m", "s", "f", "before", "after", "zone", "tail"
        )
        if match.re is _NUMBERS and not self._orders:
            self._orders = _decide_order(self._text)
        key = match.re, date_text, tail or ""
        if key not in self._midnights:
            if len(self._midnights) > _MOST_CACHED:
                self._midnights.clear()
            self._midnights[key] = self._midnight(match.re, date_text, tail or "")
        day = self._midnights[key]
        hour, minute, second = int(hours), int(minutes), int(seconds or 0)
        mark = before or after
        if mark and hour <= _NOON:
            afternoon = re.sub(r"[.\s]", "", mark).lower() in AFTERNOON
            hour = hour % _NOON + (_NOON if afternoon else 0)
        if day is None or hour > 23 or minute > 59 or second > 60:  # noqa: PLR2004 - a clock, and a leap second
            return None
        midnight, kind = day
        moment = midnight + hour * 3600 + minute * 60 + second + (float(f"0.{fraction}") if fraction else 0.0)
        resolution = 10.0 ** -len(fraction) if fraction else (1.0 if seconds else 60.0)
        if kind == YEARLESS:
            moment = self._through_new_year(moment)
        offset = _offset(zone) if zone else None
        if offset is not None and kind == IN_LOCAL_TIME:
            moment, kind = moment - offset, IN_UTC
        elif kind == IN_LOCAL_TIME:
            kind = self._naive
        return Stamp(moment, kind, match.start(), match.end(), resolution)

    def _through_new_year(self, moment: float) -> float:
        """Without years, December follows January only over a New Year."""
        self._yearless = True
        if moment < self._before - _HALF_YEAR and self._year < _YEARS.stop - 1:
            self._year += 1
            moment += (366 if (self._year - 1) % 4 == 0 else 365) * DAY
            self._midnights.clear()
        self._before = moment
        return moment

    def _midnight(self, form: re.Pattern[str], text: str, tail: str) -> tuple[float, str] | None:
        """The date's midnight, and on which calendar; None where there is no such date."""
        kind = IN_LOCAL_TIME
        numbers = [int(number) for number in _NUMBER.findall(text)]
        if form is _NUMBERS:
            order = self._orders[0] if self._orders else _ORDERS[0]
            parts = dict(zip(order, numbers, strict=True))
            year, month, day = parts["y"], parts["m"], parts["d"]
            kind = OPEN if len(self._orders) > 1 else IN_LOCAL_TIME
        elif form is _YEAR_FIRST:
            year, month, day = numbers
        elif form is _DIGITS_ALONE:
            year, month, day = int(text[:4]), int(text[4:6]), int(text[6:8])
        else:
            letters = _LETTERS.search(text)
            month = _MONTHS.index(letters[0].lower()) + 1 if letters else 0
            if form is _YEAR_NAMED:
                year, day = numbers
            elif form is _DAY_NAMED or len(numbers) > 1:
                day, year = numbers
            elif tail:
                day, year = numbers[0], int(tail)
            else:
                day, year, kind = numbers[0], self._year, YEARLESS
        seconds = _midnight(year, month, day)
        return None if seconds is None else (seconds, kind)


def _midnight(year: int, month: int, day: int) -> float | None:
    year = 2000 + year if year < 100 else year  # noqa: PLR2004 - two digits
    if year not in _YEARS and year - BUDDHIST_ERA in _YEARS:
        year -= BUDDHIST_ERA
    try:
        return float((date(year, month, day).toordinal() - _EPOCH) * DAY) if year in _YEARS else None
    except ValueError:
        return None


def _offset(zone: str) -> int | None:
    """Seconds east of UTC; None where the number cannot be an offset."""
    digits = "".join(_NUMBER.findall(zone))
    if not digits:
        return 0
    hours, minutes = int(digits[:2]), int(digits[2:] or 0)
    if hours > 14 or minutes % 15 or minutes > 59:  # noqa: PLR2004 - no zone is further, or in between
        return None
    return (hours * 60 + minutes) * (-60 if "-" in zone else 60)


def _since_1970(head: str) -> Stamp | None:
    match = _SINCE_1970.match(head)
    if match is None:
        return None
    whole, milliseconds, fraction = match.group("s", "ms", "f")
    digits = milliseconds or fraction or ""
    seconds = float(whole) + (float(f"0.{digits}") if digits else 0.0)
    return Stamp(seconds, IN_UTC, match.start("s"), match.end(), 10.0 ** -len(digits))


def _decide_order(text: str) -> tuple[str, ...]:
    """The orders of day, month and year that a whole file allows, the only or the likelier first.

    A number above 12 is no month; a dot between them puts the day first, as in local_dates. Else the file's own course
    speaks: from one line to the next less than a day passes in one order, and weeks in the other.
    """
    dates: dict[tuple[int, int, int], None] = {}
    votes: Counter[str] = Counter()
    allowed = {"dmy", "mdy"}
    before: tuple[tuple[int, int, int], float] | None = None
    for _, line in log_lines(text):
        head = line[:HEAD]
        match = _NUMBERS.search(head) if _MAY_HOLD_TIME.search(head) else None
        if match is None:
            continue
        first, second, third = _NUMBER.findall(match["date"])
        parts = int(first), int(second), int(third)
        if len(third) == 2:  # noqa: PLR2004 - the year may come first
            allowed.add("ymd")
        if "." in match["date"]:
            allowed.discard("mdy")
        if len(dates) < _MOST_DATES:
            dates[parts] = None
        clock = int(match["h"]) * 3600.0 + int(match["m"]) * 60
        if before and before[0] != parts:
            near = [order for order in _ORDERS if _near(order, before, (parts, clock))]
            votes.update(near if len(near) == 1 else ())
        before = parts, clock
    # Not all dates need exist: one may be damaged.
    exist = {order: sum(_of(order, parts) is not None for parts in dates) for order in _ORDERS if order in allowed}
    likely = [order for order, count in exist.items() if count == max(exist.values())]
    voted = [order for order in likely if votes[order]]
    return tuple(voted if len(voted) == 1 else likely)


def _of(order: str, parts: tuple[int, int, int]) -> float | None:
    named = dict(zip(order, parts, strict=True))
    return _midnight(named["y"], named["m"], named["d"])


def _near(order: str, before: tuple[tuple[int, int, int], float], after: tuple[tuple[int, int, int], float]) -> bool:
    """Whether less than a day lies between two neighbouring lines of different dates."""
    first, second = _of(order, before[0]), _of(order, after[0])
    return first is not None and second is not None and 0 <= second + after[1] - first - before[1] < DAY


def wall_clock(seconds: float) -> datetime:
    """Wall clock, naive."""
    return (datetime.fromtimestamp(0, UTC) + timedelta(seconds=seconds)).replace(tzinfo=None)
