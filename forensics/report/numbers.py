"""The section "The numbers": uptime, ports, states, TIME_WAIT arithmetic, the fix, the log.

The arithmetic is written out with its figures filled in, so that a sceptic can redo it.
"""

from collections.abc import Mapping, Sequence

import msgspec

from forensics.knowledge.event_ids import KNOWN_EVENTS
from forensics.knowledge.tick import TICK_WRAP
from forensics.report import words
from forensics.report.findings import (
    BootEntry,
    ConnectionsEntry,
    EventLogEntry,
    FixEntry,
    MeasurementsEntry,
    PoolEntry,
    TimeWaitEntry,
    UptimeEntry,
)
from forensics.report.tables import (
    NAME_LENGTH,
    PATH_LENGTH,
    QUOTE_LENGTH,
    Quoted,
    Table,
    and_more,
    clip,
    moment,
    quoted,
    table,
)

_MOST_BOOTS = 6
_MOST_TABLES = 8
_MOST_STATES = 20
_MOST_EVENT_IDS = 20


class Step(msgspec.Struct, frozen=True):
    """A line of arithmetic: the symbol with its formula, what it means, and the figures."""

    symbol: str
    meaning: str
    figures: str


class Numbers(msgspec.Struct, frozen=True):
    """The section "The numbers"; a part with nothing to say is empty."""

    uptime: list[str]
    uptime_sources: list[Quoted]
    boots: Table
    pools: Table
    states: Table
    tables: Table
    arithmetic: list[Step]
    turnover: Table
    fix: list[str]
    fix_sources: list[Quoted]
    log: list[str]
    log_events: Table


def numbers_of(measured: MeasurementsEntry) -> Numbers:
    """Write out every figure that the verdict rests on."""
    wait = measured.time_wait
    return Numbers(
        uptime=_uptime(measured.uptime, measured.fix),
        uptime_sources=[quoted(measured.uptime.source)] if measured.uptime.source else [],
        boots=_boots(measured.uptime.boots),
        pools=_pools(measured.ports),
        states=_states(measured.connections),
        tables=_tables(measured.connections),
        arithmetic=_arithmetic(wait, measured.fix) if measured.connections.snapshots else [],
        turnover=_turnover(measured.connections),
        fix=_fix(measured.fix),
        fix_sources=[quoted(one) for one in measured.fix.sources],
        log=_log(measured.event_log),
        log_events=_log_events(measured.event_log),
    )


_UPTIME_METHODS = {
    "6013": "event 6013, the uptime that Windows itself logs each noon",
    "boot-event": "the boot events of the System log",
    "6009": "event 6009, logged at boot",
    "kernel-general-12": "event 12 of Kernel-General, logged at boot",
    "manifest": "the collector's 64-bit uptime counter",
    "systeminfo": "the boot time that systeminfo prints",
    "unknown": "nothing in this bundle",
}


_WRAP = f"{words.seconds_text(TICK_WRAP)} (2³² ticks of 10 ms, {words.days(TICK_WRAP)})"


def _uptime(uptime: UptimeEntry, fix: FixEntry) -> list[str]:
    if uptime.seconds is None:
        return ["The uptime is not known: nothing in this bundle tells it."]
    at = f" at {moment(uptime.at)} UTC" if uptime.at else ""
    known = f"Up {words.seconds_text(uptime.seconds)} ({words.days(uptime.seconds)}){at}"
    lines = [f"{known}, by {_UPTIME_METHODS[uptime.method]}."]
    if uptime.low is not None and uptime.high is not None and uptime.low < uptime.high:
        lines.append(
            f"The true uptime lies between {words.seconds_text(uptime.low)} and {words.seconds_text(uptime.high)}."
        )
    if uptime.boot_time:
        lines.append(f"Booted {moment(uptime.boot_time)} UTC.")
    if uptime.wrap_at and fix.state != "not-affected":
        local = f", {uptime.wrap_at_local} by the machine's clock" if uptime.wrap_at_local else ""
        lines.append(f"The TIME_WAIT clock wraps {_WRAP} later: {moment(uptime.wrap_at)} UTC{local}.")
    agreeing = "; ".join(f"{one.kind} ({quoted(one.source).where})" for one in uptime.agreeing)
    lines.append(f"Another witness agrees: {agreeing}." if agreeing else "No second witness bears it out.")
    return lines + [f"Witnesses disagree: {one}" for one in uptime.disagreements]


_ENDS = {
    "shutdown": "shut down",
    "unexpected": "without a clean shutdown",
    "unknown": "not known how",
    "running": "still running",
}


