"""Stories of TIME_WAIT: the wrapped clock, the wrap to come, churn, and one remote that takes everything."""

import random
from dataclasses import replace
from datetime import date, timedelta

from builder import draw_evidence as tell
from builder.consequences import collisions, tcp_shortage
from builder.draw_hosts import AFFECTED, DAY, FIXED, NEWER, PEERS, PUBLIC_PEERS, host, port_range, room, with_program
from builder.draw_story import EXPORTED_AFTER, Story, any_system, with_events
from builder.machine import CLOCK_WRAP_SECONDS, Boot, Hotfix, Machine, PortRange, Servicing, Traffic
from builder.scenarios import network_drivers

WRAP_DAYS = CLOCK_WRAP_SECONDS / DAY
_SMALL_PILE = 0.25
"""Below this share of the ports a pile says nothing by itself (contracts.md, the ladder)."""
_DEFAULT_COUNT = PortRange().count


def tick_wrap(rng: random.Random) -> Story:
    """Past 497.1 days without the fix: an ordinary rate of connections, and none of their ports comes back."""
    if rng.random() < 0.2:
        return _wrapped_before_restart(rng)
    past = rng.choice((0.05, 0.3, 1, 3, 8, 25)) * rng.uniform(0.6, 1.4)
    machine = host(rng, rng.choice(AFFECTED), days=WRAP_DAYS + past, fixed=False)
    machine = replace(machine, dynamic_ports=port_range(rng), traffic=())
    share = rng.choice((rng.uniform(0.1, 0.5), rng.uniform(0.5, 0.95), rng.uniform(0.95, 1.3)))
    machine, pid = with_program(rng, machine)
    rate = share * room(machine) / (past * DAY)
    parts = rng.choice(((1.0,), (0.8, 0.2), (0.6, 0.3, 0.1)))
    remotes = rng.sample((*PEERS, *PUBLIC_PEERS), len(parts))
    machine = replace(
        machine,
        traffic=tuple(
            Traffic(pid, remote, 443, rate * part, lifetime=rng.uniform(0.1, 5))
            for remote, part in zip(remotes, parts, strict=True)
        ),
    )
    if share > 0.8:
        since = machine.boot + timedelta(days=WRAP_DAYS + past * 0.8 / share)
        until = machine.collected_at + EXPORTED_AFTER
        machine = with_events(machine, *collisions(since, until, rng.uniform(600, 3600)))
    if rng.random() < 0.2:
        machine = _with_fix_not_loaded(rng, machine)
    rule = tell.wrapped_slightly if share < _SMALL_PILE else tell.wrapped
    return Story(
        name=f"clock wrapped {past * 24:.1f} h ago, {share:.0%} of the ports", machine=machine, top="tick-wrap-497d",
        causes=frozenset({"tick-wrap-497d"}), tells=rule,
    )  # fmt: skip


def _with_fix_not_loaded(rng: random.Random, machine: Machine) -> Machine:
    """The fix came while the machine ran; nobody has restarted it."""
    if machine.system.minor == 0:
        return machine
    version = f"6.1.{machine.system.build}.24441" if machine.system.build == 7601 else "6.1.7600.21122"
    at = machine.collected_at - timedelta(days=rng.uniform(5, 60))
    return replace(
        machine,
        tcpip_files=network_drivers(version, at, at - timedelta(days=20)),
        hotfixes=(Hotfix("KB4499164", date(at.year, at.month, at.day)),),
        servicing=(Servicing("KB4499164", at, waits_for_restart=True),),
        pending_restart=True,
    )


def _wrapped_before_restart(rng: random.Random) -> Story:
    """The customer restarted first: a session of more than 497.1 days with 4227 in its last days."""
    machine = host(rng, rng.choice(AFFECTED), days=rng.uniform(0.05, 0.9), fixed=False)
    past = rng.uniform(2, 20)
    end = machine.boot - timedelta(minutes=4)
    start = end - timedelta(days=WRAP_DAYS + past)
    version, built = machine.tcpip_files[0].version, start - timedelta(days=200)
    machine = replace(
        machine,
        earlier_boots=(Boot(start, end, clean=rng.random() < 0.7),),
        tcpip_files=network_drivers(version, start - timedelta(days=30), built),
        installed_at=start - timedelta(days=90),
    )
    machine = with_events(machine, *collisions(end - timedelta(days=min(2.0, past)), end, 900))
    return Story(
        name=f"wrapped {past:.1f} d before the restart", machine=machine, top="tick-wrap-497d",
        causes=frozenset({"tick-wrap-497d"}), tells=tell.wrapped_before_restart,
    )  # fmt: skip


