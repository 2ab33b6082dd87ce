"""Ports are not, and were not, short: said of the time that the evidence covers.

Thresholds: ports in use over 50 % of the usable ones is a warning, over 80 % critical (SDP, RC_EphemeralPort50Check and
80Check). Events 4231 and 4266 say that ports ran out; 4227 alone is weak (domain.md §9.1).
"""

from forensics.judgement import (
    CONFIRMED,
    DECISIVE,
    INCONCLUSIVE,
    LIKELY,
    POSSIBLE,
    RULED_OUT,
    STRONG,
    WEAK,
    Judgement,
    Missing,
    Point,
    Statement,
    Weight,
    weigh,
)
from forensics.knowledge import commands
from forensics.knowledge.dynamic_ports import CRITICAL_SHARE, WARNING_SHARE
from forensics.measure.collection import QUIET_LOG
from forensics.measure.log import Logged
from forensics.measure.measurements import Measurements
from forensics.measure.ports import PortUse
from forensics.measure.snapshots import table_source
from forensics.measure.traces import TracedShortage
from forensics.rules.fullness import RAN_OUT, ids_of, wrap_excluded
from forensics.text.said import Said

ID = "no-exhaustion"
TITLE = "Ports were not short in the time that the evidence covers"
PRECEDENCE = 90
REFERENCES = (
    "Microsoft SDP, TS_PortUsage.ps1 (50 % and 80 % of the ports)",
    "netevent.dll, texts of events 4227, 4231 and 4266",
)
PLAIN = (
    "This machine has free ports for new connections, and nothing in the bundle says that it was ever short of them in the time that the evidence covers. "
    "If connections failed, the cause lies elsewhere."
)
ABOUT = "The dynamic ports of every pool suffice, and the System log says of its whole time that they did."
SHOWS = "Less than half of each pool in use; no event 4227, 4231 or 4266."
PROVES = "An unfiltered netstat with less than half of every pool in use (bound sockets included, where netstat -q exists), ranges and exclusions that were read, and an event log up to the collection without 4227, 4231 and 4266."
RULES_OUT = "At least 80 % of a pool in use, or event 4231 or 4266."
CURES = "Nothing to cure here. Should the trouble come back, collect while it lasts."

FIRST_VERSION_WITH_BOUND = (10, 0)  # netstat -q: Windows 10 and Server 2016 (domain.md §1.5)

WEIGHTS = {
    "calm": Weight(STRONG, "fullness", "SDP, RC_EphemeralPort50Check: no warning below 50 %"),
    "calm-shared": Weight(STRONG, "fullness", "the same for the remote that takes most: this Windows may share ports"),
    "busy": Weight(-WEAK, "fullness", "SDP, RC_EphemeralPort50Check: over 50 % is a warning"),
    "full": Weight(-DECISIVE, "fullness", "SDP, RC_EphemeralPort80Check: over 80 % is critical"),
    "full-before": Weight(-DECISIVE, "fullness", "the same of a table before the latest"),
    "quiet-log": Weight(STRONG, "events", "ports that ran out are logged (4227, 4231, 4266)"),
    "ran-out": Weight(-DECISIVE, "events", "texts of 4231 and 4266: all ports were in use"),
    "traced": Weight(-DECISIVE, "events", "TCPIP 1195, 1006, 1050, 1394 of a network trace: no port was to be had"),
    "collisions": Weight(-STRONG, "events", "text of 4227: the port was used recently; others may be free"),
    "range-assumed": Weight(-WEAK, "range", "the default need not be what is set"),
    "unseen": Weight(-WEAK, "unseen ports", "netstat without -q does not show bound sockets"),
    "unsettled": Weight(-STRONG, "fullness", "whether ports are shared decides, and nothing shows it"),
    "wrap": Weight(-STRONG, "wrap", "KB2553549: ports leak from the wrap on"),
    "wrap-before": Weight(-STRONG, "wrap", "KB2553549: ports leaked from the wrap on"),
}
TEXTS = {
    "headline-confirmed": "The machine is not short of ports: {in_use:count} of {usable:count} usable ports are in use.",
    "headline-likely": "The machine is probably not short of ports: {in_use:count} of {usable:count} usable ports are in use.",
    "headline-possible": "Ports are not short now, but they may have been.",
    "headline-inconclusive": "Whether ports are short cannot be told from this bundle.",
    "headline-ruled-out": "Ports are or were short.",
    "calm": "{pool}: {in_use:count} of {usable:count} usable dynamic ports are in use ({share:percent}).",
    "calm-shared": (
        "{pool}: {in_use:count} of {usable:count} usable dynamic ports are in use ({share:percent}), but one may serve many remotes here; no "
        "remote has more than {held:count}."
    ),
    "unseen": "No table shows ports that are held without a connection (netstat -q), and handle counts do not exclude them.",
    "unsettled": "{pool}: {in_use:count} of {usable:count} usable dynamic ports are in use; whether one may serve many remotes here is not shown.",
    "busy": "{pool}: {in_use:count} of {usable:count} usable dynamic ports are in use ({share:percent}); over 50 % is a warning.",
    "full": "{pool}: {in_use:count} of {usable:count} usable dynamic ports are in use ({share:percent}); over 80 % is critical.",
    "full-before": "A table before the latest shows over 80 % of the ports taken.",
    "quiet-log": "The System log from {first:utc} to {last:utc} holds no event 4227, 4231 or 4266.",
    "ran-out": "Event {ids} was logged {count:times}, first on {first:utc}: Windows found all ports in use.",
    "traced": "A network trace shows {count:times} that no port was to be had, first at {first_at:utc}.",
    "collisions": "Event 4227 was logged {count:times}, first on {first:utc}: connections failed for ports used too recently.",
    "range-assumed": "The dynamic range was not collected; the default is assumed.",
    "wrap": "The TIME_WAIT clock has wrapped on a system not known to be fixed: ports may be leaking.",
    "wrap-before": "An earlier run of this system passed the wrap of its TIME_WAIT clock, not known to be fixed: ports may have leaked then.",
    "missing-table": "An unfiltered netstat.",
    "missing-log": "The System event log, for events 4227, 4231 and 4266.",
    "missing-range": "The dynamic port range.",
    "missing-exclusions": "The ports that are excluded from the dynamic range.",
    "missing-bound": "The ports that are held without a connection.",
    "missing-incident": "A collection made while the trouble lasts.",
}


