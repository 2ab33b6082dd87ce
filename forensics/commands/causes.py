"""`forensics causes`: the catalogue of root causes."""

import textwrap

import msgspec
import typer

from forensics.causes import Cause, all_causes
from forensics.cli import Exit
from forensics.errors import UsageError
from forensics.report.catalogue import sections, weighed
from forensics.report.language import speaking, spoken, tr
from forensics.report.words import tell
from forensics.report.wrapping import wrapped
from forensics.text.languages import Code

_WIDTH = 80


def run(cause_id: str | None, language: Code = Code.ENGLISH) -> Exit:
    """Print the list, or one cause in full."""
    with speaking(language):
        return _print(cause_id)


def _print(cause_id: str | None) -> Exit:
    causes = {cause.ID: cause for cause in all_causes()}
    if cause_id is None:
        for cause in causes.values():
            typer.echo(_wrapped(f"{cause.ID:<24} {tr(cause.TITLE)}", 25))
        return Exit.DONE
    if cause_id not in causes:
        raise UsageError(f"{cause_id}: no such cause; 'forensics causes' lists them")
    typer.echo(describe(causes[cause_id]))
    return Exit.DONE


def describe(cause: Cause) -> str:
    """One cause, as its page in docs/causes has it."""
    parts = [cause.ID, _wrapped(tr(cause.TITLE), 0)]
    for section in sections(cause):
        parts += ["", section.title, _wrapped(f"  {section.text}", 2)]
    parts += ["", tr("What the evidence weighs (docs/weights.md says how)")]
    parts += [
        _wrapped(f"  {tell('{grade}: {words} ({source})', **msgspec.structs.asdict(one))}", 6) for one in weighed(cause)
    ]
    parts += ["", tr("Sources"), *(_wrapped(f"  - {reference}", 4) for reference in cause.REFERENCES)]
    return "\n".join(parts)


def _wrapped(text: str, indent: int) -> str:
    if spoken() != Code.ENGLISH:
        first = wrapped(text, _WIDTH)[0]
        rest = text[len(first) :].strip()
        return "\n".join([first, *(" " * indent + line for line in wrapped(rest, _WIDTH - indent) if line)])
    return textwrap.fill(text, _WIDTH, subsequent_indent=" " * indent, break_long_words=False)
