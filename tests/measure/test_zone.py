"""The machine's clock: daylight saving from registry rules in both layouts, and from noon records."""

import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest

from forensics.ingest import survey
from forensics.measure.log import SystemLog
from forensics.measure.zone import Rules, Zone, find_zone
from tests.bundles import zipped

# Central Europe: last Sunday of March 02:00 to last Sunday of October 03:00.
KERNEL_START = struct.pack("<8H", 0, 3, 5, 2, 0, 0, 0, 0)  # TIME_FIELDS: month, week, hour, …, weekday last
KERNEL_END = struct.pack("<8H", 0, 10, 5, 3, 0, 0, 0, 0)
SYSTEM_START = struct.pack("<8H", 0, 3, 0, 5, 2, 0, 0, 0)  # SYSTEMTIME: month, weekday, week, hour
SYSTEM_END = struct.pack("<8H", 0, 10, 0, 5, 3, 0, 0, 0)


@pytest.mark.parametrize(("start", "end"), [(KERNEL_START, KERNEL_END), (SYSTEM_START, SYSTEM_END)])
@pytest.mark.parametrize(
    ("moment", "minutes"),
    [
        (datetime(2018, 3, 25, 0, 59, tzinfo=UTC), 60),  # 25 March 2018 was the last Sunday; the switch is at 01:00 UTC
        (datetime(2018, 3, 25, 1, 1, tzinfo=UTC), 120),
        (datetime(2018, 7, 1, 12, 0, tzinfo=UTC), 120),
        (datetime(2018, 12, 24, 12, 0, tzinfo=UTC), 60),
    ],
)
def test_central_europe(start: bytes, end: bytes, moment: datetime, minutes: int) -> None:
    zone = Zone(rules=Rules(-60, -60, end, start))
    assert (zone.at(moment).minutes, zone.at(moment).basis) == (minutes, "registry")


def test_a_zone_of_the_southern_half_has_summer_over_new_year() -> None:
    """Sydney: daylight saving from the first Sunday of October to the first Sunday of April."""
    start, end = struct.pack("<8H", 0, 10, 1, 2, 0, 0, 0, 0), struct.pack("<8H", 0, 4, 1, 3, 0, 0, 0, 0)
    zone = Zone(rules=Rules(-600, -60, end, start))
    assert zone.at(datetime(2018, 1, 15, tzinfo=UTC)).minutes == 660
    assert zone.at(datetime(2018, 7, 15, tzinfo=UTC)).minutes == 600


def test_a_standard_bias_alone_is_an_hour_in_doubt() -> None:
    offset = Zone(standard=480, standard_basis="6013").at(datetime(2018, 7, 1, tzinfo=UTC))
    assert (offset.minutes, offset.uncertain, offset.basis) == (480, 60, "6013")


def test_the_manifest_speaks_for_its_own_days_only() -> None:
    collected = datetime(2018, 7, 1, tzinfo=UTC)
    zone = Zone(manifest=(collected, 120), rules=Rules(-60, -60, KERNEL_END, KERNEL_START))
    assert zone.at(collected).basis == "manifest"
    assert (zone.at(datetime(2019, 1, 5, tzinfo=UTC)).minutes, zone.at(datetime(2019, 1, 5, tzinfo=UTC)).basis) == (
        60,
        "registry",
    )


@pytest.mark.parametrize("bias", [0x7FFFFFFF, 0x80000000, 901])
def test_a_bias_that_no_zone_has_is_no_zone(tmp_path: Path, bias: int) -> None:
    """Shifted by millennia, a time is no longer one that can be computed with."""
    key = r"[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\TimeZoneInformation]"
    text = f'Windows Registry Editor Version 5.00\r\n\r\n{key}\r\n"Bias"=dword:{bias:08x}\r\n'
    (tmp_path / "bundle.zip").write_bytes(zipped({"a.reg": text.encode()}))
    evidence, _ = survey(tmp_path / "bundle.zip")
    assert find_zone(evidence, SystemLog()).rules is None
