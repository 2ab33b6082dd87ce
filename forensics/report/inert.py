"""Text from a bundle made inert: what a stranger wrote may be shown, but it may not act.

A control character would steer a terminal, a bidi mark would reorder a line, an endless string would bury the rest.
"""

import unicodedata
from datetime import datetime
from typing import Any

import msgspec

from forensics.report.findings import Findings

_MOST_SHOWN = 1000  # characters of one string; the JSON holds all of it


def inert(text: str) -> str:
    r"""Spell out every control, bidi and invisible character; a tab becomes a blank.

    >>> inert("a\x1b[2Jb\u202ec\td")
    'a\\x1b[2Jb\\u202ec d'
    >>> inert("协议\u3000 hôte")
    '协议\u3000 hôte'
    """
    if text.isprintable():
        return text
    return "".join(_shown(char) for char in text)


def inert_findings(findings: Findings) -> Findings:
    """Make every string of the findings inert, so that no output can forget one."""
    return msgspec.convert(_walk(msgspec.to_builtins(findings, builtin_types=(datetime,))), Findings)


def _shown(char: str) -> str:
    if char.isprintable() or unicodedata.category(char) == "Zs":
        return char
    return " " if char == "\t" else char.encode("unicode_escape").decode("ascii")


def _walk(value: Any) -> Any:  # noqa: ANN401 - plain JSON values
    if isinstance(value, str):
        return inert(value if len(value) <= _MOST_SHOWN else f"{value[:_MOST_SHOWN]}…")
    if isinstance(value, dict):
        return {inert(key): _walk(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_walk(one) for one in value]
    return value
