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
    Weight,
    weigh,
)
from forensics.knowledge import commands
from forensics.knowledge.dynamic_ports import WIDEST_COUNT, WIDEST_START
from forensics.measure.attribution import Owner
from forensics.measure.log import Logged
from forensics.measure.measurements import Measurements
from forensics.measure.snapshots import TIME_WAIT, table_source
from forensics.rules.fullness import (
    RAN_OUT,
    ids_of,
    in_earlier_boot,
    shortage_params,
    shortage_point,
    tables_are_sure,
    wrap_excluded,
)
from forensics.rules.traced import log_points, rate_points, shortage_points
from forensics.text.endpoints import endpoint
from forensics.text.said import Said

ID = "time-wait-churn"
TITLE = "Connections are opened and closed faster than TIME_WAIT releases their ports"
PRECEDENCE = 30
REFERENCES = (
    "Microsoft, Event ID 4227 (text); ClintH blog 2013-08-09 (Exchange CAS can use all ports within two minutes)",
    "Little's law: N = λ·D ports in TIME_WAIT at λ closes a second and a delay of D seconds",
    "Microsoft SDP, TS_PortUsage.ps1 (80 % of the ports)",
)
PLAIN = (
    "Programs open and close connections so fast that the ports of ended connections, which rest for some minutes, do not come back in time. "
    "At the busiest moments no port is left, and new connections fail."
)
ABOUT = (
    "A port that this machine closes first rests in TIME_WAIT, 120 seconds by default. Connections that are opened and closed faster than ports "
    "come back use up the range: 16,384 ports carry 136 connections a second."
)
SHOWS = "TIME_WAIT on most ports, most to one or few remotes, other ones in every table; Active Opens (netstat -s) grows as fast; event 4227."
PROVES = (
    "At least 80 % of the usable ports in use, most of them in TIME_WAIT, and a measured connection rate that explains "
    "them by ordinary expiry, on a system that cannot have the 497-day defect."
)
RULES_OUT = (
    "Ports that are not short, another state filling them, or a rate ten times too low for the ports in TIME_WAIT."
)
CURES = "Reuse connections (pooling, keep-alive); widen the dynamic range; shorten TcpTimedWaitDelay."

_RATIO = 10  # R from which ordinary expiry cannot explain the pile (contracts.md, the ladder of tick-wrap-497d)
_SHORT_DELAY = 30  # seconds, the least TcpTimedWaitDelay (domain.md §3)

