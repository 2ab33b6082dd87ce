"""Writes small event logs, well-formed but for what a test breaks.

Layout after libyal/libevtx "Windows XML Event Log (EVTX)". Every chunk defines two templates in its first record, an
event with four values and EventData whose Data elements have the names given; later records point back to them.
"""

import struct
import zlib
from datetime import datetime
from typing import NamedTuple

CHUNK = 0x10000
HEADER = 0x1000
RECORDS = 0x200
STRING, UINT16, BINARY, FILETIME, BINXML = 0x01, 0x06, 0x0E, 0x11, 0x21
STRING_ARRAY = 0x81
HEAD = b"\x0f\x01\x01\x00"  # begins every fragment
EPOCH = datetime.fromisoformat("1601-01-01T00:00:00+00:00")


class Written(NamedTuple):
    """An event to write; `values` are pairs of type and bytes, for Data elements named `names` and for Binary.

    `gaps` are the numbers of the values that these elements ask for, in turn by default.
    """

    record: int
    id: int = 6013
    provider: str = "EventLog"
    values: tuple[tuple[int, bytes], ...] = ()
    names: tuple[str, ...] = ()
    at: datetime = datetime.fromisoformat("2015-06-23T06:04:53+00:00")
    guid: bytes = bytes(16)
    gaps: tuple[int, ...] = ()


