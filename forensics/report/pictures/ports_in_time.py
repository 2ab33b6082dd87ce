"""Ports in use from table to table, against what the range can give.

Shown where three tables or more lie apart and what is in use moves by a hundredth of the range: then the slope says how
long there is to act. Tables minutes apart that agree say nothing that one of them does not.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from forensics.knowledge.dynamic_ports import CRITICAL_SHARE
from forensics.report.findings import Findings, PoolEntry, SnapshotEntry
from forensics.report.language import minute, month_day, number, tr
from forensics.report.pictures.canvas import BLUE, INK, QUIET, SMALL, VERMILION, WIDTH, Picture, drawing, panel
from forensics.report.tables import at_line
from forensics.report.words import percent, tell

NAME = "ports-in-time"
SECTION = "ports"
ORDER = 20

_HEIGHT = 112.0
_LEFT, _TOP, _HIGH = 42.0, 8.0, 82.0
_LEAST_TABLES = 3
_LEAST_CHANGE = 0.01  # of the range
_LEAST_APART = timedelta(seconds=10)  # the variants of one table (-anot, -anob) are made within seconds


def draw(findings: Findings) -> Picture | None:
    """Draw the TCP pool of which most is in use."""
    measured = findings.measurements
    pools = [pool for key, pool in measured.ports.items() if key.startswith("tcp") and pool.in_use is not None]
    tables = _apart([one for one in measured.connections.snapshots if one.at and one.complete])
    if not pools or len(tables) < _LEAST_TABLES:
        return None
    pool = max(pools, key=lambda one: one.utilisation or 0.0)
    used = [(at, one.ports_in_use) for at, one in tables]
    least, most = min(number for _, number in used), max(number for _, number in used)
    if pool.usable <= 0 or most - least < pool.usable * _LEAST_CHANGE:
        return None
    (first, before), (last, after) = used[0], used[-1]
    seconds = (last - first).total_seconds()
    title = tell(
        "{before:count} to {after:count} ports in use within {time:duration}, of {usable:count} usable",
        before=before,
        after=after,
        time=seconds,
        usable=pool.usable,
    )
    if after > before and after < pool.usable:
        left = (pool.usable - after) * seconds / (after - before)
        title = tell("{said}; at that pace they last another {left:duration}", said=title, left=left)
    alt = tell(
        "{number} tables from {first} to {last} UTC: {least:count} ports in use at least, {most:count} at most, "
        "of {usable:count} usable.",
        number=len(used),
        first=minute(first),
        last=minute(last),
        least=least,
        most=most,
        usable=pool.usable,
    )
    svg = drawing(NAME, _HEIGHT, alt, partial(_paint, used=used, pool=pool))
    ends = (tables[0][1], tables[-1][1])
    first_table, last_table = (at_line(one.file, one.line) for one in ends)
    source = tell(
        "{first} to {last}; distinct local TCP ports of the dynamic range", first=first_table, last=last_table
    )
    return Picture(NAME, title, svg, alt, source)


def _apart(tables: list[SnapshotEntry]) -> list[tuple[datetime, SnapshotEntry]]:
    """One table of those made within seconds, in order of time."""
    found: list[tuple[datetime, SnapshotEntry]] = []
    for at, one in sorted(((one.at, one) for one in tables if one.at), key=lambda item: item[0]):
        if not found or at - found[-1][0] >= _LEAST_APART:
            found.append((at, one))
    return found


def _paint(figure: Any, used: list[tuple[datetime, int]], pool: PoolEntry) -> None:  # noqa: ANN401 - matplotlib's
    axes = panel(figure, _LEFT, _TOP, WIDTH - _LEFT - 70, _HIGH)
    axes.plot([at for at, _ in used], [number for _, number in used], color=BLUE, marker="o", ms=3, mec=INK, mew=0.4)
    axes.axhline(pool.usable, color=INK, lw=0.9)
    axes.axhline(pool.usable * CRITICAL_SHARE, color=VERMILION, lw=0.8, ls=(0, (4, 2)))
    axes.set_ylim(0, pool.usable * 1.06)
    for height, label in (
        (pool.usable, tell("{ports:count} usable", ports=pool.usable)),
        (pool.usable * CRITICAL_SHARE, percent(CRITICAL_SHARE)),
    ):
        axes.annotate(
            label, (1, height), (4, -2.5), xycoords=("axes fraction", "data"), textcoords="offset points", size=SMALL
        )
    axes.set_yticks([0, pool.usable / 4, pool.usable / 2, pool.usable * 3 / 4])
    axes.yaxis.set_major_formatter(lambda value, _: number(value))
    axes.set_ylabel(tr("ports"), labelpad=2)
    ticks = [used[index * (len(used) - 1) // 3][0] for index in range(4)] if len(used) > 4 else [at for at, _ in used]  # noqa: PLR2004
    axes.set_xticks(ticks, [f"{month_day(at)} {at:%H:%M}" for at in ticks])
    axes.set_xlabel(f"UTC, {used[-1][0]:%Y}", labelpad=1)
    axes.xaxis.label.set_alpha(QUIET + 0.15)
