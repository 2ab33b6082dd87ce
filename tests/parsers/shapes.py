"""What a parser's docstring shows, damaged as files are damaged: a parser added later is covered by being there."""

import re
from collections.abc import Callable

from hypothesis import strategies as st

from forensics.parsers import TextParser

from .scramble import scramble

_TOKEN = re.compile(r"\w+|[^\w\s]|[^\S\n]+")
_NUMBER = re.compile(r"[0-9]+")
# In the place of numbers: none, the bounds of bytes, ports and DWORDs and what lies beyond, other digits, other signs.
_NUMBERS = (
    "", "0", "00", "-1", "255", "256", "65535", "65536", "4294967295", "4294967296", "9" * 20, "9" * 30, "9" * 5000,
    "٣", "९९", "９", "²", "1,204", "1.204", "1 204", "0x1F", "0x", "1e9", "NaN", "+1", "1_000",
)  # fmt: skip
# In the place of anything: signs of formats, and characters that mean a line end or nothing to some.
_SIGNS = (
    '"', ",", "=", ":", "：", ";", "[", "]", "(", "\\", "/", "<", "&amp;", "&#" + "1" * 5000 + ";", "-----", "=====", "\t", "    ",
    "\u3000", "\xa0", "\u200e", "\ufeff", "\u2028", "\x0b", "\x0c", "\x00", "\x1a", "\x85", "\ud800", "\U0001f600", "ß", "İ", "年",
    "0001-01-01T00:00:00-23:59", "9999-12-31T23:59:59-23:59", "6.1.7601 x [1]: 7601", "1/1/0001", "31/12/9999 23:59:59", "00010101000000.000000+999", "24:00:00",
)  # fmt: skip
_LINE_ENDS = ("\n", "\r\n", "\r", "\r\r\n")


def evidence(parser: TextParser) -> str:
    """The input that a parser's docstring shows: its indented lines, without the indentation."""
    lines = (parser.__doc__ or "").split("\n")
    shown = [line for line in lines if line.startswith("    ") or not line.strip()]
    return "\n".join(line.removeprefix("    ") for line in shown).strip("\n") + "\n"


@st.composite
def damaged(draw: st.DrawFn, parser: TextParser) -> str:
    """One to five damages, of lines and of fields, anywhere in what the parser reads."""
    lines = evidence(parser).split("\n")
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(lines) - 1))
        damage = draw(st.sampled_from([*_TO_LINES, *_TO_FIELDS]))
        if damage in _TO_LINES:
            lines = _TO_LINES[damage](lines, at, draw(st.integers(0, len(lines) - 1))) or [""]
            continue
        tokens = _TOKEN.findall(lines[at])
        if tokens:
            place = draw(st.integers(0, len(tokens) - 1))
            other = draw(st.integers(0, len(tokens) - 1))
            lines[at] = "".join(_TO_FIELDS[damage](tokens, place, draw(st.sampled_from(_SIGNS)), other))
        if damage == "number":
            lines[at] = _NUMBER.sub(draw(st.sampled_from(_NUMBERS)), lines[at], count=draw(st.integers(1, 3)))
    text = "\n".join(lines)
    return text[: draw(st.integers(0, len(text)))] if draw(st.booleans()) else text


def fragments() -> st.SearchStrategy[str]:
    """What may stand anywhere by mistake or malice."""
    return st.sampled_from([*_SIGNS, *_NUMBERS])


def with_line_ends(text: str) -> list[str]:
    """The same lines with each line end that Windows programs write."""
    return [text.replace("\n", end) for end in _LINE_ENDS]


def _inserted(lines: list[str], at: int, line: str) -> list[str]:
    return [*lines[:at], line, *lines[at:]]


_TO_LINES: dict[str, Callable[[list[str], int, int], list[str]]] = {
    "drop": lambda lines, at, _: lines[:at] + lines[at + 1 :],
    "double": lambda lines, at, _: lines[: at + 1] + lines[at:],
    "many": lambda lines, at, _: lines[: at + 1] + [lines[at]] * 60 + lines[at + 1 :],
    "exchange": lambda lines, at, other: [
        lines[other] if i == at else lines[at] if i == other else one for i, one in enumerate(lines)
    ],
    "move": lambda lines, at, other: _inserted(lines[:at] + lines[at + 1 :], other, lines[at]),
    "join": lambda lines, at, _: [*lines[:at], "".join(lines[at : at + 2]), *lines[at + 2 :]],
    "blank": lambda lines, at, _: [*lines[:at], "", *lines[at:]],
    "again": lambda lines, at, other: lines + lines[min(at, other) : max(at, other)],
    "translate": lambda lines, at, _: [*lines[:at], scramble(lines[at]), *lines[at + 1 :]],
    "wrap": lambda lines, at, other: [*lines[:at], lines[at][: other * 4], lines[at][other * 4 :], *lines[at + 1 :]],
    "indent": lambda lines, at, other: [*lines[:at], " " * other + lines[at], *lines[at + 1 :]],
}
_TO_FIELDS: dict[str, Callable[[list[str], int, str, int], list[str]]] = {
    "drop a field": lambda tokens, at, _, __: tokens[:at] + tokens[at + 1 :],
    "double a field": lambda tokens, at, _, __: tokens[: at + 1] + tokens[at:],
    "exchange fields": lambda tokens, at, _, other: [
        tokens[other] if i == at else tokens[at] if i == other else one for i, one in enumerate(tokens)
    ],
    "cut": lambda tokens, at, _, __: tokens[:at],
    "sign": lambda tokens, at, sign, _: [*tokens[:at], sign, *tokens[at + 1 :]],
    "insert": lambda tokens, at, sign, _: [*tokens[:at], sign, *tokens[at:]],
    "number": lambda tokens, _, __, ___: tokens,
}
