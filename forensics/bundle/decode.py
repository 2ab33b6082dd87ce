r"""Bytes to text, whatever wrote them: console code pages, PowerShell's UTF-16, UTF-8, with and without marks.

Seen on real files (traps.md): UTF-16LE with and without BOM and with a stray odd byte; cp437, 850, 866, 932, 936,
949, 1252; UTF-8 with BOM. A code page is told by its letters (`code_page`):

>>> decode("  协议  本地地址".encode("cp936"))
Decoded(text='  协议  本地地址', encoding='cp936', damaged=0)
>>> decode("Aktive Verbindungen ABHÖREN".encode("cp850")).encoding
'cp850'
>>> decode("plain".encode("utf-16-le")).encoding
'utf-16-le'
"""

import codecs
import re
from collections.abc import Iterator

import msgspec

from forensics.bundle.code_page import guess_code_page

_BOMS = (
    (codecs.BOM_UTF8, "utf-8", "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16-le with BOM"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16-be with BOM"),
)
# Controls that no text holds; NUL is counted by itself, 0x1A ends old DOS files, 0x1B begins colours.
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\x0b\x0c\x1a\x1b\x00"))
_HEAD = 1 << 16  # bytes that show whether a member is text, and UTF-16
_SAMPLE = 2048  # bytes of different lines outside ASCII that decide between code pages
_SEARCHED = 1 << 18  # bytes; what comes later decides only where nothing came before
_OUTSIDE_ASCII = re.compile(rb"[\x80-\xff]")
_LONGEST_LINE = 512
_PRINTED = re.compile(r"[\t\n\r\x20-\x7e]")
_UNPRINTED = re.compile(r"[\x00-\x08\x0e-\x19\x1c-\x1f\ufffd\ue000-\uf8ff]")
_LONG_IN_UTF8 = re.compile(r"[\u0800-\U0010ffff]")  # three bytes and more
_CERTAIN_LETTERS = 8
# In UTF-16, one character in so many at least is ASCII (line ends, blanks, digits), and at most is nothing to print.
_PRINTED_SHARE, _PRINTED_SHARE_OF_LINES, _UNPRINTED_SHARE = 5, 50, 20


class Decoded(msgspec.Struct, frozen=True):
    """Text, the encoding it was read with, and how many bytes or characters that encoding could not say."""

    text: str
    encoding: str
    damaged: int


def is_binary(head: bytes) -> bool:
    """Tell binary data from text in any encoding: NULs that are not UTF-16's, or too many control characters."""
    head = head[:_HEAD]
    if not head or any(head.startswith(bom) for bom, _, _ in _BOMS) or _utf16(head):
        return False
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return head.count(0) * 100 > len(head) or controls * 20 > len(head)


def decode(data: bytes, prefer: tuple[str, ...] = ()) -> Decoded:
    """Decode a member. `prefer` names the machine's own code pages, best first, where a manifest gives them."""
    for bom, codec, label in _BOMS:
        if data.startswith(bom):
            return _finish(data[len(bom) :], codec, label)
    utf16 = _utf16(data[:_HEAD])
    if utf16:
        return _finish(data, utf16, utf16)
    if data.isascii():
        return Decoded(data.decode("ascii"), "ascii", 0)
    sample = _sample(data)
    encoding = "utf-8" if _is_utf8(sample) else guess_code_page(sample, _candidates(data, prefer))
    return _finish(data, encoding, encoding)


def _finish(data: bytes, codec: str, label: str) -> Decoded:
    if codec.startswith("utf-16") and len(data) % 2:
        data = data[:-1]  # a stray byte at the end, which a console's `>>` leaves there
    text = data.decode(codec, "replace")
    return Decoded(text, label, text.count("\ufffd"))


def _utf16(head: bytes) -> str | None:
    """Tell UTF-16 without a mark by its line ends and other ASCII, of which text in any language has some."""
    units = len(head) // 2
    if 0 not in head or not units:
        return None
    texts = {codec: head[: units * 2].decode(codec, "replace") for codec in ("utf-16-le", "utf-16-be")}
    codec = max(texts, key=lambda codec: (texts[codec].count("\n"), len(_PRINTED.findall(texts[codec]))))
    text = texts[codec]
    printed = len(_PRINTED.findall(text))
    enough = printed * (_PRINTED_SHARE if "\n" not in text else _PRINTED_SHARE_OF_LINES) >= units
    # Events as XML stand on one line each; there the share of ASCII tells.
    in_lines = "\n" not in text or text.count("\n") * _LONGEST_LINE > units or printed * 2 > units
    unprinted = len(_UNPRINTED.findall(text)) * _UNPRINTED_SHARE
    return codec if enough and units >= unprinted and in_lines else None


def _is_utf8(sample: bytes) -> bool:
    """Tell UTF-8, though it was cut or has a few foreign bytes. A few letters alone may be valid by chance."""
    text = sample.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    letters = len(text) - len(text.encode("ascii", "ignore")) - damaged
    long = len(_LONG_IN_UTF8.findall(text)) - damaged
    return letters > 10 * damaged and (letters >= _CERTAIN_LETTERS or long > 0)


def _candidates(data: bytes, prefer: tuple[str, ...]) -> tuple[str, ...]:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return prefer
    return ("utf-8", *prefer)


def _sample(data: bytes) -> bytes:
    """Different lines outside ASCII, from the beginning on."""
    lines: dict[bytes, None] = {}
    taken = 0
    for line in _lines_outside_ascii(data):
        if line not in lines:
            lines[line] = None
            taken += len(line)
        if taken > _SAMPLE:
            break
    return b"\n".join(lines)


def _lines_outside_ascii(data: bytes) -> Iterator[bytes]:
    position, limit = 0, len(data)
    while match := _OUTSIDE_ASCII.search(data, position, limit):
        start = data.rfind(b"\n", position, match.start()) + 1 or position
        end = data.find(b"\n", match.start())
        end = len(data) if end < 0 else end
        # Of an endless line, the part from its first letter outside ASCII on.
        start = start if match.start() - start < _LONGEST_LINE else match.start()
        yield data[start : min(end, start + _LONGEST_LINE)]
        position, limit = end, _SEARCHED
