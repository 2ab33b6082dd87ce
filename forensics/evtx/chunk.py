"""One chunk of an event log: its header, its records' positions, its names."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from Evtx.Evtx import ChunkHeader

from forensics.evtx.damage import DamagedError
from forensics.evtx.values import utf16

CHUNK_SIZE = 0x10000
MAGIC = b"ElfChnk\0"
RECORDS_START = 0x200

_RECORD_MAGIC = b"**\0\0"
_RECORD = struct.Struct("<4sIQQ")  # magic, size, ID, FILETIME of writing
_SIZE = struct.Struct("<I")
_SMALLEST_RECORD = _RECORD.size + _SIZE.size
_MOST_RECORDS = CHUNK_SIZE // _SMALLEST_RECORD
_RECORD_IDS = 2**64

_NAME = struct.Struct("<IHH")  # the next of the same hash (never followed), hash, length in characters
NAME_LINK_SIZE = 4
NAME_LENGTH_AT = 6
_NAME_END = 2  # a NUL that the length does not count
_LONGEST_NAME = 256

# What reading a chunk may cost, in bytes and characters: its templates and names once, its values twice (as binary
# XML and as text), and some for each item. Real chunks read in full cost up to 2.6 times their size.
_WORK = 6 * CHUNK_SIZE


class Record(NamedTuple):
    """Where a record lies: bytes `start` to `end`, of which the last four repeat its size."""

    start: int
    end: int
    id: int
    written: int  # FILETIME


class Name(NamedTuple):
    """An element's or attribute's name, and the bytes that it takes where it stands."""

    text: str
    size: int


def written(data: bytes, position: int) -> int:
    """Return the FILETIME at which the record at a position was written."""
    ticks: int = _RECORD.unpack_from(data, position)[3]
    return ticks


class Chunk:
    """A chunk whose header makes sense, with what was wrong in it.

    Raises DamagedError if the chunk must be rejected. Reading `records` fills `damage`: one reason for each
    place where a record was expected and none could be trusted. A chunk that the file cuts off is filled up
    with zeros.
    """

    def __init__(self, data: bytes, *, checksums: bool) -> None:
        self.data = data.ljust(CHUNK_SIZE, b"\0")
        header = ChunkHeader(self.data, 0)
        if self.data[: len(MAGIC)] != MAGIC:
            raise DamagedError("it does not begin like a chunk")
        self._end = header.next_record_offset()
        if not RECORDS_START <= self._end <= CHUNK_SIZE:
            raise DamagedError(f"its free space begins at {self._end}, outside the chunk")
        self.first_id = header.log_first_record_number()
        self.last_id = header.log_last_record_number()
        self._header_is_sound = header.calculate_header_checksum() == header.header_checksum()
        # The flag by which a log says that it has no checksums is covered by none: where there are some, they count.
        has_none = not (checksums or header.header_checksum() or header.data_checksum())
        self.checksums_hold = has_none or (
            self._header_is_sound and header.calculate_data_checksum() == header.data_checksum()
        )
        self.damage: list[str] = []
        self.names: dict[int, Name] = {}
        self._work_left = _WORK

    def records(self) -> Iterator[Record]:
        """Yield the live records; what lies beyond the start of the free space is left from earlier use.

        A record is not live if a sound header does not announce its ID; where the header is not sound, if its ID
        does not increase, as Windows' own do. After a damaged record the next trustworthy one is looked for. Fewer
        records than a sound header announces are damage too (what it says of a chunk without records is not known).
        """
        position = RECORDS_START
        found = 0
        lowest, highest = (0, _RECORD_IDS)
        if self._header_is_sound:
            lowest, highest = sorted((self.first_id, self.last_id))
        while position < self._end:
            try:
                record = self._record_at(position, lowest, highest)
            except DamagedError as error:
                self.damage.append(f"at {position}: {error}")
                next_record = self._search(position + 1, lowest, highest)
                if next_record is None:
                    return
                record = next_record
            yield record
            found += 1
            position = record.end
            if not self._header_is_sound:
                lowest, highest = record.id + 1, record.id + _MOST_RECORDS
        announced = self.last_id - self.first_id + 1
        if self._header_is_sound and not self.damage and 0 < found < announced <= _MOST_RECORDS:
            self.damage.append(
                f"at {position}: {found:,} of the {announced:,} records that the chunk's header announces"
            )

    def _record_at(self, position: int, lowest: int, highest: int) -> Record:
        if position + _SMALLEST_RECORD > self._end:
            raise DamagedError("too little space for a record")
        magic, size, number, written = _RECORD.unpack_from(self.data, position)
        end = position + size
        if magic != _RECORD_MAGIC:
            raise DamagedError("no record begins here")
        if size < _SMALLEST_RECORD or end > self._end:
            raise DamagedError(f"record with a size of {size} bytes")
        if _SIZE.unpack_from(self.data, end - _SIZE.size)[0] != size:
            raise DamagedError("record whose two sizes differ")
        if not lowest <= number <= highest:
            raise DamagedError(f"record ID {number} out of order")
        return Record(position, end, number, written)

    def _search(self, position: int, lowest: int, highest: int) -> Record | None:
        while (position := self.data.find(_RECORD_MAGIC, position, self._end)) >= 0:
            try:
                return self._record_at(position, lowest, highest)
            except DamagedError:
                position += 1
        return None

    def read_name(self, offset: int) -> Name:
        """Read the element or attribute name at an offset, and remember it in `names`."""
        if not RECORDS_START <= offset <= CHUNK_SIZE - _NAME.size:
            raise DamagedError(f"name at {offset}, outside the chunk's records")
        length = _NAME.unpack_from(self.data, offset)[2]
        start = offset + _NAME.size
        end = start + 2 * length
        if length > _LONGEST_NAME or end > CHUNK_SIZE:
            raise DamagedError(f"name of {length} characters")
        self.spend(length)
        name = self.names[offset] = Name(utf16(self.data[start:end]), _NAME.size + 2 * length + _NAME_END)
        return name

    def stored_name(self, offset: int) -> bytes:
        """Return the length and characters of a name already read, as they are stored."""
        return self.data[offset + NAME_LENGTH_AT : offset + self.names[offset].size]

    def spend(self, work: int) -> None:
        """Count work against what a sound chunk can need: time and memory stay linear in the file's size."""
        self._work_left -= work
        if self._work_left < 0:
            raise DamagedError("the chunk unpacks to more than its size allows")
