"""Zips of every make, and folders: what is listed, what can be read, what is refused in one line."""

import hashlib
import io
import os
import struct
import zipfile
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from forensics.bundle import folders
from forensics.bundle.archive import Bundle, Member, open_bundle, open_nested
from forensics.bundle.member import UnreadableError
from forensics.errors import BundleError
from tests.bundle.zip_builder import BZIP2, DEFLATE64, LZMA, STORED, Entry, build

TEXT = b"  TCP    10.0.0.5:49153    203.0.113.9:443    TIME_WAIT    0\r\n" * 50


def opened(folder: Path, data: bytes, name: str = "bundle.zip") -> Bundle:
    path = folder / name
    path.write_bytes(data)
    return open_bundle(path)


def read(member: Member) -> bytes:
    return b"".join(member.open())


def only(folder: Path, *entries: Entry) -> Member:
    (member,) = opened(folder, build(entries)).members
    return member


def test_a_zip_of_zipfile(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("netstat/", b"")
        archive.writestr("netstat/ano-1.txt", TEXT)
    bundle = opened(tmp_path, buffer.getvalue())
    assert [(member.path, read(member), member.stored_size) for member in bundle.members] == [
        ("netstat/ano-1.txt", TEXT, len(TEXT))
    ]
    assert (bundle.name, bundle.sha256) == ("bundle.zip", hashlib.sha256(buffer.getvalue()).hexdigest())


@pytest.mark.parametrize("method", [STORED, 8, DEFLATE64, BZIP2, LZMA])
def test_every_method_of_windows_and_7_zip_is_unpacked(tmp_path: Path, method: int) -> None:
    data = os.urandom(70_000) + TEXT * 1000
    assert read(only(tmp_path, Entry(b"a.txt", data, method))) == data


@pytest.mark.parametrize("method", [STORED, 8, DEFLATE64, BZIP2, LZMA])
def test_a_wrong_crc_is_told(tmp_path: Path, method: int) -> None:
    with pytest.raises(UnreadableError, match="CRC-32 is wrong"):
        read(only(tmp_path, Entry(b"a.txt", TEXT, method, crc=1)))


@pytest.mark.parametrize("method", [8, DEFLATE64, BZIP2, LZMA])
@pytest.mark.parametrize("packed", [b"", b"\xff" * 40, b"\x00" * 40])
def test_damaged_packed_bytes_are_told(tmp_path: Path, method: int, packed: bytes) -> None:
    with pytest.raises(UnreadableError, match=r"damaged|packed with"):
        read(only(tmp_path, Entry(b"a.txt", TEXT, method, packed=packed)))


def test_packed_bytes_that_end_early_are_told(tmp_path: Path) -> None:
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(os.urandom(9000)) + packer.flush()
    with pytest.raises(UnreadableError, match="end early"):
        read(only(tmp_path, Entry(b"a.txt", b"", packed=packed[:4000])))


def test_a_method_that_is_not_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="packed with PPMd"):
        read(only(tmp_path, Entry(b"a.txt", TEXT, 98, packed=b"x")))
    with pytest.raises(UnreadableError, match="packed with method 77"):
        read(only(tmp_path, Entry(b"a.txt", TEXT, 77, packed=b"x")))


@pytest.mark.parametrize("claimed", [10, 4_000_000_000])
@pytest.mark.parametrize("method", [8, DEFLATE64, BZIP2, LZMA])
def test_a_claimed_size_is_not_believed(tmp_path: Path, claimed: int, method: int) -> None:
    assert read(only(tmp_path, Entry(b"a.txt", TEXT, method, claimed_size=claimed))) == TEXT


@pytest.mark.parametrize(("method", "limit"), [(8, 1 << 16), (BZIP2, 1 << 16), (LZMA, 1 << 16), (DEFLATE64, 4 << 20)])
def test_a_bomb_comes_in_small_blocks(tmp_path: Path, method: int, limit: int) -> None:
    member = only(tmp_path, Entry(b"bomb", bytes(50_000_000), method))
    assert max(map(len, member.open())) <= limit


