"""The scan: one expression over big blocks finds the lines that tell of ports; all others are only counted.

Line by line would cost ten times as much (craft.md, "Tried"): most lines of a trace are data transfer and packets.
Every message of interest has "P:" before it (TCP:, UDP:); the expression leaves the others after a character or two.
"""

import re
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import ClassVar, NamedTuple

from forensics.trace.facts import TimeWaitDelay
from forensics.trace.following import Followed
from forensics.trace.lines import LAST_PREFIXED, Clock
from forensics.trace.lives import DONE, REQUESTED, Lives
from forensics.trace.templates import EXHAUSTION, REFUSED_NOT_EXHAUSTED, STATES, TEMPLATES, id_after_remote
from forensics.trace.values import IPV6, is_failure, pid_in, place_of, state, status

_ADDRESS = rb"(0x[0-9A-Fa-f]{1,16}+)"
# The look ahead rejects `(local=… remote=…): TCP send event …`, one line in seven, before addresses are taken: to pass
# over all but one character costs a tenth of passing over all but blanks.
_PAIR = rb"\(local=(?![^)]{1,400}+\):\s)(\S{1,80}+)\s++remote=([^\s)]{1,80}+)"
_WITHOUT_TCB = rb"connection\s++\(local=\S{1,80}+\s++remote=[^\s)]{1,80}+\)\s++connect"
# Other providers print what remote servers chose, headers and URLs: what looks like a message there is none.
_OF_THE_STACK = rb"(?:(?<=TCPIP\]TCP:)|(?<=TCPIP\] TCP:)|(?<=TCPIP\]UDP:)|(?<=TCPIP\] UDP:))"
# A blank may be a line end, for messages wrap. The last group that took part tells what was matched; what is frequent
# is taken apart here, the rest of a line later. Every part has a limit: no text makes the search go over it again and
# again, and nothing that is remembered is long.
_MESSAGE = re.compile(
    rb"P:" + _OF_THE_STACK + rb"\s++(?:connection\s++" + _ADDRESS + rb"\s++(?:"  # 1
    rb"transition\s++from\s++(\S{1,40}+)\s++(?:,\s*+)?to\s++(\S{1,40}+)"  # 2, 3
    rb"|" + _PAIR + rb"(?:\s++PID=\d++)?\)\s++"  # 4, 5
    rb"((?:conn|re|dis|shut|close|abort|term|exist)[^\r\n]*+)"  # 6
    rb"|attempted\s++to\s++acquire\s++weak\s++reference\s++on\s++"
    rb"port\s++number\s++(\d{1,5}+)\s++"  # 7
    rb"inherited\s++from\s++endpoint\s++" + _ADDRESS + rb")"  # 8
    rb"|endpoint/connection\s++" + _ADDRESS + rb"\s++"  # 9
    rb"(acquired|released|replaced)[^\r\n]{0,120}?port\s++number\s++(\d{1,5}+)"  # 10, 11
    rb"|endpoint\s++(?:" + _ADDRESS + rb"\s++|0x[0-9A-Fa-f]++\s++)?+(?:"  # 12
    rb"\(Family=[^,\r\n]{1,40}+,\s++PID=(\d{1,10}+)\)\s++"  # 13
    rb"created\s++with\s++status\s++=\s++(?:0x0*+|STATUS_SUCCESS)\."
    rb"|\(sockaddr=([^\s)]{1,80}+)\)\s++(bound|closed)\."  # 14, 15
    rb"|((?:\((?:Family|sockaddr)=|bind\s)[^\r\n]*+))"  # 16
    rb"|Tcb\s++" + _ADDRESS + rb"\s++(?:is\s++going\s++to\s++output"  # 17
    rb"|" + _PAIR + rb"\)\s++requested\s++to\s++connect(?:\.\s++PID\s++=\s++(\d{1,10}+))?+)"  # 18 to 20
    rb"|listener\s++" + _PAIR + rb"\)\s++(accept[^\r\n]*+)"  # 21 to 23
    rb"|Inspect\s++Connect(\s)"  # 24
    rb"|((?:Portpool|Global\s++parameters|" + _WITHOUT_TCB + rb")[^\r\n]*+)"  # 25
    rb")"
)

