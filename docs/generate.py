"""Write the pages and the schema that follow from the code; CI fails where they are stale (`make docs`)."""

import json
from pathlib import Path

from typer.main import get_command

from forensics.causes import Cause, all_causes
from forensics.cli import app
from forensics.parsers import BytesParser, TextParser, bytes_parsers, text_parsers
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
    parsers: list[TextParser | BytesParser] = [*text_parsers(), *bytes_parsers()]
    for parser in sorted(parsers, key=lambda one: one.KIND):
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


def pages() -> dict[str, str]:
    """Every generated file and its text."""
    found = {f"docs/causes/{cause.ID}.md": cause_page(cause) for cause in all_causes()}
    found["docs/causes/README.md"] = cause_index()
    found["docs/weights.md"] = weights_page()
    found["docs/evidence.md"] = parser_page()
    found["docs/cli.md"] = cli_page()
    found["forensics/report/findings.schema.json"] = json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
    return found


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
