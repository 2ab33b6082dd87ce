"""The sample bundles are laid out as the collector lays out its own."""

import csv
import io
import json
import re
from dataclasses import replace
from typing import Any

import pytest
from builder import SAMPLES, Recording, bundle_files
from builder.collection import ROWS
from builder.languages import LANGUAGES
from builder.machine import SERVER_2008, SERVER_2012_R2, Machine
from builder.scenarios import founding_case, founding_case_recorded, healthy

from tests.collectors.script import SCRIPT, text_of

PLAIN = [row.path for row in ROWS]


def manifest_of(machine: Machine) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bundle_files(machine)["manifest.json"])
    return found


def entries_of(machine: Machine) -> dict[str, dict[str, Any]]:
    return {entry["path"]: entry for entry in manifest_of(machine)["files"]}


def test_the_rows_are_those_of_the_script() -> None:
    table = pytest.importorskip("docs.collector_table").read_table(text_of(SCRIPT))
    script = [
        (one.path, one.when, one.since, one.run, one.why, one.elevated, one.maybe, one.more)
        for one in table
        if one.when != "redacted"
    ]
    ours = [(r.path, str(r.when), r.since, r.run, r.why, r.admin, r.maybe, r.also) for r in ROWS]
    assert ours == script


@pytest.mark.parametrize("name", list(SAMPLES))
def test_every_row_is_listed_in_the_order_of_the_table(name: str) -> None:
    manifest = manifest_of(SAMPLES[name].machine())
    entries = [entry for entry in manifest["files"] if not entry["path"].startswith("applog/")]
    assert [entry["path"] for entry in entries] == PLAIN
    rows = {row.path: row for row in ROWS}
    for entry in entries:
        assert (entry["command"], entry["why"]) == (rows[entry["path"]].run, rows[entry["path"]].why)
    moments = [entry["monotonic_ms"] for entry in manifest["files"] if "monotonic_ms" in entry]
    assert moments == sorted(moments)


def test_the_manifests_fields() -> None:
    data = bundle_files(founding_case())["manifest.json"]
    assert data.isascii()
    assert list(json.loads(data)) == [
        "schema", "collector", "host", "started_at", "finished_at", "elevated", "utc_offset_minutes",
        "powershell_version", "os_version", "architecture", "oem_codepage", "ansi_codepage", "ui_language",
        "uptime_seconds", "boot_time", "options", "redacted", "files",
    ]  # fmt: skip
    assert json.loads(data)["os_version"] == "6.1.7601.65536"


def test_what_a_machine_cannot_have() -> None:
    old = entries_of(replace(founding_case(), system=SERVER_2008))
    assert {path for path, entry in old.items() if entry["outcome"] == "not-supported"} == {
        "netstat/anoq-1.txt", "registry/pending-reboot.reg", "system/nettcpsetting.csv",
        *(f"netsh/excludedportrange-{family}-{protocol}.txt" for family in ("ipv4", "ipv6") for protocol in ("tcp", "udp")),
    }  # fmt: skip
    assert old["netstat/anoq-1.txt"]["reason"] == "this Windows is older than 6.3"
    tried = entries_of(replace(founding_case(), system=SERVER_2012_R2))["netstat/anoq-1.txt"]
    assert tried["reason"].startswith("this system has no such thing: ended with exit code 1: ")
    assert tried["exit_code"] == 1
    assert old["trace/trace.txt"] == {
        "path": "trace/trace.txt",
        "command": old["trace/trace.txt"]["command"],
        "why": "The recording as text.",
        "outcome": "skipped",
        "reason": "not asked for (-TraceSeconds)",
    }


