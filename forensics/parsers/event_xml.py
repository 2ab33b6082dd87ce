r"""Event logs as XML: what `wevtutil qe System "/q:…" /f:xml /e:Events` prints, and Event Viewer's "Save as XML".

wevtutil prints each event on one line, in single quotes; without /e there is no root element around them, and with
/f:RenderedXml or from Event Viewer a RenderingInfo stands behind the data. Broken here into lines:

    <Events><Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='EventLog'/>
    <EventID Qualifiers='32768'>6013</EventID><Level>4</Level><Task>0</Task><Keywords>0x80000000000000</Keywords>
    <TimeCreated SystemTime='2015-06-23T06:04:53.000000000Z'/><EventRecordID>3461</EventRecordID>
    <Channel>System</Channel><Computer>SRV01</Computer><Security/></System><EventData><Data></Data><Data></Data>
    <Data></Data><Data></Data><Data>42</Data><Data>60</Data><Data>480 Pacific Standard Time</Data>
    <Binary>31002E00</Binary></EventData></Event></Events>

The facts are those of the binary log (`event_log`), with the same strings under the same names. What the file knows and
its text does not is left at its default: no header, no chunks. `first_at` and `last_at` are the times of TimeCreated.

How it is read: a scanner cuts the text at the tags of the event element, and expat reads each event by itself. Neither
Windows nor any writer of events can put such a tag into a value, for in values `<` is escaped. So an export with no
root, several of them in one file, one damaged event and a cut end need no care of their own; and since the text that
expat sees begins with the event's own tag, it can have no document type, hence no entities but XML's five, whatever
expat would do with them. Nothing recurses: deep nesting costs only memory that the text has taken already.

An export may be filtered, and does not tell: IDs between the wanted events are missing from it, and so may anything be
that would matter. `exported` marks such logs; `forensics.measure.log` decides what their gaps mean.

>>> log = parse(__doc__).facts[0]
>>> log.events[0].strings[4], log.events[0].binary, log.last_record
('42', b'1\x00.\x00', 3461)
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice, pairwise
from typing import NamedTuple
from xml.parsers import expat

from forensics.evtx.damage import DamagedError
from forensics.evtx.templates import EVENT_DATA, USER_DATA
from forensics.knowledge.calendar import CLOCK_YEARS
from forensics.knowledge.event_ids import known_event
from forensics.parsed import Parsed
from forensics.parsers.event_log import MOST_GAPS, Event, EventLog
from forensics.text.lines import with_newlines
from forensics.text.problems import Problems

KIND = "event-xml"
READS = "text"

# What the collector asks of a redacted bundle's logs: every event of `forensics.knowledge.event_ids` that its channel
# can hold, and few others. Without a double quote, to stand in a pair of them. Windows takes 20 expressions at most in
# a plain XPath (learn.microsoft.com, EvtQuery; 32 in a structured query; elastic/beats issue 1491 saw 22 pass and 23
# fail), so IDs are taken in runs. Events with small IDs, which many providers write, are taken from their own alone;
# Kernel-General 16 tells of each user's hive by name, and often. Operators: MS-EVEN6, 2.2.15.1. 4373 and 4376 of
# Windows 6.0 are asked of both channels, because no source was found that says which holds them.
QUERIES = {
    "System": "*[System[(Provider["
    "@Name='Microsoft-Windows-Kernel-General' or @Name='Microsoft-Windows-Kernel-Power' or "
    "@Name='Microsoft-Windows-Kernel-Boot' or @Name='Microsoft-Windows-Power-Troubleshooter' or "
    "@Name='Microsoft-Windows-WindowsUpdateClient' or @Name='Microsoft-Windows-Time-Service' or "
    "@Name='Microsoft-Windows-Eventlog'] and EventID<=109 and EventID!=16) or "
    "(EventID>=1074 and EventID<=1076) or (EventID>=4226 and EventID<=4266) or (EventID>=4373 and EventID<=4376) or "
    "(EventID>=6005 and EventID<=6013) or EventID=7045 or (EventID>=16000 and EventID<=16002)]]",
    "Setup": "*[System[Provider[@Name='Microsoft-Windows-Servicing'] and "
    "(EventID<=4 or (EventID>=4373 and EventID<=4376))]]",
}

_NAMESPACE = "http://schemas.microsoft.com/win/2004/08/events/event"
_TAG = re.compile(r"<(/?)Event(?=[\s/>]|\Z)[^<>]*(>?)")
_ROOT = re.compile(r"<(/?)Events(?=[\s>])[^<>]*>")
_BEGINS_WITH_ROOT = re.compile(r"\ufeff?\s*(?:<\?xml[^<>]*\?>\s*)?<Events(?=[\s/>])")
# Windows prints what an event holds; XML has no place for these, as such or by number.
_NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BY_NUMBER = re.compile(r"&#(?:x0*([0-9A-Fa-f]{1,6})|0*([0-9]{1,7}));")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)?", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,20}")
_HIGHEST_RECORD = 2**64
_HIGHEST_ID = 2**16
_ITEM = 3  # depth of System's, EventData's and UserData's own elements


def recognise(text: str) -> bool:
    """Tell an export by an event in Microsoft's namespace, or by the root element that it begins with."""
    return bool(_BEGINS_WITH_ROOT.match(text)) or any(_is_event(tag) for tag in _TAG.finditer(text))


