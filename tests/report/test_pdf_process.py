"""The process that renders PDFs: the same bytes as in one's own process, and one line where it fails."""

import os
import signal

import pytest

from forensics.errors import OutputError
from forensics.report.pdf import render_pdf
from forensics.report.pdf_process import PdfProcess

HTML = '<!DOCTYPE html><html lang="en"><title>A title</title><p>Some text'


def test_it_renders_the_same_bytes_again_and_again() -> None:
    process = PdfProcess()
    try:
        first, second = process.render(HTML, None), process.render(HTML, None)
        attached = process.render(HTML, None, b"{}")
    finally:
        process.close()
    assert first == second == render_pdf(HTML, None)
    assert attached == render_pdf(HTML, None, b"{}") != first


def test_a_process_that_dies_is_one_line() -> None:
    process = PdfProcess()
    os.kill(process._process.pid or 0, signal.SIGTERM)
    process._process.join()
    with pytest.raises(OutputError, match="ended too early"):
        process.render(HTML, None)
    process.close()
