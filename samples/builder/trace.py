"""Text of a network trace with its truth: what programs do to their sockets, as three converters print it.

The messages are tcpip.sys's own (libyal/winevt-kb, MessageFile-tcpip.sys.md), their order that of the founding
article's life (domain.md §6.5); the prefixes are those of real files (traps.md, "ETL text"). Kernel addresses and ports
are used again as soon as they are free, lives are interleaved, and the thread in a prefix is whichever happened to run.
"""

import heapq
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

End = Literal["local", "remote", "reset", "timeout", "refused", "no-port", "weak-port", "no-bind", "kept"]
Event = tuple[int, str]
"""Microseconds to wait, and the message."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """A converter on a system.

    Attributes:
        encoding: Of the file.
        prefix: Frame number, CPU, PID, TID and time to all that stands before the provider.
        after_provider: What stands between the provider and the message.
        numbered: Whether an enumeration prints as ``4(EstablishedState)``, not as ``EstablishedState`` and a blank.
        names_process: Whether the request to connect names its process.
        line_end: Of each line.
    """

    name: str
    encoding: str
    prefix: Callable[[int, int, int, int, datetime], str]
    after_provider: str = ""
    numbered: bool = False
    names_process: bool = False
    line_end: str = "\r\n"


def _windows_7(frame: int, cpu: int, pid: int, tid: int, at: datetime) -> str:
    return f" {frame} [{cpu}]{pid:04X}. {tid:04X}::? {at:%Y? -? %m? -? %d %H:%M:%S}.{at.microsecond // 1000:03d} "


def _american(_frame: int, cpu: int, pid: int, tid: int, at: datetime) -> str:
    return f"[{cpu}] {pid:04X}.{tid:04X}:: {at:%m/%d/%y-%H:%M:%S}.{at.microsecond // 1000:03d} "


def _recent(_frame: int, cpu: int, pid: int, tid: int, at: datetime) -> str:
    return f"[{cpu}]{pid:04X}.{tid:04X}::{at:%Y/%m/%d-%H:%M:%S}.{at.microsecond:06d}000 "


def _pktmon(_frame: int, cpu: int, pid: int, tid: int, at: datetime) -> str:
    return f"[{cpu:02d}]{pid:04X}.{tid:04X}::{at:%Y-%m-%d %H:%M:%S}.{at.microsecond:06d}000 "


WINDOWS_7 = Dialect("netsh, Windows 7, marks lost", "ascii", _windows_7)
WINDOWS_7_AMERICAN = Dialect("netsh, Windows 7, month first", "ascii", _american)
RECENT = Dialect("netsh, recent", "utf-8", _recent, numbered=True, names_process=True)
PKTMON = Dialect("pktmon", "utf-16", _pktmon, after_provider=" ", names_process=True)
DIALECTS = (WINDOWS_7, RECENT, PKTMON)

_STATES = (
    "Closed", "Listen", "SynSent", "SynRcvd", "Established", "FinWait1", "FinWait2", "CloseWait", "Closing", "LastAck",
    "TimeWait",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Program:
    """A process that opens connections.

    Attributes:
        ends: How its connections end, in turn.
        lasts: Seconds from the handshake to the end.
    """

    pid: int
    rate: float
    remotes: tuple[str, ...]
    ends: tuple[End, ...] = ("local",)
    lasts: float = 5.5
    local: str = "10.0.0.8"


@dataclass(frozen=True, slots=True)
class Socket:
    """One connection of a process.

    Attributes:
        end: How it ends.
        lasts: Seconds from the handshake to the end; of one that stands, from the beginning of the trace.
        port: Its own, where it has one; else the trace gives it one.
        round_trip: Microseconds to the remote and back.
        stands: Whether it was established before the trace began.
    """

    pid: int
    local: str
    remote: str
    end: End
    lasts: float
    port: int | None = None
    round_trip: int = 28_000
    stands: bool = False


@dataclass(slots=True)
class Truth:
    """What is in the trace, counted while it was made."""

    lines: int = 0
    sockets: Counter[int] = field(default_factory=Counter)
    connects: Counter[int] = field(default_factory=Counter)
    failed: Counter[int] = field(default_factory=Counter)
    births: Counter[int] = field(default_factory=Counter)
    closes: Counter[int] = field(default_factory=Counter)
    remotes: Counter[tuple[int, str]] = field(default_factory=Counter)
    exhaustion: Counter[int] = field(default_factory=Counter)
    per_second: Counter[datetime] = field(default_factory=Counter)
    started: datetime | None = None
    ended: datetime | None = None


NOISE = (
    "TCP: connection {a}: Received data with number of bytes = 1460. ThSeq = {n}.",
    "TCP: connection {a}: Cumulative ACK updated cwnd = 14600.",
    "TCP: Connection {a} {t}timer started. Scheduled to expire in 300 ms.",
    "TCP: connection {a} delivery {b} satisfied 0x00000000000005B4 bytes 1460 requested. IsFullySatisfied = TRUE . RcvNxt = {n}.",  # noqa: E501
    "TCP: connection {a} (local=10.0.0.8:55330 remote=203.0.113.27:443): TCP send event, SeqNo = {n}, BytesSent = 1460, CWnd = 18538, SndWnd = 197632, SRtt = 17631, RttVar = 4947, RTO = 300, RcvWnd = 65535",  # noqa: E501
    "IP: Neighbor reachable. Interface 11, IP address = 10.0.0.1, DlAddress = 0x00155D010203.",
    "UDP: endpoint {a} (LocalAddress = 10.0.0.8:53011, RemoteAddress = 10.0.0.2:53) sending 1 messages and a total of 44 bytes. PID = 980.",  # noqa: E501
)
_AFD_NOISE = "recv: 0: Process {a} (0x600), Endpoint {b}, Buffer Count 1, Buffer {a}, Length 4096, Seq 4013, Status 0x0"
_PACKET = "Packet Fragment ({n} bytes)"


class _Addresses:
    """Kernel addresses and ports: the one given back last is used first."""

    def __init__(self) -> None:
        self._free: dict[str, list[int]] = {"endpoint": [], "tcb": [], "port": []}
        self._next = {"endpoint": 0xFFFFFA80C2F0A010, "tcb": 0xFFFFFA80C3956B20, "port": 10010}

    def take(self, kind: str) -> int:
        if self._free[kind]:
            return self._free[kind].pop()
        self._next[kind] += 1 if kind == "port" else 0x1A0
        return self._next[kind]

    def give_back(self, kind: str, what: int) -> None:
        self._free[kind].append(what)


class TraceText:
    """Makes the lines of one trace; ``truth`` is complete when all are made."""

    def __init__(
        self,
        dialect: Dialect,
        programs: tuple[Program, ...],
        *,
        seconds: float,
        noise: float = 3.0,
        start: datetime = datetime(2018, 12, 24, 20, 15, 22, 978000),  # noqa: DTZ001 - the machine's wall clock
        seed: int = 497,
    ) -> None:
        """Noise is the number of other lines for each line of a life."""
        self.truth = Truth()
        self.dialect = dialect
        self._programs = programs
        self._microseconds = int(seconds * 1_000_000)
        self._noise = noise
        self._start = start
        self._random = random.Random(seed)
        self._addresses = _Addresses()
        self._frame = 16766
        self._running = (0, 4, 0x3ECC, 0x600)  # processes whose thread a prefix may name
        self._bodies = [self._noise_body() for _ in range(2048)]

    def encoded(self) -> Iterator[bytes]:
        """The file, in pieces."""
        encoding = self.dialect.encoding
        if encoding == "utf-16":
            yield b"\xff\xfe"
            encoding = "utf-16-le"
        piece: list[str] = []
        for line in self.lines():
            piece.append(line)
            if len(piece) == 4096:
                yield "".join(piece).encode(encoding)
                piece.clear()
        yield "".join(piece).encode(encoding)

    def lines(self) -> Iterator[str]:
        """The lines with their ends, in the order of time."""
        owed = 0.0
        for at, message in self._events():
            yield self._line(at, "Microsoft-Windows-TCPIP", message)
            owed += self._noise
            while owed >= 1:
                owed -= 1
                provider, body = self._random.choice(self._bodies)
                yield self._line(at, provider, body)

    def _line(self, at: int, provider: str, message: str) -> str:
        moment = self._start + timedelta(microseconds=at)
        dialect, chance = self.dialect, self._random.getrandbits(32)
        self._frame += 1
        truth = self.truth
        truth.lines += 1
        truth.ended = moment
        if truth.started is None:
            truth.started = moment
        # The thread that happens to run: idle, System, or anything else.
        pid = self._running[chance & 3]
        prefix = dialect.prefix(self._frame, chance >> 2 & 7, pid, chance >> 8 & 0x3FFC, moment)
        return f"{prefix}[{provider}]{dialect.after_provider}{message}{dialect.line_end}"

    def _noise_body(self) -> tuple[str, str]:
        chance = self._random.random()
        values = {
            "a": f"0x{0xFFFFFA8000000000 + self._random.getrandbits(32) * 16:016X}",
            "b": f"0x{0xFFFFFA8000000000 + self._random.getrandbits(32) * 16:016X}",
            "n": str(self._random.getrandbits(31)),
            "t": "0(RetransmitTimer) " if self.dialect.numbered else "RetransmitTimer  ",
        }
        if chance < 0.15:
            return "Microsoft-Windows-NDIS-PacketCapture", _PACKET.format(**values)
        if chance < 0.4:
            return "Microsoft-Windows-Winsock-AFD", _AFD_NOISE.format(**values)
        return "Microsoft-Windows-TCPIP", self._random.choice(NOISE).format(**values)

    def _events(self) -> Iterator[tuple[int, str]]:
        """Let all programs run, and print what happens in the order of time."""
        queue: list[tuple[int, int, Iterator[tuple[int, str | Socket]], str | Socket]] = []
        number = 0
        for opens in self._opens():
            heapq.heappush(queue, (0, number, opens, ""))
            number += 1
        while queue:
            at, order, events, happens = heapq.heappop(queue)
            if isinstance(happens, Socket):
                number += 1
                heapq.heappush(queue, (at, number, self._life(happens, at), ""))
            elif happens:
                yield at, happens
            following = next(events, None)
            if following is not None:
                heapq.heappush(queue, (at + following[0], order, events, following[1]))

    def _opens(self) -> list[Iterator[tuple[int, Socket]]]:
        """What the programs open: microseconds after the one before, and the socket."""
        return [self._program_opens(program) for program in self._programs]

    def _program_opens(self, program: Program) -> Iterator[tuple[int, Socket]]:
        gap = int(1_000_000 / program.rate)
        for number in range(-(-self._microseconds // gap)):
            remote = program.remotes[number % len(program.remotes)]
            end = program.ends[number % len(program.ends)]
            yield (gap if number else 0), Socket(program.pid, program.local, remote, end, program.lasts)

    def _state(self, name: str) -> str:
        return f"{_STATES.index(name)}({name}State)" if self.dialect.numbered else f"{name}State "

    def _transition(self, tcb: str, before: str, after: str) -> str:
        return f"TCP: connection {tcb} transition from {self._state(before)} to {self._state(after)}, SndNxt = 0."

    def _flag(self, value: bool) -> str:
        return f"{value:d}({str(value).upper()})" if self.dialect.numbered else f"{str(value).upper()} "

    def _life(self, socket: Socket, at: int) -> Iterator[Event]:
        """One socket, from its creation on, or from where it stands when the trace begins."""
        truth, pid, addresses = self.truth, socket.pid, self._addresses
        endpoint_number, tcb_number = addresses.take("endpoint"), addresses.take("tcb")
        endpoint, tcb = f"0x{endpoint_number:016X}", f"0x{tcb_number:016X}"
        port = 0
        if socket.stands:
            port = socket.port or addresses.take("port")
            yield from self._close(socket, tcb, endpoint, port)
        else:
            truth.sockets[pid] += 1
            family = "2(IPV4)" if self.dialect.numbered else "IPV4 "
            yield 0, f"TCP: endpoint {endpoint} (Family={family}, PID={pid}) created with status = 0x0."
            if socket.end == "no-bind":
                truth.exhaustion[1006] += 1
                yield 20, "TCP: endpoint (sockaddr=0.0.0.0:0) bind failed: port-acquisition status = 0xC0000209."
                yield 20, "TCP: endpoint (sockaddr=0.0.0.0:0) closed."
            else:
                port = socket.port or addresses.take("port")
                yield from self._bind(socket, endpoint, port)
                yield from self._connect(socket, at, tcb, endpoint, port)
                if socket.end == "kept":
                    return
        addresses.give_back("tcb", tcb_number)
        addresses.give_back("endpoint", endpoint_number)
        if port and port != socket.port:
            addresses.give_back("port", port)

    def _bind(self, socket: Socket, endpoint: str, port: int) -> Iterator[Event]:
        if socket.end == "weak-port":
            self.truth.exhaustion[1195] += 1
            yield 5, f"TCP: Portpool assigned port number {port} with weak references due to port exhaustion."
        yield 10, f"TCP: endpoint/connection {endpoint} acquired port number {port}."
        yield 10, f"TCP: endpoint (sockaddr=0.0.0.0:{port}) bound."

    def _connect(self, socket: Socket, at: int, tcb: str, endpoint: str, port: int) -> Iterator[Event]:
        truth, pid, end, flag = self.truth, socket.pid, socket.end, self._flag
        pair = f"(local={socket.local}:{port} remote={socket.remote})"
        truth.connects[pid] += 1
        truth.remotes[pid, socket.remote] += 1
        truth.per_second[(self._start + timedelta(microseconds=at + 40)).replace(microsecond=0)] += 1
        yield 20, self._transition(tcb, "Closed", "SynSent")
        weak = f"port number {port} inherited from endpoint {endpoint}. Successful = {flag(True)}."  # noqa: FBT003
        yield 5, f"TCP: connection {tcb} attempted to acquire weak reference on {weak}"
        named = f" PID = {pid}." if self.dialect.names_process else ""
        yield 5, f"TCP: Tcb {tcb} {pair} requested to connect.{named}"
        if end == "no-port":
            truth.exhaustion[1050] += 1
            truth.failed[pid] += 1
            yield 5, f"TCP: connection {tcb} {pair} connect failed: port-acquisition status = 0xC0000209."
            yield from self._fail(tcb, endpoint, port)
            return
        yield 10, f"TCP: connection {tcb} {pair} connect proceeding."
        yield 10, f"TCP: Inspect Connect has been completed on Tcb {tcb} with status = 0x0."
        yield 10, f"TCP: Tcb {tcb} is going to output SYN with ISN = 7, RcvWnd = 8192, RcvWndScale = 8."
        if end == "timeout":
            truth.failed[pid] += 1
            for attempt, wait in enumerate((3_000_000, 6_000_000), 1):
                yield wait, f"TCP: connection {tcb} {pair} retransmitting connect attempt, RexmitCount = {attempt}."
            yield 12_000_000, f"TCP: connection {tcb} {pair} connect failed: connect-request timeout expired."
            yield 5, f"TCP: connection {tcb} {pair} connect attempt failed with status = 0xC00000B5."
            yield from self._fail(tcb, endpoint, port)
        elif end == "refused":
            truth.failed[pid] += 1
            yield 900, f"TCP: connection {tcb} {pair} connect failed: received RST."
            yield 5, f"TCP: connection {tcb} {pair} connect attempt failed with status = 0xC0000236."
            yield from self._fail(tcb, endpoint, port)
        else:
            yield socket.round_trip, self._transition(tcb, "SynSent", "Established")
            yield 20, f"TCP: connection {tcb} {pair} connect completed. PID = {pid}."
            if end != "kept":
                yield from self._close(socket, tcb, endpoint, port)

    def _fail(self, tcb: str, endpoint: str, port: int) -> Iterator[Event]:
        yield 5, self._transition(tcb, "SynSent", "Closed")
        yield 5, f"TCP: endpoint (sockaddr=0.0.0.0:{port}) closed."
        yield 5, self._release(endpoint, port, weak=False)

    def _release(self, address: str, port: int, *, weak: bool) -> str:
        return f"TCP: endpoint/connection {address} released port number {port}. WeakReference = {self._flag(weak)}."

    def _close(self, socket: Socket, tcb: str, endpoint: str, port: int) -> Iterator[Event]:
        pair = f"(local={socket.local}:{port} remote={socket.remote})"
        lasts = int(socket.lasts * 1_000_000)
        born = False
        if socket.end == "remote":
            yield lasts, self._transition(tcb, "Established", "CloseWait")
            yield 200, f"TCP: endpoint (sockaddr=0.0.0.0:{port}) closed."
            yield 10, self._release(endpoint, port, weak=False)
            yield 10, self._transition(tcb, "CloseWait", "LastAck")
            yield socket.round_trip, self._transition(tcb, "LastAck", "Closed")
        elif socket.end == "reset":
            yield lasts, f"TCP: connection {tcb} {pair} connection terminated: received RST."
            yield 5, self._transition(tcb, "Established", "Closed")
            yield 10, f"TCP: endpoint (sockaddr=0.0.0.0:{port}) closed."
            yield 10, self._release(endpoint, port, weak=False)
        else:
            yield lasts, self._transition(tcb, "Established", "FinWait1")
            yield 40, f"TCP: endpoint (sockaddr=0.0.0.0:{port}) closed."
            yield 10, self._release(endpoint, port, weak=False)
            yield socket.round_trip + 900, self._transition(tcb, "FinWait1", "Closing")
            yield 40, self._transition(tcb, "Closing", "TimeWait")
            born = True
        self.truth.births[socket.pid] += born
        self.truth.closes[socket.pid] += 1
        yield 10, f"TCP: connection {tcb} {pair} disconnect completed."
        yield 10, f"TCP: connection {tcb} {pair} close issued."
        reason = "The transport connection was aborted by the local system. "
        yield 10, f"TCP: connection {tcb} {pair} shutdown initiated ({reason}). PID = {socket.pid}."
        if born:
            yield 600, self._transition(tcb, "TimeWait", "Closed")
        yield 10, self._release(tcb, port, weak=True)
