"""What was installed and when the clock was set, read from logs whose events are known."""

import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from builder import Hotfix, Servicing, bundle_files, events, write_evtx
from builder.event_model import Event, Fields, text, uint32

from forensics.ingest import survey
from forensics.measure.changes import Change, find_changes, last_before
from forensics.measure.fix_state import find_servicing
from forensics.measure.log import system_log
from forensics.measure.zone import find_zone
from forensics.text.said import Said
from tests.bundles import zipped
from tests.machines import COLLECTED, calm

CORPUS = os.environ.get("FORENSICS_CORPUS", "")
AT = datetime(2018, 12, 20, 8, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
STORE = "855E8A7C-ECB4-4CA3-B045-1DFA50104289"
WINDOWS_UPDATE = "9482F4B4-E343-43B6-B170-9A65BC822C77"


def changes_of(folder: Path, files: dict[str, bytes]) -> tuple[Change, ...]:
    path = folder / "bundle.zip"
    path.write_bytes(zipped(files))
    evidence, _ = survey(path)
    log = system_log(evidence)
    return find_changes(log, find_servicing(evidence, log, find_zone(evidence, log)))


def logged(folder: Path, *log: Event) -> list[tuple[datetime, str, str, str | Said]]:
    files = {"System.evtx": write_evtx(log, "SRV1")}
    return [(one.at, one.kind, one.name, one.detail) for one in changes_of(folder, files)]


def update(at: datetime, title: str, service: str) -> Event:
    """WindowsUpdateClient 19 as Windows 10 writes it."""
    fields = (
        ("updateTitle", text(title)),
        ("updateGuid", text("{13E00792-112A-48C1-B8B6-8E7F95D964A3}")),
        ("updateRevisionNumber", uint32(200)),
        ("serviceGuid", text(f"{{{service}}}")),
    )
    return replace(events.update_installed(at, title), data=Fields(fields))


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("system32\\DRIVERS\\teefer.sys", "driver"),
        ("\\SystemRoot\\System32\\drivers\\NETKVM.SYS", "driver"),
        ('"C:\\Program Files\\Scanner\\filter.sys" ', "driver"),
        ("%SystemRoot%\\system32\\svchost.exe -k print", "service"),
        ('"C:\\Program Files\\Scanner\\scan.sys.exe" /service', "service"),
        ("", "service"),
    ],
)
def test_a_driver_is_told_by_its_file(tmp_path: Path, path: str, kind: str) -> None:
    for driver in (True, False):  # the words of ServiceType, which are translated, do not matter
        found = logged(tmp_path, events.service_installed(AT, "Scanner", path, driver=driver))
        assert found == [(AT, kind, "Scanner", path.strip())]


def test_the_source_is_the_event(tmp_path: Path) -> None:
    log = write_evtx([events.service_installed(AT, "Teefer", "teefer.sys", driver=True)], "SRV1")
    (change,) = changes_of(tmp_path, {"System.evtx": log})
    assert (change.source.file, change.source.record) == ("System.evtx", 1)
    assert "teefer.sys" in change.source.quote


def test_one_update_has_three_witnesses_and_is_one_change(tmp_path: Path) -> None:
    """The Setup log, Windows Update and the list: the first of the events dates it."""
    at = COLLECTED - 3 * DAY
    machine = calm(
        servicing=(Servicing("KB4338818", at, title="2018-07 Monthly Rollup (KB4338818)"),),
        hotfixes=(Hotfix("KB4338818", at.date()), Hotfix("KB976902", date(2010, 11, 21))),
    )
    found = [one for one in changes_of(tmp_path, bundle_files(machine)) if one.kind == "update"]
    listed, rollup = found
    assert (rollup.at, rollup.name, rollup.detail) == (at, "KB4338818", "2018-07 Monthly Rollup (KB4338818)")
    assert rollup.source.file == "eventlog/Setup.evtx"
    assert (listed.at, listed.name) == (datetime(2010, 11, 21, tzinfo=UTC), "KB976902")
    assert listed.source.file == "system/hotfixes.csv"


def test_an_event_outranks_the_list_whatever_the_list_says(tmp_path: Path) -> None:
    files = {
        "System.evtx": write_evtx([events.update_installed(AT, "Security Update (KB2641653)")], "SRV1"),
        "qfe.csv": b"Node,HotFixID,InstalledOn\r\nSRV1,KB2641653,12/1/2018\r\nSRV1,KB2667402,12/2/2018\r\n",
    }
    found = [(one.at.date(), one.name) for one in changes_of(tmp_path, files)]
    assert found == [(date(2018, 12, 2), "KB2667402"), (AT.date(), "KB2641653")]


