"""One socket's life as engineers draw it: two lifelines, time downwards, a segment for each change of state.

Shown where a trace holds a life with a change of state. What the trace tells are the events and states of this machine;
the segments on the wire are those that RFC 9293 (figure 5) ties to each change of state. Time is not to scale: each
moment is a row, the pauses between them are written out. Moments in a row that change no state are one row.

TIME_WAIT is the last that is drawn, without a length: "TimeWait to Closed" follows within milliseconds, long before the
delay is over. It tells that the full control block is retired, not that the port is free; no event ends TIME_WAIT.
"""

import textwrap
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from forensics.report.findings import Findings
from forensics.report.language import number, spoken, tr
from forensics.report.pictures.canvas import (
    BLUE,
    INK,
    NORMAL,
    QUIET,
    SMALL,
    VERMILION,
    Picture,
    drawing,
    fitted,
    whole,
)  # fmt: skip
from forensics.report.tables import NAME_LENGTH, clip
from forensics.report.trace_entry import LifeEntry, StepEntry
from forensics.report.words import duration, fill, listed, tell
from forensics.report.wrapping import wrapped
from forensics.text.languages import Code
from forensics.text.said import Said

NAME = "one-life"
SECTION = "trace"
ORDER = 20

# (from, to) -> what goes over the wire, and whether it goes out: RFC 9293, figure 5.
_OUT, _IN = True, False
_SEGMENTS: dict[tuple[str, str], tuple[str, bool]] = {
    ("closed", "synsent"): ("SYN", _OUT),
    ("synsent", "established"): ("SYN, ACK", _IN),
    ("listen", "synrcvd"): ("SYN", _IN),
    ("synrcvd", "established"): ("ACK", _IN),
    ("established", "finwait1"): ("FIN", _OUT),
    ("synrcvd", "finwait1"): ("FIN", _OUT),
    ("established", "closewait"): ("FIN", _IN),
    ("closewait", "lastack"): ("FIN", _OUT),
    ("finwait1", "finwait2"): ("ACK", _IN),
    ("finwait1", "closing"): ("FIN", _IN),
    ("finwait1", "timewait"): ("FIN, ACK", _IN),
    ("finwait2", "timewait"): ("FIN", _IN),
    ("closing", "timewait"): ("ACK", _IN),
    ("lastack", "closed"): ("ACK", _IN),
}
_TIME_WAIT = "timewait"
_CLOSED_FIRST = {
    "local": Said("this machine closed first"),
    "remote": Said("the remote closed first"),
    "reset": Said("it was reset"),
    "": Said("who closed first is not in the trace"),
}
_MOST_MOMENTS = 12
_MOST_NOTES = 5  # lines beside a moment
_LOCAL, _REMOTE = 112.0, 268.0  # points from the left: the two lifelines
_NOTES = 290.0
_NOTE_LETTERS = 50
_ARROW_LINE, _NOTE_LINE, _PAUSE = 12.5, 8.6, 15.0
_HEAD = 20.0
_BAND = 4.0


class _Moment(msgspec.Struct, frozen=True):
    """What happened at one time: segments (text, outwards), notes, and the state that it left the socket in."""

    at: datetime | None
    segments: list[tuple[str, bool]]
    notes: list[str]
    state: str

    @property
    def waits(self) -> bool:
        return _plain(self.state) == _TIME_WAIT

    @property
    def high(self) -> float:
        return max(len(self.segments) * _ARROW_LINE, len(self.notes) * _NOTE_LINE, _ARROW_LINE)


