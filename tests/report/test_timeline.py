"""The timeline of bundles whose events are known: what stands in it, and what is folded so that it stays readable."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builder import Boot, Hotfix, Machine, Servicing, bundle_files, events, write_evtx
from builder.event_model import Event, Strings

from forensics.report.timeline import TimelineEntry
from forensics.report.view import build_view
from tests.bundles import findings_of
from tests.machines import COLLECTED, calm, collisions, stuck

AT = datetime(2018, 12, 20, 8, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MACHINE = calm()


def told(folder: Path, *log: Event) -> list[str]:
    """What is told of a calm machine with this System log, without boot, wrap and tables."""
    files = bundle_files(MACHINE, without=("eventlog/", "system/"))
    files["eventlog/System.evtx"] = write_evtx(log, MACHINE.host)
    return _stripped(findings_of(folder, files).timeline)


def of_machine(folder: Path, machine: Machine) -> list[str]:
    return _stripped(findings_of(folder, bundle_files(machine)).timeline)


def _stripped(timeline: list[TimelineEntry]) -> list[str]:
    assert timeline == sorted(timeline, key=lambda one: one.at)
    return [
        f"{one.at:%m-%d %H:%M} {one.event}"
        for one in timeline
        if not one.event.startswith(("the machine booted", "the TIME_WAIT clock", "netstat:"))
    ]


def test_drivers_and_services(tmp_path: Path) -> None:
    assert told(
        tmp_path,
        events.service_installed(AT, "Teefer", "system32\\DRIVERS\\teefer.sys", driver=True),
        events.service_installed(AT + MINUTE, "Scanner", "C:\\Scanner\\scan.exe"),
    ) == [
        "12-20 08:00 driver Teefer was installed (system32\\DRIVERS\\teefer.sys)",
        "12-20 08:01 service Scanner was installed (C:\\Scanner\\scan.exe)",
    ]


def test_a_clock_that_is_set(tmp_path: Path) -> None:
    assert told(
        tmp_path,
        events.clock_changed(AT + 2 * HOUR, AT),
        events.clock_changed(AT + 3 * HOUR, AT + 3 * HOUR - timedelta(seconds=30)),
    ) == ["12-20 10:00 the clock was set by +7,200 s"]


def test_a_tdi_filter_and_sockets_that_close_slowly(tmp_path: Path) -> None:
    assert told(
        tmp_path,
        events.afd_filter_detected(AT, "\\Driver\\SYMTDI"),
        events.afd_slow_close(AT + HOUR, 49754, 3228),
        events.afd_filter_detected(AT + 2 * HOUR, "\\Driver\\other"),
        events.afd_slow_close(AT + 3 * HOUR, 50001, 4),
        events.afd_filter_detected(AT + 4 * HOUR, "\\Driver\\SYMTDI"),
        events.afd_slow_close(AT + 5 * HOUR, 50002, 3228),
    ) == [
        "12-20 08:00 first event AFD 16001: a TDI filter was found (\\Driver\\SYMTDI)",
        "12-20 09:00 first event AFD 16002: closing a socket took long (TCP port 49754 of process 3228)",
        "12-20 10:00 first event AFD 16001: a TDI filter was found (\\Driver\\other)",
        "12-20 12:00 last of 2 events AFD 16001 (\\Driver\\SYMTDI)",
        "12-20 13:00 last of 3 events AFD 16002 (TCP port 50002 of process 3228)",
    ]


@pytest.mark.parametrize("strings", [(), ("",), ("", "")])
def test_an_event_of_afd_that_names_nothing(tmp_path: Path, strings: tuple[str, ...]) -> None:
    event = replace(events.afd_slow_close(AT, 1, 1), event_id=16000, data=Strings(strings))
    assert told(tmp_path, event) == ["12-20 08:00 first event AFD 16000: a transport is used over TDI"]


def test_memory_events(tmp_path: Path) -> None:
    assert told(tmp_path, *(events.tcpip(4229, AT + n * HOUR) for n in range(12))) == [
        "12-20 08:00 first event 4229: connections were ended for want of memory",
        "12-20 19:00 last of 12 events 4229",
    ]


def test_port_events_of_each_run(tmp_path: Path) -> None:
    """Twelve hours of 4227, in the middle of which the machine is restarted."""
    middle = COLLECTED - 30 * HOUR
    machine = stuck(
        boot=middle,
        earlier_boots=(Boot(COLLECTED - 503 * DAY, middle - 3 * MINUTE),),
        incidents=(collisions(middle - 6 * HOUR, middle + 6 * HOUR),),
    )
    found = [one for one in of_machine(tmp_path, machine) if "4227" in one]
    first, last = (
        "first event 4227 of this run: a local port was still in TIME_WAIT",
        "last of # events 4227 of this run",
    )
    assert [re.sub("of [0-9]+ events", "of # events", one[12:]) for one in found] == [first, last, first, last]
    assert found[1] < f"{middle:%m-%d %H:%M}" < found[2]


def test_in_one_run_the_run_is_not_named(tmp_path: Path) -> None:
    machine = calm(incidents=(collisions(COLLECTED - 9 * HOUR, COLLECTED - HOUR),))
    found = [one[12:] for one in of_machine(tmp_path, machine) if "4227" in one]
    assert found[0] == "first event 4227: a local port was still in TIME_WAIT"
    assert found[1].endswith("events 4227")


def test_an_update_is_told_once(tmp_path: Path) -> None:
    at = COLLECTED - 3 * DAY
    machine = calm(
        servicing=(Servicing("KB4340557", at, title="2018-07 .NET Framework (KB4340557)"),),
        hotfixes=(Hotfix("KB4340557", at.date()), Hotfix("KB976902", (COLLECTED - 20 * DAY).date())),
    )
    assert [one for one in of_machine(tmp_path, machine) if "KB" in one] == [
        "12-04 00:00 KB976902 was installed (the list of updates tells the day alone)",
        "12-21 12:30 KB4340557 was installed (2018-07 .NET Framework (KB4340557))",
    ]


def test_the_update_with_the_fix_is_told_once_and_by_name(tmp_path: Path) -> None:
    """KB2688338 came before the boot: the list of updates is what tells of the fix, there is no file to do so."""
    at = COLLECTED - 45 * DAY
    machine = calm(servicing=(Servicing("KB2688338", at),), hotfixes=(), tcpip_files=())
    assert [one for one in of_machine(tmp_path, machine) if "KB" in one] == [
        f"{at:%m-%d %H:%M} an update with the fix KB2553549 was installed (KB2688338)"
    ]


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (8, [f"KB400000{n} was installed (Update (KB400000{n}))" for n in range(8)]),
        (9, ["9 updates installed: KB4000000, KB4000001, KB4000002 and 6 more"]),
    ],
)
def test_many_updates_of_a_day_are_one_line(tmp_path: Path, count: int, expected: list[str]) -> None:
    log = (events.update_installed(AT + n * MINUTE, f"Update (KB400000{n})") for n in range(count))
    assert [one[12:] for one in told(tmp_path, *log)] == expected


def test_kinds_and_days_are_not_mixed(tmp_path: Path) -> None:
    """Eighteen installs, but no more than eight of one kind on one day."""
    log = [
        events.service_installed(AT + day * DAY + n * MINUTE, f"s{n}", f"s{n}.{kind}")
        for day in range(2)
        for kind in ("sys", "exe")
        for n in range(8 if kind == "sys" else 1)
    ]
    found = told(tmp_path, *log)
    assert len(found) == 18
    assert all("was installed" in one for one in found)


def test_many_steps_of_the_clock_are_one_line(tmp_path: Path) -> None:
    log = (events.clock_changed(AT + n * HOUR, AT + n * HOUR - MINUTE) for n in range(10))
    assert told(tmp_path, *log) == ["12-20 08:00 the clock was set 10 times: by +60 s, +60 s, +60 s and 7 more"]


def test_ten_days_of_installs_fit_the_page(tmp_path: Path) -> None:
    """A thousand installs: the page shows its last sixty lines, so the trouble must still be among them."""
    log = [
        events.service_installed(AT - (10 - day) * DAY + n * MINUTE, f"driver{n}", f"driver{n}.sys")
        for day in range(10)
        for n in range(100)
    ]
    files = bundle_files(MACHINE, without=("eventlog/", "system/"))
    files["eventlog/System.evtx"] = write_evtx([events.tcpip(4227, AT - 11 * DAY), *log], MACHINE.host)
    findings = findings_of(tmp_path, files)
    view = build_view(findings)
    assert view.timeline.more == ""
    assert len(view.timeline.rows) == len(findings.timeline) < 20
    assert any("first event 4227" in row[1] for row in view.timeline.rows)


def test_long_names_are_cut(tmp_path: Path) -> None:
    (found,) = told(tmp_path, events.service_installed(AT, "n" * 5000, "p" * 5000 + ".sys"))
    assert len(found) < 300
    assert "(4,920 more characters)" in found
