import os
import random
import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest

from forensics.knowledge.event_ids import known_event
from forensics.parsers.event_log import Event, EventLog, parse, recognise
from tests.evtx.build import CHUNK, HEADER, RECORDS, STRING, Written, chunk, log, reseal, strings, utf16
from tests.evtx.reading import messages, read, read_all
from tests.evtx.referee import RustEvent, plain, rust_events

CORPUS = os.environ.get("FORENSICS_CORPUS")
LOGS = sorted(Path(CORPUS, "evtx").glob("*.evtx")) if CORPUS else []
needs_corpus = pytest.mark.skipif(not LOGS, reason="FORENSICS_CORPUS is not set")


def as_rust(event: Event) -> RustEvent:
    texts = tuple(plain(text) for text in event.strings)
    return RustEvent(event.at, event.provider, event.id, event.computer, texts, event.names, event.binary)


def corpus(name: str) -> bytes:
    return next(path for path in LOGS if path.name.endswith(name)).read_bytes()


# Against Rust `evtx` on real logs. Where the two differ, these are the reasons:
# - zero-data-size: Rust leaves the chunk at record 3, which has no size; we go on at the next sound one (tested below).
# - bad_chunk_magic: pages of the file are zeros. Three records reach into them, so that the size at their end is 0; Rust
#   reads them, to us they are damaged. Behind one hole sound records follow up to the last that the chunk announces.
ONLY_RUST = {"omerbenamram+evtx__sample_with_a_bad_chunk_magic.evtx": {45933, 46741, 47640}}
ONLY_OURS = {
    "omerbenamram+evtx__sample-with-zero-data-size-event.evtx": set(range(4, 118)),
    "omerbenamram+evtx__sample_with_a_bad_chunk_magic.evtx": set(range(47675, 47706)),
}


@needs_corpus
@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.name)
def test_every_event_of_a_real_log_is_what_rust_reads(path: Path) -> None:
    data = path.read_bytes()
    theirs, _ = rust_events(data)
    ours = {event.record: as_rust(event) for event in read_all(data).events}
    assert set(theirs) - set(ours) == ONLY_RUST.get(path.name, set())
    assert set(ours) - set(theirs) == ONLY_OURS.get(path.name, set())
    common = sorted(set(ours) & set(theirs))
    assert [ours[record] for record in common] == [theirs[record] for record in common]


@needs_corpus
@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.name)
def test_no_wanted_event_is_missed(path: Path) -> None:
    data = path.read_bytes()
    theirs, _ = rust_events(data)
    wanted = {record: event for record, event in theirs.items() if known_event(event.provider, event.id)}
    for record in ONLY_RUST.get(path.name, ()):
        wanted.pop(record, None)
    ours = {event.record: as_rust(event) for event in read(data).events}
    assert {record: ours[record] for record in wanted} == wanted
    assert set(ours) - set(wanted) <= ONLY_OURS.get(path.name, set())


@needs_corpus
def test_records_behind_one_without_a_size_are_those_that_rust_reads_once_the_size_is_mended() -> None:
    data = bytearray(corpus("zero-data-size-event.evtx"))
    before = read_all(bytes(data))
    assert before.records == 449
    assert before.records_damaged == 1
    assert before.id_gaps == ((2, 4),)
    broken = HEADER + 2080
    following = data.index(b"**\0\0", broken + 4)
    struct.pack_into("<I", data, broken + 4, following - broken)
    struct.pack_into("<I", data, following - 4, following - broken)
    theirs, errors = rust_events(bytes(data))
    assert not errors
    del theirs[3]
    assert {event.record: as_rust(event) for event in before.events} == theirs


@needs_corpus
def test_pages_of_zeros_cost_what_they_cover() -> None:
    found = read_all(corpus("bad_chunk_magic.evtx"))
    assert (found.records, found.records_damaged, found.chunks) == (298, 3, 4)
    assert found.chunks_rejected == 12  # of the 16 that the header counts 10 are zeros from end to end
    assert found.records_promised is None  # the header is older than every record
    assert found.id_gaps == ((47639, 47675), (46740, 47628), (45932, 46728))


