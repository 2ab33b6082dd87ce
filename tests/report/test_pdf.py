import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from time import monotonic
from typing import Any

import pypdf
import pytest

from forensics.report.brand import Look
from forensics.report.findings import Findings, encode
from forensics.report.fonts import fontconfig_file
from forensics.report.html import render_html
from forensics.report.pdf import PANGO_MISSING, _environment, _weasyprint, render_pdf
from forensics.text.paper import Paper

from .cases import NAMES, hostile, huge, sample, undecided
from .pdfs import elements, font_names, read, text_of, words_of

PAGES = {"healthy": 1}  # the others: below
MOST_PAGES = 12  # sixteen causes, each with what speaks for and against it
UNDATED = datetime(1980, 1, 1, tzinfo=UTC)
BOTTOM = 16 * 72 / 25.4  # points: the lower margin of report.css, 16 mm; of Letter a little less
MARGIN = 16.9 * 96 / 25.4  # pixels of CSS: the sides' margins, 17 mm less what rounding adds
BLANK = 6  # pixels: 0.6 of 7 points


def notes(page: pypdf.PageObject) -> list[Any]:
    annotations: Any = page.get("/Annots", [])
    return [one.get_object() for one in annotations]


def page_of(pdf: pypdf.PdfReader, place: Any) -> int:  # noqa: ANN401 - pypdf's destination
    number = pdf.get_destination_page_number(place)
    assert number is not None
    return number


def founding_case() -> Findings:
    return sample("founding-case")


@cache
def rendered(name: str, paper: Paper = Paper.A4) -> bytes:
    known = sample(name)
    return render_pdf(render_html(known, Look(paper)), known.bundle.collected_at)


def flat(outline: list[Any]) -> list[Any]:
    return [leaf for one in outline for leaf in (flat(one) if isinstance(one, list) else [one])]


@pytest.mark.parametrize("name", NAMES)
def test_the_first_page_of_a_sample_suffices(name: str) -> None:
    known = sample(name)
    pdf = read(rendered(name))
    first, leading = words_of(pdf.pages[0]), next(one for one in known.causes if one.id == known.verdict.cause)
    assert leading.title in first
    assert known.verdict.status.upper() in first
    assert known.bundle.host in first
    assert f"{known.bundle.collected_at:%Y-%m-%d %H:%M} UTC" in first
    for remedy in leading.remedies:
        assert remedy.command in first.replace(" ^ ", " ")  # as the Command Prompt continues a line
    assert len(pdf.pages) <= PAGES.get(name, MOST_PAGES)
    assert f"Page 1 of {len(pdf.pages)}" in first
    if name != "healthy":
        assert "The numbers" in words_of(pdf.pages[1])
        assert known.bundle.host in words_of(pdf.pages[1])


