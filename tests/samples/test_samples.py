"""The named samples show what their truth says, counted here by other means than the builder's own."""

import ast
import csv
import doctest
import hashlib
import importlib
import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from builder import SAMPLES, Held, bundle_files, with_tcpip_version, with_uptime, zip_bytes
from builder.languages import LANGUAGES
from builder.machine import SERVER_2016
from builder.scenarios import busy_patched, founding_case, patched_not_rebooted
from builder.zones import CHINA, EASTERN, W_EUROPE

from tests.samples.reading import active_opens, events_of, tcp_rows

evtx = pytest.importorskip("evtx")

SAMPLES_FOLDER = Path(__file__).parents[2] / "samples"
NAMES = list(SAMPLES)
CODE_PAGES = {"zh-CN": "cp936", "en-US": "cp437", "de-DE": "cp850", "ja-JP": "cp932", "fr-FR": "cp850"}
TIME_WAIT = {"de-DE": "WARTEND"}


def committed(name: str) -> dict[str, bytes]:
    with zipfile.ZipFile(SAMPLES_FOLDER / f"{name}.zip") as archive:
        return {member: archive.read(member) for member in archive.namelist()}


def dynamic_ports(rows: list[tuple[str, str, str, int]], state: str | None = None) -> set[tuple[int, str]]:
    """Local port and remote of IPv4 rows inside 49152 to 65535."""
    found = set()
    for local, remote, seen, _ in rows:
        host, _, port = local.rpartition(":")
        if not host.startswith("[") and 49152 <= int(port) <= 65535 and state in (None, seen):
            found.add((int(port), remote))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_sample_is_what_the_builder_builds(name: str) -> None:
    assert committed(name) == bundle_files(SAMPLES[name].machine())


@pytest.mark.parametrize("name", NAMES)
def test_truth(name: str) -> None:
    sample = SAMPLES[name]
    files, truth, tag = committed(name), sample.truth, sample.machine().language.tag
    decode = CODE_PAGES[tag]
    rows = tcp_rows(files["netstat/ano-3.txt"].decode(decode))
    assert len([row for row in rows if row[2] == TIME_WAIT.get(tag, "TIME_WAIT")]) == truth.time_wait
    assert len({port for port, _ in dynamic_ports(rows)}) == truth.ports_in_use
    opens = [active_opens(files[f"netstat/s-{number}.txt"].decode(decode)) for number in (1, 2, 3)]
    assert (opens[2] - opens[0]) % 2**32 == truth.opened
    assert opens == sorted(opens)

    manifest = json.loads(files["manifest.json"])
    last = next(entry for entry in manifest["files"] if entry["path"] == "netstat/ano-3.txt")
    boot = datetime.fromisoformat(manifest["boot_time"])
    assert (datetime.fromisoformat(last["started_at"]) - boot).total_seconds() == truth.uptime_seconds


@pytest.mark.parametrize("name", NAMES)
def test_every_6013_points_at_its_boot(name: str) -> None:
    machine = SAMPLES[name].machine()
    boots = {machine.boot, *(boot.start for boot in machine.earlier_boots)}
    seen = [
        (at, data)
        for _, provider, number, at, data in events_of(committed(name))
        if (provider, number) == ("EventLog", 6013)
    ]
    assert len(seen) > 30
    assert {at - timedelta(seconds=int(data[4])) for at, data in seen} <= boots
    at_noon = [at for at, _ in seen if machine.zone.local(at).strftime("%H:%M:%S") == "12:00:00"]
    assert len(at_noon) >= len(seen) - 1


@pytest.mark.parametrize("name", NAMES)
def test_manifest_describes_every_member(name: str) -> None:
    files = committed(name)
    manifest = json.loads(files["manifest.json"])
    entries = {entry["path"]: entry for entry in manifest["files"]}
    assert set(files) - {"manifest.json"} == {path for path, entry in entries.items() if entry["outcome"] == "ok"}
    started = datetime.fromisoformat(manifest["started_at"])
    for path, entry in entries.items():
        if entry["outcome"] == "ok":
            assert entry["sha256"] == hashlib.sha256(files[path]).hexdigest()
            assert entry["size"] == len(files[path])
            since = datetime.fromisoformat(entry["started_at"]) - started
            assert entry["monotonic_ms"] == since / timedelta(milliseconds=1)
        else:
            assert entry["reason"]
    moments = [entries[f"netstat/ano-{number}.txt"]["monotonic_ms"] for number in (1, 2, 3)]
    assert [after - before for before, after in pairwise(moments)] == [150_000, 150_000]


@pytest.mark.parametrize("name", NAMES)
def test_no_event_is_newer_than_the_last_snapshot(name: str) -> None:
    newest = max(at for _, _, _, at, _ in events_of(committed(name)))
    assert newest < SAMPLES[name].machine().snapshot_times[-1]


@pytest.mark.parametrize("name", NAMES)
def test_samples_are_small(name: str) -> None:
    assert (SAMPLES_FOLDER / f"{name}.zip").stat().st_size < 1_000_000


