"""Thousands of damaged bundles: no crash, no leak, every damage told, nothing confirmed that is not true.

    python benchmarks/soak.py --bundles 2000 --seed 1 --processes 2 --page docs/robustness.md
    python benchmarks/soak.py --seed 1 --only 17 --keep case.zip      # one bundle again
    python benchmarks/soak.py --seed 1 --bundles 50 --operator "a file is cut"

The bundles are those of the study (samples/builder/draws.py); four in five are damaged by one operator each
(benchmarks/damage.py), drawn at random. Each damaged bundle is analyzed twice, as it was and as it is. So the soak
knows of each what the damage did: the bundle is refused in one line; or what is wrong is told, in the list of files or
a warning *that the undamaged bundle does not have*; or it is read without a word, which is right only where nobody can
see the damage. And it knows what became of the answer, and whether the damage made any cause `confirmed` that was not.
Each process reads its memory after each hundred bundles.
"""

import argparse
import gc
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "samples")]

from benchmarks.damage import FILE_OPERATORS, MANIFEST, ZIP_OPERATORS, Damaged, damage, undamaged
from benchmarks.study import drawn
from forensics.analysis import Analysis, analyze
from forensics.errors import BundleError

SHARE_DAMAGED = 0.8
EVERY = 100  # bundles between two readings of memory
SHOWN = 20  # bundles of a kind that are named
STRENGTH = ("ruled_out", "inconclusive", "possible", "likely", "confirmed")
SAME, WEAKER, STRONGER, OTHER = "same", "weaker", "stronger", "other"

_MEANINGS = (
    "Each damaged bundle is analyzed as it was and as it is.",
    "",
    "- *Told*: the list of files or a warning names the damage, and says nothing of the kind of the undamaged bundle.",
    "- *Not to be seen*: nothing in the bundle shows it (no manifest with hashes, or the manifest itself), or nothing",
    "  was lost (the zip was damaged, and every member is still read as it was).",
    "- *Silent*: it could have been told and was not.",
    "- The answer is the *same*, *weaker* (the same cause with a lower status, or none), *stronger* (the same cause",
    "  with a higher status), or of *another* cause.",
    "- *Right*: the verdict names what is at work, which the analyzer is never told. Many bundles lack evidence from",
    "  the start, so that the row *none* is what there is to reach.",
)
_HEADINGS = (
    *("operator", "bundles", "refused", "told", "not to be seen", "silent", SAME, WEAKER, STRONGER, "another", "right"),
    *("newly confirmed", "confirmed and not true"),
)


