"""The part of the findings that a network trace fills: `measurements.trace` (contracts.md).

Times are the traced machine's wall clock with the offset stated, null where the trace has none that can be read.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from typing import Literal

import msgspec

from forensics.evidence import Source
from forensics.measure.traces import TracedOwner, TracedShortage, TraceUse
from forensics.measure.zone import Offset
from forensics.trace.facts import Life

Cite = Callable[[Sequence[Source]], list[Source]]


class TracedRemoteEntry(msgspec.Struct, frozen=True):
    """Where connects of one process went; `port` is null where the address could not be taken apart."""

    address: str
    port: int | None
    connects: int


class TracedOwnerEntry(msgspec.Struct, frozen=True):
    """One process by the PID that messages name; `image` is "" where no list tells. `remotes` are the busiest."""

    pid: int
    image: str
    services: list[str]
    sockets: int
    connects: int
    failed: int
    closes: int
    connects_per_second: float | None
    time_wait_births: int
    remotes: list[TracedRemoteEntry]
    remotes_total: int


class TracedBucketEntry(msgspec.Struct, frozen=True):
    """Sockets created and connects begun in one bucket."""

    at: datetime
    sockets: int
    connects: int


class OpensEntry(msgspec.Struct, frozen=True):
    """Opens over time, in buckets of `bucket_seconds`; a bucket in which nothing was opened is left out."""

    bucket_seconds: int
    buckets: list[TracedBucketEntry]


class StayEntry(msgspec.Struct, frozen=True):
    """How long a connection was in a state."""

    state: str
    seconds: float


class StepEntry(msgspec.Struct, frozen=True):
    """One event of a life, at `line` of the trace."""

    at: datetime | None
    event_id: int
    says: str
    from_state: str
    to_state: str
    port: int | None
    status: str
    line: int


class LifeEntry(msgspec.Struct, frozen=True):
    """One socket's life: the most complete of its process. `whole` where creation and end are both in the trace."""

    pid: int | None
    image: str
    local: str
    remote: str
    port: int | None
    whole: bool
    closed_first: Literal["local", "remote", "reset", ""]
    outcome: str
    stays: list[StayEntry]
    steps: list[StepEntry]


class FailureEntry(msgspec.Struct, frozen=True):
    """How often one message told of a failure, with one status ("" where it has none)."""

    event_id: int
    reason: str
    status: str
    count: int


class TracedShortageEntry(msgspec.Struct, frozen=True):
    """Direct proof that no port was to be had; times in UTC."""

    protocol: Literal["TCP", "UDP"]
    count: int
    first_at: datetime | None
    last_at: datetime | None
    source: Source


class DelayEntry(msgspec.Struct, frozen=True):
    """`TimedWaitDelay` in force as event 1110 printed it; its unit is documented nowhere."""

    family: str
    value: int
    line: int


class TraceEntry(msgspec.Struct, frozen=True):
    """One trace. `by_owner` is complete; `open_at_start` counts the table at its start by state (1300).

    `connects_per_second` and `time_wait_births_per_second` are over its whole time; `same_boot` says whether it was
    made in the running boot, null where that cannot be told.
    """

    file: str
    lines: int
    unrecognised_lines: int
    started_at: datetime | None
    ended_at: datetime | None
    seconds: float | None
    date_order: str
    same_boot: bool | None
    sockets: int
    connects: int
    connects_without_owner: int
    connects_per_second: float | None
    closes: int
    closes_per_second: float | None
    time_wait_births: int
    time_wait_births_per_second: float | None
    port_exhaustion_events: int
    shortages: list[TracedShortageEntry]
    failures: list[FailureEntry]
    time_wait_delays: list[DelayEntry]
    open_at_start: dict[str, int]
    by_owner: list[TracedOwnerEntry]
    opens: OpensEntry
    lives: list[LifeEntry]


def trace_entry(use: TraceUse, cite: Cite) -> TraceEntry:
    """Write one trace out."""
    trace = use.trace
    local = _Clock(use.offset)
    images = {one.counted.pid: one.process.image for one in use.owners}
    return TraceEntry(
        file=use.file,
        lines=trace.lines,
        unrecognised_lines=trace.unrecognised_lines,
        started_at=local.at(trace.started_local),
        ended_at=local.at(trace.ended_local),
        seconds=use.seconds,
        date_order=trace.date_order,
        same_boot=use.same_boot,
        sockets=trace.sockets,
        connects=trace.connects,
        connects_without_owner=trace.connects_without_owner,
        connects_per_second=_per_second(trace.connects, use.seconds),
        closes=trace.closes,
        closes_per_second=_per_second(trace.closes, use.seconds),
        time_wait_births=trace.time_wait_births,
        time_wait_births_per_second=_per_second(trace.time_wait_births, use.seconds),
        port_exhaustion_events=trace.port_exhaustion_events,
        shortages=[_shortage(one, cite) for one in use.shortages],
        failures=[FailureEntry(one.event_id, one.reason, one.status, one.count) for one in trace.failures],
        time_wait_delays=[DelayEntry(one.family, one.value, one.line) for one in trace.time_wait_delays],
        open_at_start=trace.rundown_states,
        by_owner=[_owner(one) for one in use.owners],
        opens=OpensEntry(
            trace.bucket_seconds,
            [
                TracedBucketEntry(at, one.sockets, one.connects)
                for one in trace.buckets
                if (at := local.at(one.at_local)) is not None
            ],
        ),
        lives=[_life(one, images, local) for one in trace.lives],
    )


class _Clock:
    """Gives the machine's wall clock its offset."""

    def __init__(self, offset: Offset | None) -> None:
        self._zone = timezone(timedelta(minutes=offset.minutes)) if offset and offset.basis != "unknown" else None

    def at(self, local: datetime | None) -> datetime | None:
        return local.replace(tzinfo=self._zone) if local else None


def _per_second(count: int, seconds: float | None) -> float | None:
    return round(count / seconds, 5) if seconds else None


def _shortage(one: TracedShortage, cite: Cite) -> TracedShortageEntry:
    protocol: Literal["TCP", "UDP"] = "UDP" if one.protocol == "UDP" else "TCP"
    return TracedShortageEntry(protocol, one.count, one.first_at, one.last_at, cite([one.source])[0])


def _owner(one: TracedOwner) -> TracedOwnerEntry:
    counted = one.counted
    return TracedOwnerEntry(
        counted.pid,
        one.process.image,
        list(one.process.services),
        counted.sockets,
        counted.connects,
        counted.failed,
        counted.closes,
        None if counted.connects_per_second is None else round(counted.connects_per_second, 5),
        counted.time_wait_births,
        [TracedRemoteEntry(remote.address, remote.port, remote.connects) for remote in counted.remotes],
        counted.remotes_seen,
    )


def _life(life: Life, images: dict[int, str], local: _Clock) -> LifeEntry:
    return LifeEntry(
        life.pid,
        images.get(life.pid, "") if life.pid is not None else "",
        life.local,
        life.remote,
        life.port,
        life.whole,
        msgspec.convert(life.closed_first, Literal["local", "remote", "reset", ""]),
        life.outcome,
        [StayEntry(stay.state, stay.seconds) for stay in life.stays],
        [
            StepEntry(
                local.at(step.at_local),
                step.event_id,
                step.says,
                step.from_state,
                step.to_state,
                step.port,
                step.status,
                step.line,
            )
            for step in life.steps
        ],
    )