def test_an_update_without_a_date_is_no_change(tmp_path: Path) -> None:
    files = {"qfe.csv": b"Node,HotFixID,InstalledOn\r\nSRV1,KB2641653,\r\n"}
    assert changes_of(tmp_path, files) == ()


def test_definitions_count_when_they_first_came(tmp_path: Path) -> None:
    title = "Definition Update for Windows Defender - KB2267602 (Definition 1.247.{}.0)"
    daily = [events.update_installed(AT + n * DAY, title.format(n)) for n in range(20)]
    assert logged(tmp_path, *daily) == [(AT, "update", "KB2267602", title.format(0))]


def test_applications_of_the_store_are_not_told(tmp_path: Path) -> None:
    found = logged(
        tmp_path,
        update(AT, "9NBLGGH3FRZM-Microsoft.VCLibs.140.00", STORE),
        update(AT + MINUTE, "Intel - Net - 12.15.31.4", WINDOWS_UPDATE),
    )
    assert found == [(AT + MINUTE, "update", "Intel - Net - 12.15.31.4", "")]


@pytest.mark.parametrize(("seconds", "told"), [(59.9, False), (60, True), (-59.9, False), (-60, True), (7200, True)])
def test_a_clock_that_is_set_by_a_minute_or_more(tmp_path: Path, seconds: float, told: bool) -> None:
    found = logged(tmp_path, events.clock_changed(AT, AT - timedelta(seconds=seconds)))
    assert found == ([(AT, "clock", f"{seconds:+,.0f} s", "")] if told else [])


def test_waking_up_is_no_change(tmp_path: Path) -> None:
    assert logged(tmp_path, events.going_to_sleep(AT - HOUR), events.clock_changed(AT, AT - HOUR)) == []


def test_changes_come_in_order_of_time(tmp_path: Path) -> None:
    found = logged(
        tmp_path,
        events.service_installed(AT, "later", "later.exe"),
        events.clock_changed(AT - HOUR, AT),
        events.service_installed(AT - MINUTE, "earlier", "earlier.sys"),
    )
    assert [one[1] for one in found] == ["clock", "driver", "service"]


def test_last_before(tmp_path: Path) -> None:
    log = write_evtx(
        [
            events.service_installed(AT - 3 * DAY, "first", "first.sys"),
            events.service_installed(AT - DAY, "second", "second.sys"),
            events.service_installed(AT - HOUR, "agent", "agent.exe"),
            events.service_installed(AT + HOUR, "after", "after.sys"),
        ],
        "SRV1",
    )
    changes = changes_of(tmp_path, {"System.evtx": log})

    def name(within: timedelta, *kinds: str) -> str | None:
        found = last_before(changes, AT, kinds, within)
        return found.name if found else None

    assert name(7 * DAY, "driver") == "second"
    assert name(7 * DAY, "driver", "service") == "agent"
    assert name(DAY, "driver") == "second"  # just so
    assert name(DAY - timedelta(seconds=1), "driver") is None
    assert name(7 * DAY, "clock") is None
    assert last_before(changes, AT + HOUR, ["driver"], HOUR) == changes[-1]  # at that very moment
    assert last_before((), AT, ["driver"], DAY) is None


@pytest.mark.skipif(not CORPUS, reason="FORENSICS_CORPUS is not set")
@pytest.mark.parametrize(
    ("name", "drivers", "services", "updates"),
    [
        ("log2timeline+plaso__System.evtx", 13, 12, 0),
        ("omerbenamram+evtx__system.evtx", 40, 17, 4),
        ("fukusuket+evtx-parser__System.evtx", 10, 6, 3),  # Japanese
        ("williballenthin+python-evtx__system.evtx", 5, 7, 8),
    ],
)
def test_real_logs(tmp_path: Path, name: str, drivers: int, services: int, updates: int) -> None:
    """Counted by ServiceType, which says "kernel mode driver" here or "カーネル モード ドライバー", and by KB."""
    log = Path(CORPUS, "evtx", name).read_bytes()
    kinds = [one.kind for one in changes_of(tmp_path, {"System.evtx": log})]
    assert [kinds.count(kind) for kind in ("driver", "service", "update")] == [drivers, services, updates]
