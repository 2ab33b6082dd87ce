r"""Who a report comes from: a TOML file with company, logo, colour, contact, disclaimer and case number.

A whole one; every line may be missing::

    company = "Example Support GmbH"
    logo = "logo.svg"                 # PNG, JPEG or SVG, beside this file
    colour = "#0b5394"                # of headings and rules
    contact = "support@example.com"
    disclaimer = "Prepared from the files that were sent to us."
    case = "2018-4711"

>>> read_brand(b'company = "Example"\ncolour = "#0b5394"', lambda name: b"").company
'Example'
"""

import base64
import re
import tomllib
from collections.abc import Callable
from pathlib import Path, PureWindowsPath

import msgspec

from forensics.errors import UsageError
from forensics.text.paper import Paper

_MOST_LOGO = 1 << 20  # bytes: a report stays under 1 MB without it
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_LENGTHS = {"company": 80, "contact": 200, "disclaimer": 600, "case": 60}  # characters that their places have room for
_LOGOS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"<svg", "image/svg+xml"),
    (b"<?xml", "image/svg+xml"),
)
_LEAST_CONTRAST = 4.5  # of text on white (WCAG 2.1, 1.4.3)


class Brand(msgspec.Struct, frozen=True):
    """What the TOML file says; "" where it says nothing. `logo` is a data: URI, the only one that a report fetches."""

    company: str = ""
    logo: str = ""
    colour: str = ""
    contact: str = ""
    disclaimer: str = ""
    case: str = ""


class Look(msgspec.Struct, frozen=True):
    """How a report is set: on which paper, and in whose name."""

    paper: Paper = Paper.A4
    brand: Brand = Brand()


PLAIN = Look()


def load_brand(path: Path) -> Brand:
    """Read a brand's file and its logo, which lies beside it.

    Raises:
        UsageError: with one line that names the file and what is wrong.
    """

    def logo(name: str) -> bytes:
        if PureWindowsPath(name).name != name:  # on Windows, a path with two slashes is on another machine
            raise ValueError(f"logo {name}: must lie beside this file, and be named without a folder")
        return _bytes_of(path.parent / name)

    try:
        return read_brand(_bytes_of(path), logo)
    except OSError as error:
        raise UsageError(f"{Path(error.filename or path).name}: cannot be opened ({error.strerror})") from error
    except ValueError as error:
        raise UsageError(f"{path.name}: {error}") from error


def _bytes_of(path: Path) -> bytes:
    """Read a regular file: a pipe or a device would be waited for."""
    if path.exists() and not path.is_file():
        raise ValueError(f"{path.name} is no file")
    return path.read_bytes()


def read_brand(data: bytes, logo: Callable[[str], bytes]) -> Brand:
    """Check and take over what a brand's file says.

    Raises:
        ValueError: with one line.
        OSError: of `logo`.
    """
    try:
        told = tomllib.loads(data.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"not readable as TOML ({error})") from error
    unknown = sorted(set(told) - set(Brand.__struct_fields__))
    if unknown:
        raise ValueError(f"{unknown[0]} is not known; known are {', '.join(Brand.__struct_fields__)}")
    for name, value in told.items():
        if not isinstance(value, str):
            raise ValueError(f"{name} must be text in quotes")  # noqa: TRY004 - of the file, as all others are
        if len(value) > _LENGTHS.get(name, 1 << 10):
            raise ValueError(f"{name} is longer than {_LENGTHS.get(name, 1 << 10)} characters")
    if told.get("colour"):
        _check_colour(told["colour"])
    if told.get("logo"):
        told["logo"] = _as_uri(told["logo"], logo(told["logo"]))
    return Brand(**told)


def _check_colour(colour: str) -> None:
    if not _COLOUR.fullmatch(colour):
        raise ValueError(f'colour must be like "#0b5394", not "{colour[:20]}"')
    red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (red, green, blue)]  # noqa: PLR2004 - sRGB
    luminance = sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    contrast = 1.05 / (luminance + 0.05)
    if contrast < _LEAST_CONTRAST:
        raise ValueError(f"colour {colour} is too light to be read on white (contrast {contrast:.1f}, at least 4.5)")


def _as_uri(name: str, data: bytes) -> str:
    if len(data) > _MOST_LOGO:
        raise ValueError(f"logo {name}: {len(data):,} bytes; at most {_MOST_LOGO:,}")
    kind = next((kind for magic, kind in _LOGOS if data.lstrip().startswith(magic)), None)
    if kind is None:
        raise ValueError(f"logo {name}: neither PNG nor JPEG nor SVG")
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
