r"""Text from a bundle made inert: what a stranger wrote may be shown, but it may not act.

A control character would steer a terminal, a bidi mark would reorder a line, an invisible one would make two names look
alike, a tower of accents would cover the lines above it, an endless string would bury the rest.
"""

import unicodedata
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

from forensics.report.findings import Findings

_MOST_SHOWN = 1000  # characters of one string; the JSON holds all of it
_MOST_MARKS = 5  # on one letter: no living script needs more; Unicode's stream-safe text has up to 30 (UAX 15)
# Letters and marks that no font shows and Python calls printable (Default_Ignorable_Code_Point, DerivedCoreProperties),
# and the empty pattern of Braille. Variation selectors choose between forms of a letter and are counted as marks.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def inert(text: str) -> str:
    r"""Spell out every control, bidi and invisible character, and marks without end; a tab becomes a blank.

    >>> inert("a\x1b[2Jb\u202ec\td")
    'a\\x1b[2Jb\\u202ec d'
    >>> inert("协议\u3000 hôte")
    '协议\u3000 hôte'
    >>> inert("o" + 7 * "\u0300") == "o" + 5 * "\u0300" + 2 * "\\u0300"
    True
    """
    # Of a text the few distinct characters are looked at first: most need no more, and reports are full of texts.
    if all(map(_is_plain, set(text))):
        return text
    shown = []
    marks = 0
    for char in text:
        marks = marks + 1 if _is_mark(char) else 0
        shown.append(char if _may_stand(char) and marks <= _MOST_MARKS else _spelled(char))
    return "".join(shown)


def inert_findings(findings: Findings) -> Findings:
    """Make every string of the findings inert, so that no output can forget one."""
    return msgspec.convert(_walk(msgspec.to_builtins(findings, builtin_types=(datetime,))), Findings)


@lru_cache(maxsize=1 << 14)
def _is_plain(char: str) -> bool:
    return _may_stand(char) and not _is_mark(char)


def _may_stand(char: str) -> bool:
    return (char.isprintable() or unicodedata.category(char) == "Zs") and char not in _INVISIBLE


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M"


def _spelled(char: str) -> str:
    return " " if char == "\t" else char.encode("unicode_escape").decode("ascii")


def _walk(value: Any) -> Any:  # noqa: ANN401 - plain JSON values
    if isinstance(value, str):
        # A character may take ten when it is spelled out.
        shown = inert(value[: _MOST_SHOWN + 1])
        return shown if len(shown) <= _MOST_SHOWN else f"{shown[:_MOST_SHOWN]}…"
    if isinstance(value, dict):
        return {inert(key): _walk(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_walk(one) for one in value]
    return value
