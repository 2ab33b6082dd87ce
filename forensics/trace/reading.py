"""Recognise and read a trace."""

import itertools
import re
import sys
from collections.abc import Callable, Iterable

from forensics.trace.apart import read_apart
from forensics.trace.blocks import utf_16
from forensics.trace.facts import Trace
from forensics.trace.inline import read_inline
from forensics.trace.lines import PREFIX

_HEAD = 1 << 16
SMALL = 1 << 24
"""Bytes up to which a trace is read in this process: another takes as long to start as 30 MB to read."""

_LINE = re.compile(
    rb"(?:\A|[\r\n])" + PREFIX.pattern + rb"[^\r\n]{8,60}?\d\d:\d\d:\d\d[.,]\d{1,9}[ \t]+\[[^\]\r\n]{1,100}\]"
)


def recognise(head: bytes) -> bool:
    """Find a line with the prefix of a converted trace, in any encoding."""
    head = head[:_HEAD]
    codec = utf_16(head)
    if codec:
        head = head.decode(codec, "replace").removeprefix("\ufeff").encode("ascii", "replace")
    return _LINE.search(head.removeprefix(b"\xef\xbb\xbf")) is not None


def read_trace(chunks: Iterable[bytes]) -> Trace:
    """Read a trace of any size and encoding from its bytes, in order.

    What the iterator raises passes through; whatever the bytes are, only this is raised besides:

    Raises:
        LostError: of a large trace, where the process that reads it took too long or too much memory, or ended.
    """
    return read_sized(chunks, read_inline, read_apart)


def read_sized(
    chunks: Iterable[bytes], inline: Callable[[Iterable[bytes]], Trace], apart: Callable[[Iterable[bytes]], Trace]
) -> Trace:
    """Read a small trace in this process and a large one in another."""
    iterator = iter(chunks)
    head: list[bytes] = []
    size = 0
    for chunk in iterator:
        head.append(chunk)
        size += len(chunk)
        if size > SMALL and sys.executable:
            return apart(itertools.chain(_drained(head), iterator))
    return inline(head)


def _drained(head: list[bytes]) -> Iterable[bytes]:
    """Hand over what was kept, and keep it no longer."""
    while head:
        yield head.pop(0)
