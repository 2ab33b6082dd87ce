"""Whether the remedy worked: first what keeps two bundles from being compared, then the rule of the cause of BEFORE.

Each rule says "worked" only where the evidence shows that the cause is gone, and not where its symptom is.
"""

from collections.abc import Callable, Mapping

from forensics.compare import reasons
from forensics.compare.comparison import Answer, MachineEntry, OrderEntry
from forensics.compare.leak import GROUPS, judge_leak
from forensics.compare.load import judge_churn, judge_moment, judge_range
from forensics.compare.pair import APPROACHING, FOUND, Pair, found_now, is_short, share_of
from forensics.compare.reasons import answer
from forensics.compare.texts import said
from forensics.compare.wrap import CHIMNEY, TICK_WRAP_CAUSE, judge_chimney, judge_wrap
from forensics.knowledge.dynamic_ports import WARNING_SHARE
from forensics.verdict import NO_EXHAUSTION, UNDECIDED

_RULES: Mapping[str, Callable[[Pair], Answer]] = {
    TICK_WRAP_CAUSE: judge_wrap,
    APPROACHING: judge_wrap,
    CHIMNEY: judge_chimney,
    "time-wait-churn": judge_churn,
    "port-range-too-small": judge_range,
    **dict.fromkeys(GROUPS, judge_leak),
}
_OF_BOOTS = frozenset({TICK_WRAP_CAUSE, APPROACHING, CHIMNEY})


def find_answer(pair: Pair, machine: MachineEntry, order: OrderEntry) -> Answer:
    """Judge the remedy."""
    return _incomparable(pair, machine, order) or _without_cause(pair) or _of_cause(pair)


def _incomparable(pair: Pair, machine: MachineEntry, order: OrderEntry) -> Answer | None:
    if machine.same == "no":
        return answer("cannot-be-told", "other-machine", [])
    if order.order == "same-collection":
        return answer("cannot-be-told", "same", [])
    if machine.same == "unknown":
        return answer("cannot-be-told", "machine-unknown", [])
    if order.order == "reversed":
        return answer("cannot-be-told", "reversed", [])
    if order.order == "unknown":
        return answer("cannot-be-told", "order-unknown", [])
    defects = [
        one for one in (*pair.before.causes, *pair.after.causes) if one.defect and one.id == pair.before.verdict.cause
    ]
    return answer("cannot-be-told", "defect", [], title=defects[0].title) if defects else None


def _without_cause(pair: Pair) -> Answer | None:
    """Where BEFORE names no cause, or not surely enough that its cure could be told."""
    verdict, found = pair.before.verdict, found_now(pair.after)
    named = {"title": found[0].title, "status": said(f"status-{found[0].status}")} if found else {}
    told = [*(reasons.evidence("after", found[0]) if found else []), reasons.shares(pair)]
    share = share_of(pair.after)
    calm = share is not None and share < WARNING_SHARE
    if verdict.cause == NO_EXHAUSTION and verdict.status in FOUND:
        if found:
            return answer("got-worse", "new-trouble", told, **named)
        if is_short(pair.after):
            return answer("got-worse", "now-short", told, share=share)
        return answer("cannot-be-told", "nothing-to-remedy" if calm else "nothing-to-remedy-unknown", told)
    if verdict.cause != UNDECIDED and verdict.status in FOUND:
        return None
    if found:
        return answer("cannot-be-told", "unknown-before-found", told, **named)
    return answer("cannot-be-told", "unknown-before-calm" if calm else "unknown-both", told)


def _of_cause(pair: Pair) -> Answer:
    """The rule of the cause; of a trouble before the last restart BEFORE shows no figures, and none are compared."""
    verdict = pair.before.verdict
    if verdict.applies_to == "previous-boot" and verdict.cause not in _OF_BOOTS:
        return judge_moment(pair)
    return _RULES.get(verdict.cause, judge_moment)(pair)
