"""Which port events a table speaks of.

A port that was in use when an event was written stays in the table as TIME_WAIT for the delay D at least, if this
machine closed first: a table taken within D after the event still shows how full the range was. One taken later proves
nothing about it (the issue of local-endpoint-reuse; domain.md §2, C15).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from forensics.measure.collection import Taken
from forensics.measure.log import Logged


class Coverage(msgspec.Struct, frozen=True):
    """Port events of the running boot by what the tables say of them.

    `covered` have a table within D after them, `after` is the first such table of the last covered event; `uncovered`
    have none. `within` is D in seconds, the shortest that may be in force.
    """

    covered: tuple[Logged, ...] = ()
    uncovered: tuple[Logged, ...] = ()
    after: Taken | None = None
    within: int = 0

    @property
    def gap(self) -> float | None:
        """Seconds from the last covered event to its table."""
        if not self.covered or self.after is None or self.after.moment is None:
            return None
        return (self.after.moment.at - self.covered[-1].at).total_seconds()


def cover(events: Sequence[Logged], tables: Sequence[Taken], within: int, booted_at: datetime | None) -> Coverage:
    """Sort events by whether a whole table was taken within `within` seconds after them.

    Wherever in its bounds the moment of the table lies, it must be after the event and within the limit. Events of an
    earlier run of the system have no table.
    """
    dated = [(one.moment, one) for one in tables if one.moment and one.found.fact.listens]
    limit = timedelta(seconds=within)
    covered, uncovered, after = [], [], None
    for event in sorted(events, key=lambda one: one.at):
        near = [table for moment, table in dated if event.at <= moment.low and moment.high - event.at <= limit]
        if booted_at and event.at < booted_at:
            near = []  # a restart frees all ports
        if near:
            covered.append(event)
            after = near[0]
        else:
            uncovered.append(event)
    return Coverage(tuple(covered), tuple(uncovered), after, within)
