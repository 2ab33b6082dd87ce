"""Every member is accounted for, and neither order, names nor line ends change what a bundle says."""

import hashlib
import json
import os
import random
import tracemalloc
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from builder import Traffic, bundle_files

from forensics import ingest
from forensics.analysis import analyze
from forensics.bundle.decode import decode
from forensics.errors import BundleError
from forensics.evidence import Evidence, FileReport
from forensics.ingest import failures, gather, survey
from forensics.parsed import Parsed
from forensics.parsers import event_log, netstat
from tests.bundle.zip_builder import DEFLATE64, Entry, build
from tests.bundles import zipped
from tests.machines import COLLECTED, MONITOR, churning, stuck
from tests.property_rewrites import rehashed

NETSTAT = b"""
Active Connections

  Proto  Local Address          Foreign Address        State           PID
  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       832
  TCP    10.0.0.5:49153         203.0.113.9:443        TIME_WAIT       0
""".replace(b"\n", b"\r\n")
NETSH = b"""
Protocol tcp Dynamic Port Range
---------------------------------
Start Port      : 49152
Number of Ports : 16384
""".replace(b"\n", b"\r\n")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(99)
PROSE = b"The quick brown fox jumps over the lazy dog. Ports: 80, 443.\r\n" * 40


_NAMES = {"file", "path", "source", "before", "after"}  # keys of findings whose values name members


def survey_of(folder: Path, data: bytes, name: str = "bundle.zip") -> Evidence:
    (folder / name).write_bytes(data)
    return survey(folder / name)[0]


def reports(evidence: Evidence) -> dict[str, FileReport]:
    assert len({file.path for file in evidence.files}) == len(evidence.files)
    return {file.path: file for file in evidence.files}


def one(folder: Path, data: bytes) -> FileReport:
    return reports(survey_of(folder, zipped({"a.txt": data, "netstat.txt": NETSTAT})))["a.txt"]


def essence(path: Path) -> dict[str, Any]:
    """The findings less what names files and hashes them, or compares them with the manifest."""
    findings = json.loads(msgspec.json.encode(analyze(path).findings))
    for name in ("files", "sha256", "name", "integrity"):
        del findings["bundle"][name]
    findings["warnings"] = [one for one in findings["warnings"] if "manifest" not in one["message"]]

    def without_names(value: Any) -> Any:  # noqa: ANN401 - JSON
        if isinstance(value, dict):
            return {key: without_names(one) for key, one in value.items() if key not in _NAMES}
        return [without_names(one) for one in value] if isinstance(value, list) else value

    return dict(without_names(findings))


def statuses(findings: dict[str, Any]) -> dict[str, str]:
    verdict = findings["verdict"]
    return {verdict["cause"]: f"verdict: {verdict['status']}"} | {
        one["id"]: one["status"] for one in findings["causes"]
    }


def test_every_member_is_accounted_for(tmp_path: Path) -> None:
    inner = zipped({"deep.txt": NETSTAT, "deeper.zip": zipped({"x": b"y"})})
    files = {
        "a.txt": NETSTAT, "b.txt": NETSTAT + b"C:\\> netsh int ipv4 show dynamicport tcp\r\n" + NETSH, "c.png": PNG,
        "d.txt": PROSE, "e.txt": b"", "f.zip": inner, "g.bin": bytes(range(256)) * 9, "h.zip": b"PK\x03\x04 torn",
        "i.docx": zipped({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"}),
    }  # fmt: skip
    found = reports(survey_of(tmp_path, zipped(files)))
    assert {path: (file.kind, file.status) for path, file in found.items()} == {
        "a.txt": ("netstat", "read"),
        "b.txt": ("netsh-dynamicport+netstat", "read"),
        "c.png": ("picture", "unrecognised"),
        "d.txt": ("", "unrecognised"),
        "e.txt": ("", "empty"),
        "f.zip": ("archive", "read"),
        "f.zip/deep.txt": ("netstat", "read"),
        "f.zip/deeper.zip": ("archive", "left"),
        "g.bin": ("", "unrecognised"),
        "h.zip": ("archive", "unreadable"),
        "i.docx": ("document", "unrecognised"),
    }
    for path, data in files.items():
        assert (found[path].sha256, found[path].size) == (hashlib.sha256(data).hexdigest(), len(data))
    assert found["f.zip/deep.txt"].sha256 == hashlib.sha256(NETSTAT).hexdigest()


def test_what_cannot_be_read_is_named_and_the_rest_read(tmp_path: Path) -> None:
    entries = [
        Entry(b"crc.txt", NETSTAT, DEFLATE64, crc=7),
        Entry(b"good.txt", NETSTAT, DEFLATE64),
        Entry(b"locked.txt", NETSTAT, flags=1),
        Entry(b"torn.txt", NETSTAT, packed=b"\xff\xff"),
    ]
    evidence = survey_of(tmp_path, build(entries))
    assert {path: file.status for path, file in reports(evidence).items()} == {
        "crc.txt": "unreadable",
        "good.txt": "read",
        "locked.txt": "unreadable",
        "torn.txt": "unreadable",
    }
    warned = {warning.file: warning.message for warning in evidence.warnings}
    assert warned["locked.txt"] == "encrypted"
    assert warned["crc.txt"].startswith("damaged: its CRC-32 is wrong")
    assert set(warned) == {"crc.txt", "locked.txt", "torn.txt"}
    assert len(evidence.all(netstat.Snapshot)) == 1


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"a.png": PNG, "b.png": PNG}, "case.zip: no evidence of a Windows machine in its 2 files; it holds picture"),
        ({"a.txt": PROSE}, "case.zip: no evidence of a Windows machine in its only file"),
        ({"a.txt": b""}, "case.zip: no evidence of a Windows machine in its only file"),
    ],
)
def test_a_zip_without_evidence_is_no_bundle(tmp_path: Path, files: dict[str, bytes], expected: str) -> None:
    (tmp_path / "case.zip").write_bytes(zipped(files))
    with pytest.raises(BundleError) as caught:
        gather(tmp_path / "case.zip")
    assert str(caught.value) == expected


