"""Ordinary machines, drawn at random: release, language, zone, uptime, load. Stories then put the trouble in."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from builder.languages import LANGUAGES
from builder.machine import (
    SERVER_2008,
    SERVER_2008_R2,
    SERVER_2008_R2_ROLLUP,
    SERVER_2008_R2_RTM,
    SERVER_2012,
    SERVER_2012_R2,
    SERVER_2016,
    SERVER_2019,
    SERVER_2022,
    WINDOWS_7,
    WINDOWS_10,
    Accepted,
    Boot,
    Held,
    Listener,
    Machine,
    PortRange,
    Process,
    System,
    Traffic,
)
from builder.scenarios import SERVER_LISTENERS, SERVER_PROCESSES, network_drivers
from builder.zones import CHINA, COORDINATED, EASTERN, PACIFIC, ROMANCE, TOKYO, W_EUROPE

DAY = 86_400.0
SHARES_PORTS = 10
"""The first major version that gives one port to several remotes."""

# Versions of tcpip.sys with and without the fix, by release (domain.md §1.2), and the years of its bundles.
_UNFIXED = {
    SERVER_2008: ("6.0.6002.18005", "6.0.6002.22573"),
    SERVER_2008_R2_RTM: ("6.1.7600.16385", "6.1.7600.20687"),
    SERVER_2008_R2: ("6.1.7601.17514", "6.1.7601.17638", "6.1.7601.21828"),
    WINDOWS_7: ("6.1.7601.17514",),
}
_FIXED = {
    SERVER_2008: ("6.0.6002.22643", "6.0.6002.23037"),
    SERVER_2008_R2_RTM: ("6.1.7600.16943", "6.1.7600.21122"),
    SERVER_2008_R2: ("6.1.7601.17802", "6.1.7601.21893"),
    SERVER_2008_R2_ROLLUP: ("6.1.7601.24231",),
    WINDOWS_7: ("6.1.7601.18272", "6.1.7601.23403"),
}
_UNAFFECTED = {
    SERVER_2012: ("6.2.9200.16384",),
    SERVER_2012_R2: ("6.3.9600.17031",),
    SERVER_2016: ("10.0.14393.1794",),
    WINDOWS_10: ("10.0.19041.1052",),
    SERVER_2019: ("10.0.17763.1339",),
    SERVER_2022: ("10.0.20348.1129",),
}
AFFECTED = tuple(_UNFIXED)
FIXED = tuple(_FIXED)
NEWER = tuple(_UNAFFECTED)
SHARING = tuple(system for system in NEWER if system.major >= SHARES_PORTS)
_FIRST_YEAR = {
    SERVER_2008: 2011, SERVER_2008_R2_RTM: 2012, SERVER_2008_R2: 2013, SERVER_2008_R2_ROLLUP: 2020, WINDOWS_7: 2016,
    SERVER_2012: 2014, SERVER_2012_R2: 2016, SERVER_2016: 2019, WINDOWS_10: 2022, SERVER_2019: 2021,
    SERVER_2022: 2024,
}  # fmt: skip
_ZONES = (CHINA, COORDINATED, EASTERN, PACIFIC, ROMANCE, TOKYO, W_EUROPE)
_PLACES = ("WEB", "APP", "SQL", "MAIL", "FILE", "SHOP", "ERP", "GW", "BATCH", "HR")
_PROGRAMS = ("ordersync", "mailgate", "reportsvc", "billing", "stockd", "w3wp", "java", "pollster", "crmlink", "node")

PEERS = ("10.20.4.15", "10.31.8.20", "172.16.5.9", "192.168.40.7", "10.9.1.200")
PUBLIC_PEERS = ("203.0.113.40", "198.51.100.72", "192.0.2.11")


def delay(rng: random.Random) -> int | None:
    """A TcpTimedWaitDelay in the registry, in force; on most machines nobody has set one (120 s)."""
    return rng.choice((None, None, None, None, None, None, 30, 60, 90, 240, 300))


def host(
    rng: random.Random, system: System, *, days: float | None = None, fixed: bool | None = None, load: bool = True
) -> Machine:
    """A machine on which nothing is wrong.

    Args:
        rng: Where chance comes from.
        system: Its release.
        days: How long it is up at the last snapshot.
        fixed: Whether an affected release has the fix loaded; by chance if not given.
        load: Whether it has an ordinary load of connections beside what the system needs.
    """
    affected = system in AFFECTED and not fixed
    if system in AFFECTED and fixed is None:
        affected = system not in FIXED or rng.random() < 0.5
    versions = _UNFIXED if affected else _FIXED if system in FIXED else _UNAFFECTED
    version = rng.choice(versions[system])
    year = _FIRST_YEAR[system] + rng.randrange(3)
    collected = datetime(year, 1, 1, tzinfo=UTC) + timedelta(seconds=rng.randrange(int(365 * DAY)))
    registry_delay = delay(rng)
    seconds = registry_delay or 120
    # As the collector spaces its tables (contracts.md, Timing).
    gap = max(seconds, 240 if rng.random() < 0.1 else 120) + 30
    up = (rng.choice((0.3, 3, 30, 90, 200, 380)) * rng.uniform(0.5, 1.05) if days is None else days) * DAY
    boot = (collected + timedelta(seconds=2 * gap - up)).replace(microsecond=0)
    begins = collected - timedelta(seconds=rng.uniform(3, 6) * DAY)
    created = boot - timedelta(days=rng.uniform(3, 90))
    name = f"{rng.choice(_PLACES)}-{rng.choice(('SH', 'NY', 'B', 'PAR', 'TK', 'X'))}-{rng.randrange(1, 40):02}"
    machine = Machine(
        host=name,
        collected_at=collected,
        boot=boot,
        log_begins=begins,
        installed_at=boot - timedelta(days=rng.uniform(100, 700)),
        system=system,
        language=LANGUAGES[rng.choice(sorted(LANGUAGES))],
        zone=rng.choice(_ZONES),
        address=f"10.{rng.randrange(1, 250)}.{rng.randrange(250)}.{rng.randrange(2, 250)}",
        cpu_count=rng.choice((2, 4, 8)),
        memory_mb=rng.choice((4096, 8192, 16384)),
        snapshot_gap=gap,
        clock_wraps=affected,
        time_wait_delay=seconds,
        registry_time_wait_delay=registry_delay,
        shared_ports=system.major >= SHARES_PORTS,
        tcpip_files=network_drivers(version, created, created - timedelta(days=40)),
        earlier_boots=(Boot(boot - timedelta(days=rng.uniform(8, 40)), boot - timedelta(minutes=4)),),
        processes=SERVER_PROCESSES,
        listeners=SERVER_LISTENERS,
        first_record=rng.randrange(1, 200_000),
        everyday_events=rng.randrange(3, 9),
        seed=rng.randrange(2**31),
    )
    return _loaded(rng, machine) if load else machine


def _loaded(rng: random.Random, machine: Machine) -> Machine:
    """An ordinary load: a pool to a database, a few connections to a controller, visitors."""
    machine, pid = with_program(rng, machine)
    machine = with_listener(machine, 8080, pid)
    pool = rng.randrange(10, 120)
    traffic = [
        Traffic(pid, "10.77.4.15", 1433, per_second=rng.uniform(0.01, 0.6), lifetime=rng.uniform(0.05, 4)),
        Traffic(944, "10.77.0.11", 389, per_second=1 / rng.uniform(60, 900)),
    ]
    if rng.random() < 0.2:
        traffic.append(Traffic(pid, "2001:db8:77::15", 443, per_second=rng.uniform(0.01, 0.5), family=6))
    return replace(
        machine,
        traffic=tuple(traffic),
        held=(Held(pid, "10.77.4.15", 1433, "ESTABLISHED", pool), Held(540, "10.77.0.11", 49155, "ESTABLISHED", 2)),
        accepted=(
            Accepted(pid, 8080, "10.77.7.20", count=rng.randrange(80)),
            Accepted(pid, 8080, "10.77.7.21", "TIME_WAIT", rng.randrange(40)),
        ),
    )


def with_program(rng: random.Random, machine: Machine) -> tuple[Machine, int]:
    """The machine with one more program, and its PID."""
    name = f"{rng.choice(_PROGRAMS)}.exe"
    pid = 4 * rng.randrange(500, 9000)
    while any(process.pid == pid for process in machine.processes):
        pid += 4
    path = f"C:\\Program Files\\{name.removesuffix('.exe')}\\{name}"
    started = min(60.0, machine.uptime(machine.collected_at) / 2)
    program = Process(pid, name, path, f'"{path}"', handles=rng.randrange(120, 900), started=started)
    return replace(machine, processes=(*machine.processes, program)), pid


def with_listener(machine: Machine, port: int, pid: int) -> Machine:
    """The machine with a port on which that process waits."""
    return replace(machine, listeners=(*machine.listeners, Listener("TCP", port, pid)))


def room(machine: Machine) -> int:
    """About how many ports of the range the ordinary load leaves free; shared ones are free for another remote."""
    first, end = machine.dynamic_ports.start, machine.dynamic_ports.start + machine.dynamic_ports.count
    lost = {port for one in machine.exclusions for port in range(max(one.first, first), min(one.last + 1, end))}
    lost |= {one.port for one in machine.listeners if one.protocol == "TCP" and first <= one.port < end}
    free = end - first - len(lost)
    if not machine.shared_ports:
        free -= sum(held.count for held in machine.held)
        rates = sum(one.per_second * (machine.time_wait_delay + one.lifetime) for one in machine.traffic)
        free -= int(rates * 1.1) + 12
    return free


def port_range(rng: random.Random) -> PortRange:
    """A dynamic range of usual size: nearly always the default."""
    return rng.choice((*[PortRange()] * 18, PortRange(32_768, 28_232), PortRange(40_000, 20_000)))
