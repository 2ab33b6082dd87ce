"""What people read: the findings chosen, ordered and formatted for the PDF, the HTML and the terminal.

The only place that picks the first few of a list or turns a figure into words; it measures nothing. Every string of the
result is plain text made inert, and a line feed in it is ours. `numbers` holds the tables of figures.
"""

from collections.abc import Sequence
from datetime import UTC, timedelta, timezone

import msgspec

from forensics.evidence import Warned
from forensics.report import words
from forensics.report.findings import (
    BootEntry,
    BundleEntry,
    CauseEntry,
    EvidenceEntry,
    FileEntry,
    Findings,
    MissingEntry,
    PoolEntry,
    RemedyEntry,
    SystemEntry,
    VerdictEntry,
)
from forensics.report.inert import inert_findings
from forensics.report.numbers import (
    PATH_LENGTH,
    Numbers,
    Quoted,
    Table,
    Traffic,
    clip,
    moment,
    numbers_of,
    pool_name,
    quoted,
    table,
    traffic_of,
)
from forensics.report.timeline import TimelineEntry
from forensics.verdict import NO_EXHAUSTION, UNDECIDED

STATUS_WORDS = {
    "confirmed": "Confirmed",
    "likely": "Likely",
    "possible": "Possible",
    "inconclusive": "Inconclusive",
    "ruled_out": "Ruled out",
}
_MEANINGS = {
    "confirmed": "Nothing is assumed: the evidence in this bundle proves it.",
    "likely": "The evidence points to this; a proof is missing or in conflict.",
    "possible": "The evidence allows this; it does not show it.",
    "inconclusive": "Evidence is missing: run the commands below and send what they write.",
    "ruled_out": "The evidence excludes it.",
}
_BEFORE_RESTART = "This is about the time before the last restart, not about the machine as it runs now."
_NOTHING_TO_DO = "Nothing. Should connections fail again, collect while it lasts: a restart removes the evidence."
_UNDECIDED_TITLE = "The cause cannot be told from this bundle"
_WEIGHTS = {1: "weak", 2: "strong", 3: "decisive"}
_EFFECTS = {"supports": "for", "contradicts": "against"}
_WHEN = {"now": "Now", "next": "Next", "for-good": "For good"}
_RANK = ("confirmed", "likely", "possible", "inconclusive", "ruled_out")
_TELLING_SHARE = 0.25  # of the usable ports in TIME_WAIT: from here on they are part of the case (contracts.md)
_NEEDED_RATIO = 10  # R from which ordinary expiry cannot explain the ports (contracts.md, the ladder)

_MOST_EXPLAINED = 6  # ruled-out causes that the first page has room to explain
_MOST_ASKED = 6
_MOST_REASONS = 5
_MOST_EVENTS = 60
_MOST_WARNINGS = 40
_MOST_FILES = 100
_HOST_LENGTH = 64  # a DNS label has 63 characters
_NAME_LENGTH = 80
_NOTE_LENGTH = 160


class Line(msgspec.Struct, frozen=True):
    """A label, what stands beside it, and a remark in small type."""

    label: str
    value: str
    note: str = ""


class PointView(msgspec.Struct, frozen=True):
    """One piece of evidence; `effect` is `for` or `against`, `weight` `weak`, `strong` or `decisive`."""

    effect: str
    weight: str
    statement: str
    sources: list[Quoted]


class Action(msgspec.Struct, frozen=True):
    """What to do, with the exact command."""

    when: str
    action: str
    command: str
    effect: str
    caution: str


class Ask(msgspec.Struct, frozen=True):
    """What is missing, and the command that supplies it."""

    statement: str
    command: str


class CauseView(msgspec.Struct, frozen=True):
    """One cause's answer. `status` is the status's id, for styling; `word` is what people read."""

    title: str
    status: str
    word: str
    scope: str
    headline: str
    points: list[PointView]
    missing: list[Ask]
    actions: list[Action]
    defect: str


class FileView(msgspec.Struct, frozen=True):
    """One member of the bundle; `trouble` is its status where that is not `read`."""

    path: str
    trouble: str
    note: str
    kind: str
    encoding: str
    size: str
    sha256: str


class Front(msgspec.Struct, frozen=True):
    """The first page, which must suffice alone. `tone` is `found`, `open` or `clear`."""

    title: str
    tone: str
    status: str
    word: str
    meaning: str
    scope: str
    headline: str
    facts: list[Line]
    figures: list[Line]
    load: str
    reasons: list[str]
    actions: list[Action]
    nothing_to_do: str
    asks: list[Ask]
    more_asks: str
    ruled_out: list[Line]
    open: list[Line]


