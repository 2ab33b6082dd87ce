"""Writing results: to standard output for `-`, else aside and renamed, so that no half file is ever left."""

import os
import sys
import tempfile
from pathlib import Path

from forensics.errors import OutputError

STANDARD_OUTPUT = "-"


def write(target: str, data: bytes) -> None:
    """Write a result.

    Raises:
        OutputError: with one line, where the file cannot be written.
    """
    if target == STANDARD_OUTPUT:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    path = Path(target)
    aside = ""
    try:
        handle, aside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        umask = os.umask(0)
        os.umask(umask)
        Path(aside).chmod(0o666 & ~umask)
        Path(aside).replace(path)
    except OSError as error:
        if aside:
            Path(aside).unlink(missing_ok=True)
        hint = " (is it open in a viewer?)" if isinstance(error, PermissionError) and path.exists() else ""
        raise OutputError(f"{target}: cannot be written: {error.strerror}{hint}") from error
