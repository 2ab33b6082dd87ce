"""Parsers in a process of their own: a member that hangs them or eats memory costs itself, and not the run.

The process is started early, while the bundle is opened, and serves one bundle after the other. It gets the content of
one member at a time; where it does not answer in time, or ends, the member is lost and another process takes over.
Memory is limited where the system has RLIMIT_AS (Linux).
"""

import contextlib
import pickle
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Self

from forensics import worker
from forensics.parsing import Found, LostError, parse_here

SECONDS, SECONDS_PER_MEGABYTE = 60, 2  # for one member: a hundred times what the slowest real one took on a laptop
MOST_MEMORY = 6 << 30  # bytes of the process: a member of 512 MB, its text and its facts
MOST_FACTS = 1 << 28
"""Bytes of a bundle's facts as they are sent, which take four times that here (measured): 7 million rows of netstat."""
_MEGABYTE = 1 << 20


class Isolated:
    """Reads members in another process. Use it in a `with` statement, or close it."""

    def __init__(self, seconds: float = SECONDS, memory: int = MOST_MEMORY) -> None:
        """Start the process.

        Args:
            seconds: for one member, and more for a large one.
            memory: bytes that the process may take.
        """
        self._seconds, self._memory = seconds, memory
        self._left = MOST_FACTS
        self._connection, self._process = worker.spawn(_serve, self._memory)

    def __call__(self, content: str | bytes, *, remaining: bool = True, seconds: float | None = None) -> Found:
        """Read a member (see `parsing.Parse`)."""
        own = self._seconds + SECONDS_PER_MEGABYTE * len(content) / _MEGABYTE
        seconds = own if seconds is None else min(own, seconds)
        try:
            self._connection.send((content, remaining))
            if not self._connection.poll(seconds):
                self._start_again()
                raise LostError(f"not read: it took more than {seconds:,.0f} s")
            answer = self._connection.recv_bytes()
        except (EOFError, OSError) as error:
            self._start_again()
            raise LostError("not read: the process that read it ended, for want of memory or by a defect") from error
        if not answer:
            self._start_again()
            raise LostError(f"not read: it took more than {self._memory >> 20:,} MB of memory")
        if len(answer) > self._left:
            raise LostError(
                f"not read: with it the bundle's facts would take over {4 * MOST_FACTS >> 20:,} MB of memory"
            )
        self._left -= len(answer)
        found: Found = pickle.loads(answer)  # noqa: S301 - of our own process
        return found

    def next_bundle(self) -> None:
        """Begin with another bundle, whose members may hold so many facts anew."""
        self._left = MOST_FACTS

    def _start_again(self) -> None:
        self.close()
        self._connection, self._process = worker.spawn(_serve, self._memory)

    def close(self) -> None:
        """End the process; harmless when it has ended."""
        self._connection.close()
        self._process.kill()
        self._process.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _serve(connection: Connection, memory: int) -> None:
    worker.begin(memory)
    with contextlib.suppress(EOFError, OSError):  # the parent has gone
        while True:
            content, remaining = connection.recv()
            try:
                answer = pickle.dumps(parse_here(content, remaining=remaining))
            except MemoryError:
                answer = b""
            connection.send_bytes(answer)
