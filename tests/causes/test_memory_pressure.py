"""Connections that fail for want of memory: event 4229, two measures of memory, and ports that are free.

Three tables, the last at COLLECTED + 300 s, which is the moment of collection. Nothing listens in the range.
"""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from builder import Boot, Exclusion, Held, Incident, Listener, Machine, Memory, bundle_files
from builder.machine import SERVER_2008, SERVER_2012_R2

from forensics.report.findings import CauseEntry, Findings
from tests.bundles import cause, findings_of
from tests.machines import COLLECTED, MONITOR, calm
from tests.property_rewrites import rehashed
from tests.tables import ids, lacking

LISTENERS = (Listener("TCP", 135, 708), Listener("TCP", 445, 4))
SECOND, DAY = timedelta(seconds=1), 86_400
MEGABYTE = 2**20
LATEST = COLLECTED + timedelta(seconds=300)


def memory(available: int = 2000 * MEGABYTE, pool: int = 300 * MEGABYTE) -> Memory:
    return Memory(
        pool_nonpaged=pool, pool_paged=200 * MEGABYTE, available=available,
        committed=6000 * MEGABYTE, commit_limit=16_384 * MEGABYTE, handles=30_000,
    )  # fmt: skip


LOW, FINE = memory(40 * MEGABYTE), memory()


def once(seconds_before: float, event_id: int = 4229) -> Incident:
    """An event so long before the latest table."""
    at = LATEST - timedelta(seconds=seconds_before)
    return Incident("Tcpip", event_id, at - SECOND, at, 1e-9)


def starved(**changes: object) -> Machine:
    machine = calm(
        traffic=(), held=(Held(1536, MONITOR, 443, "ESTABLISHED", 20),), listeners=LISTENERS,
        incidents=(once(3600),), memory=LOW,
    )  # fmt: skip
    return replace(machine, **changes)  # type: ignore[arg-type]


def found(folder: Path, machine: Machine, *without: str) -> Findings:
    files = lacking(bundle_files(machine), *without)
    return findings_of(folder, files)


def judged(folder: Path, machine: Machine, *without: str) -> CauseEntry:
    return cause(found(folder, machine, *without), "memory-pressure")


def test_4229_with_low_memory_and_free_ports_is_confirmed(tmp_path: Path) -> None:
    findings = found(tmp_path, starved())
    entry = cause(findings, "memory-pressure")
    assert entry.status == "confirmed"
    assert ids(entry) == {"terminated", "memory-low", "not-short"}
    assert findings.verdict.cause == "memory-pressure"
    assert [remedy.command for remedy in entry.remedies] == ["poolmon /b"]


@pytest.mark.parametrize(
    ("seconds", "expected", "point"),
    [(DAY - 1, "confirmed", "terminated"), (DAY, "confirmed", "terminated"), (DAY + 1, "possible", "long-ago")],
)
def test_the_event_is_of_the_day_before_the_collection(tmp_path: Path, seconds: int, expected: str, point: str) -> None:
    entry = judged(tmp_path, starved(incidents=(once(seconds),)))
    assert entry.status == expected
    assert point in ids(entry)


@pytest.mark.parametrize(
    ("available", "expected"),
    [(64 * MEGABYTE, "confirmed"), (64 * MEGABYTE - 1, "confirmed"), (64 * MEGABYTE + 1, "likely")],
)
def test_64_megabytes_available_are_low(tmp_path: Path, available: int, expected: str) -> None:
    entry = judged(tmp_path, starved(memory=memory(available)))
    assert entry.status == expected
    assert ("memory-low" in ids(entry)) == (expected == "confirmed")
    assert ("memory-fine" in ids(entry)) == (expected == "likely")


def test_half_of_it_on_a_machine_of_four_gigabytes(tmp_path: Path) -> None:
    """CreateMemoryResourceNotification: "approximately 32 MB per 4 GB, to a maximum of 64 MB"."""
    small = starved(memory_mb=4096)
    assert judged(tmp_path, replace(small, memory=memory(32 * MEGABYTE))).status == "confirmed"
    assert judged(tmp_path, replace(small, memory=memory(40 * MEGABYTE))).status == "likely"


# 2008 R2: 75 % of 8,192 MB are the limit, 80 % of that 5,153,960,755.2 bytes; since Windows 8 the limit is all of it.
@pytest.mark.parametrize(
    ("machine", "pool", "expected"),
    [
        (starved(), 5_153_960_755, "likely"),
        (starved(), 5_153_960_756, "confirmed"),
        (starved(system=SERVER_2012_R2), 6_871_947_673, "likely"),
        (starved(system=SERVER_2012_R2), 6_871_947_674, "confirmed"),
    ],
)
def test_the_non_paged_pool_is_high_from_80_percent_of_its_limit(
    tmp_path: Path, machine: Machine, pool: int, expected: str
) -> None:
    entry = judged(tmp_path, replace(machine, memory=memory(pool=pool)))
    assert entry.status == expected
    assert ("pool-high" in ids(entry)) == (expected == "confirmed")


def test_without_the_size_of_memory_the_pool_has_no_limit(tmp_path: Path) -> None:
    entry = judged(tmp_path, starved(memory=memory(pool=6000 * MEGABYTE)), "system/systeminfo")
    assert (entry.status, "pool-high" in ids(entry)) == ("likely", False)


