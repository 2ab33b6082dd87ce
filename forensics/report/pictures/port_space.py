"""Every port by state: the ports from 0 to 65535 as a ruler, and the dynamic range as a map with a cell per port.

Shown where at least half of a range is held: then the map tells a pile of one state from many small ones, and a range
that is used up from one that exclusions have cut.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from forensics.knowledge.dynamic_ports import HIGHEST_PORT, WARNING_SHARE
from forensics.report.findings import Findings, PoolEntry
from forensics.report.language import tr
from forensics.report.numbers import pool_name
from forensics.report.pictures.canvas import (
    BLUE,
    INK,
    ORANGE,
    PURPLE,
    QUIET,
    SKY,
    SMALL,
    VERMILION,
    WIDTH,
    Picture,
    drawing,
    fitted,
    whole,
)  # fmt: skip
from forensics.report.port_space import PortStateEntry
from forensics.report.tables import quoted
from forensics.report.words import count, listed, tell

NAME = "port-space"
SECTION = "ports"
ORDER = 10

_EXCLUDED = "excluded"
_ACROSS = 512  # cells in a row: a port is 0.9 points wide
_MAP_LEFT, _MAP_WIDTH, _MAP_TOP = 34.0, WIDTH - 35.0, 42.0
_MAP_HEIGHT, _TALLEST_ROW = 92.0, 12.0
_RULER_TOP, _RULER_HEIGHT = 13.0, 7.0
_MOST_STATES = 6  # more are drawn and counted together
_LEGEND_COLUMN = 155.0
_LEGEND_LINE = 10.5
_GAP = 0.4  # points between rows, so that they can be told apart
_THINNEST = 0.35  # points: a single port on the ruler, where it has a fiftieth of one

# Colour, and how much of a cell's height is filled, from the bottom: told apart without colour too.
_FORMS = ((SKY, 1.0), (INK, 1.0), (VERMILION, 0.55), (BLUE, 0.55), (PURPLE, 0.3), (ORANGE, 0.3))
_RULED = (INK, 0.18)  # excluded: as ruled paper

Run = tuple[int, int]
Shown = tuple[str, int, list[Run]]


def draw(findings: Findings) -> Picture | None:
    """Map the pool of which most is in use."""
    measured = findings.measurements
    space = measured.port_space
    known = {key: pool for key, pool in measured.ports.items() if pool.utilisation is not None and pool.count > 0}
    if space is None or not known:
        return None
    key = max(known, key=lambda one: (known[one].utilisation or 0.0, one))
    pool = known[key]
    if (pool.utilisation or 0.0) < WARNING_SHARE:
        return None
    own = [one for one in space.states if one.pool == key]
    shown = _inside(own, pool)
    if not shown:
        return None
    states = [one for one in shown if one[0] != _EXCLUDED]
    free = max(0, pool.usable - sum(ports for _, ports, _ in states))
    name = pool_name(key)
    largest, ports, _ = states[0]
    title = tell(
        "{used:count} of {usable:count} usable dynamic ports of {pool} are in use ({share:percent}), "
        "{ports:count} of them in {state}",
        used=pool.in_use or 0,
        usable=pool.usable,
        pool=name,
        share=pool.utilisation or 0.0,
        ports=ports,
        state=fitted(largest, 24),
    )
    alt = tell(
        "A map of the ports {first} to {last} of {pool}: {states}, {free:count} free.",
        first=pool.start,
        last=pool.start + pool.count - 1,
        pool=name,
        states=listed([f"{count(number)} {_said(state, 24)}" for state, number, _ in shown]),
        free=free,
    )
    rows = -(-pool.count // _ACROSS)
    tall = min(_MAP_HEIGHT, rows * _TALLEST_ROW)
    height = _MAP_TOP + tall + 8 + _LEGEND_LINE * (-(-(len(shown) + 1) // 3)) + 2
    svg = drawing(NAME, height, alt, partial(_paint, pool=pool, shown=shown, own=own, free=free, tall=tall))
    source = tell(
        "{place}; one cell is one local port, a port with several rows counts once", place=quoted(space.source).where
    )
    return Picture(NAME, title, svg, alt, source)


def _said(state: str, most: int) -> str:
    """A state as `netstat` writes it, and our own word for what it does not show."""
    return tr("excluded") if state == _EXCLUDED else fitted(state, most)


def _inside(states: Sequence[PortStateEntry], pool: PoolEntry) -> list[Shown]:
    """The states inside the range with their runs there; most ports first, exclusions last, small ones together."""
    end = pool.start + pool.count - 1
    found: list[Shown] = []
    for one in states:
        runs = [(max(first, pool.start), min(last, end)) for first, last in map(_run, one.runs)]
        runs = [(first, last) for first, last in runs if first <= last]
        if runs:
            found.append((one.state, sum(last - first + 1 for first, last in runs), runs))
    excluded = [one for one in found if one[0] == _EXCLUDED]
    rest = sorted((one for one in found if one[0] != _EXCLUDED), key=lambda one: (-one[1], one[0]))
    if len(rest) > _MOST_STATES:
        small = rest[_MOST_STATES - 1 :]
        name = tell("{number} other states", number=len(small))
        others = name, sum(one[1] for one in small), [run for one in small for run in one[2]]
        rest = [*rest[: _MOST_STATES - 1], others]
    return rest + excluded if rest else []


def _run(text: str) -> Run:
    first, _, last = text.partition("-")
    return int(first), int(last or first)


def _paint(
    figure: Any,  # noqa: ANN401 - matplotlib's
    pool: PoolEntry,
    shown: Sequence[Shown],
    own: Sequence[PortStateEntry],
    free: int,
    tall: float,
) -> None:
    axes = whole(figure)
    _ruler(axes, pool, own)
    rows = -(-pool.count // _ACROSS)
    cell, line = _MAP_WIDTH / _ACROSS, tall / rows
    for row in range(rows):
        if row % -(-rows // 8) == 0:
            y = _MAP_TOP + row * line
            axes.text(_MAP_LEFT - 3, y + 5.5, str(pool.start + row * _ACROSS), size=SMALL, ha="right", alpha=QUIET)
    forms = [*_FORMS]
    for state, _, runs in shown:
        color, part = _RULED if state == _EXCLUDED else forms.pop(0)
        high = (line - _GAP) * part
        boxes = [box for run in runs for box in _boxes(run, pool.start, cell, line)]
        _bars(axes, [(x, x + wide, y + line - _GAP - high / 2) for x, y, wide, _ in boxes], high, color)
    from matplotlib.patches import Rectangle  # noqa: PLC0415 - see canvas

    last = pool.count - (rows - 1) * _ACROSS
    axes.add_patch(Rectangle((_MAP_LEFT, _MAP_TOP), _MAP_WIDTH, tall, fill=False, lw=0.5, ec=INK, alpha=QUIET))
    if last < _ACROSS:  # the range ends inside the last row
        edge = _MAP_TOP + (rows - 1) * line
        axes.plot([_MAP_LEFT + last * cell] * 2, [edge, edge + line], color=INK, lw=0.5)
    _legend(axes, shown, free, _MAP_TOP + tall + 8)


def _ruler(axes: Any, pool: PoolEntry, own: Sequence[PortStateEntry]) -> None:  # noqa: ANN401 - matplotlib's
    """All ports on one line: the range as a frame, each port with a row as a stroke."""
    from matplotlib.patches import Rectangle  # noqa: PLC0415 - see canvas

    scale = _MAP_WIDTH / (HIGHEST_PORT + 1)
    left, right = (_MAP_LEFT + port * scale for port in (pool.start, pool.start + pool.count))
    used: list[tuple[float, float]] = []
    for first, last in sorted(_run(run) for one in own if one.state != _EXCLUDED for run in one.runs):
        begin = _MAP_LEFT + first * scale
        end = max(begin + _THINNEST, _MAP_LEFT + (last + 1) * scale)
        if used and begin <= used[-1][1]:
            used[-1] = (used[-1][0], max(end, used[-1][1]))
        else:
            used.append((begin, end))
    middle = _RULER_TOP + _RULER_HEIGHT / 2
    _bars(axes, [(begin, end, middle) for begin, end in used], _RULER_HEIGHT, BLUE)
    axes.add_patch(
        Rectangle((_MAP_LEFT, _RULER_TOP), _MAP_WIDTH, _RULER_HEIGHT, fill=False, lw=0.5, ec=INK, alpha=QUIET)
    )
    axes.text(_MAP_LEFT, _RULER_TOP - 4, tell("port {port}", port=0), size=SMALL, alpha=QUIET)
    end = pool.start + pool.count - 1
    if end < HIGHEST_PORT - 6000:
        axes.text(_MAP_LEFT + _MAP_WIDTH, _RULER_TOP - 4, str(HIGHEST_PORT), size=SMALL, ha="right", alpha=QUIET)
    middle = (left + right) / 2
    label = tell("dynamic range {first}–{last}", first=pool.start, last=end)
    margin = 75.0
    axes.text(
        min(max(middle, _MAP_LEFT + margin + 10), _MAP_LEFT + _MAP_WIDTH - margin), _RULER_TOP - 4, label, ha="center"
    )
    low = _RULER_TOP + _RULER_HEIGHT
    axes.plot([left, left, right, right], [_RULER_TOP - 1.5, low + 1.5, low + 1.5, _RULER_TOP - 1.5], color=INK, lw=1)
    for here, there in ((left, _MAP_LEFT), (right, _MAP_LEFT + _MAP_WIDTH)):
        axes.plot([here, there], [low + 1.5, _MAP_TOP], color=INK, lw=0.5, ls=(0, (2, 2)), alpha=QUIET)


def _boxes(run: Run, start: int, cell: float, line: float) -> list[tuple[float, float, float, float]]:
    """A run as rectangles of the map, one for each row that it touches: left, top, width, height."""
    boxes = []
    first, last = run[0] - start, run[1] - start
    while first <= last:
        row, column = divmod(first, _ACROSS)
        until = min(last, row * _ACROSS + _ACROSS - 1)
        boxes.append((_MAP_LEFT + column * cell, _MAP_TOP + row * line, (until - first + 1) * cell, line - _GAP))
        first = until + 1
    return boxes


def _bars(axes: Any, bars: Sequence[tuple[float, float, float]], high: float, color: str) -> None:  # noqa: ANN401
    """Level bars (left, right, middle) as one path of thick strokes: the cost of a page is that of its elements."""
    from matplotlib.patches import PathPatch  # noqa: PLC0415 - see canvas
    from matplotlib.path import Path  # noqa: PLC0415

    if not bars:
        return
    points = [point for left, right, middle in bars for point in ((left, middle), (right, middle))]
    path = Path(points, [Path.MOVETO, Path.LINETO] * len(bars))
    axes.add_patch(PathPatch(path, fill=False, ec=color, lw=high, capstyle="butt", clip_on=False))


def _legend(axes: Any, shown: Sequence[Shown], free: int, top: float) -> None:  # noqa: ANN401 - matplotlib's
    from matplotlib.patches import Rectangle  # noqa: PLC0415 - see canvas

    forms = [*_FORMS]
    entries = [(state, number) for state, number, _ in shown] + [(tr("free"), free)]
    for index, (state, number) in enumerate(entries):
        x = _MAP_LEFT + (index % 3) * _LEGEND_COLUMN
        y = top + (index // 3) * _LEGEND_LINE
        axes.add_patch(Rectangle((x, y), 8, 7, fill=False, lw=0.4, ec=INK, alpha=QUIET))
        if state == _EXCLUDED:
            _bars(axes, [(x, x + 8, y + step) for step in (1.5, 3.5, 5.5)], 0.5, INK)
        elif index < len(entries) - 1:
            color, part = forms.pop(0)
            _bars(axes, [(x, x + 8, y + 7 - 3.5 * part)], 7 * part, color)
        axes.text(x + 12, y + 6.3, f"{_said(state, 18)} {count(number)}")
