"""Connections are opened and closed faster than TIME_WAIT lets their ports go.

Signature: TIME_WAIT fills most of the range and ordinary expiry explains it: N ≤ λ·D (Little's law; domain.md §2 C2,
§7). Ports in use: over 80 % of the usable ones is critical (SDP, RC_EphemeralPort80Check). The Microsoft text of event
4227 names this as its typical cause.
"""

import math

from forensics.judgement import (
    CONFIRMED,
    DECISIVE,
    INCONCLUSIVE,
    LIKELY,
    NOW,
    POSSIBLE,
    PREVIOUS_BOOT,
    RULED_OUT,
    STRONG,
    WEAK,
    Judgement,
    Missing,
    Point,
    Remedy,
    Statement,
)
from forensics.knowledge import commands
from forensics.knowledge.dynamic_ports import CRITICAL_SHARE
from forensics.measure.attribution import Owner
from forensics.measure.measurements import WIDEST_COUNT, WIDEST_START, Measurements
from forensics.measure.snapshots import table_source

ID = "time-wait-churn"
TITLE = "Connections are opened and closed faster than TIME_WAIT releases their ports"
PRECEDENCE = 30
REFERENCES = (
    "Microsoft, Event ID 4227 (text); ClintH blog 2013-08-09 (Exchange CAS can use all ports within two minutes)",
    "Little's law: N = λ·D ports in TIME_WAIT at λ closes a second and a delay of D seconds",
    "Microsoft SDP, TS_PortUsage.ps1 (80 % of the ports)",
)
PROVES = (
    "At least 80 % of the usable ports in use, most of them in TIME_WAIT, and a measured connection rate that explains "
    "them by ordinary expiry, on a system that cannot have the 497-day defect."
)
RULES_OUT = (
    "Ports that are not short, another state filling them, or a rate ten times too low for the ports in TIME_WAIT."
)
CURES = "Reuse connections (pooling, keep-alive); widen the dynamic range; shorten TcpTimedWaitDelay."

_MAJORITY = 0.5  # of the ports in use: what fills the range
_RATIO = 10  # R from which ordinary expiry cannot explain the pile (contracts.md, the ladder of tick-wrap-497d)
_SHORT_DELAY = 30  # seconds, the least TcpTimedWaitDelay (domain.md §3)

TEXTS = {
    "headline-confirmed": (
        "The machine opens {seen:rate}; each port then rests {delay:seconds} in TIME_WAIT, and that takes up "
        "{ports:count} of its {usable:count} usable dynamic ports."
    ),
    "headline-likely": "Connections are probably opened and closed faster than TIME_WAIT lets their ports go.",
    "headline-possible": "Connections may at times be opened and closed faster than TIME_WAIT lets their ports go.",
    "headline-inconclusive": "Whether ordinary traffic fills the ports cannot be told from this bundle.",
    "headline-ruled-out": "Ordinary opening and closing of connections does not fill the ports.",
    "full": "{in_use:count} of {usable:count} usable dynamic ports are in use ({share:percent}); over 80 % is critical.",
    "not-full": "Only {in_use:count} of {usable:count} usable dynamic ports are in use ({share:percent}).",
    "time-wait-fills": "{ports:count} of the ports in use are in TIME_WAIT.",
    "other-state-fills": "Only {ports:count} of the {in_use:count} ports in use are in TIME_WAIT: something else holds the rest.",
    "explained": (
        "The rate explains the pile: {seen:rate} × {delay:seconds} in TIME_WAIT keep {expected:count} ports there; {ports:count} were "
        "seen (R = {ratio:ratio})."
    ),
    "not-explained": (
        "The rate does not explain the pile: {ports:count} ports in TIME_WAIT would need {needed:rate}; the machine opened {seen:rate}."
    ),
    "in-between": (
        "The rate explains part of the pile: {ports:count} ports in TIME_WAIT would need {needed:rate}; the machine opened {seen:rate}."
    ),
    "born": "Between two tables {seconds:seconds} apart {born:count} TIME_WAIT rows were new and {gone:count} were gone.",
    "no-wrap": "The 497-day defect cannot keep these ports: {why}.",
    "untimed": "The rate rests on the dates of files, which say when a file was saved and not when its command ran.",
    "wrap-open": "The 497-day defect is not ruled out on this machine, so the finding is held at likely.",
    "events": "Event {ids} was logged {count:times}, first on {first:utc}: Windows ran into ports used too recently.",
    "remote": "{ports:count} of {total:count} TIME_WAIT rows go to {remote}; consistent with {owners}.",
    "remote-unknown": "{ports:count} of {total:count} TIME_WAIT rows go to {remote}; no live connection tells whose they are.",
    "missing-tables": "A netstat table from the time of the trouble.",
    "missing-uptime": "Whether the 497-day defect is at work: the uptime stands in the System event log.",
    "missing-fix": "Whether the 497-day defect is at work: the version of tcpip.sys, and when the file was created.",
    "missing-rate": "How fast the machine opens connections: netstat -s beside two tables.",
    "do-pool": "Let the application reuse connections (connection pool, HTTP keep-alive) to {remote}.",
    "do-pool-effect": "Removes the load; {needed:rate} is what the present range carries.",
    "do-widen": "Widen the dynamic range.",
    "do-widen-effect": "Carries {carried:rate} instead of {now:rate}; in force at once.",
    "do-widen-caution": "Check that no service listens in the new range and that firewalls let it through.",
    "do-delay": "Shorten the TIME_WAIT delay to {short:seconds}, then restart in a planned window.",
    "do-delay-effect": "Carries {carried:rate} with the present range.",
    "do-delay-caution": "Takes effect with a restart. Segments of an old connection may reach a new one.",
}


