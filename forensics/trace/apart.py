"""Read a large trace with a second process: this one unpacks and cuts into blocks, the other one searches them.

The work is shared so that two cores have about the same to do: line ends are counted here. Threads would not do: they
would take turns at Python's lock, once for every block. The bytes go through a pipe, which costs a tenth of a second
for each gigabyte and side (measured; multiprocessing's own connections cost four times that).
"""

import contextlib
import gc
import os
import signal
import struct
import subprocess
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import msgspec

from forensics.trace.blocks import Blocks, TextFacts
from forensics.trace.facts import Trace
from forensics.trace.result import tell_trace
from forensics.trace.scan import Scan

_HEADER = struct.Struct("<II")  # bytes of a block, and its line ends; no bytes: what follows are the text's own facts
_FACTS, _DEFECT = b"+", b"-"  # what an answer begins with
_PIPE = 1 << 20  # bytes: Linux's limit for everybody (pipe(7)); its default of 64 KB would wake both sides more often


def read_apart(chunks: Iterable[bytes]) -> Trace:
    """Read a trace in another process.

    Raises:
        RuntimeError: a defect of ours in that process.
    """
    package = str(Path(__file__).resolve().parents[2])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))}
    command = [sys.executable, "-c", "from forensics.trace.apart import serve; serve()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:  # noqa: S603 - ourselves
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the process that reads the trace has no pipes")
        try:
            _widen(process.stdin.fileno())
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                _send(Blocks(chunks), process.stdin)
                process.stdin.close()
            answer = process.stdout.read()
        except BaseException:
            process.kill()
            raise
    if answer.startswith(_FACTS):
        return msgspec.msgpack.decode(answer[1:], type=Trace)
    raise RuntimeError(answer[1:].decode() or "the process that reads the trace ended too early")


def _widen(pipe: int) -> None:
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl  # noqa: PLC0415 - not on Windows

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)


def _send(blocks: Blocks, there: IO[bytes]) -> None:
    for block, end in blocks:
        there.write(_HEADER.pack(end, block.count(b"\n", 0, end)))
        there.write(memoryview(block)[:end])
    facts = msgspec.msgpack.encode(blocks.facts())
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
    # Ctrl+C is for the parent to answer; this process ends with its input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()  # nothing here refers to itself: there is nothing to collect
    try:
        scan = Scan()
        answer = _FACTS + msgspec.msgpack.encode(tell_trace(scan, _receive(sys.stdin.buffer, scan)))
    except Exception:  # noqa: BLE001 - the worker's seam: the parent reports it, no traceback reaches a user
        answer = _DEFECT + traceback.format_exc().encode()
    with contextlib.suppress(OSError):  # the parent has gone
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()
