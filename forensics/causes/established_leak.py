"""An application opens connections and keeps them: ESTABLISHED rows fill the range.

Signature: ESTABLISHED rows on dynamic ports, most of one process, the same 4-tuples in tables that are minutes apart
(domain.md §2, C5). A pool of connections persists as well, so the proof needs more than that: as many as would be a
warning in a range of the default size (50 % of 16,384, SDP), or growth without any end of a connection.
"""

from forensics.judgement import CONFIRMED, POSSIBLE, STRONG, WEAK, Judgement, Point, Remedy, Statement, Weight, weigh
from forensics.knowledge.dynamic_ports import DEFAULT, WARNING_SHARE
from forensics.measure.measurements import Measurements
from forensics.measure.piles import ESTABLISHED
from forensics.rules.pile import QUARTER, PileCase, holds_them, pile_case, pile_params, stayed
from forensics.rules.pile_answer import judge_pile
from forensics.rules.pile_table import PILE_TEXTS, PILE_WEIGHTS
from forensics.text.said import Said

ID = "established-leak"
TITLE = "An application opens connections and keeps them"
PRECEDENCE = 25
PLAIN = (
    "A program opens more and more connections and keeps them open. "
    "Each keeps a port, so that in the end none is left for new connections."
)
ABOUT = (
    "An open connection holds its port. An application that opens connections and never closes them, or keeps far more than it uses, takes "
    "up the range."
)
SHOWS = (
    "Rows in ESTABLISHED on dynamic ports, most of one process, the same ones in every table, more of them each time."
)
PROVES = (
    "At least 80 % of the usable ports taken, most of them ESTABLISHED by one process that is in the process list, at least half of the rows "
    "still there in the latest table, and either as many as half of a default range (8,192) or growth without an end of any."
)
RULES_OUT = "An unfiltered netstat in which ESTABLISHED connections hold few dynamic ports, or in which something else fills the range."
CURES = "Restart the process; then limit its connections (a pool with an upper bound, keep-alive, an idle time-out)."
REFERENCES = (
    "RFC 9293, section 3.3.2: ESTABLISHED lasts until one side closes",
    "Microsoft SDP, TS_PortUsage.ps1 (50 % and 80 % of the ports)",
    "Practitioners' cases (no source of Microsoft's was found)",
)
ABNORMAL = round(WARNING_SHARE * DEFAULT[1])  # ports: a load that would be a warning in the default range

WEIGHTS = {
    **PILE_WEIGHTS,
    "abnormal": Weight(STRONG, "size", "SDP, RC_EphemeralPort50Check, of the default range of 16,384"),
    "ordinary": Weight(-WEAK, "size", "the same: in a default range it would be no warning"),
}
TEXTS = {
    **PILE_TEXTS,
    "headline-confirmed": "{owner} holds {owned:count} open connections and does not close them; they use up the dynamic ports.",
    "headline-likely": "Connections that {image} opened and keeps probably use up the ports.",
    "headline-possible": "{ports:count} ports belong to open connections: an application may be keeping too many.",
    "headline-inconclusive": "Whether an application keeps too many connections open cannot be told from this bundle.",
    "headline-ruled-out": "No application keeps so many connections open that ports run short.",
    "abnormal": "{ports:count} open connections would be a warning in a range of the default size too.",
    "ordinary": "In a range of the default size {ports:count} open connections would be no warning.",
    "do-fix": "Limit the connections that the application keeps (an upper bound of its pool, an idle time-out).",
    "do-fix-effect": "Ends the leak; a dump of the process shows what its connections wait for.",
}


def judge(measurements: Measurements) -> Judgement:
    """Judge the ESTABLISHED rows of the tables."""
    m = measurements
    case = pile_case(m, ESTABLISHED, Said("open connections"))
    pile = case.pile
    owned = holds_them(m, case)
    proven = stayed(m, case) and owned and (case.taken >= ABNORMAL or pile.only_grows)
    fix = Remedy(
        "for-good",
        Statement("do-fix", pile_params(m, case)),
        "",
        Statement("do-fix-effect"),
    )
    # What would be no warning in a default range, and is not seen to grow, may be an ordinary pool in a small range.
    ordinary = case.taken < ABNORMAL and not pile.only_grows
    return judge_pile(
        m,
        ID,
        case,
        WEIGHTS,
        proven=proven,
        lasting=case.held,
        for_good=fix,
        more=_size_points(m, case),
        at_most=POSSIBLE if ordinary else CONFIRMED,
    )


def _size_points(m: Measurements, case: PileCase) -> list[Point]:
    if case.share < QUARTER:
        return []
    message = "abnormal" if case.taken >= ABNORMAL else "ordinary"
    return [weigh(WEIGHTS, message, pile_params(m, case), case.pile.sources)]
