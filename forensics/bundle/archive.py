"""A bundle's members, read in place: a zip (one level of zips inside it too) or a folder.

Nothing is ever written to disk, so a member's name is only a label. Sizes in headers are not believed: bytes are
counted while they are produced, against one budget for the whole bundle (traps.md, Zip).
"""

import contextlib
import hashlib
import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import inflate64
import msgspec

from forensics.errors import BundleError

BUDGET = 4 * 2**30  # bytes that a whole bundle may unpack to: far above any real one without a trace
MOST_MEMBERS = 20_000
_BLOCK = 1 << 16
_DEFLATE64 = 9  # compression method of members over 2 GB that Windows Explorer makes (APPNOTE 4.4.5)
_DEFLATE64_FEED = 4096  # inflate64 has no output limit, so it is fed little at a time
_ENCRYPTED = 0x1  # general purpose flag, bit 0 (APPNOTE 4.4.4)
_UTF8 = 0x800  # general purpose flag, bit 11: the name is UTF-8
_FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)

_MAGIC = {
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"MSCF": "a cabinet file",
    b"\x1f\x8b": "a gzip file",
    b"%PDF": "a PDF",
}


class MemberTime(msgspec.Struct, frozen=True):
    """When a member was last written: `utc` where the archive knows it, else the machine's own wall clock.

    A zip stores local time without a zone (to 2 s); the NTFS and Unix extra fields add UTC.
    """

    utc: datetime | None = None
    local: datetime | None = None


class Member(msgspec.Struct, frozen=True):
    """One file of the bundle. `problem` says why it cannot be read, "" where it can."""

    path: str
    stored_size: int
    time: MemberTime
    open: Callable[[], Iterator[bytes]]
    problem: str = ""


class Bundle(msgspec.Struct, frozen=True):
    """What `open_bundle` found. `sha256` is the zip's; a folder's is taken over its members' names and hashes."""

    name: str
    stem: str
    members: tuple[Member, ...]
    sha256: str | None
    notes: tuple[str, ...] = ()


def open_bundle(path: Path) -> Bundle:
    """List the members of a zip or a folder.

    Raises:
        BundleError: with one line that names the file and what is wrong with it.
    """
    if path.is_dir():
        members = tuple(_folder_members(path))
        if not members:
            raise BundleError(f"{path.name}: the folder is empty")
        return Bundle(path.resolve().name, path.resolve().name, members, None)
    try:
        with path.open("rb") as stream:
            head = stream.read(8)
            stream.seek(0)
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise BundleError(f"{path.name}: cannot be opened ({error.strerror})") from error
    if not head:
        raise BundleError(f"{path.name}: the file is empty")
    kind = next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), None)
    if kind:
        raise BundleError(f"{path.name}: {kind}, not a zip; unpack it and give the folder")
    members, notes = _zip_members(path.name, lambda: path.open("rb"))
    if not members:
        raise BundleError(f"{path.name}: the zip is empty")
    if all(member.problem == _ENCRYPTED_NOTE for member in members):
        raise BundleError(f"{path.name}: the zip is encrypted; unpack it with its password and give the folder")
    return Bundle(path.name, path.stem, members, digest, notes)


def open_nested(name: str, data: bytes) -> tuple[tuple[Member, ...], tuple[str, ...]]:
    """List a zip that is itself a member; its members' paths begin with its own path.

    Raises:
        BundleError: where it is no readable zip.
    """
    members, notes = _zip_members(name, lambda: io.BytesIO(data))
    return tuple(msgspec.structs.replace(member, path=f"{name}/{member.path}") for member in members), notes


_ENCRYPTED_NOTE = "encrypted"


def _folder_members(root: Path) -> Iterator[Member]:
    count = 0
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in sorted(files):
            path = Path(folder, name)
            if path.is_symlink() or not path.is_file():
                continue
            count += 1
            if count > MOST_MEMBERS:
                raise BundleError(f"{root.name}: more than {MOST_MEMBERS:,} files: give the bundle's own folder")
            stat = path.stat()
            # msgspec keeps whole microseconds; a file system may have more.
            modified = datetime.fromtimestamp(stat.st_mtime, UTC).replace(microsecond=0)
            yield Member(path.relative_to(root).as_posix(), stat.st_size, MemberTime(utc=modified), _file_opener(path))


def _file_opener(path: Path) -> Callable[[], Iterator[bytes]]:
    def blocks() -> Iterator[bytes]:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                yield block

    return blocks


