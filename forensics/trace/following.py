"""Follow a few lives step by step: one whole life for each process, partial ones where no whole one is there."""

from itertools import pairwise

from forensics.trace.facts import Life, Stay, Step
from forensics.trace.lines import DAY, Dates
from forensics.trace.templates import BY_ID
from forensics.trace.values import address_and_port, endpoint_text

_MOST_STEPS = 200  # of one life; a life has some twenty
_AT_ONCE = 4  # lives of one process followed at a time
_MOST_OWNERS = 256  # whose lives are kept
_MOST_LOOSE = 16  # connections followed whose socket was created before the trace

RawStep = tuple[int | None, int, str, str, int | None, str, int]
"""Moment, event id, state before and after, port, status, line."""


class Followed:
    """A life while it is followed."""

    __slots__ = (
        "closed",
        "created",
        "dropped",
        "endpoint",
        "local",
        "pid",
        "port",
        "remote",
        "steps",
        "tcb",
        "watched",
    )

    def __init__(self, pid: int | None, *, created: bool) -> None:
        self.pid = pid
        self.created = created
        self.closed = self.dropped = False
        self.watched = created
        self.endpoint = self.tcb = self.local = self.remote = b""
        self.port: int | None = None
        self.steps: list[RawStep] = []

    @property
    def whole(self) -> bool:
        """Whether both ends of the life are in the trace."""
        return self.created and self.closed and not self.dropped and len(self.steps) < _MOST_STEPS

    def add(self, step: RawStep) -> None:
        """Add an event."""
        if not self.dropped and len(self.steps) < _MOST_STEPS:
            self.steps.append(step)


class Following:
    """Chooses which lives to follow, and keeps the best of each process."""

    def __init__(self) -> None:
        self.best: dict[int | None, Followed] = {}
        self._active: dict[int, list[Followed]] = {}
        self._sockets: dict[int, int] = {}
        self._enough: set[int | None] = set()
        self._loose = 0
        self.watching = 0
        """Sockets that are followed and have not ended."""

    def socket(self, pid: int, address: bytes) -> Followed | None:
        """Follow the socket that was just created, or not."""
        if pid in self._enough:
            return None
        active = self._active.get(pid)
        if active is None:
            if len(self._active) >= _MOST_OWNERS:
                return None
            active = self._active[pid] = []
            self._sockets[pid] = 0
        self._sockets[pid] += 1
        if len(active) >= _AT_ONCE:
            # The oldest gives way at 8, 16, 32 … sockets: it had the time of 15 times as many as there were when it
            # began, so that one is seen to its end at any rate, and eternal connections are not in the way.
            if self._sockets[pid] & (self._sockets[pid] - 1):
                return None
            self._keep_better(active[0])
            self._unwatch(active[0])
            active.pop(0).dropped = True
        followed = Followed(pid, created=True)
        followed.endpoint = address
        active.append(followed)
        self.watching += 1
        return followed

    def connection(self, address: bytes) -> Followed | None:
        """Follow a connection whose socket is not known (yet)."""
        if self._loose >= _MOST_LOOSE:
            return None
        self._loose += 1
        followed = Followed(None, created=False)
        followed.tcb = address
        return followed

    def let_go(self, loose: Followed) -> None:
        """Stop following a connection: its socket is known, and not followed."""
        if not loose.created and not loose.dropped:
            loose.dropped = True
            self._loose -= 1

    def merge(self, followed: Followed, loose: Followed) -> None:
        """Join a connection to its socket."""
        followed.tcb = loose.tcb
        for step in loose.steps:
            followed.add(step)
        self.let_go(loose)

    def closed(self, followed: Followed) -> None:
        """Note that the end of a life was seen: its process needs no other."""
        followed.closed = True
        if followed.whole:
            self._enough.add(followed.pid)

    def ended(self, followed: Followed, pid: int | None, *, closed: bool) -> None:
        """Keep a connection's life if it is the best of its process."""
        if followed.pid is None:
            followed.pid = pid
        followed.closed |= closed
        self._keep_better(followed)
        if not followed.created and self.best.get(followed.pid) is not followed:
            self.let_go(followed)

    def left(self, followed: Followed) -> None:
        """Keep a socket's life, connected or not, if it is the best of its process."""
        self._unwatch(followed)
        self._keep_better(followed)

    def _unwatch(self, followed: Followed) -> None:
        if followed.watched:
            followed.watched = False
            self.watching -= 1

    def _keep_better(self, followed: Followed) -> None:
        if followed.dropped or not followed.steps:
            return
        best = self.best.get(followed.pid)
        if best is None:
            if len(self.best) < _MOST_OWNERS:
                self.best[followed.pid] = followed
        elif _rank(followed) > _rank(best):
            self.best[followed.pid] = followed
            if not best.created:
                self.let_go(best)


def _rank(followed: Followed) -> tuple[bool, bool, int]:
    return followed.created and followed.closed, bool(followed.remote), len(followed.steps)


def tell(followed: Followed, dates: Dates) -> Life:
    """Turn what was followed into a fact."""
    steps = tuple(
        Step(dates.at(moment), number, BY_ID[number].says, before, after, port, status, line)
        for moment, number, before, after, port, status, line in followed.steps
    )
    local, port = address_and_port(followed.local)
    return Life(
        pid=followed.pid,
        endpoint=followed.endpoint.decode("ascii", "replace"),
        tcb=followed.tcb.decode("ascii", "replace"),
        local=endpoint_text(local, port),
        remote=endpoint_text(*address_and_port(followed.remote)),
        port=followed.port or port,
        whole=followed.whole,
        closed_first=_closed_first(steps),
        outcome=_outcome(followed, steps),
        stays=_stays(followed.steps),
        steps=steps,
    )


def _closed_first(steps: tuple[Step, ...]) -> str:
    for step in steps:
        if step.event_id in {1184, 1185}:
            return "reset"
        if step.event_id == 1051:  # noqa: PLR2004
            if step.to_state == "FinWait1":
                return "local"
            if step.to_state == "CloseWait":
                return "remote"
        if step.event_id == 1039:  # noqa: PLR2004
            return "local"
    return ""


def _outcome(followed: Followed, steps: tuple[Step, ...]) -> str:
    failure = next((step for step in reversed(steps) if BY_ID[step.event_id].fails), None)
    if failure is not None:
        return f"{failure.says} {failure.status}".strip()
    if followed.closed:
        return "closed"
    return "its end is not in the trace"


def _stays(steps: list[RawStep]) -> tuple[Stay, ...]:
    """Pair each transition with the next. Midnight adds a day; a clock that stepped back gives nothing."""
    moves = [(moment, after) for moment, number, _, after, *_ in steps if number == 1051 and moment is not None]  # noqa: PLR2004
    stays = []
    for (entered, state), (left, _) in pairwise(moves):
        if left >= entered:
            days = left // DAY - entered // DAY
            if days <= 1:
                stays.append(Stay(state, (left - entered) / 1_000_000))
    return tuple(stays)
