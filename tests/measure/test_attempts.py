"""Connects that fail, as netstat -s counts them, and rows that wait for an answer, by whether their peer is outside."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from builder import Held, Machine, Traffic, Unanswered, bundle_files, console
from builder.languages import ENGLISH, GERMAN, JAPANESE, Language
from builder.ports import Snapshot

from forensics.measure.attempts import Attempts, is_public
from tests.bundles import analysis_of
from tests.machines import MONITOR, calm

# Active Opens and Failed Connection Attempts of one reading, of IPv4 and of IPv6 (beyond 14 and 1 of the system's own).
Counters = tuple[int, int, int, int]


def attempts(
    folder: Path, machine: Machine, counters: Sequence[Counters] = (), language: Language = ENGLISH
) -> Attempts:
    files = bundle_files(machine)
    for number, (opened, failed, opened6, failed6) in enumerate(counters, 1):
        reading = Snapshot((), opened, 7, failed, 3, 5, (opened6, 0, failed6, 0, 0))
        files[f"netstat/s-{number}.txt"] = console.netstat_statistics(language, reading, 1e6)
    return analysis_of(folder, files).measurements.attempts


def held(*rows: Held, **changes: object) -> Machine:
    return replace(calm(traffic=(), held=rows), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", [ENGLISH, GERMAN, JAPANESE])
def test_attempts_between_the_first_reading_and_the_last(tmp_path: Path, language: Language) -> None:
    one = attempts(tmp_path, held(), ((1000, 50, 3, 1), (1050, 60, 4, 1), (1090, 95, 13, 6)), language)
    # (1090 − 1000) + (13 − 3) opened, (95 − 50) + (6 − 1) failed, readings 300 s apart.
    assert (one.opened, one.failed, one.seconds, one.failed_share) == (100, 50, 300, 0.5)
    assert [source.file for source in one.counter_sources] == ["netstat/s-1.txt"] * 2 + ["netstat/s-3.txt"] * 2


def test_a_counter_that_comes_round(tmp_path: Path) -> None:
    one = attempts(tmp_path, held(), ((2**32 - 10, 2**32 - 4, 0, 0), (0, 0, 0, 0), (30, 6, 0, 0)))
    assert (one.opened, one.failed) == (40, 10)


def test_a_counter_that_runs_back_counts_nothing(tmp_path: Path) -> None:
    """Another boot's reading: IPv4 cannot be told, what is left is IPv6's."""
    one = attempts(tmp_path, held(), ((1000, 50, 0, 0), (1050, 60, 0, 0), (20, 1, 0, 0)))
    assert (one.opened, one.failed, one.failed_share) == (0, 0, None)


def test_one_reading_or_none_counts_nothing(tmp_path: Path) -> None:
    one = attempts(tmp_path, held(snapshots=1))
    assert (one.opened, one.failed, one.seconds, one.failed_share, one.counter_sources) == (None, None, None, None, ())


def test_no_attempts_have_no_share(tmp_path: Path) -> None:
    one = attempts(tmp_path, held(), ((10, 1, 0, 0),) * 3)
    assert (one.opened, one.failed_share) == (0, None)


def test_what_the_simulator_lets_fail(tmp_path: Path) -> None:
    """One attempt a second without answer beside one that works."""
    machine = calm(
        held=(), traffic=(Traffic(1536, MONITOR, 443, 1.0),), unanswered=(Unanswered(1536, "10.20.4.15", 1433, 1.0),)
    )
    one = attempts(tmp_path, machine)
    assert one.failed_share == pytest.approx(0.5, abs=0.03)


def test_rows_that_wait_are_those_of_the_latest_table(tmp_path: Path) -> None:
    machine = held(
        Held(1536, "198.51.100.7", 443, "SYN_SENT", 5), Held(1536, "10.20.4.15", 1433, "SYN_SENT", 3),
        Held(1536, "203.0.113.9", 443, "ESTABLISHED", 4), Held(1536, "10.20.4.15", 1433, "ESTABLISHED", 6),
    )  # fmt: skip
    one = attempts(tmp_path, machine)
    assert (one.waiting, one.waiting_outside, one.outside, one.tables_waiting) == (8, 5, 4, 3)
    assert [source.file for source in one.sources] == ["netstat/ano-3.txt"] * 2
    assert one.sources[1].line


def test_in_how_many_tables_somebody_waits(tmp_path: Path) -> None:
    files = bundle_files(held(Held(1536, "198.51.100.7", 443, "SYN_SENT", 5)))
    for number in (1, 3):
        path = f"netstat/ano-{number}.txt"
        files[path] = files[path].replace(b"SYN_SENT", b"ESTABLISHED")
    one = analysis_of(tmp_path, files).measurements.attempts
    assert (one.waiting, one.tables_waiting, one.outside) == (0, 1, 5)


def test_without_tables_nobody_waits(tmp_path: Path) -> None:
    files = {path: data for path, data in bundle_files(held()).items() if not path.startswith("netstat/")}
    one = analysis_of(tmp_path, files).measurements.attempts
    assert one == Attempts(None, None, None, 0, 0, 0, 0, (), ())


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True),
        ("203.0.113.9", True),  # stands for a public one in documentation
        ("198.51.100.9", True),
        ("192.0.2.9", True),
        ("2001:db8::9", True),
        ("2606:4700::1111", True),
        ("10.255.255.255", False),
        ("172.15.255.255", True),
        ("172.16.0.0", False),
        ("172.31.255.255", False),
        ("172.32.0.0", True),
        ("192.168.0.1", False),
        ("192.169.0.1", True),
        ("100.64.0.1", False),  # shared address space of providers, inside their NAT
        ("169.254.9.9", False),
        ("127.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - only parsed
        ("fe80::1%11", False),
        ("fd00::1", False),
        ("::1", False),
        ("*", False),
        ("", False),
        ("fileserver", False),  # netstat without -n
    ],
)
def test_what_lies_outside(address: str, *, expected: bool) -> None:
    assert is_public(address) == expected