class View(msgspec.Struct, frozen=True):
    """The whole report. `brief` leaves out what a healthy machine's owner need not read."""

    title: str
    brief: bool
    host: str
    case: str
    tool: str
    created: str
    front: Front
    numbers: Numbers
    traffic: Traffic
    causes: list[CauseView]
    remedies: list[CauseView]
    considered: Table
    timeline: Table
    warnings: Table
    files: list[FileView]
    more_files: str
    bundle_sha256: str


def build_view(findings: Findings) -> View:
    """Choose, order and word everything that the report shows."""
    known = inert_findings(findings)
    front = _front(known)
    host = clip(known.bundle.host, _HOST_LENGTH) or "unknown host"
    brief = front.tone == "clear" and front.status == "confirmed"
    causes = [_cause(one) for one in _ordered(known) if not (brief and one.status == "ruled_out")]
    return View(
        title=f"{host}: {front.title} ({front.word.lower()})",
        brief=brief,
        host=host,
        case=clip(known.bundle.name, _NAME_LENGTH),
        tool=f"{known.tool.name} {known.tool.version}",
        created=f"{known.bundle.collected_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if known.bundle.collected_at else "",
        front=front,
        numbers=numbers_of(known.measurements),
        traffic=traffic_of(known.measurements),
        causes=causes,
        remedies=[one for one in causes if one.actions],
        considered=_considered(known),
        timeline=_timeline(known.timeline),
        warnings=_warnings(known.warnings),
        files=[_file(one) for one in known.bundle.files[:_MOST_FILES]],
        more_files=_more(len(known.bundle.files) - _MOST_FILES, "files; --json lists them all"),
        bundle_sha256=known.bundle.sha256,
    )


def _front(findings: Findings) -> Front:
    verdict, leading = findings.verdict, _leading(findings)
    actions = [_action(one) for one in leading.remedies] if leading else []
    asks = _asks(leading, findings.causes)
    return Front(
        title=leading.title if leading else _UNDECIDED_TITLE,
        tone="open" if leading is None else "clear" if verdict.cause == NO_EXHAUSTION else "found",
        status=verdict.status,
        word=STATUS_WORDS[verdict.status],
        meaning=_MEANINGS[verdict.status],
        scope=_scope(verdict),
        headline=verdict.headline,
        facts=_facts(findings),
        figures=_figures(findings),
        load=_load(findings),
        reasons=_reasons(leading),
        actions=actions,
        nothing_to_do=_NOTHING_TO_DO if not actions and not asks else "",
        asks=asks[:_MOST_ASKED],
        more_asks=_more(len(asks) - _MOST_ASKED, "commands under the causes below"),
        ruled_out=_ruled_out(findings),
        open=[
            Line(one.title, one.headline, STATUS_WORDS[one.status].lower())
            for one in _ordered(findings)
            if one is not leading and one.status != "ruled_out"
        ],
    )


def _ruled_out(findings: Findings) -> list[Line]:
    fallen = [one for one in findings.causes if one.status == "ruled_out"]
    return [Line(one.title, _why(one)[0] if len(fallen) <= _MOST_EXPLAINED else "") for one in fallen]


def _leading(findings: Findings) -> CauseEntry | None:
    if findings.verdict.cause == UNDECIDED:
        return None
    return next((one for one in findings.causes if one.id == findings.verdict.cause), None)


def _ordered(findings: Findings) -> list[CauseEntry]:
    """The verdict's cause first, then by status; equals keep their order."""
    return sorted(findings.causes, key=lambda one: (one.id != findings.verdict.cause, _RANK.index(one.status)))


def _scope(answer: VerdictEntry | CauseEntry) -> str:
    return _BEFORE_RESTART if answer.applies_to == "previous-boot" else ""


def _facts(findings: Findings) -> list[Line]:
    bundle, measured = findings.bundle, findings.measurements
    incident = measured.incident
    facts = [
        Line("Host", clip(bundle.host, _HOST_LENGTH) or "unknown"),
        Line("System", _system(measured.system)),
        Line("Collected", *_collected(bundle)),
    ]
    if incident.start:
        end = f" to {words.utc(incident.end)}" if incident.end else ""
        facts.append(Line("Trouble seen", f"{words.utc(incident.start)}{end}", f"by {_BASES[incident.basis]}"))
    return [*facts, Line("Bundle", clip(bundle.name, _NAME_LENGTH))]


_BASES = {"events": "events in the System log", "netstat": "netstat", "none": "nothing"}


