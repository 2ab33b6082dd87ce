"""The dynamic range, or what exclusions leave of it, is too small for an ordinary load.

Signature: the range is full though what fills it would be no warning in a range of the default size (domain.md §2, C11
to C13). Ranges shrink by `netsh set dynamicport`, by MaxUserPort, and by exclusions (WinNAT and Hyper-V reserve blocks
that netstat does not show). Both shares are Microsoft's: 80 % of the usable ports is critical, 50 % a warning (SDP).

A leak or the 497-day defect fills a range of any size, only later; then the small range is a second cause and not
the first.
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
    strongest,
    weigh,
)
from forensics.knowledge import commands
from forensics.knowledge.dynamic_ports import CRITICAL_SHARE, DEFAULT, WARNING_SHARE, WIDEST_COUNT, WIDEST_START
from forensics.measure.measurements import Measurements
from forensics.measure.piles import ESTABLISHED, FIN_WAIT, OF_KERNEL, ORPHANED, UDP, UNLIKELY
from forensics.measure.shortage import Shortage
from forensics.measure.snapshots import TIME_WAIT
from forensics.rules.fullness import shortage_params, shortage_point, tables_are_sure, wrap_excluded
from forensics.text.said import Said

ID = "port-range-too-small"
TITLE = "The dynamic port range is too small for an ordinary load"
PRECEDENCE = 15
PLAIN = (
    "The set of ports that this machine may use for outgoing connections is too small for its ordinary work. "
    "When it is busy no port is left, and new connections fail."
)
ABOUT = (
    "Outgoing connections take their ports from the dynamic range, 16,384 ports by default. A setting, or exclusions that other software "
    "reserves inside it, can leave so few that an ordinary load uses them up."
)
SHOWS = "netsh shows fewer than 16,384 ports, or exclusions inside the range, and about as many are in use; error 10013 or 10055 in applications."
PROVES = (
    "At least 80 % of the usable ports of a range that was read are taken, by fewer ports than half of a default range (8,192), and what "
    "holds them is no leak and no effect of the 497-day defect."
)
RULES_OUT = "At least 16,384 usable ports, a load that would fill a default range as well, or ports that are not short."
CURES = "Widen the range (in force at once), remove MaxUserPort, or move the exclusions out of it."
REFERENCES = (
    "Microsoft, default dynamic port range for TCP/IP (MS-929851): 49152 to 65535, at least 255 ports",
    "Microsoft SDP, TS_PortUsage.ps1 (50 % and 80 % of the ports)",
    "GitHub: nmap/nmap #3499 (MaxUserPort on Windows 11 sets start 1024, number MaxUserPort - 1023)",
    "GitHub: microsoft/WSL #5514, docker/for-win #3171 (blocks that WinNAT excludes)",
)
MODEST = round(WARNING_SHARE * DEFAULT[1])  # ports: from here on the default range would be a warning too
# A modest load can be short only in a range of which it takes 80 %: larger ones are not too small.
LARGEST_SMALL = round(MODEST / CRITICAL_SHARE)
_LEAKS = ("CLOSE_WAIT", "SYN_SENT", "FIN_WAIT", "BOUND")

WEIGHTS = {
    "short": Weight(STRONG, "fullness", "SDP, RC_EphemeralPort80Check: over 80 % of the ports is critical"),
    "not-short": Weight(-DECISIVE, "fullness", "a range that is not full is large enough for what was seen"),
    "small": Weight(STRONG, "range", "Microsoft, default dynamic port range: the default is 16,384 ports"),
    "default": Weight(
        -DECISIVE, "range", "Microsoft, default dynamic port range: 16,384 ports, and no fewer are usable"
    ),
    "modest": Weight(STRONG, "load", "SDP, RC_EphemeralPort50Check, of the default range of 16,384"),
    "heavy": Weight(-DECISIVE, "load", "the same: a default range would be short too"),
    "excluded": Weight(WEAK, "range", "netsh, excludedportrange: ports that are never handed out"),
    "no-port": Weight(DECISIVE, "range", "netsh, excludedportrange: nothing is left to hand out"),
    "leak": Weight(-STRONG, "what holds the ports", "a leak fills a range of any size, only later"),
    "ordinary": Weight(STRONG, "what holds the ports", "ports that come and go, or a load that does not grow"),
    "wrap-open": Weight(-STRONG, "what holds the ports", "KB2553549 fills a range of any size, only later"),
    "ran-out": Weight(STRONG, "events", "netevent.dll, 4231 and 4266: Windows found no free port"),
}
TEXTS = {
    "headline-confirmed": "The dynamic range has {usable:count} usable ports, {default:count} is the default: an ordinary load of {held:count} fills it.",
    "headline-confirmed-none": "Exclusions take all {size:count} ports of the dynamic range: no connection can be opened.",
    "headline-likely": "The dynamic range has only {usable:count} usable ports; that is probably too few.",
    "headline-possible": "The dynamic range has only {usable:count} usable ports; at times that may be too few.",
    "headline-inconclusive": "Whether the dynamic range is too small cannot be told from this bundle.",
    "headline-ruled-out": "The dynamic range is not too small.",
    "short": "{held:count} of {usable:count} usable dynamic ports are taken ({share:percent}); over 80 % is critical.",
    "short-for-remote": (
        "On this Windows one local port may serve many remotes. For {busiest}, {held:count} of {usable:count} usable dynamic ports are "
        "taken ({share:percent}); over 80 % is critical."
    ),
    "not-short": "Only {held:count} of {usable:count} usable dynamic ports are taken ({share:percent}).",
    "not-short-for-remote": "No remote has more than {held:count} of {usable:count} usable dynamic ports ({share:percent}).",
    "small": "The {pool} range is {start}-{end}, {size:count} ports, of which {usable:count} are usable; the default is {default:count}.",
    "default": "The {pool} range has {usable:count} usable ports; the default is {default:count}.",
    "modest": "In a range of the default size {held:count} ports would be {would:percent}; from 50 % on it would be a warning.",
    "heavy": "In a range of the default size {held:count} ports would be {would:percent}: that would be a warning too.",
    "excluded": "Exclusions take {excluded:count} ports out of the range, the largest {first}-{last}; netstat does not show them.",
    "no-port": "Exclusions leave no port of the range.",
    "leak": "Most of what fills the range may leak: {what}. That would fill a larger range too, only later.",
    "ordinary": "What fills the range is an ordinary load: {what}.",
    "wrap-open": "TIME_WAIT fills the range, and the 497-day defect is not ruled out; it would fill a larger range too.",
    "ran-out": "Event {id} was logged {count:times}, first on {first_at:utc}: Windows found no free port.",
    "missing-table": "An unfiltered netstat, taken while the trouble lasts.",
    "missing-range": "The dynamic port range.",
    "missing-exclusions": "The ports that are excluded from it.",
    "missing-fix": "Whether the 497-day defect is at work: the version of tcpip.sys, and the System event log.",
    "forecast-full": "The range is full now: new connections fail until others close.",
    "forecast-room": "{free:count} ports are left.",
    "do-widen": "Widen the dynamic range.",
    "do-widen-effect": "{more:count} more ports at once; the present load then takes {then:percent}.",
    "do-widen-cost": "No restart, no interruption.",
    "do-widen-caution": "Check that no service listens in the new range and that firewalls let it through.",
    "do-exclusions": "Move the exclusions out of the range: stop what reserves them, exclude a block elsewhere for it, start it again.",
    "do-exclusions-effect": "Gives {excluded:count} ports back.",
    "do-exclusions-cost": "NAT, containers and virtual machines lose their network meanwhile; minutes.",
    "do-max-user-port": "Remove MaxUserPort from the registry; it sets the range anew at each start.",
    "do-max-user-port-effect": "The range that netsh sets then lasts.",
    "do-max-user-port-cost": "Takes effect with a restart.",
}  # fmt: skip


def judge(measurements: Measurements) -> Judgement:
    """Judge the TCP pool of which most is taken, and that of UDP where it is in question; the stronger answer stands."""
    m = measurements
    in_question = m.udp_shortage.warned or m.udp_coverage.covered or m.udp_coverage.uncovered or m.udp_coverage.traced
    pools = [m.shortage, m.udp_shortage] if in_question else [m.shortage]
    pools.sort(key=lambda one: -(one.share or 0.0))  # of equal answers the fuller pool's
    return strongest([_judge(m, one) for one in pools])


def _judge(m: Measurements, shortage: Shortage) -> Judgement:
    params = _params(shortage)
    status = _status(m, shortage)
    found = status in {CONFIRMED, LIKELY}
    forecast = Statement("forecast-full" if shortage.full else "forecast-room", {"free": shortage.free})
    return Judgement(
        ID,
        status,
        Statement(_headline(status, shortage), params),
        tuple(_points(m, shortage, params)),
        _missing(m, shortage) if status in {LIKELY, POSSIBLE, INCONCLUSIVE} else (),
        _remedies(m, shortage) if found else (),
        forecast=forecast if found or status == POSSIBLE else None,
    )


def _headline(status: str, shortage: Shortage) -> str:
    none_left = status == CONFIRMED and not shortage.pool.usable
    return "headline-confirmed-none" if none_left else f"headline-{status.replace('_', '-')}"


def _status(m: Measurements, shortage: Shortage) -> str:
    pool = shortage.pool
    known = pool.basis != "assumed"
    if known and pool.usable > LARGEST_SMALL:
        return RULED_OUT if pool.exclusions_known else INCONCLUSIVE
    if known and not pool.usable:
        return CONFIRMED if pool.exclusions_known and m.sure else LIKELY
    if not m.tables:
        return INCONCLUSIVE
    if shortage.full and shortage.held < MODEST:
        ordinary = _leak(m, shortage) is None and not _wrap_open(m, shortage) and not shortage.unknown
        return CONFIRMED if ordinary and known and tables_are_sure(m, shortage) else LIKELY
    if shortage.full:
        return RULED_OUT if known or shortage.held >= MODEST else INCONCLUSIVE
    if not m.full_table or not known or not pool.exclusions_known:
        return INCONCLUSIVE
    coverage = m.udp_coverage if pool.protocol == UDP else m.coverage
    return POSSIBLE if coverage.uncovered or coverage.traced_unseen else RULED_OUT


def _leak(m: Measurements, shortage: Shortage) -> Said | None:
    """What leaks, in words, where a leak holds at least half of what is held."""
    leaking = {group: shortage.held_by(group) for group in _LEAKS if shortage.held_by(group)}
    if sum(leaking.values()) * 2 >= shortage.held > 0:
        parts = tuple(
            Said("{ports:count} in FIN_WAIT and LAST_ACK", {"ports": ports})
            if group == FIN_WAIT
            else Said("{ports:count} in {group}", {"ports": ports, "group": group})
            for group, ports in leaking.items()
        )
        return Said("ports {parts}", {"parts": parts})
    for group in (ORPHANED, OF_KERNEL, ESTABLISHED, UDP):
        pile = m.piles[group]
        # A full range cannot grow: that a pile stays in it does not say that it would not.
        steady = pile.born is not None and pile.born < UNLIKELY and shortage.free > 0
        leaks = group in {ORPHANED, OF_KERNEL} or pile.only_grows or (pile.persists and not steady)
        if leaks and pile.protocol == shortage.pool.protocol and pile.ports * 2 >= shortage.held > 0:
            return Said("{ports:count} ports that are taken and not given back", {"ports": pile.ports})
    return None


def _wrap_open(m: Measurements, shortage: Shortage) -> bool:
    return shortage.fills(TIME_WAIT) and not wrap_excluded(m)


def _params(shortage: Shortage) -> dict[str, object]:
    pool = shortage.pool
    largest = max(pool.exclusions, key=lambda one: one[1] - one[0], default=(0, 0, None))
    return {
        **shortage_params(shortage),
        "default": DEFAULT[1],
        "pool": Said("{protocol} over IPv{family}", {"protocol": pool.protocol, "family": pool.family}),
        "start": pool.start,
        "end": pool.end,
        "size": pool.count,
        "excluded": pool.excluded,
        "first": largest[0],
        "last": largest[1],
        "would": shortage.held / DEFAULT[1],
        "more": max(0, WIDEST_COUNT - pool.count),
        "then": shortage.held / WIDEST_COUNT,
    }


def _points(m: Measurements, shortage: Shortage, params: dict[str, object]) -> list[Point]:
    pool = shortage.pool
    points: list[Point] = []
    own = (pool.source,) if pool.source else shortage.sources
    small = pool.usable <= LARGEST_SMALL
    if pool.basis != "assumed":
        points.append(weigh(WEIGHTS, "small" if small else "default", params, own))
    if pool.excluded:
        points.append(weigh(WEIGHTS, "excluded", params, tuple(source for _, _, source in pool.exclusions[:3])))
    if not m.tables:
        return points
    if not pool.usable:
        return [*points, weigh(WEIGHTS, "no-port", params, own)]
    if small:
        points.append(shortage_point(WEIGHTS, shortage))
    assumed = pool.basis == "assumed" and shortage.full and shortage.held >= MODEST
    if assumed and not small:  # whatever the range is, so many ports are no ordinary load
        points.append(weigh(WEIGHTS, "heavy", params, shortage.sources))
    if small and shortage.full:
        points.append(weigh(WEIGHTS, "modest" if shortage.held < MODEST else "heavy", params, shortage.sources))
        points.extend(_load_points(m, shortage))
    ran_out = [one for one in (*m.coverage.covered, *m.coverage.uncovered) if one.event.id == 4231]  # noqa: PLR2004
    if ran_out and small and pool.protocol != UDP:
        said = {"id": 4231, "count": len(ran_out), "first_at": ran_out[0].at}
        points.append(weigh(WEIGHTS, "ran-out", said, (ran_out[0].source(),)))
    return points


def _load_points(m: Measurements, shortage: Shortage) -> list[Point]:
    leak = _leak(m, shortage)
    if leak:
        return [weigh(WEIGHTS, "leak", {"what": leak}, shortage.sources)]
    if _wrap_open(m, shortage):
        return [weigh(WEIGHTS, "wrap-open", {}, shortage.sources)]
    held = sorted(shortage.by_group.items(), key=lambda item: (-item[1], item[0]))
    said = tuple(Said("{ports:count} {group}", {"ports": number, "group": group}) for group, number in held[:3])
    return [weigh(WEIGHTS, "ordinary", {"what": said}, shortage.sources)]


def _missing(m: Measurements, shortage: Shortage) -> tuple[Missing, ...]:
    pool = shortage.pool
    missing = []
    if not m.full_table or not shortage.full:
        missing.append(Missing(Statement("missing-table"), commands.NETSTAT))
    if pool.basis == "assumed":
        missing.append(Missing(Statement("missing-range"), commands.dynamic_range(pool.protocol, pool.family)))
    if not pool.exclusions_known:
        missing.append(Missing(Statement("missing-exclusions"), commands.EXCLUDED_RANGES))
    if _wrap_open(m, shortage):
        missing.append(Missing(Statement("missing-fix"), f"{commands.EXPORT_LOG} & {commands.TCPIP_VERSION}"))
    return tuple(missing)


def _remedies(m: Measurements, shortage: Shortage) -> tuple[Remedy, ...]:
    pool, params = shortage.pool, _params(shortage)
    remedies = []
    if pool.count < WIDEST_COUNT:
        remedies.append(
            Remedy(
                "now",
                Statement("do-widen"),
                commands.widen(pool.family, pool.protocol, WIDEST_START, WIDEST_COUNT),
                Statement("do-widen-effect", params),
                Statement("do-widen-caution"),
                Statement("do-widen-cost"),
            )
        )
    if pool.excluded * 2 >= pool.count:
        remedies.append(
            Remedy(
                "next",
                Statement("do-exclusions"),
                "net stop winnat & netsh int ipv4 show excludedportrange protocol=tcp & net start winnat",
                Statement("do-exclusions-effect", params),
                None,
                Statement("do-exclusions-cost"),
            )
        )
    if m.max_user_port:
        remedies.append(
            Remedy(
                "for-good",
                Statement("do-max-user-port"),
                "reg delete HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters /v MaxUserPort",
                Statement("do-max-user-port-effect"),
                None,
                Statement("do-max-user-port-cost"),
            )
        )
    return tuple(remedies)
