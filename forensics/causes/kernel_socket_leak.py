"""A driver or a known Windows defect keeps ports whose process is gone.

What points to the kernel (domain.md §2, C6 to C10):

- rows in ESTABLISHED, CLOSE_WAIT, SYN_SENT or BOUND whose PID is in no process list, or is 0. Rows in TIME_WAIT have PID 0 by
  rights, and those in FIN_WAIT, CLOSING and LAST_ACK may, for their application has closed: neither counts here. A
  vanished PID can also be that of a process which left its socket to a child (icinga2 #3269, WSL #652): the proof
  therefore needs handle counts that leave no process that could hold them.
- rows of the System process (PID 4): a driver's own connections, but for SMB and the like.
- event AFD 16002: closing a socket takes long, "due to misbehaving network drivers"; the regression of July 2018 logs it
  (knowledge/july_2018.py).
- on 6.1 with several processors, sockets between two ends on this machine (KB2577795). No version of afd.sys that holds the
  fix is known here, so this stays a hint.

Third-party network drivers are an inventory and no evidence; one is named where an event names it, or where it was
installed just before the trouble began.
"""

from datetime import timedelta

import msgspec

from forensics.judgement import (
    CONFIRMED,
    DECISIVE,
    INCONCLUSIVE,
    LIKELY,
    NOW,
    POSSIBLE,
    PREVIOUS_BOOT,
    RULED_OUT,
    STATUSES,
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
from forensics.knowledge.july_2018 import FIXED_SINCE, FIXES, INTRODUCED, LAST_FIX, SYSTEMS
from forensics.measure.changes import last_before
from forensics.measure.fix_state import UpdateInstall
from forensics.measure.log import AFD, Logged
from forensics.measure.measurements import Measurements
from forensics.measure.piles import BOUND, ESTABLISHED, LOOPBACK, OF_KERNEL, ORPHANED
from forensics.measure.processes import KERNEL
from forensics.rules.fullness import in_earlier_boot
from forensics.rules.pile import (
    QUARTER,
    PileCase,
    pile_case,
    pile_missing,
    pile_params,
    pile_points,
    pile_status,
    stayed,
)
from forensics.rules.pile_answer import pile_forecast, widen_range
from forensics.rules.pile_table import PILE_TEXTS, PILE_WEIGHTS
from forensics.text.said import Said

ID = "kernel-socket-leak"
TITLE = "A driver or a Windows defect keeps ports whose process is gone"
PRECEDENCE = 28
PLAIN = (
    "Ports are kept by Windows itself, or by a driver, after the programs that used them have ended. "
    "They come back with a restart only, so that in time none is left for new connections."
)
ABOUT = (
    "When a process ends, Windows closes its sockets. A filter driver that holds on to them, or a defect of the network stack, keeps the ports "
    "though nobody uses them any more; only a restart frees them."
)
SHOWS = "Rows in ESTABLISHED or CLOSE_WAIT of a PID that no process has; event AFD 16002; ports that stay taken after their service was stopped."
PROVES = (
    "At least 80 % of the usable ports taken, most of them by rows of processes that are in no process list made between two tables in which the "
    "same rows stand, and no process with so many handles that it could hold them."
)
RULES_OUT = "Every row's process is in the process list, no event AFD 16002, and no want of ports that the tables do not explain."
CURES = "Restart the machine; then update or remove the network driver at fault, or install the update that fixes the defect."
REFERENCES = (
    "netevent.dll, texts of AFD 16001 and 16002",
    "Alibaba Cloud, Windows Networking Troubleshooting 2 (a process that is gone, its sockets not)",
    "Microsoft PSSSQL blog 2018-07-26 and jpntsblog/stoperror_after_julyupdate (regression of July 2018)",
    "Microsoft KB2577795 (Windows 7, 2008 R2: sockets on the loopback leak), title as quoted by others",
    "GitHub: Icinga/icinga2 #3269, microsoft/WSL #652 (a socket left to a child shows the parent's PID)",
)
_COUNTS = frozenset({"small", "small-now", "other-fills"})
SHORTLY = timedelta(days=7)  # a driver installed in the week before the first event; a hint and no more

WEIGHTS = {
    **PILE_WEIGHTS,
    "owner-gone": Weight(
        STRONG, "owner", "in these states a process must hold the socket (Alibaba Cloud, Troubleshooting 2)"
    ),
    "turns-over": Weight(-DECISIVE, "turnover", "sockets that come and go are closed by somebody"),
    "owner": Weight(WEAK, "owner", "netstat -o: the System process, so a driver's own connections"),
    "no-holder": Weight(STRONG, "handles", "each socket is a handle: no process has so many"),
    "other-holder": Weight(-WEAK, "handles", "a process has as many handles: it may have inherited the sockets"),
    "slow-close": Weight(STRONG, "AFD", "text of AFD 16002: misbehaving network drivers"),
    "tdi-filter": Weight(WEAK, "AFD", "text of AFD 16001: a TDI filter, not certified"),
    "regression": Weight(STRONG, "update", "PSSSQL 2018-07-26; the update is listed, and none that fixes it"),
    "loopback": Weight(WEAK, "loopback", "KB2577795: Windows 7 and 2008 R2 leak sockets of the loopback"),
    "installed": Weight(WEAK, "install", "SCM 7045: a driver installed in the week before the first event"),
    "few-owned": Weight(
        -DECISIVE, "what holds the ports", "counting: no more sockets than these can have lost their process"
    ),
    "all-owned": Weight(-DECISIVE, "owner", "netstat -o and the process list: every socket has its process"),
    "no-16002": Weight(-WEAK, "AFD", "text of AFD 16002; Windows 8.1 and 2012 R2 on"),
}
TEXTS = {
    **PILE_TEXTS,
    "headline-confirmed": "{ports:count} ports belong to connections that no process holds any more: the kernel keeps them.",
    "headline-likely": "The kernel probably keeps ports whose process is gone.",
    "headline-possible": "The kernel may be keeping ports whose process is gone.",
    "headline-inconclusive": "Whether the kernel keeps ports whose process is gone cannot be told from this bundle.",
    "headline-ruled-out": "The kernel does not keep ports whose process is gone.",
    "no-holder": "All processes together have {all:count} handles, so none holds {ports:count} sockets.",
    "other-holder": "{holder} has {most:count} handles and may have inherited the sockets.",
    "slow-close": "AFD 16002 was logged {count:times}, last on {last_at:utc}: closing sockets took long ({sample}).",
    "tdi-filter": "AFD 16001 names a TDI filter: {name}.",
    "regression": "{kb} of July 2018 is installed, and no update that fixes its defect ({fix}, or any of August 2018 or later).",
    "loopback": "{loop:count} of these ports connect to this machine itself; Windows 7 and 2008 R2 with several processors leak those (KB2577795).",
    "installed": "{name} was installed on {installed_at:utc}, in the week before the first event of {onset_at:utc}.",
    "few-owned": "No more than {owned:count} of the {held:count} ports taken are in a state in which a process must hold them.",
    "all-owned": "Every row that a process must hold has its process in the list.",
    "no-16002": "No event AFD 16002 was logged.",
    "missing-drivers": "Which drivers hook into the network stack.",
    "missing-handles": "How many handles each process has: it shows whether one could hold the sockets.",
    "missing-hotfixes": "Which updates are installed.",
    "do-restart": "Restart the machine in a planned window: nothing else frees these ports.",
    "do-restart-effect": "Frees all ports; the leak goes on afterwards.",
    "do-restart-caution": "Gives an hour's notice (shutdown /a takes it back), then closes services and applications.",
    "do-restart-cost": "One restart.",
    "do-update": "Install the update that fixes the regression of July 2018 ({fix}) or any later one.",
    "do-update-effect": "Ends this leak.",
    "do-update-cost": "One restart.",
    "do-driver": "Update the third-party network drivers ({drivers}); if ports leak on, remove one after another.",
    "do-driver-effect": "Shows which one holds on to sockets; a complete memory dump shows it to the vendor.",
    "do-driver-cost": "A restart for each.",
}  # fmt: skip


def judge(measurements: Measurements) -> Judgement:
    """Judge rows without a process, rows of the kernel, AFD's events, and the regression of July 2018."""
    m = measurements
    orphaned = pile_case(m, ORPHANED, Said("held by processes that are in no process list"))
    own = pile_case(m, OF_KERNEL, Said("connections of the System process"))
    bound = pile_case(m, BOUND, Said("bound by processes that are in no process list"))
    cases = [orphaned, own, bound] if bound.ownerless else [orphaned, own]
    case = max(cases, key=lambda one: one.share)  # the first of equals
    if case is bound:
        case = msgspec.structs.replace(bound, ownerless=False)  # here that is the point
    slow = [one for one in m.log.of(AFD, 16002) if _in_running_boot(m, one)]
    status = _status(m, case, slow)
    found = status in {CONFIRMED, LIKELY}
    open_ = status in {LIKELY, POSSIBLE, INCONCLUSIVE}
    return Judgement(
        ID,
        status,
        Statement(f"headline-{status.replace('_', '-')}", pile_params(m, case)),
        tuple(_points(m, case, slow, status)),
        tuple(_missing(m, case)) if open_ else (),
        _remedies(m, case) if found else (),
        PREVIOUS_BOOT if status == INCONCLUSIVE and in_earlier_boot(m, m.coverage) else NOW,
        forecast=pile_forecast(m, case) if found and case.share >= QUARTER else None,
    )


def _in_running_boot(m: Measurements, event: Logged) -> bool:
    start = m.uptime.boot_time
    return start is None or event.at >= start


def _status(m: Measurements, case: PileCase, slow: list[Logged]) -> str:
    proven = case.pile.group == ORPHANED and stayed(m, case) and _listed_between(m) and _no_holder(m, case)
    by_rows = pile_status(m, case, proven=proven, lasting=case.held)
    turned_over = case.pile.apart and case.pile.first_rows is not None and not case.held
    if turned_over and case.pile.group == ORPHANED and case.share >= QUARTER:
        by_rows = RULED_OUT  # what comes and goes is nobody's leak: processes that live for moments
    if not m.processes.complete and by_rows == RULED_OUT and _owned_states_fill(case):
        by_rows = INCONCLUSIVE  # without a list nobody can tell whose sockets they are
    by_events = RULED_OUT
    hidden = bool(m.coverage.covered) and m.covered_shortage is not None and m.covered_shortage.calm
    short = case.shortage.full or hidden or bool(m.coverage.uncovered or m.coverage.traced_unseen)
    if slow:
        by_events = POSSIBLE
        explained = case.shortage.full and case.share < QUARTER
        if _regression(m) and short and not explained:
            by_events = LIKELY
    elif _regression(m) and short and not case.shortage.full:
        by_events = POSSIBLE
    return min(by_rows, by_events, key=STATUSES.index)


def _owned_states_fill(case: PileCase) -> bool:
    """Whether states in which a process must hold the socket make up most of what is held, and a quarter of all."""
    held = _owned(case)
    # An assumed range may be larger than the one that is used.
    many = held >= case.shortage.pool.usable * QUARTER or case.shortage.pool.basis == "assumed"
    return held * 2 >= case.shortage.held > 0 and many


def _owned(case: PileCase) -> int:
    """Ports in a state in which a process must hold the socket."""
    return sum(case.shortage.held_by(group) for group in (ESTABLISHED, "CLOSE_WAIT", "SYN_SENT", BOUND))


def _listed_between(m: Measurements) -> bool:
    """Whether a process list was made after the earliest table and before the latest, by the collector's times."""
    first, last = m.tables[0].moment, m.tables[-1].moment
    return bool(first and last and any(first.low <= at <= last.high for at in m.processes.listed_at))


def _most_handles(m: Measurements) -> tuple[int, int] | None:
    """The largest handle count of a process but System, and its PID; None where one is not known."""
    known = [one for one in m.processes.by_pid.values() if one.pid not in {0, KERNEL}]
    counts = [(one.handles, one.pid) for one in known if one.handles is not None]
    return max(counts) if counts and len(counts) == len(known) else None


def _no_holder(m: Measurements, case: PileCase) -> bool:
    """Whether all processes together have fewer handles than the pile has sockets: children inherit sockets in parts."""
    handles = m.processes.handles
    return handles is not None and handles < case.pile.ports


def _regression(m: Measurements) -> UpdateInstall | None:
    """The update of July 2018 that is installed, where none that fixes it is."""
    updates = m.servicing.updates
    boot = m.uptime.boot_time
    # What was installed after the boot is not loaded.
    loaded = [one for one in updates if boot is None or one.low is None or one.low < boot]
    others = [one for one in loaded if one.kb not in INTRODUCED]
    if any(one.kb in FIXES or (one.low and one.low >= FIXED_SINCE) for one in others):
        return None
    if any(one.low is None and _number(one.kb) > _number(LAST_FIX) for one in others):
        return None  # a later update without a date may hold the fix
    own = (one for one in loaded if one.kb in INTRODUCED and m.system.version in SYSTEMS[one.kb])
    return next(own, None)


def _number(kb: str) -> int:
    digits = kb.upper().removeprefix("KB")
    return int(digits) if digits.isdigit() else 0


def _points(m: Measurements, case: PileCase, slow: list[Logged], status: str) -> list[Point]:
    points = _pile_points(m, case, status)
    if slow:
        last = slow[-1]
        sample = " | ".join(text for text in last.event.strings if text)
        said = {"count": len(slow), "last_at": last.at, "sample": sample}
        points.append(weigh(WEIGHTS, "slow-close", said, (last.source(),)))
    elif m.log.records and m.system.version is not None and m.system.version >= (6, 3):
        points.append(weigh(WEIGHTS, "no-16002", {}, tuple(m.log.source(file) for file in m.log.files)))
    if status == RULED_OUT:
        return points
    filters = [one for one in m.log.of(AFD, 16001) if _in_running_boot(m, one)]
    if filters:
        name: str | Said = next((text for text in filters[-1].event.strings if text), Said("its name is not given"))
        points.append(weigh(WEIGHTS, "tdi-filter", {"name": name}, (filters[-1].source(),)))
    update = _regression(m)
    if update:
        said = {"kb": update.kb, "fix": INTRODUCED[update.kb]}
        points.append(weigh(WEIGHTS, "regression", said, (update.source,)))
    loop = m.piles[LOOPBACK]
    if m.system.version == (6, 1) and loop.share >= QUARTER:
        points.append(weigh(WEIGHTS, "loopback", {"loop": loop.ports}, loop.sources))
    points.extend(_onset_points(m))
    return points


def _pile_points(m: Measurements, case: PileCase, status: str) -> list[Point]:
    """What the rows say."""
    points = pile_points(m, case, WEIGHTS)
    if not m.processes.complete and case.pile.group == ORPHANED and case.share < QUARTER:
        # Without a list nobody can say how many sockets have no process.
        points = [one for one in points if one.statement.message not in _COUNTS]
        if status == RULED_OUT:
            owned = {"owned": _owned(case), "held": case.shortage.held}
            points.append(weigh(WEIGHTS, "few-owned", owned, case.shortage.sources[:1]))
    if case.share >= QUARTER:
        points.extend(_holder_points(m, case))
    elif m.tables and m.processes.complete and m.piles[ORPHANED].ports == 0 and status == RULED_OUT:
        points = [one for one in points if one.statement.message not in _COUNTS]
        points.append(weigh(WEIGHTS, "all-owned", {}, (*case.shortage.sources[:1], *m.processes.sources[:1])))
    return points


def _holder_points(m: Measurements, case: PileCase) -> list[Point]:
    most = _most_handles(m)
    if most is None or case.pile.group != ORPHANED:
        return []
    holder = m.processes.named(most[1])
    params: dict[str, object] = {
        "most": most[0],
        "ports": case.pile.ports,
        "holder": holder.label,
        "all": m.processes.handles,
    }
    if not _no_holder(m, case) and most[0] < case.pile.ports:
        return []  # several children may share them
    message = "no-holder" if _no_holder(m, case) else "other-holder"
    return [weigh(WEIGHTS, message, params, (holder.handles_source,) if holder.handles_source else ())]


def _onset_points(m: Measurements) -> list[Point]:
    """A driver that was installed shortly before the first port event."""
    events = [*m.coverage.covered, *m.coverage.uncovered]
    if not events:
        return []
    onset = min(events, key=lambda one: one.at)
    change = last_before(m.changes, onset.at, ("driver",), SHORTLY)
    if change is None:
        return []
    said = {"name": change.name, "installed_at": change.at, "onset_at": onset.at}
    return [weigh(WEIGHTS, "installed", said, (change.source, onset.source()))]


def _missing(m: Measurements, case: PileCase) -> list[Missing]:
    missing = pile_missing(m, case)
    if _most_handles(m) is None:
        missing.append(Missing(Statement("missing-handles"), commands.HANDLES))
    if not m.servicing.updates:
        missing.append(Missing(Statement("missing-hotfixes"), commands.HOTFIXES))
    if not m.network_drivers:
        missing.append(Missing(Statement("missing-drivers"), commands.DRIVERS))
    return missing


def _remedies(m: Measurements, case: PileCase) -> tuple[Remedy, ...]:
    remedies = [
        Remedy(
            "next",
            Statement("do-restart"),
            commands.RESTART_PLAIN,
            Statement("do-restart-effect"),
            Statement("do-restart-caution"),
            Statement("do-restart-cost"),
        )
    ]
    update = _regression(m)
    if update:
        fix = {"fix": INTRODUCED[update.kb]}
        effect, cost = Statement("do-update-effect"), Statement("do-update-cost")
        remedies.append(Remedy("for-good", Statement("do-update", fix), commands.INSTALL, effect, None, cost))
    if m.network_drivers:
        named = (f"{one.vendor} {one.product}".strip() or one.module for one in m.network_drivers)
        names = tuple(dict.fromkeys(named))[:4]
        effect, cost = Statement("do-driver-effect"), Statement("do-driver-cost")
        remedies.append(Remedy("for-good", Statement("do-driver", {"drivers": names}), "", effect, None, cost))
    return (*widen_range(m, case), *remedies)
