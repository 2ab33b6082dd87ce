"""Bundles made to make it say something wrong. The truth of each is known by construction."""

import json
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from builder import Boot, Machine, bundle_files, console, events, history, with_uptime, write_evtx
from builder.languages import ENGLISH
from builder.ports import Row

from forensics.report.findings import Findings
from tests.bundles import cause, findings_of, zipped
from tests.evtx.build import sealed
from tests.machines import COLLECTED, calm, churning, collisions, stuck
from tests.property_machines import MACHINES
from tests.property_rewrites import rehashed

RANGE = range(49152, 50152)
WRAP = 42_949_672.96
SYSTEM_ROWS = [Row("TCP", "0.0.0.0", port, "0.0.0.0", 0, "LISTENING", 700) for port in (135, 445)]  # noqa: S104 - evidence
IPV6 = ("2001:db8::1", "2001:db8::9")
IPV4 = ("10.20.0.40", "203.0.113.40")


def time_wait(ports: object, addresses: tuple[str, str] = IPV4) -> list[Row]:
    local, remote = addresses
    return [Row("TCP", local, port, remote, 443, "TIME_WAIT", 0) for port in ports]  # type: ignore[attr-defined]


def some(count: int, seed: int, addresses: tuple[str, str] = IPV4) -> list[Row]:
    """Random ports: what ordinary traffic leaves at one moment."""
    return time_wait(random.Random(seed).sample(list(RANGE), count), addresses)


def counters(ipv4: int | None = None, ipv6: int | None = None) -> bytes:
    text = "\r\n"
    for family, opens in (("IPv4", ipv4), ("IPv6", ipv6)):
        if opens is not None:
            values = {
                "Active Opens": opens,
                "Passive Opens": 10,
                "Failed Connection Attempts": 0,
                "Reset Connections": 0,
            }
            values |= {
                "Current Connections": 5,
                "Segments Received": 9,
                "Segments Sent": 9,
                "Segments Retransmitted": 1,
            }
            lines = "".join(f"  {label:<35} = {value}\r\n" for label, value in values.items())
            text += f"TCP Statistics for {family}\r\n\r\n{lines}\r\n"
    return text.encode()


def status(
    folder: Path,
    tables: list[list[Row]],
    readings: list[bytes | None] | None = None,
    machine: Machine | None = None,
    *,
    without: str = "-",
    cause_id: str = "tick-wrap-497d",
) -> str:
    """A machine's bundle with these TIME_WAIT tables, 150 s apart, and readings of netstat -s."""
    files = bundle_files(machine or stuck(0, piles=()), without=("netstat/",))
    for number, rows in enumerate(tables, 1):
        files[f"netstat/ano-{number}.txt"] = console.netstat(ENGLISH, SYSTEM_ROWS + rows)
    for number, reading in enumerate(readings or [], 1):
        if reading is not None:
            files[f"netstat/s-{number}.txt"] = reading
    files["manifest.json"] = bundle_files(machine or stuck(0, piles=()))["manifest.json"]
    kept = {path: data for path, data in files.items() if not path.startswith(without)}
    return cause(findings_of(folder, rehashed(kept)), cause_id).status


def test_opens_of_one_family_say_nothing_of_the_other(tmp_path: Path) -> None:
    six = [some(950, seed, IPV6) for seed in (1, 2, 3)]
    assert status(tmp_path, six, [counters(1000), counters(1003), counters(1006)]) == "likely"
    four = [some(850, seed) for seed in (1, 2, 3)]
    assert status(tmp_path, four, [counters(5, 5), counters(900, 5), counters(None, 5)]) == "likely"


def test_a_lost_reading_is_not_extrapolated(tmp_path: Path) -> None:
    """850 closed before the first table, none at the second, 850 opened before the third."""
    tables = [some(850, 1), [], some(850, 3)]
    assert status(tmp_path, tables, [counters(1000), counters(1001), counters(1852)]) != "confirmed"
    assert status(tmp_path, tables, [counters(1000), counters(1001), None]) != "confirmed"


