"""Stories of ports that somebody holds: leaks of each kind, attempts without answer, closings without end."""

import random
from dataclasses import replace
from datetime import timedelta

from builder import draw_evidence as tell
from builder.behaviour import (
    CLOSING_STATES,
    Closing,
    Leak,
    UdpHeld,
    Unanswered,
)
from builder.consequences import tcp_shortage, udp_shortage
from builder.draw_equipment import with_security_product
from builder.draw_hosts import (
    AFFECTED,
    DAY,
    PEERS,
    PUBLIC_PEERS,
    SHARING,
    host,
    port_range,
    room,
    with_program,
)
from builder.draw_story import EXPORTED_AFTER, Story, any_system, fraction, with_events
from builder.machine import Machine, PortRange

_SEEN_TO_GROW = 0.05
"""Sockets a second: 15 more in the five minutes of three snapshots, without which a leak looks like a steady load."""


def close_wait(rng: random.Random) -> Story:
    """A program that never closes what its peers have closed."""
    return _kept(rng, "CLOSE_WAIT", "close-wait-leak")


def established(rng: random.Random) -> Story:
    """A program that opens connections and keeps them."""
    return _kept(rng, "ESTABLISHED", "established-leak")


def _kept(rng: random.Random, state: str, cause: str) -> Story:
    # One in twelve is an old machine that is about to wrap as well.
    wraps = rng.random() < 0.08
    days, fixed = (rng.uniform(456, 496), False) if wraps else (None, None)
    machine = host(rng, rng.choice(AFFECTED) if wraps else any_system(rng), days=days, fixed=fixed)
    machine, pid = with_program(rng, replace(machine, dynamic_ports=port_range(rng)))
    share = fraction(rng)
    six = rng.random() < 0.06
    remotes = 1 if machine.shared_ports else rng.choice((1, 1, 2, 12, 60))
    peer = "2001:db8:31::20" if six else rng.choice((*PEERS, *PUBLIC_PEERS[:1]))
    leak = _growing(rng, Leak(pid, peer, rng.choice((443, 1433, 8080, 389)), state, remotes=remotes), machine, share)
    if six:
        leak = replace(leak, family=6)
    if state == "ESTABLISHED":
        leak = replace(leak, per_second=max(leak.per_second, _SEEN_TO_GROW))
    rule = tell.established if state == "ESTABLISHED" else tell.one_table
    return Story(
        name=f"{state} leak, {share:.0%}" + (" of IPv6" if six else ""),
        machine=_short(rng, replace(machine, leaks=(leak,)), full=share == 1),
        top=cause, causes=frozenset({cause, "tick-wrap-approaching"} if wraps else {cause}), tells=rule,
    )  # fmt: skip


def _growing(rng: random.Random, leak: Leak, machine: Machine, share: float) -> Leak:
    """The leak at that share of the free ports, grown over hours or days (not longer than the machine is up)."""
    already = int(share * room(machine))
    up = machine.uptime(machine.collected_at)
    seconds = min(rng.choice((0.2, 1, 4, 10)) * rng.uniform(0.5, 1.5) * DAY, up * 0.9)
    return replace(leak, already=already, per_second=already / seconds)


def _short(rng: random.Random, machine: Machine, *, full: bool) -> Machine:
    """With the events of a full range, in most cases."""
    if not full or rng.random() < 0.1:
        return machine
    up = machine.uptime(machine.collected_at)
    since = machine.collected_at - timedelta(seconds=min(rng.uniform(1, 40) * 3600, up * 0.8))
    return with_events(machine, *tcp_shortage(machine.system, since, machine.collected_at + EXPORTED_AFTER))


def bound(rng: random.Random) -> Story:
    """Sockets bound and never connected or closed: to be seen on Windows 10 and later, with -q."""
    system = rng.choice(SHARING) if rng.random() < 0.75 else any_system(rng)
    machine, pid = with_program(rng, host(rng, system))
    share = fraction(rng)
    # A bound port is nobody else's: what the ordinary load holds counts on every release.
    free = room(replace(machine, shared_ports=False))
    leak = _growing(rng, Leak(pid, state="BOUND"), machine, share)
    leak = replace(leak, already=int(share * free))
    return Story(
        name=f"bound ports, {share:.0%}", machine=_short(rng, replace(machine, leaks=(leak,)), full=share == 1),
        top="bound-port-leak", causes=frozenset({"bound-port-leak"}), tells=tell.bound,
    )  # fmt: skip