def judge(measurements: Measurements) -> Judgement:
    """Judge fullness now and the events of the whole log."""
    m = measurements
    status = _status(m)
    pool = m.fullest_tcp
    headline = Statement(f"headline-{status.replace('_', '-')}", {"in_use": pool.in_use, "usable": pool.usable})
    missing = _missing(m, status) if status in {LIKELY, POSSIBLE, INCONCLUSIVE} else ()
    return Judgement(ID, status, headline, tuple(_points(m)), missing)


def _events(m: Measurements, *ids: int) -> list[Logged]:
    return [one for case in m.cases for one in case.port_events if one.event.id in ids]


def _traced(m: Measurements) -> tuple[TracedShortage, ...]:
    """Where network traces prove that no port was to be had."""
    return tuple(one for use in m.judged_traces for one in use.shortages)


def _share(m: Measurements) -> float | None:
    """How full the fullest pool is, counted as a new connection would find it."""
    known = [one.share for one in (m.shortage, m.udp_shortage) if one.share is not None]
    return max(known, default=None)


def _status(m: Measurements) -> str:
    share = _share(m)
    full = m.shortage.full or m.udp_shortage.full
    if _events(m, *RAN_OUT) or _traced(m) or ((full or m.earlier_full) and m.shortage.settled):
        return RULED_OUT
    if not m.shortage.settled:
        return POSSIBLE
    if share is None or not m.full_table:
        return POSSIBLE if share is not None and _events(m, 4227) else INCONCLUSIVE
    hidden = m.suspect is not None and not m.bound_shown
    if _events(m, 4227) or share >= WARNING_SHARE or _wrapped(m) or hidden:
        return POSSIBLE
    pools = [pool for pool in m.ports if pool.in_use or pool.family == 4]  # noqa: PLR2004 - IPv4
    ranges_known = all(pool.basis != "assumed" and pool.exclusions_known for pool in pools)
    if m.fullest_tcp.basis == "assumed" and not m.log.records:
        return POSSIBLE  # neither a range to measure against nor a log that says that none ran out
    log_speaks = bool(m.log.records) and not m.log.damaged and _reaches_collection(m) and m.sure
    # What was collected and is not here may have told otherwise.
    whole = m.integrity is None or not m.integrity.missing
    # A witness that puts the uptime short of the wrap does not settle it against another.
    wraps = m.uptime.disputed and not wrap_excluded(m)
    sure = ranges_known and log_speaks and not _unseen(m) and m.shortage.calm and whole and not wraps
    return CONFIRMED if sure else LIKELY


def _unseen(m: Measurements) -> bool:
    """Whether bound sockets, which only netstat -q shows, could make the ports short.

    Each is a handle of its process: where all processes together have fewer handles than it takes, they cannot.
    """
    if m.bound_shown:
        return False
    if m.system.version is None or m.system.version >= FIRST_VERSION_WITH_BOUND or m.processes.handles is None:
        return True
    return m.shortage.held + m.processes.handles >= m.shortage.pool.usable * CRITICAL_SHARE


