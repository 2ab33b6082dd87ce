r"""Windows event logs (System.evtx, Setup.evtx and others): the events that bear on port exhaustion.

The input is binary: a header that begins `ElfFile`, then chunks of 64 KiB that begin `ElfChnk`. What Event
Viewer shows of a record read here:

    Log Name: System        Source: EventLog        Event ID: 6013        Logged: 23.06.2015 06:04:53
    <EventData><Data></Data><Data></Data><Data></Data><Data></Data><Data>42</Data><Data>60</Data>
    <Data>480 Pacific Standard Time</Data><Binary>31002E00…</Binary></EventData>

The event IDs are those of `forensics.knowledge.event_ids`. Every chunk in the file is read, also those that
the header of a log copied from a running machine does not know of yet.

>>> recognise(b"ElfFile\0" + bytes(4088))
True
>>> parse(b"ElfFile\0" + bytes(4088)).problems
(Problem(line=None, message='the file header is torn; what it says is not used'),)
"""

from collections.abc import Callable, Container
from datetime import datetime
from itertools import islice, pairwise

import msgspec

from forensics.evtx.chunk import CHUNK_SIZE, Chunk, Record, written
from forensics.evtx.chunk import MAGIC as CHUNK_MAGIC
from forensics.evtx.damage import DamagedError
from forensics.evtx.events import EventReader, Opened
from forensics.evtx.header import HEADER_SIZE, Header, read_header
from forensics.evtx.header import MAGIC as FILE_MAGIC
from forensics.evtx.templates import TemplateCache
from forensics.evtx.values import filetime
from forensics.knowledge.calendar import CLOCK_YEARS
from forensics.knowledge.event_ids import KNOWN_EVENTS, known_event
from forensics.parsed import Parsed, Problem

KIND = "event-log"
READS = "bytes"

MOST_GAPS = 100
_NEVER_USED = bytes(CHUNK_SIZE)


class Event(msgspec.Struct, frozen=True):
    """One wanted event.

    `record` is the event record ID, `at` the time of TimeCreated to the microsecond, `provider` as the record
    spells it. `names` runs parallel to `strings`: the Name attributes of EventData's Data elements, "" where
    there is none, or the names of the elements inside UserData. `binary` is EventData's Binary element.
    """

    record: int
    at: datetime
    provider: str
    id: int
    computer: str
    strings: tuple[str, ...]
    names: tuple[str, ...]
    binary: bytes

    def named(self, name: str) -> str | None:
        """Return the first string of this name, or None."""
        return next((text for key, text in zip(self.names, self.strings, strict=True) if key == name), None)


class EventLog(msgspec.Struct, frozen=True):
    """One log, with its wanted events in the order of their record IDs.

    Counts are of records with distinct IDs whose frame and event ID could be read. `records_promised` is the
    header's next record ID less the first record found: what the log held when its header was last written;
    None where the header is torn or older than every record. `first_at` and `last_at` are when the first and
    the last record, by ID, were written (UTC, the record's own frame, not TimeCreated). `id_gaps` lists runs
    of missing record IDs as the records before and after, newest first, at most 100. `dirty` and `full` are
    the header's flags; a torn header counts as dirty. `chunks_rejected` counts chunks whose header cannot be
    trusted, and those that the file header counts and the file does not hold; `records_damaged` places where a
    record was expected and could not be read, or had the ID of another one. `changed` names the first and the
    last record ID of each chunk that was read although it does not match its checksums, but for the newest of a dirty
    log: there Windows had yet to write them. `exported` marks a log that was saved as text (`event_xml`), perhaps
    through a filter: there `id_gaps` need not be losses.
    """

    channel: str
    computers: tuple[str, ...]
    records: int
    records_promised: int | None
    first_record: int | None
    last_record: int | None
    first_at: datetime | None
    last_at: datetime | None
    id_gaps: tuple[tuple[int, int], ...]
    dirty: bool
    full: bool
    chunks: int
    chunks_rejected: int
    records_damaged: int
    events: tuple[Event, ...]
    exported: bool = False
    changed: tuple[tuple[int, int], ...] = ()


def recognise(data: bytes) -> bool:
    """Tell an event log by its first bytes, or by a chunk where one must begin if the file header is torn."""
    return data.startswith(FILE_MAGIC) or any(
        data.startswith(CHUNK_MAGIC, start) for start in range(HEADER_SIZE, len(data), CHUNK_SIZE)
    )


def parse(data: bytes) -> Parsed:
    """Read every chunk of the log and its wanted events."""
    reader = _LogReader(data, _WANTED_IDS, lambda provider, number: known_event(provider, number) is not None)
    log = reader.read()
    newest = f", newest {log.last_at:%Y-%m-%d %H:%M:%S} UTC" if log.last_at else ""
    summary = f"{log.channel or 'event'} log, {log.records:,} records, {len(log.events):,} events used{newest}"
    return Parsed((log,), summary, tuple(reader.problems))


_WANTED_IDS = frozenset(event.id for event in KNOWN_EVENTS)


