"""`--max-size` and `--timeout`: what reading one bundle may cost."""

import re

from forensics.bundle.content import Limits
from forensics.errors import UsageError

_SIZE = re.compile(r"(?P<number>\d{1,15})\s*(?P<unit>[KMGT]?)(?:i?B)?", re.IGNORECASE | re.ASCII)
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def limits(size: str | None, seconds: float | None) -> Limits:
    """The limits as they were given.

    >>> limits("4G", 60)
    Limits(size=4294967296, seconds=60)

    Raises:
        UsageError: where one cannot be meant.
    """
    if seconds is not None and not seconds > 0:
        raise UsageError("--timeout: give a number of seconds above 0")
    return Limits(None if size is None else _bytes(size), seconds)


def _bytes(text: str) -> int:
    match = _SIZE.fullmatch(text.strip())
    size = int(match["number"]) * _UNITS[match["unit"].upper()] if match else 0
    if not size:
        raise UsageError(f"--max-size {text[:40]}: give a number of bytes above 0, such as 500M or 4G")
    return size
