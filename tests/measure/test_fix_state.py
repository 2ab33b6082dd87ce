"""The fix in the boot judged: what was on disk and in the lists before it started (domain.md §1.2–1.3)."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from builder import Hotfix, Machine, Servicing, System, bundle_files, with_tcpip_version
from builder.machine import SERVER_2008, SERVER_2008_R2

from forensics.report.findings import FixEntry
from tests.bundles import findings_of
from tests.machines import COLLECTED, stuck
from tests.tables import lacking

BOOT = COLLECTED - timedelta(days=500)


def fix(folder: Path, machine: Machine, *without: str) -> FixEntry:
    files = lacking(bundle_files(machine), *without)
    return findings_of(folder, files).measurements.fix


def created(machine: Machine, days_after_boot: int) -> Machine:
    when = BOOT + timedelta(days=days_after_boot)
    return replace(machine, tcpip_files=tuple(replace(one, created=when) for one in machine.tcpip_files))


@pytest.mark.parametrize(("days", "expected"), [(-1, "fixed"), (1, "installed-not-loaded")])
def test_a_fixed_file_counts_from_the_next_boot_on(tmp_path: Path, days: int, expected: str) -> None:
    assert fix(tmp_path, created(with_tcpip_version(stuck(), "6.1.7601.24000"), days)).state == expected


def listed(kb: str, days_after_boot: int, system: System = SERVER_2008_R2) -> Machine:
    day = (BOOT + timedelta(days=days_after_boot)).date()
    return stuck(hotfixes=(Hotfix(kb, day),), servicing=(), tcpip_files=(), system=system)


@pytest.mark.parametrize(
    ("kb", "days", "expected"),
    [
        ("KB2553549", -30, "fixed"),
        ("KB2553549", 30, "installed-not-loaded"),
        ("KB2553549", 0, "unknown"),  # a list knows the day alone: before the boot of that day, or after it
        ("KB2688338", -30, "fixed"),
        ("KB2588516", -30, "unknown"),  # MS11-083, before the fix
        ("KB2563894", -30, "unknown"),
    ],
)
def test_without_the_file_the_list_and_its_dates_speak(tmp_path: Path, kb: str, days: int, expected: str) -> None:
    entry = fix(tmp_path, listed(kb, days), "system/systeminfo")
    assert (entry.state, entry.basis) == (expected, "none" if kb in {"KB2588516", "KB2563894"} else "hotfix-list")


def test_on_server_2008_later_updates_imply_nothing(tmp_path: Path) -> None:
    assert fix(tmp_path, listed("KB2688338", -30, system=SERVER_2008)).state == "unknown"
    assert fix(tmp_path, listed("KB2553549", -30, system=SERVER_2008)).state == "fixed"


def test_the_file_outranks_the_list(tmp_path: Path) -> None:
    machine = stuck(hotfixes=(Hotfix("KB2553549", (BOOT - timedelta(days=30)).date()),))
    entry = fix(tmp_path, machine)
    assert (entry.state, entry.basis) == ("unfixed", "file-version")


def test_the_setup_log_dates_an_update_that_waits_for_a_restart(tmp_path: Path) -> None:
    when = COLLECTED - timedelta(days=20)
    machine = stuck(
        hotfixes=(),
        tcpip_files=(),
        servicing=(Servicing("KB2553549", when, waits_for_restart=True),),
        pending_restart=True,
    )
    entry = fix(tmp_path, machine)
    assert (entry.state, entry.pending_reboot) == ("installed-not-loaded", True)
    assert entry.sources[0].record


def test_nothing_known_is_unknown_and_not_unfixed(tmp_path: Path) -> None:
    entry = fix(tmp_path, stuck(hotfixes=(), tcpip_files=()), "system/")
    assert (entry.state, entry.basis) == ("unknown", "none")


def test_a_copy_in_the_component_store_is_not_the_loaded_driver(tmp_path: Path) -> None:
    files = bundle_files(stuck())
    rows = files["system/tcpip-files.csv"].decode().splitlines()
    copy = rows[1].replace("System32\\drivers", "winsxs\\amd64_x").replace("17514", "24000")
    files["system/tcpip-files.csv"] = "\r\n".join([rows[0], copy, *rows[1:]]).encode()
    findings = findings_of(tmp_path, files)
    assert (findings.measurements.system.tcpip_sys, findings.measurements.fix.state) == ("6.1.7601.17514", "unfixed")
