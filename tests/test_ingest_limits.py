"""One budget for a bundle: bytes, members and seconds; what is over it is named, and the rest is read."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from forensics import ingest
from forensics.bundle import content
from forensics.bundle.archive import Bundle
from forensics.bundle.content import Budget, Deadline, Limits, read_content
from forensics.bundle.member import BLOCK, Member, MemberTime
from forensics.errors import BundleError
from forensics.evidence import Evidence
from forensics.ingest import gather, survey
from tests.bundle.zip_builder import DEFLATE64, STORED, Entry, build, without_directory
from tests.bundles import zipped
from tests.test_ingest import NETSTAT, reports

BOMB = bytes(30_000_000)


def surveyed(folder: Path, data: bytes, limits: Limits) -> Evidence:
    (folder / "bundle.zip").write_bytes(data)
    return survey(folder / "bundle.zip", limits=limits)[0]


def statuses(evidence: Evidence) -> dict[str, str]:
    return {path: file.status for path, file in reports(evidence).items()}


class Source:
    """Members that count the bytes they produce."""

    def __init__(self) -> None:
        self.produced = 0

    def member(self, path: str, size: int, claimed: int) -> Member:
        def blocks() -> Iterator[bytes]:
            for _ in range(size // BLOCK):
                self.produced += BLOCK
                yield bytes(BLOCK)

        return Member(path, claimed, MemberTime(), blocks)


# --- bytes ---


@pytest.mark.parametrize("method", [8, DEFLATE64])
@pytest.mark.parametrize("claimed", [10, 30_000_000, 0xFFFFFFFF])
def test_a_bomb_costs_no_other_member(tmp_path: Path, method: int, claimed: int) -> None:
    entries = [
        Entry(b"a", BOMB, method, claimed_size=claimed),
        Entry(b"b.txt", NETSTAT),
        Entry(b"c.txt", NETSTAT * 200),
    ]
    evidence = surveyed(tmp_path, build(entries), Limits(size=1_000_000))
    assert statuses(evidence) == {"a": "left", "b.txt": "read", "c.txt": "read"}
    assert "unpacks to over 1,000,000 bytes" in reports(evidence)["a"].note


def test_a_nested_bomb_costs_no_other_member(tmp_path: Path) -> None:
    inner = build([Entry(b"z", b"PK\x03\x04" + BOMB)])
    entries = [
        Entry(b"a.zip", b"PK\x03\x04" + BOMB, claimed_size=10), Entry(b"b.zip", inner), Entry(b"c.txt", NETSTAT)
    ]  # fmt: skip
    evidence = surveyed(tmp_path, build(entries), Limits(size=1_000_000))
    assert statuses(evidence) == {"a.zip": "left", "b.zip": "left", "c.txt": "read"}


def test_what_liars_produce_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "REFUSED", 10 * BLOCK)
    source, budget = Source(), Budget(10 * BLOCK)
    budget.reserved = 2 * BLOCK
    for number in range(1000):
        read_content(source.member(str(number), 100 * BLOCK, 10), budget, lambda _block: BLOCK)
    assert source.produced <= (8 + 10 + 2) * BLOCK


def test_beginnings_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "REFUSED", 50 * BLOCK)
    source = Source()
    given = tuple(source.member(f"{number:04}", 100 * BLOCK, 10) for number in range(2000))
    opened = Bundle("bundle", given, "")
    monkeypatch.setattr(ingest, "open_bundle", lambda _path, _deadline: opened)
    evidence, _ = survey(tmp_path, limits=Limits(size=50 * BLOCK))
    assert {file.status for file in evidence.files} == {"left"}
    assert source.produced <= 4 * 51 * BLOCK


def test_a_bundle_of_just_the_size_is_read(tmp_path: Path) -> None:
    files = {f"{number}.txt": NETSTAT * 50 for number in range(20)}
    size = sum(map(len, files.values()))
    assert set(statuses(surveyed(tmp_path, zipped(files), Limits(size=size))).values()) == {"read"}
    assert list(statuses(surveyed(tmp_path, zipped(files), Limits(size=size - 1))).values()).count("left") == 1


def test_zips_inside_are_kept_only_up_to_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = build([Entry(b"a.txt", NETSTAT * 1000, STORED)])
    monkeypatch.setattr(ingest, "MOST_BYTES", len(inner) * 5 // 2)
    evidence = surveyed(tmp_path, zipped(dict.fromkeys(("a.zip", "b.zip", "c.zip"), inner)), Limits())
    found = statuses(evidence)
    assert [found["a.zip"], found["b.zip"], found["c.zip"]] == ["read", "read", "left"]


def test_a_part_of_a_split_zip_inside_is_named(tmp_path: Path) -> None:
    part = build([Entry(b"a.txt", NETSTAT)], disk=1)[20:]
    evidence = surveyed(tmp_path, zipped({"a.zip": b"PK\x07\x08" + part, "b.txt": NETSTAT}), Limits())
    assert statuses(evidence) == {"a.zip": "unreadable", "b.txt": "read"}
    assert "one part of a zip in several parts" in evidence.warnings[0].message


# --- members ---


def test_the_members_of_zips_inside_are_counted_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "MOST_MEMBERS", 10)
    inner = zipped({f"{number}.txt": NETSTAT for number in range(6)})
    evidence = surveyed(tmp_path, zipped({"a.zip": inner, "b.zip": inner}), Limits())
    assert len(evidence.files) == 10
    (warning,) = evidence.warnings
    assert (warning.file, warning.message) == ("b.zip", "b.zip: 6 members by its directory; only the first 2 are read")


def test_a_member_may_be_called_what_a_zip_inside_holds(tmp_path: Path) -> None:
    inner = zipped({"b.txt": NETSTAT})
    evidence = surveyed(tmp_path, zipped({"a.zip/b.txt": NETSTAT * 2, "a.zip": inner}), Limits())
    assert statuses(evidence) == {"a.zip": "read", "a.zip/b.txt": "read", "a.zip/b.txt (again)": "read"}


# --- seconds ---


def ticking(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that goes on by a second whenever it is looked at."""
    clock = itertools.count()
    monkeypatch.setattr(ingest, "Deadline", lambda seconds: Deadline(seconds, lambda: float(next(clock))))


