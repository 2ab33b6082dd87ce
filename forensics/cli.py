"""The command line (contracts.md). Each command is a few lines that call one function below.

Results go to standard output, messages to standard error; no traceback reaches a user. Heavy imports wait until they
are needed, so that `--help` is instant.
"""

import sys
from enum import IntEnum
from pathlib import Path
from typing import Annotated

import typer

from forensics import __version__

app = typer.Typer(
    name="forensics",
    help="Find out why a Windows machine ran out of ports, from a bundle of evidence, offline.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)


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
    list[Path], typer.Argument(metavar="BUNDLE...", help="Zip files, or the folders they were unpacked to.")
]
OneBundle = Annotated[Path, typer.Argument(metavar="BUNDLE", help="A zip file, or the folder it was unpacked to.")]
JsonOption = Annotated[
    str | None, typer.Option("--json", metavar="FILE", help="Write the findings as JSON; - prints them.")
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


@app.command()
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
    exit_code: Annotated[
        bool,
        typer.Option(
            "--exit-code",
            help="Exit 10 where a cause was found, 11 where inconclusive, 0 without exhaustion.",
        ),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print no verdict.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print every warning.")] = False,
) -> None:
    """Read each bundle, print a verdict, write a PDF report."""
    from forensics.commands.analyze import Wanted, run  # noqa: PLC0415 - see the module docstring

    raise typer.Exit(run(bundles, Wanted(output, json, html, exit_code, quiet, verbose)))


@app.command()
def inspect(bundle: OneBundle, *, json: JsonOption = None) -> None:
    """Show every member: what it is, how it was decoded, what it yielded, what was wrong with it."""
    from forensics.commands.inspect import run  # noqa: PLC0415

    raise typer.Exit(run(bundle, json))


@app.command()
def verify(bundle: OneBundle) -> None:
    """Compare every member's SHA-256 with the manifest's: intact, changed, missing, not listed."""
    from forensics.commands.verify import run  # noqa: PLC0415

    raise typer.Exit(run(bundle))


@app.command()
def causes(
    cause: Annotated[str | None, typer.Argument(metavar="[ID]", help="One cause's id.")] = None,
) -> None:
    """List the root causes; with an ID, what proves it, what rules it out, what cures it."""
    from forensics.commands.causes import run  # noqa: PLC0415

    raise typer.Exit(run(cause))


def main() -> None:
    """Run the program; every error becomes one line and an exit status."""
    for stream in (sys.stdout, sys.stderr):
        # A Windows console in cp1252 would raise on a Chinese host name.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    from forensics.errors import BundleError, OutputError, UsageError  # noqa: PLC0415

    try:
        app()
    except BundleError as error:
        _stop(str(error), Exit.NO_BUNDLE)
    except UsageError as error:
        _stop(str(error), Exit.USAGE)
    except OutputError as error:
        _stop(str(error), Exit.NO_OUTPUT)
    except BrokenPipeError:
        # The reader of a pipe has seen enough; closing quietly keeps Python from complaining at exit.
        sys.stderr.close()
        sys.exit(Exit.DONE)
    except Exception as error:  # noqa: BLE001 - the entry point: no traceback reaches a user
        from forensics.commands.defect import record  # noqa: PLC0415

        _stop(record(error), Exit.DEFECT)


def _stop(message: str, status: Exit) -> None:
    typer.echo(f"forensics: {message}", err=True)
    sys.exit(status)
