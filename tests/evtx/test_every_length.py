"""A log cut after every length, in steps where nothing stands: what is read stood before the cut; the rest is told."""

import itertools
import struct

from forensics.parsers.event_log import EventLog, parse
from tests.evtx.build import CHUNK, HEADER, RECORDS, Written, chunk, log, sealed, strings

UPTIME = strings("", "", "", "", "42", "60", "0 UTC")


def uptimes(*ids: int) -> bytes:
    return chunk(*(Written(record, values=(UPTIME,)) for record in ids))


def cut(data: bytes, length: int) -> tuple[EventLog, str]:
    parsed = parse(data[:length])
    (found,) = parsed.facts
    assert isinstance(found, EventLog)
    return found, "\n".join(problem.message for problem in parsed.problems)


def ends(*chunks: bytes) -> list[int]:
    """Where in the file each record of these chunks ends, but for the zeros in its size: a cut leaves them as they are."""
    found = []
    for number, data in enumerate(chunks):
        (free,) = struct.unpack_from("<I", data, 48)
        at = RECORDS
        while at < free:
            at += struct.unpack_from("<I", data, at + 4)[0]
            found.append(HEADER + number * CHUNK + len(data[:at].rstrip(b"\0")))
    return found


def test_every_length() -> None:
    chunks = uptimes(7, 8, 9), uptimes(10, 11)
    whole = log(*chunks, next_record=12)
    events = cut(whole, len(whole))[0].events
    record_ends = ends(*chunks)
    first_end, second_end = record_ends[2], record_ends[4]
    lengths = itertools.chain(
        range(first_end + 1),
        range(first_end + 1, HEADER + CHUNK - 200, 499),
        range(HEADER + CHUNK - 200, second_end + 1),
        range(second_end + 1, len(whole), 499),
        [len(whole) - 1],
    )
    for length in lengths:
        found, told = cut(whole, length)
        assert found.events == events[: sum(end <= length for end in record_ends)], length
        assert told, length
        assert found.chunks_rejected or found.records_damaged or found.chunks == 2 or found.dirty
    assert cut(whole, len(whole))[1] == ""


def test_chunks_that_the_header_counts_and_the_file_lacks_are_told_though_no_record_tells() -> None:
    """The oldest chunk stands last in a log that has come round: no gap and no promise shows that it is cut off."""
    whole = log(uptimes(12, 13), uptimes(10, 11), next_record=14)
    found, told = cut(whole, HEADER + CHUNK)
    assert (found.records, found.records_promised, found.id_gaps) == (2, 2, ())
    assert found.chunks_rejected == 1
    assert told == "1 of the 2 chunks that the file header counts are not there"


def test_a_log_of_which_only_the_header_is_left_is_no_empty_log() -> None:
    found, told = cut(log(uptimes(1), uptimes(2), next_record=3), HEADER)
    assert (found.records, found.chunks_rejected) == (0, 2)
    assert told == "2 of the 2 chunks that the file header counts are not there"


def test_zeros_behind_a_sound_header_are_no_empty_log() -> None:
    whole = log(uptimes(1), uptimes(2), next_record=3)
    found, told = cut(whole[:HEADER].ljust(len(whole), b"\0"), len(whole))
    assert (found.records, found.chunks_rejected) == (0, 2)
    assert told == "2 of the 2 chunks that the file header counts are not there"


def test_chunks_that_windows_has_not_used_yet_are_not_missed() -> None:
    whole = log(uptimes(1)) + bytes(15 * CHUNK)
    assert cut(whole, len(whole))[1] == ""
    assert cut(whole, len(whole))[0].chunks_rejected == 0
    assert cut(whole, HEADER + 3 * CHUNK + 77)[1] == ""


def test_a_number_of_chunks_beyond_the_file_is_told() -> None:
    data = bytearray(log(uptimes(1)))
    struct.pack_into("<H", data, 42, 0xFFFF)
    found, told = cut(sealed(bytes(data)), len(data))
    assert told == "65,534 of the 65,535 chunks that the file header counts are not there"
    assert (found.records, found.chunks_rejected) == (1, 65534)
