"""What a network trace says: frozen facts. Times are the traced machine's own wall clock (naive, named `…_local`)."""

from datetime import datetime

import msgspec

from forensics.parsed import Problem


class Remote(msgspec.Struct, frozen=True):
    """Where connects went. `port` is None where the address could not be taken apart."""

    address: str
    port: int | None
    connects: int


class Owner(msgspec.Struct, frozen=True):
    """What one process did, by the PID that the messages name.

    `failed` of the `connects` did not come about; `closes` counts its connections that ended, `time_wait_births` those
    that entered TIME_WAIT. `remotes` are the busiest of `remotes_seen`.
    """

    pid: int
    sockets: int
    connects: int
    failed: int
    closes: int
    connects_per_second: float | None
    time_wait_births: int
    remotes: tuple[Remote, ...]
    remotes_seen: int


class Failure(msgspec.Struct, frozen=True):
    """How often one template said that something failed, with one status ("" where it has none)."""

    event_id: int
    reason: str
    status: str
    count: int


class Exhaustion(msgspec.Struct, frozen=True):
    """One event with one status ("" where it has none) that tells of a port that was not to be had.

    The first line of its kind is quoted.
    """

    event_id: int
    status: str
    count: int
    first_local: datetime | None
    last_local: datetime | None
    line: int
    quote: str


class Bucket(msgspec.Struct, frozen=True):
    """Sockets created and connects begun in `seconds` from `at_local` on."""

    at_local: datetime
    sockets: int
    connects: int


class Step(msgspec.Struct, frozen=True):
    """One event of a life; states are names as `Established`, "" where the event has none.

    `line` is the line in the trace, for quoting.
    """

    at_local: datetime | None
    event_id: int
    says: str
    from_state: str
    to_state: str
    port: int | None
    status: str
    line: int


class Stay(msgspec.Struct, frozen=True):
    """How long a connection was in a state."""

    state: str
    seconds: float


class Life(msgspec.Struct, frozen=True):
    """One socket's life: creation, port, connection, states, end.

    `whole` is a life whose creation and end are both in the trace. `closed_first` is "local", "remote", "reset" or ""
    (not seen). That a reference to a port was given up does not prove the port free: a TIME_WAIT keeps it
    without a trace event (domain.md, trap 3).
    """

    pid: int | None
    endpoint: str
    tcb: str
    local: str
    remote: str
    port: int | None
    whole: bool
    closed_first: str
    outcome: str
    stays: tuple[Stay, ...]
    steps: tuple[Step, ...]


class OpenConnection(msgspec.Struct, frozen=True):
    """A connection that the table at the start (or end) of the trace lists (1300)."""

    local: str
    remote: str
    state: str
    pid: int | None
    line: int


class TimeWaitDelay(msgspec.Struct, frozen=True):
    """`TimedWaitDelay` as event 1110 printed it. Its unit is documented nowhere."""

    family: str
    value: int
    line: int


class Trace(msgspec.Struct, frozen=True):
    """Everything read from one trace.

    `unrecognised_lines` belong to no template of `templates.TEMPLATES`: data transfer, packets, other providers.
    `sockets` are endpoint creations, `connects` attempts, one per life of a TCB (contracts.md). `date_order` is
    "year-first", "day-first", "month-first", or "assumed-month-first" where no date of the file decides; "" where there
    is none.
    `by_owner` is complete (busiest first); `connects_without_owner` could not be joined to a PID.
    `closes` are connections that ended, those that came in left out.
    `rundown` holds the first rows of `rundown_rows`; `rundown_states` counts all of them.
    `utc` says that the times named `…_local` are UTC, as tracerpt writes them, and not the machine's own.
    """

    lines: int
    unrecognised_lines: int
    started_local: datetime | None
    ended_local: datetime | None
    date_order: str
    sockets: int
    connects: int
    connects_without_owner: int
    closes: int
    time_wait_births: int
    port_exhaustion_events: int
    exhaustion: tuple[Exhaustion, ...]
    failures: tuple[Failure, ...]
    time_wait_delays: tuple[TimeWaitDelay, ...]
    rundown_rows: int
    rundown_states: dict[str, int]
    rundown: tuple[OpenConnection, ...]
    by_owner: tuple[Owner, ...]
    bucket_seconds: int
    buckets: tuple[Bucket, ...]
    lives: tuple[Life, ...]
    problems: tuple[Problem, ...]
    utc: bool = False
