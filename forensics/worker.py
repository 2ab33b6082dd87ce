"""How a process of ours begins, that reads a stranger's bytes or renders what was read of them."""

import contextlib
import signal
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from forensics.environment import environment

# Processes are started by `python -c`, which looks for modules in the current folder first: it may be a bundle's.
NOTHING_FROM_HERE = {"PYTHONSAFEPATH": "1"}


def spawn(serve: Callable[..., None], *arguments: object) -> tuple[Connection, BaseProcess]:
    """Start a process that serves a connection, the first argument of `serve`; return the other end and the process."""
    # spawn, not fork: the same on every system, and no thread of the parent's is copied.
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(there, *arguments), daemon=True)
    with environment(NOTHING_FROM_HERE):
        process.start()
    there.close()
    return here, process


def begin(memory: int) -> None:
    """Leave Ctrl+C to the parent, with which this process ends; take so many bytes of memory at most.

    Memory is limited where the system has RLIMIT_AS and keeps to it (Linux).
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415 - not on Windows

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
