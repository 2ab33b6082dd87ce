"""The tables of figures: uptime, ports, states, TIME_WAIT arithmetic, fix and log, and whose traffic it is.

The arithmetic is written out with its figures filled in, so that a sceptic can redo it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec

from forensics.evidence import Source
from forensics.knowledge.event_ids import KNOWN_EVENTS
from forensics.measure.attribution import MOST_LISTED
from forensics.report import words
from forensics.report.findings import (
    BootEntry,
    ConnectionsEntry,
    EventLogEntry,
    FixEntry,
    MeasurementsEntry,
    OwnerEntry,
    PoolEntry,
    RemoteEntry,
    TimeWaitEntry,
    UptimeEntry,
)

MOST_REMOTES = 10
MOST_OWNERS = 10
_MOST_BOOTS = 6
_MOST_TABLES = 8
_MOST_STATES = 20
_MOST_EVENT_IDS = 20
_MOST_CONSISTENT = 4
_MOST_SERVICES = 6
_QUOTE_LENGTH = 240
PATH_LENGTH = 260  # characters, as Windows allows a path (MAX_PATH)
_COMMAND_LENGTH = 160
_NAME_LENGTH = 80

Form = Literal["text", "number", "raw"]


class Column(msgspec.Struct, frozen=True):
    """A column's heading, its width in percent, and its form: `text`, `number` (to the right) or `raw` (as in the evidence)."""

    title: str
    width: int
    form: Form


class Table(msgspec.Struct, frozen=True):
    """A table of plain text; `more` says what was left out."""

    caption: str
    columns: list[Column]
    rows: list[list[str]]
    more: str = ""


class Quoted(msgspec.Struct, frozen=True):
    """Where something stands in the bundle, and the raw text."""

    where: str
    quote: str


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


class Traffic(msgspec.Struct, frozen=True):
    """The section "Whose traffic it is"."""

    remotes: Table
    owners: Table


