"""Event logs as XML, held against the same logs as binary files, and through the whole analysis."""

import io
import json
import os
import re
import time
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest
from builder import Machine, bundle_files
from evtx import PyEvtxParser

from forensics.bundle.archive import MemberTime
from forensics.bundle.decode import decode
from forensics.bundle.manifest import Entry
from forensics.evidence import Evidence, Found
from forensics.knowledge.event_ids import KNOWN_EVENTS
from forensics.measure.log import SystemLog, system_log
from forensics.parsers.event_log import Event, EventLog
from forensics.parsers.event_log import parse as parse_binary
from forensics.parsers.event_xml import QUERIES, parse, recognise
from tests.bundles import cause, findings_of
from tests.evtx.referee import CONTROL, NAMESPACE, plain, text
from tests.machines import COLLECTED, calm, stuck

CORPUS = os.environ.get("FORENSICS_CORPUS")
LOGS = sorted(Path(CORPUS, "evtx").glob("*.evtx")) if CORPUS else []
needs_corpus = pytest.mark.skipif(not LOGS, reason="FORENSICS_CORPUS is not set")
XMLNS = "http://schemas.microsoft.com/win/2004/08/events/event"


def printed(element: ET.Element) -> str:
    """An element as wevtutil prints it: without blanks, in single quotes, closed at once where it is empty."""
    tag = NAMESPACE.sub("", element.tag)
    attributes = "".join(f" {NAMESPACE.sub('', name)}={_quoted(value)}" for name, value in element.attrib.items())
    if tag == "Event":
        attributes = f" xmlns='{XMLNS}'"
    inside = "".join(map(printed, element)) or escape(text(element))
    return f"<{tag}{attributes}>{inside}</{tag}>" if inside or tag == "Data" else f"<{tag}{attributes}/>"


def _quoted(value: str) -> str:
    return "'" + quoteattr(value + '"')[1:-2].replace("'", "&apos;") + "'" if "'" not in value else quoteattr(value)


@cache
def exported(data: bytes) -> tuple[str, ...]:
    """Every event of a binary log, as the Rust reader sees it, in wevtutil's style."""
    events: list[str] = []
    records = PyEvtxParser(io.BytesIO(data), number_of_threads=1).records()
    while True:
        try:
            record: Any = next(records)
        except StopIteration:
            return tuple(events)
        except RuntimeError:
            continue
        clean = CONTROL.sub("\ufffd", record["data"]).encode("utf-8", "replace")
        events.append(printed(ET.fromstring(clean)))  # noqa: S314 - our own reader's output


def document(events: tuple[str, ...] | list[str]) -> str:
    return "<Events>" + "\r\n".join(events) + "</Events>\r\n"


def the(document: str) -> EventLog:
    (found,) = parse(document).facts
    assert isinstance(found, EventLog)
    return found


def binary(data: bytes) -> EventLog:
    (found,) = parse_binary(data).facts
    assert isinstance(found, EventLog)
    return found


def comparable(event: Event) -> tuple[object, ...]:
    """What a real log holds of an event, less what XML loses (kinds of line ends, control characters)."""
    # A time in EventData is spelled "… UTC" by one reader and "…Z" by another.
    strings = tuple(re.sub(r"(?<=\d) UTC\Z", "Z", plain(one)).replace("Z", "") for one in event.strings)
    return (
        event.record, event.at, event.provider, event.id, event.computer,
        tuple(one.replace("T", " ") if re.match(r"\d{4}-", one) else one for one in strings), event.names, event.binary,
    )  # fmt: skip


def one(number: int = 1, **changes: str) -> str:
    """A single event 6013 as wevtutil prints it."""
    fields = {
        "provider": "EventLog", "id": "6013", "time": "2015-06-23T06:04:53.123456700Z", "channel": "System",
        "computer": "SRV01", "data": "<Data></Data>" * 4 + "<Data>42</Data><Data>60</Data><Data/>", "record": str(number),
    } | changes  # fmt: skip
    return (
        f"<Event xmlns='{XMLNS}'><System><Provider Name='{fields['provider']}'/>"
        f"<EventID Qualifiers='32768'>{fields['id']}</EventID><TimeCreated SystemTime='{fields['time']}'/>"
        f"<EventRecordID>{fields['record']}</EventRecordID><Correlation/><Channel>{fields['channel']}</Channel>"
        f"<Computer>{fields['computer']}</Computer><Security/></System>"
        f"<EventData>{fields['data']}</EventData></Event>"
    )