def test_backslashes_are_folders(tmp_path: Path) -> None:
    data = build([Entry(b"netstat\\", b"", STORED), Entry(b"netstat\\ano-1.txt", TEXT)])
    assert [member.path for member in opened(tmp_path, data).members] == ["netstat/ano-1.txt"]


@pytest.mark.parametrize("encoding", ["utf-8", "cp936", "cp437"])
def test_names_without_the_utf8_flag(tmp_path: Path, encoding: str) -> None:
    names = {"utf-8": "网络/连接.txt", "cp936": "网络/本地连接状态.txt", "cp437": "Überprüfung/Größe.txt"}
    assert only(tmp_path, Entry(names[encoding].encode(encoding), TEXT)).path == names[encoding]


def test_names_with_the_utf8_flag(tmp_path: Path) -> None:
    assert only(tmp_path, Entry("журнал.txt".encode(), TEXT, flags=0x800)).path == "журнал.txt"


@pytest.mark.parametrize(
    "name", [b"../../etc/passwd", b"/etc/passwd", b"C:\\Windows\\x.txt", b"\\\\srv\\share\\x", b""]
)
def test_a_path_is_a_label_and_nothing_is_written(tmp_path: Path, name: bytes) -> None:
    folder = tmp_path / "in" / "deep"
    folder.mkdir(parents=True)
    member = only(folder, Entry(name, TEXT))
    assert member.path == (name.decode().replace("\\", "/") or "(no name)")
    assert read(member) == TEXT
    assert [path.name for path in tmp_path.rglob("*")] == ["in", "deep", "bundle.zip"]


def test_members_of_the_same_name_are_kept_apart(tmp_path: Path) -> None:
    data = build([Entry(b"a/b.txt", b"one"), Entry(b"a\\b.txt", b"two"), Entry(b"c.txt", b"three")])
    members = {member.path: read(member) for member in opened(tmp_path, data).members}
    assert members == {"a/b.txt (entry 1)": b"one", "a/b.txt (entry 2)": b"two", "c.txt": b"three"}


def test_dos_times_are_local_and_the_extra_fields_utc(tmp_path: Path) -> None:
    # 2018-12-24 12:31:06 as DOS: (38 << 9 | 12 << 5 | 24), (12 << 11 | 31 << 5 | 3).
    date, time = 38 << 9 | 12 << 5 | 24, 12 << 11 | 31 << 5 | 3
    local = datetime(2018, 12, 24, 12, 31, 6)  # noqa: DTZ001 - a zip stores no zone
    assert only(tmp_path, Entry(b"a", TEXT, date=date, time=time)).time.local == local
    # 2018-12-24 04:31:06 UTC: Unix 1545625866; FILETIME (1545625866 + 11644473600) * 10**7.
    utc = datetime(2018, 12, 24, 4, 31, 6, tzinfo=UTC)
    unix = b"UT\x05\x00\x01" + struct.pack("<I", 1545625866)
    ntfs = b"\x0a\x00\x20\x00\x00\x00\x00\x00\x01\x00\x18\x00" + struct.pack("<QQQ", 131900994660000000, 0, 0)
    for extra in (unix, ntfs, b"\x99\x99\x02\x00zz" + ntfs):
        assert only(tmp_path, Entry(b"a", TEXT, extra=extra)).time.utc == utc


@pytest.mark.parametrize("extra", [b"UT\x01\x00\x01", b"UT\x05\x00\x00aaaa", b"\x0a\x00\x04\x00\x00\x00\x00\x00"])
def test_extra_fields_without_a_time(tmp_path: Path, extra: bytes) -> None:
    time = only(tmp_path, Entry(b"a", TEXT, extra=extra, date=0, time=0xFFFF)).time
    assert (time.utc, time.local) == (None, None)


