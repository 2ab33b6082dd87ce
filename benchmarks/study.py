"""How often the analyzer is right: cases drawn at random, built, analyzed for real, and compared with their truth.

    python benchmarks/study.py --bundles 2000 --seed 1 --processes 2 --json study.json
    python benchmarks/study.py --seed 1 --only 17 --keep case.zip      # one case again, and its bundle

The cases come from samples/builder/draws.py, which knows nothing of the analyzer. Case N of a seed is always the
same one. Of each the study asks:

- Does the verdict name the cause? Among the cases of which an expert could tell it from what is left of the bundle.
- Is anything confirmed that is not at work? Each such answer is listed. `no-exhaustion` confirmed while a cause is at
  work counts, except where it is true beside (ports are not short where memory is).
- Do the confidences mean what they say? Of the answers given with 80 %, 80 % should be right (calibration); for the
  verdict, and for every cause of every case. The expected calibration error is the mean distance, weighted.
- Does it say that it cannot tell where nobody could?
"""

import argparse
import json
import multiprocessing
import random
import resource
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "samples")]

from builder.draws import STORIES, Draw, draw

from forensics.analysis import analyze

BINS = 10
UNDECIDED = "inconclusive"
CRASHED = "crashed"


@dataclass(frozen=True)
class Answer:
    """What the analyzer says. ``causes`` is (id, status, confidence) of every cause."""

    verdict: str
    status: str
    confidence: float
    causes: tuple[tuple[str, str, float], ...]
    defects: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """A case and the answer to it."""

    index: int
    story: str
    top: str
    at_work: tuple[str, ...]
    also: tuple[str, ...]
    without: tuple[str, ...]
    manifest: bool
    tellable: bool
    why: str
    answer: Answer
    build_seconds: float
    analyze_seconds: float

    @property
    def right(self) -> bool:
        """Whether the verdict names a cause that is at work."""
        return self.answer.verdict in self.at_work

    @property
    def own_status(self) -> str:
        """What the true cause itself is said to be."""
        return next((status for cause, status, _ in self.answer.causes if cause == self.top), "no answer")

    @property
    def wrongly_confirmed(self) -> tuple[str, ...]:
        """What is confirmed and not true."""
        true = {*self.at_work, *self.also}
        return tuple(cause for cause, status, _ in self.answer.causes if status == "confirmed" and cause not in true)


def drawn(seed: int, index: int) -> Draw:
    """Case number ``index`` of that seed; the causes come round in turn."""
    return draw(random.Random(f"{seed} {index}"), list(STORIES)[index % len(STORIES)])  # noqa: S311 -- repeatable, not secret