def parse(text: str) -> Parsed:
    """Read every event, one log for each channel."""
    return _ExportReader(lambda provider, number: known_event(provider, number) is not None).read(with_newlines(text))


def _is_event(tag: re.Match[str]) -> bool:
    return not tag[1] and _NAMESPACE in tag[0]


class _Content:
    """What one event says, filled by expat."""

    def __init__(self) -> None:
        self.system: dict[str, str] = {}
        self.provider = ""
        self.time = ""
        self.strings: list[str] = []
        self.names: list[str] = []
        self.binary = b""
        self._depth = 0
        self._section = ""
        self._name = ""
        self._pieces: list[str] = []
        self._is_innermost = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        name = tag.rpartition(":")[2]
        if self._depth == _ITEM - 1:
            self._section = name
        elif self._depth == _ITEM and self._section == "System":
            if name == "Provider":
                self.provider = attributes.get("Name", "")
            elif name == "TimeCreated":
                self.time = attributes.get("SystemTime", "")
        is_data = name == "Data" and self._depth == _ITEM and self._section == EVENT_DATA
        self._name = attributes.get("Name", "") if is_data else name
        self._is_innermost = True
        self._pieces = []

    def text(self, piece: str) -> None:
        self._pieces.append(piece)

    def end(self, _tag: str) -> None:
        if self._is_innermost:
            self._keep("".join(self._pieces))
        self._is_innermost = False
        self._depth -= 1

    def _keep(self, text: str) -> None:
        """Take the text of an innermost element."""
        if self._section == "System":
            if self._depth == _ITEM:
                self.system.setdefault(self._name, text.strip())
        elif self._section == EVENT_DATA and self._depth == _ITEM and self._name == "Binary":
            self.binary = _bytes(text)
        elif (self._section == EVENT_DATA and self._depth >= _ITEM) or (
            self._section == USER_DATA and (self._depth >= _ITEM or text.strip())
        ):
            self.strings.append(text)
            self.names.append(self._name)


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise DamagedError("its Binary is no hexadecimal number") from error


class _Read(NamedTuple):
    """An event that was read, wanted or not."""

    channel: str
    event: Event


def _read(text: str) -> _Read:
    """Read one event.

    Raises:
        DamagedError: where it is not well-formed, or lacks what every event has.
    """
    content = _Content()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = content.start
    parser.EndElementHandler = content.end
    parser.CharacterDataHandler = content.text
    text = _NO_XML.sub("\ufffd", text)
    if "&#" in text:
        text = _BY_NUMBER.sub(_permitted, text)
    try:
        parser.Parse(text, True)  # noqa: FBT003 - the end of the document
    except expat.ExpatError as error:
        raise DamagedError(expat.ErrorString(error.code)) from error
    system = content.system
    return _Read(
        system.get("Channel", ""),
        Event(
            record=_number(system.get("EventRecordID", ""), _HIGHEST_RECORD, "EventRecordID"),
            at=_moment(content.time),
            provider=content.provider,
            id=_number(system.get("EventID", ""), _HIGHEST_ID, "EventID"),
            computer=system.get("Computer", ""),
            strings=tuple(content.strings),
            names=tuple(content.names),
            binary=content.binary,
        ),
    )


def _permitted(reference: re.Match[str]) -> str:
    """Return a character reference, or the replacement character where XML does not permit what it refers to."""
    code = int(reference[1], 16) if reference[1] else int(reference[2])
    if code > 0x10FFFF or _NO_XML.match(chr(code)):  # noqa: PLR2004 - Unicode's last code point
        return "\ufffd"
    return reference[0]


