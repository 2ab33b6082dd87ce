"""Members found by the headers before their own bytes, where a zip's directory is missing, damaged or hides them.

A zip that was cut while it was copied has lost the directory at its end. Each member's own header has its name, and
its sizes and CRC-32 too, unless the writer did not know them yet: then they follow the bytes, in a descriptor with or
without a signature, of 32 or of 64 bits (APPNOTE 4.3.9), which is known by a packed size that is how far away it is.
"""

import itertools
import re
import struct

import msgspec

from forensics.bundle.directory import END
from forensics.bundle.entries import CENTRAL, DESCRIPTOR_FLAG, LOCAL, Entry, Stream, data_offset, read_local

DESCRIPTOR = b"PK\x07\x08"
# A header's next byte is the version that a reader needs, 6.3 at most (APPNOTE 4.4.3).
_ANY = re.compile(rb"PK(?:\x03\x04(?![\x40-\xff])|\x01\x02|\x05\x06|\x06\x06|\x07\x08)")
_WINDOW = 1 << 20
_MOST_SIGNATURES = 1_000_000  # that are looked at: a gigabyte of nothing else would take minutes
_FEWEST_SIGNATURES = 1000
_BYTES_EACH = 16  # of the file: a member has a header of 30; a bundle may hold many zips, and their bytes are counted
_MOST_HIDDEN = 1000  # members that are looked for outside the directory
_DESCRIPTORS = ("<III", "<IQQ")  # CRC-32, packed size, size
_DESCRIPTOR_32, _DESCRIPTOR_64 = 12, 20


class Recovered(msgspec.Struct, frozen=True):
    """The members that were found, how far the search went, and whether it ended before all was seen."""

    entries: tuple[Entry, ...]
    given_up: bool = False


def recover(stream: Stream, known: frozenset[int], most: int, looks: int = _MOST_SIGNATURES) -> Recovered:
    """Find up to so many members in the whole file, but those whose headers stand where they are known to."""
    signatures = _Signatures(stream, 0, stream.seek(0, 2), min(looks, _looks(stream)))
    found: list[Entry] = []
    position = 0
    while len(found) < most and (hit := signatures.after(position)):
        at, signature = hit
        entry = read_local(stream, at) if signature == LOCAL else None
        if entry is None:
            position = at + len(LOCAL)
            continue
        entry, position = _measured(stream, entry, signatures)
        if at not in known:
            found.append(entry)
    return Recovered(_apart(stream, found), signatures.spent)


def hidden(stream: Stream, entries: tuple[Entry, ...], end: int, after: int) -> tuple[Entry, ...]:
    """Headers of members that the directory does not list: between those that it does, before it, and after it.

    Args:
        stream: the zip.
        entries: what the directory lists.
        end: where the directory begins.
        after: where it ends. A second zip in the zip's comment or behind it is what other programs may show.
    """
    found: list[Entry] = []
    position = 0
    left = _looks(stream)
    for entry in sorted(entries, key=lambda one: one.offset):
        left = _between(stream, position, min(entry.offset, end), left, found)
        position = max(position, (data_offset(stream, entry) or entry.offset) + entry.packed_size)
    left = _between(stream, position, end, left, found)
    _between(stream, after, stream.seek(0, 2), left, found)
    return tuple(found)