_FAMILY = re.compile(rb"\(Family=[^\s,]{1,40}+[\s,]{1,8}+PID=(\d{1,10})\)\s{0,8}+(created|create failed)")
_IS_IPV6 = re.compile(rb"Family=\s{0,8}+(?:IPV6|23)\b", re.IGNORECASE)  # or the number of AF_INET6
_BIND = re.compile(rb"(?:\(sockaddr=[^\s)]+\)\s*)?bind\s+failed:\s+(port|inspection|address)")
_TCB_OF_LISTENER = re.compile(rb"TCB\s++=\s++(0x[0-9A-Fa-f]{1,16}+)")
_STATE_OF_ROW = re.compile(rb"State\s++=\s++(\S{1,40}?)\s{0,4}\.")
_GLOBAL_FAMILY = re.compile(rb"Global\s++parameters\s++updated\s++for\s++Address\s++Family\s++([^\s:]{1,40})")
_DELAY = re.compile(rb"TimedWaitDelay\s++=\s++(\d{1,10})")
_ENDPOINT_ADDRESS = re.compile(rb"P:\s+endpoint\s+(0x[0-9A-Fa-f]+)")
_LONGEST_MESSAGE = 2048
_LONGEST_QUOTE = 300

# What a transition into a state changes where the life is known and not followed; states as both decoders write them.
_NOTHING, _BIRTH, _END = range(3)
_CHANGES = {
    writing: {"TimeWait": _BIRTH, "Closed": _END}.get(name, _NOTHING)
    for number, name in enumerate(STATES)
    if name not in {"Listen", "SynSent", "SynRcvd"}  # with these a life may begin
    for writing in (f"{name}State".encode(), f"{number}({name}State)".encode(), f"{number}({name}State),".encode())
}
_FAILING = frozenset(template.id for template in TEMPLATES if template.fails)
_NAME_THEIR_PROCESS = frozenset(t.id for t in TEMPLATES if t.text.rstrip(".").endswith(("PID = %6", "PID = %7")))
_CONNECTING = frozenset({1031, 1033}) | {t.id for t in TEMPLATES if t.fails and t.says.startswith("connect")}


class Tail(NamedTuple):
    """What follows two addresses: event id (0: unknown), PID, status.

    `connects`: it is a step of an attempt to connect; `quiet`: it changes no count, but may name the PID.
    """

    event: int
    pid: int | None
    status: str
    connects: bool
    quiet: bool


_TAILS: dict[bytes, Tail] = {}
_MOST_TAILS = 1 << 12

_MOST_BUCKETS = 1 << 11
_MOST_ROWS = 200  # of the table at trace start that are kept
_MOST_FAILURES = 1 << 10  # different (template, status)


class Shortage:
    """What is counted of one event and status that tell of a port that was not to be had."""

    __slots__ = ("count", "first", "last", "line", "quote")

    def __init__(self, moment: int | None, line: int, quote: str) -> None:
        self.count = 1
        self.first = self.last = moment
        self.line, self.quote = line, quote


