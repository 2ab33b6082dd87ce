r"""Any text log with times: the application under suspicion tells how often it does something, and how old it is.

Three lines of an agent. The counter and its steps are those of the founding case, the times follow from the boot that
domain.md §4.1 names; the words around them are not known::

    2018-12-24 17:57:20 | 41931904323 [pool-2-thread-1] INFO submit to http://100.100.36.108/metrics 200
    2018-12-24 17:57:36 | 41931919752 [pool-2-thread-1] INFO submit to http://100.100.36.108/metrics 200
    2018-12-24 17:57:51 | 41931935196 [pool-2-thread-1] INFO submit to http://100.100.36.108/metrics 200

>>> log, = parse(__doc__).facts
>>> log.events, log.first_local[0].time().isoformat(), log.repeated.count, log.repeated.interval_seconds
(3, '17:57:20', 3, 15.5)
>>> log.repeated.remote, log.age.unit, round(log.age.seconds / 86400, 2), log.age.line
(Remote(host='100.100.36.108', port=80), 'milliseconds', 485.32, 8)

The time may stand anywhere in the first 256 characters: ISO 8601, numbers in any order, English month names (syslog,
Apache, ctime, java.util.logging), digits alone, seconds or milliseconds since 1970. A zone counts only where it is
printed; W3C logs are UTC ("Regardless of the setting, the time stamp for each W3C Extended Logging log record is
UTC-based": learn.microsoft.com, LogFileLocaltimeRollover) unless they say `#Time Format: Local`, as the Windows
firewall's does (from memory). Names of zones other than UTC and GMT are not unique and are left unread.

**The age.** Log4j's `%r` prints `timeStamp - LoggingEvent.getStartTime()`, milliseconds since logging began, both by
the wall clock; other programs print a counter of their own. A number that begins a line, or is the first after its
time and no part of a word, is believed to be such a counter if it agrees with the clock to the clock's resolution in
95 % of the comparisons (clocks are set) and in all of the last ones, over a time that makes the slope sure to 5 %,
never decreasing there, by advances that differ. A time of day or of week is none, nor is an age above ten years. What
follows is that a process had started by then, hence that the machine was up: a lower bound, by the wall clock as it
stood.

Members are read last: `READS` is neither `text` nor `bytes`, for this knows no kind of file but whatever bears times.
"""

import random
import re
from collections import Counter, deque
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

import msgspec

from forensics.knowledge.date_orders import AFTERNOON, BUDDHIST_ERA, MORNING
from forensics.parsed import Parsed, Problem

KIND = "application-log"
READS = "remaining-text"  # only what no other parser recognises

_HEAD = 256  # characters of a line that may hold its time: an Apache line has a host and a user before it
_LONGEST = 400  # characters of a line that are compared with others
_YEARS = range(1990, 2100)
_NOON = 12
_DAY = 86_400
_EPOCH = date(1970, 1, 1).toordinal()
_HALF_YEAR = 180 * _DAY
_NO_YEAR = 2000  # a leap year, for times that have none

_UTC, _LOCAL, _OPEN, _YEARLESS = "utc", "local", "open", "yearless"  # open: day and month may be exchanged

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

_LEAP = 60  # seconds: less is the disorder of threads

# --- what repeats ---

_AS_ZERO = str.maketrans("123456789", "000000000")
_VARIABLE = re.compile(
    r"\b[0a-f]{8}(?:-[0a-f]{4}){3}-[0a-f]{12}\b|\b0x[0a-f]+\b|\b(?=[a-f]*0)[0a-f]{8,}\b|0+", re.IGNORECASE
)
_MOST_REPEATED = 1000  # different lines counted at a time; the rarer half goes when there are more
_MOST_INTERVALS = 4096  # kept of one line, drawn at random when there are more
_MOST_ASKED = 64  # occurrences of a line that are searched for a remote
_STOPPED = 10  # an interval so many times the median is a pause of the program
_LEAST_REPEATS = 3

_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21}
_URL = re.compile(
    r"(?<![a-z])(https?|wss?|ftp|tcp|net\.tcp|amqps?|mqtts?|redis|mongodb)://(?:[^\s/@\"'<>]{1,80}@)?"
    r"(\[[0-9a-f:.]{2,45}\]|[\w.-]{1,253})(?::(\d{1,5}))?",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"(?<![\w.:])(?:\[([0-9a-f:.]{2,45})(?:%\w{1,20})?\]:(\d{1,5})|(\d{1,3}(?:\.\d{1,3}){3})(?:[:/](\d{1,5}))?)(?![\w:]|\.\d)",
    _ASCII,
)
_MOST_PORT = 65_535

