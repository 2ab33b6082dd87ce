"""What a terminal shows: the verdict on one screen, and the table of members of `inspect`.

Plain text where the console is no terminal. Never wider than 80 columns for the verdict, 120 for the table.
"""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from forensics.evidence import FileReport, Warned
from forensics.report import words
from forensics.report.collected import NotCollected, Transformed
from forensics.report.findings import FileEntry, Findings
from forensics.report.front import Front
from forensics.report.inert import inert
from forensics.report.language import spoken, tr
from forensics.report.tables import and_more, clip
from forensics.report.view import build_view
from forensics.report.words import paragraph, tell
from forensics.report.wrapping import wrapped
from forensics.text.languages import Code

WIDTH = 80
_WIDEST = 120
_MOST_ACTIONS = 4
_MOST_LINES = 30  # one screen of a small window
_LINE_LENGTH = 230  # characters of one statement: three lines
_COMMAND_LENGTH = 300
_PATH_LENGTH = 260
_HANG = 12  # characters: labels of what to do
_TONES = {"found": "bold red", "ahead": "bold yellow", "open": "bold yellow", "clear": "bold green"}
_TROUBLED = {"partly-read": "yellow", "unreadable": "red", "left": "yellow"}
_MOST_WARNINGS = 3  # for one member
_HASH_LENGTH = 12
_STATUS_HANG = 14  # characters: the longest status and two blanks


def render_terminal(findings: Findings, console: Console) -> None:
    """Print the verdict, why, and what to do."""
    for line in _fitting(build_view(findings).front, _Page(console, WIDTH)):
        console.print(line, soft_wrap=True)


def render_inspect(
    files: Sequence[FileEntry | FileReport],
    warnings: Sequence[Warned],
    console: Console,
    lost: Sequence[NotCollected] = (),
    changed: Sequence[Transformed] = (),
) -> None:
    """Print every member: what it is, how it was decoded, what was wrong with it; then what is not there."""
    page = _Page(console, _WIDEST)
    listed = {file.path for file in files}
    how = {one.path: one.how for one in changed}
    lines = [line for file in files for line in _member(file, warnings, how.get(file.path, ""), page)]
    for warning in warnings:
        if warning.file not in listed:
            where = f"{warning.file}: " if warning.file else ""
            lines += page.lines(_shown(f"{where}{warning.message}"), label="!", style="yellow")
    lines += _not_collected(lost, page)
    for line in lines:
        console.print(line, soft_wrap=True)


def _not_collected(lost: Sequence[NotCollected], page: "_Page") -> list[Text]:
    """What the collector did not get, why, and what it would have shown."""
    lines = _heading(f"Not collected ({words.count(len(lost))})") if lost else []
    for one in lost:
        outcome = inert(one.outcome)[: _STATUS_HANG - 1]  # the manifest's word, whatever it is
        lines += page.lines(_shown(one.path), label=outcome, indent=_STATUS_HANG, style="bold")
        lines += page.lines(_shown(one.reason), indent=_STATUS_HANG)
        if one.why:
            lines += page.lines(_shown(one.why), indent=_STATUS_HANG, style="dim")
    return lines


class _Page:
    """Wraps text for a console, in lines without trailing blanks."""

    def __init__(self, console: Console, widest: int) -> None:
        self._console = console
        self._width = min(console.width, widest)

    def lines(self, text: str, *, label: str = "", indent: int = 2, style: str = "") -> list[Text]:
        """Wrap a paragraph that hangs beside its label."""
        width = max(1, self._width - indent)
        if spoken() == Code.ENGLISH:
            lines = list(Text(text, style=style).wrap(self._console, width, overflow="fold"))
        else:
            lines = [Text(line, style=style) for line in wrapped(text, width)]
        # In columns: a Chinese character takes two.
        starts = [label + " " * (indent - cell_len(label)), *[" " * indent] * len(lines)]
        for line in lines:
            line.rstrip()
        return [Text(start).append_text(line) for start, line in zip(starts, lines, strict=False)]


# What a screen may hold, fullest first: reasons, causes ruled out, things to collect, and whether cautions are shown.
_FILLINGS = (
    (4, 3, 3, True),
    (3, 2, 3, True),
    (2, 1, 2, True),
    (2, 0, 2, True),
    (1, 0, 2, True),
    (1, 0, 1, True),
    (0, 0, 1, True),
    (1, 0, 1, False),
    (0, 0, 1, False),
)


def _fitting(front: Front, page: _Page) -> list[Text]:
    """Return the fullest screen that fits. Commands are never left out."""
    lines: list[Text] = []
    for reasons, fallen, asks, cautions in _FILLINGS:
        lines = [*_verdict(front, page), *_why(front, reasons, page), *_todo(front, page, asks, cautions=cautions)]
        lines += _fallen(front, fallen, page)
        if len(lines) <= _MOST_LINES:
            break
    return lines


