"""The PDF is rendered in a process of its own, started early: WeasyPrint takes as long to import as a bundle to read.

On two cores both happen at once. The process gets HTML and nothing else of the bundle.
"""

import contextlib
import signal
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection

from forensics.errors import OutputError
from forensics.report.pdf import render_pdf

_CHECK = "<!DOCTYPE html><title>check</title><p>check"


class PdfProcess:
    """Starts when it is made; renders once."""

    def __init__(self) -> None:
        # spawn, not fork: the same on every system, and no thread of the parent's is copied.
        context = get_context("spawn")
        self._connection, there = context.Pipe()
        self._process = context.Process(target=_serve, args=(there,), daemon=True)
        self._process.start()
        there.close()

    def render(self, html: str, collected_at: datetime | None) -> bytes:
        """Turn a report into a PDF.

        Raises:
            OutputError: with one line, where that cannot be done.
        """
        try:
            self._connection.send((html, collected_at))
            made, result = self._connection.recv()
        except (EOFError, OSError) as error:
            raise OutputError("the PDF could not be made: its process ended before it was done") from error
        finally:
            self.close()
        if not made:
            raise OutputError(str(result))
        return bytes(result)

    def close(self) -> None:
        """End the process; harmless when it has ended."""
        self._connection.close()
        if self._process.is_alive():
            self._process.terminate()


def _serve(connection: Connection) -> None:
    # Ctrl+C is for the parent to answer; this process ends with it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Loads WeasyPrint and the fonts while the parent reads the bundle. What fails here is said when a report is due.
    with contextlib.suppress(OutputError):
        render_pdf(_CHECK, None)
    try:
        html, collected_at = connection.recv()
    except EOFError:
        return
    try:
        connection.send((True, render_pdf(html, collected_at)))
    except OutputError as error:
        connection.send((False, str(error)))
