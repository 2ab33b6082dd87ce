"""Unpack one member of a zip, believing its headers no more than where it begins.

zipfile's own reader stops at the size that a header claims, cannot read Deflate64 and needs the whole directory read
again for each member that is opened from a fresh stream; so the packed bytes are fed to the decompressors here. Output
comes in blocks of bounded size, for whoever reads them counts what is really produced.
"""

import bz2
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator

import inflate64

from forensics.bundle.member import BLOCK, UnreadableError

Stream = io.IOBase | io.BufferedReader

_LOCAL_HEADER = 30  # bytes before the name (APPNOTE 4.3.7)
_LOCAL_MAGIC = b"PK\x03\x04"
_SMALL_FEED = 1024  # bytes: inflate64 has no output limit, and Deflate64 makes up to 29,000 bytes of one
_LARGEST_DICTIONARY = 256 * 2**20
_METHOD_NAMES = {93: "Zstandard", 95: "XZ", 97: "WavPack", 98: "PPMd", 99: "AES"}  # APPNOTE 4.4.5


def unpack(stream: Stream, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield a member's bytes in blocks and check them against its CRC-32.

    Raises:
        UnreadableError: where they cannot be unpacked, in the middle or at the end.
    """
    method = _METHODS.get(info.compress_type)
    if method is None:
        name = _METHOD_NAMES.get(info.compress_type, f"method {info.compress_type}")
        raise UnreadableError(f"packed with {name}, which is not read here; pack it again with Deflate")
    crc = 0
    try:
        _seek_data(stream, info)
        for block in method(stream, info.compress_size):
            if block:
                crc = zlib.crc32(block, crc)
                yield block
    except (zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, ValueError, MemoryError) as error:
        raise UnreadableError(f"damaged: {str(error)[:100] or type(error).__name__}") from error
    if crc != info.CRC:
        raise UnreadableError("damaged: its CRC-32 is wrong")


def _seek_data(stream: Stream, info: zipfile.ZipInfo) -> None:
    stream.seek(info.header_offset)
    header = stream.read(_LOCAL_HEADER)
    if len(header) < _LOCAL_HEADER or not header.startswith(_LOCAL_MAGIC):
        raise UnreadableError("damaged: nothing begins where the zip's directory says it does")
    stream.seek(sum(struct.unpack_from("<HH", header, 26)), io.SEEK_CUR)


def _feeds(stream: Stream, left: int, most: int = BLOCK) -> Iterator[bytes]:
    while left > 0 and (feed := stream.read(min(left, most))):
        left -= len(feed)
        yield feed


def _deflate(stream: Stream, size: int) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    for packed in _feeds(stream, size):
        feed = packed
        while feed and not inflater.eof:
            yield inflater.decompress(feed, BLOCK)
            feed = inflater.unconsumed_tail
    yield inflater.flush()
    _ended(eof=inflater.eof)


def _deflate64(stream: Stream, size: int) -> Iterator[bytes]:
    inflater = inflate64.Inflater()
    for feed in _feeds(stream, size, _SMALL_FEED):
        if not inflater.eof:
            yield inflater.inflate(feed)
    _ended(eof=inflater.eof)


def _bzip2(stream: Stream, size: int) -> Iterator[bytes]:
    unpacker = bz2.BZ2Decompressor()
    yield from _drained(unpacker, _feeds(stream, size))
    _ended(eof=unpacker.eof)


def _lzma(stream: Stream, size: int) -> Iterator[bytes]:
    """LZMA in a zip begins with a version and its own properties (APPNOTE 5.8.8), and need not have an end mark."""
    _version, length = struct.unpack("<HH", stream.read(4))
    packed, dictionary = struct.unpack("<BI", stream.read(length)[:5])
    if dictionary > _LARGEST_DICTIONARY:
        raise UnreadableError(f"packed with LZMA and a dictionary of {dictionary >> 20} MB; pack it again with Deflate")
    rest, literal_context = divmod(packed, 9)
    position, literal_position = divmod(rest, 5)
    settings = {"dict_size": dictionary, "lc": literal_context, "lp": literal_position, "pb": position}
    unpacker = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA1, **settings}])
    yield from _drained(unpacker, _feeds(stream, size - 4 - length))


def _drained(unpacker: bz2.BZ2Decompressor | lzma.LZMADecompressor, feeds: Iterator[bytes]) -> Iterator[bytes]:
    for packed in feeds:
        feed = packed
        while not unpacker.eof and (feed or not unpacker.needs_input):
            yield unpacker.decompress(feed, BLOCK)
            feed = b""


def _ended(*, eof: bool) -> None:
    if not eof:
        raise UnreadableError("damaged: its packed bytes end early")


_METHODS: dict[int, Callable[[Stream, int], Iterator[bytes]]] = {
    zipfile.ZIP_STORED: _feeds,
    zipfile.ZIP_DEFLATED: _deflate,
    9: _deflate64,  # what Windows Explorer makes of members over 2 GB (APPNOTE 4.4.5)
    zipfile.ZIP_BZIP2: _bzip2,
    zipfile.ZIP_LZMA: _lzma,
}
