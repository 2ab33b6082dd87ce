r"""The text of an ETL network trace, of any size (read by `forensics.trace`).

The text of `netsh trace convert`; `pktmon etl2txt` writes nearly the same, `tracerpt -of CSV` the same fields as a table::

    [3]0600.061C::2018-12-24 20:15:22.978 [Microsoft-Windows-TCPIP]TCP: endpoint 0xFFFFFA80C2F0A010 (Family=IPV4 , PID=1536) created with status = 0x0.
    [3]0600.061C::2018-12-24 20:15:22.979 [Microsoft-Windows-TCPIP]TCP: Tcb 0xFFFFFA80C3956B20 (local=10.0.0.8:10010 remote=10.0.0.9:80) requested to connect.

>>> parsed = parse([__doc__.encode()])
>>> parsed.facts[0].connects, parsed.summary
(1, '1 socket, 1 connect in 0 s')
"""  # noqa: E501 - lines as they are

import itertools
from collections.abc import Iterable

import msgspec

from forensics.parsed import Parsed, Problem
from forensics.trace import LostError, Trace, read_trace, tracerpt
from forensics.trace import recognise as is_text

KIND = "trace"
READS = "stream"


def recognise(head: bytes) -> bool:
    """Find the prefix that every line of a converted trace has, or the columns of tracerpt's CSV."""
    return is_text(head) or tracerpt.recognise(head)


def parse(chunks: Iterable[bytes]) -> Parsed:
    """Read a trace as its bytes come. What the iterator raises passes through."""
    iterator = iter(chunks)
    head = next(iterator, b"")
    whole = itertools.chain((head,), iterator)
    try:
        if tracerpt.recognise(head):
            trace = msgspec.structs.replace(tracerpt.read(whole), utc=tracerpt.TIMES_ARE_UTC)
        else:
            trace = read_trace(whole)
    except LostError as error:
        return Parsed((), "", (Problem(None, f"not read: {error}"),))
    return Parsed((trace,), _summary(trace), trace.problems)


def _summary(trace: Trace) -> str:
    told = f"{_count(trace.sockets, 'socket')}, {_count(trace.connects, 'connect')}"
    if trace.started_local and trace.ended_local:
        told += f" in {(trace.ended_local - trace.started_local).total_seconds():,.0f} s"
    if trace.port_exhaustion_events:
        told += f", {_count(trace.port_exhaustion_events, 'event')} of port exhaustion"
    return told


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"
