"""Join lines to lives: endpoint, port, TCB, connection, states, release.

Kernel addresses are reused: a creation, or a step that cannot follow what was seen of the address, begins a new life.
A life of a TCB is one attempt to connect, however many of its lines are there (contracts.md); it belongs to the PID
that a message names, else to the PID of the endpoint whose port it inherited (1192) or whose port it uses (1191).
"""

from collections.abc import Callable
from itertools import islice

from forensics.trace.following import Followed, Following
from forensics.trace.values import IPV6

_MOST_ADDRESSES = 1 << 17  # endpoints or TCBs remembered; the longest unused ones are settled first
_MOST_OWNERS = 1 << 16
_MOST_REMOTES = 1 << 16
"""Remotes remembered over all owners: what keeps memory bounded when a scanner is traced."""

# Phases of a TCB's life. The last three are not followed by the first four within one life.
OPENING, REQUESTED, PROCEEDING, FAILED, DONE, INBOUND, KNOWN = range(7)


class Endpoint:
    """A socket that lives at an address of the kernel."""

    __slots__ = ("family", "followed", "pid", "place")

    def __init__(self, pid: int | None, family: int, followed: Followed | None) -> None:
        self.pid = pid
        self.family = family  # IPV6 or 0
        self.place = 0  # its port, and the family
        self.followed = followed


class Tcb:
    """A connection that lives at an address of the kernel."""

    __slots__ = ("attempt", "births", "closed", "endpoint", "failed_by", "followed", "opened", "phase", "pid", "remote")

    def __init__(self, phase: int) -> None:
        self.phase = phase
        self.pid: int | None = None
        self.endpoint: Endpoint | None = None
        self.attempt = False
        self.remote = b""
        self.failed_by = 0
        self.births = 0
        self.closed = False
        self.followed: Followed | None = None
        self.opened: tuple[int, int] | None = None


class OwnerCount:
    """What is counted for one PID."""

    __slots__ = ("births", "closes", "connects", "created", "created_complete", "failed", "remotes", "remotes_left_out")

    def __init__(self) -> None:
        self.created = self.created_complete = 0
        self.connects = self.failed = self.births = self.closes = 0
        self.remotes: dict[bytes, int] = {}
        self.remotes_left_out = 0


