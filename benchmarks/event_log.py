"""Event log parser against the Rust package `evtx`: time and memory, on real logs.

    FORENSICS_CORPUS=… python benchmarks/event_log.py

Reads every System log of the corpus, and one of 20 MB made of the largest: its chunks repeated with record
IDs of their own. Rust renders every record to JSON on one thread; we pick the wanted events. Medians of seven
runs taken in turn, so that a busy machine slows both. Memory is the peak of what parsing allocates beside the
log itself. It prints and asserts nothing.
"""

import io
import os
import statistics
import struct
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

from evtx import PyEvtxParser

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from forensics.parsers.event_log import parse

RUNS = 7
LARGE = 20 * 2**20
HEADER = 0x1000
CHUNK = 0x10000


def rust(data: bytes) -> None:
    """Render every record; a record that Rust cannot read raises and the next call goes on."""
    records = PyEvtxParser(io.BytesIO(data), number_of_threads=1).records_json()
    while True:
        try:
            next(records)
        except StopIteration:
            return
        except RuntimeError:
            continue


def enlarge(data: bytes, size: int) -> bytes:
    """Repeat the chunks of a log, each time with higher record IDs, until it has `size` bytes."""
    chunks = [data[start : start + CHUNK] for start in range(HEADER, len(data), CHUNK)]
    chunks = [chunk for chunk in chunks if chunk.startswith(b"ElfChnk\0")]
    parts, next_id = [data[:HEADER]], 1
    while len(parts) * CHUNK < size:
        renumbered, next_id = renumber(bytearray(chunks[len(parts) % len(chunks)]), next_id)
        parts.append(bytes(renumbered))
    return b"".join(parts)


def renumber(chunk: bytearray, next_id: int) -> tuple[bytearray, int]:
    """Number a chunk's records anew; checksums are left wrong, which both readers accept."""
    first_id, position = next_id, 0x200
    (free,) = struct.unpack_from("<I", chunk, 48)
    while position < free:
        struct.pack_into("<Q", chunk, position + 8, next_id)
        next_id += 1
        position += struct.unpack_from("<I", chunk, position + 4)[0]
    struct.pack_into("<4Q", chunk, 8, first_id, next_id - 1, first_id, next_id - 1)
    return chunk, next_id


def seconds(read: Callable[[bytes], object], data: bytes) -> float:
    """Time one call."""
    start = time.perf_counter()
    read(data)
    return time.perf_counter() - start


def main() -> None:
    """Print one line per log."""
    paths = sorted(Path(os.environ["FORENSICS_CORPUS"], "evtx").glob("*ystem*.evtx"))
    logs = {path.name: path.read_bytes() for path in paths}
    logs["enlarged to 20 MB"] = enlarge(max(logs.values(), key=len), LARGE)
    for name, data in logs.items():
        tracemalloc.start()
        result = parse(data)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        pairs = [(seconds(parse, data), seconds(rust, data)) for _ in range(RUNS)]
        ours, theirs = (1000 * statistics.median(column) for column in zip(*pairs, strict=True))
        print(
            f"{name:50} {len(data) / 2**20:5.1f} MiB  ours {ours:7.1f} ms  Rust {theirs:7.1f} ms  "
            f"ratio {ours / theirs:4.2f}  memory {peak / 2**20:4.1f} MiB  ({result.summary})"
        )


if __name__ == "__main__":
    main()
