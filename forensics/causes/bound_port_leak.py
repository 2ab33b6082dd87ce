"""Sockets bound and never connected or closed: invisible to plain netstat.

Signature: far more ports are gone than netstat has rows for; `netstat -q` (Windows 10, Server 2016 on; 8.1 and 2012 R2
with KB3123245) shows them as BOUND (domain.md §2, C4). A port that has another row besides is no such leak
(contracts.md). Each socket is a handle of its process, so a handle count below the number of ports speaks against it.
Before -q nothing shows such sockets (C4b): there event 4231 with few rows in netstat, and a process with many
thousands of handles, is all there is (Microsoft, port exhaustion troubleshooting: over 10,000 at exhaustion).
"""

import msgspec

from forensics.judgement import (
    INCONCLUSIVE,
    LIKELY,
    POSSIBLE,
    RULED_OUT,
    STRONG,
    WEAK,
    Judgement,
    Missing,
    Point,
    Remedy,
    Statement,
    Weight,
    weigh,
)
from forensics.knowledge import commands
from forensics.measure.measurements import Measurements
from forensics.measure.piles import BOUND
from forensics.measure.processes import Listed
from forensics.rules.fullness import RAN_OUT
from forensics.rules.pile import QUARTER, PileCase, holds_them, pile_case, pile_params, stayed
from forensics.rules.pile_answer import judge_pile
from forensics.rules.pile_table import PILE_TEXTS, PILE_WEIGHTS
from forensics.text.said import Said

ID = "bound-port-leak"
TITLE = "Sockets are bound and never connected or closed"
PRECEDENCE = 21
PLAIN = (
    "A program takes ports and neither uses them nor gives them back. "
    "The usual list of connections does not show such ports, but they are missing for new connections."
)
ABOUT = (
    "A socket that was bound holds its port, connected or not. Plain netstat does not show such sockets, so ports run out while its table "
    "looks small."
)
SHOWS = "netstat -q shows BOUND rows of one process, on ports without any other row; the process has as many handles."
PROVES = (
    "At least 80 % of the usable ports taken, most of them BOUND without another row and of one process that is in the process list, which has "
    "at least as many handles, or the same rows in an earlier netstat -q."
)
RULES_OUT = "A netstat -q with few BOUND rows."
CURES = "Restart the process that holds them; then have the application close what it binds."
REFERENCES = (
    "Microsoft, TCP/IP port exhaustion troubleshooting (netstat -q; handle counts of 3,000 and 10,000)",
    "Microsoft KB3123245 (netstat misreports such ports since Vista), as quoted in windows-itpro-docs #2419",
    "GitHub: microsoft/WSL #2913, #3951; docker/for-win #14859",
)
WEIGHTS = {
    **PILE_WEIGHTS,
    "handles": Weight(STRONG, "handles", "each socket is a handle: the owner has as many or more"),
    "too-few-handles": Weight(-STRONG, "handles", "each socket is a handle: the owner has fewer than ports"),
    "no-bound-rows": Weight(-STRONG, "what holds the ports", "netstat -q lists such ports; it was run"),
    "quiet": Weight(-STRONG, "events", "ports that ran out are logged (4227, 4231); a whole log without either"),
    "hidden": Weight(
        STRONG, "events", "event 4231 within the delay of a table that shows the ports free: something unseen held them"
    ),
    "hidden-perhaps": Weight(
        WEAK, "events", "event 4227 there: its own collision may explain it (local-endpoint-reuse)"
    ),
    "many-handles": Weight(
        STRONG,
        "handles",
        "Microsoft, port exhaustion troubleshooting: over 10,000 handles at exhaustion, but for System, lsass, store, sqlservr",
    ),
}
TEXTS = {
    **PILE_TEXTS,
    "headline-confirmed": "{owner} holds {owned:count} ports that it bound and never used: plain netstat does not show them.",
    "headline-likely": "Ports that {image} bound and never used probably use up the range; plain netstat does not show them.",
    "headline-likely-hidden": "Something that netstat does not show used up the ports, probably sockets that {image} bound and never used.",
    "headline-possible": "Sockets that are bound and never used may hold ports that plain netstat does not show.",
    "headline-inconclusive": "Whether bound sockets hold ports cannot be told from this bundle: plain netstat does not show them.",
    "headline-ruled-out": "Bound sockets hold hardly any ports.",
    "handles": "{image} has {handles:count} handles, enough for {owned:count} sockets.",
    "too-few-handles": "{image} has {handles:count} handles, too few for {owned:count} sockets of its own.",
    "no-bound-rows": "netstat -q was run and shows {ports:count} ports that are bound only.",
    "quiet": "The System log is whole and holds no event 4227 or 4231: no port ran short, seen or unseen.",
    "hidden": "Event 4231 says that no port was free, {gap:seconds} before a table in which {free:count} of {usable:count} look free.",
    "hidden-perhaps": "Event 4227 was logged {gap:seconds} before a table in which {free:count} of {usable:count} ports look free.",
    "many-handles": "{suspect} has {handles:count} handles.",
    "missing-bound": "A netstat that shows bound sockets (-q: Windows 10, Server 2016 and later; on older ones a handle list per process).",
    "missing-handles": "How many handles each process has.",
    "do-fix": "Have {image} close the sockets that it binds.",
    "do-fix-effect": "Ends the leak; a dump shows where they were made.",
}  # fmt: skip


