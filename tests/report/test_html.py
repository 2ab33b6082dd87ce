from html.parser import HTMLParser
from pathlib import Path

import pytest

from forensics.report.html import render_html

from .cases import NAMES, hostile, huge, sample, undecided

TAGS = {
    "html", "head", "meta", "title", "style", "body", "header", "section", "h1", "h2", "h3", "h4", "p", "b", "em", "span",
    "small", "code", "pre", "dl", "dt", "dd", "div", "ul", "ol", "li", "table", "caption", "colgroup", "col", "thead",
    "tbody", "tr", "th", "td",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "class", "id", "style", "scope", "data-host", "data-case", "data-tool",
}  # fmt: skip


class Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.styles: set[str] = set()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
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
    assert document.tags <= TAGS
    assert document.attributes <= ATTRIBUTES
    assert known.verdict.headline in document.text
    assert known.bundle.host in document.text


def test_nothing_is_fetched() -> None:
    html = render_html(sample("founding-case"))
    for forbidden in ("url(", "@import", "src=", "href="):  # addresses in quotes are text
        assert forbidden not in html
    assert "default-src 'none'" in html


def test_hostile_strings_are_text() -> None:
    html = render_html(hostile())
    document = seen(html)
    assert not document.open
    assert document.tags <= TAGS
    assert document.attributes <= ATTRIBUTES
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


def test_no_table_is_endless() -> None:
    html = render_html(huge())
    assert html.count("<tr>") < 400
    assert "and 900 more files; --json lists them all" in html
    assert "and 490 more" in html
    assert "and 290 more" in html


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
