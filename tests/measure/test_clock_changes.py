"""A clock that is set, a machine that is paused, a service that is restarted: none of them is a boot.

Logs are written event by event; the true uptime is known by construction.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builder import bundle_files, events, write_evtx
from builder.event_model import Event, Fields, Provider, uint32

from forensics.report.findings import UptimeEntry
from tests.bundles import findings_of
from tests.machines import calm

BOOT = datetime(2018, 11, 1, 12, 0, tzinfo=UTC)
NOON = datetime(2018, 12, 23, 12, 0, tzinfo=UTC)  # 52 days up
COLLECTED = datetime(2018, 12, 24, 6, 0, tzinfo=UTC)
DAY = timedelta(days=1)
MACHINE = calm(boot=BOOT, collected_at=COLLECTED)


def reading(at: datetime, up: timedelta) -> Event:
    return events.uptime(MACHINE, at, round(up.total_seconds()))


def uptime_of(folder: Path, *log: Event) -> UptimeEntry:
    """The machine's own bundle without a second opinion on its uptime, and with this log."""
    files = bundle_files(MACHINE, without=("eventlog/", "system/systeminfo"))
    manifest = files["manifest.json"].replace(b'"uptime_seconds"', b'"was"').replace(b'"boot_time"', b'"was_boot"')
    files |= {"manifest.json": manifest, "eventlog/System.evtx": write_evtx(log, MACHINE.host)}
    return findings_of(folder, files).measurements.uptime


def test_undisturbed(tmp_path: Path) -> None:
    """Collected at 06:05:00, the third table."""
    found = uptime_of(tmp_path, reading(NOON - DAY, 51 * DAY), reading(NOON, 52 * DAY))
    assert found.seconds == pytest.approx((52 * DAY + timedelta(hours=18, minutes=5)).total_seconds(), abs=2)
    assert (found.method, found.disagreements, len(found.boots)) == ("6013", [], 1)


@pytest.mark.parametrize("minutes", [-45, 45])
def test_a_clock_set_after_the_last_reading_is_corrected_for(tmp_path: Path, minutes: int) -> None:
    """The wall says 18 h 5 min since noon; the true time is that less what the clock was moved."""
    step = timedelta(minutes=minutes)
    old = NOON + timedelta(hours=3)
    found = uptime_of(
        tmp_path, reading(NOON - DAY, 51 * DAY), reading(NOON, 52 * DAY), events.clock_changed(old + step, old)
    )
    true = 52 * DAY + timedelta(hours=18, minutes=5) - step
    assert found.seconds == pytest.approx(true.total_seconds(), abs=2)
    assert any("the clock was set by" in text for text in found.disagreements)
    assert len(found.boots) == 1


def test_sleep_counts_as_uptime(tmp_path: Path) -> None:
    """Windows 7 steps the clock on waking and gives no reason; 42 before it tells (domain.md §4.1: sleep is counted)."""
    asleep, awake = NOON + timedelta(hours=2), NOON + timedelta(hours=7)
    found = uptime_of(
        tmp_path, reading(NOON, 52 * DAY), events.going_to_sleep(asleep), events.clock_changed(awake, asleep)
    )
    assert found.seconds == pytest.approx((52 * DAY + timedelta(hours=18, minutes=5)).total_seconds(), abs=2)
    assert found.disagreements == []


def test_a_clock_set_between_readings_is_told_and_is_no_boot(tmp_path: Path) -> None:
    step = timedelta(hours=2)
    old = NOON - timedelta(hours=5)
    found = uptime_of(
        tmp_path,
        reading(NOON - DAY, 51 * DAY),
        events.clock_changed(old + step, old),
        reading(NOON, 52 * DAY - step),
    )
    true = 52 * DAY - step + timedelta(hours=18, minutes=5)
    assert found.seconds == pytest.approx(true.total_seconds(), abs=2)
    assert any("moved by +7200 s: the clock was set by as much" in text for text in found.disagreements)
    assert len(found.boots) == 1