def approaching(rng: random.Random) -> Story:
    """An affected machine without the fix, up for more than 455 days: nothing is wrong yet."""
    days = rng.choice((rng.uniform(455, 490), rng.uniform(490, 497), rng.uniform(496.8, WRAP_DAYS - 0.003)))
    machine = host(rng, rng.choice(AFFECTED), days=days, fixed=False)
    if rng.random() < 0.15:
        machine = _with_fix_not_loaded(rng, machine)
    return Story(
        name=f"up for {days:.2f} d, not fixed", machine=machine, top="tick-wrap-approaching",
        causes=frozenset({"tick-wrap-approaching"}), also=frozenset({"no-exhaustion"}), tells=tell.approaching,
    )  # fmt: skip


def churn(rng: random.Random) -> Story:
    """Connections to one remote, opened and closed faster than TIME_WAIT lets their ports go."""
    long_up = rng.uniform(WRAP_DAYS + 1, 800) if rng.random() < 0.3 else None
    if long_up:
        system = rng.choice((*FIXED, *NEWER))
        machine = host(rng, system, days=long_up, fixed=True)
    else:
        machine = host(rng, any_system(rng))
    small = rng.random() < 0.2
    if small:
        machine = replace(machine, dynamic_ports=PortRange(49_152, rng.randrange(1000, 4000)))
    machine = _slow_enough(rng, machine)
    machine, pid = with_program(rng, machine)
    share = rng.choice((rng.uniform(0.88, 1.0), rng.uniform(1.0, 1.2)))
    rate = share * room(machine) / machine.time_wait_delay
    flood = Traffic(pid, rng.choice(PEERS), 1433, rate, lifetime=rng.uniform(0.02, 0.3), closes_first=0.99)
    machine = replace(machine, traffic=(*machine.traffic, flood))
    since, until = machine.collected_at - timedelta(hours=rng.uniform(2, 40)), machine.collected_at + EXPORTED_AFTER
    if share > 1:
        machine = with_events(machine, *tcp_shortage(machine.system, since, until))
    elif rng.random() < 0.8:
        machine = with_events(machine, *collisions(since, until))
    # Ordinary is what would be no warning in a range of the default size (Microsoft's support scripts: half of it).
    ordinary = small and rate * machine.time_wait_delay < _DEFAULT_COUNT / 2
    return Story(
        name=f"{rate:.0f} connections a second, {machine.time_wait_delay:.0f} s of TIME_WAIT, {share:.0%}"
        + (", small range" if small else "") + (f", up for {long_up:.0f} d" if long_up else ""),
        machine=machine, top="time-wait-churn",
        causes=frozenset({"time-wait-churn", "port-range-too-small"} if ordinary else {"time-wait-churn"}),
        tells=tell.churn_in_small_range if small else tell.churn,
    )  # fmt: skip


def _slow_enough(rng: random.Random, machine: Machine) -> Machine:
    """With 30 s of TIME_WAIT the default range bears 546 connections a second: too many to simulate in numbers."""
    if machine.time_wait_delay >= 60 or machine.dynamic_ports.count < 5000:
        return machine
    seconds = rng.choice((60, 90, 120))
    return replace(machine, time_wait_delay=seconds, registry_time_wait_delay=seconds)


def endpoint_reuse(rng: random.Random) -> Story:
    """4227 while ports are free: one remote takes all traffic, and its endpoint comes round too early.

    The defects behind it (KB2901197, KB2826167) are stated here, not simulated.
    """
    machine, pid = with_program(rng, _slow_enough(rng, host(rng, any_system(rng))))
    peer = Traffic(pid, rng.choice(PEERS), 1521, 0.2, lifetime=0.1)
    first = machine.collected_at
    if rng.random() < 0.3:
        began, ended = first - timedelta(hours=30), first - timedelta(hours=rng.uniform(5, 8))
        machine = with_events(replace(machine, traffic=(*machine.traffic, peer)), *collisions(began, ended, 900))
        return Story(
            name="4227 hours before the tables", machine=machine, top="local-endpoint-reuse",
            causes=frozenset({"local-endpoint-reuse"}), tells=tell.reuse_hours_ago,
        )  # fmt: skip
    share = rng.uniform(0.15, 0.6)
    delay = machine.time_wait_delay
    busy = replace(peer, per_second=share * machine.dynamic_ports.count / delay)
    machine = with_events(
        replace(machine, traffic=(*machine.traffic, busy)),
        *collisions(first - timedelta(hours=6), first, 600),
        *collisions(first - timedelta(seconds=delay / 2), first + EXPORTED_AFTER, delay / 12),
    )
    return Story(
        name=f"4227 with {share:.0%} of the ports in TIME_WAIT", machine=machine, top="local-endpoint-reuse",
        causes=frozenset({"local-endpoint-reuse"}), tells=tell.reuse,
    )  # fmt: skip
