"""The verdict: of all causes' answers the one that leads the report (contracts.md)."""

from collections.abc import Sequence

import msgspec

from forensics.causes import all_causes
from forensics.judgement import (
    CONFIRMED,
    INCONCLUSIVE,
    LIKELY,
    NOW,
    POSSIBLE,
    RULED_OUT,
    STATUSES,
    Judgement,
    Statement,
)

NO_EXHAUSTION = "no-exhaustion"
UNDECIDED = "inconclusive"
TEXTS = {
    "undecided": "No cause can be told from this bundle; the commands under each cause supply what is missing.",
    "plain": (
        "Connections failed, or ports may have run out, but what was collected does not show why. "
        "Run the command below on the machine, if possible while the trouble lasts, and send the file that it writes."
    ),
    "short": "Ports are or were short, but the evidence bears out none of the causes that this version knows.",
}
_OUTRANKS_NO_EXHAUSTION = frozenset({CONFIRMED, LIKELY})


class Verdict(msgspec.Struct, frozen=True):
    """`cause` is a cause's id or `inconclusive`; `judgement` the answer it rests on."""

    cause: str
    status: str
    confidence: float
    headline: Statement
    applies_to: str
    judgement: Judgement | None


def find_verdict(judgements: Sequence[Judgement]) -> Verdict:
    """Choose by status, then confidence, then what would cure first.

    That ports are possibly not short answers nothing: it leads only where it is more than possible.
    `no-exhaustion` yields to any cause that is confirmed or likely, whatever its own standing: it speaks of how full
    the ports are, the others of what is at work (contracts.md: approaching outranks it; the wrap is judged by its
    mechanism).
    """
    standing = [
        one
        for one in judgements
        if not one.defect
        and (one.status in _OUTRANKS_NO_EXHAUSTION or (one.status == POSSIBLE and one.cause != NO_EXHAUSTION))
    ]
    if not standing:
        short = any(one.cause == NO_EXHAUSTION and one.status == RULED_OUT for one in judgements)
        return Verdict(UNDECIDED, INCONCLUSIVE, 0.0, Statement("short" if short else "undecided"), NOW, None)
    precedence = {cause.ID: cause.PRECEDENCE for cause in all_causes()}

    def order(one: Judgement) -> tuple[bool, int, float, int]:
        rank = STATUSES.index(one.status)
        found = one.cause != NO_EXHAUSTION and one.status in _OUTRANKS_NO_EXHAUSTION
        return not found, rank, -one.confidence, precedence[one.cause]

    best = min(standing, key=order)
    return Verdict(best.cause, best.status, best.confidence, best.headline, best.applies_to, best)
