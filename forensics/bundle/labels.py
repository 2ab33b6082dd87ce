"""Members' labels: short enough to be read, and no two the same."""

import struct
import zlib
from collections import Counter
from collections.abc import Sequence

from forensics.bundle.code_page import guess_code_page
from forensics.bundle.entries import Entry, extra_fields

_UTF8_FLAG = 0x800  # general purpose flag, bit 11: the name is UTF-8 (APPNOTE 4.4.4)
_UNICODE_PATH = 0x7075  # the extra field of Info-ZIP and WinZip: version 1, the CRC-32 of the name, it in UTF-8
_SAMPLE = 1 << 14  # bytes of names that decide on their code page
MOST_LABEL = 400  # characters: a path of Windows has 259, and a zip's name may have 65,535
_KEPT_END = 100  # of a longer one: the file's own name


def shortened(name: str) -> str:
    """A name's beginning and end where it is too long."""
    return name if len(name) <= MOST_LABEL else f"{name[: MOST_LABEL - _KEPT_END]}…{name[-_KEPT_END:]}"


def distinct(names: Sequence[str]) -> list[str]:
    """The names, each of several that are the same with its place among all.

    >>> distinct(["a", "b", "a", "a (entry 1)"])
    ['a (entry 1, again)', 'b', 'a (entry 3)', 'a (entry 1)']
    """
    counts = Counter(names)
    given = {name for name, count in counts.items() if count == 1}
    labels = []
    for place, name in enumerate(names, 1):
        label = name if counts[name] == 1 else f"{name} (entry {place})"
        while counts[name] > 1 and label in given:
            label = f"{label[:-1]}, again)"
        given.add(label)
        labels.append(label)
    return labels


def paths_of(entries: Sequence[Entry]) -> list[str]:
    """The members' names with forward slashes; a folder's ends with one.

    Names without the UTF-8 flag should be in cp437. Windows writes the machine's own code page, and many tools write
    UTF-8 and forget the flag. Where a name is told in UTF-8 beside it (APPNOTE 4.6.9), that one counts.
    """
    names = [_beside(entry) or entry.name for entry in entries]
    plain = (
        name for entry, name in zip(entries, names, strict=True) if not entry.flags & _UTF8_FLAG and name is entry.name
    )
    code_page = guess_code_page(b"\n".join(name for name in plain if not name.isascii())[:_SAMPLE], ("cp437",))
    return [_path(name, code_page) for name in names]


def _beside(entry: Entry) -> bytes:
    """The name that stands beside a member's, b"" where there is none, or one of another name that it had before."""
    for tag, body in extra_fields(entry.extra):
        if tag == _UNICODE_PATH and body[:5] == struct.pack("<BI", 1, zlib.crc32(entry.name)):
            return body[5:]
    return b""


def _path(raw: bytes, code_page: str) -> str:
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError:
        name = raw.decode(code_page, "replace")
    return name.split("\0", 1)[0].replace("\\", "/") or "(no name)"
