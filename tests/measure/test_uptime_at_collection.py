"""Uptime at the moment of collection, by every way to know that moment. Expected values by hand."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builder import bundle_files, with_uptime
from builder.zones import CHINA, EASTERN, W_EUROPE

from tests.bundles import findings_of, zipped
from tests.machines import COLLECTED, calm, stuck

DAY = 86_400
LAST = COLLECTED + timedelta(seconds=300)  # the third table


def without_manifest(files: dict[str, bytes]) -> dict[str, bytes]:
    return {path: data for path, data in files.items() if path != "manifest.json"}


def test_the_manifest_dates_the_latest_table(tmp_path: Path) -> None:
    findings = findings_of(tmp_path, bundle_files(with_uptime(calm(), 40 * DAY)))
    assert findings.bundle.collected_method == "manifest"
    assert findings.bundle.collected_at == LAST
    assert findings.measurements.uptime.seconds == pytest.approx(40 * DAY, abs=2)
    assert findings.measurements.uptime.method == "6013"


@pytest.mark.parametrize(("zone", "hours"), [(CHINA, 8), (EASTERN, -5), (W_EUROPE, 1)])
def test_a_zip_made_by_hand_is_dated_on_the_machines_own_clock(tmp_path: Path, zone: object, hours: int) -> None:
    """496.9 days in the last 6013, 20 hours more at collection: past the wrap (December: standard time)."""
    noon = datetime(2018, 12, 23, 12, tzinfo=UTC) - timedelta(hours=hours)
    machine = replace(stuck(), zone=zone, boot=noon - timedelta(days=496.9), collected_at=noon + timedelta(hours=20))  # type: ignore[arg-type]
    files = without_manifest(bundle_files(machine, without=("registry/", "system/")))
    findings = findings_of(tmp_path, zipped(files, datetime(2018, 12, 24, 8, 0)))  # noqa: DTZ001 - a zip has no zone
    assert findings.bundle.collected_method == "member-time"
    assert findings.measurements.uptime.seconds == pytest.approx(496.9 * DAY + 20 * 3600, abs=300)
    assert findings.measurements.uptime.past_wrap_seconds == pytest.approx(54_407, abs=300)


def test_daylight_saving_shows_in_the_noon_record(tmp_path: Path) -> None:
    """In July Central Europe is two hours east, though 6013 prints the standard bias of −60."""
    collected = datetime(2018, 7, 10, 14, 0, tzinfo=UTC)
    machine = replace(
        calm(),
        zone=W_EUROPE,
        collected_at=collected,
        boot=collected - timedelta(days=30),
        log_begins=collected - timedelta(days=6),
    )
    files = without_manifest(bundle_files(machine, without=("registry/", "system/")))
    findings = findings_of(tmp_path, zipped(files, datetime(2018, 7, 10, 16, 0)))  # noqa: DTZ001
    assert findings.bundle.collected_at == collected
    assert findings.bundle.utc_offset_minutes == 120


def test_a_zip_dated_years_later_is_not_believed(tmp_path: Path) -> None:
    files = without_manifest(bundle_files(with_uptime(calm(), 40 * DAY)))
    findings = findings_of(tmp_path, zipped(files, datetime(2026, 11, 23, 9, 0)))  # noqa: DTZ001
    assert findings.bundle.collected_method == "newest-event"
    assert any("not believed" in warning.message for warning in findings.warnings)
    assert (findings.measurements.uptime.seconds or 0) < 40 * DAY
    assert (findings.measurements.uptime.high or 0) >= 40 * DAY


def test_without_the_log_the_manifests_counter_tells(tmp_path: Path) -> None:
    files = bundle_files(with_uptime(calm(), 40 * DAY), without=("eventlog/",))
    files = {path: data for path, data in files.items() if not path.startswith("eventlog/")}
    findings = findings_of(tmp_path, files)
    assert findings.measurements.uptime.method == "manifest"
    assert findings.measurements.uptime.seconds == pytest.approx(40 * DAY, abs=300)


def test_systeminfo_alone_tells_the_boot(tmp_path: Path) -> None:
    files = bundle_files(with_uptime(calm(zone=CHINA), 40 * DAY))
    kept = ("netstat/ano-3", "system/systeminfo", "registry/timezone")
    files = {path: data for path, data in files.items() if path.startswith(kept)}
    local = (LAST + timedelta(hours=8)).replace(tzinfo=None)
    findings = findings_of(tmp_path, zipped(files, local))
    assert findings.measurements.uptime.method == "systeminfo"
    assert findings.measurements.uptime.seconds == pytest.approx(40 * DAY, abs=300)


def test_nothing_about_uptime_is_unknown_not_zero(tmp_path: Path) -> None:
    files = {path: data for path, data in bundle_files(calm()).items() if path == "netstat/ano-1.txt"}
    uptime = findings_of(tmp_path, files).measurements.uptime
    assert (uptime.seconds, uptime.method) == (None, "unknown")


def test_a_dirty_log_is_read_to_its_end(tmp_path: Path) -> None:
    """Its header knows half of the chunks; the newest 6013 stands in the other half (traps.md)."""
    clean = findings_of(tmp_path, bundle_files(calm(40, everyday_events=400)))
    dirty = findings_of(tmp_path, bundle_files(calm(40, everyday_events=400, dirty_log=True)))
    assert dirty.measurements.uptime.seconds == clean.measurements.uptime.seconds
    assert dirty.measurements.event_log.records == clean.measurements.event_log.records


def test_a_torn_log_lowers_what_is_known_and_invents_nothing(tmp_path: Path) -> None:
    files = bundle_files(with_uptime(calm(everyday_events=400), 40 * DAY))
    # The header, seven whole chunks of twelve, and a part of the eighth: the newest records are gone.
    files["eventlog/System.evtx"] = files["eventlog/System.evtx"][: 4096 + 7 * 65_536 + 30_000]
    findings = findings_of(tmp_path, files)
    assert findings.measurements.uptime.seconds == pytest.approx(40 * DAY, abs=300)
    assert any("promises" in one.message for one in findings.warnings if one.file == "eventlog/System.evtx")
    assert findings.measurements.event_log.damaged


@pytest.mark.parametrize("printer", ["WMIC.exe", "powershell.exe"])
def test_files_that_are_dated_after_their_own_content(tmp_path: Path, printer: str) -> None:
    """Copied and zipped two years later: 40 days must not pass the wrap. What printed the processes is one of them."""
    files = without_manifest(bundle_files(with_uptime(calm(), 40 * DAY), without=("eventlog/", "applog/", "trace/")))
    later = datetime(2021, 3, 1, 8, 0)  # noqa: DTZ001 - a zip has no zone
    assert (findings_of(tmp_path, zipped(files, later)).measurements.uptime.low or 0) > 800 * DAY
    began = f"{COLLECTED:%Y%m%d%H%M%S}.000000+000"
    files["process/wmic-process.csv"] += f'"9999","{printer}",,,"9","{began}"\r\n'.encode()
    findings = findings_of(tmp_path, zipped(files, later))
    assert findings.measurements.uptime.low == pytest.approx(40 * DAY, abs=2 * 3600)
    assert any("their dates are not those of the collection" in one.message for one in findings.warnings)
    assert findings.verdict.cause != "tick-wrap-497d"


@pytest.mark.parametrize("days", [-23, 365])
def test_a_boot_time_that_contradicts_the_manifests_own_uptime_is_told(tmp_path: Path, days: int) -> None:
    files = bundle_files(stuck())
    document = json.loads(files["manifest.json"])
    document["boot_time"] = f"{COLLECTED + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"
    findings = findings_of(tmp_path, files | {"manifest.json": json.dumps(document).encode()})
    assert any("manifest puts the boot at" in one.message for one in findings.warnings)
    assert findings.verdict.cause == "tick-wrap-497d"
    assert findings.verdict.status == "likely"
