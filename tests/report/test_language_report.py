"""A Chinese reader's report: nothing of the program's is left in English, and every line fits."""

import html
import io
import re
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from forensics.analysis import Analysis, analyze
from forensics.causes import all_causes
from forensics.commands.causes import describe
from forensics.compare.compare import compare
from forensics.compare.html import render_html as render_comparison
from forensics.compare.terminal import render_terminal as print_comparison
from forensics.report.html import render_html
from forensics.report.inert import inert_findings
from forensics.report.language import speaking
from forensics.report.terminal import render_terminal
from forensics.text.languages import Code
from tests.report.test_language import HALF_WIDTH, TIGHT

SAMPLES = sorted((Path(__file__).parents[2] / "samples").glob("*.zip"))
# What comes from the bundle, or is to be typed, stands in these.
QUOTED = re.compile(
    r'<(style|code|pre)\b.*?</\1>|<(span|td)\b[^>]*class="[^"]*\b(?:raw|where)\b[^"]*"[^>]*>.*?</\2>', re.DOTALL
)
# A path's backslashes, digits or points end a run: no command line of the samples has four plain words.
ENGLISH = re.compile(r"[A-Za-z'’]+(?:,? [A-Za-z'’]+){3,}")
PROPER = {"Windows Server", "System Idle Process"}
DATE = re.compile(r"\d+年\d+月(\d+日)?")
ISO = re.compile(r"\d{4}-\d\d-\d\d")


@pytest.fixture(scope="module", params=SAMPLES, ids=lambda path: path.stem)
def sample(request: pytest.FixtureRequest) -> Analysis:
    return analyze(request.param, language=Code.CHINESE)


def page(analysis: Analysis) -> str:
    with speaking(Code.CHINESE):
        return render_html(analysis.told)


def visible(document: str) -> list[str]:
    """The texts of a page that are the program's own."""
    body = QUOTED.sub("<br>", document.partition("<body")[2])
    return [text for part in re.split(r"<[^>]+>", body) if (text := html.unescape(part).strip())]


def english(texts: list[str]) -> list[str]:
    found = [run for text in texts for run in ENGLISH.findall(text)]
    return [run for run in found if not any(name in run for name in PROPER)]


def test_the_check_finds_what_is_left_in_english() -> None:
    assert english(["端口 the ports are not short", "netstat -s 的 Active Opens"]) == ["the ports are not short"]
    assert visible('<body><p>one<code>not this</code> <td class="raw wide">nor this</td>two</p>') == [">", "one", "two"]


def test_no_english_sentence_is_left_in_a_report(sample: Analysis) -> None:
    document = page(sample)
    assert '<html lang="zh-CN">' in document
    assert '"第 " counter(page) " 页，共 " counter(pages) " 页"' in document
    assert english(visible(document)) == []


def test_chinese_and_latin_letters_stand_apart_on_the_page(sample: Analysis) -> None:
    for text in visible(page(sample)):
        plain = DATE.sub("", text)
        assert not TIGHT.search(plain), text
        assert " × " in text or not HALF_WIDTH.search(plain), text  # a formula keeps its brackets


def test_dates_are_those_of_the_locale(sample: Analysis) -> None:
    parts = visible(page(sample).partition('id="files"')[0])
    assert [text for text in parts if ISO.search(text)] == []


def test_the_report_in_english_is_english(sample: Analysis) -> None:
    assert not re.search("[\u4e00-\u9fff]", " ".join(visible(render_html(sample.findings))))


@pytest.mark.parametrize("width", [80, 200])
def test_the_verdict_in_chinese_fits_the_terminal(sample: Analysis, width: int) -> None:
    stream = io.StringIO()
    with speaking(Code.CHINESE):
        render_terminal(sample.told, Console(file=stream, width=width, highlight=False))
    lines = stream.getvalue().splitlines()
    assert max(cell_len(line) for line in lines) <= 80
    assert len(lines) <= 30
    causes = sample.told.causes
    commands = [one.command for cause in causes for one in cause.remedies]
    commands += [one.command for cause in causes for one in cause.missing]
    assert [run for run in english(lines) if run not in " ".join(commands)] == []
    assert not [line for line in lines if re.match(r"\s*[，。；：、）]", line)]


def test_a_comparison_in_chinese_is_chinese_and_fits() -> None:
    pair = [analyze(path, language=Code.CHINESE) for path in SAMPLES if path.stem in {"healthy", "founding-case"}]
    stream = io.StringIO()
    with speaking(Code.CHINESE):
        shown = compare(*(inert_findings(one.told) for one in pair))
        document = render_comparison(shown)
        print_comparison(shown, Console(file=stream, width=80, highlight=False))
    assert '<html lang="zh-CN">' in document
    assert english(visible(document)) == []
    assert max(cell_len(line) for line in stream.getvalue().splitlines()) <= 80
    assert "forensics compare BEFORE AFTER" in stream.getvalue()


@pytest.mark.parametrize("cause", all_causes(), ids=lambda cause: cause.ID)
def test_a_cause_is_explained_in_chinese_within_80_columns(cause: object) -> None:
    with speaking(Code.CHINESE):
        lines = describe(cause).splitlines()  # type: ignore[arg-type]
    assert "这是什么" in lines
    assert max(cell_len(line) for line in lines if "http" not in line) <= 80