def test_garbage_before_and_after_is_passed_over(tmp_path: Path) -> None:
    data = b"MZ stub " * 999 + build([Entry(b"a", TEXT), Entry(b"b", TEXT, DEFLATE64)]) + b"trailing garbage"
    assert [read(member) for member in opened(tmp_path, data).members] == [TEXT, TEXT]


def test_an_encrypted_member_has_a_problem(tmp_path: Path) -> None:
    data = build([Entry(b"a", TEXT), Entry(b"secret", TEXT, flags=1)])
    assert [member.problem for member in opened(tmp_path, data).members] == ["", "encrypted"]


def test_thousands_of_members_are_listed_in_time_that_grows_with_them(tmp_path: Path) -> None:
    bundle = opened(tmp_path, build([Entry(b"same name", b"x", STORED)] * 5000))
    assert len({member.path for member in bundle.members}) == 5000
    assert all(read(member) == b"x" for member in bundle.members)


def test_a_zip_in_the_zip_is_listed_below_its_own_path() -> None:
    (member,), notes = open_nested("inner.zip", build([Entry(b"a\\b.txt", TEXT)]))
    assert (member.path, read(member), notes) == ("inner.zip/a/b.txt", TEXT, ())


WHOLE = build([Entry(b"netstat.txt", TEXT)])


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "the file is empty"),
        (b"PK\x05\x06" + bytes(18), "the zip holds no files"),
        (build([Entry(b"netstat/", b"", STORED), Entry(b"a\\", b"", STORED)]), "the zip holds no files"),
        (build([Entry(b"a", TEXT, flags=1), Entry(b"b", TEXT, flags=1)]), "the zip is encrypted; unpack it"),
        (WHOLE[:35], "the zip is cut off"),
        (build([Entry(b"a", TEXT)], disk=2)[20:], "one part of a zip in several parts; unpack them together"),
        (b"PK\x07\x08" + WHOLE[:100], "one part of a zip in several parts"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(99), "a 7-Zip archive, not a zip"),
        (b"%PDF-1.7\n", "a PDF, not a zip"),
        (b"\x89PNG\r\n\x1a\n", "not a zip; give the bundle's zip"),
        (TEXT, "not a zip; give the bundle's zip, or a folder"),
    ],
)
def test_what_is_no_bundle_is_refused_in_one_line(tmp_path: Path, data: bytes, expected: str) -> None:
    with pytest.raises(BundleError) as caught:
        opened(tmp_path, data, "case.zip")
    assert str(caught.value).startswith(f"case.zip: {expected}")
    assert "\n" not in str(caught.value)


def test_any_cut_of_a_zip_is_refused_or_told_or_read(tmp_path: Path) -> None:
    packed_end = WHOLE.index(b"PK\x01\x02")
    for end in range(len(WHOLE)):
        if end < 30 + len("netstat.txt"):
            with pytest.raises(BundleError):
                opened(tmp_path, WHOLE[:end])
            continue
        bundle = opened(tmp_path, WHOLE[:end])
        (member,) = bundle.members
        assert "the zip's directory is missing" in bundle.notes[0]
        if end < packed_end:
            with pytest.raises(UnreadableError, match="its packed bytes end early"):
                read(member)
        else:
            assert read(member) == TEXT


def test_any_damaged_byte_is_refused_or_told(tmp_path: Path) -> None:
    for position in range(len(WHOLE)):
        data = bytearray(WHOLE)
        data[position] ^= 0xFF
        try:
            for member in opened(tmp_path, bytes(data)).members:
                read(member)
        except (BundleError, UnreadableError) as error:
            assert "\n" not in str(error)  # noqa: PT017 - either of two errors, or none


