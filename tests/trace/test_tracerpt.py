"""tracerpt's CSV tells the same as the text: what was counted while a trace was made is what is read from its rows."""

import random
import re
import time
from datetime import datetime, timedelta

import pytest
from builder.trace import WINDOWS_7, Program, TraceText
from builder.trace_csv import HEADER, TraceCsv, filetime, sockaddr
from hypothesis import given, settings
from hypothesis import strategies as st

# ruff: noqa: DTZ001 - UTC, without a zone
from forensics.trace import Trace, read_trace
from forensics.trace import recognise as recognise_text
from forensics.trace.blocks import LONGEST_LINE
from forensics.trace.templates import TEMPLATES
from forensics.trace.tracerpt import TIMES_ARE_UTC, as_text, read, recognise

PROGRAMS = (
    Program(1536, 36, ("203.0.113.9:80", "203.0.113.10:80")),
    Program(2044, 20, ("[::ffff:198.51.100.7]:443",), ("local", "remote", "reset", "weak-port"), lasts=0.2),
    Program(980, 4, ("198.51.100.77:8080",), ("timeout", "refused", "no-port", "no-bind")),
    Program(77, 1, ("[2001:db8::1]:443",), ("kept",)),
)
AT = datetime(2018, 12, 24, 20, 15, 22, 978000)
COLUMNS = "0, 16, 4, 0, 1001, 0x8000, 0x00000600, 0x061C, 3, , , {0}, "


def made(*, raw: bool, seconds: float = 20, encoding: str = "utf-8") -> tuple[TraceCsv, bytes]:
    rows = TraceCsv(PROGRAMS, seconds=seconds, noise=2, raw=raw, encoding=encoding)
    return rows, b"".join(rows.encoded())


def row(event: int, fields: str, clock: object = filetime(AT), name: str = "Microsoft-Windows-TCPIP") -> bytes:
    return f"{name}, Info , {event}, {COLUMNS}, {clock}, 0, 0, {fields}\r\n".encode()


def said(trace: Trace) -> str:
    return " ".join(problem.message for problem in trace.problems)


@pytest.fixture(scope="module", params=[True, False], ids=["raw", "printed"])
def trace_and_rows(request: pytest.FixtureRequest) -> tuple[Trace, TraceCsv, bytes]:
    rows, data = made(raw=request.param)
    return read([data[start : start + 65536] for start in range(0, len(data), 65536)]), rows, data


def test_totals(trace_and_rows: tuple[Trace, TraceCsv, bytes]) -> None:
    trace, rows, data = trace_and_rows
    truth = rows.truth
    assert recognise(data[:4096])
    assert not recognise_text(data[:4096])
    assert trace.lines == truth.lines
    assert trace.sockets == truth.sockets.total()
    assert trace.connects == truth.connects.total()
    assert trace.connects_without_owner == 0
    assert trace.time_wait_births == truth.births.total()
    assert {row.event_id: row.count for row in trace.exhaustion} == dict(truth.exhaustion)
    assert trace.problems == ()


def test_owners(trace_and_rows: tuple[Trace, TraceCsv, bytes]) -> None:
    trace, rows, _ = trace_and_rows
    truth = rows.truth
    assert [owner.pid for owner in trace.by_owner] == [1536, 2044, 980, 77]
    for owner in trace.by_owner:
        assert owner.sockets == truth.sockets[owner.pid]
        assert owner.connects == truth.connects[owner.pid]
        assert owner.failed == truth.failed[owner.pid]
        assert owner.time_wait_births == truth.births[owner.pid]
    remotes = {(owner.pid, remote.address): remote.connects for owner in trace.by_owner for remote in owner.remotes}
    assert remotes[1536, "203.0.113.9"] == truth.remotes[1536, "203.0.113.9:80"]
    assert remotes[2044, "198.51.100.7"] == truth.remotes[2044, "[::ffff:198.51.100.7]:443"]
    assert remotes[77, "2001:db8::1"] == truth.remotes[77, "[2001:db8::1]:443"]


def test_times(trace_and_rows: tuple[Trace, TraceCsv, bytes]) -> None:
    trace, rows, _ = trace_and_rows
    truth = rows.truth
    assert TIMES_ARE_UTC
    assert trace.started_local == truth.started == AT
    assert truth.ended is not None
    assert trace.ended_local is not None
    assert timedelta(0) <= truth.ended - trace.ended_local < timedelta(milliseconds=1)
    assert {bucket.at_local: bucket.connects for bucket in trace.buckets if bucket.connects} == dict(truth.per_second)


def test_lines_are_those_of_the_csv(trace_and_rows: tuple[Trace, TraceCsv, bytes]) -> None:
    trace, _, data = trace_and_rows
    lines = data.decode().splitlines()
    life = next(life for life in trace.lives if life.pid == 1536)
    assert life.whole
    for step in life.steps:
        assert f", {step.event_id}, " in re.sub(r",\s+", ", ", lines[step.line - 1])
    for shortage in trace.exhaustion:
        first = next(
            number for number, line in enumerate(lines, 1) if line.split(",")[2].strip() == f"{shortage.event_id}"
        )
        assert shortage.line == first


