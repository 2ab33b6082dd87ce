"""Causes that follow the load: a quieter hour is no cure, so the ports must be shown to carry the load of BEFORE.

They do where they would at the rate of BEFORE, where AFTER holds as much as filled the old range, or where Windows has
logged no shortage for a whole week.
"""

import math
from datetime import timedelta

from forensics.compare import reasons
from forensics.compare.comparison import Answer
from forensics.compare.pair import (
    Pair,
    entry_of,
    last_port_event,
    pool_of,
    port_events,
    rate_sources,
    share_of,
    table_sources,
)
from forensics.compare.reasons import answer
from forensics.compare.still import find_still, find_unclear
from forensics.knowledge.dynamic_ports import CRITICAL_SHARE, WARNING_SHARE
from forensics.measure.collection import QUIET_LOG
from forensics.report.findings import TimeWaitEntry

# Load follows the day and the week: in seven days each hour of the week was there once.
_WEEK = timedelta(days=7)
# Three standard deviations of what is counted (Poisson): by chance a count is that far off once in 740 times.
_DEVIATIONS = 3


def judge_churn(pair: Pair) -> Answer:
    """TIME_WAIT at a high rate: compare the rates, and what the ports would carry."""
    cause = pair.before.verdict.cause
    if still := find_still(pair, cause) or find_unclear(pair, cause):
        return still
    if carried := _carries(pair):
        return carried
    if quiet := find_quiet_week(pair):
        return quiet
    before, after = pair.before.measurements.time_wait.observed_rate, pair.after.measurements.time_wait.observed_rate
    told = [reasons.rates(pair), reasons.usable(pair), reasons.shares(pair)]
    if before is None or after is None:
        return answer("cannot-be-told", "rate-unknown", told)
    if after < before:
        return answer("not-yet", "quieter", told, before=before, after=after)
    return answer("cannot-be-told", "not-explained", told)


def judge_range(pair: Pair) -> Answer:
    """A range too small for its load: a larger one must have been tried by that load."""
    cause = pair.before.verdict.cause
    if still := find_still(pair, cause) or find_unclear(pair, cause):
        return still
    (_, before), (_, after) = pool_of(pair.before), pool_of(pair.after)
    told = [reasons.usable(pair), reasons.shares(pair)]
    shortage = pair.after.measurements.shortage.get("tcp")
    share, held = share_of(pair.after), shortage.held if shortage else None
    larger = after.usable > before.usable and after.basis != "assumed"
    if larger and held is not None and share is not None and held >= before.usable * CRITICAL_SHARE:
        return answer("worked", "range-tested", told, held=held, share=share, usable=after.usable)
    if quiet := find_quiet_week(pair):
        return quiet
    if larger:
        sizes = {"usable": after.usable, "usable_before": before.usable, "held": held}
        return answer("not-yet", "range-untested", told, **sizes)
    return answer("not-yet", "range-same", told, usable=after.usable)


def judge_moment(pair: Pair) -> Answer:
    """What comes and goes: one collection without it proves nothing, a week without a logged shortage does."""
    cause = pair.before.verdict.cause
    if still := find_still(pair, cause) or find_unclear(pair, cause):
        return still
    entry = entry_of(pair.before, cause)
    told = [*(reasons.evidence("before", entry) if entry else []), reasons.shares(pair)]
    return find_quiet_week(pair) or answer("not-yet", "moment", told, title=entry.title if entry else cause)


def find_quiet_week(pair: Pair) -> Answer | None:
    """Whether a machine that logged shortages has logged none for a week, in a log that reaches AFTER."""
    log, collected = pair.after.measurements.event_log, pair.after.bundle.collected_at
    share = share_of(pair.after)
    if not (port_events(pair.before) and collected and log.first_at and log.last_at and not log.damaged):
        return None
    if collected - log.last_at > QUIET_LOG or share is None or share >= WARNING_SHARE:
        return None
    begins = [log.first_at, pair.before.bundle.collected_at, last_port_event(pair.after)]
    since = max(one for one in begins if one)
    if collected - since < _WEEK:
        return None
    told = [reasons.events(pair, since), reasons.shares(pair), reasons.rates(pair)]
    return answer("worked", "quiet-week", told, quiet=(collected - since).total_seconds())


def _carries(pair: Pair) -> Answer | None:
    """Whether the ports of AFTER would suffice at the rate of BEFORE, where they did not then."""
    before, after = pair.before.measurements, pair.after.measurements
    (_, old), (_, pool) = pool_of(pair.before), pool_of(pair.after)
    rate = before.time_wait.observed_rate
    if rate is None or pool.in_use is None or pool.basis == "assumed":
        return None
    delay, measured = _delay_at_most(after.time_wait)
    if pool.usable <= old.usable and delay >= before.time_wait.delay_seconds:
        return None  # nothing has changed that could carry more
    held = math.ceil(rate * delay)
    share = (held + max(0, pool.in_use - after.time_wait.dynamic_ports)) / pool.usable
    if share >= CRITICAL_SHARE:
        return None
    told = [reasons.rates(pair), reasons.usable(pair)]
    if measured:
        places = [*table_sources(pair.after), *rate_sources(pair.after)]
        observed = {"held": after.time_wait.dynamic_ports, "rate": after.time_wait.observed_rate, "delay": delay}
        told.append(reasons.reason("held-for", (), places, **observed))
    else:
        told.append(reasons.reason("delay", (), [one for one in [pool.source] if one], delay=delay))
    return answer("worked", "carries", told, rate=rate, held=held, usable=pool.usable, share=share)


def _delay_at_most(wait: TimeWaitEntry) -> tuple[float, bool]:
    """How long a port rests at most, and whether that is measured: ports in TIME_WAIT over the rate they come at."""
    if not (wait.opened and wait.observed_seconds):
        return wait.delay_at_most, False
    fewest = wait.opened - _DEVIATIONS * math.sqrt(wait.opened)
    most = wait.dynamic_ports + _DEVIATIONS * math.sqrt(wait.dynamic_ports)
    if fewest <= 0 or not wait.dynamic_ports:
        return wait.delay_at_most, False
    measured = most / (fewest / wait.observed_seconds)
    return (measured, True) if measured < wait.delay_at_most else (wait.delay_at_most, False)