WEIGHTS = {
    "short": Weight(STRONG, "fullness", "SDP, RC_EphemeralPort80Check: over 80 % of the ports is critical"),
    "not-short": Weight(-STRONG, "fullness", "SDP, RC_EphemeralPort50Check and 80Check: no warning below 50 %"),
    "time-wait-fills": Weight(STRONG, "what holds the ports", "counting: most of what is held"),
    "other-state-fills": Weight(-DECISIVE, "what holds the ports", "counting: what fills the range is something else"),
    "explained": Weight(DECISIVE, "rate", "Little's law: N <= rate x delay at the upper bounds", computed=True),
    "not-explained": Weight(
        -DECISIVE, "rate", "Little's law: N >= 10 x rate x delay at the upper bounds", computed=True
    ),
    "in-between": Weight(-WEAK, "rate", "Little's law: between the two", computed=True),
    "born": Weight(WEAK, "turnover", "rows come and go, as ordinary expiry has it"),
    "no-wrap": Weight(WEAK, "wrap", "KB2553549: the other way to fill ports with TIME_WAIT is excluded"),
    "wrap-open": Weight(-WEAK, "wrap", "KB2553549: the other way to fill ports with TIME_WAIT is not excluded"),
    "untimed": Weight(-WEAK, "clock", "a file's date says when it was saved"),
    "trace-explains": Weight(STRONG, "rate", "Little's law: N <= rate x delay, the rate that of a network trace"),
    "trace-too-few": Weight(
        -STRONG, "rate", "Little's law: N >= 10 x rate x delay at the upper bounds, of a network trace"
    ),
    "traced": Weight(WEAK, "trace", "TCPIP 1195, 1006, 1050 of a network trace: no port was to be had"),
    "traced-unseen": Weight(WEAK, "trace", "the same, at a time of which no table speaks"),
    "app-slow": Weight(-WEAK, "application log", "the application's own word on how often it connects"),
    "events": Weight(WEAK, "events", "text of 4227: typical of connections opened and closed at a high rate"),
    "remote": Weight(WEAK, "remote", "counting: where most of them go"),
    "remote-unknown": Weight(WEAK, "remote", "counting: where most of them go"),
}
TEXTS = {
    "headline-confirmed": (
        "The machine opens {seen:rate}; each port then rests {delay:seconds} in TIME_WAIT, and that takes up "
        "{ports:count} of its {usable:count} usable dynamic ports."
    ),
    "headline-likely": "Connections are probably opened and closed faster than TIME_WAIT lets their ports go.",
    "headline-possible": "Connections may at times be opened and closed faster than TIME_WAIT lets their ports go.",
    "headline-inconclusive": "Whether ordinary traffic fills the ports cannot be told from this bundle.",
    "headline-ruled-out": "Ordinary opening and closing of connections does not fill the ports.",
    "short": "{held:count} of {usable:count} usable dynamic ports are taken ({share:percent}); over 80 % is critical.",
    "short-for-remote": (
        "On this Windows one local port may serve many remotes. For {busiest}, {held:count} of {usable:count} usable dynamic ports are "
        "taken ({share:percent}); over 80 % is critical."
    ),
    "not-short": "Only {held:count} of {usable:count} usable dynamic ports are taken ({share:percent}).",
    "not-short-for-remote": (
        "On this Windows one local port may serve many remotes. No remote has more than {held:count} of {usable:count} usable dynamic "
        "ports ({share:percent})."
    ),
    "time-wait-fills": "{ports:count} of the ports in use are in TIME_WAIT.",
    "other-state-fills": "Only {ports:count} of the {held:count} ports taken are in TIME_WAIT: something else holds the rest.",
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
    "trace-explains": (
        "A network trace of {seconds:seconds} explains the pile: {births:count} connections entered TIME_WAIT, {rate:rate}, which keeps "
        "{expected:count} ports there; {ports:count} were seen. Busiest: {owner}."
    ),
    "trace-too-few": (
        "A network trace of {seconds:seconds} does not explain the pile: {births:count} connections entered TIME_WAIT ({rate:rate}), and "
        "{ports:count} ports there would need {needed:rate}. Busiest: {owner}."
    ),
    "traced": "A network trace shows {count:times} that no port was to be had, first at {first_at:utc}.",
    "traced-unseen": "A network trace shows {count:times} that no port was to be had, first at {first_at:utc}.",
    "app-slow": (
        "By its own log {file}, an application does what it logs most{remote} at {rate:rate}; the ports in TIME_WAIT would need {needed:rate}."
    ),
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
    "do-pool-cost": "A change of the application's configuration or code.",
    "do-widen-cost": "No restart, no interruption.",
    "do-delay-cost": "One restart.",
    "forecast": "It stays so while the rate lasts: {seen:rate} keep {expected:count} ports in TIME_WAIT; the range carries {carried:rate}.",
    "forecast-unknown": "It stays so while connections are opened faster than the range carries, {carried:rate}.",
    "do-delay": "Shorten the TIME_WAIT delay to {short:seconds}, then restart in a planned window.",
    "do-delay-effect": "Carries {carried:rate} with the present range.",
    "do-delay-caution": "Takes effect with a restart. Segments of an old connection may reach a new one.",
}


def judge(measurements: Measurements) -> Judgement:
    """Judge what the latest table and the counters beside it show."""
    m = measurements
    status, applies_to = _status(m), NOW
    if status == INCONCLUSIVE and in_earlier_boot(m, m.coverage):
        applies_to = PREVIOUS_BOOT
    observed, delay = m.time_wait.observed, m.time_wait.delay.seconds
    params: dict[str, object] = {
        "seen": observed.per_second if observed else None,
        "ports": m.time_wait.ports,
        "usable": m.shortage.pool.usable,
        "delay": delay,
        "expected": observed.per_second * delay if observed else None,
        "carried": m.shortage.pool.usable / delay,
    }
    headline = Statement(f"headline-{status.replace('_', '-')}", params)
    missing = _missing(m) if status in {LIKELY, POSSIBLE, INCONCLUSIVE} else ()
    found = status in {CONFIRMED, LIKELY}
    remedies = _remedies(m) if found else ()
    forecast = Statement("forecast" if observed else "forecast-unknown", params) if found else None
    return Judgement(ID, status, headline, tuple(_points(m)), missing, remedies, applies_to, forecast=forecast)


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


def _events(m: Measurements) -> list[Logged]:
    """Port events of TCP in any run of the system."""
    return [one for case in m.cases for one in case.port_events if one.event.id != RAN_OUT[1]]


def _status(m: Measurements) -> str:
    shortage = m.shortage
    if not m.tables or not shortage.pool.usable:
        return INCONCLUSIVE
    if not shortage.settled:
        return POSSIBLE
    if not shortage.full:
        unseen = m.coverage.unseen or m.earlier_full
        return RULED_OUT if m.full_table and m.log.records and not unseen else INCONCLUSIVE
    if not shortage.fills(TIME_WAIT):
        return RULED_OUT if m.full_table else INCONCLUSIVE
    explained = _explained(m)
    if explained is None:
        return LIKELY if wrap_excluded(m) else POSSIBLE
    clocked = m.time_wait.observed is not None and m.time_wait.observed.clocked
    if not explained:
        # A rate by files' dates may be wrong by any factor, and a pile that has just come may be a burst of closes.
        lasting = m.time_wait.compared is not None and m.time_wait.compared.rows_before * 2 >= m.time_wait.ports
        return RULED_OUT if lasting and (clocked or m.time_wait.timed) else POSSIBLE
    proven = wrap_excluded(m) and clocked and _at_nominal_delay(m)
    return CONFIRMED if proven and tables_are_sure(m, shortage) else LIKELY


