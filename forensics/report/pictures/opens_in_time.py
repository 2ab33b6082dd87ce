"""Connections begun over the time of a network trace.

Shown where a trace has more than one of them and lasts: a comb of single strokes is a program that polls, a carpet is
load, and neither shows in a mean rate.
"""

from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

from forensics.report.findings import Findings
from forensics.report.language import number, tr
from forensics.report.pictures.canvas import BLUE, INK, QUIET, SMALL, WIDTH, Picture, drawing, fitted, panel
from forensics.report.tables import NAME_LENGTH, clip
from forensics.report.trace_entry import OpensEntry, TracedOwnerEntry
from forensics.report.words import count, rate, tell

NAME = "opens-in-time"
SECTION = "trace"
ORDER = 10

_HEIGHT = 82.0
_LEFT, _TOP, _HIGH = 34.0, 6.0, 48.0
_MOST_BARS = 240  # two points each
_LEAST_SLICES = 10  # a rate says as much as fewer
_EVEN = 0.1  # share by which the pauses of a poller may differ
_FEW = 4  # pauses at least, to call them even


def draw(findings: Findings) -> Picture | None:
    """Draw connects in equal slices of the trace's time."""
    trace = findings.measurements.trace
    if trace is None or trace.started_at is None or trace.ended_at is None or not trace.opens.buckets:
        return None
    start, end = trace.started_at, trace.ended_at
    seconds = (end - start).total_seconds()
    connects = sum(one.connects for one in trace.opens.buckets)
    if connects <= 1 or seconds < trace.opens.bucket_seconds * _LEAST_SLICES:
        return None
    slices, width = _slices(trace.opens, start, seconds)
    busiest = max(slices.values())
    every = _even_pause(trace.opens)
    pace = tell("evenly, one every {every} s", every=number(every, 1)) if every else rate(connects / seconds)
    title = tell(
        "{connects:count} connections begun in {time:duration}, {pace}", connects=connects, time=seconds, pace=pace
    )
    mostly = _mostly(trace.by_owner, connects)
    if mostly:
        title = tell("{said}, {more}", said=title, more=mostly)
    alt = tell(
        "Connections begun per {slice:duration} from {start} to {end} by the trace's clock: "
        "at most {most:count}, {some:count} of {slices:count} slices have any.",
        slice=width,
        start=f"{start:%H:%M:%S}",
        end=f"{end:%H:%M:%S}",
        most=busiest,
        some=len(slices),
        slices=_number(seconds, width),
    )
    svg = drawing(NAME, _HEIGHT, alt, partial(_paint, slices=slices, width=width, seconds=seconds, start=start))
    file = clip(trace.file, NAME_LENGTH)
    source = tell("{file}: connect requests, {lines:count} lines read", file=file, lines=trace.lines)
    return Picture(NAME, title, svg, alt, source)


def _slices(opens: OpensEntry, start: datetime, seconds: float) -> tuple[dict[int, int], float]:
    """Connects by number of the slice; slices are whole buckets, as few together as fit."""
    together = max(1, -(-round(seconds / opens.bucket_seconds) // _MOST_BARS))
    width = float(opens.bucket_seconds * together)
    slices: Counter[int] = Counter()
    for one in opens.buckets:
        slices[max(0, int((one.at - start).total_seconds() // width))] += one.connects
    return dict(slices), width


def _number(seconds: float, width: float) -> int:
    return max(1, int(-(-seconds // width)))


def _even_pause(opens: OpensEntry) -> float | None:
    """The pause between single connects where all are alike, to a bucket."""
    moments = [one.at for one in opens.buckets if one.connects]
    if any(one.connects > 1 for one in opens.buckets) or len(moments) <= _FEW:
        return None
    pauses = [(after - before).total_seconds() for before, after in pairwise(moments)]
    mean = sum(pauses) / len(pauses)
    return mean if all(abs(one - mean) <= mean * _EVEN + opens.bucket_seconds for one in pauses) else None


def _mostly(owners: list[TracedOwnerEntry], connects: int) -> str:
    if not owners or owners[0].connects * 2 < connects:
        return ""
    first = owners[0]
    known = {"image": fitted(first.image, 32) or tr("a process"), "pid": first.pid, "connects": first.connects}
    if first.connects == connects:
        return tell("all by {image} (PID {pid})", **known)
    return tell("{connects:count} by {image} (PID {pid})", **known)


def _paint(figure: Any, slices: dict[int, int], width: float, seconds: float, start: datetime) -> None:  # noqa: ANN401
    axes = panel(figure, _LEFT, _TOP, WIDTH - _LEFT - 20, _HIGH)
    wide = 0.85 if _number(seconds, width) < _MOST_BARS / 4 else 1.0
    xs = [(number + 0.5) * width for number in slices]
    points = (WIDTH - _LEFT - 20) * width * wide / (_number(seconds, width) * width)
    axes.vlines(xs, 0, list(slices.values()), color=BLUE, lw=max(1.2, points))
    busiest = max(slices.values())
    axes.set_xlim(0, _number(seconds, width) * width)
    axes.set_ylim(0, busiest * 1.15)
    axes.set_yticks([0, busiest], ["0", count(busiest)])
    axes.set_ylabel(tr("connects"), labelpad=2)
    ticks = [seconds * part / 4 for part in range(5)]
    axes.set_xticks(ticks, [f"{start + timedelta(seconds=one):%H:%M:%S}" for one in ticks])
    axes.set_xlabel(tell("the trace's clock; connects per {slice:duration}", slice=width), labelpad=1)
    axes.xaxis.label.set_alpha(QUIET + 0.15)
    axes.spines["left"].set_color(INK)
    axes.tick_params(axis="both", labelsize=SMALL)
