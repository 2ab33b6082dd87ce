"""How a process of ours begins, that reads a stranger's bytes or renders what was read of them."""

import contextlib
import signal

# Processes are started by `python -c`, which looks for modules in the current folder first: it may be a bundle's.
NOTHING_FROM_HERE = {"PYTHONSAFEPATH": "1"}


def begin(memory: int) -> None:
    """Leave Ctrl+C to the parent, with which this process ends; take so many bytes of memory at most.

    Memory is limited where the system has RLIMIT_AS and keeps to it (Linux).
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415 - not on Windows

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