@needs_corpus
@pytest.mark.parametrize(
    ("name", "promised", "records", "dirty"),
    [
        ("evtx__system.evtx", 308, 1881, True),  # next record ID 309, first 1
        ("parser__System.evtx", 293, 651, True),  # next record ID 294, first 1
        ("plaso__System.evtx", 5009, 5009, False),
        ("python-evtx__system.evtx", 1479, 1601, True),  # next record ID 13528, first 12049
    ],
)
def test_a_log_copied_from_a_running_machine_holds_more_than_its_header_knows(
    name: str, promised: int, records: int, dirty: bool
) -> None:
    found = read(corpus(name))
    assert (found.records_promised, found.records, found.dirty) == (promised, records, dirty)
    assert not found.id_gaps
    assert found.first_record is not None
    assert found.last_record is not None
    assert found.last_record - found.first_record + 1 == records


@needs_corpus
def test_first_and_last_time_come_from_the_records_frames() -> None:
    found = read(corpus("evtx__system.evtx"))
    # Rust: record 1 2017-07-12T17:16:28.2141616Z, record 1881 2018-03-06T08:13:42.009159Z
    assert found.first_at == datetime(2017, 7, 12, 17, 16, 28, 214161, tzinfo=UTC)
    assert found.last_at == datetime(2018, 3, 6, 8, 13, 42, 9159, tzinfo=UTC)
    assert found.channel == "System"
    assert found.computers == ("WIN-P4SIAA0SQCO", "DESKTOP-2KGM189")


@needs_corpus
def test_uptime_is_the_fifth_string_of_6013_in_every_log() -> None:
    events = [event for path in LOGS for event in read(path.read_bytes()).events if event.id == 6013]
    assert len(events) == 123
    assert all(event.strings[4].isdigit() and not any(event.strings[:4]) for event in events)


@needs_corpus
def test_a_log_may_end_anywhere() -> None:
    sound = corpus("parser__System.evtx")[: HEADER + 2 * CHUNK]
    previous = 0
    for length in (*range(0, HEADER + RECORDS + 4000, 61), *range(HEADER + RECORDS + 4000, len(sound), 1009)):
        found = read_all(sound[:length])
        assert found.records >= previous, "a longer file never gives fewer records"
        previous = found.records


# Synthetic logs: what a real one hardly ever shows.

UPTIME = strings("", "", "", "", "42", "60", "-60 Mitteleuropäische Zeit")


def uptime(record: int, **other: object) -> Written:
    return Written(record, values=(UPTIME,), **other)  # type: ignore[arg-type]


def test_an_event_with_all_its_parts() -> None:
    data = log(chunk(Written(7, values=(UPTIME, (0x0E, b"1\0.\0")), names=("", "Binary"))), next_record=8)
    found = read(data)
    assert found == EventLog(
        channel="System",
        computers=("SRV01",),
        records=1,
        records_promised=1,
        first_record=7,
        last_record=7,
        first_at=datetime(2015, 6, 23, 6, 4, 53, tzinfo=UTC),
        last_at=datetime(2015, 6, 23, 6, 4, 53, tzinfo=UTC),
        id_gaps=(),
        dirty=False,
        full=False,
        chunks=1,
        chunks_rejected=0,
        records_damaged=0,
        events=(
            Event(
                record=7,
                at=datetime(2015, 6, 23, 6, 4, 53, tzinfo=UTC),
                provider="EventLog",
                id=6013,
                computer="SRV01",
                strings=("", "", "", "", "42", "60", "-60 Mitteleuropäische Zeit"),
                names=("",) * 7,
                binary=b"1\0.\0",
            ),
        ),
    )
    assert parse(data).summary == "System log, 1 records, 1 events used, newest 2015-06-23 06:04:53 UTC"
    assert not parse(data).problems


@pytest.mark.parametrize("provider", ["User32", "USER32", "user32"])
def test_providers_are_matched_in_any_spelling_and_reported_as_spelled(provider: str) -> None:
    (event,) = read(log(chunk(Written(1, id=1074, provider=provider)))).events
    assert event.provider == provider


def test_an_id_of_another_provider_is_not_wanted() -> None:
    found = read(log(chunk(Written(1, id=6013, provider="Tcpip"), Written(2, id=4227, provider="Tcpip"))))
    assert [(event.record, event.id) for event in found.events] == [(2, 4227)]
    assert found.records == 2


