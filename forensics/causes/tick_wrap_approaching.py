"""An affected, unfixed system nears the wrap of its TIME_WAIT clock: nothing is wrong yet, and the date is known.

Thresholds: domain.md §7, "warn for unfixed 6.0/6.1 hosts (suggest ≥ 450 d notice, ≥ 490 d urgent)".
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
    Remedy,
    Statement,
    Weight,
    weigh,
)
from forensics.knowledge import commands
from forensics.knowledge.tick import SECONDS_PER_DAY, TICK_WRAP
from forensics.measure.measurements import BootCase, Measurements

ID = "tick-wrap-approaching"
TITLE = "The 497-day limit of TIME_WAIT is near (KB2553549)"
PRECEDENCE = 80
REFERENCES = (
    "Microsoft KB2553549",
    "The notice of 450 and 490 days is this project's own: time to plan a restart, a week left",
)
PLAIN = (
    "Nothing is wrong yet. "
    "This version of Windows has a known defect: once it has run for 497 days without a restart it no longer gives back the ports of ended connections, and this machine is close to that day."
)
ABOUT = "An affected system without the fix KB2553549 that has been up for 450 days or more: nothing is wrong yet, and the date is known."
SHOWS = "Event 6013 with 38,880,000 s or more, and short of 42,949,673 s, on Windows Vista, 7, Server 2008 or 2008 R2."
PROVES = "An uptime of 450 days or more, short of 497.1, on Windows Vista, 7, Server 2008 or 2008 R2 with an unfixed tcpip.sys."
RULES_OUT = "A shorter uptime, one past the wrap, another system, or a fixed tcpip.sys that was there before the boot."
CURES = "Install KB2553549 or any later update of tcpip.sys and restart before the date."

NOTICE = 450 * SECONDS_PER_DAY  # seconds: time to plan a restart
URGENT = 490 * SECONDS_PER_DAY  # seconds: a week is left

WEIGHTS = {
    "near": Weight(STRONG, "uptime", "this project: 450 days leave time to plan a restart"),
    "urgent": Weight(WEAK, "uptime", "this project: from 490 days on a week is left"),
    "far": Weight(-DECISIVE, "uptime", "this project: below 450 days there is no warning"),
    "passed": Weight(-DECISIVE, "uptime", "KB2553549: the count has wrapped already"),
    "straddles": Weight(WEAK, "uptime", "the uptime is not known well enough"),
    "affected-system": Weight(WEAK, "system", "KB2553549 applies to Windows 6.0 and 6.1"),
    "not-affected": Weight(-DECISIVE, "system", "KB2553549 applies to Windows 6.0 and 6.1 only"),
    "fixed": Weight(
        -DECISIVE,
        "fix",
        "Microsoft Japan support, jpntsblog/497-2: a later tcpip.sys of the same branch contains the fix",
    ),
    "unfixed": Weight(STRONG, "fix", "vwnet.jp, 497daysissu: the fixed versions by branch"),
    "fix-unknown": Weight(WEAK, "fix", "an affected system; nothing says that the fix is loaded"),
}
TEXTS = {
    "headline-confirmed": (
        "Nothing is wrong yet: on {wrap_at:utc} this machine reaches 497.1 days of uptime, after which its TIME_WAIT ports "
        "are never released (KB2553549)."
    ),
    "headline-likely": (
        "Nothing is wrong yet: on {wrap_at:utc} this machine reaches 497.1 days of uptime, after which its TIME_WAIT ports "
        "are never released unless the fix KB2553549 is loaded."
    ),
    "headline-possible": "This machine is about to reach, or has just passed, 497.1 days of uptime (KB2553549).",
    "headline-inconclusive": "Whether the 497-day limit (KB2553549) is near cannot be told from this bundle.",
    "headline-ruled-out": "The 497-day limit (KB2553549) is not near.",
    "near": "The machine had been up {uptime:days} at collection; the wrap comes in {left:duration}, on {wrap_at:utc}.",
    "urgent": "Fewer than eight days were left at collection.",
    "far": "The machine had been up {uptime:days}; a warning begins at 450 days.",
    "passed": "The wrap has passed already: the machine had been up {uptime:days}.",
    "straddles": "The uptime is known only to lie between {low:days} and {high:days}.",
    "affected-system": "{system} has the defect unless it is fixed.",
    "not-affected": "This system cannot have the defect: {why}.",
    "fixed": "The fix is in force: {why}.",
    "unfixed": "The fix is not there: {why}.",
    "fix-unknown": "The fix is not known to be in force: {why}.",
    "missing-uptime": "The uptime: the System event log holds it (event 6013).",
    "missing-system": "Which Windows this is.",
    "missing-fix": "Which tcpip.sys the running system loaded: its version and when the file was created.",
    "forecast": "From {wrap_at:utc} on TIME_WAIT ports stay taken; how soon they run out then follows from the load.",
    "do-restart-cost": "One restart.",
    "do-fix-cost": "One restart, planned.",
    "do-restart": "Then restart once, in a planned window before {wrap_at:utc}, which loads the fix.",
    "do-restart-effect": "Restarts the 497-day clock.",
    "do-restart-caution": "Gives an hour's notice (shutdown /a takes it back), then closes services and applications.",
    "do-fix": "Install KB2553549 or any later update of tcpip.sys; it is at work after the restart that follows.",
    "do-fix-effect": "Ends the defect for good.",
    "do-fix-caution": "On Vista and Server 2008 with Symantec Endpoint Protection or Forefront TMG see KB2752589 first.",
}


def judge(measurements: Measurements) -> Judgement:
    """Judge the running boot: only it can come to a wrap."""
    case = measurements.now
    status = _status(case, measurements)
    boot = case.boot
    params: dict[str, object] = {"wrap_at": boot.wrap_at if boot else None}
    headline = Statement(f"headline-{status.replace('_', '-')}", params)
    missing = _missing(case, measurements) if status in {LIKELY, POSSIBLE, INCONCLUSIVE} else ()
    remedies = _remedies(params, measurements) if status in {CONFIRMED, LIKELY} else ()
    ahead = Statement("forecast", params) if boot and status in {CONFIRMED, LIKELY} else None
    return Judgement(ID, status, headline, tuple(_points(case, measurements)), missing, remedies, forecast=ahead)


def _status(case: BootCase, m: Measurements) -> str:
    if case.fix.state in {"fixed", "not-affected"} or case.past_wrap:
        return RULED_OUT
    if case.uptime is None or m.system.version is None:
        return RULED_OUT if case.uptime is not None and case.uptime.below(NOTICE) else INCONCLUSIVE
    if case.uptime.below(NOTICE):
        return RULED_OUT
    if not case.short_of_wrap or not case.uptime.at_least(NOTICE):
        return POSSIBLE
    return CONFIRMED if case.fix.state == "unfixed" and m.uptime_is_sure else LIKELY


def _points(case: BootCase, m: Measurements) -> list[Point]:
    points = []
    if case.uptime and case.boot and case.seconds is not None:
        sources = (case.boot.source,)
        left = TICK_WRAP - case.seconds
        params = {"uptime": case.seconds, "left": left, "wrap_at": case.boot.wrap_at}
        if case.past_wrap:
            points.append(weigh(WEIGHTS, "passed", params, sources))
        elif case.uptime.below(NOTICE):
            points.append(weigh(WEIGHTS, "far", params, sources))
        elif case.short_of_wrap:
            points.append(weigh(WEIGHTS, "near", params, sources))
            if case.uptime.at_least(URGENT):
                points.append(weigh(WEIGHTS, "urgent", {}, sources))
        else:
            span = {"low": case.uptime.low, "high": case.uptime.high}
            points.append(weigh(WEIGHTS, "straddles", span, sources))
    fix = case.fix
    why = {"why": fix.statement}
    if fix.state in {"fixed", "not-affected"}:
        points.append(weigh(WEIGHTS, fix.state, why, fix.sources))
        return points
    if m.system.version is not None:
        points.append(weigh(WEIGHTS, "affected-system", {"system": m.system.name}, m.system.source))
    if fix.state == "unfixed":
        points.append(weigh(WEIGHTS, "unfixed", why, fix.sources))
    elif fix.sources:
        points.append(weigh(WEIGHTS, "fix-unknown", why, fix.sources))
    return points


def _missing(case: BootCase, m: Measurements) -> tuple[Missing, ...]:
    missing = []
    if case.uptime is None or not case.short_of_wrap:
        missing.append(Missing(Statement("missing-uptime"), commands.EXPORT_LOG))
    if m.system.version is None:
        missing.append(Missing(Statement("missing-system"), commands.SYSTEMINFO))
    if case.fix.state in {"unknown", "installed-not-loaded"}:
        missing.append(Missing(Statement("missing-fix"), commands.TCPIP_VERSION))
    return tuple(missing)


def _remedies(params: dict[str, object], m: Measurements) -> tuple[Remedy, ...]:
    return (
        Remedy(
            "next",
            Statement("do-fix"),
            commands.INSTALL,
            Statement("do-fix-effect"),
            Statement("do-fix-caution") if m.system.version == (6, 0) else None,
            Statement("do-fix-cost"),
        ),
        Remedy(
            "for-good",
            Statement("do-restart", params),
            commands.RESTART,
            Statement("do-restart-effect"),
            Statement("do-restart-caution"),
            Statement("do-restart-cost"),
        ),
    )
