"""Messages to sentences: fills a cause's texts with its figures, in the language spoken (report/language.py).

A blank is `{name:form}`; forms are days, seconds, shift, duration, count, times, percent, rate, growth, ratio, bytes,
utc, utc-second, second, day and none. A blank without a form takes words: another sentence, or several, which become
a list.

>>> fill("up {up:days}, {up:seconds}; {rate:rate}; {slow:rate}", {"up": 43225197, "rate": 125, "slow": 0.0648})
'up 500.3 days, 43,225,197 s; 125 connections a second; one connection every 15.4 s'
"""

import string
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from forensics.knowledge.tick import SECONDS_PER_DAY
from forensics.report.language import day, minute, number, second, tr
from forensics.text.said import Said

_A_TENTH, _ALMOST_ALL = 0.1, 0.995
_TWO_DIGITS = 10  # from here on a decimal tells nothing more
_LONG = 600  # seconds: from here on minutes read better


def fill(text: str, params: Mapping[str, object]) -> str:
    """Fill the blanks of a message, which is in the language spoken already."""
    return _Formatter().vformat(text, (), params)


def say(said: Said | str) -> str:
    """Put a sentence into words; what is a string already is left as it is.

    >>> say(Said("{ports:count} in {group}", {"ports": 12000, "group": "TIME_WAIT"})), say("see {x}")
    ('12,000 in TIME_WAIT', 'see {x}')
    """
    return fill(tr(said.text), said.params) if isinstance(said, Said) else said


def tell(text: str, /, **params: object) -> str:
    """Say a text at once: `say(Said(text, params))`.

    >>> tell("{ports:count} in {group}", ports=12000, group="TIME_WAIT")
    '12,000 in TIME_WAIT'
    """
    return fill(tr(text), params)


def paragraph(sentences: Iterable[str]) -> str:
    """Sentences one after the other: no blank stands between Chinese ones.

    >>> paragraph(["One.", "", "Two."])
    'One. Two.'
    """
    between = tr("{sentence} {next}").format(sentence="", next="")
    return between.join(one for one in sentences if one)


def listed(parts: Sequence[object]) -> str:
    """A list in a line.

    >>> listed([4227, 4231])
    '4227, 4231'
    """
    return tr(", ").join(_plain(one) for one in parts)


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return listed(value)
    return say(value) if isinstance(value, Said) else str(value)


class _Formatter(string.Formatter):
    def get_value(self, key: int | str, _args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:  # noqa: ANN401
        return kwargs.get(str(key))

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, str]:
        # Plain names alone: a blank may not reach into an object.
        return self.get_value(field_name, args, kwargs), field_name

    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ANN401
        if value is None:
            return tr("an unknown time") if format_spec in _TIMES else tr("an unknown figure")
        form = _FORMS.get(format_spec)
        return form(value) if form else _plain(value)


def days(seconds: float) -> str:
    """Seconds as days to a tenth: the wrap is at 497.1."""
    return tr("{number} days").format(number=number(seconds / SECONDS_PER_DAY, 1))


def seconds_text(seconds: float) -> str:
    """Seconds as they are."""
    return tr("{number} s").format(number=number(seconds))


def shift(seconds: float) -> str:
    """By how much a clock was set.

    >>> shift(7200.0), shift(-61)
    ('+7200 s', '-61 s')
    """
    return tr("{number} s").format(number=f"{seconds:+.0f}")


def duration(seconds: float) -> str:
    """A time span in the two units that a person would use.

    >>> duration(275524), duration(5400), duration(90), duration(4)
    ('3 days 5 h', '1 h 30 min', '1 min 30 s', '4 s')
    """
    whole = round(abs(seconds))
    units = (
        (tr("{number} days"), SECONDS_PER_DAY),
        (tr("{number} h"), 3600),
        (tr("{number} min"), 60),
        (tr("{number} s"), 1),
    )
    for (large, size), (small, unit) in pairwise(units):
        if whole >= size:
            whole = round(whole / unit) * unit  # to the nearest small unit, not down to it
            rest = whole % size // unit
            label = tr("{number} day") if size == SECONDS_PER_DAY and whole // size == 1 else large
            first = label.format(number=number(whole // size))
            return f"{first} {small.format(number=rest)}" if rest else first
    return tr("{number} s").format(number=whole)


def count(number_of: float) -> str:
    """A count with thousands separated."""
    return number(number_of)


def times(number_of: float) -> str:
    """How often."""
    few = {1: tr("once"), 2: tr("twice")}
    return few.get(round(number_of)) or tr("{number} times").format(number=number(number_of))


def percent(share: float) -> str:
    """A share of one."""
    if _ALMOST_ALL <= share < 1:
        return tr("{number} %").format(number=99)  # never rounds up to all
    return tr("{number} %").format(number=number(share * 100, 1 if share < _A_TENTH else 0))


def rate(per_second: float) -> str:
    """Connections a second, or one every so many seconds where that reads better."""
    if per_second <= 0:
        return tr("no connection")
    if per_second >= 1:
        return tr("{number} connections a second").format(number=_per_second(per_second))
    return tr("one connection every {time}").format(time=_every(per_second))


def growth(per_second: float) -> str:
    """Ports a second, or one every so many seconds where that reads better.

    >>> growth(2.5), growth(0.01)
    ('2.5 ports a second', 'one port every 100.0 s')
    """
    if per_second <= 0:
        return tr("no port")
    if per_second >= 1:
        return tr("{number} ports a second").format(number=_per_second(per_second))
    return tr("one port every {time}").format(time=_every(per_second))


def _per_second(rate_of: float) -> str:
    return number(rate_of, 0 if rate_of >= _TWO_DIGITS else 1)


def _every(per_second: float) -> str:
    every = 1 / per_second
    return tr("{number} s").format(number=number(every, 1)) if every < _LONG else duration(every)


def memory(size: float) -> str:
    """Bytes as people say them.

    >>> memory(64 * 2**20), memory(3.5 * 2**30)
    ('64 MB', '3.5 GB')
    """
    for unit, name in ((2**30, "GB"), (2**20, "MB"), (2**10, "KB")):
        if size >= unit:
            return f"{number(size / unit, 0 if size >= _TWO_DIGITS * unit else 1)} {name}"
    return tr("{number} bytes").format(number=number(size))


def ratio(number_of: float) -> str:
    """How many times."""
    return number(number_of, 0 if number_of >= _TWO_DIGITS else 1)


def utc(moment: datetime) -> str:
    """A moment in UTC, to the minute."""
    return f"{minute(moment.astimezone(UTC))} UTC"


def utc_second(moment: datetime) -> str:
    """A moment in UTC, to the second."""
    return f"{second(moment.astimezone(UTC))} UTC"


def offset_text(minutes: int) -> str:
    """An offset from UTC in the usual notation.

    >>> offset_text(480), offset_text(-210)
    ('UTC+08:00', 'UTC-03:30')
    """
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"


_FORMS: dict[str, Any] = {
    "days": days,
    "seconds": seconds_text,
    "shift": shift,
    "duration": duration,
    "count": count,
    "times": times,
    "percent": percent,
    "rate": rate,
    "ratio": ratio,
    "utc": utc,
    "utc-second": utc_second,
    "second": lambda at: second(at.astimezone(UTC)),
    "day": day,
    "growth": growth,
    "bytes": memory,
}
_TIMES = frozenset({"utc", "utc-second", "second", "day"})
