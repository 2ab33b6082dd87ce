"""Thousands of damaged bundles through one process: no crash, no leak, every damage told, nothing wrongly confirmed.

    python benchmarks/soak.py --bundles 2000 --seed 1 --page docs/robustness.md
    python benchmarks/soak.py --seed 1 --only 17 --keep case.zip      # one bundle again

The bundles are those of the study (samples/builder/draws.py); three in four are damaged by one operator each, drawn at
random. Of each the soak asks what the analyzer made of it: refused in one line, read with the damage told (in the list
of files or a warning), or read without a word, which is right only where nobody can see the damage; and whether
anything was confirmed that is not at work. The memory of the process is read after each hundred bundles.
"""

import argparse
import gc
import random
import resource
import struct
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "samples")]

from benchmarks.study import drawn, write_bundle
from forensics.analysis import Analysis, analyze
from forensics.errors import BundleError

SHARE_DAMAGED = 0.75
EVERY = 100  # bundles between two readings of memory

Files = dict[str, bytes]


@dataclass(frozen=True)
class Damaged:
    """What an operator did: the members it touched, and whether anybody can see that from the bundle."""

    files: Files
    touched: tuple[str, ...]
    visible: bool = True


Operator = Callable[[random.Random, Files], Damaged]
OPERATORS: dict[str, Operator] = {}


def operator(function: Operator) -> Operator:
    """List an operator under its name."""
    OPERATORS[function.__name__.replace("_", " ")] = function
    return function


def _pick(chance: random.Random, files: Files, *, suffix: str = "") -> str:
    """One of the members that hold anything, with that ending where there are any."""
    filled = sorted(path for path, data in files.items() if data)
    return chance.choice([path for path in filled if path.endswith(suffix)] or filled)


def _with(files: Files, path: str, data: bytes) -> Damaged:
    listed = "manifest.json" in files
    return Damaged({**files, path: data}, (path,), visible=listed and path != "manifest.json")


@operator
def a_file_is_cut(chance: random.Random, files: Files) -> Damaged:
    """A copy that was interrupted."""
    path = _pick(chance, files)
    return _with(files, path, files[path][: chance.randrange(len(files[path]))])


