"""FIN_WAIT_1, FIN_WAIT_2, CLOSING or LAST_ACK pile up: the peer or a firewall does not finish closing.

Signature: rows in these states on dynamic ports (domain.md §2, C17). The application has closed, so their PID may be 0:
that is ordinary and no sign of a vanished owner. Each such state ends by a time-out within minutes (five
retransmissions; 120 s for FIN_WAIT_2 in the contract of TCP offload, 300 s on Server 2003), so a pile that stands in
tables minutes apart is fed all the time.
"""

from forensics.judgement import WEAK, Judgement, Remedy, Statement, Weight
from forensics.measure.measurements import Measurements
from forensics.measure.piles import FIN_WAIT
from forensics.rules.pile import pile_case, pile_params
from forensics.rules.pile_answer import judge_pile
from forensics.rules.pile_table import PILE_TEXTS, PILE_WEIGHTS
from forensics.text.said import Said

ID = "fin-wait-pileup"
TITLE = "Connections hang while they close: the peer or a firewall does not finish"
PRECEDENCE = 26
PLAIN = (
    "This machine has ended connections, but the other side, or a firewall on the way, does not complete the ending. "
    "Each keeps its port meanwhile, so that none is left for new connections."
)
ABOUT = (
    "A side that closes sends FIN and waits for the other's. Where the peer, or a firewall between, does not finish, the connection stays "
    "in FIN_WAIT_1, FIN_WAIT_2, CLOSING or LAST_ACK until a time-out, and so does its port."
)
SHOWS = "Rows in these states towards few remotes in every table; the PID may be 0, for the application has closed its socket."
PROVES = "At least 80 % of the usable ports taken, most of them in these states in the first table and in the latest."
RULES_OUT = (
    "An unfiltered netstat in which these states hold few dynamic ports, or in which something else fills the range."
)
CURES = "Find what drops the peer's FIN (a firewall's idle time-out, a load balancer, a stuck peer); close fewer connections meanwhile."
REFERENCES = (
    "RFC 9293, section 3.6 (closing a connection)",
    "Microsoft KB170359 (TcpMaxDataRetransmissions, default 5) and KB813056 (FIN_WAIT_2 on Server 2003: 300 s)",
    "Microsoft windows-driver-docs, network/fin-wait-2-timer.md (120 s)",
    "Microsoft SDP, TS_PortUsage.ps1 (80 % of the ports)",
)
# The rows change as they time out, and their owner may be gone: neither speaks against this cause.
WEIGHTS = {
    **{key: weight for key, weight in PILE_WEIGHTS.items() if key != "owner-gone"},
    "turns-over": Weight(WEAK, "turnover", "KB170359, KB813056: these states end by time-outs within minutes"),
    "owner": Weight(WEAK, "owner", "netstat -o; PID 0 is ordinary once the application has closed"),
}
TEXTS = {
    **{key: text for key, text in PILE_TEXTS.items() if key != "owner-gone"},
    "headline-confirmed": "{ports:count} dynamic ports hang in connections that their peers do not finish closing; they use up the range.",
    "headline-likely": "Connections that their peers do not finish closing, most with {remote}, probably use up the ports.",
    "headline-possible": "{ports:count} ports hang in connections that are being closed.",
    "headline-inconclusive": "Whether connections that hang while closing use up the ports cannot be told from this bundle.",
    "headline-ruled-out": "Connections that hang while closing do not use up the ports.",
    "do-fix": "Find out why {remote} does not finish closing: a firewall or load balancer that forgets connections, or a stuck peer.",
    "do-fix-effect": "Connections then close within a round trip.",
}


def judge(measurements: Measurements) -> Judgement:
    """Judge the rows that are being closed."""
    m = measurements
    case = pile_case(m, FIN_WAIT, Said("in FIN_WAIT_1, FIN_WAIT_2, CLOSING or LAST_ACK"))
    fix = Remedy("for-good", Statement("do-fix", pile_params(m, case)), "", Statement("do-fix-effect"))
    stood = case.pile.stood_before
    return judge_pile(m, ID, case, WEIGHTS, proven=stood and case.pile.timed, lasting=stood, for_good=fix)
