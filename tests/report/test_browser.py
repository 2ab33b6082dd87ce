"""The HTML report in a real browser, on a desk, on a telephone, in the dark and on paper."""

import base64
import io
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pypdf
import pytest

from forensics.report.brand import Brand, Look
from forensics.report.findings import Findings
from forensics.report.html import render_html

from .browser import CHROMIUM, Tab, chromium
from .cases import hostile, huge, sample, undecided
from .pdfs import text_of

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on the PATH (apt install chromium)")

SMALLEST, PHONE, DESK = 320, 360, 1280  # CSS pixels; the first is what WCAG 2.1, 1.4.10 asks for
INK, WHITE = "rgb(26, 31, 38)", "rgb(255, 255, 255)"
GROUND = "getComputedStyle(document.documentElement).backgroundColor"
# What begins or ends outside the window, though it is not inside a picture's frame.
BEYOND = """[...document.querySelectorAll('main *')].filter(one => !one.closest('.drawing > *, thead')).filter(one => {
  const place = one.getBoundingClientRect(); return place.left < -0.5 || place.right > innerWidth + 0.5;
}).map(one => one.outerHTML.slice(0, 80))"""
LETTERS = """Math.min(...[...document.querySelectorAll('figure text')].map(one => {
  const turned = one.getScreenCTM(); return parseFloat(one.getAttribute('font-size')) * Math.hypot(turned.a, turned.b);
}))"""


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with chromium(tmp_path_factory.mktemp("profile")) as tab:
        yield tab


@pytest.fixture
def founding(tab: Tab, tmp_path: Path) -> Tab:
    tab.open(render_html(sample("founding-case")), tmp_path)
    return tab


@pytest.mark.parametrize(
    "make",
    [lambda _: sample("founding-case"), lambda _: sample("healthy"), undecided, lambda _: hostile(), lambda _: huge()],
    ids=["founding-case", "healthy", "undecided", "hostile", "huge"],
)
def test_it_needs_nothing_and_fits_every_width(tab: Tab, tmp_path: Path, make: Callable[[Path], Findings]) -> None:
    tab.open(render_html(make(tmp_path)), tmp_path)
    for width in (SMALLEST, PHONE, DESK):
        tab.look(width)
        assert tab.value("document.documentElement.scrollWidth") <= width
        assert tab.value(BEYOND) == []
    assert tab.complaints == []
    assert tab.requests == [(tmp_path / "report.html").as_uri()]


def test_the_browser_tells_what_the_page_forbids(tab: Tab, tmp_path: Path) -> None:
    strange = "<script>document.title = 'run'</script><img src='http://192.0.2.1/a.png'><a id='long'>"
    html = render_html(sample("healthy")).replace("</main>", f"{strange}<pre style='width: 2000px'>wide</pre></main>")
    tab.open(html, tmp_path)
    tab.look(PHONE)
    assert tab.value("document.title") != "run"
    assert len([one for one in tab.complaints if "Content Security Policy" in one]) == 2
    assert tab.value("document.documentElement.scrollWidth") > PHONE
    assert "2000px" in " ".join(tab.value(BEYOND))


def test_letters_can_be_read_on_a_telephone(founding: Tab) -> None:
    for width in (PHONE, DESK):
        founding.look(width)
        assert founding.value(LETTERS) >= 9.5  # CSS pixels, some 7 points
    founding.look(PHONE)
    frames = "[...document.querySelectorAll('.drawing')].map(one => [one.clientWidth, one.scrollWidth])"
    assert all(shown < PHONE < whole for shown, whole in founding.value(frames))
    heights = founding.value("[...document.querySelectorAll('.contents a')].map(one => one.offsetHeight)")
    assert min(heights) >= 44  # CSS pixels: a finger (WCAG 2.1, 2.5.5)
    tops = founding.value("[...document.querySelectorAll('.figures div')].map(one => one.offsetTop)")
    assert len(set(tops)) == len(tops) == 5  # below each other


