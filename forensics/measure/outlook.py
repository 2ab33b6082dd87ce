"""What would happen next: when the range is full at the present rate, and how long ports last that a remedy frees.

At a growth of g ports a second, f free ports last f / g seconds. Growth is that between the earliest and the latest
table; where it shows none, the average since the owner started: its ports / its age.
"""

from datetime import datetime

import msgspec

from forensics.measure.piles import BOUND, CLOSE_WAIT, Pile
from forensics.measure.shortage import Shortage

# What nothing ends but its process: only of these an average since its start means anything.
_ACCUMULATES = frozenset({CLOSE_WAIT, BOUND})


class Outlook(msgspec.Struct, frozen=True):
    """`rate` in ports a second, `basis` `tables`, `since-start` or `none`; `full_in` seconds from the latest table."""

    rate: float | None
    basis: str
    full_in: float | None

    def lasting(self, ports: int) -> float | None:
        """How long so many ports last at that rate, in seconds."""
        return ports / self.rate if self.rate else None


def outlook(pile: Pile, shortage: Shortage, started_at: datetime | None, at: datetime | None) -> Outlook:
    """Look ahead from the latest table.

    Args:
        pile: what grows.
        shortage: how many ports are left.
        started_at: when the pile's owner started, UTC.
        at: the moment of the latest table, UTC.
    """
    rate, basis = (pile.growth, "tables") if pile.persists or pile.only_grows else (None, "none")
    if (not rate or rate <= 0) and pile.group in _ACCUMULATES:
        age = (at - started_at).total_seconds() if at and started_at else 0.0
        rate, basis = (pile.owner_ports / age, "since-start") if age > 0 and pile.owner_ports else (None, "none")
    if not rate or rate <= 0:
        return Outlook(None, "none", None)
    return Outlook(rate, basis, shortage.free / rate)
