"""`forensics analyze`: a verdict in the terminal, a PDF, and the same as HTML and JSON where asked for."""

import os
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from forensics.analysis import Analysis
from forensics.analysis import analyze as analyze_bundle
from forensics.cli import Exit
from forensics.commands.consoles import console, say
from forensics.commands.defect import record, record_lines
from forensics.commands.output import STANDARD_OUTPUT, write
from forensics.commands.progress import progress
from forensics.errors import BundleError, OutputError, UsageError
from forensics.judgement import CONFIRMED, LIKELY
from forensics.report import pdf_process
from forensics.report.findings import encode
from forensics.report.html import render_html
from forensics.report.inert import inert
from forensics.report.terminal import render_terminal
from forensics.verdict import NO_EXHAUSTION


class Wanted(msgspec.Struct, frozen=True):
    """The options of the command."""

    output: str | None
    json: str | None
    html: str | None
    trace: Path | None
    exit_code: bool
    quiet: bool
    verbose: bool


def run(bundles: Sequence[Path], wanted: Wanted) -> Exit:
    """Analyze every bundle; a broken one does not keep the others from being analyzed."""
    _check(bundles, wanted)
    printer = pdf_process.PdfProcess()
    try:
        statuses = [_one(bundle, wanted, printer) for bundle in bundles]
    finally:
        printer.close()
    # What went wrong outranks what was found, and a defect of ours (1) all.
    errors = [status for status in statuses if Exit.DEFECT <= status <= Exit.NO_OUTPUT]
    return min(errors or [status for status in statuses if status], default=Exit.DONE)


def _check(bundles: Sequence[Path], wanted: Wanted) -> None:
    """Refuse what cannot be meant.

    Raises:
        UsageError: with one line.
    """
    for bundle in bundles:
        if not bundle.exists():
            raise UsageError(f"{bundle}: no such file or folder")
    if wanted.trace and not wanted.trace.is_file():
        raise UsageError(f"{wanted.trace}: no such file")
    if wanted.trace and len(bundles) > 1:
        raise UsageError("one trace cannot belong to several bundles: analyze them one by one")
    outputs = [target for target in (wanted.output, wanted.json, wanted.html) if target is not None]
    if len(bundles) > 1 and outputs:
        raise UsageError("several bundles cannot share one output file: analyze them one by one, or leave out the file")
    if outputs.count(STANDARD_OUTPUT) > 1:
        raise UsageError("only one output can go to standard output (-)")
    targets = [wanted.output or _report_name(bundle) for bundle in bundles]
    targets += [target for target in (wanted.json, wanted.html) if target]
    files = Counter(os.path.realpath(target) for target in targets if target != STANDARD_OUTPUT)
    twice = next((file for file, count in files.items() if count > 1), None)
    if twice:
        raise UsageError(f"{Path(twice).name}: two outputs have this name")
    inputs = {os.path.realpath(one) for one in (*bundles, wanted.trace) if one}
    same = next((file for file in files if file in inputs), None)
    if same:
        raise UsageError(f"{Path(same).name}: is an input; choose another name for the output")


def _report_name(bundle: Path) -> str:
    stem = bundle.resolve().name if bundle.is_dir() else bundle.stem
    return f"{stem}-report.pdf"


def _one(bundle: Path, wanted: Wanted, printer: pdf_process.PdfProcess) -> Exit:
    try:
        with progress(bundle.name) as tell:
            analysis = analyze_bundle(bundle, tell, wanted.trace)
    except BundleError as error:
        say(inert(f"forensics: {error}"))
        return Exit.NO_BUNDLE
    except Exception as error:  # noqa: BLE001 - one bundle's misfortune; the next is still analyzed
        say(inert(f"forensics: {bundle.name}: {record(error)}"))
        return Exit.DEFECT
    outputs = _Outputs(bundle, wanted, analysis, printer)
    outputs.write()
    defects = [*analysis.defects, *outputs.defects]
    if wanted.verbose:
        for warning in analysis.findings.warnings:
            where = f"{warning.file}: " if warning.file else ""
            say(inert(f"{where}{warning.message}"))
    for line in outputs.failed:
        say(inert(f"forensics: {line}"))
    if defects:
        more = f" (and {len(defects) - 1} more)" if len(defects) > 1 else ""
        say(inert(f"forensics: {defects[0]}{more}; {record_lines([*defects, *outputs.details])}"))
        return Exit.DEFECT
    if outputs.failed:
        return Exit.NO_OUTPUT
    return _found(analysis) if wanted.exit_code else Exit.DONE


class _Outputs:
    """Makes every output that can be made; each other one has a line in `failed` or, our own fault, in `defects`."""

    def __init__(self, bundle: Path, wanted: Wanted, analysis: Analysis, printer: pdf_process.PdfProcess) -> None:
        self._bundle = bundle
        self._wanted = wanted
        self._findings = analysis.findings
        self._printer = printer
        self.failed: list[str] = []
        self.defects: list[str] = []
        self.details: list[str] = []

    def write(self) -> None:
        wanted = self._wanted
        target = wanted.output or _report_name(self._bundle)
        if wanted.json:
            self._try(wanted.json, lambda: encode(self._findings))
        if wanted.html:
            self._try(wanted.html, lambda: render_html(self._findings).encode())
        with progress(f"writing {target}"):
            made = self._try(target, self._pdf)
        if not wanted.quiet and STANDARD_OUTPUT not in {wanted.output, wanted.json, wanted.html}:
            render_terminal(self._findings, console())
            if made:
                console().print(f"Report: {inert(target)}", markup=False, soft_wrap=True)

    def _pdf(self) -> bytes:
        return self._printer.render(render_html(self._findings), self._findings.bundle.collected_at)

    def _try(self, target: str, make: Callable[[], bytes]) -> bool:
        try:
            write(target, make())
        except OutputError as error:
            self.failed.append(str(error))
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001 - the verdict stands, and the other outputs can still be made
            self.defects.append(f"{target}: a defect of forensics ({type(error).__name__})")
            self.details += traceback.format_exception(error)
        else:
            return True
        return False


def _found(analysis: Analysis) -> Exit:
    verdict = analysis.verdict
    if verdict.status not in {CONFIRMED, LIKELY}:
        return Exit.UNDECIDED
    return Exit.DONE if verdict.cause == NO_EXHAUSTION else Exit.FOUND