class Lives:
    """All lives of a trace, in the order of its lines."""

    def __init__(self, opened: Callable[[int, bool], None], opening: Callable[[Followed, int], None]) -> None:
        self.endpoints: dict[bytes, Endpoint] = {}
        self.tcbs: dict[bytes, Tcb] = {}
        self._holders: dict[int, Endpoint] = {}  # by port and family
        self.owners: dict[int | None, OwnerCount] = {}
        self.following = Following()
        self.connects = 0
        self.births = 0
        self.closes = 0
        self.owners_left_out = 0
        self._remotes = 0
        self._opened = opened
        self._opening = opening
        self.blocks = 0

    def owner(self, pid: int | None) -> OwnerCount:
        """Return the counts of a PID."""
        found = self.owners.get(pid)
        if found is None:
            if len(self.owners) >= _MOST_OWNERS:
                self.owners_left_out += 1
                return self.owners.setdefault(None, OwnerCount())
            found = self.owners[pid] = OwnerCount()
        return found

    def created(self, address: bytes, pid: int, family: int) -> Endpoint:
        """Begin the life of a socket."""
        old = self.endpoints.pop(address, None)
        if old is not None:
            self._leave(old)
        elif len(self.endpoints) >= _MOST_ADDRESSES:
            for oldest in list(islice(self.endpoints, _MOST_ADDRESSES // 2)):
                self._leave(self.endpoints.pop(oldest))
        endpoint = self.endpoints[address] = Endpoint(pid, family, self.following.socket(pid, address))
        return endpoint

    def holder(self, place: int) -> Endpoint | None:
        """Return the endpoint that holds a port. Of an IPv4 one it may be a socket of IPv6 that speaks both."""
        found = self._holders.get(place)
        return self._holders.get(place | IPV6) if found is None and place < IPV6 else found

    def _leave(self, endpoint: Endpoint) -> None:
        if self._holders.get(endpoint.place) is endpoint:
            del self._holders[endpoint.place]
        if endpoint.followed is not None:
            self.following.left(endpoint.followed)

    def acquired(self, address: bytes, port: int) -> Followed | None:
        """Give a port to an endpoint (or to a connection, which then is followed if it was)."""
        endpoint = self.endpoints.get(address)
        if endpoint is None:
            tcb = self.tcbs.get(address)
            return tcb.followed if tcb else None
        endpoint.place = port | endpoint.family
        self._holders[endpoint.place] = endpoint
        return endpoint.followed

    def released(self, address: bytes, port: int) -> Followed | None:
        """Take a reference to a port back."""
        tcb = self.tcbs.get(address)
        if tcb is not None and tcb.followed is not None:
            return tcb.followed
        endpoint = self.endpoints.get(address)
        if endpoint is None:
            return None
        place = port | endpoint.family
        if self._holders.get(place) is endpoint:
            del self._holders[place]
        return endpoint.followed

    def inherited(self, tcb_address: bytes, endpoint_address: bytes) -> Followed | None:
        """Join a connection to the endpoint whose port it takes over."""
        tcb = self.tcbs.get(tcb_address)
        if tcb is None or tcb.closed or tcb.phase > PROCEEDING or tcb.endpoint is not None:
            tcb = self.begin(tcb_address, OPENING)
        self._join(tcb, self.endpoints.get(endpoint_address))
        return tcb.followed

    def _join(self, tcb: Tcb, endpoint: Endpoint | None) -> None:
        if endpoint is None or tcb.endpoint is not None:
            return
        tcb.endpoint = endpoint
        if endpoint.followed is not None:
            if tcb.followed is not None:
                self.following.merge(endpoint.followed, tcb.followed)
                tcb.followed = endpoint.followed
            else:
                tcb.followed = endpoint.followed
                self._add_opening(tcb)
        elif tcb.followed is not None:
            self.following.let_go(tcb.followed)
            tcb.followed = None

    def _add_opening(self, tcb: Tcb) -> None:
        if tcb.followed is not None and tcb.opened is not None and tcb.opened[0] == self.blocks:
            self._opening(tcb.followed, tcb.opened[1])

    def begin(self, address: bytes, phase: int) -> Tcb:
        """Begin the life of a connection at this address; what lived there before is settled."""
        old = self.tcbs.pop(address, None)
        if old is not None:
            self._settle(old)
        elif len(self.tcbs) >= _MOST_ADDRESSES:
            for oldest in list(islice(self.tcbs, _MOST_ADDRESSES // 2)):
                self._settle(self.tcbs.pop(oldest))
        tcb = self.tcbs[address] = Tcb(phase)
        if phase in {INBOUND, KNOWN}:  # else the socket is probably known, and chosen or not
            tcb.followed = self.following.connection(address)
        return tcb

    def _attempt(self, tcb: Tcb, position: int) -> None:
        if not tcb.attempt:
            tcb.attempt = True
            self.connects += 1
            self._opened(position, True)  # noqa: FBT003

    def transition(self, address: bytes, before: str, after: str, position: int) -> Tcb:
        """Move a connection from one state to another."""
        tcb = self.tcbs.get(address)
        if before == "Closed" and after == "SynSent":
            if tcb is None or tcb.closed or tcb.phase > PROCEEDING or (tcb.phase == OPENING and tcb.attempt):
                tcb = self.begin(address, OPENING)
            tcb.opened = self.blocks, position
            self._attempt(tcb, position)
        elif tcb is None or (tcb.closed and before != "Closed") or before == "Listen":
            tcb = self.begin(address, INBOUND if before in {"Listen", "SynRcvd"} else KNOWN)
        if after == "TimeWait":
            self.births += 1
            tcb.births += 1
        elif after == "Closed":
            tcb.closed = True
        return tcb

    def requested(self, address: bytes, remote: bytes, place: int, pid: int | None, position: int) -> Tcb:
        """Begin an attempt (1002), or go on with the one whose first transition came before."""
        tcb = self.tcbs.get(address)
        if tcb is None or tcb.closed or tcb.phase != OPENING:
            tcb = self.begin(address, REQUESTED)
        tcb.phase = REQUESTED
        self._reach(tcb, address, remote, place, pid, position)
        return tcb

    def _reach(self, tcb: Tcb, address: bytes, remote: bytes, place: int, pid: int | None, position: int) -> None:
        self._attempt(tcb, position)
        tcb.remote = remote
        if pid:
            tcb.pid = pid
        if tcb.endpoint is None:
            self._join(tcb, self.holder(place))
            if tcb.endpoint is None and tcb.followed is None:
                tcb.followed = self.following.connection(address)
                self._add_opening(tcb)

    def went_on(self, event: int, address: bytes, remote: bytes, place: int, pid: int | None, position: int) -> Tcb:
        """Go on with an attempt (1031), end it well (1033), or badly: the other events.

        A second template for the same failure is no second attempt; the same one again is.
        """
        tcb = self.tcbs.get(address)
        if event in {1031, 1033}:
            phase = PROCEEDING if event == 1031 else DONE  # noqa: PLR2004
            if tcb is None or tcb.closed or tcb.phase in {FAILED, DONE, INBOUND}:
                tcb = self.begin(address, phase)
        else:
            phase = FAILED
            over = tcb is None or tcb.phase in {DONE, INBOUND} or (tcb.closed and tcb.phase == KNOWN)
            if tcb is None or over or tcb.failed_by == event:
                tcb = self.begin(address, phase)
            tcb.failed_by = event
        tcb.phase = phase
        self._reach(tcb, address, remote, place, pid, position)
        return tcb

    def accepted(self, address: bytes, pid: int | None) -> Tcb:
        """Tell a connection that came in (1017)."""
        tcb = self.tcbs.get(address)
        if tcb is None or tcb.closed or tcb.attempt:
            tcb = self.begin(address, INBOUND)
        tcb.phase = INBOUND
        tcb.pid = pid
        return tcb

    def exists(self, address: bytes, pid: int | None) -> None:
        """Tell a connection that was there when the trace began (1300), or still is when it ends."""
        tcb = self.tcbs.get(address) or self.begin(address, KNOWN)
        if tcb.pid is None:
            tcb.pid = pid or None

    def told(self, address: bytes, pid: int | None) -> Tcb | None:
        """Return the connection of a line that only adds to it, with the PID that the line may name (1038 to 1044)."""
        tcb = self.tcbs.get(address)
        if tcb is not None and pid and tcb.pid is None:
            tcb.pid = pid
        return tcb

    def _settle(self, tcb: Tcb) -> None:
        pid = tcb.pid
        if pid is None and tcb.endpoint is not None:
            pid = tcb.endpoint.pid
        ended = tcb.closed and tcb.phase not in {FAILED, INBOUND}
        if tcb.attempt or tcb.births or ended:
            owner = self.owner(pid)
            owner.births += tcb.births
            owner.closes += ended
            self.closes += ended
            if tcb.attempt:
                owner.connects += 1
                owner.failed += tcb.phase == FAILED
                self._count_remote(owner, tcb.remote)
        if tcb.followed is not None:
            self.following.ended(tcb.followed, pid, closed=tcb.closed or tcb.phase == FAILED)

    def _count_remote(self, owner: OwnerCount, remote: bytes) -> None:
        count = owner.remotes.get(remote)
        if count is None:
            if self._remotes >= _MOST_REMOTES:
                owner.remotes_left_out += 1
                return
            self._remotes += 1
            count = 0
        owner.remotes[remote] = count + 1

    def finish(self) -> None:
        """Settle what still lives at the end of the trace."""
        for tcb in self.tcbs.values():
            self._settle(tcb)
        for endpoint in self.endpoints.values():
            if endpoint.followed is not None:
                self.following.left(endpoint.followed)
        self.tcbs.clear()
        self.endpoints.clear()
