"""The street on one page: bundle → parsers → evidence → measurements → causes → report."""

from pathlib import Path

import msgspec

from forensics.causes import judge_all
from forensics.evidence import Evidence
from forensics.ingest import Progress, failures, gather
from forensics.judgement import Judgement
from forensics.measure.measurements import Measurements, measure
from forensics.report.findings import Findings, build
from forensics.verdict import Verdict, find_verdict


class Analysis(msgspec.Struct, frozen=True):
    """Everything about one bundle. `defects` are errors of ours, one line each."""

    evidence: Evidence
    measurements: Measurements
    judgements: tuple[Judgement, ...]
    verdict: Verdict
    findings: Findings
    defects: tuple[str, ...]


def analyze(path: Path, progress: Progress = lambda _name, _done, _total: None, trace: Path | None = None) -> Analysis:
    """Analyze a bundle, and a trace that lies beside it.

    Raises:
        BundleError: where the input is no bundle, or the trace is none.
    """
    evidence, quotes = gather(path, progress, trace)
    measurements = measure(evidence)
    judgements = judge_all(measurements)
    verdict = find_verdict(judgements)
    findings = build(evidence, measurements, judgements, verdict, quotes.line)
    defects = [f"{warning.file}: {warning.message}" for warning in failures(evidence)]
    defects += [f"cause {one.cause}: {one.defect}" for one in judgements if one.defect]
    return Analysis(evidence, measurements, judgements, verdict, findings, tuple(defects))