def test_founding_case() -> None:
    files = committed("founding-case")
    snapshots = [tcp_rows(files[f"netstat/ano-{number}.txt"].decode("cp936")) for number in (1, 2, 3)]
    first, second, third = (dynamic_ports(rows, "TIME_WAIT") for rows in snapshots)
    assert first < second < third
    assert (len(first), len(third)) == (14_931, 14_943)
    assert len([remote for _, remote in third if remote == "203.0.113.40:443"]) / len(third) > 0.96
    agent = [row for row in snapshots[2] if row[1] == "203.0.113.40:443" and row[2] == "ESTABLISHED"]
    assert [row[3] for row in agent] == [1536]
    assert b'"hostmonitor.exe","1536"' in files["process/tasklist-svc.csv"]

    events = events_of(files)
    assert events[0][0] == 184_211
    assert not [event for event in events if event[2] in (6005, 6009, 6006, 12)]
    last_uptime = [(at, data) for _, provider, number, at, data in events if number == 6013][-1]
    assert last_uptime == (
        datetime(2018, 12, 24, 4, 0, tzinfo=UTC),
        ["", "", "", "", "43225197", "60", "-480 中国标准时间"],
    )
    collisions = [at for _, provider, number, at, _ in events if (provider, number) == ("Tcpip", 4227)]
    assert len(collisions) > 15
    wrap = datetime(2017, 8, 10, 21, 0, 3, tzinfo=UTC) + timedelta(seconds=42_949_672.96)
    assert wrap < min(collisions)
    assert files["netsh/dynamicport-ipv4-tcp.txt"].decode("cp936").split() == [
        "协议", "tcp", "动态端口范围", "-" * 33, "启动端口", ":", "49152", "端口数", ":", "16384",
    ]  # fmt: skip


def test_busy_patched_turns_its_rows_over() -> None:
    files = committed("busy-patched")
    first, last = (
        dynamic_ports(tcp_rows(files[f"netstat/ano-{number}.txt"].decode("cp437")), "TIME_WAIT") for number in (1, 3)
    )
    assert 0.9 < len(first & last) / len(first) < 0.99
    drivers = csv.DictReader(io.StringIO(files["system/tcpip-files.csv"].decode()))
    tcpip = next(row for row in drivers if row["Path"].endswith("tcpip.sys"))
    assert tcpip["Version"] == "6.1.7601.24231"
    assert datetime.fromisoformat(tcpip["Created"]) < busy_patched().boot


def test_rebooted_after_incident_keeps_the_story_in_its_log() -> None:
    events = [(provider, number) for _, provider, number, _, _ in events_of(committed("rebooted-after-incident"))]
    order = [
        events.index(("Tcpip", 4227)), events.index(("USER32", 1074)), events.index(("EventLog", 6006)),
        events.index(("Microsoft-Windows-Kernel-General", 13)), events.index(("EventLog", 6009)),
        events.index(("EventLog", 6005)),
    ]  # fmt: skip
    assert order == sorted(order)
    assert ("Tcpip", 4227) not in events[order[2] :]
    uptimes = [
        int(data[4]) for *_, number, _, data in events_of(committed("rebooted-after-incident")) if number == 6013
    ]
    assert max(uptimes) == 43_332_300
    assert uptimes[-1] == 35


def test_patched_not_rebooted_waits_for_its_restart() -> None:
    files = committed("patched-not-rebooted")
    assert b"Component Based Servicing\\RebootPending\r\n" in files["registry/pending-reboot.reg"]
    assert "registry/pending-reboot.reg" not in committed("founding-case")
    setup = list(evtx.PyEvtxParser(io.BytesIO(files["eventlog/Setup.evtx"])).records())
    told = [
        (
            re.findall(r"<EventID>(\d+)", record["data"]),
            re.findall(r"IntendedPackageStateTextized>(\w+)<", record["data"]),
        )
        for record in setup
    ]
    assert told == [(["1"], ["Staged"]), (["2"], ["Staged"]), (["1"], ["Installed"]), (["4"], ["Installed"])]
    assert all("<PackageIdentifier>KB4499164<" in record["data"] for record in setup)
    drivers = csv.DictReader(io.StringIO(files["system/tcpip-files.csv"].decode()))
    assert next(drivers)["Created"] == "2019-05-18T17:08:51Z"
    assert patched_not_rebooted().boot < datetime(2019, 5, 18, tzinfo=UTC)


@pytest.mark.parametrize("seconds", [42_949_671, 42_949_672, 42_949_673])
def test_uptime_to_the_second(seconds: int) -> None:
    machine = with_uptime(founding_case(), seconds)
    files = bundle_files(machine)
    uptime = [(at, int(data[4])) for _, _, number, at, data in events_of(files) if number == 6013][-1]
    assert uptime[1] + (machine.snapshot_times[-1] - uptime[0]).total_seconds() == seconds


