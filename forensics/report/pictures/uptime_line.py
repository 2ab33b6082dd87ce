"""Uptime over time: each run of the system from its boot, the daily readings of 6013, the wrap, and the port events.

Shown where the clock can matter: the defect may be in force, and a run has passed the wrap or is about to. Left the
whole time, right the days that decide.
"""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import msgspec

from forensics.knowledge.tick import SECONDS_PER_DAY, TICK_WRAP
from forensics.report.event_samples import thinned
from forensics.report.findings import BootEntry, Findings, UptimeEntry
from forensics.report.language import month, month_day, tr
from forensics.report.pictures.canvas import (
    BLUE,
    INK,
    QUIET,
    SMALL,
    VERMILION,
    WIDTH,
    Picture,
    drawing,
    panel,
)  # fmt: skip
from forensics.report.tables import quoted
from forensics.report.words import paragraph, tell

NAME = "uptime-line"
SECTION = "uptime"
ORDER = 10

_WRAP_DAYS = TICK_WRAP / SECONDS_PER_DAY
_SOON = timedelta(days=90)  # before a wrap: a quarter, within which servers are restarted anyway or are not
_MARGIN = timedelta(days=1)  # of the right panel before and after what it shows
_LONGEST_LOOK = timedelta(days=21)  # of the right panel: a day is then at least nine points wide
_HEIGHT = 110.0
_LEFT, _TOP, _HIGH = 34.0, 12.0, 74.0
_WIDE, _CLOSE_LEFT = 196.0, 268.0
_CLOSE_WIDE = WIDTH - _CLOSE_LEFT - 4
_NAME_WIDE = 76.0  # points: "collected 12-24 04:50"
_MOST_RUNS = 200  # in the width of a panel: one for each point
_STROKES = 12.0  # points of the row of port events


class _Line(msgspec.Struct, frozen=True):
    """What is drawn: the runs, the end of each, the run that matters, and the window of the right panel."""

    uptime: UptimeEntry
    events: list[datetime]
    ends: list[datetime]
    boot: BootEntry
    end: datetime
    window: tuple[datetime, datetime]


def draw(findings: Findings) -> Picture | None:
    """Draw the run that passed the wrap last, or the running one short of it."""
    measured = findings.measurements
    uptime, fix = measured.uptime, measured.fix
    if fix.state in {"fixed", "not-affected"} or not uptime.boots or uptime.at is None or uptime.seconds is None:
        return None
    ends = [boot.ended_at or uptime.at for boot in uptime.boots]
    passed = [(boot, end) for boot, end in zip(uptime.boots, ends, strict=True) if end >= boot.wrap_at]
    running = uptime.boots[-1]
    if not passed and running.wrap_at - ends[-1] > _SOON:
        return None
    boot, end = passed[-1] if passed else (running, ends[-1])
    log = measured.event_log
    told = [one.at for one in log.port_events if boot.start <= one.at <= end]
    events = sum(log.by_id.get(str(number), 0) for number in (4227, 4231, 4266))
    line = _Line(uptime, [one.at for one in log.port_events], ends, boot, end, _window(boot, end, uptime.at))
    title = _title(boot, end, running is boot)
    if told and passed:
        apart = (min(told) - boot.wrap_at).total_seconds()
        if apart >= 0:
            title = tell("{said}; port events begin {time:duration} after it", said=title, time=apart)
        else:
            title = tell("{said}; port events begin {time:duration} before it", said=title, time=apart)
    alt = _alt(line, events)
    svg = drawing(NAME, _HEIGHT, alt, partial(_paint, line=line))
    source = "; ".join(dict.fromkeys(quoted(one).where for one in (boot.source, uptime.source) if one))
    told_by = tell("{place}; event 6013 is the uptime that Windows logs at noon", place=source)
    return Picture(NAME, title, svg, alt, told_by)


