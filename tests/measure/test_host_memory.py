"""The machine's own memory: where each figure comes from, and Windows' two measures of what is low."""

from dataclasses import replace
from pathlib import Path

import pytest
from builder import Machine, Memory, bundle_files
from builder.machine import SERVER_2008, SERVER_2012, SERVER_2012_R2, SERVER_2019, WINDOWS_7, System

from forensics.measure.host_memory import HostMemory
from tests.bundles import analysis_of
from tests.machines import calm
from tests.tables import lacking

MEGABYTE = 2**20
COUNTERS = Memory(
    pool_nonpaged=300 * MEGABYTE, pool_paged=200 * MEGABYTE, available=2000 * MEGABYTE,
    committed=6000 * MEGABYTE, commit_limit=16_384 * MEGABYTE, handles=30_000,
)  # fmt: skip


def host_memory(folder: Path, machine: Machine, *without: str, **files: bytes) -> HostMemory | None:
    kept = lacking(bundle_files(machine), *without)
    return analysis_of(folder, {**kept, **files}).measurements.memory


def machine(**changes: object) -> Machine:
    return replace(calm(memory=COUNTERS), **changes)  # type: ignore[arg-type]


def known(folder: Path, one: Machine) -> HostMemory:
    found = host_memory(folder, one)
    assert found is not None
    return found


def test_the_collectors_counters_and_the_size_of_systeminfo(tmp_path: Path) -> None:
    one = known(tmp_path, machine())
    assert (one.available, one.nonpaged_pool) == (2000 * MEGABYTE, 300 * MEGABYTE)
    assert one.pool_limit == 6144 * MEGABYTE  # 75 % of 8,192 MB
    assert one.pool_share == pytest.approx(300 / 6144)
    assert not one.low
    assert (one.source.file, one.source.line) == ("system/memory.csv", 2)


def test_without_counters_nothing_is_known(tmp_path: Path) -> None:
    assert host_memory(tmp_path, machine(), "system/memory") is None


@pytest.mark.parametrize(
    ("system", "megabytes"),
    [
        (SERVER_2008, 6144),
        (WINDOWS_7, 6144),
        (SERVER_2012, 8192),
        (SERVER_2012_R2, 8192),
        (SERVER_2019, 8192),
    ],
)
def test_the_pools_limit_by_release(tmp_path: Path, system: System, megabytes: int) -> None:
    """memory-limits-for-windows-releases: 75 % of RAM on x64 Vista SP1 to 7, RAM since."""
    assert known(tmp_path, machine(system=system)).pool_limit == megabytes * MEGABYTE


@pytest.mark.parametrize(("pool", "expected"), [(5_153_960_755, False), (5_153_960_756, True)])
def test_the_pool_is_high_from_80_percent_on(tmp_path: Path, pool: int, *, expected: bool) -> None:
    one = known(tmp_path, machine(memory=replace(COUNTERS, pool_nonpaged=pool)))
    assert (one.pool_high, one.low, one.available_low) == (expected, expected, False)


@pytest.mark.parametrize(("available", "expected"), [(64 * MEGABYTE, True), (64 * MEGABYTE + 1, False), (0, True)])
def test_available_memory_is_low_up_to_64_megabytes(tmp_path: Path, available: int, *, expected: bool) -> None:
    one = known(tmp_path, machine(memory=replace(COUNTERS, available=available)))
    assert (one.available_low, one.low, one.pool_high) == (expected, expected, False)


def test_without_the_size_of_memory_the_pool_has_no_share(tmp_path: Path) -> None:
    one = host_memory(tmp_path, machine(memory=replace(COUNTERS, pool_nonpaged=8000 * MEGABYTE)), "system/systeminfo")
    assert one is not None
    assert (one.pool_limit, one.pool_share, one.pool_high) == (None, None, False)


def test_the_size_may_stand_beside_the_counters(tmp_path: Path) -> None:
    """wmic os get counts in kilobytes."""
    wmic = b"\r\r\nFreePhysicalMemory=50000\r\r\nTotalVisibleMemorySize=4194304\r\r\n\r\r\n"
    one = host_memory(tmp_path, machine(), "system/memory", "system/systeminfo", **{"os.txt": wmic})
    assert one is not None
    assert (one.available, one.available_low) == (50_000 * 1024, False)  # above 32 MB of 4 GB
    assert one.pool_limit == 3072 * MEGABYTE
    assert (one.nonpaged_pool, one.pool_share) == (None, None)


def test_figures_of_several_objects_are_joined(tmp_path: Path) -> None:
    """The pool from the counters, the free memory of whichever object has it first."""
    counters = b"PoolNonpagedBytes,CommittedBytes\r\n46321664,1131204608\r\n"
    wmic = b"\r\r\nFreePhysicalMemory=70000\r\r\nTotalVisibleMemorySize=4194304\r\r\n\r\r\n"
    one = host_memory(tmp_path, machine(), "system/memory", **{"a.csv": counters, "b.txt": wmic})
    assert one is not None
    assert (one.nonpaged_pool, one.available, one.pool_limit) == (46_321_664, 70_000 * 1024, 3072 * MEGABYTE)


def test_the_limit_itself_has_a_limit(tmp_path: Path) -> None:
    """memory-limits-for-windows-releases: "75% of RAM up to a maximum of 128 GB"."""
    assert known(tmp_path, machine(memory_mb=256 * 1024)).pool_limit == 128 * 1024 * MEGABYTE
