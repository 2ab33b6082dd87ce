"""Leaks: a restart empties one, whatever was done to it, and it fills again. Only the pace tells, and it needs time."""

import math
import re
from collections.abc import Mapping
from datetime import timedelta

from forensics.compare import reasons
from forensics.compare.comparison import Answer
from forensics.compare.load import judge_moment
from forensics.compare.pair import Pair, kind_sources, pile_of, table_sources
from forensics.compare.reasons import answer
from forensics.compare.still import find_still, find_unclear
from forensics.measure.piles import BOUND, CLOSE_WAIT, ESTABLISHED, LOOPBACK, OF_KERNEL, ORPHANED, UDP, UNLIKELY
from forensics.report.holdings import PileEntry

GROUPS: Mapping[str, tuple[str, ...]] = {
    "close-wait-leak": (CLOSE_WAIT,),
    "established-leak": (ESTABLISHED,),
    "bound-port-leak": (BOUND,),
    "udp-port-exhaustion": (UDP,),
    "kernel-socket-leak": (ORPHANED, OF_KERNEL, LOOPBACK),
}
# A leak may follow the load of the week; one that filled up sooner than in a week needs no longer to show itself.
_WEEK = 7 * 24 * 3600.0
# No restart of a process empties these: they are as old as the machine's uptime.
_WITHOUT_OWNER = frozenset({ORPHANED, OF_KERNEL})
_BRACKET = re.compile(r" \(|（")  # behind a process's name, in any language
_GOES_ON = 0.25  # of the usable ports: from here on a pile is no ordinary stock of connections (contracts.md, ladder)


def judge_leak(pair: Pair) -> Answer:
    """Compare the ports held with what the pace of BEFORE would have made of the uptime of AFTER."""
    cause = pair.before.verdict.cause
    if still := find_still(pair, cause):
        return still
    before = _pile(pair, cause)
    up_before, up = pair.before.measurements.uptime.seconds, pair.after.measurements.uptime.seconds
    if before is None or not up_before or not up:
        return judge_moment(pair)  # no pace can be told
    found = pile_of(pair.after, before.group)
    ports = found.ports if found else 0
    told = [
        reasons.reason(
            "pile", table_sources(pair.before), table_sources(pair.after),
            group=before.group, before=before.ports, after=ports,
        ),
        reasons.restart(pair),
        reasons.shares(pair),
    ]  # fmt: skip
    counts: dict[str, float] = {"ports_before": before.ports, "ports": ports, "uptime_before": up_before, "uptime": up}
    # Its owner cannot have run longer than the machine: the true pace was this or faster.
    pace = before.ports / up_before
    enough = min(_WEEK, up_before)
    if found and found.share >= _GOES_ON and pair.restarted and ports / up >= pace:
        return answer("did-not-work", "leak-goes-on", told, before=pace, after=ports / up, **counts)
    if unclear := find_unclear(pair, cause):
        return unclear
    if not pair.restarted:
        return answer("not-yet", "leak-age", told, **counts)
    # A stock of connections that is there from the start makes the pace too high: by no more than up to that uptime.
    expected = pace * min(up, up_before)
    if up >= enough and _unlikely(ports, expected):
        counts["expected"] = math.floor(expected)
        if before.group in _WITHOUT_OWNER:
            return answer("worked", "leak-gone", told, **counts)
        told.append(reasons.reason("owner-age", (), kind_sources(pair.after, "wmic-process")))
        return answer("not-yet", "leak-gone-unless", told, owner=_BRACKET.split(before.owner)[0], **counts)
    boot = pair.after.measurements.uptime.boot_time
    needed = max(enough, _enough_for(ports, pace))
    again = boot + timedelta(seconds=needed) if boot else None
    return answer("not-yet", "leak-early", told, again, **counts)


def _pile(pair: Pair, cause: str) -> PileEntry | None:
    """The largest pile of BEFORE that the cause speaks of."""
    piles = [pile for group in GROUPS[cause] if (pile := pile_of(pair.before, group))]
    return max(piles, key=lambda one: one.ports, default=None)


def _unlikely(count: int, expected: float) -> bool:
    """Whether so few come by chance less than once in 22,000 times where so many are expected (Chernoff, Poisson).

    >>> _unlikely(0, 9.9), _unlikely(0, 10.1), _unlikely(50, 60), _unlikely(50, 110)
    (False, True, False, True)
    """
    if count >= expected:
        return False
    tail = expected - count + (count * math.log(count / expected) if count else 0.0)
    return tail >= UNLIKELY


def _enough_for(count: int, pace: float) -> float:
    """After how many seconds a count that has not grown would be that unlikely, to the hour."""
    hours = 1
    while not _unlikely(count, pace * hours * 3600) and hours < 10 * 24 * 365:
        hours *= 2
    low = hours // 2
    while hours - low > 1:
        middle = (low + hours) // 2
        low, hours = (low, middle) if _unlikely(count, pace * middle * 3600) else (middle, hours)
    return hours * 3600.0