# --- the age ---

_COUNTER = re.compile(r"[\s\[(<|#]{0,4}(\d{2,15})(?:\.(\d{1,9}))?(?![\w.:/\\-])", re.ASCII)
_NUMBER_ALONE = re.compile(r"(?<![\w.:/\\-])(\d{2,15})(?:\.(\d{1,9}))?(?![\w.:/\\-])", re.ASCII)
_FAR = 60  # characters after the time in which the counter begins
_DELAY = 0.25  # seconds between reading the counter and the clock: one wrapper stamps what another program printed
_DRIFT = 0.001  # Windows slews its clock by less: 500 ppm and a crystal's error
_WORTH = 4  # tolerances that must have passed before a comparison says anything
_SURE = 20  # tolerances that make the slope sure to 5 %
_MISFITS = 20  # comparisons per one that may fail: a clock is set now and then
_PAIRS_FINE, _PAIRS_COARSE = 2, 10  # whole seconds may be a number of lines, one a second
_OLDEST = 3650 * _DAY  # a larger count is one since 1970 or 2000; no machine runs for ten years
_WEEK = 7 * _DAY
_QUARTER = 900  # seconds: every zone lies a multiple of it from UTC
_AT_MIDNIGHT = 2  # seconds from a midnight of some zone: then the counter is a time of day or of week
_MOST_COUNTERS = 64  # places that may hold one
_HOPELESS = 50

# --- recognising ---

_SAMPLE = 65_536  # characters
_LEAST_EVENTS = 3


class Remote(msgspec.Struct, frozen=True):
    """The other end that a line names; the port is that of the URL's scheme where none is printed."""

    host: str
    port: int | None


class Repeated(msgspec.Struct, frozen=True):
    """The line that occurs most often, numbers set aside.

    `interval_seconds` is the median from one to the next (the mean of those within the clock's resolution of it: a
    clock of whole seconds shows 15 and 16 where 15.4 pass), `quartiles` its spread, `rate` how many come in a second
    while the program runs (pauses in a regular course are left out); None where they tell nothing. `lines` are the
    first three and the last.
    """

    pattern: str
    count: int
    interval_seconds: float | None
    quartiles: tuple[float, float] | None
    rate: float | None
    remote: Remote | None
    lines: tuple[int, ...]


class ProcessAge(msgspec.Struct, frozen=True):
    """How long a process had been logging at a moment: `at` where the log gives UTC, else the wall clock `at_local`.

    `pairs` comparisons of counter and clock agree, `misfits` do not; the last that agree, without one that does not,
    span `over_seconds`. `uncertain_seconds` is what the start may be off by.
    """

    seconds: float
    uncertain_seconds: float
    unit: str  # `milliseconds` or `seconds`
    at: datetime | None
    at_local: tuple[datetime, ...]
    pairs: int
    misfits: int
    over_seconds: float
    first_line: int
    line: int


class ApplicationLog(msgspec.Struct, frozen=True):
    """One log. `line` is its first with a time.

    `first` and `last` are aware UTC where the log gives a zone. `first_local` and `last_local` are wall clock: one
    reading each, more where the order of day, month and year stays open, none where no year is printed; `yearless`
    then holds both under the year 2000 (and later, where New Year passed). `steps_back` counts times a minute and more
    before the one above.
    """

    events: int
    first: datetime | None
    last: datetime | None
    first_local: tuple[datetime, ...]
    last_local: tuple[datetime, ...]
    yearless: tuple[datetime, datetime] | None
    resolution_seconds: float
    steps_back: int
    repeated: Repeated | None
    age: ProcessAge | None
    line: int
    last_line: int


class _Stamp(NamedTuple):
    seconds: float  # since 1970, on the calendar that `kind` names
    kind: str
    begin: int
    end: int
    resolution: float


def recognise(text: str) -> bool:
    """Find that most lines of the beginning bear a time, and that the times advance (or go back, newest first)."""
    sample = text[:_SAMPLE]
    clock = _Clock(sample)
    times: list[float] = []
    others = 0
    for _, line in _lines(sample):
        stamp = clock.read(line[:_HEAD])
        if stamp:
            times.append(stamp.seconds)
        elif line.strip() and not line[0].isspace():
            others += 1
    pairs = list(pairwise(times))
    forward = sum(later >= earlier for earlier, later in pairs)
    back = sum(later <= earlier for earlier, later in pairs)
    return len(times) >= max(_LEAST_EVENTS, others) and max(forward, back) * 10 >= len(pairs) * 9


