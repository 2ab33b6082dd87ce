"""A member's bytes: hashed as they come, kept while they are within the limits, and never more than the budget."""

import hashlib
import time
from collections.abc import Callable, Iterator

import msgspec

from forensics.bundle.member import BLOCK, Member, UnreadableError

REFUSED = 64 * 2**20  # bytes: a block has 64 KB, of Deflate64 up to 4 MB
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


class Limits(msgspec.Struct, frozen=True):
    """What reading a bundle may cost at most: bytes that its members unpack to, and seconds; None for the default."""

    size: int | None = None
    seconds: float | None = None


NO_LIMITS = Limits()


class Deadline:
    """When reading a bundle has to be done, by a clock that nobody sets."""

    def __init__(self, seconds: float | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds, self._clock = seconds, clock
        self._end = None if seconds is None else clock() + seconds

    def reached(self) -> bool:
        """Whether it is over."""
        return self._end is not None and self._clock() >= self._end

    def left(self) -> float | None:
        """The seconds until then; None where there is no limit."""
        return None if self._end is None else max(0.0, self._end - self._clock())


class Budget:
    """How many bytes members may still unpack to, counted while they are produced, and until when.

    `reserved` bytes are kept back for members that come later: one that lies about its size takes nothing of theirs.
    What was produced and then refused is counted by itself: no more than that of a few dozen members.
    """

    def __init__(self, size: int, deadline: Deadline | None = None) -> None:
        self.size = self.left = size
        self.reserved = self._refused = 0
        self._deadline = deadline or Deadline()

    def take(self, size: int) -> str:
        """Take so many bytes; where that cannot be, say why."""
        if self._deadline.reached():
            return f"the time limit of {self._deadline.seconds:g} seconds is over: left here"
        if self.left - self.reserved < size or self._refused > REFUSED:
            self._refused += size
            return f"the bundle unpacks to over {self.size:,} bytes: left here"
        self.left -= size
        return ""


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
            if self._refused(budget.take(0)):
                return
            for block in member.open():
                limit = limit if self._size else most(block)
                self._size += len(block)
                if self._refused(budget.take(len(block))):
                    return
                self._digest.update(block)
                if self._size <= limit or not self._kept:
                    self._kept.append(block)
                else:
                    del self._kept[1:]
                yield block
        except UnreadableError as error:
            self._problem = f"{error}; {self._size:,} bytes could be unpacked"

    def _refused(self, reason: str) -> bool:
        self._problem, self._over_budget = reason, bool(reason)
        return bool(reason)

    def content(self) -> Content:
        """What was read; what nobody asked for yet is read first."""
        for _ in self._blocks:
            pass
        if self._problem:
            return Content(b"", self._size, "", whole=False, problem=self._problem, over_budget=self._over_budget)
        whole = sum(map(len, self._kept)) == self._size
        data = b"".join(self._kept) if whole else self._kept[0][:BEGINNING]
        return Content(data, self._size, self._digest.hexdigest(), whole)


def first_block(member: Member, budget: Budget | None = None) -> bytes:
    """The beginning of a member, b"" where it is empty, cannot be read, or the budget has no room for it."""
    if member.problem or (budget and budget.take(0)):
        return b""
    try:
        block = next(member.open(), b"")
    except UnreadableError:
        return b""
    return b"" if budget and budget.take(len(block)) else block[:BLOCK]
