"""`forensics analyze`: a verdict in the terminal, a PDF, and the same as HTML and JSON where asked for."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from forensics.analysis import Analysis
from forensics.analysis import analyze as analyze_bundle
from forensics.bundle.content import NO_LIMITS, Limits
from forensics.cli import Exit
from forensics.commands.consoles import console, say
from forensics.commands.defect import line_on, record
from forensics.commands.output import STANDARD_OUTPUT, Outputs, spare_inputs
from forensics.commands.progress import progress
from forensics.commands.redacted import encode_map, redacted, redacted_stems
from forensics.errors import BundleError, UsageError
from forensics.isolation import Isolated
from forensics.judgement import CONFIRMED, LIKELY
from forensics.report import pdf_process
from forensics.report.brand import Brand, Look, load_brand
from forensics.report.findings import encode
from forensics.report.html import render_html, render_printable
from forensics.report.inert import inert
from forensics.report.language import speaking, tr
from forensics.report.terminal import render_terminal
from forensics.text.languages import Code
from forensics.text.paper import Paper
from forensics.verdict import NO_EXHAUSTION


class Wanted(msgspec.Struct, frozen=True):
    """The options of the command."""

    output: str | None
    json: str | None
    html: str | None
    trace: Path | None
    paper: Paper
    attach: bool
    language: Code
    exit_code: bool
    quiet: bool
    verbose: bool
    redact: bool = False
    redact_map: str | None = None
    brand: Path | None = None


def run(bundles: Sequence[Path], wanted: Wanted, limits: Limits = NO_LIMITS) -> Exit:
    """Analyze every bundle; a broken one does not keep the others from being analyzed."""
    names = _report_names(bundles, wanted)
    _check(bundles, wanted, names)
    look = Look(wanted.paper, load_brand(wanted.brand) if wanted.brand else Brand())
    with Isolated() as parse:
        printer = pdf_process.PdfProcess()
        try:
            desk = _Desk(wanted, limits, look, parse, printer)
            statuses = [_one(bundle, name, desk) for bundle, name in zip(bundles, names, strict=True)]
        finally:
            printer.close()
    # What went wrong outranks what was found, and a defect of ours (1) all.
    errors = [status for status in statuses if Exit.DEFECT <= status <= Exit.NO_OUTPUT]
    return min(errors or [status for status in statuses if status], default=Exit.DONE)


def _check(bundles: Sequence[Path], wanted: Wanted, names: Sequence[str]) -> None:
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
    if wanted.redact_map and not wanted.redact:
        raise UsageError("--redact-map needs --redact: without it there is no list of pseudonyms")
    given = (wanted.output, wanted.json, wanted.html, wanted.redact_map)
    outputs = [target for target in given if target is not None]
    if len(bundles) > 1 and outputs:
        raise UsageError("several bundles cannot share one output file: analyze them one by one, or leave out the file")
    if outputs.count(STANDARD_OUTPUT) > 1:
        raise UsageError("only one output can go to standard output (-)")
    targets = list(names)
    targets += [target for target in (wanted.json, wanted.html, wanted.redact_map) if target]
    files = Counter(os.path.realpath(target) for target in targets if target != STANDARD_OUTPUT)
    twice = next((file for file, count in files.items() if count > 1), None)
    if twice:
        raise UsageError(f"{Path(twice).name}: two outputs have this name")
    spare_inputs(files, [*bundles, *([wanted.trace] if wanted.trace else [])])


def _report_names(bundles: Sequence[Path], wanted: Wanted) -> list[str]:
    if wanted.output:
        return [wanted.output for _ in bundles]
    stems = [bundle.resolve().name if bundle.is_dir() else bundle.stem for bundle in bundles]
    return [f"{stem}-report.pdf" for stem in (redacted_stems(stems) if wanted.redact else stems)]


class _Desk(NamedTuple):
    """What the bundles of one command share."""

    wanted: Wanted
    limits: Limits
    look: Look
    parse: Isolated
    printer: pdf_process.PdfProcess


def _one(bundle: Path, name: str, desk: _Desk) -> Exit:
    wanted = desk.wanted
    desk.parse.next_bundle()
    try:
        with progress(bundle.name) as tell:
            analysis = analyze_bundle(bundle, tell, wanted.trace, wanted.language, desk.limits, desk.parse)
            originals: dict[str, str] = {}
            if wanted.redact:
                hidden = redacted(analysis, bundle, wanted.trace)
                analysis, originals = hidden.analysis, hidden.originals
    except BundleError as error:
        say(inert(f"forensics: {error}"))
        return Exit.NO_BUNDLE
    except Exception as error:  # noqa: BLE001 - one bundle's misfortune; the next is still analyzed
        say(inert(f"forensics: {bundle.name}: {record(error)}"))
        return Exit.DEFECT
    outputs = _Outputs(name, desk, analysis)
    if wanted.redact_map:
        outputs.add(wanted.redact_map, lambda: encode_map(analysis, originals))
    with speaking(wanted.language):
        outputs.write()
    defects = [*analysis.defects, *outputs.defects]
    if wanted.verbose:
        for warning in analysis.told.warnings:
            where = f"{warning.file}: " if warning.file else ""
            say(inert(f"{where}{warning.message}"))
    for line in (*outputs.remarks, *outputs.failed):
        say(inert(f"forensics: {line}"))
    if defects:
        say(inert(line_on(defects, outputs.details)))
        return Exit.DEFECT
    if outputs.failed:
        return Exit.NO_OUTPUT
    return _found(analysis) if wanted.exit_code else Exit.DONE


class _Outputs(Outputs):
    """The findings as JSON, HTML, PDF and in the terminal."""

    def __init__(self, name: str, desk: _Desk, analysis: Analysis) -> None:
        super().__init__()
        self._name = name
        self._wanted = desk.wanted
        self._findings = analysis.findings
        self._told = analysis.told
        self._printer = desk.printer
        self._look = desk.look

    def write(self) -> None:
        wanted = self._wanted
        target = self._name
        if wanted.json:
            self.add(wanted.json, lambda: encode(self._findings))
        if wanted.html:
            self.add(wanted.html, lambda: render_html(self._told, self._look).encode())
        with progress(f"writing {target}"):
            made = self.add(target, self._pdf)
        if not wanted.quiet and STANDARD_OUTPUT not in {wanted.output, wanted.json, wanted.html, wanted.redact_map}:
            render_terminal(self._told, console())
            if made:
                console().print(tr("Report: {file}").format(file=inert(target)), markup=False, soft_wrap=True)

    def _pdf(self) -> bytes:
        told, look = self._told, self._look
        printable = render_printable(told, look)
        if printable.missing:
            self.remarks.append(printable.missing.message)
        attached = encode(self._findings) if self._wanted.attach else None
        return self._printer.render(printable.html, told.bundle.collected_at, attached, look.brand.logo)


def _found(analysis: Analysis) -> Exit:
    verdict = analysis.verdict
    if verdict.status not in {CONFIRMED, LIKELY}:
        return Exit.UNDECIDED
    return Exit.DONE if verdict.cause == NO_EXHAUSTION else Exit.FOUND
