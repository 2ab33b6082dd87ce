"""`forensics verify`: every member's SHA-256 against the manifest's.

Hashes inside a zip prove no more than that the bundle is consistent with its own manifest.
"""

from pathlib import Path

import typer

from forensics.cli import Exit
from forensics.commands.progress import progress
from forensics.errors import BundleError, UsageError
from forensics.ingest import gather
from forensics.report.inert import inert


def run(bundle: Path) -> Exit:
    """Print one line per file and a sentence."""
    if not bundle.exists():
        raise UsageError(f"{bundle}: no such file or folder")
    with progress(bundle.name) as tell:
        evidence, _ = gather(bundle, tell)
    manifest = evidence.manifest
    if manifest is None:
        raise BundleError(f"{evidence.name}: holds no manifest.json, so there is nothing to compare with")
    listed = {
        entry.path.replace("\\", "/"): entry for entry in manifest.files if entry.outcome in {"ok", ""} and entry.sha256
    }
    present = {file.path: file for file in evidence.files}
    counts = dict.fromkeys(("intact", "changed", "missing", "not listed"), 0)
    for path in sorted({*listed, *present}):
        if path == evidence.manifest_file:
            continue
        if path not in present:
            outcome = "missing"
        elif path not in listed:
            outcome = "not listed"
        else:
            outcome = "intact" if present[path].sha256 == listed[path].sha256 else "changed"
        counts[outcome] += 1
        typer.echo(f"{outcome:<11} {inert(path)}")
    consistent = counts["intact"] == sum(counts.values())
    summary = ", ".join(f"{number} {outcome}" for outcome, number in counts.items() if number)
    judged = "consistent with its manifest" if consistent else "NOT consistent with its manifest"
    typer.echo(f"{inert(evidence.name)}: {judged} ({summary})")
    return Exit.DONE
