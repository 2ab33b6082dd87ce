"""Lines as Windows tools really end them."""

import re

_END = re.compile("\r\r\n|\r\n|\r")


def split_lines(text: str) -> list[str]:
    r"""Split text at CRLF, LF, CR, and wmic's CR CR LF, which is one line end and not two.

    Only these end a line: Python's own `splitlines` also breaks at form feeds and U+2028, which occur inside names.

    >>> split_lines("a\r\r\nb\r\nc\nd\re")
    ['a', 'b', 'c', 'd', 'e']
    >>> split_lines("a\r\r\r\nb")
    ['a', '', 'b']
    """
    return with_newlines(text).split("\n")


def with_newlines(text: str) -> str:
    r"""The text with every line end as a newline.

    >>> with_newlines("a\r\r\nb\rc")
    'a\nb\nc'
    """
    if "\r\r\r\n" in text:  # what is replaced first would join the CR before it
        return _END.sub("\n", text)
    if "\r" in text:
        text = text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n")
    return text