def test_named_strings() -> None:
    values = ((STRING, utf16("a")), (STRING, utf16("b")))
    (event,) = read(
        log(chunk(Written(1, id=41, provider="Microsoft-Windows-Kernel-Power", values=values, names=("X", "Y"))))
    ).events
    assert event.named("Y") == "b"
    assert event.named("Z") is None


@pytest.mark.parametrize(
    ("flags", "dirty", "full"), [(0, False, False), (1, True, False), (2, False, True), (3, True, True)]
)
def test_flags(flags: int, dirty: bool, full: bool) -> None:
    found = read(log(chunk(uptime(1)), flags=flags))
    assert (found.dirty, found.full) == (dirty, full)


def test_chunks_beyond_the_headers_count_are_read() -> None:
    data = bytearray(log(chunk(uptime(1)), chunk(uptime(2)), chunk(uptime(3)), next_record=2))
    struct.pack_into("<H", data, 42, 1)
    assert [event.record for event in read(bytes(data)).events] == [1, 2, 3]


def test_chunks_need_not_be_in_order() -> None:
    assert [event.record for event in read(log(chunk(uptime(9)), chunk(uptime(2)))).events] == [2, 9]


def test_a_record_met_twice_counts_once() -> None:
    found = log(chunk(uptime(1), uptime(2)), chunk(uptime(1), uptime(2)))
    assert read(found).records == 2
    assert "repeat" not in messages(found)


def test_a_record_id_met_again_with_other_content_is_a_problem_and_the_first_stays() -> None:
    other = strings("", "", "", "", "43", "60", "0 UTC")
    data = log(chunk(uptime(1)), chunk(Written(1, values=(other,))))
    (event,) = read(data).events
    assert event.strings[4] == "42"
    assert "1 records repeat the ID of another record" in messages(data)
    assert read(data).records_damaged == 1


@pytest.mark.parametrize(("ids", "gaps"), [((1, 2, 3), ()), ((1, 3), ((1, 3),)), ((1, 5, 6, 9), ((6, 9), (1, 5)))])
def test_gaps_in_record_ids_newest_first(ids: tuple[int, ...], gaps: tuple[tuple[int, int], ...]) -> None:
    assert read(log(*(chunk(uptime(record)) for record in ids))).id_gaps == gaps


@pytest.mark.parametrize(("count", "kept"), [(100, 100), (101, 100)])
def test_at_most_100_gaps_are_listed(count: int, kept: int) -> None:
    gaps = read(log(chunk(*(Written(1 + 2 * n) for n in range(count + 1))))).id_gaps
    assert len(gaps) == kept
    assert gaps[0] == (2 * count - 1, 2 * count + 1)


def test_times_outside_the_calendar_are_none_and_the_event_falls_back_on_the_frames_time() -> None:
    data = bytearray(chunk(uptime(1)))
    struct.pack_into("<Q", data, RECORDS + 16, 2**64 - 1)
    found = read(log(reseal(bytes(data))))
    assert found.first_at is None
    assert found.events[0].at == datetime(2015, 6, 23, 6, 4, 53, tzinfo=UTC)


def test_lone_surrogates_can_be_encoded() -> None:
    values = ((STRING, b"a\x00\x00\xd8b\x00"),)
    (event,) = read(log(chunk(Written(1, provider="Tcpip", id=4227, values=values)))).events
    assert event.strings == ("a\ufffdb",)
    assert event.strings[0].encode() == b"a\xef\xbf\xbdb"


# Hostile logs


def size_of(data: bytes | bytearray, start: int) -> int:
    size: int = struct.unpack_from("<I", data, start + 4)[0]
    return size


def three() -> tuple[bytearray, list[int]]:
    """A chunk of three records, and where they begin."""
    data = bytearray(chunk(uptime(1), uptime(2), uptime(3)))
    second = RECORDS + size_of(data, RECORDS)
    return data, [RECORDS, second, second + size_of(data, second)]


@pytest.mark.parametrize("size", [0, 1, 27, 0x10000, 0xFFFFFFFF])
def test_a_record_with_an_impossible_size_is_damaged_and_the_next_is_found(size: int) -> None:
    data, (_, second, _) = three()
    struct.pack_into("<I", data, second + 4, size)
    found = read(log(bytes(data)))
    assert [event.record for event in found.events] == [1, 3]
    assert found.records_damaged == 1
    assert found.id_gaps == ((1, 3),)
    assert f"chunk 0: 1 damaged records; the first at {second}: record with a size of {size} bytes" in messages(
        log(bytes(data))
    )


