"""Zips that were cut, damaged, or whose directory says something else than the file holds."""

import io
import random
import struct
import zlib
from pathlib import Path

import pytest

from forensics.bundle.archive import Bundle, Member, open_bundle
from forensics.bundle.entries import read_local
from forensics.bundle.member import UnreadableError
from forensics.errors import BundleError
from tests.bundle.zip_builder import BZIP2, DEFLATE64, DEFLATED, LZMA, STORED, Entry, build, end, without_directory

TEXT = b"  TCP    10.0.0.5:49153    203.0.113.9:443    TIME_WAIT    0\r\n" * 50
NOISE = random.Random(1).randbytes(3000)
THREE = [Entry(b"a.txt", TEXT), Entry(b"b.txt", NOISE, STORED), Entry(b"c.txt", TEXT + NOISE)]
HELD = {"a.txt": TEXT, "b.txt": NOISE, "c.txt": TEXT + NOISE}


def opened(folder: Path, data: bytes) -> Bundle:
    (folder / "case.zip").write_bytes(data)
    return open_bundle(folder / "case.zip")


def read(member: Member) -> bytes:
    return b"".join(member.open())


def held(bundle: Bundle) -> dict[str, bytes]:
    return {member.path: read(member) for member in bundle.members}


# --- no directory ---


@pytest.mark.parametrize("before", [b"", b"PK\x05\x06" + bytes(30)])
def test_a_zip_without_its_directory_gives_its_members(tmp_path: Path, before: bytes) -> None:
    bundle = opened(tmp_path, before + without_directory(build(THREE)))
    assert held(bundle) == HELD
    (note,) = bundle.notes
    assert note.startswith("case.zip: the zip's directory is missing (it may have been cut while it was copied); 3 mem")
    assert note.endswith("found by the headers before the members' own bytes; others may be lost: copy the zip again")


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("layout", ["<III", "<IQQ"])
@pytest.mark.parametrize("method", [STORED, DEFLATED, DEFLATE64, BZIP2, LZMA])
def test_sizes_behind_the_bytes_are_found(tmp_path: Path, method: int, layout: str, *, signed: bool) -> None:
    data = TEXT + b"PK\x07\x08 is no descriptor, PK\x03\x04 no header" + NOISE
    entries = [Entry(name, data, method, descriptor=layout, signed=signed) for name in (b"a.txt", b"b.txt")]
    bundle = opened(tmp_path, without_directory(build(entries)))
    assert held(bundle) == {"a.txt": data, "b.txt": data}
    assert "without a checksum" not in bundle.notes[0]


def test_a_checksum_behind_the_bytes_is_checked(tmp_path: Path) -> None:
    damaged = Entry(b"a.txt", TEXT, crc=7, descriptor="<III")
    first, second = opened(tmp_path, without_directory(build([damaged, THREE[2]]))).members
    with pytest.raises(UnreadableError, match="CRC-32 is wrong"):
        read(first)
    assert read(second) == TEXT + NOISE


def test_without_a_checksum_that_is_said(tmp_path: Path) -> None:
    data = without_directory(build([Entry(b"a.txt", TEXT, descriptor="<III")]))
    bundle = opened(tmp_path, data[:-9])  # cut inside the descriptor
    assert held(bundle) == {"a.txt": TEXT}
    assert (
        "1 member found by the headers before the members' own bytes, 1 of them without a checksum" in bundle.notes[0]
    )


@pytest.mark.parametrize("descriptor", ["", "<III", "<IQQ"])
def test_a_zip_cut_in_a_member_gives_those_before(tmp_path: Path, descriptor: str) -> None:
    entries = [Entry(entry.name, entry.data, entry.method, descriptor=descriptor) for entry in THREE]
    data = without_directory(build(entries))
    first, second, third = opened(tmp_path, data[: data.index(b"c.txt") + 200]).members
    assert (read(first), read(second)) == (TEXT, NOISE)
    with pytest.raises(UnreadableError, match="its packed bytes end early"):
        read(third)


def test_a_stored_member_that_is_cut_is_no_whole_one(tmp_path: Path) -> None:
    (member,) = opened(tmp_path, without_directory(build([THREE[1]]))[:-1]).members
    with pytest.raises(UnreadableError, match="its packed bytes end early"):
        read(member)


