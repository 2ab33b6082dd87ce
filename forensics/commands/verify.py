"""`forensics verify`: every member's SHA-256 against the manifest's."""

from collections import Counter
from pathlib import Path

import typer

from forensics.bundle.content import NO_LIMITS, Limits
from forensics.bundle.manifest import NAME
from forensics.cli import Exit
from forensics.commands.progress import progress
from forensics.errors import BundleError, UsageError
from forensics.evidence import Evidence
from forensics.ingest import survey
from forensics.isolation import Isolated
from forensics.measure.integrity import (
    CHANGED,
    INTACT,
    MISSING,
    NOT_HASHED,
    NOT_LISTED,
    NOT_READ,
    compared,
    same_bytes,
)
from forensics.report.inert import inert

_SHOWN = (CHANGED, MISSING, NOT_READ, NOT_HASHED, NOT_LISTED, INTACT)
_SUMMED = (INTACT, CHANGED, MISSING, NOT_READ, NOT_HASHED, NOT_LISTED)


def run(bundle: Path, limits: Limits = NO_LIMITS) -> Exit:
    """Print one line per file and a sentence."""
    if not bundle.exists():
        raise UsageError(f"{bundle}: no such file or folder")
    with progress(bundle.name) as tell, Isolated() as parse:
        evidence, _ = survey(bundle, tell, limits=limits, parse=parse)
    if evidence.manifest is None:
        raise BundleError(f"{evidence.name}: {_without_manifest(evidence)}, so there is nothing to compare with")
    if bundle.is_file():
        typer.echo(f"SHA-256 {evidence.sha256}")  # what the collector showed at its end
    outcomes = dict(compared(evidence, evidence.manifest))
    listed = same_bytes(evidence, evidence.manifest)
    for path, outcome in sorted(outcomes.items(), key=lambda one: (_SHOWN.index(one[1]), one[0])):
        same = f", which has the bytes of {inert(listed[path])}" if outcome == NOT_LISTED and path in listed else ""
        typer.echo(f"{outcome:<11} {inert(path)}{same}")
    counts = Counter(outcomes.values())
    summary = ", ".join(f"{counts[one]} {one}" for one in _SUMMED if counts[one])
    typer.echo(f"{inert(evidence.name)}: {_judged(counts)} ({summary or 'nothing is listed'})")
    return Exit.DONE


def _judged(counts: Counter[str]) -> str:
    differs = counts[CHANGED] or counts[MISSING] or counts[NOT_LISTED]
    if not differs and not counts[INTACT] and counts[NOT_HASHED]:
        return "its manifest has no SHA-256 to compare with"
    if differs or not counts[INTACT]:
        return "NOT consistent with its manifest"
    limits = ((NOT_READ, ", as far as it was read"), (NOT_HASHED, ", as far as that has hashes"))
    return "consistent with its manifest" + "".join(words for outcome, words in limits if counts[outcome])


def _without_manifest(evidence: Evidence) -> str:
    if any(file.status == "left" for file in evidence.files):
        return f"holds no {NAME} that could be read within the limits"
    named = [file for file in evidence.files if file.path.rpartition("/")[2].lower() == NAME]
    return f"its {inert(named[0].path)} cannot be read as a manifest" if named else f"holds no {NAME}"