def _system(system: SystemEntry) -> str:
    name = clip(system.os, _NAME_LENGTH) or "unknown"
    if system.service_pack:
        name += f", {clip(system.service_pack, _NAME_LENGTH)}"
    return f"{name} ({system.version}.{system.build})" if system.version and system.build else name


def _collected(bundle: BundleEntry) -> tuple[str, str]:
    """When, in UTC and by the machine's own clock."""
    if bundle.collected_at is None:
        return "unknown", ""
    at = words.utc(bundle.collected_at)
    if bundle.utc_offset_minutes is None:
        return at, "the machine's time zone is not known"
    zone = timezone(timedelta(minutes=bundle.utc_offset_minutes))
    return at, f"{bundle.collected_at.astimezone(zone):%Y-%m-%d %H:%M} by the machine's clock ({zone.tzname(None)})"


def _figures(findings: Findings) -> list[Line]:
    """The figures that carry the case, in two rows of three."""
    previous = _previous_run(findings) if findings.verdict.applies_to == "previous-boot" else None
    return [*_uptime_figures(findings, previous), *_port_figures(findings, after_restart=previous is not None)]


def _previous_run(findings: Findings) -> BootEntry | None:
    """The latest finished run that passed its wrap, else the latest finished one: what a verdict on the past speaks of."""
    ended = [one for one in findings.measurements.uptime.boots if one.ended_at]
    wrapped = [one for one in ended if one.ended_at and one.wrap_at <= one.ended_at]
    return (wrapped or ended)[-1] if ended else None


def _uptime_figures(findings: Findings, previous: BootEntry | None) -> list[Line]:
    uptime = findings.measurements.uptime
    figures = []
    if previous and previous.ended_at and previous.uptime_seconds is not None:
        lasted = words.days(previous.uptime_seconds)
        figures.append(
            Line(
                "Up before the restart",
                lasted,
                f"{words.seconds_text(previous.uptime_seconds)}; ended {words.utc(previous.ended_at)}",
            )
        )
        if previous.wrap_at <= previous.ended_at:
            figures.append(Line("TIME_WAIT clock wrapped", words.utc(previous.wrap_at), "497.1 days after that boot"))
        return figures
    if uptime.seconds is not None:
        figures.append(Line("Up at collection", words.days(uptime.seconds), words.seconds_text(uptime.seconds)))
    at_risk = findings.measurements.fix.state in {"unfixed", "unknown", "installed-not-loaded"}
    if uptime.wrap_at and uptime.past_wrap_seconds is not None and at_risk:
        past = uptime.past_wrap_seconds >= 0
        label = "TIME_WAIT clock wrapped" if past else "TIME_WAIT clock will wrap"
        distance = f"{words.duration(uptime.past_wrap_seconds)} {'before' if past else 'after'} the collection"
        local = f"\n{uptime.wrap_at_local}" if uptime.wrap_at_local else ""
        figures.append(Line(label, words.utc(uptime.wrap_at), distance + local))
    return figures


def _port_figures(findings: Findings, *, after_restart: bool) -> list[Line]:
    measured, wait = findings.measurements, findings.measurements.time_wait
    since = " after the restart" if after_restart else ""
    figures = []
    fullest = _fullest(measured.ports)
    if fullest:
        name, pool = fullest
        used = f"{words.count(pool.in_use or 0)} of {words.count(pool.usable)}"
        share = words.percent(pool.utilisation or 0.0)
        figures.append(Line(f"Ports in use{since}", used, f"{share} of the usable dynamic ports, {name}"))
    if not measured.connections.snapshots:
        return figures
    outlived = f"{words.count(wait.outlived)} rows outlived the delay" if wait.outlived else "dynamic ports"
    figures.append(Line(f"Ports in TIME_WAIT{since}", words.count(wait.dynamic_ports), outlived))
    if _telling(findings) and wait.observed_rate is not None and wait.observed_seconds is not None:
        delay = f"each rests {wait.delay_seconds} s"
        counted = f"Active Opens over {words.seconds_text(wait.observed_seconds)}"
        figures.append(Line("Rate needed for them", words.rate(wait.needed_rate), delay))
        figures.append(Line("Rate seen", words.rate(wait.observed_rate), counted))
    return figures


def _telling(findings: Findings) -> bool:
    """Whether the ports in TIME_WAIT are many enough to speak of their rate, and the verdict is of the present."""
    fullest = _fullest(findings.measurements.ports)
    if fullest is None or findings.verdict.applies_to == "previous-boot":
        return False
    return findings.measurements.time_wait.dynamic_ports >= fullest[1].usable * _TELLING_SHARE


