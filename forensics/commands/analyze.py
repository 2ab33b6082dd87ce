"""`forensics analyze`: a verdict in the terminal, a PDF, and the same as HTML and JSON where asked for."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from forensics.analysis import Analysis
from forensics.analysis import analyze as analyze_bundle
from forensics.cli import Exit
from forensics.commands.consoles import console, say
from forensics.commands.output import STANDARD_OUTPUT, write
from forensics.commands.progress import progress
from forensics.errors import BundleError, OutputError, UsageError
from forensics.judgement import CONFIRMED, LIKELY
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
    exit_code: bool
    quiet: bool
    verbose: bool


def run(bundles: Sequence[Path], wanted: Wanted) -> Exit:
    """Analyze every bundle; a broken one does not keep the others from being analyzed."""
    _check(bundles, wanted)
    statuses = [_one(bundle, wanted, several=len(bundles) > 1) for bundle in bundles]
    # 1 outranks all; then what went wrong (the least of 2, 3, 4); then what was found.
    errors = [status for status in statuses if Exit.DEFECT <= status <= Exit.NO_OUTPUT]
    if errors:
        return min(errors)
    return min((status for status in statuses if status), default=Exit.DONE)


def _check(bundles: Sequence[Path], wanted: Wanted) -> None:
    """Refuse what cannot be meant.

    Raises:
        UsageError: with one line.
    """
    for bundle in bundles:
        if not bundle.exists():
            raise UsageError(f"{bundle}: no such file or folder")
    outputs = [target for target in (wanted.output, wanted.json, wanted.html) if target is not None]
    if len(bundles) > 1 and outputs:
        raise UsageError("several bundles cannot share one output file: analyze them one by one, or leave out the file")
    if outputs.count(STANDARD_OUTPUT) > 1:
        raise UsageError("only one output can go to standard output (-)")
    files = [Path(target).resolve() for target in outputs if target != STANDARD_OUTPUT]
    if len(set(files)) < len(files):
        raise UsageError("two outputs have the same name")
    inputs = {bundle.resolve() for bundle in bundles}
    same = next((file for file in files if file in inputs), None)
    if same:
        raise UsageError(f"{same.name}: is an input; choose another name for the output")


def _one(bundle: Path, wanted: Wanted, *, several: bool) -> Exit:
    try:
        with progress(bundle.name) as tell:
            analysis = analyze_bundle(bundle, tell)
    except BundleError as error:
        if not several:
            raise
        say(f"forensics: {error}")
        return Exit.NO_BUNDLE
    failed = _write(bundle, wanted, analysis)
    if wanted.verbose:
        for warning in analysis.findings.warnings:
            where = f"{warning.file}: " if warning.file else ""
            say(inert(f"{where}{warning.message}"))
    for line in (*analysis.defects, *failed):
        say(f"forensics: {line}")
    if analysis.defects:
        return Exit.DEFECT
    if failed:
        return Exit.NO_OUTPUT
    return _found(analysis) if wanted.exit_code else Exit.DONE


def _write(bundle: Path, wanted: Wanted, analysis: Analysis) -> list[str]:
    """Write every output that can be made; return a line for each that cannot."""
    failed: list[str] = []
    printed = STANDARD_OUTPUT in {wanted.output, wanted.json, wanted.html}
    target = wanted.output or f"{_stem(bundle)}-report.pdf"
    html = render_html(analysis.findings)
    if wanted.json:
        _try(failed, wanted.json, lambda: encode(analysis.findings))
    if wanted.html:
        _try(failed, wanted.html, html.encode)

    def pdf() -> bytes:
        from forensics.report.pdf import render_pdf  # noqa: PLC0415 - WeasyPrint takes a second to import

        return render_pdf(html, analysis.findings.bundle.collected_at)

    with progress(f"writing {target}"):
        made = _try(failed, target, pdf)
    if not wanted.quiet and not printed:
        render_terminal(analysis.findings, console())
        if made:
            console().print(f"Report: {target}", markup=False)
    return failed


def _try(failed: list[str], target: str, make: Callable[[], bytes]) -> bool:
    try:
        write(target, make())
    except OutputError as error:
        failed.append(str(error))
        return False
    return True


def _stem(bundle: Path) -> str:
    return bundle.resolve().name if bundle.is_dir() else bundle.stem


def _found(analysis: Analysis) -> Exit:
    verdict = analysis.verdict
    if verdict.status not in {CONFIRMED, LIKELY}:
        return Exit.UNDECIDED
    return Exit.DONE if verdict.cause == NO_EXHAUSTION else Exit.FOUND
