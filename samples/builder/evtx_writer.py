"""Writes Windows event logs (.evtx), byte for byte in the shape that Windows gives them.

A log is a 4096-byte file header and chunks of 64 KiB. Each chunk stands alone: it carries its own table of
names (``Event``, ``Data``…) and of templates, its own checksums, and records. A record holds binary XML: a
template instance names a template (the fixed part of the XML) and brings the values for it. The template of
``<System>`` has one value that is itself binary XML, the event's own data, with a template of its own.

Layout: libevtx, "Windows XML Event Log (EVTX) format". One thing is a guess: how Windows spreads templates
over the 32 slots of a chunk's template table. Readers follow the chains and do not mind.

>>> from datetime import UTC, datetime
>>> from builder.event_model import Provider, Strings
>>> at = datetime(2018, 12, 24, tzinfo=UTC)
>>> collision = Event(at, Provider("Tcpip"), 4227, Strings(("",)), level=3, qualifiers=0x8000)
>>> log = write_evtx([collision], computer="WEB01")
>>> log[:7], len(log)
(b'ElfFile', 69632)
"""

import struct
import zlib
from collections.abc import Iterable, Sequence

from builder.event_model import Event, Provider, Type, Value, filetime_ticks
from builder.event_templates import (
    Element,
    Slot,
    Template,
    data_shape,
    data_template,
    data_values,
    system_template,
    system_values,
)

CHUNK_SIZE = 0x10000
FILE_HEADER_SIZE = 0x1000
_RECORDS_START = 0x200
_NAME_SLOTS, _NAME_TABLE = 64, 0x80
_TEMPLATE_SLOTS, _TEMPLATE_TABLE = 32, 0x180
_CHUNKS_PER_GROWTH = 16  # Windows lets a log grow by 1 MiB: 1 chunk at first, then 17, 33, …
_DIRTY = 1

_FRAGMENT = b"\x0f\x01\x01\x00"
_END_OF_STREAM = b"\x00"
_CLOSE_START, _CLOSE_EMPTY, _CLOSE_ELEMENT = b"\x02", b"\x03", b"\x04"


class _ChunkFull(Exception):  # noqa: N818 -- not an error: the next chunk begins
    """The record does not fit into what is left of the chunk."""


def _name_hash(name: str) -> int:
    value = 0
    for character in name:
        value = (value * 65599 + ord(character)) & 0xFFFFFFFF
    return value & 0xFFFF


class _Chunk:
    """A chunk while it fills: its bytes so far, and where its names and templates stand."""

    def __init__(self, first_record: int) -> None:
        self.data = bytearray(_RECORDS_START)
        self.first_record = first_record
        self.records = 0
        self.last_record_offset = 0
        self._names: dict[str, int] = {}
        self._templates: dict[bytes, int] = {}
        self._name_slots = [0] * _NAME_SLOTS
        self._template_slots = [0] * _TEMPLATE_SLOTS

    def add(self, event: Event, system: Template, data: Template) -> None:
        """Appends one record, or raises _ChunkFull and leaves the chunk as it was."""
        before = len(self.data), dict(self._names), dict(self._templates)
        slots = list(self._name_slots), list(self._template_slots)
        try:
            self._append(event, system, data)
        except _ChunkFull:
            size, self._names, self._templates = before
            self._name_slots, self._template_slots = slots
            del self.data[size:]
            raise

    def _append(self, event: Event, system: Template, data: Template) -> None:
        offset = len(self.data)
        record_id = self.first_record + self.records
        out = self.data
        out += struct.pack("<4sIQQ", b"**\0\0", 0, record_id, filetime_ticks(event.at))
        # The event's own data is the last of the system's values: lay out all that precedes it, then the data
        # in its place, and enter its size where the sizes stand.
        values = system_values(event, record_id)
        self._instance(system, values)
        size_at = len(out) - sum(len(value.raw) for value in values) - 4
        start = len(out)
        self._instance(data, data_values(event.data))
        out += _END_OF_STREAM
        struct.pack_into("<H", out, size_at, len(out) - start)
        out += _END_OF_STREAM
        out += bytes(-(len(out) + 4 - offset) % 8)
        size = len(out) + 4 - offset
        out += struct.pack("<I", size)
        if len(out) > CHUNK_SIZE:
            raise _ChunkFull
        struct.pack_into("<I", out, offset + 4, size)
        self.last_record_offset = offset
        self.records += 1

    def _instance(self, template: Template, values: Sequence[Value]) -> None:
        out = self.data
        out += _FRAGMENT
        known = self._templates.get(template.guid)
        here = len(out) + 10
        out += struct.pack("<BB4sI", 0x0C, 1, template.guid[:4], here if known is None else known)
        if known is None:
            self._define(template, here)
        out += struct.pack("<I", len(values))
        out += b"".join(struct.pack("<HBB", len(value.raw), value.type, 0) for value in values)
        out += b"".join(value.raw for value in values)

    def _define(self, template: Template, offset: int) -> None:
        slot = template.guid[0] % _TEMPLATE_SLOTS
        out = self.data
        out += struct.pack("<I16sI", self._template_slots[slot], template.guid, 0)
        start = len(out)
        out += _FRAGMENT
        self._element(template.root)
        out += _END_OF_STREAM
        struct.pack_into("<I", out, offset + 20, len(out) - start)
        self._template_slots[slot] = offset
        self._templates[template.guid] = offset

    def _element(self, element: Element) -> None:
        out = self.data
        has_attributes = 0x40 if element.attributes else 0
        out += struct.pack("<BHI", 0x01 | has_attributes, element.depends_on, 0)
        start = len(out)
        self._name(element.name)
        if element.attributes:
            self._attributes(element.attributes)
        match element.content:
            case None:
                out += _CLOSE_EMPTY
            case tuple(children):
                out += _CLOSE_START
                for child in children:
                    if isinstance(child, Element):
                        self._element(child)
                    else:
                        self._content(child)
                out += _CLOSE_ELEMENT
            case content:
                out += _CLOSE_START
                self._content(content)
                out += _CLOSE_ELEMENT
        struct.pack_into("<I", out, start - 4, len(out) - start)

    def _attributes(self, attributes: tuple[tuple[str, str | Slot], ...]) -> None:
        out = self.data
        out += bytes(4)
        start = len(out)
        for left, (name, content) in zip(range(len(attributes) - 1, -1, -1), attributes, strict=True):
            out.append(0x46 if left else 0x06)
            self._name(name)
            self._content(content)
        struct.pack_into("<I", out, start - 4, len(out) - start)

    def _content(self, content: str | Slot) -> None:
        out = self.data
        if isinstance(content, str):
            out += struct.pack("<BBH", 0x05, Type.STRING, len(content)) + content.encode("utf-16-le")
        else:
            out += struct.pack("<BHB", 0x0E if content.optional else 0x0D, content.index, content.type)

    def _name(self, name: str) -> None:
        """The offset of a name; where the name is new to the chunk it stands right behind the offset."""
        out = self.data
        known = self._names.get(name)
        if known is not None:
            out += struct.pack("<I", known)
            return
        offset = len(out) + 4
        value = _name_hash(name)
        slot = value % _NAME_SLOTS
        out += struct.pack("<IIHH", offset, self._name_slots[slot], value, len(name))
        out += f"{name}\0".encode("utf-16-le")
        self._name_slots[slot] = offset
        self._names[name] = offset

    def finish(self, first_number: int) -> bytes:
        """The chunk as it stands in the file; ``first_number`` counts records from 1 in this file."""
        out = self.data
        end = len(out)
        struct.pack_into(
            "<8sQQQQIIII", out, 0,
            b"ElfChnk\0",
            first_number, first_number + self.records - 1,
            self.first_record, self.first_record + self.records - 1,
            128, self.last_record_offset, end, zlib.crc32(out[_RECORDS_START:end]),
        )  # fmt: skip
        struct.pack_into(f"<{_NAME_SLOTS}I", out, _NAME_TABLE, *self._name_slots)
        struct.pack_into(f"<{_TEMPLATE_SLOTS}I", out, _TEMPLATE_TABLE, *self._template_slots)
        struct.pack_into("<I", out, 124, zlib.crc32(out[:120] + out[128:_RECORDS_START]))
        return bytes(out) + bytes(CHUNK_SIZE - end)


