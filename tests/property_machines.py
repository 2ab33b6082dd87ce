"""Machines for property tests: small ones of every cause, drawn by hypothesis, each with the truth about it.

A case is a calm machine of `tests.machines` (1,000 ports) with one trouble or two, under conditions that vary on their
own: release, uptime, fix, what is collected and what of it is lost. The truth is the story's own; the analyzer is never
asked. A range of 1,000 ports is itself too small for most of these loads, so `port-range-too-small` is true of every
case that fills its TCP range.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from builder import (
    Boot,
    Closing,
    DriverInstall,
    Exclusion,
    Held,
    Incident,
    Leak,
    Machine,
    Memory,
    PortRange,
    Traffic,
    UdpHeld,
    Unanswered,
    bundle_files,
    with_tcpip_version,
)
from builder.behaviour import CLOSING_STATES
from builder.machine import SERVER_2008_R2, SERVER_2012_R2, SERVER_2019
from hypothesis import strategies as st

from tests.machines import COLLECTED, calm, churning, collisions, stuck

PEER = "10.20.4.15"
PUBLIC = ("203.0.113.60", "198.51.100.72", "192.0.2.11")
PROGRAM = 1536
UNTIL = COLLECTED + timedelta(seconds=20)  # the export of the log: no event is newer
SINCE = COLLECTED - timedelta(hours=5)
CRITICAL = 800  # of the 1,000 ports: from here on they are short (SDP)
MEBIBYTE = 2**20
PLENTY = Memory(
    pool_nonpaged=150 * MEBIBYTE, pool_paged=300 * MEBIBYTE, available=4096 * MEBIBYTE, committed=5000 * MEBIBYTE,
    commit_limit=16384 * MEBIBYTE, handles=21_000,
)  # fmt: skip
SCARCE = replace(PLENTY, pool_nonpaged=4000 * MEBIBYTE, available=60 * MEBIBYTE, committed=16100 * MEBIBYTE)

FIXED_VERSION = "6.1.7601.24000"
NEWER = {SERVER_2012_R2: "6.3.9600.17031", SERVER_2019: "10.0.17763.1339"}


def sharing(machine: Machine) -> Machine:
    """The same machine on Server 2019, where ports are shared and `netstat -q` shows bound ones."""
    return replace(with_tcpip_version(machine, NEWER[SERVER_2019]), system=SERVER_2019, shared_ports=True)


def leaking(state: str, already: int = 900, pid: int = PROGRAM, per_second: float = 0.1) -> Machine:
    """Connections in one state that only grow."""
    return calm(leaks=(Leak(pid, PEER, 443, state, per_second, already),))


def failing_outside() -> Machine:
    """Connects to three public networks fail, one to a fourth works."""
    return calm(
        unanswered=tuple(Unanswered(PROGRAM, remote, 443, 0.5) for remote in PUBLIC),
        traffic=(Traffic(PROGRAM, "203.0.113.90", 443, 0.2, lifetime=3),),
    )


def colliding() -> Machine:
    """4227 from hours before the tables until their time, with 36 % of the ports in TIME_WAIT."""
    return calm(
        traffic=(Traffic(PROGRAM, PEER, 1521, 3.0, lifetime=0.1),),
        incidents=(
            collisions(SINCE, COLLECTED),
            Incident("Tcpip", 4227, COLLECTED - timedelta(seconds=60), UNTIL, 10),
        ),
    )


def by_cause() -> dict[str, Machine]:
    """One machine of each cause that the machines of `tests.machines` do not show, as plain as can be."""
    return {
        "close-wait-leak": leaking("CLOSE_WAIT"),
        "established-leak": leaking("ESTABLISHED"),
        "syn-sent-pileup": calm(unanswered=(Unanswered(PROGRAM, PEER, 1433, 43.0),)),
        "bound-port-leak": sharing(calm(leaks=(Leak(PROGRAM, state="BOUND", per_second=0.1, already=900),))),
        "kernel-socket-leak": leaking("CLOSE_WAIT", pid=40_001),
        "port-range-too-small": calm(
            held=(Held(PROGRAM, PEER, 1433, "ESTABLISHED", 750),),
            traffic=(Traffic(PROGRAM, PEER, 1433, 1.5, lifetime=0.2),),
        ),
        "udp-port-exhaustion": calm(udp_held=(UdpHeld(PROGRAM, 950, 0.1),)),
        "local-endpoint-reuse": colliding(),
        "chimney-wrap-248d": calm(
            300, chimney="enabled", offloaded=60, held=(Held(PROGRAM, PEER, 2049, "ESTABLISHED", 100),)
        ),
        "fin-wait-pileup": calm(closings=(Closing(0, PEER, 443, "FIN_WAIT_2", 3.7, 240),)),
        "memory-pressure": calm(memory=SCARCE, incidents=(Incident("Tcpip", 4229, SINCE, UNTIL, 1500),)),
        "external-nat-exhaustion": failing_outside(),
        "no-exhaustion": sharing(calm()),
    }


MACHINES: dict[str, Machine] = {
    "stuck": stuck(),
    "stuck-fixed": with_tcpip_version(stuck(), FIXED_VERSION),
    "stuck-short": stuck(boot=COLLECTED - timedelta(days=400)),
    "stuck-long-delay": stuck(registry_time_wait_delay=300),
    "churning": churning(),
    "churning-past-the-wrap": churning(boot=COLLECTED - timedelta(days=510)),
    "churning-fixed": with_tcpip_version(churning(boot=COLLECTED - timedelta(days=510)), FIXED_VERSION),
    "calm": calm(),
    "calm-past-the-wrap": calm(500),
    "approaching": calm(489),
    "collisions": calm(incidents=(collisions(COLLECTED - timedelta(days=1), COLLECTED - timedelta(hours=5)),)),
    "rebooted": calm(
        days=0.125,
        earlier_boots=(Boot(COLLECTED - timedelta(days=502, hours=3), COLLECTED - timedelta(hours=3, minutes=4)),),
        incidents=(collisions(COLLECTED - timedelta(days=2, hours=3), COLLECTED - timedelta(hours=4)),),
    ),
    **by_cause(),
}
"""The pinned machines: each must keep its place, whatever hypothesis draws."""


@dataclass(frozen=True)
class Case:
    """A drawn bundle and what is true of its machine.

    Attributes:
        machine: The machine.
        story: What it is about, for people: hypothesis prints it.
        causes: Every cause at work.
        also: What is true beside: that ports suffice where less than 80 % are taken, and that the range is small.
        without: Starts of paths that the collector could not get.
        manifest: Whether there is a manifest.
    """

    machine: Machine
    story: str
    causes: frozenset[str]
    also: frozenset[str]
    without: tuple[str, ...]
    manifest: bool

    def files(self) -> dict[str, bytes]:
        """The bundle's members."""
        return bundle_files(self.machine, without=self.without, manifest=self.manifest)