def test_reading_stops_at_the_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "BUDGET", 1_000_000)
    entries = [Entry(b"a.txt", NETSTAT), Entry(b"bomb", bytes(30_000_000), claimed_size=10), Entry(b"z.txt", NETSTAT)]
    evidence = survey_of(tmp_path, build(entries))
    found = reports(evidence)
    assert [file.status for file in found.values()] == ["read", "left", "read"]
    assert found["bomb"].size <= 1_000_000 + (1 << 16)
    assert "unpacks to over 1,000,000 bytes" in found["bomb"].note
    assert len(evidence.all(netstat.Snapshot)) == 2


def test_the_budget_holds_for_nested_zips_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "BUDGET", 1_000_000)
    inner = build([Entry(b"bomb", bytes(30_000_000)), Entry(b"z.txt", NETSTAT)])
    evidence = survey_of(tmp_path, zipped({"in.zip": inner}))
    assert [file.status for file in evidence.files] == ["read", "left", "read"]


def test_a_large_member_is_hashed_and_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    recognise = event_log.recognise

    def counted(data: bytes) -> bool:
        asked.append(len(data))
        return recognise(data)

    monkeypatch.setattr(event_log, "recognise", counted)
    data = bytes(200_000_000)
    (tmp_path / "bundle.zip").write_bytes(build([Entry(b"zeros.bin", data), Entry(b"netstat.txt", NETSTAT)]))
    expected = hashlib.sha256(data).hexdigest()
    del data
    tracemalloc.start()
    evidence, _ = survey(tmp_path / "bundle.zip")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    zeros = reports(evidence)["zeros.bin"]
    assert (zeros.status, zeros.size, zeros.sha256) == ("left", 200_000_000, expected)
    assert peak < 80_000_000
    assert max(asked) < 100_000


def test_a_log_whose_beginning_is_gone_is_still_read(tmp_path: Path) -> None:
    log = bytearray(bundle_files(stuck())["eventlog/System.evtx"])
    log[:4096] = bytes(4096)
    assert one(tmp_path, bytes(log)).kind == "event-log"


@pytest.mark.parametrize("text", [b"BMC agent notes\r\n" + NETSTAT, b"MZ is the site of this server\r\n" + NETSTAT])
def test_text_that_begins_like_a_picture_or_program_is_text(tmp_path: Path, text: bytes) -> None:
    assert one(tmp_path, text).kind == "netstat"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "ascii"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\r\r\n"])
def test_encodings_and_line_ends_give_the_same_facts(tmp_path: Path, encoding: str, end: str) -> None:
    text = NETSTAT.decode().replace("\r\n", end)
    evidence = survey_of(tmp_path, zipped({"a.txt": text.encode(encoding)}))
    (expected,) = netstat.parse(NETSTAT.decode()).facts
    assert [found.fact for found in evidence.all(netstat.Snapshot)] == [expected]


def test_a_parser_that_raises_costs_its_member(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str) -> Parsed:
        raise KeyError(text[:5])

    monkeypatch.setattr("forensics.parsers.netsh_dynamicport.parse", broken)
    evidence = survey_of(tmp_path, zipped({"a.txt": NETSTAT + NETSH, "b.txt": NETSTAT}))
    assert [file.status for file in evidence.files] == ["partly-read", "read"]
    assert len(evidence.all(netstat.Snapshot)) == 2
    (failure,) = failures(evidence)
    assert failure.file == "a.txt"
    assert "its netsh-dynamicport reader failed with KeyError at test_ingest.py:" in failure.message