def test_metadata_language_and_tags() -> None:
    pdf = read(rendered("founding-case"))
    assert pdf.metadata is not None
    assert pdf.metadata.title == (
        "WEB-SH-03: TIME_WAIT ports are never released after 497 days of uptime (KB2553549) (confirmed)"
    )
    assert pdf.metadata.creation_date == datetime(2018, 12, 24, 4, 50, tzinfo=UTC)
    root: Any = pdf.root_object
    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"]
    assert b"pdfuaid" in root["/Metadata"].get_object().get_data()
    assert root["/StructTreeRoot"]["/K"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert font_names(pdf)
    assert all(figure.get("/Alt") for figure in elements(pdf, "/Figure"))
    assert elements(pdf, "/Table")
    assert all(link["/Contents"] for page in pdf.pages for link in notes(page))


@pytest.mark.parametrize(("paper", "points"), [(Paper.A4, (595, 842)), (Paper.LETTER, (612, 792))])
def test_paper(paper: Paper, points: tuple[int, int]) -> None:
    pdf = read(rendered("healthy", paper))
    box = pdf.pages[0].mediabox
    assert (round(float(box.width)), round(float(box.height))) == points
    assert len(pdf.pages) == 1


@pytest.mark.parametrize("paper", Paper)
def test_contents_and_bookmarks_lead_to_their_headings(paper: Paper) -> None:
    data = rendered("founding-case", paper)
    assert len(data) < 1_000_000
    pdf = read(data)
    second = words_of(pdf.pages[1])
    assert "Contents" in second
    links = notes(pdf.pages[1])
    assert len(links) >= 7
    titles = {}
    for link in links:
        place: Any = pdf.named_destinations[link["/Dest"]]
        titles[link["/Dest"]] = page_of(pdf, place) + 1
    assert all(re.search(rf"\.+ ?{number}\b", second) for number in titles.values())
    marks = flat(pdf.outline)
    assert [one.title for one in marks if one.title == "The numbers"]
    assert not [one for one in marks if one.title in {"Contents", "What is missing"}]
    for mark in marks:
        page = pdf.pages[page_of(pdf, mark)]
        left = float(mark.top) - BOTTOM
        assert left > 40, f"{mark.title} stands alone at the foot of its page"  # itself and two lines
        start = " ".join(mark.title.split()[:2])
        assert start in words_of(page), mark.title


def test_a_report_of_one_page_has_no_contents() -> None:
    assert "Contents" not in text_of(read(rendered("healthy")))


@pytest.mark.parametrize("paper", Paper)
@pytest.mark.parametrize("make", [founding_case, huge, hostile])
def test_nothing_leaves_the_page_and_no_row_is_cut(make: Callable[[], Findings], paper: Paper) -> None:
    with fontconfig_file() as fonts, _environment(UNDATED, fonts):
        weasyprint, _ = _weasyprint()
        pages = weasyprint.HTML(string=render_html(make(), Look(paper))).render().pages
    rows: dict[int, int] = {}
    for number, page in enumerate(pages):
        for box in page._page_box.descendants():
            name = type(box).__name__
            if name == "TextBox":
                assert box.position_x >= 0
                hanging = BLANK if box.text.endswith(" ") else 0  # a quoted line may end with one
                assert box.position_x + box.width - hanging <= page.width - MARGIN, box.text
                assert box.position_y + box.height <= page.height, box.text
            elif name == "TableRowBox" and box.element.find("td") is not None:  # those of the head come again
                assert rows.setdefault(id(box.element), number) == number, "a row goes on on the next page"


def test_findings_are_attached_on_request_alone() -> None:
    known = sample("founding-case")
    html, at, findings = render_html(known), known.bundle.collected_at, encode(known)
    with_them = render_pdf(html, at, findings)
    pdf = read(with_them)
    assert pdf.attachments == {"findings.json": [findings]}
    assert json.loads(pdf.attachments["findings.json"][0])["bundle"]["host"] == "WEB-SH-03"
    root: Any = pdf.root_object
    described = root["/Names"]["/EmbeddedFiles"]["/Names"][1].get_object()
    assert described["/UF"] == described["/F"] == "findings.json"  # PDF/UA-1, 7.11
    assert described["/Desc"]
    assert described["/EF"]["/F"]["/Params"]["/ModDate"] == "D:20181224045000Z"
    assert not read(rendered("founding-case")).attachments


def test_the_arithmetic_can_be_redone() -> None:
    pdf = read(rendered("founding-case"))
    text = " ".join(words_of(page) for page in pdf.pages)
    assert "14,943 / 120 s = 124.5/s" in text
    assert "20 / 300 s = 0.06667/s" in text
    assert "14,931 − 22 = 14,909" in text


def test_the_same_report_gives_the_same_bytes() -> None:
    known = sample("founding-case")
    html, findings = render_html(known), encode(known)
    one, other = (render_pdf(html, known.bundle.collected_at, findings) for _ in range(2))
    assert one == other


def test_the_environment_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    page = "<!DOCTYPE html><html lang=en><title>t</title><p>p"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "5")
    monkeypatch.setenv("FC_LANG", "ja")
    before = dict(os.environ)
    render_pdf(page, None)
    assert dict(os.environ) == before
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    monkeypatch.setenv("FONTCONFIG_FILE", "theirs")
    before = dict(os.environ)
    render_pdf(page, datetime(2018, 12, 24, tzinfo=UTC))
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    "url", ["http://192.0.2.1/x", "https://192.0.2.1/", "file:///etc/hostname", "data:text/css,p{}", "ftp://x/"]
)
def test_the_fetcher_denies(url: str) -> None:
    _, fetcher = _weasyprint()
    with pytest.raises(ValueError, match="not fetched"):
        fetcher(url)


def test_a_stranger_s_file_never_reaches_the_pdf(tmp_path: Path) -> None:
    secret = tmp_path / "secret.css"
    secret.write_text("p::after { content: 'SECRET' }")
    html = (
        f"<!DOCTYPE html><html lang=en><title>t</title><link rel=stylesheet href={secret.as_uri()}>"
        f"<link rel=attachment href={secret.as_uri()}><img src={secret.as_uri()} alt=x><p>text"
    )
    pdf = read(render_pdf(html, None))
    assert "SECRET" not in words_of(pdf.pages[0])
    assert not pdf.attachments


def test_hostile_strings_stay_text() -> None:
    pdf = read(render_pdf(render_html(hostile()), None))
    text = "".join(page.extract_text() for page in pdf.pages).replace("\n", "")
    assert "<script>alert(1)</script>" in text
    assert "{{7*7}}" in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert not pdf.attachments
    assert not [note for page in pdf.pages for note in notes(page) if "/A" in note or note["/Subtype"] != "/Link"]
    assert len(pdf.pages) < 30


def test_a_huge_case_renders_in_seconds() -> None:
    html = render_html(huge())
    begun = monotonic()
    pdf = read(render_pdf(html, None))
    assert monotonic() - begun < 20  # about 4 s on an idle machine
    assert len(pdf.pages) < 60


def test_an_undecided_case_names_the_commands_on_the_first_page(tmp_path: Path) -> None:
    known = undecided(tmp_path)
    first = words_of(read(render_pdf(render_html(known), known.bundle.collected_at)).pages[0])
    assert "INCONCLUSIVE" in first
    assert "wevtutil epl System System.evtx" in first


def test_a_missing_library_is_one_line_that_tells_the_command(tmp_path: Path) -> None:
    """A package that fails as WeasyPrint does where cffi finds no Pango: it prints, then raises OSError."""
    package = tmp_path / "weasyprint"
    package.mkdir()
    (package / "__init__.py").write_text("print('-----')\nraise OSError(\"cannot load library 'libpango-1.0-0'\")\n")
    program = (
        "from forensics.errors import OutputError\nfrom forensics.report.pdf import render_pdf\n"
        "try:\n    render_pdf('<p>', None)\nexcept OutputError as error:\n    print(error)\n"
    )
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{root}"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.splitlines() == [PANGO_MISSING]
    assert "apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0" in done.stdout
    assert done.stderr == ""
