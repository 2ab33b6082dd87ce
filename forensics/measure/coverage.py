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
from forensics.measure.traces import TracedShortage


class Coverage(msgspec.Struct, frozen=True):
    """Port events of the running boot by what the tables say of them.

    `covered` have a table within D after them, `after` is the first such table of the last covered event; `uncovered`
    have none. `within` is D in seconds, the shortest that may be in force. `traced` are shortages that a network trace
    proves, `traced_unseen` those of them that no table speaks of.
    """

    covered: tuple[Logged, ...] = ()
    uncovered: tuple[Logged, ...] = ()
    after: Taken | None = None
    within: int = 0
    traced: tuple[TracedShortage, ...] = ()
    traced_unseen: tuple[TracedShortage, ...] = ()

    @property
    def unseen(self) -> bool:
        """Whether there was trouble that no table speaks of."""
        return (bool(self.uncovered) and not self.covered) or bool(self.traced_unseen)

    @property
    def gap(self) -> float | None:
        """Seconds from the last covered event to its table."""
        if not self.covered or self.after is None or self.after.moment is None:
            return None
        return (self.after.moment.at - self.covered[-1].at).total_seconds()


def cover(
    events: Sequence[Logged],
    tables: Sequence[Taken],
    within: int,
    booted_at: datetime | None,
    traced: Sequence[TracedShortage] = (),
) -> Coverage:
    """Sort events by whether a whole table was taken within `within` seconds after them.

    Wherever in its bounds the moment of the table lies, it must be after the event and within the limit. Events of an
    earlier run of the system have no table.
    """
    covered, uncovered, after = [], [], None
    for event in sorted(events, key=lambda one: one.at):
        table = None if booted_at and event.at < booted_at else _table_after(event.at, 0.0, tables, within)
        if table:
            covered.append(event)
            after = table
        else:
            uncovered.append(event)
    unseen = [
        one for one in traced if one.last_at is None or not _table_after(one.last_at, one.uncertain, tables, within)
    ]
    return Coverage(tuple(covered), tuple(uncovered), after, within, tuple(traced), tuple(unseen))


def _table_after(at: datetime, uncertain: float, tables: Sequence[Taken], within: int) -> Taken | None:
    """The first whole table that speaks of a moment known to `uncertain` seconds."""
    doubt, limit = timedelta(seconds=uncertain), timedelta(seconds=within)
    dated = ((one.moment, one) for one in tables if one.moment and one.found.fact.listens)
    return next(
        (table for moment, table in dated if at + doubt <= moment.low and moment.high - (at - doubt) <= limit), None
    )
