"""A member's bytes: hashed as they come, kept while they are within the limits, and never more than the budget."""

import hashlib
from collections.abc import Callable, Iterator

import msgspec

from forensics.bundle.member import Member, UnreadableError

BEGINNING = 1 << 16  # bytes of a member that are kept where the whole is too large


class Content(msgspec.Struct, frozen=True):
    """What was read of a member.

    `data` is all of it where `whole`, else its beginning; `sha256` is "" where not all bytes could be had. `problem`
    says why they could not, and `over_budget` that the budget was the reason.
    """

    data: bytes
    size: int
    sha256: str
    whole: bool = True
    problem: str = ""
    over_budget: bool = False


class Budget:
    """How many bytes members may still unpack to, counted while they are produced."""

    def __init__(self, size: int) -> None:
        self.size = self.left = size

    def take(self, size: int) -> bool:
        """Take so many bytes; False where there are not so many left."""
        self.left -= size
        return self.left >= 0


def read_content(member: Member, budget: Budget, most: Callable[[bytes], int]) -> Content:
    """Read a member; `most` says by its first block how many bytes to keep, should it have no more than those."""
    reading = Reading(member, budget, most)
    for _ in reading:
        pass
    return reading.content()


class Reading:
    """Iterates over a member's bytes, for whoever reads them while they come; nothing is raised.

    They are hashed and counted. `content` says what was read when all of it was.
    """

    def __init__(self, member: Member, budget: Budget, most: Callable[[bytes], int]) -> None:
        self._blocks = self._read(member, budget, most)
        self._digest, self._size = hashlib.sha256(), 0
        self._kept: list[bytes] = []
        self._problem, self._over_budget = "", False

    def __iter__(self) -> Iterator[bytes]:
        return self._blocks

    def _read(self, member: Member, budget: Budget, most: Callable[[bytes], int]) -> Iterator[bytes]:
        if member.problem:
            self._problem, self._size = member.problem, member.stored_size
            return
        limit = 0
        try:
            for block in member.open():
                limit = limit if self._size else most(block)
                self._size += len(block)
                if not budget.take(len(block)):
                    self._problem = f"the bundle unpacks to over {budget.size:,} bytes: left here"
                    self._over_budget = True
                    return
                self._digest.update(block)
                if self._size <= limit or not self._kept:
                    self._kept.append(block)
                else:
                    del self._kept[1:]
                yield block
        except UnreadableError as error:
            self._problem = f"{error}; {self._size:,} bytes could be unpacked"

    def content(self) -> Content:
        """What was read; what nobody asked for yet is read first."""
        for _ in self._blocks:
            pass
        if self._problem:
            return Content(b"", self._size, "", whole=False, problem=self._problem, over_budget=self._over_budget)
        whole = sum(map(len, self._kept)) == self._size
        data = b"".join(self._kept) if whole else self._kept[0][:BEGINNING]
        return Content(data, self._size, self._digest.hexdigest(), whole)


def first_block(member: Member) -> bytes:
    """The beginning of a member, b"" where it is empty or cannot be read."""
    if member.problem:
        return b""
    try:
        return next(member.open(), b"")
    except UnreadableError:
        return b""