def test_a_damaged_size_takes_no_other_members(tmp_path: Path) -> None:
    data = bytearray(without_directory(build(THREE)))
    data[18:22] = struct.pack("<I", 0x7FFFFFFF)  # the packed size of a.txt
    assert held(opened(tmp_path, bytes(data))) == HELD


def test_headers_inside_a_stored_zip_are_not_the_bundles(tmp_path: Path) -> None:
    inner = build([Entry(b"deep.txt", TEXT)])
    bundle = opened(tmp_path, without_directory(build([Entry(b"in.zip", inner, STORED), THREE[0]])))
    assert held(bundle) == {"in.zip": inner, "a.txt": TEXT}


def test_a_zip64_header_is_read_without_a_directory(tmp_path: Path) -> None:
    extra = struct.pack("<HHQQ", 1, 16, len(NOISE), len(NOISE))
    header = b"PK\x03\x04" + struct.pack(
        "<HHHHHIIIHH", 45, 0, STORED, 0, 0, zlib.crc32(NOISE), 0xFFFFFFFF, 0xFFFFFFFF, 5, len(extra)
    )
    assert held(opened(tmp_path, header + b"b.txt" + extra + NOISE)) == {"b.txt": NOISE}


@pytest.mark.parametrize("version", [64, 255])
def test_what_no_writer_writes_is_no_header(version: int) -> None:
    header = bytearray(build([THREE[0]]))
    assert read_local(io.BytesIO(bytes(header)), 0)
    header[4] = version
    assert read_local(io.BytesIO(bytes(header)), 0) is None


# --- a damaged directory ---


def test_what_a_damaged_directory_lost_is_found(tmp_path: Path) -> None:
    data = bytearray(build(THREE))
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
    data[second + 28] = 200  # the length of b.txt's name: nothing behind it can be read
    bundle = opened(tmp_path, bytes(data))
    assert held(bundle) == HELD
    assert "damaged after 1 member; 2 members found" in bundle.notes[0]


@pytest.mark.parametrize("damage", ["size", "offset"])
def test_a_wrong_number_at_the_end_is_no_loss(tmp_path: Path, damage: str) -> None:
    data = bytearray(b"before the zip" + build(THREE))
    at = len(data) - 22 + {"size": 12, "offset": 16}[damage]
    data[at : at + 4] = struct.pack("<I", 0x12345678)
    assert held(opened(tmp_path, bytes(data))) == HELD


@pytest.mark.parametrize("after", [b"", b"x" * 70_000, b"PK\x05\x06 is no end" * 9])
def test_what_stands_before_and_after_is_passed_over(tmp_path: Path, after: bytes) -> None:
    bundle = opened(tmp_path, b"MZ stub" * 9 + build(THREE) + after)
    assert (held(bundle), bundle.notes) == (HELD, ())


