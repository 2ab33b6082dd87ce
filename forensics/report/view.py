"""What people read: the findings chosen, ordered and formatted for the PDF, the HTML and the terminal.

The only place that picks the first few of a list or turns a figure into words; it measures nothing. Every string of the
result is plain text made inert, and a line feed in it is ours. `front`, `numbers` and `traffic` hold its
parts.
"""

from collections.abc import Sequence
from datetime import UTC

import msgspec

from forensics.evidence import Warned
from forensics.report import words
from forensics.report.findings import CauseEntry, EvidenceEntry, FileEntry, Findings
from forensics.report.front import (
    STATUS_WORDS,
    Action,
    Ask,
    Front,
    action_of,
    ask_of,
    front_of,
    host_of,
    ordered,
    scope_of,
    why,
)
from forensics.report.holdings import ApplicationLogEntry, NetworkDriverEntry
from forensics.report.inert import inert_findings
from forensics.report.numbers import Numbers, numbers_of
from forensics.report.tables import NAME_LENGTH, PATH_LENGTH, Quoted, Table, and_more, clip, moment, quoted, table
from forensics.report.timeline import TimelineEntry
from forensics.report.trace_section import TraceSection, trace_section_of
from forensics.report.traffic import Traffic, traffic_of
from forensics.report.words import duration

_WEIGHTS = {1: "weak", 2: "strong", 3: "decisive"}
_EFFECTS = {"supports": "for", "contradicts": "against"}
_MOST_EVENTS = 60
_MOST_WARNINGS = 40
_MOST_DRIVERS = 12
_MOST_FILES = 100
_NOTE_LENGTH = 160
_STATEMENT_LENGTH = 600


class PointView(msgspec.Struct, frozen=True):
    """One piece of evidence; `effect` is `for` or `against`, `weight` `weak`, `strong` or `decisive`."""

    effect: str
    weight: str
    statement: str
    sources: list[Quoted]


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
    support: str
    forecast: str


class FileView(msgspec.Struct, frozen=True):
    """One member of the bundle; `trouble` is its status where that is not `read`."""

    path: str
    trouble: str
    note: str
    kind: str
    encoding: str
    size: str
    sha256: str


class View(msgspec.Struct, frozen=True):
    """The whole report. `brief` leaves out what a healthy machine's owner need not read: it is one page."""

    title: str
    brief: bool
    record: str
    host: str
    case: str
    tool: str
    created: str
    front: Front
    numbers: Numbers
    traffic: Traffic
    trace: TraceSection | None
    causes: list[CauseView]
    remedies: list[CauseView]
    considered: Table
    drivers: Table
    logs: Table
    timeline: Table
    warnings: Table
    files: list[FileView]
    more_files: str
    bundle_sha256: str


def build_view(findings: Findings) -> View:
    """Choose, order and word everything that the report shows."""
    known = inert_findings(findings)
    front = front_of(known)
    host = host_of(known.bundle)
    brief = front.tone == "clear" and front.status == "confirmed"
    causes = [_cause(one) for one in ordered(known)]
    return View(
        title=f"{host}: {front.title} ({front.word.lower()})",
        brief=brief,
        record=_record(known.bundle.files),
        host=host,
        case=clip(known.bundle.name, NAME_LENGTH),
        tool=f"{known.tool.name} {known.tool.version}",
        created=f"{known.bundle.collected_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if known.bundle.collected_at else "",
        front=front,
        numbers=numbers_of(known.measurements),
        traffic=traffic_of(known.measurements),
        trace=trace_section_of(known.measurements),
        causes=causes,
        remedies=[one for one in causes if one.actions],
        considered=_considered(known),
        drivers=_drivers(known.measurements.network_drivers),
        logs=_logs(known.measurements.application_logs),
        timeline=_timeline(known.timeline),
        warnings=_warnings(known.warnings),
        files=[_file(one) for one in known.bundle.files[:_MOST_FILES]],
        more_files=and_more(len(known.bundle.files) - _MOST_FILES, "files; --json lists them all"),
        bundle_sha256=known.bundle.sha256,
    )


def _record(files: Sequence[FileEntry]) -> str:
    """How many files of the bundle were read."""
    read = sum(one.status == "read" for one in files)
    return f"{read:,} of {len(files):,} files of the bundle were read whole."


