"""A zip's members: names as people meant them, times, and what cannot be read."""

import io
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from struct import unpack_from

from forensics.bundle.entries import Entry, extra_fields
from forensics.bundle.labels import distinct, paths_of, shortened
from forensics.bundle.listing import MAGICS, list_entries
from forensics.bundle.member import Member, MemberTime, UnreadableError
from forensics.bundle.overlaps import overlapping
from forensics.bundle.unpack import unpack
from forensics.errors import BundleError
from forensics.knowledge.calendar import CLOCK_YEARS

__all__ = ["ENCRYPTED", "MAGICS", "MOST_MEMBERS", "zip_members"]

MOST_MEMBERS = 20_000
ENCRYPTED = "encrypted"
Opener = Callable[[], io.BytesIO | io.BufferedReader]

_ENCRYPTED_FLAG = 0x1  # general purpose flag, bit 0 (APPNOTE 4.4.4)
_EMPTY = 2  # bytes that Deflate makes of nothing
_FIRST_YEAR = 1980  # DOS's; all bits zero: the writer gave no time
_FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_FILETIME = 2650467744000000000  # year 9999, in units of 100 ns
_NTFS, _UNIX = 0x000A, 0x5455  # extra fields that hold UTC (APPNOTE 4.5.5; Info-ZIP's "UT")


def zip_members(name: str, opener: Opener, most: int = MOST_MEMBERS) -> tuple[tuple[Member, ...], tuple[str, ...]]:
    """List a zip's members, and notes on what was left out or had to be found without the directory.

    Raises:
        BundleError: where it has neither a directory nor members that can be found without one.
    """
    try:
        with opener() as stream:
            entries, end, notes = list_entries(name, stream, most)
    except OSError as error:
        raise BundleError(f"{name}: cannot be read ({error.strerror})") from error
    paths = paths_of(entries)
    problems = overlapping(entries, end)
    files = [
        (entry, path, problem)
        for entry, path, problem in zip(entries, paths, problems, strict=True)
        if not path.endswith("/") or entry.packed_size > _EMPTY
    ]
    labels = distinct([shortened(path) for _, path, _ in files])
    return tuple(
        Member(label, entry.size, _time(entry), _blocks(opener, entry), _problem(entry) or problem)
        for (entry, _, problem), label in zip(files, labels, strict=True)
    ), notes


def _problem(entry: Entry) -> str:
    if entry.flags & _ENCRYPTED_FLAG:
        return ENCRYPTED
    if stat.S_ISLNK(entry.mode):
        return "a link: not followed"
    if stat.S_ISFIFO(entry.mode) and entry.packed_size > _EMPTY:
        return ""  # Info-ZIP gives this mode to what it packed from its standard input
    if stat.S_IFMT(entry.mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
        return "neither a file nor a folder"
    return ""


def _blocks(opener: Opener, entry: Entry) -> Callable[[], Iterator[bytes]]:
    def blocks() -> Iterator[bytes]:
        try:
            stream = opener()
        except OSError as error:
            raise UnreadableError(f"cannot be read ({error.strerror})") from error
        with stream:
            yield from unpack(stream, entry)

    return blocks


def _time(entry: Entry) -> MemberTime:
    local = None
    year, month, day = _FIRST_YEAR + (entry.date >> 9), entry.date >> 5 & 15, entry.date & 31
    if year > _FIRST_YEAR:
        try:
            local = datetime(year, month, day, entry.time >> 11, entry.time >> 5 & 63, (entry.time & 31) * 2)  # noqa: DTZ001 - a zip stores no zone
        except ValueError:
            local = None
    utc = _extra_utc(entry.extra)
    return MemberTime(
        utc if utc and utc.year in CLOCK_YEARS else None, local if local and local.year in CLOCK_YEARS else None
    )


def _extra_utc(extra: bytes) -> datetime | None:
    """The UTC time of last writing in a zip's extra fields, to the second."""
    for tag, body in extra_fields(extra):
        if tag == _NTFS and len(body) >= 16 and body[4:6] == b"\x01\x00":  # noqa: PLR2004 - reserved, tag 1, size, mtime
            (filetime,) = unpack_from("<Q", body, 8)
            if 0 < filetime < _LAST_FILETIME:
                return _FILETIME_EPOCH + timedelta(seconds=filetime // 10**7)
        if tag == _UNIX and len(body) >= 5 and body[0] & 1:  # noqa: PLR2004 - flag bit 0: mtime follows
            (seconds,) = unpack_from("<i", body, 1)
            return _UNIX_EPOCH + timedelta(seconds=seconds)
    return None