def utf16(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


def strings(*texts: str) -> tuple[int, bytes]:
    return STRING_ARRAY, utf16("".join(text + "\0" for text in texts))


class Xml:
    """Tokens that begin at an offset of the chunk; names stand where they are first used, as in real templates."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.bytes = bytearray(HEAD)

    def name(self, text: str) -> None:
        here = self.at + len(self.bytes) + 4
        self.bytes += struct.pack("<IIHH", here, 0, 0, len(utf16(text)) // 2) + utf16(text) + b"\0\0"

    def literal(self, text: str) -> None:
        self.bytes += struct.pack("<BBH", 0x05, STRING, len(text)) + utf16(text)

    def slot(self, index: int, kind: int) -> None:
        self.bytes += struct.pack("<BHB", 0x0E, index, kind)

    def open(self, name: str, attribute: str = "", value: str | tuple[int, int] = "") -> None:
        self.bytes += struct.pack("<BHI", 0x41 if attribute else 0x01, 0xFFFF, 0)
        self.name(name)
        if attribute:
            self.bytes += struct.pack("<I", 0) + b"\x06"
            self.name(attribute)
            if isinstance(value, str):
                self.literal(value)
            else:
                self.slot(*value)
        self.bytes += b"\x02"

    def close(self) -> None:
        self.bytes += b"\x04"

    def leaf(self, name: str, content: str | tuple[int, int]) -> None:
        self.open(name)
        if isinstance(content, str):
            self.literal(content)
        else:
            self.slot(*content)
        self.close()


def event_template(at: int) -> bytes:
    xml = Xml(at)
    xml.open("Event")
    xml.open("System")
    xml.open("Provider", "Name", (0, STRING))
    xml.close()
    xml.leaf("EventID", (1, UINT16))
    xml.open("TimeCreated", "SystemTime", (2, FILETIME))
    xml.close()
    xml.leaf("Channel", "System")
    xml.leaf("Computer", "SRV01")
    xml.close()
    xml.slot(3, BINXML)
    xml.close()
    return bytes(xml.bytes) + b"\0"


def data_template(at: int, names: tuple[str, ...], gaps: tuple[int, ...]) -> bytes:
    xml = Xml(at)
    xml.open("EventData")
    for index, name in zip(gaps or range(len(names)), names, strict=True):
        if name == "Binary":
            xml.leaf("Binary", (index, BINARY))
        else:
            xml.open("Data", "Name" if name else "", name)
            xml.slot(index, STRING)
            xml.close()
    xml.close()
    return bytes(xml.bytes) + b"\0"


def instance(at: int, known: dict[object, int], key: object, definition: bytes, guid: bytes) -> bytes:
    """Point to a template, and define it here if the chunk has not defined it yet."""
    offset = known.setdefault(key, at + 14)
    body = HEAD + struct.pack("<BBII", 0x0C, 1, 0, offset)
    if offset == at + 14:
        body += struct.pack("<I16sI", 0, guid, len(definition)) + definition
    return body


def with_values(values: tuple[tuple[int, bytes], ...]) -> bytes:
    table = b"".join(struct.pack("<HBB", len(data), kind, 0) for kind, data in values)
    return struct.pack("<I", len(values)) + table + b"".join(data for _, data in values)


def record(event: Written, at: int, known: dict[object, int]) -> bytes:
    ticks = (event.at - EPOCH).days * 864_000_000_000 + (event.at - EPOCH).seconds * 10_000_000
    names = event.names or ("",) * len(event.values)
    outer = instance(at + 24, known, "event", event_template(at + 24 + 38), event.guid)
    head = (
        (STRING, utf16(event.provider)),
        (UINT16, struct.pack("<H", event.id)),
        (FILETIME, struct.pack("<Q", ticks)),
    )
    # What stands before the inner fragment: the count, four descriptors and three values.
    inner_at = at + 24 + len(outer) + 4 + 4 * 4 + sum(len(data) for _, data in head)
    key = (names, event.gaps, event.guid)
    definition = data_template(inner_at + 38, names, event.gaps)
    inner = instance(inner_at, known, key, definition, event.guid) + with_values(event.values)
    body = outer + with_values((*head, (BINXML, inner)))
    size = (24 + len(body) + 4 + 7) // 8 * 8
    frame = struct.pack("<4sIQQ", b"**\0\0", size, event.record, ticks)
    return (frame + body).ljust(size - 4, b"\0") + struct.pack("<I", size)


def chunk(*events: Written) -> bytes:
    known: dict[object, int] = {}
    records, last = b"", 0
    for event in events:
        last = RECORDS + len(records)
        records += record(event, last, known)
    ids = (events[0].record, events[-1].record)
    return seal(struct.pack("<8s4QIII", b"ElfChnk\0", *ids, *ids, 128, last, RECORDS + len(records)), records)


def seal(head: bytes, records: bytes, slack: bytes = b"") -> bytes:
    """Add the checksums."""
    head = head[:52] + struct.pack("<I", zlib.crc32(records)) + bytes(68)
    tables = bytes(0x180)
    head += struct.pack("<I", zlib.crc32(head[:120] + tables))
    return (head + tables + records + slack).ljust(CHUNK, b"\0")


def reseal(data: bytes, slack: bytes = b"") -> bytes:
    """Make a chunk's checksums hold again after a test changed it."""
    (free,) = struct.unpack_from("<I", data, 48)
    return seal(data[:52], data[RECORDS:free], slack)


def log(*chunks: bytes, next_record: int = 1, flags: int = 0) -> bytes:
    head = struct.pack(
        "<8sQQQIHHHH", b"ElfFile\0", 0, max(len(chunks) - 1, 0), next_record, 128, 1, 3, HEADER, len(chunks)
    )
    head = head.ljust(120, b"\0")
    return (head + struct.pack("<II", flags, zlib.crc32(head))).ljust(HEADER, b"\0") + b"".join(chunks)


def sealed(data: bytes) -> bytes:
    """Put the right checksums into a whole log, whatever else is wrong with it."""
    out = bytearray(data)
    if len(out) >= HEADER:
        struct.pack_into("<I", out, 124, zlib.crc32(out[:120]))
    for start in range(HEADER, len(out) - RECORDS, CHUNK):
        (free,) = struct.unpack_from("<I", out, start + 48)
        struct.pack_into("<I", out, start + 52, zlib.crc32(out[start + RECORDS : start + min(free, CHUNK)]))
        header = out[start : start + 120] + out[start + 128 : start + RECORDS]
        struct.pack_into("<I", out, start + 124, zlib.crc32(header))
    return bytes(out)
