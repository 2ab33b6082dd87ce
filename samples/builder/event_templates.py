"""The templates of binary XML: the fixed part of an event's XML, and the places for its values.

A template is described once, as nested elements. It is laid out anew in each chunk, because names are offsets
there. Which values a record has, in which order and of which type, is as in logs of Windows 7 and 10. Classic
events lack version, opcode, correlation and execution; provider, channel and computer are part of the
template.
"""

import hashlib
from dataclasses import dataclass

from builder.event_model import (
    NULL,
    Data,
    Event,
    Fields,
    Strings,
    Type,
    UserData,
    Value,
    filetime,
    hex64,
    sid,
    uint8,
    uint16,
    uint32,
    uint64,
)

NO_DEPENDENCY = 0xFFFF
_EVENT_XMLNS = "http://schemas.microsoft.com/win/2004/08/events/event"


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of value number ``index``; an optional one takes its attribute with it when it is null."""

    index: int
    type: Type
    optional: bool = True


@dataclass(frozen=True, slots=True)
class Element:
    """An element with its attributes and content; it vanishes when the value that it depends on is null."""

    name: str
    attributes: tuple[tuple[str, "str | Slot"], ...] = ()
    content: "tuple[Element | Slot, ...] | str | Slot | None" = None
    depends_on: int = NO_DEPENDENCY


@dataclass(frozen=True, slots=True)
class Template:
    """The fixed part of some XML, under a GUID that follows from it."""

    guid: bytes
    root: Element


def _template(root: Element) -> Template:
    return Template(hashlib.md5(repr(root).encode(), usedforsecurity=False).digest(), root)


# The order of the values in every record; which of them a template uses is its own matter.
_LEVEL, _OPCODE, _TASK, _EVENT_ID, _QUALIFIERS, _KEYWORDS, _TIME = range(7)
_ACTIVITY, _PROCESS, _THREAD, _RECORD_ID, _VERSION, _USER = range(7, 13)
_RELATED_ACTIVITY, _DATA, _SLOTS = 18, 19, 20


def system_template(event: Event, computer: str) -> Template:
    """``<Event><System>…``; provider, channel and computer are part of the template, as Windows has it."""
    classic = isinstance(event.data, Strings)
    provider: list[tuple[str, str | Slot]] = [("Name", event.provider.name)]
    if event.provider.guid is not None:
        provider.append(("Guid", event.provider.guid))
    if event.provider.event_source_name is not None:
        provider.append(("EventSourceName", event.provider.event_source_name))

    def value(name: str, index: int, kind: Type) -> Element:
        return Element(name, (), Slot(index, kind), depends_on=index)

    event_id = Element(
        "EventID",
        (("Qualifiers", Slot(_QUALIFIERS, Type.UINT16)),),
        Slot(_EVENT_ID, Type.UINT16),
        depends_on=_EVENT_ID,
    )
    system = [Element("Provider", tuple(provider)), event_id]
    if not classic:
        system.append(value("Version", _VERSION, Type.UINT8))
    system += [value("Level", _LEVEL, Type.UINT8), value("Task", _TASK, Type.UINT16)]
    if not classic:
        system.append(value("Opcode", _OPCODE, Type.UINT8))
    system += [
        value("Keywords", _KEYWORDS, Type.HEX64),
        Element("TimeCreated", (("SystemTime", Slot(_TIME, Type.FILETIME)),)),
        value("EventRecordID", _RECORD_ID, Type.UINT64),
    ]
    if not classic:
        system += [
            Element(
                "Correlation",
                (
                    ("ActivityID", Slot(_ACTIVITY, Type.GUID)),
                    ("RelatedActivityID", Slot(_RELATED_ACTIVITY, Type.GUID)),
                ),
            ),
            Element(
                "Execution",
                (("ProcessID", Slot(_PROCESS, Type.UINT32)), ("ThreadID", Slot(_THREAD, Type.UINT32))),
            ),
        ]
    system += [
        Element("Channel", (), event.channel),
        Element("Computer", (), computer),
        Element("Security", (("UserID", Slot(_USER, Type.SID)),)),
    ]
    data: Element | Slot = Slot(_DATA, Type.BINARY_XML)
    if isinstance(event.data, UserData):
        data = Element("UserData", (), Slot(_DATA, Type.BINARY_XML), depends_on=_DATA)
    content: tuple[Element | Slot, ...] = (Element("System", (), tuple(system)), data)
    return _template(Element("Event", (("xmlns", _EVENT_XMLNS),), content, depends_on=_DATA))


_STRINGS_TEMPLATE = _template(
    Element(
        "EventData",
        (),
        (
            Element("Data", (), Slot(0, Type.STRING_ARRAY), depends_on=0),
            Element("Binary", (), Slot(2, Type.BINARY), depends_on=2),
        ),
    )
)


def data_template(data: Data) -> Template:
    """What stands under ``<Event>`` beside ``<System>``."""
    match data:
        case Strings():
            return _STRINGS_TEMPLATE
        case UserData():
            fields = tuple(
                Element(name, (), Slot(index, value.type, optional=False))
                for index, (name, value) in enumerate(data.values)
            )
            return _template(Element(data.element, (("xmlns", data.xmlns),), fields))
        case Fields():
            named = [
                Element("Data", (("Name", name),), Slot(index, value.type, optional=False))
                for index, (name, value) in enumerate(data.values)
            ]
            if data.binary is not None:
                named.append(Element("Binary", (), Slot(len(named), Type.BINARY, optional=False)))
            attributes = () if data.name is None else (("Name", data.name),)
            return _template(Element("EventData", attributes, tuple(named)))


def data_values(data: Data) -> list[Value]:
    """The values of the data's template, in order."""
    match data:
        case Strings():
            joined = "" if data.values == ("",) else "".join(f"{value}\0" for value in data.values)
            array = Value(Type.STRING_ARRAY, joined.encode("utf-16-le"))
            return [array, uint32(len(data.binary)), Value(Type.BINARY, data.binary)]
        case UserData():
            return [value for _, value in data.values]
        case Fields():
            binary = [] if data.binary is None else [Value(Type.BINARY, data.binary)]
            return [value for _, value in data.values] + binary


def system_values(event: Event, record_id: int) -> list[Value]:
    """The values of the system's template, in order; the last one, the event's own data, is still empty."""
    values = [NULL] * _SLOTS
    values[_LEVEL] = uint8(event.level)
    values[_OPCODE] = uint8(event.opcode)
    values[_TASK] = uint16(event.task)
    values[_QUALIFIERS] = NULL if event.qualifiers is None else uint16(event.qualifiers)
    values[_EVENT_ID] = uint16(event.event_id)
    values[_KEYWORDS] = hex64(event.keywords)
    values[_TIME] = filetime(event.at)
    values[_PROCESS] = uint32(event.process_id)
    values[_THREAD] = uint32(event.thread_id)
    values[_RECORD_ID] = uint64(record_id)
    values[_VERSION] = uint8(event.version)
    values[_USER] = NULL if event.user is None else sid(event.user)
    values[_DATA] = Value(Type.BINARY_XML, b"")
    return values


def data_shape(data: Data) -> object:
    """What decides the data's template: the names and types, not the values."""
    match data:
        case Strings():
            return Strings
        case UserData():
            return (data.element, data.xmlns, tuple((name, value.type) for name, value in data.values))
        case Fields():
            return (data.name, data.binary is None, tuple((name, value.type) for name, value in data.values))
