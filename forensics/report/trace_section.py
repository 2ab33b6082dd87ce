"""The section "The network trace": who opened connections, where to, what failed, and one socket's life in steps."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import msgspec

from forensics.report import words
from forensics.report.findings import MeasurementsEntry, TimeWaitEntry
from forensics.report.tables import NAME_LENGTH, PATH_LENGTH, Quoted, Table, and_more, clip, moment, quoted, table
from forensics.report.trace_entry import LifeEntry, TracedOwnerEntry, TraceEntry
from forensics.report.traffic import endpoint

_MOST_OWNERS = 10
_MOST_REMOTES = 10
_MOST_FAILURES = 12
_MOST_STEPS = 30
_FIRST = {
    "local": "This machine closed first, so the port's TIME_WAIT is its own.",
    "remote": "The remote closed first, so the TIME_WAIT is the remote's.",
    "reset": "The remote ended it with a reset: no TIME_WAIT.",
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
        proofs=[quoted(one.source) for one in trace.shortages],
        owners=_owners(trace),
        remotes=_remotes(trace.by_owner),
        failures=_failures(trace),
        life=_life(life, trace.file) if life else table("", rows=[]),
        life_note=" ".join(part for part in (_FIRST.get(life.closed_first, ""), _stays(life)) if part) if life else "",
    )


def _facts(trace: TraceEntry, wait: TimeWaitEntry, more: int) -> list[str]:
    facts = [f"{clip(trace.file, PATH_LENGTH)}: {words.count(trace.lines)} lines, {_span(trace)}."]
    if trace.same_boot is False:
        facts.append("It was made before the last restart, so its process IDs are not those of the process list.")
    rate = f" ({words.rate(trace.connects_per_second)})" if trace.connects_per_second else ""
    facts.append(
        f"{words.count(trace.sockets)} sockets were created and {words.count(trace.connects)} connects begun{rate}."
    )
    if trace.time_wait_births_per_second is not None:
        births = trace.time_wait_births_per_second
        carried = births * wait.delay_seconds
        facts.append(
            f"{words.count(trace.time_wait_births)} connections entered TIME_WAIT: by ordinary expiry they keep "
            f"{words.count(carried)} ports there ({births:,.3g} a second × {wait.delay_seconds} s)"
            + (f"; {words.count(wait.dynamic_ports)} were seen." if wait.dynamic_ports else ".")
        )
    facts.extend(
        f"{one.protocol}: {words.times(one.count)} no port was to be had, first at {moment(one.first_at)} UTC."
        for one in trace.shortages
    )
    if trace.port_exhaustion_events and not trace.shortages:
        facts.append(
            f"{words.count(trace.port_exhaustion_events)} events tell of a port that was refused, none for want."
        )
    delays = dict.fromkeys(f"{one.value} ({one.family})" for one in trace.time_wait_delays)
    if delays:
        facts.append(f"TimedWaitDelay in force, as event 1110 prints it without a unit: {', '.join(list(delays)[:4])}.")
    if trace.open_at_start:
        listed = ", ".join(
            f"{words.count(number)} {clip(state, NAME_LENGTH)}"
            for state, number in list(trace.open_at_start.items())[:6]
        )
        facts.append(f"Open when it began: {listed}.")
    if more:
        facts.append(f"{more} further trace{'s' * (more != 1)} of this bundle stand in --json.")
    return facts


def _span(trace: TraceEntry) -> str:
    if trace.started_at is None or trace.ended_at is None or trace.seconds is None:
        return "without times that can be read"
    span = f"{_wall(trace.started_at)} to {trace.ended_at:%H:%M:%S} by the trace's clock"
    return f"{span} ({words.duration(trace.seconds)})"


def _wall(at: datetime) -> str:
    offset = at.utcoffset()
    zone = f" {words.offset_text(round(offset.total_seconds() / 60))}" if offset is not None else ""
    return f"{at:%Y-%m-%d %H:%M:%S}{zone}"


def _owners(trace: TraceEntry) -> Table:
    rows = [
        [
            str(one.pid),
            clip(one.image, NAME_LENGTH) or "not in the process list",
            words.count(one.sockets),
            words.count(one.connects),
            words.count(one.failed),
            f"{one.connects_per_second:,.3g}" if one.connects_per_second is not None else "",
            words.count(one.time_wait_births),
        ]
        for one in trace.by_owner[:_MOST_OWNERS]
    ]
    return table(
        "Processes that opened most connections during the trace (by the PID that the messages name)",
        ("PID", 10, "number"),
        ("Process", 30, "text"),
        ("Sockets", 11, "number"),
        ("Connects", 12, "number"),
        ("Failed", 10, "number"),
        ("Per second", 13, "number"),
        ("Into TIME_WAIT", 14, "number"),
        rows=rows,
        more=and_more(len(trace.by_owner) - _MOST_OWNERS, "in --json"),
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
        [endpoint(*key), words.count(number), ", ".join(by[key][:3])]
        for key, number in sorted(connects.items(), key=lambda item: (-item[1], item[0][0], item[0][1] or 0))[
            :_MOST_REMOTES
        ]
    ]
    return table(
        "Remote endpoints with the most connects during the trace",
        ("Remote endpoint", 40, "raw"),
        ("Connects", 15, "number"),
        ("By", 45, "text"),
        rows=rows,
        more=and_more(len(connects) - _MOST_REMOTES, "in --json"),
    )


def _failures(trace: TraceEntry) -> Table:
    rows = [
        [one.reason, str(one.event_id), one.status, words.count(one.count)]
        for one in sorted(trace.failures, key=lambda one: (-one.count, one.event_id))[:_MOST_FAILURES]
    ]
    return table(
        "What failed, by message (one failed connect may write several)",
        ("What", 46, "text"),
        ("Event", 12, "number"),
        ("Status", 27, "raw"),
        ("Lines", 15, "number"),
        rows=rows,
        more=and_more(len(trace.failures) - _MOST_FAILURES, "in --json"),
    )


def _life(life: LifeEntry, file: str) -> Table:
    previous = [None, *(step.at for step in life.steps)]
    rows = [
        [
            f"{step.at:%H:%M:%S}.{step.at.microsecond // 1000:03d}" if step.at else "",
            _since(before, step.at),
            step.says,
            " ".join(
                part
                for part in (
                    f"{step.from_state} → {step.to_state}" if step.to_state else "",
                    f"port {step.port}" if step.port else "",
                    step.status,
                )
                if part
            ),
            f"{step.line:,}",
        ]
        for before, step in list(zip(previous, life.steps, strict=False))[:_MOST_STEPS]
    ]
    who = (
        f"{clip(life.image, NAME_LENGTH) or 'a process'} (PID {life.pid})"
        if life.pid is not None
        else "a process without a PID"
    )
    ends = f"{life.local or 'unbound'} to {life.remote or 'no remote'}"
    whole = "from creation to end" if life.whole else "as far as the trace holds it"
    return table(
        f"One socket's life, {whole}: {who}, {ends}; lines of {clip(file, NAME_LENGTH)}",
        ("Time", 16, "raw"),
        ("After", 12, "number"),
        ("Event", 34, "text"),
        ("State, port, status", 26, "text"),
        ("Line", 12, "number"),
        rows=rows,
        more=and_more(len(life.steps) - _MOST_STEPS, "steps in --json"),
    )


def _since(before: datetime | None, at: datetime | None) -> str:
    if before is None or at is None:
        return ""
    seconds = (at - before).total_seconds()
    return f"{seconds * 1000:,.0f} ms" if seconds < 1 else f"{seconds:,.3f} s"


def _stays(life: LifeEntry) -> str:
    stays = [f"{one.state} {one.seconds:,.3f} s" for one in life.stays if one.state != "TimeWait"]
    return f"Time in each state: {', '.join(stays)}." if stays else ""
