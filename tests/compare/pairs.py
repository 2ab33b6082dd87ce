"""Pairs of bundles for tests: what the sample builder makes of one machine, days apart."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from builder import Boot, Machine, bundle_files
from builder.scenarios import network_drivers

from forensics.compare.compare import compare
from forensics.compare.comparison import Comparison
from forensics.report.findings import Findings
from tests.bundles import analysis_of
from tests.machines import COLLECTED

FIXED, UNFIXED = "6.1.7601.24231", "6.1.7601.17514"
LATER = COLLECTED + timedelta(days=10)
Bundle = Machine | Mapping[str, bytes]


def compared(folder: Path, before: Bundle, after: Bundle) -> Comparison:
    """Analyze both for real and compare them."""
    return compare(found(folder, before, "before.zip"), found(folder, after, "after.zip"))


def found(folder: Path, bundle: Bundle, name: str) -> Findings:
    files = bundle_files(bundle) if isinstance(bundle, Machine) else bundle
    return analysis_of(folder, files, name).findings


def later(machine: Machine, **changes: object) -> Machine:
    """The same machine ten days later, still in the same run."""
    return replace(machine, collected_at=LATER, **changes)  # type: ignore[arg-type]


def restarted(machine: Machine, days: float = 5.0, **changes: object) -> Machine:
    """The same machine ten days later, restarted so many days before that; its log tells of the restart."""
    boot = (LATER - timedelta(days=days)).replace(microsecond=0)
    earlier = (Boot(machine.boot, boot - timedelta(minutes=4)),)
    return replace(later(machine), boot=boot, earlier_boots=earlier, **changes)  # type: ignore[arg-type]


def with_fix(machine: Machine, days: float = 6.0) -> Machine:
    """The same with a fixed tcpip.sys that came so many days before the collection."""
    installed = (machine.collected_at - timedelta(days=days)).replace(microsecond=0)
    return replace(machine, tcpip_files=network_drivers(FIXED, installed, installed - timedelta(days=90)))


def what(comparison: Comparison) -> tuple[str, str]:
    """The outcome and the case."""
    return comparison.answer.outcome, comparison.answer.id
