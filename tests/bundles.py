"""Bundles for tests: what the sample builder makes, zipped in various ways, and analyzed for real."""

import io
import zipfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from forensics.analysis import Analysis, analyze
from forensics.report.findings import CauseEntry, Findings


def zipped(files: Mapping[str, bytes], at: datetime | None = None) -> bytes:
    """A zip as a person makes it: members dated in the machine's local time, without a zone."""
    buffer = io.BytesIO()
    stamp = (at.year, at.month, at.day, at.hour, at.minute, at.second) if at else (1980, 1, 1, 0, 0, 0)
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, stamp), data)
    return buffer.getvalue()


def analysis_of(folder: Path, files: Mapping[str, bytes] | bytes, name: str = "bundle.zip") -> Analysis:
    path = folder / name
    path.write_bytes(files if isinstance(files, bytes) else zipped(files))
    return analyze(path)


def findings_of(folder: Path, files: Mapping[str, bytes] | bytes) -> Findings:
    return analysis_of(folder, files).findings


def cause(findings: Findings, cause_id: str) -> CauseEntry:
    return next(entry for entry in findings.causes if entry.id == cause_id)
