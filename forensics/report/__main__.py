"""`python -m forensics.report`: check that this machine can make PDFs, and say what to install where it cannot."""

import sys

from forensics.errors import OutputError
from forensics.report.pdf import render_pdf

try:
    render_pdf("<!DOCTYPE html><title>check</title><p>check", None)
except OutputError as error:
    sys.exit(f"forensics: {error}")