def _points(m: Measurements) -> list[Point]:
    points: list[Point] = []
    if m.tables:
        points.append(shortage_point(WEIGHTS, m.shortage))
        if m.shortage.full:
            params = {**shortage_params(m.shortage), "ports": m.shortage.held_by(TIME_WAIT)}
            message = "time-wait-fills" if m.shortage.fills(TIME_WAIT) else "other-state-fills"
            points.append(weigh(WEIGHTS, message, params, m.shortage.sources[:1]))
            points.extend(_rate_points(m))
            if m.shortage.fills(TIME_WAIT):
                points.extend([*rate_points(WEIGHTS, m), *log_points(WEIGHTS, m)])
            points.extend(_remote_points(m))
    points.extend(shortage_points(WEIGHTS, m.coverage, short=m.shortage.full))
    events = _events(m)
    if events:
        first, last = min(events, key=lambda one: one.at), max(events, key=lambda one: one.at)
        ids = ids_of(events)
        said = {"ids": ids, "count": len(events), "first": first.at}
        points.append(weigh(WEIGHTS, "events", said, (first.source(), last.source())))
    return points


def _rate_points(m: Measurements) -> list[Point]:
    wait = m.time_wait
    points: list[Point] = []
    if wait.observed and m.shortage.fills(TIME_WAIT):
        params: dict[str, object] = {
            "seen": wait.observed.per_second,
            "needed": wait.needed_rate,
            "ports": wait.ports,
            "delay": wait.delay.seconds,
            "expected": wait.observed.per_second * wait.delay.seconds,
            "ratio": wait.ratio,
        }
        message = {True: "explained", False: "not-explained", None: "in-between"}[_explained(m)]
        sources = (*wait.observed.sources, table_source(m.tables[0]), table_source(m.tables[-1]))
        if wait.observed.seconds > wait.delay.at_most:  # a shorter interval pairs no rate with the pile
            points.append(weigh(WEIGHTS, message, params, sources))
    if wait.compared and wait.compared.gone and wait.compared.seconds:
        compared = wait.compared
        params = {"seconds": compared.seconds, "born": compared.born, "gone": compared.gone}
        both = (table_source(compared.before), table_source(compared.after))
        points.append(weigh(WEIGHTS, "born", params, both))
    if wrap_excluded(m):
        short = Said("the uptime is short of the wrap")
        why = m.now.fix.statement if m.now.fix.state in {"fixed", "not-affected"} else short
        sources = m.now.fix.sources or ((m.uptime.source,) if m.uptime.source else ())
        points.append(weigh(WEIGHTS, "no-wrap", {"why": why}, sources))
    if wait.observed and not wait.observed.clocked and m.shortage.fills(TIME_WAIT):
        points.append(weigh(WEIGHTS, "untimed", {}, wait.observed.sources))
    if not wrap_excluded(m) and _explained(m):
        points.append(weigh(WEIGHTS, "wrap-open", {}, m.now.fix.sources))
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
        "owners": tuple(_named(owner) for owner in owners[:3]),
    }
    return [weigh(WEIGHTS, "remote" if owners else "remote-unknown", params, (table_source(m.tables[-1]),))]


def _named(owner: Owner) -> Said:
    return Said("{image} (PID {pid})", {"image": owner.image or Said("a process"), "pid": owner.pid})


def _missing(m: Measurements) -> tuple[Missing, ...]:
    missing = []
    if not m.tables or not m.shortage.full:
        missing.append(Missing(Statement("missing-tables"), commands.NETSTAT))
    if not wrap_excluded(m):
        missing.append(Missing(Statement("missing-uptime"), commands.EXPORT_LOG))
        missing.append(Missing(Statement("missing-fix"), commands.TCPIP_VERSION))
    if m.time_wait.observed is None or not m.time_wait.observed.clocked or _explained(m) is None:
        missing.append(Missing(Statement("missing-rate"), commands.netstat_twice(m.time_wait.delay.at_most)))
    return tuple(missing)


def _remedies(m: Measurements) -> tuple[Remedy, ...]:
    pool, delay = m.shortage.pool, m.time_wait.delay.seconds
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
                Statement("do-widen-cost"),
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
                Statement("do-delay-cost"),
            )
        )
    top = max(remotes, key=lambda one: one.time_wait) if remotes else None
    remote = endpoint(top.address, top.port) if top else Said("its peers")
    pooled = Statement("do-pool", {"remote": remote})
    remedies.append(
        Remedy(
            "for-good", pooled, "", Statement("do-pool-effect", {"needed": carried}), None, Statement("do-pool-cost")
        )
    )
    return tuple(remedies)
