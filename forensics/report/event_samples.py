"""Moments of the System log for the line of uptime: readings of 6013 and events about missing ports, thinned out."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

import msgspec

from forensics.measure.boots import Boot
from forensics.measure.log import Logged

MOST_SAMPLES = 60  # a line over 500 days is drawn as well by these as by each of its 500 noons
MOST_PORT_EVENTS = 120  # strokes side by side in the width of a page

Item = TypeVar("Item")


class UptimeSampleEntry(msgspec.Struct, frozen=True):
    """One 6013: at `at` (UTC, the machine's clock) it had been up `seconds`."""

    at: datetime
    seconds: int
    record: int | None


class PortEventEntry(msgspec.Struct, frozen=True):
    """One of the events that tell of missing ports (4227, 4231, 4266); `at` is UTC."""

    at: datetime
    id: int
    record: int | None


def samples_of(history: Sequence[Boot]) -> list[UptimeSampleEntry]:
    """Thin the readings of all runs, keeping the first and the last."""
    readings = [reading for boot in history for reading in boot.readings]
    return [UptimeSampleEntry(one.at, one.seconds, one.logged.event.record) for one in thinned(readings, MOST_SAMPLES)]


def port_events_of(events: Sequence[Logged]) -> list[PortEventEntry]:
    """Thin the events about missing ports, keeping the first and the last."""
    ordered = sorted(events, key=lambda one: one.at)
    return [PortEventEntry(one.at, one.event.id, one.event.record) for one in thinned(ordered, MOST_PORT_EVENTS)]


def thinned(items: Sequence[Item], most: int) -> list[Item]:
    """Keep at most so many, evenly spread, the first and the last among them.

    >>> thinned(range(100), 4)
    [0, 33, 66, 99]
    """
    if len(items) <= most:
        return list(items)
    return [items[index * (len(items) - 1) // (most - 1)] for index in range(most)]
