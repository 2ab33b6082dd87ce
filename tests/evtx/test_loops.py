"""Offsets, sizes and counts that lead back, nowhere or without end: each costs its record at most, and is told.

Where another reader's suite or issues name the shape, its test says so.
"""

import struct
from datetime import datetime

import pytest

from tests.evtx.build import (
    BINXML,
    CHUNK,
    HEAD,
    HEADER,
    RECORDS,
    STRING,
    Written,
    chunk,
    log,
    reseal,
    sealed,
    strings,
    utf16,
)  # fmt: skip
from tests.evtx.raw import AT, ID, LINK, NOTHING, Templates, chunk_of, definition, event, instance, record
from tests.evtx.reading import messages, read

UPTIME = strings("", "", "", "", "42", "60", "0 UTC")


def uptimes(*ids: int) -> bytearray:
    return bytearray(chunk(*(Written(number, values=(UPTIME,)) for number in ids)))


def places(data: bytes | bytearray) -> list[int]:
    """Where the records of a sound chunk begin, and where its free space does."""
    (free,) = struct.unpack_from("<I", data, 48)
    found = [RECORDS]
    while found[-1] < free:
        found.append(found[-1] + struct.unpack_from("<I", data, found[-1] + 4)[0])
    return found


def ids(data: bytes) -> list[int]:
    return [event.record for event in read(data).events]


def beside(strange: bytes, templates: Templates) -> bytes:
    """A log of a strange record between two sound ones."""
    sound = templates.body((STRING, utf16("x")))
    return log(chunk_of([sound, strange, sound], templates.bytes))


def test_the_sound_records_of_these_tests_are_sound() -> None:
    data = beside(Templates().body((STRING, utf16("y"))), Templates())
    assert ids(data) == [1, 2, 3]
    assert messages(data) == ""


# Templates


def test_a_template_that_holds_an_instance_of_itself() -> None:
    """0x0C has no place inside a template, least of all with the offset of the template it stands in."""
    templates = Templates()
    at = templates.data_at - 200
    own = definition(HEAD + struct.pack("<BBII", 0x0C, 1, 0, at)).ljust(200, b"\0")
    data = log(
        chunk_of(
            [
                templates.plain(),
                instance(at, ID, AT, NOTHING),
                instance(templates.event_at, ID, AT, (BINXML, instance(at))),
            ],
            own + templates.bytes,
        )
    )
    assert ids(data) == [1]
    assert read(data).records_damaged == 2


@pytest.mark.parametrize("target", [RECORDS, RECORDS + 24, RECORDS + 38])
def test_a_template_that_is_the_record_itself(target: int) -> None:
    templates = Templates()
    data = log(chunk_of([instance(target, ID, AT, NOTHING), templates.plain()], templates.bytes))
    assert ids(data) == [2]
    assert read(data).records_damaged == 1


def test_a_name_that_is_the_element_that_bears_it() -> None:
    at = CHUNK - 256
    own = definition(HEAD + struct.pack("<BHII", 0x01, 0xFFFF, 0, at + LINK + len(HEAD)) + b"\x03\0").ljust(256, b"\0")
    data = log(chunk_of([instance(at, ID, AT, NOTHING)], own))
    assert ids(data) == []
    assert read(data).records_damaged == 1


def test_an_event_whose_data_is_its_own_template() -> None:
    """Outer and inner fragment name the same definition, the inner one asks for itself again: no event lies in it."""
    templates = Templates()
    inner = instance(templates.event_at, ID, AT, NOTHING)
    for _ in range(6):
        inner = instance(templates.event_at, ID, AT, (BINXML, inner))
    data = beside(inner, templates)
    assert ids(data) == [1, 2, 3]
    assert read(data).events[1].strings == ()


