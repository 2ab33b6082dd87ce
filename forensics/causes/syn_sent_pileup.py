"""Connects to a peer that does not answer hold ports until they time out.

Signature: SYN_SENT rows on dynamic ports towards few remotes, in every table though not the same ones; attempts that
fail (domain.md §2, C16). A connect that nobody answers holds its port for the time of its retransmissions, 21 s with
the settings of Vista to Server 2019 (3 + 6 + 12 s) and 31 s with those of later ones, so that N ports in SYN_SENT take
N / 31 s attempts a second at least.
"""

from forensics.judgement import STRONG, WEAK, Judgement, Point, Remedy, Statement, Weight, weigh
from forensics.knowledge.connects import LONGEST_CONNECT
from forensics.measure.measurements import Measurements
from forensics.measure.piles import SYN_SENT
from forensics.measure.traces import TIMED_OUT
from forensics.rules.pile import QUARTER, PileCase, holds_them, pile_case, pile_params
from forensics.rules.pile_answer import judge_pile
from forensics.rules.pile_table import PILE_TEXTS, PILE_WEIGHTS
from forensics.text.said import Said

ID = "syn-sent-pileup"
TITLE = "Connects to a peer that does not answer hold ports until they time out"
PRECEDENCE = 22
PLAIN = (
    "Programs try to reach a system that does not answer. "
    "Each attempt keeps a port until it is given up, and so many at once leave none for other connections."
)
ABOUT = (
    "A connect holds a port from its first SYN. Where nobody answers, Windows repeats the SYN and gives up after some 20 to 30 seconds; an "
    "application that tries again and again, in parallel, takes up the range."
)
SHOWS = "Rows in SYN_SENT towards few remotes in every table, though not the same ones; failed connection attempts that grow as fast."
PROVES = (
    "At least 80 % of the usable ports taken, most of them in SYN_SENT in the first table and in the latest, and at least as many failed "
    "attempts between them (netstat -s) as ports are in SYN_SENT."
)
RULES_OUT = (
    "An unfiltered netstat in which SYN_SENT holds few dynamic ports, or in which something else fills the range."
)
CURES = "Bring the remote or the way to it (a firewall) back; let the application back off and limit parallel connects."
REFERENCES = (
    "Microsoft KB2786464 (7, 2008 R2: two retransmissions, 3 + 6 + 12 = 21 s), as quoted by others",
    "Get-NetTCPSetting of real systems (InitialRto 1000 ms, MaxSynRetransmissions 4: 31 s)",
    "RFC 4022, tcpAttemptFails",
    "Microsoft SDP, TS_PortUsage.ps1 (80 % of the ports)",
)

WEIGHTS = {
    **PILE_WEIGHTS,
    # These rows are expected to change: connects time out and new ones follow, on the same ports where few are left.
    "held": Weight(WEAK, "turnover", "KB2786464: a connect is given up after 21 s (31 s): these are new attempts"),
    "turns-over": Weight(WEAK, "turnover", "KB2786464: a connect is given up after 21 s (31 s on newer systems)"),
    "attempts-fail": Weight(STRONG, "counters", "RFC 4022, tcpAttemptFails: as many failed as wait, or more"),
    "trace-unanswered": Weight(WEAK, "trace", "TCPIP 1045 of a network trace: connect-request timeout"),
    "attempts-succeed": Weight(-STRONG, "counters", "the same counter: hardly any attempt failed"),
}
TEXTS = {
    **PILE_TEXTS,
    "headline-confirmed": "{ports:count} dynamic ports wait for an answer that does not come, most from {remote}; they use up the range.",
    "headline-likely": "Connects that get no answer, most to {remote}, probably use up the ports.",
    "headline-possible": "{ports:count} ports wait for an answer to a connect: a remote may be out of reach.",
    "headline-inconclusive": "Whether connects without an answer use up the ports cannot be told from this bundle.",
    "headline-ruled-out": "Connects without an answer do not use up the ports.",
    "held": "Of {first:count} such rows {kept:count} stand again {seconds:seconds} later.",
    "attempts-fail": "In {apart:seconds} {failed:count} of {opened:count} connection attempts failed.",
    "attempts-succeed": "In {apart:seconds} only {failed:count} of {opened:count} connection attempts failed.",
    "trace-unanswered": "In a network trace {count:count} of {connects:count} connects got no answer in time.",
    "do-fix": "Find out why {remote} does not answer (down, a firewall that drops, a wrong route) and let {image} back off between attempts.",
    "do-fix-effect": "Frees the ports within half a minute.",
}


def judge(measurements: Measurements) -> Judgement:
    """Judge the SYN_SENT rows of the tables and the counter of failed attempts."""
    m = measurements
    case = pile_case(m, SYN_SENT, Said("in SYN_SENT"))
    owned = holds_them(m, case)
    proven = case.pile.stood_before and case.pile.timed and owned and _fail(m, case) is True
    fix = Remedy("for-good", Statement("do-fix", pile_params(m, case)), "", Statement("do-fix-effect"))
    return judge_pile(
        m,
        ID,
        case,
        WEIGHTS,
        proven=proven,
        lasting=case.pile.stood_before,
        for_good=fix,
        more=[*_counter_points(m, case), *_trace_points(m, case)],
    )


def _fail(m: Measurements, case: PileCase) -> bool | None:
    """Whether as many attempts failed as wait; None where nobody counted for longer than an attempt lasts."""
    attempts = m.attempts
    if attempts.failed is None or not attempts.seconds or attempts.seconds <= LONGEST_CONNECT:
        return None
    # Each row that waits is an attempt of the time between: fewer attempts than rows, and the counters tell of others.
    return (attempts.opened or 0) >= attempts.failed >= case.pile.ports


def _counter_points(m: Measurements, case: PileCase) -> list[Point]:
    failing = _fail(m, case)
    attempts = m.attempts
    succeed = (attempts.failed or 0) * 2 < (attempts.opened or 0)
    if failing is None or case.share < QUARTER or not (failing or succeed):
        return []
    params: dict[str, object] = {"apart": attempts.seconds, "failed": attempts.failed, "opened": attempts.opened}
    message = "attempts-fail" if failing else "attempts-succeed"
    return [weigh(WEIGHTS, message, params, attempts.counter_sources)]


def _trace_points(m: Measurements, case: PileCase) -> list[Point]:
    use = next((one for one in m.judged_traces if one.failed(TIMED_OUT)), None)
    if use is None or case.share < QUARTER:
        return []
    params: dict[str, object] = {"count": use.failed(TIMED_OUT), "connects": use.trace.connects}
    return [weigh(WEIGHTS, "trace-unanswered", params, (use.source(),))]