def test_the_text_tells_the_same() -> None:
    """The same programs as netsh's text: the facts that both hold are the same, lives included."""
    rows, data = made(raw=True, seconds=5)
    text = TraceText(WINDOWS_7, PROGRAMS, seconds=5, noise=2)
    expected, trace = read_trace(text.encoded()), read([data])
    assert trace.by_owner[0].remotes == expected.by_owner[0].remotes
    assert {(life.pid, life.outcome, life.closed_first, life.whole) for life in trace.lives} == {
        (life.pid, life.outcome, life.closed_first, life.whole) for life in expected.lives
    }
    assert [(failure.event_id, failure.status, failure.count) for failure in trace.failures] == [
        (failure.event_id, failure.status, failure.count) for failure in expected.failures
    ]
    assert rows.truth.connects == text.truth.connects


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r", "\r\r\n"])
def test_encodings_and_line_ends(encoding: str, line_end: str) -> None:
    rows, data = made(raw=True, seconds=0.3)
    other = data.decode().replace("\r\n", line_end).encode(encoding)
    assert recognise(other[:4096])
    trace = read([other])
    assert trace.lines == rows.truth.lines
    assert trace.connects == rows.truth.connects.total()


@pytest.mark.parametrize("size", [1, 7, 1000, 1 << 22])
def test_chunks_do_not_matter(size: int) -> None:
    _, data = made(raw=False, seconds=0.3)
    data = data.replace(b"\r\n", b"\r\r\n")
    assert read([data[start : start + size] for start in range(0, len(data), size)]) == read([data])


def test_the_header_may_be_in_any_language() -> None:
    rows, data = made(raw=True, seconds=0.3)
    other = data.replace(HEADER.encode(), "Имя события, Тип, \u30a4\u30d9\u30f3\u30c8".encode())
    assert recognise(other[:4096])
    assert read([other]) == read([data])
    assert read([other]).connects == rows.truth.connects.total()


@pytest.mark.parametrize(
    "other",
    [
        b"",
        HEADER.encode() + b"\r\n",
        b"[3]0600.061C::2018-12-24 20:15:22.978 [Microsoft-Windows-TCPIP]TCP: x\n",
        b"TimeGenerated,EventID,132537105020000000,1,2,3\r\n",
        b'"a","b","1",' + b'"",' * 13 + b'"132537105020000000","0","0"\r\n',
        "日本語,".encode() * 20,
    ],
)
def test_what_is_not_recognised(other: bytes) -> None:
    assert not recognise(other)


PAIR = f"16, {sockaddr('10.0.0.8:10010')}, 16, {sockaddr('10.0.0.9:80')}"
PRINTED = "16, 10.0.0.8:10010, 16, 10.0.0.9:80"
COMPLETED = "{}, 0, 1536, 1, 0xFFFFFA80C3956B20"


@pytest.mark.parametrize(
    "pair", [PAIR, PRINTED, PAIR.replace("0x", ""), PRINTED.replace("10.0.0.9:80", '"10.0.0.9:80"')]
)
@pytest.mark.parametrize("pid", ["1536", "0x600"])
def test_a_field_is_read_in_each_writing(pair: str, pid: str) -> None:
    (owner,) = read([row(1033, COMPLETED.format(pair).replace("1536", pid))]).by_owner
    assert (owner.pid, owner.connects) == (1536, 1)
    assert [(remote.address, remote.port) for remote in owner.remotes] == [("10.0.0.9", 80)]


@pytest.mark.parametrize(
    "fields",
    [
        "16, 16, 16, 16, 0, 1536, 1, 0xFFFFFA80C3956B20",  # no addresses
        COMPLETED.format(PAIR.replace("0200", "0600")),  # another family
        COMPLETED.format(PAIR).replace("0xFFFFFA80C3956B20", "7"),  # no pointer
        COMPLETED.format(PAIR).replace("1536", "services"),  # no PID
        "0xFFFFFA80C3956B20, " + COMPLETED.format(PAIR),  # one more in front
        COMPLETED.format(PAIR).rpartition(",")[0],  # one less
        "",
    ],
)
def test_a_row_with_other_fields_is_left_out_and_told(fields: str) -> None:
    trace = read([row(1033, fields)])
    assert (trace.lines, trace.connects, trace.unrecognised_lines) == (1, 0, 1)
    assert "1 row of known events have other fields" in said(trace)


@pytest.mark.parametrize("status", ["0xC0000209", "3221225993", "-1073741303", "STATUS_TOO_MANY_ADDRESSES"])
def test_a_status_in_each_writing(status: str) -> None:
    trace = read([row(1050, f"{PAIR}, {status}, 0, 1, 0xFFFFFA80C3956B20")])
    (failure,) = trace.failures
    assert failure.status in {"0xC0000209", "STATUS_TOO_MANY_ADDRESSES"}
    assert trace.port_exhaustion_events == 1


