"""Traces for tests: what programs of a machine of `tests.machines` do, and single lines that tell of a full range."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from builder.trace import WINDOWS_7, Dialect, Program, TraceText

from tests.machines import COLLECTED, MONITOR

AGENT = 1536
REMOTE = f"{MONITOR}:443"
NOON = COLLECTED.replace(tzinfo=None)  # the wall clock of a machine in UTC
AFTER = NOON + timedelta(seconds=310)  # as the collector records: after the last of three tables
PREFIX = "[3]0600.061C::{at:%Y-%m-%d %H:%M:%S}.{milli:03d} [Microsoft-Windows-TCPIP]"

BIND = "TCP: endpoint (sockaddr=0.0.0.0:0) bind failed: port-acquisition status = {status}."  # 1006
CONNECT = (  # 1050
    "TCP: connection 0xFFFFFA80C3956B20 (local=0.0.0.0:0 remote=203.0.113.40:443) connect failed: port-acquisition "
    "status = {status}."
)
WEAK = "TCP: Portpool assigned port number 50000 with weak references due to port exhaustion."  # 1195
UDP_BIND = (
    "UDP: endpoint 0xFFFFFA80C2F0A010 (sockaddr=0.0.0.0:0) bind failed: port-acquisition status = {status}."  # 1394
)
UNANSWERED = (  # 1045
    "TCP: connection 0xFFFFFA80C3956B20 (local=10.20.0.40:50001 remote=203.0.113.40:443) connect failed: "
    "connect-request timeout expired."
)
NO_MEMORY = (  # 1034
    "TCP: connection 0xFFFFFA80C3956B20 (local=10.20.0.40:50001 remote=203.0.113.40:443) connect attempt failed with "
    "status = 0xC000009A."
)
NO_PORT, TAKEN = "0xC0000209", "0xC000020A"


def made(
    rate: float = 2.0,
    seconds: float = 10,
    start: datetime = AFTER,
    dialect: Dialect = WINDOWS_7,
    pid: int = AGENT,
    remote: str = REMOTE,
) -> TraceText:
    """A process that opens so many connections a second, each of half a second; this machine closes first."""
    programs = (Program(pid, rate, (remote,), lasts=0.5, local="10.20.0.40"),)
    return TraceText(dialect, programs, seconds=seconds, noise=1, start=start)


def trace_of(
    rate: float = 2.0,
    seconds: float = 10,
    start: datetime = AFTER,
    dialect: Dialect = WINDOWS_7,
    pid: int = AGENT,
) -> bytes:
    """The text of it."""
    return b"".join(made(rate, seconds, start, dialect, pid).encoded())


def lines(*messages: str, start: datetime = AFTER, apart: float = 0.1) -> bytes:
    """So many messages, one after the other."""
    moments = [start + timedelta(seconds=apart * number) for number in range(len(messages))]
    text = [
        PREFIX.format(at=at, milli=at.microsecond // 1000) + message
        for at, message in zip(moments, messages, strict=True)
    ]
    return "".join(f"{line}\r\n" for line in text).encode()


def lifeless(seconds: float = 60, start: datetime = AFTER) -> bytes:
    """A trace in which nothing is opened."""
    return lines(*["IP: Neighbor reachable. Interface 11."] * 3, start=start, apart=seconds / 2)


def failures(template: str, statuses: Sequence[str] = (NO_PORT,), start: datetime = AFTER) -> bytes:
    """One line for each status."""
    return lines(*(template.format(status=status) for status in statuses), start=start)
