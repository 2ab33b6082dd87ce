"""`forensics verify`: every member's SHA-256 against the manifest's."""

from collections import Counter
from pathlib import Path

import typer

from forensics.bundle.content import NO_LIMITS, Limits
from forensics.cli import Exit
from forensics.commands.progress import progress
from forensics.errors import BundleError, UsageError
from forensics.ingest import survey
from forensics.isolation import Isolated
from forensics.measure.integrity import CHANGED, INTACT, MISSING, NOT_LISTED, NOT_READ, compared
from forensics.report.inert import inert

_SHOWN = (CHANGED, MISSING, NOT_READ, NOT_LISTED, INTACT)
_SUMMED = (INTACT, CHANGED, MISSING, NOT_READ, NOT_LISTED)


def run(bundle: Path, limits: Limits = NO_LIMITS) -> Exit:
    """Print one line per file and a sentence."""
    if not bundle.exists():
        raise UsageError(f"{bundle}: no such file or folder")
    with progress(bundle.name) as tell, Isolated() as parse:
        evidence, _ = survey(bundle, tell, limits=limits, parse=parse)
    if evidence.manifest is None:
        within = " that could be read within the limits" if any(one.status == "left" for one in evidence.files) else ""
        raise BundleError(f"{evidence.name}: holds no manifest.json{within}, so there is nothing to compare with")
    if bundle.is_file():
        typer.echo(f"SHA-256 {evidence.sha256}")  # what the collector showed at its end
    outcomes = dict(compared(evidence, evidence.manifest))
    for path, outcome in sorted(outcomes.items(), key=lambda one: (_SHOWN.index(one[1]), one[0])):
        typer.echo(f"{outcome:<11} {inert(path)}")
    counts = Counter(outcomes.values())
    consistent = INTACT in counts and set(counts) <= {INTACT, NOT_READ}
    summary = ", ".join(f"{counts[one]} {one}" for one in _SUMMED if counts[one])
    judged = "consistent with its manifest" if consistent else "NOT consistent with its manifest"
    if consistent and counts[NOT_READ]:
        judged += ", as far as it was read"
    typer.echo(f"{inert(evidence.name)}: {judged} ({summary or 'nothing is listed'})")
    return Exit.DONE