def test_tables_stay_tables_for_a_screen_reader(founding: Tab) -> None:
    told = []
    for width in (PHONE, DESK):
        founding.look(width)
        roles = roles_of(founding)
        told.append([roles[role] for role in ("table", "row", "cell", "columnheader", "rowheader", "caption")])
        assert roles["main"] == roles["navigation"] == 1
        assert roles["image"] == founding.value("document.querySelectorAll('figure svg').length") > 0
    assert told[0] == told[1]
    assert min(told[0]) > 0


def test_on_a_telephone_every_cell_says_its_column(founding: Tab) -> None:
    shown = "[...document.querySelectorAll('.wide td')].map(one => getComputedStyle(one, '::before').content)"
    founding.look(DESK)
    assert set(founding.value(shown)) == {"none"}
    founding.look(PHONE)
    titles = founding.value("[...document.querySelectorAll('.wide td')].map(one => one.dataset.label)")
    assert all(title in told for title, told in zip(titles, founding.value(shown), strict=True))


def roles_of(tab: Tab) -> Counter[str]:
    nodes = tab.call("Accessibility.getFullAXTree")["nodes"]
    return Counter(node["role"]["value"] for node in nodes if not node["ignored"])


def test_the_contents_work_from_the_keyboard(founding: Tab) -> None:
    founding.look(DESK)
    for key, code, text in (("Tab", 9, ""), ("Enter", 13, "\r")):
        common: dict[str, Any] = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        founding.call("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        founding.call("Input.dispatchKeyEvent", type="keyUp", **common)
    assert founding.value("location.hash") == "#numbers"
    assert abs(founding.value("document.querySelector('#numbers').getBoundingClientRect().top")) < DESK / 2


def test_a_tap_takes_the_whole_command(founding: Tab) -> None:
    founding.look(PHONE)
    founding.value("document.querySelector('pre').scrollIntoView({block: 'center'})")
    place = founding.value("(p => [p.left + 40, p.top + 15])(document.querySelector('pre').getBoundingClientRect())")
    for kind in ("mousePressed", "mouseReleased"):
        founding.call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)
    assert founding.value("getSelection().toString()") == founding.value("document.querySelector('pre').textContent")


def test_the_dark(founding: Tab) -> None:
    shots = []
    for dark in (False, True):
        founding.look(PHONE, dark=dark)
        assert (founding.value(GROUND) == WHITE) is not dark
        assert (founding.value("getComputedStyle(document.querySelector('figure text')).fill") == INK) is not dark
        shots.append(founding.call("Page.captureScreenshot")["data"])
    assert shots[0] != shots[1]


def test_a_brand_made_for_white_can_be_read_in_the_dark(tab: Tab, tmp_path: Path) -> None:
    tab.open(render_html(sample("healthy"), Look(brand=Brand(company="Example", colour="#0b1020"))), tmp_path)
    title = "getComputedStyle(document.querySelector('h1')).color"
    tab.look(DESK)
    assert tab.value(title) == "rgb(11, 16, 32)"
    tab.look(DESK, dark=True)
    assert tab.value(title) == tab.value("getComputedStyle(document.body).color") != INK


def test_paper_is_white_even_in_the_dark(founding: Tab) -> None:
    founding.look(DESK, dark=True, paper=True)
    assert founding.value(GROUND) == "rgba(0, 0, 0, 0)"
    assert founding.value("getComputedStyle(document.body).color") == INK
    assert founding.value("getComputedStyle(document.querySelector('.contents a')).textDecorationLine") == "none"
    rows = "[...document.querySelectorAll('tr, figure')].map(one => getComputedStyle(one).breakInside)"
    assert set(founding.value(rows)) == {"avoid"}
    printed = founding.call("Page.printToPDF", preferCSSPageSize=True)["data"]
    pdf = pypdf.PdfReader(io.BytesIO(base64.b64decode(printed)))
    assert [round(float(side)) for side in pdf.pages[0].mediabox[2:]] == [595, 842]
    assert len(pdf.pages) <= 14  # 12 in the fonts of the PDF
    assert "Contents" not in pdf.pages[0].extract_text()
    assert "2018-12-20 23:27" in text_of(pdf)