LOSSES = (
    "netstat/ano-1", "netstat/ano-2", "netstat/ano-3", "netstat/s-", "netstat/s-3", "netstat/anot", "netstat/anoq",
    "netsh/", "netsh/dynamicport", "netsh/excludedportrange", "registry/", "registry/windows-currentversion",
    "eventlog/", "process/", "process/tasklist", "process/wmic", "system/", "system/systeminfo", "system/tcpip-files",
    "system/hotfixes", "system/memory",
)  # fmt: skip


@st.composite
def hosts(draw: st.DrawFn) -> tuple[Machine, frozenset[str]]:
    """A machine on which nothing is wrong but, perhaps, a wrap to come; and what is true of it."""
    release = draw(st.sampled_from(("unfixed", "fixed", "2012", "2019")))
    days = draw(st.sampled_from((40, 0.3, 300, 489) if release == "unfixed" else (40, 0.3, 300, 489, 510)))
    machine = calm(days)
    if release == "fixed":
        machine = with_tcpip_version(machine, FIXED_VERSION)
    elif release == "2012":
        machine = replace(with_tcpip_version(machine, NEWER[SERVER_2012_R2]), system=SERVER_2012_R2)
    elif release == "2019":
        machine = sharing(machine)
    delay = draw(st.sampled_from((None, None, 30, 240)))
    if delay:
        machine = replace(
            machine, registry_time_wait_delay=delay, time_wait_delay=delay, snapshot_gap=max(delay, 120) + 30
        )
    machine = replace(
        machine,
        snapshots=draw(st.sampled_from((3, 3, 2, 1))),
        memory=draw(st.sampled_from((None, PLENTY))),
        winsock_catalog=draw(st.booleans()),
        log_begins=COLLECTED - timedelta(days=draw(st.sampled_from((6, 0.05)))),
        seed=draw(st.integers(0, 99)),
    )
    if draw(st.sampled_from((False, False, True))):
        driver = DriverInstall(
            COLLECTED - timedelta(days=1), "shieldnt", "\\SystemRoot\\System32\\drivers\\shieldnt.sys"
        )
        machine = replace(machine, driver_installs=(driver,))
    approaching = release == "unfixed" and days == 489
    return machine, frozenset({"tick-wrap-approaching"} if approaching else ())


