"""A simulated Windows machine: what it is, what runs on it, and what its applications do to its ports.

Everything that a bundle shows follows from one ``Machine``. It is plain data: change one field with
``dataclasses.replace`` and build again. ``clock_wraps`` is the ground truth of the 497-day defect; it is
stated, not derived from ``tcpip_files``, so that a bundle may show any file version beside any behaviour.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

from builder.behaviour import (
    ApplicationLog,
    Closing,
    DriverInstall,
    InstalledProgram,
    LayeredProvider,
    Leak,
    Memory,
    Recording,
    UdpHeld,
    Unanswered,
)
from builder.languages import ENGLISH, Language
from builder.zones import EASTERN, Zone

TICKS_PER_SECOND = 100
CLOCK_WRAP_SECONDS = 2**32 / TICKS_PER_SECOND
"""Uptime at which a 32-bit count of 10 ms ticks starts again at 0: 42,949,672.96 s, 497 days 2 h 27 min 53
s."""


@dataclass(frozen=True, slots=True)
class System:
    """A release of Windows with its service pack, as its own tools name it."""

    product: str
    edition: str
    major: int
    minor: int
    build: int
    revision: int
    service_pack: int
    build_lab: str

    @property
    def csd_version(self) -> str:
        """``Service Pack 1``, or nothing."""
        return f"Service Pack {self.service_pack}" if self.service_pack else ""


SERVER_2008 = System(
    "Windows Server (R) 2008 Standard", "ServerStandard", 6, 0, 6002, 18005, 2, "6002.lh_sp2rtm.090410-1830"
)
SERVER_2008_R2 = System(
    "Windows Server 2008 R2 Standard", "ServerStandard", 6, 1, 7601, 17514, 1, "7601.win7sp1_rtm.101119-1850"
)
SERVER_2008_R2_ROLLUP = replace(SERVER_2008_R2, build_lab="7601.win7sp1_ldr_escrow.180826-0600")
SERVER_2008_R2_RTM = System(
    "Windows Server 2008 R2 Standard", "ServerStandard", 6, 1, 7600, 16385, 0, "7600.win7_rtm.090713-1255"
)
WINDOWS_7 = System("Windows 7 Professional", "Professional", 6, 1, 7601, 17514, 1, "7601.win7sp1_rtm.101119-1850")
SERVER_2012 = System(
    "Windows Server 2012 Standard", "ServerStandard", 6, 2, 9200, 16384, 0, "9200.win8_rtm.120725-1247"
)
SERVER_2012_R2 = System(
    "Windows Server 2012 R2 Standard", "ServerStandard", 6, 3, 9600, 16384, 0, "9600.winblue_rtm.130821-1623"
)
SERVER_2016 = System(
    "Windows Server 2016 Standard", "ServerStandard", 10, 0, 14393, 1794, 0, "14393.rs1_release.161220-1747"
)
SERVER_2019 = System(
    "Windows Server 2019 Standard", "ServerStandard", 10, 0, 17763, 1339, 0, "17763.rs5_release.180914-1434"
)
WINDOWS_10 = System("Windows 10 Pro", "Professional", 10, 0, 19041, 1052, 0, "19041.vb_release.191206-1406")
SERVER_2022 = System(
    "Windows Server 2022 Standard", "ServerStandard", 10, 0, 20348, 1129, 0, "20348.fe_release.210507-1500"
)


@dataclass(frozen=True, slots=True)
class Process:
    """A running program. ``started`` is in seconds after the boot."""

    pid: int
    name: str
    path: str = ""
    command_line: str = ""
    services: tuple[str, ...] = ()
    handles: int = 150
    started: float = 30


@dataclass(frozen=True, slots=True)
class Listener:
    """A port that waits for others. ``protocol`` is TCP or UDP; on IPv4 and IPv6 unless ``ipv4_only``."""

    protocol: Literal["TCP", "UDP"]
    port: int
    pid: int
    ipv4_only: bool = False


@dataclass(frozen=True, slots=True)
class Traffic:
    """Connections that a process opens to one remote, one after the other, and closes soon after.

    Attributes:
        pid: The process.
        remote: Address of the peer.
        port: Port of the peer.
        per_second: Connections opened per second.
        lifetime: Seconds from opening to closing.
        closes_first: The share of connections that this machine is first to close; only these end in
            TIME_WAIT here.
        remotes: Over how many addresses, counted up from ``remote``, they go in turn.
        family: 4, or 6 where ``remote`` is an address of IPv6.
    """

    pid: int
    remote: str
    port: int
    per_second: float
    lifetime: float = 0.8
    closes_first: float = 1.0
    remotes: int = 1
    family: Literal[4, 6] = 4


@dataclass(frozen=True, slots=True)
class Held:
    """Connections that stay as they are in all snapshots: a pool, a leak, peers that do not answer.

    Those in state BOUND have no peer, and only ``netstat -q`` (Windows 10, Server 2016, newer) shows them.
    """

    pid: int
    remote: str
    port: int
    state: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Accepted:
    """Connections from outside to a listener: they use its port and none of the range."""

    pid: int
    local_port: int
    remote: str
    state: str = "ESTABLISHED"
    count: int = 1


@dataclass(frozen=True, slots=True)
class Pile:
    """TIME_WAIT rows that never expire, whatever the uptime: for tests that need an exact number."""

    remote: str
    port: int
    count: int


@dataclass(frozen=True, slots=True)
class PortRange:
    """A dynamic port range as netsh shows it."""

    start: int = 49152
    count: int = 16384


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Ports that netsh excludes, both ends included."""

    first: int
    last: int
    administered: bool = False


