"""One remote address and port takes all traffic: event 4227 while ports are still free.

Windows picks a local port that it used for the same remote less than the TIME_WAIT delay ago, and refuses the connection
(text of 4227). With one remote that takes most connections, that happens long before the range is full (domain.md §2,
C15); known defects make it more likely (KB2901197, KB2826167).

What the ports looked like at the event shows a table taken within the delay D after it: a port that was in use
then is still in TIME_WAIT. A calm table taken later proves nothing. Ports that netstat does not show (bound sockets before
`netstat -q`) may have been gone all the same, so the proof needs a -q table or handle counts that leave no room for them.
"""

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
from forensics.measure.log import Logged
from forensics.measure.measurements import Measurements
from forensics.rules.fullness import RAN_OUT, in_earlier_boot, shortage_params, surely_calm, wrap_excluded
from forensics.text.endpoints import endpoint
from forensics.text.said import Said

ID = "local-endpoint-reuse"
TITLE = "One remote endpoint takes all traffic: ports collide while others are free"
PRECEDENCE = 32
PLAIN = (
    "Nearly all connections go to one service, and Windows picks a port that was used for it a moment ago. "
    "Such a connection fails although the machine has many free ports."
)
ABOUT = (
    "A local port may not connect to the same remote address and port again while its last connection there is in TIME_WAIT. Where one remote "
    "takes most connections, Windows can pick such a port although others are free, and the connection fails with event 4227."
)
SHOWS = "Event 4227 while few ports are in use; most TIME_WAIT rows go to one remote address and port."
PROVES = (
    "An unfiltered netstat taken within the TIME_WAIT delay after an event 4227, with less than half of the usable ports of a known range taken "
    "most TIME_WAIT rows towards one remote (1 % of the ports at least), no process created since, no event 4231, no room for ports that netstat does not show, and no 497-day defect."
)
RULES_OUT = "A whole System log without event 4227, or ports that were short at the event."
CURES = "Reuse connections to that remote; spread them over several of its addresses or ports; KB2901197 or KB2826167 on 6.0 and 6.1."
REFERENCES = (
    "netevent.dll, text of event 4227",
    "Microsoft KB2901197 (Server 2008 SP2) and KB2826167 (7 SP1, 2008 R2 SP1, several addresses)",
    "RFC 9293, section 3.6.1 (TIME-WAIT)",
)
COLLISION_CHANCE = 0.01  # N of C ports in TIME_WAIT to a remote: a port picked at random is one of them with N / C
Busiest = tuple[tuple[str, int | None], int]
_HOTFIXES = {(6, 0): "KB2901197", (6, 1): "KB2826167"}

WEIGHTS = {
    "free-at-event": Weight(
        STRONG, "fullness at the event", "a port in use then would still be in TIME_WAIT (RFC 9293)"
    ),
    "short-at-event": Weight(
        -DECISIVE, "fullness at the event", "the same: the range was short, and that explains 4227"
    ),
    "short-now": Weight(-DECISIVE, "fullness at the event", "the range is short, and that explains 4227"),
    "too-late": Weight(-WEAK, "fullness at the event", "a table later than the delay shows nothing of the event"),
    "one-remote": Weight(STRONG, "remote", "text of 4227: the same remote endpoint"),
    "many-remotes": Weight(-WEAK, "remote", "the same: no remote takes most of the traffic"),
    "collisions": Weight(STRONG, "events", "text of 4227: the local endpoint was used for the same remote just before"),
    "none": Weight(-DECISIVE, "events", "no 4227 in a whole log"),
    "ran-out": Weight(-DECISIVE, "exhaustion", "text of 4231: all ports were in use"),
    "nothing-unseen": Weight(
        WEAK, "unseen ports", "netstat -q was run, or all processes have fewer handles than ports are free"
    ),
    "wrap-open": Weight(-STRONG, "wrap", "KB2553549: TIME_WAIT that never ends makes ports collide as well"),
}
TEXTS = {
    "headline-confirmed": "Ports collide (event 4227) while {free:count} of {usable:count} are free: {remote} takes most of the traffic.",
    "headline-likely": "Ports probably collide (event 4227) while others are free.",
    "headline-possible": "Ports may collide (event 4227) while others are free.",
    "headline-inconclusive": "Whether ports were free when event 4227 was logged cannot be told from this bundle.",
    "headline-ruled-out": "Ports do not collide while others are free.",
    "free-at-event": "{gap:seconds} after event 4227 only {held:count} of {usable:count} usable ports were taken ({share:percent}); what this machine had closed before would still be in TIME_WAIT.",
    "short-at-event": "{gap:seconds} after event 4227 {held:count} of {usable:count} usable ports were taken ({share:percent}): the range was short.",
    "short-now": "{held:count} of {usable:count} usable ports are taken ({share:percent}): the range is short.",
    "too-late": "No table was taken within {within:seconds} after an event 4227: whether ports were free then is not known.",
    "one-remote": "{ports:count} of {total:count} TIME_WAIT rows go to {remote}.",
    "many-remotes": "No remote has most, or many, of the {total:count} TIME_WAIT rows; {remote} has {ports:count}.",
    "collisions": "Event 4227 was logged {count:times}, last on {last_at:utc}.",
    "none": "The System log from {first:utc} to {last:utc} holds no event 4227.",
    "ran-out": "Event 4231 was logged as well: all ports were in use.",
    "nothing-unseen": "Ports that netstat does not show cannot have been gone: {why}.",
    "wrap-open": "The 497-day defect is not ruled out; TIME_WAIT that never ends makes ports collide as well.",
    "missing-log": "The System event log, for event 4227.",
    "missing-table": "An unfiltered netstat taken within {within:seconds} after an event 4227; this waits for the next one.",
    "missing-bound": "Which ports are held without a connection (netstat -q, Windows 10 and Server 2016 on), or how many handles each process has.",
    "missing-fix": "Whether the 497-day defect is at work: the version of tcpip.sys, and the System event log.",
    "do-reuse": "Let the application reuse its connections to {remote} (pooling, keep-alive).",
    "do-reuse-effect": "Fewer connections, fewer collisions.",
    "do-spread": "Spread the connections over several addresses or ports of that service.",
    "do-spread-effect": "Each further remote endpoint divides the collisions.",
    "do-spread-cost": "A change of the application's or the service's configuration.",
    "do-hotfix": "Install {kb} and restart: it makes Windows choose another port.",
    "do-hotfix-effect": "Fewer collisions at the same load.",
    "do-hotfix-cost": "One restart.",
}  # fmt: skip


