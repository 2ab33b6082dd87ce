"""What goes wrong on a machine: programs that keep ports, peers that do not answer or finish, drivers, memory.

``builder.machine`` has what every machine does (``Traffic``, ``Held``, ``Accepted``); this is the rest, each a
field of ``Machine``.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from builder.trace import WINDOWS_7, Dialect

ClosingState = Literal["FIN_WAIT_1", "FIN_WAIT_2", "CLOSING", "LAST_ACK"]
CLOSING_STATES: tuple[ClosingState, ...] = ("FIN_WAIT_1", "FIN_WAIT_2", "CLOSING", "LAST_ACK")


@dataclass(frozen=True, slots=True)
class Leak:
    """Sockets that a process opens and never gives back.

    Attributes:
        pid: The owner. It need not be in the process list (vanished), and may be 0.
        remote: Address of the peer, the first of ``remotes``; nothing for BOUND and UDP, which have none.
        port: Port of the peer.
        state: ESTABLISHED, CLOSE_WAIT, FIN_WAIT_1, FIN_WAIT_2, CLOSING, LAST_ACK or BOUND; nothing for UDP.
        per_second: How fast they grow from the first snapshot on.
        already: How many there are at the first snapshot.
        protocol: TCP or UDP.
        family: 4 or 6.
        remotes: Over how many addresses, counted up from ``remote``, they are spread.
        own_ports: The first port, where the program chooses its ports by itself and takes none of the range.
    """

    pid: int
    remote: str = ""
    port: int = 0
    state: str = ""
    per_second: float = 0.0
    already: int = 0
    protocol: Literal["TCP", "UDP"] = "TCP"
    family: Literal[4, 6] = 4
    remotes: int = 1
    own_ports: int | None = None


@dataclass(frozen=True, slots=True)
class UdpHeld:
    """UDP sockets that a process keeps, and opens more of."""

    pid: int
    count: int
    per_second: float = 0.0

    @property
    def leak(self) -> Leak:
        """The same as a ``Leak``."""
        return Leak(self.pid, per_second=self.per_second, already=self.count, protocol="UDP")


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Connects that nobody answers: ``lasts`` seconds in SYN_SENT, then they fail and the port is free again.

    21 s are the defaults of Windows: 3 + 6 + 12 s for three SYNs (domain.md, C16).
    """

    pid: int
    remote: str
    port: int
    per_second: float
    lasts: float = 21.0
    remotes: int = 1
    family: Literal[4, 6] = 4
    state: Literal["SYN_SENT"] = "SYN_SENT"


@dataclass(frozen=True, slots=True)
class Closing:
    """Connections that this machine closes and the peer does not: ``lasts`` seconds in ``state``, then gone.

    The owner is 0 where the program has closed its socket and left the rest to the system.
    """

    pid: int
    remote: str
    port: int
    state: ClosingState
    per_second: float
    lasts: float
    remotes: int = 1
    family: Literal[4, 6] = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The counters of system/memory.csv, in bytes (handles: a number)."""

    pool_nonpaged: int
    pool_paged: int
    available: int
    committed: int
    commit_limit: int
    handles: int


@dataclass(frozen=True, slots=True)
class DriverInstall:
    """A driver or service that was installed: event 7045, and a row of driverquery where it is a driver."""

    at: datetime
    name: str
    image: str
    driver: bool = True


@dataclass(frozen=True, slots=True)
class LayeredProvider:
    """A layered service provider in the Winsock catalogue, between programs and TCP."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Recording:
    """A network trace of so many seconds, as ``-TraceSeconds`` asks for it.

    Attributes:
        seconds: How long it lasts, from ten seconds after the last snapshot on.
        dialect: Who converts it, on which system.
        noise: Lines a second that tell of no connection.
    """

    seconds: int
    dialect: Dialect = WINDOWS_7
    noise: float = 10


@dataclass(frozen=True, slots=True)
class ApplicationLog:
    """The log of a process that connects, as ``-AppLog`` asks for it: a line for each of its connections.

    Attributes:
        pid: The process. Its lines count the milliseconds since it started.
        path: Where the log stands on the machine.
        hours: How far back it reaches.
    """

    pid: int
    path: str
    hours: float


@dataclass(frozen=True, slots=True)
class InstalledProgram:
    """An entry of the list of installed programs."""

    name: str
    version: str
    publisher: str
