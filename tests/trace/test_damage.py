"""Bad input is counted, reported, and the rest is used. Nothing raises."""

import random
import time

import pytest
from builder.trace import DIALECTS, RECENT, WINDOWS_7, Program, TraceText
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.trace import read_trace, recognise
from forensics.trace.blocks import LONGEST_LINE

PROGRAMS = (Program(1536, 20, ("203.0.113.9:80",), ("local", "refused", "no-port"), lasts=0.3),)


def data(seconds: float = 2) -> tuple[TraceText, bytes]:
    text = TraceText(WINDOWS_7, PROGRAMS, seconds=seconds, noise=1)
    return text, b"".join(text.encoded())


def said(trace: object) -> str:
    return " ".join(problem.message for problem in trace.problems)  # type: ignore[attr-defined]


@pytest.mark.parametrize("line_end", [b"\n", b"\r", b"\r\r\n"])
def test_line_ends(line_end: bytes) -> None:
    text, whole = data()
    trace = read_trace([whole.replace(b"\r\n", line_end)])
    assert trace.lines == text.truth.lines
    assert trace.connects == text.truth.connects.total()
    assert trace.started_local == text.truth.started


def test_mixed_line_ends() -> None:
    text, whole = data()
    third = len(whole) // 3
    mixed = (
        whole[:third].replace(b"\r\n", b"\n") + whole[third : 2 * third].replace(b"\r\n", b"\r") + whole[2 * third :]
    )
    trace = read_trace([mixed])
    assert trace.lines == text.truth.lines
    assert trace.connects == text.truth.connects.total()
    assert "mixed line ends" in said(trace)


def test_a_cut_last_line() -> None:
    _, whole = data()
    last = whole.rindex(b"PID = 1536.")
    trace, before = read_trace([whole[: last + 8]]), read_trace([whole[: whole.rindex(b"\n", 0, last) + 1]])
    assert trace.lines == before.lines + 1
    assert "cut off" in said(trace)
    assert trace.by_owner == before.by_owner
    assert "cut off" not in said(read_trace([whole.rstrip()]))


