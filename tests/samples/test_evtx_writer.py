"""Logs that the sample builder writes are read alike by three readers that share no code."""

import io
import logging
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from builder import events
from builder.event_model import Event, Fields, Provider, Strings, UserData, text, uint32
from builder.evtx_writer import write_evtx
from builder.scenarios import founding_case
from hypothesis import given, settings
from hypothesis import strategies as st

evtx = pytest.importorskip("evtx")
pyevtx = pytest.importorskip("pyevtx")
python_evtx = pytest.importorskip("Evtx.Evtx")

NOON = datetime(2018, 12, 24, 4, 0, 0, 123456, tzinfo=UTC)


def every_kind(count: int) -> list[Event]:
    machine = founding_case()
    makers = (
        lambda at: events.uptime(machine, at, 43_225_197),
        lambda at: events.log_started(machine, at),
        lambda at: events.system_version(machine, at),
        lambda at: events.tcpip(4227, at),
        lambda at: events.service_state(at, "Windows Update", "正在运行", "wuauserv/4"),
        events.not_shut_down,
        lambda at: events.system_started(machine, at, at),
        lambda at: events.log_cleared(at, "WEB-SH-03"),
        lambda at: events.time_source(at, "time.example"),
        lambda at: events.unexpected_shutdown(machine, at, at, 934),
        lambda at: events.restart_requested(machine, at, "shutdown.exe", "CORP\\admin", ""),
        lambda at: events.package_changed(at, "KB2553549", "Installed"),
        lambda at: events.afd_slow_close(at, 49300, 1536),
        events.resumed,
        events.no_domain_controller,
        events.domain_hierarchy_root,
    )
    return [makers[number % len(makers)](NOON + timedelta(seconds=number)) for number in range(count)]


def rust_records(log: bytes) -> list[tuple[int, datetime, str]]:
    return [
        (
            record["event_record_id"],
            datetime.fromisoformat(re.sub(r"(\.\d{6})\d*", r"\1", record["timestamp"]).replace("Z UTC", "+00:00")),
            record["data"],
        )
        for record in evtx.PyEvtxParser(io.BytesIO(log)).records()
    ]


def libevtx_records(log: bytes) -> list[tuple[int, datetime]]:
    file = pyevtx.file()
    file.open_file_object(io.BytesIO(log))
    found = [
        (record.identifier, record.written_time.replace(tzinfo=UTC))
        for record in (file.get_record(number) for number in range(file.get_number_of_records()))
    ]
    file.close()
    return found


def python_evtx_chunks(log: bytes) -> list[Any]:
    header = python_evtx.FileHeader(log, 0)
    return [
        chunk
        for chunk in header.chunks(include_inactive=True)
        if log[chunk.offset() : chunk.offset() + 7] == b"ElfChnk"
    ]


def data_of(xml: str) -> list[str]:
    return [part.strip("\n ") for part in re.findall(r"<Data(?: Name=\"[^\"]*\")?>(.*?)</Data>", xml, re.DOTALL)]


@pytest.mark.parametrize(
    ("count", "first_record", "dirty", "oldest_chunk"),
    [
        (1, 1, False, 0),
        (16, 1001, False, 0),
        (2000, 184_211, False, 0),
        (2000, 7, True, 0),
        (2000, 7, True, 3),
    ],
)
def test_three_readers_agree(count: int, first_record: int, dirty: bool, oldest_chunk: int) -> None:
    written = every_kind(count)
    log = write_evtx(written, "WEB-SH-03", first_record=first_record, dirty=dirty, oldest_chunk=oldest_chunk)
    expected = [(first_record + number, event.at) for number, event in enumerate(written)]

    assert sorted(record[:2] for record in rust_records(log)) == expected
    assert sorted(libevtx_records(log)) == expected
    walked = []
    for chunk in python_evtx_chunks(log):
        assert chunk.verify()
        for record in chunk.records():
            # python-evtx computes times in floating point: a microsecond may be lost.
            walked.append((record.record_num(), record.timestamp()))
            if record.record_num() % 50 == 0 or count < 50:  # rendering is slow
                assert "<EventID" in record.xml()
    walked.sort()
    assert [number for number, _ in walked] == [number for number, _ in expected]
    for (_, seen), (_, at) in zip(walked, expected, strict=True):
        assert abs(seen - at) <= timedelta(microseconds=2)