def _chunks(events: Iterable[Event], computer: str, first_record: int) -> list[_Chunk]:
    system_templates: dict[tuple[Provider, str, type], Template] = {}
    data_templates: dict[object, Template] = {}
    chunks = [_Chunk(first_record)]
    for event in events:
        data = event.data
        key = (event.provider, event.channel, type(data))
        system = system_templates.get(key)
        if system is None:
            system = system_templates[key] = system_template(event, computer)
        shape = data_shape(data)
        template = data_templates.get(shape)
        if template is None:
            template = data_templates[shape] = data_template(data)
        try:
            chunks[-1].add(event, system, template)
        except _ChunkFull:
            chunks.append(_Chunk(chunks[-1].first_record + chunks[-1].records))
            chunks[-1].add(event, system, template)
    return chunks


def write_evtx(
    events: Iterable[Event],
    computer: str,
    *,
    first_record: int = 1,
    dirty: bool = False,
    oldest_chunk: int = 0,
) -> bytes:
    """The bytes of a log with these events, in this order.

    Args:
        events: The events; their order is the order of their record IDs.
        computer: What ``<Computer>`` says of all of them.
        first_record: The record ID of the first one; above 1 in a log that has overwritten its oldest
            records.
        dirty: As copied from a running machine: the header is flagged dirty and tells of an earlier time, so
            that it knows the older half of the chunks only.
        oldest_chunk: Where in the file the oldest chunk stands, if the log has come round: behind it stand
            the newer ones up to the end of the file, before it the newest.

    Returns:
        The file, padded with unused chunks to the sizes of Windows, unless the log has come round.
    """
    chunks = _chunks(events, computer, first_record)
    numbered = 1
    written = []
    for chunk in chunks:
        written.append(chunk.finish(numbered))
        numbered += chunk.records
    count, next_record = len(chunks), chunks[-1].first_record + chunks[-1].records
    oldest_chunk %= count
    body = b"".join(written[count - oldest_chunk :] + written[: count - oldest_chunk])
    if not oldest_chunk:
        body += bytes(CHUNK_SIZE * ((1 - count) % _CHUNKS_PER_GROWTH))
    newest = (oldest_chunk - 1) % count
    if dirty and count > 1:
        count = max(1, count // 2)
        newest = count - 1
        next_record = chunks[count].first_record
    header = struct.pack(
        "<8sQQQIHHHH", b"ElfFile\0", oldest_chunk, newest, next_record, 128, 1, 3, FILE_HEADER_SIZE, count
    )
    header = header.ljust(120, b"\0")
    header += struct.pack("<II", _DIRTY if dirty else 0, zlib.crc32(header))
    return header.ljust(FILE_HEADER_SIZE, b"\0") + body
