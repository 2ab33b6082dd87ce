"""Records to events: which event a record holds costs a few reads; all of it is read where it is wanted."""

import struct
from datetime import UTC, datetime
from itertools import accumulate
from typing import NamedTuple

import msgspec

from forensics.evtx.binxml import (
    FRAGMENT_HEADER,
    FRAGMENT_HEADER_SIZE,
    TEMPLATE_INSTANCE,
    FragmentReader,
    Part,
)
from forensics.evtx.chunk import Chunk, Record
from forensics.evtx.damage import DamagedError
from forensics.evtx.templates import (
    EVENT_DATA,
    USER_DATA,
    SystemFields,
    Template,
    TemplateCache,
    compile_fragment,
)
from forensics.evtx.values import ARRAY, BINARY, BINXML, FILETIME, NULL, filetime, render, render_array

_RECORD_XML = struct.Struct("<24xB3xB5xI")  # behind a record's header: fragment header, then an instance
_RECORD_TRAILER_SIZE = 4
_INSTANCE = struct.Struct("<B5xI")  # token, then where the template is defined
_COUNT = struct.Struct("<I")
_DESCRIPTOR_SIZE = 4  # of one value: its size (2 bytes), type (1), and a zero
_TYPE_AT = 2
_EVENT_ID = struct.Struct("<H")
_TICKS = struct.Struct("<Q")

_MOST_LAYOUTS = 64  # remembered per template; real ones have a handful
_ITEM_COST = 32  # of one text, besides its bytes and characters: a string of CPython takes 50 and more, an entry 8
_FRAGMENT_COST = 128  # of binary XML that is a value, besides its bytes: finding its template, or reading its elements
_DEEPEST = 4  # fragments inside fragments; Windows puts one into the event's own


class Content(msgspec.Struct):
    """What an event says besides its provider and ID.

    `names` runs parallel to `strings`. In EventData they are the Name attributes, "" where there is none; in
    UserData the names of the elements that hold text. `binary` is EventData's Binary element. `at` is None
    where the record gives no readable TimeCreated.
    """

    at: datetime | None
    computer: str
    strings: list[str] = []
    names: list[str] = []
    binary: bytes = b""

    def add(self, name: str, text: str) -> None:
        """Append one text."""
        self.strings.append(text)
        self.names.append(name)


class _Values(NamedTuple):
    """The values for a template's gaps; value n has type `kinds[n]` and lies between `bounds` n and n + 1."""

    kinds: bytes
    bounds: tuple[int, ...]

    def get(self, index: int) -> tuple[int, int, int]:
        """Return a value's type and where it begins and ends."""
        if index >= len(self.kinds):
            raise DamagedError(f"value {index} of {len(self.kinds)}")
        return self.kinds[index], self.bounds[index], self.bounds[index + 1]


_NO_VALUES = _Values(b"", (0,))


class Opened(NamedTuple):
    """A record that holds an event: its template, and from where to where its values may lie."""

    template: Template
    system: SystemFields
    position: int
    end: int


