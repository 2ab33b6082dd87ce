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


def build(entries: Sequence[Entry]) -> bytes:
    body, directory = b"", b""
    for entry in entries:
        packed = _packed(entry) if entry.packed is None else entry.packed
        size = len(entry.data) if entry.claimed_size is None else entry.claimed_size
        crc = zlib.crc32(entry.data) if entry.crc is None else entry.crc
        shared = struct.pack(
            "<HHHHHIIIHH", 20, entry.flags, entry.method, entry.time, entry.date, crc, len(packed), size,
            len(entry.name), len(entry.extra),
        )  # fmt: skip
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + shared + struct.pack("<HHHII", 0, 0, 0, 0, len(body))
        directory += entry.name + entry.extra
        body += b"PK\x03\x04" + shared + entry.name + entry.extra + packed
    count = len(entries)
    return body + directory + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(body), 0)


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
