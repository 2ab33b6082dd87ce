"""A member's bytes: hashed as they come, kept while they are within the limits, and never more than the budget."""

import hashlib
from collections.abc import Callable

import msgspec

from forensics.bundle.member import Member, UnreadableError

BEGINNING = 1 << 16  # bytes of a member that are kept where the whole is too large


class Content(msgspec.Struct, frozen=True):
    """What was read of a member.

    `data` is all of it where `whole`, else its beginning; `sha256` is "" where not all bytes could be had. `problem`
    says why they could not, and `over_budget` that the bundle's budget was the reason.
    """

    data: bytes
    size: int
    sha256: str
    whole: bool = True
    problem: str = ""
    over_budget: bool = False


class Budget:
    """How many bytes a bundle may still unpack to, counted while they are produced."""

    def __init__(self, size: int) -> None:
        self.size = self.left = size

    def take(self, size: int) -> bool:
        """Take so many bytes; False where there are not so many left."""
        self.left -= size
        return self.left >= 0


def read_content(member: Member, budget: Budget, most: Callable[[bytes], int]) -> Content:
    """Read a member; `most` says by its first block how many bytes to keep, should it have no more than those."""
    if member.problem:
        return Content(b"", member.stored_size, "", whole=False, problem=member.problem)
    digest, size, limit = hashlib.sha256(), 0, 0
    kept: list[bytes] = []
    try:
        for block in member.open():
            limit = limit if size else most(block)
            size += len(block)
            if not budget.take(len(block)):
                problem = f"the bundle unpacks to over {budget.size:,} bytes: left here"
                return Content(b"", size, "", whole=False, problem=problem, over_budget=True)
            digest.update(block)
            if size <= limit or not kept:
                kept.append(block)
            else:
                del kept[1:]
    except UnreadableError as error:
        return Content(b"", size, "", whole=False, problem=f"{error}; {size:,} bytes could be unpacked")
    whole = sum(map(len, kept)) == size
    return Content(b"".join(kept) if whole else kept[0][:BEGINNING], size, digest.hexdigest(), whole)


def first_block(member: Member) -> bytes:
    """The beginning of a member, b"" where it is empty or cannot be read."""
    if member.problem:
        return b""
    try:
        return next(member.open(), b"")
    except UnreadableError:
        return b""