def test_a_record_whose_sizes_disagree_is_damaged() -> None:
    data, (_, second, third) = three()
    struct.pack_into("<I", data, third - 4, third - second - 8)
    found = read(log(reseal(bytes(data))))
    assert [event.record for event in found.events] == [1, 3]
    assert found.records_damaged == 1


def test_wrong_checksums_are_reported_and_the_chunk_is_read() -> None:
    data, (_, second, _) = three()
    data[second - 5] ^= 1  # padding behind a record's values
    found = read(log(bytes(data)))
    assert found.records == 3
    assert messages(log(bytes(data))) == "chunk 0 does not match its checksums; it is read all the same"


def test_slack_is_not_live() -> None:
    data, (_, second, _) = three()
    free = struct.unpack_from("<I", data, 48)[0]
    slack = bytes(data[second:free])
    struct.pack_into("<I", data, 48, second)
    struct.pack_into("<4Q", data, 8, 1, 1, 1, 1)
    found = read(log(reseal(bytes(data), slack)))
    assert [event.record for event in found.events] == [1]
    assert not found.records_damaged


def test_slack_is_not_live_where_the_free_space_offset_is_wrong() -> None:
    data = bytearray(chunk(uptime(11), uptime(12)))
    (free,) = struct.unpack_from("<I", data, 48)
    stale = chunk(uptime(3), uptime(4), uptime(5))
    old_second = RECORDS + size_of(stale, RECORDS)
    data[free : free + CHUNK - free] = stale[old_second : old_second + CHUNK - free]
    struct.pack_into("<I", data, 48, CHUNK)
    found = read(log(bytes(data[:CHUNK])))
    assert [event.record for event in found.events] == [11, 12]


def test_record_ids_may_be_out_of_order_where_the_chunks_header_is_sound() -> None:
    data, (first, _, third) = three()
    struct.pack_into("<Q", data, first + 8, 3)
    struct.pack_into("<Q", data, third + 8, 1)
    found = read(log(reseal(bytes(data))))
    assert [event.record for event in found.events] == [1, 2, 3]
    assert not found.records_damaged


def test_record_ids_must_increase_where_it_is_not() -> None:
    data, (_, second, _) = three()
    struct.pack_into("<Q", data, second + 8, 1)
    data[100] ^= 1
    found = read(log(bytes(data)))
    assert [event.record for event in found.events] == [1, 3]
    assert found.records_damaged == 1


@pytest.mark.parametrize("record", [0, 4, 2**64 - 1])
def test_a_record_that_a_sound_header_does_not_announce_is_damaged(record: int) -> None:
    data, (_, second, _) = three()
    struct.pack_into("<Q", data, second + 8, record)
    found = read(log(reseal(bytes(data))))
    assert [event.record for event in found.events] == [1, 3]
    assert found.records_damaged == 1


@pytest.mark.parametrize("free", [0, 0x1FF, CHUNK + 1, 2**32 - 1])
def test_a_chunk_with_an_impossible_free_space_is_rejected(free: int) -> None:
    bad, (_, _, _) = three()
    struct.pack_into("<I", bad, 48, free)
    found = read(log(bytes(bad), chunk(uptime(4))))
    assert [event.record for event in found.events] == [4]
    assert (found.chunks, found.chunks_rejected) == (1, 1)
    assert f"chunk 0 is rejected: its free space begins at {free}, outside the chunk" in messages(log(bytes(bad)))


def test_a_chunk_without_its_magic_is_rejected_and_an_unused_one_is_none() -> None:
    bad, _ = three()
    bad[0] = 0
    data = log(bytes(bad), chunk(uptime(4))) + bytes(CHUNK)
    found = read(data)
    assert (found.chunks, found.chunks_rejected, found.records) == (1, 1, 1)
    assert messages(data) == "chunk 0 is rejected: it does not begin like a chunk"


def test_a_torn_file_header_loses_no_record() -> None:
    data = bytes(HEADER) + log(chunk(uptime(1)))[HEADER:]
    assert recognise(data)
    found = read(data)
    assert (found.records, found.records_promised, found.dirty) == (1, None, True)
    assert "header is torn" in messages(data)


