"""What a log can make its reader do: work, memory and text stay within a constant times its size.

Work is counted in calls of functions, ours and Python's own, so that no clock is asked.
"""

import struct
import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType

import pytest

from forensics.parsers.event_log import parse
from tests.evtx.build import BINXML, CHUNK, RECORDS, STRING, Written, chunk, log, reseal, utf16
from tests.evtx.raw import AT, ID, LINK, NOTHING, Templates, chunk_of, definition, event, instance
from tests.evtx.reading import characters, messages, read

UINT8_ARRAY, STRING_ARRAY, SIZE_T = 0x84, 0x81, 0x10
MANY = 3000  # more records than fit
CALLS, MEMORY, TEXT = 4, 24, 6  # for each byte of the log


def long_computer(chunks: int) -> bytes:
    templates = Templates(computer="x" * 20_000)
    return templates.log([templates.plain()] * MANY, chunks)


def long_provider(chunks: int) -> bytes:
    templates = Templates(provider="x" * 20_000)
    return templates.log([templates.plain()] * MANY, chunks)


def long_name(chunks: int) -> bytes:
    templates = Templates(label="n" * 20_000)
    return templates.log([templates.body((STRING, b""))] * MANY, chunks)


def long_number(chunks: int) -> bytes:
    templates = Templates(literal_id="6" * 4000)
    return templates.log([templates.plain()] * MANY, chunks)


def rows(number: int, value: tuple[int, bytes], literal: str = "", chunks: int = 1) -> bytes:
    templates = Templates(number, value[0], literal)
    return templates.log([templates.body(value)] * MANY, chunks)


def rows_of_short_text(chunks: int) -> bytes:
    return rows(2000, (STRING, utf16("ab")), chunks=chunks)


def events_of_short_text(chunks: int) -> bytes:
    return rows(30, (STRING, utf16("ab")), chunks=chunks)


def long_literals(chunks: int) -> bytes:
    return rows(100, (STRING, b""), "y" * 200, chunks)


def small_events(chunks: int) -> bytes:
    return rows(1, (STRING, utf16("Ж")), chunks=chunks)


def arrays_of_bytes(chunks: int) -> bytes:
    return rows(1, (UINT8_ARRAY, bytes(range(100, 200)) * 40), chunks=chunks)


def arrays_of_empty_strings(chunks: int) -> bytes:
    return rows(1, (STRING_ARRAY, bytes(4000)), chunks=chunks)


def binary(chunks: int) -> bytes:
    return rows(5, (SIZE_T, b"\xab" * 9000), chunks=chunks)


def elements_as_values(chunks: int) -> bytes:
    """A row for each of which an element must be read."""
    templates = Templates(1000, BINXML)
    name = templates.data_at + templates.bytes.rindex(utf16("Data\0")) - 8
    return templates.log([templates.body((BINXML, struct.pack("<BIIB", 1, 0, name, 3)))] * MANY, chunks)


def template_each(chunks: int) -> bytes:
    """Each record points to a template of its own."""
    size = LINK + len(event(0))
    number = (CHUNK - RECORDS) // (size + 112)
    offsets = [CHUNK - size * place for place in range(number, 0, -1)]
    made = []
    for part in range(chunks):
        templates = [definition(event(at + LINK, computer=f"{part:02}{at % 1000:03}")) for at in offsets]
        bodies = [instance(at, ID, AT, NOTHING) for at in offsets]
        made.append(chunk_of(bodies, b"".join(templates), 1 + part * number))
    return log(*made, next_record=1 + chunks * number)


def template_anywhere(chunks: int) -> bytes:
    """Each record points one byte further into a heap of definitions."""
    heap = definition(b"\x0f\1\1\0" + b"\1" * 26) * 300
    bodies = [instance(CHUNK - len(heap) + place, ID) for place in range(len(heap) - 30)]
    return log(*(chunk_of(bodies, heap, 1 + part * len(heap)) for part in range(chunks)))


def wide_definitions(chunks: int) -> bytes:
    """Each record points to a definition that reaches to the chunk's end."""
    starts = range(0x4000, 0x8000, 64)
    made = []
    for part in range(chunks):
        data = bytearray(chunk_of([instance(start, ID) for start in starts], first=1 + part * len(starts)))
        (free,) = struct.unpack_from("<I", data, 48)
        assert free <= starts[-1]
        for start in starts:
            if start >= free:
                struct.pack_into("<I16sI", data, start, 0, bytes([start // 64 % 256]) * 16, CHUNK - LINK - start)
        made.append(bytes(data))
    return log(*made)


def only_magics(chunks: int) -> bytes:
    data = bytearray(chunk(Written(1)))
    data[RECORDS:] = b"**\0\0" * ((CHUNK - RECORDS) // 4)
    struct.pack_into("<I", data, 48, CHUNK)
    return log(*[bytes(data)] * chunks)


def smallest_records(chunks: int) -> bytes:
    data = bytearray(chunk(Written(1)))
    frame = struct.pack("<4sIQQI", b"**\0\0", 28, 1, 0, 28)
    data[RECORDS:] = (frame * (CHUNK // 28))[: CHUNK - RECORDS]
    struct.pack_into("<I", data, 48, CHUNK)
    return log(*[reseal(bytes(data))] * chunks)


def wide_tables(chunks: int) -> bytes:
    templates = Templates()
    return templates.log([instance(templates.event_at, ID, AT, *[NOTHING] * 10_000)] * MANY, chunks)


SHAPES = (
    long_computer, long_provider, long_name, long_number, rows_of_short_text, events_of_short_text, long_literals, small_events,
    arrays_of_bytes, arrays_of_empty_strings, binary, elements_as_values, template_each, template_anywhere,
    wide_definitions, only_magics, smallest_records, wide_tables,
)  # fmt: skip


def calls(data: bytes) -> int:
    """How many functions reading a log calls."""
    count = 0

    def called(_frame: FrameType, what: str, _argument: object) -> None:
        nonlocal count
        count += what in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        parse(data)
    finally:
        sys.setprofile(before)
    return count


def peak(data: bytes) -> int:
    tracemalloc.start()
    try:
        parse(data)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_work_memory_and_text_are_bounded_by_the_logs_size(shape: Callable[[int], bytes]) -> None:
    one, two = shape(1), shape(2)
    work = calls(one), calls(two)
    assert work[0] <= CALLS * len(one)
    assert work[1] <= 2.2 * work[0]
    assert peak(two) <= MEMORY * len(two)
    assert characters(read(two)) <= TEXT * len(two)


def test_a_provider_without_end_is_not_looked_up_for_every_record() -> None:
    assert "unpacks to more than its size allows" in messages(long_provider(1))


def test_binary_xml_that_is_a_value_costs_more_than_its_few_bytes() -> None:
    data = elements_as_values(1)
    assert calls(data) <= 2 * len(data)