def test_a_parser_that_cannot_even_recognise_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str) -> bool:
        raise RecursionError(text[:5])

    monkeypatch.setattr(netstat, "recognise", broken)
    evidence = survey_of(tmp_path, zipped({"a.txt": NETSTAT + NETSH}))
    assert len(list(failures(evidence))) == 1
    assert evidence.files[0].kind == "netsh-dynamicport+netstat"


def test_evidence_cannot_pass_for_a_defect_of_ours(tmp_path: Path) -> None:
    row = b"  TCP    a defect of forensics: x:99999999  y:1  a defect of forensics:\r\n"
    assert not list(failures(survey_of(tmp_path, zipped({"a defect of forensics: .txt": NETSTAT + row}))))


# --- manifests ---


WRAPPED = COLLECTED - timedelta(days=497.15)


@pytest.fixture(scope="module")
def collected() -> dict[str, bytes]:
    # A connection every twenty seconds: no two tables are equal to the byte.
    return bundle_files(stuck(200, traffic=(Traffic(1536, MONITOR, 443, per_second=0.05),), boot=WRAPPED))


def test_a_manifest_in_a_folder_speaks_of_that_folder(tmp_path: Path, collected: dict[str, bytes]) -> None:
    (tmp_path / "flat.zip").write_bytes(zipped(collected))
    (tmp_path / "deep.zip").write_bytes(zipped({f"SRV1/{path}": data for path, data in collected.items()}))
    evidence, _ = gather(tmp_path / "deep.zip")
    assert evidence.manifest_file == "SRV1/manifest.json"
    assert all(found.entry for found in evidence.all(netstat.Snapshot))
    assert essence(tmp_path / "deep.zip") == essence(tmp_path / "flat.zip")


def test_a_bundle_in_a_zip_is_the_same_bundle(tmp_path: Path, collected: dict[str, bytes]) -> None:
    (tmp_path / "flat.zip").write_bytes(zipped(collected))
    (tmp_path / "mail.zip").write_bytes(zipped({"SRV1.zip": zipped(collected), "a note.txt": PROSE}))
    assert essence(tmp_path / "mail.zip") == essence(tmp_path / "flat.zip")


def test_a_manifest_under_another_name(tmp_path: Path, collected: dict[str, bytes]) -> None:
    files = dict(collected)
    files["renamed (1).txt"] = b"\xef\xbb\xbf" + files.pop("manifest.json")
    evidence = survey_of(tmp_path, zipped(files))
    assert evidence.manifest_file == "renamed (1).txt"
    assert all(found.entry for found in evidence.all(netstat.Snapshot))


def test_a_manifest_that_is_cut_costs_only_itself(tmp_path: Path, collected: dict[str, bytes]) -> None:
    evidence = survey_of(tmp_path, zipped(collected | {"manifest.json": collected["manifest.json"][:700]}))
    assert evidence.manifest is None
    assert reports(evidence)["manifest.json"].status == "unreadable"
    assert evidence.all(netstat.Snapshot)


def test_of_two_manifests_the_upper_one_counts(tmp_path: Path, collected: dict[str, bytes]) -> None:
    manifest = collected["manifest.json"]
    evidence = survey_of(tmp_path, zipped(collected | {"copy.json": manifest, "manifest - Copy.json": manifest}))
    assert evidence.manifest_file == "manifest.json"
    ignored = [file.path for file in evidence.files if file.note == "a second manifest: ignored"]
    assert ignored == ["copy.json", "manifest - Copy.json"]


def test_another_machines_bundle_is_left(tmp_path: Path, collected: dict[str, bytes]) -> None:
    other = bundle_files(churning(host="OTHER"))
    evidence = survey_of(tmp_path, zipped({"A.zip": zipped(collected), "B.zip": zipped(other)}))
    assert evidence.manifest_file == "A.zip/manifest.json"
    for file in evidence.files:
        if file.path.startswith("B.zip/") and file.path != "B.zip/manifest.json":
            assert (file.status, file.note) == ("left", "belongs to another bundle: analyze that by itself")
    assert all(found.file.startswith("A.zip/") for facts in evidence.facts.values() for found in facts)


# --- what must not matter ---


def test_the_order_in_the_zip_does_not_matter(tmp_path: Path, collected: dict[str, bytes]) -> None:
    (tmp_path / "case.zip").write_bytes(zipped(collected))
    expected = essence(tmp_path / "case.zip")
    shuffler = random.Random(497)
    for _ in range(3):
        paths = list(collected)
        shuffler.shuffle(paths)
        (tmp_path / "case.zip").write_bytes(zipped({path: collected[path] for path in paths}))
        assert essence(tmp_path / "case.zip") == expected


