"""The findings: what `--json` prints (`forensics.findings/1`, contracts.md) and all that the other outputs show.

In the language spoken (report/language.py); those that `--json` prints always in English. Every
statement carries its sources with the raw text quoted.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import msgspec

from forensics import __version__
from forensics.bundle.formats import FOREIGN_KINDS
from forensics.bundle.manifest import KIND as MANIFEST_KIND
from forensics.causes import Cause, all_causes, texts
from forensics.evidence import Evidence, FileReport, Source, Warned
from forensics.judgement import NOW, Judgement, Missing, Point, Remedy, Statement
from forensics.measure.attribution import MOST_LISTED, Owner, Remote
from forensics.measure.collection import Taken
from forensics.measure.log import PORT_EVENTS, TCPIP
from forensics.measure.measurements import Measurements
from forensics.measure.port_space import ports_in_use
from forensics.measure.ports import PortUse
from forensics.measure.snapshots import by_state
from forensics.measure.uptime import past_wrap_seconds
from forensics.parsers import all_parsers
from forensics.report.collector_advice import advise
from forensics.report.event_samples import PortEventEntry, UptimeSampleEntry, port_events_of, samples_of
from forensics.report.holdings import (
    ApplicationLogEntry,
    AttemptsEntry,
    MemoryEntry,
    NetworkDriverEntry,
    OffloadEntry,
    PileEntry,
    ShortageEntry,
    holdings_of,
)
from forensics.report.json_text import encode_json
from forensics.report.language import second, tr
from forensics.report.port_space import PortSpaceEntry, port_space_entry
from forensics.report.support import support_text
from forensics.report.timeline import TimelineEntry, timeline
from forensics.report.trace_entry import TraceEntry, trace_entry
from forensics.report.words import fill, offset_text, say
from forensics.text.said import Said
from forensics.verdict import TEXTS as UNDECIDED_TEXTS
from forensics.verdict import UNDECIDED, Verdict

SCHEMA: Literal["forensics.findings/1"] = "forensics.findings/1"
_CAUSE_ID = r"^[a-z0-9]+(-[a-z0-9]+)*$"
_MOST_NAMED = 5
_HALF_A_SECOND = timedelta(microseconds=500_000)

Status = Literal["confirmed", "likely", "possible", "inconclusive", "ruled_out"]
FileStatus = Literal["read", "partly-read", "unrecognised", "empty", "left", "unreadable"]
RangeBasis = Literal["netsh", "registry", "assumed"]
UptimeMethod = Literal["6013", "boot-event", "6009", "kernel-general-12", "manifest", "systeminfo", "unknown"]
CollectionMethod = Literal["manifest", "member-time", "newest-event", "unknown"]
FixStateName = Literal["fixed", "unfixed", "unknown", "installed-not-loaded", "not-affected"]
AppliesTo = Literal["now", "previous-boot"]
Quote = Callable[[str, int], str]


class Tool(msgspec.Struct, frozen=True):
    """The program that wrote the findings."""

    name: str
    version: str


class FileEntry(msgspec.Struct, frozen=True):
    """One member: `size` in bytes as unpacked, `kind` the kinds found in it joined by `+`."""

    path: str
    kind: str
    encoding: str
    size: int
    sha256: str
    status: FileStatus
    note: str


class IntegrityEntry(msgspec.Struct, frozen=True):
    """Members by SHA-256 against the manifest's: how many are intact, and the paths of the others."""

    intact: int
    changed: list[str]
    missing: list[str]
    not_listed: list[str]


class BundleEntry(msgspec.Struct, frozen=True):
    """The bundle. `collected_at` is UTC, that of the latest netstat; `method` names how it was found.

    `redacted`: pseudonyms stand for names and addresses, put there by the collector or by `--redact`.
    """

    name: str
    sha256: str
    host: str
    collected_at: datetime | None
    collected_method: CollectionMethod
    utc_offset_minutes: int | None
    files: list[FileEntry]
    redacted: bool = False
    integrity: IntegrityEntry | None = None


class VerdictEntry(msgspec.Struct, frozen=True):
    """The leading answer. `confidence` is a model score from 0 to 1, not a measured probability.

    `plain` tells in two sentences, for anybody, what this answer means.
    """

    cause: str
    status: Status
    confidence: float
    headline: str
    applies_to: AppliesTo
    plain: str = ""


