"""A cause's whole answer on a pile: what would happen next, what helps, and the judgement that holds it all."""

from collections.abc import Sequence

from forensics.judgement import (
    CONFIRMED,
    INCONCLUSIVE,
    LIKELY,
    NOW,
    POSSIBLE,
    PREVIOUS_BOOT,
    STATUSES,
    Judgement,
    Point,
    Remedy,
    Statement,
    Weights,
)
from forensics.knowledge import commands
from forensics.knowledge.dynamic_ports import WIDEST_COUNT, WIDEST_START
from forensics.measure.measurements import Measurements
from forensics.measure.outlook import Outlook, outlook
from forensics.measure.piles import FIN_WAIT
from forensics.measure.processes import KERNEL
from forensics.rules.fullness import in_earlier_boot
from forensics.rules.pile import PileCase, pile_missing, pile_params, pile_points, pile_status
from forensics.text.said import Said

_BASES = {
    "tables": Said("the growth between the tables"),
    "since-start": Said("the average since the process started"),
    "none": "",
}


def pile_outlook(m: Measurements, case: PileCase) -> Outlook:
    """When the range is full at the present rate."""
    moment = m.collection.moment
    return outlook(
        case.pile, case.shortage, m.processes.named(case.pile.owner).created_at, moment.at if moment else None
    )


def pile_forecast(m: Measurements, case: PileCase) -> Statement | None:
    """The same in words."""
    ahead = pile_outlook(m, case)
    if ahead.rate is None:
        return Statement("forecast-full-now" if case.shortage.full else "forecast-none")
    params: dict[str, object] = {"rate": ahead.rate, "basis": _BASES[ahead.basis], "free": case.shortage.free}
    if case.shortage.full:
        return Statement("forecast-refill", {**params, "left": ahead.lasting(case.pile.owner_ports)})
    return Statement("forecast-full", {**params, "left": ahead.full_in})


def restart_owner(m: Measurements, case: PileCase) -> list[Remedy]:
    """Restart the process that holds the ports, where it is one that can be restarted."""
    closed = case.pile.group == FIN_WAIT  # the application has closed already: the stack alone finishes
    if closed or case.pile.owner is None or case.pile.owner <= KERNEL or case.ownerless:
        return []
    ahead, params = pile_outlook(m, case), pile_params(m, case)
    lasting = ahead.lasting(case.pile.owner_ports)
    effect = (
        Statement("do-restart-owner-effect", {**params, "rate": ahead.rate, "lasting": lasting})
        if lasting
        else Statement("do-restart-owner-effect-unknown", params)
    )
    services = m.processes.named(case.pile.owner).services
    restart = commands.restart_service(services[0]) if len(services) == 1 else ""
    # The dump comes first: with the restart the process is gone.
    command = " & ".join(part for part in (commands.dump(case.pile.owner), restart) if part)
    cost = Statement("do-restart-owner-cost")
    return [Remedy("now", Statement("do-restart-owner", params), command, effect, None, cost)]


def widen_range(m: Measurements, case: PileCase) -> list[Remedy]:
    """Widen the range that is short, where it can be widened."""
    pool = case.shortage.pool
    wider = WIDEST_COUNT - pool.count
    if wider <= 0:
        return []
    lasting = pile_outlook(m, case).lasting(wider)
    params: dict[str, object] = {"wider": wider, "lasting": lasting, "rate": pile_outlook(m, case).rate}
    return [
        Remedy(
            "next",
            Statement("do-widen"),
            commands.widen(pool.family, pool.protocol, WIDEST_START, WIDEST_COUNT),
            Statement("do-widen-effect" if lasting else "do-widen-effect-unknown", params),
            Statement("do-widen-caution"),
            Statement("do-widen-cost"),
        )
    ]


def judge_pile(
    m: Measurements,
    cause: str,
    case: PileCase,
    weights: Weights,
    *,
    proven: bool,
    lasting: bool,
    for_good: Remedy,
    more: Sequence[Point] = (),
    at_most: str = CONFIRMED,
) -> Judgement:
    """Judge a cause that is nothing but a pile with a proof of its own; `at_most` caps the status."""
    status = max(pile_status(m, case, proven=proven, lasting=lasting), at_most, key=STATUSES.index)
    found = status in {CONFIRMED, LIKELY}
    open_ = status in {LIKELY, POSSIBLE, INCONCLUSIVE}
    seen_later = status == INCONCLUSIVE and in_earlier_boot(m, case.coverage)
    return Judgement(
        cause,
        status,
        Statement(f"headline-{status.replace('_', '-')}", pile_params(m, case)),
        (*pile_points(m, case, weights), *more),
        tuple(pile_missing(m, case)) if open_ else (),
        (*restart_owner(m, case), *widen_range(m, case), for_good) if found else (),
        PREVIOUS_BOOT if seen_later else NOW,
        forecast=pile_forecast(m, case) if found or status == POSSIBLE else None,
    )
