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
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

import msgspec

from forensics.parsed import Parsed
from forensics.text.log_times import (
    DAY,
    HEAD,
    IN_LOCAL_TIME,
    IN_UTC,
    OPEN,
    YEARLESS,
    LogClock,
    Stamp,
    log_lines,
    wall_clock,
)

KIND = "application-log"
READS = "remaining-text"  # only what no other parser recognises

_LEAP = 60  # seconds: less is the disorder of threads

# --- what repeats ---

_AS_ZERO = str.maketrans("123456789", "000000000")
_VARIABLE = re.compile(
    r"\b[0a-f]{8}(?:-[0a-f]{4}){3}-[0a-f]{12}\b|\b0x[0a-f]+\b|\b(?=[a-f]*0)[0a-f]{8,}\b|0+", re.IGNORECASE
)
_MOST_SPELLINGS = 20_000  # lines whose pattern is remembered
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
    re.ASCII | re.IGNORECASE,
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
_OLDEST = 3650 * DAY  # a larger count is one since 1970 or 2000; no machine runs for ten years
_WEEK = 7 * DAY
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


def recognise(text: str) -> bool:
    """Find that most lines of the beginning bear a time, and that the times advance (or go back, newest first)."""
    sample = text[:_SAMPLE]
    clock = LogClock(sample)
    times: list[float] = []
    others = 0
    for _, line in log_lines(sample):
        stamp = clock.read(line[:HEAD])
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
    clock = LogClock(text)
    log = _Log()
    for number, line in log_lines(text):
        stamp = clock.read(line[:HEAD], number)
        if stamp:
            log.add(number, line, stamp, clock.client)
    problems = tuple(clock.problems(log.events))
    if not log.events:
        return Parsed((), "no times", problems)
    return Parsed((log.fact(clock),), f"{log.events:,} line{'s' * (log.events != 1)} with a time", problems)


class _Log:
    """Counts as the lines pass: memory stays bounded however long the log is."""

    def __init__(self) -> None:
        self.events = 0
        self._ends: dict[str, tuple[float, float]] = {}  # first and last time by kind
        self._line = self._last_line = 0
        self._resolution = 60.0
        self._before: Stamp | None = None
        self._forward = self._back = self._leaps_forward = self._leaps_back = 0
        self._repeats = _Repeats()
        self._counters: dict[str, tuple[_Counter, ...]] = {}

    def add(self, number: int, line: str, stamp: Stamp, client: int | None) -> None:
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

    def fact(self, clock: LogClock) -> ApplicationLog:
        descending = self._back > self._forward  # newest first
        ends = {kind: (last, first) if descending else (first, last) for kind, (first, last) in self._ends.items()}
        first, last = (
            tuple(datetime.fromtimestamp(seconds, UTC) for seconds in ends[IN_UTC]) if IN_UTC in ends else (None, None)
        )
        local: list[tuple[datetime, ...]] = [(), ()]
        if IN_LOCAL_TIME in ends:
            local = [(wall_clock(seconds),) for seconds in ends[IN_LOCAL_TIME]]
        elif OPEN in ends:
            local = [clock.readings(seconds) for seconds in ends[OPEN]]
        yearless = [wall_clock(seconds) for seconds in ends.get(YEARLESS, ())]
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

    def _count(self, number: int, line: str, stamp: Stamp) -> None:
        """Try the number that begins the line, and the first after its time that is no part of a word."""
        if stamp.begin:
            match = _COUNTER.match(line)
            if match and match.end() <= stamp.begin:
                self._observe("", match, number, stamp)
        match = _NUMBER_ALONE.search(line, stamp.end, stamp.end + _FAR)
        if match:
            between = line[stamp.end : match.start()].translate(_AS_ZERO)
            self._observe(f"{stamp.begin > 0}{between}", match, number, stamp)

    def _observe(self, place: str, match: re.Match[str], number: int, stamp: Stamp) -> None:
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

    def _age(self, clock: LogClock) -> ProcessAge | None:
        believed = [one for place in self._counters.values() for one in place if one.believed]
        best = max(believed, key=lambda one: (one.fits, one.line), default=None)
        if best is None:
            return None
        local = (wall_clock(best.at),) if best.kind == IN_LOCAL_TIME else ()
        return ProcessAge(
            seconds=best.age,
            uncertain_seconds=best.uncertain,
            unit=best.unit,
            at=datetime.fromtimestamp(best.at, UTC) if best.kind == IN_UTC else None,
            at_local=clock.readings(best.at) if best.kind == OPEN else local,
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

    def observe(self, value: float, number: int, stamp: Stamp) -> None:
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

    def add(self, number: int, stamp: Stamp, chance: random.Random) -> None:
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

    def add(self, number: int, line: str, stamp: Stamp, client: int | None) -> None:
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
        if len(self._spellings) >= _MOST_SPELLINGS:
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
