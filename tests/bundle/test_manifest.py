"""The manifest is written by a program, but comes from a stranger's machine."""

import json
from datetime import UTC, datetime

import pytest

from forensics.bundle.manifest import MOST_TEXT, Entry, Listing, Manifest, is_manifest, read

WHOLE = {
    "schema": "forensics.bundle/1",
    "host": "SRV1",
    "started_at": "2018-12-24T04:31:00Z",
    "finished_at": "2018-12-24T12:33:00+08:00",
    "elevated": True,
    "utc_offset_minutes": 480,
    "oem_codepage": "936",
    "ansi_codepage": 936,
    "uptime_seconds": 43225201.5,
    "boot_time": "2017-08-10T21:31:00Z",
    "redacted": False,
    "collector": {"name": "forensics-collector", "version": "1.0.0"},
    "options": {"quick": True, "trace_seconds": 120, "app_log": ["C:\\Logs"]},
    "files": [
        {
            "path": "netstat/ano-1.txt",
            "command": "netstat -ano",
            "outcome": "ok",
            "started_at": "2018-12-24T04:31:02.500Z",
            "monotonic_ms": 43225203500,
            "size": 12,
            "sha256": "AB" * 32,
            "why": "Every connection.",
            "exit_code": -1073741819,
            "duration_ms": 310,
            "transformed": "secrets masked",
        }
    ],
}


def changed(**fields: object) -> Manifest:
    return read(json.dumps(WHOLE | fields))


def test_every_field() -> None:
    manifest = changed()
    assert manifest.problems == ()
    assert (manifest.host, manifest.elevated, manifest.utc_offset_minutes) == ("SRV1", True, 480)
    assert manifest.started_at == datetime(2018, 12, 24, 4, 31, tzinfo=UTC)
    assert manifest.finished_at == datetime(2018, 12, 24, 4, 33, tzinfo=UTC)
    assert (manifest.uptime_seconds, manifest.code_pages) == (43225201.5, ("cp936", "cp936"))
    (entry,) = manifest.files
    assert (entry.command, entry.monotonic_ms, entry.sha256) == ("netstat -ano", 43225203500.0, "ab" * 32)
    assert (entry.why, entry.transformed) == ("Every connection.", "secrets masked")
    assert (entry.exit_code, entry.duration_ms) == (-1073741819, 310)  # 0xC0000005, as .NET gives it
    assert (manifest.collector.version, manifest.by_our_collector) == ("1.0.0", True)
    assert (manifest.options.quick, manifest.options.thorough, manifest.options.trace_seconds) == (True, False, 120)


def test_another_collector_is_not_ours() -> None:
    assert not changed(collector={"name": "somebody's"}).by_our_collector
    assert not Manifest().by_our_collector


@pytest.mark.parametrize(("outcome", "collected"), [("ok", True), ("", True), ("failed", False), ("skipped", False)])
def test_what_was_collected(outcome: str, collected: bool) -> None:
    assert Entry("netstat/ano-1.txt", outcome=outcome).collected is collected


def test_an_empty_object_is_an_empty_manifest() -> None:
    assert read("{}") == Manifest()


@pytest.mark.parametrize(
    "text", ["", "[]", "null", '"text"', '{"schema": "forensics.bundle/1", "files": [', "[" * 100_000, "{\x00}"]
)
def test_what_is_no_json_object_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(text)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("host", ["SRV1"]),
        ("host", 10**300),
        ("started_at", "yesterday"),
        ("started_at", 1545625866),
        ("started_at", "0001-01-01T00:00:00+14:00"),
        ("started_at", "9999-12-31T23:59:59-14:00"),
        ("boot_time", {"at": 1}),
        ("utc_offset_minutes", 10**9),
        ("utc_offset_minutes", "480"),
        ("utc_offset_minutes", float("nan")),
        ("uptime_seconds", -1),
        ("uptime_seconds", 10**17),
        ("uptime_seconds", True),
        ("collector", "forensics-collector"),
        ("options", ["-Quick"]),
        ("files", {"path": "x"}),
        ("files", ["netstat/ano-1.txt"]),
    ],
)
def test_a_wrong_field_costs_that_field_alone(field: str, value: object) -> None:
    manifest = changed(**{field: value})
    assert len(manifest.problems) == 1
    assert "\n" not in manifest.problems[0]
    assert manifest.finished_at == datetime(2018, 12, 24, 4, 33, tzinfo=UTC)
    assert getattr(manifest, field) == getattr(Manifest(), field)