def write_bundle(path: Path, case: Draw) -> None:
    """The case's bundle, zipped quickly."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in case.files().items():
            at = case.date_of(name)
            archive.writestr(
                zipfile.ZipInfo(name, (at.year, at.month, at.day, at.hour, at.minute, at.second)),
                data,
                zipfile.ZIP_DEFLATED,
            )


def study_case(job: tuple[int, int]) -> Case:
    """Draws, builds and analyzes one case."""
    seed, index = job
    case = drawn(seed, index)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{case.machine.host}.zip")
        write_bundle(path, case)
        built = time.perf_counter()
        answer = answer_to(path)
        ended = time.perf_counter()
    return Case(
        index=index, story=case.story, top=case.top, at_work=tuple(sorted(case.causes)), also=tuple(sorted(case.also)),
        without=case.without, manifest=case.manifest, tellable=case.tellable, why=case.why, answer=answer,
        build_seconds=built - started, analyze_seconds=ended - built,
    )  # fmt: skip


def answer_to(path: Path) -> Answer:
    """What the analyzer says of a bundle. Where it raises, that is its defect, and the study goes on."""
    try:
        analysis = analyze(path)
    except Exception as error:  # noqa: BLE001 -- whatever it is, it is the finding
        return Answer(CRASHED, CRASHED, 0.0, (), (f"{type(error).__name__}: {error}",))
    verdict = analysis.verdict
    causes = tuple((one.cause, one.status, one.confidence) for one in analysis.judgements)
    return Answer(verdict.cause, verdict.status, verdict.confidence, causes, analysis.defects)


# --- what the cases come to ---


def calibration(answers: Sequence[tuple[float, bool]]) -> tuple[list[dict[str, float]], float]:
    """The reliability table (confidence in bins, and how many were right) and the expected calibration error."""
    table = []
    error = 0.0
    for number in range(BINS):
        chosen = [(said, true) for said, true in answers if min(int(said * BINS), BINS - 1) == number]
        if chosen:
            said = sum(confidence for confidence, _ in chosen) / len(chosen)
            true = sum(right for _, right in chosen) / len(chosen)
            table.append({"from": number / BINS, "answers": len(chosen), "said": said, "true": true})
            error += abs(said - true) * len(chosen) / len(answers)
    return table, error


def summary(cases: Sequence[Case], seconds: float) -> dict[str, object]:
    """Everything that the study says, as data."""
    tellable = [case for case in cases if case.tellable]
    dumb = [case for case in cases if case.answer.verdict == UNDECIDED]
    verdicts = [(case.answer.confidence, case.right) for case in cases if case.answer.verdict != UNDECIDED]
    answers = [
        (confidence, cause in case.at_work or cause in case.also)
        for case in cases
        for cause, _, confidence in case.answer.causes
    ]
    verdict_table, verdict_error = calibration(verdicts)
    cause_table, cause_error = calibration(answers)
    rightly_dumb = sum(not case.tellable for case in dumb)
    return {
        "bundles": len(cases),
        "tellable": len(tellable),
        "right_of_tellable": _share(case.right for case in tellable),
        "top_of_tellable": _share(case.answer.verdict == case.top for case in tellable),
        "right_by_cause": {top: _share(case.right for case in tellable if case.top == top) for top in STORIES},
        "answer_of_true_cause": {
            top: dict(Counter(case.own_status for case in tellable if case.top == top).most_common()) for top in STORIES
        },
        "wrong_of_untellable": _share(
            case.answer.verdict != UNDECIDED and not case.right for case in cases if not case.tellable
        ),
        "confirmed_wrongly": [
            {"index": case.index, "confirmed": case.wrongly_confirmed, "top": case.top, "story": case.story}
            for case in cases
            if case.wrongly_confirmed
        ],
        "confirmed_of_tellable": _share(case.right and case.answer.status == "confirmed" for case in tellable),
        "verdict_calibration": {"table": verdict_table, "expected_error": verdict_error},
        "cause_calibration": {"table": cause_table, "expected_error": cause_error},
        "inconclusive_precision": rightly_dumb / len(dumb) if dumb else None,
        "inconclusive_recall": _share(case.answer.verdict == UNDECIDED for case in cases if not case.tellable),
        "confusion": {
            top: dict(Counter(case.answer.verdict for case in cases if case.top == top).most_common())
            for top in STORIES
        },
        "confusion_of_tellable": {
            top: dict(Counter(case.answer.verdict for case in tellable if case.top == top).most_common())
            for top in STORIES
        },
        "defects": [{"index": case.index, "defects": case.answer.defects} for case in cases if case.answer.defects],
        "seconds": seconds,
        "build_seconds": sum(case.build_seconds for case in cases) / len(cases),
        "analyze_seconds": sum(case.analyze_seconds for case in cases) / len(cases),
    }


def _share(answers: Iterable[bool]) -> float | None:
    listed = list(answers)
    return sum(listed) / len(listed) if listed else None


# --- print ---


def report(cases: Sequence[Case], found: dict[str, object], failures: int) -> None:
    """Prints the study."""
    print(f"{found['bundles']} bundles, {found['tellable']} of them tellable")
    print("\nverdict (across) of each true cause (down), all bundles")
    _print_matrix(cases)
    print("\nthe same, tellable bundles only")
    _print_matrix([case for case in cases if case.tellable])
    print(f"\nright among the tellable     {_percent(found['right_of_tellable'])}")
    print(f"  naming the top cause       {_percent(found['top_of_tellable'])}")
    print(f"  and confirmed              {_percent(found['confirmed_of_tellable'])}")
    by_cause, answers = found["right_by_cause"], found["answer_of_true_cause"]
    assert isinstance(by_cause, dict)  # noqa: S101 -- narrows the type
    assert isinstance(answers, dict)  # noqa: S101 -- narrows the type
    print("\nby true cause, tellable bundles: right verdicts, and what that cause's own answer was")
    for top, share in by_cause.items():
        said = ", ".join(f"{status} {number}" for status, number in answers[top].items())
        print(f"    {top:<26} {_percent(share)}   {said}")
    print(f"inconclusive: precision      {_percent(found['inconclusive_precision'])}")
    print(f"inconclusive: recall         {_percent(found['inconclusive_recall'])}")
    print(f"wrong where nobody can tell  {_percent(found['wrong_of_untellable'])}")
    _print_cases("wrong confirmed", [case for case in cases if case.wrongly_confirmed])
    _print_calibration("the verdict", found["verdict_calibration"])
    _print_calibration("all causes", found["cause_calibration"])
    _print_cases("defects", [case for case in cases if case.answer.defects])
    for case in cases:
        for defect in case.answer.defects:
            print(f"  {case.index}: {defect}")
    wrong = [case for case in cases if case.tellable and not case.right]
    _print_cases("tellable and not told", wrong, failures)
    print(
        f"\n{found['seconds']:.0f} s in all; a bundle takes {found['build_seconds']:.2f} s to build and "
        f"{found['analyze_seconds']:.2f} s to analyze"
    )


def _percent(share: object) -> str:
    return f"{share * 100:5.1f} %" if isinstance(share, float) else "    –"


def _print_matrix(cases: Sequence[Case]) -> None:
    columns = [*STORIES, UNDECIDED, CRASHED]
    print(" " * 26 + "".join(f"{_short(name):>6}" for name in columns))
    for top in STORIES:
        row = Counter(case.answer.verdict for case in cases if case.top == top)
        print(f"{top:<26}" + "".join(f"{row[name] or '·':>6}" for name in columns))


def _short(cause: str) -> str:
    """``time-wait-churn`` as ``ti-wa``."""
    return "-".join(part[:2] for part in cause.split("-")[:2])


def _print_calibration(what: str, found: object) -> None:
    assert isinstance(found, dict)  # noqa: S101 -- narrows the type
    print(f"\nconfidence of {what}: expected calibration error {found['expected_error']:.3f}")
    for row in found["table"]:
        print(f"  {row['from']:.1f}–{row['from'] + 1 / BINS:.1f}  said {row['said']:.2f}  true {row['true']:.2f}  "
              f"of {row['answers']:5.0f}")  # fmt: skip


def _print_cases(title: str, cases: Sequence[Case], most: int | None = None) -> None:
    print(f"\n{title}: {len(cases)}{'' if most is None or most >= len(cases) else f', the first {most}'}")
    for case in cases[:most]:
        answer = case.answer
        confirmed = f"; confirmed {', '.join(case.wrongly_confirmed)}" if case.wrongly_confirmed else ""
        print(f"  --only {case.index}: {case.top} ({case.story})")
        print(f"      said {answer.verdict} {answer.status} {answer.confidence:.2f}{confirmed}")
        missing = ", ".join(case.without) or "nothing"
        print(f"      {'with' if case.manifest else 'without'} manifest, without {missing}")


def one_case(seed: int, index: int, keep: Path | None) -> None:
    """Prints one case in full."""
    case = study_case((seed, index))
    for name, value in asdict(case).items():
        if name != "answer":
            print(f"{name:<16} {value}")
    print(f"{'verdict':<16} {case.answer.verdict} {case.answer.status} {case.answer.confidence:.2f}")
    for defect in case.answer.defects:
        print(f"{'defect':<16} {defect}")
    for cause, status, confidence in sorted(case.answer.causes, key=lambda one: -one[2]):
        print(f"  {cause:<26} {status:<13} {confidence:.2f}{'   at work' if cause in case.at_work else ''}")
    if keep:
        write_bundle(keep, drawn(seed, index))
        print(f"bundle: {keep}")


def main() -> None:
    """Runs the study."""
    parser = argparse.ArgumentParser(description="How often the analyzer is right.")
    parser.add_argument("--bundles", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write everything here, each case included")
    parser.add_argument("--failures", type=int, default=25, help="how many cases to list that were not told")
    parser.add_argument("--only", type=int, metavar="INDEX", help="this case alone, in full")
    parser.add_argument("--keep", type=Path, help="with --only: write its bundle here")
    arguments = parser.parse_args()
    if arguments.only is not None:
        one_case(arguments.seed, arguments.only, arguments.keep)
        return
    started = time.perf_counter()
    jobs = [(arguments.seed, index) for index in range(arguments.bundles)]
    cases = []
    with multiprocessing.get_context("spawn").Pool(arguments.processes, maxtasksperchild=200) as pool:
        for case in pool.imap_unordered(study_case, jobs, chunksize=4):
            cases.append(case)
            if sys.stderr.isatty():
                print(f"\r{len(cases)} of {len(jobs)}", end="", file=sys.stderr)
    cases.sort(key=lambda case: case.index)
    found = summary(cases, time.perf_counter() - started)
    report(cases, found, arguments.failures)
    if arguments.json:
        listed = [asdict(case) for case in cases]
        arguments.json.write_text(
            json.dumps({"seed": arguments.seed, "study": found, "cases": listed}, indent=1) + "\n"
        )


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