def judge(measurements: Measurements) -> Judgement:
    """Judge event 4227 against the tables taken just after it."""
    m = measurements
    events = [one for one in (*m.coverage.covered, *m.coverage.uncovered) if one.event.id not in RAN_OUT]
    covered = [one for one in m.coverage.covered if one.event.id not in RAN_OUT]
    status = _status(m, events, covered)
    found = status in {CONFIRMED, LIKELY}
    remote = _busiest(m)
    shortage = m.covered_shortage or m.shortage
    params: dict[str, object] = {
        "free": shortage.free,
        "usable": shortage.pool.usable,
        "remote": endpoint(*remote[0]) if remote else Said("one remote"),
    }
    earlier = status == INCONCLUSIVE and bool(events) and in_earlier_boot(m, m.coverage)
    return Judgement(
        ID,
        status,
        Statement(f"headline-{status.replace('_', '-')}", params),
        tuple(_points(m, events, covered, remote)),
        _missing(m, covered) if status in {LIKELY, POSSIBLE, INCONCLUSIVE} else (),
        _remedies(m, params) if found else (),
        PREVIOUS_BOOT if earlier else NOW,
    )


def _busiest(m: Measurements) -> Busiest | None:
    """The remote with most ports in TIME_WAIT in the table that speaks of the events, and how many."""
    waiting = m.covered_waiting
    remote = max(waiting, key=lambda one: (waiting[one], str(one)), default=None)
    return (remote, waiting[remote]) if remote else None


def _takes_most(m: Measurements, busiest: Busiest | None) -> bool:
    """Whether a remote has most of TIME_WAIT, and so many ports that a random one hits one of them in every hundred."""
    if busiest is None or m.covered_shortage is None:
        return False
    total = sum(m.covered_waiting.values())
    return busiest[1] * 2 >= total and busiest[1] >= m.covered_shortage.pool.usable * COLLISION_CHANCE


def _changed_since(m: Measurements, event: Logged) -> bool:
    """Whether a process was created between an event and its table: with the one before, ports may have gone unseen."""
    table = m.coverage.after.moment if m.coverage.after else None
    times = [one.created_at for one in m.processes.by_pid.values() if one.created_at]
    return table is None or not times or any(event.at <= at <= table.high for at in times)


def _nothing_unseen(m: Measurements) -> Said | None:
    """Why no unseen socket can have used up the ports; None where one can. Each socket of a process is a handle."""
    if m.bound_shown:
        return Said("netstat -q was run")
    handles, free = m.processes.handles, (m.covered_shortage or m.shortage).free
    if handles is None or handles >= free:
        return None
    return Said(
        "all processes together have {handles:count} handles, fewer than the {free:count} free ports",
        {"handles": handles, "free": free},
    )


