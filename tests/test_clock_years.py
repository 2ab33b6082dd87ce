"""Times that no clock can tell: they cost themselves, and the rest of the bundle is analyzed."""

import re
import zipfile
from pathlib import Path

import pytest

from tests.bundles import findings_of
from tests.commands.program import SAMPLES
from tests.evtx.build import sealed

LOG, DRIVERS = "eventlog/System.evtx", "system/tcpip-files.csv"
LAST_YEAR, FIRST_YEAR = 2650467743999999999, 1  # FILETIME: the year 9999, and 1601
ISO = re.compile(rb"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)?")


def founding() -> dict[str, bytes]:
    with zipfile.ZipFile(SAMPLES / "founding-case.zip") as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def with_times(data: bytes, moved: slice, ticks: int) -> bytes:
    """Give some records of an event log another time, in their headers and in their events."""
    for start in [match.start() for match in re.finditer(rb"\*\*\0\0", data)][moved]:
        data = data.replace(data[start + 16 : start + 24], ticks.to_bytes(8, "little"))
    return sealed(data)


@pytest.mark.parametrize("ticks", [LAST_YEAR, FIRST_YEAR])
@pytest.mark.parametrize("moved", [slice(-40, None), slice(0, 40), slice(None, None, 3)], ids=["last", "first", "many"])
def test_events(tmp_path: Path, ticks: int, moved: slice) -> None:
    files = founding()
    del files["manifest.json"]
    findings = findings_of(tmp_path, {**files, LOG: with_times(files[LOG], moved, ticks)})
    assert any("event without a time that can be meant" in one.message for one in findings.warnings)
    assert findings.measurements.uptime.seconds is not None


@pytest.mark.parametrize("time", [b"9999-12-31T23:59:59-14:00", b"0001-01-01T00:00:00+14:00", b"2150-01-01T00:00:00Z"])
@pytest.mark.parametrize("file", ["manifest.json", DRIVERS])
def test_written_times(tmp_path: Path, file: str, time: bytes) -> None:
    files = founding()
    changed = ISO.sub(time, files[file])
    assert changed != files[file]
    findings = findings_of(tmp_path, {**files, file: changed})
    assert findings.verdict.cause == "tick-wrap-497d"
    assert (findings.measurements.uptime.seconds or 0) >= 43_225_197
