"""Zips byte by byte, as zipfile would never write them: any method, name, flag, size and extra field."""

import bz2
import lzma
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import inflate64

STORED, DEFLATED, DEFLATE64, BZIP2, LZMA = 0, 8, 9, 12, 14


@dataclass(frozen=True)
class Entry:
    name: bytes
    data: bytes
    method: int = DEFLATED
    flags: int = 0
    extra: bytes = b""
    claimed_size: int | None = None
    crc: int | None = None
    date: int = 0  # DOS date and time
    time: int = 0
    packed: bytes | None = None
    claimed_packed: int | None = None  # in the directory
    mode: int = 0  # Unix's, which makes it a zip of Unix
    descriptor: str = ""  # how the sizes behind the bytes are laid out ("<III"); the header has none then
    signed: bool = True  # whether the descriptor begins with its signature
    at: int | None = None  # where the directory says that it begins; nothing of its own is written then


def end(count: int, size: int, offset: int, disk: int = 0) -> bytes:
    """The record at the end of a zip."""
    return b"PK\x05\x06" + struct.pack("<HHHHIIH", disk, disk, min(count, 0xFFFF), min(count, 0xFFFF), size, offset, 0)


def without_directory(data: bytes) -> bytes:
    """A zip that was cut right behind its last member."""
    (begin,) = struct.unpack_from("<I", data, len(data) - 6)
    return data[:begin]


def build(entries: Sequence[Entry], disk: int = 0) -> bytes:
    bodies, directory, position = [], [], 0
    for entry in entries:
        packed = _packed(entry) if entry.packed is None else entry.packed
        size = len(entry.data) if entry.claimed_size is None else entry.claimed_size
        crc = zlib.crc32(entry.data) if entry.crc is None else entry.crc
        flags = entry.flags | (8 if entry.descriptor else 0)
        start = struct.pack("<HHHHH", 20, flags, entry.method, entry.time, entry.date)
        numbers = (crc, len(packed), size)
        lengths = struct.pack("<HH", len(entry.name), len(entry.extra))
        claimed = len(packed) if entry.claimed_packed is None else entry.claimed_packed
        directory += [
            b"PK\x01\x02" + struct.pack("<BB", 20, 3 if entry.mode else 0) + start,
            struct.pack("<III", crc, claimed, size) + lengths,
            struct.pack("<HHHII", 0, 0, 0, entry.mode << 16, position if entry.at is None else entry.at),
            entry.name + entry.extra,
        ]
        if entry.at is None:
            described = struct.pack(entry.descriptor, *numbers) if entry.descriptor else b""
            signature = b"PK\x07\x08" if entry.descriptor and entry.signed else b""
            known = struct.pack("<III", *((0, 0, 0) if entry.descriptor else numbers))
            header = b"PK\x03\x04" + start + known + lengths + entry.name + entry.extra
            bodies.append(header + packed + signature + described)
            position += len(bodies[-1])
    listed = b"".join(directory)
    return b"".join(bodies) + listed + end(len(entries), len(listed), position, disk)


def _packed(entry: Entry) -> bytes:
    if entry.method == DEFLATED:
        packer = zlib.compressobj(wbits=-15)
        return packer.compress(entry.data) + packer.flush()
    if entry.method == DEFLATE64:
        deflater = inflate64.Deflater()
        return bytes(deflater.deflate(entry.data) + deflater.flush())
    if entry.method == BZIP2:
        return bz2.compress(entry.data)
    if entry.method == LZMA:
        filters = [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16, "lc": 3, "lp": 0, "pb": 2}]
        raw = lzma.compress(entry.data, lzma.FORMAT_RAW, filters=filters)
        return struct.pack("<HHBI", 0x0914, 5, 3 + 9 * (0 + 5 * 2), 1 << 16) + raw
    return entry.data
