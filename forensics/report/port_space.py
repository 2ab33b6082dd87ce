"""The part of the findings that says which state every local port is in: `measurements.port_space`."""

from collections.abc import Callable, Sequence

import msgspec

from forensics.evidence import Source
from forensics.measure.measurements import Measurements
from forensics.measure.snapshots import table_source

Cite = Callable[[Sequence[Source]], list[Source]]


class PortStateEntry(msgspec.Struct, frozen=True):
    """The ports of a pool in one state, inside and outside its range; a run is `first-last`, or one port.

    A port with several rows counts once: LISTENING before ESTABLISHED before what is closing before TIME_WAIT.
    """

    pool: str
    state: str
    ports: int
    runs: list[str]


class PortSpaceEntry(msgspec.Struct, frozen=True):
    """The latest table (`source`) as a map of the ports; the state `excluded` stands for excluded ranges."""

    source: Source
    states: list[PortStateEntry]


def port_space_entry(m: Measurements, cite: Cite) -> PortSpaceEntry | None:
    """Write the map out; None without a table."""
    if not m.tables:
        return None
    return PortSpaceEntry(
        cite([table_source(m.tables[-1])])[0],
        [
            PortStateEntry(
                f"{one.protocol.lower()}_ipv{one.family}",
                one.state,
                one.ports,
                [f"{first}-{last}" if last > first else str(first) for first, last in one.runs],
            )
            for one in m.port_space
        ],
    )
