"""Which run of the collector brings what an answer lacks, or why none can: beside the command that a person types."""

from collections.abc import Iterable, Sequence

import msgspec

from forensics.bundle.manifest import Entry, Listing
from forensics.evidence import Evidence
from forensics.knowledge.collector_options import THOROUGH, Supply, run_of, supply_of
from forensics.report.collected import reason_of
from forensics.report.language import tr
from forensics.report.words import fill, listed

_REASON_LENGTH = 160


class Advice(msgspec.Struct, frozen=True):
    """A run of the collector, "" where none helps, and what to know of it: when to start it, or why not."""

    run: str = ""
    note: str = ""


def advise(command: str, evidence: Evidence) -> Advice:
    """Advise on one thing that is missing, by the command that supplies it."""
    supply = supply_of(command)
    if supply is None:
        return Advice()
    manifest = evidence.manifest
    if manifest is None or not manifest.by_our_collector:
        return Advice(run_of(supply.option), _started(supply))
    listing = Listing(manifest, evidence.manifest_file)
    listed = {entry.path: entry for entry in manifest.files}
    groups = [[listed[path] for path in paths if path in listed] for paths in supply.files]
    lost = [group[0] for group in groups if group and not any(entry.collected for entry in group)]
    if lost:
        return _after_loss(lost, supply)
    here = {file.path for file in evidence.files}
    gone = [entry for group in groups for entry in group if entry.collected and listing.path(entry) not in here]
    if gone:
        return Advice(
            "",
            fill(
                tr("The collector had {path}, but it is not in this bundle: send the zip as it was made."),
                {"path": gone[0].path},
            ),
        )
    if supply.again or not all(groups):
        return Advice(run_of(supply.option), _started(supply))
    return Advice()


def most_settling(runs: Sequence[str]) -> str:
    """Name the one run that brings most of these, one entry for each thing that is missing.

    A run with -Thorough brings all that a plain one brings. What is for people, a trace or an application's log,
    settles no verdict.

    >>> most_settling(["forensics-collect.cmd", "forensics-collect.cmd", "forensics-collect.cmd -Thorough", ""])
    'One run of the collector brings 3 of the 4 things that are missing: forensics-collect.cmd -Thorough'
    """
    plain, thorough = runs.count(run_of("")), runs.count(run_of(THOROUGH))
    count = plain + thorough
    if not count:
        return ""
    best = run_of(THOROUGH if thorough else "")
    if count == len(runs):
        return fill(tr("One run of the collector brings all that is missing: {run}"), {"run": best})
    return fill(
        tr("One run of the collector brings {count} of the {all} things that are missing: {run}"),
        {"count": count, "all": len(runs), "run": best},
    )


def _started(supply: Supply) -> str:
    return fill(tr("Start it {moment}."), {"moment": tr(supply.moment)}) if supply.moment else ""


def _after_loss(lost: Sequence[Entry], supply: Supply) -> Advice:
    """The collector tried: advise only what it can do better another time."""
    run = run_of(supply.option)
    if _any(lost, "elevated"):
        said = tr("Run it again as administrator: without, it could not have {files}.")
        return Advice(run, fill(said, {"files": _names(lost)}))
    if _any(lost, "-Quick"):
        return Advice(run, tr("Run it again without -Quick."))
    if _any(lost, "redacted"):
        said = tr("Run it again without -Redact, which leaves out {files}.")
        return Advice(run, fill(said, {"files": _names(lost)}))
    why = fill(
        tr("The collector could not have {path}: {reason}"),
        {"path": lost[0].path, "reason": reason_of(lost[0])[:_REASON_LENGTH].removesuffix(".")},
    )
    if supply.otherwise:
        said = tr("{why}; {otherwise}.")
        return Advice(run_of(supply.otherwise), fill(said, {"why": why, "otherwise": tr(supply.otherwise_shows)}))
    return Advice("", fill(tr("{text}."), {"text": why}))


def _any(lost: Iterable[Entry], word: str) -> bool:
    return any(entry.outcome == "skipped" and word in entry.reason for entry in lost)


def _names(lost: Sequence[Entry]) -> str:
    return listed([entry.path for entry in lost])
