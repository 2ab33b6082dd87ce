"""What a machine's trace and its application's log hold: the connections of the same simulation as its snapshots."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from builder.application_log import Written, log_of
from builder.machine import Machine
from builder.ports import Connection, connections
from builder.trace import Socket, TraceText

_HANDSHAKE = 0.028
"""Seconds from a connect to its answer, and as many from the first FIN to the last: as in the founding article."""
_STEPS = 0.0011
"""Seconds that all other steps of a life take together."""


class MachineTrace(TraceText):
    """The trace of a machine, from a moment on: its processes, remotes and ports, by its wall clock."""

    def __init__(self, machine: Machine, begin: datetime) -> None:
        recording = machine.recording
        if recording is None:
            raise ValueError("no trace was asked for")
        self._machine = machine
        self._agent = max(process.pid for process in machine.processes)
        super().__init__(
            recording.dialect, (), seconds=recording.seconds, start=machine.zone.local(begin), seed=machine.seed
        )
        self._gap = round(1_000_000 / recording.noise)
        self._begins = machine.uptime(begin)
        self._running = (0, 4, 1012, self._agent)
        self._connections = connections(machine, begin, begin + timedelta(seconds=recording.seconds))

    def lines(self) -> Iterator[str]:
        """The lines with their ends; other things happen all the time, and it ends when it is stopped."""
        due = 0
        for at, message in self._events():
            if at > self._microseconds:
                break
            yield from self._others(range(due, at, self._gap))
            due += len(range(due, at, self._gap)) * self._gap
            yield self._line(at, "Microsoft-Windows-TCPIP", message)
        yield from self._others(range(due, self._microseconds + 1, self._gap))

    def _others(self, times: range) -> Iterator[str]:
        for at in times:
            yield self._line(at, *self._random.choice(self._bodies))

    def _noise_body(self) -> tuple[str, str]:
        """Of this machine's own addresses and processes; packets are not captured unless asked for (capture=no)."""
        provider, body = super()._noise_body()
        while provider == "Microsoft-Windows-NDIS-PacketCapture":
            provider, body = super()._noise_body()
        own = {"10.0.0.8": self._machine.address, "10.0.0.": "10.20.0.", "= 980.": "= 1012.",
               "(0x600)": f"(0x{self._agent:x})"}  # fmt: skip
        for theirs, ours in own.items():
            body = body.replace(theirs, ours)
        return provider, body

    def _opens(self) -> list[Iterator[tuple[int, Socket]]]:
        return [self._connections_open()]

    def _connections_open(self) -> Iterator[tuple[int, Socket]]:
        before = 0
        for one in self._connections:
            if one.opened < self._begins and one.end not in ("local", "remote"):
                continue  # only closings are told of what stands already
            at = max(0, round((one.opened - self._begins) * 1_000_000))
            yield at - before, self._socket(one)
            before = at

    def _socket(self, one: Connection) -> Socket:
        stands = one.opened < self._begins
        lifetime = (one.closed or one.opened) - max(one.opened, self._begins)
        trip = min(_HANDSHAKE, lifetime / 4)
        lasts = max(0.0, lifetime - trip * (1 if stands else 2) - _STEPS)
        remote = f"{one.remote[0]}:{one.remote[1]}" if "." in one.remote[0] else f"[{one.remote[0]}]:{one.remote[1]}"
        local = one.local if "." in one.local else f"[{one.local}]"
        return Socket(one.pid, local, remote, one.end, lasts, one.local_port, round(trip * 1_000_000), stands=stands)


def application_log(machine: Machine, copied_at: datetime) -> Written:
    """The log of a machine's application at the moment when it is copied."""
    log = machine.application_log
    if log is None:
        raise ValueError("no log was asked for")
    process = next(one for one in machine.processes if one.pid == log.pid)
    kind = next((one for one in machine.traffic if one.pid == log.pid), None)
    if kind is None or not machine.snapshots:
        return Written((), (), (), ())
    begin = copied_at - timedelta(hours=log.hours)
    moments = [
        machine.boot + timedelta(milliseconds=round(1000 * one.opened))
        for one in connections(machine, begin, copied_at)
        if one.pid == log.pid and one.remote == (kind.remote, kind.port)
    ]
    times = [machine.zone.local(at) for at in moments if begin <= at <= copied_at]
    started = machine.zone.local(machine.boot + timedelta(seconds=process.started))
    return log_of(times, started, f"https://{kind.remote}:{kind.port}/v1/metrics", machine.seed)
