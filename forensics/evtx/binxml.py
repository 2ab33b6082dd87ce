"""Binary XML tokens to elements.

A template is an XML fragment with numbered gaps; a record names a template and brings the values for the gaps
(MS-EVEN6 3.1.4.7). The size fields that elements carry are not needed and not believed: tokens tell where
they end.
"""

import struct

import msgspec

from forensics.evtx.chunk import Chunk
from forensics.evtx.damage import DamagedError
from forensics.evtx.values import STRING, utf16

TEMPLATE_INSTANCE = 0x0C
FRAGMENT_HEADER = 0x0F
FRAGMENT_HEADER_SIZE = 4

# An element with attributes and any other token that has more of its kind behind it carry 0x40 as well. What
# follows tells the same.
_MORE = 0x40
_END_OF_STREAM = 0x00
_OPEN_ELEMENT = 0x01
_CLOSE_START = 0x02
_CLOSE_EMPTY = 0x03
_CLOSE_ELEMENT = 0x04
_VALUE = 0x05
_ATTRIBUTE = 0x06
_CDATA = 0x07
_CHARACTER = 0x08
_ENTITY = 0x09
_INSTRUCTION_TARGET = 0x0A
_INSTRUCTION_DATA = 0x0B
_SUBSTITUTIONS = (0x0D, 0x0E)  # always there, or optional: an absent value is empty text either way
_LITERALS = (_VALUE, _CDATA, _CHARACTER, _ENTITY, _INSTRUCTION_TARGET, _INSTRUCTION_DATA)
_TEXT = frozenset(token | more for token in (*_LITERALS, *_SUBSTITUTIONS) for more in (0, _MORE))
_SUBSTITUTION_SIZE = 4  # token, index, expected type; the value brings its own type
_SIZE_SIZE = 4

_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_DEEPEST = 32  # Windows nests about five elements

_U16 = struct.Struct("<H")
_U32 = struct.Struct("<I")

Part = str | int
"""A piece of text: as it stands, or the number of the value that supplies it."""


class Element(msgspec.Struct):
    """An XML element whose text may have gaps."""

    name: str
    attributes: dict[str, list[Part]]
    content: list["Part | Element"]

    def elements(self) -> list["Element"]:
        """Return the child elements."""
        return [part for part in self.content if isinstance(part, Element)]

    def text(self) -> list[Part]:
        """Return the text between the child elements."""
        return [part for part in self.content if not isinstance(part, Element)]


class FragmentReader:
    """Reads the element between two offsets of a chunk.

    `in_template` tells whether elements carry a dependency identifier, which they do inside a template only.
    `name_offsets` collects where offsets of names stand and what they are. Raises DamagedError, also for
    bytes that end too early.
    """

    def __init__(self, chunk: Chunk, start: int, end: int, *, in_template: bool) -> None:
        self.name_offsets: list[tuple[int, int]] = []
        self._chunk = chunk
        self._data = chunk.data[:end]
        self._position = start
        self._before_name = 1 + (_U16.size if in_template else 0) + _SIZE_SIZE

    def root(self) -> Element | None:
        """Read the fragment's only element; None if the fragment is empty."""
        try:
            if self._data[self._position] == FRAGMENT_HEADER:
                self._position += FRAGMENT_HEADER_SIZE
            if self._data[self._position] == _END_OF_STREAM:
                return None
            return self._element(_DEEPEST)
        except (struct.error, IndexError) as error:
            raise DamagedError("binary XML ends too early") from error

    def _element(self, depth: int) -> Element:
        token = self._data[self._position]
        if token & ~_MORE != _OPEN_ELEMENT:
            raise DamagedError(f"token 0x{token:02x} where an element should begin")
        if not depth:
            raise DamagedError("elements nested too deeply")
        self._position += self._before_name
        element = Element(self._name(), {}, [])
        if token & _MORE:
            self._position += _SIZE_SIZE
            self._attributes(element)
        token = self._data[self._position]
        self._position += 1
        if token == _CLOSE_START:
            self._content(element.content, depth)
        elif token != _CLOSE_EMPTY:
            raise DamagedError(f"token 0x{token:02x} in a start tag")
        return element

    def _attributes(self, element: Element) -> None:
        data = self._data
        while data[self._position] & ~_MORE == _ATTRIBUTE:
            self._position += 1
            parts = element.attributes[self._name()] = []
            while data[self._position] in _TEXT:
                parts.append(self._part())

    def _content(self, content: list["Part | Element"], depth: int) -> None:
        data = self._data
        while (token := data[self._position]) != _CLOSE_ELEMENT:
            content.append(self._part() if token in _TEXT else self._element(depth - 1))
        self._position += 1

    def _part(self) -> Part:
        data, start = self._data, self._position
        if data[start] in _SUBSTITUTIONS:
            self._position += _SUBSTITUTION_SIZE
            return data[start + 1] | data[start + 2] << 8
        self._position += 1
        return self._literal(data[start] & ~_MORE)

    def _literal(self, token: int) -> str:
        if token == _VALUE:
            kind = self._data[self._position]
            if kind != STRING:
                raise DamagedError(f"literal value of type 0x{kind:02x}")
            self._position += 1
            return self._text()
        if token == _CDATA:
            return self._text()
        if token == _CHARACTER:
            self._position += _U16.size
            return utf16(self._data[self._position - _U16.size : self._position])
        if token == _ENTITY:
            return _ENTITIES.get(self._name(), "\ufffd")
        if token == _INSTRUCTION_TARGET:
            self._name()
        else:
            self._text()
        return ""  # processing instructions are no text

    def _text(self) -> str:
        start = self._position + _U16.size
        end = start + 2 * _U16.unpack_from(self._data, self._position)[0]
        if end > len(self._data):
            raise DamagedError("text ends outside its fragment")
        self._position = end
        return utf16(self._data[start:end])

    def _name(self) -> str:
        offset: int = _U32.unpack_from(self._data, self._position)[0]
        self.name_offsets.append((self._position, offset))
        self._position += _U32.size
        name = self._chunk.names.get(offset) or self._chunk.read_name(offset)
        if offset == self._position:
            self._position += name.size
        return name.text
