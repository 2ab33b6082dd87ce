"""The report as a PDF: tagged (PDF/UA-1), in fonts of ours, and the same bytes for the same report on one machine."""

import ctypes.util
import hashlib
import io
import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, redirect_stdout
from datetime import UTC, datetime
from typing import Any

from forensics.environment import environment
from forensics.errors import OutputError
from forensics.report.fonts import fontconfig_file

PANGO_MISSING = (
    "the PDF needs the Pango library, which is not installed: "
    "apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 (Debian, Ubuntu), "
    "brew install pango (macOS), pacman -S mingw-w64-x86_64-pango in MSYS2 (Windows)"
)
ATTACHED = "findings.json"
_LANGUAGES = "en:zh-cn:ja:ko"
_UNWANTED = ("FONTCONFIG_SYSROOT", "FC_LANG")  # the one moves every folder, the other prefers fonts by language
_NOISY = ("weasyprint", "weasyprint.progress", "fontTools")
_UNDATED = datetime(1980, 1, 1, tzinfo=UTC)  # where the bundle has no time; fonts are stamped with it


def render_pdf(html: str, collected_at: datetime | None, findings: bytes | None = None, logo: str = "") -> bytes:
    """Render `render_html`'s document; `findings`, JSON, is attached where it is given.

    `logo` is the brand's, a data: URI: nothing else is fetched.

    Raises:
        OutputError: where WeasyPrint's native library cannot be loaded, or a font is not installed.
    """
    moment = collected_at or _UNDATED
    with fontconfig_file() as fonts, _environment(moment, fonts), _quiet():
        weasyprint, fetcher = _weasyprint(logo)
        attachments = [] if findings is None else [_attachment(weasyprint, findings, moment)]
        identifier = hashlib.sha256(html.encode()).hexdigest()[:32].encode("ascii")
        document = weasyprint.HTML(string=html, url_fetcher=fetcher)
        pdf = document.write_pdf(pdf_variant="pdf/ua-1", pdf_identifier=identifier, attachments=attachments)
    return bytes(pdf)


def _attachment(weasyprint: Any, findings: bytes, moment: datetime) -> Any:  # noqa: ANN401 - no types are published
    return weasyprint.Attachment(
        file_obj=io.BytesIO(findings),
        name=ATTACHED,
        description="The findings of this report as JSON (docs: findings.schema.json)",
        created=moment,
        modified=moment,
        relationship="Data",
    )


def _weasyprint(logo: str = "") -> tuple[Any, Any]:
    try:
        with _no_programs(), redirect_stdout(io.StringIO()):  # it prints advice of its own there, where the JSON may go
            import weasyprint  # noqa: PLC0415 - takes half a second, and Pango may be missing
            from weasyprint.urls import URLFetcher  # noqa: PLC0415
    except OSError as error:  # cffi's dlopen: pango, gobject, harfbuzz or fontconfig
        raise OutputError(PANGO_MISSING) from error

    class NothingFetched(URLFetcher):  # type: ignore[misc]
        """The report holds all that it needs: whatever asks for more was put there by a stranger."""

        def fetch(self, url: str, headers: object = None) -> object:
            if logo and url == logo:
                return super().fetch(url, headers)
            raise ValueError(f"not fetched: {url[:80]}")

    return weasyprint, NothingFetched()


def _environment(moment: datetime, fonts: str) -> AbstractContextManager[None]:
    """Set what the libraries under WeasyPrint read from the environment, so that the user's cannot change the PDF."""
    wanted = {
        "SOURCE_DATE_EPOCH": str(max(0, int(moment.timestamp()))),  # fontTools stamps subset fonts with it
        "FONTCONFIG_FILE": fonts,
        "PANGO_LANGUAGE": _LANGUAGES,  # else of the user's locale: it chooses between Chinese and Japanese forms
    }
    return environment({**wanted, **dict.fromkeys(_UNWANTED)})


@contextmanager
def _no_programs() -> Iterator[None]:
    """Let libraries be found without a program being run.

    cffi asks `ctypes.util.find_library`, which on Linux runs ldconfig, gcc and ld for each name that WeasyPrint tries.
    The last of these, libpango-1.0.so.0, needs no search.
    """
    find = ctypes.util.find_library
    if sys.platform == "linux":
        ctypes.util.find_library = _not_found
    try:
        yield
    finally:
        ctypes.util.find_library = find


def _not_found(name: str) -> str | None:  # noqa: ARG001 - as ctypes has it
    return None


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the libraries' remarks on styles and fonts away from the user."""
    loggers = [logging.getLogger(name) for name in _NOISY]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