def parse(text: str) -> Parsed:
    """Read every line that bears a time."""
    clock = _Clock(text)
    log = _Log()
    for number, line in _lines(text):
        stamp = clock.read(line[:_HEAD], number)
        if stamp:
            log.add(number, line, stamp, clock.client)
    problems = tuple(clock.problems(log.events))
    if not log.events:
        return Parsed((), "no times", problems)
    return Parsed((log.fact(clock),), f"{log.events:,} line{'s' * (log.events != 1)} with a time", problems)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Every line with its number, cut at what is looked at."""
    marked = _INVISIBLE in text
    for number, match in enumerate(_LINE.finditer(text), 1):
        begin, end = match.span(1)
        line = text[begin : min(end, begin + _LONGEST)]
        yield number, line.replace(_INVISIBLE, "") if marked else line


class _Clock:
    """Finds and reads the time of a line. What a whole file must decide is asked once, when it first matters."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._orders: tuple[str, ...] = ()
        self._recent: deque[tuple[re.Pattern[str], int]] = deque(maxlen=_MOST_PLACES)
        self._places: list[tuple[re.Pattern[str], int]] = []  # the same from left to right: a line's first time counts
        self._midnights: dict[tuple[re.Pattern[str], str, str], tuple[float, str] | None] = {}
        self.client: int | None = None  # which field of a W3C log is the other end's address
        self._naive = _LOCAL
        self._year = _NO_YEAR
        self._before = 0.0  # the last time without a year
        self._impossible = 0
        self._first_impossible: int | None = None
        self._yearless = False

    def read(self, head: str, number: int | None = None) -> _Stamp | None:
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
        moment = _datetime(seconds)
        year = moment.year % 100 if "ymd" in self._orders else moment.year
        numbers = {"y": year, "m": moment.month, "d": moment.day}
        first, second, third = (numbers[letter] for letter in self._orders[0])
        days = [_of(order, (first, second, third)) for order in self._orders]
        return tuple(dict.fromkeys(_datetime(day + seconds % _DAY) for day in days if day is not None))

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
            self._naive = _LOCAL if "local" in fields else _UTC
        elif name == "#software" and "firewall" not in value:
            self._naive = _UTC
        elif name == "#fields" and {"date", "time"} <= set(fields):
            self.client = fields.index("c-ip") if "c-ip" in fields else None
            if not set(fields) >= _FIREWALL:
                self._naive = _UTC

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

    def _understand(self, match: re.Match[str]) -> _Stamp | None:
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
        if kind == _YEARLESS:
            moment = self._through_new_year(moment)
        offset = _offset(zone) if zone else None
        if offset is not None and kind == _LOCAL:
            moment, kind = moment - offset, _UTC
        elif kind == _LOCAL:
            kind = self._naive
        return _Stamp(moment, kind, match.start(), match.end(), resolution)

    def _through_new_year(self, moment: float) -> float:
        """Without years, December follows January only over a New Year."""
        self._yearless = True
        if moment < self._before - _HALF_YEAR and self._year < _YEARS.stop - 1:
            self._year += 1
            moment += (366 if (self._year - 1) % 4 == 0 else 365) * _DAY
            self._midnights.clear()
        self._before = moment
        return moment

    def _midnight(self, form: re.Pattern[str], text: str, tail: str) -> tuple[float, str] | None:
        """The date's midnight, and on which calendar; None where there is no such date."""
        kind = _LOCAL
        numbers = [int(number) for number in _NUMBER.findall(text)]
        if form is _NUMBERS:
            order = self._orders[0] if self._orders else _ORDERS[0]
            parts = dict(zip(order, numbers, strict=True))
            year, month, day = parts["y"], parts["m"], parts["d"]
            kind = _OPEN if len(self._orders) > 1 else _LOCAL
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
                day, year, kind = numbers[0], self._year, _YEARLESS
        seconds = _midnight(year, month, day)
        return None if seconds is None else (seconds, kind)


def _midnight(year: int, month: int, day: int) -> float | None:
    year = 2000 + year if year < 100 else year  # noqa: PLR2004 - two digits
    if year not in _YEARS and year - BUDDHIST_ERA in _YEARS:
        year -= BUDDHIST_ERA
    try:
        return float((date(year, month, day).toordinal() - _EPOCH) * _DAY) if year in _YEARS else None
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


