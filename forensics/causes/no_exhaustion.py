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
)
from forensics.knowledge import commands
from forensics.knowledge.dynamic_ports import CRITICAL_SHARE, WARNING_SHARE
from forensics.measure.collection import QUIET_LOG
from forensics.measure.log import Logged
from forensics.measure.measurements import Measurements
from forensics.measure.ports import PortUse
from forensics.measure.snapshots import table_source

ID = "no-exhaustion"
TITLE = "Ports were not short in the time that the evidence covers"
PRECEDENCE = 90
REFERENCES = (
    "Microsoft SDP, TS_PortUsage.ps1 (50 % and 80 % of the ports)",
    "netevent.dll, texts of events 4227, 4231 and 4266",
)
PROVES = "An unfiltered netstat with less than half of every pool in use, a known range, and an event log without 4227, 4231 and 4266."
RULES_OUT = "At least 80 % of a pool in use, or event 4231 or 4266."
CURES = "Nothing to cure here. Should the trouble come back, collect while it lasts."

_RAN_OUT = (4231, 4266)

TEXTS = {
    "headline-confirmed": "The machine is not short of ports: {in_use:count} of {usable:count} usable ports are in use.",
    "headline-likely": "The machine is probably not short of ports: {in_use:count} of {usable:count} usable ports are in use.",
    "headline-possible": "Ports are not short now, but they may have been.",
    "headline-inconclusive": "Whether ports are short cannot be told from this bundle.",
    "headline-ruled-out": "Ports are or were short.",
    "calm": "{pool}: {in_use:count} of {usable:count} usable dynamic ports are in use ({share:percent}).",
    "busy": "{pool}: {in_use:count} of {usable:count} usable dynamic ports are in use ({share:percent}); over 50 % is a warning.",
    "full": "{pool}: {in_use:count} of {usable:count} usable dynamic ports are in use ({share:percent}); over 80 % is critical.",
    "quiet-log": "The System log from {first:utc} to {last:utc} holds no event 4227, 4231 or 4266.",
    "ran-out": "Event {ids} was logged {count:times}, first on {first:utc}: Windows found all ports in use.",
    "collisions": "Event 4227 was logged {count:times}, first on {first:utc}: connections failed for ports used too recently.",
    "range-assumed": "The dynamic range was not collected; the default is assumed.",
    "wrap": "The TIME_WAIT clock has wrapped on a system not known to be fixed: ports may be leaking.",
    "wrap-before": "An earlier run of this system passed the wrap of its TIME_WAIT clock, not known to be fixed: ports may have leaked then.",
    "missing-table": "An unfiltered netstat.",
    "missing-log": "The System event log, for events 4227, 4231 and 4266.",
    "missing-range": "The dynamic port range.",
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


def _fullest(m: Measurements) -> PortUse:
    return max(m.ports, key=lambda pool: pool.utilisation or 0.0)


def _status(m: Measurements) -> str:
    share = _fullest(m).utilisation
    if _events(m, *_RAN_OUT) or (share is not None and share >= CRITICAL_SHARE):
        return RULED_OUT
    if share is None or not m.full_table:
        return POSSIBLE if share is not None and _events(m, 4227) else INCONCLUSIVE
    if _events(m, 4227) or share >= WARNING_SHARE or _wrapped(m):
        return POSSIBLE
    ranges_known = all(pool.basis != "assumed" for pool in m.tcp if pool.family == 4)  # noqa: PLR2004 - IPv4
    log_speaks = bool(m.log.records) and not m.log.damaged and _reaches_collection(m) and m.system.one_machine
    return CONFIRMED if ranges_known and log_speaks else LIKELY


def _reaches_collection(m: Measurements) -> bool:
    """Whether the log ends at the collection: a running machine writes 6013 every noon."""
    moment = m.collection.moment
    return moment is not None and m.log.last_at is not None and moment.at - m.log.last_at <= QUIET_LOG


def _wrapped(m: Measurements) -> bool:
    """Whether any boot in the log passed the wrap without a fix known to be loaded."""
    affected = m.system.version is not None
    return affected and any(case.past_wrap and case.fix.may_be_unfixed for case in m.cases)


def _points(m: Measurements) -> list[Point]:
    points: list[Point] = []
    if m.tables:
        latest = (table_source(m.tables[-1]),)
        for pool in m.ports:
            if pool.in_use is None or pool.utilisation is None or not (pool.in_use or pool.family == 4):  # noqa: PLR2004 - IPv4
                continue
            params: dict[str, object] = {
                "pool": f"{pool.protocol} over IPv{pool.family}",
                "in_use": pool.in_use,
                "usable": pool.usable,
                "share": pool.utilisation,
            }
            full, busy = pool.utilisation >= CRITICAL_SHARE, pool.utilisation >= WARNING_SHARE
            message, weight = ("full", -DECISIVE) if full else ("busy", -WEAK) if busy else ("calm", STRONG)
            points.append(Point(Statement(message, params), weight, latest))
        if m.fullest_tcp.basis == "assumed":
            points.append(Point(Statement("range-assumed"), -WEAK))
    ran_out, collisions = _events(m, *_RAN_OUT), _events(m, 4227)
    if ran_out:
        ids = ", ".join(str(number) for number in sorted({one.event.id for one in ran_out}))
        first = min(ran_out, key=lambda one: one.at)
        said = Statement("ran-out", {"ids": ids, "count": len(ran_out), "first": first.at})
        points.append(Point(said, -DECISIVE, (first.source(),)))
    if collisions:
        first = min(collisions, key=lambda one: one.at)
        said = Statement("collisions", {"count": len(collisions), "first": first.at})
        points.append(Point(said, -STRONG, (first.source(),)))
    if not ran_out and not collisions and m.log.records and m.log.first_at and m.log.last_at:
        said = Statement("quiet-log", {"first": m.log.first_at, "last": m.log.last_at})
        points.append(Point(said, STRONG, tuple(m.log.source(file) for file in m.log.files)))
    if _wrapped(m):
        now = m.now.past_wrap and m.now.fix.may_be_unfixed
        points.append(Point(Statement("wrap" if now else "wrap-before"), -STRONG, m.now.fix.sources))
    return points


def _missing(m: Measurements, status: str) -> tuple[Missing, ...]:
    missing = []
    if not m.full_table:
        missing.append(Missing(Statement("missing-table"), commands.NETSTAT))
    if not m.log.records:
        missing.append(Missing(Statement("missing-log"), commands.EXPORT_LOG))
    if m.fullest_tcp.basis == "assumed":
        missing.append(Missing(Statement("missing-range"), commands.DYNAMIC_RANGE))
    if status == POSSIBLE:
        missing.append(Missing(Statement("missing-incident"), commands.netstat_twice(m.time_wait.delay.at_most)))
    return tuple(missing)