def _number(text: str, limit: int, what: str) -> int:
    if not _NUMBER.fullmatch(text) or int(text) >= limit:
        raise DamagedError(f"its {what} is no number that can be meant")
    return int(text)


def _moment(text: str) -> datetime:
    """Read SystemTime to the microsecond: of its seven or nine digits the rest is cut off, as in the binary log."""
    try:
        if not _TIME.fullmatch(text):
            raise DamagedError("event without a time")
        moment = datetime.fromisoformat(text)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise DamagedError("its SystemTime is no time that can be meant") from error
    if moment.year not in CLOCK_YEARS:
        raise DamagedError("its SystemTime is no time that can be meant")
    return moment


class _Log:
    """What was read of one channel."""

    def __init__(self) -> None:
        self.records: dict[int, tuple[datetime, str, int]] = {}  # ID to what tells two records apart
        self.wanted: list[Event] = []


class _ExportReader:
    """One pass over a text; `is_wanted(provider, id)` chooses the events."""

    def __init__(self, is_wanted: Callable[[str, int], bool]) -> None:
        self._is_wanted = is_wanted
        self._logs: dict[str, _Log] = {}
        self._problems = Problems()
        self._damaged = 0
        self._conflicts = 0
        self._counted = 0  # position up to which lines were counted
        self._line = 1

    def read(self, text: str) -> Parsed:
        start, inner = -1, 0
        for tag in _TAG.finditer(text):
            if _is_event(tag):
                if start >= 0:
                    self._lose(text, start, "another begins before it ends")
                start, inner = tag.start(), 0
            elif start < 0 or not tag[2]:
                continue
            elif not tag[1]:
                inner += not tag[0].endswith("/>")  # an element of this name inside UserData
            elif inner:
                inner -= 1
            else:
                self._read_event(text, start, tag.end())
                start = -1
        self._check_end(text, start)
        if self._conflicts:
            self._problems.add(None, f"{self._conflicts:,} events repeat an ID with other content; the first counts")
        logs = tuple(self._finished(channel, log) for channel, log in self._logs.items())
        return Parsed(logs, "; ".join(map(_summary, logs)) or "no events", self._problems.told())

    def _read_event(self, text: str, start: int, end: int) -> None:
        try:
            channel, event = _read(text[start:end])
        except DamagedError as error:
            self._lose(text, start, str(error))
            return
        log = self._logs.setdefault(channel, _Log())
        told = (event.at, event.provider, event.id)
        if log.records.setdefault(event.record, told) is not told:
            self._conflicts += log.records[event.record] != told
        elif self._is_wanted(event.provider, event.id):
            log.wanted.append(event)

    def _check_end(self, text: str, start: int) -> None:
        root = None
        for root in _ROOT.finditer(text):  # noqa: B007 - the last one is asked for
            pass
        if start >= 0:
            self._lose(text, start, "the text ends in the middle of it")
        elif root and not root[1]:
            self._damaged += 1
            self._problems.add(None, "the export is cut off: its root element is not closed")

    def _lose(self, text: str, start: int, why: str) -> None:
        self._damaged += 1
        self._line += text.count("\n", self._counted, start)
        self._counted = start
        self._problems.add(self._line, f"an event cannot be read: {why}")

    def _finished(self, channel: str, log: _Log) -> EventLog:
        ids = sorted(log.records)
        events = tuple(sorted(log.wanted, key=lambda event: event.record))
        gaps = ((before, after) for after, before in pairwise(reversed(ids)) if after - before > 1)
        return EventLog(
            channel=channel,
            computers=tuple(dict.fromkeys(event.computer for event in events)),
            records=len(ids),
            records_promised=None,
            first_record=ids[0],
            last_record=ids[-1],
            first_at=log.records[ids[0]][0],
            last_at=log.records[ids[-1]][0],
            id_gaps=tuple(islice(gaps, MOST_GAPS)),
            dirty=False,
            full=False,
            chunks=0,
            chunks_rejected=0,
            records_damaged=self._damaged,
            events=events,
            exported=True,
        )


def _summary(log: EventLog) -> str:
    gaps = " with gaps" if log.id_gaps else ""
    return (
        f"{log.channel or 'event'} log as text, {log.records:,} records{gaps}, {len(log.events):,} events used, "
        f"newest {log.last_at:%Y-%m-%d %H:%M:%S} UTC"
    )
