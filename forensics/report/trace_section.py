"""The section "The network trace": who opened connections, where to, what failed, and one socket's life in steps."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import msgspec

from forensics.report import words
from forensics.report.findings import MeasurementsEntry, TimeWaitEntry
from forensics.report.language import number, second, tr
from forensics.report.tables import IN_JSON, NAME_LENGTH, PATH_LENGTH, Quoted, Table, and_more, clip, quoted_some, table
from forensics.report.trace_entry import LifeEntry, TracedOwnerEntry, TraceEntry
from forensics.report.traffic import endpoint
from forensics.report.words import listed, paragraph, say, tell
from forensics.text.said import Said

_MOST_OWNERS = 10
_MOST_REMOTES = 10
_MOST_FAILURES = 12
_MOST_STEPS = 30
_MOST_STAYS = 12
_FIRST = {
    "local": Said("This machine closed first, so the port's TIME_WAIT is its own."),
    "remote": Said("The remote closed first, so the TIME_WAIT is the remote's."),
    "reset": Said("The remote ended it with a reset: no TIME_WAIT."),
}


class TraceSection(msgspec.Struct, frozen=True):
    """The section; `facts` are sentences, `proofs` direct evidence that no port was to be had."""

    facts: list[str]
    proofs: list[Quoted]
    owners: Table
    remotes: Table
    failures: Table
    life: Table
    life_note: str


def trace_section_of(measured: MeasurementsEntry) -> TraceSection | None:
    """Tell of the trace with most connects; None without one."""
    trace = measured.trace
    if trace is None:
        return None
    life = trace.lives[0] if trace.lives else None
    return TraceSection(
        facts=_facts(trace, measured.time_wait, len(measured.more_traces)),
        proofs=quoted_some([one.source for one in trace.shortages]),
        owners=_owners(trace),
        remotes=_remotes(trace.by_owner),
        failures=_failures(trace),
        life=_life(life, trace.file) if life else table("", rows=[]),
        life_note=paragraph([say(_FIRST.get(life.closed_first, "")), _stays(life)]) if life else "",
    )


def _facts(trace: TraceEntry, wait: TimeWaitEntry, more: int) -> list[str]:
    file = clip(trace.file, PATH_LENGTH)
    facts = [tell("{file}: {lines:count} lines, {span}.", file=file, lines=trace.lines, span=_span(trace))]
    if trace.same_boot is False:
        facts.append(tr("It was made before the last restart, so its process IDs are not those of the process list."))
    begun = {"sockets": trace.sockets, "connects": trace.connects}
    facts.append(tell("{sockets:count} sockets were created and {connects:count} connects begun.", **begun))
    if trace.time_wait_births_per_second is not None:
        facts.append(_births(trace, trace.time_wait_births_per_second, wait))
    facts.extend(
        tell(
            "{protocol}: {count:times} no port was to be had, first at {at:utc-second}.",
            protocol=one.protocol,
            count=one.count,
            at=one.first_at,
        )
        for one in trace.shortages
    )
    if trace.port_exhaustion_events and not trace.shortages:
        facts.append(
            tell(
                "{events:count} events tell of a port that was refused, none for want.",
                events=trace.port_exhaustion_events,
            )
        )
    delays = dict.fromkeys(f"{one.value} ({one.family})" for one in trace.time_wait_delays)
    if delays:
        facts.append(
            tell(
                "TimedWaitDelay in force, as event 1110 prints it without a unit: {delays}.",
                delays=listed(list(delays)[:4]),
            )
        )
    if trace.open_at_start:
        states = [f"{words.count(rows)} {clip(state, NAME_LENGTH)}" for state, rows in trace.open_at_start.items()]
        facts.append(tell("Open when it began: {states}.", states=listed(states[:6])))
    if more:
        facts.append(tell("More traces of this bundle, told of in --json: {number}.", number=more))
    return facts


def _births(trace: TraceEntry, per_second: float, wait: TimeWaitEntry) -> str:
    figures = {
        "births": trace.time_wait_births,
        "carried": per_second * wait.delay_seconds,
        "rate": f"{per_second:,.3g}",
        "delay": wait.delay_seconds,
        "seen": wait.dynamic_ports,
    }
    if wait.dynamic_ports:
        return tell(
            "{births:count} connections entered TIME_WAIT: by ordinary expiry they keep {carried:count} ports there "
            "({rate} a second × {delay} s); {seen:count} were seen.",
            **figures,
        )
    return tell(
        "{births:count} connections entered TIME_WAIT: by ordinary expiry they keep {carried:count} ports there "
        "({rate} a second × {delay} s).",
        **figures,
    )


def _span(trace: TraceEntry) -> str:
    if trace.started_at is None or trace.ended_at is None:
        return tr("without times that can be read")
    return tell(
        "{start} to {end} by the trace's clock ({time:duration})",
        start=_wall(trace.started_at),
        end=f"{trace.ended_at:%H:%M:%S}",
        time=trace.seconds or 0.0,
    )


def _wall(at: datetime) -> str:
    offset = at.utcoffset()
    zone = f" {words.offset_text(round(offset.total_seconds() / 60))}" if offset is not None else ""
    return f"{second(at)}{zone}"


def _owners(trace: TraceEntry) -> Table:
    rows = [
        [
            str(one.pid),
            clip(one.image, NAME_LENGTH) or tr("not in the process list"),
            words.count(one.sockets),
            words.count(one.connects),
            words.count(one.failed),
            words.count(one.closes),
            f"{one.connects_per_second:,.3g}" if one.connects_per_second is not None else "",
            words.count(one.time_wait_births),
        ]
        for one in trace.by_owner[:_MOST_OWNERS]
    ]
    return table(
        tr(
            "Processes that opened most connections during the trace, by the PID that the messages name; "
            "what was closed may have begun before"
        ),
        (tr("PID"), 10, "number"),
        (tr("Process"), 24, "text"),
        (tr("Sockets"), 10, "number"),
        (tr("Connects"), 11, "number"),
        (tr("Failed"), 9, "number"),
        (tr("Closed"), 10, "number"),
        (tr("Connects per second"), 12, "number"),
        (tr("Into TIME_WAIT"), 14, "number"),
        rows=rows,
        more=and_more(len(trace.by_owner) - _MOST_OWNERS, IN_JSON),
    )


def _remotes(owners: Sequence[TracedOwnerEntry]) -> Table:
    connects: Counter[tuple[str, int | None]] = Counter()
    by: dict[tuple[str, int | None], list[str]] = {}
    for owner in owners:
        for remote in owner.remotes:
            key = remote.address, remote.port
            connects[key] += remote.connects
            by.setdefault(key, []).append(f"{clip(owner.image, NAME_LENGTH) or 'PID'} {owner.pid}")
    rows = [
        [endpoint(*key), words.count(made), listed(by[key][:3])]
        for key, made in sorted(connects.items(), key=lambda item: (-item[1], item[0][0], item[0][1] or 0))[
            :_MOST_REMOTES
        ]
    ]
    return table(
        tr("Remote endpoints with the most connects during the trace"),
        (tr("Remote endpoint"), 40, "raw"),
        (tr("Connects"), 15, "number"),
        (tr("By"), 45, "text"),
        rows=rows,
        more=and_more(len(connects) - _MOST_REMOTES, IN_JSON),
    )


def _failures(trace: TraceEntry) -> Table:
    rows = [
        [tr(one.reason), str(one.event_id), one.status, words.count(one.count)]
        for one in sorted(trace.failures, key=lambda one: (-one.count, one.event_id))[:_MOST_FAILURES]
    ]
    return table(
        tr("What failed, by message (one failed connect may write several)"),
        (tr("What"), 46, "text"),
        (tr("Event"), 12, "number"),
        (tr("Status"), 27, "raw"),
        (tr("Lines"), 15, "number"),
        rows=rows,
        more=and_more(len(trace.failures) - _MOST_FAILURES, IN_JSON),
    )


def _life(life: LifeEntry, file: str) -> Table:
    previous = [None, *(step.at for step in life.steps)]
    rows = [
        [
            f"{step.at:%H:%M:%S}.{step.at.microsecond // 1000:03d}" if step.at else "",
            _since(before, step.at),
            tr(step.says),
            " ".join(
                part
                for part in (
                    f"{step.from_state} → {step.to_state}" if step.to_state else "",
                    tell("port {port}", port=step.port) if step.port else "",
                    step.status,
                )
                if part
            ),
            words.count(step.line),
        ]
        for before, step in list(zip(previous, life.steps, strict=False))[:_MOST_STEPS]
    ]
    caption = (
        tr("One socket's life, from creation to end: {who}, {local} to {remote}; lines of {file}")
        if life.whole
        else tr("One socket's life, as far as the trace holds it: {who}, {local} to {remote}; lines of {file}")
    )
    who = tr("a process without a PID")
    if life.pid is not None:
        who = tell("{image} (PID {pid})", image=clip(life.image, NAME_LENGTH) or tr("a process"), pid=life.pid)
    ends = {"local": life.local or tr("unbound"), "remote": life.remote or tr("no remote")}
    return table(
        words.fill(caption, {"who": who, **ends, "file": clip(file, NAME_LENGTH)}),
        (tr("Time"), 16, "raw"),
        (tr("After"), 12, "number"),
        (tr("Event"), 34, "text"),
        (tr("State, port, status"), 26, "text"),
        (tr("Line"), 12, "number"),
        rows=rows,
        more=and_more(len(life.steps) - _MOST_STEPS, Said("and {count:count} more steps in --json")),
    )


def _since(before: datetime | None, at: datetime | None) -> str:
    if before is None or at is None:
        return ""
    seconds = (at - before).total_seconds()
    if seconds < 1:
        return tell("{number} ms", number=number(seconds * 1000))
    return tell("{number} s", number=number(seconds, 3))


def _stays(life: LifeEntry) -> str:
    stays = [
        f"{one.state} {tell('{number} s', number=number(one.seconds, 3))}"
        for one in life.stays
        if one.state != "TimeWait"
    ][:_MOST_STAYS]
    return tell("Time in each state: {stays}.", stays=listed(stays)) if stays else ""
