"""Machines for tests: small relatives of the founding case, quick to build and to analyze.

A dynamic range of 1,000 ports stands for the usual 16,384; every figure below follows from it, and handle counts
shrink with it.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from builder import Held, Incident, Machine, Pile, PortRange, Traffic
from builder.languages import ENGLISH
from builder.machine import SERVER_2008_R2
from builder.scenarios import founding_case
from builder.zones import COORDINATED

RANGE = PortRange(49152, 1000)
MONITOR = "203.0.113.40"
COLLECTED = datetime(2018, 12, 24, 12, 30, tzinfo=UTC)


def stuck(pile: int = 900, **changes: object) -> Machine:
    """Past the wrap by three days: a pile of TIME_WAIT rows that never expire, hardly any traffic."""
    machine = replace(
        founding_case(),
        system=SERVER_2008_R2,
        language=ENGLISH,
        zone=COORDINATED,
        collected_at=COLLECTED,
        boot=COLLECTED - timedelta(days=500),
        log_begins=COLLECTED - timedelta(days=6),
        dynamic_ports=RANGE,
        traffic=(),
        piles=(Pile(MONITOR, 443, pile),),
        held=(Held(1536, MONITOR, 443, "ESTABLISHED"),),
        accepted=(),
        incidents=(),
        processes=tuple(replace(one, handles=one.handles // 40) for one in founding_case().processes),
        oldest_chunk=0,
        everyday_events=4,
    )
    return replace(machine, **changes)  # type: ignore[arg-type]


def calm(days: float = 40.0, **changes: object) -> Machine:
    """Nothing is wrong: a connection every ten seconds, TIME_WAIT expires."""
    machine = stuck(
        0,
        boot=COLLECTED - timedelta(days=days),
        clock_wraps=False,
        traffic=(Traffic(1536, MONITOR, 443, per_second=0.1),),
    )
    return replace(machine, piles=(), **changes)  # type: ignore[arg-type]


def churning(**changes: object) -> Machine:
    """Eight connections a second with 120 s of TIME_WAIT: 960 of 1,000 ports, all expiring."""
    return replace(calm(traffic=(Traffic(1536, MONITOR, 443, per_second=8.0),)), **changes)  # type: ignore[arg-type]


def collisions(begin: datetime, end: datetime) -> Incident:
    """Event 4227, every half hour."""
    return Incident("Tcpip", 4227, begin, end, 1800)
