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
    Action,
    Ask,
    Front,
    action_of,
    ask_of,
    front_of,
    host_of,
    ordered,
    scope_of,
    status_word,
    why,
)
from forensics.report.holdings import ApplicationLogEntry, NetworkDriverEntry
from forensics.report.inert import inert_findings
from forensics.report.language import number, tr
from forensics.report.numbers import Numbers, numbers_of
from forensics.report.retold import retold
from forensics.report.tables import (
    IN_JSON,
    NAME_LENGTH,
    PATH_LENGTH,
    Quoted,
    Table,
    and_more,
    clip,
    moment,
    quoted,
    quoted_some,
    table,
)
from forensics.report.timeline import TimelineEntry
from forensics.report.trace_section import TraceSection, trace_section_of
from forensics.report.traffic import Traffic, traffic_of
from forensics.report.words import duration, say, tell
from forensics.text.said import Said

_EFFECTS = {"supports": "for", "contradicts": "against"}
_GRADES = {
    ("supports", 1): Said("for, weak"),
    ("supports", 2): Said("for, strong"),
    ("supports", 3): Said("for, decisive"),
    ("contradicts", 1): Said("against, weak"),
    ("contradicts", 2): Said("against, strong"),
    ("contradicts", 3): Said("against, decisive"),
}
_MOST_EVENTS = 60
_MOST_WARNINGS = 40
_MOST_DRIVERS = 12
_MOST_FILES = 100
_NOTE_LENGTH = 160
_STATEMENT_LENGTH = 600


_TROUBLES = {
    "partly-read": Said("partly-read"),
    "unreadable": Said("unreadable"),
    "unrecognised": Said("unrecognised"),
    "empty": Said("empty"),
    "left": Said("left"),
}


class PointView(msgspec.Struct, frozen=True):
    """One piece of evidence. `effect` is `for` or `against`, for styling; `grade` is what people read."""

    effect: str
    grade: str
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
        title=tell("{host}: {title} ({status})", host=host, title=front.title, status=front.word.lower()),
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
        more_files=and_more(
            len(known.bundle.files) - _MOST_FILES, Said("and {count:count} more files; --json lists them all")
        ),
        bundle_sha256=known.bundle.sha256,
    )


def with_warning(view: View, where: str, message: str) -> View:
    """Put a warning of the output itself before those of the bundle."""
    warnings = msgspec.structs.replace(view.warnings, rows=[[where, message], *view.warnings.rows])
    return msgspec.structs.replace(view, warnings=warnings)


def _record(files: Sequence[FileEntry]) -> str:
    """How many files of the bundle were read."""
    read = sum(one.status == "read" for one in files)
    return tell("{read:count} of {all:count} files of the bundle were read whole.", read=read, all=len(files))


def _cause(cause: CauseEntry) -> CauseView:
    return CauseView(
        title=cause.title,
        status=cause.status,
        word=status_word(cause.status),
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
    sources = quoted_some(point.sources)
    if not quotes:
        sources = [msgspec.structs.replace(one, quote="") for one in sources]
    statement = clip(point.statement, _STATEMENT_LENGTH)
    return PointView(_EFFECTS[point.effect], say(_GRADES[point.effect, point.weight]), statement, sources)


def _considered(findings: Findings) -> Table:
    rows = [
        [one.title, status_word(one.status), "\n".join(part for part in why(one) if part)] for one in ordered(findings)
    ]
    return table("", (tr("Cause"), 34, "text"), (tr("Answer"), 13, "text"), (tr("Why"), 53, "text"), rows=rows)


def _drivers(drivers: Sequence[NetworkDriverEntry]) -> Table:
    rows = [
        [
            clip(one.module, NAME_LENGTH),
            clip(f"{one.vendor} {one.product} {one.version}".strip(), NAME_LENGTH),
            ", ".join(one.hooks) or tr("not public"),
            {True: tr("yes"), False: tr("no"), None: tr("not told")}[one.running],
            quoted(one.sources[0]).where if one.sources else "",
        ]
        for one in drivers[:_MOST_DRIVERS]
    ]
    return table(
        tr("Third-party software in the network stack: an inventory, no accusation"),
        (tr("Driver or provider"), 18, "raw"),
        (tr("Vendor, product, version"), 32, "text"),
        (tr("Hooks into"), 20, "text"),
        (tr("Running"), 9, "text"),
        (tr("Source"), 21, "raw"),
        rows=rows,
        more=and_more(len(drivers) - _MOST_DRIVERS, IN_JSON),
    )


def _logs(logs: Sequence[ApplicationLogEntry]) -> Table:
    rows = [
        [
            clip(one.file, NAME_LENGTH),
            _repeats(one) if one.interval_seconds else "",
            clip(one.remote, NAME_LENGTH),
            duration(one.process_age_seconds) if one.process_age_seconds else "",
            quoted(one.sources[0]).where if one.sources else "",
        ]
        for one in logs[:_MOST_DRIVERS]
    ]
    return table(
        tr("What the applications' own logs say"),
        (tr("Log"), 24, "raw"),
        (tr("Repeats itself"), 24, "text"),
        (tr("Remote"), 17, "raw"),
        (tr("Process had run for"), 14, "text"),
        (tr("Source"), 21, "raw"),
        rows=rows,
        more=and_more(len(logs) - _MOST_DRIVERS, IN_JSON),
    )


def _repeats(log: ApplicationLogEntry) -> str:
    every = number(log.interval_seconds or 0.0, 1)
    return tell("{lines:count} lines, every {every} s", lines=log.repeats, every=every)


def _timeline(entries: Sequence[TimelineEntry]) -> Table:
    """Tell the latest entries, in order of time: the trouble is at the end."""
    rows = [
        [moment(one.at), one.event, quoted(one.source).where if one.source else ""] for one in entries[-_MOST_EVENTS:]
    ]
    more = and_more(len(entries) - _MOST_EVENTS, Said("and {count:count} more before these"))
    return table(
        "", (tr("UTC"), 19, "text"), (tr("What happened"), 47, "text"), (tr("Source"), 34, "raw"), rows=rows, more=more
    )


def _warnings(warnings: Sequence[Warned]) -> Table:
    rows = [
        [clip(one.file, PATH_LENGTH) or tr("the bundle"), clip(one.message, _STATEMENT_LENGTH)]
        for one in warnings[:_MOST_WARNINGS]
    ]
    more = and_more(len(warnings) - _MOST_WARNINGS, Said("and {count:count} more warnings"))
    return table("", (tr("Where"), 34, "raw"), (tr("What"), 66, "text"), rows=rows, more=more)


def _file(file: FileEntry) -> FileView:
    return FileView(
        path=clip(file.path, PATH_LENGTH),
        trouble="" if file.status == "read" else say(_TROUBLES.get(file.status, file.status)),
        note=clip(retold(file.note), _NOTE_LENGTH),
        kind=file.kind,
        encoding=file.encoding,
        size=words.count(file.size),
        sha256=file.sha256,
    )
