"""The report's chapter "The network trace"."""

import re
from pathlib import Path

import pytest
from builder import bundle_files

from forensics.report.html import render_html
from forensics.report.trace_section import TraceSection, trace_section_of
from forensics.report.view import build_view
from tests.bundles import findings_of
from tests.machines import calm
from tests.report.cases import sample
from tests.traces import AFTER, CONNECT, TAKEN, UDP_BIND, failures, lifeless, lines, trace_of


def section(folder: Path, *traces: bytes) -> TraceSection:
    files = bundle_files(calm(snapshots=1)) | {f"t{number}.txt": data for number, data in enumerate(traces)}
    found = trace_section_of(findings_of(folder, files).measurements)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def founding() -> TraceSection:
    found = build_view(sample("founding-case")).trace
    assert found is not None
    return found


def test_the_founding_cases_facts(founding: TraceSection) -> None:
    assert founding.facts[:3] == [
        "trace/trace.txt: 1,355 lines, 2018-12-24 12:50:10 UTC+08:00 to 12:52:10 by the trace's clock (2 min).",
        "7 sockets were created and 7 connects begun.",
        "5 connections entered TIME_WAIT: by ordinary expiry they keep 5 ports there (0.0417 a second × 120 s); 14,943 were seen.",
    ]
    assert founding.proofs == []


def test_its_tables(founding: TraceSection) -> None:
    assert founding.owners.rows == [
        ["1536", "hostmonitor.exe", "7", "7", "0", "8", "0.0583", "5"]
    ]  # one had begun before
    assert founding.remotes.rows == [["203.0.113.40:443", "7", "hostmonitor.exe 1536"]]
    assert founding.failures.rows == []
    assert "from creation to end: hostmonitor.exe (PID 1536)" in founding.life.caption
    assert len(founding.life.rows) == 20
    assert founding.life_note.startswith("This machine closed first, so the port's TIME_WAIT is its own.")
    assert re.search(r"Established 5\.\d\d\d s", founding.life_note)


def test_it_stands_in_the_page_and_only_where_there_is_a_trace() -> None:
    page = render_html(sample("founding-case"))
    assert "<h2>The network trace</h2>" in page
    assert "This machine closed first" in page
    assert "<h2>The network trace</h2>" not in render_html(sample("healthy"))
    assert build_view(sample("healthy")).trace is None


def test_a_shortage_is_told_and_quoted(tmp_path: Path) -> None:
    found = section(tmp_path, failures(CONNECT, ["0xC0000209"] * 2) + failures(UDP_BIND, start=AFTER))
    text = " ".join(found.facts)
    assert "TCP: twice no port was to be had, first at 2018-12-24 12:35:10 UTC." in text
    assert "UDP: once no port was to be had, first at 2018-12-24 12:35:10 UTC." in text
    assert len(found.proofs) == 2
    assert [row[1:] for row in found.failures.rows] == [
        ["1050", "0xC0000209", "2"],
        ["1394", "0xC0000209", "1"],
    ]


def test_a_refusal_is_no_want(tmp_path: Path) -> None:
    found = section(tmp_path, failures(CONNECT, [TAKEN]))
    assert any("a port that was refused, none for want" in fact for fact in found.facts)
    assert found.proofs == []


def test_another_boot_is_told(tmp_path: Path) -> None:
    found = section(tmp_path, trace_of(start=calm().boot.replace(tzinfo=None, year=2017)))
    assert "It was made before the last restart, so its process IDs are not those of the process list." in found.facts
    assert [row[1] for row in found.owners.rows] == ["not in the process list"]


def test_further_traces_are_counted(tmp_path: Path) -> None:
    assert section(tmp_path, trace_of(), lifeless()).facts[-1] == "More traces of this bundle, told of in --json: 1."


def test_a_trace_without_times_and_without_a_life(tmp_path: Path) -> None:
    found = section(tmp_path, lines("IP: Neighbor reachable. Interface 11.").replace(b"2018-12-24", b"2018-99-99"))
    assert found.facts[0].replace("1 lines", "1 line") == "t0.txt: 1 line, without times that can be read."
    assert (found.life.rows, found.life_note, found.owners.rows) == ([], "", [])