@pytest.mark.parametrize(("depth", "is_read"), [(0, True), (3, True), (5, False), (400, False)])
def test_values_that_are_binary_xml_in_binary_xml(depth: int, *, is_read: bool) -> None:
    templates = Templates(1, BINXML)
    value = (STRING, utf16("x"))
    for _ in range(depth + 1):
        value = (BINXML, instance(templates.data_at, value))
    data = log(chunk_of([instance(templates.event_at, ID, AT, value), templates.plain()], templates.bytes))
    assert ids(data) == ([1, 2] if is_read else [2])
    assert [event.strings for event in read(data).events][:1] == [("x",) if is_read else ()]


def test_elements_in_elements_of_a_value() -> None:
    templates = Templates(1, BINXML)
    name = templates.data_at + templates.bytes.rindex(utf16("Data\0")) - 8
    deep = struct.pack("<BIIB", 1, 0, name, 2) * 2000
    data = log(chunk_of([templates.body((BINXML, deep)), templates.plain()], templates.bytes))
    assert ids(data) == [2]
    assert read(data).records_damaged == 1


@pytest.mark.parametrize("count", [2, 0x4000, 0x4000_0001, 2**32 - 1])
def test_more_values_than_the_data_holds(count: int) -> None:
    """16 GiB were asked for in omerbenamram/evtx issue 293, and Velocidex/evtx bounds_test.go has 0xFFFFFFFE."""
    templates = Templates()
    inner = instance(templates.data_at, (STRING, utf16("x")), count=count)
    data = beside(instance(templates.event_at, ID, AT, (BINXML, inner)), templates)
    assert ids(data) == [1, 3]
    assert read(data).records_damaged == 1


def test_a_value_that_is_asked_for_and_not_there() -> None:
    """libyal/libevtx issue 24: value 4 of four, inside the event's own data."""
    templates = Templates()
    inner = instance(templates.data_at)
    data = beside(instance(templates.event_at, ID, AT, (BINXML, inner)), templates)
    assert ids(data) == [1, 3]
    assert "value 0 of 0" in messages(data)


@pytest.mark.parametrize(("literal", "is_read"), [("6013", True), ("6013x", False), ("", True), ("60130000", False)])
def test_an_event_id_that_the_template_spells_out(literal: str, *, is_read: bool) -> None:
    templates = Templates(literal_id=literal)
    data = log(chunk_of([templates.plain()], templates.bytes))
    assert [event.id for event in read(data).events] == [6013] * is_read
    assert bool(messages(data)) != is_read


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2017-07-12T17:16:28.214161Z", "2017-07-12T17:16:28.214161+00:00"),
        ("2017-07-12T17:16:28", "2017-07-12T17:16:28+00:00"),
        ("2017-07-12T17:16:28+02:00", "2017-07-12T15:16:28+00:00"),
        ("9999-12-31T23:59:59-12:00", "2015-06-23T06:04:53+00:00"),  # no time at all: the frame's counts
        ("yesterday", "2015-06-23T06:04:53+00:00"),
    ],
)
def test_a_time_that_is_text(text: str, at: str) -> None:
    templates = Templates()
    body = instance(templates.event_at, ID, (STRING, utf16(text)), NOTHING)
    (found,) = read(log(chunk_of([body], templates.bytes))).events
    assert found.at == datetime.fromisoformat(at)


@pytest.mark.parametrize("kind", [0x00, 0x8A, 0x95])
def test_values_that_stopped_other_readers(kind: int) -> None:
    """A size for a value that is null (python-evtx issue 45), arrays of 64-bit numbers (its issue 41)."""
    templates = Templates()
    assert ids(beside(templates.body((kind, bytes(8))), templates)) == [1, 2, 3]


@pytest.mark.parametrize("kind", [0x20, 0x7F, 0x80, 0x93, 0xFF])
def test_values_of_no_type_cost_their_record(kind: int) -> None:
    templates = Templates()
    data = beside(templates.body((kind, bytes(7))), templates)
    assert ids(data) == [1, 3]
    assert read(data).records_damaged == 1


