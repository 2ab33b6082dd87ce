"""The comparison as one HTML file, with the report's style; the PDF is made from it."""

from forensics.compare.comparison import Comparison
from forensics.compare.page import build_page
from forensics.compare.texts import said
from forensics.report.html import environment
from forensics.report.language import spoken


def render_html(comparison: Comparison) -> str:
    """Render the comparison. Everything from the bundles is escaped."""
    templates, style = environment()
    template = templates.get_template("compare.html.j2")
    return template.render(page=build_page(comparison), style=style, said=said, language=spoken())