def _boots(boots: Sequence[BootEntry]) -> Table:
    latest = boots[-_MOST_BOOTS:] if len(boots) > 1 else []
    rows = [
        [
            moment(one.start),
            moment(one.ended_at) if one.ended_at else "",
            _ENDS.get(one.end, one.end),
            words.days(one.uptime_seconds) if one.uptime_seconds is not None else "",
            moment(one.wrap_at),
        ]
        for one in reversed(latest)
    ]
    return table(
        "Runs of the system, latest first (UTC)",
        ("Booted", 22, "text"),
        ("Ended", 22, "text"),
        ("How", 20, "text"),
        ("Lasted", 14, "number"),
        ("Wraps after 497.1 days", 22, "text"),
        rows=rows,
        more=and_more(len(boots) - _MOST_BOOTS),
    )


def _pools(pools: Mapping[str, PoolEntry]) -> Table:
    rows = [
        [
            pool_name(key),
            f"{pool.start}–{pool.start + pool.count - 1}",
            words.count(pool.count),
            words.count(pool.usable),
            words.count(pool.in_use) if pool.in_use is not None else "unknown",
            f"{pool.utilisation * 100:.1f} %" if pool.utilisation is not None else "",
            _range_basis(pool),
        ]
        for key, pool in pools.items()
    ]
    return table(
        "Dynamic ports: distinct local ports inside the range with a row in any state",
        ("Pool", 14, "text"),
        ("Range", 13, "text"),
        ("Size", 9, "number"),
        ("Usable", 9, "number"),
        ("In use", 9, "number"),
        ("Share", 9, "number"),
        ("Range known from", 37, "text"),
        rows=rows,
    )


def _range_basis(pool: PoolEntry) -> str:
    if pool.basis == "assumed":
        return "assumed: the default"
    return f"{pool.basis}: {quoted(pool.source).where}" if pool.source else pool.basis


def pool_name(key: str) -> str:
    """Name a pool.

    >>> pool_name("tcp_ipv4")
    'TCP over IPv4'
    """
    protocol, _, family = key.partition("_")
    return f"{protocol.upper()} over {family.replace('ip', 'IP')}"


def _states(connections: ConnectionsEntry) -> Table:
    ordered = sorted(connections.by_state.items(), key=lambda item: (-item[1], item[0]))
    rows = [[clip(state, NAME_LENGTH), words.count(number)] for state, number in ordered[:_MOST_STATES]]
    more = and_more(len(ordered) - _MOST_STATES)
    return table(
        "TCP rows by state, IPv4 and IPv6, latest table",
        ("State", 70, "text"),
        ("Rows", 30, "number"),
        rows=rows,
        more=more,
    )


def _tables(connections: ConnectionsEntry) -> Table:
    latest = connections.snapshots[-_MOST_TABLES:]
    rows = [
        [
            moment(one.at),
            words.count(one.rows),
            words.count(one.by_state.get("TIME_WAIT", 0)),
            "whole" if one.complete else "filtered",
            f"{clip(one.file, PATH_LENGTH)}, line {one.line:,}",
        ]
        for one in latest
    ]
    return table(
        "netstat tables",
        ("UTC", 24, "text"),
        ("Rows", 12, "number"),
        ("TIME_WAIT", 14, "number"),
        ("Table", 12, "text"),
        ("Source", 38, "raw"),
        rows=rows,
        more=and_more(len(connections.snapshots) - _MOST_TABLES),
    )


def _arithmetic(wait: TimeWaitEntry, fix: FixEntry) -> list[Step]:
    count, delay = words.count(wait.dynamic_ports), wait.delay_seconds
    basis = "TcpTimedWaitDelay in the registry" if wait.delay_basis == "registry" else "the default"
    steps = [
        Step("N", "dynamic ports in TIME_WAIT, each counted once", count),
        Step("D", f"how long TIME_WAIT lasts: {basis}; at most {wait.delay_at_most} s may be in force", f"{delay} s"),
        Step(
            "N / D",
            "the rate at which connections must be opened and closed to keep N ports there",
            f"{count} / {delay} s = {_per_second(wait.needed_rate)}",
        ),
    ]
    if wait.observed_rate is None or wait.observed_seconds is None:
        steps.append(
            Step("λ", "the rate at which the machine opens connections", "not known: two netstat -s are needed")
        )
    else:
        opens = words.count(wait.opened or 0)
        seen = f"{opens} / {wait.observed_seconds:,.0f} s = {_per_second(wait.observed_rate)}"
        steps.append(
            Step("λ", f"the rate seen: growth of Active Opens (netstat -s); {words.rate(wait.observed_rate)}", seen)
        )
        if wait.ratio is not None:
            steps.append(
                Step(
                    "R = N / (λ·D)",
                    "how many times too few; about 1 where ordinary expiry explains the ports",
                    _ratio(count, wait.observed_rate, delay, wait.ratio),
                )
            )
        if wait.ratio_at_least is not None and wait.observed_rate_at_most is not None:
            figures = _ratio(count, wait.observed_rate_at_most, wait.delay_at_most, wait.ratio_at_least)
            steps.append(Step("R at least", "the same at the upper bounds of λ and D", figures))
    return steps + _survival(wait) + ([] if fix.state in {"fixed", "not-affected"} else _since_wrap(wait))


