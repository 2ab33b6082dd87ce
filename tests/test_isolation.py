"""A member that hangs a parser or eats memory costs itself, and the next one is read."""

import pickle
import sys
from collections.abc import Iterator

import pytest

from forensics.isolation import Isolated
from forensics.parsing import LostError, parse_here

TABLE = (
    "Active Connections\n\n  Proto  Local Address          Foreign Address        State           PID\n"
    "  TCP    10.0.0.1:49152         203.0.113.9:80         TIME_WAIT       0\n"
)


@pytest.fixture(scope="module")
def isolated() -> Iterator[Isolated]:
    with Isolated() as reader:
        yield reader


def test_it_reads_what_is_read_here(isolated: Isolated) -> None:
    assert isolated(TABLE) == parse_here(TABLE)
    assert [kind for kind, _ in isolated(TABLE)] == ["netstat"]
    assert isolated(b"ElfFile\0") == parse_here(b"ElfFile\0")
    assert isolated("nothing that is known") == []


def test_one_that_takes_too_long_is_lost_and_the_next_is_read() -> None:
    with Isolated(seconds=0.0) as reader:
        with pytest.raises(LostError, match="it took more than 0 s"):
            reader("x " * 1000)
        reader._seconds = 60.0
        assert reader(TABLE) == parse_here(TABLE)


@pytest.mark.skipif(sys.platform != "linux", reason="only there is memory limited")
def test_one_that_takes_too_much_memory_is_lost_and_the_next_is_read() -> None:
    with Isolated(memory=400 << 20) as reader:
        with pytest.raises(LostError, match="memory"):
            reader(TABLE + "  TCP    10.0.0.1:49152         203.0.113.9:80         TIME_WAIT       0\n" * 3_000_000)
        assert reader(TABLE) == parse_here(TABLE)


def test_a_process_that_ends_costs_one_member() -> None:
    with Isolated() as reader:
        reader._process.kill()
        with pytest.raises(LostError, match="ended"):
            reader(TABLE)
        assert reader(TABLE) == parse_here(TABLE)


def test_what_all_members_of_a_bundle_hold_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forensics.isolation.MOST_FACTS", len(pickle.dumps(parse_here(TABLE))) * 3 // 2)
    with Isolated() as reader:
        assert reader(TABLE) == parse_here(TABLE)
        with pytest.raises(LostError, match="with it the bundle's facts would take over"):
            reader(TABLE)
        reader.next_bundle()
        assert reader(TABLE) == parse_here(TABLE)
