"""Messages to sentences: fills a cause's texts with its figures, in English.

A blank is `{name:form}`; forms are days, seconds, duration, count, times, percent, rate, growth, ratio, bytes, utc and
none.

>>> fill("up {up:days}, {up:seconds}; {rate:rate}; {slow:rate}", {"up": 43225197, "rate": 125, "slow": 0.0648})
'up 500.3 days, 43,225,197 s; 125 connections a second; one connection every 15.4 s'
"""

import string
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from forensics.knowledge.tick import SECONDS_PER_DAY

_UNKNOWN, _UNKNOWN_TIME = "an unknown figure", "an unknown time"
_A_TENTH = 0.1
_TWO_DIGITS = 10  # from here on a decimal tells nothing more
_LONG = 600  # seconds: from here on minutes read better


def fill(text: str, params: Mapping[str, object]) -> str:
    """Fill the blanks of a message."""
    return _Formatter().vformat(text, (), params)


class _Formatter(string.Formatter):
    def get_value(self, key: int | str, _args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:  # noqa: ANN401
        return kwargs.get(str(key))

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, str]:
        # Plain names alone: a blank may not reach into an object.
        return self.get_value(field_name, args, kwargs), field_name

    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ANN401
        if value is None:
            return _UNKNOWN_TIME if format_spec == "utc" else _UNKNOWN
        form = _FORMS.get(format_spec)
        return form(value) if form else str(value)


def days(seconds: float) -> str:
    """Seconds as days to a tenth: the wrap is at 497.1."""
    return f"{seconds / SECONDS_PER_DAY:,.1f} days"


def seconds_text(seconds: float) -> str:
    """Seconds as they are."""
    return f"{seconds:,.0f} s"


def duration(seconds: float) -> str:
    """A time span in the two units that a person would use.

    >>> duration(275524), duration(5400), duration(90), duration(4)
    ('3 days 4 h', '1 h 30 min', '1 min 30 s', '4 s')
    """
    whole = round(abs(seconds))
    units = (("days", SECONDS_PER_DAY), ("h", 3600), ("min", 60), ("s", 1))
    for (name, size), (small_name, small) in pairwise(units):
        if whole >= size:
            rest = whole % size // small
            label = "day" if name == "days" and whole // size == 1 else name
            return f"{whole // size:,} {label}" + (f" {rest} {small_name}" if rest else "")
    return f"{whole} s"


def count(number: float) -> str:
    """A count with thousands separated."""
    return f"{number:,.0f}"


def times(number: float) -> str:
    """How often."""
    return {1: "once", 2: "twice"}.get(round(number), f"{number:,.0f} times")


def percent(share: float) -> str:
    """A share of one."""
    if share < _A_TENTH:
        return f"{share * 100:.1f} %"
    return f"{share * 100:.0f} %" if share < 0.995 or share >= 1 else "99 %"  # noqa: PLR2004 - never rounds up to all


def rate(per_second: float) -> str:
    """Connections a second, or one every so many seconds where that reads better."""
    if per_second <= 0:
        return "no connection"
    if per_second >= 1:
        digits = 0 if per_second >= _TWO_DIGITS else 1
        return f"{per_second:,.{digits}f} connections a second"
    every = 1 / per_second
    shown = f"{every:.1f} s" if every < _LONG else duration(every)
    return f"one connection every {shown}"


def growth(per_second: float) -> str:
    """Ports a second, or one every so many seconds where that reads better.

    >>> growth(2.5), growth(0.01)
    ('2.5 ports a second', 'one port every 100.0 s')
    """
    return rate(per_second).replace("connections", "ports").replace("connection", "port")


def memory(size: float) -> str:
    """Bytes as people say them.

    >>> memory(64 * 2**20), memory(3.5 * 2**30)
    ('64 MB', '3.5 GB')
    """
    for unit, name in ((2**30, "GB"), (2**20, "MB"), (2**10, "KB")):
        if size >= unit:
            return f"{size / unit:,.{0 if size >= _TWO_DIGITS * unit else 1}f} {name}"
    return f"{size:,.0f} bytes"


def ratio(number: float) -> str:
    """How many times."""
    return f"{number:,.0f}" if number >= _TWO_DIGITS else f"{number:.1f}"


def utc(moment: datetime) -> str:
    """A moment in UTC, to the minute."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


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
    "duration": duration,
    "count": count,
    "times": times,
    "percent": percent,
    "rate": rate,
    "ratio": ratio,
    "utc": utc,
    "growth": growth,
    "bytes": memory,
}
