"""`--redact`: an analysis and names of files with pseudonyms, and the list of them for `--redact-map`."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from forensics.analysis import Analysis
from forensics.report.json_text import encode_json
from forensics.report.redaction import FindingsRedactor, find_secrets, redacted_name

MAP_SCHEMA = "forensics.redaction/1"


class RedactedAnalysis(msgspec.Struct, frozen=True):
    """All that may leave the program, and pseudonym → original, which may not unless asked for."""

    analysis: Analysis
    originals: dict[str, str]


class _Map(msgspec.Struct, frozen=True):
    schema: str
    bundle: str
    sha256: str
    originals: dict[str, str]


def redacted(analysis: Analysis, bundle: Path, trace: Path | None) -> RedactedAnalysis:
    """Put pseudonyms into the findings, in every language alike, and into the lines about defects."""
    redactor = FindingsRedactor(analysis.findings, find_secrets(analysis.evidence, bundle, trace))
    findings = redactor.redact(analysis.findings)
    told = findings if analysis.told is analysis.findings else redactor.redact(analysis.told)
    defects = tuple(redactor.text(line) for line in analysis.defects)
    return RedactedAnalysis(
        msgspec.structs.replace(analysis, findings=findings, told=told, defects=defects), redactor.originals()
    )


def encode_map(analysis: Analysis, originals: dict[str, str]) -> bytes:
    """The list as JSON."""
    evidence = analysis.evidence
    listed = _Map(MAP_SCHEMA, evidence.name, evidence.sha256, originals)
    return encode_json(listed)


def redacted_stems(names: Sequence[str]) -> list[str]:
    """What reports on these bundles are called: no two alike, though every machine is HOST-1 in its own.

    >>> redacted_stems(["WEB-01_20181224T045000Z", "Meier", "Huber"])
    ['HOST-1_20181224T045000Z', 'HOST-1', 'HOST-1-2']
    """
    seen: Counter[str] = Counter()
    stems = []
    for name in names:
        stem = redacted_name(name, suffix=False)
        seen[stem] += 1
        stems.append(f"{stem}-{seen[stem]}" if seen[stem] > 1 else stem)
    return stems
