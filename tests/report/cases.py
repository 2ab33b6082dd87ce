"""Findings to render: those of the samples, and some that no machine would give."""

import zipfile
from functools import cache
from pathlib import Path

import msgspec

from forensics.analysis import analyze
from forensics.evidence import Source, Warned
from forensics.report.findings import CauseEntry, EvidenceEntry, FileEntry, Findings, OwnerEntry, RemoteEntry

SAMPLES = Path(__file__).parents[2] / "samples"
NAMES = sorted(path.stem for path in SAMPLES.glob("*.zip"))

# What a stranger may have put into any name: markup, template code, styles, addresses, terminal codes, bidi marks.
HOSTILE = (
    "<script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    "{{7*7}}{% raw %}",
    "<link rel=attachment href=file:///etc/passwd>",
    "\x1b]0;owned\x07\x1b[2J\x1b[31m",
    "gpj.\u202egpj.exe\u2066",
    "nul\x00nul\x85",
    "[bold red]markup[/bold red]",
    "中文 Кириллица \ud800",
    "x" * 5000,
)
ALL_HOSTILE = " ".join(HOSTILE)


@cache
def sample(name: str) -> Findings:
    return analyze(SAMPLES / f"{name}.zip").findings


def undecided(folder: Path) -> Findings:
    """Of a bundle that holds systeminfo and nothing else."""
    bundle = folder / "systeminfo-only.zip"
    with zipfile.ZipFile(SAMPLES / "founding-case.zip") as source, zipfile.ZipFile(bundle, "w") as target:
        target.writestr("systeminfo.txt", source.read("system/systeminfo.txt"))
    return analyze(bundle).findings


@cache
def hostile() -> Findings:
    """The founding case with every string that stems from the bundle replaced."""
    known = sample("founding-case")
    source = Source(ALL_HOSTILE, line=3, quote=ALL_HOSTILE)
    changed = msgspec.structs.replace
    cause = known.causes[0]
    cause = changed(
        cause,
        headline=ALL_HOSTILE,
        evidence=[changed(point, statement=ALL_HOSTILE, sources=[source]) for point in cause.evidence],
        defect=ALL_HOSTILE,
    )
    owner = OwnerEntry(4, ALL_HOSTILE, list(HOSTILE), ALL_HOSTILE, 1, 1, {ALL_HOSTILE: 1}, present=False)
    remote = RemoteEntry(ALL_HOSTILE, 443, 1, 1, 1, [4, 8])
    measured = known.measurements
    connections = changed(measured.connections, by_state={ALL_HOSTILE: 3}, by_owner=[owner], by_remote=[remote])
    measured = changed(measured, system=changed(measured.system, os=ALL_HOSTILE), connections=connections)
    return changed(
        known,
        bundle=changed(
            known.bundle,
            name=ALL_HOSTILE,
            host=ALL_HOSTILE,
            files=[changed(file, path=one, note=one) for file, one in zip(known.bundle.files, HOSTILE, strict=False)],
        ),
        verdict=changed(known.verdict, headline=ALL_HOSTILE),
        causes=[cause, *known.causes[1:]],
        measurements=measured,
        timeline=[changed(entry, event=ALL_HOSTILE, source=source) for entry in known.timeline],
        warnings=[Warned(one, one) for one in HOSTILE],
    )


@cache
def huge() -> Findings:
    """The founding case with more of everything than a report can show."""
    known = sample("founding-case")
    changed = msgspec.structs.replace
    path = "folder/" * 60
    remotes = [RemoteEntry(f"2001:db8:{n:x}:ffff:ffff:ffff:ffff:ffff", 443, 9, 9, 9, [n]) for n in range(500)]
    owners = [
        OwnerEntry(n, f"{'process' * 20}{n}.exe", ["svc"] * 40, path, 9, 9, {"TIME_WAIT": 9}, None) for n in range(300)
    ]
    files = [FileEntry(f"{path}{n}.txt", "netstat", "cp936", 10**9, "0" * 64, "read", path) for n in range(1000)]
    points = [EvidenceEntry(f"id-{n}", f"statement {n}", "supports", 1, [Source(path, line=n)] * 6) for n in range(12)]
    more = [
        CauseEntry(f"cause-{n}", f"Cause number {n}", "ruled_out", 0.1, "It is not.", "now", points[:2], [], [])
        for n in range(14)
    ]
    leading = changed(known.causes[0], evidence=points)
    connections = changed(
        known.measurements.connections,
        by_remote=remotes,
        by_owner=owners,
        remotes_total=len(remotes),
        owners_total=len(owners),
    )
    return changed(
        known,
        bundle=changed(known.bundle, files=files),
        causes=[leading, *more],
        measurements=changed(known.measurements, connections=connections),
        timeline=list(known.timeline) * 50,
        warnings=[Warned(f"{path}{n}", "a warning") for n in range(300)],
    )
