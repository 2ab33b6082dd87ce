"""A defect of ours: one line for the user, the details in a file that can be sent to us."""

import platform
import tempfile
import traceback
from collections.abc import Sequence

from forensics import __version__


def record(error: BaseException) -> str:
    """Write an error's details aside and return the line to print."""
    details = "".join(traceback.format_exception(error))
    return f"a defect of forensics ({type(error).__name__}); {_written(details)}"


def record_lines(lines: Sequence[str]) -> str:
    """Write down what failed in one bundle, although the rest of it was analyzed, and return where."""
    return _written("\n".join(lines))


def _written(details: str) -> str:
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="forensics-defect-", suffix=".txt", delete=False, encoding="utf-8", errors="replace"
        ) as stream:
            stream.write(f"forensics {__version__}, Python {platform.python_version()}, {platform.platform()}\n")
            stream.write(f"{details}\n")
    except OSError:
        return "the details could not be written"
    return f"the details are in {stream.name}"


def line_on(defects: Sequence[str], details: Sequence[str] = ()) -> str:
    """The one line that a user sees of our own defects; the file that it names holds all of them, and the details."""
    more = f" (and {len(defects) - 1} more)" if len(defects) > 1 else ""
    return f"forensics: {defects[0]}{more}; {record_lines([*defects, *details])}"
