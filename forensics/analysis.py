"""The street on one page: bundle → parsers → evidence → measurements → causes → report."""

from pathlib import Path

import msgspec

from forensics.bundle.content import NO_LIMITS, Limits
from forensics.causes import judge_all
from forensics.evidence import Evidence
from forensics.ingest import Progress, failures, gather
from forensics.judgement import Judgement
from forensics.measure.measurements import Measurements, measure
from forensics.parsing import Parse, parse_here
from forensics.report.findings import Findings, build
from forensics.report.language import speaking
from forensics.text.languages import Code
from forensics.verdict import Verdict, find_verdict


class Analysis(msgspec.Struct, frozen=True):
    """Everything about one bundle. `defects` are errors of ours, one line each.

    `findings` are in English, `told` the same in the language of the report.
    """

    evidence: Evidence
    measurements: Measurements
    judgements: tuple[Judgement, ...]
    verdict: Verdict
    findings: Findings
    told: Findings
    defects: tuple[str, ...]


def analyze(
    path: Path,
    progress: Progress = lambda _name, _done, _total: None,
    trace: Path | None = None,
    language: Code = Code.ENGLISH,
    limits: Limits = NO_LIMITS,
    parse: Parse = parse_here,
) -> Analysis:
    """Analyze a bundle, and a trace that lies beside it; `parse` reads each member's content.

    Raises:
        BundleError: where the input is no bundle, or the trace is none.
    """
    evidence, quotes = gather(path, progress, trace, limits, parse)
    measurements = measure(evidence)
    judgements = judge_all(measurements)
    verdict = find_verdict(judgements)
    findings = told = build(evidence, measurements, judgements, verdict, quotes.line)
    if language != Code.ENGLISH:
        with speaking(language):
            told = build(evidence, measurements, judgements, verdict, quotes.line)
    defects = [f"{warning.file}: {warning.message}" for warning in failures(evidence)]
    defects += [f"cause {one.cause}: {one.defect}" for one in judgements if one.defect]
    return Analysis(evidence, measurements, judgements, verdict, findings, told, tuple(defects))
