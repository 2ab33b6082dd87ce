"""PDFs are rendered in a process of their own, started early: WeasyPrint takes as long to load as a bundle to read.

On two cores both happen at once. The process gets what goes into the PDF and nothing else of the bundle.
"""

import contextlib
import tempfile
import traceback
from datetime import datetime
from multiprocessing.connection import Connection
from typing import Literal

from forensics import worker
from forensics.errors import OutputError
from forensics.report import pdf

_CHECK = "<!DOCTYPE html><title>check</title><p>check"

MOST_MEMORY = 6 << 30  # bytes of the process; a report of twelve pages takes 200 MB
SECONDS = 600  # for one PDF; one of twelve pages takes two

Answer = tuple[Literal["pdf", "impossible", "defect"], bytes | str]


class PdfProcess:
    """Starts when it is made; renders one report after the other."""

    def __init__(self) -> None:
        # Whatever a process leaves, for it may be ended at any time, goes with this folder.
        self._folder = tempfile.TemporaryDirectory(prefix="forensics-pdf-", ignore_cleanup_errors=True)
        self._connection, self._process = worker.spawn(_serve, self._folder.name)

    def render(self, html: str, collected_at: datetime | None, findings: bytes | None = None, logo: str = "") -> bytes:
        """Turn a report into a PDF, its findings attached where they are given.

        Raises:
            OutputError: with one line, where that cannot be done.
            RuntimeError: a defect of ours in the process, with its traceback.
        """
        try:
            self._connection.send((html, collected_at, findings, logo))
            if not self._connection.poll(SECONDS):
                self._start_again()
                raise OutputError(f"the PDF could not be made: it took more than {SECONDS} s; --html has all of it")
            answer: Answer = self._connection.recv()
        except (EOFError, OSError) as error:
            self._start_again()
            raise OutputError("the PDF could not be made: the process that renders it ended too early") from error
        outcome, result = answer
        if isinstance(result, bytes):
            return result
        if outcome == "impossible":
            raise OutputError(result)
        raise RuntimeError(result)

    def _start_again(self) -> None:
        self._end()
        self._connection, self._process = worker.spawn(_serve, self._folder.name)

    def _end(self) -> None:
        self._connection.close()
        self._process.kill()
        self._process.join()

    def close(self) -> None:
        """End the process; harmless when it has ended."""
        self._end()
        self._folder.cleanup()


def _serve(connection: Connection, folder: str) -> None:
    tempfile.tempdir = folder
    worker.begin(MOST_MEMORY)
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
    except MemoryError:
        return (
            "impossible",
            f"the PDF could not be made: it takes more than {MOST_MEMORY >> 30} GB; --html has all of it",
        )
    except Exception:  # noqa: BLE001 - the worker's seam: the parent reports it, no traceback reaches a user
        return "defect", traceback.format_exc()