def _survival(wait: TimeWaitEntry) -> list[Step]:
    steps = []
    if wait.survivors is not None and wait.reopened_at_most is not None and wait.outlived is not None:
        figures = f"{words.count(wait.survivors)} − {words.count(wait.reopened_at_most)}"
        result = f" = {words.count(wait.outlived)}" if wait.outlived > 0 else ": none"
        steps.append(
            Step(
                "outlived",
                "rows still there after more than D, less what can have been opened anew in between",
                figures + result,
            )
        )
    return steps


def _since_wrap(wait: TimeWaitEntry) -> list[Step]:
    """What the defect alone would do; no matter where it cannot be at work."""
    steps = []
    if wait.explaining_rate is not None:
        steps.append(
            Step(
                "since the wrap",
                "the rate that explains N if no port was released since",
                _per_second(wait.explaining_rate),
            )
        )
    if wait.full_at is not None:
        steps.append(Step("full at", "when that rate fills the range (UTC)", moment(wait.full_at)))
    if wait.wider_range_lasts_seconds is not None:
        steps.append(
            Step(
                "wider range",
                "how long the ports that 10000–65534 adds would last at that rate",
                words.duration(wait.wider_range_lasts_seconds),
            )
        )
    return steps


def _ratio(count: str, rate: float, delay: int, ratio: float) -> str:
    return f"{count} / ({_digits(rate)}/s × {delay} s) = {words.ratio(ratio)}"


def _per_second(rate: float) -> str:
    return f"{_digits(rate)}/s"


def _digits(rate: float) -> str:
    """A rate with the digits that it takes to redo the division."""
    return f"{rate:,.1f}" if rate >= 100 else f"{rate:.4g}"  # noqa: PLR2004 - four digits either way


def _turnover(connections: ConnectionsEntry) -> Table:
    rows = [
        [
            clip(one.before, PATH_LENGTH),
            clip(one.after, PATH_LENGTH),
            words.seconds_text(one.seconds) if one.seconds is not None else "unknown",
            *(words.count(number) for number in (one.rows_before, one.rows_after, one.born, one.gone, one.survived)),
        ]
        for one in connections.turnover[-_MOST_TABLES:]
    ]
    return table(
        "TIME_WAIT rows on dynamic ports from table to table (file:line)",
        ("From", 19, "raw"),
        ("To", 19, "raw"),
        ("Apart", 10, "number"),
        ("Before", 10, "number"),
        ("After", 10, "number"),
        ("New", 10, "number"),
        ("Gone", 10, "number"),
        ("Still there", 12, "number"),
        rows=rows,
        more=and_more(len(connections.turnover) - _MOST_TABLES),
    )


_FIX_STATES = {
    "fixed": "The fix KB2553549 is in force",
    "unfixed": "The fix KB2553549 is not there",
    "unknown": "Whether the fix KB2553549 is in force is not known",
    "installed-not-loaded": "The fix KB2553549 is installed but not in force: it was not there when the machine booted",
    "not-affected": "The system does not have the defect of KB2553549",
}


def _fix(fix: FixEntry) -> list[str]:
    why = f": {clip(fix.statement, QUOTE_LENGTH)}." if fix.statement else "."
    lines = [_FIX_STATES[fix.state] + why]
    if fix.installed_at:
        lines.append(f"Installed {moment(fix.installed_at)} UTC.")
    if fix.pending_reboot:
        lines.append("A restart is pending.")
    return lines


def _log(log: EventLogEntry) -> list[str]:
    if not log.records:
        return []
    promised = f" of {log.records_promised:,} that its header promises" if log.records_promised is not None else ""
    lines = [f"{log.records:,} records{promised}, from {moment(log.first_at)} to {moment(log.last_at)} UTC."]
    return [*lines, "Parts of the log are damaged; what could be read was read."] if log.damaged else lines


def _log_events(log: EventLogEntry) -> Table:
    rows = [
        [number, words.count(count), _meaning(number)] for number, count in list(log.by_id.items())[:_MOST_EVENT_IDS]
    ]
    more = and_more(len(log.by_id) - _MOST_EVENT_IDS)
    return table(
        "Events that bear on the case",
        ("Event", 12, "number"),
        ("Times", 12, "number"),
        ("Meaning", 76, "text"),
        rows=rows,
        more=more,
    )


def _meaning(number: str) -> str:
    """What an id means; several providers may share it, and `by_id` does not tell them apart."""
    return "; or ".join(event.meaning for event in KNOWN_EVENTS if str(event.id) == number)
