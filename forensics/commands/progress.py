"""A progress display on standard error for anything over a second; none where that is not a terminal."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_PATIENCE = 1.0  # seconds


@contextmanager
def progress(what: str) -> Iterator[Callable[[str, int, int], None]]:
    """Show what is being done once a second has passed."""
    if not sys.stderr.isatty():
        yield lambda _name, _done, _total: None
        return
    from rich.status import Status  # noqa: PLC0415 - only a terminal needs it

    from forensics.commands.consoles import error_console  # noqa: PLC0415
    from forensics.report.inert import inert  # noqa: PLC0415

    status = Status(inert(what), console=error_console())
    timer = threading.Timer(_PATIENCE, status.start)
    timer.start()

    def tell(name: str, done: int, total: int) -> None:
        status.update(f"{inert(what)}: {done + 1} of {total}, {inert(name)}")

    try:
        yield tell
    finally:
        timer.cancel()
        timer.join()
        status.stop()