def judge(measurements: Measurements) -> Judgement:
    """Judge what the latest table and the counters beside it show."""
    m = measurements
    status, applies_to = _status(m), NOW
    if status == POSSIBLE and not m.now.port_events and not _full(m):
        applies_to = PREVIOUS_BOOT
    pool = m.fullest_tcp
    params: dict[str, object] = {
        "seen": m.time_wait.observed.per_second if m.time_wait.observed else None,
        "ports": m.time_wait.ports,
        "usable": pool.usable,
        "delay": m.time_wait.delay.seconds,
    }
    headline = Statement(f"headline-{status.replace('_', '-')}", params)
    missing = _missing(m) if status in {LIKELY, POSSIBLE, INCONCLUSIVE} else ()
    remedies = _remedies(m) if status in {CONFIRMED, LIKELY} else ()
    return Judgement(ID, status, headline, tuple(_points(m)), missing, remedies, applies_to)


def _full(m: Measurements) -> bool:
    return (m.fullest_tcp.utilisation or 0.0) >= CRITICAL_SHARE


def _fills(m: Measurements) -> bool:
    pool = m.fullest_tcp
    held = m.time_wait.held(pool.family)
    return held > 0 and pool.usable > 0 and held >= (pool.in_use or 0) * _MAJORITY


def _explained(m: Measurements) -> bool | None:
    """Whether λ·D at the upper bounds reaches N; False where it falls short ten times; None between or unknown."""
    observed = m.time_wait.observed
    if observed is None or observed.seconds <= m.time_wait.delay.at_most:
        return None
    carried = observed.per_second_at_most * m.time_wait.delay.at_most
    if m.time_wait.ports <= carried:
        return True
    return False if m.time_wait.ports >= carried * _RATIO else None


def _at_nominal_delay(m: Measurements) -> bool:
    """Whether λ·D at the configured delay reaches N, within three standard deviations of a random count.

    Where only the longest delay that may be in force does, a burst of closes would look the same.
    """
    observed, ports = m.time_wait.observed, m.time_wait.ports
    if observed is None:
        return False
    return ports <= observed.per_second_at_most * m.time_wait.delay.seconds + 3 * math.sqrt(ports)


def _wrap_excluded(m: Measurements) -> bool:
    return m.now.fix.state in {"fixed", "not-affected"} or m.now.short_of_wrap


def _status(m: Measurements) -> str:
    events = any(case.port_events for case in m.cases)
    if not m.tables:
        return POSSIBLE if events else INCONCLUSIVE
    if not _full(m):
        if events:
            return POSSIBLE
        return RULED_OUT if m.full_table else INCONCLUSIVE
    if not _fills(m):
        return POSSIBLE if events and not m.full_table else RULED_OUT
    explained = _explained(m)
    if explained is None:
        return LIKELY if _wrap_excluded(m) and m.time_wait.observed is None else POSSIBLE
    clocked = m.time_wait.observed is not None and m.time_wait.observed.clocked
    if not explained:
        # A rate by files' dates may be wrong by any factor.
        return RULED_OUT if clocked or m.time_wait.timed else POSSIBLE
    return CONFIRMED if _wrap_excluded(m) and clocked and _at_nominal_delay(m) else LIKELY


def _points(m: Measurements) -> list[Point]:
    points: list[Point] = []
    wait, pool = m.time_wait, m.fullest_tcp
    if m.tables:
        latest = (table_source(m.tables[-1]),)
        params: dict[str, object] = {
            "in_use": pool.in_use,
            "usable": pool.usable,
            "share": pool.utilisation,
            "ports": wait.held(pool.family),
        }
        points.append(
            Point(Statement("full", params), STRONG, latest)
            if _full(m)
            else Point(Statement("not-full", params), -STRONG, latest)
        )
        if _full(m):
            fills = Point(Statement("time-wait-fills", params), STRONG, latest)
            other = Point(Statement("other-state-fills", params), -DECISIVE, latest)
            points.append(fills if _fills(m) else other)
            points.extend(_rate_points(m))
            points.extend(_remote_points(m))
    events = [one for case in m.cases for one in case.port_events]
    if events:
        first, last = min(events, key=lambda one: one.at), max(events, key=lambda one: one.at)
        ids = ", ".join(str(number) for number in sorted({one.event.id for one in events}))
        said = Statement("events", {"ids": ids, "count": len(events), "first": first.at})
        points.append(Point(said, WEAK, (first.source(), last.source())))
    return points


