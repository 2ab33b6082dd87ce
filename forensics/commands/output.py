"""Writing results: to standard output for `-`, else aside and renamed, so that no half file is ever left."""

import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path

from forensics.errors import OutputError, UsageError

STANDARD_OUTPUT = "-"


def write(target: str, data: bytes) -> None:
    """Write a result.

    Raises:
        OutputError: with one line, where the file cannot be written.
    """
    if target == STANDARD_OUTPUT:
        _print(data)
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


def _print(data: bytes) -> None:
    if not sys.stdout:
        raise OutputError("standard output is closed")
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"standard output cannot be written: {error.strerror}") from error


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


class Outputs:
    """Makes every output that can be made; each other one has a line in `failed` or, our own fault, in `defects`.

    `remarks` are lines on outputs that were made, `details` what the file on a defect holds.
    """

    def __init__(self) -> None:
        self.remarks: list[str] = []
        self.failed: list[str] = []
        self.defects: list[str] = []
        self.details: list[str] = []

    def add(self, target: str, make: Callable[[], bytes]) -> bool:
        """Make one; tell whether it could be made."""
        try:
            write(target, make())
        except OutputError as error:
            self.failed.append(str(error))
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001 - the verdict stands, and the other outputs can still be made
            self.defects.append(f"{target}: a defect of forensics ({type(error).__name__})")
            self.details += traceback.format_exception(error)
        else:
            return True
        return False
