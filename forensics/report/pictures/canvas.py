"""What the pictures share: their size and style, and how one becomes SVG in a page.

Colours are those of Okabe and Ito, which colour-blind readers can tell apart; what they tell is said by place, form or
a label too, for black and white. Text is measured by the font that matplotlib brings, wider than those of the report:
what fits here fits there.
"""

import io
import logging
import warnings
from collections.abc import Callable
from typing import Any

import msgspec

from forensics.report.pictures.inline_svg import inline
from forensics.report.pictures.library import load_matplotlib
from forensics.report.wrapping import columns

WIDTH = 499.0  # points: 176 mm, a page's column
POINTS_PER_INCH = 72.0

BLUE, SKY, ORANGE, VERMILION, GREEN, PURPLE = "#0072B2", "#56B4E9", "#E69F00", "#D55E00", "#009E73", "#CC79A7"
INK = "#000000"  # becomes the colour of the page's text
QUIET = 0.66  # opacity of what comes second: axes, units, sources

SMALL, NORMAL = 7.0, 7.5  # points

_STYLE: Any = {
    "svg.fonttype": "none",  # text stays text
    "font.family": ["DejaVu Sans"],
    "font.size": NORMAL,
    "text.parse_math": False,  # a `$` in a name is no formula
    "axes.unicode_minus": True,
    "axes.linewidth": 0.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.labelsize": SMALL,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "hatch.linewidth": 0.6,
    "lines.linewidth": 1.2,
    "figure.dpi": POINTS_PER_INCH,
    "path.simplify": False,  # every port stays where it is
}


class Picture(msgspec.Struct, frozen=True):
    """A picture: `title` states its message, `alt` says in words what it shows, `source` where that stands."""

    name: str
    title: str
    svg: str
    alt: str
    source: str


def drawing(name: str, height: float, alt: str, paint: Callable[[Any], None]) -> str:
    """Draw on a figure of the page's width and so many points of height.

    Args:
        name: the picture's, in front of every id.
        height: in points.
        alt: what the picture shows, in words.
        paint: gets matplotlib's figure and draws, on axes of `whole` or `panel`.
    """
    # matplotlib tells of its font cache, and of letters that its own font lacks: not the report's concern.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        load_matplotlib()  # takes a third of a second, and many reports have no picture
        import matplotlib as mpl  # noqa: PLC0415
        from matplotlib.backends.backend_svg import FigureCanvasSVG  # noqa: PLC0415
        from matplotlib.figure import Figure  # noqa: PLC0415

        with mpl.rc_context(_STYLE | {"svg.hashsalt": name}):
            figure = Figure(figsize=(WIDTH / POINTS_PER_INCH, height / POINTS_PER_INCH))
            figure.patch.set_visible(False)
            paint(figure)
            written = io.StringIO()
            nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
            FigureCanvasSVG(figure).print_svg(written, metadata=nothing)  # type: ignore[no-untyped-call]
    return inline(written.getvalue(), name, alt)


def whole(figure: Any) -> Any:  # noqa: ANN401 - matplotlib's
    """Axes over the whole figure, in points from its upper left corner, without frame."""
    _, height = figure.get_size_inches() * POINTS_PER_INCH
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(height, 0)
    axes.set_axis_off()
    return axes


def panel(figure: Any, left: float, top: float, width: float, height: float) -> Any:  # noqa: ANN401 - matplotlib's
    """Axes on a part of the figure, given in points from its upper left corner."""
    _, whole_height = figure.get_size_inches() * POINTS_PER_INCH
    place = (left / WIDTH, 1 - (top + height) / whole_height, width / WIDTH, height / whole_height)
    axes = figure.add_axes(place)
    axes.patch.set_visible(False)
    return axes


def fitted(text: str, most: int) -> str:
    """Shorten a name in its middle to so many columns; a Chinese character takes two.

    >>> fitted("a-very-long-name.exe", 12), fitted("短い名前", 8), fitted("協議協議協議", 8)
    ('a-very-….exe', '短い名前', '協議…議')
    """
    if columns(text) <= most:
        return text
    behind = (most - 1) * 2 // 5
    head, tail = text[:most], text[-behind:] if behind else ""
    while columns(head) > most - 1 - behind:
        head = head[:-1]
    while columns(tail) > behind:
        tail = tail[1:]
    return f"{head}…{tail}"
