"""Lines as Windows tools really end them."""

import re

_LINE_END = re.compile(r"\r*\n|\r")


def split_lines(text: str) -> list[str]:
    r"""Split text at CRLF, LF, CR, and wmic's CR CR LF, which is one line end and not two.

    Only these end a line: Python's own `splitlines` also breaks at form feeds and U+2028, which occur inside names.

    >>> split_lines("a\r\r\nb\r\nc\nd\re")
    ['a', 'b', 'c', 'd', 'e']
    """
    return _LINE_END.split(text)
