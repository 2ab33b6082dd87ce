"""Writing results: to standard output for `-`, else aside and renamed, so that no half file is ever left."""

import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from forensics.errors import OutputError, UsageError

STANDARD_OUTPUT = "-"


def write(target: str, data: bytes) -> None:
    """Write a result.

    Raises:
        OutputError: with one line, where the file cannot be written.
    """
    if target == STANDARD_OUTPUT:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    path = Path(os.path.realpath(target))  # a link stays one: what it points to is replaced
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)  # a pipe or /dev/null must not be replaced by a file
        else:
            _replace(path, data)
    except OSError as error:
        hint = " (is it open in a viewer?)" if isinstance(error, PermissionError) and path.is_file() else ""
        raise OutputError(f"{target}: cannot be written: {error.strerror}{hint}") from error


def _replace(path: Path, data: bytes) -> None:
    handle, aside = tempfile.mkstemp(prefix=".forensics-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        umask = os.umask(0)
        os.umask(umask)
        Path(aside).chmod(0o666 & ~umask)
        Path(aside).replace(path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise


def spare_inputs(targets: Iterable[str], inputs: Iterable[Path]) -> None:
    """Refuse an output that would replace an input, or a file of an input folder.

    Raises:
        UsageError: with one line.
    """
    given = [(Path(os.path.realpath(one)), one.is_dir()) for one in inputs]
    for target in map(Path, targets):
        for path, is_folder in given:
            if target == path:
                raise UsageError(f"{target.name}: is an input; choose another name for the output")
            if is_folder and target.exists() and target.is_relative_to(path):
                raise UsageError(
                    f"{target.name}: lies in the bundle's own folder and is there already; choose another name"
                )
