"""Formats that a bundle may hold and that no parser reads, so that the list of files can say what they are."""

import re

from forensics.bundle.decode import decode, is_binary

_MAGIC = (
    (b"\x89PNG\r\n", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"GIF8", "picture"),
    (b"%PDF", "document"),
    (b"\xd0\xcf\x11\xe0", "document"),
    (b"regf", "registry-hive"),
    (b"MDMP", "memory-dump"),
    (b"PAGEDU", "memory-dump"),
    (b"\x0a\x0d\x0d\x0a", "packet-capture"),
    (b"\xd4\xc3\xb2\xa1", "packet-capture"),
    (b"7z\xbc\xaf", "archive"),
    (b"Rar!", "archive"),
    (b"MSCF", "archive"),
    (b"\x1f\x8b", "archive"),
)
_SHORT_MAGIC = ((b"BM", "picture"), (b"MZ", "program"))  # text may begin so too

# "[2]0F24.1020::2018-09-17 10:22:14.658 [Microsoft-Windows-TCPIP]", in every dialect of traps.md
_TRACE = re.compile(r"\[\d+\]\s?[0-9A-F]{4}\.\s?[0-9A-F]{4}::[^\r\n]{6,60}?\d\d:\d\d:\d\d\.\d+\s*\[")
FOREIGN_KINDS = (
    "archive",
    "document",
    "memory-dump",
    "packet-capture",
    "picture",
    "program",
    "registry-hive",
    "trace-text",
)


def foreign_bytes(head: bytes) -> str | None:
    """Name a binary format by its first bytes.

    >>> foreign_bytes(b"GIF89a...")
    'picture'
    """
    kind = next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)
    short = next((kind for magic, kind in _SHORT_MAGIC if head.startswith(magic)), None)
    return kind or (short if short and is_binary(head) else None)


def foreign(head: bytes) -> str | None:
    """Name a format that no parser reads by a member's first bytes, None where they may be evidence."""
    kind = foreign_bytes(head)
    return kind if kind or is_binary(head) else foreign_text(decode(head).text)


def foreign_text(head: str) -> str | None:
    """Name a text format that no parser reads by its first lines.

    >>> foreign_text("[2]0F24.1020::2018-09-17 10:22:14.658 [Microsoft-Windows-TCPIP]TCP: ...")
    'trace-text'
    """
    return "trace-text" if _TRACE.search(head) else None