def _since_1970(head: str) -> _Stamp | None:
    match = _SINCE_1970.match(head)
    if match is None:
        return None
    whole, milliseconds, fraction = match.group("s", "ms", "f")
    digits = milliseconds or fraction or ""
    seconds = float(whole) + (float(f"0.{digits}") if digits else 0.0)
    return _Stamp(seconds, _UTC, match.start("s"), match.end(), 10.0 ** -len(digits))


def _decide_order(text: str) -> tuple[str, ...]:
    """The orders of day, month and year that a whole file allows, the only or the likelier first.

    A number above 12 is no month; a dot between them puts the day first, as in local_dates. Else the file's own course
    speaks: from one line to the next less than a day passes in one order, and weeks in the other.
    """
    dates: dict[tuple[int, int, int], None] = {}
    votes: Counter[str] = Counter()
    allowed = {"dmy", "mdy"}
    before: tuple[tuple[int, int, int], float] | None = None
    for _, line in _lines(text):
        head = line[:_HEAD]
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
    return first is not None and second is not None and 0 <= second + after[1] - first - before[1] < _DAY


class _Log:
    """Counts as the lines pass: memory stays bounded however long the log is."""

    def __init__(self) -> None:
        self.events = 0
        self._ends: dict[str, tuple[float, float]] = {}  # first and last time by kind
        self._line = self._last_line = 0
        self._resolution = 60.0
        self._before: _Stamp | None = None
        self._forward = self._back = self._leaps_forward = self._leaps_back = 0
        self._repeats = _Repeats()
        self._counters: dict[str, tuple[_Counter, ...]] = {}

    def add(self, number: int, line: str, stamp: _Stamp, client: int | None) -> None:
        self.events += 1
        self._line = self._line or number
        self._last_line = number
        self._resolution = min(self._resolution, stamp.resolution)
        first, _ = self._ends.get(stamp.kind, (stamp.seconds, 0.0))
        self._ends[stamp.kind] = first, stamp.seconds
        if self._before and self._before.kind == stamp.kind:
            step = stamp.seconds - self._before.seconds
            self._forward += step > 0
            self._back += step < 0
            self._leaps_forward += step >= _LEAP
            self._leaps_back += step <= -_LEAP
        self._before = stamp
        self._repeats.add(number, line, stamp, client)
        self._count(number, line, stamp)

    def fact(self, clock: _Clock) -> ApplicationLog:
        descending = self._back > self._forward  # newest first
        ends = {kind: (last, first) if descending else (first, last) for kind, (first, last) in self._ends.items()}
        first, last = (
            tuple(datetime.fromtimestamp(seconds, UTC) for seconds in ends[_UTC]) if _UTC in ends else (None, None)
        )
        local: list[tuple[datetime, ...]] = [(), ()]
        if _LOCAL in ends:
            local = [(_datetime(seconds),) for seconds in ends[_LOCAL]]
        elif _OPEN in ends:
            local = [clock.readings(seconds) for seconds in ends[_OPEN]]
        yearless = [_datetime(seconds) for seconds in ends.get(_YEARLESS, ())]
        return ApplicationLog(
            events=self.events,
            first=first,
            last=last,
            first_local=local[0],
            last_local=local[1],
            yearless=(yearless[0], yearless[1]) if yearless else None,
            resolution_seconds=self._resolution,
            steps_back=self._leaps_forward if descending else self._leaps_back,
            repeated=self._repeats.fact(),
            age=self._age(clock),
            line=self._line,
            last_line=self._last_line,
        )

    def _count(self, number: int, line: str, stamp: _Stamp) -> None:
        """Try the number that begins the line, and the first after its time that is no part of a word."""
        if stamp.begin:
            match = _COUNTER.match(line)
            if match and match.end() <= stamp.begin:
                self._observe("", match, number, stamp)
        match = _NUMBER_ALONE.search(line, stamp.end, stamp.end + _FAR)
        if match:
            between = line[stamp.end : match.start()].translate(_AS_ZERO)
            self._observe(f"{stamp.begin > 0}{between}", match, number, stamp)

    def _observe(self, place: str, match: re.Match[str], number: int, stamp: _Stamp) -> None:
        counters = self._counters.get(place)
        if counters is None:
            if len(self._counters) >= _MOST_COUNTERS:
                return
            counters = (
                (_Counter("seconds", fine=True),)
                if match[2]
                else (_Counter("milliseconds", fine=True), _Counter("seconds", fine=False))
            )
            self._counters[place] = counters
        whole, fraction = match.groups()
        value = float(whole) + (float(f"0.{fraction}") if fraction else 0.0)
        for counter in counters:
            if not counter.hopeless:
                counter.observe(value, number, stamp)

    def _age(self, clock: _Clock) -> ProcessAge | None:
        believed = [one for place in self._counters.values() for one in place if one.believed]
        best = max(believed, key=lambda one: (one.fits, one.line), default=None)
        if best is None:
            return None
        local = (_datetime(best.at),) if best.kind == _LOCAL else ()
        return ProcessAge(
            seconds=best.age,
            uncertain_seconds=best.uncertain,
            unit=best.unit,
            at=datetime.fromtimestamp(best.at, UTC) if best.kind == _UTC else None,
            at_local=clock.readings(best.at) if best.kind == _OPEN else local,
            pairs=best.fits,
            misfits=best.misfits,
            over_seconds=best.over,
            first_line=best.first_line,
            line=best.line,
        )


