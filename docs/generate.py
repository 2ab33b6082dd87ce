"""Write the pages and the schema that follow from the code; CI fails where they are stale (`make docs`)."""

import json
from pathlib import Path

from collector_table import SCRIPT, Row, read_table
from typer.main import get_command

from forensics.bundle.layout import LAYOUT, place
from forensics.causes import Cause, all_causes
from forensics.cli import app
from forensics.compare.comparison import json_schema as comparison_schema
from forensics.parsers import all_parsers
from forensics.report.catalogue import sections, weighed
from forensics.report.findings import json_schema

ROOT = Path(__file__).resolve().parent.parent
WEIGHTS_NOTE = (
    "Five grades: weak and strong, for or against, and decisive, which settles the question alone. Of several pieces "
    "that were observed on the same thing only the heaviest counts. A computed weight follows from the formula named "
    "and is at most the one shown. The status follows from the rules of each cause, never from the weights, which give "
    "the confidence."
)
NOTE = "<!-- Written by docs/generate.py from the code: edit that and run `make docs`. -->\n\n"


def cause_page(cause: Cause) -> str:
    """One root cause."""
    parts = [f"{NOTE}# {cause.ID}\n\n{cause.TITLE}.\n"]
    parts += [f"## {section.title}\n\n{section.text}\n" for section in sections(cause)]
    parts.append(f"## What the evidence weighs\n\n{WEIGHTS_NOTE}\n\n{_weights(cause)}")
    references = "\n".join(f"- {reference}" for reference in cause.REFERENCES)
    parts.append(f"## Sources\n\n{references}\n")
    return "\n".join(parts)


def _weights(cause: Cause) -> str:
    rows = "\n".join(
        f"| {_cell(one.words)} | {one.grade} | {_cell(one.witness)} | {_cell(one.source)} |" for one in weighed(cause)
    )
    return f"| evidence | weight | observed on | where the weight comes from |\n| --- | --- | --- | --- |\n{rows}\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def weights_page() -> str:
    """All tables of weights as one."""
    parts = [f"{NOTE}# What the evidence weighs\n\n{WEIGHTS_NOTE}\n"]
    parts += [f"## [{cause.ID}](causes/{cause.ID}.md)\n\n{_weights(cause)}" for cause in all_causes()]
    return "\n".join(parts)


def cause_index() -> str:
    """The catalogue."""
    rows = "\n".join(f"| [{cause.ID}]({cause.ID}.md) | {cause.TITLE} |" for cause in all_causes())
    return f"{NOTE}# Root causes\n\n| id | what happened |\n| --- | --- |\n{rows}\n"


def parser_page() -> str:
    """Every kind of evidence, as its parser describes it."""
    parts = [f"{NOTE}# Kinds of evidence\n\nEach is recognised by its content, under any name.\n"]
    for parser in all_parsers():
        summary = (parser.__doc__ or "").strip().splitlines()[0]
        module = getattr(parser, "__name__", "").replace(".", "/")
        parts.append(f"- **{parser.KIND}**: {summary} ([source](../{module}.py))")
    return "\n".join(parts) + "\n"


def cli_page() -> str:
    """The command line, read off the program itself; not `--help`, whose layout changes with typer's version."""
    group = get_command(app)
    parts = [f"{NOTE}# Command line\n\nThe same is printed by `forensics --help` and `forensics COMMAND --help`.\n"]
    for name, command in getattr(group, "commands", {}).items():
        rows = []
        usage = [f"forensics {name}"]
        for parameter in command.params:
            if "--help" in parameter.opts:
                continue
            shown = parameter.metavar or parameter.name or ""
            if parameter.param_type_name == "argument":
                usage.append(shown)
                rows.append(f"| `{shown}` | {getattr(parameter, 'help', None) or ''} |")
                continue
            value = "" if getattr(parameter, "is_flag", False) else f" {shown}"
            rows.append(f"| `{', '.join(parameter.opts)}{value}` | {getattr(parameter, 'help', None) or ''} |")
        table = "\n".join(rows)
        parts.append(
            f"## {name}\n\n    {' '.join([usage[0], '[OPTIONS]', *usage[1:]])}\n\n{(command.help or '').strip()}\n\n"
            f"| argument or option | does |\n| --- | --- |\n{table}\n"
        )
    return "\n".join(parts)