class EvidenceEntry(msgspec.Struct, frozen=True):
    """One piece of evidence. `weight`: 1 weak, 2 strong, 3 decisive."""

    id: str
    statement: str
    effect: Literal["supports", "contradicts"]
    weight: Literal[1, 2, 3]
    sources: list[Source]


class MissingEntry(msgspec.Struct, frozen=True):
    """What would settle the question, the command that supplies it, and the run of the collector that does.

    `collector` is empty where no run helps; `collector_note` says when to start it, or why none does.
    """

    statement: str
    command: str
    collector: str = ""
    collector_note: str = ""


class RemedyEntry(msgspec.Struct, frozen=True):
    """What to do `now`, `next` or `for-good`: what it buys (`effect`) and what it takes (`cost`)."""

    when: Literal["now", "next", "for-good"]
    action: str
    command: str
    effect: str
    caution: str
    cost: str


class CauseEntry(msgspec.Struct, frozen=True):
    """One cause's answer, on the run of the system that began at `boot_start` (UTC, None for the running one).

    `support` explains the confidence in words, `forecast` says what happens if nobody acts. `defect` is set where our
    own error kept it from being judged.
    """

    id: str
    title: str
    status: Status
    confidence: float
    headline: str
    applies_to: AppliesTo
    evidence: list[EvidenceEntry]
    missing: list[MissingEntry]
    remedies: list[RemedyEntry]
    support: str = ""
    forecast: str = ""
    defect: str = ""
    boot_start: datetime | None = None


class SystemEntry(msgspec.Struct, frozen=True):
    """The operating system; `version` like "6.1"."""

    os: str
    version: str
    build: int | None
    service_pack: str
    build_lab: str
    tcpip_sys: str
    hotfixes: list[str]


class BootEntry(msgspec.Struct, frozen=True):
    """One run of the system; times in UTC, `end` how it ended."""

    start: datetime
    basis: str
    ended_at: datetime | None
    end: str
    uptime_seconds: float | None
    wrap_at: datetime
    source: Source


class WitnessEntry(msgspec.Struct, frozen=True):
    """Another source that puts the boot at the same time; UTC."""

    kind: str
    boot_time: datetime
    source: Source


class UptimeEntry(msgspec.Struct, frozen=True):
    """Uptime at collection in seconds, between `low` and `high`; `past_wrap_seconds` is negative before the wrap."""

    seconds: float | None
    low: float | None
    high: float | None
    at: datetime | None
    boot_time: datetime | None
    method: UptimeMethod
    wrap_at: datetime | None
    wrap_at_local: str
    past_wrap_seconds: float | None
    source: Source | None
    corroborated: bool
    agreeing: list[WitnessEntry]
    disagreements: list[str]
    boots: list[BootEntry]
    samples: list[UptimeSampleEntry] = []


class PoolEntry(msgspec.Struct, frozen=True):
    """A dynamic port range and its use (contracts.md, What the numbers mean)."""

    start: int
    count: int
    usable: int
    in_use: int | None
    utilisation: float | None
    basis: RangeBasis
    source: Source | None


class OwnerEntry(msgspec.Struct, frozen=True):
    """A process and its rows in the latest table."""

    pid: int
    image: str
    services: list[str]
    command_line: str
    rows: int
    dynamic_ports: int
    by_state: dict[str, int]
    present: bool | None


class RemoteEntry(msgspec.Struct, frozen=True):
    """A remote endpoint; `consistent_with` are processes with live connections to it."""

    address: str
    port: int | None
    rows: int
    time_wait: int
    distinct_local_ports: int
    consistent_with: list[int]


class SnapshotEntry(msgspec.Struct, frozen=True):
    """One netstat table; `at` is UTC, `ports_in_use` are those of the TCP pool that is fullest in the latest."""

    file: str
    line: int
    at: datetime | None
    at_method: CollectionMethod
    rows: int
    by_state: dict[str, int]
    complete: bool
    ports_in_use: int = 0


class TurnoverEntry(msgspec.Struct, frozen=True):
    """TIME_WAIT rows on dynamic ports between two tables `seconds` apart."""

    before: str
    after: str
    seconds: float | None
    rows_before: int
    rows_after: int
    born: int
    gone: int
    survived: int