class _Counter:
    """One number in one place, compared with the clock in one unit."""

    def __init__(self, unit: str, *, fine: bool) -> None:
        self.unit = unit
        self.fits = self.misfits = 0
        self.age = self.at = self.over = self.uncertain = 0.0  # at the last comparison of a sure series
        self.kind = ""
        self.first_line = self.line = 0
        self._scale = 1000.0 if unit == "milliseconds" else 1.0
        self._fine = fine
        self._anchor = self._begin = (0.0, 0.0)  # age and time
        self._begin_line = 0
        self._series = 0
        self._last = -1.0
        self._worst = 0.0
        self._shortest, self._longest = float("inf"), 0.0

    @property
    def hopeless(self) -> bool:
        return self.misfits > _HOPELESS and self.fits < self.misfits

    @property
    def believed(self) -> bool:
        varied = self._longest > self._shortest if self._fine else self._longest >= 2 * self._shortest
        few = self.misfits * _MISFITS <= self.fits + self.misfits
        return bool(self.line) and few and varied and self.age <= _OLDEST and not self._is_time_of_day

    @property
    def _is_time_of_day(self) -> bool:
        off = (self.at - self.age) % _QUARTER
        return self.age < _WEEK and min(off, _QUARTER - off) <= _AT_MIDNIGHT

    def observe(self, value: float, number: int, stamp: _Stamp) -> None:
        age, at = value / self._scale, stamp.seconds
        tolerance = stamp.resolution + _DELAY + (0.0 if self._fine else 1.0)
        advance, passed = age - self._anchor[0], at - self._anchor[1]
        error = abs(advance - passed)
        if self._last < 0 or age < self._last or error > tolerance + _DRIFT * abs(passed):
            self.misfits += self._last >= 0
            self._anchor = self._begin = age, at
            self._begin_line, self._series, self._last = number, 0, age
            return
        self._last = age
        if passed < _WORTH * tolerance:
            return
        self.fits += 1
        self._series += 1
        self._anchor = age, at
        self._worst = max(self._worst, error)
        self._shortest, self._longest = min(self._shortest, advance), max(self._longest, advance)
        over = at - self._begin[1]
        if self._series >= (_PAIRS_FINE if self._fine else _PAIRS_COARSE) and over >= _SURE * tolerance:
            self.age, self.at, self.kind, self.over = age, at, stamp.kind, over
            self.first_line, self.line = self._begin_line, number
            self.uncertain = tolerance + self._worst