def test_when_the_time_is_over_the_rest_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ticking(monkeypatch)
    files = {f"{number:02}.txt": NETSTAT for number in range(20)}
    evidence = surveyed(tmp_path, zipped(files), Limits(seconds=70))
    found = list(statuses(evidence).values())
    assert found == sorted(found, reverse=True)
    assert 5 <= found.count("read") <= 15
    assert found.count("read") + found.count("left") == 20
    note = "the time limit of 70 seconds is over: left here"
    assert {file.note for file in evidence.files if file.status == "left"} == {note}
    assert {warning.message for warning in evidence.warnings} == {note}


def test_one_long_member_is_left_in_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ticking(monkeypatch)
    evidence = surveyed(tmp_path, zipped({"a": BOMB, "b.txt": NETSTAT}), Limits(seconds=50))
    found = reports(evidence)
    assert (found["a"].status, found["b.txt"].status) == ("left", "left")
    assert found["a"].size <= 50 * BLOCK


def test_without_a_limit_no_clock_is_looked_at() -> None:
    def clock() -> float:
        raise AssertionError

    assert not Deadline(None, clock).reached()
    assert Limits() == content.NO_LIMITS


# --- what is told ---


def test_a_bundle_that_gave_nothing_says_why(tmp_path: Path) -> None:
    (tmp_path / "cut.zip").write_bytes(without_directory(build([Entry(b"a.txt", NETSTAT, STORED)]))[:-200])
    with pytest.raises(BundleError) as caught:
        gather(tmp_path / "cut.zip")
    assert str(caught.value).startswith(
        "cut.zip: no evidence of a Windows machine in its only file; cut.zip: the zip's"
    )


def test_a_bundle_of_which_nothing_was_read_says_how_much(tmp_path: Path) -> None:
    (tmp_path / "case.zip").write_bytes(build([Entry(b"a.txt", NETSTAT, STORED), Entry(b"b.txt", NETSTAT, STORED)]))
    with pytest.raises(BundleError, match=r"in its 2 files; not read: 2 of them \(the bundle unpacks to over 1 bytes"):
        gather(tmp_path / "case.zip", limits=Limits(1))
