"""`forensics inspect`: every member and what became of it, and what the collector could not get; no verdict."""

from pathlib import Path

import msgspec

from forensics.bundle.content import NO_LIMITS, Limits
from forensics.cli import Exit
from forensics.commands.consoles import console, say
from forensics.commands.defect import line_on
from forensics.commands.output import STANDARD_OUTPUT, write
from forensics.commands.progress import progress
from forensics.errors import UsageError
from forensics.evidence import FileReport, Warned
from forensics.ingest import failures, survey
from forensics.isolation import Isolated
from forensics.report.collected import NotCollected, Transformed, not_collected, transformed
from forensics.report.inert import inert
from forensics.report.json_text import encode_json
from forensics.report.terminal import render_inspect


class Inspection(msgspec.Struct, frozen=True):
    """The JSON of the command."""

    schema: str
    name: str
    sha256: str
    files: tuple[FileReport, ...]
    warnings: tuple[Warned, ...]
    not_collected: tuple[NotCollected, ...]
    transformed: tuple[Transformed, ...]


def run(bundle: Path, json: str | None, limits: Limits = NO_LIMITS) -> Exit:
    """Show the table; as JSON where asked for."""
    if not bundle.exists():
        raise UsageError(f"{bundle}: no such file or folder")
    with progress(bundle.name) as tell, Isolated() as parse:
        evidence, _ = survey(bundle, tell, limits=limits, parse=parse)
    lost, changed = not_collected(evidence), transformed(evidence)
    if json:
        inspection = Inspection(
            "forensics.inspection/1", evidence.name, evidence.sha256, evidence.files, evidence.warnings, lost, changed
        )
        write(json, encode_json(inspection))
    if json != STANDARD_OUTPUT:
        render_inspect(evidence.files, evidence.warnings, console(), lost, changed)
    defects = [f"{one.file}: {one.message}" for one in failures(evidence)]
    if defects:
        say(inert(line_on(defects)))
        return Exit.DEFECT
    return Exit.DONE
