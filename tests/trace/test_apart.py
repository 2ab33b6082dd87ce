"""A large trace is read in a process of its own: the same facts, and no harm where that process fails."""

import os
import signal
import sys
from collections.abc import Iterator

import pytest
from builder.trace import WINDOWS_7, Program, TraceText
from builder.trace_csv import TraceCsv

from forensics.parsers import network_trace
from forensics.trace import SMALL, apart, read_trace, tracerpt
from forensics.trace.apart import LostError, ask, read_apart
from forensics.trace.blocks import Blocks

TEXT = b"".join(TraceText(WINDOWS_7, (Program(1536, 4, ("203.0.113.9:80",)),), seconds=3).encoded())
STUCK = "import time; time.sleep(600)"


def chunks(data: bytes) -> Iterator[bytes]:
    return (data[start : start + 65536] for start in range(0, len(data), 65536))


def send(there: object, watch: apart.Watch) -> None:
    apart._send(chunks(TEXT * 20), there, watch)  # type: ignore[arg-type]


def test_it_reads_the_same() -> None:
    assert read_apart(chunks(TEXT)) == read_trace([TEXT])


@pytest.mark.parametrize(
    "program", [STUCK, f"import sys; sys.stdin.buffer.read(); {STUCK}"], ids=["at once", "at the end"]
)
def test_a_process_that_does_not_get_on_is_ended(program: str) -> None:
    with pytest.raises(LostError, match=r"it took more than 0\.3 s without getting on"):
        ask(program, send, seconds=0.3)


def test_a_process_that_ends_costs_the_trace() -> None:
    with pytest.raises(LostError, match="ended"):
        ask(f"import os; os.kill(os.getpid(), {int(signal.SIGKILL)})", send)


@pytest.mark.skipif(os.name == "nt", reason="only Linux limits memory")
def test_a_process_that_wants_too_much_memory_costs_the_trace() -> None:
    program = "from forensics.trace import apart; apart.answer(lambda here: bytearray(apart.MOST_MEMORY))"
    with pytest.raises(LostError, match="it took more than 2,048 MB of memory"):
        ask(program, send)


def test_what_is_lost_is_a_problem_and_no_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(_chunks: object) -> None:
        raise LostError("it took more than 60 s without getting on")

    monkeypatch.setattr("forensics.trace.reading.read_apart", lost)
    parsed = network_trace.parse([TEXT, TEXT + b" " * SMALL])
    assert parsed.facts == ()
    assert [problem.message for problem in parsed.problems] == ["not read: it took more than 60 s without getting on"]


def test_a_defect_in_that_process_says_where(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Blocks, "facts", lambda _: "nonsense")
    with pytest.raises(RuntimeError) as caught:
        read_apart([TEXT])
    assert caught.value.__notes__[0].startswith("ValidationError at apart.py:")
    assert capfd.readouterr().err == ""


def test_what_the_chunks_raise_passes_through() -> None:
    def damaged() -> Iterator[bytes]:
        yield TEXT
        raise BrokenPipeError  # as a share that went away would

    with pytest.raises(BrokenPipeError):
        read_apart(damaged())


def test_a_large_table_of_tracerpt_is_read_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = b"".join(TraceCsv((Program(1536, 4, ("203.0.113.9:80",)),), seconds=3, raw=True).encoded())
    monkeypatch.setattr("forensics.trace.reading.SMALL", len(rows) // 2)
    assert tracerpt.read(chunks(rows)) == tracerpt._read_here([rows])
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(LostError, match="ended"):
        tracerpt.read(chunks(rows))