def test_a_trace_is_recorded_after_the_last_snapshot() -> None:
    manifest = manifest_of(replace(healthy(), recording=Recording(2)))
    entries = {entry["path"]: entry for entry in manifest["files"]}
    assert manifest["options"]["trace_seconds"] == 2
    assert entries["trace/trace.etl"]["outcome"] == "skipped"
    text, last = entries["trace/trace.txt"], entries["netstat/s-3.txt"]
    assert (text["outcome"], text["exit_code"]) == ("ok", 0)
    assert text["monotonic_ms"] > last["monotonic_ms"] + 2000
    assert manifest["finished_at"] > text["started_at"]


def test_a_log_is_copied_between_the_event_logs_and_the_second_snapshot() -> None:
    manifest = manifest_of(founding_case_recorded())
    (entry,) = (entry for entry in manifest["files"] if entry["path"].startswith("applog/"))
    assert entry["command"] == f"(this script) copy of {manifest['options']['app_log']}"
    assert list(entry) == [
        "path", "command", "why", "outcome", "started_at", "monotonic_ms", "duration_ms", "size", "sha256",
    ]  # fmt: skip
    script = text_of(SCRIPT)
    assert f"$AppLogWhy = '{entry['why']}'" in script
    assert "'applog/{0:00}-{1}' -f $script:AppLogs, $File.Name" in script
    moments = {one["path"]: one["monotonic_ms"] for one in manifest["files"] if "monotonic_ms" in one}
    assert moments["eventlog/System.evtx"] < entry["monotonic_ms"] < moments["netstat/ano-2.txt"]


def test_a_quick_run_has_one_snapshot_and_says_so() -> None:
    manifest = manifest_of(replace(healthy(), snapshots=1))
    entries = {entry["path"]: entry for entry in manifest["files"]}
    assert manifest["options"]["quick"]
    assert entries["netstat/ano-3.txt"]["reason"] == "-Quick lists connections once"
    assert set(entries) == set(PLAIN)


def test_without_any_snapshot_the_processes_are_still_listed() -> None:
    files = bundle_files(replace(healthy(), snapshots=0))
    assert {"process/tasklist-svc.csv", "system/memory.csv", "registry/tcpip-parameters.reg"} <= set(files)
    assert not [path for path in files if path.startswith("netstat/")]


def test_powershells_tables() -> None:
    files = bundle_files(founding_case())
    for path in ("process/wmic-process.csv", "system/hotfixes.csv", "system/memory.csv"):
        assert files[path].startswith(b'\xef\xbb\xbf"'), path
    rows = list(csv.DictReader(io.StringIO(files["process/wmic-process.csv"].decode("utf-8-sig"))))
    agent = next(row for row in rows if row["Name"] == "hostmonitor.exe")
    assert agent["ProcessId"] == "1536"
    assert re.fullmatch(r"\d{14}\.\d{6}\+480", agent["CreationDate"])
    memory = next(csv.DictReader(io.StringIO(files["system/memory.csv"].decode("utf-8-sig"))))
    assert int(memory["HandleCount"]) == sum(int(row["HandleCount"]) for row in rows)


def test_what_windows_prints_of_itself_holds_no_product_key_and_no_owner() -> None:
    printed = bundle_files(healthy())["registry/windows-currentversion.reg"].decode("cp850")
    assert "    ProductName    REG_SZ    " in printed
    assert not re.search("ProductId|Registered", printed)
    assert entries_of(healthy())["registry/windows-currentversion.reg"]["transformed"] == "secrets masked"


@pytest.mark.parametrize("tag", list(LANGUAGES))
def test_owners_stand_under_their_rows(tag: str) -> None:
    language = LANGUAGES[tag]
    files = bundle_files(replace(founding_case(), language=language, traffic=(), snapshots=1))
    lines = files["netstat/anob.txt"].decode(language.oem_codepage).splitlines()
    assert "[svchost.exe]" in {line.strip() for line in lines}
    rows = [number for number, line in enumerate(lines) if line.startswith("  TCP")]
    named = [number for number in rows if not lines[number].endswith((" 0", " 4"))]
    assert named
    assert all(lines[number + 1].startswith(" ") and not lines[number + 1].startswith("  TCP") for number in named)
