"""Content to facts: every parser that knows a member reads it, and none of them may raise.

Should one raise, that is a defect of ours, which costs what this parser would have read of this member.
"""

import traceback
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from forensics.parsed import Parsed, Problem
from forensics.parsers import bytes_parsers, remaining_text_parsers, text_parsers

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

    def __call__(self, content: str | bytes, *, remaining: bool = True) -> Found:
        """Read text or bytes.

        Args:
            content: the member, whole; text is decoded.
            remaining: whether text that no other parser knows may be a log of an application.

        Raises:
            LostError: where it took too long, or too much memory.
        """


def parse_here(content: str | bytes, *, remaining: bool = True) -> Found:
    """Read in this process; raises nothing."""
    if isinstance(content, bytes):
        return _parsed(bytes_parsers(), content)
    return _parsed(text_parsers(), content) or (_parsed(remaining_text_parsers(), content) if remaining else [])


def _parsed(parsers: Sequence[_Parser[_T]], content: _T) -> Found:
    return [
        (parser.KIND, result)
        for parser in parsers
        if (result := guarded(parser.KIND, partial(_parse_known, parser, content)))
    ]


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
        message = f"{DEFECT}its {kind} reader failed with {where}; please report it"
        return Parsed((), "", (Problem(None, message),))
