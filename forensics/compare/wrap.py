"""KB2553549: a restart makes the symptom vanish for 497.1 days whatever else was done; only the fix state tells.

Its second symptom, TCP Chimney after 248.5 days, likewise.
"""

from datetime import timedelta

from forensics.compare import reasons
from forensics.compare.comparison import Answer
from forensics.compare.pair import APPROACHING, Pair, entry_of
from forensics.compare.reasons import answer, resting_on
from forensics.compare.still import find_other, find_still, find_unclear
from forensics.compare.texts import said
from forensics.knowledge.tick import HALF_WRAP, TICK_WRAP

TICK_WRAP_CAUSE, CHIMNEY = "tick-wrap-497d", "chimney-wrap-248d"


def judge_wrap(pair: Pair) -> Answer:
    """Judge by the fix that the running system has loaded."""
    fix = pair.after.measurements.fix
    told = [reasons.fix_before(pair), reasons.fix_after(pair), reasons.restart(pair)]
    if fix.state == "installed-not-loaded":
        return answer("not-yet", "restart-pending", [*told, reasons.wrap(pair)])
    if fix.state not in {"fixed", "not-affected"}:
        return _unfixed(pair)
    entry = entry_of(pair.after, TICK_WRAP_CAUSE)
    if entry and entry.status in {"confirmed", "likely"} and entry.applies_to == "now":
        named = {"title": entry.title, "status": said(f"status-{entry.status}")}
        return answer("did-not-work", "fixed-but-stuck", [*told, *reasons.evidence("after", entry)], **named)
    if other := find_other(pair):
        return resting_on(told, other)
    return answer("worked", fix.state, [*told, reasons.shares(pair)])


def judge_chimney(pair: Pair) -> Answer:
    """Judge by the fix, else by whether Chimney is off; a restart alone gives 248.5 days."""
    measured = pair.after.measurements
    told = [reasons.fix_after(pair), reasons.restart(pair)]
    if measured.fix.state in {"fixed", "not-affected"}:
        return find_still(pair, CHIMNEY) or answer("worked", measured.fix.state, told)
    if still := find_still(pair, CHIMNEY):
        return still
    if measured.fix.state == "installed-not-loaded":
        return answer("not-yet", "restart-pending", told)
    offload = measured.offload
    if offload and offload.setting == "disabled" and not offload.offloaded:
        return answer("worked", "chimney-off", [reasons.chimney(pair), *told])
    boot = measured.uptime.boot_time
    if pair.restarted and boot and (measured.uptime.high or HALF_WRAP) < HALF_WRAP:
        half_at = boot + timedelta(seconds=HALF_WRAP)
        return answer("not-yet", "chimney-restarted", told, half_at=half_at)
    return find_unclear(pair, CHIMNEY) or answer("not-yet", "moment", told, title=_title(pair, CHIMNEY))


def _unfixed(pair: Pair) -> Answer:
    """The fix is not known to be loaded: where does the uptime stand to the wrap?"""
    uptime, fix = pair.after.measurements.uptime, pair.after.measurements.fix
    told = [reasons.fix_after(pair), reasons.restart(pair), reasons.wrap(pair)]
    if uptime.low is None or uptime.high is None or uptime.wrap_at is None:
        still = find_still(pair, TICK_WRAP_CAUSE)
        return resting_on(told, still) if still else answer("cannot-be-told", "uptime-unknown", told)
    if uptime.high >= TICK_WRAP:
        return _past_wrap(pair)
    if still := find_still(pair, TICK_WRAP_CAUSE):
        return resting_on(told, still)
    ahead = {"wrap_at": uptime.wrap_at}
    if not pair.restarted and pair.before.verdict.cause == APPROACHING:
        return answer("not-yet", "still-approaching", told, uptime.wrap_at, **ahead)
    if not pair.restarted and pair.before.verdict.applies_to == "previous-boot":
        return answer("not-yet", "nothing-done", told, uptime.wrap_at, **ahead)
    message = "restarted-unfixed" if fix.state == "unfixed" else "restarted-unknown"
    return answer("not-yet", message, [*told, reasons.shares(pair)], uptime.wrap_at, **ahead)


def _past_wrap(pair: Pair) -> Answer:
    """AFTER has reached the wrap, or may have, without a fix that is known to be loaded."""
    uptime, unfixed = pair.after.measurements.uptime, pair.after.measurements.fix.state == "unfixed"
    told = [
        reasons.fix_after(pair),
        reasons.restart(pair),
        reasons.wrap(pair),
        reasons.wider(pair),
        reasons.shares(pair),
    ]
    entry = entry_of(pair.after, TICK_WRAP_CAUSE)
    excluded = entry is not None and entry.applies_to == "now" and entry.status == "ruled_out"
    stuck = unfixed and not excluded and uptime.low is not None and uptime.low >= TICK_WRAP
    if stuck and pair.before.verdict.cause == APPROACHING:
        return answer("got-worse", "wrap-passed", told)
    still = find_still(pair, TICK_WRAP_CAUSE)
    if still and not (stuck and still.id == "still"):
        return resting_on(told, still)
    if stuck:
        because = reasons.evidence("after", entry) if entry else []
        return answer("did-not-work", "not-restarted", [*told, *because])
    return answer("cannot-be-told", "unclear", told, title=_title(pair, TICK_WRAP_CAUSE))


def _title(pair: Pair, cause: str) -> str:
    entry = entry_of(pair.after, cause)
    return entry.title if entry else cause