def test_rust_gives_the_strings_that_were_put_in() -> None:
    machine = founding_case()
    log = write_evtx([events.uptime(machine, NOON, 43_225_197)], machine.host)
    xml = rust_records(log)[0][2]
    assert data_of(xml) == ["", "", "", "", "43225197", "60", "-480 中国标准时间"]
    found = re.search(r"<Binary>([0-9A-F]+)</Binary>", xml)
    assert found is not None
    assert bytes.fromhex(found[1]).decode("utf-16-le").split("\0") == [
        "1.1", "0", "Windows Server 2008 R2 Standard", "6.1.7601 Build 7601 Service Pack 1", "Multiprocessor Free",
        "7601.win7sp1_rtm.101119-1850", "5136acda", "Not Available", "Not Available", "9", "4", "8192", "804",
        "WEB-SH-03", "", "",
    ]  # fmt: skip


def test_named_values_and_user_data() -> None:
    named = Event(
        NOON,
        Provider("P", "{555908d1-a6d7-4695-8e1e-26931d2012f4}"),
        7,
        Fields((("a", text("ä")), ("b", uint32(3)))),
    )
    own = Event(NOON, Provider("Q"), 8, UserData("Outer", "urn:x", (("Inner", text("value")),)), channel="Setup")
    first, second = (xml for _, _, xml in rust_records(write_evtx([named, own], "H")))
    assert '<Data Name="a">ä</Data>' in first
    assert '<Data Name="b">3</Data>' in first
    assert re.search(r'<UserData>\s*<Outer xmlns="urn:x">\s*<Inner>value</Inner>', second)
    assert "<Channel>Setup</Channel>" in second


def test_classic_events_have_the_elements_of_real_ones() -> None:
    xml = rust_records(write_evtx([events.tcpip(4227, NOON)], "WEB-SH-03"))[0][2]
    names = re.findall(r"<(\w+)", xml)
    assert names == [
        "Event", "System", "Provider", "EventID", "Level", "Task", "Keywords", "TimeCreated",
        "EventRecordID", "Channel", "Computer", "Security", "EventData", "Data", "Binary",
    ]  # fmt: skip
    assert '<EventID Qualifiers="32768">4227</EventID>' in xml
    assert "<Keywords>0x80000000000000</Keywords>" in xml
    assert "<Binary>00000000010028000000000083100080" in xml


def test_a_dirty_log_promises_less_than_it_holds(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    log = write_evtx(every_kind(2000), "WEB-SH-03", dirty=True)
    header = python_evtx.FileHeader(log, 0)
    assert header.is_dirty()
    assert header.verify()
    promised = sum(1 for chunk in header.chunks() for _ in chunk.records())
    held = sum(1 for chunk in python_evtx_chunks(log) for _ in chunk.records())
    assert promised < held == 2000
    assert not python_evtx.FileHeader(write_evtx(every_kind(5), "H"), 0).is_dirty()


def test_a_log_that_came_round_is_not_in_order() -> None:
    log = write_evtx(every_kind(2000), "WEB-SH-03", first_record=500, oldest_chunk=2)
    numbers = [number for number, _, _ in rust_records(log)]
    assert numbers != sorted(numbers)
    assert sorted(numbers) == list(range(500, 2500))


def test_fifty_thousand_records_in_a_few_seconds() -> None:
    written = every_kind(50_000)
    started = time.perf_counter()
    log = write_evtx(written, "WEB-SH-03")
    assert time.perf_counter() - started < 15  # two seconds on an idle machine
    assert 10_000_000 < len(log) < 25_000_000
    assert len(rust_records(log)) == 50_000


printable = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co"), exclude_characters="<>&\"'"), max_size=40
)


@given(st.lists(printable, min_size=1, max_size=8), st.binary(max_size=60))
@settings(max_examples=60, deadline=None)
def test_any_strings_come_back(strings: list[str], binary: bytes) -> None:
    strings = [string.strip() for string in strings]
    event = Event(NOON, Provider("Any"), 1, Strings(tuple(strings), binary), qualifiers=0)
    xml = rust_records(write_evtx([event], "H"))[0][2]
    assert data_of(xml) == strings
    assert f"<Binary>{binary.hex().upper()}</Binary>" in xml
