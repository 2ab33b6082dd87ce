r"""One member as a zip describes it: in the directory at its end, or in the header before the member's own bytes.

Read here and not by zipfile, which builds an object for each of millions of members before anything can be limited
(CPython issue 153460), refuses the whole zip for one damaged record, and asks for as many bytes at once as a record
claims (CPython issue 151307). Layout: PKWARE's APPNOTE.TXT 4.3.7 (local header), 4.3.12 (directory), 4.5.3 (zip64).

>>> header = b"PK\x03\x04" + bytes([20, 0, 0, 0, 0, 0]) + bytes(16) + b"\x05\x00\x00\x00" + b"a.txt"
>>> read_local(io.BytesIO(header), 0).name
b'a.txt'
"""

import io
import struct
from collections.abc import Iterator

import msgspec

Stream = io.IOBase | io.BufferedReader

LOCAL, CENTRAL = b"PK\x03\x04", b"PK\x01\x02"
LOCAL_HEADER, CENTRAL_HEADER = 30, 46  # bytes before the name
DESCRIPTOR_FLAG = 0x8  # general purpose flag, bit 3: sizes and CRC-32 follow the member's bytes (APPNOTE 4.4.4)
_MASKED_FLAG = 0x2000  # bit 13: the directory is encrypted, and what own headers say is masked
_ZIP64 = 0x0001  # the extra field with sizes of 64 bits
_IN_EXTRA, _DISK_IN_EXTRA = 0xFFFFFFFF, 0xFFFF
_NEWEST_VERSION = 63  # that a reader may need to have (APPNOTE 4.4.3)
_LONGEST_NAME = 4096  # bytes, in a header that is found by searching: one with a longer name is none
_LONGEST_EXTRA = 4096  # bytes that are kept: what is looked for in them has 40
_MADE_BY_UNIX = frozenset({3, 19})  # the upper byte of "made by": Unix, macOS
_MOST_OFFSET = 1 << 62  # no file is so long, and no seek goes so far


class Entry(msgspec.Struct, frozen=True):
    """A member. `crc` is None where nobody knows it; `mode` is Unix's, 0 elsewhere; `date` and `time` are DOS's."""

    name: bytes
    flags: int
    method: int
    date: int
    time: int
    crc: int | None
    packed_size: int
    size: int
    offset: int
    extra: bytes = b""
    mode: int = 0


def read_central(stream: Stream) -> tuple[Entry, int] | None:
    """Read a directory's record where the stream stands, and its length; None where there is none."""
    header = stream.read(CENTRAL_HEADER)
    if len(header) < CENTRAL_HEADER or not header.startswith(CENTRAL):
        return None
    made_by, _, flags, method, time, date, crc, packed, size, names, extras, comments, disk, _, attributes, offset = (
        struct.unpack_from("<6H3I5H2I", header, 4)
    )
    rest = stream.read(names + extras + comments)
    if len(rest) < names + extras + comments:
        return None
    extra = rest[names : names + extras]
    size, packed, offset = _widened(extra, size, packed, offset)
    mode = attributes >> 16 if made_by >> 8 in _MADE_BY_UNIX else 0
    entry = Entry(rest[:names], flags, method, date, time, crc, packed, size, offset, extra[:_LONGEST_EXTRA], mode)
    return (entry, CENTRAL_HEADER + len(rest)) if disk in {0, _DISK_IN_EXTRA} and offset < _MOST_OFFSET else None


def read_local(stream: Stream, offset: int) -> Entry | None:
    """Read the header before a member's bytes; None where there is none that can be meant."""
    stream.seek(offset)
    header = stream.read(LOCAL_HEADER)
    if len(header) < LOCAL_HEADER or not header.startswith(LOCAL):
        return None
    version, flags, method, time, date, crc, packed, size, names, extras = struct.unpack_from("<Bx4H3I2H", header, 4)
    if version > _NEWEST_VERSION or not 0 < names <= _LONGEST_NAME:
        return None
    rest = stream.read(names + extras)
    if len(rest) < names + extras:
        return None
    extra = rest[names:]
    size, packed, _ = _widened(extra, size, packed, 0)
    return Entry(rest[:names], flags, method, date, time, crc, packed, size, offset, extra[:_LONGEST_EXTRA])


def data_offset(stream: Stream, entry: Entry) -> int | None:
    """Where a member's bytes begin: behind its own header, whose name and extra field may be others."""
    stream.seek(entry.offset)
    header = stream.read(LOCAL_HEADER)
    if len(header) < LOCAL_HEADER or not header.startswith(LOCAL):
        return None
    names, extras = struct.unpack_from("<HH", header, 26)
    return entry.offset + LOCAL_HEADER + int(names) + int(extras)


def own_name(stream: Stream, entry: Entry) -> bytes | None:
    """The name in a member's own header; None where none stands there, or a masked one."""
    stream.seek(entry.offset)
    header = stream.read(LOCAL_HEADER)
    if entry.flags & _MASKED_FLAG or len(header) < LOCAL_HEADER or not header.startswith(LOCAL):
        return None
    (names,) = struct.unpack_from("<H", header, 26)
    return stream.read(names)


def extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    r"""The tags and bytes of what a writer added; the last may be cut.

    >>> list(extra_fields(b"\x01\x00\x02\x00ab" + b"UT\x09\x00c"))
    [(1, b'ab'), (21589, b'c')]
    """
    position = 0
    while position + 4 <= len(extra):
        tag, length = struct.unpack_from("<HH", extra, position)
        yield tag, extra[position + 4 : position + 4 + length]
        position += 4 + length


def _widened(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """The three numbers, from the extra field where they do not fit 32 bits; it holds only those, in this order."""
    for tag, body in extra_fields(extra):
        if tag == _ZIP64:
            wide = list(struct.unpack_from(f"<{len(body) // 8}Q", body))
            size = wide.pop(0) if size == _IN_EXTRA and wide else size
            packed = wide.pop(0) if packed == _IN_EXTRA and wide else packed
            offset = wide.pop(0) if offset == _IN_EXTRA and wide else offset
            return size, packed, offset
    return size, packed, offset
