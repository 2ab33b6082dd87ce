"""Values of binary XML as text.

The text is that of the Rust package `evtx`: decimal integers, hexadecimal ones as `0x1f`, times as
`2017-07-12T17:16:28.214161Z`, GUIDs in upper case without braces, binary as upper-case hexadecimal. One thing
differs: a time outside the years 1601 to 9999 is given as the upper-case hexadecimal of its bytes, where Rust
fails.
"""

import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from forensics.evtx.damage import DamagedError

NULL = 0x00
STRING = 0x01
BINARY = 0x0E
FILETIME = 0x11
SID = 0x13
BINXML = 0x21
ARRAY = 0x80

_FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_SID_HEAD = 8  # revision, number of sub-authorities, 48-bit authority


def filetime(ticks: int) -> datetime | None:
    """Convert a FILETIME, 100 ns since 1601-01-01 UTC, to the microsecond; None beyond the year 9999.

    >>> filetime(131443533882141616)
    datetime.datetime(2017, 7, 12, 17, 16, 28, 214161, tzinfo=datetime.timezone.utc)
    """
    try:
        return _FILETIME_EPOCH + timedelta(microseconds=ticks // 10)
    except OverflowError:
        return None


def utf16(data: bytes) -> str:
    """Decode UTF-16LE; lone surrogates become U+FFFD, so that the text can always be encoded."""
    return data.decode("utf-16-le", "replace")


def render(kind: int, data: bytes) -> str:
    """Return a value that is no array as text; an empty value of any type is the empty text.

    Raises DamagedError for an unknown type or a size that the type cannot have.
    """
    if not data:
        return ""
    if kind == STRING:
        return utf16(data).partition("\0")[0]
    if kind not in _RENDERERS:
        raise DamagedError(f"value of unknown type 0x{kind:02x}")
    try:
        return _RENDERERS[kind](data)
    except struct.error as error:
        raise DamagedError(f"value of type 0x{kind:02x} with a size of {len(data)} bytes") from error


def render_array(kind: int, data: bytes) -> list[str]:
    r"""Return the items of an array type (0x81 and above) as texts.

    Strings end at a NUL each, and empty ones count: position carries meaning in classic events.

    >>> render_array(0x81, "a\0\0b\0".encode("utf-16-le"))
    ['a', '', 'b']
    """
    item = kind & ~ARRAY
    if item == STRING:
        texts = utf16(data).split("\0")
        return texts if texts[-1] else texts[:-1]
    width = _WIDTHS.get(item)
    if width is None or len(data) % width:
        raise DamagedError(f"array of type 0x{kind:02x} with a size of {len(data)} bytes")
    return [render(item, data[start : start + width]) for start in range(0, len(data), width)]


def _decimal(layout: str) -> Callable[[bytes], str]:
    unpack = struct.Struct(layout).unpack

    def text(data: bytes) -> str:
        return str(unpack(data)[0])

    return text


def _hexadecimal(layout: str) -> Callable[[bytes], str]:
    unpack = struct.Struct(layout).unpack

    def text(data: bytes) -> str:
        return hex(unpack(data)[0])

    return text


def _boolean(data: bytes) -> str:
    return "true" if struct.unpack("<i", data)[0] else "false"


def _hex(data: bytes) -> str:
    return data.hex().upper()


def _ansi(data: bytes) -> str:
    return data.decode("cp1252", "replace").partition("\0")[0]


def _guid(data: bytes) -> str:
    first, second, third, rest = struct.unpack("<IHH8s", data)
    tail = _hex(rest)
    return f"{first:08X}-{second:04X}-{third:04X}-{tail[:4]}-{tail[4:]}"


def _size(data: bytes) -> str:
    return hex(int.from_bytes(data, "little"))


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")[: -len("+00:00")] + "Z"


def _filetime_text(data: bytes) -> str:
    moment = filetime(struct.unpack("<Q", data)[0])
    return _hex(data) if moment is None else _iso(moment)


def _systemtime(data: bytes) -> str:
    year, month, _, day, hour, minute, second, millisecond = struct.unpack("<8H", data)
    try:
        return _iso(datetime(year, month, day, hour, minute, second, millisecond * 1000, tzinfo=UTC))
    except ValueError:
        return _hex(data)


def _sid(data: bytes) -> str:
    revision, count, authority = struct.unpack(">BB6s", data[:_SID_HEAD])
    parts = struct.unpack(f"<{count}I", data[_SID_HEAD:])
    return "-".join(["S", str(revision), str(int.from_bytes(authority, "big")), *map(str, parts)])


_RENDERERS: dict[int, Callable[[bytes], str]] = {
    NULL: lambda _: "",
    0x02: _ansi,
    0x03: _decimal("<b"),
    0x04: _decimal("<B"),
    0x05: _decimal("<h"),
    0x06: _decimal("<H"),
    0x07: _decimal("<i"),
    0x08: _decimal("<I"),
    0x09: _decimal("<q"),
    0x0A: _decimal("<Q"),
    0x0B: _decimal("<f"),
    0x0C: _decimal("<d"),
    0x0D: _boolean,
    BINARY: _hex,
    0x0F: _guid,
    0x10: _size,
    FILETIME: _filetime_text,
    0x12: _systemtime,
    SID: _sid,
    0x14: _hexadecimal("<I"),
    0x15: _hexadecimal("<Q"),
}

# Bytes of one item of an array; SIDs and binary have no fixed size and do not occur as arrays.
_WIDTHS = {
    0x03: 1,
    0x04: 1,
    0x05: 2,
    0x06: 2,
    0x07: 4,
    0x08: 4,
    0x09: 8,
    0x0A: 8,
    0x0B: 4,
    0x0C: 8,
    0x0D: 4,
    0x0F: 16,
    FILETIME: 8,
    0x12: 16,
    0x14: 4,
    0x15: 8,
}
