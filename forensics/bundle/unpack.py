"""Unpack one member of a zip, believing its headers no more than where it begins.

zipfile's own reader stops at the size that a header claims, cannot read Deflate64 and needs the whole directory read
again for each member that is opened from a fresh stream; so the packed bytes are fed to the decompressors here. Output
comes in blocks of bounded size, for whoever reads them counts what is really produced. What a method needs of memory is
bounded too: bzip2 takes 4 MB at most, LZMA its dictionary, which the member itself names.
"""

import bz2
import lzma
import struct
import zlib
from collections.abc import Callable, Iterator

import inflate64

from forensics.bundle.entries import Entry, Stream, data_offset
from forensics.bundle.member import BLOCK, UnreadableError

_SMALL_FEED = 128  # bytes: inflate64 has no output limit, and Deflate64 makes up to 29,000 bytes of one
_LARGEST_DICTIONARY = 64 * 2**20  # bytes: what 7-Zip takes at its "Ultra" level
# APPNOTE 4.4.5; 9 is what Windows Explorer makes of members over 2 GB.
_STORED, _DEFLATE, _DEFLATE64, _BZIP2, _LZMA = 0, 8, 9, 12, 14
_METHOD_NAMES = {
    1: "Shrink", 6: "Implode", 20: "Zstandard", 93: "Zstandard", 95: "XZ", 97: "WavPack", 98: "PPMd", 99: "AES",
}  # fmt: skip


def unpack(stream: Stream, entry: Entry) -> Iterator[bytes]:
    """Yield a member's bytes in blocks and check them against its CRC-32.

    Raises:
        UnreadableError: where they cannot be unpacked, in the middle or at the end.
    """
    method = _METHODS.get(entry.method)
    if method is None:
        name = _METHOD_NAMES.get(entry.method, f"method {entry.method}")
        raise UnreadableError(f"packed with {name}, which is not read here; pack it again with Deflate")
    crc = 0
    try:
        begin = data_offset(stream, entry)
        if begin is None:
            raise UnreadableError("damaged: nothing begins where the zip's directory says it does")
        stream.seek(begin)
        for block in method(stream, entry.packed_size):
            if block:
                crc = zlib.crc32(block, crc)
                yield block
    except (zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, ValueError, MemoryError) as error:
        raise UnreadableError(f"damaged: {str(error)[:100] or type(error).__name__}") from error
    if entry.crc is not None and crc != entry.crc:
        raise UnreadableError("damaged: its CRC-32 is wrong")


def _feeds(stream: Stream, left: int, most: int = BLOCK) -> Iterator[bytes]:
    while left > 0 and (feed := stream.read(min(left, most))):
        left -= len(feed)
        yield feed


def _stored(stream: Stream, size: int) -> Iterator[bytes]:
    left = size
    for block in _feeds(stream, size):
        left -= len(block)
        yield block
    _ended(eof=left <= 0)


def _deflate(stream: Stream, size: int) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    for packed in _feeds(stream, size):
        feed = packed
        while feed and not inflater.eof:
            yield inflater.decompress(feed, BLOCK)
            feed = inflater.unconsumed_tail
        if inflater.eof:
            return
    yield inflater.flush()
    _ended(eof=inflater.eof)


def _deflate64(stream: Stream, size: int) -> Iterator[bytes]:
    """Unpack Deflate64. inflate64 1.0.4 never lets go of what it is fed, so it is fed the same few bytes every time."""
    inflater = inflate64.Inflater()
    fed = bytearray(_SMALL_FEED)
    block = bytearray()
    for feed in _feeds(stream, size, _SMALL_FEED):
        fed[: len(feed)] = feed
        try:
            block += inflater.inflate(fed if len(feed) == _SMALL_FEED else feed)
        except ValueError:
            yield bytes(block)  # what came before the damage
            raise
        if len(block) >= BLOCK or inflater.eof:
            yield bytes(block)
            block.clear()
        if inflater.eof:
            return
    yield bytes(block)
    _ended(eof=False)


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
        if unpacker.eof:
            return


def _ended(*, eof: bool) -> None:
    if not eof:
        raise UnreadableError("damaged: its packed bytes end early")


_METHODS: dict[int, Callable[[Stream, int], Iterator[bytes]]] = {
    _STORED: _stored,
    _DEFLATE: _deflate,
    _DEFLATE64: _deflate64,
    _BZIP2: _bzip2,
    _LZMA: _lzma,
}
