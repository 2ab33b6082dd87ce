"""Members' names are labels: whatever a zip calls them, they can be told apart, shown and cited."""

import stat
import struct
import zlib
from pathlib import Path

import pytest

from forensics.bundle.archive import Member, open_bundle
from forensics.bundle.labels import MOST_LABEL, distinct
from tests.bundle.zip_builder import STORED, Entry, build

TEXT = b"text"


def members(folder: Path, *entries: Entry) -> tuple[Member, ...]:
    (folder / "names.zip").write_bytes(build(entries))
    return open_bundle(folder / "names.zip").members


def names(folder: Path, *given: bytes) -> list[str]:
    return [member.path for member in members(folder, *(Entry(name, TEXT, STORED) for name in given))]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        (b"CON", "CON"),
        (b"a/NUL.txt", "a/NUL.txt"),
        (b"COM1", "COM1"),
        (b"C:\\a.txt", "C:/a.txt"),
        (b"..\\..\\a.txt", "../../a.txt"),
        (b"//server/share/a.txt", "//server/share/a.txt"),
        (b"a.txt:stream", "a.txt:stream"),
        (b"a.txt\0.exe", "a.txt"),
        (b"\0", "(no name)"),
        (b"a\r\n\x1b[2Jb.txt", "a\r\n\x1b[2Jb.txt"),  # made inert where it is shown
        (b" . ", " . "),
        (b"trailing. ", "trailing. "),
    ],
)
def test_a_name_is_only_a_label(tmp_path: Path, name: bytes, label: str) -> None:
    assert names(tmp_path, name) == [label]


def test_a_name_of_64_kb_is_shortened(tmp_path: Path) -> None:
    first, second = names(tmp_path, b"a" * 65_000 + b"/one.txt", b"a" * 65_000 + b"/two.txt")
    assert len(first) == len(second) == MOST_LABEL + 1
    assert first.startswith("aaa")
    assert "…" in first
    assert (first[-8:], second[-8:]) == ("/one.txt", "/two.txt")


def test_shortened_names_are_kept_apart(tmp_path: Path) -> None:
    found = names(tmp_path, b"x" * 300 + b"1" * 500 + b"y" * 100, b"x" * 300 + b"2" * 500 + b"y" * 100)
    assert len(set(found)) == 2


def test_a_name_with_the_utf8_flag_that_is_no_utf8_costs_nothing(tmp_path: Path) -> None:
    first, second = members(tmp_path, Entry(b"\xff\xfe.txt", TEXT, flags=0x800), Entry(b"b.txt", TEXT))
    assert first.path.endswith(".txt")
    assert b"".join(first.open()) == b"".join(second.open()) == TEXT


@pytest.mark.parametrize("given", [["a", "a", "a (entry 1)"], ["a", "a (entry 3)", "a"], ["a (entry 2)", "a", "a"]])
def test_no_two_labels_are_the_same(given: list[str]) -> None:
    assert len(set(distinct(given))) == len(given)


@pytest.mark.parametrize(
    ("mode", "problem"),
    [
        (stat.S_IFLNK | 0o777, "a link: not followed"),
        (stat.S_IFBLK | 0o644, "neither a file nor a folder"),
        (stat.S_IFSOCK | 0o644, "neither a file nor a folder"),
        (stat.S_IFREG | 0o644, ""),
        (0o644, ""),  # some writers leave the kind out
    ],
)
def test_links_in_a_zip_are_not_read(tmp_path: Path, mode: int, problem: str) -> None:
    (member,) = members(tmp_path, Entry(b"link", b"/etc/passwd", mode=mode))
    assert member.problem == problem


def test_a_pipe_that_was_packed_is_what_came_through_it(tmp_path: Path) -> None:
    """`netstat -ano | zip case.zip -`: Info-ZIP gives the member the mode of its standard input (libzip: streamed.zip)."""
    pipe = stat.S_IFIFO | 0o600
    packed, empty = members(tmp_path, Entry(b"-", TEXT * 9, mode=pipe), Entry(b"fifo", b"", STORED, mode=pipe))
    assert (packed.problem, b"".join(packed.open())) == ("", TEXT * 9)
    assert empty.problem == "neither a file nor a folder"


# --- names that are told twice ---


def unicode_path(name: bytes, path: str, crc: int | None = None) -> bytes:
    """Info-ZIP's and WinZip's extra field (APPNOTE 4.6.9)."""
    body = struct.pack("<BI", 1, zlib.crc32(name) if crc is None else crc) + path.encode()
    return struct.pack("<HH", 0x7075, len(body)) + body


def test_a_unicode_path_beside_the_name_counts(tmp_path: Path) -> None:
    raw = "netstat/Ü-Д.txt".encode("cp866", "replace")
    extra = b"UT\x05\x00\x01\x00\x00\x00\x00" + unicode_path(raw, "netstat\\Ü-Д.txt")
    assert [member.path for member in members(tmp_path, Entry(raw, TEXT, extra=extra))] == ["netstat/Ü-Д.txt"]


@pytest.mark.parametrize(
    "extra",
    [
        unicode_path(b"a.txt", "b.txt", crc=7),  # of another name: somebody renamed the member since
        unicode_path(b"a.txt", "b.txt")[:-9],
        b"up\x05\x00\x02" + struct.pack("<I", zlib.crc32(b"a.txt")),
        b"up\xff\xff\x01",
    ],
)
def test_a_unicode_path_of_another_name_or_damaged_does_not_count(tmp_path: Path, extra: bytes) -> None:
    assert [member.path for member in members(tmp_path, Entry(b"a.txt", TEXT, extra=extra))] == ["a.txt"]


def test_a_folder_that_holds_bytes_is_a_file(tmp_path: Path) -> None:
    assert [member.path for member in members(tmp_path, Entry(b"a/", b""), Entry(b"b/", TEXT * 9))] == ["b/"]
