"""A zip's directory: found from the end of the file, and read record by record, no further than the limit.

What its end claims is only where to look: the number of records is not believed, and where the size or the offset is
wrong the other is tried.
"""

import struct
from collections.abc import Iterator

import msgspec

from forensics.bundle.entries import CENTRAL, LOCAL, Entry, Stream, read_central

END = b"PK\x05\x06"
_END_LENGTH = 22  # bytes before the comment (APPNOTE 4.3.16)
_ZIP64_END, _ZIP64_LOCATOR = b"PK\x06\x06", b"PK\x06\x07"  # APPNOTE 4.3.14, 4.3.15
_ZIP64_END_LENGTH, _ZIP64_LOCATOR_LENGTH = 56, 20
_SIGNATURE = b"PK\x05\x05"  # of the directory, which nobody writes any more (APPNOTE 4.3.13)
_SEARCHED = 1 << 20  # bytes at the end of the file: a comment has up to 64 KB, and garbage may follow
_MOST_ENDS = 16  # that are tried, from the last
_COMPARED = 16  # records, whose members must not all be elsewhere
_LONGEST = 64 * 2**20  # bytes that are read of a directory: the longest names make 128 KB of each record
_MANY = 1 << 16


class Directory(msgspec.Struct, frozen=True):
    """What the directory lists, and the bytes it stands between.

    `claimed` is how many members it says it has, `whole` whether it could be read to its end; where `full`, it lists
    more than were asked for.
    """

    entries: tuple[Entry, ...]
    begin: int
    end: int
    claimed: int
    whole: bool = True
    full: bool = False

    @property
    def lies(self) -> bool:
        """Whether it was read to its end and lists another number than it claims (some writers count to 65,535)."""
        return self.whole and not self.full and (self.claimed - len(self.entries)) % _MANY != 0


class _End(msgspec.Struct, frozen=True):
    """The end record: where it stands, what it claims of the directory before it, and whether nothing follows it."""

    position: int
    count: int
    size: int
    offset: int
    disk: int = 0
    is_last: bool = False


class SplitError(Exception):
    """The zip is one part of several."""


def read_directory(stream: Stream, most: int) -> Directory | None:
    """Read the directory, up to so many records; None where none can be found.

    Raises:
        SplitError: where it belongs to a zip in several parts.
    """
    for end in _ends(stream):
        if end.is_last and not end.count and not end.size and not _stands(stream, 0, LOCAL):
            return Directory((), end.position, end.position, 0)
        begin = _begin(stream, end)
        directory = None if begin is None else _read(stream, begin, end, most)
        if directory:
            return directory
        if begin is not None and end.disk:
            raise SplitError
    return None


def has_end(stream: Stream) -> bool:
    """Whether the end of a directory stands near the end of the file."""
    return any(True for _ in _ends(stream))


def _ends(stream: Stream) -> Iterator[_End]:
    """The records that may be the directory's end, the last first."""
    length = stream.seek(0, 2)
    start = max(0, length - _SEARCHED)
    stream.seek(start)
    tail = stream.read(_SEARCHED)
    found = len(tail)
    for _ in range(_MOST_ENDS):
        found = tail.rfind(END, 0, found)
        if found < 0:
            return
        if found + _END_LENGTH <= len(tail):
            disk, _, _, count, size, offset, comment = struct.unpack_from("<4H2IH", tail, found + 4)
            wide = _zip64_end(stream, start + found)
            if wide:
                yield wide
            is_last = found + _END_LENGTH + comment == len(tail)
            yield _End(start + found, count, size, offset, 0 if disk == _MANY - 1 else disk, is_last)


def _zip64_end(stream: Stream, end: int) -> _End | None:
    """The record of a zip64 before the usual end, behind its locator; what lies before the zip shifts the latter."""
    locator = end - _ZIP64_LOCATOR_LENGTH
    if locator < _ZIP64_END_LENGTH:
        return None
    stream.seek(locator)
    found = stream.read(_ZIP64_LOCATOR_LENGTH)
    if not found.startswith(_ZIP64_LOCATOR):
        return None
    (claimed,) = struct.unpack_from("<Q", found, 8)
    for position in (locator - _ZIP64_END_LENGTH, claimed):
        if 0 <= position <= locator - _ZIP64_END_LENGTH:
            stream.seek(position)
            record = stream.read(_ZIP64_END_LENGTH)
            if record.startswith(_ZIP64_END):
                disk, _, _, count, size, offset = struct.unpack_from("<2I4Q", record, 16)
                return _End(position, count, size, offset, disk)
    return None


def _begin(stream: Stream, end: _End) -> int | None:
    for begin in (end.position - end.size, end.offset):
        if 0 <= begin < end.position and _stands(stream, begin, CENTRAL):
            return begin
    return None


def _stands(stream: Stream, position: int, signature: bytes) -> bool:
    stream.seek(position)
    return stream.read(len(signature)) == signature


def _read(stream: Stream, begin: int, end: _End, most: int) -> Directory | None:
    """Read the records; None where no member's header stands where the first of them say."""
    entries: list[Entry] = []
    position, whole = begin, True
    stream.seek(begin)
    while position < end.position and len(entries) < most and position - begin < _LONGEST:
        record = read_central(stream)
        if record is None:
            whole = _stands(stream, position, _SIGNATURE)
            break
        entries.append(record[0])
        position += record[1]
    full = whole and position < end.position and _stands(stream, position, CENTRAL)
    shift = _shift(stream, entries[:_COMPARED], begin - end.offset)
    if shift is None and (most or not full):
        return None
    shifted = (msgspec.structs.replace(entry, offset=entry.offset + shift) if shift else entry for entry in entries)
    return Directory(tuple(shifted), begin, end.position, end.count, whole, full)


def _shift(stream: Stream, entries: list[Entry], claimed: int) -> int | None:
    """How far everything lies behind where it says, for bytes before the zip; None where that cannot be.

    Where those bytes begin as a zip themselves, the directory is that of a zip inside, and this one's is lost.
    """
    found = {
        shift: sum(_stands(stream, entry.offset + shift, LOCAL) for entry in entries) for shift in {0, max(0, claimed)}
    }
    best = max(found, key=lambda shift: (found[shift], shift))
    is_inside = best > 0 and _stands(stream, 0, LOCAL)
    return best if found[best] and not is_inside else None
