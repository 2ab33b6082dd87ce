"""An application never closes connections that its peers have closed: CLOSE_WAIT has no time-out and holds its port.

Signature: CLOSE_WAIT rows on dynamic ports, most of one process, the same 4-tuples in tables that are minutes apart
(domain.md §2, C3). MS-PE: CLOSE_WAIT alone is no proof of exhaustion, so the range must be short as well. Rows on a
listener's port are connections of clients and use none of the range.
"""

from forensics.judgement import Judgement, Remedy, Statement
from forensics.measure.measurements import Measurements
from forensics.measure.piles import CLOSE_WAIT
from forensics.rules.pile import holds_them, pile_case, pile_params, stayed
from forensics.rules.pile_answer import judge_pile
from forensics.rules.pile_table import PILE_TEXTS, PILE_WEIGHTS
from forensics.text.said import Said

ID = "close-wait-leak"
TITLE = "An application does not close connections that its peers have closed"
PRECEDENCE = 20
PLAIN = (
    "A program does not close its connections after the other side has closed them. "
    "Each keeps a port, so that ports run out until the program is restarted."
)
ABOUT = (
    "When a peer closes a connection, Windows waits in CLOSE_WAIT until the application closes its side. There is no time-out: "
    "an application that forgets keeps the port for as long as it runs."
)
SHOWS = "Rows in CLOSE_WAIT on dynamic ports, nearly all of one process, the same ones in every table; its handle count grows."
PROVES = (
    "At least 80 % of the usable ports taken, most of them in CLOSE_WAIT on ports that no listener has, at least half of the rows of one "
    "table still there in the latest, and their owner in the process list."
)
RULES_OUT = (
    "An unfiltered netstat in which CLOSE_WAIT holds few dynamic ports, or in which something else fills the range."
)
CURES = "Restart the process that holds them; then have the application close its connections."
REFERENCES = (
    "RFC 9293, section 3.3.2: CLOSE_WAIT ends when the local user closes",
    "Microsoft, TCP/IP port exhaustion troubleshooting (CLOSE_WAIT alone is no proof of exhaustion)",
    "Microsoft TechNet blog janelewis 2010-03-09 (CLOSE_WAIT lasts until the application closes), as quoted by others",
    "Microsoft SDP, TS_PortUsage.ps1 (80 % of the ports)",
)
WEIGHTS = PILE_WEIGHTS
TEXTS = {
    **PILE_TEXTS,
    "headline-confirmed": "{ports:count} dynamic ports are held by connections that their peers have closed and {owner} has not.",
    "headline-likely": "Connections that their peers have closed, and {image} has not, probably use up the ports.",
    "headline-possible": "{ports:count} ports are in CLOSE_WAIT: an application may be leaking connections.",
    "headline-inconclusive": "Whether an application leaks connections in CLOSE_WAIT cannot be told from this bundle.",
    "headline-ruled-out": "No application leaks connections in CLOSE_WAIT.",
    "do-fix": "Have the application close its side when the peer closes.",
    "do-fix-effect": "Ends the leak; a dump of the process shows which connections it forgot.",
}


def judge(measurements: Measurements) -> Judgement:
    """Judge the CLOSE_WAIT rows of the tables."""
    m = measurements
    case = pile_case(m, CLOSE_WAIT, Said("in CLOSE_WAIT"))
    proven = stayed(m, case) and holds_them(m, case)
    fix = Remedy(
        "for-good",
        Statement("do-fix", pile_params(m, case)),
        "",
        Statement("do-fix-effect"),
    )
    return judge_pile(m, ID, case, WEIGHTS, proven=proven, lasting=case.held, for_good=fix)
