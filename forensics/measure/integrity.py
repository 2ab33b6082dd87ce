"""Whether a bundle is what its manifest says: every member's SHA-256 against the one taken at collection.

Hashes inside a zip prove no more than that the bundle is consistent with its own manifest.
"""

from collections.abc import Iterator

import msgspec

from forensics.bundle.manifest import Listing, Manifest
from forensics.evidence import Evidence
from forensics.parsers.net_tcp_setting import KIND as SETTINGS
from forensics.parsers.netsh_dynamicport import KIND as RANGES
from forensics.parsers.netsh_excludedportrange import KIND as EXCLUSIONS
from forensics.parsers.netstat import KIND as NETSTAT
from forensics.parsers.netstat_statistics import KIND as STATISTICS

INTACT, CHANGED, MISSING, NOT_LISTED = "intact", "changed", "missing", "not listed"
_COUNTING = {NETSTAT, STATISTICS, RANGES, EXCLUSIONS, SETTINGS}
NOT_READ = "not read"  # over a limit, encrypted or damaged, so that nobody knows
NOT_HASHED = "not hashed"  # listed without a SHA-256: a size that is as listed proves nothing


class Integrity(msgspec.Struct, frozen=True):
    """How many members are as they were collected, and the paths of the others.

    `counts` are those of the changed ones that say how many ports there are or how many are taken: every answer rests
    on them, whether it cites them or not.
    """

    intact: int
    changed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    not_listed: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()

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
    lost = {listing.path(entry) for entry in manifest.files if entry.collected}
    for file in evidence.files:
        if file.path == evidence.manifest_file or listing.folder.startswith(f"{file.path}/"):
            continue
        entry = listing.entry(file.path, file.sha256 if renamed else "")
        if entry is None:
            yield file.path, NOT_LISTED
            continue
        lost.discard(listing.path(entry))
        if not file.sha256:
            yield file.path, NOT_READ
        elif entry.sha256:
            yield file.path, INTACT if file.sha256 == entry.sha256 else CHANGED
        else:
            yield file.path, NOT_HASHED if entry.size in {None, file.size} else CHANGED
    for path in lost:
        yield path, MISSING


def same_bytes(evidence: Evidence, manifest: Manifest) -> dict[str, str]:
    """Members under other names than listed, and the one listed file that has the same bytes."""
    listing = Listing(manifest, evidence.manifest_file)
    entries = ((file.path, listing.entry(file.path, file.sha256)) for file in evidence.files)
    return {path: listed for path, entry in entries if entry and (listed := listing.path(entry)) != path}


def find_integrity(evidence: Evidence) -> Integrity | None:
    """Compare every member; None without a manifest that has hashes."""
    manifest = evidence.manifest
    if manifest is None or not any(entry.sha256 for entry in manifest.files):
        return None
    found: dict[str, list[str]] = {
        outcome: [] for outcome in (INTACT, CHANGED, MISSING, NOT_LISTED, NOT_READ, NOT_HASHED)
    }
    for path, outcome in compared(evidence, manifest, renamed=True):
        if not path.startswith("../"):  # given beside the bundle
            found[outcome].append(path)
    kinds = {file.path: set(file.kind.split("+")) for file in evidence.files}
    counts = tuple(path for path in found[CHANGED] if kinds[path] & _COUNTING)
    return Integrity(len(found[INTACT]), tuple(found[CHANGED]), tuple(found[MISSING]), tuple(found[NOT_LISTED]), counts)
