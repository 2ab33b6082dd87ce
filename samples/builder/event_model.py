"""An event before it is written: provider, number, and data of one of three kinds, with typed values."""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum

_FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


class Type(IntEnum):
    """The value types of binary XML that events here use."""

    NULL = 0x00
    STRING = 0x01
    UINT8 = 0x04
    UINT16 = 0x06
    UINT32 = 0x08
    UINT64 = 0x0A
    BOOLEAN = 0x0D
    BINARY = 0x0E
    GUID = 0x0F
    FILETIME = 0x11
    SID = 0x13
    HEX64 = 0x15
    BINARY_XML = 0x21
    STRING_ARRAY = 0x81


@dataclass(frozen=True, slots=True)
class Value:
    """One typed value, already in bytes."""

    type: Type
    raw: bytes


def text(value: str) -> Value:
    """A string, without a terminator."""
    return Value(Type.STRING, value.encode("utf-16-le"))


def uint8(value: int) -> Value:
    """An unsigned number of 8 bits."""
    return Value(Type.UINT8, struct.pack("<B", value))


def uint16(value: int) -> Value:
    """An unsigned number of 16 bits."""
    return Value(Type.UINT16, struct.pack("<H", value))


def uint32(value: int) -> Value:
    """An unsigned number of 32 bits."""
    return Value(Type.UINT32, struct.pack("<I", value))


def uint64(value: int) -> Value:
    """An unsigned number of 64 bits."""
    return Value(Type.UINT64, struct.pack("<Q", value))


def hex64(value: int) -> Value:
    """A number of 64 bits that is shown in hexadecimal."""
    return Value(Type.HEX64, struct.pack("<Q", value))


def boolean(*, value: bool) -> Value:
    """True or false, in 32 bits."""
    return Value(Type.BOOLEAN, struct.pack("<I", value))


def filetime(at: datetime) -> Value:
    """A moment (aware), in units of 100 ns since 1601."""
    return Value(Type.FILETIME, struct.pack("<Q", filetime_ticks(at)))


def sid(value: str) -> Value:
    """A security identifier such as ``S-1-5-18``."""
    revision, authority, *parts = (int(part) for part in value.split("-")[1:])
    raw = struct.pack("<BB", revision, len(parts)) + authority.to_bytes(6, "big")
    return Value(Type.SID, raw + struct.pack(f"<{len(parts)}I", *parts))


NULL = Value(Type.NULL, b"")


def filetime_ticks(at: datetime) -> int:
    """An aware moment in units of 100 ns since 1601, exactly (no floating point)."""
    return (at - _FILETIME_EPOCH) // timedelta(microseconds=1) * 10


@dataclass(frozen=True, slots=True)
class Provider:
    """Who wrote the event: the attributes of ``<Provider>``, as they are spelt in the log."""

    name: str
    guid: str | None = None
    event_source_name: str | None = None


@dataclass(frozen=True, slots=True)
class Strings:
    """The data of a classic event: strings without names, and a binary block."""

    values: tuple[str, ...]
    binary: bytes = b""


@dataclass(frozen=True, slots=True)
class Fields:
    """The data of an event with a manifest: named values, and a block where one is given."""

    values: tuple[tuple[str, Value], ...]
    name: str | None = None
    binary: bytes | None = None


@dataclass(frozen=True, slots=True)
class UserData:
    """An event whose data has a schema of its own: one element, and in it one element per value."""

    element: str
    xmlns: str
    values: tuple[tuple[str, Value], ...]


Data = Strings | Fields | UserData


@dataclass(frozen=True, slots=True, kw_only=True)
class _EventOptions:
    level: int = 4
    task: int = 0
    opcode: int = 0
    keywords: int = 0x8000000000000000
    version: int = 0
    qualifiers: int | None = None
    process_id: int = 0
    thread_id: int = 0
    user: str | None = None
    channel: str = "System"


@dataclass(frozen=True, slots=True)
class Event(_EventOptions):
    """One event. ``Strings`` make it a classic one: without version, opcode, correlation and execution."""

    at: datetime
    provider: Provider
    event_id: int
    data: Data