def test_changes_show_where_they_belong() -> None:
    machine = with_tcpip_version(founding_case(), "6.1.7601.17757")
    machine = replace(machine, system=SERVER_2016, registry_time_wait_delay=30, snapshots=1, snapshot_gap=10)
    files = bundle_files(machine, without=("netsh/", "system/hotfixes"))
    assert b"tcpip.sys,6.1.7601.17757," in files["system/tcpip-files.csv"]
    assert '"TcpTimedWaitDelay"=dword:0000001e' in files["registry/tcpip-parameters.reg"].decode("utf-16")
    assert b"    CurrentBuild    REG_SZ    14393\r\n" in files["registry/windows-currentversion.reg"]
    assert [path for path in files if path.startswith("netstat/ano-")] == ["netstat/ano-1.txt"]
    assert not [path for path in files if path.startswith(("netsh/", "system/hotfixes"))]
    outcomes = {entry["path"]: entry["outcome"] for entry in json.loads(files["manifest.json"])["files"]}
    assert outcomes["netsh/dynamicport-ipv4-tcp.txt"] == outcomes["system/hotfixes.csv"] == "failed"
    assert "manifest.json" not in bundle_files(machine, manifest=False)


def test_bound_and_offloaded_rows() -> None:
    held = (Held(4480, "", 0, "BOUND", 40), Held(4480, "10.20.4.15", 1433, "ESTABLISHED", 5))
    machine = replace(founding_case(), system=SERVER_2016, held=held, traffic=(), accepted=(), offloaded=3)
    machine = replace(machine, language=LANGUAGES["en-US"])
    files = bundle_files(machine)
    assert b"BOUND" not in files["netstat/ano-1.txt"] + files["netstat/anot-1.txt"]
    bound = [row for row in tcp_rows(files["netstat/anoq-1.txt"].decode("cp437")) if row[2] == "BOUND"]
    assert len(bound) == 40
    assert {row[3] for row in bound} == {4480}
    offload = files["netstat/anot-1.txt"].decode("cp437")
    assert len(re.findall(r"ESTABLISHED +4480 +Offloaded\r$", offload, re.MULTILINE)) == 3
    assert len(re.findall(r"InHost\r$", offload, re.MULTILINE)) == 22
    assert "netstat/anoq-1.txt" not in bundle_files(replace(founding_case(), traffic=()))


@pytest.mark.parametrize("tag", list(LANGUAGES))
def test_every_language_prints_its_own_words_in_its_code_page(tag: str) -> None:
    language = LANGUAGES[tag]
    machine = replace(founding_case(), language=language, traffic=(), snapshots=1)
    text = bundle_files(machine)["netstat/ano-1.txt"].decode(language.oem_codepage)
    lines = text.split("\r\n")
    assert lines[:4] == ["", language.netstat_title, "", language.netstat_heading]
    assert len(tcp_rows(text)) == 20 + 1 + 9 + 244
    for path, data in bundle_files(machine).items():
        if path.startswith(("netstat", "netsh", "process/tasklist", "system/systeminfo", "system/drivers")):
            assert "?" not in data.decode(language.oem_codepage), path


def test_zip_is_the_same_each_time_and_may_have_backslashes() -> None:
    files = bundle_files(replace(founding_case(), traffic=(), snapshots=1))
    assert zip_bytes(files) == zip_bytes(dict(reversed(files.items())))
    assert b"netstat\\ano-1.txt" in zip_bytes(files, backslashes=True)
    assert b"netstat/ano-1.txt" not in zip_bytes(files, backslashes=True)


def test_zones_follow_their_rules() -> None:
    def hours(zone: object, *day: int) -> float:
        assert isinstance(zone, type(CHINA))
        year, month, date, hour, minute = day
        return zone.offset(datetime(year, month, date, hour, minute, tzinfo=UTC)) / timedelta(hours=1)

    assert hours(CHINA, 2018, 7, 1, 0, 0) == 8
    assert [hours(W_EUROPE, 2018, 3, 25, 0, 59), hours(W_EUROPE, 2018, 3, 25, 1, 0)] == [1, 2]
    assert [hours(W_EUROPE, 2018, 10, 28, 0, 59), hours(W_EUROPE, 2018, 10, 28, 1, 0)] == [2, 1]
    assert [hours(EASTERN, 2020, 3, 8, 6, 59), hours(EASTERN, 2020, 3, 8, 7, 0)] == [-5, -4]
    assert [hours(EASTERN, 2020, 11, 1, 5, 59), hours(EASTERN, 2020, 11, 1, 6, 0)] == [-4, -5]


def test_the_builder_knows_nothing_of_the_analyzer() -> None:
    for path in sorted((SAMPLES_FOLDER / "builder").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.split(".")[0] == "forensics"], path


@pytest.mark.parametrize("module", ["evtx_writer", "registry", "zones"])
def test_examples(module: str) -> None:
    results = doctest.testmod(importlib.import_module(f"builder.{module}"))
    assert results.attempted
    assert not results.failed
