r"""Breaking lines where no blank says where: Chinese is written without.

A line may end between any two Chinese characters, but none begins with a comma and none ends with an opening bracket
(GB/T 15834-2011, 5.1); a number stays with its unit, a date in one piece.

>>> wrapped("端口已获得，端口已释放（TIME_WAIT）", 14)
['端口已获得，端', '口已释放', '（TIME_WAIT）']
>>> wrapped("在 300 秒后仍然存在", 8), wrapped("C:\\Windows\\System32", 8)
(['在', '300 秒后', '仍然存在'], ['C:\\Windo', 'ws\\Syste', 'm32'])
"""

import re
from collections.abc import Iterator
from unicodedata import east_asian_width

_WIDE = "\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef"
_OPENING, _CLOSING = "（“《【", "，。；：、？！）”》】"
_DATE = r"\d+年\d+月\d+日"
_PIECES = re.compile(rf"[{_OPENING}]*(?:{_DATE}|\d[\d,.]* [{_WIDE}]|[^\s{_WIDE}]+|[{_WIDE}])?[{_CLOSING}]*\s*")


def wrapped(text: str, most: int) -> list[str]:
    """Break a text into lines of so many columns; what is longer than a line is cut. Its own lines stay."""
    return [line for own in text.split("\n") for line in _broken(own, most)]


def _broken(text: str, most: int) -> list[str]:
    lines = [""]
    for piece in _PIECES.findall(text):
        for part in _parts(piece, most):
            if lines[-1] and columns(lines[-1] + part.rstrip()) > most:
                lines.append("")
            lines[-1] += part
    return [line.rstrip() for line in lines]


def columns(text: str) -> int:
    """How many columns of a typewriter a text takes."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _parts(piece: str, most: int) -> Iterator[str]:
    """A piece, or as much of it as a line has room for, again and again."""
    while columns(piece.rstrip()) > most:
        cut = next(length for length in range(len(piece), 0, -1) if columns(piece[:length]) <= most or length == 1)
        yield piece[:cut]
        piece = piece[cut:]
    yield piece
