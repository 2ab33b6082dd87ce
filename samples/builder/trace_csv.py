"""The same traces as tracerpt's CSV: event ids and unlabelled fields, in the order of the provider's manifest.

Columns and fields: see the sources named in `forensics/trace/tracerpt.py`. Whether addresses are printed and states are
names is not known from a real file, so both writings are made.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from ipaddress import IPv4Address, ip_address

from builder.trace import Dialect, Program, TraceText

HEADER = (
    "Event Name, Type, Event ID, Version, Channel, Level, Opcode, Task, Keyword, PID, TID, Processor Number, "
    "Instance ID, Parent Instance ID, Activity ID, Related Activity ID, Clock-Time, Kernel(ms), User(ms), User Data"
)
_STATES = ("Closed", "Listen", "SynSent", "SynRcvd", "Established", "FinWait1", "FinWait2", "CloseWait", "Closing",
           "LastAck", "TimeWait")  # fmt: skip
_PAIR = r"\(local=(?P<local>\S+) remote=(?P<remote>\S+)\)"

# Event id, how its message reads, and its fields: "l" and "r" are the addresses with their lengths.
_EVENTS = [
    (1001, r"endpoint (?P<a>\S+) \(Family=\S+ , PID=(?P<pid>\d+)\) created with status = 0x0", "0 {a} 2 {pid}"),
    (1006, r"endpoint \(sockaddr=(?P<local>\S+)\) bind failed: port-acquisition status = (?P<st>\w+)", "l {st}"),
    (1008, r"endpoint \(sockaddr=(?P<local>\S+)\) bound", "l 0"),
    (1009, r"endpoint \(sockaddr=(?P<local>\S+)\) closed", "l 0"),
    (1195, r"Portpool assigned port number (?P<port>\d+)", "0x0 {port} 0 0x0"),
    (1191, r"endpoint/connection (?P<a>\S+) acquired port number (?P<port>\d+)", "{a} {port} 0 0x0"),
    (1193, r"endpoint/connection (?P<a>\S+) released port number (?P<port>\d+)\. .*= (?P<w>\w+)", "{a} {port} {w} 0x0"),
    (
        1192,
        r"connection (?P<a>\S+) attempted .* (?P<port>\d+) inherited from endpoint (?P<e>\S+)\. .*= (?P<w>\w+)",
        "{a} {port} {w} {e}",
    ),
    (1051, r"connection (?P<a>\S+) transition from (?P<old>\w+)State  to (?P<new>\w+)State ", "{old} {new} 2 {a}"),
    (1002, rf"Tcb (?P<a>\S+) {_PAIR} requested to connect", "{a} l r 2 0"),
    (1003, r"Inspect Connect has been completed on Tcb (?P<a>\S+) with", "{a} 0 2"),
    (1004, r"Tcb (?P<a>\S+) is going to output SYN", "{a} 7 8192 8"),
    (1031, rf"connection (?P<a>\S+) {_PAIR} connect proceeding", "l r 0 0 1 {a}"),
    (1033, rf"connection (?P<a>\S+) {_PAIR} connect completed\. PID = (?P<pid>\d+)", "l r 0 {pid} 1 {a}"),
    (1034, rf"connection (?P<a>\S+) {_PAIR} connect attempt failed with status = (?P<st>\w+)", "l r {st} 0 1 {a}"),
    (1045, rf"connection (?P<a>\S+) {_PAIR} connect failed: connect-request", "l r 0xC00000B5 0 1 {a}"),
    (1050, rf"connection (?P<a>\S+) {_PAIR} connect failed: port-acquisition status = (?P<st>\w+)", "l r {st} 0 1 {a}"),
    (1183, rf"connection (?P<a>\S+) {_PAIR} connect failed: received RST", "{a} l r 2 0"),
    (1184, rf"connection (?P<a>\S+) {_PAIR} connection terminated: received RST", "{a} l r 4 0"),
    (1186, rf"connection (?P<a>\S+) {_PAIR} retransmitting connect attempt, RexmitCount = (?P<n>\d+)", "{a} l r 2 {n}"),
    (1043, rf"connection (?P<a>\S+) {_PAIR} disconnect completed", "l r 0 0 1 {a}"),
    (1038, rf"connection (?P<a>\S+) {_PAIR} close issued", "l r 0 0 1 {a}"),
    (1044, rf"connection (?P<a>\S+) {_PAIR} shutdown initiated .* PID = (?P<pid>\d+)", "l r 0xC0000241 {pid} 1 {a}"),
]  # fmt: skip
_PATTERNS = [(number, re.compile(rf"TCP: {pattern}"), fields.split()) for number, pattern, fields in _EVENTS]


def filetime(at: datetime) -> int:
    """Units of 100 ns since 1601."""
    return (at - datetime(1601, 1, 1)) // timedelta(microseconds=1) * 10  # noqa: DTZ001 - as UTC


def sockaddr(text: str) -> str:
    """An address in the bytes of its structure: family, port, address; padding or scope."""
    address, _, port = text.rpartition(":")
    read = ip_address(address.strip("[]"))
    number = int(port).to_bytes(2)
    if isinstance(read, IPv4Address):
        return "0x" + (b"\2\0" + number + read.packed + bytes(8)).hex().upper()
    return "0x" + (b"\x17\0" + number + bytes(4) + read.packed + bytes(4)).hex().upper()


class TraceCsv(TraceText):
    """Makes the rows of one trace as tracerpt writes them. The first two are the header and the session's own event."""

    def __init__(
        self, programs: tuple[Program, ...], *, seconds: float, noise: float = 3.0, raw: bool, encoding: str = "utf-8"
    ) -> None:
        """With `raw`, addresses are bytes, states are numbers and statuses decimal."""
        super().__init__(Dialect("tracerpt", encoding, _no_prefix), programs, seconds=seconds, noise=noise)
        self._address: Callable[[str], str] = sockaddr if raw else str
        self._raw = raw

    def lines(self) -> Iterator[str]:
        """The rows with their line ends."""
        self.truth.lines += 2
        yield HEADER + "\r\n"
        session = '65536, 83951626, 7601, 8, 131901561229780000, 156250, 0, 0x1, 6, 1, 8, 0, 2394, "forensics", "x.etl"'
        yield self._row("EventTrace", 0, self._start, 0, session)
        yield from super().lines()

    def _row(self, name: str, event: int, at: datetime, chance: int, user_data: str) -> str:
        pid = (0, 4, 0x3ECC, 0x600)[chance & 3]
        return (
            f"{name}, {'Info ' if event else 'Header'}, {event:>12}, 0, 16, 4, 0, {event}, 0x8000000400000480, "
            f"0x{pid:08X}, 0x{chance >> 8 & 0x3FFC:08X}, {chance >> 2 & 7:>3}, , , "
            f"{{00000000-0000-0000-0000-000000000000}}, , {filetime(at)}, 0, 0, {user_data}\r\n"
        )

    def _line(self, at: int, provider: str, message: str) -> str:
        super()._line(at, provider, message)
        moment = self._start + timedelta(microseconds=at)
        event, fields = self._event(provider, message)
        return self._row(provider, event, moment, self._random.getrandbits(32), fields)

    def _event(self, provider: str, message: str) -> tuple[int, str]:
        if provider == "Microsoft-Windows-TCPIP":
            for number, pattern, fields in _PATTERNS:
                found = pattern.match(message)
                if found:
                    return number, ", ".join(self._fields(fields, found.groupdict()))
            return 1332, "0xFFFFFA80C3956B20, 14600, 197632, 1460, 77, 17631, 4947, 300, 65535"
        return 1003, f'3, 1001, "{message}", 0x600'

    def _fields(self, fields: list[str], values: dict[str, str]) -> Iterator[str]:
        for name in ("old", "new"):
            if name in values:
                values[name] = str(_STATES.index(values[name])) if self._raw else f"{values[name]}State "
        if "st" in values and self._raw:
            values["st"] = str(int(values["st"], 16))
        for field in fields:
            if field in {"l", "r"}:
                text = values["local" if field == "l" else "remote"]
                yield "28" if text.startswith("[") else "16"
                yield self._address(text)
            else:
                yield field.format(**values)


def _no_prefix(_frame: int, _cpu: int, _pid: int, _tid: int, _at: datetime) -> str:
    return ""