class EventReader:
    """Reads the records of one chunk; raises DamagedError for a record that cannot be trusted."""

    def __init__(self, chunk: Chunk, cache: TemplateCache) -> None:
        self._chunk = chunk
        self._data = chunk.data
        self._cache = cache
        self._templates: dict[int, Template] = {}
        self._values_at = -1
        self._last_values = _NO_VALUES

    def open(self, record: Record) -> Opened:
        """Find a record's template and values."""
        position = record.start + _RECORD_XML.size
        end = record.end - _RECORD_TRAILER_SIZE
        if position > end:
            raise DamagedError("too small for a template instance")
        header, token, offset = _RECORD_XML.unpack_from(self._data, record.start)
        if header != FRAGMENT_HEADER or token != TEMPLATE_INSTANCE:
            raise DamagedError("no template instance begins its binary XML")
        template = self._templates.get(offset) or self._template(offset)
        if template.system is None:
            raise DamagedError(template.damage or "its template holds no event")
        if offset == position:
            position += template.size
        return Opened(template, template.system, position, end)

    def event_id(self, opened: Opened) -> int:
        """Return the event ID, without reading the other values."""
        template, system, position, values_end = opened
        index = system.event_id
        if system.is_literal:
            return index
        # The sizes of the values up to the ID's own decide where it lies, and they hardly ever vary.
        layout = self._data[position : position + _COUNT.size + (index + 1) * _DESCRIPTOR_SIZE]
        at = template.id_positions.get(layout)
        if at is None:
            _, start, end = self._values(position, values_end).get(index)
            if end - start != _EVENT_ID.size:
                raise DamagedError("event ID that is no 16-bit number")
            at = start - position
            if len(template.id_positions) < _MOST_LAYOUTS:
                template.id_positions[layout] = at
        elif position + at + _EVENT_ID.size > values_end:
            raise DamagedError("values end outside their record")
        event_id: int = _EVENT_ID.unpack_from(self._data, position + at)[0]
        return event_id

    def provider(self, opened: Opened) -> str:
        """Return the provider's name as the record spells it."""
        return self._system_text(opened.system.provider, opened)

    def channel(self, opened: Opened) -> str:
        """Return the channel that the record was written to."""
        return self._system_text(opened.system.channel, opened)

    def content(self, opened: Opened) -> Content:
        """Return everything else that the event says."""
        template, system, position, end = opened
        values = self._values(position, end)
        content = Content(self._moment(system.time, values), self._text(system.computer, values))
        self._chunk.spend(_ITEM_COST * len(template.payloads))
        for payload in template.payloads:
            if isinstance(payload, int):
                kind, inner_start, inner_end = values.get(payload)
                if kind != BINXML or inner_start == inner_end:
                    continue
                inner, inner_values = self._fragment(inner_start, inner_end)
            else:
                inner, inner_values = payload, values
            if inner.name in (EVENT_DATA, USER_DATA):
                self._add_rows(inner, inner_values, content, _DEEPEST)
        return content

    def _instance(self, start: int, end: int) -> tuple[Template, int]:
        """Return the template of the instance at `start`, and where its values begin."""
        position = start + _INSTANCE.size
        if position > end:
            raise DamagedError("too small for a template instance")
        token, offset = _INSTANCE.unpack_from(self._data, start)
        if token != TEMPLATE_INSTANCE:
            raise DamagedError(f"token 0x{token:02x} where a template instance should begin")
        template = self._templates.get(offset) or self._template(offset)
        if template.damage:
            raise DamagedError(template.damage)
        return template, position + (template.size if offset == position else 0)

    def _template(self, offset: int) -> Template:
        """Find a template; once per chunk, whether it can be read or not."""
        try:
            template = self._cache.get(self._chunk, offset)
        except DamagedError as error:
            template = Template(damage=str(error))
        self._templates[offset] = template
        return template

    def _values(self, position: int, end: int) -> _Values:
        if position == self._values_at:
            return self._last_values  # an event's provider and content are asked for in turn
        table = position + _COUNT.size
        if table > end:
            raise DamagedError("values end outside their record")
        start = table + _COUNT.unpack_from(self._data, position)[0] * _DESCRIPTOR_SIZE
        if start == table:
            return _NO_VALUES
        if start > end:
            raise DamagedError("values end outside their record")
        sizes = struct.unpack(f"<{(start - table) // 2}H", self._data[table:start])[::2]
        bounds = tuple(accumulate(sizes, initial=start))
        if bounds[-1] > end:
            raise DamagedError("values end outside their record")
        self._values_at = position
        self._last_values = _Values(self._data[table + _TYPE_AT : start : _DESCRIPTOR_SIZE], bounds)
        return self._last_values

    def _system_text(self, parts: list[Part], opened: Opened) -> str:
        if len(parts) == 1 and isinstance(parts[0], str):
            return self._text(parts, _NO_VALUES)
        return self._text(parts, self._values(opened.position, opened.end))

    def _text(self, parts: list[Part], values: _Values) -> str:
        self._chunk.spend(_ITEM_COST * len(parts))
        text = "".join(part if isinstance(part, str) else ",".join(self._items(*values.get(part))) for part in parts)
        self._chunk.spend(len(text))
        return text

    def _items(self, kind: int, start: int, end: int) -> list[str]:
        """Return a value's texts: one, or those of an array."""
        data = self._data[start:end]
        if kind == BINXML:
            return []
        if kind & ARRAY:
            items = render_array(kind, data)
            self._chunk.spend(_ITEM_COST * len(items) + len(data))
            return items
        return [self._rendered(kind, data)]

    def _rendered(self, kind: int, data: bytes) -> str:
        self._chunk.spend(len(data))
        text = render(kind, data)
        self._chunk.spend(len(text))
        return text

    def _moment(self, parts: list[Part], values: _Values) -> datetime | None:
        if len(parts) == 1 and isinstance(parts[0], int):
            kind, start, end = values.get(parts[0])
            if kind == FILETIME and end - start == _TICKS.size:
                return filetime(_TICKS.unpack_from(self._data, start)[0])
        try:
            moment = datetime.fromisoformat(self._text(parts, values))
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            return None

    def _fragment(self, start: int, end: int) -> tuple[Template, _Values]:
        """Read binary XML that is a value: an instance of a template, or elements as they are."""
        self._chunk.spend(_FRAGMENT_COST + end - start)
        first = start + (FRAGMENT_HEADER_SIZE if self._data[start] == FRAGMENT_HEADER else 0)
        if first < end and self._data[first] != TEMPLATE_INSTANCE:
            reader = FragmentReader(self._chunk, first, end, in_template=False)
            return compile_fragment(reader.root()), _NO_VALUES
        template, position = self._instance(first, end)
        return template, self._values(position, end)

    def _add_rows(self, template: Template, values: _Values, content: Content, depth: int) -> None:
        self._chunk.spend(_ITEM_COST * len(template.rows) + template.name_characters)
        for name, parts, is_binary in template.rows:
            if len(parts) != 1 or isinstance(parts[0], str):
                content.add(name, self._text(parts, values))
                continue
            kind, start, end = values.get(parts[0])
            if is_binary and kind in (BINARY, NULL):
                self._chunk.spend(end - start)
                content.binary = self._data[start:end]
            elif kind == BINXML and start != end:
                self._add_fragment(start, end, content, depth)
            elif kind & ARRAY:
                for text in self._items(kind, start, end) or ("",):
                    content.add(name, text)
            else:
                content.add(name, self._rendered(kind, self._data[start:end]) if kind != BINXML else "")

    def _add_fragment(self, start: int, end: int, content: Content, depth: int) -> None:
        if not depth:
            raise DamagedError("fragments nested too deeply")
        template, values = self._fragment(start, end)
        self._add_rows(template, values, content, depth - 1)