def draw(findings: Findings) -> Picture | None:
    """Draw the most complete life of the busiest process."""
    trace = findings.measurements.trace
    life = next((one for one in trace.lives if _changes(_drawn(one.steps))), None) if trace else None
    if trace is None or life is None:
        return None
    steps = _drawn(life.steps)
    moments = _moments(steps)
    waiting = next((one for one in moments if one.waits), None)
    begin, end = moments[0].at, (waiting or moments[-1]).at
    seconds = (end - begin).total_seconds() if begin and end else None
    who = fitted(life.image, 32) or tr("a process")
    if life.pid is not None:
        who = tell("{image} (PID {pid})", image=who, pid=life.pid)
    known = {"who": who, "closed": _CLOSED_FIRST[life.closed_first]}
    if seconds is None:
        title = tell("One connection of {who}: {closed}", **known)
    elif waiting:
        title = tell("One connection of {who} entered TIME_WAIT after {time}: {closed}", time=_time(seconds), **known)
    else:
        title = tell("One connection of {who} lasted {time}: {closed}", time=_time(seconds), **known)
    stays = [f"{fitted(one.state, 20)} {_time(one.seconds)}" for one in life.stays if _plain(one.state) != _TIME_WAIT][
        :_MOST_MOMENTS
    ]
    if waiting:
        stays.append(_goes_on(waiting.state))
    alt = tell(
        "A sequence of {number} moments between {local} and {remote}: {stays}.",
        number=len(moments),
        local=fitted(life.local, 50) or tr("this machine"),
        remote=fitted(life.remote, 50) or tr("no remote"),
        stays=listed(stays) or tr("no stay in a state was measured"),
    )
    left_out = max(0, len(moments) - _MOST_MOMENTS)
    shown = moments[:_MOST_MOMENTS]
    svg = drawing(NAME, _bottom(shown) + 3, alt, partial(_paint, life=life, shown=shown))
    lines = [step.line for step in steps]
    place = {"file": clip(trace.file, NAME_LENGTH), "first": min(lines), "last": max(lines)}
    parts = [
        tell("{file}, lines {first:count} to {last:count}", **place),
        tr("segments as RFC 9293 ties them to each change of state, without the ACKs that change none"),
        tr("time downwards, not to scale"),
    ]
    if left_out:
        parts.append(tell("{number} later moments stand in --json", number=left_out))
    return Picture(NAME, title, svg, alt, tr("; ").join(parts))


def _drawn(steps: list[StepEntry]) -> list[StepEntry]:
    """The steps up to the end of the full control block in TIME_WAIT."""
    retired = (
        index
        for index, one in enumerate(steps)
        if (_plain(one.from_state), _plain(one.to_state)) == (_TIME_WAIT, "closed")
    )
    return steps[: next(retired, len(steps))]


def _goes_on(state: str) -> str:
    return tell("{state}: goes on without an event", state=fitted(state, 24))


def _bottom(shown: list[_Moment]) -> float:
    pauses = len(shown) if shown[-1].waits else len(shown) - 1
    return _HEAD + sum(one.high for one in shown) + _PAUSE * pauses


def _moments(steps: list[StepEntry]) -> list[_Moment]:
    """Steps of one time together, and moments in a row that change no state."""
    groups: list[list[StepEntry]] = []
    for step in steps:
        quiet = groups and not _changes([step]) and not _changes(groups[-1]) and len(groups) > 1
        if groups and (step.at == groups[-1][0].at or quiet):
            groups[-1].append(step)
        else:
            groups.append([step])
    moments: list[_Moment] = []
    state = ""
    for group in groups:
        state = next((one.to_state for one in reversed(group) if one.to_state), state)
        moments.append(_Moment(group[0].at, _segments(group), _notes(group), state))
    return moments


def _changes(steps: list[StepEntry]) -> bool:
    return any(one.to_state for one in steps)


def _segments(steps: list[StepEntry]) -> list[tuple[str, bool]]:
    found = (_SEGMENTS.get((_plain(one.from_state), _plain(one.to_state))) for one in steps)
    return [one for one in found if one]


def _plain(state: str) -> str:
    """A state's name as all traces spell it."""
    return "".join(char for char in state.lower() if char.isalnum()).removesuffix("state")


def _notes(steps: list[StepEntry]) -> list[str]:
    """The events in words, with their lines in the trace; a state that lasted no time is named here."""
    said = []
    for one in steps:
        if one.to_state:
            said.append(fitted(one.to_state, 20))
            continue
        port = tr("port")
        says = fitted(tr(one.says), 48)
        says = says.replace(port, tell("port {port}", port=one.port), 1) if one.port else says
        said.append(f"{says} ({fitted(one.status, 24)})" if one.status else says)
    known = {"first": steps[0].line, "last": steps[-1].line, "said": tuple(dict.fromkeys(said))}
    text = (
        tr("lines {first:count}–{last:count}: {said}")
        if known["first"] != known["last"]
        else tr("line {first:count}: {said}")
    )
    if steps[-1].at and steps[-1].at != steps[0].at:
        known["until"] = _clock(steps[-1].at)
        text = tr("lines {first:count}–{last:count}, until {until}: {said}")
    shown = [fitted(line, _NOTE_LETTERS + 8) for line in _lines(fill(text, known))]
    return shown if len(shown) <= _MOST_NOTES else [*shown[: _MOST_NOTES - 1], "…"]


