"""Read a trace in this process."""

from collections.abc import Iterable

from forensics.trace.blocks import Blocks
from forensics.trace.facts import Trace
from forensics.trace.result import tell_trace
from forensics.trace.scan import Scan


def read_inline(chunks: Iterable[bytes]) -> Trace:
    """Read all chunks, one after the other."""
    blocks, scan = Blocks(chunks), Scan()
    for block, end in blocks:
        scan.block(block, end, block.count(b"\n", 0, end))
    return tell_trace(scan, blocks.facts())
