"""The report as one HTML file: styles inlined, no scripts, nothing fetched from anywhere. The PDF is made from it."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

import forensics
from forensics.report.findings import Findings
from forensics.report.view import build_view

_TEMPLATES = "report_templates"


def render_html(findings: Findings) -> str:
    """Render the report. Everything from the bundle is escaped."""
    environment, style = _environment()
    return environment.get_template("report.html.j2").render(view=build_view(findings), style=style)


@cache
def _environment() -> tuple[Environment, Markup]:
    folder = _template_folder()
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Our own file: escaped, its child selectors would no longer be CSS.
    return environment, Markup((folder / "report.css").read_text("utf-8"))  # noqa: S704


def _template_folder() -> Path:
    """Return the folder in the installed package, or the one beside the package in a checkout."""
    package = Path(forensics.__file__).parent
    installed = package / _TEMPLATES
    return installed if installed.is_dir() else package.parent / _TEMPLATES