def numbers_of(measured: MeasurementsEntry) -> Numbers:
    """Write out every figure that the verdict rests on."""
    wait = measured.time_wait
    return Numbers(
        uptime=_uptime(measured.uptime),
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


def traffic_of(measured: MeasurementsEntry) -> Traffic:
    """Show the busiest remotes and owners."""
    connections = measured.connections
    owners = {owner.pid: owner for owner in connections.by_owner}
    remotes = table(
        "Remote endpoints with the most rows in the latest table",
        ("Remote endpoint", 29, "raw"), ("Rows", 10, "number"), ("TIME_WAIT", 12, "number"), ("Local ports", 12, "number"),
        ("Consistent with (live connections to it)", 37, "text"),
        rows=[_remote_row(one, owners) for one in connections.by_remote[:MOST_REMOTES]],
        more=_more_listed(len(connections.by_remote), MOST_REMOTES),
    )  # fmt: skip
    by_owner = table(
        "Processes with the most rows in the latest table",
        ("PID", 9, "number"), ("Process", 37, "text"), ("Rows", 9, "number"), ("Dynamic ports", 11, "number"), ("States", 34, "text"),
        rows=[_owner_row(one) for one in connections.by_owner[:MOST_OWNERS]],
        more=_more_listed(len(connections.by_owner), MOST_OWNERS),
    )  # fmt: skip
    return Traffic(remotes, by_owner)


def table(caption: str, *columns: tuple[str, int, Form], rows: list[list[str]], more: str = "") -> Table:
    """Make a table from its columns' titles, widths and forms."""
    return Table(caption, [Column(*column) for column in columns], rows, more)


def quoted(source: Source) -> Quoted:
    """Where a source points, in words, and what stands there, shortened."""
    place = ""
    if source.line is not None:
        place = f", line {source.line:,}"
    elif source.record is not None:
        place = f", record {source.record:,}"
    return Quoted(clip(source.file, PATH_LENGTH) + place, clip(source.quote, _QUOTE_LENGTH))


def clip(text: str, length: int) -> str:
    """Shorten a text, and say by how much.

    >>> clip("abcdef", 4)
    'abcd… (2 more characters)'
    """
    return text if len(text) <= length else f"{text[:length]}… ({len(text) - length:,} more characters)"


def moment(at: datetime | None) -> str:
    """A moment in UTC, to the second, for a column that is headed UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if at else "unknown"


def pool_name(key: str) -> str:
    """Name a pool.

    >>> pool_name("tcp_ipv4")
    'TCP over IPv4'
    """
    protocol, _, family = key.partition("_")
    return f"{protocol.upper()} over {family.replace('ip', 'IP')}"


def _more_listed(listed: int, shown: int) -> str:
    """Say what was left out of a list that the findings themselves may have cut."""
    more = _and_more(listed - shown)
    return more.replace("and", "and at least", 1) if listed == MOST_LISTED else more


def _and_more(count: int) -> str:
    return f"and {count:,} more" if count > 0 else ""


_UPTIME_METHODS = {
    "6013": "event 6013, the uptime that Windows itself logs each noon",
    "boot-event": "the boot events of the System log",
    "6009": "event 6009, logged at boot",
    "kernel-general-12": "event 12 of Kernel-General, logged at boot",
    "manifest": "the collector's 64-bit uptime counter",
    "systeminfo": "the boot time that systeminfo prints",
    "unknown": "nothing in this bundle",
}


def _uptime(uptime: UptimeEntry) -> list[str]:
    if uptime.seconds is None:
        return ["The uptime is not known: nothing in this bundle tells it."]
    at = f" at {moment(uptime.at)} UTC" if uptime.at else ""
    lines = [
        f"Up {words.seconds_text(uptime.seconds)} ({words.days(uptime.seconds)}){at}, by {_UPTIME_METHODS[uptime.method]}."
    ]
    if uptime.low is not None and uptime.high is not None and uptime.low < uptime.high:
        lines.append(
            f"The true uptime lies between {words.seconds_text(uptime.low)} and {words.seconds_text(uptime.high)}."
        )
    if uptime.boot_time and uptime.wrap_at:
        local = f", {uptime.wrap_at_local} by the machine's clock" if uptime.wrap_at_local else ""
        lines.append(
            f"Booted {moment(uptime.boot_time)} UTC. 2³² ticks of 10 ms (42,949,673 s, 497.1 days) later is {moment(uptime.wrap_at)} UTC{local}."
        )
    lines.append("A second witness in the bundle agrees." if uptime.corroborated else "No second witness bears it out.")
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
        ("Booted", 22, "text"), ("Ended", 22, "text"), ("How", 20, "text"), ("Lasted", 14, "number"), ("Wraps after 497.1 days", 22, "text"),
        rows=rows, more=_and_more(len(boots) - _MOST_BOOTS),
    )  # fmt: skip


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
        ("Pool", 14, "text"), ("Range", 13, "text"), ("Size", 9, "number"), ("Usable", 9, "number"), ("In use", 9, "number"),
        ("Share", 9, "number"), ("Range known from", 37, "text"),
        rows=rows,
    )  # fmt: skip


def _range_basis(pool: PoolEntry) -> str:
    if pool.basis == "assumed":
        return "assumed: the default"
    return f"{pool.basis}: {quoted(pool.source).where}" if pool.source else pool.basis


def _states(connections: ConnectionsEntry) -> Table:
    ordered = sorted(connections.by_state.items(), key=lambda item: (-item[1], item[0]))
    rows = [[clip(state, _NAME_LENGTH), words.count(number)] for state, number in ordered[:_MOST_STATES]]
    more = _and_more(len(ordered) - _MOST_STATES)
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
        ("UTC", 24, "text"), ("Rows", 12, "number"), ("TIME_WAIT", 14, "number"), ("Table", 12, "text"), ("Source", 38, "raw"),
        rows=rows, more=_and_more(len(connections.snapshots) - _MOST_TABLES),
    )  # fmt: skip


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
        opens = words.count(round(wait.observed_rate * wait.observed_seconds))
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
                "how long ports 10000–65534 would last at that rate",
                words.duration(wait.wider_range_lasts_seconds),
            )
        )
    return steps


def _ratio(count: str, rate: float, delay: int, ratio: float) -> str:
    return f"{count} / ({_figure(rate)}/s × {delay} s) = {words.ratio(ratio)}"


def _per_second(rate: float) -> str:
    return f"{_figure(rate)}/s"


def _figure(rate: float) -> str:
    """A rate with the digits that it takes to redo the division."""
    return f"{rate:,.1f}" if rate >= 100 else f"{rate:.4g}"  # noqa: PLR2004 - four digits either way


def _turnover(connections: ConnectionsEntry) -> Table:
    rows = [
        [
            clip(one.before, PATH_LENGTH), clip(one.after, PATH_LENGTH),
            words.seconds_text(one.seconds) if one.seconds is not None else "unknown",
            *(words.count(number) for number in (one.rows_before, one.rows_after, one.born, one.gone, one.survived)),
        ]
        for one in connections.turnover[-_MOST_TABLES:]
    ]  # fmt: skip
    return table(
        "TIME_WAIT rows on dynamic ports from table to table (file:line)",
        ("From", 19, "raw"), ("To", 19, "raw"), ("Apart", 10, "number"), ("Before", 10, "number"), ("After", 10, "number"),
        ("New", 10, "number"), ("Gone", 10, "number"), ("Still there", 12, "number"),
        rows=rows, more=_and_more(len(connections.turnover) - _MOST_TABLES),
    )  # fmt: skip


_FIX_STATES = {
    "fixed": "The fix KB2553549 is in force.",
    "unfixed": "The fix KB2553549 is not there.",
    "unknown": "Whether the fix KB2553549 is in force is not known.",
    "installed-not-loaded": "The fix KB2553549 is installed but was not there when the machine booted: it is not in force.",
    "not-affected": "The system does not have the defect of KB2553549.",
}


def _fix(fix: FixEntry) -> list[str]:
    lines = [_FIX_STATES[fix.state], f"{fix.statement}." if fix.statement else ""]
    if fix.installed_at:
        lines.append(f"Installed {moment(fix.installed_at)} UTC.")
    if fix.pending_reboot:
        lines.append("A restart is pending.")
    return [line for line in lines if line]


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
    more = _and_more(len(log.by_id) - _MOST_EVENT_IDS)
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


def _remote_row(remote: RemoteEntry, owners: Mapping[int, OwnerEntry]) -> list[str]:
    listed = [_owner_name(pid, owners) for pid in remote.consistent_with[:_MOST_CONSISTENT]]
    rest = len(remote.consistent_with) - _MOST_CONSISTENT
    names = "\n".join([*listed, _and_more(rest)] if rest > 0 else listed)
    return [
        endpoint(remote.address, remote.port), words.count(remote.rows), words.count(remote.time_wait),
        words.count(remote.distinct_local_ports), names or "no live connection to it",
    ]  # fmt: skip


def endpoint(address: str, port: int | None) -> str:
    """An address with its port, IPv6 in brackets.

    >>> endpoint("fe80::1", 443), endpoint("203.0.113.40", 443)
    ('[fe80::1]:443', '203.0.113.40:443')
    """
    shown = clip(address, _NAME_LENGTH)
    shown = f"[{shown}]" if ":" in shown and not shown.startswith("[") else shown
    return shown if port is None else f"{shown}:{port}"


def _owner_name(pid: int, owners: Mapping[int, OwnerEntry]) -> str:
    owner = owners.get(pid)
    if owner is None:
        return f"PID {pid}"
    services = f", {_services(owner)}" if owner.services else ""
    return f"{clip(owner.image, _NAME_LENGTH) or 'unnamed'} (PID {pid}{services})"


def _services(owner: OwnerEntry) -> str:
    more = len(owner.services) - _MOST_SERVICES
    return ", ".join(
        [clip(one, _NAME_LENGTH) for one in owner.services[:_MOST_SERVICES]]
        + ([f"and {more} more"] if more > 0 else [])
    )


def _owner_row(owner: OwnerEntry) -> list[str]:
    lines = [clip(owner.image, _NAME_LENGTH) or "unnamed"]
    if owner.pid == 0:
        lines.append("rows in TIME_WAIT belong to no process any more")
    if owner.services:
        lines.append(_services(owner))
    if owner.command_line:
        lines.append(clip(owner.command_line, _COMMAND_LENGTH))
    if owner.present is False:
        lines.append("not in the process list")
    states = sorted(owner.by_state.items(), key=lambda item: (-item[1], item[0]))
    shown = ", ".join(f"{clip(state, _NAME_LENGTH)} {number:,}" for state, number in states[:4])
    return [str(owner.pid), "\n".join(lines), words.count(owner.rows), words.count(owner.dynamic_ports), shown]
