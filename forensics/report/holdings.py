"""Findings on what holds the ports beside TIME_WAIT: shortage, piles, attempts, offload, memory, drivers, logs."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal, TypedDict

import msgspec

from forensics.evidence import Source
from forensics.measure.measurements import Measurements
from forensics.measure.piles import Pile
from forensics.measure.shortage import Shortage
from forensics.report.words import say
from forensics.text.endpoints import endpoint

Cite = Callable[[Sequence[Source]], list[Source]]


class ShortageEntry(msgspec.Struct, frozen=True):
    """Ports that a new connection cannot have, of the family of which most are held.

    Where ports are shared (`shared`), only those count that go to the remote with most, or to none. `settled` is False
    where nothing shows whether this machine shares ports and that decides. `by_group` says what holds them.
    """

    pool: str
    shared: bool
    settled: bool
    held: int
    usable: int
    share: float | None
    remote: str
    by_group: dict[str, int]


class PileEntry(msgspec.Struct, frozen=True):
    """Rows on dynamic ports of one group: its distinct `ports`, owner and remote, and what became of it in time."""

    group: str
    pool: str
    ports: int
    share: float
    owner: str
    owner_ports: int
    remote: str
    remote_ports: int
    remotes: int
    first_ports: int | None
    kept: int | None
    born: int | None
    gone: int | None
    seconds: float | None
    growth_per_second: float | None


class AttemptsEntry(msgspec.Struct, frozen=True):
    """Connection attempts of `netstat -s`, and rows that wait for an answer."""

    opened: int | None
    failed: int | None
    seconds: float | None
    waiting: int
    waiting_outside: int


class OffloadEntry(msgspec.Struct, frozen=True):
    """TCP Chimney: the setting, and rows by whether they are offloaded."""

    setting: Literal["enabled", "automatic", "disabled", ""]
    rows: int | None
    offloaded: int | None


class MemoryEntry(msgspec.Struct, frozen=True):
    """Memory in bytes."""

    available: int | None
    nonpaged_pool: int | None
    pool_limit: int | None
    low: bool
    source: Source


class NetworkDriverEntry(msgspec.Struct, frozen=True):
    """A third-party driver, filter or provider in the network stack: an inventory, no accusation."""

    module: str
    vendor: str
    product: str
    version: str
    hooks: list[str]
    running: bool | None
    sources: list[Source]


class ApplicationLogEntry(msgspec.Struct, frozen=True):
    """What an application's own log tells: how often it repeats one line, to whom, and how old its process is."""

    file: str
    events: int
    first_at: datetime | None
    last_at: datetime | None
    repeats: int
    interval_seconds: float | None
    rate_per_second: float | None
    remote: str
    process_age_seconds: float | None
    age_uncertain_seconds: float
    at: datetime | None
    sources: list[Source]


class Holdings(TypedDict):
    """These parts of the measurements."""

    shortage: dict[str, ShortageEntry]
    piles: list[PileEntry]
    attempts: AttemptsEntry
    offload: OffloadEntry
    memory: MemoryEntry | None
    network_drivers: list[NetworkDriverEntry]
    application_logs: list[ApplicationLogEntry]


def holdings_of(m: Measurements, cite: Cite) -> Holdings:
    """Write them out; groups that hold nothing are left out."""
    attempts, offload, memory = m.attempts, m.offload, m.memory
    return {
        "shortage": {"tcp": _shortage(m.shortage), "udp": _shortage(m.udp_shortage)} if m.tables else {},
        "piles": [_pile(pile, m) for pile in m.piles.values() if pile.ports],
        "attempts": AttemptsEntry(
            attempts.opened, attempts.failed, attempts.seconds, attempts.waiting, attempts.waiting_outside
        ),
        "offload": OffloadEntry(
            msgspec.convert(offload.setting, Literal["enabled", "automatic", "disabled", ""]),
            offload.rows,
            offload.offloaded,
        ),
        "memory": (
            MemoryEntry(memory.available, memory.nonpaged_pool, memory.pool_limit, memory.low, cite([memory.source])[0])
            if memory
            else None
        ),
        "network_drivers": [
            NetworkDriverEntry(
                one.module, one.vendor, one.product, one.version, list(one.hooks), one.running, cite(one.sources)
            )
            for one in m.network_drivers
        ],
        "application_logs": [
            ApplicationLogEntry(
                one.file,
                one.events,
                one.first_at,
                one.last_at,
                one.repeats,
                one.interval_seconds,
                one.rate_per_second,
                one.remote,
                one.process_age_seconds,
                one.age_uncertain_seconds,
                one.at,
                cite(one.sources),
            )
            for one in m.application_logs
        ],
    }


def _shortage(shortage: Shortage) -> ShortageEntry:
    pool = shortage.pool
    return ShortageEntry(
        f"{pool.protocol.lower()}_ipv{pool.family}",
        shortage.shared,
        shortage.settled,
        shortage.held,
        pool.usable,
        None if shortage.share is None else round(shortage.share, 6),
        endpoint(*shortage.remote) if shortage.remote else "",
        dict(sorted(shortage.by_group.items(), key=lambda item: (-item[1], item[0]))),
    )


def _pile(pile: Pile, m: Measurements) -> PileEntry:
    return PileEntry(
        pile.group,
        f"{pile.protocol.lower()}_ipv{pile.family}",
        pile.ports,
        round(pile.share, 6),
        say(m.processes.named(pile.owner).label),
        pile.owner_ports,
        endpoint(*pile.remote) if pile.remote else "",
        pile.remote_ports,
        pile.remotes,
        pile.first_ports,
        pile.kept,
        pile.born,
        pile.gone,
        pile.seconds,
        None if pile.growth is None else round(pile.growth, 5),
    )