def _verdict(front: Front, page: _Page) -> list[Text]:
    host, system, collected = (fact.value for fact in front.facts[:3])
    title = page.lines(
        tell("{status}: {title}", status=front.word.upper(), title=front.title), indent=0, style=_TONES[front.tone]
    )
    return [
        *page.lines(tell("{host}, collected {at}", host=host, at=collected), indent=0, style="dim"),
        *page.lines(system, indent=0, style="dim"),
        *(page.lines(tell("Bundle: {damage}", damage=front.damage), indent=0, style="yellow") if front.damage else ()),
        *title,
        *page.lines(paragraph([front.meaning, front.scope])),
        Text(),
        *page.lines(clip(front.headline or front.plain, _LINE_LENGTH)),
    ]


def _why(front: Front, most: int, page: _Page) -> list[Text]:
    reasons = front.reasons[:most]
    told = [f"{clip(one.value, _LINE_LENGTH)}{f' [{one.note}]' if one.note else ''}" for one in reasons]
    lines = [line for one in told for line in page.lines(one, label="  -", indent=4)]
    return [*_heading(tr("Why")), *lines] if lines else []


def _todo(front: Front, page: _Page, most: int, *, cautions: bool) -> list[Text]:
    lines = _heading(
        tr("What to do (in an elevated Command Prompt, not PowerShell)") if _has_commands(front) else tr("What to do")
    )
    for one in front.actions[:_MOST_ACTIONS]:
        lines += page.lines(clip(one.action, _LINE_LENGTH), label=f"  {one.when.lower()}", indent=_HANG)
        lines += _command(one.command, page)
        if cautions and one.caution:
            lines += page.lines(clip(tell("Caution: {what}", what=one.caution), _LINE_LENGTH), indent=_HANG)
    if front.settle:
        lines += page.lines(front.settle)
    if front.nothing_to_do:
        lines += page.lines(front.nothing_to_do)
    for ask in front.asks[:most]:
        lines += page.lines(clip(ask.statement, _LINE_LENGTH), label=f"  {tr('collect')}", indent=_HANG)
        lines += _command(ask.command, page)
        lines += (
            page.lines(ask.collector, label=f"         {tr('or')}", indent=_HANG, style="cyan") if ask.collector else []
        )
        lines += page.lines(ask.note, indent=_HANG) if ask.note else []
    rest = len(front.actions[_MOST_ACTIONS:]) + len(front.asks[most:])
    return lines + (page.lines(tell("and {rest} more in the report", rest=rest)) if rest else [])


def _has_commands(front: Front) -> bool:
    return any(one.command for one in front.actions) or any(one.command for one in front.asks)


def _command(command: str, page: _Page) -> list[Text]:
    return page.lines(clip(command, _COMMAND_LENGTH), indent=_HANG, style="cyan") if command else []


def _fallen(front: Front, most: int, page: _Page) -> list[Text]:
    titles = [one.label for one in front.ruled_out[:most]]
    rest = and_more(len(front.ruled_out) - most)
    said = tr("; ").join([*titles, rest] if rest else titles)
    label = tr("Not:")
    return [Text(), *page.lines(said, label=label, indent=cell_len(label) + 1)] if titles else []


def _heading(title: str) -> list[Text]:
    return [Text(), Text(title, style="bold")]


def _member(file: FileEntry | FileReport, warnings: Sequence[Warned], how: str, page: _Page) -> list[Text]:
    own = [warning.message for warning in warnings if warning.file == file.path]
    digest = f"sha256 {file.sha256[:_HASH_LENGTH]}" if file.sha256 else ""
    facts = [file.kind, file.encoding, f"{words.count(file.size)} bytes", digest]
    known = ", ".join(fact for fact in facts if fact)
    trouble = _TROUBLED.get(file.status, "")
    lines = page.lines(_shown(file.path), label=file.status, indent=_STATUS_HANG, style="bold")
    lines[0].stylize(trouble, 0, _STATUS_HANG)
    lines += page.lines(_shown(f"{known}: {file.note}" if file.note else known), indent=_STATUS_HANG)
    if how:
        lines += page.lines(_shown(f"changed by the collector: {how}"), indent=_STATUS_HANG)
    for message in own[:_MOST_WARNINGS]:
        lines += page.lines(_shown(f"! {message}"), indent=_STATUS_HANG, style="yellow")
    rest = len(own) - _MOST_WARNINGS
    return lines + (page.lines(f"! and {rest} more", indent=_STATUS_HANG, style="yellow") if rest > 0 else [])


def _shown(text: str) -> str:
    return clip(inert(text), _PATH_LENGTH)
