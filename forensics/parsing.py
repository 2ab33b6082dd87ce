"""Content to facts: every parser that knows a member reads it, and none of them may raise.

Should one raise, that is a defect of ours, which costs what this parser would have read of this member.
"""

import traceback
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from forensics.bundle.member import BLOCK
from forensics.parsed import Parsed, Problem
from forensics.parsers import bytes_parsers, remaining_text_parsers, stream_parsers, text_parsers

DEFECT = "a defect of forensics: "

Found = list[tuple[str, Parsed]]
"""What each parser that knew a member read of it, with the parser's kind."""

_P = TypeVar("_P", Parsed, Parsed | None)
_T = TypeVar("_T", str, bytes)
_T_contra = TypeVar("_T_contra", str, bytes, contravariant=True)


class LostError(Exception):
    """What was to be read cannot be: the message says why."""


class _Parser(Protocol[_T_contra]):
    """What text and bytes parsers have in common."""

    KIND: str

    def recognise(self, content: _T_contra, /) -> bool: ...

    def parse(self, content: _T_contra, /) -> Parsed: ...


class Parse(Protocol):
    """Reads a member's content, here or in a process of its own (isolation.py)."""

    def __call__(self, content: str | bytes, *, remaining: bool = True, seconds: float | None = None) -> Found:
        """Read text or bytes.

        Args:
            content: the member, whole; text is decoded, but that of a trace.
            remaining: whether text that no other parser knows may be a log of an application.
            seconds: what may be spent on it, where that is less than the reader's own limit.

        Raises:
            LostError: where it took too long, or too much memory.
        """


def parse_here(content: str | bytes, *, remaining: bool = True, seconds: float | None = None) -> Found:  # noqa: ARG001 - nobody else can stop it
    """Read in this process; raises nothing."""
    if isinstance(content, bytes):
        return _parsed(bytes_parsers(), content) + _streamed(content)
    return _parsed(text_parsers(), content) or (_parsed(remaining_text_parsers(), content) if remaining else [])


def _parsed(parsers: Sequence[_Parser[_T]], content: _T) -> Found:
    return [
        (parser.KIND, result)
        for parser in parsers
        if (result := guarded(parser.KIND, partial(_parse_known, parser, content)))
    ]


def _streamed(content: bytes) -> Found:
    head = content[:BLOCK]
    known = [parser for parser in stream_parsers() if parser.recognise(head)]
    return [(parser.KIND, guarded(parser.KIND, partial(parser.parse, [content]))) for parser in known]


def _parse_known(parser: _Parser[_T], content: _T) -> Parsed | None:
    return parser.parse(content) if parser.recognise(content) else None


def guarded(kind: str, parse: Callable[[], _P]) -> _P | Parsed:
    """Let a parser work; what it raises becomes a problem that names the defect."""
    try:
        return parse()
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - the seam between the bundle and our parsers
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"
        where += "".join(f" ({note})" for note in getattr(error, "__notes__", ()))  # from a process of the parser's own
        message = f"{DEFECT}its {kind} reader failed with {where}; please report it"
        return Parsed((), "", (Problem(None, message),))
