"""Boot histories: of real logs, by hand from their 6009, 6013, 12 and 6008 records; and of built ones."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builder import Boot, bundle_files

from forensics.bundle.archive import MemberTime
from forensics.evidence import Evidence, Found
from forensics.measure.boots import boot_history
from forensics.measure.log import system_log
from forensics.parsers import event_log
from tests.machines import COLLECTED, calm

CORPUS = os.environ.get("FORENSICS_CORPUS", "")
real = pytest.mark.skipif(not CORPUS, reason="FORENSICS_CORPUS is not set")


def history(data: bytes) -> list[tuple[str, str, str]]:
    parsed = event_log.parse(data)
    found = tuple(Found(fact, "System.evtx", MemberTime()) for fact in parsed.facts)
    facts: dict[type, tuple[Found[object], ...]] = {event_log.EventLog: found}
    log = system_log(Evidence("test", "", (), None, "", (), facts))
    return [(f"{boot.start:%Y-%m-%d %H:%M:%S}", boot.basis, boot.end) for boot in boot_history(log)]


@real
def test_a_log_with_sleep_pauses_and_clock_jumps_holds_one_boot_where_no_marker_is() -> None:
    """22 readings of 6013 over eight months, 6009 three times: setup, first start, and the run that went on."""
    data = Path(CORPUS, "evtx", "omerbenamram+evtx__system.evtx").read_bytes()
    assert history(data) == [
        ("2017-07-12 17:16:05", "kernel-general-12", "shutdown"),
        ("2017-07-12 17:18:03", "6013", "shutdown"),
        ("2018-02-28 20:23:46", "6013", "running"),
    ]


@real
def test_wrong_clocks_at_boot_make_no_boots() -> None:
    """Kernel-General 12 is dated hours off three times (domain.md §0, trap 8); 6008 says 934 s of uptime."""
    data = Path(CORPUS, "evtx", "log2timeline+plaso__System.evtx").read_bytes()
    assert history(data) == [
        ("2015-06-23 06:00:04", "kernel-general-12", "shutdown"),
        ("2015-06-23 06:04:11", "6013", "unexpected"),
        ("2015-08-08 18:08:24", "6013", "unknown"),
        ("2015-08-08 09:14:13", "6013", "shutdown"),
        ("2015-08-08 09:34:05", "6013", "shutdown"),
        ("2015-08-08 09:39:33", "6013", "shutdown"),
        ("2015-08-25 13:19:10", "6013", "unexpected"),
        ("2015-08-25 13:40:26", "6013", "running"),
    ]


@real
def test_a_log_that_begins_long_after_the_boot() -> None:
    """The first record of 6013 says 1,039,089 s; two power losses later (6008, 41)."""
    data = Path(CORPUS, "evtx", "williballenthin+python-evtx__system.evtx").read_bytes()
    assert history(data) == [
        ("2012-03-02 15:22:48", "6013", "shutdown"),
        ("2012-03-15 07:08:54", "6013", "shutdown"),
        ("2012-03-15 22:22:53", "6013", "shutdown"),
        ("2012-03-16 04:56:04", "6013", "unexpected"),
        ("2012-04-06 14:06:44", "6013", "unexpected"),
        ("2012-04-06 19:12:29", "6013", "running"),
    ]


def test_built_boots_clean_and_not() -> None:
    first = Boot(datetime(2018, 11, 1, 6, 0, tzinfo=UTC), datetime(2018, 11, 9, 7, 0, tzinfo=UTC))
    second = Boot(datetime(2018, 11, 9, 7, 5, tzinfo=UTC), datetime(2018, 11, 12, 3, 0, tzinfo=UTC), clean=False)
    machine = replace(
        calm(40),
        boot=datetime(2018, 11, 14, 8, 0, tzinfo=UTC),
        log_begins=datetime(2018, 10, 30, tzinfo=UTC),
        earlier_boots=(first, second),
    )
    found = history(bundle_files(machine)["eventlog/System.evtx"])
    assert [(start[:16], end) for start, _, end in found] == [
        ("2018-11-01 06:00", "shutdown"),
        ("2018-11-09 07:05", "unexpected"),
        ("2018-11-14 08:00", "running"),
    ]


def test_a_run_before_the_log_is_told_by_6008() -> None:
    crashed = Boot(COLLECTED - timedelta(days=520), COLLECTED - timedelta(days=2), clean=False)
    restart = COLLECTED - timedelta(days=2) + timedelta(minutes=5)
    machine = replace(calm(40), boot=restart, log_begins=restart - timedelta(seconds=1), earlier_boots=(crashed,))
    found = history(bundle_files(machine)["eventlog/System.evtx"])
    assert [(basis, end) for _, basis, end in found] == [("6008", "unexpected"), ("6013", "running")]
    start = datetime.strptime(found[0][0], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    assert abs(start - crashed.start) <= timedelta(minutes=10)