def test_recognise() -> None:
    assert recognise(log())
    assert not recognise(b"")
    assert not recognise(b"ElfChnk\0" + bytes(2 * CHUNK))
    assert recognise(bytes(HEADER + CHUNK) + b"ElfChnk\0")


def test_a_cut_chunk_gives_its_whole_records() -> None:
    data, (_, _, third) = three()
    cut = log(bytes(data))[: HEADER + third + 100]
    found = read(cut)
    assert [event.record for event in found.events] == [1, 2]
    assert f"chunk 0 is cut off after {third + 100:,} of 65,536 bytes" in messages(cut)


@pytest.mark.parametrize("offset", [0, 0x1FF, CHUNK - 1, 2**32 - 1])
def test_a_template_outside_the_chunk_costs_its_record_only(offset: int) -> None:
    data, (_, second, _) = three()
    struct.pack_into("<I", data, second + 24 + 10, offset)
    found = read(log(reseal(bytes(data))))
    assert [event.record for event in found.events] == [1, 3]
    assert found.records_damaged == 1


def test_chains_of_names_and_templates_that_lead_to_themselves_are_never_followed() -> None:
    data, _ = three()
    for table, entries in ((0x80, 64), (0x180, 32)):
        for entry in range(entries):
            struct.pack_into("<I", data, table + 4 * entry, RECORDS + 38)
    struct.pack_into("<I", data, RECORDS + 38, RECORDS + 38)  # the first template's link to the next of its hash
    assert read(log(bytes(data))).records == 3


@pytest.mark.parametrize("count", [5, 1000, 2**32 - 1])
def test_more_values_than_the_record_holds(count: int) -> None:
    data, (_, second, _) = three()
    struct.pack_into("<I", data, second + 24 + 14, count)
    found = read(log(reseal(bytes(data))))
    assert [event.record for event in found.events] == [1, 3]


def test_a_guid_shared_by_different_templates_confuses_nothing() -> None:
    values = ((STRING, utf16("a")), (STRING, utf16("b")))
    written = [
        Written(record, id=41, provider="Microsoft-Windows-Kernel-Power", values=values, names=names)
        for record, names in ((1, ("One", "Two")), (2, ("Two", "One")))
    ]
    together = read(log(chunk(*written))).events
    apart = read(log(*(chunk(event) for event in written))).events
    assert [event.names for event in together] == [event.names for event in apart] == [("One", "Two"), ("Two", "One")]


@pytest.mark.parametrize(("characters", "events"), [(100, 2), (8000, 0)])
def test_a_template_that_repeats_a_value_without_end_is_given_up(characters: int, events: int) -> None:
    """800 gaps for one value; real logs ask for each value once."""
    values = ((STRING, utf16("x" * characters)),)
    long = Written(1, id=4227, provider="Tcpip", values=values, names=("",) * 800, gaps=(0,) * 800)
    data = log(chunk(long), chunk(long._replace(record=2)))
    found = read(data)
    assert [event.strings for event in found.events] == [("x" * characters,) * 800] * events
    assert found.records_damaged == 2 - events
    assert messages(data).count("the chunk unpacks to more than its size allows") == 2 - events


def test_random_bytes_in_the_shape_of_a_log_are_no_trouble() -> None:
    choice = random.Random(497)
    for _ in range(200):
        noise = bytearray(choice.randbytes(CHUNK))
        noise[: RECORDS + 64] = three()[0][: RECORDS + 64]
        read_all(log(bytes(noise)))


@pytest.mark.parametrize(
    ("dirty", "changed", "named"), [(0, 0, ((1, 1),)), (0, 1, ((2, 2),)), (1, 0, ((1, 1),)), (1, 1, ())]
)
def test_chunks_that_do_not_match_their_checksums_are_named(
    dirty: int, changed: int, named: tuple[tuple[int, int], ...]
) -> None:
    """The newest one of a log that Windows was still writing need not match."""
    data = bytearray(log(chunk(uptime(1)), chunk(uptime(2)), flags=dirty))
    at = HEADER + changed * CHUNK + RECORDS + 40
    data[at] ^= 1
    found = read(bytes(data))
    assert found.changed == named
    assert found.records == 2
