"""The directory of a zip: names as people meant them, times, and what cannot be read."""

import io
import struct
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from forensics.bundle.code_page import guess_code_page
from forensics.bundle.member import Member, MemberTime, UnreadableError
from forensics.bundle.unpack import unpack
from forensics.errors import BundleError

MOST_MEMBERS = 20_000
ENCRYPTED = "encrypted"
MAGICS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")  # a member, an empty zip, a part of a split zip
Opener = Callable[[], io.BytesIO | io.BufferedReader]

_ENCRYPTED_FLAG = 0x1  # general purpose flag, bit 0 (APPNOTE 4.4.4)
_UTF8_FLAG = 0x800  # general purpose flag, bit 11: the name is UTF-8
_FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_FILETIME = 2650467744000000000  # year 9999, in units of 100 ns
_NTFS, _UNIX = 0x000A, 0x5455  # extra fields that hold UTC (APPNOTE 4.5.5; Info-ZIP's "UT")


def zip_members(name: str, opener: Opener) -> tuple[tuple[Member, ...], tuple[str, ...]]:
    """List a zip's members, and notes on what was left out.

    Raises:
        BundleError: where it has no readable directory.
    """
    infos = _directory(name, opener)
    paths = _paths(infos)
    files = [(info, path) for info, path in zip(infos, paths, strict=True) if not path.endswith("/")]
    notes: tuple[str, ...] = ()
    if len(files) > MOST_MEMBERS:
        notes = (f"{name}: {len(files):,} members; only the first {MOST_MEMBERS:,} are read",)
        files = files[:MOST_MEMBERS]
    twice = {path for path, count in Counter(path for _, path in files).items() if count > 1}
    return tuple(
        Member(
            f"{path} (entry {index})" if path in twice else path,
            info.file_size,
            _time(info),
            _blocks(opener, info),
            ENCRYPTED if info.flag_bits & _ENCRYPTED_FLAG else "",
        )
        for index, (info, path) in enumerate(files, 1)
    ), notes


def _directory(name: str, opener: Opener) -> list[zipfile.ZipInfo]:
    begins_as_zip = False
    try:
        with opener() as stream:
            begins_as_zip = stream.read(4) in MAGICS
            with zipfile.ZipFile(stream) as archive:
                return archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
        raise BundleError(f"{name}: {_reason(error, begins_as_zip=begins_as_zip)}") from error


def _reason(error: Exception, *, begins_as_zip: bool) -> str:
    said = str(error) or type(error).__name__
    if said != "File is not a zip file":  # zipfile found no end of a directory
        return f"not a readable zip ({said[:1].lower()}{said[1:]})"
    if begins_as_zip:
        return "the zip is cut off (the directory at its end is missing); copy it again, or repair it"
    return "not a zip; give the bundle's zip, or a folder that holds its files"


def _blocks(opener: Opener, info: zipfile.ZipInfo) -> Callable[[], Iterator[bytes]]:
    def blocks() -> Iterator[bytes]:
        try:
            stream = opener()
        except OSError as error:
            raise UnreadableError(f"cannot be read ({error.strerror})") from error
        with stream:
            yield from unpack(stream, info)

    return blocks


def _paths(infos: Sequence[zipfile.ZipInfo]) -> list[str]:
    """The members' names with forward slashes; a folder's ends with one.

    Names without the UTF-8 flag should be in cp437, as zipfile reads them. Windows writes the machine's own code page,
    and many tools write UTF-8 and forget the flag.
    """
    raw = {info: info.orig_filename.encode("cp437", "replace") for info in infos if not info.flag_bits & _UTF8_FLAG}
    code_page = guess_code_page(b"\n".join(name for name in raw.values() if not name.isascii()), ("cp437",))
    return [_path(info, raw.get(info), code_page) for info in infos]


def _path(info: zipfile.ZipInfo, raw: bytes | None, code_page: str) -> str:
    name = info.orig_filename
    if raw is not None:
        try:
            name = raw.decode("utf-8")
        except UnicodeDecodeError:
            name = raw.decode(code_page, "replace")
    return name.split("\0", 1)[0].replace("\\", "/") or "(no name)"


def _time(info: zipfile.ZipInfo) -> MemberTime:
    local = None
    if info.date_time[0] > 1980:  # noqa: PLR2004 - a zip's zero: the writer gave no time
        try:
            local = datetime(*info.date_time)  # noqa: DTZ001 - a zip stores no zone
        except ValueError:
            local = None
    return MemberTime(_extra_utc(info.extra), local)


def _extra_utc(extra: bytes) -> datetime | None:
    """The UTC time of last writing in a zip's extra fields, to the second."""
    position = 0
    while position + 4 <= len(extra):
        tag, size = struct.unpack_from("<HH", extra, position)
        body = extra[position + 4 : position + 4 + size]
        position += 4 + size
        if tag == _NTFS and len(body) >= 16 and body[4:6] == b"\x01\x00":  # noqa: PLR2004 - reserved, tag 1, size, mtime
            (filetime,) = struct.unpack_from("<Q", body, 8)
            if 0 < filetime < _LAST_FILETIME:
                return _FILETIME_EPOCH + timedelta(seconds=filetime // 10**7)
        if tag == _UNIX and len(body) >= 5 and body[0] & 1:  # noqa: PLR2004 - flag bit 0: mtime follows
            (seconds,) = struct.unpack_from("<i", body, 1)
            return _UNIX_EPOCH + timedelta(seconds=seconds)
    return None