@dataclass
class Row:
    """What became of the bundles of one operator. Lists hold their numbers."""

    bundles: int = 0
    refused: int = 0
    told: int = 0
    unseen: int = 0  # nobody can see the damage
    right: int = 0  # the verdict names what is at work
    answers: Counter[str] = field(default_factory=Counter)
    silent: list[int] = field(default_factory=list)
    moved: list[int] = field(default_factory=list)  # another answer though nothing is lost
    raised: list[int] = field(default_factory=list)  # confirmed, and not before the damage
    wrong: list[int] = field(default_factory=list)  # confirmed, and not true
    defects: list[int] = field(default_factory=list)
    crashes: list[int] = field(default_factory=list)

    def add(self, other: "Row") -> None:
        """Take in another process's row."""
        for name in ("bundles", "refused", "told", "unseen", "right", "answers", "silent", "moved", "raised", "wrong"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.defects += other.defects
        self.crashes += other.crashes


@dataclass(frozen=True)
class Job:
    """A range of bundles for one process."""

    seed: int
    indexes: range
    operator: str
    keep: Path | None


@dataclass
class Share:
    """What one process found: the table, memory in KB after so many bundles, seconds in all and of the slowest."""

    rows: dict[str, Row] = field(default_factory=lambda: defaultdict(Row))
    memory: list[tuple[int, int]] = field(default_factory=list)
    seconds: float = 0.0
    slowest: tuple[float, int] = (0.0, -1)


def soak(job: Job) -> Share:
    """Run a range."""
    share = Share()
    with tempfile.TemporaryDirectory() as folder:
        for number, index in enumerate(job.indexes, 1):
            _bundle(job, index, Path(folder, "bundle.zip"), share)
            if number % EVERY == 0:
                gc.collect()
                share.memory.append((number, _resident()))
                each = share.seconds / number
                print(f"{number} bundles, {share.memory[-1][1] / 1024:.0f} MB, {each:.2f} s each", file=sys.stderr)
    return share


def _bundle(job: Job, index: int, path: Path, share: Share) -> None:
    """Make one bundle, analyze it before and after its damage, and count."""
    case = drawn(job.seed, index)
    chance = random.Random(f"soak {job.seed} {index}")  # noqa: S311 - repeatable, not secret
    files = case.files()
    hurt = bool(job.operator) or chance.random() < SHARE_DAMAGED
    damaged = damage(chance, case, files, job.operator) if hurt else undamaged(case, files)
    if job.keep:
        job.keep.write_bytes(damaged.data)
        print(f"{damaged.operator}: {', '.join(damaged.touched) or 'the zip'}; {case.story}")
    row = share.rows[damaged.operator]
    row.bundles += 1
    path.write_bytes(damaged.data)
    started = time.perf_counter()
    try:
        after = analyze(path)
    except BundleError as error:
        row.refused += 1
        if "\n" in str(error):
            row.defects.append(index)
        return
    except Exception as error:  # noqa: BLE001 - what the soak looks for
        print(f"{damaged.operator}, bundle {index}: {type(error).__name__}: {error}")
        row.crashes.append(index)
        return
    finally:
        taken = time.perf_counter() - started
        share.seconds += taken
        share.slowest = max(share.slowest, (taken, index))
    before = after
    if damaged.operator != "none":
        path.write_bytes(undamaged(case, files).data)
        before = analyze(path)
    _judge(row, index, before, after, damaged)
    right = frozenset({*case.causes, *case.also})
    row.right += after.verdict.cause in right
    if confirmed(after) - right:
        row.wrong.append(index)


def _judge(row: Row, index: int, before: Analysis, after: Analysis, damaged: Damaged) -> None:
    if after.defects:
        row.defects.append(index)
    answer = answer_after(before, after)
    row.answers[answer] += 1
    if damaged.harmless and answer != SAME:
        row.moved.append(index)
    if confirmed(after) - confirmed(before):
        row.raised.append(index)
    changed = not damaged.touched and not damaged.harmless and members(before) != members(after)
    if tells(before, after, damaged):
        row.told += 1
    elif damaged.visible or changed:
        row.silent.append(index)
    else:
        row.unseen += 1


def confirmed(analysis: Analysis) -> frozenset[str]:
    """The causes that are confirmed."""
    return frozenset(one.id for one in analysis.findings.causes if one.status == "confirmed")


def members(analysis: Analysis) -> frozenset[tuple[str, str]]:
    """Every member that was read, and its hash: whether a damaged zip gave what the undamaged one gives."""
    return frozenset((file.path, file.sha256) for file in analysis.findings.bundle.files)


def answer_after(before: Analysis, after: Analysis) -> str:
    """What became of the verdict."""
    was, now = before.verdict, after.verdict
    if (was.cause, was.status) == (now.cause, now.status):
        return SAME
    if now.status == "inconclusive":
        return WEAKER
    if was.cause != now.cause:
        return OTHER
    return STRONGER if STRENGTH.index(now.status) > STRENGTH.index(was.status) else WEAKER


def said(analysis: Analysis) -> frozenset[tuple[str, str]]:
    """What is told of each member, and of the bundle: warnings, and files that were not wholly read."""
    findings = analysis.findings
    troubled = {(file.path, f"{file.status} {file.note}") for file in findings.bundle.files if file.status != "read"}
    return frozenset(troubled | {(warning.file, warning.message) for warning in findings.warnings})


def tells(before: Analysis, after: Analysis, damaged: Damaged) -> bool:
    """Whether anything new is told: of a member that was touched, or of any where the zip or the manifest was."""
    new = said(after) - said(before)
    if not damaged.touched or MANIFEST in damaged.touched:  # what of a manifest is wrong shows in other files
        return bool(new)
    named = [path or message for path, message in new]
    return any(path in name for path in damaged.touched for name in named)


def _resident() -> int:
    """KB in memory now, where the system tells; else the most that ever was."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return pages * resource.getpagesize() // 1024


def run(seed: int, indexes: range, processes: int, operator: str, keep: Path | None) -> list[Share]:
    """Run all, each process a range of its own."""
    step = -(-len(indexes) // processes)
    ranges = [indexes[start : start + step] for start in range(0, len(indexes), step)]
    jobs = [Job(seed, part, operator, keep) for part in ranges]
    if len(jobs) == 1:
        return [soak(jobs[0])]
    with multiprocessing.Pool(len(jobs)) as pool:
        return pool.map(soak, jobs, chunksize=1)


def joined(shares: list[Share]) -> dict[str, Row]:
    """One table of all processes."""
    rows: dict[str, Row] = defaultdict(Row)
    for share in shares:
        for name, row in share.rows.items():
            rows[name].add(row)
    return rows


def page(rows: dict[str, Row], shares: list[Share], seed: int) -> str:
    """The table as a page."""
    each = rows.values()
    total = sum(row.bundles for row in each)
    seconds, (slowest, which) = sum(share.seconds for share in shares), max(share.slowest for share in shares)
    crashes, defects = sum(len(row.crashes) for row in each), sum(len(row.defects) for row in each)
    wrong, raised = sum(len(row.wrong) for row in each), sum(len(row.raised) for row in each)
    lines = [
        "<!-- Written by benchmarks/soak.py; do not edit. -->",
        "# Robustness",
        "",
        f"{total:,} generated bundles (seed {seed}), four in five damaged by one operator each, drawn at random.",
        f"Crashes: {crashes}. Defects of ours: {defects}. Confirmed and not true: {wrong}.",
        f"Confirmed after the damage and not before: {raised}.",
        f"The analysis took {seconds / total:.2f} s a bundle, the slowest (bundle {which}) {slowest:.1f} s.",
        "",
        *_MEANINGS,
        "",
        f"| {' | '.join(_HEADINGS)} |",
        "| --- " * len(_HEADINGS) + "|",
    ]
    for name, row in sorted(rows.items()):
        counts = (
            row.bundles,
            row.refused,
            row.told,
            row.unseen,
            len(row.silent),
            *(row.answers[answer] for answer in (SAME, WEAKER, STRONGER, OTHER)),
            f"{100 * row.right / row.bundles:.0f} %",
            len(row.raised),
            len(row.wrong),
        )
        lines.append(f"| {name} | {' | '.join(map(str, counts))} |")
    lines += [
        "",
        "Memory, in MB:",
        "",
        "| process | bundles | after a hundred | at most | at the end |",
        "| --- " * 5 + "|",
    ]
    for number, share in enumerate(shares, 1):
        readings = [round(kilobytes / 1024) for _, kilobytes in share.memory]
        if readings:
            lines.append(f"| {number} | {share.memory[-1][0]:,} | {readings[0]} | {max(readings)} | {readings[-1]} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run, print what went wrong, write the page."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--bundles", type=int, default=2000)
    arguments.add_argument("--first", type=int, default=0, help="number of the first bundle")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--processes", type=int, default=1, help="how many ranges run at the same time")
    arguments.add_argument(
        "--operator", default="", choices=["", *FILE_OPERATORS, *ZIP_OPERATORS], help="this one alone"
    )
    arguments.add_argument("--only", type=int, help="this bundle alone")
    arguments.add_argument("--keep", type=Path, help="where that bundle is written")
    arguments.add_argument("--page", type=Path, help="write the table to this file")
    chosen = arguments.parse_args()
    indexes = range(chosen.first, chosen.first + chosen.bundles)
    if chosen.only is not None:
        indexes = range(chosen.only, chosen.only + 1)
    keep = chosen.keep if chosen.only is not None else None
    shares = run(chosen.seed, indexes, chosen.processes, chosen.operator, keep)
    rows = joined(shares)
    text = page(rows, shares, chosen.seed)
    print(text)
    for name, row in sorted(rows.items()):
        for what in ("silent", "moved", "raised", "wrong", "defects", "crashes"):
            if cases := getattr(row, what):
                print(f"{what}: {name}: bundles {', '.join(map(str, cases[:SHOWN]))}")
    if chosen.page:
        chosen.page.write_text(text, encoding="utf-8")
    return 1 if any(row.crashes or row.defects or row.wrong for row in rows.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
