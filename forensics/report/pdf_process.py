"""PDFs are rendered in a process of their own, started early: WeasyPrint takes as long to load as a bundle to read.

On two cores both happen at once. The process gets what goes into the PDF and nothing else of the bundle.
"""

import contextlib
import signal
import traceback
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Literal

from forensics.errors import OutputError
from forensics.report import pdf

_CHECK = "<!DOCTYPE html><title>check</title><p>check"

Answer = tuple[Literal["pdf", "impossible", "defect"], bytes | str]


class PdfProcess:
    """Starts when it is made; renders one report after the other."""

    def __init__(self) -> None:
        # spawn, not fork: the same on every system, and no thread of the parent's is copied.
        context = get_context("spawn")
        self._connection, there = context.Pipe()
        self._process = context.Process(target=_serve, args=(there,), daemon=True)
        self._process.start()
        there.close()

    def render(self, html: str, collected_at: datetime | None, findings: bytes | None = None, logo: str = "") -> bytes:
        """Turn a report into a PDF, its findings attached where they are given.

        Raises:
            OutputError: with one line, where that cannot be done.
            RuntimeError: a defect of ours in the process, with its traceback.
        """
        try:
            self._connection.send((html, collected_at, findings, logo))
            answer: Answer = self._connection.recv()
        except (EOFError, OSError) as error:
            raise OutputError("the PDF could not be made: the process that renders it ended too early") from error
        outcome, result = answer
        if isinstance(result, bytes):
            return result
        if outcome == "impossible":
            raise OutputError(result)
        raise RuntimeError(result)

    def close(self) -> None:
        """End the process; harmless when it has ended."""
        self._connection.close()
        self._process.terminate()
        self._process.join()


def _serve(connection: Connection) -> None:
    # Ctrl+C is for the parent to answer; this process ends with it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Loads WeasyPrint and the fonts while the parent reads the bundle. What fails here is said when a report is due.
    with contextlib.suppress(Exception):
        pdf.render_pdf(_CHECK, None)
    with contextlib.suppress(EOFError, OSError):  # the parent has gone
        while True:
            connection.send(_answer(*connection.recv()))


def _answer(html: str, collected_at: datetime | None, findings: bytes | None, logo: str) -> Answer:
    try:
        return "pdf", pdf.render_pdf(html, collected_at, findings, logo)
    except OutputError as error:
        return "impossible", str(error)
    except Exception:  # noqa: BLE001 - the worker's seam: the parent reports it, no traceback reaches a user
        return "defect", traceback.format_exc()