def test_a_bind_without_an_address_counts() -> None:
    assert read([row(1006, "0, , 0xC0000209")]).exhaustion[0].event_id == 1006


def test_other_events_of_tcpip() -> None:
    tcb = "0xFFFFFA80C3956B20"
    trace = read([
        row(1300, f"{tcb}, {PAIR}, 10, 4"),
        row(1110, "2, 1, 0, 0, 0, 1, 0, 0, 5, 7200000, 1000, 120, 5000, 120000, 1, 0, 0, 0"),
        row(1394, f"16, {sockaddr('0.0.0.0:0')}, 0xC0000209, {tcb}"),
        row(1030, f"{tcb}, {PAIR}, 2, 0"),
        row(1017, f"{PAIR}, 0, 4, 1, 0xFFFFFA80C3956C30"),
    ])  # fmt: skip
    assert trace.rundown_states == {"TimeWait": 1}
    assert [(delay.family, delay.value) for delay in trace.time_wait_delays] == [("IPV4", 120)]
    assert {shortage.event_id for shortage in trace.exhaustion} == {1394}
    assert {failure.event_id for failure in trace.failures} == {1030, 1394}
    assert trace.connects == 0
    assert trace.problems == ()


def test_every_template_knows_the_kind_of_its_deciding_fields() -> None:
    """A template with a word that is not known would take any field there."""
    for template in TEMPLATES:
        if template.id in {1003, 1004}:  # they begin no life and fail nothing
            continue
        trace = read([row(template.id, ", ".join(["?"] * 18))])
        assert "have other fields" in said(trace), template.id


def test_another_provider_has_the_same_event_ids() -> None:
    trace = read([row(1001, "0x0, 0xFFFFFA80C2F0A010, 2, 1536", name="Microsoft-Windows-Winsock-AFD")])
    assert (trace.lines, trace.sockets, trace.problems) == (1, 0, ())


@pytest.mark.parametrize("clock", ["1000", "", "x", "99999999999999999999", "1.319E+17"])
def test_a_clock_that_is_no_filetime(clock: str) -> None:
    trace = read([row(1001, "0x0, 0xFFFFFA80C2F0A010, 2, 1536", clock=clock)])
    assert (trace.sockets, trace.started_local) == (1, None)
    assert "cannot be read" in said(trace)


def test_damaged_rows_count_as_lines() -> None:
    good = row(1001, "0x0, 0xFFFFFA80C2F0A010, 2, 1536")
    bad = [b"\r\n", b",,,\r\n", b'"""\r\n', b"Microsoft-Windows-TCPIP, Info , 1001\r\n", good[:120] + b"\r\n"]
    trace = read([good, *bad, good])
    assert (trace.lines, trace.sockets) == (len(bad) + 2, 2)


def test_a_cut_last_row_is_told() -> None:
    good = row(1001, "0x0, 0xFFFFFA80C2F0A010, 2, 1536")
    trace = read([good, good[:-4]])
    assert (trace.lines, trace.sockets) == (2, 1)
    assert "cut off" in said(trace)


def test_nul_bytes() -> None:
    good = row(1001, "0x0, 0xFFFFFA80C2F0A010, 2, 1536")
    trace = read([good, b"\0" * 70_000, good])
    assert trace.sockets == 2
    assert "70,000 NUL bytes" in said(trace)


def test_a_row_of_100_mb() -> None:
    good = row(1001, "0x0, 0xFFFFFA80C2F0A010, 2, 1536")
    assert max(map(len, as_text([good, *[b"x," * (1 << 19)] * 100, b"\r\n", good]))) < LONGEST_LINE
    trace = read([good, *[b"x," * (1 << 19)] * 100, b"\r\n", good])
    assert (trace.lines, trace.sockets) == (3, 2)
    assert "1 row of more than" in said(trace)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_random_damage_never_raises(seed: int, raw: bool) -> None:
    whole = bytearray(made(raw=raw, seconds=0.1)[1])
    chance = random.Random(seed)
    for _ in range(chance.randrange(60)):
        at = chance.randrange(len(whole))
        whole[at : at + chance.randrange(6)] = chance.randbytes(chance.randrange(6))
    recognise(bytes(whole))
    trace = read([bytes(whole)])
    assert 0 <= trace.unrecognised_lines <= trace.lines


@pytest.mark.parametrize("piece", [b",", b'"', b"1,", b"a,b,1,", b"\r", b" ", b'",'])
def test_time_stays_linear(piece: bytes) -> None:
    hostile = row(1033, "")[:-2] + piece * ((LONGEST_LINE - 500) // len(piece)) + b"\n"
    started = time.process_time()
    recognise(hostile * 2)
    read([hostile * 2])
    assert time.process_time() - started < 3
