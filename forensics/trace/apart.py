"""Read a large trace with a second process: this one unpacks, the other one reads what it is sent.

Of text, the work is shared so that two cores have about the same to do: this process cuts it into blocks and counts
line ends, the other one searches them. Threads would not do: they would take turns at Python's lock, once for every
block. The bytes go through a pipe, which costs a tenth of a second for each gigabyte and side (measured;
multiprocessing's own connections cost four times that).

The other process has its limits. Where it takes nothing for too long, wants too much memory or ends, the trace is lost
and the run is not.
"""

import contextlib
import gc
import os
import struct
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Self

import msgspec

from forensics import worker
from forensics.trace.blocks import Blocks, TextFacts
from forensics.trace.facts import Trace
from forensics.trace.result import tell_trace
from forensics.trace.scan import Scan

SECONDS = 60  # without taking a block, of which it takes thousands a second; without an answer, when it has the last
MOST_MEMORY = 2 << 30  # bytes of the process: many times what the reader may remember
_HEADER = struct.Struct("<II")  # bytes of a block, and its line ends; no bytes: what follows are the text's own facts
_FACTS, _TOO_LARGE, _DEFECT = b"+", b"!", b"-"  # what an answer begins with
_PIPE = 1 << 20  # bytes: Linux's limit for everybody (pipe(7)); its default of 64 KB would wake both sides more often
_GLANCE = 0.25  # seconds between two looks at whether the other process is at work


class LostError(Exception):
    """The trace is lost: the message says why."""


class _GoneError(Exception):
    """Nobody reads what is sent; why is asked later."""


Send = Callable[[IO[bytes], "Watch"], None]


def read_apart(chunks: Iterable[bytes], seconds: float = SECONDS) -> Trace:
    """Read a trace's text in another process. What the iterator raises passes through.

    Raises:
        LostError: where that process took too long or too much memory, or ended.
        RuntimeError: a defect of ours in that process; its note says where.
    """
    return ask(
        "from forensics.trace.apart import serve; serve()", lambda there, watch: _send(chunks, there, watch), seconds
    )


def ask(program: str, send: Send, seconds: float = SECONDS) -> Trace:
    """Start a process, send it what it shall read, and return what it read (see `read_apart`)."""
    package = str(Path(__file__).resolve().parents[2])
    environment = {
        **os.environ,
        **worker.NOTHING_FROM_HERE,
        "PYTHONPATH": os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH")))),
    }
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:  # noqa: S603 - ourselves
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the process that reads the trace has no pipes")
        try:
            _widen(process.stdin.fileno())
            with Watch(process, seconds) as watch:
                with contextlib.suppress(_GoneError):
                    send(process.stdin, watch)
                    with watch.waiting():
                        process.stdin.close()
                with watch.waiting():
                    answer = process.stdout.read()
        except BaseException:
            process.kill()
            raise
    if watch.stalled:
        raise LostError(f"it took more than {seconds:g} s without getting on")
    if answer.startswith(_FACTS):
        return msgspec.msgpack.decode(answer[1:], type=Trace)
    if answer.startswith(_DEFECT):
        error = RuntimeError("in the process that reads the trace")
        error.add_note(answer[1:].decode())
        raise error
    if answer.startswith(_TOO_LARGE):
        raise LostError(f"it took more than {MOST_MEMORY >> 20:,} MB of memory")
    raise LostError("the process that read it ended, for want of memory or by a defect")


class Watch:
    """Ends a process that lets this one wait too long."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self._process, self._seconds = process, seconds
        self._since: float | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.stalled = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """While this process waits for the other one, which may have gone."""
        self._since = time.monotonic()
        try:
            yield
        except OSError as error:
            raise _GoneError from error
        self._since = None

    def _look(self) -> None:
        while not self._over.wait(min(_GLANCE, self._seconds)):
            since = self._since
            if since is not None and time.monotonic() - since > self._seconds:
                self.stalled = True
                self._process.kill()
                return


def _widen(pipe: int) -> None:
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl  # noqa: PLC0415 - not on Windows

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)


def _send(chunks: Iterable[bytes], there: IO[bytes], watch: Watch) -> None:
    blocks = Blocks(chunks)
    for block, end in blocks:
        lines = block.count(b"\n", 0, end)
        with watch.waiting():
            there.write(_HEADER.pack(end, lines))
            there.write(memoryview(block)[:end])
    facts = msgspec.msgpack.encode(blocks.facts())
    with watch.waiting():
        there.write(_HEADER.pack(0, len(facts)))
        there.write(facts)


def _receive(here: IO[bytes], scan: Scan) -> TextFacts:
    while True:
        size, lines = _HEADER.unpack(here.read(_HEADER.size))
        if not size:
            return msgspec.msgpack.decode(here.read(lines), type=TextFacts)
        scan.block(here.read(size), size, lines)


def serve() -> None:
    """Read blocks from standard input; answer with the facts."""
    answer(_read)


def _read(here: IO[bytes]) -> Trace:
    scan = Scan()
    return tell_trace(scan, _receive(here, scan))


def answer(read: Callable[[IO[bytes]], Trace]) -> None:
    """Be the other process: read what standard input brings, and answer on standard output."""
    worker.begin(MOST_MEMORY)
    gc.disable()  # nothing here refers to itself: there is nothing to collect
    try:
        told = _FACTS + msgspec.msgpack.encode(read(sys.stdin.buffer))
    except MemoryError:
        told = _TOO_LARGE
    except Exception as error:  # noqa: BLE001 - the worker's seam: the parent reports it, no traceback reaches a user
        place = traceback.extract_tb(error.__traceback__)[-1]
        told = _DEFECT + f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}".encode()
    with contextlib.suppress(OSError):  # the parent has gone
        sys.stdout.buffer.write(told)
        sys.stdout.buffer.flush()