@needs_corpus
@pytest.mark.parametrize("path", [path for path in LOGS if "ystem.evtx" in path.name], ids=lambda path: path.name)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_real_log_gives_what_its_binary_file_gives(path: Path, encoding: str) -> None:
    data = path.read_bytes()
    ours = the(decode(document(exported(data)).encode(encoding)).text)
    theirs = binary(data)
    assert len(theirs.events) > 100
    assert [comparable(event) for event in ours.events] == [comparable(event) for event in theirs.events]
    for field in ("channel", "computers", "records", "first_record", "last_record", "id_gaps"):
        assert getattr(ours, field) == getattr(theirs, field), field
    assert ours.first_at is not None
    assert theirs.first_at is not None
    assert abs(ours.first_at - theirs.first_at) < timedelta(minutes=1)  # TimeCreated against the record's frame
    assert not parse(document(exported(data))).problems


@needs_corpus
@pytest.mark.parametrize("path", [path for path in LOGS if "ystem.evtx" in path.name], ids=lambda path: path.name)
def test_without_a_root_and_indented_it_is_the_same(path: Path) -> None:
    events = exported(path.read_bytes())[:200]
    expected = the(document(events)).events
    assert the("".join(events)).events == expected
    assert the("- " + "\n- ".join(event.replace("><S", ">\n  <S") for event in events)).events == expected


def test_an_event_with_all_its_parts() -> None:
    found = the(one(7, data="<Data Name='a'>&lt;x&gt; &amp; &#252;</Data><Data/><Binary>31002E00</Binary>"))
    assert found.events == (
        Event(
            record=7,
            at=datetime(2015, 6, 23, 6, 4, 53, 123456, tzinfo=UTC),
            provider="EventLog",
            id=6013,
            computer="SRV01",
            strings=("<x> & ü", ""),
            names=("a", ""),
            binary=b"1\0.\0",
        ),
    )
    assert (found.channel, found.records, found.first_record, found.last_record) == ("System", 1, 7, 7)
    assert found.exported
    assert not binary_defaults(found)


def binary_defaults(found: EventLog) -> object:
    return found.records_promised or found.dirty or found.full or found.chunks or found.chunks_rejected


def test_either_quote() -> None:
    assert recognise(one().replace("'", '"'))
    assert the(one().replace("'", '"')) == the(one())


def test_user_data_gives_the_names_of_its_innermost_elements() -> None:
    data = "</EventData><UserData><LogFileCleared xmlns='x'><User>u</User><Event>y</Event></LogFileCleared></UserData><EventData>"
    (event,) = the(one(id="104", provider="Microsoft-Windows-Eventlog", data=data)).events
    assert (event.strings, event.names) == (("u", "y"), ("User", "Event"))


def test_what_was_rendered_for_people_is_not_data() -> None:
    rendering = "<RenderingInfo Culture='de-DE'><Message>Die Betriebszeit</Message><Keywords><Keyword>a</Keyword></Keywords></RenderingInfo>"
    assert the(one().replace("</Event>", f"{rendering}</Event>")) == the(one())


def test_events_of_other_providers_are_counted_alone() -> None:
    found = the(one(1, provider="Tcpip") + one(2))
    assert (found.records, [event.record for event in found.events]) == (2, [2])


def test_each_channel_is_a_log() -> None:
    parsed = parse(one(1) + one(900, channel="Setup", provider="Microsoft-Windows-Servicing", id="2"))
    assert [fact.channel for fact in parsed.facts if isinstance(fact, EventLog)] == ["System", "Setup"]


def test_order_does_not_matter_and_gaps_are_told() -> None:
    found = the(one(9) + one(2) + one(3))
    assert [event.record for event in found.events] == [2, 3, 9]
    assert found.id_gaps == ((3, 9),)


def test_an_event_met_twice_counts_once() -> None:
    assert the(one(1) + one(1)) == the(one(1))
    assert "1 events repeat" in parse(one(1) + one(1, id="6005")).problems[0].message


@pytest.mark.parametrize(
    "spelled", ["2015-06-23T06:04:53Z", "2015-06-23T06:04:53.0Z", "2015-06-23T06:04:53.0000000Z", "2015-06-23T06:04:53"]
)
def test_times(spelled: str) -> None:
    assert the(one(time=spelled)).events[0].at == datetime(2015, 6, 23, 6, 4, 53, tzinfo=UTC)


def test_control_characters_cost_themselves() -> None:
    (event,) = the(one(data="<Data>a\x01b&#1;c&#x0;d&#xD800;e&#99999999;</Data>".replace("&#99999999;", ""))).events
    assert event.strings == ("a\ufffdb\ufffdc\ufffdd\ufffde",)


