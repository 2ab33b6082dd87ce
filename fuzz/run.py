"""Coverage-guided fuzzing of everything that reads a stranger's bytes: `make fuzz` or `python fuzz/run.py TARGET …`.

Each target (targets.py) runs in a process of its own, from a corpus of what the samples and docstrings hold (seeds.py).
Without targets named, all run: `--seconds` for each, of which the parsers of text, as the target `text` runs them all,
have a quarter. A target may raise nothing but what its contract names, and may not cite a line that its input does not
have or that says nothing of the fact. libFuzzer ends a run at the first failure and leaves the input beside the corpus
(`TARGET-crash-…`), also where one input takes more than ten seconds or 2 GB; `python fuzz/run.py TARGET --input FILE`
runs one input again.
"""

import argparse
import re
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "samples")]

# Only what is fuzzed needs to count its branches, and parsers are found when they are first asked for: here.
with atheris.instrument_imports(include=["forensics"]) if "--here" in sys.argv else nullcontext():
    from fuzz.seeds import TEXTS, dictionary, seeds
    from fuzz.targets import HEADER, LONGEST, LONGEST_TEXT, PARSERS, TARGETS

SECONDS_FOR_ONE, MEGABYTES = 10, 2048  # what one input may cost
PART = 4  # of the seconds, for one parser
LEAST_SECONDS = 5
_UNITS = re.compile(r"stat::number_of_executed_units:\s*(\d+)")


def fuzz(target: str, folder: Path, seconds: int) -> None:
    """Fuzz one target in this process; does not return."""
    corpus = folder / target
    corpus.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(seeds(target)):
        (corpus / f"seed-{number:04}").write_bytes(data)
    words = folder / f"{target}.dict"
    words.write_text(dictionary(target), encoding="ascii")
    longest = LONGEST_TEXT if target in TEXTS else HEADER + LONGEST
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={longest}",
        f"-timeout={SECONDS_FOR_ONE}",
        f"-rss_limit_mb={MEGABYTES}",
        f"-artifact_prefix={folder}/{target}-",
        f"-dict={words}",
        "-print_final_stats=1",
        "-verbosity=0",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], TARGETS[target])
    atheris.Fuzz()


def _run(target: str, seconds: int, folder: Path) -> bool:
    """Fuzz one target in a process of its own, and say how it went."""
    command = [sys.executable, __file__, target, "--here", "--seconds", str(seconds), "--folder", str(folder)]
    run = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    units = _UNITS.search(run.stderr)
    # Without units nothing was tried, whatever the status says.
    good = run.returncode == 0 and units is not None
    print(
        f"{target}: {'ok' if good else 'FAILED'}, {int(units[1]) if units else 0:,} inputs in {seconds} s", flush=True
    )
    if not good:
        print("\n".join(run.stderr.splitlines()[-25:]))
    return good


def main() -> int:
    """Run every target, one after the other."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("targets", nargs="*", help=f"of {', '.join(TARGETS)}; default all")
    arguments.add_argument("--seconds", type=int, default=60, help="for each target")
    arguments.add_argument("--folder", type=Path, default=ROOT / ".fuzz", help="where corpus and failures are kept")
    arguments.add_argument("--here", action="store_true", help="one target, in this process")
    arguments.add_argument("--input", type=Path, help="run one target on this file, and nothing else")
    chosen = arguments.parse_args()
    if unknown := set(chosen.targets) - set(TARGETS):
        arguments.error(f"no target {', '.join(sorted(unknown))}")
    if (chosen.here or chosen.input) and len(chosen.targets) != 1:
        arguments.error("name one target")
    folder = chosen.folder.resolve()
    if chosen.input:
        TARGETS[chosen.targets[0]](chosen.input.read_bytes())
        return 0
    if chosen.here:
        fuzz(chosen.targets[0], folder, chosen.seconds)
    part = max(chosen.seconds // PART, LEAST_SECONDS)
    plan = dict.fromkeys(chosen.targets, chosen.seconds) or {
        target: part if target in PARSERS else chosen.seconds for target in TARGETS
    }
    good = [_run(target, seconds, folder) for target, seconds in plan.items()]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
