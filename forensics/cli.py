"""The command line (contracts.md). Each command is a few lines that call one function below.

Results go to standard output, messages to standard error; no traceback reaches a user. Heavy imports wait until they
are needed, so that `--help` is instant.
"""

import errno
import io
import os
import signal
import sys
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from forensics import __version__
from forensics.errors import BundleError, OutputError, UsageError
from forensics.text.languages import Code
from forensics.text.paper import Paper

app = typer.Typer(
    name="forensics",
    help="Find out why a Windows machine ran out of ports, from a bundle of evidence, offline.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help: Rich takes a tenth of a second to import
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)


FULL = {errno.ENOSPC, errno.EFBIG, errno.EIO, errno.EDQUOT}
"""What the system says of a disk that is full or broken, where standard output goes to a file."""


class Exit(IntEnum):
    """Exit statuses (contracts.md)."""

    DONE = 0
    DEFECT = 1
    USAGE = 2
    NO_BUNDLE = 3
    NO_OUTPUT = 4
    FOUND = 10
    UNDECIDED = 11


Bundles = Annotated[
    list[Path], typer.Argument(metavar="BUNDLE", help="Zip files, or the folders they were unpacked to.")
]
OneBundle = Annotated[Path, typer.Argument(metavar="BUNDLE", help="A zip file, or the folder it was unpacked to.")]
Language = Annotated[
    Code,
    typer.Option(
        "--language",
        metavar="CODE",
        case_sensitive=False,
        help="Of the report and the verdict: en or zh-CN. The JSON stays English.",
    ),
]
JsonOption = Annotated[
    str | None, typer.Option("--json", metavar="FILE", help="Write the findings as JSON; - prints them.")
]
MaxSizeOption = Annotated[
    str | None,
    typer.Option("--max-size", metavar="SIZE", help="Unpack at most this (500M, 4G); default 4G, and 16G of traces."),
]
TimeoutOption = Annotated[
    float | None,
    typer.Option("--timeout", metavar="SECONDS", help="Read a bundle no longer than this; default: no limit."),
]


def _version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"forensics {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=lambda value: _version(wanted=value),
            is_eager=True,
            help="Print the version.",
        ),
    ] = False,
) -> None:
    pass


@app.command(short_help="Read bundles, print a verdict, write a PDF.")
def analyze(
    bundles: Bundles,
    *,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="The PDF; default NAME-report.pdf here; - prints it."),
    ] = None,
    json: JsonOption = None,
    html: Annotated[
        str | None, typer.Option("--html", metavar="FILE", help="Also write the report as HTML; - prints it.")
    ] = None,
    trace: Annotated[
        Path | None,
        typer.Option("--trace", metavar="FILE", help="The text of a network trace that is not in the bundle."),
    ] = None,
    paper: Annotated[Paper, typer.Option("--paper", metavar="SIZE", help="The pages' size: a4 or letter.")] = Paper.A4,
    attach: Annotated[bool, typer.Option("--attach", help="Attach the findings as JSON inside the PDF.")] = False,
    language: Language = Code.ENGLISH,
    brand: Annotated[
        Path | None,
        typer.Option("--brand", metavar="FILE", help="TOML: company, logo, colour …"),
    ] = None,
    redact: Annotated[
        bool, typer.Option("--redact", help="Write pseudonyms instead of names and addresses, everywhere.")
    ] = False,
    redact_map: Annotated[
        str | None,
        typer.Option("--redact-map", metavar="FILE", help="With --redact: what stands for what, as JSON; keep it."),
    ] = None,
    exit_code: Annotated[
        bool,
        typer.Option(
            "--exit-code",
            help="Exit 10 where a cause was found, 11 where inconclusive, 0 without exhaustion.",
        ),
    ] = False,
    max_size: MaxSizeOption = None,
    timeout: TimeoutOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print no verdict.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print every warning.")] = False,
) -> None:
    """Read each bundle, print a verdict, write a PDF report."""

    def work() -> Exit:
        from forensics.commands.analyze import Wanted, run  # noqa: PLC0415 - see the module docstring
        from forensics.commands.limits import limits  # noqa: PLC0415

        wanted = Wanted(
            output, json, html, trace, paper, attach, language, exit_code, quiet, verbose, redact, redact_map, brand
        )
        return run(bundles, wanted, limits(max_size, timeout))

    _finish(work)


