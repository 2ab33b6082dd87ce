"""Two findings become one comparison: a pure function, in the language spoken (report/language.py)."""

from forensics import __version__
from forensics.compare.answers import find_answer
from forensics.compare.changes import find_changes, neutral
from forensics.compare.comparison import SCHEMA, BundleSide, Comparison
from forensics.compare.machine import find_machine, find_order
from forensics.compare.pair import Pair
from forensics.compare.steps import find_steps
from forensics.report.findings import Findings, Tool


def compare(before: Findings, after: Findings) -> Comparison:
    """Say whether what was done between two bundles worked, what changed, and what is to be done."""
    pair = Pair(before, after)
    machine, order = find_machine(pair), find_order(pair)
    answer = find_answer(pair, machine, order)
    changes = find_changes(pair)
    a_pair = machine.same == "yes" and order.order == "as-given"
    return Comparison(
        SCHEMA,
        Tool("forensics", __version__),
        _side(before),
        _side(after),
        machine,
        order,
        answer,
        changes if a_pair else neutral(changes),
        find_steps(pair, answer),
    )


def _side(findings: Findings) -> BundleSide:
    bundle, system = findings.bundle, findings.measurements.system
    name = f"{system.os}, {system.service_pack}" if system.service_pack else system.os
    return BundleSide(
        bundle.name,
        bundle.sha256,
        bundle.host,
        bundle.collected_at,
        bundle.collected_method,
        name,
        bundle.redacted,
        findings.verdict,
    )