class ConnectionsEntry(msgspec.Struct, frozen=True):
    """All TCP rows of the latest full table; `by_owner` and `by_remote` hold the 50 with most rows."""

    by_state: dict[str, int]
    by_owner: list[OwnerEntry]
    by_remote: list[RemoteEntry]
    owners_total: int
    remotes_total: int
    snapshots: list[SnapshotEntry]
    turnover: list[TurnoverEntry]


class TimeWaitEntry(msgspec.Struct, frozen=True):
    """TIME_WAIT arithmetic; rates in connections a second, delays in seconds."""

    dynamic_ports: int
    delay_seconds: int
    delay_basis: Literal["registry", "default"]
    delay_at_most: int
    needed_rate: float
    opened: int | None
    observed_rate: float | None
    observed_rate_at_most: float | None
    observed_seconds: float | None
    ratio: float | None
    ratio_at_least: float | None
    survivors: int | None
    reopened_at_most: int | None
    outlived: int | None
    expired: int | None
    explaining_rate: float | None
    full_at: datetime | None
    wider_range_lasts_seconds: float | None


class FixEntry(msgspec.Struct, frozen=True):
    """The fix KB2553549 in the boot that the evidence was collected in."""

    state: FixStateName
    basis: Literal["system", "file-version", "hotfix-list", "none"]
    statement: str
    installed_at: datetime | None
    pending_reboot: bool
    sources: list[Source]