def test_a_copied_reading_is_not_the_last(tmp_path: Path) -> None:
    tables = [some(850, 1), some(850, 2), some(850, 1)]
    assert status(tmp_path, tables, [counters(1000), counters(1900), counters(1000)]) != "confirmed"


def test_a_counter_that_runs_backwards_gives_no_rate(tmp_path: Path) -> None:
    tables = [some(850, seed) for seed in (1, 2, 3)]
    readings: list[bytes | None] = [counters(5000), counters(1900), counters(1000)]
    assert status(tmp_path, tables, readings, calm(40), cause_id="time-wait-churn") != "confirmed"


def test_a_counter_may_wrap(tmp_path: Path) -> None:
    tables = [some(850, seed) for seed in (1, 2, 3)]
    near = 2**32 - 1000
    readings: list[bytes | None] = [counters(near), counters(62), counters(1124)]
    assert status(tmp_path, tables, readings, calm(40), cause_id="time-wait-churn") == "confirmed"


def test_an_assumed_range_has_no_free_ports_to_reason_with(tmp_path: Path) -> None:
    assert status(tmp_path, [time_wait(RANGE)] * 3, without="netsh") == "inconclusive"


def test_ten_rows_on_ports_of_their_own_prove_nothing(tmp_path: Path) -> None:
    assert status(tmp_path, [time_wait(range(49200, 49210))] * 3) != "confirmed"


def test_rows_that_expire_outweigh_a_ratio(tmp_path: Path) -> None:
    """100 s past the wrap: 480 rows went, 480 others came from connections that had stood for long."""
    ports = list(RANGE)
    tables = [time_wait(ports[:480]), time_wait(ports[:480]), time_wait(ports[480:960])]
    machine = with_uptime(stuck(0, piles=()), WRAP + 100)
    assert status(tmp_path, tables, [counters(1000), counters(1000), counters(1001)], machine) != "confirmed"


def test_a_burst_of_closes_is_no_confirmed_churn(tmp_path: Path) -> None:
    """3.8 connections a second keep 456 ports; 900 were seen, for 900 pooled connections were closed at once."""
    readings: list[bytes | None] = [counters(1000), counters(1570), counters(2140)]
    assert status(tmp_path, [[], [], some(900, 3)], readings, calm(40), cause_id="time-wait-churn") != "confirmed"


@pytest.mark.parametrize("other", ["cut", "another machine's"])
def test_a_cut_or_foreign_last_table_shows_no_expiry(tmp_path: Path, other: str) -> None:
    files = bundle_files(stuck())
    if other == "cut":
        files["netstat/ano-3.txt"] = b"\r\n".join(files["netstat/ano-3.txt"].split(b"\r\n")[:200])
    else:
        files["netstat/ano-3.txt"] = bundle_files(calm(40, address="10.9.9.9"))["netstat/ano-3.txt"]
    assert cause(findings_of(tmp_path, rehashed(files)), "tick-wrap-497d").status != "ruled_out"


def test_a_later_boot_told_by_systeminfo_alone_bars_confirmed(tmp_path: Path) -> None:
    files = bundle_files(stuck())
    late = bundle_files(stuck(boot=COLLECTED - timedelta(hours=1)))
    files["system/systeminfo.txt"] = late["system/systeminfo.txt"]
    assert cause(findings_of(tmp_path, rehashed(files)), "tick-wrap-497d").status == "likely"


@pytest.mark.parametrize("seconds", [4_317_840, 431_784_000])
def test_a_damaged_digit_of_the_newest_6013_is_no_boot(tmp_path: Path, seconds: int) -> None:
    machine = stuck()
    log = history.system_log(machine, machine.collected_at + timedelta(seconds=20))
    last = max(number for number, event in enumerate(log) if event.event_id == 6013)
    log[last] = events.uptime(machine, log[last].at, seconds)
    files = bundle_files(machine)
    files["eventlog/System.evtx"] = write_evtx(log, machine.host)
    uptime = findings_of(tmp_path, rehashed(files)).measurements.uptime
    assert uptime.seconds == pytest.approx(500 * 86_400 + 300, abs=5)
    assert len(uptime.boots) == 1


