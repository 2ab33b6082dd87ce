"""The UDP dynamic range is used up.

Signature: UDP rows on dynamic ports, most of one process; event 4266 (Windows 8 and 2012 on); name resolution fails
first, TCP works (domain.md §2, C14). A DNS server's socket pool takes 2,500 ports by design (KB956188; up to 10,000 can
be set) and is no leak.
"""

from forensics.judgement import WEAK, Judgement, Point, Remedy, Statement, Weight, weigh
from forensics.measure.measurements import Measurements
from forensics.measure.piles import UDP
from forensics.rules.fullness import RAN_OUT
from forensics.rules.pile import PileCase, holds_them, pile_case, pile_params
from forensics.rules.pile_answer import judge_pile
from forensics.rules.pile_table import PILE_TEXTS, PILE_WEIGHTS
from forensics.text.said import Said

ID = "udp-port-exhaustion"
TITLE = "The UDP dynamic port range is used up"
PRECEDENCE = 24
PLAIN = (
    "A program keeps so many UDP ports that none is left for others. "
    "Looking up the names of other systems needs such a port, so this looks like a failure of the network."
)
ABOUT = "UDP has a dynamic range of its own. A process that opens UDP sockets and keeps them takes it up: name resolution fails first, while TCP works."
SHOWS = "UDP rows on dynamic ports, nearly all of one process; event 4266 on Windows 8, Server 2012 and later."
PROVES = (
    "At least 80 % of the usable UDP ports in use, most of them by one process that is in the process list, and either the same ones in an "
    "earlier table or event 4266."
)
RULES_OUT = "An unfiltered netstat in which UDP holds few dynamic ports, and no event 4266 that no table speaks of."
CURES = "Restart the process that holds them; widen the UDP range; a DNS server's socket pool is set with dnscmd /config /socketpoolsize."
REFERENCES = (
    "netevent.dll, text of event 4266",
    "Microsoft KB956188 (a DNS server's socket pool takes 2,500 UDP ports by design)",
    "dimitri.janczak.net 2017-10-24 (Server 2016, WmiPrvSE)",
    "Microsoft SDP, TS_PortUsage.ps1 (80 % of the ports)",
)
_DNS_SERVER = "dns.exe"
SOCKET_POOL = 10_000  # UDP ports: the largest pool that a DNS server can be told to take (technet ee649174)

WEIGHTS = {
    **PILE_WEIGHTS,
    "dns-pool": Weight(-WEAK, "owner", "KB956188: a DNS server's socket pool, by design"),
}
TEXTS = {
    **PILE_TEXTS,
    "headline-confirmed": "{owner} holds {owned:count} UDP ports: the UDP dynamic range is used up.",
    "headline-likely": "The UDP dynamic range is probably used up; most of it belongs to {image}.",
    "headline-possible": "UDP ports may be, or may have been, short.",
    "headline-inconclusive": "Whether UDP ports ran out cannot be told from this bundle.",
    "headline-ruled-out": "UDP ports are not short.",
    "dns-pool": "{owner} is a DNS server; its socket pool takes 2,500 ports by design and can be set to {pool:count}.",
    "do-fix": "Have {image} close its UDP sockets.",
    "do-fix-effect": "Ends the leak.",
}


def judge(measurements: Measurements) -> Judgement:
    """Judge the UDP rows of the tables and event 4266."""
    m = measurements
    case = pile_case(m, UDP, Said("UDP sockets"))
    pile = case.pile
    by_design = _is_dns_pool(m, case)
    ran_out = any(one.event.id in RAN_OUT for one in case.coverage.covered)
    owned = holds_them(m, case)
    proven = owned and not by_design and ((pile.persists and pile.timed) or ran_out)
    fix = Remedy(
        "for-good", Statement("do-fix", pile_params(m, case)), "",
        Statement("do-fix-effect"),
    )  # fmt: skip
    more: list[Point] = []
    if by_design:
        more.append(weigh(WEIGHTS, "dns-pool", {**pile_params(m, case), "pool": SOCKET_POOL}, pile.sources))
    return judge_pile(m, ID, case, WEIGHTS, proven=proven, lasting=case.held and not by_design, for_good=fix, more=more)


def _is_dns_pool(m: Measurements, case: PileCase) -> bool:
    pile = case.pile
    return m.processes.named(pile.owner).image.lower() == _DNS_SERVER and 0 < pile.owner_ports <= SOCKET_POOL