def test_the_directory_of_a_zip64_is_found(tmp_path: Path) -> None:
    plain = build(THREE)
    begin = plain.index(b"PK\x01\x02")
    size = len(plain) - 22 - begin
    wide = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 3, 3, size, begin)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, len(plain) - 22, 1)
    data = plain[:-22] + wide + locator + end(0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
    for before in (b"", b"stub"):
        bundle = opened(tmp_path, before + data)
        assert (held(bundle), bundle.notes) == (HELD, ())


def test_members_that_the_directory_hides_are_named(tmp_path: Path) -> None:
    data = build(THREE)
    begin = data.index(b"PK\x01\x02")
    second = data.index(b"PK\x01\x02", begin + 4)
    bundle = opened(tmp_path, data[:second] + end(1, second - begin, begin))
    assert held(bundle) == {"a.txt": TEXT}
    assert bundle.notes == ("case.zip: holds 2 members that its directory does not list: b.txt, c.txt",)


@pytest.mark.parametrize("in_comment", [True, False])
def test_a_second_zip_behind_the_first_is_named(tmp_path: Path, *, in_comment: bool) -> None:
    """Which of the two is shown differs from program to program (libzip: zip-in-archive-comment.zip)."""
    first, second = build(THREE), build([Entry(b"other/d.txt", TEXT)])
    if in_comment:
        first = first[:-2] + struct.pack("<H", len(second))
    for data, expected, unlisted in (
        (first + second, HELD, "1 member that its directory does not list: other/d.txt"),
        (build([Entry(b"other/d.txt", TEXT)]) + build(THREE), {"other/d.txt": TEXT}, "3 members that"),
    ):
        bundle = opened(tmp_path, data)
        assert held(bundle) == expected
        assert len(bundle.notes) == 1
        assert f"case.zip: holds {unlisted}" in bundle.notes[0]


def test_a_member_with_two_names_is_named(tmp_path: Path) -> None:
    data = build(THREE).replace(b"a.txt", b"z.txt", 1)
    bundle = opened(tmp_path, data)
    assert held(bundle) == HELD
    assert bundle.notes == ("case.zip: 1 member with another name in the header before the bytes: a.txt (z.txt)",)


def test_a_slash_is_no_other_name(tmp_path: Path) -> None:
    data = build([Entry(b"netstat\\a.txt", TEXT)]).replace(b"netstat\\", b"netstat/", 1)
    assert opened(tmp_path, data).notes == ()


def test_names_are_not_compared_where_the_own_header_is_masked(tmp_path: Path) -> None:
    data = build([THREE[0], Entry(b"b.txt", TEXT, flags=0x2041)]).replace(b"b.txt", b"0\0\0\0\0", 1)
    assert opened(tmp_path, data).notes == ()


@pytest.mark.parametrize("at", [34, 700, 3200])
@pytest.mark.parametrize("change", [b"one more byte", b""])
def test_bytes_that_came_in_or_were_lost_cost_one_member(tmp_path: Path, at: int, change: bytes) -> None:
    data = build(THREE)
    bundle = opened(tmp_path, data[:at] + change + data[at + (0 if change else 13) :])
    intact, damaged = [], []
    for member in bundle.members:
        try:
            intact.append(read(member))
        except UnreadableError:
            damaged.append(member.path)
    assert len(set(HELD.values()) & set(intact)) == 2
    assert len(damaged) == 1


def test_a_member_that_is_nowhere_is_named(tmp_path: Path) -> None:
    data = build(THREE).replace(b"PK\x03\x04", b"XX\x03\x04", 1)
    bundle = opened(tmp_path, data)
    assert sorted(member.path for member in bundle.members) == ["a.txt", "b.txt", "c.txt"]
    assert bundle.notes == ("case.zip: 1 member not where the zip's directory says, 0 of them found elsewhere",)
    lost = next(member for member in bundle.members if member.path == "a.txt")
    with pytest.raises(UnreadableError, match="nothing begins where the zip's directory says"):
        read(lost)


def test_a_directory_that_hides_everything_is_none(tmp_path: Path) -> None:
    bundle = opened(tmp_path, without_directory(build(THREE)) + end(0, 0, 0))
    assert held(bundle) == HELD
    assert "the zip's directory is missing" in bundle.notes[0]


def test_what_lies_inside_a_member_is_not_hidden(tmp_path: Path) -> None:
    inner = build([Entry(b"deep.txt", TEXT)])
    entries = [Entry(b"in.zip", inner, STORED), Entry(b"x", TEXT, descriptor="<III")]
    assert opened(tmp_path, build(entries)).notes == ()


def test_a_number_of_members_that_is_wrong_is_told(tmp_path: Path) -> None:
    data = build(THREE)
    begin = data.index(b"PK\x01\x02")
    bundle = opened(tmp_path, data[:-22] + end(9, len(data) - 22 - begin, begin))
    assert held(bundle) == HELD
    assert bundle.notes == ("case.zip: the end of its directory claims 9 members, and it lists 3 members",)


def test_any_damaged_byte_costs_one_member_at_most(tmp_path: Path) -> None:
    whole = build(THREE)
    for position in range(len(whole)):
        data = bytearray(whole)
        data[position] ^= 0xFF
        intact = []
        try:
            for member in opened(tmp_path, bytes(data)).members:
                try:
                    intact.append(read(member))
                except UnreadableError as error:
                    assert "\n" not in str(error)  # noqa: PT017 - not every damage raises
        except BundleError as error:
            pytest.fail(f"{position}: {error}")
        assert len(set(HELD.values()) & set(intact)) >= 2, position
