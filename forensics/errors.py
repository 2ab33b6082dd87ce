"""Errors that a user can do something about. Each is one clear line and an exit status of contracts.md."""


class BundleError(Exception):
    """The input cannot be read as a bundle (exit status 3)."""


class UsageError(Exception):
    """The command was given the wrong things (exit status 2)."""


class OutputError(Exception):
    """The verdict stands, but an output could not be made (exit status 4)."""