@app.command(short_help="Say whether a remedy worked, from two bundles.")
def compare(
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="The bundle from before the remedy.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="The bundle of the same machine from after it.")],
    *,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="The PDF; default AFTER-comparison.pdf here; - prints it."),
    ] = None,
    json: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the comparison as JSON; - prints it.")
    ] = None,
    html: Annotated[
        str | None, typer.Option("--html", metavar="FILE", help="Also write it as HTML; - prints it.")
    ] = None,
    language: Language = Code.ENGLISH,
    exit_code: Annotated[
        bool,
        typer.Option(
            "--exit-code",
            help="Exit 0 where the remedy worked, 10 where it did not, 11 where that cannot be told, or not yet.",
        ),
    ] = False,
    max_size: MaxSizeOption = None,
    timeout: TimeoutOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing.")] = False,
) -> None:
    """Compare two bundles of one machine: whether the remedy worked, what changed, what to do next."""

    def work() -> Exit:
        from forensics.commands.compare import Wanted, run  # noqa: PLC0415
        from forensics.commands.limits import limits  # noqa: PLC0415

        wanted = Wanted(output, json, html, exit_code, quiet, language, limits(max_size, timeout))
        return run(before, after, wanted)

    _finish(work)


@app.command(short_help="Show every file and what became of it.")
def inspect(
    bundle: OneBundle, *, json: JsonOption = None, max_size: MaxSizeOption = None, timeout: TimeoutOption = None
) -> None:
    """Show every member: what it is, how it was decoded, what it yielded, what was wrong with it."""

    def work() -> Exit:
        from forensics.commands.inspect import run  # noqa: PLC0415
        from forensics.commands.limits import limits  # noqa: PLC0415

        return run(bundle, json, limits(max_size, timeout))

    _finish(work)


@app.command(short_help="Compare every file with the manifest.")
def verify(bundle: OneBundle, *, max_size: MaxSizeOption = None, timeout: TimeoutOption = None) -> None:
    """Compare every member's SHA-256 with the manifest's: intact, changed, missing, not listed."""

    def work() -> Exit:
        from forensics.commands.limits import limits  # noqa: PLC0415
        from forensics.commands.verify import run  # noqa: PLC0415

        return run(bundle, limits(max_size, timeout))

    _finish(work)


@app.command(short_help="List the root causes, or explain one.")
def causes(
    cause: Annotated[str | None, typer.Argument(metavar="[ID]", help="One cause's id.")] = None,
    *,
    language: Annotated[
        Code, typer.Option("--language", metavar="CODE", case_sensitive=False, help="en or zh-CN.")
    ] = Code.ENGLISH,
) -> None:
    """List the root causes; with an ID, what proves it, what rules it out, what cures it."""

    def work() -> Exit:
        from forensics.commands.causes import run  # noqa: PLC0415

        return run(cause, language)

    _finish(work)


def main() -> None:
    """Run the program; every error becomes one line and an exit status."""
    for stream in (sys.stdout, sys.stderr):
        # A Windows console in cp1252 would raise on a Chinese host name.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    for name in ("SIGTERM", "SIGHUP"):  # SIGHUP: not on Windows; under nohup it stays ignored
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _ended)
    try:
        app(prog_name="forensics")
    except OSError as error:
        if error.errno not in FULL:
            raise
        # What is still buffered goes nowhere, lest Python complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(_said(f"the results cannot be written: {error.strerror}", Exit.NO_OUTPUT))


def _ended(number: int, _frame: FrameType | None) -> NoReturn:
    """Leave as with Ctrl+C, so that temporary folders go and half outputs with them."""
    sys.exit(128 + number)


def _finish(work: Callable[[], Exit]) -> NoReturn:
    """Do a command's work and leave with its exit status."""
    try:
        status = work()
    except BundleError as error:
        status = _said(str(error), Exit.NO_BUNDLE)
    except UsageError as error:
        status = _said(str(error), Exit.USAGE)
    except OutputError as error:
        status = _said(str(error), Exit.NO_OUTPUT)
    except BrokenPipeError:
        # The reader of a pipe has seen enough. What is still buffered goes nowhere, lest Python complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = Exit.DONE
    except Exception as error:  # the last resort: no traceback reaches a user
        if isinstance(error, OSError) and error.errno in FULL:
            raise  # `main` says it, as it does for --help
        if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
            raise typer.Exit(_said("a path is longer than this system can have", Exit.USAGE)) from None
        from forensics.commands.defect import record  # noqa: PLC0415

        status = _said(record(error), Exit.DEFECT)
    raise typer.Exit(status)


def _said(message: str, status: Exit) -> Exit:
    from forensics.report.inert import inert  # noqa: PLC0415

    typer.echo(inert(f"forensics: {message}"), err=True)
    return status
