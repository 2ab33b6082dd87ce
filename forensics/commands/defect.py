"""A defect of ours: one line for the user, the details in a file that can be sent to us."""

import tempfile
import traceback
from pathlib import Path

from forensics import __version__


def record(error: BaseException) -> str:
    """Write the details aside and return the line to print."""
    details = "".join(traceback.format_exception(error))
    line = f"a defect of forensics ({type(error).__name__})"
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="forensics-defect-", suffix=".txt", delete=False, encoding="utf-8", errors="replace"
        ) as stream:
            stream.write(f"forensics {__version__}\n{details}")
    except OSError:
        return f"{line}; the details could not be written"
    return f"{line}; the details are in {Path(stream.name)}"
