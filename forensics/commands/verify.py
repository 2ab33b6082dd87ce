"""`forensics verify`: every member's SHA-256 against the manifest's.

Hashes inside a zip prove no more than that the bundle is consistent with its own manifest.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import typer

from forensics.bundle.manifest import Listing, Manifest
from forensics.cli import Exit
from forensics.commands.progress import progress
from forensics.errors import BundleError, UsageError
from forensics.evidence import Evidence
from forensics.ingest import survey
from forensics.report.inert import inert

INTACT, CHANGED, MISSING, NOT_LISTED = "intact", "changed", "missing", "not listed"


def run(bundle: Path) -> Exit:
    """Print one line per file and a sentence."""
    if not bundle.exists():
        raise UsageError(f"{bundle}: no such file or folder")
    with progress(bundle.name) as tell:
        evidence, _ = survey(bundle, tell)
    if evidence.manifest is None:
        raise BundleError(f"{evidence.name}: holds no manifest.json, so there is nothing to compare with")
    if bundle.is_file():
        typer.echo(f"SHA-256 {evidence.sha256}")  # what the collector showed at its end
    outcomes = dict(compared(evidence, evidence.manifest))
    order = (CHANGED, MISSING, NOT_LISTED, INTACT)
    for path, outcome in sorted(outcomes.items(), key=lambda one: (order.index(one[1]), one[0])):
        typer.echo(f"{outcome:<11} {inert(path)}")
    counts = Counter(outcomes.values())
    consistent = set(counts) == {INTACT}
    summary = ", ".join(f"{counts[one]} {one}" for one in (INTACT, CHANGED, MISSING, NOT_LISTED) if counts[one])
    judged = "consistent with its manifest" if consistent else "NOT consistent with its manifest"
    typer.echo(f"{inert(evidence.name)}: {judged} ({summary or 'nothing is listed'})")
    return Exit.DONE


def compared(evidence: Evidence, manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Yield each path and its outcome: of every member but the manifest and the zip it came in, and of what is lost."""
    listing = Listing(manifest, evidence.manifest_file)
    lost = {listing.path(entry): entry for entry in manifest.files if entry.outcome in {"ok", ""} and entry.sha256}
    for file in evidence.files:
        if file.path == evidence.manifest_file or listing.folder.startswith(f"{file.path}/"):
            continue
        entry = listing.entry(file.path)
        if entry is None or not entry.sha256:
            yield file.path, NOT_LISTED
            continue
        lost.pop(listing.path(entry), None)
        yield file.path, INTACT if file.sha256 == entry.sha256 else CHANGED
    for path in lost:
        yield path, MISSING
