"""The fonts of the PDF: packages that are installed with this one, so that a report looks the same on every machine.

IBM Plex writes the report, Noto Sans and Noto Sans Arabic what IBM Plex lacks, Noto Sans CJK (the extra `cjk`) Chinese,
Japanese and Korean; all are under the SIL Open Font License 1.1. Pango is shown these alone: the machine's own fonts
would change the pages. WeasyPrint reports no missing glyph, so the text is compared with the fonts beforehand.
"""

import importlib.util
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

import msgspec

from forensics.errors import OutputError
from forensics.report.language import speaking, spoken, tr
from forensics.report.words import tell
from forensics.text.languages import Code

_PACKAGES = ("fontpkg_ibm_plex_sans", "fontpkg_ibm_plex_mono", "fontpkg_noto_sans", "fontpkg_noto_sans_arabic")
_CJK_PACKAGE = "noto_cjk_sans_otc"
# What Pango tries in turn where a style names no family, or one that is not ours (report.css says the same by name).
_MONOSPACE = ("IBM Plex Mono", "Noto Sans Mono CJK SC")
_ANY = ("IBM Plex Sans", "Noto Sans", "Noto Sans Arabic", "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK KR")
_SUFFIXES = {".ttf", ".ttc", ".otf"}
_MOST_NAMED = 5  # characters of one warning

# Where Chinese, Japanese and Korean stand (Unicode's Blocks.txt): first, last, the languages that write it.
_CJK_BLOCKS = (
    (0x1100, 0x11FF, "Korean"),
    (0x2E80, 0x303F, "Chinese, Japanese"),
    (0x3040, 0x30FF, "Japanese"),
    (0x3100, 0x312F, "Chinese"),
    (0x3130, 0x318F, "Korean"),
    (0x3190, 0x9FFF, "Chinese, Japanese"),
    (0xA960, 0xA97F, "Korean"),
    (0xAC00, 0xD7FF, "Korean"),
    (0xF900, 0xFAFF, "Chinese, Japanese"),
    (0xFE30, 0xFE4F, "Chinese, Japanese"),
    (0xFF00, 0xFFEF, "Chinese, Japanese"),
    (0x20000, 0x323AF, "Chinese, Japanese"),
)
# A variation selector has no picture of its own; HarfBuzz draws nothing for one that a font does not know.
_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))


class Missing(msgspec.Struct, frozen=True):
    """Characters that the PDF can only show as boxes; `message` is one line that its fonts can show."""

    characters: str
    message: str


def missing_glyphs(text: str) -> Missing | None:
    """Compare a report's text with the fonts that are installed.

    Raises:
        OutputError: where the fonts are not installed.
    """
    unknown = {char for char in text if not char.isascii()} - _drawn(_files(_PACKAGES))
    if unknown and _folder(_CJK_PACKAGE):
        unknown -= _drawn(_files((_CJK_PACKAGE,)))
    unknown = {char for char in unknown if _has_a_picture(char)}
    if not unknown:
        return None
    characters = "".join(sorted(unknown))
    extra_is_there = _folder(_CJK_PACKAGE) is not None
    mended = [char for char in characters if _cjk_languages(char) and not extra_is_there]
    others = [char for char in characters if char not in mended]
    # In Chinese only where the PDF has fonts for it: plain ASCII can be read everywhere.
    with speaking(spoken() if extra_is_there else Code.ENGLISH):
        parts = []
        if mended:
            languages = {one for char in mended for one in _cjk_languages(char)}
            parts.append(tell("{boxes}: pip install 'forensics[cjk]'", boxes=_boxes(mended, languages)))
        if others:
            scripts = {_script(char) for char in others}
            parts.append(
                tell(
                    "{boxes}: no font of forensics has them, the HTML (--html) shows them",
                    boxes=_boxes(others, scripts),
                )
            )
        return Missing(characters, tr("; ").join(parts))


@contextmanager
def fontconfig_file() -> Iterator[str]:
    """Write the configuration that shows fontconfig the packaged fonts alone, for as long as it is needed.

    Its cache stands beside it: one of the user's could be stale, and nothing is left on an investigator's machine.

    Raises:
        OutputError: where the fonts are not installed.
    """
    folders = sorted({str(file.parent) for file in _files((*_PACKAGES, _CJK_PACKAGE))})
    with tempfile.TemporaryDirectory(prefix="forensics-fonts-") as place:
        path = Path(place) / "fonts.conf"
        path.write_text(_configuration(folders, cache_folder=place), "utf-8")
        yield str(path)


def _configuration(folders: list[str], *, cache_folder: str) -> str:
    listed = "".join(f"<dir>{escape(folder)}</dir>\n" for folder in folders)
    monospace = "".join(f"<family>{name}</family>" for name in _MONOSPACE)
    others = "".join(f"<string>{name}</string>" for name in _ANY)
    return (
        '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">\n<fontconfig>\n'
        f"<reset-dirs/>\n{listed}<cachedir>{escape(cache_folder)}</cachedir>\n"
        f"<alias><family>monospace</family><prefer>{monospace}</prefer></alias>\n"
        f'<match target="pattern"><edit name="family" mode="append_last">{others}</edit></match>\n</fontconfig>\n'
    )


def _files(packages: tuple[str, ...]) -> tuple[Path, ...]:
    """Return the font files of packages; the extra one may be absent."""
    files: list[Path] = []
    for package in packages:
        folder = _folder(package)
        found = sorted(one for one in folder.rglob("*") if one.suffix in _SUFFIXES) if folder else []
        if not found and package != _CJK_PACKAGE:
            raise OutputError(f"the PDF needs a font that is not installed: pip install {package.replace('_', '-')}")
        files += found
    return tuple(files)


def _folder(package: str) -> Path | None:
    found = importlib.util.find_spec(package)
    return Path(found.origin).parent if found and found.origin else None


@cache
def _drawn(files: tuple[Path, ...]) -> frozenset[str]:
    """Return every character that one of the fonts has: Pango takes what one lacks from the next."""
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - only a PDF needs it

    known: set[int] = set()
    for file in files:
        with TTFont(file, fontNumber=0, lazy=True) as font:  # the faces of a collection share their characters
            known.update(font.getBestCmap())
    return frozenset(map(chr, known))


def _has_a_picture(char: str) -> bool:
    return char.isprintable() and not any(ord(char) in one for one in _SELECTORS)


def _cjk_languages(char: str) -> list[str]:
    for first, last, languages in _CJK_BLOCKS:
        if first <= ord(char) <= last:
            return languages.split(", ")
    return []


def _script(char: str) -> str:
    """Return the script of a letter, the first word of its Unicode name: THAI CHARACTER KO KAI."""
    if unicodedata.category(char)[0] not in "LM":
        return "symbols"
    return unicodedata.name(char, "unnamed").partition(" ")[0].capitalize()


def _boxes(characters: list[str], scripts: set[str]) -> str:
    named = ", ".join(f"U+{ord(char):04X}" for char in characters[:_MOST_NAMED])
    said = {"number": len(characters), "scripts": ", ".join(sorted(scripts)), "named": named}
    if len(characters) == 1:
        return tell("the PDF shows 1 character as a box ({scripts}: {named})", **said)
    if len(characters) <= _MOST_NAMED:
        return tell("the PDF shows {number} characters as boxes ({scripts}: {named})", **said)
    more = len(characters) - _MOST_NAMED
    return tell("the PDF shows {number} characters as boxes ({scripts}: {named} and {more} more)", more=more, **said)
