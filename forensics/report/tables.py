"""Tables of plain text, and how figures, moments and sources are written in them."""

import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec

from forensics.evidence import Source
from forensics.report.language import stamp, tr
from forensics.report.words import fill, tell
from forensics.text.said import Said

QUOTE_LENGTH = 240
PATH_LENGTH = 260  # characters, as Windows allows a path (MAX_PATH)
NAME_LENGTH = 80
_COMMAND_WIDTH = 64  # characters: with indent and " ^" it fits 80 columns in the terminal and a line of the page
MOST_SOURCES = 8  # of one statement: a cause cites six at most, unless a bundle is crowded
IN_JSON = Said("and {count:count} more in --json")
Form = Literal["text", "number", "raw"]


class Column(msgspec.Struct, frozen=True):
    """A column's heading, width in percent, and form: `text`, `number` (to the right) or `raw` (as in the evidence)."""

    title: str
    width: int
    form: Form


class Table(msgspec.Struct, frozen=True):
    """A table of plain text; `more` says what was left out."""

    caption: str
    columns: list[Column]
    rows: list[list[str]]
    more: str = ""


class Quoted(msgspec.Struct, frozen=True):
    """Where something stands in the bundle, and the raw text."""

    where: str
    quote: str


def table(caption: str, *columns: tuple[str, int, Form], rows: list[list[str]], more: str = "") -> Table:
    """Make a table from its columns' titles, widths and forms."""
    return Table(caption, [Column(*column) for column in columns], rows, more)


def quoted(source: Source) -> Quoted:
    """Where a source points, in words, and what stands there, shortened."""
    where = clip(source.file, PATH_LENGTH)
    if source.line is not None:
        where = at_line(where, source.line)
    elif source.record is not None:
        where = tell("{file}, record {record:count}", file=where, record=source.record)
    return Quoted(where, clip(source.quote, QUOTE_LENGTH))


def quoted_some(sources: Sequence[Source]) -> list[Quoted]:
    """The first few of them, and how many more there are."""
    more = and_more(len(sources) - MOST_SOURCES, IN_JSON)
    return [*(quoted(one) for one in sources[:MOST_SOURCES]), *([Quoted(more, "")] if more else [])]


def at_line(file: str, line: int) -> str:
    """A place in a file.

    >>> at_line("netstat.txt", 1234)
    'netstat.txt, line 1,234'
    """
    return tell("{file}, line {line:count}", file=file, line=line)


def wrapped_command(command: str) -> str:
    r"""Break a long command where `cmd` lets it be broken, so that it can be copied and pasted in one piece.

    >>> print(wrapped_command("netsh int ipv4 set dynamicport tcp start=10000 num=55535 store=persistent"))
    netsh int ipv4 set dynamicport tcp start=10000 num=55535 ^
      store=persistent
    """
    lines = textwrap.wrap(command, _COMMAND_WIDTH, break_long_words=False, break_on_hyphens=False)
    return " ^\n  ".join(lines)


def clip(text: str, length: int) -> str:
    """Shorten a text, and say by how much.

    >>> clip("abcdef", 4)
    'abcd… (2 more characters)'
    """
    if len(text) <= length:
        return text
    return tell("{text}… ({left_out:count} more characters)", text=text[:length], left_out=len(text) - length)


def moment(at: datetime | None) -> str:
    """A moment in UTC, to the second, for a column that is headed UTC."""
    return stamp(at.astimezone(UTC)) if at else tr("unknown")


def and_more(count: int, said: Said = Said("and {count:count} more")) -> str:  # noqa: B008 - it is frozen
    """Say how many of a list were left out, if any.

    >>> and_more(1234), and_more(12, Said("and {count:count} more files")), and_more(0)
    ('and 1,234 more', 'and 12 more files', '')
    """
    return fill(tr(said.text), {"count": count}) if count > 0 else ""
