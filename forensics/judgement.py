"""What a cause says of a machine: a status that follows from rules, and the evidence for and against.

A statement is a message id with parameters, never a finished string, so that it can be translated and redacted; the
English text of each message stands in its cause's file (`TEXTS`) and is filled in by the report.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from forensics.evidence import Source

# Statuses, strongest first (contracts.md).
CONFIRMED, LIKELY, POSSIBLE, INCONCLUSIVE, RULED_OUT = (
    "confirmed",
    "likely",
    "possible",
    "inconclusive",
    "ruled_out",
)
STATUSES = (CONFIRMED, LIKELY, POSSIBLE, INCONCLUSIVE, RULED_OUT)
NOW, PREVIOUS_BOOT = "now", "previous-boot"

# Grades of evidence. Decisive settles the question alone; strong points one way in every case known; weak is a hint.
WEAK, STRONG, DECISIVE = 1, 2, 3

# Log-odds of a grade and of a cause before any evidence: a model score for ordering, not a measured probability.
_LOG_ODDS = {WEAK: 0.7, STRONG: 1.5, DECISIVE: 4.0}
_PRIOR = -1.0

Params = Mapping[str, object]


class Statement(msgspec.Struct, frozen=True):
    """A message of a cause's `TEXTS` and what fills its blanks."""

    message: str
    params: Params = {}


class Point(msgspec.Struct, frozen=True):
    """One piece of evidence. `weight` is its grade: positive where it supports the cause, else negative."""

    statement: Statement
    weight: int
    sources: tuple[Source, ...] = ()


class Missing(msgspec.Struct, frozen=True):
    """Evidence that would settle the question, and the command that supplies it."""

    statement: Statement
    command: str


class Remedy(msgspec.Struct, frozen=True):
    """What to do. `when` is `now`, `next` or `for-good`."""

    when: str
    action: Statement
    command: str = ""
    effect: Statement | None = None
    caution: Statement | None = None


class Judgement(msgspec.Struct, frozen=True):
    """A cause's answer.

    `defect` names an error of ours where the cause could not be judged. `boot_start` is when the run of the system
    began that the answer is about, where that is not the running one.
    """

    cause: str
    status: str
    headline: Statement
    points: tuple[Point, ...] = ()
    missing: tuple[Missing, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    applies_to: str = NOW
    defect: str = ""
    boot_start: datetime | None = None

    @property
    def confidence(self) -> float:
        """A model score from 0 to 1, computed from the grades alone."""
        odds = _PRIOR + sum(math.copysign(_LOG_ODDS[abs(point.weight)], point.weight) for point in self.points)
        return round(1 / (1 + math.exp(-odds)), 2)


def strongest(judgements: Sequence[Judgement]) -> Judgement:
    """The strongest of several answers of one cause; the earlier of equals (now before previous boots)."""
    return min(judgements, key=lambda one: STATUSES.index(one.status))