@pytest.mark.parametrize("steps", [("Installed", "Absent"), ()])
def test_an_update_taken_away_or_only_begun_is_no_fix(tmp_path: Path, steps: tuple[str, ...]) -> None:
    machine = stuck(tcpip_files=(), hotfixes=())
    at = machine.boot - timedelta(days=300)
    log = [events.package_change_begins(at, "KB2553549", "Absent", "Installed")]
    log += [events.package_changed(at + timedelta(days=number), "KB2553549", step) for number, step in enumerate(steps)]
    files = bundle_files(machine)
    files["eventlog/Setup.evtx"] = write_evtx(log, machine.host)
    assert findings_of(tmp_path, rehashed(files)).measurements.fix.state == "unknown"


def test_no_second_restart_for_a_machine_that_is_cured(tmp_path: Path) -> None:
    """The fix came before this morning's restart: the run before it was stuck, this one is not."""
    restart = COLLECTED - timedelta(hours=3)
    machine = calm(
        days=0.125,
        earlier_boots=(Boot(restart - timedelta(days=502), restart - timedelta(minutes=4)),),
        incidents=(collisions(restart - timedelta(days=2), restart - timedelta(hours=1)),),
        tcpip_files=(),
    )
    files = bundle_files(machine)
    files["system/tcpip-files.csv"] = (
        b"Path,Version,Created,Modified,Size,Sha256\r\n"
        b"C:\\Windows\\System32\\drivers\\tcpip.sys,6.1.7601.24000,2018-12-23T09:00:00Z,2018-01-01T00:00:00Z,1,\r\n"
    )
    findings = findings_of(tmp_path, rehashed(files))
    entry = cause(findings, "tick-wrap-497d")
    assert (entry.status, entry.applies_to, findings.measurements.fix.state) == ("likely", "previous-boot", "fixed")
    assert entry.remedies == []
    assert any(point.id.endswith("events-after-wrap") for point in entry.evidence)


def test_removing_the_registry_does_not_confirm_churn(tmp_path: Path) -> None:
    files = bundle_files(churning())
    without = {path: data for path, data in files.items() if not path.startswith("registry/tcpip-parameters")}
    assert cause(findings_of(tmp_path, files), "time-wait-churn").status == "confirmed"
    assert cause(findings_of(tmp_path, without), "time-wait-churn").status in {"possible", "likely"}


def test_around_one_table_too_a_family_nobody_counted_has_no_rate(tmp_path: Path) -> None:
    files = bundle_files(stuck(0, piles=(), snapshots=1), without=("netstat/",))
    files["netstat/ano-1.txt"] = console.netstat(ENGLISH, SYSTEM_ROWS + some(950, 1, IPV6))
    files["netstat/s-1.txt"], files["netstat/s-2.txt"] = counters(1000), counters(1003)
    manifest = bundle_files(stuck(0, piles=()))["manifest.json"]
    found = findings_of(tmp_path, files | {"manifest.json": manifest}).measurements.time_wait
    assert (found.dynamic_ports, found.observed_rate) == (950, None)
    files["netstat/s-1.txt"], files["netstat/s-2.txt"] = counters(1000, 5), counters(1003, 5)
    found = findings_of(tmp_path, files | {"manifest.json": manifest}).measurements.time_wait
    assert found.observed_rate == pytest.approx(0.02)  # 3 in 150 s


# --- Files that are not as they were collected ---


def confirmed(findings: Findings) -> set[str]:
    return {entry.id for entry in findings.causes if entry.status == "confirmed"}


@pytest.mark.parametrize("name", MACHINES)
def test_nothing_is_confirmed_by_a_changed_table(tmp_path: Path, name: str) -> None:
    """One blank line more: nobody can know that it is no more than that."""
    files = bundle_files(MACHINES[name])
    changed = files | {"netstat/ano-1.txt": files["netstat/ano-1.txt"] + b"\r\n"}
    before, after = findings_of(tmp_path, files), findings_of(tmp_path, changed)
    assert confirmed(after) == set()
    for cause_id in confirmed(before):
        entry = cause(after, cause_id)
        assert entry.status == "likely"
        told = next(point for point in entry.evidence if point.id == f"{cause_id}.changed-since")
        assert told.effect == "contradicts"
        assert told.statement.startswith("netstat/ano-1.txt: changed since collection")
        assert [source.file for source in told.sources] == ["netstat/ano-1.txt"]
    assert confirmed(findings_of(tmp_path, rehashed(changed))) == confirmed(before)


