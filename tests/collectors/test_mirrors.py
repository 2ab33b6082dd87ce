"""The script's own zip and JSON writers, mirrored byte for byte: what they write is read by others and by us.

`Write-OwnZip`, `Write-ZipFields`, `Compress-File` and `ConvertTo-JsonString` of the collector; a test holds the numbers
of the mirror against the script's text.
"""

import gzip
import io
import json
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.bundle.archive import open_bundle
from tests.collectors.script import SCRIPT, text_of

AT = datetime(2026, 11, 24, 23, 59, 59)  # noqa: DTZ001 - a zip stores no zone
MOST_NAMES = 65_535
GZIP_HEADER, GZIP_TRAILER = 10, 8


# --- the mirror ---


def compress_file(data: bytes) -> tuple[int, int, bytes]:
    """Method, CRC-32 and packed bytes, from a GZipStream's output: RFC 1952, a header of ten bytes without options."""
    if not data:
        return 0, 0, b""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=buffer, mode="wb", mtime=0) as packer:
        packer.write(data)
    packed = buffer.getvalue()
    crc, size = struct.unpack("<II", packed[-GZIP_TRAILER:])
    assert size == len(data) & 0xFFFFFFFF
    return 8, crc, packed[GZIP_HEADER:-GZIP_TRAILER]


def zip_fields(method: int, crc: int, packed: int, size: int, name: int) -> bytes:
    time = AT.hour * 2048 + AT.minute * 32 + AT.second // 2
    date = (AT.year - 1980) * 512 + AT.month * 32 + AT.day
    return struct.pack("<HHHHHIIIHH", 20, 0x0800, method, time, date, crc, packed, size, name, 0)


def own_zip(files: Mapping[str, bytes]) -> bytes:
    """PKWARE's APPNOTE 4.3, without zip64: like the script's casts, `struct` refuses what does not fit."""
    body, index = bytearray(), bytearray()
    for path, data in files.items():
        method, crc, packed = compress_file(data)
        name = path.encode()
        fields = zip_fields(method, crc, len(packed), len(data), len(name))
        index += struct.pack("<IH", 0x02014B50, 20) + fields + bytes(10) + struct.pack("<I", len(body)) + name
        body += struct.pack("<I", 0x04034B50) + fields + name + packed
    count = len(files)
    return bytes(body + index) + struct.pack("<IIHHIIH", 0x06054B50, 0, count, count, len(index), len(body), 0)


def json_string(units: list[int]) -> str:
    """A string of UTF-16 units, as .NET has them, as JSON."""
    return (
        '"'
        + "".join(f"\\u{unit:04x}" if unit < 32 or unit > 126 or unit in (34, 92) else chr(unit) for unit in units)
        + '"'
    )


# --- what others read ---


def check(folder: Path, files: Mapping[str, bytes]) -> None:
    path = folder / "own.zip"
    path.write_bytes(own_zip(files))
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == files
        assert all(info.date_time == (2026, 11, 24, 23, 59, 58) for info in archive.infolist())
        assert all(info.flag_bits == 0x0800 for info in archive.infolist())
    ours = {member.path: b"".join(member.open()) for member in open_bundle(path).members}
    assert ours == files


def test_ordinary_members(tmp_path: Path) -> None:
    check(tmp_path, {"netstat/ano-1.txt": b"TCP\r\n" * 90_000, "manifest.json": b"{}"})


def test_an_empty_member_is_stored(tmp_path: Path) -> None:
    check(tmp_path, {"registry/pending-reboot.reg": b"", "manifest.json": b"{}"})


def test_bytes_that_cannot_be_packed(tmp_path: Path) -> None:
    check(tmp_path, {"eventlog/System.evtx": random.Random(1).randbytes(300_000)})


def test_names_of_any_language(tmp_path: Path) -> None:
    check(tmp_path, {"applog/01-日志 лог é.log": b"x", "applog/02-\U0001f600.log": b"y"})


