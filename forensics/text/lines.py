"""Lines as Windows tools really end them."""


def split_lines(text: str) -> list[str]:
    r"""Split text at CRLF, LF, CR, and wmic's CR CR LF, which is one line end and not two.

    Only these end a line: Python's own `splitlines` also breaks at form feeds and U+2028, which occur inside names.

    >>> split_lines("a\r\r\nb\r\nc\nd\re")
    ['a', 'b', 'c', 'd', 'e']
    """
    if "\r" in text:
        text = text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n")
    return text.split("\n")
