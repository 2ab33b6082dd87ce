"""The host has ports; a NAT or load balancer outside may not: at most `possible`, for nothing on the host can prove it.

Signature: connects to public addresses wait or fail while the host's ports are free, no port event is logged, and
private addresses are reached (domain.md §2, C18). Azure gives a machine as few as 1,024 ports for one public endpoint
and lets connects time out when they are used up.
"""

from forensics.judgement import (
    DECISIVE,
    INCONCLUSIVE,
    POSSIBLE,
    RULED_OUT,
    STRONG,
    WEAK,
    Judgement,
    Missing,
    Point,
    Statement,
    Weight,
    weigh,
)
from forensics.knowledge import commands
from forensics.knowledge.connects import LONGEST_CONNECT
from forensics.measure.measurements import Measurements
from forensics.measure.piles import SYN_SENT
from forensics.measure.traces import TIMED_OUT
from forensics.rules.fullness import shortage_point

ID = "external-nat-exhaustion"
TITLE = "A NAT or load balancer outside may be out of ports"
PRECEDENCE = 70
PLAIN = (
    "This machine has free ports, but its connections to the outside fail. "
    "A shared gateway on the way, such as a NAT or a load balancer, may be what has run out."
)
ABOUT = (
    "Behind a NAT or a cloud's load balancer, a connection to the outside needs a port there too. When those run out, connects to public "
    "addresses time out, while the host itself has ports to spare."
)
SHOWS = "Rows in SYN_SENT towards public addresses only, failed attempts, and neither full ports nor port events on the host."
PROVES = "Nothing that a host can show: the metrics of the NAT or load balancer decide (Azure: SNAT connection count, SnatPortExhaustion)."
RULES_OUT = "Ports that are short on the host itself, private addresses that are not reached either, or connects to the outside that do not fail."
CURES = "More ports there: an outbound rule with more of them, a NAT gateway, more public addresses; connections that are reused."
REFERENCES = (
    "Microsoft, Azure Load Balancer, outbound connections (64,000 ports per address; 1,024 per machine by default; time-outs)",
)
CROWD = 10  # fewer connects that wait are one program's retries
_HALF = 0.5  # at least every other attempt fails

WEIGHTS = {
    "short": Weight(-DECISIVE, "fullness", "the host itself is short of ports"),
    "not-short": Weight(WEAK, "fullness", "the host has ports to spare"),
    "outside-waits": Weight(STRONG, "waiting", "Azure, outbound connections: connects to public endpoints time out"),
    "inside-waits": Weight(-STRONG, "waiting", "a NAT outside has no part in connects to private addresses"),
    "nobody-waits": Weight(-STRONG, "waiting", "no table shows a connect to the outside that waits"),
    "attempts-fail": Weight(WEAK, "counters", "RFC 4022, tcpAttemptFails: at least every other attempt failed"),
    "attempts-succeed": Weight(-WEAK, "counters", "the same counter: most attempts succeeded"),
    "trace-unanswered": Weight(WEAK, "trace", "TCPIP 1045 of a network trace: connect-request timeout"),
    "events": Weight(-WEAK, "events", "4227, 4231: the host's own ports collided or ran out"),
}
TEXTS = {
    "headline-confirmed": "A NAT or load balancer outside is out of ports.",
    "headline-likely": "A NAT or load balancer outside is probably out of ports.",
    "headline-possible": "The host has ports, but connects to the outside fail: a NAT, load balancer or firewall there may be the limit.",
    "headline-inconclusive": "Whether a NAT or load balancer outside is out of ports cannot be told from the host.",
    "headline-ruled-out": "No sign of a NAT or load balancer outside that is out of ports.",
    "short": "The host itself is short: {held:count} of {usable:count} usable dynamic ports are taken ({share:percent}).",
    "short-for-remote": "The host itself is short: for {busiest}, {held:count} of {usable:count} ports are taken ({share:percent}).",
    "not-short": "The host has ports: {held:count} of {usable:count} are taken ({share:percent}).",
    "not-short-for-remote": "The host has ports: no remote has more than {held:count} of {usable:count} ({share:percent}).",
    "outside-waits": "{waiting:count} connects to public addresses wait for an answer, {inside:count} to private ones; {outside:count} public ones are connected.",
    "inside-waits": "{inside:count} connects to private addresses wait for an answer too.",
    "nobody-waits": "No table shows a connect to a public address that waits for an answer.",
    "attempts-fail": "In {apart:seconds} {failed:count} of {opened:count} connection attempts failed.",
    "attempts-succeed": "In {apart:seconds} {failed:count} of {opened:count} connection attempts failed.",
    "events": "Event 4227 or 4231 was logged {count:times}: the host's own ports were part of the trouble.",
    "trace-unanswered": "In a network trace {count:count} of {connects:count} connects got no answer in time.",
    "missing-metrics": "The metrics of the NAT or load balancer of that time (Azure: SNAT connection count by state); the command shows what hangs meanwhile.",
    "missing-table": "An unfiltered netstat, taken while connects fail.",
}  # fmt: skip


