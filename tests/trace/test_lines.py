"""Prefixes and dates: which number is the day is decided from the whole file."""

import os
from datetime import datetime
from pathlib import Path

import pytest

# ruff: noqa: DTZ001 - the machine's wall clock
from forensics.trace import read_trace, recognise
from forensics.trace.lines import Clock

TCP = " [Microsoft-Windows-TCPIP]TCP: x"

PREFIXES = {
    "[30]0000.0000::2025/03/27-16:12:13.966003800": datetime(2025, 3, 27, 16, 12, 13, 966003),
    "[2]0F24.1020::2018-09-17 10:22:14.658": datetime(2018, 9, 17, 10, 22, 14, 658000),
    "[2] 0C34.2FF0::08/28/17-13:24:28.693": datetime(2017, 8, 28, 13, 24, 28, 693000),
    "[2] 0EF8.1174:: 08/28/17-13:24:29.705": datetime(2017, 8, 28, 13, 24, 29, 705000),
    "[00]1864.06A4::2021-06-03 19:19:55.454004600": datetime(2021, 6, 3, 19, 19, 55, 454004),
    " 16767 [3]0600.061C::\u200e2018\u200e-\u200e12\u200e-\u200e24 20:15:22.978": datetime(
        2018, 12, 24, 20, 15, 22, 978000
    ),
    " 16818 [7]3ECC. 2FC8::? 2018? -? 12? -? 24 20:15:23.049": datetime(2018, 12, 24, 20, 15, 23, 49000),
    "[1]0F24.1020::24.12.2018-20:15:22.978": datetime(2018, 12, 24, 20, 15, 22, 978000),
    "[1]0F24.1020::24/12/2561 20:15:22.978": datetime(2018, 12, 24, 20, 15, 22, 978000),
}


@pytest.mark.parametrize(("prefix", "at"), PREFIXES.items())
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_prefix_seen(prefix: str, at: datetime, encoding: str) -> None:
    data = (f"{prefix}{TCP}\r\n" * 3).encode(encoding)
    assert recognise(data)
    trace = read_trace([data])
    assert (trace.started_local, trace.ended_local, trace.lines) == (at, at, 3)


def order(*dates: str) -> str:
    clock = Clock()
    for date in dates:
        text = f"[1]0F24.1020::{date} 20:15:22.978{TCP}".encode()
        assert clock.stamp(text, len(text) - 1) is not None
    return clock.dates().order


def test_day_and_month() -> None:
    assert order("03/04/2019", "13/04/2019") == "day-first"
    assert order("03/04/2019", "03/13/2019") == "month-first"
    assert order("03/04/2019", "04/04/2019") == "day-first"  # over midnight the day moves
    assert order("03/04/2019", "03/05/2019") == "month-first"
    assert order("03/04/2019") == "assumed-month-first"
    assert order("2019/04/03") == "year-first"


def test_an_undecided_date_is_said() -> None:
    data = f"[1]0F24.1020::03/04/19 20:15:22.978{TCP}\r\n".encode()
    assert "tells day from month" in read_trace([data]).problems[0].message


def test_what_is_no_trace() -> None:
    assert not recognise(b"  TCP    10.0.0.8:49170  10.0.0.9:80  TIME_WAIT  0\r\n")
    assert not recognise(b"[2019-01-02 10:00:00.123] [Information] started\r\n")


corpus = Path(os.environ.get("FORENSICS_CORPUS", "nowhere")) / "etl_text"


@pytest.mark.skipif(not corpus.is_dir(), reason="FORENSICS_CORPUS names no corpus")
def test_real_lines() -> None:
    traces = {}
    for path in corpus.glob("*.txt"):
        assert recognise(path.read_bytes()), path
        traces[path.stem] = read_trace([path.read_bytes()])
    pktmon = traces["snip_pktmon_tcpip_connect_zhCN"]
    assert (pktmon.connects, pktmon.by_owner[0].pid, pktmon.by_owner[0].remotes[0].address) == (
        1,
        3832,
        "198.51.100.77",
    )
    assert [step.event_id for step in pktmon.lives[0].steps] == [1051, 1002, 1004]
    recent = traces["snip_netsh_convert_tcpip_2025"]
    assert recent.started_local == datetime(2025, 3, 27, 16, 12, 13, 966003)
    assert recent.ended_local == datetime(2025, 3, 27, 16, 12, 19, 937110)


def test_a_dotted_date_begins_with_the_day() -> None:
    line = b"[3]0600.061C::05.06.2019 20:15:22.978 [Microsoft-Windows-TCPIP]TCP: x\r\n"
    assert read_trace([line * 3]).started_local == datetime(2019, 6, 5, 20, 15, 22, 978000)
    slashed = read_trace([line.replace(b"05.06.2019", b"05/06/2019") * 3])
    assert (slashed.date_order, slashed.started_local and slashed.started_local.month) == ("assumed-month-first", 5)
