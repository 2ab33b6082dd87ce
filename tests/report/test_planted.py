"""What a stranger planted stays text in every output: of real bundles, and of findings with a payload in each text."""

import io
import json
import re
import socket
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pypdf
import pytest
from rich.console import Console

from forensics.analysis import Analysis, analyze
from forensics.compare.compare import compare
from forensics.compare.comparison import encode as encode_comparison
from forensics.compare.html import render_html as render_comparison
from forensics.compare.terminal import render_terminal as print_comparison
from forensics.report import pdf
from forensics.report.brand import Brand, Look
from forensics.report.findings import Findings, encode
from forensics.report.html import render_html
from forensics.report.inert import inert_findings
from forensics.report.language import speaking
from forensics.report.redaction import FindingsRedactor, find_secrets
from forensics.report.terminal import render_inspect, render_terminal
from forensics.text.languages import Code
from tests.bundles import zipped

from .browser import CHROMIUM, chromium
from .cases import sample
from .pdfs import read
from .planted import everywhere, members, numbered, payloads, rotated

ROTATIONS = (0, 8)
# Values that may differ between two reports; all others must be the same. Those of data-… are words.
LEADS_NOWHERE = {
    "alt": ".*", "aria-label": ".*", "class": "[a-z_ -]*", "id": "[a-z-]+", "href": "#[a-z-]+",
    "style": r"width: \d+%|--brand: #[0-9a-f]{6}",
}  # fmt: skip
BRAND = "<script>\"'&{{7*7}}"


@pytest.fixture(scope="module")
def listening() -> Iterator[socket.socket]:
    """A server that nobody must call."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.01)
        yield server
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.fixture(scope="module")
def port(listening: socket.socket) -> int:
    number: int = listening.getsockname()[1]
    return number


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("planted")


@cache
def analyzed(folder: Path, port: int, first: int, language: Code = Code.ENGLISH) -> Analysis:
    path = folder / f"{first}.zip"
    if not path.exists():
        path.write_bytes(zipped(members(rotated(port, first) if port else numbered())))
    return analyze(path, language=language)


class Structure(HTMLParser):
    """Elements with their attributes, and those values that could lead anywhere."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: set[tuple[str, ...]] = set()
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add((tag, *sorted(name for name, _ in attrs)))
        if (tag == "meta" and ("name", "description") in attrs) or ("name", "generator") in attrs:
            return
        for name, value in attrs:
            form = LEADS_NOWHERE.get(name)
            if not name.startswith("data-") and tag not in DRAWN and not (form and re.fullmatch(form, value or "")):
                self.seen.add((tag, name, value or ""))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.seen.add(("comment", data))

    def handle_decl(self, decl: str) -> None:
        self.seen.add(("declaration", decl))

    def handle_pi(self, data: str) -> None:
        self.seen.add(("instruction", data))


DRAWN = {
    "path",
    "rect",
    "text",
    "use",
    "g",
    "pattern",
    "clippath",
    "svg",
    "defs",
}  # coordinates differ by the words' width


def is_text(html: str, harmless: str, *, ids: bool = True) -> None:
    """The page has nothing that the same page with harmless words lacks, and no character that acts."""
    planted, plain = Structure(html), Structure(harmless)
    assert planted.seen <= plain.seen | Structure(render_html(sample("founding-case"))).seen
    assert not [char for char in html if not char.isprintable() and char not in "\n\u3000\xa0"]
    assert html.count("</style>") == 1
    assert "7*7" in planted.text or not ids
    assert "49" not in planted.text.split()


ACTS = {
    b"/URI", b"/JavaScript", b"/JS", b"/Launch", b"/EmbeddedFile", b"/EmbeddedFiles", b"/Filespec", b"/SubmitForm",
    b"/ImportData", b"/GoToR", b"/GoToE", b"/OpenAction", b"/AA", b"/RichMedia",
}  # fmt: skip


def nothing_acts(data: bytes) -> pypdf.PdfReader:
    """The PDF has no action, script, file or address; its text may name them."""
    document = read(data)
    named = set(re.findall(rb"/[A-Za-z]+", b"".join(re.findall(rb"obj(.*?)(?:stream|endobj)", data, re.DOTALL))))
    size: Any = document.trailer["/Size"]
    for number in range(1, size):
        named |= names_in(document.get_object(number))
    assert {b"/Type", b"/Page", b"/Title"} <= named
    assert not named & ACTS
    assert not document.attachments
    notes = [note.get_object() for page in document.pages for note in page.get("/Annots", [])]
    assert all(note["/Subtype"] == "/Link" and "/A" not in note for note in notes)
    return document


def names_in(value: object) -> set[bytes]:
    """The names of PDF in an object, those of objects in compressed streams too."""
    if isinstance(value, dict):
        return names_in([*value, *(value.raw_get(key) if hasattr(value, "raw_get") else value[key] for key in value)])
    if isinstance(value, list):
        return set().union(*(names_in(one) for one in value))
    return {value.encode()} if isinstance(value, pypdf.generic.NameObject) else set()


def printed(show: Any) -> str:  # noqa: ANN401 - a function of a console
    stream = io.StringIO()
    show(Console(file=stream, width=80, force_terminal=False))
    text = stream.getvalue()
    assert not [char for char in text if not char.isprintable() and char not in "\n\u3000\xa0"]
    return text