@pytest.mark.parametrize(
    ("changed", "status"), [("system/tcpip-files.csv", "likely"), ("system/fltmc.txt", "confirmed")]
)
def test_a_changed_file_counts_where_an_answer_rests_on_it(tmp_path: Path, changed: str, status: str) -> None:
    files = bundle_files(MACHINES["approaching"])
    files[changed] += b"\r\n"
    assert cause(findings_of(tmp_path, files), "tick-wrap-approaching").status == status


# --- An event log that does not reach the collection ---


def restarted_after(days: int) -> tuple[Machine, dict[str, bytes], bytes]:
    """A machine that was up so long until five hours ago, its bundle without other witnesses, the log until then."""
    restart = COLLECTED - timedelta(hours=5)
    machine = calm(5 / 24, earlier_boots=(Boot(restart - timedelta(days=days), restart - timedelta(minutes=4)),))
    files = bundle_files(machine, manifest=False)
    del files["system/systeminfo.txt"]
    log = history.system_log(machine, machine.collected_at + timedelta(seconds=20))
    kept = [event for event in log if event.at < restart - timedelta(minutes=10)]
    return machine, files, write_evtx(kept, machine.host)


def test_a_log_that_lost_its_end_does_not_confirm_an_uptime(tmp_path: Path) -> None:
    _, files, cut = restarted_after(480)
    whole = findings_of(tmp_path, zipped(files, COLLECTED))
    assert cause(whole, "tick-wrap-approaching").status == "ruled_out"
    torn = files | {"eventlog/System.evtx": files["eventlog/System.evtx"][:4096] + cut[4096:]}
    found = findings_of(tmp_path, zipped(torn, COLLECTED))
    assert cause(found, "tick-wrap-approaching").status == "possible"
    assert any("torn or cut after the last 6013" in warning.message for warning in found.warnings)


def test_a_log_without_a_date_of_collection_does_not_confirm_an_uptime(tmp_path: Path) -> None:
    """Somebody exported it before the restart: the header is whole, and no file has a date."""
    _, files, cut = restarted_after(480)
    found = findings_of(tmp_path, files | {"eventlog/System.evtx": cut})
    assert cause(found, "tick-wrap-approaching").status == "likely"
    assert cause(found, "no-exhaustion").status != "confirmed"


@pytest.mark.parametrize(("seal", "status"), [(sealed, "confirmed"), (bytes, "likely")])
def test_a_log_torn_in_its_middle_still_tells_the_uptime(
    tmp_path: Path, seal: Callable[[bytes], bytes], status: str
) -> None:
    """And confirms it where the events that are left are as they were written: their checksums hold."""
    files = bundle_files(MACHINES["approaching"], manifest=False)
    del files["system/systeminfo.txt"]
    data = bytearray(files["eventlog/System.evtx"])
    first = data.find(b"**\0\0", 4096)
    second = data.find(b"**\0\0", first + 4)
    data[second : second + 4] = bytes(4)  # the second record of the log
    found = findings_of(tmp_path, zipped(files | {"eventlog/System.evtx": seal(bytes(data))}, COLLECTED))
    assert found.measurements.event_log.records_promised != found.measurements.event_log.records
    assert cause(found, "tick-wrap-approaching").status == status


@pytest.mark.parametrize("seconds", [3600, 490 * 86_400])
def test_a_manifest_that_denies_the_wrap_clears_nothing(tmp_path: Path, seconds: int) -> None:
    """The log says that the wrap has passed; the manifest's counter, that it has not."""
    files = bundle_files(MACHINES["calm-past-the-wrap"])
    document = json.loads(files["manifest.json"])
    del document["boot_time"]
    document["uptime_seconds"] = seconds
    findings = findings_of(tmp_path, files | {"manifest.json": json.dumps(document).encode()})
    assert cause(findings, "no-exhaustion").status == "likely"
