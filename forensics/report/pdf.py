"""The report as a PDF: A4, tagged (PDF/UA-1), and the same bytes for the same report on one machine."""

import hashlib
import io
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime
from typing import Any

from forensics.errors import OutputError

PANGO_MISSING = (
    "the PDF needs the Pango library, which is not installed: "
    "apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 (Debian, Ubuntu), "
    "brew install pango (macOS), pacman -S mingw-w64-x86_64-pango in MSYS2 (Windows)"
)
_NOISY = ("weasyprint", "weasyprint.progress", "fontTools")
_UNDATED = datetime(1980, 1, 1, tzinfo=UTC)  # where the bundle has no time; fonts are stamped with it


def render_pdf(html: str, collected_at: datetime | None) -> bytes:
    """Render `render_html`'s document.

    Raises:
        OutputError: where WeasyPrint's native library cannot be loaded.
    """
    with _reproducible(collected_at or _UNDATED), _quiet():
        document, fetcher = _weasyprint()
        identifier = hashlib.sha256(html.encode()).hexdigest()[:32].encode("ascii")
        pdf = document(string=html, url_fetcher=fetcher).write_pdf(pdf_variant="pdf/ua-1", pdf_identifier=identifier)
    return bytes(pdf)


def _weasyprint() -> tuple[Any, Any]:
    try:
        with redirect_stdout(io.StringIO()):  # it prints advice of its own there, where the JSON may go
            from weasyprint import HTML  # noqa: PLC0415 - takes half a second, and Pango may be missing
            from weasyprint.urls import URLFetcher  # noqa: PLC0415
    except OSError as error:  # cffi's dlopen: pango, gobject, harfbuzz or fontconfig
        raise OutputError(PANGO_MISSING) from error

    class NothingFetched(URLFetcher):  # type: ignore[misc]
        """The report holds all that it needs: whatever asks for more was put there by a stranger."""

        def fetch(self, url: str, headers: object = None) -> object:  # noqa: ARG002 - WeasyPrint's signature
            raise ValueError(f"not fetched: {url[:80]}")

    return HTML, NothingFetched()


@contextmanager
def _reproducible(moment: datetime) -> Iterator[None]:
    """Stamp subset fonts with the time of the evidence (fontTools reads SOURCE_DATE_EPOCH)."""
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = str(max(0, int(moment.timestamp())))
    try:
        yield
    finally:
        if before is None:
            del os.environ["SOURCE_DATE_EPOCH"]
        else:
            os.environ["SOURCE_DATE_EPOCH"] = before


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
