"""What the collector could not get, and what it changed: its manifest, for people."""

import msgspec

from forensics.bundle.manifest import Entry, Listing
from forensics.evidence import Evidence
from forensics.report.retold import retold
from forensics.report.words import say
from forensics.text.said import Said

_WORDS = {
    "failed": Said("the command failed"),
    "skipped": Said("it was left out"),
    "timed-out": Said("the command did not end in time"),
    "not-supported": Said("this Windows does not have it"),
}


class NotCollected(msgspec.Struct, frozen=True):
    """An artefact that the bundle lacks: its outcome, the reason in words, and what it is good for."""

    path: str
    outcome: str
    reason: str
    why: str


class Transformed(msgspec.Struct, frozen=True):
    """A member that is not quite what the command printed."""

    path: str
    how: str


def not_collected(evidence: Evidence) -> tuple[NotCollected, ...]:
    """Every artefact that the manifest lists and the collector did not get, in the manifest's order."""
    if evidence.manifest is None:
        return ()
    lost = [entry for entry in evidence.manifest.files if not entry.collected]
    return tuple(NotCollected(entry.path, entry.outcome, reason_of(entry), entry.why) for entry in lost)


def reason_of(entry: Entry) -> str:
    """Why it could not be had, in words."""
    return retold(entry.reason) or say(_WORDS.get(entry.outcome, Said("the manifest does not say why")))


def transformed(evidence: Evidence) -> tuple[Transformed, ...]:
    """Every member that the collector changed, under the name that it has in the bundle."""
    if evidence.manifest is None:
        return ()
    listing = Listing(evidence.manifest, evidence.manifest_file)
    entries = ((file.path, listing.entry(file.path, file.sha256)) for file in evidence.files)
    return tuple(Transformed(path, entry.transformed) for path, entry in entries if entry and entry.transformed)
