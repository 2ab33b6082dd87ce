"""Coverage-guided fuzzing of everything that reads a stranger's bytes: `make fuzz` or `python fuzz/run.py TARGET …`.

Each target runs in a process of its own for `--seconds`, from a corpus of what the samples hold. A target may raise
nothing but what its contract names, and may not cite a line that its input does not have. libFuzzer ends a run at the
first failure and leaves the input beside the corpus (`crash-…`), also where one input takes more than ten seconds or
2 GB.
"""

import argparse
import io
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "samples")]

with atheris.instrument_imports(include=["forensics"]):
    from forensics.bundle import manifest
    from forensics.bundle.archive import open_nested
    from forensics.bundle.content import Budget, read_content
    from forensics.bundle.decode import decode
    from forensics.errors import BundleError
    from forensics.parsed import Parsed
    from forensics.parsers import all_parsers, bytes_parsers, remaining_text_parsers, text_parsers
    from forensics.trace.inline import read_inline
    from forensics.trace.tracerpt import read as read_tracerpt

    all_parsers()  # found at the first call: here, so that they are instrumented

from builder.trace import DIALECTS, Program, TraceText  # the sample builder's: not what is tested

LONGEST = 1 << 16  # bytes of an input: a chunk of an event log
SECONDS_FOR_ONE, MEGABYTES = 10, 2048  # what one input may cost
HEADER, CHUNK = 4096, 1 << 16  # bytes of an event log's header block and of a chunk
BUDGET = 1 << 26  # bytes that a zip may unpack to here


def text(data: bytes) -> None:
    """Every parser of text on the same text, whether it knows it or not."""
    told = decode(data).text
    lines = 1 + told.count("\n") + told.count("\r")
    for parser in (*text_parsers(), *remaining_text_parsers()):
        parser.recognise(told)
        _cited(parser.parse(told), lines)


def event_log(data: bytes) -> None:
    """The parsers of binary formats, with checksums that are right: else every change ends at the first of them."""
    sealed = _sealed(data)
    for parser in bytes_parsers():
        if parser.recognise(sealed):
            parser.parse(sealed)


def _sealed(data: bytes) -> bytes:
    """Put the right checksums into an event log: of the file's header, and of each chunk's header and records."""
    log = bytearray(data)
    if len(log) >= HEADER:
        log[124:128] = zlib.crc32(log[:120]).to_bytes(4, "little")
    for start in range(HEADER, len(log) - 512, CHUNK):
        free = int.from_bytes(log[start + 48 : start + 52], "little")
        log[start + 52 : start + 56] = zlib.crc32(log[start + 512 : start + free]).to_bytes(4, "little")
        header = log[start : start + 120] + log[start + 128 : start + 512]
        log[start + 124 : start + 128] = zlib.crc32(header).to_bytes(4, "little")
    return bytes(log)


def trace(data: bytes) -> None:
    """The trace's text, and tracerpt's table."""
    for found in (read_inline([data]), read_tracerpt([data])):
        if found.connects > found.lines or found.time_wait_births > found.lines:
            raise AssertionError(f"{found.connects} connects in {found.lines} lines")


def collector_manifest(data: bytes) -> None:
    """The manifest: one line says what is wrong."""
    try:
        manifest.read(decode(data).text)
    except ValueError as error:
        if "\n" in str(error):
            raise AssertionError(str(error)) from error


def archive(data: bytes) -> None:
    """The directory of a zip, and every member, within a budget."""
    try:
        members, _ = open_nested("fuzz.zip", data)
    except BundleError:
        return
    budget = Budget(BUDGET)
    for member in members:
        content = read_content(member, budget, lambda _block: LONGEST)
        if content.whole and content.size != len(content.data):
            raise AssertionError(member.path)


def _cited(parsed: Parsed, lines: int) -> None:
    for fact in (*parsed.facts, *parsed.problems):
        line = getattr(fact, "line", None)
        if line is not None and not 1 <= line <= lines:
            raise AssertionError(f"{type(fact).__name__} cites line {line} of {lines}")


TARGETS: dict[str, Callable[[bytes], None]] = {
    "text": text,
    "event-log": event_log,
    "trace": trace,
    "manifest": collector_manifest,
    "archive": archive,
}


def corpus(target: str) -> Iterable[bytes]:
    """What the samples hold for a target, cut to what one input may be."""
    if target == "trace":
        for dialect in DIALECTS:
            made = TraceText(
                dialect, (Program(1536, 4, ("203.0.113.9:80",), ("local", "remote", "no-port")),), seconds=2
            )
            yield b"".join(made.encoded())[:LONGEST]
        return
    for path in sorted((ROOT / "samples").glob("*.zip")):
        with zipfile.ZipFile(path) as bundle:
            for name in bundle.namelist():
                data = bundle.read(name)
                if name.endswith(".evtx"):
                    data = data[: HEADER + LONGEST]
                if _wanted(target, name):
                    yield data[: HEADER + LONGEST]
    if target == "archive":
        for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w", method) as small:
                small.writestr("netstat/ano-1.txt", b"TCP 10.0.0.1:1 10.0.0.2:2 TIME_WAIT 0\r\n" * 20)
                small.writestr("a\\b.txt", b"")
            yield out.getvalue()


def _wanted(target: str, name: str) -> bool:
    if target == "event-log":
        return name.endswith(".evtx")
    if target == "manifest":
        return name == "manifest.json"
    return target == "text" and not name.endswith((".evtx", ".zip")) and not name.startswith("trace/")


def fuzz(target: str, folder: Path, seconds: int) -> None:
    """Fuzz one target in this process; does not return."""
    seeds = folder / target
    seeds.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(corpus(target)):
        (seeds / f"seed-{number:04}").write_bytes(data)
    options = [
        f"-max_total_time={seconds}", f"-max_len={HEADER + LONGEST}", f"-timeout={SECONDS_FOR_ONE}",
        f"-rss_limit_mb={MEGABYTES}", f"-artifact_prefix={folder}/{target}-", "-print_final_stats=1", "-verbosity=0",
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, str(seeds)], TARGETS[target])
    atheris.Fuzz()


def main() -> int:
    """Run every target, one after the other."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("targets", nargs="*", help=f"of {', '.join(TARGETS)}; default all")
    arguments.add_argument("--seconds", type=int, default=60, help="for each target")
    arguments.add_argument("--folder", type=Path, default=ROOT / ".fuzz", help="where corpus and failures are kept")
    arguments.add_argument("--here", action="store_true", help="one target, in this process")
    chosen = arguments.parse_args()
    wanted = chosen.targets or list(TARGETS)
    if unknown := set(wanted) - set(TARGETS):
        arguments.error(f"no target {', '.join(sorted(unknown))}")
    if chosen.here:
        fuzz(wanted[0], chosen.folder.resolve(), chosen.seconds)
    failed = []
    for target in wanted:
        command = [
            sys.executable,
            __file__,
            target,
            "--here",
            "--seconds",
            str(chosen.seconds),
            "--folder",
            str(chosen.folder),
        ]
        run = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        said = [line for line in run.stderr.splitlines() if "number_of_executed_units" in line or "Error" in line]
        print(f"{target}: {'ok' if not run.returncode else 'FAILED'}; {'; '.join(said[-3:])}")
        if run.returncode:
            failed.append(target)
            print("\n".join(run.stderr.splitlines()[-25:]))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