Trouble = tuple[Machine, str]


def _grown(draw: st.DrawFn, machine: Machine, ports: int, leak: Leak) -> Machine:
    leak = replace(
        leak,
        already=ports,
        per_second=draw(st.sampled_from((0.1, 0.02, 0.0))),
        remotes=1 if machine.shared_ports or not leak.remote else draw(st.sampled_from((1, 4))),
    )
    return replace(machine, leaks=(*machine.leaks, leak))


def _close_wait(draw: st.DrawFn, machine: Machine, ports: int) -> Trouble:
    return _grown(draw, machine, ports, Leak(PROGRAM, PEER, 443, "CLOSE_WAIT")), "close-wait-leak"


def _established(draw: st.DrawFn, machine: Machine, ports: int) -> Trouble:
    return _grown(draw, machine, ports, Leak(PROGRAM, PEER, 443, "ESTABLISHED")), "established-leak"


def _orphans(draw: st.DrawFn, machine: Machine, ports: int) -> Trouble:
    state = draw(st.sampled_from(("ESTABLISHED", "CLOSE_WAIT")))
    owner = draw(st.sampled_from((40_001, 0)))
    return _grown(draw, machine, ports, Leak(owner, PEER, 443, state)), "kernel-socket-leak"


def _bound(draw: st.DrawFn, machine: Machine, ports: int) -> Trouble:
    return _grown(draw, machine, ports, Leak(PROGRAM, state="BOUND")), "bound-port-leak"


def _attempts(_draw: st.DrawFn, machine: Machine, ports: int) -> Trouble:
    attempts = Unanswered(PROGRAM, PEER, 1433, ports / 21)
    return replace(machine, unanswered=(*machine.unanswered, attempts)), "syn-sent-pileup"


def _closings(draw: st.DrawFn, machine: Machine, ports: int) -> Trouble:
    state, owner = draw(st.sampled_from(CLOSING_STATES)), draw(st.sampled_from((0, PROGRAM)))
    closing = Closing(owner, PEER, 443, state, ports / 240, 240)
    return replace(machine, closings=(*machine.closings, closing)), "fin-wait-pileup"


def _udp(draw: st.DrawFn, machine: Machine, ports: int) -> Trouble:
    held = UdpHeld(PROGRAM, ports, draw(st.sampled_from((0.1, 0.0))))
    return replace(machine, udp_held=(*machine.udp_held, held)), "udp-port-exhaustion"


def _churn(_draw: st.DrawFn, machine: Machine, ports: int) -> Trouble:
    flood = Traffic(PROGRAM, PEER, 1433, ports / machine.time_wait_delay, lifetime=0.1)
    return replace(machine, traffic=(*machine.traffic, flood)), "time-wait-churn"


def _reuse(draw: st.DrawFn, machine: Machine, ports: int) -> Trouble:
    busy = Traffic(PROGRAM, PEER, 1521, ports / 2 / machine.time_wait_delay, lifetime=0.1)
    near = Incident("Tcpip", 4227, COLLECTED - timedelta(seconds=60), UNTIL, 10)
    events = (collisions(SINCE, COLLECTED), *((near,) if draw(st.booleans()) else ()))
    return (
        replace(machine, traffic=(*machine.traffic, busy), incidents=(*machine.incidents, *events)),
        "local-endpoint-reuse",
    )


