"""Stories of what is not a leak: a small range, Chimney, memory, a NAT outside; and of machines that are well."""

import random
from dataclasses import replace
from datetime import timedelta

from builder import draw_equipment
from builder import draw_evidence as tell
from builder.behaviour import CLOSING_STATES, Closing, Leak, UdpHeld, Unanswered
from builder.consequences import tcp_shortage
from builder.draw_evidence import Rule
from builder.draw_hosts import (
    AFFECTED,
    FIXED,
    NEWER,
    PEERS,
    PUBLIC_PEERS,
    SHARING,
    host,
    room,
    with_listener,
    with_program,
)
from builder.draw_story import EXPORTED_AFTER, NO_EXHAUSTION, Story, any_system, with_events
from builder.machine import Accepted, Exclusion, Held, Incident, Machine, PortRange, Traffic

_ROWS_PER_PEER = 2000


def small_range(rng: random.Random) -> Story:
    """A load that the default range would bear with ease, in a range that it fills."""
    machine, pid = with_program(rng, host(rng, any_system(rng), load=False))
    usable = rng.randrange(255, 2400)
    how = rng.choice(("netsh", "netsh", "MaxUserPort", "exclusions"))
    rule: Rule = tell.small_range
    match how:
        case "netsh":
            machine = replace(machine, dynamic_ports=PortRange(rng.choice((10_000, 49_152, 60_000)), usable))
        case "MaxUserPort":
            # Windows makes start=1024, number=MaxUserPort-1023 of it (domain.md §3).
            usable = max(usable, 1000)
            machine = replace(machine, dynamic_ports=PortRange(1024, usable), max_user_port=usable + 1023)
        case _:
            machine = replace(machine, exclusions=_exclusions(rng, machine.dynamic_ports, usable))
            rule = tell.excluded_range
    share = rng.uniform(0.95, 1.15)
    peer = rng.choice(PEERS)
    free = room(machine)
    # TIME_WAIT is either a small part of the load, or enough of it to be a cause beside the range.
    recycled = rng.random() < 0.4
    pool = int(free * (rng.uniform(0.25, 0.45) if recycled else rng.uniform(0.75, 0.93)))
    rate = (share * free - pool) / machine.time_wait_delay
    machine = replace(
        machine,
        held=(Held(pid, peer, 1433, "ESTABLISHED", pool),),
        traffic=(Traffic(pid, peer, 1433, max(rate, 0.05), lifetime=0.2),),
    )
    since = machine.collected_at - timedelta(seconds=min(30 * 3600, machine.uptime(machine.collected_at) * 0.8))
    machine = with_events(machine, *tcp_shortage(machine.system, since, machine.collected_at + EXPORTED_AFTER))
    return Story(
        name=f"{free} usable ports by {how}, load {share:.0%}{', half of it TIME_WAIT' if recycled else ''}",
        machine=machine, top="port-range-too-small",
        causes=frozenset({"port-range-too-small", "time-wait-churn"} if recycled else {"port-range-too-small"}),
        tells=rule,
    )  # fmt: skip


def _exclusions(rng: random.Random, ports: PortRange, usable: int) -> tuple[Exclusion, ...]:
    """Blocks that leave about so many ports of the range: one large, or many of 100, as WinNAT has them."""
    end = ports.start + ports.count - 1
    if rng.random() < 0.5:
        return (Exclusion(ports.start, end - usable, administered=rng.random() < 0.5),)
    return tuple(Exclusion(first, first + 99) for first in range(ports.start, end - usable - 99, 100))


def chimney(rng: random.Random) -> Story:
    """TCP Chimney past half the wrap on a machine without the fix: offloaded connections hang."""
    both = rng.random() < 0.12
    days = rng.uniform(456, 496) if both else rng.uniform(249, 440)
    machine, pid = with_program(rng, host(rng, rng.choice(AFFECTED), days=days, fixed=False))
    number = rng.randrange(20, 200)
    machine = replace(
        machine,
        chimney=rng.choice(("enabled", "automatic")),
        held=(*machine.held, Held(pid, rng.choice(PEERS), 2049, "ESTABLISHED", number + 40)),
        offloaded=number,
    )
    return Story(
        name=f"{number} offloaded connections, up for {days:.0f} d", machine=machine, top="chimney-wrap-248d",
        causes=frozenset({"chimney-wrap-248d", "tick-wrap-approaching"} if both else {"chimney-wrap-248d"}),
        also=frozenset({NO_EXHAUSTION}), tells=tell.chimney,
    )  # fmt: skip


def memory(rng: random.Random) -> Story:
    """Connections fail for want of memory (4229); ports are free."""
    machine = host(rng, any_system(rng, least=(6, 1)))
    machine = replace(machine, memory=draw_equipment.memory(rng, machine, short=True))
    since = machine.collected_at - timedelta(seconds=min(20 * 3600, machine.uptime(machine.collected_at) * 0.8))
    trouble = Incident("Tcpip", 4229, since, machine.collected_at + EXPORTED_AFTER, 1500)
    return Story(
        name="memory is short", machine=with_events(machine, trouble), top="memory-pressure",
        causes=frozenset({"memory-pressure"}), also=frozenset({NO_EXHAUSTION}), tells=tell.memory,
    )  # fmt: skip


def outside(rng: random.Random) -> Story:
    """A calm machine whose connects to public addresses fail, several networks at once, while others work.

    That its own ports suffice is as true, and all that can be confirmed.
    """
    machine, pid = with_program(rng, host(rng, any_system(rng)))
    rate = rng.uniform(0.4, 3)
    failing = tuple(Unanswered(pid, remote, 443, rate / 3) for remote in PUBLIC_PEERS)
    working = Traffic(pid, "203.0.113.90", 443, rng.uniform(0.05, 0.5), lifetime=3)
    machine = replace(machine, unanswered=failing, traffic=(*machine.traffic, working))
    return Story(
        name=f"{rate:.1f} public attempts a second fail", machine=machine, top="external-nat-exhaustion",
        causes=frozenset({"external-nat-exhaustion", NO_EXHAUSTION}), tells=tell.outside,
    )  # fmt: skip