def test_a_folder_is_listed_by_name(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x.txt").write_bytes(TEXT)
    (tmp_path / "a.txt").write_bytes(b"")
    os.utime(tmp_path / "a.txt", (1545625866.75, 1545625866.75))
    bundle = open_bundle(tmp_path)
    assert [(member.path, read(member)) for member in bundle.members] == [("a.txt", b""), ("b/x.txt", TEXT)]
    assert bundle.members[0].time.utc == datetime(2018, 12, 24, 4, 31, 6, tzinfo=UTC)
    assert (bundle.name, bundle.sha256) == (tmp_path.name, None)


def test_of_too_many_files_the_first_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_FILES", 3)
    for name in ("d", "b", "a", "c", "e"):
        (tmp_path / name).write_bytes(TEXT)
    bundle = open_bundle(tmp_path)
    assert [member.path for member in bundle.members] == ["a", "b", "c"]
    assert bundle.notes == (f"{tmp_path.name}: more than 3 files; only the first 3 are read",)


def test_of_too_many_folders_the_first_are_entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_FILES", 3)
    for name in ("a", "b", "c", "d"):
        (tmp_path / name).mkdir()
    (tmp_path / "b" / "x.txt").write_bytes(TEXT)
    (tmp_path / "c" / "y.txt").write_bytes(TEXT)
    bundle = open_bundle(tmp_path)
    assert [member.path for member in bundle.members] == ["b/x.txt"]
    assert bundle.notes == (f"{tmp_path.name}: more than 3 folders; only the first 3 are entered",)


@pytest.mark.skipif(os.name == "nt", reason="paths are short there")
def test_folders_in_folders_are_entered_however_deep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """os.walk of Python 3.11 calls itself for each, and so does what removes the folders of tests: they go here."""
    depth = 1500
    monkeypatch.chdir(tmp_path)
    here = os.open(tmp_path, os.O_RDONLY)
    Path("a.txt").write_bytes(TEXT)
    for _ in range(depth):
        Path("d").mkdir()
        os.chdir("d")
    Path("b.txt").write_bytes(TEXT)
    try:
        members = open_bundle(tmp_path).members
    finally:
        Path("b.txt").unlink()
        for _ in range(depth):
            os.chdir("..")
            Path("d").rmdir()
        os.fchdir(here)
        os.close(here)
    assert [member.path for member in members] == ["a.txt", "d/" * depth + "b.txt"]


def test_links_are_named_and_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_bytes(TEXT)
    root = tmp_path / "bundle"
    root.mkdir()
    try:
        (root / "file").symlink_to(outside / "secret.txt")
        (root / "folder").symlink_to(outside)
        (root / "loop").symlink_to(root)
    except OSError:
        pytest.skip("this system makes no links")
    assert [(member.path, member.problem) for member in open_bundle(root).members] == [
        ("file", "a link: not followed"),
        ("folder", "a link: not followed"),
        ("loop", "a link: not followed"),
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in this system's folders")
def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert [member.problem for member in open_bundle(tmp_path).members] == ["neither a file nor a folder"]


@pytest.mark.skipif(os.name == "nt" or getattr(os, "geteuid", lambda: 0)() == 0, reason="everything can be read here")
def test_files_and_folders_without_permission_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(TEXT)
    (tmp_path / "a.txt").chmod(0)
    (tmp_path / "locked").mkdir(mode=0)
    bundle = open_bundle(tmp_path)
    with pytest.raises(UnreadableError, match="cannot be read"):
        read(bundle.members[0])
    assert bundle.notes == ("locked: cannot be entered (Permission denied)",)


def test_a_file_that_vanishes_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(TEXT)
    bundle = open_bundle(tmp_path)
    (tmp_path / "a.txt").unlink()
    with pytest.raises(UnreadableError, match="cannot be read"):
        read(bundle.members[0])


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_name_that_is_no_text_is_spelled_out(tmp_path: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.txt")).write_bytes(TEXT)
    except OSError:
        pytest.skip("names are text on this file system")
    assert [member.path for member in open_bundle(tmp_path).members] == ["\\xff.txt"]


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bundle" / "empty").mkdir(parents=True)
    with pytest.raises(BundleError, match="bundle: the folder is empty"):
        open_bundle(tmp_path / "bundle")