def test_binary_xml_that_ends_where_it_begins() -> None:
    """0xrawsec/golang-evtx issue 6: nothing but the end of a fragment."""
    data = beside(HEAD + b"\0", Templates())
    assert ids(data) == [1, 3]
    assert "no template instance" in messages(data) or "too small" in messages(data)


def test_a_template_that_ends_with_the_chunk() -> None:
    """Velocidex/evtx bounds_test.go: the last byte that there is, and the first that is not."""
    fragment = event(CHUNK - len(event(0)))
    for missing in range(1, 40):
        cut = definition(fragment)[: LINK + len(fragment) - missing]
        at = CHUNK - len(cut)
        cut = struct.pack("<I16sI", 0, bytes(16), len(fragment) - missing) + event(at + LINK)[:-missing]
        data = log(chunk_of([instance(at, ID, AT, NOTHING)], cut))
        assert ids(data) in ([], [1])
        assert (ids(data) == [1]) == (not messages(data))


# Records


def test_a_record_that_swallows_the_next_one_is_told_by_the_chunks_header() -> None:
    data = uptimes(1, 2, 3)
    _, second, _, free = places(data)
    struct.pack_into("<I", data, second + 4, free - second)
    struct.pack_into("<I", data, free - 4, free - second)
    whole = log(reseal(bytes(data)))
    assert ids(whole) == [1, 2]
    assert read(whole).records_damaged == 1
    assert "2 of the 3 records that the chunk's header announces" in messages(whole)


def test_a_free_space_that_begins_too_early_is_told_by_the_chunks_header() -> None:
    data = uptimes(1, 2, 3)
    struct.pack_into("<I", data, 48, places(data)[2])
    whole = sealed(log(bytes(data)))
    assert ids(whole) == [1, 2]
    assert read(whole).records_damaged == 1


def test_a_free_space_and_a_last_record_beyond_what_was_written() -> None:
    """omerbenamram/evtx issue 197: a chunk header ahead of its records, with zeros where it says there are some."""
    data = uptimes(1, 2, 3)
    struct.pack_into("<Q", data, 32, 7)
    struct.pack_into("<I", data, 48, places(data)[3] + 4000)
    whole = sealed(log(bytes(data)))
    assert ids(whole) == [1, 2, 3]
    assert read(whole).records_damaged == 1


@pytest.mark.parametrize("size", [8, 24, 2**32 - 8, 2**31, 3_099_113_656])
def test_a_record_whose_size_leads_back_or_far_away(size: int) -> None:
    """omerbenamram/evtx pull requests 264 (size 0) and 288 (3,099,113,656, ID 0, written in 1601)."""
    data = uptimes(1, 2, 3)
    _, second, third, _ = places(data)
    struct.pack_into("<IQQ", data, second + 4, size, 0, 0)
    struct.pack_into("<I", data, third - 4, size)
    whole = sealed(log(bytes(data)))
    assert ids(whole) == [1, 3]
    assert read(whole).records_damaged == 1


def test_records_that_overlap_are_read_where_the_first_ends() -> None:
    """A sound record inside another one's values is not live."""
    templates = Templates()
    hidden = record(2, templates.body((STRING, utf16("hidden"))))
    outer = templates.body((0x0E, hidden))
    data = log(chunk_of([outer, templates.body((STRING, utf16("x")))], templates.bytes))
    assert [event.strings for event in read(data).events] == [(hidden.hex().upper(),), ("x",)]


def test_an_id_met_twice_in_one_chunk_counts_once() -> None:
    data = uptimes(1, 2, 3)
    struct.pack_into("<Q", data, places(data)[2] + 8, 2)
    whole = sealed(log(bytes(data)))
    assert ids(whole) == [1, 2]
    assert (read(whole).records, read(whole).records_damaged) == (2, 1)
    assert messages(whole) == "1 records repeat the ID of another record; the first counts"