class IncidentEntry(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """When ports were short, as far as the evidence tells."""

    start: datetime | None
    end: datetime | None
    basis: Literal["events", "netstat", "none"]


class EventLogEntry(msgspec.Struct, frozen=True):
    """The System log: records read and promised by its header; wanted events of their own provider by id."""

    records: int
    records_promised: int | None
    first_at: datetime | None
    last_at: datetime | None
    damaged: bool
    by_id: dict[str, int]
    port_events: list[PortEventEntry] = []


class MeasurementsEntry(msgspec.Struct, frozen=True):
    """Every figure that the verdict rests on. Of several traces `trace` is the one with most connects."""

    system: SystemEntry
    uptime: UptimeEntry
    ports: dict[str, PoolEntry]
    connections: ConnectionsEntry
    time_wait: TimeWaitEntry
    fix: FixEntry
    incident: IncidentEntry
    event_log: EventLogEntry
    shortage: dict[str, ShortageEntry] = {}
    piles: list[PileEntry] = []
    attempts: AttemptsEntry | None = None
    offload: OffloadEntry | None = None
    memory: MemoryEntry | None = None
    network_drivers: list[NetworkDriverEntry] = []
    application_logs: list[ApplicationLogEntry] = []
    trace: TraceEntry | None = None
    more_traces: list[TraceEntry] = []
    port_space: PortSpaceEntry | None = None


class Findings(msgspec.Struct, frozen=True):
    """The whole of it."""

    schema: Literal["forensics.findings/1"]
    tool: Tool
    bundle: BundleEntry
    verdict: VerdictEntry
    causes: list[CauseEntry]
    measurements: MeasurementsEntry
    timeline: list[TimelineEntry]
    warnings: list[Warned]


def build(
    evidence: Evidence, m: Measurements, judgements: Sequence[Judgement], verdict: Verdict, quote: Quote
) -> Findings:
    """Put everything into words and cite it."""
    cite = _Citer(quote)
    causes = {cause.ID: cause for cause in all_causes()}
    entries = [_cause(causes[one.cause], one, cite, evidence) for one in judgements]
    return Findings(
        SCHEMA,
        Tool("forensics", __version__),
        _bundle(evidence, m),
        VerdictEntry(
            verdict.cause,
            _as_status(verdict.status),
            verdict.confidence,
            _headline(verdict),
            "now" if verdict.applies_to == NOW else "previous-boot",
            tr(causes[verdict.cause].PLAIN if verdict.cause in causes else UNDECIDED_TEXTS["plain"]),
        ),
        entries,
        _measurements(m, cite),
        [msgspec.structs.replace(entry, source=cite.maybe(entry.source)) for entry in timeline(m)],
        [*evidence.warnings, *_manifest_warnings(m), *(Warned("", say(note)) for note in m.notes)],
    )


def encode(findings: Findings) -> bytes:
    """The findings as JSON, indented, in a fixed order."""
    return encode_json(findings)


def json_schema() -> dict[str, object]:
    """The JSON Schema of `Findings`, with every kind of evidence that this version knows."""
    schema: dict[str, object] = msgspec.json.schema(_Described)
    kinds = [MANIFEST_KIND, *FOREIGN_KINDS, *(parser.KIND for parser in all_parsers())]
    one = "|".join(sorted(kinds))
    definitions = schema["$defs"]
    if isinstance(definitions, dict):
        definitions["FileEntry"]["properties"]["kind"]["pattern"] = rf"^(({one})(\+({one}))*)?$"
        # Not an enumeration: a new cause is one new file, and no change to this schema.
        definitions["CauseEntry"]["properties"]["id"]["pattern"] = _CAUSE_ID
        definitions["VerdictEntry"]["properties"]["cause"]["pattern"] = _CAUSE_ID
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": SCHEMA, **schema}


_Described = Annotated[Findings, msgspec.Meta(description="forensics analyze --json")]


class _Citer:
    """Fills in the raw text of sources that point at a line."""

    def __init__(self, quote: Quote) -> None:
        self._quote = quote

    def all(self, sources: Sequence[Source]) -> list[Source]:
        distinct = dict.fromkeys(sources)
        return [self._one(source) for source in distinct]

    def maybe(self, source: Source | None) -> Source | None:
        return self._one(source) if source else None

    def _one(self, source: Source) -> Source:
        if source.quote or source.line is None:
            return source
        return msgspec.structs.replace(source, quote=self._quote(source.file, source.line))


def _say(cause_id: str, statement: Statement | None) -> str:
    if statement is None:
        return ""
    return fill(tr(texts(cause_id)[statement.message]), statement.params)


def _headline(verdict: Verdict) -> str:
    if verdict.cause == UNDECIDED:
        return fill(tr(UNDECIDED_TEXTS[verdict.headline.message]), verdict.headline.params)
    return _say(verdict.cause, verdict.headline)


def _cause(cause: Cause, one: Judgement, cite: _Citer, evidence: Evidence) -> CauseEntry:
    return CauseEntry(
        one.cause,
        tr(cause.TITLE),
        _as_status(one.status),
        one.confidence,
        _say(one.cause, one.headline),
        "now" if one.applies_to == NOW else "previous-boot",
        [_point(one.cause, point, cite) for point in one.points],
        [_missing(one.cause, missing, evidence) for missing in one.missing],
        [_remedy(one.cause, remedy) for remedy in one.remedies],
        support_text(one),
        _say(one.cause, one.forecast),
        one.defect,
        _whole(one.boot_start),
    )


def _point(cause_id: str, point: Point, cite: _Citer) -> EvidenceEntry:
    weight = abs(point.weight)
    return EvidenceEntry(
        f"{cause_id}.{point.statement.message}",
        _say(cause_id, point.statement),
        "supports" if point.weight > 0 else "contradicts",
        3 if weight >= 3 else 2 if weight == 2 else 1,  # noqa: PLR2004 - the three grades
        cite.all(point.sources),
    )


def _missing(cause_id: str, missing: Missing, evidence: Evidence) -> MissingEntry:
    advice = advise(missing.command, evidence)
    return MissingEntry(_say(cause_id, missing.statement), missing.command, advice.run, advice.note)


def _remedy(cause_id: str, remedy: Remedy) -> RemedyEntry:
    when: Literal["now", "next", "for-good"] = (
        "now" if remedy.when == "now" else "next" if remedy.when == "next" else "for-good"
    )
    return RemedyEntry(
        when,
        _say(cause_id, remedy.action),
        remedy.command,
        _say(cause_id, remedy.effect),
        _say(cause_id, remedy.caution),
        _say(cause_id, remedy.cost),
    )


def _as_status(status: str) -> Status:
    converted: Status = msgspec.convert(status, Status)
    return converted


def _bundle(evidence: Evidence, m: Measurements) -> BundleEntry:
    moment = m.collection.moment
    offset = m.zone.at(moment.at) if moment else None
    known = offset is not None and offset.basis != "unknown"
    return BundleEntry(
        evidence.name,
        evidence.sha256,
        m.system.host,
        moment.at if moment else None,
        msgspec.convert(moment.method if moment else "unknown", CollectionMethod),
        offset.minutes if offset and known else None,
        [_file(file) for file in evidence.files],
        evidence.manifest.redacted if evidence.manifest else False,
        _integrity(m),
    )


def _integrity(m: Measurements) -> IntegrityEntry | None:
    found = m.integrity
    if found is None:
        return None
    return IntegrityEntry(found.intact, list(found.changed), list(found.missing), list(found.not_listed))


def _manifest_warnings(m: Measurements) -> list[Warned]:
    """What differs from the manifest, file by file; those that it does not know in one line."""
    found = m.integrity
    if found is None:
        return []
    changed = say(Said("changed since collection: its SHA-256 is not the manifest's"))
    missing = say(Said("listed in the manifest, and not in the bundle"))
    warned = [Warned(path, changed) for path in found.changed] + [Warned(path, missing) for path in found.missing]
    if found.not_listed:
        names = ", ".join(found.not_listed[:_MOST_NAMED])
        warned.append(
            Warned(
                "",
                say(
                    Said(
                        "not in the manifest ({count:count}): {names}",
                        {"count": len(found.not_listed), "names": names},
                    )
                ),
            )
        )
    return warned


def _file(file: FileReport) -> FileEntry:
    status = msgspec.convert(file.status, FileStatus)
    return FileEntry(file.path, file.kind, file.encoding, file.size, file.sha256, status, file.note)


def _measurements(m: Measurements, cite: _Citer) -> MeasurementsEntry:
    traces = [trace_entry(use, cite.all) for use in m.traces]
    return MeasurementsEntry(
        _system(m),
        _uptime(m, cite),
        {f"{pool.protocol.lower()}_ipv{pool.family}": _pool(pool, cite) for pool in m.ports},
        _connections(m),
        _time_wait(m),
        _fix(m, cite),
        IncidentEntry(
            m.incident.start,
            m.incident.end,
            msgspec.convert(m.incident.basis, Literal["events", "netstat", "none"]),
        ),
        _event_log(m),
        trace=traces[0] if traces else None,
        more_traces=traces[1:],
        port_space=port_space_entry(m, cite.all),
        **holdings_of(m, cite.all),
    )


def _system(m: Measurements) -> SystemEntry:
    driver = m.servicing.driver
    version = driver.fact.version if driver else None
    return SystemEntry(
        m.system.name,
        ".".join(str(part) for part in m.system.version) if m.system.version else "",
        m.system.build,
        m.system.service_pack,
        m.system.build_lab,
        ".".join(str(part) for part in version) if version else "",
        sorted({update.kb for update in m.servicing.updates}),
    )


def _uptime(m: Measurements, cite: _Citer) -> UptimeEntry:
    uptime = m.uptime
    local = ""
    if uptime.wrap_at:
        offset = m.zone.at(uptime.wrap_at)
        if offset.basis != "unknown":
            doubt = f" ± {offset.uncertain} min" if offset.uncertain else ""
            wall = _needed(_whole(offset.to_local(uptime.wrap_at)))
            local = f"{second(wall)} ({offset_text(offset.minutes)}{doubt})"
    past = past_wrap_seconds(uptime)
    return UptimeEntry(
        None if uptime.seconds is None else round(uptime.seconds),
        round(uptime.span.low) if uptime.span else None,
        round(uptime.span.high) if uptime.span else None,
        uptime.at,
        _whole(uptime.boot_time),
        msgspec.convert(uptime.method, UptimeMethod),
        _whole(uptime.wrap_at),
        local,
        None if past is None else round(past),
        cite.maybe(uptime.source),
        uptime.corroborated,
        [WitnessEntry(one.kind, _needed(_whole(one.boot)), one.source) for one in uptime.agreeing],
        [say(one) for one in uptime.disagreements],
        [
            BootEntry(
                _needed(_whole(boot.start)), boot.basis, _whole(boot.ended_at), boot.end,
                None if boot.uptime_at_end is None else round(boot.uptime_at_end),
                _needed(_whole(boot.wrap_at)), boot.source,
            )
            for boot in uptime.history
        ],
        samples_of(uptime.history),
    )  # fmt: skip


def _needed(moment: datetime | None) -> datetime:
    return moment or datetime.min.replace(tzinfo=UTC)


def _whole(moment: datetime | None) -> datetime | None:
    """To the nearest second: 6013 knows no more."""
    return (moment + _HALF_A_SECOND).replace(microsecond=0) if moment else None


def _pool(pool: PortUse, cite: _Citer) -> PoolEntry:
    share = None if pool.utilisation is None else round(pool.utilisation, 6)
    basis = msgspec.convert(pool.basis, RangeBasis)
    return PoolEntry(pool.start, pool.count, pool.usable, pool.in_use, share, basis, cite.maybe(pool.source))


def _connections(m: Measurements) -> ConnectionsEntry:
    return ConnectionsEntry(
        m.states,
        [_owner(owner) for owner in m.attribution.owners[:MOST_LISTED]],
        [_remote(remote, m) for remote in m.attribution.remotes[:MOST_LISTED]],
        len(m.attribution.owners),
        len(m.attribution.remotes),
        [_snapshot(one, m.fullest_tcp) for one in m.taken],
        [
            TurnoverEntry(
                _table_name(one.before), _table_name(one.after),
                one.seconds, one.rows_before, one.rows_after, one.born, one.gone, one.survived,
            )
            for one in m.time_wait.steps
        ],
    )  # fmt: skip


def _table_name(one: Taken) -> str:
    return f"{one.found.file}:{one.found.fact.line}"


def _owner(owner: Owner) -> OwnerEntry:
    return OwnerEntry(
        owner.pid, owner.image, list(owner.services), owner.command_line,
        owner.rows, owner.dynamic_ports, owner.by_state, owner.present,
    )  # fmt: skip


def _remote(remote: Remote, m: Measurements) -> RemoteEntry:
    owners = [owner.pid for owner in m.attribution.consistent_owners(remote)]
    return RemoteEntry(remote.address, remote.port, remote.rows, remote.time_wait, remote.distinct_local_ports, owners)


def _snapshot(one: Taken, pool: PortUse) -> SnapshotEntry:
    snapshot = one.found.fact
    return SnapshotEntry(
        one.found.file,
        snapshot.line,
        one.moment.at if one.moment else None,
        msgspec.convert(one.moment.method if one.moment else "unknown", CollectionMethod),
        len(snapshot.rows),
        by_state(snapshot.rows),
        snapshot.listens,
        ports_in_use(snapshot.rows, pool),
    )


def _time_wait(m: Measurements) -> TimeWaitEntry:
    wait, observed = m.time_wait, m.time_wait.observed
    past = m.now.past_wrap and m.forecast
    return TimeWaitEntry(
        wait.ports,
        wait.delay.seconds,
        "registry" if wait.delay.basis == "registry" else "default",
        wait.delay.at_most,
        round(wait.needed_rate, 4),
        observed.opens if observed else None,
        round(observed.per_second, 5) if observed else None,
        round(observed.per_second_at_most, 5) if observed else None,
        observed.seconds if observed else None,
        round(wait.ratio, 2) if wait.ratio is not None else None,
        round(wait.ratio_at_least, 2) if wait.ratio_at_least is not None else None,
        wait.survivors,
        wait.reopened_at_most,
        wait.excess,
        wait.expired,
        round(m.forecast.explaining_rate, 5) if past and m.forecast else None,
        _whole(m.forecast.full_at) if past and m.forecast else None,
        round(m.forecast.wider_range_seconds) if past and m.forecast else None,
    )


def _fix(m: Measurements, cite: _Citer) -> FixEntry:
    fix = m.now.fix
    return FixEntry(
        msgspec.convert(fix.state, FixStateName),
        msgspec.convert(fix.basis, Literal["system", "file-version", "hotfix-list", "none"]),
        say(fix.statement),
        fix.installed_at,
        fix.pending_reboot or m.servicing.pending_reboot is not None,
        cite.all(fix.sources),
    )


def _event_log(m: Measurements) -> EventLogEntry:
    counts: dict[str, int] = {}
    for logged in m.log.events:
        counts[str(logged.event.id)] = counts.get(str(logged.event.id), 0) + 1
    ordered = dict(sorted(counts.items(), key=lambda item: int(item[0])))
    return EventLogEntry(
        m.log.records,
        m.log.records_promised,
        m.log.first_at,
        m.log.last_at,
        m.log.damaged,
        ordered,
        port_events_of(m.log.of(TCPIP, *PORT_EVENTS)),
    )