def test_sizes_around_a_buffer(tmp_path: Path) -> None:
    check(tmp_path, {f"applog/{size}": b"\0" * size for size in (1, 65_535, 65_536, 65_537)})


@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8", exclude_characters="\0\\"), min_size=1, max_size=20).map(
            lambda name: f"applog/{name.strip('/')}x"
        ),
        st.binary(max_size=300),
        min_size=1,
        max_size=5,
    )
)
def test_any_members(files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(io.BytesIO(own_zip(files))) as archive:
        assert {info.orig_filename: archive.read(info) for info in archive.infolist()} == files


def test_the_most_names_fit_and_more_are_refused() -> None:
    names = {f"{number}": b"" for number in range(70_000)}
    most = dict(list(names.items())[:MOST_NAMES])
    with zipfile.ZipFile(io.BytesIO(own_zip(most))) as archive:
        assert len(archive.infolist()) == MOST_NAMES
    with pytest.raises(struct.error):
        own_zip(names)


def test_four_gigabytes_are_refused() -> None:
    with pytest.raises(struct.error):
        zip_fields(8, 0, 2**32, 2**32, 1)


def test_the_checksum_is_the_zips() -> None:
    method, crc, packed = compress_file(b"forensics" * 1000)
    assert (method, crc) == (8, zlib.crc32(b"forensics" * 1000))
    assert zlib.decompress(packed, wbits=-15) == b"forensics" * 1000


# --- JSON ---


@given(st.lists(st.integers(0, 0xFFFF), max_size=60))
def test_any_utf_16_comes_back(units: list[int]) -> None:
    written = json_string(units)
    assert written.isascii()
    assert written.isprintable()
    data = json.loads(written).encode("utf-16-le", "surrogatepass")
    assert list(struct.unpack(f"<{len(data) // 2}H", data)) == units


@given(st.text())
def test_any_text_comes_back(text: str) -> None:
    data = text.encode("utf-16-le", "surrogatepass")
    assert json.loads(json_string(list(struct.unpack(f"<{len(data) // 2}H", data)))) == text


def test_json_by_hand() -> None:
    assert json_string([34, 92, 10, 0xD83D, 0xDE00, 0xD800, 65]) == r'"\u0022\u005c\u000a\ud83d\ude00\ud800A"'


# --- the mirror is of this script ---


def _function(name: str) -> str:
    found = re.search(rf"^function {name}\b.*?^}}", text_of(SCRIPT), re.MULTILINE | re.DOTALL)
    assert found, f"the script has no {name}: the mirror is of something else"
    return found[0]


@pytest.mark.parametrize(
    ("name", "writes"),
    [
        ("Write-OwnZip", ["uint32]0x04034b50", "uint32]0x02014b50", "uint16]20", "byte[] 10", "uint32]$offset",
                          "uint32]0x06054b50", "uint32]0", "uint16]@($Names).Count", "uint16]@($Names).Count",
                          "uint32]$directory.Length", "uint32]$start", "uint16]0"]),
        ("Write-ZipFields", ["uint16]20", "uint16]0x0800", "uint16]$Packed.Method", "$now.Hour * 2048",
                             "($now.Year - 1980) * 512", "uint32]$Packed.Crc", "uint32]$Packed.Length",
                             "uint32]$Packed.Size", "uint16]$NameLength", "uint16]0"]),
        ("Compress-File", ["$to.Length - 18", "Seek(-8,", "ToUInt32($trailer, 0)", "Skip = 10"]),
        ("ConvertTo-JsonString", ["-ge 32", "-le 126", "-ne 34", "-ne 92", r"'\u{0:x4}'"]),
    ],
)  # fmt: skip
def test_the_script_writes_the_same_fields_in_this_order(name: str, writes: list[str]) -> None:
    text = _function(name)
    position = 0
    for one in writes:
        position = text.find(one, position)
        assert position >= 0, one
        position += len(one)
