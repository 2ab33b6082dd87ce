import io
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import pypdf
import pytest

from forensics.report.html import render_html
from forensics.report.pdf import PANGO_MISSING, _weasyprint, render_pdf

from .cases import NAMES, hostile, huge, sample, undecided

PAGES = {"healthy": 1}  # the others: below
MOST_PAGES = 12  # sixteen causes, each with what speaks for and against it


def read(pdf: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pdf))


def words_of(page: pypdf.PageObject) -> str:
    # pypdf reads the two-byte codes of some fonts as two characters, one of them NUL.
    return " ".join(page.extract_text().replace("\0", "").split())


@pytest.mark.parametrize("name", NAMES)
def test_the_first_page_of_a_sample_suffices(name: str) -> None:
    known = sample(name)
    pdf = read(render_pdf(render_html(known), known.bundle.collected_at))
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
    known = sample("founding-case")
    pdf = read(render_pdf(render_html(known), known.bundle.collected_at))
    assert pdf.metadata is not None
    assert pdf.metadata.title == (
        "WEB-SH-03: TIME_WAIT ports are never released after 497 days of uptime (KB2553549) (confirmed)"
    )
    assert pdf.metadata.creation_date == datetime(2018, 12, 24, 4, 50, tzinfo=UTC)
    root: Any = pdf.root_object
    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"]
    assert b"pdfuaid" in root["/Metadata"].get_object().get_data()
    assert pdf.outline
    assert round(float(pdf.pages[0].mediabox.width)) == 595  # A4: 210 mm


def test_the_arithmetic_can_be_redone() -> None:
    known = sample("founding-case")
    pdf = read(render_pdf(render_html(known), known.bundle.collected_at))
    text = " ".join(words_of(page) for page in pdf.pages)
    assert "14,943 / 120 s = 124.5/s" in text
    assert "20 / 300 s = 0.06667/s" in text
    assert "14,931 − 22 = 14,909" in text


def test_the_same_report_gives_the_same_bytes() -> None:
    known = sample("founding-case")
    html = render_html(known)
    assert render_pdf(html, known.bundle.collected_at) == render_pdf(html, known.bundle.collected_at)


def test_the_environment_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    page = "<!DOCTYPE html><html lang=en><title>t</title><p>p"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "5")
    render_pdf(page, None)
    assert os.environ["SOURCE_DATE_EPOCH"] == "5"
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    render_pdf(page, datetime(2018, 12, 24, tzinfo=UTC))
    assert "SOURCE_DATE_EPOCH" not in os.environ


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
    assert not [page for page in pdf.pages if "/Annots" in page]
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
