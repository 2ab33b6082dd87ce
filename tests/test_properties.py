"""Properties worth more than examples (craft.md): what must hold for every bundle, tried on bundles of every kind."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from builder import Boot, Machine, bundle_files, with_tcpip_version, zip_bytes

from forensics.report.findings import Findings, encode
from tests.bundles import findings_of
from tests.machines import COLLECTED, calm, churning, collisions, stuck

RESTART = COLLECTED - timedelta(hours=3)

MACHINES: dict[str, Machine] = {
    "stuck": stuck(),
    "stuck-fixed": with_tcpip_version(stuck(), "6.1.7601.24000"),
    "stuck-short": stuck(boot=COLLECTED - timedelta(days=400)),
    "stuck-long-delay": stuck(registry_time_wait_delay=300),
    "churning": churning(),
    "churning-past-the-wrap": churning(boot=COLLECTED - timedelta(days=510)),
    "churning-fixed": with_tcpip_version(churning(boot=COLLECTED - timedelta(days=510)), "6.1.7601.24000"),
    "calm": calm(),
    "calm-past-the-wrap": calm(500),
    "approaching": calm(489),
    "collisions": calm(incidents=(collisions(COLLECTED - timedelta(days=1), COLLECTED - timedelta(hours=5)),)),
    "rebooted": calm(
        days=0.125,
        earlier_boots=(Boot(RESTART - timedelta(days=502), RESTART - timedelta(minutes=4)),),
        incidents=(collisions(RESTART - timedelta(days=2), RESTART - timedelta(hours=1)),),
    ),
}


def statuses(findings: Findings) -> dict[str, str]:
    return {entry.id: entry.status for entry in findings.causes}


@pytest.mark.parametrize("name", MACHINES)
def test_removing_a_file_never_proves_anything(tmp_path: Path, name: str) -> None:
    files = bundle_files(MACHINES[name])
    whole = statuses(findings_of(tmp_path, files))
    folders = {path.split("/")[0] + "/" for path in files if "/" in path}
    for removed in sorted({*files, *folders}):
        kept = {path: data for path, data in files.items() if not path.startswith(removed)}
        for cause, status in statuses(findings_of(tmp_path, kept)).items():
            before = whole[cause]
            if before in {"ruled_out", "inconclusive", "possible"}:
                assert status != "confirmed", f"{cause}: {before} became confirmed without {removed}"
            if before == "inconclusive":
                assert status != "ruled_out", f"{cause}: inconclusive became ruled_out without {removed}"


def test_every_claim_of_the_verdict_has_a_source(tmp_path: Path) -> None:
    for name, machine in MACHINES.items():
        findings = findings_of(tmp_path, bundle_files(machine))
        if findings.verdict.cause == "inconclusive":
            continue
        leading = next(entry for entry in findings.causes if entry.id == findings.verdict.cause)
        for point in leading.evidence:
            if point.id in {"time-wait-churn.wrap-open", "tick-wrap-497d.seen-against-version"}:
                continue
            assert point.sources, f"{name}: {point.id}"
            for source in point.sources:
                assert source.line or source.record or source.quote, f"{name}: {point.id}: {source}"


def test_every_cause_always_answers(tmp_path: Path) -> None:
    for machine in MACHINES.values():
        for entry in findings_of(tmp_path, bundle_files(machine)).causes:
            assert not entry.defect
            assert 0 <= entry.confidence <= 1
            assert entry.evidence or entry.missing, entry.id
            if entry.status == "inconclusive":
                assert entry.missing, entry.id
            if entry.status == "ruled_out":
                assert any(point.effect == "contradicts" for point in entry.evidence), entry.id


def test_the_same_bundle_gives_the_same_findings_in_any_time_zone(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.zip"
    bundle.write_bytes(zip_bytes(bundle_files(replace(stuck(), host="SRV-1"))))
    outputs = set()
    for zone in ("UTC", "Asia/Shanghai", "America/New_York"):
        command = [
            sys.executable,
            "-m",
            "forensics",
            "analyze",
            str(bundle),
            "--json",
            "-",
            "-o",
            str(tmp_path / "r.pdf"),
        ]
        run = subprocess.run(command, capture_output=True, check=True, env={**os.environ, "TZ": zone})
        outputs.add(run.stdout)
    assert outputs == {encode(findings_of(tmp_path, bundle.read_bytes()))}
