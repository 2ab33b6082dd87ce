"""Whether a bundle is what its manifest says: every member's SHA-256 against the one taken at collection.

Hashes inside a zip prove no more than that the bundle is consistent with its own manifest.
"""

from collections.abc import Iterator

import msgspec

from forensics.bundle.manifest import Listing, Manifest
from forensics.evidence import Evidence

INTACT, CHANGED, MISSING, NOT_LISTED = "intact", "changed", "missing", "not listed"
NOT_READ = "not read"  # over a limit, so that nobody knows


class Integrity(msgspec.Struct, frozen=True):
    """How many members are as they were collected, and the paths of the others."""

    intact: int
    changed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    not_listed: tuple[str, ...] = ()

    @property
    def consistent(self) -> bool:
        """Whether nothing differs."""
        return not (self.changed or self.missing or self.not_listed)


def compared(evidence: Evidence, manifest: Manifest, *, renamed: bool = False) -> Iterator[tuple[str, str]]:
    """Yield each path and its outcome: of every member but the manifest and the zip it came in, and of what is lost.

    Args:
        evidence: the bundle.
        manifest: its manifest.
        renamed: whether a file under another name, with a listed file's bytes, counts as that file.
    """
    listing = Listing(manifest, evidence.manifest_file)
    lost = {listing.path(entry): entry for entry in manifest.files if entry.outcome in {"ok", ""} and entry.sha256}
    for file in evidence.files:
        if file.path == evidence.manifest_file or listing.folder.startswith(f"{file.path}/"):
            continue
        entry = listing.entry(file.path, file.sha256 if renamed else "")
        if entry is None or not entry.sha256:
            yield file.path, NOT_LISTED
            continue
        lost.pop(listing.path(entry), None)
        if file.status == "left" and not file.sha256:
            yield file.path, NOT_READ
        else:
            yield file.path, INTACT if file.sha256 == entry.sha256 else CHANGED
    for path in lost:
        yield path, MISSING


def find_integrity(evidence: Evidence) -> Integrity | None:
    """Compare every member; None without a manifest that has hashes."""
    manifest = evidence.manifest
    if manifest is None or not any(entry.sha256 for entry in manifest.files):
        return None
    found: dict[str, list[str]] = {INTACT: [], CHANGED: [], MISSING: [], NOT_LISTED: [], NOT_READ: []}
    for path, outcome in compared(evidence, manifest, renamed=True):
        if not path.startswith("../"):  # given beside the bundle
            found[outcome].append(path)
    return Integrity(len(found[INTACT]), tuple(found[CHANGED]), tuple(found[MISSING]), tuple(found[NOT_LISTED]))