def _alt(line: _Line, events: int) -> str:
    runs = len(line.uptime.boots)
    figures = {
        "began": line.boot.start,
        "up": (line.end - line.boot.start).total_seconds(),
        "at": line.end,
        "wrap": line.boot.wrap_at,
    }
    sentences = [
        tr("Uptime in days over time, 1 run of the system.")
        if runs == 1
        else tell("Uptime in days over time, {number} runs of the system.", number=runs),
        tell(
            "The run that began {began:utc} reached {up:days} by {at:utc}; the wrap is at 497.1 days, {wrap:utc}.",
            **figures,
        ),
    ]
    if line.uptime.samples:
        sentences.append(tell("{number:count} readings of event 6013 lie on it.", number=len(line.uptime.samples)))
    sentences.append(tell("{number:count} events 4227, 4231 or 4266 are in the log.", number=events))
    return paragraph(sentences)


def _title(boot: BootEntry, end: datetime, running: bool) -> str:
    figures = {"up": (end - boot.start).total_seconds(), "past": (end - boot.wrap_at).total_seconds()}
    if end < boot.wrap_at:
        return tell("Up {up:days}: {past:duration} to go until the wrap at 497.1 days", **figures)
    if running:
        return tell("Up {up:days}: {past:duration} past the wrap at 497.1 days", **figures)
    return tell("The run before the restart lasted {up:days}: {past:duration} past the wrap at 497.1 days", **figures)


def _window(boot: BootEntry, end: datetime, at: datetime) -> tuple[datetime, datetime]:
    """The days that decide: from before the wrap, or today, to after the end of the run, or the wrap to come."""
    if end >= boot.wrap_at:
        first = boot.wrap_at - _MARGIN
        return first, min(min(at, end + _MARGIN) + _MARGIN / 2, first + _LONGEST_LOOK)
    last = boot.wrap_at + _MARGIN / 2
    return max(end - _MARGIN, last - _LONGEST_LOOK), last


def _paint(figure: Any, line: _Line) -> None:  # noqa: ANN401 - matplotlib's
    wide = panel(figure, _LEFT, _TOP, _WIDE, _HIGH)
    first = line.uptime.boots[0].start
    last = max(*line.ends, line.boot.wrap_at) + timedelta(days=12)
    _runs(wide, line, first, last, size=1.6)
    pairs = zip(line.uptime.boots, line.ends, strict=True)
    longest = max(_WRAP_DAYS, *((end - boot.start) / timedelta(days=1) for boot, end in pairs))
    wide.set_ylim(0, longest * 1.16)
    wide.set_yticks(range(0, int(longest) + 10, 100 if longest < 600 else 200))  # noqa: PLR2004 - six labels at most
    wide.set_ylabel(tr("uptime, days"), labelpad=2)
    wide.axvspan(*line.window, fc=INK, alpha=0.1, lw=0)
    wide.annotate(tr("wrap: 497.1 days"), (first, _WRAP_DAYS), (4, 2.5), textcoords="offset points", size=SMALL)
    wide.annotate(
        tr("shown on the right"), (line.window[0], 0), (-3, 4), textcoords="offset points", ha="right", size=SMALL,
        alpha=QUIET,
    )  # fmt: skip

    close = panel(figure, _CLOSE_LEFT, _TOP, _CLOSE_WIDE, _HIGH)
    begin, until = line.window
    _runs(close, line, begin, until, size=2.6)
    low = max(0.0, (begin - line.boot.start) / timedelta(days=1))
    high = (until - line.boot.start) / timedelta(days=1)
    if not line.events:
        floor, roof = low, high
    else:
        floor, roof = low - (high - low) * 0.2, high
        shown = [one for one in line.events if begin <= one <= until]
        close.vlines(shown, floor, floor + (roof - floor) * _STROKES / _HIGH, color=VERMILION, lw=0.9)
        if shown:
            _name_events(close, min(shown), max(shown), line.window)
    close.set_ylim(floor, roof + (roof - floor) * 0.04)
    _moments(close, line)


