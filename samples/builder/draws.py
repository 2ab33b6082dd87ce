"""Draws a case at random: a machine with a trouble (or none), what of its bundle is left, and the truth.

The truth is the story's own; whether an expert could still tell it from what is left follows from the rules of
``builder.draw_evidence``. The analyzer is never asked.

    draw(random.Random("1 17"))            # the same case each time
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from builder import draw_leaks, draw_other, draw_time_wait
from builder.bundle import bundle_files
from builder.draw_equipment import equipped
from builder.draw_evidence import left
from builder.machine import Machine

STORIES = {
    "tick-wrap-497d": draw_time_wait.tick_wrap,
    "tick-wrap-approaching": draw_time_wait.approaching,
    "time-wait-churn": draw_time_wait.churn,
    "close-wait-leak": draw_leaks.close_wait,
    "established-leak": draw_leaks.established,
    "syn-sent-pileup": draw_leaks.syn_sent,
    "bound-port-leak": draw_leaks.bound,
    "kernel-socket-leak": draw_leaks.kernel,
    "port-range-too-small": draw_other.small_range,
    "udp-port-exhaustion": draw_leaks.udp,
    "local-endpoint-reuse": draw_time_wait.endpoint_reuse,
    "chimney-wrap-248d": draw_other.chimney,
    "fin-wait-pileup": draw_leaks.fin_wait,
    "memory-pressure": draw_other.memory,
    "external-nat-exhaustion": draw_other.outside,
    "no-exhaustion": draw_other.nothing,
}
"""By the cause that leads; each is drawn equally often."""

_UNDATED = datetime(1980, 1, 1)  # noqa: DTZ001 -- what a zip says that knows no date


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """A case.

    Attributes:
        story: What it is about, for people.
        machine: The machine.
        without: Starts of paths that the bundle lacks.
        manifest: Whether it has a manifest.
        dated: Whether the zip gives its members' true dates.
        causes: Every cause at work, usually one.
        top: The one that an expert would name first.
        also: Statements that are true beside, and no answer: ports are not short where memory is.
        tellable: Whether an expert could name the top cause from what is left.
        why: Why (not).
    """

    story: str
    machine: Machine
    without: tuple[str, ...]
    manifest: bool
    dated: bool
    causes: frozenset[str]
    top: str
    also: frozenset[str]
    tellable: bool
    why: str

    def files(self) -> dict[str, bytes]:
        """The bundle's members."""
        return bundle_files(self.machine, without=self.without, manifest=self.manifest)

    def date_of(self, path: str) -> datetime:
        """The date of a member in the zip: local time, as zips have it."""
        if not self.dated:
            return _UNDATED
        digits = path.removesuffix(".txt").rpartition("-")[2]
        number = int(digits) if path.startswith("netstat/") and digits.isdigit() else 1
        at = self.machine.collected_at + timedelta(seconds=(number - 1) * self.machine.snapshot_gap)
        return self.machine.zone.local(at)


def draw(rng: random.Random, cause: str | None = None) -> Draw:
    """One case; of that cause if one is named."""
    story = STORIES[cause or rng.choice(list(STORIES))](rng)
    evidence = left(rng, equipped(rng, story.machine))
    tellable, why = story.tells(evidence)
    return Draw(
        story=story.name, machine=evidence.machine, without=evidence.without, manifest=evidence.manifest,
        dated=evidence.dated, causes=story.causes, top=story.top, also=story.also, tellable=tellable, why=why,
    )  # fmt: skip