def _cause(cause: CauseEntry) -> CauseView:
    return CauseView(
        title=cause.title,
        status=cause.status,
        word=STATUS_WORDS[cause.status],
        scope=scope_of(cause),
        headline=clip(cause.headline, _STATEMENT_LENGTH),
        points=[_point(one, quotes=cause.status != "ruled_out") for one in cause.evidence],
        missing=[ask_of(one) for one in cause.missing],
        actions=[action_of(one) for one in cause.remedies],
        defect=clip(cause.defect, _STATEMENT_LENGTH),
        support=clip(cause.support, _STATEMENT_LENGTH),
        forecast=clip(cause.forecast, _STATEMENT_LENGTH),
    )


def _point(point: EvidenceEntry, *, quotes: bool) -> PointView:
    """One piece of evidence; of a cause that is ruled out the places alone, for `--json` has the text too."""
    sources = [quoted(one) for one in point.sources]
    if not quotes:
        sources = [msgspec.structs.replace(one, quote="") for one in sources]
    statement = clip(point.statement, _STATEMENT_LENGTH)
    return PointView(_EFFECTS[point.effect], _WEIGHTS[point.weight], statement, sources)


def _considered(findings: Findings) -> Table:
    rows = [
        [one.title, STATUS_WORDS[one.status], "\n".join(part for part in why(one) if part)] for one in ordered(findings)
    ]
    return table("", ("Cause", 34, "text"), ("Answer", 13, "text"), ("Why", 53, "text"), rows=rows)


def _drivers(drivers: Sequence[NetworkDriverEntry]) -> Table:
    rows = [
        [
            clip(one.module, NAME_LENGTH),
            clip(f"{one.vendor} {one.product} {one.version}".strip(), NAME_LENGTH),
            ", ".join(one.hooks) or "not public",
            {True: "yes", False: "no", None: "not told"}[one.running],
            quoted(one.sources[0]).where if one.sources else "",
        ]
        for one in drivers[:_MOST_DRIVERS]
    ]
    return table(
        "Third-party software in the network stack: an inventory, no accusation",
        ("Driver or provider", 18, "raw"),
        ("Vendor, product, version", 32, "text"),
        ("Hooks into", 20, "text"),
        ("Running", 9, "text"),
        ("Source", 21, "raw"),
        rows=rows,
        more=and_more(len(drivers) - _MOST_DRIVERS, "in --json"),
    )


def _logs(logs: Sequence[ApplicationLogEntry]) -> Table:
    rows = [
        [
            clip(one.file, NAME_LENGTH),
            f"{one.repeats:,} lines, every {one.interval_seconds:.1f} s" if one.interval_seconds else "",
            clip(one.remote, NAME_LENGTH),
            duration(one.process_age_seconds) if one.process_age_seconds else "",
            quoted(one.sources[0]).where if one.sources else "",
        ]
        for one in logs[:_MOST_DRIVERS]
    ]
    return table(
        "What the applications' own logs say",
        ("Log", 24, "raw"),
        ("Repeats itself", 24, "text"),
        ("Remote", 17, "raw"),
        ("Process had run for", 14, "text"),
        ("Source", 21, "raw"),
        rows=rows,
        more=and_more(len(logs) - _MOST_DRIVERS, "in --json"),
    )


def _timeline(entries: Sequence[TimelineEntry]) -> Table:
    """Tell the latest entries, in order of time: the trouble is at the end."""
    rows = [
        [moment(one.at), one.event, quoted(one.source).where if one.source else ""] for one in entries[-_MOST_EVENTS:]
    ]
    more = and_more(len(entries) - _MOST_EVENTS, "before these")
    return table("", ("UTC", 19, "text"), ("What happened", 47, "text"), ("Source", 34, "raw"), rows=rows, more=more)


def _warnings(warnings: Sequence[Warned]) -> Table:
    rows = [
        [clip(one.file, PATH_LENGTH) or "the bundle", clip(one.message, _STATEMENT_LENGTH)]
        for one in warnings[:_MOST_WARNINGS]
    ]
    more = and_more(len(warnings) - _MOST_WARNINGS, "warnings")
    return table("", ("Where", 34, "raw"), ("What", 66, "text"), rows=rows, more=more)


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