def _zip_members(
    name: str, opener: Callable[[], io.IOBase | io.BufferedReader]
) -> tuple[tuple[Member, ...], tuple[str, ...]]:
    try:
        with opener() as stream, zipfile.ZipFile(stream) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
        raise BundleError(f"{name}: not a readable zip archive ({_reason(error)})") from error
    notes: list[str] = []
    if len(infos) > MOST_MEMBERS:
        notes.append(f"{name}: {len(infos):,} members; only the first {MOST_MEMBERS:,} are read")
        infos = infos[:MOST_MEMBERS]
    paths = [_path(info) for info in infos]
    twice = {path for path in paths if paths.count(path) > 1} if len(set(paths)) < len(paths) else set()
    members = []
    for index, (info, path) in enumerate(zip(infos, paths, strict=True)):
        label = f"{path} (entry {index + 1})" if path in twice else path
        problem = _ENCRYPTED_NOTE if info.flag_bits & _ENCRYPTED else ""
        members.append(Member(label, info.file_size, _zip_time(info), _zip_opener(opener, info), problem))
    return tuple(members), tuple(notes)


def _reason(error: Exception) -> str:
    return str(error).lower() or type(error).__name__


def _path(info: zipfile.ZipInfo) -> str:
    """The member's name with forward slashes. Names without the UTF-8 flag are in some OEM code page.

    zipfile decodes those as cp437; where the bytes are valid UTF-8 (many zip tools forget the flag) that is meant.
    """
    name = info.orig_filename
    if not info.flag_bits & _UTF8:
        raw = name.encode("cp437", "replace")
        with contextlib.suppress(UnicodeDecodeError):
            name = raw.decode("utf-8")
    return name.split("\0", 1)[0].replace("\\", "/") or "(no name)"


def _zip_opener(
    opener: Callable[[], io.IOBase | io.BufferedReader], info: zipfile.ZipInfo
) -> Callable[[], Iterator[bytes]]:
    def blocks() -> Iterator[bytes]:
        with opener() as stream, zipfile.ZipFile(stream) as archive:
            if info.compress_type == _DEFLATE64:
                yield from _inflate64(stream, info)
                return
            with archive.open(info) as member:
                while block := member.read(_BLOCK):
                    yield block

    return blocks


def _inflate64(stream: io.IOBase | io.BufferedReader, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """Unpack Deflate64, which the standard library cannot, and check its CRC as zipfile would."""
    stream.seek(info.header_offset)
    header = stream.read(30)
    name_length, extra_length = struct.unpack("<HH", header[26:30])
    stream.seek(name_length + extra_length, io.SEEK_CUR)
    left, crc = info.compress_size, 0
    inflater = inflate64.Inflater()
    while left > 0 and not inflater.eof:
        feed = stream.read(min(left, _DEFLATE64_FEED))
        if not feed:
            break
        left -= len(feed)
        block = inflater.inflate(feed)
        crc = zlib.crc32(block, crc)
        if block:
            yield block
    if crc != info.CRC:
        raise zipfile.BadZipFile("Bad CRC-32")


def _zip_time(info: zipfile.ZipInfo) -> MemberTime:
    local = None
    if info.date_time[0] > 1980:  # noqa: PLR2004 - a zip's zero: the writer gave no time
        try:
            local = datetime(*info.date_time)  # noqa: DTZ001 - a zip stores no zone
        except ValueError:
            local = None
    return MemberTime(_extra_utc(info.extra), local)


def _extra_utc(extra: bytes) -> datetime | None:
    """The UTC time of last writing in a zip's extra fields: NTFS (0x000A) or Unix (0x5455), APPNOTE 4.5."""
    position = 0
    while position + 4 <= len(extra):
        tag, size = struct.unpack_from("<HH", extra, position)
        body = extra[position + 4 : position + 4 + size]
        position += 4 + size
        if tag == 0x000A and len(body) >= 16 and body[4:6] == b"\x01\x00":  # noqa: PLR2004 - reserved, tag 1, size, mtime
            (filetime,) = struct.unpack_from("<Q", body, 8)
            if 0 < filetime < 2650467744000000000:  # noqa: PLR2004 - year 9999 in 100 ns
                return (_FILETIME_EPOCH + timedelta(microseconds=filetime // 10)).replace(microsecond=0)
        if tag == 0x5455 and len(body) >= 5 and body[0] & 1:  # noqa: PLR2004 - flag bit 0: mtime follows
            (seconds,) = struct.unpack_from("<i", body, 1)
            return datetime.fromtimestamp(seconds, UTC)
    return None
