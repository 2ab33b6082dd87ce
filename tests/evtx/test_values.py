"""Expected texts were read off Rust `evtx` on real logs, or follow from the type's definition."""

import struct
from datetime import UTC, datetime

import pytest

from forensics.evtx.damage import DamagedError
from forensics.evtx.values import filetime, render, render_array


@pytest.mark.parametrize(
    ("kind", "data", "text"),
    [
        (0x00, b"", ""),
        (0x08, b"", ""),
        (0x01, "Zeit\0rest".encode("utf-16-le"), "Zeit"),
        (0x02, b"caf\xe9\0", "café"),
        (0x03, b"\xff", "-1"),
        (0x04, b"\xff", "255"),
        (0x05, b"\xfe\xff", "-2"),
        (0x06, b"\x7d\x17", "6013"),
        (0x07, struct.pack("<i", -480), "-480"),
        (0x08, struct.pack("<I", 2**32 - 1), "4294967295"),
        (0x09, struct.pack("<q", -(2**63)), "-9223372036854775808"),
        (0x0A, struct.pack("<Q", 2**64 - 1), "18446744073709551615"),
        (0x0B, struct.pack("<f", 0.5), "0.5"),
        (0x0C, struct.pack("<d", 0.25), "0.25"),
        (0x0D, struct.pack("<i", 1), "true"),
        (0x0D, struct.pack("<i", 0), "false"),
        (0x0E, b"\x01\xab", "01AB"),
        (0x0F, bytes.fromhex("b78c8ca64f00b6d7a69807e2de0f1f5d"), "A68C8CB7-004F-D7B6-A698-07E2DE0F1F5D"),
        (0x10, struct.pack("<I", 31), "0x1f"),
        (0x10, struct.pack("<Q", 2**32), "0x100000000"),
        (0x11, struct.pack("<Q", 131443533882141616), "2017-07-12T17:16:28.214161Z"),
        (0x11, b"\xff" * 8, "FFFFFFFFFFFFFFFF"),
        (0x12, struct.pack("<8H", 2015, 6, 2, 23, 6, 4, 53, 120), "2015-06-23T06:04:53.120000Z"),
        (0x12, bytes(16), "00000000000000000000000000000000"),
        (0x13, bytes.fromhex("010100000000000512000000"), "S-1-5-18"),
        (0x13, bytes.fromhex("01020000000000052000000020020000"), "S-1-5-32-544"),
        (0x14, struct.pack("<I", 0), "0x0"),
        (0x15, struct.pack("<Q", 0x8000000000000080), "0x8000000000000080"),
    ],
)
def test_render(kind: int, data: bytes, text: str) -> None:
    assert render(kind, data) == text


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (0x08, b"\0"),
        (0x08, bytes(5)),
        (0x0D, b"\1"),
        (0x0F, bytes(15)),
        (0x11, bytes(7)),
        (0x12, bytes(15)),
        (0x13, b"\1"),
        (0x13, bytes.fromhex("01020000000000052000000020")),
        (0x16, b"\0"),
        (0x21, b"\0"),
        (0x7F, b"\0"),
    ],
)
def test_a_size_or_type_that_cannot_be_is_damage(kind: int, data: bytes) -> None:
    with pytest.raises(DamagedError):
        render(kind, data)


@pytest.mark.parametrize(
    ("kind", "data", "texts"),
    [
        (0x81, b"", []),
        (0x81, "\0".encode("utf-16-le"), [""]),
        (0x81, "a\0\0b\0".encode("utf-16-le"), ["a", "", "b"]),
        (0x81, "a\0b".encode("utf-16-le"), ["a", "b"]),
        (0x81, "\0\0\0\x001039089\x0060\0".encode("utf-16-le"), ["", "", "", "", "1039089", "60"]),
        (0x88, struct.pack("<2I", 7, 9), ["7", "9"]),
        (0x94, struct.pack("<2I", 16, 255), ["0x10", "0xff"]),
    ],
)
def test_render_array(kind: int, data: bytes, texts: list[str]) -> None:
    assert render_array(kind, data) == texts


@pytest.mark.parametrize(("kind", "data"), [(0x88, bytes(5)), (0x93, bytes(12)), (0x8E, b"\0")])
def test_an_array_that_cannot_be_is_damage(kind: int, data: bytes) -> None:
    with pytest.raises(DamagedError):
        render_array(kind, data)


def test_filetime() -> None:
    assert filetime(0) == datetime(1601, 1, 1, tzinfo=UTC)
    assert filetime(2**63) is None
    assert filetime(2650467743999999999) == datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    assert filetime(2650467744000000000) is None