class Scan:
    """Takes blocks in order; holds what was counted."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.lives = Lives(self._opened, self._opening)
        self.lines = 0
        self.recognised = 0
        self.created = self.created_complete = 0
        self.failures: Counter[tuple[int, str]] = Counter()
        self.exhaustion: dict[tuple[int, str], Shortage] = {}
        self.delays: dict[tuple[str, int], TimeWaitDelay] = {}
        self.rows: list[tuple[bytes, bytes, str, int | None, int]] = []
        self.row_states: Counter[str] = Counter()
        self.bucket_seconds = 1
        self.buckets: dict[int, list[int]] = {}
        self.first: int | None = None
        self.last: int | None = None
        self._states = lru_cache(1 << 10)(state)
        self._block = b""
        self._end = 0
        self._position_counted = 0
        self._line = 0

    def block(self, block: bytes, end: int, lines: int) -> None:  # noqa: C901, PLR0912 - a loop of a million turns calls as little as it can
        """Search one block up to `end`, in which so many lines end."""
        self._block, self._end = block, end
        self._position_counted, self._line = 0, self.lines
        self.lives.blocks += 1
        self._take_time(0)
        tcbs, readers, changes, recognised, births = self.lives.tcbs, self.readers, _CHANGES, 0, 0
        for match in _MESSAGE.finditer(block, 0, end):
            kind = match.lastindex
            # Half of the lines change nothing that is counted, unless their life is followed: they go no further.
            if kind == _TRANSITION:
                recognised += 1
                address, after = match.group(1, 3)
                change = changes.get(after)
                if change is not None:
                    tcb = tcbs.get(address)
                    if tcb is not None and tcb.followed is None and not tcb.closed:
                        if change == _BIRTH:
                            births += 1
                            tcb.births += 1
                        elif change == _END:
                            tcb.closed = True
                        continue
                self._transition(match, address, match[2], after)
            elif kind == _PAIR_TAIL:
                address, tail = match.group(1, 6)
                known = _TAILS.get(tail)
                if known is not None and known.quiet:
                    tcb = tcbs.get(address)
                    if tcb is not None and tcb.followed is None and (tcb.pid is not None or known.pid is None):
                        recognised += 1
                        continue
                elif known is not None and known.event in _GOING_ON:
                    tcb = tcbs.get(address)
                    if tcb is not None and tcb.followed is None and tcb.phase == REQUESTED and not tcb.closed:
                        if known.event == _PROCEEDS:
                            recognised += 1
                            continue
                        if tcb.endpoint is not None:
                            recognised += 1
                            tcb.phase, tcb.remote, tcb.pid = DONE, match[5], known.pid or tcb.pid
                            continue
                recognised += self._pair(match, address, tail, known)
            else:
                recognised += readers[kind](self, match)
        self.recognised += recognised
        self.lives.births += births
        self._take_time(max(block.rfind(b"\n", 0, end - 1), 0) + 1)
        self.lines += lines

    def _transition(self, match: re.Match[bytes], address: bytes, raw_before: bytes, raw_after: bytes) -> None:
        before, after = self._states(raw_before), self._states(raw_after)
        tcb = self.lives.transition(address, before, after, match.start())
        if tcb.followed is not None:
            self._step(tcb.followed, match.start(), 1051, before, after)
            if after == "Closed":
                self.lives.following.closed(tcb.followed)

    # -- time

    def _take_time(self, position: int) -> None:
        """Note the first and the last moment of the trace, by the lines at a block's ends."""
        end = self._block.find(b"[", self._block.find(b"::", position, position + 100), position + 200)
        if end < 0:
            return
        unreadable = self.clock.unreadable
        moment = self.clock.stamp(self._block, end)
        self.clock.unreadable = unreadable  # a block may begin in the middle of a message
        if moment is not None:
            self.first = moment if self.first is None else self.first
            self.last = moment

    def _opened(self, position: int, connect: bool) -> None:
        second = self.clock.second(self._block, position)
        if second is None:
            return
        key = second // self.bucket_seconds
        bucket = self.buckets.get(key)
        if bucket is None:
            if len(self.buckets) >= _MOST_BUCKETS:
                self._widen()
                self._opened(position, connect)
                return
            bucket = self.buckets[key] = [0, 0]
        bucket[connect] += 1

    def _opening(self, followed: Followed, position: int) -> None:
        """Add the first transition of a connection that turns out to be followed only when its socket is known."""
        line = self.lines + self._block.count(b"\n", 0, position) + 1
        followed.add((self.clock.stamp(self._block, position), 1051, "Closed", "SynSent", None, "", line))

    def _widen(self) -> None:
        """Make buckets wider. Widths divide the day, so that a bucket stays within a date."""
        wider = next(width for width in _WIDTHS if width > self.bucket_seconds)
        factor = wider // self.bucket_seconds
        merged: dict[int, list[int]] = {}
        for key, (sockets, connects) in self.buckets.items():
            bucket = merged.setdefault(key // factor, [0, 0])
            bucket[0] += sockets
            bucket[1] += connects
        self.buckets, self.bucket_seconds = merged, wider

    # -- lines

    def _line_at(self, position: int) -> int:
        """Return the number of a line; positions come in order."""
        if position > self._position_counted:
            self._line += self._block.count(b"\n", self._position_counted, position)
            self._position_counted = position
        return self._line + 1

    def _step(
        self,
        followed: Followed,
        position: int,
        event: int,
        before: str = "",
        after: str = "",
        *,
        port: int | None = None,
        said: str = "",
    ) -> None:
        if port is not None and followed.port is None:
            followed.port = port
        followed.add(
            (self.clock.stamp(self._block, position), event, before, after, port, said, self._line_at(position))
        )

    def _whole(self, match: re.Match[bytes], tail: bytes) -> bytes:
        """Return the text of a message that wraps, up to the next prefix, on one line."""
        stop = min(self._end, match.end() + _LONGEST_MESSAGE)
        following = LAST_PREFIXED.search(self._block, match.end(), stop)
        rest = self._block[match.end() : following.start() if following else stop]
        if len(rest) <= 2:  # noqa: PLR2004 - the line end
            return tail
        return b" ".join((tail + rest).split())

    def _fails(self, event: int, said: str, match: re.Match[bytes]) -> None:
        key = event, said
        if key in self.failures or len(self.failures) < _MOST_FAILURES:
            self.failures[key] += 1
        if event not in EXHAUSTION or (event in {1006, 1394} and said in REFUSED_NOT_EXHAUSTED):
            return
        if (said and not is_failure(said)) or not self._is_the_stack_s(match.start()):
            return
        moment = self.clock.stamp(self._block, match.start())
        if key not in self.exhaustion and len(self.exhaustion) >= _MOST_FAILURES:
            key = event, ""  # whatever the statuses, all are counted
        found = self.exhaustion.get(key)
        if found is None:
            line, quote = self._line_at(match.start()), match[0].decode("ascii", "replace")
            protocol = "UD" if event == _UDP_BIND else "TC"  # the expression begins with "P:"
            self.exhaustion[key] = Shortage(moment, line, protocol + quote[:_LONGEST_QUOTE])
        else:
            found.count += 1
            found.last = moment if moment is not None else found.last

    def _is_the_stack_s(self, position: int) -> bool:
        """Whether the line's own provider is TCPIP, and its name no text of another's: proof must not be forged."""
        start = self._block.rfind(b"\n", max(0, position - _LONGEST_MESSAGE), position) + 1
        return self._block.find(b"[Microsoft-Windows-", start, position) == self._block.rfind(
            b"[Microsoft-Windows-TCPIP]", start, position
        )

    def _pair(self, match: re.Match[bytes], address: bytes, tail: bytes, known: Tail | None) -> int:
        """`connection 0x… (local=… remote=…) …`."""
        if known is None:
            known = self._read_tail(match, tail)
        event, pid, said, connects, _ = known
        if not event:
            return 0
        lives = self.lives
        if not connects:
            if event == _ROW:
                self._exists(match, pid)
                return 1
            tcb = lives.told(address, pid)
            if tcb is not None and tcb.followed is not None:
                self._meet(tcb.followed, match[4], match[5])
                self._step(tcb.followed, match.start(), event, said=said)
        else:
            local, remote = match.group(4, 5)
            tcb = lives.went_on(event, address, remote, place_of(local), pid, match.start())
            if tcb.followed is not None:
                self._meet(tcb.followed, local, remote)
                self._step(tcb.followed, match.start(), event, said=said)
        if event in _FAILING:
            self._fails(event, said, match)
        return 1

    def _read_tail(self, match: re.Match[bytes], tail: bytes) -> Tail:
        """Tell what follows the addresses; remembered, for most connections end with the same few words."""
        event, whole = id_after_remote(tail), tail
        unnamed = event in _NAME_THEIR_PROCESS and pid_in(tail) is None  # a message may wrap behind its first full stop
        if not event or unnamed or not tail.rstrip().endswith(b"."):
            whole = self._whole(match, tail)
            event = id_after_remote(whole)
        pid = pid_in(whole) or pid_in(match[0])
        connects = event in _CONNECTING
        quiet = event not in {0, _ROW} and not connects and event not in _FAILING
        known = Tail(event, pid, status(whole) if event in _FAILING else "", connects, quiet)
        if (
            whole is tail
            and pid == pid_in(tail)
            and len(_TAILS) < _MOST_TAILS
            and len(tail) < _LONGEST_QUOTE
            and event != _ROW
        ):
            _TAILS[tail] = known
        return known

    @staticmethod
    def _meet(followed: Followed, local: bytes, remote: bytes) -> None:
        if not followed.remote:
            followed.local, followed.remote = local, remote

    def _exists(self, match: re.Match[bytes], pid: int | None) -> None:
        found = _STATE_OF_ROW.search(self._whole(match, match[6]))
        name = state(found[1]) if found else ""
        self.row_states[name] += 1
        if len(self.rows) < _MOST_ROWS:
            self.rows.append((match[4], match[5], name, pid, self._line_at(match.start())))
        self.lives.exists(match[1], pid)

    def _inherits(self, match: re.Match[bytes]) -> int:
        """`connection 0x… attempted to acquire weak reference on port number … inherited from endpoint 0x…`."""
        followed = self.lives.inherited(match[1], match[8])
        if followed is not None:
            followed.tcb = match[1]
            self._step(followed, match.start(), 1192, port=int(match[7]))
        return 1

    def _port(self, match: re.Match[bytes]) -> int:
        """`endpoint/connection 0x… acquired|released|replaced … port number …`."""
        address, verb, number = match.group(9, 10, 11)
        port = int(number)
        followed = self.lives.released(address, port) if verb == b"released" else self.lives.acquired(address, port)
        if followed is not None:
            event = {b"acquired": 1191, b"released": 1193}.get(verb, 1194)
            self._step(followed, match.start(), event, port=port)
        return 1

    def _socket(self, match: re.Match[bytes]) -> int:
        """`endpoint 0x… (Family=…, PID=…) created with status = 0x0.`."""
        if self._is_udp(match):
            return 0
        self._created(match, match[12], int(match[13]))
        return 1

    def _created(self, match: re.Match[bytes], address: bytes | None, pid: int) -> None:
        self.lives.owner(pid).created += 1
        self.created += 1
        self._opened(match.start(), connect=False)
        if address is not None:
            family = IPV6 if _IS_IPV6.search(match[0]) else 0
            endpoint = self.lives.created(address, pid, family)
            if endpoint.followed is not None:
                self._step(endpoint.followed, match.start(), 1001)

    def _is_udp(self, match: re.Match[bytes]) -> bool:
        return self._block.startswith(b"D", match.start() - 1)

    def _bound(self, match: re.Match[bytes]) -> int:
        """`endpoint (sockaddr=…) bound.` or `… closed.`."""
        if self._is_udp(match):
            return 0
        if not self.lives.following.watching:
            return 1
        holder = self.lives.holder(place_of(match[14]))
        if holder is not None and holder.followed is not None:
            self._step(holder.followed, match.start(), 1008 if match[15] == b"bound" else 1009)
        return 1

    def _endpoint(self, match: re.Match[bytes]) -> int:
        """`endpoint [0x…] (Family=…|sockaddr=…) …`: what does not happen often."""
        tail = self._whole(match, match[16])
        udp = self._is_udp(match)
        found = _BIND.match(tail)
        if found is not None:
            event = {b"port": _UDP_BIND if udp else 1006, b"inspection": 1007, b"address": 1005}[found[1]]
            if udp and event != _UDP_BIND:
                return 0
            self._fails(event, status(tail), match)
            return 1
        found = _FAMILY.match(tail)
        if found is None or udp:
            return 0
        said, pid = status(tail), int(found[1])
        if found[2] == b"create failed":
            event = 1012 if b"inspection" in tail else 1011 if b"compartment" in tail else 1010
            self._fails(event, said, match)
        elif is_failure(said):
            self._fails(1001, said, match)
        elif b"with" in tail:
            address = _ENDPOINT_ADDRESS.match(match[0])
            self._created(match, address[1] if address else None, pid)
        else:
            self.lives.owner(pid).created_complete += 1
            self.created_complete += 1
        return 1

    def _syn(self, match: re.Match[bytes]) -> int:
        """`Tcb 0x… is going to output SYN …`."""
        tcb = self.lives.tcbs.get(match[17])
        if tcb is not None and tcb.followed is not None:
            self._step(tcb.followed, match.start(), 1004)
        return 1

    def _requested(self, match: re.Match[bytes]) -> int:
        """`Tcb 0x… (local=… remote=…) requested to connect.`, and on newer systems `PID = …`."""
        address, local, remote, pid = match.group(17, 18, 19, 20)
        tcb = self.lives.requested(address, remote, place_of(local), int(pid) if pid else None, match.start())
        if tcb.followed is not None:
            tcb.followed.tcb = address
            self._meet(tcb.followed, local, remote)
            self._step(tcb.followed, match.start(), 1002)
        return 1

    def _listener(self, match: re.Match[bytes]) -> int:
        """`listener (local=… remote=…) accept completed. TCB = 0x…. PID = …`."""
        tail = self._whole(match, match[23])
        found = _TCB_OF_LISTENER.search(tail)
        if found is None:
            return 0
        if not tail.startswith(b"accept completed"):
            self._fails(1014, status(tail), match)
            return 1
        tcb = self.lives.accepted(found[1], pid_in(tail))
        if tcb.followed is not None:
            self._meet(tcb.followed, match[21], match[22])
            self._step(tcb.followed, match.start(), 1017)
        return 1

    def _inspected(self, _match: re.Match[bytes]) -> int:
        """`Inspect Connect has been completed …`."""
        return 1

    def _other(self, match: re.Match[bytes]) -> int:
        """Port exhaustion, global parameters, a connect that fails without a TCB."""
        tail = self._whole(match, match[25])
        if tail.startswith(b"Portpool"):
            self._fails(1195, "", match)
        elif tail.startswith(b"connection"):
            self._fails(1030, status(tail), match)
        else:
            named, found = _GLOBAL_FAMILY.match(tail), _DELAY.search(tail)
            if named is not None and found is not None and len(self.delays) < _MOST_ROWS:
                family, value = named[1].decode("ascii", "replace"), int(found[1])
                self.delays.setdefault((family, value), TimeWaitDelay(family, value, self._line_at(match.start())))
        return 1

    readers: ClassVar[dict[int | None, Callable[["Scan", re.Match[bytes]], int]]] = {
        8: _inherits,
        11: _port,
        13: _socket,
        15: _bound,
        16: _endpoint,
        17: _syn,
        19: _requested,
        20: _requested,
        23: _listener,
        24: _inspected,
        25: _other,
    }
    """By the last group that took part."""


_WIDTHS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)  # s, each divides a day
_TRANSITION = 3
_PAIR_TAIL = 6
_ROW = 1300
_UDP_BIND = 1394
_PROCEEDS = 1031
_GOING_ON = frozenset({1031, 1033})
