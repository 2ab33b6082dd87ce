"""The comparison in a terminal: the answer, what changed, what to do. At most 80 columns."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from forensics.compare.comparison import Comparison
from forensics.compare.page import Page, Statement, build_page
from forensics.compare.texts import said
from forensics.report.language import spoken, tr
from forensics.report.tables import clip
from forensics.report.words import tell
from forensics.report.wrapping import wrapped
from forensics.text.languages import Code

_WIDTH = 80
_COLUMNS = (20, 23, 23, 7)  # of a line of what changed; a blank between two
_HANG = 12
_MOST_REASONS = 5
_LENGTH = 230  # characters of one statement: three lines
_TONES = {"found": "bold red", "ahead": "bold yellow", "open": "bold yellow", "clear": "bold green"}
_MEANINGS = {"better": "green", "worse": "red"}
_ALWAYS = frozenset({"verdict", "fix", "utilisation"})  # told even where they are the same


def render_terminal(comparison: Comparison, console: Console) -> None:
    """Print the comparison."""
    page = build_page(comparison)
    screen = _Screen(console)
    lines = [
        *_answer(page, screen),
        *_why(page.reasons, screen),
        *_todo(page, screen),
        *_changed(page, screen),
    ]
    for line in lines:
        console.print(line, soft_wrap=True)


class _Screen:
    """Wraps text for a console, in lines without trailing blanks."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.width = min(console.width, _WIDTH)

    def lines(self, text: str, *, label: str = "", indent: int = 0, style: str = "") -> list[Text]:
        """Wrap a paragraph that hangs beside its label."""
        lines = self._wrapped(text, style, self.width - indent)
        # In columns: a Chinese character takes two.
        starts = [label + " " * (indent - cell_len(label)), *[" " * indent] * len(lines)]
        return [Text(start).append_text(line) for start, line in zip(starts, lines, strict=False)]

    def columns(self, cells: Sequence[tuple[str, str]]) -> list[Text]:
        """Wrap cells, each with its style, side by side."""
        columns = [self._wrapped(text, style, width) for (text, style), width in zip(cells, _COLUMNS, strict=True)]
        rows = []
        for number in range(max(len(one) for one in columns)):
            row = Text()
            for column, width in zip(columns, _COLUMNS, strict=True):
                cell = column[number] if number < len(column) else Text()
                row.append_text(cell).append(" " * (width + 1 - cell.cell_len))
            row.rstrip()
            rows.append(row)
        return rows

    def _wrapped(self, text: str, style: str, width: int) -> list[Text]:
        if spoken() != Code.ENGLISH:
            return [Text(line, style=style) for line in wrapped(text, max(1, width))]
        lines = list(Text(text, style=style).wrap(self._console, max(1, width), overflow="fold"))
        for line in lines:
            line.rstrip()
        return lines


def _answer(page: Page, screen: _Screen) -> list[Text]:
    lines = [
        line for fact in page.facts[:2] for line in screen.lines(fact.value, label=fact.label, indent=8, style="dim")
    ]
    for alert in page.alerts:
        lines += screen.lines(alert.text, style="bold yellow")
    return [
        *lines,
        *screen.lines(tell("{status}: {title}", status=page.word.upper(), title=page.meaning), style=_TONES[page.tone]),
        Text(),
        *screen.lines(clip(page.headline, _LENGTH), indent=2),
    ]


def _why(reasons: Sequence[Statement], screen: _Screen) -> list[Text]:
    lines = []
    for one in reasons[:_MOST_REASONS]:
        where = tr("; ").join(dict.fromkeys(place.where for place in (*one.sources[:1], *one.sources[-1:])))
        text = f"{clip(one.text, _LENGTH)}{f' [{where}]' if where else ''}"
        lines += screen.lines(text, label="  -", indent=4)
    return [*_heading(said("title-why")), *lines] if lines else []


def _todo(page: Page, screen: _Screen) -> list[Text]:
    lines = _heading(said("title-next-elevated" if page.elevated else "title-next"))
    for one in page.steps:
        lines += screen.lines(clip(one.action, _LENGTH), label=f"  {one.when.lower()}", indent=_HANG)
        if one.command:
            lines += screen.lines(one.command, indent=_HANG, style="cyan")
        if one.caution:
            lines += screen.lines(clip(said("label-caution", text=one.caution), _LENGTH), indent=_HANG)
    return lines


def _changed(page: Page, screen: _Screen) -> list[Text]:
    """What is the same is named alone."""
    told = [one for one in page.lines if one.meaning != "same" or one.id in _ALWAYS]
    same = [one.what for one in page.lines if one not in told]
    lines = _heading(said("title-changed"))
    if told:
        lines += screen.columns((("", ""), (said("bundle-before"), "dim"), (said("bundle-after"), "dim"), ("", "")))
    for one in told:
        style = _MEANINGS.get(one.meaning, "")
        lines += screen.columns(((one.what, ""), (one.before, ""), (one.after, ""), (one.word, style)))
    if same:
        lines += [Text(), *screen.lines(tr("; ").join(same), label=said("label-same"), indent=6)]
    if page.alike:
        lines += [Text(), *screen.lines(page.alike, style="dim")]
    return lines


def _heading(title: str) -> list[Text]:
    return [Text(), Text(title, style="bold")]
