"""When the range is full at the present rate: growth between the tables, or the average since the owner's start."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from forensics.measure.outlook import Outlook, outlook
from forensics.measure.piles import CLOSE_WAIT, Pile
from forensics.measure.ports import PortUse
from forensics.measure.shortage import Shortage

AT = datetime(2018, 12, 24, 12, 30, tzinfo=UTC)
POOL = PortUse("TCP", 4, 49152, 1000, "netsh", 0, 600, None)
# 600 ports of one owner; 590 stood there 150 s before: one every 15 s.
PILE = Pile(CLOSE_WAIT, "TCP", 4, 600, 0.6, 9, 600, None, 0, 1, (), 590, 590, 590, 10, 0, 150.0, clocked=True)


def shortage(held: int) -> Shortage:
    return Shortage(POOL, shared=False, held=held, total=held, share=held / 1000, remote=None, by_group={}, sources=())


def pile(**changes: object) -> Pile:
    return msgspec.structs.replace(PILE, **changes)


def test_growth_between_the_tables_comes_first() -> None:
    """400 free ports at one every 15 s: 6,000 s. The owner's age is not asked."""
    ahead = outlook(PILE, shortage(600), AT - timedelta(days=9), AT)
    assert ahead.basis == "tables"
    assert ahead.rate == pytest.approx(1 / 15)
    assert ahead.full_in == pytest.approx(6000)
    assert ahead.lasting(600) == pytest.approx(9000)


@pytest.mark.parametrize("before", [600, 650])
def test_without_growth_the_average_since_the_start_counts(before: int) -> None:
    """600 in 60,000 s: one every 100 s, 400 in 40,000 s."""
    ahead = outlook(pile(first_ports=before), shortage(600), AT - timedelta(seconds=60_000), AT)
    assert ahead.basis == "since-start"
    assert ahead.rate == pytest.approx(0.01)
    assert ahead.full_in == pytest.approx(40_000)


def test_one_table_has_the_average_alone() -> None:
    one = pile(first_rows=None, first_ports=None, kept=None, born=None, gone=None, seconds=None)
    assert outlook(one, shortage(600), AT - timedelta(seconds=60_000), AT).basis == "since-start"


def test_the_owners_own_ports_count_since_its_start() -> None:
    ahead = outlook(pile(first_ports=600, owner_ports=300), shortage(600), AT - timedelta(seconds=60_000), AT)
    assert ahead.rate == pytest.approx(0.005)


@pytest.mark.parametrize("started", [None, AT, AT + timedelta(hours=1)])
def test_without_growth_and_age_nothing_is_told(started: datetime | None) -> None:
    """A start after the table is a process of a later PID."""
    ahead = outlook(pile(first_ports=600), shortage(600), started, AT)
    assert ahead == Outlook(None, "none", None)
    assert ahead.lasting(100) is None


def test_without_a_moment_nothing_is_told() -> None:
    assert outlook(pile(first_ports=600), shortage(600), AT, None).rate is None


def test_without_an_interval_there_is_no_growth() -> None:
    assert outlook(pile(seconds=None), shortage(600), None, AT).rate is None


def test_an_owner_without_ports_has_no_rate() -> None:
    assert outlook(pile(first_ports=600, owner_ports=0), shortage(600), AT - timedelta(days=1), AT).rate is None


def test_a_full_range_is_full_at_once() -> None:
    assert outlook(PILE, shortage(1000), None, AT).full_in == 0
    assert outlook(PILE, shortage(1010), None, AT).full_in == 0
