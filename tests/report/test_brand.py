"""A brand's file: taken over whole, refused in one line."""

import socket
import struct
import zlib
from pathlib import Path

import pytest

from forensics.errors import UsageError
from forensics.report.brand import Brand, Look, load_brand
from forensics.report.html import render_html
from forensics.report.pdf import render_pdf

from .cases import sample
from .pdfs import read, words_of

LINES = 'company = "Example Support"\ncolour = "#0b5394"\ncontact = "support@example.com"\ndisclaimer = "As sent."\ncase = "4711"\n'


def png() -> bytes:
    """One dark pixel."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\x40")) + chunk(b"IEND", b"")
    )


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "brand.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_everything_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(png())
    brand = load_brand(written(tmp_path, LINES + 'logo = "logo.png"\n'))
    assert brand == Brand("Example Support", brand.logo, "#0b5394", "support@example.com", "As sent.", "4711")
    assert brand.logo.startswith("data:image/png;base64,iVBOR")


def test_every_line_may_be_missing(tmp_path: Path) -> None:
    assert load_brand(written(tmp_path, "")) == Brand()


def test_a_notepad_file_is_read(tmp_path: Path) -> None:
    assert load_brand(written(tmp_path, b'\xef\xbb\xbfcompany = "\xc3\x84"\r\n')).company == "Ä"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("company = Example", "not readable as TOML"),
        (b'company = "\xff"', "not readable as TOML"),
        ('owner = "x"', "owner is not known"),
        ("case = 4711", "case must be text in quotes"),
        ('colour = "red"', "colour must be like"),
        ('colour = "#ffee00"', "too light"),
        ('company = "' + "x" * 81 + '"', "longer than 80"),
        ('logo = "none.png"', "none.png: cannot be opened"),
        ('logo = "//host/share/x.png"', "beside this file"),
        ("logo = '\\\\host\\share\\x.png'", "beside this file"),
        ('logo = "../x.png"', "beside this file"),
        ('logo = "/etc/passwd"', "beside this file"),
        ('logo = "brand.toml"', "neither PNG nor JPEG nor SVG"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(tmp_path: Path, text: str | bytes, expected: str) -> None:
    with pytest.raises(UsageError, match=expected) as refused:
        load_brand(written(tmp_path, text))
    assert "\n" not in str(refused.value)


def test_a_large_logo_is_refused(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(png() + bytes(1 << 20))
    with pytest.raises(UsageError, match="at most 1,048,576"):
        load_brand(written(tmp_path, 'logo = "logo.png"'))


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.toml: cannot be opened"):
        load_brand(tmp_path / "none.toml")


def test_it_stands_on_page_one(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(png())
    brand = load_brand(written(tmp_path, LINES + 'logo = "logo.png"\n'))
    known = sample("healthy")
    html = render_html(known, Look(brand=brand))
    pdf = read(render_pdf(html, known.bundle.collected_at, logo=brand.logo))
    first = words_of(pdf.pages[0])
    for said in ("case 4711", "Example Support, support@example.com. As sent."):
        assert said in first
    assert len(pdf.pages[0].images) == 1
    assert "--brand: #0b5394" in html


def test_no_other_uri_is_fetched(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(png())
    brand = load_brand(written(tmp_path, 'logo = "logo.png"'))
    known = sample("healthy")
    html = render_html(known, Look(brand=brand))
    assert not read(render_pdf(html, known.bundle.collected_at)).pages[0].images
    assert not read(render_pdf(html, known.bundle.collected_at, logo=f"{brand.logo}x")).pages[0].images


SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="40" height="20">{}</svg>'
)


@pytest.mark.parametrize(
    "inside",
    [
        '<image href="http://127.0.0.1:{port}/i" width="9" height="9"/>',
        '<image xlink:href="file:///etc/passwd" width="9" height="9"/>',
        '<style>@import "http://127.0.0.1:{port}/c"; rect {{ fill: url(//127.0.0.1:{port}/f) }}</style><rect width="9" height="9"/>',
        '<use href="http://127.0.0.1:{port}/u#x"/><script>alert(1)</script>',
        '<a href="http://127.0.0.1:{port}/a"><rect width="9" height="9"/></a>',
    ],
)
def test_a_logo_fetches_nothing_more(tmp_path: Path, inside: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.01)
        (tmp_path / "logo.svg").write_text(SVG.format(inside.format(port=server.getsockname()[1])))
        brand = load_brand(written(tmp_path, 'logo = "logo.svg"'))
        page = f'<!DOCTYPE html><html lang="en"><title>t</title><img src="{brand.logo}" alt="Logo">'
        pdf = render_pdf(page, None, logo=brand.logo)
        with pytest.raises(TimeoutError):
            server.accept()
    assert b"/URI" not in pdf
    assert not [note for one in read(pdf).pages for note in one.get("/Annots", [])]


def test_a_logo_that_would_unfold_is_left_out(tmp_path: Path) -> None:
    """A thousand million pixels in some bytes: Pillow refuses them by the size in the header."""
    small = png()
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 0, 0, 0, 0)
    bomb = small[:12] + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header)) + small[33:]
    (tmp_path / "logo.png").write_bytes(bomb)
    brand = load_brand(written(tmp_path, 'logo = "logo.png"'))
    page = f'<!DOCTYPE html><html lang="en"><title>t</title><img src="{brand.logo}" alt="Logo">'
    assert not read(render_pdf(page, None, logo=brand.logo)).pages[0].images


def test_without_a_brand_the_page_names_the_program() -> None:
    html = render_html(sample("healthy"))
    assert "img-src" not in html
    assert "<img" not in html
    assert '<span class="tool">forensics' in html