class _Repetition:
    """One line, numbers set aside."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.count = 0
        self.lines: list[int] = []
        self.last_line = 0
        self.intervals: list[float] = []
        self.remotes: Counter[Remote] = Counter()
        self._seen = 0
        self._resolution = 0.0
        self._last: dict[str, float] = {}  # by kind of clock

    def add(self, number: int, stamp: _Stamp, chance: random.Random) -> None:
        self.count += 1
        self.last_line = number
        self._resolution = max(self._resolution, stamp.resolution)
        if len(self.lines) < _LEAST_REPEATS:
            self.lines.append(number)
        if stamp.kind in self._last:
            self._keep(abs(stamp.seconds - self._last[stamp.kind]), chance)
        self._last[stamp.kind] = stamp.seconds

    def _keep(self, interval: float, chance: random.Random) -> None:
        """Keep a fair sample of all intervals (Vitter's algorithm R)."""
        self._seen += 1
        if len(self.intervals) < _MOST_INTERVALS:
            self.intervals.append(interval)
        else:
            place = int(chance.random() * self._seen)
            if place < _MOST_INTERVALS:
                self.intervals[place] = interval

    def fact(self) -> Repeated:
        intervals = sorted(self.intervals)
        count = len(intervals)
        interval = quartiles = rate = None
        if count >= _LEAST_REPEATS - 1:
            median = (intervals[(count - 1) // 2] + intervals[count // 2]) / 2
            near = [one for one in intervals if abs(one - median) <= self._resolution]
            interval = round(sum(near) / len(near), 6) if near else round(median, 6)
            quartiles = round(intervals[(count - 1) // 4], 6), round(intervals[-1 - (count - 1) // 4], 6)
            regular = 0 < intervals[-1 - (count - 1) // 4] <= _STOPPED * median  # pauses are exceptions, or are none
            running = [one for one in intervals if one <= _STOPPED * median] if regular else intervals
            rate = len(running) / sum(running) if sum(running) > 0 else None
        return Repeated(
            pattern=self.pattern,
            count=self.count,
            interval_seconds=interval,
            quartiles=quartiles,
            rate=rate,
            remote=self._remote(),
            lines=tuple(dict.fromkeys((*self.lines, self.last_line))),
        )

    def _remote(self) -> Remote | None:
        """What at least half of the lines name, and nothing else as often."""
        asked = min(self.count, _MOST_ASKED)
        often = [(remote, count) for remote, count in self.remotes.most_common(4) if 2 * count >= asked]
        with_port = [one for one in often if one[0].port is not None] or often
        if not with_port or (len(with_port) > 1 and with_port[0][1] == with_port[1][1]):
            return None
        return with_port[0][0]


class _Repeats:
    """The lines that repeat, of which the rarest are forgotten when there are too many."""

    def __init__(self) -> None:
        self._spellings: dict[str, _Repetition] = {}  # digits as zeros: most lines need no more
        self._patterns: dict[str, _Repetition] = {}
        self._chance = random.Random(497)  # noqa: S311 - draws a sample, the same each time

    def add(self, number: int, line: str, stamp: _Stamp, client: int | None) -> None:
        message = line[: stamp.begin] + line[stamp.end :]
        spelling = message.translate(_AS_ZERO)
        repetition = self._spellings.get(spelling)
        if repetition is None:
            repetition = self._pattern(spelling)
        repetition.add(number, stamp, self._chance)
        if repetition.count <= _MOST_ASKED:
            repetition.remotes.update(_remotes(message) if client is None else _client(line, client))

    def fact(self) -> Repeated | None:
        most = max(self._patterns.values(), key=lambda one: one.count, default=None)
        return most.fact() if most and most.count >= _LEAST_REPEATS else None

    def _pattern(self, spelling: str) -> _Repetition:
        pattern = _VARIABLE.sub("#", spelling).strip()
        if pattern not in self._patterns:
            if len(self._patterns) >= _MOST_REPEATED:
                kept = sorted(self._patterns.values(), key=lambda one: -one.count)[: _MOST_REPEATED // 2]
                self._patterns = {one.pattern: one for one in kept}
                self._spellings.clear()
            self._patterns[pattern] = _Repetition(pattern)
        if len(self._spellings) >= _MOST_CACHED:
            self._spellings.clear()
        self._spellings[spelling] = self._patterns[pattern]
        return self._patterns[pattern]


def _remotes(message: str) -> set[Remote]:
    """The ends that a line names: by URL, else by address."""
    found = set()
    for scheme, host, port in _URL.findall(message):
        found.add(Remote(host.strip("[]").lower(), int(port) if port else _PORTS.get(scheme.lower())))
    if not found:
        for six, six_port, four, four_port in _ADDRESS.findall(message):
            if six or all(int(part) <= 255 for part in four.split(".")):  # noqa: PLR2004 - a byte
                port = six_port or four_port
                found.add(Remote(six or four, int(port) if port else None))
    return {one for one in found if one.port is None or 0 < one.port <= _MOST_PORT}


def _client(line: str, field: int) -> set[Remote]:
    fields = line.split(" ")
    return {Remote(fields[field], None)} if field < len(fields) - 1 else set()  # the last may be cut


def _datetime(seconds: float) -> datetime:
    """Wall clock, naive."""
    return (datetime.fromtimestamp(0, UTC) + timedelta(seconds=seconds)).replace(tzinfo=None)
