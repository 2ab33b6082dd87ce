"""Where results and messages are printed."""

from typing import NoReturn

from rich.console import Console


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        """Leave it to the command line, as for everything else that is printed (Rich would exit with 1)."""
        raise BrokenPipeError


def console() -> Console:
    """Results: standard output."""
    return _Console(highlight=False, soft_wrap=False, emoji=False)


def error_console() -> Console:
    """Messages: standard error."""
    return _Console(stderr=True, highlight=False, emoji=False)


def say(message: str) -> None:
    """Print one line of a message as it is; evidence in it is no markup."""
    error_console().print(message, markup=False, highlight=False, soft_wrap=True)