def test_a_paused_machine_is_told_and_is_no_boot(tmp_path: Path) -> None:
    """The uptime counter stood still for five hours; nothing set the clock."""
    pause = timedelta(hours=5)
    found = uptime_of(tmp_path, reading(NOON - DAY, 51 * DAY), reading(NOON, 52 * DAY - pause))
    assert found.seconds == pytest.approx((52 * DAY - pause + timedelta(hours=18, minutes=5)).total_seconds(), abs=2)
    assert any("the machine was paused" in text for text in found.disagreements)
    assert len(found.boots) == 1


def test_a_restart_of_the_event_log_service_is_no_boot(tmp_path: Path) -> None:
    again = NOON - timedelta(hours=6)
    found = uptime_of(
        tmp_path,
        reading(NOON - DAY, 51 * DAY),
        events.log_stopped(again - timedelta(seconds=2)),
        events.system_version(MACHINE, again),
        events.log_started(MACHINE, again),
        reading(again, 52 * DAY - timedelta(hours=6)),
        reading(NOON, 52 * DAY),
    )
    assert len(found.boots) == 1
    assert found.seconds == pytest.approx((52 * DAY + timedelta(hours=18, minutes=5)).total_seconds(), abs=2)


@pytest.mark.parametrize(("kind", "boots"), [("0", 2), ("1", 1)])
def test_a_fast_startup_is_no_boot(tmp_path: Path, kind: str, boots: int) -> None:
    """Kernel-Boot 27: type 0 is a cold boot, type 1 resumes the kernel that was shut down (Windows 8 and later)."""
    again = NOON + timedelta(hours=9)
    kernel_boot = Provider("Microsoft-Windows-Kernel-Boot", "{15ca44ff-4d7a-4baa-bba5-0998955e531e}")
    found = uptime_of(
        tmp_path,
        reading(NOON, 52 * DAY),
        events.system_started(MACHINE, again, again),
        Event(again, kernel_boot, 27, Fields((("BootType", uint32(int(kind))),))),
    )
    assert len(found.boots) == boots
    assert any("fast startup" in text for text in found.disagreements) == (kind == "1")


def test_a_boot_after_the_last_noon_starts_anew(tmp_path: Path) -> None:
    boot = NOON + timedelta(hours=10)
    found = uptime_of(
        tmp_path,
        reading(NOON - DAY, 51 * DAY),
        reading(NOON, 52 * DAY),
        events.system_started(MACHINE, boot + timedelta(seconds=8), boot),
        events.system_version(MACHINE, boot + timedelta(seconds=30)),
        events.log_started(MACHINE, boot + timedelta(seconds=30)),
        reading(boot + timedelta(seconds=30), timedelta(seconds=30)),
    )
    assert len(found.boots) == 2
    assert found.seconds == pytest.approx(timedelta(hours=8, minutes=5).total_seconds(), abs=2)


def test_a_boot_without_a_reading_is_dated_by_its_markers(tmp_path: Path) -> None:
    boot = NOON + timedelta(hours=10)
    found = uptime_of(
        tmp_path,
        reading(NOON - DAY, 51 * DAY),
        reading(NOON, 52 * DAY),
        events.system_started(MACHINE, boot + timedelta(seconds=8), boot),
        events.system_version(MACHINE, boot + timedelta(seconds=30)),
    )
    assert (len(found.boots), found.method) == (2, "boot-event")
    assert found.seconds == pytest.approx(timedelta(hours=8, minutes=5).total_seconds(), abs=60)


def test_a_manifest_that_disagrees_widens_what_is_known(tmp_path: Path) -> None:
    files = bundle_files(MACHINE, without=("system/systeminfo",))
    files["eventlog/System.evtx"] = write_evtx([reading(NOON, 500 * DAY)], MACHINE.host)
    found = findings_of(tmp_path, files).measurements.uptime
    assert any("manifest puts the boot at" in text for text in found.disagreements)
    assert (found.low or 0) < 60 * 86_400
    assert (found.high or 0) > 500 * 86_400