def _rate_points(m: Measurements) -> list[Point]:
    wait = m.time_wait
    points: list[Point] = []
    if wait.observed and _fills(m):
        params: dict[str, object] = {
            "seen": wait.observed.per_second,
            "needed": wait.needed_rate,
            "ports": wait.ports,
            "delay": wait.delay.seconds,
            "expected": wait.observed.per_second * wait.delay.seconds,
            "ratio": wait.ratio,
        }
        message, weight = {
            True: ("explained", DECISIVE),
            False: ("not-explained", -DECISIVE),
            None: ("in-between", -WEAK),
        }[_explained(m)]
        points.append(Point(Statement(message, params), weight, wait.observed.sources))
    if wait.compared and wait.compared.gone and wait.compared.seconds:
        compared = wait.compared
        params = {"seconds": compared.seconds, "born": compared.born, "gone": compared.gone}
        points.append(
            Point(Statement("born", params), WEAK, (table_source(compared.before), table_source(compared.after)))
        )
    if _wrap_excluded(m):
        why = m.now.fix.statement if m.now.fix.state in {"fixed", "not-affected"} else "the uptime is short of the wrap"
        sources = m.now.fix.sources or ((m.uptime.source,) if m.uptime.source else ())
        points.append(Point(Statement("no-wrap", {"why": why}), WEAK, sources))
    if wait.observed and not wait.observed.clocked and _fills(m):
        points.append(Point(Statement("untimed"), -WEAK, wait.observed.sources))
    if not _wrap_excluded(m) and _explained(m):
        points.append(Point(Statement("wrap-open"), -WEAK, m.now.fix.sources))
    return points


def _remote_points(m: Measurements) -> list[Point]:
    """The remote that holds most TIME_WAIT rows, and who talks to it."""
    held = [one for one in m.attribution.remotes if one.time_wait]
    if not held:
        return []
    top = max(held, key=lambda one: one.time_wait)
    total = sum(one.time_wait for one in held)
    owners = m.attribution.consistent_owners(top)
    params: dict[str, object] = {
        "ports": top.time_wait,
        "total": total,
        "remote": endpoint(top.address, top.port),
        "owners": ", ".join(_named(owner) for owner in owners[:3]),
    }
    return [Point(Statement("remote" if owners else "remote-unknown", params), WEAK, (table_source(m.tables[-1]),))]


def endpoint(address: str, port: int | None) -> str:
    """An address and port as people write them, IPv6 in brackets."""
    host = f"[{address}]" if ":" in address else address
    return f"{host}:{port}" if port is not None else host


def _named(owner: Owner) -> str:
    return f"{owner.image or 'a process'} (PID {owner.pid})"


def _missing(m: Measurements) -> tuple[Missing, ...]:
    missing = []
    if not m.tables or not _full(m):
        missing.append(Missing(Statement("missing-tables"), commands.NETSTAT))
    if not _wrap_excluded(m):
        missing.append(Missing(Statement("missing-uptime"), commands.EXPORT_LOG))
        missing.append(Missing(Statement("missing-fix"), commands.TCPIP_VERSION))
    if m.time_wait.observed is None or not m.time_wait.observed.clocked or _explained(m) is None:
        missing.append(Missing(Statement("missing-rate"), commands.netstat_twice(m.time_wait.delay.at_most)))
    return tuple(missing)


def _remedies(m: Measurements) -> tuple[Remedy, ...]:
    pool, delay = m.fullest_tcp, m.time_wait.delay.seconds
    remotes = [one for one in m.attribution.remotes if one.time_wait]
    remedies = []
    carried = pool.usable / delay
    if pool.count < WIDEST_COUNT:
        params: dict[str, object] = {"carried": WIDEST_COUNT / delay, "now": carried}
        remedies.append(
            Remedy(
                "now",
                Statement("do-widen"),
                commands.widen(pool.family, "tcp", WIDEST_START, WIDEST_COUNT),
                Statement("do-widen-effect", params),
                Statement("do-widen-caution"),
            )
        )
    if delay > _SHORT_DELAY:
        params = {"short": _SHORT_DELAY, "carried": pool.usable / _SHORT_DELAY}
        command = (
            "reg add HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters /v TcpTimedWaitDelay "
            f"/t REG_DWORD /d {_SHORT_DELAY} /f"
        )
        remedies.append(
            Remedy(
                "next",
                Statement("do-delay", params),
                command,
                Statement("do-delay-effect", params),
                Statement("do-delay-caution"),
            )
        )
    top = max(remotes, key=lambda one: one.time_wait) if remotes else None
    remote = endpoint(top.address, top.port) if top else "its peers"
    pooled = Statement("do-pool", {"remote": remote})
    remedies.append(Remedy("for-good", pooled, "", Statement("do-pool-effect", {"needed": carried})))
    return tuple(remedies)