def _name_events(axes: Any, first: datetime, last: datetime, window: tuple[datetime, datetime]) -> None:  # noqa: ANN401
    """Name the strokes where the line of uptime is not: before them, behind them, or above their end."""
    begin, until = window
    at, side, up = first, "right", 3.0
    if (first - begin) < (until - begin) * 0.25:
        above = (last - begin) > (until - begin) * 0.7
        at, side, up = (last, "right", _STROKES + 3) if above else (last, "left", 3.0)
    place = ((at - begin) / (until - begin), 0)
    axes.annotate(
        tr("port events"), place, (3 if side == "left" else -3, up), xycoords="axes fraction",
        textcoords="offset points", ha=side, size=SMALL,
    )  # fmt: skip


def _runs(axes: Any, line: _Line, begin: datetime, until: datetime, size: float) -> None:  # noqa: ANN401
    """Each run as a line from its boot, the wrap, and the readings."""
    day = timedelta(days=1)
    runs = zip(line.uptime.boots, line.ends, strict=True)
    shown = thinned([(boot, end) for boot, end in runs if boot.start <= until and end >= begin], _MOST_RUNS)
    if (line.boot, line.end) not in shown:  # a log may tell of a hundred thousand, and one of them matters
        shown.append((line.boot, line.end))
    for boot, end in shown:
        axes.plot([boot.start, end], [0, (end - boot.start) / day], color=BLUE, lw=1.3)
    if line.end < line.boot.wrap_at:
        axes.plot([line.end, line.boot.wrap_at], [(line.end - line.boot.start) / day, _WRAP_DAYS], color=BLUE, ls=":")
    axes.axhline(_WRAP_DAYS, color=INK, lw=0.8, ls=(0, (4, 2)))
    samples = [one for one in line.uptime.samples if begin <= one.at <= until]
    axes.plot(
        [one.at for one in samples], [one.seconds / SECONDS_PER_DAY for one in samples],
        ls="", marker="o", ms=size, mfc="white", mec=INK, mew=size / 4,
    )  # fmt: skip
    axes.set_xlim(begin, until)
    _dates(axes, begin, until)


def _dates(axes: Any, begin: datetime, until: datetime) -> None:  # noqa: ANN401 - matplotlib's
    """A handful of round dates, in UTC."""
    span = (until - begin).days
    step = next((one for one in (1, 2, 3, 5, 7) if span / one <= 5), None)  # noqa: PLR2004 - labels that fit
    if step:
        midnight = (begin + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        ticks = [midnight + timedelta(days=number) for number in range(0, span + 1, step)]
        ticks = [one for one in ticks if one <= until - timedelta(hours=6)]
        axes.set_xticks(ticks, [month_day(one) for one in ticks])
        years = f"{begin:%Y}–{until:%Y}" if until.year > begin.year else f"{until:%Y}"
        axes.set_xlabel(f"UTC, {years}", labelpad=1)
        return
    months = [
        (begin.year + (begin.month + number) // 12, (begin.month + number) % 12 + 1) for number in range(span // 28)
    ]
    ticks = [at for at in (datetime(year, month, 1, tzinfo=UTC) for year, month in months) if at <= until]
    ticks = ticks[:: -(-len(ticks) // 4)] if ticks else [begin]
    axes.set_xticks(ticks, [month(one) for one in ticks])


def _moments(axes: Any, line: _Line) -> None:  # noqa: ANN401 - matplotlib's
    """The wrap and the end of the run as uprights with their names above the panel, side by side."""
    begin, until = line.window
    ended = tr("restarted") if line.boot.ended_at else tr("collected")
    names = [(line.boot.wrap_at, tr("wrap"), "-"), (line.end, ended, ":")]
    free = _CLOSE_WIDE
    for at, name, style in sorted((one for one in names if begin <= one[0] <= until), reverse=True):
        axes.axvline(at, color=INK, lw=0.8, ls=style)
        middle = (at - begin) / (until - begin) * _CLOSE_WIDE
        left = max(-_NAME_WIDE / 3, min(middle - _NAME_WIDE / 2, free - _NAME_WIDE))
        free = left - 2
        axes.annotate(
            f"{name} {month_day(at)} {at:%H:%M}", (left / _CLOSE_WIDE, 1), (0, 3), xycoords="axes fraction",
            textcoords="offset points", size=SMALL,
        )  # fmt: skip
