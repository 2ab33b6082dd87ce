"""Chunks whose records are written byte by byte and point to templates in the free space behind them."""

import struct
from collections.abc import Iterable

from tests.evtx.build import CHUNK, FILETIME, HEAD, RECORDS, STRING, UINT16, Xml, log, seal, utf16

LINK = 24  # a definition's link, GUID and size
ID = (UINT16, struct.pack("<H", 6013))
AT = (FILETIME, struct.pack("<Q", 130_795_130_930_000_000))  # 2015-06-23 06:04:53
NOTHING = (0, b"")
Value = tuple[int, bytes]


def definition(fragment: bytes) -> bytes:
    return struct.pack("<I16sI", 0, bytes(16), len(fragment)) + fragment


def instance(offset: int, *values: Value, count: int | None = None) -> bytes:
    """A fragment that names the template at an offset and brings its values."""
    table = b"".join(struct.pack("<HBB", len(data), kind, 0) for kind, data in values)
    number = len(values) if count is None else count
    head = HEAD + struct.pack("<BBII", 0x0C, 1, 0, offset) + struct.pack("<I", number)
    return head + table + b"".join(data for _, data in values)


def event(at: int, provider: str = "EventLog", computer: str = "SRV01", literal_id: str = "") -> bytes:
    """The fragment of a template that stands at an offset: value 0 is the event ID, 1 the time, 2 the EventData."""
    xml = Xml(at)
    xml.open("Event")
    xml.open("System")
    xml.open("Provider", "Name", provider)
    xml.close()
    xml.leaf("EventID", literal_id or (0, UINT16))
    xml.open("TimeCreated", "SystemTime", (1, FILETIME))
    xml.close()
    xml.leaf("Channel", "System")
    xml.leaf("Computer", computer)
    xml.close()
    xml.slot(2, 0x21)
    xml.close()
    return bytes(xml.bytes) + b"\0"


def rows(at: int, number: int, kind: int, literal: str = "", label: str = "") -> bytes:
    """EventData with so many Data elements, each of which asks for value 0 or brings the literal; the first has a Name."""
    xml = Xml(at)
    xml.open("EventData")
    xml.open("Data", "Name" if label else "", label)
    name = at + bytes(xml.bytes).rindex(utf16("Data")) - 8
    for row in range(number):
        if row:
            xml.bytes += struct.pack("<BHII", 1, 0xFFFF, 0, name) + b"\x02"
        if literal:
            xml.literal(literal)
        else:
            xml.slot(0, kind)
        xml.close()
    xml.close()
    return bytes(xml.bytes) + b"\0"


def record(number: int, body: bytes) -> bytes:
    size = (24 + len(body) + 4 + 7) // 8 * 8
    frame = struct.pack("<4sIQQ", b"**\0\0", size, number, 130_795_130_930_000_000)
    return (frame + body).ljust(size - 4, b"\0") + struct.pack("<I", size)


def chunk_of(bodies: Iterable[bytes], behind: bytes = b"", first: int = 1) -> bytes:
    """As many of these records as fit, and what is to stand at the chunk's end."""
    records, number, last = b"", first, RECORDS
    for body in bodies:
        made = record(number, body)
        if RECORDS + len(records) + len(made) + len(behind) > CHUNK:
            break
        last = RECORDS + len(records)
        records += made
        number += 1
    ids = (first, number - 1)
    head = struct.pack("<8s4QIII", b"ElfChnk\0", *ids, *ids, 128, last, RECORDS + len(records))
    return seal(head, records, bytes(CHUNK - RECORDS - len(records) - len(behind)) + behind)


class Templates:
    """An event's template at the end of a chunk, and that of its EventData before it."""

    def __init__(
        self, number: int = 1, kind: int = STRING, literal: str = "", label: str = "", **event_parts: str
    ) -> None:
        self.event_at = CHUNK - LINK - len(event(0, **event_parts))
        self.data_at = self.event_at - LINK - len(rows(0, number, kind, literal, label))
        data = definition(rows(self.data_at + LINK, number, kind, literal, label))
        self.bytes = data + definition(event(self.event_at + LINK, **event_parts))

    def body(self, *values: Value) -> bytes:
        """A record's binary XML, with these values for its EventData."""
        return instance(self.event_at, ID, AT, (0x21, instance(self.data_at, *values)))

    def plain(self) -> bytes:
        return instance(self.event_at, ID, AT, NOTHING)

    def log(self, bodies: list[bytes], chunks: int = 1) -> bytes:
        made = []
        first = 1
        for _ in range(chunks):
            made.append(chunk_of(bodies, self.bytes, first))
            first = 1 + struct.unpack_from("<Q", made[-1], 32)[0]
        return log(*made, next_record=first)