@dataclass(frozen=True, slots=True)
class DriverFile:
    """A driver of the network stack on disk: its name, numeric version, and when it was created and built."""

    name: str
    version: str
    created: datetime
    modified: datetime
    size: int


@dataclass(frozen=True, slots=True)
class Hotfix:
    """An entry of the list of installed updates. ``installed`` is the local date."""

    kb: str
    installed: date
    description: str = "Security Update"


@dataclass(frozen=True, slots=True)
class Servicing:
    """An update as the Setup log tells it: staged, then installed, or waiting for the restart."""

    kb: str
    at: datetime
    waits_for_restart: bool = False
    title: str = ""


@dataclass(frozen=True, slots=True)
class Boot:
    """An earlier session. ``clean`` ones end in 1074, 6006, 13; of others the next boot tells (6008, 41)."""

    start: datetime
    end: datetime
    clean: bool = True


@dataclass(frozen=True, slots=True)
class Incident:
    """An event that comes again and again: ``4227`` of ``Tcpip``, say, every ``seconds`` on average.

    ``detail`` is what AFD names: the driver (16001), or the local port and the process (16002).
    """

    provider: Literal["Tcpip", "NETLOGON", "Microsoft-Windows-GroupPolicy", "AFD"]
    event_id: int
    begin: datetime
    end: datetime
    seconds: float
    detail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The machine at the moment of collection.

    Attributes:
        collected_at: When the first netstat snapshot is taken (UTC); the others follow ``snapshot_gap``
            seconds apart.
        boot: When the session began that is still running (UTC, a whole second).
        clock_wraps: True where TIME_WAIT never ends once the uptime has passed ``CLOCK_WRAP_SECONDS``.
        offloaded: How many established connections TCP Chimney has handed to the network adapter.
        time_wait_delay: Seconds in TIME_WAIT, in force.
        registry_time_wait_delay: What the registry says, if it says something.
        shared_ports: Whether a port may serve several remotes at once, as from Windows 10 and Server 2016 on.
        udp_ports: The dynamic range of UDP, where it differs from ``dynamic_ports``.
        auto_reuse: A range apart for outgoing connections, whose ports are shared (Set-NetTCPSetting); system/
            nettcpsetting.csv shows it.
        chimney: What ``netsh int tcp show global`` says of TCP Chimney.
        memory: What system/memory.csv says; without it, that there is enough.
        winsock_catalog: Whether netsh/winsock-catalog.txt could be had.
        recording: The network trace, if one was asked for.
        application_log: The log of one of its processes, if one was asked for.
        log_begins: Nothing older is in the System log, because it has overwritten its oldest records.
        first_record: The record ID of its oldest event.
        oldest_chunk: Where the oldest chunk of the log stands, if the log has come round (see
            ``write_evtx``).
        everyday_events: Ordinary events a day, among which the telling ones are few.
        seed: Everything random follows from it: the same machine gives the same bytes.
    """

    host: str
    collected_at: datetime
    boot: datetime
    log_begins: datetime
    installed_at: datetime
    system: System = SERVER_2008_R2
    language: Language = ENGLISH
    zone: Zone = EASTERN
    address: str = "10.20.0.40"
    address6: str = "2001:db8:20::40"
    cpu_count: int = 4
    memory_mb: int = 8192
    snapshots: int = 3
    snapshot_gap: float = 150
    clock_wraps: bool = True
    offloaded: int = 0
    chimney: str = "automatic"
    time_wait_delay: float = 120
    registry_time_wait_delay: int | None = None
    max_user_port: int | None = None
    dynamic_ports: PortRange = PortRange()
    udp_ports: PortRange | None = None
    auto_reuse: PortRange | None = None
    shared_ports: bool = False
    exclusions: tuple[Exclusion, ...] = ()
    tcpip_files: tuple[DriverFile, ...] = ()
    hotfixes: tuple[Hotfix, ...] = ()
    servicing: tuple[Servicing, ...] = ()
    pending_restart: bool = False
    earlier_boots: tuple[Boot, ...] = ()
    processes: tuple[Process, ...] = ()
    listeners: tuple[Listener, ...] = ()
    traffic: tuple[Traffic, ...] = ()
    held: tuple[Held, ...] = ()
    accepted: tuple[Accepted, ...] = ()
    piles: tuple[Pile, ...] = ()
    leaks: tuple[Leak, ...] = ()
    unanswered: tuple[Unanswered, ...] = ()
    closings: tuple[Closing, ...] = ()
    udp_held: tuple[UdpHeld, ...] = ()
    memory: Memory | None = None
    winsock_catalog: bool = True
    recording: Recording | None = None
    application_log: ApplicationLog | None = None
    layered_providers: tuple[LayeredProvider, ...] = ()
    driver_installs: tuple[DriverInstall, ...] = ()
    programs: tuple[InstalledProgram, ...] = ()
    incidents: tuple[Incident, ...] = ()
    first_record: int = 1
    oldest_chunk: int = 0
    dirty_log: bool = False
    everyday_events: int = 40
    seed: int = 1

    @property
    def snapshot_times(self) -> tuple[datetime, ...]:
        """When the netstat snapshots are taken (UTC)."""
        return tuple(
            self.collected_at + timedelta(seconds=self.snapshot_gap * number) for number in range(self.snapshots)
        )

    @property
    def passing(self) -> tuple[Unanswered | Closing, ...]:
        """What holds a port for its time and then gives it back, attempts and closings."""
        return (*self.unanswered, *self.closings)

    def uptime(self, at: datetime) -> float:
        """Seconds since the current boot."""
        return (at - self.boot).total_seconds()


def with_uptime(machine: Machine, seconds: float) -> Machine:
    """The same machine, up for ``seconds`` at its last snapshot: all boots move, nothing else does."""
    last = machine.snapshot_times[-1] if machine.snapshots else machine.collected_at
    boot = last - timedelta(seconds=seconds)
    shift = boot - machine.boot
    earlier = tuple(replace(old, start=old.start + shift, end=old.end + shift) for old in machine.earlier_boots)
    return replace(machine, boot=boot, earlier_boots=earlier)


def with_tcpip_version(machine: Machine, version: str) -> Machine:
    """The same machine with another version of tcpip.sys on disk; how it behaves stays as it is."""
    files = tuple(replace(file, version=version) if file.name == "tcpip.sys" else file for file in machine.tcpip_files)
    return replace(machine, tcpip_files=files)