def nothing(rng: random.Random) -> Story:
    """A machine that is well, and often looks as if it were not."""
    make = rng.choice(
        (_plain, _plain, _busy, _pile_on_listener, _pile_outside, _shared, _past_wrap_fixed, _name_server, _offloading,
         _few_closings, _dead_peer, _auto_reuse)
    )  # fmt: skip
    name, machine, rule = make(rng)
    return Story(
        name=name, machine=machine, top=NO_EXHAUSTION, causes=frozenset({NO_EXHAUSTION}), tells=rule,
    )  # fmt: skip


Well = tuple[str, Machine, Rule]


def _plain(rng: random.Random) -> Well:
    return "nothing is wrong", host(rng, any_system(rng)), tell.nothing


def _busy(rng: random.Random) -> Well:
    machine, pid = with_program(rng, host(rng, any_system(rng)))
    rate = rng.uniform(0.1, 0.4) * room(machine) / max(60.0, machine.time_wait_delay)
    traffic = (*machine.traffic, Traffic(pid, rng.choice(PEERS), 1433, rate, lifetime=0.1))
    return f"busy, {rate:.0f} connections a second", replace(machine, traffic=traffic), tell.nothing


def _pile_on_listener(rng: random.Random) -> Well:
    """Thousands of rows on port 443 use one port, and none of the range."""
    machine, pid = with_program(rng, host(rng, any_system(rng)))
    state = rng.choice(("TIME_WAIT", "CLOSE_WAIT"))
    machine = with_listener(machine, 9443, pid)
    visitors = tuple(
        Accepted(pid, 9443, f"10.88.1.{peer}", state, _ROWS_PER_PEER) for peer in range(1, rng.randrange(3, 7))
    )
    return f"{state} on a listener", replace(machine, accepted=(*machine.accepted, *visitors)), tell.nothing


def _pile_outside(rng: random.Random) -> Well:
    """A program that chooses its ports itself, below the range."""
    machine, pid = with_program(rng, host(rng, any_system(rng)))
    count = rng.randrange(4000, 12_000)
    pile = Leak(pid, rng.choice(PEERS), 443, "CLOSE_WAIT", already=count, own_ports=20_000)
    return f"{count} CLOSE_WAIT outside the range", replace(machine, leaks=(pile,)), tell.nothing


def _shared(rng: random.Random) -> Well:
    """Most ports in use over hundreds of remotes: each has hardly any of them, so all are free for the next."""
    machine, pid = with_program(rng, host(rng, rng.choice(SHARING)))
    remotes = rng.randrange(240, 320)
    crowd = Leak(pid, "198.51.100.1", 443, "ESTABLISHED", already=remotes * 95, remotes=remotes)
    return f"{remotes} remotes share the ports", replace(machine, leaks=(crowd,)), tell.nothing_but_shared


def _past_wrap_fixed(rng: random.Random) -> Well:
    system = rng.choice((*FIXED, *NEWER))
    machine = host(rng, system, days=rng.uniform(498, 900), fixed=True)
    rule = tell.nothing_past_wrap if system in FIXED else tell.nothing
    return "past 497 days with the fix, calm", machine, rule


def _name_server(rng: random.Random) -> Well:
    """The DNS server's pool of 2,500 UDP sockets is by design (KB956188)."""
    machine, pid = with_program(rng, host(rng, any_system(rng)))
    return "a pool of 2,500 UDP sockets", replace(machine, udp_held=(UdpHeld(pid, 2500),)), tell.nothing


def _offloading(rng: random.Random) -> Well:
    """Chimney at work past half the wrap, on a machine with the fix."""
    machine, pid = with_program(rng, host(rng, rng.choice(FIXED), days=rng.uniform(249, 440), fixed=True))
    held = (*machine.held, Held(pid, rng.choice(PEERS), 2049, "ESTABLISHED", 60))
    return "Chimney with the fix", replace(machine, chimney="enabled", held=held, offloaded=40), tell.nothing


def _few_closings(rng: random.Random) -> Well:
    """Some hundred closings of nobody's: ordinary after a close."""
    machine = host(rng, any_system(rng))
    state = rng.choice(CLOSING_STATES)
    closing = Closing(0, rng.choice(PEERS), 443, state, rng.uniform(0.5, 3), 100)
    return f"some {state} of PID 0", replace(machine, closings=(closing,)), tell.nothing


def _dead_peer(rng: random.Random) -> Well:
    """One private peer is down: some attempts hang at any time, and hold no ports to speak of."""
    machine, pid = with_program(rng, host(rng, any_system(rng)))
    attempts = Unanswered(pid, rng.choice(PEERS), 9100, rng.uniform(0.05, 1.5))
    return "a private peer is down", replace(machine, unanswered=(attempts,)), tell.nothing


def _auto_reuse(rng: random.Random) -> Well:
    """Outgoing connections have a range of their own, in which they share ports."""
    machine, pid = with_program(rng, host(rng, any_system(rng, least=(6, 3))))
    rate = rng.uniform(0.1, 0.4) * 10_000 / max(60.0, machine.time_wait_delay)
    machine = replace(
        machine,
        auto_reuse=PortRange(20_000, 10_000),
        traffic=(*machine.traffic, Traffic(pid, rng.choice(PEERS), 1433, rate, lifetime=0.1)),
    )
    return "an auto-reuse range", machine, tell.nothing
