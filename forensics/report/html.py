"""The report as one HTML file: styles inlined, no scripts, nothing fetched from anywhere. The PDF is made from it."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

import forensics
from forensics.report.brand import PLAIN, Look
from forensics.report.findings import Findings
from forensics.report.fonts import Missing, missing_glyphs
from forensics.report.inert import inert_findings
from forensics.report.language import spoken, tr
from forensics.report.pictures import Section, draw_all
from forensics.report.pictures.canvas import Picture
from forensics.report.view import View, build_view, with_warning
from forensics.report.words import paragraph

_TEMPLATES = "report_templates"
# As the templates write it; in a name from a bundle the brackets are escaped.
_CHAPTER = re.compile(r'<section class="chapter" id="([a-z-]+)">\s*<h2>([^<]+)</h2>')


class Chapter(msgspec.Struct, frozen=True):
    """A line of the contents."""

    id: str
    title: Markup


class Printable(msgspec.Struct, frozen=True):
    """The HTML of a PDF, and which characters its fonts lack; the report's warnings say so too."""

    html: str
    missing: Missing | None


def render_html(findings: Findings, look: Look = PLAIN) -> str:
    """Render the report. Everything from the bundle is escaped."""
    view = build_view(findings)
    return _render(view, _pictures(view, findings), look)


def render_printable(findings: Findings, look: Look = PLAIN) -> Printable:
    """Render the report for a PDF, which has only the fonts that are packaged; a browser has the reader's.

    Raises:
        OutputError: where the fonts are not installed.
    """
    view = build_view(findings)
    pictures = _pictures(view, findings)
    html = _render(view, pictures, look)
    missing = missing_glyphs(html)
    if missing:
        html = _render(with_warning(view, tr("this PDF"), missing.message), pictures, look)
    return Printable(html, missing)


def _pictures(view: View, findings: Findings) -> Mapping[Section, list[Picture]]:
    return {} if view.brief else draw_all(inert_findings(findings))


def _render(view: View, pictures: Mapping[Section, list[Picture]], look: Look) -> str:
    templates, style = environment()
    template = templates.get_template("report.html.j2")
    return template.render(view=view, pictures=pictures, style=style, look=look, language=spoken())


def chapters(body: Markup) -> list[Chapter]:
    """Find what the contents list, so that they cannot differ from the report.

    >>> chapters(Markup('<section class="chapter" id="numbers"><h2>The numbers</h2></section>'))
    [Chapter(id='numbers', title=Markup('The numbers'))]
    """
    # Ours, and escaped where it was not.
    return [Chapter(id, Markup(title)) for id, title in _CHAPTER.findall(body)]  # noqa: A001, S704


@pass_context  # else Jinja would say each literal once and for all, in the language spoken first
def _translated(_context: Context, text: str, **blanks: object) -> Markup:
    """A text of a template in the language spoken: a literal of ours, its blanks filled with what is escaped."""
    return Markup(tr(text)).format(**blanks)  # noqa: S704


@cache
def environment() -> tuple[Environment, Markup]:
    """The templates, for every page that is made from them, and their style."""
    folder = _template_folder()
    templates = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(chapters=chapters, tr=_translated, sentences=paragraph)
    # Our own file: escaped, its child selectors would no longer be CSS.
    return templates, Markup((folder / "report.css").read_text("utf-8"))  # noqa: S704


def _template_folder() -> Path:
    """Return the folder in the installed package, or the one beside the package in a checkout."""
    package = Path(forensics.__file__).parent
    installed = package / _TEMPLATES
    return installed if installed.is_dir() else package.parent / _TEMPLATES