def same_strings(data: bytes, value: object) -> None:
    """The JSON holds each string as it was, and shows none that acts on a terminal."""
    assert json.loads(data) == msgspec.to_builtins(value)
    assert not [char for char in data.decode() if not char.isprintable() and char not in "\n\u3000\xa0"]


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every address that WeasyPrint asked for."""
    asked: list[str] = []
    load = pdf._weasyprint

    def watched(logo: str = "") -> tuple[Any, Any]:
        weasyprint, fetcher = load(logo)

        class Watched(type(fetcher)):  # type: ignore[misc]
            def fetch(self, url: str, headers: object = None) -> object:
                asked.append(url)
                return super().fetch(url, headers)

        return weasyprint, Watched()

    monkeypatch.setattr(pdf, "_weasyprint", watched)
    return asked


@pytest.mark.parametrize("first", ROTATIONS)
def test_a_planted_bundle_is_text_everywhere(folder: Path, port: int, fetched: list[str], first: int) -> None:
    known, plain = analyzed(folder, port, first), analyzed(folder, 0, -1)
    assert not known.defects
    html = render_html(known.findings)
    is_text(html, render_html(plain.findings))
    document = nothing_acts(pdf.render_pdf(html, known.findings.bundle.collected_at))
    assert fetched == []
    assert len(document.pages) < 40
    host = inert_findings(known.findings).bundle.host
    assert document.metadata
    assert (document.metadata.title or "").startswith(host[:20])
    printed(lambda console: render_terminal(known.findings, console))
    printed(lambda console: render_inspect(known.findings.bundle.files, known.findings.warnings, console))
    same_strings(encode(known.findings), known.findings)


def test_each_payload_was_planted_for_real(folder: Path, port: int) -> None:
    """Else the tests above would prove nothing: parsers handed every payload on, some of them in several fields."""
    told = "".join(encode(analyzed(folder, port, first).findings).decode() for first in ROTATIONS)
    for payload in payloads(port):
        begin = json.dumps(" ".join(payload[:24].split()), ensure_ascii=False)[1:-1]
        assert told.count(begin) >= 3 or any(not char.isprintable() for char in begin), begin


def test_a_comparison_is_text(folder: Path, port: int, fetched: list[str]) -> None:
    pair = [inert_findings(analyzed(folder, port, first).findings) for first in ROTATIONS]
    plain = analyzed(folder, 0, -1).findings
    both = compare(*pair)
    html = render_comparison(both)
    other = msgspec.structs.replace(plain, bundle=msgspec.structs.replace(plain.bundle, host="another"))
    is_text(html, render_comparison(compare(plain, other)), ids=False)
    nothing_acts(pdf.render_pdf(html, None))
    assert fetched == []
    printed(lambda console: print_comparison(both, console))
    raw = compare(*(analyzed(folder, port, first).findings for first in ROTATIONS))
    same_strings(encode_comparison(raw), raw)


def words_in(findings: Findings, port: int, first: int) -> Findings:
    return everywhere(findings, rotated(port, first) if port else numbered())


@pytest.mark.parametrize("first", range(0, 15, 5))
def test_a_payload_in_each_text_of_the_findings_is_text(folder: Path, port: int, first: int) -> None:
    known = analyzed(folder, 0, -1).findings
    planted = words_in(known, port, first)
    assert known.bundle.host != planted.bundle.host
    is_text(render_html(planted), render_html(words_in(known, 0, 0)))
    printed(lambda console: render_terminal(planted, console))
    same_strings(encode(planted), planted)
    both = compare(inert_findings(planted), inert_findings(words_in(known, port, first + 1)))
    printed(lambda console: print_comparison(both, console))
    render_comparison(both)


def test_in_chinese_under_pseudonyms_and_with_a_brand(folder: Path, port: int) -> None:
    known = analyzed(folder, port, 0, Code.CHINESE)
    redactor = FindingsRedactor(known.findings, find_secrets(known.evidence, folder / "0.zip", None))
    told = redactor.redact(known.told)
    look = Look(brand=Brand(BRAND, "", "#0b5394", BRAND, BRAND, BRAND))
    with speaking(Code.CHINESE):
        html = render_html(words_in(told, port, 7), look)
        plain = render_html(words_in(told, 0, 0), look)
    is_text(html, plain)
    with speaking(Code.CHINESE):
        printed(lambda console: render_terminal(words_in(told, port, 7), console))


@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on the PATH (apt install chromium)")
def test_a_browser_runs_and_asks_for_nothing(folder: Path, port: int) -> None:
    """Its scripts are switched on: the page has none, and its policy would refuse them."""
    with chromium(folder / "profile") as tab:
        for first in ROTATIONS:
            tab.open(render_html(analyzed(folder, port, first).findings), folder)
            assert tab.complaints == []
            assert tab.requests == [(folder / "report.html").as_uri()]
            assert tab.value("document.scripts.length + document.images.length + document.links.length") == tab.value(
                "document.querySelectorAll('nav.contents a').length"
            )
            policy = tab.value("document.querySelector('meta[http-equiv]').content")
            assert policy.split("; ") == [
                "default-src 'none'", "base-uri 'none'", "form-action 'none'", "style-src 'unsafe-inline'",
            ]  # fmt: skip
