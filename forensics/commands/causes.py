"""`forensics causes`: the catalogue of root causes."""

import textwrap

import typer

from forensics.causes import Cause, all_causes
from forensics.cli import Exit
from forensics.errors import UsageError
from forensics.report.catalogue import sections, weighed

_WIDTH = 80


def run(cause_id: str | None) -> Exit:
    """Print the list, or one cause in full."""
    causes = {cause.ID: cause for cause in all_causes()}
    if cause_id is None:
        for cause in causes.values():
            typer.echo(_wrapped(f"{cause.ID:<24} {cause.TITLE}", 25))
        return Exit.DONE
    if cause_id not in causes:
        raise UsageError(f"{cause_id}: no such cause; 'forensics causes' lists them")
    typer.echo(describe(causes[cause_id]))
    return Exit.DONE


def describe(cause: Cause) -> str:
    """One cause, as its page in docs/causes has it."""
    parts = [cause.ID, _wrapped(cause.TITLE, 0)]
    for section in sections(cause):
        parts += ["", section.title, _wrapped(f"  {section.text}", 2)]
    parts += ["", "What the evidence weighs (docs/weights.md says how)"]
    parts += [_wrapped(f"  {one.grade}: {one.words} ({one.source})", 6) for one in weighed(cause)]
    parts += ["", "Sources", *(_wrapped(f"  - {reference}", 4) for reference in cause.REFERENCES)]
    return "\n".join(parts)


def _wrapped(text: str, indent: int) -> str:
    return textwrap.fill(text, _WIDTH, subsequent_indent=" " * indent, break_long_words=False)
