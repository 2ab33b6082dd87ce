"""TCP Chimney offload fails after 248.5 days up, half the wrap of the tick: connections hang (KB2553549, second symptom).

Signature: Windows Vista, 7, Server 2008 or 2008 R2 without the fix, up for 2^31 ticks of 10 ms or more, with
connections in the hands of the network adapter (domain.md §1.1, §2, C1b). "automatic" is the default of 7 and 2008 R2
and raises no suspicion by itself: only rows that netstat -t shows as offloaded do. Judged by its mechanism, as the 497-day
defect is: a hang leaves no trace in these files.
"""

from forensics.judgement import (
    CONFIRMED,
    DECISIVE,
    INCONCLUSIVE,
    LIKELY,
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
from forensics.knowledge.tick import HALF_WRAP
from forensics.measure.measurements import Measurements
from forensics.rules.fullness import surely_calm

ID = "chimney-wrap-248d"
TITLE = "TCP Chimney offload fails after 248 days of uptime (KB2553549)"
PRECEDENCE = 35
PLAIN = (
    "Part of the work of the network was handed to the network card. "
    "A known defect of that hand-over makes connections hang once the machine has run for 248 days without a restart."
)
ABOUT = (
    "Windows 6.0 and 6.1 can hand TCP connections to the network adapter (Chimney). Without the fix KB2553549 that fails once the machine has "
    "been up for 248.5 days, half the wrap of the clock behind it: a system with offloaded connections stops responding."
)
SHOWS = (
    "Connections hang, with ports to spare; netstat -t shows rows that are offloaded; the uptime is past 248.5 days."
)
PROVES = (
    "An uptime past 248.5 days that a second witness or event 6013 bears out, Windows 6.0 or 6.1 with an unfixed tcpip.sys, rows that netstat -t "
    "shows as offloaded, and ports that are not short."
)
RULES_OUT = (
    "A shorter uptime, another system, the fix, Chimney disabled, or netstat -t with every row in the host's hands."
)
CURES = "Disable Chimney (netsh int tcp set global chimney=disabled); install KB2553549 or a later update of tcpip.sys and restart."
REFERENCES = (
    "Microsoft KB2553549, second symptom (as quoted by evaninthecloud.blogspot.com 2015-08 and operationslab 2013-03-01)",
    "Microsoft KB951037 (Chimney must be on in the system and the adapter; netstat -t shows what is offloaded)",
    "Microsoft, Networking deployment guide (7, 2008 R2: automatic mode)",
)

WEIGHTS = {
    "past-half": Weight(STRONG, "uptime", "KB2553549: 2^31 ticks of 10 ms"),
    "short-of-half": Weight(-DECISIVE, "uptime", "KB2553549: 2^31 ticks of 10 ms"),
    "straddles": Weight(WEAK, "uptime", "the same; the uptime is not known well enough"),
    "fixed": Weight(
        -DECISIVE,
        "fix",
        "KB2553549; Microsoft Japan support, jpntsblog/497-2: a later tcpip.sys of the same branch contains it",
    ),
    "not-affected": Weight(-DECISIVE, "fix", "KB2553549 applies to Windows 6.0 and 6.1 only"),
    "unfixed": Weight(STRONG, "fix", "vwnet.jp, 497daysissu: the fixed versions by branch"),
    "fix-unknown": Weight(WEAK, "fix", "an affected system; nothing says that the fix is loaded"),
    "offloaded": Weight(STRONG, "offload", "KB951037: netstat -t shows what is offloaded"),
    "in-host": Weight(-DECISIVE, "offload", "the same: nothing is"),
    "disabled": Weight(-DECISIVE, "setting", "KB951037: nothing is offloaded where the system does not allow it"),
    "allowed": Weight(WEAK, "setting", "KB951037; automatic is the default of 7 and 2008 R2"),
}
TEXTS = {
    "headline-confirmed": "The machine has been up {uptime:days}, past the 248.5 days after which TCP Chimney fails, and {offloaded:count} connections are offloaded (KB2553549).",
    "headline-likely": "Connections probably hang: TCP Chimney is at work past 248.5 days of uptime (KB2553549).",
    "headline-possible": "TCP Chimney may be failing (KB2553549).",
    "headline-inconclusive": "Whether TCP Chimney fails (KB2553549, 248 days) cannot be told from this bundle.",
    "headline-ruled-out": "TCP Chimney does not fail (KB2553549, 248 days).",
    "past-half": "The machine had been up {uptime:seconds} ({uptime:days}); Chimney fails from {half:seconds} (248.5 days) on.",
    "short-of-half": "The machine had been up {uptime:days}; Chimney fails from 248.5 days on.",
    "straddles": "The uptime is known only to lie between {low:days} and {high:days}; Chimney fails from 248.5 days on.",
    "fixed": "The fix is in force: {why}.",
    "not-affected": "This system cannot have the defect: {why}.",
    "unfixed": "The fix is not there: {why}.",
    "fix-unknown": "The fix is not known to be in force: {why}.",
    "offloaded": "{offloaded:count} of {rows:count} TCP rows are offloaded to the network adapter.",
    "in-host": "None of {rows:count} TCP rows is offloaded: all are in the host's hands.",
    "disabled": "Chimney is disabled.",
    "allowed": "Chimney is {setting}.",
    "missing-uptime": "The uptime: the System event log holds it (event 6013).",
    "missing-system": "Which Windows this is.",
    "missing-offload": "Which connections are offloaded.",
    "missing-fix": "Which tcpip.sys the running system loaded: its version and when the file was created.",
    "do-disable": "Disable TCP Chimney.",
    "do-disable-effect": "New connections stay in the host's hands at once.",
    "do-disable-cost": "Some processor time; connections that hang stay so until they are closed.",
    "do-restart": "Install KB2553549 or any later update of tcpip.sys and restart in a planned window.",
    "do-restart-effect": "Ends the defect for good; a restart alone gives 248.5 days.",
    "do-restart-caution": "Gives an hour's notice (shutdown /a takes it back), then closes services and applications.",
    "do-restart-cost": "One restart.",
    "forecast": "On {wrap_at:utc}, at 497.1 days, the same clock stops TIME_WAIT ports from being released.",
}  # fmt: skip


def judge(measurements: Measurements) -> Judgement:
    """Judge the running boot and the rows that are offloaded."""
    m = measurements
    status = _status(m)
    found = status in {CONFIRMED, LIKELY}
    boot = m.now.boot
    return Judgement(
        ID,
        status,
        Statement(f"headline-{status.replace('_', '-')}", {"uptime": m.now.seconds, "offloaded": m.offload.offloaded}),
        tuple(_points(m)),
        _missing(m) if status in {LIKELY, INCONCLUSIVE} else (),
        _remedies() if found else (),
        forecast=Statement("forecast", {"wrap_at": boot.wrap_at}) if found and boot and not m.now.past_wrap else None,
    )


def _status(m: Measurements) -> str:
    case, offload = m.now, m.offload
    if case.fix.state in {"fixed", "not-affected"}:
        return RULED_OUT
    if case.uptime is not None and case.uptime.below(HALF_WRAP) and m.system.one_machine:
        return RULED_OUT
    if offload.offloaded == 0 or (offload.setting == "disabled" and not offload.offloaded):
        return RULED_OUT
    if case.uptime is None or m.system.version is None or not case.uptime.at_least(HALF_WRAP):
        return INCONCLUSIVE
    if not offload.offloaded:
        return INCONCLUSIVE
    sure = m.uptime_is_sure and case.fix.state == "unfixed" and surely_calm(m, m.shortage)
    return CONFIRMED if sure else LIKELY


def _points(m: Measurements) -> list[Point]:
    case, offload, fix = m.now, m.offload, m.now.fix
    points: list[Point] = []
    why = {"why": fix.statement}
    if case.uptime is not None and case.boot is not None:
        params = {"uptime": case.seconds, "half": HALF_WRAP, "low": case.uptime.low, "high": case.uptime.high}
        message = "straddles"
        if case.uptime.at_least(HALF_WRAP):
            message = "past-half"
        elif case.uptime.below(HALF_WRAP):
            message = "short-of-half"
        points.append(weigh(WEIGHTS, message, params, (case.boot.source,)))
    if fix.state in {"fixed", "not-affected", "unfixed"}:
        points.append(weigh(WEIGHTS, fix.state, why, fix.sources))
    elif m.system.version is not None:
        points.append(weigh(WEIGHTS, "fix-unknown", why, fix.sources or m.system.source))
    if offload.offloaded is not None:
        rows = {"offloaded": offload.offloaded, "rows": offload.rows}
        points.append(weigh(WEIGHTS, "offloaded" if offload.offloaded else "in-host", rows, offload.sources))
    if offload.setting:
        message = "disabled" if offload.setting == "disabled" else "allowed"
        points.append(weigh(WEIGHTS, message, {"setting": offload.setting}, offload.sources))
    return points


def _missing(m: Measurements) -> tuple[Missing, ...]:
    missing = []
    if m.now.uptime is None or m.now.uptime.straddles(HALF_WRAP):
        missing.append(Missing(Statement("missing-uptime"), commands.EXPORT_LOG))
    if m.system.version is None:
        missing.append(Missing(Statement("missing-system"), commands.SYSTEMINFO))
    if m.offload.offloaded is None:
        missing.append(Missing(Statement("missing-offload"), f"{commands.NETSTAT_OFFLOAD} & {commands.TCP_GLOBAL}"))
    if m.now.fix.state in {"unknown", "installed-not-loaded"}:
        missing.append(Missing(Statement("missing-fix"), commands.TCPIP_VERSION))
    return tuple(missing)


def _remedies() -> tuple[Remedy, ...]:
    return (
        Remedy(
            "now",
            Statement("do-disable"),
            "netsh int tcp set global chimney=disabled",
            Statement("do-disable-effect"),
            None,
            Statement("do-disable-cost"),
        ),
        Remedy(
            "for-good",
            Statement("do-restart"),
            commands.RESTART,
            Statement("do-restart-effect"),
            Statement("do-restart-caution"),
            Statement("do-restart-cost"),
        ),
    )