def _looks(stream: Stream) -> int:
    """How many signatures may be looked at."""
    return min(_MOST_SIGNATURES, _FEWEST_SIGNATURES + stream.seek(0, 2) // _BYTES_EACH)


def _between(stream: Stream, begin: int, end: int, left: int, found: list[Entry]) -> int:
    """Add the members whose headers stand in a gap; return how many signatures may still be looked at."""
    signatures = _Signatures(stream, begin, end, left)
    while len(found) < _MOST_HIDDEN and (hit := signatures.after(begin)):
        at, signature = hit
        entry = read_local(stream, at) if signature == LOCAL else None
        begin = at + len(LOCAL)
        if entry:
            found.append(entry)
            after = (data_offset(stream, entry) or begin) + entry.packed_size
            begin = after if after <= end else begin
    return signatures.left


class _Signatures:
    """Finds what looks like a header in a part of a file, in pieces of bounded size and up to a number."""

    def __init__(self, stream: Stream, begin: int, end: int, left: int) -> None:
        self._stream, self._end, self.left = stream, end, left
        self._window, self._begin = b"", begin

    @property
    def spent(self) -> bool:
        """Whether it looked at as many as it may."""
        return self.left <= 0

    def after(self, position: int) -> tuple[int, bytes] | None:
        """The next one at or behind a position."""
        while position + len(LOCAL) <= self._end and self.left > 0:
            if not self._begin <= position <= self._begin + len(self._window) - len(LOCAL):
                self._stream.seek(position)
                self._window, self._begin = self._stream.read(min(_WINDOW, self._end - position)), position
            match = _ANY.search(self._window, position - self._begin)
            if match:
                self.left -= 1
                return self._begin + match.start(), match.group()
            if len(self._window) < len(LOCAL):
                return None
            position = self._begin + len(self._window) - len(LOCAL) + 1
        return None


def _measured(stream: Stream, entry: Entry, signatures: _Signatures) -> tuple[Entry, int]:
    """Find where a member's bytes end, and where to look for the next one.

    A size is believed where a header follows. Where none does, it may be damaged, and the next may be nearer.
    """
    begin = data_offset(stream, entry) or entry.offset
    if entry.flags & DESCRIPTOR_FLAG and not entry.packed_size:
        return _described(stream, entry, begin, signatures)
    end = begin + entry.packed_size
    stream.seek(min(end, stream.seek(0, 2)))
    following = stream.read(2)
    confirmed = following == b"PK" or (not following and entry.packed_size and end == stream.tell())
    return entry, end if confirmed else begin


def _described(stream: Stream, entry: Entry, begin: int, signatures: _Signatures) -> tuple[Entry, int]:
    """Find the descriptor; without one the bytes go on to the next header or to the end, and nobody knows the CRC."""
    position = begin
    while hit := signatures.after(position):
        at, signature = hit
        described = _with_descriptor(stream, entry, begin, at, signature)
        if described:
            return described, at
        if _is_header(stream, at, signature):
            return msgspec.structs.replace(entry, crc=None, packed_size=at - begin), at
        position = at + len(LOCAL)
    end = stream.seek(0, 2)
    described = _with_descriptor(stream, entry, begin, end, b"")
    return described or msgspec.structs.replace(entry, crc=None, packed_size=end - begin), end


def _is_header(stream: Stream, at: int, signature: bytes) -> bool:
    if signature == LOCAL:
        return read_local(stream, at) is not None
    return signature in {CENTRAL, END}


def _with_descriptor(stream: Stream, entry: Entry, begin: int, at: int, signature: bytes) -> Entry | None:
    """The member with what the descriptor says, whose signature stands here, or which ends here without one."""
    for layout, length in zip(_DESCRIPTORS, (_DESCRIPTOR_32, _DESCRIPTOR_64), strict=True):
        start = at + len(DESCRIPTOR) if signature == DESCRIPTOR else at - length
        end = at if signature == DESCRIPTOR else start
        if end < begin:
            continue
        stream.seek(start)
        record = stream.read(length)
        if len(record) == length:
            crc, packed, size = struct.unpack(layout, record)
            if packed == end - begin:
                return msgspec.structs.replace(entry, crc=crc, packed_size=packed, size=size)
    return None


def _apart(stream: Stream, entries: list[Entry]) -> tuple[Entry, ...]:
    """Let no member's bytes run into the next header: a damaged size claims what belongs to others."""
    return tuple(
        entry
        if (begin := data_offset(stream, entry) or entry.offset) + entry.packed_size <= following.offset
        else msgspec.structs.replace(entry, packed_size=max(0, following.offset - begin))
        for entry, following in itertools.pairwise(entries)
    ) + tuple(entries[-1:])