def _fullest(pools: dict[str, PoolEntry]) -> tuple[str, PoolEntry] | None:
    known = [
        (pool_name(key), pool)
        for key, pool in pools.items()
        if pool.in_use is not None and pool.utilisation is not None
    ]
    return max(known, key=lambda item: item[1].utilisation or 0.0, default=None)


def _load(findings: Findings) -> str:
    """Say plainly whether it is the traffic."""
    wait = findings.measurements.time_wait
    if wait.observed_rate is None or not _telling(findings):
        return ""
    needed = (
        f"{words.rate(wait.needed_rate)} would be needed to keep {words.count(wait.dynamic_ports)} ports in TIME_WAIT"
    )
    ordinary = wait.ratio_at_least is not None and wait.ratio_at_least >= _NEEDED_RATIO
    said = f"The load is ordinary: {needed}" if ordinary else _first_upper(needed)
    return f"{said}; the machine opens {words.rate(wait.observed_rate)}."


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _reasons(leading: CauseEntry | None) -> list[str]:
    """The heaviest evidence for the verdict, in the order in which the cause tells it."""
    if leading is None:
        return []
    supporting = [one for one in leading.evidence if one.effect == "supports"]
    heaviest = sorted(supporting, key=lambda one: -one.weight)[:_MOST_REASONS]
    return [one.statement for one in heaviest]


def _asks(leading: CauseEntry | None, causes: Sequence[CauseEntry]) -> list[Ask]:
    """What the leading cause lacks, or, without one, what any open cause lacks; each command once."""
    missing: list[MissingEntry] = []
    for one in [leading] if leading else causes:
        missing.extend(one.missing)
    return [Ask(one.statement, one.command) for one in {one.command: one for one in reversed(missing)}.values()][::-1]


def _why(cause: CauseEntry) -> tuple[str, str]:
    """Why a cause got its answer, and where that stands: of a fallen one its heaviest contradiction."""
    against = [one for one in cause.evidence if one.effect == "contradicts"]
    if cause.status != "ruled_out" or not against:
        return cause.headline, ""
    heaviest = max(against, key=lambda one: one.weight)
    return heaviest.statement, quoted(heaviest.sources[0]).where if heaviest.sources else ""


def _cause(cause: CauseEntry) -> CauseView:
    return CauseView(
        title=cause.title,
        status=cause.status,
        word=STATUS_WORDS[cause.status],
        scope=_scope(cause),
        headline=cause.headline,
        points=[_point(one) for one in cause.evidence],
        missing=[Ask(one.statement, one.command) for one in cause.missing],
        actions=[_action(one) for one in cause.remedies],
        defect=cause.defect,
    )


def _point(point: EvidenceEntry) -> PointView:
    sources = [quoted(one) for one in point.sources]
    return PointView(_EFFECTS[point.effect], _WEIGHTS[point.weight], point.statement, sources)


def _action(remedy: RemedyEntry) -> Action:
    return Action(_WHEN[remedy.when], remedy.action, remedy.command, remedy.effect, remedy.caution)


def _considered(findings: Findings) -> Table:
    rows = [
        [one.title, STATUS_WORDS[one.status], "\n".join(part for part in _why(one) if part)]
        for one in _ordered(findings)
    ]
    return table("", ("Cause", 34, "text"), ("Answer", 13, "text"), ("Why", 53, "text"), rows=rows)


def _timeline(entries: Sequence[TimelineEntry]) -> Table:
    rows = [
        [moment(one.at), one.event, quoted(one.source).where if one.source else ""] for one in entries[:_MOST_EVENTS]
    ]
    more = _more(len(entries) - _MOST_EVENTS, "entries")
    return table("", ("UTC", 19, "text"), ("What happened", 47, "text"), ("Source", 34, "raw"), rows=rows, more=more)


def _file(file: FileEntry) -> FileView:
    return FileView(
        path=clip(file.path, PATH_LENGTH),
        trouble="" if file.status == "read" else file.status,
        note=clip(file.note, _NOTE_LENGTH),
        kind=file.kind,
        encoding=file.encoding,
        size=words.count(file.size),
        sha256=file.sha256,
    )


def _warnings(warnings: Sequence[Warned]) -> Table:
    rows = [[one.file or "the bundle", one.message] for one in warnings[:_MOST_WARNINGS]]
    more = _more(len(warnings) - _MOST_WARNINGS, "warnings")
    return table("", ("Where", 34, "raw"), ("What", 66, "text"), rows=rows, more=more)


def _more(count: int, what: str) -> str:
    return f"and {count:,} more {what}" if count > 0 else ""