def _memory(_draw: st.DrawFn, machine: Machine, _ports: int) -> Trouble:
    refused = Incident("Tcpip", 4229, SINCE, UNTIL, 1500)
    return replace(machine, memory=SCARCE, incidents=(*machine.incidents, refused)), "memory-pressure"


def _outside(_draw: st.DrawFn, machine: Machine, _ports: int) -> Trouble:
    failing = failing_outside()
    machine = replace(
        machine,
        unanswered=(*machine.unanswered, *failing.unanswered),
        traffic=(*machine.traffic, *failing.traffic),
    )
    return machine, "external-nat-exhaustion"


def _chimney(_draw: st.DrawFn, machine: Machine, _ports: int) -> Trouble:
    held = (*machine.held, Held(PROGRAM, PEER, 2049, "ESTABLISHED", 60))
    machine = replace(_unfixed(machine), boot=COLLECTED - timedelta(days=300))
    return replace(machine, chimney="enabled", offloaded=40, held=held), "chimney-wrap-248d"


def _wrapped(draw: st.DrawFn, machine: Machine, ports: int) -> Trouble:
    machine = _unfixed(machine)
    if draw(st.sampled_from((False, False, True))):
        before = MACHINES["rebooted"]
        machine = replace(
            machine, boot=before.boot, earlier_boots=before.earlier_boots, log_begins=before.log_begins,
            incidents=(*machine.incidents, *before.incidents),
        )  # fmt: skip
    else:
        wrapped = stuck(ports)
        machine = replace(machine, boot=wrapped.boot, piles=wrapped.piles)
    return machine, "tick-wrap-497d"


def _unfixed(machine: Machine) -> Machine:
    """The same machine on Server 2008 R2 with the driver it was delivered with."""
    return replace(machine, system=SERVER_2008_R2, shared_ports=False, tcpip_files=calm().tcpip_files)


def _small(draw: st.DrawFn, machine: Machine, _ports: int) -> Trouble:
    usable = draw(st.sampled_from((255, 500)))
    pool = Held(PROGRAM, PEER, 1433, "ESTABLISHED", int(usable * 0.85))
    machine = replace(machine, held=(*machine.held, pool))
    if draw(st.booleans()):
        return replace(machine, dynamic_ports=PortRange(50_000, usable)), "port-range-too-small"
    first, end = machine.dynamic_ports.start, machine.dynamic_ports.start + machine.dynamic_ports.count
    return replace(machine, exclusions=(Exclusion(first, end - usable - 1),)), "port-range-too-small"


_TOGETHER = (
    _close_wait, _established, _orphans, _bound, _attempts, _closings, _udp, _churn, _reuse, _memory, _outside,
)  # fmt: skip
"""Troubles that can be at work at the same time, each on its part of the ports."""
_ALONE = (*_TOGETHER, _chimney, _wrapped, _small)
_FREE = (_memory, _outside, _chimney)
"""Troubles that take next to no ports."""
_ALWAYS_SHORT = (_reuse, _wrapped, _small)
"""Troubles in which a port was not to be had, however many are taken now."""


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A bundle of a machine with no trouble, one, or two, and what of it was lost."""
    machine, causes = draw(hosts())
    number = draw(st.sampled_from((1, 1, 1, 2, 0)))
    choice = st.sampled_from(_TOGETHER if number > 1 else _ALONE)
    taken = 0
    story = f"{machine.system.product}, tcpip.sys {machine.tcpip_files[0].version}, {machine.snapshots} snapshots"
    for trouble in draw(st.lists(choice, min_size=number, max_size=number, unique=True)):
        ports = draw(st.sampled_from((900, 820, 600, 300) if number == 1 else (420, 300)))
        machine, cause = trouble(draw, machine, ports)
        causes |= {cause}
        story += f", {cause} ({ports})"
        taken += (
            0 if trouble in _FREE or (trouble is _udp and number > 1) else 1000 if trouble in _ALWAYS_SHORT else ports
        )
    return Case(
        machine=machine,
        story=story,
        causes=causes,
        also=frozenset({"port-range-too-small"} | ({"no-exhaustion"} if taken < CRITICAL else set())),
        without=tuple(sorted(draw(st.lists(st.sampled_from(LOSSES), max_size=3, unique=True)))),
        manifest=draw(st.sampled_from((True, True, False))),
    )
