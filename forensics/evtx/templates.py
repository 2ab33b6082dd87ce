"""Template definitions, compiled once per log and recognised in other chunks by their bytes.

Every chunk repeats the definitions that its records use, at other places and therefore with other offsets to
names. A definition is the same if all else is and if its offsets lead to the same names. Its GUID is a hint
where to look; nothing keeps it honest.
"""

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from forensics.evtx.binxml import Element, FragmentReader, Part
from forensics.evtx.chunk import CHUNK_SIZE, NAME_LENGTH_AT, NAME_LINK_SIZE, RECORDS_START, Chunk
from forensics.evtx.damage import DamagedError

EVENT_DATA = "EventData"
USER_DATA = "UserData"

_DEFINITION = struct.Struct("<4x16sI")  # the next of the same hash (never followed), GUID, fragment's size
_OFFSET = struct.Struct("<I")
_ID = re.compile(r"[0-9]{1,5}")  # a 16-bit number
_HIGHEST_ID_INDEX = 63  # Windows' own templates have the event ID as value 3
_MOST_VARIANTS = 4  # of one GUID and size: they differ in which names stand inside
_LARGEST_CACHE = 2**20  # bytes of definitions with an overhead for each; real logs have some 50 of about 1 KiB
_OVERHEAD = 2**10


class Row(NamedTuple):
    """One text of an event: its name, and its pieces. `is_binary` marks EventData's Binary element."""

    name: str
    parts: list[Part]
    is_binary: bool = False


class SystemFields(msgspec.Struct):
    """Where an event's identity comes from: pieces of text for each field of the System element.

    `event_id` is the number of the value that holds the ID or, if `is_literal`, the ID itself.
    """

    event_id: int
    is_literal: bool
    provider: list[Part]
    time: list[Part]
    channel: list[Part]
    computer: list[Part]


class Template(msgspec.Struct):
    """A compiled fragment.

    `size` is what the definition takes where it stands inside its first record. `system` is set where the
    fragment is a whole event; `payloads` are then what stands beside the System element. `rows` are the texts
    of EventData or UserData, `name_characters` the length of all their names. `id_positions` remembers, by the
    sizes of the values before it, where the event ID lies. `damage` says why there is nothing of all this.
    """

    size: int = 0
    name: str = ""
    rows: list[Row] = []
    name_characters: int = 0
    system: SystemFields | None = None
    payloads: list["Template | int"] = []
    id_positions: dict[bytes, int] = {}
    damage: str = ""


class _Known(NamedTuple):
    """A compiled definition, with what other bytes must hold to mean the same.

    `texts` are its stretches between names, `inline` where it spells a name out, and `borrowed` where it
    points to one, with that name's length and characters. Positions count from the fragment's start.
    """

    template: Template
    texts: list[tuple[int, bytes]]
    inline: list[int]
    borrowed: list[tuple[int, bytes]]

    def matches(self, data: bytes, start: int) -> bool:
        """Tell whether the fragment at `start` has the same tokens and the same names."""
        for at, text in self.texts:
            if not data.startswith(text, start + at):
                return False
        for at in self.inline:
            if _OFFSET.unpack_from(data, start + at)[0] != start + at + _OFFSET.size:
                return False
        for at, name in self.borrowed:
            offset = _OFFSET.unpack_from(data, start + at)[0]
            if offset == start + at + _OFFSET.size or not data.startswith(name, offset + NAME_LENGTH_AT):
                return False
        return True


class TemplateCache:
    """The definitions met so far in one log."""

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, int], list[_Known]] = {}
        self._held = 0

    def get(self, chunk: Chunk, offset: int) -> Template:
        """Return the template defined at an offset of a chunk; raise DamagedError if there is none."""
        if not RECORDS_START <= offset <= CHUNK_SIZE - _DEFINITION.size:
            raise DamagedError(f"template at {offset}, outside the chunk's records")
        guid, size = _DEFINITION.unpack_from(chunk.data, offset)
        start = offset + _DEFINITION.size
        end = start + size
        if end > CHUNK_SIZE:
            raise DamagedError("template ends outside its chunk")
        chunk.spend(_DEFINITION.size + size)
        variants = self._known.get((guid, size), [])
        for known in variants:
            if known.matches(chunk.data, start):
                return known.template
        known = _read(chunk, start, end)
        self._held += _OVERHEAD + size
        if self._held > _LARGEST_CACHE:
            self._known.clear()
            self._held = _OVERHEAD + size
        self._known[guid, size] = [known, *variants][:_MOST_VARIANTS]
        return known.template


def _read(chunk: Chunk, start: int, end: int) -> _Known:
    reader = FragmentReader(chunk, start, end, in_template=True)
    template = compile_fragment(reader.root(), _DEFINITION.size + end - start)
    known = _Known(template, [], [], [])
    position = start
    for at, offset in reader.name_offsets:
        known.texts.append((position - start, chunk.data[position:at]))
        position = at + _OFFSET.size
        if offset == position:
            known.inline.append(at - start)
            position += NAME_LINK_SIZE
        else:
            known.borrowed.append((at - start, chunk.stored_name(offset)))
    known.texts.append((position - start, chunk.data[position:end]))
    return known


def compile_fragment(root: Element | None, size: int = 0) -> Template:
    """Find in a fragment what an event's reader asks for."""
    if root is None:
        return Template(size)
    if root.name != "Event":
        rows = list(_rows(root))
        return Template(size, root.name, rows, sum(len(row.name) for row in rows))
    system = next((child for child in root.elements() if child.name == "System"), None)
    payloads = [
        compile_fragment(part) if isinstance(part, Element) else part
        for part in root.content
        if part is not system and not isinstance(part, str)
    ]
    fields = None if system is None else _system_fields(system)
    return Template(size, root.name, system=fields, payloads=payloads)


def _system_fields(system: Element) -> SystemFields | None:
    children = {child.name: child for child in system.elements()}
    nothing = Element("", {}, [])
    identity = children.get("EventID", nothing).text()
    if len(identity) != 1:
        return None
    event_id = identity[0]
    is_literal = isinstance(event_id, str)
    if isinstance(event_id, str):
        if not _ID.fullmatch(event_id):
            return None
        event_id = int(event_id)
    elif event_id > _HIGHEST_ID_INDEX:
        return None
    return SystemFields(
        event_id=event_id,
        is_literal=is_literal,
        provider=children.get("Provider", nothing).attributes.get("Name", []),
        time=children.get("TimeCreated", nothing).attributes.get("SystemTime", []),
        channel=children.get("Channel", nothing).text(),
        computer=children.get("Computer", nothing).text(),
    )


def _rows(element: Element) -> Iterator[Row]:
    """Yield the texts of EventData under their Name attribute, others under their innermost element."""
    children = element.elements()
    if element.name == EVENT_DATA:
        for child in children:
            if child.name == "Data":
                name = child.attributes.get("Name", [])
                yield Row("".join(part for part in name if isinstance(part, str)), child.text())
            else:
                yield from _rows(child)
    elif children:
        for child in children:
            yield from _rows(child)
    elif element.name != USER_DATA or element.text():
        yield Row(element.name, element.text(), is_binary=element.name == "Binary")