@pytest.mark.parametrize("with_manifest", [True, False])
def test_names_do_not_matter(tmp_path: Path, collected: dict[str, bytes], *, with_manifest: bool) -> None:
    # Without times, snapshots stand in the order of their names (contracts.md): so the new names keep the order.
    files = {path: data for path, data in collected.items() if with_manifest or path != "manifest.json"}
    if not with_manifest:
        files = {path: data for path, data in files.items() if path.startswith(("netstat/ano-", "eventlog/"))}
    (tmp_path / "case.zip").write_bytes(zipped(files))
    expected = essence(tmp_path / "case.zip")
    renamed = {f"new folder/{number:03}.dat": files[path] for number, path in enumerate(sorted(files))}
    (tmp_path / "case.zip").write_bytes(zipped(renamed))
    found = essence(tmp_path / "case.zip")
    # Snapshots that are equal to the byte cannot be told apart by their hashes: the model's score may move a little.
    assert statuses(found) == statuses(expected)


@pytest.mark.parametrize("end", ["\n", "\r\r\n"])
def test_line_ends_do_not_matter(tmp_path: Path, collected: dict[str, bytes], end: str) -> None:
    (tmp_path / "case.zip").write_bytes(zipped(collected))
    expected = essence(tmp_path / "case.zip")
    changed = dict(collected)
    for path, data in collected.items():
        if path.endswith((".txt", ".csv")):
            encoding = "utf-16" if data.startswith(b"\xff\xfe") else "utf-8"
            text = decode(data).text.replace("\r\r\n", "\n").replace("\r\n", "\n")
            changed[path] = text.replace("\n", end).encode(encoding)
    (tmp_path / "case.zip").write_bytes(zipped(rehashed(changed)))
    assert essence(tmp_path / "case.zip") == expected


def test_a_folder_says_what_its_zip_says(tmp_path: Path, collected: dict[str, bytes]) -> None:
    (tmp_path / "case.zip").write_bytes(zipped(collected))
    with zipfile.ZipFile(tmp_path / "case.zip") as archive:
        archive.extractall(tmp_path / "case")
    assert essence(tmp_path / "case") == essence(tmp_path / "case.zip")


def test_a_zips_times_serve_where_no_manifest_does(tmp_path: Path, collected: dict[str, bytes]) -> None:
    at = datetime(2018, 12, 24, 4, 31, 6, tzinfo=UTC)
    stamp = b"UT\x05\x00\x01" + int(at.timestamp()).to_bytes(4, "little")
    evidence = survey_of(tmp_path, build([Entry(b"ano.txt", collected["netstat/ano-1.txt"], extra=stamp)]))
    assert [found.time.utc for found in evidence.all(netstat.Snapshot)] == [at]


def test_a_folders_hash_depends_on_names_and_bytes_alone(tmp_path: Path) -> None:
    def digest(name: str, **files: bytes) -> str:
        folder = tmp_path / name
        folder.mkdir()
        for path, data in files.items():
            (folder / path).write_bytes(data)
        os.utime(folder)
        return survey(folder)[0].sha256

    assert digest("one", a=NETSTAT, b=NETSH) == digest("two", b=NETSH, a=NETSTAT)
    assert digest("three", a=NETSTAT, c=NETSH) != digest("four", a=NETSTAT, b=NETSH)


def test_no_damage_raises(tmp_path: Path, collected: dict[str, bytes]) -> None:
    whole = zipped({path: data for path, data in collected.items() if not path.startswith("eventlog/")})
    shuffler = random.Random(49710)
    for _ in range(40):
        data = bytearray(whole)
        for _ in range(shuffler.choice((1, 20, 400))):
            data[shuffler.randrange(len(data))] = shuffler.randrange(256)
        (tmp_path / "case.zip").write_bytes(data)
        try:
            evidence, _ = survey(tmp_path / "case.zip")
        except BundleError:
            continue
        assert not list(failures(evidence))


# --- quotes ---


def test_quotes_are_lines_of_the_member(tmp_path: Path) -> None:
    (tmp_path / "case.zip").write_bytes(zipped({"a.txt": NETSTAT, "in.zip": zipped({"b.txt": NETSH})}))
    _, quotes = gather(tmp_path / "case.zip")
    assert quotes.line("a.txt", 5) == "TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       832"
    assert quotes.line("in.zip/b.txt", 4) == "Start Port      : 49152"
    assert [quotes.line("a.txt", number) for number in (0, -1, 999)] == ["", "", ""]
    assert quotes.line("nowhere.txt", 1) == ""


def test_a_quote_of_a_file_that_vanished_is_empty(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(NETSTAT)
    _, quotes = gather(tmp_path)
    (tmp_path / "a.txt").unlink()
    assert quotes.line("a.txt", 5) == ""
