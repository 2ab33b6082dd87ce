"""The file header of an event log."""

import msgspec
from Evtx.Evtx import FileHeader

HEADER_SIZE = 0x1000
MAGIC = b"ElfFile\0"
_NO_CHECKSUMS = 0x4  # a flag that python-evtx has no name for; libevtx documents it


class Header(msgspec.Struct, frozen=True):
    """What the file says about itself; in a log copied from a running machine this can be months old."""

    chunk_count: int
    next_record: int
    dirty: bool
    full: bool
    checksums: bool


def read_header(data: bytes) -> Header | None:
    """Read the file header; None where it is missing, torn, or fails its own checksum."""
    header = FileHeader(data[:HEADER_SIZE].ljust(HEADER_SIZE, b"\0"), 0)
    # No checksum covers the flag: a checksum that is there counts all the same.
    checksums = not header.flags() & _NO_CHECKSUMS
    is_checked = checksums or header.checksum() != 0
    if not header.check_magic() or (is_checked and header.calculate_checksum() != header.checksum()):
        return None
    return Header(
        chunk_count=header.chunk_count(),
        next_record=header.next_record_number(),
        dirty=header.is_dirty(),
        full=header.is_full(),
        checksums=checksums,
    )
