"""The 32-bit TIME_WAIT clock wrapped after 497.1 days up: TIME_WAIT ports are never released (KB2553549).

Signature: uptime past 2^32 ticks of 10 ms on Windows 6.0 or 6.1 without the fix, TIME_WAIT rows that outlive the
delay, far more of them than the connection rate explains. domain.md §1, §2 (C1), §7; the ladder is contracts.md's.

`confirmed` only where nothing is assumed: uptime past the wrap, an affected system, and either (a) most TIME_WAIT rows
seen to outlive max(registry delay, 240 s) in excess of what could have been opened anew, or (b) a loaded tcpip.sys
known to be unfixed with R = N/(λ·D) ≥ 10 at the upper bound of λ, N and λ paired.
"""

from forensics.judgement import (
    CONFIRMED,
    DECISIVE,
    INCONCLUSIVE,
    LIKELY,
    NOW,
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
from forensics.knowledge.dynamic_ports import WIDEST_COUNT, WIDEST_START
from forensics.knowledge.tick import TICK_WRAP
from forensics.knowledge.time_wait import DISPUTED_DELAY
from forensics.measure.measurements import BootCase, Measurements
from forensics.measure.snapshots import table_source
from forensics.measure.time_wait import TimeWait
from forensics.measure.uptime import AGREE
from forensics.rules.fullness import ids_of
from forensics.rules.traced import log_points, oldest_process, rate_points
from forensics.text.said import Said

ID = "tick-wrap-497d"
TITLE = "TIME_WAIT ports are never released after 497 days of uptime (KB2553549)"
PRECEDENCE = 10
REFERENCES = (
    "Microsoft KB2553549: All the TCP/IP ports that are in a TIME_WAIT status are not closed after 497 days",
    "Microsoft Japan support blog jpntsblog/497-2 (tcpip.sys is the deciding file)",
    "vwnet.jp/Windows/WS08R2/497daysissu.htm (fixed versions by branch)",
    "Alibaba Cloud, Windows Networking Troubleshooting 3 (mechanism; founding case)",
)
PLAIN = (
    "Windows keeps the port of an ended connection, one of a limited set of numbers, for two more minutes. "
    "This version has a known defect: after 497 days without a restart it no longer gives these ports back, so that they run out and programs cannot open connections."
)
ABOUT = (
    "Windows Vista, 7, Server 2008 and 2008 R2 compute when TIME_WAIT ends in a 32-bit count of 10 ms ticks since boot. After 497.1 days "
    "that count wraps, and without the fix no TIME_WAIT port is released any more, until the machine is restarted."
)
SHOWS = (
    "Thousands of TIME_WAIT rows, the same ones in every table, on a machine that opens few connections and has been up for more than 497.1 "
    "days; event 4227 since then. A shorter TcpTimedWaitDelay does not help."
)
PROVES = (
    "Uptime past 497.1 days in the boot judged, Windows Vista, 7, Server 2008 or 2008 R2, and either most TIME_WAIT "
    "rows of one netstat still there in another taken more than max(registry TcpTimedWaitDelay, 240 s) later, beyond "
    "what Active Opens says can have been opened anew; or a loaded tcpip.sys older than the fix together with ten "
    "times more TIME_WAIT than the connection rate explains."
)
RULES_OUT = (
    "Uptime short of the wrap, a system other than Windows 6.0 and 6.1, a fixed tcpip.sys that was there before the "
    "boot, or TIME_WAIT rows that expire."
)
CURES = (
    "Install KB2553549 or any later update of tcpip.sys, then restart once, which loads it and gives the ports back."
)

_POSSIBLE_SHARE = 0.25  # contracts.md, the ladder: a quarter of the usable ports
_LIKELY_SHARE = 0.5  # contracts.md, the ladder: half of them
_LONG_WAIT = 1800  # seconds: long enough for new rows to show that time went by
_RATIO = 10  # contracts.md and the issue: R ≥ 10
_MOST = 0.5  # the rule and not an exception: a restarted 2MSL timer can keep a single row (RFC 793, page 73)

WEIGHTS = {
    "past-wrap": Weight(STRONG, "uptime", "KB2553549: 2^32 ticks of 10 ms"),
    "past-wrap-previous": Weight(STRONG, "uptime", "KB2553549: 2^32 ticks of 10 ms"),
    "short-of-wrap": Weight(-DECISIVE, "uptime", "KB2553549: the count has not wrapped"),
    "short-of-wrap-previous": Weight(-DECISIVE, "uptime", "KB2553549: the count had not wrapped"),
    "straddles-wrap": Weight(WEAK, "uptime", "KB2553549; the uptime is not known well enough"),
    "affected-system": Weight(WEAK, "system", "KB2553549 applies to Windows 6.0 and 6.1"),
    "not-affected": Weight(-DECISIVE, "system", "KB2553549 applies to Windows 6.0 and 6.1 only"),
    "unfixed": Weight(STRONG, "fix", "vwnet.jp, 497daysissu: the fixed versions by branch"),
    "fixed": Weight(-DECISIVE, "fix", "Microsoft Japan support, jpntsblog/497-2: a later tcpip.sys of the same branch contains the fix"),
    "installed-not-loaded": Weight(WEAK, "fix", "what is on disk is loaded by the next boot only"),
    "fix-unknown": Weight(WEAK, "fix", "an affected system; nothing says that the fix is loaded"),
    "survivors": Weight(DECISIVE, "rows that outlive", "survivors - max(reopened) > half of the rows, apart > max delay", computed=True),
    "only-grows": Weight(DECISIVE, "rows that outlive", "(N/C)^N < e^-20: random ports cannot have hit just the same ones", computed=True),
    "untimed": Weight(STRONG, "rows that outlive", "the same, but the time between the tables is not proven"),
    "filtered": Weight(STRONG, "rows that outlive", "the same, but a listener's rows may be among them"),
    "expired": Weight(-DECISIVE, "rows that outlive", "rows that are released are released"),
    "share": Weight(STRONG, "how many", "this project's ladder: half of the usable ports strong, a quarter weak", computed=True),
    "ratio-high": Weight(STRONG, "rate", "R = N / (rate x delay) of 10 or more at the upper bounds", computed=True),
    "ratio-none": Weight(STRONG, "rate", "the same bound; nothing was opened", computed=True),
    "ratio-low": Weight(-STRONG, "rate", "R of 1 or less at the upper bounds: ordinary expiry explains the rows"),
    "trace-too-few": Weight(STRONG, "rate", "R of 10 or more at the upper bounds, the rate that of a network trace"),
    "trace-explains": Weight(-STRONG, "rate", "R of 1 or less: the connections of a network trace explain the rows"),
    "app-slow": Weight(WEAK, "application log", "the application's own word on how often it connects"),
    "app-age": Weight(WEAK, "uptime", "no process outlives a restart; a counter of the application's own log"),
    "events-after-wrap": Weight(WEAK, "events", "text of 4227: a hint only; it came after the wrap"),
    "events-before-wrap": Weight(-WEAK, "events", "the trouble was there before the wrap"),
    "full-at": Weight(WEAK, "how many", "N = rate x time since the wrap"),
    "seen-against-version": Weight(-WEAK, "fix", "rows that outlive their delay outrank a version on disk"),
    "uptime-conflict": Weight(-WEAK, "uptime", "two witnesses of one boot cannot both be right"),
    "hosts-differ": Weight(-WEAK, "system", "files of two computers need not belong together"),
}  # fmt: skip
TEXTS = {
    "headline-confirmed": (
        "TIME_WAIT ports are no longer released: the machine has been up {uptime:days}, past the 497.1 days after "
        "which an unpatched {system} never frees them (KB2553549)."
    ),
    "headline-confirmed-waiting": (
        "TIME_WAIT ports are no longer released: the machine has been up {uptime:days}, past the 497.1 days of KB2553549, and the fix that was installed "
        "on {installed:utc} waits for a restart."
    ),
    "headline-likely": (
        "TIME_WAIT ports are probably no longer released: the machine has been up {uptime:days}, past the 497.1 days "
        "of KB2553549."
    ),
    "headline-likely-disputed": (
        "TIME_WAIT ports are probably no longer released (KB2553549), though the witnesses of the uptime disagree."
    ),
    "headline-likely-previous": (
        "Before the last restart TIME_WAIT ports were probably no longer released: that run lasted {uptime:days}, past the "
        "497.1 days of KB2553549."
    ),
    "headline-possible": (
        "The machine has been up {uptime:days}, past the 497.1 days of KB2553549; TIME_WAIT ports may no longer be released."
    ),
    "headline-inconclusive": "Whether the 497-day defect (KB2553549) is at work cannot be told from this bundle.",
    "headline-ruled-out": "The 497-day defect (KB2553549) is not the cause.",
    "past-wrap": (
        "The machine had been up {uptime:seconds} ({uptime:days}) at collection; the TIME_WAIT clock wraps at "
        "{wrap:seconds} (497.1 days), that is {past:duration} earlier, on {wrap_at:utc}."
    ),
    "past-wrap-previous": (
        "The run that ended {ended_at:utc} had lasted {uptime:seconds} ({uptime:days}); its TIME_WAIT clock wrapped on {wrap_at:utc}."
    ),
    "short-of-wrap": (
        "The machine had been up {uptime:days}; the TIME_WAIT clock wraps at 497.1 days, not before {wrap_at:utc}."
    ),
    "short-of-wrap-previous": "The run that ended {ended_at:utc} had lasted {uptime:days}, short of the 497.1 days.",
    "straddles-wrap": (
        "The uptime is known only to lie between {low:days} and {high:days}: the wrap at 497.1 days falls inside."
    ),
    "affected-system": "{system} has the defect unless it is fixed.",
    "not-affected": "This system cannot have the defect: {why}.",
    "unfixed": "The fix is not there: {why}.",
    "fixed": "The fix is in force: {why}.",
    "installed-not-loaded": "The fix is not known to be in force: {why}.",
    "fix-unknown": "The fix is not known to be in force: {why}.",
    "survivors": (
        "Of {before:count} TIME_WAIT rows on dynamic ports, {survived:count} were still there {seconds:seconds} later, though none lives longer than "
        "{delay:seconds} and at most {reopened:count} can have been opened anew in between: {excess:count} were never released."
    ),
    "only-grows": (
        "All {before:count} TIME_WAIT rows were still there {seconds:seconds} later, though none lives longer than {delay:seconds}: none was ever released, "
        "and new connections on random ports cannot have hit just the same ones."
    ),
    "untimed": (
        "{survived:count} of {before:count} TIME_WAIT rows stand in a table that was saved {seconds:seconds} later, by the files' dates; a file's date does not "
        "prove when its command ran, and too few rows are new to bear it out."
    ),
    "filtered": (
        "{survived:count} of {before:count} TIME_WAIT rows were still there {seconds:seconds} later; the tables were filtered, so the rows may belong to a "
        "listener that they do not show."
    ),
    "hosts-differ": (
        "Conflict: the files name different computers ({hosts}), so the uptime and the tables may not belong together; the finding is held at likely."
    ),
    "expired": (
        "TIME_WAIT rows do expire: of {before:count} rows {expired:count} were released within {seconds:seconds}."
    ),
    "share": ("TIME_WAIT holds {ports:count} of {usable:count} usable dynamic ports ({share:percent})."),
    "ratio-high": (
        "Ordinary expiry would need {needed:rate} to keep {ports:count} ports in TIME_WAIT; the machine opened {seen:rate}. "
        "That is R = {ratio:ratio} times too few to explain them (at least {bound:ratio} at the upper bounds)."
    ),
    "ratio-none": (
        "Ordinary expiry would need {needed:rate} to keep {ports:count} ports in TIME_WAIT; the machine opened none in "
        "{seconds:seconds}. That is at least {bound:ratio} times too few to explain them."
    ),
    "ratio-low": (
        "Ordinary expiry explains the TIME_WAIT ports: {ports:count} need {needed:rate}, and the machine opened {seen:rate} "
        "(R = {ratio:ratio})."
    ),
    "trace-too-few": (
        "In a network trace of {seconds:seconds}, {births:count} connections entered TIME_WAIT ({rate:rate}); ordinary expiry would need "
        "{needed:rate} to keep {ports:count} ports there, at least {bound:ratio} times as many. Busiest: {owner}."
    ),
    "trace-explains": (
        "A network trace of {seconds:seconds} explains the TIME_WAIT ports: {births:count} connections entered TIME_WAIT, {rate:rate}; "
        "{ports:count} ports need {needed:rate}. Busiest: {owner}."
    ),
    "app-slow": (
        "By its own log {file}, an application does what it logs most{remote} at {rate:rate} ({repeats:count} lines): {ports:count} ports in "
        "TIME_WAIT would need {needed:rate}, {times:ratio} times as many."
    ),
    "app-age": (
        "By a counter in the log {file}, a process had been running for {age:days} on {at:utc}; no process outlives a restart, so the "
        "machine had been up as long at least."
    ),
    "events-after-wrap": ("Event {ids} was logged {count:times} after the wrap, first on {first:utc}."),
    "events-before-wrap": "Event {ids} was logged {count:times} before the wrap already, first on {first:utc}.",
    "full-at": (
        "Since the wrap {rate:rate} explains all {ports:count} TIME_WAIT ports; at that rate the range of {usable:count} ports "
        "{tense} full on {full_at:utc}, and {wider:count} more ports would last {lasting:duration}."
    ),
    "seen-against-version": (
        "Conflict: rows were seen to outlive the delay, though versions say that the fix is loaded. What was seen outranks what is "
        "listed; the finding is held at likely."
    ),
    "uptime-conflict": "Witnesses of the uptime disagree; the finding is held at likely.",
    "missing-uptime": "The uptime: the System event log holds it (event 6013).",
    "missing-uptime-exact": "The uptime to the second at a known moment.",
    "missing-system": "Which Windows this is.",
    "missing-fix": "Which tcpip.sys the running system loaded: its version and when the file was created.",
    "missing-tables": (
        "Two netstat tables more than {delay:seconds} apart, each with netstat -s beside it: they show whether TIME_WAIT rows expire."
    ),
    "missing-time": (
        "The time between two netstat tables: they are dated by their files alone. Let half an hour pass between them, and do not open or copy them through an editor."
    ),
    "missing-registry": "TcpTimedWaitDelay, to know how long TIME_WAIT may last here.",
    "missing-range": "The dynamic port range: it decides which rows in TIME_WAIT use it up.",
    "missing-later": "The same again in a day: ports that are not released only become more.",
    "missing-previous": (
        "netstat of the time of the trouble is gone with the restart; should it come back, collect before restarting."
    ),
    "forecast": "At {rate:growth} since the wrap the {free:count} ports that are left last {left:duration}, until {full_at:utc}.",
    "forecast-full": "The range is full; at {rate:growth} since the wrap, every port that comes free is soon lost too.",
    "do-widen-cost": "No restart, no interruption. It buys time and cures nothing.",
    "do-restart-cost": "One restart.",
    "do-fix-cost": "One restart, planned.",
    "do-restart": "Then restart once, in a planned window, which loads the fix and gives the ports back; fail over cluster roles and domain controllers first.",
    "do-restart-waiting": "Restart in a planned window, which also loads the fix that is installed already; fail over cluster roles and domain controllers first.",
    "do-restart-effect": "Releases all ports and restarts the 497-day clock.",
    "do-restart-caution": "Gives an hour's notice (shutdown /a takes it back), then closes services and applications.",
    "do-widen": "Widen the dynamic range: connections work again at once, without a restart.",
    "do-widen-effect": "Adds {wider:count} ports at once; at the present rate they last {lasting:duration}.",
    "do-widen-effect-unknown": "Adds {wider:count} ports at once.",
    "do-widen-caution": "Check that no service listens in the new range and that firewalls let it through. It is no cure.",
    "do-fix": "Install KB2553549 or any later update of tcpip.sys; it is at work after the restart that follows.",
    "do-fix-before": "Install KB2553549 or any later update of tcpip.sys, and restart once in a planned window: until then it is not at work, and the defect returns after 497.1 days.",
    "do-fix-effect-plain": "The defect does not come back: tcpip.sys reaches the first fixed version of its branch.",
    "do-fix-caution": (
        "On Vista and Server 2008 with Symantec Endpoint Protection or Forefront TMG see KB2752589 first."
    ),
}


def judge(measurements: Measurements) -> Judgement:
    """Judge the running boot and every earlier one in the log; the strongest answer stands."""
    return strongest([_judge(case, measurements) for case in measurements.cases])


def _judge(case: BootCase, m: Measurements) -> Judgement:
    seen = _Seen(case, m)
    status = _status(case, m, seen)
    points = (
        *_uptime_points(case, m),
        *_age_points(case, m),
        *_fix_points(case, m),
        *(_traffic_points(case, m, seen) if seen.relevant else ()),
        *_event_points(case),
    )
    if status == LIKELY and case.fix.state == "fixed":
        points = (*points, weigh(WEIGHTS, "seen-against-version"))
    if case.applies_to == NOW and case.uptime and m.uptime.disputed and not case.short_of_wrap:
        points = (*points, weigh(WEIGHTS, "uptime-conflict"))
    if not m.system.one_machine and case.fix.state != "not-affected":
        points = (
            *points,
            weigh(WEIGHTS, "hosts-differ", {"hosts": m.system.hosts}, m.system.source),
        )
    missing = _missing(case, m) if status in {LIKELY, POSSIBLE, INCONCLUSIVE} else ()
    remedies = _remedies(case, m) if status in {CONFIRMED, LIKELY} else ()
    earlier = case.boot.start if case.boot and case.applies_to != NOW else None
    headline = _headline(status, case, m)
    ahead = _forecast(case, m) if status in {CONFIRMED, LIKELY} else None
    return Judgement(
        ID, status, headline, points, missing, remedies, case.applies_to, boot_start=earlier, forecast=ahead
    )


def _forecast(case: BootCase, m: Measurements) -> Statement | None:
    """When the range is full at the rate since the wrap; of an earlier run nothing is to come."""
    if case.applies_to != NOW or m.forecast is None or m.collection.moment is None:
        return None
    rate, free = m.forecast.explaining_rate, m.shortage.free
    if m.forecast.full_at <= m.collection.moment.at or not free:
        return Statement("forecast-full", {"rate": rate})
    return Statement("forecast", {"rate": rate, "free": free, "left": free / rate, "full_at": m.forecast.full_at})


class _Seen:
    """What the connection tables show; of the running boot alone, for they were taken in it."""

    def __init__(self, case: BootCase, m: Measurements) -> None:
        wait = m.time_wait
        self.relevant = case.applies_to == NOW and wait.tables > 0
        self.share = m.time_wait_share if self.relevant else 0.0
        self.bound = wait.ratio_bound if self.relevant and wait.ports else None
        before = wait.compared.rows_before if wait.compared else 0
        excess = wait.excess is not None and wait.excess > before * _MOST
        # Without Active Opens a set of rows that only grows is the proof (traps.md).
        self.only_grows = self.relevant and wait.observed is None and wait.only_grows
        # By files' dates alone the rows did not outlive anything yet; they support, and prove nothing.
        # Nor do those of a filtered table, which may hide the listener that they belong to.
        kept = self.relevant and (excess or self.only_grows)
        self.untimed = kept and not (wait.timed and m.full_table)
        self.outlived = kept and wait.timed and m.full_table
        self.expired = self.relevant and bool(wait.expired) and (wait.expired or 0) > before * _MOST
        # A pile that appeared between the tables may be a burst of closes: R proves only what stood all the time.
        persisted = wait.compared is not None and wait.compared.rows_before * 2 >= wait.compared.rows_after
        high = wait.ratio_at_least is not None and wait.ratio_at_least >= _RATIO
        self.paired = self.relevant and high and persisted and wait.timed and m.full_table and not self.expired


def _status(case: BootCase, m: Measurements, seen: _Seen) -> str:
    """The ladder of contracts.md. Files of two computers rule nothing out by the uptime of one of them."""
    if case.fix.state == "not-affected":
        return RULED_OUT
    if case.short_of_wrap:
        return RULED_OUT if m.system.one_machine else INCONCLUSIVE
    if case.fix.state == "fixed":
        return LIKELY if seen.outlived and case.past_wrap else RULED_OUT
    if case.uptime is None or m.system.version is None:
        return INCONCLUSIVE
    if not case.past_wrap:
        return LIKELY if m.uptime.disagreements and (seen.outlived or seen.paired) else INCONCLUSIVE
    if seen.expired and m.system.one_machine and _wrapped_before_tables(case, m):
        return RULED_OUT
    if seen.outlived or (seen.paired and case.fix.state == "unfixed"):
        return CONFIRMED if m.uptime_is_sure else LIKELY
    if (
        seen.share >= _LIKELY_SHARE
        or case.after_wrap
        or seen.untimed
        or (seen.bound is not None and seen.bound >= _RATIO)
    ):
        return LIKELY
    return POSSIBLE if seen.share >= _POSSIBLE_SHARE else INCONCLUSIVE


def _wrapped_before_tables(case: BootCase, m: Measurements) -> bool:
    """Whether every row of the first table was made after the wrap: older ones expire as they should."""
    compared = m.time_wait.compared
    if compared is None or compared.seconds is None or case.uptime is None:
        return False
    return case.uptime.low - compared.seconds - m.time_wait.delay.at_most >= TICK_WRAP


def _headline(status: str, case: BootCase, m: Measurements) -> Statement:
    params = {"uptime": case.seconds or 0.0, "system": m.system.name or Said("this Windows")}
    if status == LIKELY and case.applies_to != NOW:
        return Statement("headline-likely-previous", params)
    if status == LIKELY and case.applies_to == NOW and not case.past_wrap:
        return Statement("headline-likely-disputed")
    if status == CONFIRMED and case.fix.state == "installed-not-loaded" and case.fix.installed_at:
        return Statement("headline-confirmed-waiting", {**params, "installed": case.fix.installed_at})
    return Statement(f"headline-{status.replace('_', '-')}", params)


def _uptime_points(case: BootCase, m: Measurements) -> list[Point]:
    if case.uptime is None or case.boot is None or case.seconds is None:
        return []
    suffix = "" if case.applies_to == NOW else "-previous"
    sources = (case.boot.source, *((case.boot.end_source,) if case.boot.end_source else ()))
    params = {
        "uptime": case.seconds,
        "wrap": TICK_WRAP,
        "wrap_at": case.boot.wrap_at,
        "past": case.seconds - TICK_WRAP,
        "ended_at": case.boot.ended_at,
    }
    if case.past_wrap:
        return [weigh(WEIGHTS, f"past-wrap{suffix}", params, sources)]
    if case.short_of_wrap:
        return [weigh(WEIGHTS, f"short-of-wrap{suffix}", params, sources)]
    span = {"low": case.uptime.low, "high": case.uptime.high}
    return [weigh(WEIGHTS, "straddles-wrap", span, (m.uptime.source,) if m.uptime.source else sources)]


def _age_points(case: BootCase, m: Measurements) -> list[Point]:
    """What an application's log says of the uptime, where it does not contradict it."""
    use = oldest_process(m) if case.applies_to == NOW else None
    if use is None or use.up_at_least is None or use.started_no_later is None or case.short_of_wrap:
        return []
    if case.boot and use.started_no_later < case.boot.start - AGREE:
        return []  # measure/uptime.py tells of it
    params = {"file": use.file, "age": use.up_at_least, "at": use.at}
    return [weigh(WEIGHTS, "app-age", params, use.sources)]


def _fix_points(case: BootCase, m: Measurements) -> list[Point]:
    fix = case.fix
    why = {"why": fix.statement}
    if fix.state in {"not-affected", "fixed"}:
        return [weigh(WEIGHTS, fix.state, why, fix.sources)]
    points = []
    if m.system.version is not None:
        points.append(weigh(WEIGHTS, "affected-system", {"system": m.system.name}, m.system.source))
    if fix.sources:
        points.append(weigh(WEIGHTS, {"unknown": "fix-unknown"}.get(fix.state, fix.state), why, fix.sources))
    return points


def _traffic_points(case: BootCase, m: Measurements, seen: _Seen) -> list[Point]:
    wait = m.time_wait
    latest = (table_source(m.tables[-1]),)
    pool = m.fullest_tcp
    points = []
    if seen.share >= _POSSIBLE_SHARE:
        fullest = m.time_wait_pool
        params: dict[str, object] = {
            "ports": wait.held(fullest.family),
            "usable": fullest.usable,
            "share": m.time_wait_share,
        }
        grade = STRONG if seen.share >= _LIKELY_SHARE else WEAK
        where = (*latest, *((pool.source,) if pool.source else ()))
        points.append(weigh(WEIGHTS, "share", params, where, grade))
    points.extend(_ratio_points(wait, seen))
    if seen.share >= _POSSIBLE_SHARE:
        points.extend([*rate_points(WEIGHTS, m), *log_points(WEIGHTS, m)])
    compared = wait.compared
    if compared and compared.seconds:
        both = (table_source(compared.before), table_source(compared.after))
        opened = wait.observed.sources if wait.observed else ()
        params = {
            "before": compared.rows_before,
            "survived": wait.survivors,
            "expired": wait.expired,
            "seconds": compared.seconds,
            "delay": wait.delay.at_most,
            "reopened": wait.reopened_at_most,
            "excess": wait.excess,
        }
        if seen.untimed:
            message = "filtered" if wait.timed else "untimed"
            points.append(weigh(WEIGHTS, message, params, (*both, *opened)))
        if seen.outlived:
            message = "only-grows" if seen.only_grows else "survivors"
            points.append(weigh(WEIGHTS, message, params, (*both, *opened)))
        elif seen.expired:
            points.append(weigh(WEIGHTS, "expired", params, (*both, *opened)))
    if (
        case.past_wrap
        and case.fix.may_be_unfixed
        and m.forecast
        and seen.share >= _POSSIBLE_SHARE
        and m.collection.moment
    ):
        params = {
            "rate": m.forecast.explaining_rate,
            "ports": wait.ports,
            "usable": pool.usable,
            "full_at": m.forecast.full_at,
            "tense": Said("was") if m.forecast.full_at <= m.collection.moment.at else Said("will be"),
            "wider": WIDEST_COUNT - pool.count,
            "lasting": m.forecast.wider_range_seconds,
        }
        points.append(weigh(WEIGHTS, "full-at", params, latest))
    return points


def _ratio_points(wait: TimeWait, seen: _Seen) -> list[Point]:
    if wait.observed is None or seen.bound is None:
        return []
    params: dict[str, object] = {
        "needed": wait.needed_rate,
        "ports": wait.ports,
        "seen": wait.observed.per_second,
        "seconds": wait.observed.seconds,
        "ratio": wait.ratio,
        "bound": seen.bound,
    }
    if seen.bound >= _RATIO:
        message = "ratio-high" if wait.ratio is not None else "ratio-none"
        return [weigh(WEIGHTS, message, params, wait.observed.sources)]
    if wait.ports <= wait.observed.most / wait.observed.seconds * wait.delay.at_most and wait.ratio is not None:
        return [weigh(WEIGHTS, "ratio-low", params, wait.observed.sources)]
    return []


def _event_points(case: BootCase) -> list[Point]:
    points = []
    after = case.after_wrap
    before = case.port_events[: len(case.port_events) - len(after)]
    for events, message in ((after, "events-after-wrap"), (before, "events-before-wrap")):
        if events and case.past_wrap:
            ids = ids_of(events)
            params = {"ids": ids, "count": len(events), "first": events[0].at}
            points.append(weigh(WEIGHTS, message, params, (events[0].source(), events[-1].source())))
    return points


def _missing(case: BootCase, m: Measurements) -> tuple[Missing, ...]:
    missing = []
    if case.uptime is None:
        missing.append(Missing(Statement("missing-uptime"), commands.EXPORT_LOG))
    elif case.uptime.straddles(TICK_WRAP):
        both = f"{commands.EXPORT_LOG} & {commands.SYSTEMINFO}"
        missing.append(Missing(Statement("missing-uptime-exact"), both))
    if m.system.version is None:
        missing.append(Missing(Statement("missing-system"), commands.SYSTEMINFO))
    if case.fix.state in {"unknown", "installed-not-loaded"}:
        missing.append(Missing(Statement("missing-fix"), commands.TCPIP_VERSION))
    if case.applies_to != NOW:
        missing.append(Missing(Statement("missing-previous"), commands.netstat_twice(m.time_wait.delay.at_most)))
        return tuple(missing)
    delay = m.time_wait.delay
    if m.time_wait.compared and m.time_wait.outlived and not m.time_wait.timed:
        longer = commands.netstat_twice(_LONG_WAIT)
        missing.append(Missing(Statement("missing-time", {"wait": _LONG_WAIT}), longer))
    elif m.time_wait.excess is None and not m.time_wait.only_grows:
        twice = commands.netstat_twice(delay.at_most)
        missing.append(Missing(Statement("missing-tables", {"delay": delay.at_most}), twice))
    if delay.source is None and delay.at_most > DISPUTED_DELAY:
        missing.append(Missing(Statement("missing-registry"), commands.TCPIP_PARAMETERS))
    if m.time_wait_pool.basis == "assumed":
        missing.append(Missing(Statement("missing-range"), commands.DYNAMIC_RANGE))
    later = Missing(Statement("missing-later"), commands.netstat_twice(delay.at_most))
    return tuple(missing) or (later,)


def _remedies(case: BootCase, m: Measurements) -> tuple[Remedy, ...]:
    """Ports at once, then one restart with the fix in place."""
    state = m.now.fix.state  # whatever the run judged had loaded, the cure is for the machine as it is now
    waits = state == "installed-not-loaded"
    caution = Statement("do-fix-caution") if m.system.version == (6, 0) else None
    fix = Remedy(
        "next" if case.applies_to == NOW else "for-good",
        Statement("do-fix" if case.applies_to == NOW else "do-fix-before"),
        commands.INSTALL,
        Statement("do-fix-effect-plain"),
        caution,
        Statement("do-fix-cost"),
    )
    if case.applies_to != NOW:
        return () if waits or state == "fixed" else (fix,)
    restart = Remedy(
        "next" if waits else "for-good",
        Statement("do-restart-waiting" if waits else "do-restart"),
        commands.RESTART,
        Statement("do-restart-effect"),
        Statement("do-restart-caution"),
        Statement("do-restart-cost"),
    )
    after = (restart,) if waits else (fix, restart)
    pool = m.fullest_tcp
    wider = WIDEST_COUNT - pool.count
    if wider <= 0:
        return after
    effect = Statement("do-widen-effect-unknown", {"wider": wider})
    if m.forecast and m.time_wait_share >= _POSSIBLE_SHARE:
        effect = Statement("do-widen-effect", {"wider": wider, "lasting": m.forecast.wider_range_seconds})
    widen = Remedy(
        "now",
        Statement("do-widen"),
        commands.widen(pool.family, "tcp", WIDEST_START, WIDEST_COUNT),
        effect,
        Statement("do-widen-caution"),
        Statement("do-widen-cost"),
    )
    return (widen, *after)