# Damaged and hostile text


@pytest.mark.parametrize(
    "changed",
    [
        {"id": "x"}, {"id": "65536"}, {"id": "9" * 5000}, {"id": "٣"}, {"record": ""}, {"record": str(2**64)}, {"time": ""},
        {"time": "2015-13-23T06:04:53Z"}, {"time": "0001-01-01T00:00:00+14:00"}, {"data": "<Data>"}, {"data": "&unknown;"},
        {"data": "<Binary>zz</Binary>"}, {"computer": "<<"}, {"data": "<Data a='1' a='2'/>"}, {"data": "<!DOCTYPE x>"},
    ],
    ids=str,
)  # fmt: skip
def test_one_damaged_event_costs_that_event(changed: dict[str, str]) -> None:
    parsed = parse(document([one(1), one(2, **changed), one(3)]))
    (found,) = parsed.facts
    assert isinstance(found, EventLog)
    assert [event.record for event in found.events] == [1, 3]
    assert found.records_damaged == len(parsed.problems) == 1
    assert parsed.problems[0].line == 2


def test_cut_anywhere_it_gives_the_events_before_and_one_problem() -> None:
    whole = document([one(1), one(2), one(3)])
    ends = [match.end() for match in re.finditer("</Event>", whole)]
    for length in range(len("<Events>"), whole.index("</Events>") + len("</Events")):
        parsed = parse(whole[:length])
        records = sum(fact.records for fact in parsed.facts if isinstance(fact, EventLog))
        assert records == sum(end <= length for end in ends)
        assert len(parsed.problems) == 1, length
    assert not parse(whole).problems


def test_a_cut_export_before_another_costs_one_event() -> None:
    parsed = parse(one(1) + one(2)[:200] + "\n" + one(3))
    assert [event.record for event in the(one(1) + one(2)[:200] + one(3)).events] == [1, 3]
    assert len(parsed.problems) == 1


