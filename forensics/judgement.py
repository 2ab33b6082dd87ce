"""What a cause says of a machine: a status that follows from rules, and the evidence for and against.

A statement is a message id with parameters, never a finished string, so that it can be translated and redacted; the
English text of each message stands in its cause's file (`TEXTS`) and is filled in by the report. What a piece of
evidence weighs stands in its cause's table (`WEIGHTS`), one line for each message with the source of the grade;
`docs/weights.md` shows all tables as one.
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

# The five grades of evidence: ±weak (a hint), ±strong (points one way in every case known), decisive (settles the
# question alone, for or against).
WEAK, STRONG, DECISIVE = 1, 2, 3

# Odds by which a piece of evidence of each grade multiplies those of its cause, and the odds before any: fitted once on
# 320 simulated bundles (benchmarks/study.py, seed 11), by the least calibration error. docs/study.md measures on other
# bundles how well the result is calibrated. No status depends on them.
_ODDS = {WEAK: 3.0, STRONG: 9.0, DECISIVE: 1000.0}
_PRIOR_ODDS = 1 / 5

Params = Mapping[str, object]


class Statement(msgspec.Struct, frozen=True):
    """A message of a cause's `TEXTS` and what fills its blanks."""

    message: str
    params: Params = {}


class Weight(msgspec.Struct, frozen=True):
    """What a kind of evidence weighs.

    Args:
        grade: positive where it supports the cause, else negative; of a computed one the most that it can be.
        witness: what was observed. Of several pieces that rest on one observation only the heaviest counts.
        source: where the grade comes from: the fact of Windows or the rule behind it.
        computed: the grade of each case follows from a formula, which `source` names.
    """

    grade: int
    witness: str
    source: str
    computed: bool = False


Weights = Mapping[str, Weight]


class Point(msgspec.Struct, frozen=True):
    """One piece of evidence. `weight` is its grade: positive where it supports the cause, else negative."""

    statement: Statement
    weight: int
    sources: tuple[Source, ...] = ()
    witness: str = ""


class Missing(msgspec.Struct, frozen=True):
    """Evidence that would settle the question, and the command that supplies it."""

    statement: Statement
    command: str


class Remedy(msgspec.Struct, frozen=True):
    """What to do. `when` is `now`, `next` or `for-good`; `effect` what it buys, `cost` what it takes."""

    when: str
    action: Statement
    command: str = ""
    effect: Statement | None = None
    caution: Statement | None = None
    cost: Statement | None = None


class Judgement(msgspec.Struct, frozen=True):
    """A cause's answer.

    `defect` names an error of ours where the cause could not be judged. `boot_start` is when the run of the system
    began that the answer is about, where that is not the running one. `forecast` says what happens if nobody acts.
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
    forecast: Statement | None = None

    @property
    def counted(self) -> tuple[Point, ...]:
        """The points that count: of each witness the heaviest for and the heaviest against."""
        heaviest: dict[tuple[str, bool], Point] = {}
        for number, point in enumerate(self.points):
            key = (point.witness or f"point {number}", point.weight > 0)
            known = heaviest.get(key)
            if known is None or abs(point.weight) > abs(known.weight):
                heaviest[key] = point
        return tuple(heaviest.values())

    @property
    def confidence(self) -> float:
        """A model score from 0 to 1, computed from the grades alone."""
        log_odds = math.log(_PRIOR_ODDS) + sum(
            math.copysign(math.log(_ODDS[abs(point.weight)]), point.weight) for point in self.counted
        )
        return round(1 / (1 + math.exp(-log_odds)), 2)


def weigh(
    weights: Weights,
    message: str,
    params: Params | None = None,
    sources: Sequence[Source] = (),
    grade: int | None = None,
) -> Point:
    """A piece of evidence with the weight that its cause's table gives it.

    Args:
        weights: the cause's table.
        message: the message's id, the same in `TEXTS` and in the table.
        params: what fills the message's blanks.
        sources: where it was read.
        grade: the grade of a computed one.

    Raises:
        ValueError: where a grade is given that the table does not say is computed, or exceeds it.
    """
    weight = weights[message]
    if grade is not None and not (weight.computed and 0 < abs(grade) <= abs(weight.grade)):
        raise ValueError(f"{message}: the table gives its weight as {weight.grade}, not {grade}")
    return Point(
        Statement(message, params or {}), weight.grade if grade is None else grade, tuple(sources), weight.witness
    )


def strongest(judgements: Sequence[Judgement]) -> Judgement:
    """The strongest of several answers of one cause; the earlier of equals (now before previous boots)."""
    return min(judgements, key=lambda one: STATUSES.index(one.status))
