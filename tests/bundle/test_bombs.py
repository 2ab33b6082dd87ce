"""Zips that were made to do harm: what they cost is counted in bytes, records and members, never in seconds."""

import io
import os
import struct
import tracemalloc
from pathlib import Path

import pytest

from forensics.bundle import directory
from forensics.bundle.archive import Member, open_bundle
from forensics.bundle.directory import read_directory
from forensics.bundle.entries import CENTRAL_HEADER
from forensics.bundle.member import UnreadableError
from forensics.bundle.overlaps import SHARED
from forensics.bundle.recovery import recover
from forensics.bundle.zips import MOST_MEMBERS, zip_members
from tests.bundle.zip_builder import BZIP2, DEFLATE64, DEFLATED, LZMA, STORED, Entry, build, end

KERNEL = bytes(1_000_000)


class Counted(io.BytesIO):
    """Counts what is read from it, and the most that was asked for at once."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.bytes = self.most = 0

    def read(self, size: int | None = -1) -> bytes:
        asked = len(self.getbuffer()) if size is None or size < 0 else size
        self.most = max(self.most, asked)
        data = super().read(size)
        self.bytes += len(data)
        return data


def members(folder: Path, data: bytes) -> tuple[Member, ...]:
    (folder / "bomb.zip").write_bytes(data)
    return open_bundle(folder / "bomb.zip").members


# --- overlaps ---


def test_of_members_at_the_same_place_the_first_is_read(tmp_path: Path) -> None:
    first = Entry(b"a", KERNEL)
    packed = len(build([first])) - 46 - 22 - 2 - 31  # less the directory, the end, its names, and the header
    more = [Entry(b"b%d" % number, KERNEL, at=0, claimed_packed=packed) for number in range(500)]
    found = members(tmp_path, build([first, *more]))
    assert [member.problem for member in found] == ["", *[SHARED] * 500]
    assert b"".join(found[0].open()) == KERNEL


def test_of_members_that_quote_the_next_ones_header_the_last_is_read(tmp_path: Path) -> None:
    """Fifield's construction: each member is one stored Deflate block that holds the next one's header and bytes."""
    names = [b"%04d" % number for number in range(200)]
    whole = build([Entry(names[-1], KERNEL)])
    tail = whole[: whole.index(b"PK\x01\x02")]
    entries = [(names[-1], 0, len(tail) - 34)]
    body = tail
    for name in reversed(names[:-1]):
        quoted = 34  # the next member's header
        packed = b"\x00" + struct.pack("<HH", quoted, quoted ^ 0xFFFF) + body
        header = b"PK\x03\x04" + struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0, 0, len(packed), 0, 4, 0) + name
        body = header + packed
        entries.append((name, len(tail) - len(body), len(packed)))
    listed = b"".join(
        b"PK\x01\x02"
        + struct.pack("<HHHHHHIIIHHHHHII", 20, 20, 0, 8, 0, 0, 0, size, 0, 4, 0, 0, 0, 0, 0, offset)
        + name
        for name, offset, size in ((name, offset + len(body) - len(tail), size) for name, offset, size in entries)
    )
    found = members(tmp_path, body + listed + end(len(entries), len(listed), len(body)))
    assert len(found) == 200
    assert {member.path: member.problem for member in found} == {
        name.decode(): "" if name == names[-1] else SHARED for name in names
    }


def test_empty_members_share_nothing(tmp_path: Path) -> None:
    entries = [Entry(b"a", b"", STORED), Entry(b"b", b"", STORED, at=0), Entry(b"c", b"text", STORED)]
    assert [member.problem for member in members(tmp_path, build(entries))] == ["", "", ""]


def test_a_header_whose_length_is_wrong_by_a_few_bytes_is_no_bomb(tmp_path: Path) -> None:
    entries = [Entry(b"somename", b"abc", STORED, claimed_packed=5), Entry(b"b", b"text", STORED)]
    assert [member.problem for member in members(tmp_path, build(entries))] == ["", ""]


# --- sizes that lie ---


def test_a_tiny_file_that_claims_gigabytes(tmp_path: Path) -> None:
    """CPython issue 151307: zipfile asks for as many bytes at once as the directory claims, here for 4 GB."""
    forged = Entry(b"a.txt", b"x", STORED, claimed_packed=0xFFFFFFFE, claimed_size=0xFFFFFFFE)
    data = build([forged, Entry(b"a.txt", b"x", STORED, at=0)])
    assert len(data) < 200
    first, second = members(tmp_path, data)
    assert (first.problem, second.problem) == (SHARED, "")
    assert b"".join(second.open()) == b"x"
    streams = []

    def opener() -> Counted:
        streams.append(Counted(build([forged])))
        return streams[-1]

    (alone,), _ = zip_members("bomb.zip", opener)
    with pytest.raises(UnreadableError, match="end early"):
        list(alone.open())
    assert max(stream.most for stream in streams) <= 1 << 20


@pytest.mark.parametrize("size", [64 * 2**20 + 1, 0xFFFFFFFF])
def test_an_lzma_dictionary_is_bounded(tmp_path: Path, size: int) -> None:
    packed = struct.pack("<HHBI", 0x0914, 5, 93, size) + bytes(20)
    (member,) = members(tmp_path, build([Entry(b"a", b"", LZMA, packed=packed)]))
    with pytest.raises(UnreadableError, match="packed with LZMA and a dictionary of"):
        list(member.open())


@pytest.mark.parametrize("method", [STORED, DEFLATED, DEFLATE64, BZIP2, LZMA])
def test_unpacking_keeps_nothing(tmp_path: Path, method: int) -> None:
    (member,) = members(tmp_path, build([Entry(b"a", os.urandom(4_000_000), method)]))
    tracemalloc.start()
    unpacked = sum(map(len, member.open()))
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert unpacked == 4_000_000
    assert kept < 50_000
    assert peak < 3_000_000


# --- millions ---


def million(count: int = 1_000_000) -> tuple[bytes, int]:
    header = b"PK\x03\x04" + struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 0, 0, 0, 0, 1, 0) + b"x"
    record = b"PK\x01\x02" + struct.pack("<HHHHHHIIIHHHHHII", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"x"
    wide = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, len(record) * count, len(header))
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, len(header) + len(record) * count, 1)
    return header + record * count + wide + locator + end(0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF), len(record)


def test_a_directory_of_a_million_is_read_to_the_limit() -> None:
    data, record = million()
    stream = Counted(data)
    listed = read_directory(stream, 1000)
    assert listed
    assert (len(listed.entries), listed.claimed, listed.full, listed.whole) == (1000, 1_000_000, True, True)
    assert stream.bytes <= 1000 * record + (1 << 20) + 10 * CENTRAL_HEADER
    found, notes = zip_members("bomb.zip", lambda: io.BytesIO(data))
    assert len(found) == MOST_MEMBERS
    assert notes == ("bomb.zip: 1,000,000 members by its directory; only the first 20,000 are read",)


def test_a_directory_of_long_names_is_read_to_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "_LONGEST", 1 << 20)
    data = build([Entry(b"%05d" % number + b"n" * 60_000, b"", STORED) for number in range(60)])
    found, notes = zip_members("bomb.zip", lambda: io.BytesIO(data))
    assert len(found) == 18
    assert notes == ("bomb.zip: 60 members by its directory; only the first 18 are read",)


def test_the_search_for_headers_ends() -> None:
    stream = Counted(b"PK\x07\x08" * 3_000_000)
    found = recover(stream, frozenset(), MOST_MEMBERS, looks=1000)
    assert (found.entries, found.given_up) == ((), True)
    assert stream.bytes <= 1 << 20


@pytest.mark.parametrize("junk", [b"PK\x03\x04", b"PK\x03\x04\x14" + b"\xff" * 24])
def test_what_is_no_header_costs_no_more_than_its_own_bytes(junk: bytes) -> None:
    """The lengths that a header claims are not believed where it is none: they ask for 20 KB and more each."""
    stream = Counted(junk * 20_000)
    assert recover(stream, frozenset(), MOST_MEMBERS).entries == ()
    assert stream.bytes <= 3 * len(junk) * 20_000


def test_the_search_for_headers_is_short_in_a_small_zip() -> None:
    """Ten thousand zips inside a bundle may each be searched."""
    stream = io.BytesIO(build([Entry(b"a", b"", STORED, descriptor="<III")])[:31] + b"PK\x07\x08" * 10_000)
    found = recover(stream, frozenset(), MOST_MEMBERS)
    assert found.given_up
    assert [entry.name for entry in found.entries] == [b"a"]


def test_each_byte_is_searched_once_for_headers() -> None:
    data = b"".join(build([Entry(b"a", bytes(range(256)) * 40, STORED)])[:-69] for _ in range(2000))
    stream = Counted(data)
    assert len(recover(stream, frozenset(), MOST_MEMBERS).entries) == 2000
    assert stream.bytes <= 2 * len(data)


def test_headers_of_a_million_members_are_read_to_the_limit() -> None:
    header = b"PK\x03\x04" + struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 0, 0, 0, 0, 1, 0) + b"x"
    stream = Counted(header * 1_000_000)
    assert len(recover(stream, frozenset(), 1000).entries) == 1000
    assert stream.bytes < 4 << 20