def _status(m: Measurements, events: list[Logged], covered: list[Logged]) -> str:
    if not events:
        whole = bool(m.log.records) and not m.log.damaged
        return RULED_OUT if whole else INCONCLUSIVE
    if not covered or m.covered_shortage is None:
        return RULED_OUT if m.full_table and m.shortage.full else INCONCLUSIVE
    if m.covered_shortage.full:
        return RULED_OUT
    if any(one.event.id in RAN_OUT for one in m.coverage.covered):
        return RULED_OUT
    if not m.covered_shortage.calm or not wrap_excluded(m):
        return POSSIBLE
    # In an assumed range ports may be free that do not exist.
    if not _takes_most(m, _busiest(m)) or m.covered_shortage.pool.basis == "assumed":
        return POSSIBLE
    sure = (
        m.sure
        and surely_calm(m, m.covered_shortage)
        and bool(_nothing_unseen(m))
        and not _changed_since(m, covered[-1])
    )
    return CONFIRMED if sure else LIKELY


def _points(m: Measurements, events: list[Logged], covered: list[Logged], remote: Busiest | None) -> list[Point]:
    points: list[Point] = []
    if not events:
        if m.log.records and m.log.first_at and m.log.last_at:
            said = {"first": m.log.first_at, "last": m.log.last_at}
            points.append(weigh(WEIGHTS, "none", said, tuple(m.log.source(file) for file in m.log.files)))
        return points
    last = max(events, key=lambda one: one.at)
    points.append(weigh(WEIGHTS, "collisions", {"count": len(events), "last_at": last.at}, (last.source(),)))
    points.extend(_fullness_points(m, covered, last))
    ran_out = [one for one in m.coverage.covered if one.event.id in RAN_OUT]
    if ran_out:
        points.append(weigh(WEIGHTS, "ran-out", {}, (ran_out[-1].source(),)))
    if remote and covered:
        said_of_remote: dict[str, object] = {
            "ports": remote[1],
            "total": sum(m.covered_waiting.values()),
            "remote": endpoint(*remote[0]),
        }
        message = "one-remote" if _takes_most(m, remote) else "many-remotes"
        where = m.covered_shortage.sources[:1] if m.covered_shortage else ()
        points.append(weigh(WEIGHTS, message, said_of_remote, where))
    why = _nothing_unseen(m)
    if why and covered:
        points.append(weigh(WEIGHTS, "nothing-unseen", {"why": why}, m.processes.sources or m.shortage.sources[:1]))
    if not wrap_excluded(m):
        points.append(weigh(WEIGHTS, "wrap-open", {}, m.now.fix.sources or m.system.source))
    return points


def _fullness_points(m: Measurements, covered: list[Logged], last: Logged) -> list[Point]:
    """How full the ports were at the events, where a table tells."""
    if covered and m.covered_shortage is not None:
        params = {**shortage_params(m.covered_shortage), "gap": m.coverage.gap}
        sources = (covered[-1].source(), *m.covered_shortage.sources)
        if m.covered_shortage.full:
            return [weigh(WEIGHTS, "short-at-event", params, sources)]
        return [weigh(WEIGHTS, "free-at-event", params, sources)] if m.covered_shortage.calm else []
    if m.full_table and m.shortage.full:
        return [weigh(WEIGHTS, "short-now", shortage_params(m.shortage), m.shortage.sources)]
    return [weigh(WEIGHTS, "too-late", {"within": m.coverage.within}, (last.source(),))]


def _missing(m: Measurements, covered: list[Logged]) -> tuple[Missing, ...]:
    missing = []
    if not m.log.records:
        missing.append(Missing(Statement("missing-log"), commands.EXPORT_LOG))
    if not covered:
        within = {"within": m.time_wait.delay.at_least}
        missing.append(Missing(Statement("missing-table", within), commands.NETSTAT_AFTER_EVENT))
    if not _nothing_unseen(m):
        missing.append(Missing(Statement("missing-bound"), f"{commands.NETSTAT_BOUND} & {commands.HANDLES}"))
    if not wrap_excluded(m):
        missing.append(Missing(Statement("missing-fix"), f"{commands.EXPORT_LOG} & {commands.TCPIP_VERSION}"))
    return tuple(missing)


def _remedies(m: Measurements, params: dict[str, object]) -> tuple[Remedy, ...]:
    remedies = [
        Remedy("now", Statement("do-reuse", params), "", Statement("do-reuse-effect")),
        Remedy("next", Statement("do-spread"), "", Statement("do-spread-effect"), None, Statement("do-spread-cost")),
    ]
    kb = _HOTFIXES.get(m.system.version or (0, 0))
    if kb and kb not in {update.kb for update in m.servicing.updates}:
        effect, cost = Statement("do-hotfix-effect"), Statement("do-hotfix-cost")
        remedies.append(Remedy("for-good", Statement("do-hotfix", {"kb": kb}), commands.INSTALL, effect, None, cost))
    return tuple(remedies)
