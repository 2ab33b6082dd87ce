"""One file of a bundle: its label, when it was written, and how to read it."""

from collections.abc import Callable, Iterator
from datetime import datetime

import msgspec

BLOCK = 1 << 16  # bytes that are read at once


class UnreadableError(Exception):
    """A member's bytes cannot be had; the message says why."""


class MemberTime(msgspec.Struct, frozen=True):
    """When a member was last written: `utc` where the archive knows it, else the machine's own wall clock.

    A zip stores local time without a zone (to 2 s); the NTFS and Unix extra fields add UTC.
    """

    utc: datetime | None = None
    local: datetime | None = None


class Member(msgspec.Struct, frozen=True):
    """One file of the bundle. `path` is a label with forward slashes: nothing is ever written under it.

    `open` yields the bytes in blocks and raises `UnreadableError`; `problem` says why it cannot be opened at all, ""
    where it can. `stored_size` is what the directory claims.
    """

    path: str
    stored_size: int
    time: MemberTime
    open: Callable[[], Iterator[bytes]]
    problem: str = ""