def _reaches_collection(m: Measurements) -> bool:
    """Whether the log is known to end at the collection: a running machine writes 6013 every noon."""
    moment = m.collection.moment
    if moment is None or moment.method == "newest-event" or m.log.last_at is None:
        return False
    return moment.at - m.log.last_at <= QUIET_LOG


def _wrapped(m: Measurements) -> bool:
    """Whether any boot in the log passed the wrap without a fix known to be loaded."""
    affected = m.system.version is not None
    return affected and any(case.past_wrap and case.fix.may_be_unfixed for case in m.cases)


def _points(m: Measurements) -> list[Point]:
    points = _pool_points(m) if m.tables else []
    ran_out, collisions = _events(m, *RAN_OUT), _events(m, 4227)
    if ran_out:
        ids = ids_of(ran_out)
        first = min(ran_out, key=lambda one: one.at)
        said = {"ids": ids, "count": len(ran_out), "first": first.at}
        points.append(weigh(WEIGHTS, "ran-out", said, (first.source(),)))
    if collisions:
        first = min(collisions, key=lambda one: one.at)
        said = {"count": len(collisions), "first": first.at}
        points.append(weigh(WEIGHTS, "collisions", said, (first.source(),)))
    if traced := _traced(m):
        first_at = min((one.first_at for one in traced if one.first_at), default=None)
        said = {"count": sum(one.count for one in traced), "first_at": first_at}
        points.append(weigh(WEIGHTS, "traced", said, tuple(one.source for one in traced)))
    if not ran_out and not collisions and m.log.records and m.log.first_at and m.log.last_at:
        said = {"first": m.log.first_at, "last": m.log.last_at}
        points.append(weigh(WEIGHTS, "quiet-log", said, tuple(m.log.source(file) for file in m.log.files)))
    if _wrapped(m):
        now = m.now.past_wrap and m.now.fix.may_be_unfixed
        wrapped = m.now if now else next(case for case in m.cases if case.past_wrap and case.fix.may_be_unfixed)
        boot = (wrapped.boot.source,) if wrapped.boot else ()
        points.append(weigh(WEIGHTS, "wrap" if now else "wrap-before", {}, (*boot, *wrapped.fix.sources)))
    return points


def _pool_points(m: Measurements) -> list[Point]:
    """How full each pool is, and what that rests on."""
    points: list[Point] = []
    latest = (table_source(m.tables[-1]),)
    for pool in m.ports:
        if pool.in_use is None or pool.utilisation is None or not (pool.in_use or pool.family == 4):  # noqa: PLR2004 - IPv4
            continue
        params: dict[str, object] = {
            "pool": Said("{protocol} over IPv{family}", {"protocol": pool.protocol, "family": pool.family}),
            "in_use": pool.in_use,
            "usable": pool.usable,
            "share": pool.utilisation,
            "held": m.shortage.held,
        }
        message = _fullness(m, pool)
        if message == "calm" and (m.shortage.warned or m.udp_shortage.warned):
            continue  # another pool is what matters
        points.append(weigh(WEIGHTS, message, params, latest))
    if m.earlier_full:
        points.append(weigh(WEIGHTS, "full-before", {}, (table_source(m.tables[0]),)))
    if m.fullest_tcp.basis == "assumed":
        points.append(weigh(WEIGHTS, "range-assumed", {}, latest))
    if _unseen(m):
        points.append(weigh(WEIGHTS, "unseen", {}, latest))
    return points


def _fullness(m: Measurements, pool: PortUse) -> str:
    """The message on one pool."""
    share = pool.utilisation or 0.0
    judged = m.shortage if pool.protocol == "TCP" and pool.family == m.shortage.pool.family else None
    if judged and not judged.settled:
        return "unsettled"
    if judged and judged.shared and not judged.warned and share >= WARNING_SHARE:
        return "calm-shared"
    return "full" if share >= CRITICAL_SHARE else "busy" if share >= WARNING_SHARE else "calm"


def _missing(m: Measurements, status: str) -> tuple[Missing, ...]:
    missing = []
    if not m.full_table:
        missing.append(Missing(Statement("missing-table"), commands.NETSTAT))
    if not m.log.records:
        missing.append(Missing(Statement("missing-log"), commands.EXPORT_LOG))
    if m.fullest_tcp.basis == "assumed":
        missing.append(Missing(Statement("missing-range"), commands.DYNAMIC_RANGE))
    if not all(pool.exclusions_known for pool in m.ports if pool.family == 4):  # noqa: PLR2004 - IPv4
        missing.append(Missing(Statement("missing-exclusions"), commands.EXCLUDED_RANGES))
    if _unseen(m):
        missing.append(Missing(Statement("missing-bound"), f"{commands.NETSTAT_BOUND} & {commands.HANDLES}"))
    if status == POSSIBLE:
        missing.append(Missing(Statement("missing-incident"), commands.netstat_twice(m.time_wait.delay.at_most)))
    return tuple(missing)