def judge(measurements: Measurements) -> Judgement:
    """Judge the BOUND rows, or what hints at them where no table can show any."""
    m = measurements
    case = pile_case(m, BOUND, Said("bound and have no connection"))
    owner = m.processes.named(case.pile.owner)
    enough = owner.handles is not None and owner.handles >= case.pile.owner_ports
    owned = holds_them(m, case)
    too_few = owner.handles is not None and not enough
    fix = Remedy(
        "for-good", Statement("do-fix", pile_params(m, case)), "",
        Statement("do-fix-effect"),
    )  # fmt: skip
    proven = owned and not too_few and (enough or stayed(m, case))
    if m.bound_shown or case.share >= QUARTER:
        judged = judge_pile(
            m,
            ID,
            case,
            WEIGHTS,
            proven=proven,
            lasting=enough or case.held,
            for_good=fix,
            more=_handle_points(m, case, owner),
        )
        if judged.status == RULED_OUT:
            points = [one for one in judged.points if one.statement.message != "small"]
            shown = weigh(WEIGHTS, "no-bound-rows", pile_params(m, case), case.shortage.sources)
            return msgspec.structs.replace(judged, points=(*points, shown))
        return judged
    return _unseen(m, case)


def _handle_points(m: Measurements, case: PileCase, owner: Listed) -> list[Point]:
    if owner.handles is None or case.share < QUARTER:
        return []
    params = {**pile_params(m, case), "handles": owner.handles}
    message = "handles" if owner.handles >= case.pile.owner_ports else "too-few-handles"
    return [weigh(WEIGHTS, message, params, (owner.handles_source,) if owner.handles_source else ())]


def _unseen(m: Measurements, case: PileCase) -> Judgement:
    """No table can show bound sockets: judge by events that say that no port was free while netstat shows many."""
    shortage, coverage = m.covered_shortage or case.shortage, m.coverage
    suspect = m.suspect
    params: dict[str, object] = {
        **pile_params(m, case),
        "gap": coverage.gap,
        "free": shortage.free,
        "image": suspect.image if suspect else Said("a process"),
        "suspect": suspect.label if suspect else "",
        "handles": suspect.handles if suspect else None,
    }
    points: list[Point] = []
    ran_out = any(one.event.id in RAN_OUT for one in coverage.covered)
    hidden = bool(coverage.covered) and shortage.calm
    if hidden:
        sources = (coverage.covered[-1].source(), *shortage.sources)
        points.append(weigh(WEIGHTS, "hidden" if ran_out else "hidden-perhaps", params, sources))
    if suspect:
        points.append(
            weigh(WEIGHTS, "many-handles", params, (suspect.handles_source,) if suspect.handles_source else ())
        )
    if shortage.full:
        points.append(weigh(WEIGHTS, "other-fills", params, shortage.sources))
        status = RULED_OUT
    elif hidden and ran_out:
        status = LIKELY if suspect else POSSIBLE
    elif hidden or suspect:
        status = POSSIBLE
    else:
        status = INCONCLUSIVE
    if (
        status == INCONCLUSIVE
        and m.full_table
        and not coverage.uncovered
        and not coverage.covered
        and not coverage.traced_unseen
        and m.log.records
        and not m.log.damaged
    ):
        # Ports that are gone show in events: a whole log without any bears out that none ran short.
        points.append(weigh(WEIGHTS, "quiet", params, tuple(m.log.source(file) for file in m.log.files)))
        status = RULED_OUT
    missing = [Missing(Statement("missing-bound"), commands.NETSTAT_BOUND)]
    if not any(one.handles is not None for one in m.processes.by_pid.values()):
        missing.append(Missing(Statement("missing-handles"), commands.HANDLES))
    hidden_headline = status == LIKELY
    headline = "headline-likely-hidden" if hidden_headline else f"headline-{status.replace('_', '-')}"
    return Judgement(
        ID, status, Statement(headline, params), tuple(points), tuple(missing) if status != RULED_OUT else ()
    )
