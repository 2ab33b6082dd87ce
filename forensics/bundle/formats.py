"""Formats that a bundle may hold and that no parser reads, so that the list of files can say what they are."""

from forensics.bundle.decode import is_binary

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

FOREIGN_KINDS = (
    "archive",
    "document",
    "memory-dump",
    "packet-capture",
    "picture",
    "program",
    "registry-hive",
)


def foreign(head: bytes) -> str | None:
    """Name a format by a member's first bytes, None where it may be evidence.

    >>> foreign(b"GIF89a...")
    'picture'
    """
    kind = next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)
    short = next((kind for magic, kind in _SHORT_MAGIC if head.startswith(magic)), None)
    return kind or (short if short and is_binary(head) else None)
