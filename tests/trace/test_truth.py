"""Traces whose truth is known, in three dialects: what was counted while they were made is what is read."""

from datetime import datetime, timedelta

import pytest
from builder.trace import DIALECTS, WINDOWS_7, WINDOWS_7_AMERICAN, Dialect, Program, TraceText

# ruff: noqa: DTZ001 - the machine's wall clock
from forensics.trace import Trace, read_trace, recognise

PROGRAMS = (
    Program(1536, 36, ("203.0.113.9:80", "203.0.113.10:80")),
    Program(2044, 20, ("[::ffff:198.51.100.7]:443",), ("local", "remote", "reset", "weak-port"), lasts=0.2),
    Program(980, 4, ("198.51.100.77:8080",), ("timeout", "refused", "no-port", "no-bind")),
    Program(77, 1, ("[2001:db8::1]:443",), ("kept",)),
)


def made(dialect: Dialect, seconds: float = 30) -> tuple[TraceText, bytes]:
    text = TraceText(dialect, PROGRAMS, seconds=seconds, noise=2)
    return text, b"".join(text.encoded())


def chunks(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@pytest.fixture(scope="module", params=DIALECTS, ids=lambda dialect: dialect.name)
def trace_and_truth(request: pytest.FixtureRequest) -> tuple[Trace, TraceText, bytes]:
    text, data = made(request.param)
    return read_trace(chunks(data, 65536)), text, data


def test_totals(trace_and_truth: tuple[Trace, TraceText, bytes]) -> None:
    trace, text, data = trace_and_truth
    truth = text.truth
    assert recognise(data[:4096])
    assert trace.lines == truth.lines
    assert trace.sockets == truth.sockets.total()
    assert trace.connects == truth.connects.total()
    assert trace.connects_without_owner == 0
    assert trace.time_wait_births == truth.births.total()
    assert trace.closes == truth.closes.total()
    assert {owner.pid: owner.closes for owner in trace.by_owner if owner.closes} == dict(truth.closes)
    assert {row.event_id: row.count for row in trace.exhaustion} == dict(truth.exhaustion)
    assert trace.port_exhaustion_events == truth.exhaustion.total()
    assert trace.problems == ()


def test_times(trace_and_truth: tuple[Trace, TraceText, bytes]) -> None:
    trace, text, _ = trace_and_truth
    truth = text.truth
    assert truth.started is not None
    assert truth.ended is not None
    assert trace.started_local == truth.started
    assert trace.ended_local is not None
    assert timedelta(0) <= truth.ended - trace.ended_local < timedelta(milliseconds=1)
    assert trace.bucket_seconds == 1
    assert {bucket.at_local: bucket.connects for bucket in trace.buckets if bucket.connects} == dict(truth.per_second)


def test_owners(trace_and_truth: tuple[Trace, TraceText, bytes]) -> None:
    trace, text, _ = trace_and_truth
    truth = text.truth
    assert [owner.pid for owner in trace.by_owner] == [1536, 2044, 980, 77]
    assert trace.started_local is not None
    assert trace.ended_local is not None
    seconds = (trace.ended_local - trace.started_local).total_seconds()
    for owner in trace.by_owner:
        assert owner.sockets == truth.sockets[owner.pid]
        assert owner.connects == truth.connects[owner.pid]
        assert owner.failed == truth.failed[owner.pid]
        assert owner.time_wait_births == truth.births[owner.pid]
        assert owner.connects_per_second == pytest.approx(truth.connects[owner.pid] / seconds)
    remotes = {(owner.pid, remote.address): remote.connects for owner in trace.by_owner for remote in owner.remotes}
    assert remotes[1536, "203.0.113.9"] == truth.remotes[1536, "203.0.113.9:80"]
    assert remotes[2044, "198.51.100.7"] == truth.remotes[2044, "[::ffff:198.51.100.7]:443"]
    assert remotes[77, "2001:db8::1"] == truth.remotes[77, "[2001:db8::1]:443"]


def test_lives(trace_and_truth: tuple[Trace, TraceText, bytes]) -> None:
    trace, _, data = trace_and_truth
    lives = {life.pid: life for life in trace.lives}
    assert set(lives) == {1536, 2044, 980, 77}
    assert {pid for pid, life in lives.items() if life.whole} == {1536, 2044, 980}
    life = lives[1536]
    assert life.closed_first == "local"
    assert life.outcome == "closed"
    assert [step.event_id for step in life.steps] == [
        1001, 1191, 1008, 1051, 1192, 1002, 1031, 1004, 1051, 1033, 1051, 1009, 1193, 1051, 1051, 1043, 1038, 1044, 1051, 1193,
    ]  # fmt: skip
    assert [stay.state for stay in life.stays] == ["SynSent", "Established", "FinWait1", "Closing", "TimeWait"]
    assert life.stays[1].seconds == pytest.approx(5.5, abs=0.002)
    text = data.decode("utf-16" if data.startswith(b"\xff\xfe") else "utf-8").splitlines()
    for step in life.steps:
        line = text[step.line - 1]
        assert life.endpoint in line or life.tcb in line or f":{life.port})" in line
    assert lives[980].outcome == "connect failed 0xC00000B5"
    assert lives[77].outcome == "its end is not in the trace"


def test_failures(trace_and_truth: tuple[Trace, TraceText, bytes]) -> None:
    trace, text, _ = trace_and_truth
    counts = {(row.event_id, row.status): row.count for row in trace.failures}
    assert counts[1050, "0xC0000209"] == text.truth.exhaustion[1050]
    assert counts[1034, "0xC00000B5"] == counts[1045, ""]
    assert counts[1034, "0xC0000236"] == counts[1183, ""]


@pytest.mark.parametrize("size", [1, 7, 4096, 1 << 22])
def test_chunks_do_not_matter(size: int) -> None:
    _, data = made(WINDOWS_7, seconds=0.5)
    assert read_trace(chunks(data, size)) == read_trace([data])


def test_a_large_trace_is_read_like_a_small_one() -> None:
    text, data = made(WINDOWS_7, seconds=120)
    assert len(data) > 1 << 24
    trace = read_trace(chunks(data, 65536))
    assert trace.connects == text.truth.connects.total()
    assert trace.lines == text.truth.lines


def test_month_first() -> None:
    _, data = made(WINDOWS_7_AMERICAN, seconds=1)
    trace = read_trace([data])
    assert trace.date_order == "month-first"
    assert trace.started_local == datetime(2018, 12, 24, 20, 15, 22, 978000)


def test_more_owners_by_rank_and_more_remotes_than_are_listed() -> None:
    remotes = tuple(f"203.0.{number // 250}.{number % 250}:443" for number in range(300))
    text = TraceText(WINDOWS_7, (Program(4242, 100, remotes),), seconds=4)
    (owner,) = read_trace(text.encoded()).by_owner
    assert owner.remotes_seen == 300
    assert len(owner.remotes) == 50
    assert owner.remotes[0].connects == 2
