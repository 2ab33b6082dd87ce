"""The section "The numbers": uptime, ports, states, TIME_WAIT arithmetic, the fix, the log.

The arithmetic is written out with its figures filled in, so that a sceptic can redo it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

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
from forensics.report.language import number, tr
from forensics.report.tables import (
    IN_JSON,
    NAME_LENGTH,
    PATH_LENGTH,
    QUOTE_LENGTH,
    Quoted,
    Table,
    and_more,
    at_line,
    clip,
    moment,
    quoted,
    quoted_some,
    table,
)
from forensics.report.words import say, tell
from forensics.text.said import Said

_MOST_BOOTS = 6
_MOST_TABLES = 8
_MOST_STATES = 20
_MOST_EVENT_IDS = 20
_MOST_WITNESSES = 8


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
        fix_sources=quoted_some(measured.fix.sources),
        log=_log(measured.event_log),
        log_events=_log_events(measured.event_log),
    )


_UPTIME_METHODS = {
    "6013": Said("event 6013, the uptime that Windows itself logs each noon"),
    "boot-event": Said("the boot events of the System log"),
    "6009": Said("event 6009, logged at boot"),
    "kernel-general-12": Said("event 12 of Kernel-General, logged at boot"),
    "manifest": Said("the collector's 64-bit uptime counter"),
    "systeminfo": Said("the boot time that systeminfo prints"),
    "unknown": Said("nothing in this bundle"),
}


def _uptime(uptime: UptimeEntry, fix: FixEntry) -> list[str]:
    if uptime.seconds is None:
        return [tr("The uptime is not known: nothing in this bundle tells it.")]
    known = {"up": uptime.seconds, "at": uptime.at, "method": _UPTIME_METHODS[uptime.method]}
    if uptime.at:
        lines = [tell("Up {up:seconds} ({up:days}) at {at:utc-second}, by {method}.", **known)]
    else:
        lines = [tell("Up {up:seconds} ({up:days}), by {method}.", **known)]
    if uptime.low is not None and uptime.high is not None and uptime.low < uptime.high:
        lines.append(
            tell("The true uptime lies between {low:seconds} and {high:seconds}.", low=uptime.low, high=uptime.high)
        )
    if uptime.boot_time:
        lines.append(tell("Booted {at:utc-second}.", at=uptime.boot_time))
    if uptime.wrap_at and fix.state != "not-affected":
        lines.append(_wrap(uptime.wrap_at, uptime.wrap_at_local))
    agreeing = tr("; ").join(
        [
            *(
                tell("{kind} ({place})", kind=one.kind, place=quoted(one.source).where)
                for one in uptime.agreeing[:_MOST_WITNESSES]
            ),
            *filter(None, [and_more(len(uptime.agreeing) - _MOST_WITNESSES, IN_JSON)]),
        ]
    )
    if agreeing:
        lines.append(tell("Another witness agrees: {witnesses}.", witnesses=agreeing))
    else:
        lines.append(tr("No second witness bears it out."))
    disagree = [tell("Witnesses disagree: {what}", what=one) for one in uptime.disagreements[:_MOST_WITNESSES]]
    return [*lines, *disagree, and_more(len(uptime.disagreements) - _MOST_WITNESSES, IN_JSON)]


def _wrap(at: datetime, local: str) -> str:
    figures = {"wrap": TICK_WRAP, "at": at, "local": local}
    if local:
        return tell(
            "The TIME_WAIT clock wraps {wrap:seconds} (2³² ticks of 10 ms, {wrap:days}) later: {at:utc-second}, "
            "{local} by the machine's clock.",
            **figures,
        )
    return tell(
        "The TIME_WAIT clock wraps {wrap:seconds} (2³² ticks of 10 ms, {wrap:days}) later: {at:utc-second}.", **figures
    )


_ENDS = {
    "shutdown": Said("shut down"),
    "unexpected": Said("without a clean shutdown"),
    "unknown": Said("not known how"),
    "running": Said("still running"),
}


def _boots(boots: Sequence[BootEntry]) -> Table:
    latest = boots[-_MOST_BOOTS:] if len(boots) > 1 else []
    rows = [
        [
            moment(one.start),
            moment(one.ended_at) if one.ended_at else "",
            say(_ENDS.get(one.end, one.end)),
            words.days(one.uptime_seconds) if one.uptime_seconds is not None else "",
            moment(one.wrap_at),
        ]
        for one in reversed(latest)
    ]
    return table(
        tr("Runs of the system, latest first (UTC)"),
        (tr("Booted"), 22, "text"),
        (tr("Ended"), 22, "text"),
        (tr("How"), 20, "text"),
        (tr("Lasted"), 14, "number"),
        (tr("Wraps after 497.1 days"), 22, "text"),
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
            words.count(pool.in_use) if pool.in_use is not None else tr("unknown"),
            _share(pool.utilisation) if pool.utilisation is not None else "",
            _range_basis(pool),
        ]
        for key, pool in pools.items()
    ]
    return table(
        tr("Dynamic ports: distinct local ports inside the range with a row in any state"),
        (tr("Pool"), 14, "text"),
        (tr("Range"), 13, "text"),
        (tr("Size"), 9, "number"),
        (tr("Usable"), 9, "number"),
        (tr("In use"), 9, "number"),
        (tr("Share"), 9, "number"),
        (tr("Range known from"), 37, "text"),
        rows=rows,
    )


def _range_basis(pool: PoolEntry) -> str:
    if pool.basis == "assumed":
        return tr("assumed: the default")
    return tell("{basis}: {place}", basis=pool.basis, place=quoted(pool.source).where) if pool.source else pool.basis


def _share(of_one: float) -> str:
    return tr("{number} %").format(number=number(of_one * 100, 1))


def pool_name(key: str) -> str:
    """Name a pool.

    >>> pool_name("tcp_ipv4")
    'TCP over IPv4'
    """
    protocol, _, family = key.partition("_")
    return tell("{protocol} over IPv{family}", protocol=protocol.upper(), family=family.removeprefix("ipv"))


def _states(connections: ConnectionsEntry) -> Table:
    ordered = sorted(connections.by_state.items(), key=lambda item: (-item[1], item[0]))
    rows = [[clip(state, NAME_LENGTH), words.count(rows_of)] for state, rows_of in ordered[:_MOST_STATES]]
    more = and_more(len(ordered) - _MOST_STATES)
    return table(
        tr("TCP rows by state, IPv4 and IPv6, latest table"),
        (tr("State"), 70, "text"),
        (tr("Rows"), 30, "number"),
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
            tr("whole") if one.complete else tr("filtered"),
            at_line(clip(one.file, PATH_LENGTH), one.line),
        ]
        for one in latest
    ]
    return table(
        tr("netstat tables"),
        (tr("UTC"), 24, "text"),
        (tr("Rows"), 12, "number"),
        (tr("TIME_WAIT"), 14, "number"),
        (tr("Table"), 12, "text"),
        (tr("Source"), 38, "raw"),
        rows=rows,
        more=and_more(len(connections.snapshots) - _MOST_TABLES),
    )


def _arithmetic(wait: TimeWaitEntry, fix: FixEntry) -> list[Step]:
    count, delay = words.count(wait.dynamic_ports), wait.delay_seconds
    lasts = words.seconds_text(delay)
    if wait.delay_basis == "registry":
        basis = tr("how long TIME_WAIT lasts: TcpTimedWaitDelay in the registry; at most {most} s may be in force")
    else:
        basis = tr("how long TIME_WAIT lasts: the default; at most {most} s may be in force")
    steps = [
        Step("N", tr("dynamic ports in TIME_WAIT, each counted once"), count),
        Step("D", words.fill(basis, {"most": wait.delay_at_most}), lasts),
        Step(
            "N / D",
            tr("the rate at which connections must be opened and closed to keep N ports there"),
            f"{count} / {lasts} = {_per_second(wait.needed_rate)}",
        ),
    ]
    if wait.observed_rate is None or wait.observed_seconds is None:
        unknown = tr("not known: two netstat -s are needed")
        steps.append(Step("λ", tr("the rate at which the machine opens connections"), unknown))
    else:
        opens = words.count(wait.opened or 0)
        seen = f"{opens} / {words.seconds_text(wait.observed_seconds)} = {_per_second(wait.observed_rate)}"
        meaning = tell("the rate seen: growth of Active Opens (netstat -s); {seen:rate}", seen=wait.observed_rate)
        steps.append(Step("λ", meaning, seen))
        if wait.ratio is not None:
            steps.append(
                Step(
                    "R = N / (λ·D)",
                    tr("how many times too few; about 1 where ordinary expiry explains the ports"),
                    _ratio(count, wait.observed_rate, delay, wait.ratio),
                )
            )
        if wait.ratio_at_least is not None and wait.observed_rate_at_most is not None:
            figures = _ratio(count, wait.observed_rate_at_most, wait.delay_at_most, wait.ratio_at_least)
            steps.append(Step(tr("R at least"), tr("the same at the upper bounds of λ and D"), figures))
    return steps + _survival(wait) + ([] if fix.state in {"fixed", "not-affected"} else _since_wrap(wait))


def _survival(wait: TimeWaitEntry) -> list[Step]:
    steps = []
    if wait.survivors is not None and wait.reopened_at_most is not None and wait.outlived is not None:
        figures = {"kept": wait.survivors, "anew": wait.reopened_at_most, "outlived": wait.outlived}
        if wait.outlived > 0:
            result = tell("{kept:count} − {anew:count} = {outlived:count}", **figures)
        else:
            result = tell("{kept:count} − {anew:count}: none", **figures)
        steps.append(
            Step(
                tr("outlived"),
                tr("rows still there after more than D, less what can have been opened anew in between"),
                result,
            )
        )
    return steps


def _since_wrap(wait: TimeWaitEntry) -> list[Step]:
    """What the defect alone would do; no matter where it cannot be at work."""
    steps = []
    if wait.explaining_rate is not None:
        steps.append(
            Step(
                tr("since the wrap"),
                tr("the rate that explains N if no port was released since"),
                _per_second(wait.explaining_rate),
            )
        )
    if wait.full_at is not None:
        steps.append(Step(tr("full at"), tr("when that rate fills the range (UTC)"), moment(wait.full_at)))
    if wait.wider_range_lasts_seconds is not None:
        steps.append(
            Step(
                tr("wider range"),
                tr("how long the ports that 10000–65534 adds would last at that rate"),
                words.duration(wait.wider_range_lasts_seconds),
            )
        )
    return steps


def _ratio(count: str, rate: float, delay: int, ratio: float) -> str:
    lasts = words.seconds_text(delay)
    return f"{count} / ({_per_second(rate)} × {lasts}) = {words.ratio(ratio)}"


def _per_second(rate: float) -> str:
    return tell("{number}/s", number=_digits(rate))


def _digits(rate: float) -> str:
    """A rate with the digits that it takes to redo the division."""
    return number(rate, 1) if rate >= 100 else f"{rate:.4g}"  # noqa: PLR2004 - four digits either way


def _turnover(connections: ConnectionsEntry) -> Table:
    rows = [
        [
            clip(one.before, PATH_LENGTH),
            clip(one.after, PATH_LENGTH),
            words.seconds_text(one.seconds) if one.seconds is not None else tr("unknown"),
            *(words.count(rows_of) for rows_of in (one.rows_before, one.rows_after, one.born, one.gone, one.survived)),
        ]
        for one in connections.turnover[-_MOST_TABLES:]
    ]
    return table(
        tr("TIME_WAIT rows on dynamic ports from table to table (file:line)"),
        (tr("From"), 19, "raw"),
        (tr("To"), 19, "raw"),
        (tr("Apart"), 10, "number"),
        (tr("Before"), 10, "number"),
        (tr("After"), 10, "number"),
        (tr("New"), 10, "number"),
        (tr("Gone"), 10, "number"),
        (tr("Still there"), 12, "number"),
        rows=rows,
        more=and_more(len(connections.turnover) - _MOST_TABLES),
    )


_FIX_STATES = {
    "fixed": Said("The fix KB2553549 is in force"),
    "unfixed": Said("The fix KB2553549 is not there"),
    "unknown": Said("Whether the fix KB2553549 is in force is not known"),
    "installed-not-loaded": Said(
        "The fix KB2553549 is installed but not in force: it was not there when the machine booted"
    ),
    "not-affected": Said("The system does not have the defect of KB2553549"),
}


def _fix(fix: FixEntry) -> list[str]:
    state = _FIX_STATES[fix.state]
    if fix.statement:
        lines = [tell("{said}: {why}.", said=state, why=clip(fix.statement, QUOTE_LENGTH))]
    else:
        lines = [tell("{text}.", text=state)]
    if fix.installed_at:
        lines.append(tell("Installed {at:utc-second}.", at=fix.installed_at))
    if fix.pending_reboot:
        lines.append(tr("A restart is pending."))
    return lines


def _log(log: EventLogEntry) -> list[str]:
    if not log.records:
        return []
    known = {"records": log.records, "all": log.records_promised, "first": log.first_at, "last": log.last_at}
    if log.records_promised is None:
        lines = [tell("{records:count} records, from {first:second} to {last:utc-second}.", **known)]
    else:
        lines = [
            tell(
                "{records:count} records of {all:count} that its header promises, from {first:second} to "
                "{last:utc-second}.",
                **known,
            )
        ]
    return [*lines, tr("Parts of the log are damaged; what could be read was read.")] if log.damaged else lines


def _log_events(log: EventLogEntry) -> Table:
    rows = [[event, words.count(count), _meaning(event)] for event, count in list(log.by_id.items())[:_MOST_EVENT_IDS]]
    more = and_more(len(log.by_id) - _MOST_EVENT_IDS)
    return table(
        tr("Events that bear on the case, of all logs"),
        (tr("Event"), 12, "number"),
        (tr("Times"), 12, "number"),
        (tr("Meaning"), 76, "text"),
        rows=rows,
        more=more,
    )


def _meaning(event_id: str) -> str:
    """What an id means; several providers may share it, and `by_id` does not tell them apart."""
    return tr("; or ").join(tr(event.meaning) for event in KNOWN_EVENTS if str(event.id) == event_id)
