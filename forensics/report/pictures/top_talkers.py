"""The remotes and the processes with most rows of the latest table.

Shown where at least half of a range is held: then who holds it is whom to call next. TIME_WAIT is filled, what is live
is hatched.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from forensics.knowledge.dynamic_ports import WARNING_SHARE
from forensics.report.findings import ConnectionsEntry, Findings, OwnerEntry, RemoteEntry
from forensics.report.language import tr
from forensics.report.pictures.canvas import INK, ORANGE, QUIET, SKY, SMALL, Picture, drawing, fitted, whole
from forensics.report.tables import quoted
from forensics.report.words import count, listed, tell
from forensics.text.endpoints import endpoint

NAME = "top-talkers"
SECTION = "traffic"
ORDER = 10

_MOST = 4
_LINE, _BAR, _TOP = 13.0, 6.5, 14.0
_NAMES, _BARS, _NEXT = 104.0, 100.0, 252.0  # points: names, bars behind them, and where the second panel begins
_LETTERS = 23  # of a name, in the width of its column
_WAITING = "TIME_WAIT"

Bar = tuple[str, int, int]


def draw(findings: Findings) -> Picture | None:
    """Show the first few of each."""
    measured = findings.measurements
    connections, space = measured.connections, measured.port_space
    fullest = max((pool.utilisation or 0.0 for pool in measured.ports.values()), default=0.0)
    rows = sum(connections.by_state.values())
    if space is None or not rows or fullest < WARNING_SHARE or not connections.by_remote:
        return None
    remotes = [_remote(one) for one in connections.by_remote[:_MOST]]
    owners = [_owner(one) for one in connections.by_owner[:_MOST]]
    first = connections.by_remote[0]
    figures = {"remote": remotes[0][0], "rows": first.rows, "all": rows, "share": first.rows / rows}
    who = _who(connections, first)
    if who:
        title = tell(
            "{remote} has {rows:count} of {all:count} TCP rows ({share:percent}), consistent with {who}",
            who=who,
            **figures,
        )
    else:
        title = tell("{remote} has {rows:count} of {all:count} TCP rows ({share:percent})", **figures)
    alt = tell(
        "Remotes by rows: {remotes}. Processes by rows: {owners}.", remotes=_listed(remotes), owners=_listed(owners)
    )
    height = _TOP + _LINE * max(len(remotes), len(owners)) + 14
    svg = drawing(
        NAME, height, alt, partial(_paint, panels=((remotes, tr("Remote, rows")), (owners, tr("Process, rows"))))
    )
    source = tell("{place}, rows of all states", place=quoted(space.source).where)
    return Picture(NAME, title, svg, alt, source)


def _remote(one: RemoteEntry) -> Bar:
    return fitted(endpoint(one.address, one.port), _LETTERS), one.rows, one.time_wait


def _owner(one: OwnerEntry) -> Bar:
    if one.pid == 0:
        return tr("PID 0: owner not kept"), one.rows, one.by_state.get(_WAITING, 0)
    name = f"{fitted(one.image or 'PID', _LETTERS - 6)} {one.pid}"
    return name, one.rows, one.by_state.get(_WAITING, 0)


def _who(connections: ConnectionsEntry, first: RemoteEntry) -> str:
    """Name the one process that is consistent with the busiest remote, if it is one."""
    images = {one.pid: one.image for one in connections.by_owner}
    named = [images[pid] for pid in first.consistent_with if images.get(pid)]
    if len(first.consistent_with) != 1 or len(named) != 1:
        return ""
    return fitted(named[0], 32)


def _listed(bars: Sequence[Bar]) -> str:
    return listed([f"{name} {count(rows)}" for name, rows, _ in bars])


def _paint(figure: Any, panels: Sequence[tuple[Sequence[Bar], str]]) -> None:  # noqa: ANN401 - matplotlib's
    from matplotlib.patches import Rectangle  # noqa: PLC0415 - see canvas

    axes = whole(figure)
    most = max(rows for bars, _ in panels for _, rows, _ in bars)
    for index, (bars, heading) in enumerate(panels):
        left = index * _NEXT
        axes.text(left + _NAMES, 7, heading, size=SMALL, ha="right", alpha=QUIET)
        for row, (name, rows, waiting) in enumerate(bars):
            top = _TOP + row * _LINE
            start, scale = left + _NAMES + 5, _BARS / most
            axes.text(left + _NAMES, top + _BAR - 0.5, name, ha="right", size=SMALL)
            axes.add_patch(Rectangle((start, top), waiting * scale, _BAR, fc=SKY, ec=INK, lw=0.3))
            axes.add_patch(
                Rectangle(
                    (start + waiting * scale, top),
                    max(0.5, (rows - waiting) * scale),
                    _BAR,
                    fc=ORANGE,
                    ec=INK,
                    lw=0.3,
                    hatch="////" if (rows - waiting) * scale > 3 else "",  # noqa: PLR2004
                )
            )
            axes.text(start + rows * scale + 4, top + _BAR - 0.5, count(rows), size=SMALL)
    low = _TOP + _LINE * max(len(bars) for bars, _ in panels) + 3
    for x, label, color, hatch in (
        (_NAMES + 5, "TIME_WAIT", SKY, ""),
        (_NAMES + 70, tr("all other states"), ORANGE, "////"),
    ):
        axes.add_patch(Rectangle((x, low), 8, 6.5, fc=color, ec=INK, lw=0.3, hatch=hatch))
        axes.text(x + 12, low + 6, label, size=SMALL)
