"""`forensics compare`: whether the remedy worked, in the terminal, a PDF, and as HTML and JSON where asked for."""

import os
from collections import Counter
from pathlib import Path

import msgspec

from forensics.analysis import Analysis, analyze
from forensics.bundle.content import NO_LIMITS, Limits
from forensics.cli import Exit
from forensics.commands.consoles import console, say
from forensics.commands.defect import line_on
from forensics.commands.output import STANDARD_OUTPUT, Outputs, spare_inputs
from forensics.commands.progress import progress
from forensics.compare.compare import compare
from forensics.compare.comparison import Comparison, encode
from forensics.compare.html import render_html
from forensics.compare.terminal import render_terminal
from forensics.errors import UsageError
from forensics.isolation import Isolated
from forensics.report import pdf_process
from forensics.report.fonts import missing_glyphs
from forensics.report.inert import inert, inert_findings
from forensics.report.language import speaking, tr
from forensics.text.languages import Code

_EXITS = {
    "worked": Exit.DONE,
    "did-not-work": Exit.FOUND,
    "got-worse": Exit.FOUND,
    "not-yet": Exit.UNDECIDED,
    "cannot-be-told": Exit.UNDECIDED,
}


class Wanted(msgspec.Struct, frozen=True):
    """The options of the command."""

    output: str | None
    json: str | None
    html: str | None
    exit_code: bool
    quiet: bool
    language: Code = Code.ENGLISH
    limits: Limits = NO_LIMITS  # of each bundle


def run(before: Path, after: Path, wanted: Wanted) -> Exit:
    """Analyze both bundles and compare them; where one cannot be read there is nothing to compare."""
    target = wanted.output or _name(after)
    _check(before, after, target, wanted)
    printer = pdf_process.PdfProcess()
    try:
        return _compare(before, after, target, wanted, printer)
    finally:
        printer.close()


def _check(before: Path, after: Path, target: str, wanted: Wanted) -> None:
    """Refuse what cannot be meant.

    Raises:
        UsageError: with one line.
    """
    for bundle in (before, after):
        if not bundle.exists():
            raise UsageError(f"{bundle}: no such file or folder")
    targets = [one for one in (target, wanted.json, wanted.html) if one is not None]
    if targets.count(STANDARD_OUTPUT) > 1:
        raise UsageError("only one output can go to standard output (-)")
    files = Counter(os.path.realpath(one) for one in targets if one != STANDARD_OUTPUT)
    twice = next((file for file, count in files.items() if count > 1), None)
    if twice:
        raise UsageError(f"{Path(twice).name}: two outputs have this name")
    spare_inputs(files, (before, after))


def _name(after: Path) -> str:
    stem = after.resolve().name if after.is_dir() else after.stem
    return f"{stem}-comparison.pdf"


def _compare(before: Path, after: Path, target: str, wanted: Wanted, printer: pdf_process.PdfProcess) -> Exit:
    analyses = [_analyzed(bundle, wanted) for bundle in (before, after)]
    comparison = compare(*(one.findings for one in analyses))
    with speaking(wanted.language):
        shown = compare(*(inert_findings(one.told) for one in analyses))
        outputs = _Outputs(comparison, shown, printer)
        outputs.write(target, wanted)
    for line in (*outputs.remarks, *outputs.failed):
        say(inert(f"forensics: {line}"))
    defects = [*(defect for one in analyses for defect in one.defects), *outputs.defects]
    if defects:
        say(inert(line_on(defects, outputs.details)))
        return Exit.DEFECT
    if outputs.failed:
        return Exit.NO_OUTPUT
    return _EXITS[comparison.answer.outcome] if wanted.exit_code else Exit.DONE


def _analyzed(bundle: Path, wanted: Wanted) -> Analysis:
    """Analyze one bundle; the line on an error names it.

    Raises:
        BundleError: where it cannot be read as one.
    """
    with progress(bundle.name) as tell, Isolated() as parse:
        return analyze(bundle, tell, language=wanted.language, limits=wanted.limits, parse=parse)


class _Outputs(Outputs):
    """The comparison as JSON, HTML, PDF and in the terminal."""

    def __init__(self, comparison: Comparison, shown: Comparison, printer: pdf_process.PdfProcess) -> None:
        super().__init__()
        self._comparison = comparison
        self._shown = shown
        self._printer = printer

    def write(self, target: str, wanted: Wanted) -> None:
        if wanted.json:
            self.add(wanted.json, lambda: encode(self._comparison))
        if wanted.html:
            self.add(wanted.html, lambda: render_html(self._shown).encode())
        with progress(f"writing {target}"):
            made = self.add(target, self._pdf)
        if not wanted.quiet and STANDARD_OUTPUT not in {target, wanted.json, wanted.html}:
            render_terminal(self._shown, console())
            if made:
                console().print(tr("Report: {file}").format(file=inert(target)), markup=False, soft_wrap=True)

    def _pdf(self) -> bytes:
        html = render_html(self._shown)
        missing = missing_glyphs(html)
        if missing:
            self.remarks.append(missing.message)
        return self._printer.render(html, self._shown.after.collected_at)
