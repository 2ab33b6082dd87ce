r"""JSON as it is printed and written: it parses to the same strings, and acts on no terminal that shows it.

JSON itself spells out only the control characters below U+0020. U+009B opens a sequence of a terminal as ESC [ does, a
bidi mark reorders a line, and a tag or zero-width character hides text: they are written as escapes too.

>>> print(encode_json({"host": "a\x9b31m\u202e中文"}).decode(), end="")
{
  "host": "a\u009b31m\u202e中文"
}
"""

import json
import unicodedata
from typing import Any

import msgspec


def encode_json(value: object) -> bytes:
    """Write a value as JSON, indented, with a line feed at its end."""
    try:
        data = msgspec.json.encode(value)
    except UnicodeEncodeError:
        # The name of a file that is not UTF-8, as Python has it (PEP 383): half a character is no JSON.
        data = msgspec.json.encode(_whole(msgspec.to_builtins(value)))
    return _visible(msgspec.json.format(data, indent=2)) + b"\n"


def _visible(data: bytes) -> bytes:
    if data.isascii() and b"\x7f" not in data:
        return data
    text = data.decode()
    acting = [char for char in set(text) if char > "~" and not _is_shown(char)]
    return text.translate({ord(char): _escaped(char) for char in acting}).encode() if acting else data


def _escaped(char: str) -> str:
    return "\\u007f" if char == "\x7f" else json.dumps(char)[1:-1]


def _is_shown(char: str) -> bool:
    return char.isprintable() or unicodedata.category(char) == "Zs"


def _whole(value: Any) -> Any:  # noqa: ANN401 - plain JSON values
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_whole(key): _whole(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_whole(one) for one in value]
    return value