def test_entities_and_document_types_are_refused_not_expanded() -> None:
    bomb = "<!DOCTYPE Events [<!ENTITY a 'aaaaaaaaaa'>" + "".join(
        f"<!ENTITY {name} '{f'&{before};' * 10}'>" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    bomb += "<!ENTITY file SYSTEM 'file:///etc/passwd'>]>"
    for reference in ("&i;", "&file;"):
        parsed = parse(bomb + document([one(1, data=f"<Data>{reference}</Data>"), one(2)]))
        assert [fact.records for fact in parsed.facts if isinstance(fact, EventLog)] == [1]
        assert [problem.message for problem in parsed.problems] == ["an event cannot be read: undefined entity"]


def test_deep_nesting_neither_overflows_nor_hides_the_rest() -> None:
    deep = "<a>" * 500_000 + "</a>" * 500_000
    found = the(one(1, data=deep) + one(2))
    assert [event.record for event in found.events] == [1, 2]


@pytest.mark.parametrize(
    "piece",
    [
        "<Event ", f"<Event xmlns='{XMLNS}'", f"<Event xmlns='{XMLNS}'>", "</Event>", "</Event ", "<Events>", "<Events ", "<Event/>",
        "<Event>", "<", "<Event " + " " * 50, "&#x0", "<?xml ", "\ufeff ", one(1), one(1)[:100], f"<Event xmlns='{XMLNS}'/>",
    ],
)  # fmt: skip
def test_time_is_linear(piece: str) -> None:
    hostile = piece * (2_000_000 // len(piece))
    start = time.perf_counter()
    recognise(hostile)
    parse(hostile)
    parse(one()[:-20] + hostile)
    assert time.perf_counter() - start < 10


@pytest.mark.parametrize(
    "foreign", ["", "<Event>", "<Event xmlns='http://example.com/'>", "<events/>", "see <Events> there"]
)
def test_other_text_is_not_recognised(foreign: str) -> None:
    assert not recognise(foreign)
    assert not parse(foreign).facts


def test_an_export_of_nothing_is_recognised_and_holds_nothing() -> None:
    assert recognise("\ufeff<?xml version='1.0' encoding='utf-8'?>\r\n<Events></Events>")
    assert parse("<Events></Events>").facts == parse("<Events></Events>").problems == ()


# The collector's queries

OTHER_CHANNELS = {
    ("Microsoft-Windows-Eventlog", 1102): "Security",
    **{
        ("Microsoft-Windows-Time-Service", number): "Microsoft-Windows-Time-Service/Operational"
        for number in range(261, 266)
    },
    **{("Microsoft-Windows-Servicing", number): "Setup" for number in (1, 2, 4)},
}
SPELLINGS = {
    "Tcpip": ("Tcpip", "Tcpip6", "Microsoft-Windows-TCPIP"),
    "User32": ("User32", "USER32", "Microsoft-Windows-User32"),
}
COMPARISON = re.compile(r"(@Name|EventID)(<=|>=|!=|=)('[^']*'|\d+)")


def selects(query: str) -> Callable[[str, int], bool]:
    """Windows' XPath of comparisons as a function: a second reading of the query, by Python's own grammar."""
    inside = query.removeprefix("*[System[").removesuffix("]]").replace("Provider[", "(").replace("]", ")")
    python = COMPARISON.sub(
        lambda match: f"{match[1].lstrip('@')}{'==' if match[2] == '=' else match[2]}{match[3]}", inside
    )
    code = compile(python, "query", "eval")
    return lambda provider, number: bool(eval(code, {}, {"Name": provider, "EventID": number}))  # noqa: S307 - our own text


def test_the_queries_select_every_known_event_of_their_channel() -> None:
    for event in KNOWN_EVENTS:
        channel = OTHER_CHANNELS.get((event.provider, event.id), "System")
        for provider in SPELLINGS.get(event.provider, (event.provider,)):
            if channel in QUERIES and not (channel == "System" and event.provider == "Microsoft-Windows-Servicing"):
                assert selects(QUERIES[channel])(provider, event.id), (provider, event.id)
    for number in (4373, 4376):
        assert all(selects(query)("Microsoft-Windows-Servicing", number) for query in QUERIES.values())


@pytest.mark.parametrize(
    ("provider", "number"),
    [
        ("Service Control Manager", 7036),
        ("Microsoft-Windows-Kernel-General", 16),
        ("Disk", 11),
        ("Schannel", 36874),
        ("volsnap", 36),
    ],
)
def test_frequent_events_of_no_use_are_left_out(provider: str, number: int) -> None:
    assert not selects(QUERIES["System"])(provider, number)


@pytest.mark.parametrize("channel", QUERIES)
def test_windows_takes_the_query(channel: str) -> None:
    query = QUERIES[channel]
    assert len(COMPARISON.findall(query)) <= 20
    assert not set('"%^\r\n') & set(query)
    assert len(query) < 1000
    assert query.count("(") == query.count(")")


# What the analysis makes of it

COMMAND = f'wevtutil qe System "/q:{QUERIES["System"]}" /f:xml /e:Events /uni:true'


def joined(text: str, entry: Entry | None = None) -> SystemLog:
    found = tuple(Found(fact, "System.xml", MemberTime(), entry) for fact in parse(text).facts)
    facts: dict[type, tuple[Found[object], ...]] = {EventLog: found}
    return system_log(Evidence("test", "", (), None, "", (), facts))


TWO_DAYS = [one(number, time=f"2015-06-2{number}T10:00:00Z") for number in (1, 2, 3)]
SPARSE = [TWO_DAYS[0], TWO_DAYS[2]]


def test_an_export_without_gaps_over_more_than_a_day_is_a_whole_log() -> None:
    log = joined(document(TWO_DAYS))
    assert (log.records, log.damaged, log.partial) == (3, False, frozenset())
    assert not log.lost_between(log.events[0], log.events[-1])


@pytest.mark.parametrize("events", [SPARSE, TWO_DAYS[:1], TWO_DAYS[:2]], ids=["gaps", "one", "a day"])
def test_any_other_counts_for_nothing_but_its_events(events: list[str]) -> None:
    log = joined(document(events))
    assert (log.records, log.damaged, log.partial) == (0, True, frozenset({"System.xml"}))
    assert len(log.events) == len(events)
    assert log.last_at is not None
    assert log.lost_between(log.events[0], log.events[-1])


@pytest.mark.parametrize(
    ("entry", "whole"),
    [
        (Entry("System.xml", COMMAND, "ok"), True),
        (Entry("System.xml", COMMAND, "timed-out"), False),
        (Entry("System.xml", COMMAND.replace("4226", "4228"), "ok"), False),
    ],
)
def test_the_collectors_query_lacks_nothing_wanted(entry: Entry, whole: bool) -> None:
    log = joined(document(SPARSE), entry)
    assert (bool(log.records), not log.damaged, not log.partial) == (whole, whole, whole)
    assert log.lost_between(*log.events) != whole


def test_the_collectors_export_that_was_cut_is_damaged() -> None:
    assert joined(document(SPARSE)[:-20], Entry("System.xml", COMMAND, "ok")).damaged


def redacted(files: dict[str, bytes], wanted: Callable[[str, int], bool], command: str = COMMAND) -> dict[str, bytes]:
    """A bundle with its System log as an export of the wanted events, and the manifest of that."""
    files = dict(files)
    kept = []
    for event in exported(files.pop("eventlog/System.evtx")):
        log = the_any(event)
        if wanted(*log):
            kept.append(event)
    files["eventlog/System.xml"] = document(kept).encode("utf-16")
    if "manifest.json" in files:
        manifest = json.loads(files["manifest.json"])
        for entry in manifest["files"]:
            if entry["path"] == "eventlog/System.evtx":
                entry.update(path="eventlog/System.xml", command=command, size=None, sha256="")
        files["manifest.json"] = json.dumps(manifest).encode()
    return files


def the_any(event: str) -> tuple[str, int]:
    provider, number = re.search(r"Provider Name='([^']*)'", event), re.search(r"<EventID[^>]*>(\d+)<", event)
    assert provider
    assert number
    return provider[1], int(number[1])


def named_by(files: dict[str, bytes], folder: Path) -> list[tuple[str, str]]:
    return [(entry.id, entry.status) for entry in findings_of(folder, files).causes]


@pytest.mark.parametrize("machine", [stuck(log_begins=COLLECTED - timedelta(days=400)), calm()], ids=["stuck", "calm"])
def test_a_redacted_bundle_is_judged_like_the_whole_one(tmp_path: Path, machine: Machine) -> None:
    files = bundle_files(machine)
    assert named_by(redacted(files, selects(QUERIES["System"])), tmp_path) == named_by(files, tmp_path)


def test_the_founding_case_stays_confirmed(tmp_path: Path) -> None:
    sample = Path(__file__).parents[2] / "samples" / "founding-case.zip"
    files = unzipped(sample)
    whole = findings_of(tmp_path, files)
    assert cause(whole, "tick-wrap-497d").status == "confirmed"
    short = findings_of(tmp_path, redacted(files, selects(QUERIES["System"])))
    assert cause(short, "tick-wrap-497d").status == "confirmed"
    assert [(one.id, one.status) for one in short.causes] == [(one.id, one.status) for one in whole.causes]
    assert short.measurements.uptime.seconds == whole.measurements.uptime.seconds
    assert short.measurements.event_log.by_id == whole.measurements.event_log.by_id


def unzipped(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_an_export_of_6013_alone_rules_nothing_out_by_silence(tmp_path: Path) -> None:
    """Of a calm machine the whole log rules causes out; by readings of uptime alone they stay open."""
    files = bundle_files(calm())
    short = redacted(files, lambda _, number: number == 6013, "wevtutil qe System /q:*[System[EventID=6013]] /f:xml")
    whole, found = findings_of(tmp_path, files), findings_of(tmp_path, short)
    assert cause(whole, "local-endpoint-reuse").status == "ruled_out"
    assert cause(found, "local-endpoint-reuse").status == "inconclusive"
    assert cause(whole, "no-exhaustion").status == "confirmed"
    assert cause(found, "no-exhaustion").status != "confirmed"
    assert any(one.command.startswith("wevtutil epl System") for one in cause(found, "local-endpoint-reuse").missing)
    assert not found.measurements.event_log.records


def test_an_export_of_6013_alone_does_not_prove_that_nobody_restarted(tmp_path: Path) -> None:
    """By hand, without a manifest or systeminfo: a restart after the last reading need not show."""
    files = {
        name: data
        for name, data in bundle_files(stuck(), manifest=False).items()
        if name.startswith(("netstat/", "netsh/", "registry/", "eventlog/System"))
    }
    found = findings_of(tmp_path, redacted(files, lambda _, number: number == 6013))
    assert cause(found, "tick-wrap-497d").status in {"likely", "inconclusive"}
    assert any("lacks records" in one for one in found.measurements.uptime.disagreements)


def test_a_second_witness_bears_out_an_export_of_6013_alone(tmp_path: Path) -> None:
    found = findings_of(tmp_path, redacted(bundle_files(stuck()), lambda _, number: number == 6013, "by hand"))
    assert cause(found, "tick-wrap-497d").status == "confirmed"
    assert not any("lacks records" in one for one in found.measurements.uptime.disagreements)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_lines_are_counted_whatever_ends_them(end: str) -> None:
    damaged = f"<Event xmlns='{XMLNS}'><System></Event>"
    assert [problem.line for problem in parse(end.join(["", "", damaged, "", damaged])).problems] == [3, 5]