# --- ports ---


@pytest.mark.parametrize(
    ("held", "expected"), [(499, "confirmed"), (500, "possible"), (799, "possible"), (800, "possible")]
)
def test_ports_must_be_free(tmp_path: Path, held: int, expected: str) -> None:
    entry = judged(tmp_path, starved(held=(Held(1536, MONITOR, 443, "ESTABLISHED", held),)))
    assert entry.status == expected
    assert ("short" in ids(entry)) == (held == 800)


def test_without_a_table_nothing_is_known_of_ports(tmp_path: Path) -> None:
    entry = judged(tmp_path, starved(), "netstat/")
    assert entry.status == "possible"
    assert any("netstat" in one.statement for one in entry.missing)


def test_a_filtered_table_confirms_nothing(tmp_path: Path) -> None:
    files = bundle_files(starved())
    for path in [path for path in files if path.startswith("netstat/ano")]:
        files[path] = b"\r\n".join(line for line in files[path].splitlines() if b"LISTENING" not in line)
    assert cause(findings_of(tmp_path, rehashed(files)), "memory-pressure").status == "possible"


def test_without_the_exclusions_it_is_not_known_that_ports_are_free(tmp_path: Path) -> None:
    machine = starved(exclusions=(Exclusion(49152, 49951),), held=(Held(1536, MONITOR, 443, "ESTABLISHED", 180),))
    assert judged(tmp_path, machine).status == "possible"
    assert judged(tmp_path, machine, "netsh/excludedportrange").status != "confirmed"


# --- nothing assumed ---


def test_without_memory_figures_4229_is_likely(tmp_path: Path) -> None:
    entry = judged(tmp_path, starved(), "system/memory")
    assert entry.status == "likely"
    assert any("memory" in one.statement for one in entry.missing)


def test_an_assumed_range_confirms_nothing(tmp_path: Path) -> None:
    assert judged(tmp_path, starved(), "netsh/").status in {"likely", "possible"}


def test_files_of_two_computers_confirm_nothing(tmp_path: Path) -> None:
    files = bundle_files(starved())
    files["system/systeminfo.txt"] = bundle_files(starved(host="OTHER-HOST"))["system/systeminfo.txt"]
    assert cause(findings_of(tmp_path, rehashed(files)), "memory-pressure").status == "likely"


def test_low_memory_without_an_event_is_possible(tmp_path: Path) -> None:
    assert judged(tmp_path, starved(incidents=())).status == "possible"


def test_events_before_the_restart_are_of_the_previous_boot(tmp_path: Path) -> None:
    restart = COLLECTED - timedelta(hours=3)
    machine = starved(
        boot=restart, memory=FINE, incidents=(once(4 * 3600),),
        earlier_boots=(Boot(restart - timedelta(days=30), restart - timedelta(minutes=3)),),
    )  # fmt: skip
    entry = judged(tmp_path, machine)
    assert (entry.status, entry.applies_to) == ("possible", "previous-boot")


# --- ruled out, and open ---


def test_a_whole_log_without_4229_and_memory_that_is_fine_rules_it_out(tmp_path: Path) -> None:
    entry = judged(tmp_path, starved(incidents=(), memory=FINE))
    assert entry.status == "ruled_out"
    assert ids(entry) == {"none", "memory-fine"}


def test_a_log_of_a_system_with_the_event_rules_it_out_alone(tmp_path: Path) -> None:
    assert judged(tmp_path, starved(incidents=()), "system/memory").status == "ruled_out"


def test_server_2008_has_no_such_event(tmp_path: Path) -> None:
    """4229 came with 6.1: a log of 6.0 without it says nothing."""
    entry = judged(tmp_path, starved(system=SERVER_2008, incidents=()), "system/memory")
    assert entry.status == "inconclusive"
    assert any("memory" in one.statement for one in entry.missing)
    assert judged(tmp_path, starved(system=SERVER_2008, incidents=(), memory=FINE)).status == "ruled_out"


def test_the_absence_of_an_event_that_does_not_exist_weighs_nothing(tmp_path: Path) -> None:
    assert "none" not in ids(judged(tmp_path, starved(system=SERVER_2008, incidents=(), memory=FINE)))


def test_a_memory_file_that_tells_neither_figure_rules_nothing_out(tmp_path: Path) -> None:
    files = bundle_files(starved(system=SERVER_2008, incidents=(), memory=FINE))
    files["system/memory.csv"] = b"CommittedBytes,CommitLimit\r\n6291456000,17179869184\r\n"
    assert cause(findings_of(tmp_path, rehashed(files)), "memory-pressure").status == "inconclusive"


def test_a_damaged_log_rules_nothing_out(tmp_path: Path) -> None:
    files = bundle_files(starved(incidents=(), memory=FINE))
    log = bytearray(files["eventlog/System.evtx"])
    log[4096 + 600 : 4096 + 700] = bytes(100)
    files["eventlog/System.evtx"] = bytes(log)
    assert cause(findings_of(tmp_path, rehashed(files)), "memory-pressure").status == "inconclusive"


def test_without_a_log_it_is_open(tmp_path: Path) -> None:
    entry = judged(tmp_path, starved(memory=FINE), "eventlog/")
    assert entry.status == "inconclusive"
    assert any("4229" in one.statement for one in entry.missing)