def kernel(rng: random.Random) -> Story:
    """Connections whose process is gone, or that have none, kept by a driver."""
    machine = replace(host(rng, any_system(rng)), dynamic_ports=port_range(rng))
    share = fraction(rng)
    state = rng.choice(("ESTABLISHED", "CLOSE_WAIT"))
    nobody = rng.random() < 0.25
    owners = (0,) if nobody else tuple(rng.sample(range(40_001, 60_000, 4), rng.choice((1, 1, 2, 3))))
    peer = rng.choice(PEERS)
    whole = _growing(rng, Leak(0, peer, 443, state), machine, share)
    parts = len(owners)
    leaks = tuple(
        replace(whole, pid=pid, already=whole.already // parts, per_second=whole.per_second / parts) for pid in owners
    )
    machine = _short(rng, replace(machine, leaks=leaks), full=share == 1)
    if rng.random() < 0.5:
        machine = with_security_product(rng, machine, owners[0])
    return Story(
        name=f"{state} of {'PID 0' if nobody else f'{parts} vanished owners'}, {share:.0%}", machine=machine,
        top="kernel-socket-leak", causes=frozenset({"kernel-socket-leak"}),
        tells=tell.one_table if nobody else tell.vanished_owner,
    )  # fmt: skip


def syn_sent(rng: random.Random) -> Story:
    """Connects to a peer that does not answer: each holds a port until it times out."""
    machine, pid = with_program(rng, host(rng, any_system(rng)))
    small = rng.random() < 0.4
    if small:
        machine = replace(machine, dynamic_ports=PortRange(1024, 3977), max_user_port=5000)
    # 3 + 6 + 12 s with two repetitions of the SYN, twice as long and more with each further one (domain.md §3).
    lasts = 21.0 if small else rng.choice((45.0, 93.0, 93.0, 189.0))
    share = rng.uniform(0.65, 1.1)
    rate = share * room(machine) / lasts
    remotes = 1 if machine.shared_ports else rng.choice((1, 1, 3))
    attempts = Unanswered(pid, rng.choice(PEERS), rng.choice((1433, 8443, 9100)), rate, lasts, remotes)
    machine = replace(machine, unanswered=(attempts,))
    shared_blame = frozenset({"port-range-too-small"} if small else ())
    short = share > 0.9
    return Story(
        name=f"{rate:.0f} attempts a second without answer, {share:.0%}" + (", small range" if small else ""),
        machine=_short(rng, machine, full=share > 0.97), top="syn-sent-pileup",
        causes=frozenset({"syn-sent-pileup"}) | (shared_blame if short else frozenset()), also=shared_blame,
        tells=tell.one_table_and_range if small else tell.one_table,
    )  # fmt: skip


def fin_wait(rng: random.Random) -> Story:
    """Closings that the peer or a firewall does not finish; the owner has let go of most of them (PID 0)."""
    machine, pid = with_program(rng, host(rng, any_system(rng)))
    share = rng.uniform(0.65, 1.05)
    lasts = rng.choice((120.0, 240.0, 300.0, 600.0))
    state = rng.choice(CLOSING_STATES)
    remotes = 1 if machine.shared_ports else rng.choice((1, 4, 40))
    owner = 0 if rng.random() < 0.6 else pid
    closing = Closing(owner, rng.choice(PEERS), 443, state, share * room(machine) / lasts, lasts, remotes)
    return Story(
        name=f"{state} for {lasts:.0f} s, {share:.0%}, PID {owner}",
        machine=_short(rng, replace(machine, closings=(closing,)), full=share > 0.97), top="fin-wait-pileup",
        causes=frozenset({"fin-wait-pileup"}), tells=tell.one_table,
    )  # fmt: skip


def udp(rng: random.Random) -> Story:
    """UDP sockets without end: names no longer resolve, and TCP still works."""
    machine, pid = with_program(rng, host(rng, any_system(rng)))
    share = fraction(rng)
    free = machine.dynamic_ports.count - 2
    already = int(share * free)
    up = machine.uptime(machine.collected_at)
    per_second = already / min(rng.uniform(0.3, 6) * DAY, up)
    machine = replace(machine, udp_held=(UdpHeld(pid, already, per_second),))
    if share == 1:
        since = machine.collected_at - timedelta(seconds=min(rng.uniform(1, 40) * 3600, up * 0.8))
        until = machine.collected_at + EXPORTED_AFTER
        machine = with_events(machine, *udp_shortage(machine.system, since, until))
    return Story(
        name=f"UDP, {share:.0%}", machine=machine, top="udp-port-exhaustion",
        causes=frozenset({"udp-port-exhaustion"}), tells=tell.one_table,
    )  # fmt: skip
