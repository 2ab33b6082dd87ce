"""Bring the catalogues of forensics/locales up to date with the code (`make catalogues`).

A new text comes in without a translation, one that is gone is taken out, and the others keep theirs; a test fails until
every text is translated. No line numbers are written: they would change with every edit.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment, nodes

from forensics import verdict
from forensics.causes import COMMON_TEXTS, all_causes
from forensics.compare.texts import OUTCOMES
from forensics.compare.texts import TEXTS as COMPARISON
from forensics.knowledge.collector_options import SUPPLIES
from forensics.knowledge.event_ids import KNOWN_EVENTS
from forensics.report.language import catalogue_file
from forensics.text.languages import Code
from forensics.trace.result import NOT_CREATED
from forensics.trace.templates import TEMPLATES

PACKAGE = Path(__file__).resolve().parent.parent / "forensics"
PAGES = PACKAGE.parent / "report_templates"
SAY = {  # modules, and what they give
    "forensics.text.said": "Said",
    "forensics.report.language": "tr",
    "forensics.report.words": "tell",
}
HEADER = """\
# The texts of forensics in another language. The msgid is the English text; {{blanks}} keep their names and forms.
# `make catalogues` writes this file anew with the translations that stand in it: edit those alone.
msgid ""
msgstr ""
"Language: {code}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

"""


def texts() -> dict[str, list[str]]:
    """Every text of the program that a report may show, with where it is said."""
    found: dict[str, list[str]] = {}
    for text, where in (
        *_of_causes(),
        *_of_verdict(),
        *_of_knowledge(),
        *_of_comparison(),
        *_of_code(),
        *_of_templates(),
    ):
        places = found.setdefault(text, [])
        if text and where not in places:
            places.append(where)
    found.pop("", None)
    return found


def _of_causes() -> Iterator[tuple[str, str]]:
    for message, text in COMMON_TEXTS.items():
        yield text, f"causes {message}"
    for cause in all_causes():
        for name in ("TITLE", "PLAIN", "ABOUT", "SHOWS", "PROVES", "RULES_OUT", "CURES"):
            yield getattr(cause, name), f"{cause.ID} {name}"
        for message, text in cause.TEXTS.items():
            yield text, f"{cause.ID} {message}"
        for weight in cause.WEIGHTS.values():
            yield weight.witness, "witness"


def _of_verdict() -> Iterator[tuple[str, str]]:
    for message, text in verdict.TEXTS.items():
        yield text, f"verdict {message}"


def _of_comparison() -> Iterator[tuple[str, str]]:
    for message, text in COMPARISON.items():
        yield text, f"comparison {message}"
    for outcome, words in OUTCOMES.items():
        yield from ((text, f"comparison {outcome}") for text in words)


def _of_knowledge() -> Iterator[tuple[str, str]]:
    for event in KNOWN_EVENTS:
        yield event.meaning, f"{event.provider} {event.id}"
    for template in TEMPLATES:
        yield template.says, f"trace {template.id}"
    yield NOT_CREATED, "trace"
    for supply in SUPPLIES.values():
        yield supply.moment, "collector moment"
        yield supply.otherwise_shows, "collector otherwise"


def _of_code() -> Iterator[tuple[str, str]]:
    """Literals that are said, `Said("…")`, `tr("…")` and `tell("…")`, in modules that import these."""
    for path in sorted(PACKAGE.rglob("*.py")):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        imports = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module in SAY]
        names = {alias.name for node in imports for alias in node.names} & set(SAY.values())
        for node in nodes:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names and node.args:
                text = node.args[0]
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    yield text.value, path.relative_to(PACKAGE).as_posix()


def _of_templates() -> Iterator[tuple[str, str]]:
    """Literals of the pages: `{{ "…" | tr }}`."""
    for path in sorted(PAGES.glob("*.j2")):
        page = Environment(autoescape=True).parse(path.read_text(encoding="utf-8"))
        for one in page.find_all(nodes.Filter):
            if one.name == "tr" and isinstance(one.node, nodes.Const):
                yield str(one.node.value), path.name


def updated(code: Code) -> Catalog:
    """The catalogue of a language with every text of the program, and no other."""
    known = read(code)
    catalogue = Catalog()
    for text, places in texts().items():
        message = known.get(text)
        catalogue.add(text, message.string if message else "", auto_comments=places[:3]).flags.clear()
    return catalogue


def read(code: Code) -> Catalog:
    """The catalogue as it stands."""
    file = catalogue_file(code)
    if not file.exists():
        return Catalog()
    with file.open("rb") as opened:
        return read_po(opened)


def write(code: Code, catalogue: Catalog) -> None:
    """Write it without a date or Babel's version: the same texts give the same file."""
    file = catalogue_file(code)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as opened:
        opened.write(HEADER.format(code=code.replace("-", "_")).encode())
        write_po(opened, catalogue, width=0, no_location=True, omit_header=True)


if __name__ == "__main__":
    for language in Code:
        if language != Code.ENGLISH:
            write(language, updated(language))
