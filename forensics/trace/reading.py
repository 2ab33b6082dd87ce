"""Recognise and read a trace."""

import itertools
import re
import sys
from collections.abc import Iterable

from forensics.trace.apart import read_apart
from forensics.trace.blocks import utf_16
from forensics.trace.facts import Trace
from forensics.trace.inline import read_inline
from forensics.trace.lines import PREFIX

_HEAD = 1 << 16
_SMALL = 1 << 24
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

    What the iterator raises passes through; whatever the bytes are, nothing else is raised.
    """
    iterator = iter(chunks)
    head: list[bytes] = []
    size = 0
    for chunk in iterator:
        head.append(chunk)
        size += len(chunk)
        if size > _SMALL and sys.executable:
            return read_apart(itertools.chain(_drained(head), iterator))
    return read_inline(head)


def _drained(head: list[bytes]) -> Iterable[bytes]:
    """Hand over what was kept, and keep it no longer."""
    while head:
        yield head.pop(0)
