"""The statements that an answer rests on, each with where it stands in either bundle."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from forensics.compare.comparison import Answer, Outcome, Reason
from forensics.compare.pair import (
    Pair,
    kind_sources,
    log_files,
    log_sources,
    pool_of,
    port_events,
    rate_sources,
    share_of,
    table_sources,
    uptime_sources,
)
from forensics.compare.texts import said
from forensics.evidence import Source
from forensics.knowledge.tick import TICK_WRAP
from forensics.report.findings import CauseEntry

_MOST_EVIDENCE = 2  # pieces of a cause: the whole of it stands in its own report


def answer(
    outcome: Outcome,
    message: str,
    reasons: Sequence[Reason | None],
    again_at: datetime | None = None,
    /,
    **params: object,
) -> Answer:
    """An answer; reasons that are not known are left out."""
    return Answer(outcome, message, said(f"answer-{message}", **params), [one for one in reasons if one], again_at)


def resting_on(told: Sequence[Reason | None], found: Answer) -> Answer:
    """The same answer, its reasons after these; none is told twice."""
    all_of_them = [one for one in (*told, *found.reasons) if one]
    return msgspec.structs.replace(found, reasons=list({(one.id, one.statement): one for one in all_of_them}.values()))


def reason(message: str, before: Sequence[Source] = (), after: Sequence[Source] = (), /, **params: object) -> Reason:
    """A statement and its places."""
    return Reason(message, said(f"reason-{message}", **params), list(before), list(after))


def fix_before(pair: Pair) -> Reason:
    """What is known of the fix in BEFORE."""
    fix = pair.before.measurements.fix
    state = said(f"fix-{fix.state}")
    return reason("fix-before", fix.sources, (), state=state, why=fix.statement.removesuffix("."))


def fix_after(pair: Pair) -> Reason:
    """What is known of the fix in AFTER."""
    fix = pair.after.measurements.fix
    state = said(f"fix-{fix.state}")
    return reason("fix-after", (), fix.sources, state=state, why=fix.statement.removesuffix("."))


def restart(pair: Pair) -> Reason | None:
    """Whether the machine was restarted in between."""
    if pair.restarted is None:
        return None
    message = "restarted" if pair.restarted else "not-restarted"
    boot = pair.after.measurements.uptime.boot_time
    return reason(message, uptime_sources(pair.before), uptime_sources(pair.after), after=boot)


def wrap(pair: Pair) -> Reason | None:
    """Where AFTER stands to the wrap of its clock."""
    seconds = pair.after.measurements.uptime.seconds
    if seconds is None:
        return None
    message = "wrap-past" if seconds >= TICK_WRAP else "wrap-ahead"
    return reason(message, (), uptime_sources(pair.after), uptime=seconds)


def shares(pair: Pair) -> Reason | None:
    """How full the ports were and are."""
    before, after = share_of(pair.before), share_of(pair.after)
    if before is None or after is None:
        return None
    return reason("share", table_sources(pair.before), table_sources(pair.after), before=before, after=after)


def rates(pair: Pair) -> Reason | None:
    """How many connections were and are opened."""
    before, after = pair.before.measurements.time_wait.observed_rate, pair.after.measurements.time_wait.observed_rate
    if before is None or after is None:
        return None
    return reason("rate", rate_sources(pair.before), rate_sources(pair.after), before=before, after=after)


def usable(pair: Pair) -> Reason:
    """How many ports there were and are."""
    (_, before), (_, after) = pool_of(pair.before), pool_of(pair.after)
    sources = [[one.source] if one.source else [] for one in (before, after)]
    return reason("usable", *sources, before=before.usable, after=after.usable)


def wider(pair: Pair) -> Reason | None:
    """That the range was widened, which cures no leak."""
    before, after = (one.measurements.ports["tcp_ipv4"] for one in (pair.before, pair.after))
    if after.basis == "assumed" or after.source is None or after.count <= before.count:
        return None
    return reason("wider", [before.source] if before.source else [], [after.source])


def chimney(pair: Pair) -> Reason:
    """What TCP Chimney is set to."""
    offload = pair.after.measurements.offload
    setting = offload.setting if offload else ""
    return reason("chimney", (), kind_sources(pair.after, "netsh-tcp-global"), setting=setting)


def events(pair: Pair, since: datetime) -> Reason:
    """That no shortage was logged any more."""
    count = port_events(pair.before)
    return reason("events", log_sources(pair.before), log_files(pair.after), before=count, since=since)


def evidence(bundle: str, entry: CauseEntry) -> list[Reason]:
    """The heaviest evidence for a cause in one of the bundles."""
    points = sorted((one for one in entry.evidence if one.effect == "supports"), key=lambda one: -one.weight)
    return [
        Reason(
            point.id,
            said("reason-evidence", bundle=said(f"bundle-{bundle}"), statement=point.statement),
            list(point.sources) if bundle == "before" else [],
            list(point.sources) if bundle == "after" else [],
        )
        for point in points[:_MOST_EVIDENCE]
    ]