@operator
def bytes_are_changed(chance: random.Random, files: Files) -> Damaged:
    """A bad disk."""
    path = _pick(chance, files)
    data = bytearray(files[path])
    for _ in range(chance.randint(1, 40)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return _with(files, path, bytes(data))


@operator
def a_block_is_zero(chance: random.Random, files: Files) -> Damaged:
    """A sparse file, or a disk that lied."""
    path = _pick(chance, files)
    data = files[path]
    start = chance.randrange(len(data))
    return _with(files, path, data[:start] + bytes(min(4096, len(data) - start)) + data[start + 4096 :])


@operator
def a_chunk_of_the_log_is_torn(chance: random.Random, files: Files) -> Damaged:
    """Bytes of an event log that its checksums cover."""
    path = _pick(chance, files, suffix=".evtx")
    data = bytearray(files[path])
    for _ in range(20):
        data[chance.randrange(min(4096, len(data) - 1), len(data))] ^= 1 << chance.randrange(8)
    return _with(files, path, bytes(data))


@operator
def a_file_is_missing(chance: random.Random, files: Files) -> Damaged:
    """Somebody left one out."""
    path = _pick(chance, files)
    left = {name: data for name, data in files.items() if name != path}
    return Damaged(left, (path,), visible="manifest.json" in left)


@operator
def most_files_are_missing(chance: random.Random, files: Files) -> Damaged:
    """A bundle made by hand, in a hurry."""
    kept = chance.sample(sorted(files), k=max(1, len(files) // 5))
    lost = tuple(path for path in files if path not in kept)
    return Damaged({path: files[path] for path in kept}, lost, visible="manifest.json" in kept)


@operator
def two_files_are_exchanged(chance: random.Random, files: Files) -> Damaged:
    """Names mixed up: content alone tells what a file is."""
    first, second = chance.sample(sorted(path for path in files if path != "manifest.json"), k=2)
    return Damaged({**files, first: files[second], second: files[first]}, (first, second), visible=False)


@operator
def a_file_is_empty(chance: random.Random, files: Files) -> Damaged:
    """A full disk."""
    path = _pick(chance, files)
    return Damaged({**files, path: b""}, (path,))


@operator
def garbage_is_appended(chance: random.Random, files: Files) -> Damaged:
    """A file that was overwritten with a shorter one."""
    path = _pick(chance, files)
    return _with(files, path, files[path] + chance.randbytes(chance.randint(1, 5000)))


@operator
def nul_bytes_are_inserted(chance: random.Random, files: Files) -> Damaged:
    """UTF-16 appended to ANSI, or a transfer that padded."""
    path = _pick(chance, files)
    at = chance.randrange(len(files[path]))
    return _with(files, path, files[path][:at] + bytes(chance.randint(1, 300)) + files[path][at:])


@operator
def a_huge_line_is_inserted(chance: random.Random, files: Files) -> Damaged:
    """One line of two million characters."""
    path = _pick(chance, files, suffix=".txt")
    at = files[path].find(b"\n") + 1
    return _with(files, path, files[path][:at] + b"A1:[," * 400_000 + b"\r\n" + files[path][at:])


@operator
def another_machine_s_file(chance: random.Random, files: Files) -> Damaged:
    """A file of another case by mistake."""
    other = {
        path: data for path, data in drawn(chance.randrange(10**6), chance.randrange(10**3)).files().items() if data
    }
    path = chance.choice(sorted(set(files) & set(other) - {"manifest.json"}) or sorted(other))
    differs = path in files and files[path] != other[path]  # two machines may have the same to say
    return Damaged({**files, path: other[path]}, (path,), visible="manifest.json" in files and differs)


@operator
def the_manifest_is_garbage(chance: random.Random, files: Files) -> Damaged:
    """A manifest that somebody edited."""
    data = files.get("manifest.json", b'{"schema": "forensics.bundle/1"}')
    at = chance.randrange(len(data))
    return Damaged({**files, "manifest.json": data[:at] + b'"}]{' + data[at + 4 :]}, ("manifest.json",), visible=False)


def cut_zip(chance: random.Random, data: bytes) -> bytes:
    """A mail gateway's limit."""
    return data[: chance.randrange(22, len(data))]


def torn_zip(chance: random.Random, data: bytes) -> bytes:
    """Bytes changed anywhere in the zip."""
    torn = bytearray(data)
    for _ in range(chance.randint(1, 30)):
        torn[chance.randrange(len(torn))] = chance.randrange(256)
    return bytes(torn)


def lying_zip(chance: random.Random, data: bytes) -> bytes:
    """Sizes in the directory that are not true."""
    lying = bytearray(data)
    at = lying.rfind(b"PK\x01\x02", 0, chance.randrange(len(data) // 2, len(data)))
    if at >= 0:
        struct.pack_into("<I", lying, at + 24, chance.choice((0, 1, 0x7FFFFFFF)))
    return bytes(lying)


ZIP_OPERATORS = {"the zip is cut": cut_zip, "the zip is torn": torn_zip, "the zip lies about sizes": lying_zip}


@dataclass
class Row:
    """What became of the bundles of one operator."""

    bundles: int = 0
    refused: int = 0
    told: int = 0
    unseen: int = 0  # nobody can see the damage
    silent: list[int] = field(default_factory=list)
    defects: list[int] = field(default_factory=list)
    crashes: list[int] = field(default_factory=list)
    wrong: list[int] = field(default_factory=list)
    verdicts: Counter[str] = field(default_factory=Counter)


def make(seed: int, index: int, path: Path) -> tuple[str, Damaged, frozenset[str]]:
    """Write one bundle; say what was done to it, and what is confirmed rightly."""
    case = drawn(seed, index)
    chance = random.Random(f"soak {seed} {index}")  # noqa: S311 - repeatable, not secret
    write_bundle(path, case)
    files = case.files()
    right = frozenset({*case.causes, *case.also})
    if chance.random() >= SHARE_DAMAGED:
        return "none", Damaged(files, (), visible=False), right
    name = chance.choice([*OPERATORS, *ZIP_OPERATORS])
    if name in ZIP_OPERATORS:
        data = path.read_bytes()
        path.write_bytes(changed := ZIP_OPERATORS[name](chance, data))
        return name, Damaged({}, (), visible=changed != data and name != "the zip lies about sizes"), right
    damaged = OPERATORS[name](chance, files)
    _write(path, damaged.files)
    return name, damaged, right


def _write(path: Path, files: Files) -> None:
    import zipfile  # noqa: PLC0415 - beside its only use

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in files.items():
            archive.writestr(name, data)


def tells(analysis: Analysis, damaged: Damaged) -> bool:
    """Whether the findings say anything of the members that were touched, or of the zip."""
    findings = analysis.findings
    warned = {warning.file for warning in findings.warnings}
    troubled = {file.path for file in findings.bundle.files if file.status != "read"}
    if not damaged.touched:
        return bool(warned or troubled)
    return any(path in warned or path in troubled for path in damaged.touched)


def soak(seed: int, indexes: range, keep: Path | None) -> tuple[dict[str, Row], list[tuple[int, int]], float]:
    """Run all; return the table, memory in KB after so many bundles, and the seconds that the analysis took."""
    rows: dict[str, Row] = defaultdict(Row)
    memory: list[tuple[int, int]] = []
    spent = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for number, index in enumerate(indexes, 1):
            path = keep or Path(folder, "bundle.zip")
            name, damaged, right = make(seed, index, path)
            row = rows[name]
            row.bundles += 1
            started = time.perf_counter()
            try:
                analysis = analyze(path)
            except BundleError as error:
                row.refused += 1
                if "\n" in str(error):
                    row.defects.append(index)
            except Exception as error:  # noqa: BLE001 - what the soak looks for
                print(f"{name}, bundle {index}: {type(error).__name__}: {error}")
                row.crashes.append(index)
            else:
                _judge(row, index, analysis, damaged, right)
            spent += time.perf_counter() - started
            if number % EVERY == 0:
                gc.collect()
                memory.append((number, _resident()))
                print(f"{number} bundles, {memory[-1][1] / 1024:.0f} MB, {spent / number:.2f} s each", file=sys.stderr)
    return rows, memory, spent


def _judge(row: Row, index: int, analysis: Analysis, damaged: Damaged, right: frozenset[str]) -> None:
    if analysis.defects:
        row.defects.append(index)
    if any(one.status == "confirmed" and one.id not in right for one in analysis.findings.causes):
        row.wrong.append(index)
    row.verdicts[analysis.verdict.status] += 1
    if tells(analysis, damaged):
        row.told += 1
    elif damaged.visible:
        row.silent.append(index)
    else:
        row.unseen += 1


def _resident() -> int:
    """KB in memory now, where the system tells; else the most that ever was."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return pages * resource.getpagesize() // 1024


def page(rows: dict[str, Row], memory: list[tuple[int, int]], spent: float, seed: int) -> str:
    """The table as a page."""
    total = sum(row.bundles for row in rows.values())
    crashes, defects, wrong = (
        sum(len(cases) for cases in kind)
        for kind in zip(*((row.crashes, row.defects, row.wrong) for row in rows.values()), strict=True)
    )
    lines = [
        "<!-- Written by benchmarks/soak.py; do not edit. -->",
        "# Robustness",
        "",
        f"{total:,} generated bundles (seed {seed}) through one process, three in four damaged by one operator each.",
        f"Crashes: {crashes}. Defects of ours: {defects}. Confirmed and not true: {wrong}.",
        f"The analysis took {spent / total:.2f} s a bundle on two shared cores.",
        "",
        "*Told*: the list of files or a warning names the damage. *Not to be seen*: nothing in the bundle shows it (no",
        "manifest with hashes, files exchanged whole). *Silent*: it could have been told and was not.",
        "",
        "| operator | bundles | refused | told | not to be seen | silent | confirmed and not true | crashes |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, row in sorted(rows.items()):
        counts = (row.bundles, row.refused, row.told, row.unseen, len(row.silent), len(row.wrong), len(row.crashes))
        lines.append(f"| {name} | {' | '.join(map(str, counts))} |")
    lines += ["", "Memory of the process:", "", "| after bundles | MB |", "| --- | --- |"]
    step = max(1, len(memory) // 10)
    lines += [f"| {number:,} | {kilobytes / 1024:.0f} |" for number, kilobytes in memory[::step]]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run, print what went wrong, write the page."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--bundles", type=int, default=2000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--only", type=int, help="this bundle alone")
    arguments.add_argument("--keep", type=Path, help="where that bundle is written")
    arguments.add_argument("--page", type=Path, help="write the table to this file")
    chosen = arguments.parse_args()
    indexes = range(chosen.bundles) if chosen.only is None else range(chosen.only, chosen.only + 1)
    rows, memory, spent = soak(chosen.seed, indexes, chosen.keep if chosen.only is not None else None)
    text = page(rows, memory, spent, chosen.seed)
    print(text)
    for name, row in sorted(rows.items()):
        for what, cases in (
            ("silent", row.silent),
            ("defect", row.defects),
            ("crash", row.crashes),
            ("wrong", row.wrong),
        ):
            if cases:
                print(f"{what}: {name}: bundles {', '.join(map(str, cases[:20]))}")
    if chosen.page:
        chosen.page.write_text(text, encoding="utf-8")
    return 1 if any(row.crashes or row.defects or row.wrong for row in rows.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