def _lines(text: str) -> list[str]:
    return (textwrap.wrap if spoken() == Code.ENGLISH else wrapped)(text, _NOTE_LETTERS)


def _clock(at: datetime) -> str:
    return f"{at:%H:%M:%S}.{at.microsecond // 1000:03d}"


def _time(seconds: float) -> str:
    if seconds < 1:
        return tell("{number} ms", number=number(seconds * 1000))
    if seconds >= 60:  # noqa: PLR2004 - beyond a minute, ms are noise
        return duration(seconds)
    return tell("{number} s", number=number(seconds, 3))


def _paint(figure: Any, life: LifeEntry, shown: list[_Moment]) -> None:  # noqa: ANN401 - matplotlib's
    axes = whole(figure)
    axes.text(_LOCAL, 8, fitted(life.local, 26) or tr("this machine"), ha="center", weight="bold", size=NORMAL)
    axes.text(_REMOTE, 8, fitted(life.remote, 26) or tr("no remote"), ha="center", weight="bold", size=NORMAL)
    y = _HEAD
    bottom = _bottom(shown)
    for x in (_LOCAL, _REMOTE):
        axes.plot([x, x], [12, bottom], color=INK, lw=0.6)
    before: _Moment | None = None
    for moment in shown:
        if before is not None:
            _pause(axes, before, moment, y - _PAUSE)
        _row(axes, moment, y)
        y += moment.high + _PAUSE
        before = moment
    if before is not None and before.waits:
        _pause(axes, before, None, y - _PAUSE)


def _row(axes: Any, moment: _Moment, y: float) -> None:  # noqa: ANN401 - matplotlib's
    if moment.at:
        axes.text(0, y + 6, _clock(moment.at), size=SMALL)
    axes.plot([_LOCAL], [y + 3.5], "o", ms=3, color=INK)
    for index, (text, outwards) in enumerate(moment.segments):
        line = y + 3.5 + index * _ARROW_LINE
        tail, head = (_LOCAL, _REMOTE) if outwards else (_REMOTE, _LOCAL)
        color = BLUE if outwards else VERMILION
        axes.annotate(
            "", (head, line + 4), (tail, line),
            arrowprops={"arrowstyle": "-|>", "lw": 0.9, "color": color, "shrinkA": 0, "shrinkB": 1},
        )  # fmt: skip
        axes.text((_LOCAL + _REMOTE) / 2, line - 0.5, text, ha="center", size=SMALL)
    for index, note in enumerate(moment.notes):
        axes.text(_NOTES, y + 6 + index * _NOTE_LINE, note, size=SMALL, alpha=QUIET + 0.1)


def _pause(axes: Any, before: _Moment, after: _Moment | None, y: float) -> None:  # noqa: ANN401 - matplotlib's
    """The state after a moment as a band on the lifeline, with how long it lasted; open below where nothing ends it."""
    from matplotlib.patches import Polygon  # noqa: PLC0415 - see canvas

    top = y - before.high + _ARROW_LINE * max(1, len(before.segments))
    low = y + _PAUSE - (1 if after else 0)
    left, right = _LOCAL - _BAND / 2, _LOCAL + _BAND / 2
    if before.state:
        corners = [(left, low), (left, top), (right, top), (right, low)]
        axes.add_patch(Polygon(corners, closed=after is not None, fc="white", ec=INK, lw=0.6, zorder=3))
        text = fitted(before.state, 24) if after else _goes_on(before.state)
        axes.text(_LOCAL + 6, (top + low) / 2 + 2.5, text, weight="bold", size=SMALL)
    if after and before.at and after.at and not before.waits:
        pause = _time((after.at - before.at).total_seconds())
        axes.text(_LOCAL - 6, (top + low) / 2 + 2.5, f"{pause}", ha="right", size=SMALL)
