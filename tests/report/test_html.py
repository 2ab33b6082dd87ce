import re
from collections.abc import Callable
from functools import partial
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from forensics.report.brand import Look
from forensics.report.findings import Findings
from forensics.report.html import render_html
from forensics.text.paper import Paper

from .cases import NAMES, hostile, huge, sample, undecided

TAGS = {
    "html", "head", "meta", "title", "style", "body", "header", "section", "h1", "h2", "h3", "h4", "p", "b", "em", "span",
    "small", "code", "pre", "dl", "dt", "dd", "div", "ul", "ol", "li", "table", "caption", "colgroup", "col", "thead",
    "tbody", "tr", "th", "td", "nav", "a", "main",
}  # fmt: skip
DRAWN = {"figure", "figcaption", "svg", "g", "defs", "clippath", "pattern", "path", "rect", "use", "text"}
DRAWN_ATTRIBUTES = {
    "role", "xmlns", "viewbox", "width", "height", "x", "y", "d", "transform", "fill", "fill-opacity", "stroke", "stroke-width",
    "stroke-opacity", "stroke-linejoin", "stroke-linecap", "stroke-dasharray", "stroke-dashoffset", "opacity", "color",
    "clip-path", "patternunits", "font-family", "font-size", "font-weight", "text-anchor",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "class", "id", "style", "scope", "href", "data-host", "data-case", "data-tool",
    "data-label", "aria-label",
}  # fmt: skip


class Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.styles: set[str] = set()
        self.started: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.started.append((tag, dict(attrs)))
        self.attributes.update(name for name, _ in attrs)
        self.styles.update(value or "" for name, value in attrs if name == "style")
        if tag not in {"meta", "col"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def seen(html: str) -> Seen:
    parser = Seen()
    parser.feed(html)
    parser.close()
    return parser


@pytest.mark.parametrize("name", NAMES)
def test_samples_give_well_formed_self_contained_html(name: str) -> None:
    known = sample(name)
    document = seen(render_html(known))
    assert not document.open
    assert document.tags <= TAGS | DRAWN
    assert document.attributes <= ATTRIBUTES | DRAWN_ATTRIBUTES
    assert known.verdict.headline in document.text
    assert known.bundle.host in document.text


def test_nothing_is_fetched() -> None:
    html = render_html(sample("founding-case"))
    for forbidden in ("@import", "src="):  # addresses in quotes are text
        assert forbidden not in html
    for within in ("url(", 'href="'):
        assert html.count(within) == html.count(f"{within}#") > 0
    assert "default-src 'none'" in html


def test_hostile_strings_are_text() -> None:
    html = render_html(hostile())
    document = seen(html)
    assert not document.open
    assert document.tags <= TAGS | DRAWN
    assert document.attributes <= ATTRIBUTES | DRAWN_ATTRIBUTES
    assert all(style.removeprefix("width: ").removesuffix("%").isdecimal() for style in document.styles)
    assert html.count("</style>") == 1
    for shown in (
        "<script>alert(1)</script>",
        "{{7*7}}",
        "file:///etc/passwd",
        "\\x1b[2J",
        "gpj.\\u202egpj.exe",
        "中文",
    ):
        assert shown in document.text
    assert not [char for char in html if not char.isprintable() and char != "\n"]


@pytest.mark.parametrize("make", [*(partial(sample, name) for name in NAMES), hostile, huge])
def test_it_can_be_read_by_ear(make: Callable[[], Findings]) -> None:
    html = render_html(make())
    started = seen(html).started
    tags = [tag for tag, _ in started]
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert 1 not in levels[1:]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert ("html", {"lang": "en"}) in started
    assert tags.count("main") == 1
    assert all(attributes.get("scope") in ("col", "row") for tag, attributes in started if tag == "th")
    assert all(attributes.get("role") == "img" for tag, attributes in started if tag == "svg")
    assert html.count('role="img"') == len(re.findall("<svg[^>]*><title>[^<]{20}", html)) == tags.count("figure")


def test_a_cell_knows_its_column() -> None:
    tables = re.findall(r'<table class="[^"]*wide">.*?</table>', render_html(sample("founding-case")), re.DOTALL)
    assert len(tables) > 8
    for one in tables:
        titles = re.findall(r"<th [^>]*>([^<]*)</th>", one)
        for row in re.findall(r"<tr><td.*?</tr>", one, re.DOTALL):
            labels = re.findall(r' data-label="([^"]*)"', row)
            # Of the files' first heading, "Member, and what it gave", a cell has the first word.
            assert [title.partition(",")[0] for title in titles] == [label.partition(",")[0] for label in labels]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_of_text_can_be_read(scheme: str) -> None:
    on_paper, on_screen = render_html(sample("healthy")).split("@media screen", 1)
    light = dict(re.findall("--([a-z]+): (#[0-9a-f]+);", on_paper))
    dark = dict(re.findall("--([a-z]+): (#[0-9a-f]+);", on_screen))
    assert dark.keys() == light.keys() == {"ink", "quiet", "rule", "ground", "found", "open", "clear", "page"}
    colours = light if scheme == "light" else dark
    for text in ("ink", "quiet", "found", "open", "clear"):
        for behind in ("page", "ground"):
            assert contrast(colours[text], colours[behind]) >= 4.5, (text, behind)  # WCAG 2.1, 1.4.3
    for line in ("#0072b2", "#d55e00"):  # of the pictures; 1.4.11
        assert contrast(line, colours["page"]) >= 3, line


def contrast(one: str, other: str) -> float:
    """By WCAG 2.1: (L1 + 0.05) / (L2 + 0.05).

    >>> contrast("#000", "#fff"), round(contrast("#767676", "#fff"), 2)
    (21.0, 4.54)
    """
    dark, light = sorted(luminance(colour) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) > 4 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_no_table_is_endless() -> None:
    html = render_html(huge())
    assert html.count("<tr>") < 400
    assert "and 900 more files; --json lists them all" in html
    assert "and 490 more" in html
    assert "and 290 more" in html


@pytest.mark.parametrize("make", [lambda: sample("founding-case"), hostile])
def test_the_contents_list_every_chapter(make: Callable[[], Findings]) -> None:
    html = render_html(make())
    headings = re.findall('<section class="chapter"[^>]*>\\s*<h2>(.*?)</h2>', html)
    assert re.findall('<li><a href="#[a-z-]+">(.*?)</a>', html) == headings
    ids = re.findall(' id="(.*?)"', html)
    assert len(ids) == len(set(ids)) >= len(headings) > 5


def test_the_paper_s_size() -> None:
    known = sample("healthy")
    assert "@page { size: a4 }" in render_html(known)
    assert "@page { size: letter }" in render_html(known, Look(Paper.LETTER))


def test_the_same_findings_give_the_same_page() -> None:
    assert render_html(sample("founding-case")) == render_html(sample("founding-case"))


def test_a_healthy_machine_is_spared_what_says_nothing() -> None:
    text = seen(render_html(sample("healthy"))).text
    for chapter in ("TIME_WAIT arithmetic", "Whose traffic it is", "Timeline", "Causes considered", "Files"):
        assert chapter not in text
    assert "What was checked" in text


def test_an_undecided_case_says_what_to_collect(tmp_path: Path) -> None:
    text = seen(render_html(undecided(tmp_path))).text
    assert "What to collect" in text
    assert "wevtutil epl System System.evtx" in text
