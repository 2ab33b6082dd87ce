r"""Bytes to text, whatever wrote them: console code pages, PowerShell's UTF-16, UTF-8, with and without marks.

Seen on real files (traps.md): UTF-16LE with and without BOM and with a stray odd byte; cp437, 850, 866, 932, 936,
949, 1252; UTF-8 with BOM. A code page is told by the Windows words that appear when it is right:

>>> decode("  协议  本地地址".encode("cp936"))
Decoded(text='  协议  本地地址', encoding='cp936', damaged=0)
>>> decode("Aktive Verbindungen ABHÖREN".encode("cp850")).encoding
'cp850'
>>> decode("plain".encode("utf-16-le")).encoding
'utf-16-le'
"""

import codecs

import msgspec

from forensics.knowledge.code_pages import CODE_PAGES, familiarity

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 16_384  # bytes of lines outside ASCII that decide between code pages
# Controls that no text holds; NUL is counted by itself, 0x1A ends old DOS files, 0x1B begins colours.
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\x0b\x0c\x1a\x1b\x00"))
_HEAD = 4096  # bytes that show whether every other byte is NUL


class Decoded(msgspec.Struct, frozen=True):
    """Text, the encoding it was read with, and how many bytes or characters that encoding could not say."""

    text: str
    encoding: str
    damaged: int


def is_binary(head: bytes) -> bool:
    """Tell binary data from text in any encoding: NULs that are not UTF-16's, or too many control characters."""
    if not head:
        return False
    if any(head.startswith(bom) for bom, _ in _BOMS) or _utf16(head):
        return False
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return head.count(0) * 100 > len(head) or controls * 20 > len(head)


def decode(data: bytes, prefer: tuple[str, ...] = ()) -> Decoded:
    """Decode a member. `prefer` names the machine's own code pages, best first, where a manifest gives them."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            name = "utf-8" if encoding == "utf-8-sig" else encoding
            return _finish(data[len(bom) :], name, encoding if encoding == "utf-8-sig" else f"{encoding} with BOM")
    utf16 = _utf16(data[:_HEAD])
    if utf16:
        return _finish(data, utf16, utf16)
    if data.isascii():
        return Decoded(data.decode("ascii"), "ascii", 0)
    try:
        return Decoded(data.decode("utf-8"), "utf-8", 0)
    except UnicodeDecodeError:
        pass
    encoding = _code_page(data, prefer)
    return _finish(data, encoding, encoding)


def _finish(data: bytes, codec: str, label: str) -> Decoded:
    text = data.decode(codec, "replace")
    # A lone surrogate would raise wherever the text is written out again.
    text = text.encode("utf-8", "replace").decode("utf-8") if not text.isascii() else text
    return Decoded(text, label, text.count("\ufffd"))


def _utf16(head: bytes) -> str | None:
    """UTF-16 without a mark: Windows prints mostly ASCII, so every other byte is NUL."""
    even, odd = head[0::2], head[1::2]
    if len(head) < 4:  # noqa: PLR2004 - too short to tell
        return None
    if odd.count(0) * 3 > len(odd) and even.count(0) * 10 < len(even):
        return "utf-16-le"
    if even.count(0) * 3 > len(even) and odd.count(0) * 10 < len(odd):
        return "utf-16-be"
    return None


def _code_page(data: bytes, prefer: tuple[str, ...]) -> str:
    """The code page under which the text holds most known Windows words; the machine's own where none does."""
    sample = b"\n".join(line for line in data.split(b"\n") if not line.isascii())[:_SAMPLE]
    order = list(dict.fromkeys([*prefer, *CODE_PAGES]))

    def merit(encoding: str) -> tuple[int, int, int]:
        text = sample.decode(encoding, "replace")
        return familiarity(text), -text.count("\ufffd"), -order.index(encoding)

    return max(order, key=merit)
