"""What machines have beside their trouble: counters of memory, a security product."""

import random
from dataclasses import replace
from datetime import timedelta

from builder.behaviour import DriverInstall, InstalledProgram, LayeredProvider, Memory
from builder.draw_story import EXPORTED_AFTER, with_events
from builder.machine import Incident, Machine

_MEBIBYTE = 1024 * 1024
_NAMES_FILTERS, _NAMES_SLOW_CLOSES = (6, 2), (6, 3)
"""From these versions on AFD writes 16001 and 16002 (WINEVTKB in domain.md §4)."""


def equipped(rng: random.Random, machine: Machine) -> Machine:
    """The machine as collectors and administrators leave it; what a story has given it stays."""
    if rng.random() < 0.08 and not machine.driver_installs:
        machine = with_security_product(rng, machine)
    if machine.memory is None and rng.random() < 0.6:
        machine = replace(machine, memory=memory(rng, machine, short=False))
    if not machine.driver_installs:
        rng.random()  # nothing hangs on it any more, but without it the cases of every seed would be others
    return machine


def memory(rng: random.Random, machine: Machine, *, short: bool) -> Memory:
    """Counters of a machine that is short of memory, or of one that is not."""
    total = machine.memory_mb * _MEBIBYTE
    limit = total * 2
    sockets = sum(leak.already for leak in machine.leaks) + sum(held.count for held in machine.udp_held)
    return Memory(
        pool_nonpaged=int(total * (rng.uniform(0.35, 0.7) if short else rng.uniform(0.01, 0.04))),
        pool_paged=int(total * rng.uniform(0.02, 0.06)),
        available=int(total * (rng.uniform(0.003, 0.015) if short else rng.uniform(0.2, 0.7))),
        committed=int(limit * (rng.uniform(0.96, 0.995) if short else rng.uniform(0.2, 0.6))),
        commit_limit=limit,
        handles=rng.randrange(18_000, 60_000) + sockets,
    )


def with_security_product(rng: random.Random, machine: Machine, slow_owner: int | None = None) -> Machine:
    """The machine with a product that has a network driver, installed days ago, of which AFD tells.

    Args:
        rng: Where chance comes from.
        machine: The machine.
        slow_owner: The process whose sockets it is slow to close, if there is one.
    """
    at = machine.collected_at - timedelta(days=rng.uniform(0.5, 2.5))
    version = (machine.system.major, machine.system.minor)
    until = machine.collected_at + EXPORTED_AFTER
    if version >= _NAMES_FILTERS:
        machine = with_events(machine, Incident("AFD", 16001, at, until, 40_000, ("\\Driver\\shieldnt",)))
    if version >= _NAMES_SLOW_CLOSES and slow_owner is not None:
        port = machine.dynamic_ports.start + rng.randrange(machine.dynamic_ports.count)
        machine = with_events(machine, Incident("AFD", 16002, at, until, 9000, (str(port), str(slow_owner))))
    layered = (LayeredProvider("ShieldNet LSP", "C:\\Program Files\\ShieldNet\\shlsp.dll"),)
    return replace(
        machine,
        driver_installs=(DriverInstall(at, "shieldnt", "\\SystemRoot\\System32\\drivers\\shieldnt.sys"),),
        programs=(InstalledProgram("ShieldNet Endpoint", "4.1.220", "Example Security"),),
        layered_providers=layered if rng.random() < 0.5 else (),
    )
