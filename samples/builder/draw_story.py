"""A story: a machine with a trouble, the truth about it, and the rule that says when it can be told."""

import random
from dataclasses import dataclass, replace
from datetime import timedelta

from builder.draw_evidence import Rule
from builder.draw_hosts import AFFECTED, FIXED, NEWER
from builder.machine import Incident, Machine, System

NO_EXHAUSTION = "no-exhaustion"
EXPORTED_AFTER = timedelta(seconds=20)
"""From the first snapshot to the export of the log: no event is newer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One drawn case.

    Attributes:
        name: What it is about, in a few words.
        machine: The machine.
        top: The cause that an expert would name first.
        causes: Every cause at work, ``top`` among them.
        also: What is true beside, and wrong as a verdict: ports are not short where memory is.
        tells: When it can be told.
    """

    name: str
    machine: Machine
    top: str
    causes: frozenset[str]
    tells: Rule
    also: frozenset[str] = frozenset()


def any_system(rng: random.Random, *, least: tuple[int, int] = (6, 0)) -> System:
    """Any release from that version on."""
    systems = sorted({*AFFECTED, *FIXED, *NEWER}, key=lambda system: (system.major, system.minor, system.build_lab))
    return rng.choice([system for system in systems if (system.major, system.minor) >= least])


def with_events(machine: Machine, *incidents: Incident) -> Machine:
    """The machine with more events in its log."""
    return replace(machine, incidents=(*machine.incidents, *incidents))


def fraction(rng: random.Random) -> float:
    """How much of what is free a trouble takes: all of it in three of five."""
    return 1.0 if rng.random() < 0.6 else rng.uniform(0.6, 0.95)