# Chunks


@pytest.mark.parametrize("times", [2, 50])
def test_the_same_chunk_again_and_again_counts_once(times: int) -> None:
    whole = log(*[bytes(uptimes(5, 6))] * times)
    assert ids(whole) == [5, 6]
    assert (read(whole).records, read(whole).chunks) == (2, times)
    assert messages(whole) == ""


def test_the_same_records_in_a_chunk_of_other_numbers_count_once() -> None:
    """A record is its bytes: what the chunk around it says of numbers in the file does not make it another one."""
    other = uptimes(5, 6)
    struct.pack_into("<2Q", other, 8, 100, 101)
    whole = sealed(log(bytes(uptimes(5, 6)), bytes(other)))
    assert ids(whole) == [5, 6]
    assert messages(whole) == ""


def test_links_of_names_and_templates_that_go_round() -> None:
    """omerbenamram/evtx pull request 263: a link to itself; and two that name each other."""
    data = uptimes(1, 2, 3)
    for table, entries in ((0x80, 64), (0x180, 32)):
        for entry in range(entries):
            struct.pack_into("<I", data, table + 4 * entry, 0xFF00 if entry % 2 else 0xFF40)
    struct.pack_into("<I", data, 0xFF00, 0xFF40)
    struct.pack_into("<I", data, 0xFF40, 0xFF00)
    assert ids(sealed(log(bytes(data)))) == [1, 2, 3]


@pytest.mark.parametrize("last_record", [0, 1, 0xFFFFFFFF])
def test_an_offset_of_the_last_record_is_never_followed(last_record: int) -> None:
    data = uptimes(1, 2, 3)
    struct.pack_into("<I", data, 44, last_record)
    assert ids(sealed(log(bytes(data)))) == [1, 2, 3]


# The file header


@pytest.mark.parametrize(
    ("at", "layout", "value"),
    [(8, "<Q", 2**64 - 1), (16, "<Q", 2**64 - 1), (32, "<I", 0), (36, "<H", 2), (38, "<H", 9), (40, "<H", 0xFFFF)],
    ids=["oldest chunk", "newest chunk", "header size", "version 3.2", "version 9.1", "block size"],
)
def test_what_the_file_header_says_of_places_is_never_followed(at: int, layout: str, value: int) -> None:
    """Version 3.2 is what Windows 10 writes; Velocidex/evtx pull request 13 had to add it."""
    data = bytearray(log(bytes(uptimes(1, 2))))
    struct.pack_into(layout, data, at, value)
    assert ids(sealed(bytes(data))) == [1, 2]
    assert messages(sealed(bytes(data))) == ""


@pytest.mark.parametrize("next_record", [0, 1, 2**64 - 1])
def test_a_next_record_of_any_number(next_record: int) -> None:
    found = read(log(bytes(uptimes(5, 6)), next_record=next_record))
    assert found.records == 2
    assert found.records_promised == (None if next_record < 5 else next_record - 5)


def test_a_flag_that_no_checksum_covers_hides_no_damage() -> None:
    """0x4 says that there are no checksums; where there are some all the same, they count."""
    data = uptimes(1, 2, 3)
    data[places(data)[1] - 5] ^= 1  # padding behind a record's values
    torn = log(bytes(data), flags=4)
    assert messages(torn) == "chunk 0 does not match its checksums; it is read all the same"
    header = bytearray(log(bytes(uptimes(1)), flags=4))
    header[24] ^= 1
    assert "header is torn" in messages(bytes(header))


def test_a_log_without_checksums() -> None:
    data = bytearray(log(bytes(uptimes(1, 2, 3)), next_record=4, flags=4))
    for at in (124, HEADER + 52, HEADER + 124):
        struct.pack_into("<I", data, at, 0)
    assert ids(bytes(data)) == [1, 2, 3]
    assert messages(bytes(data)) == ""