def test_half_a_character_does_not_reach_the_outputs() -> None:
    assert read('{"host": "a\\ud800b"}').host == "a?b"


@pytest.mark.parametrize(
    ("oem", "ansi", "expected"),
    [
        ("936", "1252", ("cp936", "cp1252")),
        ("cp850", "", ("cp850",)),
        ("65001", "65001", ("utf-8", "utf-8")),
        ("99999", "²", ()),
        ("none", None, ()),
    ],
)
def test_code_pages(oem: object, ansi: object, expected: tuple[str, ...]) -> None:
    assert changed(oem_codepage=oem, ansi_codepage=ansi).code_pages == expected


@pytest.mark.parametrize("path", ["netstat/ano-1.txt", "netstat\\ano-1.txt", ".\\NETSTAT\\Ano-1.TXT"])
@pytest.mark.parametrize("folder", ["", "SRV1_20181224/", "a.zip/SRV1/"])
def test_paths_begin_at_the_manifest(path: str, folder: str) -> None:
    manifest = read(json.dumps(WHOLE | {"files": [{"path": path, "command": "netstat -ano"}]}))
    entry = Listing(manifest, f"{folder}manifest.json").entry(f"{folder}netstat/ano-1.txt")
    assert entry
    assert entry.command == "netstat -ano"


def test_a_member_outside_the_manifests_folder_is_not_listed() -> None:
    assert Listing(changed(), "SRV1/manifest.json").entry("netstat/ano-1.txt") is None


def test_a_moved_member_is_found_by_its_hash() -> None:
    entry = Listing(changed(), "manifest.json").entry("moved/renamed.txt", "ab" * 32)
    assert entry
    assert entry.path == "netstat/ano-1.txt"


def test_a_hash_that_two_artefacts_share_names_neither() -> None:
    files = [{"path": "s-1.txt", "sha256": "ab" * 32}, {"path": "s-2.txt", "sha256": "ab" * 32}]
    listing = Listing(changed(files=files), "manifest.json")
    assert listing.entry("moved.txt", "ab" * 32) is None
    assert listing.entry("moved.txt", "") is None


def test_a_manifest_is_known_by_its_schema() -> None:
    assert is_manifest(json.dumps(WHOLE))
    assert is_manifest("\r\n " + json.dumps(WHOLE, indent=1))
    assert not is_manifest('{"manifest_version": 2, "name": "an extension"}')
    assert not is_manifest('the schema is "forensics.bundle/1"')


# --- one that was made to do harm ---


def test_a_manifest_that_is_too_long_is_none() -> None:
    """Of `[[],[],...` each byte becomes thirty in memory."""
    with pytest.raises(ValueError, match="characters are too many"):
        read('{"schema": "forensics.bundle/1", "files": [' + " " * MOST_TEXT + "]}")


def test_of_too_many_entries_the_first_are_read() -> None:
    manifest = changed(files=[{"path": str(number)} for number in range(20_001)])
    assert len(manifest.files) == 20_000
    assert manifest.problems == ("'files' has 20,001 entries; only the first 20,000 are read",)


def test_of_too_many_problems_the_first_are_told() -> None:
    problems = changed(files=[1] * 1000).problems
    assert len(problems) == 101
    assert problems[-1] == "900 more problems"


def test_a_long_text_is_cut() -> None:
    manifest = changed(host="S" * 5000, files=[{"path": "a.txt", "reason": "r" * 5000}])
    assert (len(manifest.host), len(manifest.files[0].reason)) == (4096, 4096)
    assert manifest.problems == (
        "'reason' has 5,000 characters; only the first 4,096 are read",
        "'host' has 5,000 characters; only the first 4,096 are read",
    )
