"""The connection rate that the ports in TIME_WAIT need against the rate that was seen.

Shown where TIME_WAIT holds at least half of the ports: then the two rates decide between a machine that opens too many
connections (they agree) and one that no longer gives ports back (they are orders of magnitude apart).
"""

from functools import partial
from typing import Any

import msgspec

from forensics.knowledge.dynamic_ports import WARNING_SHARE
from forensics.report.findings import Findings, TimeWaitEntry
from forensics.report.language import number, tr
from forensics.report.pictures.canvas import BLUE, INK, NORMAL, QUIET, VERMILION, Picture, drawing, panel
from forensics.report.tables import at_line
from forensics.report.words import fill, tell

NAME = "connection-rate"
SECTION = "arithmetic"
ORDER = 10

_HEIGHT = 76.0
_LEFT, _WIDE = 148.0, 300.0
_TOP, _HIGH = 3.0, 46.0
_MARKER = 5.0  # points across
_ASIDE = 12.0  # times: more than one round number on either side, or the scale could not be read
_APART = 2.0  # times: from here on the title speaks of a gap; below, D (120 to 240 s) alone can explain it


class _Rate(msgspec.Struct, frozen=True):
    """One row: connections a second, at least and at most."""

    label: str
    low: float
    high: float
    shown: float
    form: str
    color: str


def draw(findings: Findings) -> Picture | None:
    """Set both rates against each other, and that of a trace where there is one."""
    measured = findings.measurements
    wait = measured.time_wait
    fullest = max((pool.usable for key, pool in measured.ports.items() if key.startswith("tcp")), default=0)
    if wait.observed_rate is None or wait.observed_seconds is None or wait.needed_rate <= 0:
        return None
    if not fullest or wait.dynamic_ports < fullest * WARNING_SHARE:
        return None
    needed = tell("needed for {ports:count} ports", ports=wait.dynamic_ports)
    rates = [_Rate(needed, wait.dynamic_ports / wait.delay_at_most, wait.needed_rate, wait.needed_rate, "s", VERMILION)]
    # No opens at all cannot stand on a logarithmic scale: drawn as half of one opening.
    least = max(wait.observed_rate, 0.5 / wait.observed_seconds)
    most = max(least, wait.observed_rate_at_most or 0.0)
    rates.append(_Rate(tr("seen: Active Opens, netstat -s"), least, most, wait.observed_rate, "o", BLUE))
    trace = measured.trace
    if trace and trace.connects_per_second and trace.same_boot is not False:
        rate = trace.connects_per_second
        rates.append(_Rate(tr("seen: network trace"), rate, rate, rate, "D", BLUE))
    title = _title(wait)
    alt = tell(
        "On a logarithmic scale: {needed} would be needed to keep {ports:count} ports in TIME_WAIT for {delay} s each; "
        "{seen} was seen.",
        needed=_per_second(wait.needed_rate),
        ports=wait.dynamic_ports,
        delay=wait.delay_seconds,
        seen=_per_second(wait.observed_rate),
    )
    svg = drawing(NAME, _HEIGHT + 12 * (len(rates) - 2), alt, partial(_paint, rates=rates, apart=wait.ratio))
    snapshots = measured.connections.snapshots
    table = at_line(snapshots[-1].file, snapshots[-1].line) if snapshots else ""
    method = tell(
        "netstat -s twice, {apart:seconds} apart; needed: N / D with D = {delay} s, the bar down to D = {most} s",
        apart=wait.observed_seconds,
        delay=wait.delay_seconds,
        most=wait.delay_at_most,
    )
    return Picture(NAME, title, svg, alt, tr("; ").join(part for part in (table, method) if part))


def _title(wait: TimeWaitEntry) -> str:
    if wait.ratio is None:
        text = tr("{needed} needed, {seen} seen: no connection was opened while {ports:count} ports stood in TIME_WAIT")
    elif wait.ratio >= _APART:
        text = tr(
            "{needed} needed, {seen} seen: {times:ratio} times too few to explain {ports:count} ports in TIME_WAIT"
        )
    else:
        text = tr("{needed} needed, {seen} seen: ordinary expiry explains the {ports:count} ports in TIME_WAIT")
    rates = {"needed": _per_second(wait.needed_rate), "seen": _per_second(wait.observed_rate or 0.0)}
    return fill(text, {**rates, "ports": wait.dynamic_ports, "times": wait.ratio})


def _per_second(rate: float) -> str:
    digits = number(rate) if rate >= 10 else f"{rate:.2g}"  # noqa: PLR2004 - two digits
    return tell("{number}/s", number=digits)


def _paint(figure: Any, rates: list[_Rate], apart: float | None) -> None:  # noqa: ANN401 - matplotlib's
    axes = panel(figure, _LEFT, _TOP, _WIDE, _HIGH + 12 * (len(rates) - 2))
    axes.set_xscale("log")
    low, high = min(one.low for one in rates), max(one.high for one in rates)
    axes.set_xlim(low / _ASIDE, high * _ASIDE)
    axes.set_ylim(len(rates) - 0.4, -0.6)
    for row, one in enumerate(rates):
        axes.plot([one.low, one.high], [row, row], color=one.color, lw=3, alpha=0.5, solid_capstyle="butt")
        axes.plot([one.shown or one.low], [row], one.form, color=one.color, ms=_MARKER, mec=INK, mew=0.5)
        axes.annotate(_per_second(one.shown), (one.high, row), (6, -2.6), textcoords="offset points", weight="bold")
        axes.annotate(
            one.label, (0, row), (-6, -2.6), xycoords=("axes fraction", "data"), textcoords="offset points", ha="right"
        )
    if apart and apart >= 10:  # noqa: PLR2004 - room for the arrow between the two
        needed, seen = rates[0].shown, rates[1].shown
        # From marker to marker, on the upper row: a slanting arrow would strike through the lower one's number.
        ends = {"arrowstyle": "<->", "lw": 0.7, "shrinkA": _MARKER / 2, "shrinkB": 0}
        axes.annotate("", (seen, 0), (needed, 0), arrowprops=ends)
        axes.plot([seen, seen], [0, 1], color=INK, lw=0.5, ls=":")
        middle = (needed * seen) ** 0.5
        axes.annotate(
            tell("{ratio:ratio} times", ratio=apart),
            (middle, 0),
            (0, 3.5),
            textcoords="offset points",
            ha="center",
            size=NORMAL,
        )
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    axes.minorticks_off()
    axes.set_xlabel(tr("connections a second, logarithmic scale: each step is ten times the one before"), labelpad=2)
    axes.xaxis.label.set_alpha(QUIET + 0.15)