def judge(measurements: Measurements) -> Judgement:
    """Judge what waits and what fails while the host has ports."""
    m = measurements
    status = _status(m)
    missing = []
    if status in {POSSIBLE, INCONCLUSIVE}:
        missing.append(Missing(Statement("missing-metrics"), commands.SYN_SENT))
        if not m.full_table:
            missing.append(Missing(Statement("missing-table"), commands.NETSTAT))
    headline = Statement(f"headline-{status.replace('_', '-')}")
    return Judgement(ID, status, headline, tuple(_points(m)), tuple(missing))


def _inside(m: Measurements) -> int:
    """Connects to private addresses that wait."""
    return m.attempts.waiting - m.attempts.waiting_outside


def _outside_hangs(m: Measurements) -> bool:
    """Whether connects to the outside, and hardly any other, wait: at least as many as are connected, in every table."""
    attempts = m.attempts
    lasting = attempts.tables_waiting == len(m.tables)
    crowd = attempts.waiting_outside >= max(CROWD, attempts.outside)
    return lasting and crowd and _inside(m) * 10 <= attempts.waiting_outside


def _attempts_fail(m: Measurements) -> bool | None:
    share = m.attempts.failed_share
    return None if share is None else share >= _HALF


def _status(m: Measurements) -> str:
    if not m.tables:
        return INCONCLUSIVE
    if m.shortage.full:
        return RULED_OUT
    if not m.full_table:
        return INCONCLUSIVE
    if _inside(m) >= CROWD and not _outside_hangs(m):
        return RULED_OUT
    if _outside_hangs(m):
        return POSSIBLE if m.shortage.calm and _attempts_fail(m) is not False else INCONCLUSIVE
    nobody = m.attempts.tables_waiting == 0
    apart = m.piles[SYN_SENT].seconds  # two tables of one moment, such as -ano and -anot, are one
    counted = _attempts_fail(m) is False or (apart is not None and apart > LONGEST_CONNECT)
    return RULED_OUT if nobody and counted and not _attempts_fail(m) else INCONCLUSIVE


def _points(m: Measurements) -> list[Point]:
    points: list[Point] = []
    attempts = m.attempts
    if m.tables and m.shortage.share is not None:
        points.append(shortage_point(WEIGHTS, m.shortage))
        params: dict[str, object] = {
            "waiting": attempts.waiting_outside,
            "outside": attempts.outside,
            "inside": attempts.waiting - attempts.waiting_outside,
        }
        if _inside(m) >= CROWD and not _outside_hangs(m):
            points.append(weigh(WEIGHTS, "inside-waits", params, attempts.sources))
        elif _outside_hangs(m):
            points.append(weigh(WEIGHTS, "outside-waits", params, attempts.sources))
        elif attempts.tables_waiting == 0:
            points.append(weigh(WEIGHTS, "nobody-waits", params, attempts.sources))
    failing = _attempts_fail(m)
    if failing is not None and attempts.opened and attempts.seconds:
        said: dict[str, object] = {
            "apart": attempts.seconds,
            "failed": attempts.failed,
            "opened": attempts.opened,
        }
        points.append(
            weigh(WEIGHTS, "attempts-fail" if failing else "attempts-succeed", said, attempts.counter_sources)
        )
    use = next((one for one in m.judged_traces if one.failed(TIMED_OUT)), None)
    if use is not None and not m.shortage.full:
        params = {"count": use.failed(TIMED_OUT), "connects": use.trace.connects}
        points.append(weigh(WEIGHTS, "trace-unanswered", params, (use.source(),)))
    events = (*m.coverage.covered, *m.coverage.uncovered)
    if events:
        points.append(weigh(WEIGHTS, "events", {"count": len(events)}, (events[-1].source(),)))
    return points