class _LogReader:
    """One pass over a log; `ids` and then `is_wanted(provider, id)` choose the events."""

    def __init__(self, data: bytes, ids: Container[int], is_wanted: Callable[[str, int], bool]) -> None:
        self.problems: list[Problem] = []
        self._data = data
        self._ids = ids
        self._is_wanted = is_wanted
        self._templates = TemplateCache()
        self._places: dict[int, int] = {}  # record ID to the record's position in the file
        self._events: list[Event] = []
        self._channel = ""
        self._chunks = 0
        self._rejected = 0
        self._changed: list[tuple[int, int]] = []
        self._damaged = 0
        self._conflicts = 0

    def read(self) -> EventLog:
        header = read_header(self._data)
        if header is None:
            self._problem("the file header is torn; what it says is not used")
        for number, start in enumerate(range(HEADER_SIZE, len(self._data), CHUNK_SIZE)):
            self._read_chunk(number, start, checksums=header is None or header.checksums)
        missing = self._missing(header)
        if self._conflicts:
            self._problem(f"{self._conflicts:,} records repeat the ID of another record; the first counts")
        ids = sorted(self._places)
        events = sorted(self._events, key=lambda event: event.record)
        promised = _promised(header, ids)
        if promised is not None and promised > len(ids):
            self._problem(f"the file header promises {promised:,} records, {len(ids):,} were read")
        return EventLog(
            channel=self._channel,
            computers=tuple(dict.fromkeys(event.computer for event in events)),
            records=len(ids),
            records_promised=promised,
            first_record=ids[0] if ids else None,
            last_record=ids[-1] if ids else None,
            first_at=self._written(ids[0]) if ids else None,
            last_at=self._written(ids[-1]) if ids else None,
            id_gaps=_gaps(ids),
            dirty=header is None or header.dirty,
            full=header is not None and header.full,
            chunks=self._chunks,
            chunks_rejected=self._rejected + missing,
            records_damaged=self._damaged + self._conflicts,
            events=tuple(events),
            changed=tuple(run for run in self._changed if not (header and header.dirty and run[1] == ids[-1])),
        )

    def _read_chunk(self, number: int, start: int, *, checksums: bool) -> None:
        data = self._data[start : start + CHUNK_SIZE]
        if data == _NEVER_USED[: len(data)]:
            return
        try:
            chunk = Chunk(data, checksums=checksums)
        except DamagedError as error:
            self._rejected += 1
            self._problem(f"chunk {number} is rejected: {error}")
            return
        self._chunks += 1
        if len(data) < CHUNK_SIZE:
            self._problem(f"chunk {number} is cut off after {len(data):,} of {CHUNK_SIZE:,} bytes")
        elif not chunk.checksums_hold:
            self._problem(f"chunk {number} does not match its checksums; it is read all the same")
        self._read_records(chunk, start)
        if len(data) == CHUNK_SIZE and not chunk.checksums_hold:
            inside = [number for number, place in self._places.items() if start <= place < start + CHUNK_SIZE]
            self._changed += [(min(inside), max(inside))] if inside else []
        if chunk.damage:
            self._damaged += len(chunk.damage)
            self._problem(f"chunk {number}: {len(chunk.damage)} damaged records; the first {chunk.damage[0]}")

    def _read_records(self, chunk: Chunk, start: int) -> None:
        reader = EventReader(chunk, self._templates)
        for record in chunk.records():
            place = self._places.get(record.id)
            if place is not None:
                # A chunk may stand in the file twice. Within one chunk an ID that comes again is another record.
                if place >= start or not self._data.startswith(chunk.data[record.start : record.end], place):
                    self._conflicts += 1
                continue
            try:
                opened = reader.open(record)
                event_id = reader.event_id(opened)
                if not self._channel:
                    self._channel = reader.channel(opened)
                if event_id in self._ids:
                    self._read_event(reader, record, opened, event_id)
            except DamagedError as error:
                chunk.damage.append(f"at {record.start}: {error}")
            else:
                self._places[record.id] = start + record.start

    def _read_event(self, reader: EventReader, record: Record, opened: Opened, event_id: int) -> None:
        provider = reader.provider(opened)
        if not self._is_wanted(provider, event_id):
            return
        content = reader.content(opened)
        at = content.at or filetime(record.written)
        if at is None or at.year not in CLOCK_YEARS:
            raise DamagedError("event without a time that can be meant")
        self._events.append(
            Event(
                record=record.id,
                at=at,
                provider=provider,
                id=event_id,
                computer=content.computer,
                strings=tuple(content.strings),
                names=tuple(content.names),
                binary=content.binary,
            )
        )

    def _missing(self, header: Header | None) -> int:
        """Count the chunks that the header knows and the file lacks: cut off, or nothing but zeros."""
        known = header.chunk_count if header else 0
        missing = max(0, known - self._chunks - self._rejected)
        if missing:
            self._problem(f"{missing:,} of the {known:,} chunks that the file header counts are not there")
        return missing

    def _written(self, record: int) -> datetime | None:
        ticks = written(self._data, self._places[record])
        moment = filetime(ticks)
        return moment if moment and moment.year in CLOCK_YEARS else None

    def _problem(self, message: str) -> None:
        self.problems.append(Problem(None, message))


def _promised(header: Header | None, ids: list[int]) -> int | None:
    if header is None or not ids or header.next_record < ids[0]:
        return None
    return header.next_record - ids[0]


def _gaps(ids: list[int]) -> tuple[tuple[int, int], ...]:
    gaps = ((before, after) for before, after in pairwise(reversed(ids)) if before - after > 1)
    return tuple((before, after) for after, before in islice(gaps, MOST_GAPS))