def test_nul_bytes() -> None:
    text, whole = data()
    middle = whole.index(b"\n", len(whole) // 2) + 1
    trace = read_trace([whole[:middle] + b"\0" * 70_000 + whole[middle:]])
    assert trace.connects == text.truth.connects.total()
    assert "70,000 NUL bytes" in said(trace)


def test_utf_16_appended_to_ansi() -> None:
    text, whole = data()
    middle = whole.index(b"\n", len(whole) // 2) + 1
    mixed = whole[:middle] + whole[middle:].decode().encode("utf-16-le")
    assert read_trace([mixed]).connects == text.truth.connects.total()


def test_a_line_of_100_mb() -> None:
    text, whole = data()
    middle = whole.index(b"\n", len(whole) // 2) + 1
    blocks = [whole[:middle], *[b"x" * (1 << 20)] * 100, b"\r\n", whole[middle:]]
    trace = read_trace(blocks)
    assert trace.lines == text.truth.lines + 1
    assert trace.connects == text.truth.connects.total()
    assert "1 line of more than" in said(trace)


def test_a_wrong_date() -> None:
    text, whole = data()
    lines = whole.splitlines(keepends=True)
    for number, date in (
        (100, b"? 1601? -? 01? -? 01"),
        (101, b"? 2018? -? 99? -? 24"),
        (102, b"? 2099? -? 12? -? 24"),
    ):
        lines[number * 2] = lines[number * 2].replace(b"? 2018? -? 12? -? 24", date)
    lines[0] = lines[0].replace(b"? 2018? -? 12? -? 24", b"? 1980? -? 01? -? 01")
    trace = read_trace([b"".join(lines)])
    assert trace.connects == text.truth.connects.total()
    assert trace.started_local is not None
    assert trace.started_local.year == 2018
    assert trace.ended_local is not None
    assert trace.ended_local.year == 2018
    assert "wrong date" in said(trace)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("seed", range(5))
def test_wrapped_lines(dialect: object, seed: int) -> None:
    """A blank of a message becomes a line end: on every line, anywhere behind "TCP:"."""
    text = TraceText(dialect, PROGRAMS, seconds=1, noise=1)  # type: ignore[arg-type]
    chance = random.Random(seed)
    wrapped = []
    for line in text.lines():
        head, tcp, message = line.partition("TCP: ")
        blanks = [at for at, letter in enumerate(message) if letter == " "]
        if tcp and blanks:
            at = chance.choice(blanks)
            message = message[:at] + " \r\n" + message[at + 1 :]
        wrapped.append(head + tcp + message)
    trace = read_trace(["".join(wrapped).encode("utf-8")])
    truth = text.truth
    assert trace.sockets == truth.sockets.total()
    assert trace.connects == truth.connects.total()
    assert trace.time_wait_births == truth.births.total()
    assert trace.port_exhaustion_events == truth.exhaustion.total()
    assert [(owner.pid, owner.connects, owner.failed) for owner in trace.by_owner] == [
        (1536, truth.connects[1536], truth.failed[1536])
    ]


@pytest.mark.parametrize(
    "junk", [b"", b"\n", b"\0", b"\r", b"\xff\xfe", b"\xff\xfe\x00", b"PK\x03\x04" * 100, "日本語\n".encode()]
)
def test_no_trace_at_all(junk: bytes) -> None:
    assert not recognise(junk)
    assert read_trace([junk]).connects == 0
    assert read_trace([]).lines == 0


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(DIALECTS))
def test_random_damage_never_raises(seed: int, dialect: object) -> None:
    text = TraceText(dialect, PROGRAMS, seconds=0.15, noise=1)  # type: ignore[arg-type]
    whole = bytearray(b"".join(text.encoded()))
    chance = random.Random(seed)
    for _ in range(chance.randrange(60)):
        at = chance.randrange(len(whole))
        whole[at : at + chance.randrange(6)] = chance.randbytes(chance.randrange(6))
    trace = read_trace([bytes(whole)])
    assert 0 <= trace.unrecognised_lines <= trace.lines


def test_a_million_different_addresses_stay_within_bounds() -> None:
    def pieces() -> object:
        for number in range(300_000):
            address, remote = f"0x{number * 16:016X}", f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}:443"
            yield (
                f"[1]0000.0000::2025/03/27-16:{number // 6000 % 60:02d}:12.000000000 [Microsoft-Windows-TCPIP]TCP: Tcb {address} "
                f"(local=10.0.0.8:5000 remote={remote}) requested to connect. PID = {number % 100_000}.\n"
            ).encode()

    trace = read_trace(pieces())  # type: ignore[arg-type]
    assert trace.connects == 300_000
    assert "more remotes than are remembered" in said(trace)
    assert RECENT.numbered


HOSTILE = (
    b"P: endpoint/connection 0x1 acquired ",
    b"P: endpoint 0x1 (Family=",
    b"P: connection 0x1 (local=1 remote=",
    b"P: Tcb 0x1 (local=1.1.1.1:1 remote=2.2.2.2:2) requested to connect ",
    b"P: connection 0x1 transition from ClosedState to ",
    b"P: Portpool ",
    b"\r",
    b"P: ",
    b"[1]0000.0000::",
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_time_stays_linear(piece: bytes) -> None:
    """A line just short of what is left out, of nothing but beginnings."""
    line = piece * ((LONGEST_LINE - 100) // len(piece)) + b"\n"
    started = time.process_time()
    read_trace([line, line])
    assert time.process_time() - started < 4


def stack(*messages: str, provider: str = "Microsoft-Windows-TCPIP") -> bytes:
    prefix = "[3]0600.061C::2018-12-24 20:15:22.978"
    return "".join(f"{prefix} [{provider}]{message}\r\n" for message in messages).encode()


def test_what_another_provider_prints_is_no_message_of_the_stack() -> None:
    exhausted = "TCP: Portpool assigned port number 50000 with weak references due to port exhaustion."
    created = "TCP: endpoint 0xFFFFFA80C2F0A010 (Family=IPV4 , PID=666) created with status = 0x0."
    forged = stack(f"Received response header: Server: x {exhausted}", created, provider="Microsoft-Windows-WinHttp")
    copied = stack(f"GET /[Microsoft-Windows-TCPIP]{exhausted}", provider="Microsoft-Windows-WebIO")
    trace = read_trace([forged + copied])
    assert (trace.port_exhaustion_events, trace.sockets, trace.by_owner) == (0, 0, ())
    assert read_trace([stack(exhausted)]).port_exhaustion_events == 1


@pytest.mark.parametrize("year", ["99999999999", "0", "2018-12-99999999999"])
def test_a_date_beyond_all_calendars_costs_that_time_alone(year: str) -> None:
    wrong = stack("TCP: Portpool assigned port number 5 with weak references due to port exhaustion.")
    trace = read_trace([wrong.replace(b"2018-12-24", f"2018-12-{year}".encode()) + stack("TCP: x")])
    assert trace.port_exhaustion_events == 1


@pytest.mark.parametrize(
    "message",
    ["endpoint (Family=" + " " * 500_000, "Global parameters updated for Address Family " + "a:" * 250_000,
     "connection 0xFFFFFA80C3956B20 (local=1.1.1.1:1 remote=2.2.2.2:2) exists. State = " + "State = " * 60_000,
     "listener (local=1.1.1.1:1 remote=2.2.2.2:2) accept completed. " + "TCB " * 120_000],
)  # fmt: skip
def test_no_message_is_searched_again_and_again(message: str) -> None:
    """A quadratic search of one of these takes minutes; the suite's own patience is the limit."""
    assert read_trace([stack(f"TCP: {message}") * 3]).lines == 3


def test_pure_crlf_beyond_the_first_blocks_is_not_mixed() -> None:
    line = stack("TCP: connection 0xFFFFFA80C3956B20: Received data with number of bytes = 1460. ThSeq = 1.")
    assert read_trace([line * (1 + (18 << 20) // len(line))]).problems == ()