SNAPSHOTS = {
    "0": "once",
    "1": "snapshot 1",
    "2": "snapshot 2, not with `-Quick`",
    "3": "snapshot 3, not with `-Quick`",
    "plain": "once, not with `-Redact`",
    "redacted": "only with `-Redact`",
    "trace": "only with `-TraceSeconds`",
}
WINDOWS = {"6.0": "Vista, 2008", "6.1": "7, 2008 R2", "6.2": "8, 2012", "6.3": "8.1, 2012 R2", "10.0": "10, 2016"}
BUNDLE_HEAD = """# The bundle

What the collector (`collectors/forensics-collect.ps1`) brings home, file by file, and what the analyzer reads of it.
A bundle need not come from the collector: every file is recognised by its content, under any name.

The zip is named `HOST_YYYYMMDDTHHMMSSZ.zip`; its names have forward slashes. What a command printed is kept byte for
byte. Where a command writes the file itself, `{out}` stands for it, and `{etl}` for the recording.

## Timing

Snapshots 1, 2 and 3 are taken D + 30 s apart, D being the larger of 120 s (240 s with `-Thorough`) and the registry's
`TcpTimedWaitDelay`: a connection that was closed before one list has given its port back before the next, unless
ports are not given back at all. `-Quick` takes snapshot 1 alone.
"""
MANIFEST = """## manifest.json

JSON in UTF-8, plain ASCII. Times are UTC, ISO 8601.

| field | holds |
| --- | --- |
| `schema` | `forensics.bundle/1` |
| `collector` | `name` and `version` |
| `host` | the computer's name |
| `started_at`, `finished_at` | when the collector ran |
| `elevated` | whether it was started as administrator |
| `utc_offset_minutes` | of local time on that date, positive east of UTC |
| `powershell_version`, `os_version`, `architecture` | what it ran on |
| `oem_codepage`, `ansi_codepage`, `ui_language` | how the console writes; the code pages are numbers or null |
| `uptime_seconds`, `boot_time` | of a 64-bit counter and of WMI; null where neither could be had |
| `options` | the options it was started with |
| `redacted` | whether names and addresses were replaced |
| `files` | one entry for each file below, in the order of collection |

An entry of `files`:

| field | holds |
| --- | --- |
| `path`, `command`, `why` | as in the table below |
| `outcome` | `ok`, `failed`, `skipped`, `timed-out` or `not-supported`; a file that is not `ok` is not in the zip |
| `reason` | why it is not `ok` |
| `exit_code`, `started_at`, `duration_ms` | of the command |
| `monotonic_ms` | the start on a clock that nobody can set, so that a stepped clock cannot spoil a rate |
| `size`, `sha256` | of the file |
| `transformed` | what was masked or replaced; absent where the bytes are the command's own |
"""


def bundle_page() -> str:
    """The bundle, from the collector's table and from what the analyzer knows."""
    parts = [f"{NOTE}{BUNDLE_HEAD}", MANIFEST, "## Files\n"]
    parts += [_bundle_file(row) for row in read_table(SCRIPT.read_text(encoding="ascii"))]
    parts += [
        f"### {one.path}…\n\nWith `-AppLog`: an application's own logs, as they are.\n\n- read by `{one.kinds[0]}`\n"
        for one in LAYOUT
        if one.path.endswith("/")
    ]
    return "\n".join(parts)


def _bundle_file(row: Row) -> str:
    said = [f"### {row.path}\n", f"{row.why}\n"]
    more = [("then", one) for one in row.more] + ([("or", row.otherwise)] if row.otherwise else [])
    commands = "\n".join(f"    {one}" for one in (row.run, *(f"{how}: {one}" for how, one in more)))
    said.append(f"{commands}\n")
    where = place(row.path)
    read = ", ".join(f"`{kind}`" for kind in where.kinds) if where else ""
    facts = [
        SNAPSHOTS[row.when],
        "elevated start only" if row.elevated else "no elevation needed",
        f"since Windows {row.since} ({WINDOWS[row.since]})" + (", not on every system" if row.maybe else ""),
        *([f"at most {row.limit:,} s"] if row.limit else []),
        *(
            ["secrets are masked" if row.mask == "secrets" else "lines with owner or product key are left out"]
            if row.mask
            else []
        ),
        f"read by {read}" if read else f"read by no parser: {where.unread if where else ''}",
    ]
    said += [f"- {fact}" for fact in facts]
    return "\n".join(said) + "\n"


def pages() -> dict[str, str]:
    """Every generated file and its text."""
    found = {f"docs/causes/{cause.ID}.md": cause_page(cause) for cause in all_causes()}
    found["docs/causes/README.md"] = cause_index()
    found["docs/weights.md"] = weights_page()
    found["docs/evidence.md"] = parser_page()
    found["docs/bundle.md"] = bundle_page()
    found["docs/cli.md"] = cli_page()
    found["forensics/report/findings.schema.json"] = _as_json(json_schema())
    found["forensics/compare/comparison.schema.json"] = _as_json(comparison_schema())
    return found


def _as_json(schema: dict[str, object]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write all pages; drop those of causes that are gone."""
    wanted = pages()
    for path in (ROOT / "docs/causes").glob("*.md"):
        if path.relative_to(ROOT).as_posix() not in wanted:
            path.unlink()
    for name, text in wanted.items():
        path = ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
