"""The trace stage against `unzip -p bundle.zip trace/trace.txt | wc -l`: time, and memory, on traces of any size.

    python benchmarks/trace.py [--size GB …] [--runs N] [--keep FOLDER]

Makes a bundle for each size (0.2 and 0.84 GB unless told otherwise; 0.84 GB are 4.2 million lines and 50,000
sockets), then unpacks, hashes and reads its trace as the program does, in turn with the rival, so that a busy machine
slows both; the rival does not hash. Prints the medians, the ratio of each pair, processor seconds (of ours also the
two processes'), and the peak memory of both processes together. It asserts nothing.
"""

import argparse
import hashlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "samples")]

from builder.trace import WINDOWS_7, Program, TraceText

from forensics.bundle.zips import zip_members
from forensics.trace import Trace, read_trace

MEMBER = "trace/trace.txt"
LIVES_PER_GB = 50_000 / 0.84
PROGRAMS = (
    Program(1536, 136, ("203.0.113.9:80", "203.0.113.10:80")),
    Program(2044, 20, ("[::ffff:198.51.100.7]:443",), ("local", "remote", "reset")),
    Program(980, 4, ("198.51.100.77:8080",), ("timeout", "refused", "no-port", "no-bind")),
)


def make(path: Path, gigabytes: float) -> TraceText:
    """Write a bundle with a trace of about so many bytes."""
    rate = sum(program.rate for program in PROGRAMS)
    text = TraceText(WINDOWS_7, PROGRAMS, seconds=gigabytes * LIVES_PER_GB / rate, noise=3.1)
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(MEMBER, "w", force_zip64=True) as member,
    ):
        for piece in text.encoded():
            member.write(piece)
    return text


def hashed(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Take the SHA-256 of every block before it is read, as the analyzer does for the inventory."""
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
        yield block
    digest.hexdigest()


def ours(path: Path) -> Trace:
    """Unpack, hash and read, checksum included."""
    members, _ = zip_members(path.name, lambda: path.open("rb"))
    return read_trace(hashed(next(member for member in members if member.path == MEMBER).open()))


def rival(path: Path) -> int:
    """Count the lines."""
    with subprocess.Popen(["unzip", "-p", path, MEMBER], stdout=subprocess.PIPE) as unzip:
        counted = subprocess.run(["wc", "-l"], stdin=unzip.stdout, capture_output=True, check=True)
    return int(counted.stdout)


def peak_megabytes() -> float:
    """The most memory of this process, and of the largest that it started, together."""
    own, child = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return (own + child) / 1024


def processor_seconds() -> tuple[float, float]:
    """What this process has used, and what those that it started have."""
    own, others = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime, others.ru_utime + others.ru_stime


def measure(path: Path, runs: int) -> None:
    """Print one line."""
    times: dict[str, list[float]] = {"ours": [], "rival": []}
    used: dict[str, list[tuple[float, float]]] = {"ours": [], "rival": []}
    trace, lines = ours(path), 0
    memory = peak_megabytes()
    for _ in range(runs):
        for side in ("rival", "ours"):
            start, before = time.perf_counter(), processor_seconds()
            if side == "rival":
                lines = rival(path)
            else:
                trace = ours(path)
            times[side].append(time.perf_counter() - start)
            own, others = processor_seconds()
            used[side].append((own - before[0], others - before[1]))
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo(MEMBER).file_size / 1e9
    mine, theirs = (statistics.median(times[side]) for side in ("ours", "rival"))
    first, second = (statistics.median(process) for process in zip(*used["ours"], strict=True))
    their_cpu = statistics.median(map(sum, used["rival"]))
    ratios = sorted(one / other for one, other in zip(times["ours"], times["rival"], strict=True))
    print(
        f"{size:.2f} GB, {lines:,} lines, {trace.sockets:,} sockets: ours {mine:.2f} s "
        f"({first:.2f} + {second:.2f} s of processor), "
        f"unzip | wc {theirs:.2f} s ({their_cpu:.2f} s), "
        f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}), peak {memory:.0f} MB"
    )


def main() -> None:
    """Measure each size."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--size", type=float, nargs="+", default=[0.2, 0.84], help="GB of text (also 3.2)")
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--keep", type=Path, help="folder where the bundles are kept, and found again")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        for size in chosen.size:
            path = Path(chosen.keep or temporary, f"trace-{size}.zip")
            if not path.exists():
                make(path, size)
            measure(path, chosen.runs)


if __name__ == "__main__":
    main()
