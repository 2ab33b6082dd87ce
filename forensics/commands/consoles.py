"""Where results and messages are printed."""

from rich.console import Console


def console() -> Console:
    """Results: standard output."""
    return Console(highlight=False, soft_wrap=False)


def error_console() -> Console:
    """Messages: standard error."""
    return Console(stderr=True, highlight=False)


def say(message: str) -> None:
    """Print one line of a message as it is; evidence in it is no markup."""
    error_console().print(message, markup=False, highlight=False, soft_wrap=True)
