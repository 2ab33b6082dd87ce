"""The PDF's fonts: packages alone, whatever the machine has; and a glyph that they lack is told."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from forensics.errors import OutputError
from forensics.report import fonts
from forensics.report.fonts import Missing, fontconfig_file, missing_glyphs
from forensics.report.html import render_html, render_printable
from forensics.report.pdf import render_pdf

from .cases import NAMES, huge, sample
from .pdfs import font_names, read, text_of

ROOT = Path(__file__).parents[2]
FAMILIES = ("IBM-Plex-Sans", "IBM-Plex-Mono", "Noto-Sans", "Noto-Sans-Arabic", "Noto-Sans-CJK", "Noto-Sans-Mono-CJK")
WORLD = "服务器 サーバー 서버 Сервер خادم διακομιστής máy chủ सर्वर"


def without_cjk(package: str) -> Path | None:
    return None if package == "noto_cjk_sans_otc" else FOLDER(package)


FOLDER = fonts._folder


@pytest.fixture
def no_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where `forensics` was installed without `[cjk]`."""
    monkeypatch.setattr(fonts, "_folder", without_cjk)


def missing(text: str) -> Missing:
    found = missing_glyphs(text)
    assert found
    return found


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.usefixtures("no_extra")
def test_everything_that_we_write_ourselves_has_a_glyph(name: str) -> None:
    known = missing_glyphs(render_html(sample(name)))
    assert known is None or known.message.endswith("pip install 'forensics[cjk]'")  # its Chinese evidence


def test_names_of_the_world_have_glyphs() -> None:
    assert missing_glyphs(WORLD) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("协议", "the PDF shows 2 characters as boxes (Chinese, Japanese: U+534F, U+8BAE)"),
        ("サ サ", "the PDF shows 1 character as a box (Japanese: U+30B5)"),
        ("서", "the PDF shows 1 character as a box (Korean: U+C11C)"),
        ("「」：", "the PDF shows 3 characters as boxes (Chinese, Japanese: U+300C, U+300D, U+FF1A)"),
        ("一丁七万丈三", "(Chinese, Japanese: U+4E00, U+4E01, U+4E03, U+4E07, U+4E08 and 1 more)"),
    ],
)
@pytest.mark.usefixtures("no_extra")
def test_without_the_extra_it_is_named(text: str, told: str) -> None:
    assert missing(text).message.endswith(f"{told}: pip install 'forensics[cjk]'")


@pytest.mark.parametrize(
    ("text", "script"), [("ไทย", "Thai: U+0E17"), ("שרת", "Hebrew: U+05E8"), ("\U0001f600", "symbols: U+1F600")]
)
def test_what_no_package_has_is_told_too(text: str, script: str) -> None:
    told = missing(text)
    assert script in told.message
    assert "[cjk]" not in told.message
    assert "--html" in told.message
    assert told.message.isascii()


@pytest.mark.usefixtures("no_extra")
def test_both_kinds_in_one_line() -> None:
    told = missing("中ก")
    assert told.characters == "ก中"
    assert "[cjk]'; the PDF shows 1 character as a box (Thai: U+0E01)" in told.message


@pytest.mark.usefixtures("no_extra")
def test_what_has_no_picture_is_not_missing() -> None:
    assert missing_glyphs("plain ASCII \x00") is None
    assert missing_glyphs("a\u3000b\u200b\ufe0f\U000e0100\n") is None  # blanks, marks without a width, selectors


@pytest.mark.usefixtures("no_extra")
def test_the_report_warns_and_shows_the_rest() -> None:
    known = sample("founding-case")
    printable = render_printable(known)
    assert printable.missing
    assert "this PDF" in printable.html
    assert "pip install &#39;forensics[cjk]&#39;" in printable.html
    assert "this PDF" not in render_html(known)  # a browser has fonts of its own
    names = font_names(read(render_pdf(printable.html, None)))
    assert names
    assert not [one for one in names if "CJK" in one]


def test_nothing_is_missing_with_the_extra() -> None:
    known = sample("founding-case")
    assert render_printable(known).missing is None
    assert render_printable(known).html == render_html(known)


def test_names_of_the_world_reach_the_page() -> None:
    known = huge()
    bundle = msgspec.structs.replace(known.bundle, host=WORLD, name="файл_ملف_束.zip", files=known.bundle.files[:1])
    named = msgspec.structs.replace(sample("healthy"), bundle=bundle)
    pdf = read(render_pdf(render_html(named), None))
    told = text_of(pdf)
    for name in ("服务器", "サーバー", "서버", "Сервер", "διακομιστής", "máy chủ", "файл"):
        assert name in told
    assert any("Arabic" in name for name in font_names(pdf))


def test_only_packaged_fonts_are_used_whatever_a_style_asks_for() -> None:
    html = (
        "<!DOCTYPE html><html lang=en><title>t</title><style>i { font-family: 'DejaVu Sans' } b { font-family: serif }"
        "tt { font-family: monospace } u { font-family: cursive }</style>"
        f"<p>none <i>DejaVu</i> <b>serif</b> <tt>monospace</tt> <u>cursive</u> {WORLD} ⓿"
    )
    names = font_names(read(render_pdf(html, None)))
    assert names
    assert not [name for name in names if not name.partition("+")[2].startswith(FAMILIES)]
    assert any("IBM-Plex-Mono" in name for name in names)


def test_the_bytes_do_not_depend_on_the_user_s_environment(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(f"<!DOCTYPE html><html lang=en><title>t</title><p>{WORLD} 直骨 <b>{WORLD}</b>", "utf-8")
    strange = {
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path / "none"),
        "FONTCONFIG_FILE": str(tmp_path / "missing.conf"),
        "FONTCONFIG_PATH": str(tmp_path),
        "FONTCONFIG_SYSROOT": str(tmp_path),
        "FC_LANG": "ja",
        "LANG": "ja_JP.UTF-8",
        "LANGUAGE": "ja:zh",
        "PANGO_LANGUAGE": "ja",
        "TZ": "Asia/Tokyo",
        "SOURCE_DATE_EPOCH": "77",
        "PYTHONHASHSEED": "1",
    }
    (tmp_path / "fonts.conf").write_text("<fontconfig><dir>/usr/share/fonts</dir></fontconfig>")
    assert _rendered(page, {}) == _rendered(page, strange)


def _rendered(page: Path, environment: dict[str, str]) -> bytes:
    program = (
        "import sys, pathlib\nfrom forensics.report.pdf import render_pdf\n"
        "sys.stdout.buffer.write(render_pdf(pathlib.Path(sys.argv[1]).read_text('utf-8'), None))\n"
    )
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    done = subprocess.run([sys.executable, "-c", program, page], capture_output=True, check=True, env=variables)
    return done.stdout


def test_the_configuration_lists_packages_alone_and_leaves_nothing() -> None:
    with fontconfig_file() as name:
        text = Path(name).read_text("utf-8")
    assert not Path(name).parent.exists()
    folders = [line.partition("<dir>")[2].removesuffix("</dir>") for line in text.splitlines() if "<dir>" in line]
    assert len(folders) == 5
    for folder in folders:
        assert any(package in folder for package in (*fonts._PACKAGES, "noto_cjk_sans_otc")), folder
    assert "<include" not in text


def test_a_font_that_is_not_installed_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_folder", lambda package: None if package == "fontpkg_noto_sans" else FOLDER(package))
    with pytest.raises(OutputError, match=r"pip install fontpkg-noto-sans$"):
        render_pdf("<!DOCTYPE html><title>t</title><p>p", None)
