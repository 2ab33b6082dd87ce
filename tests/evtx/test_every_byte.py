"""Every byte of a log flipped once, without and with checksums put right: nothing raised, nothing invented."""

import os
import random
import struct
from pathlib import Path

import pytest

from forensics.parsed import Parsed
from forensics.parsers.event_log import EventLog, parse
from tests.evtx.build import CHUNK, HEADER, RECORDS, Written, chunk, log, sealed, strings
from tests.evtx.reading import characters, read, read_all

CORPUS = os.environ.get("FORENSICS_CORPUS")
REAL = sorted(Path(CORPUS, "evtx").glob("*System.evtx")) if CORPUS else []

UPTIME = strings("", "", "", "", "42", "60", "-60 Mitteleuropäische Zeit")
SOUND = log(
    chunk(
        Written(70001, values=(UPTIME, (0x0E, b"1\0.\0")), names=("", "Binary")),
        Written(70002, id=4231, provider="Tcpip", values=(strings(""),)),
        Written(70003, values=(UPTIME,)),
    ),
    next_record=70004,
)
FREE = HEADER + struct.unpack_from("<I", SOUND, HEADER + 48)[0]
FILE_FIELDS = 128  # bytes of the file header that mean something; the rest of its block is unused
MOST_TEXT = 6  # characters for each byte of the log


def flipped(data: bytes, position: int, mask: int) -> bytes:
    out = bytearray(data)
    out[position] ^= mask
    return bytes(out)


def masks(position: int) -> tuple[int, int]:
    return 0xFF, 1 << position % 8


def log_of(parsed: Parsed) -> EventLog:
    (found,) = parsed.facts
    assert isinstance(found, EventLog)
    return found


def used() -> list[int]:
    return [*range(FILE_FIELDS), *range(HEADER, FREE)]


def unused() -> list[int]:
    return [*range(FILE_FIELDS, HEADER), *range(FREE, len(SOUND))]


def cites_what_is_there(found: EventLog, data: bytes) -> bool:
    return all(struct.pack("<Q", event.record) in data for event in found.events)


def test_a_flipped_byte_changes_nothing_or_is_told() -> None:
    whole = read(SOUND)
    assert len(whole.events) == 3
    for position in used():
        for mask in masks(position):
            data = flipped(SOUND, position, mask)
            parsed = parse(data)
            found = log_of(parsed)
            assert cites_what_is_there(found, data)
            assert found.records <= whole.records
            if not parsed.problems:
                assert (found.events, found.records, found.id_gaps) == (whole.events, 3, ()), position


def test_a_flipped_byte_under_right_checksums_loses_no_record_without_a_word() -> None:
    for position in used():
        for mask in masks(position):
            data = sealed(flipped(SOUND, position, mask))
            parsed = parse(data)
            found = log_of(parsed)
            assert cites_what_is_there(found, data)
            assert {event.record for event in found.events} <= {70001, 70002, 70003}
            assert found.records == 3 or parsed.problems, position
            assert found.records <= 3
            assert characters(found) <= MOST_TEXT * len(data)


def test_bytes_that_nothing_uses_change_nothing() -> None:
    """All of them once, 500 at a time; and some alone."""
    whole = read(SOUND)
    rows = [unused()[start::128] for start in range(128)]
    assert sum(map(len, rows)) + len(used()) == len(SOUND) == HEADER + CHUNK
    alone = random.Random(44).sample(unused(), 200)
    for row in [*rows, *([position] for position in alone)]:
        data = bytearray(SOUND)
        for position in row:
            data[position] ^= 0xFF
        parsed = parse(bytes(data))
        assert (parsed.facts, parsed.problems) == ((whole,), ())


@pytest.mark.parametrize("keeps_checksums", [False, True])
@pytest.mark.parametrize("path", REAL[:1], ids=lambda path: path.name)
def test_a_flipped_byte_of_a_real_chunk(path: Path, *, keeps_checksums: bool) -> None:
    sound = path.read_bytes()[: HEADER + CHUNK]
    whole = read_all(sound).records
    choice = random.Random(2553549)
    header = choice.sample(range(HEADER, HEADER + RECORDS), 60)
    for position in (*header, *choice.sample(range(HEADER + RECORDS, len(sound)), 90)):
        data = flipped(sound, position, choice.randrange(1, 256))
        data = sealed(data) if keeps_checksums else data
        found = read_all(data)
        assert cites_what_is_there(found, data)
        assert found.records <= whole
        assert found.records == whole or parse(data).problems, "nothing is lost without a word"
