"""The port simulation behaves as the arithmetic of TIME_WAIT says, on both sides of the wrap."""

from collections.abc import Set as AbstractSet
from dataclasses import replace

import pytest
from builder import (
    CLOCK_WRAP_SECONDS,
    Exclusion,
    Held,
    Listener,
    Machine,
    Pile,
    PortRange,
    Traffic,
    snapshots,
    with_uptime,
)
from builder.ports import Snapshot, by_state, ports_in_use
from builder.scenarios import founding_case

WEB = "203.0.113.40"


def machine(uptime: float, per_second: float, **changes: object) -> Machine:
    plain = replace(
        founding_case(),
        traffic=(Traffic(1536, WEB, 443, per_second=per_second, lifetime=0.5),),
        held=(), accepted=(), listeners=(),
    )  # fmt: skip
    return with_uptime(replace(plain, **changes), uptime)  # type: ignore[arg-type]


def waiting(snapshot: Snapshot) -> AbstractSet[tuple[int, str, int]]:
    return {(row.local_port, row.remote, row.remote_port) for row in snapshot.rows if row.state == "TIME_WAIT"}


def test_the_wrap_is_at_497_days() -> None:
    assert pytest.approx(497.1026963) == CLOCK_WRAP_SECONDS / 86400


def test_below_the_wrap_little_s_law_holds() -> None:
    # 2 a second for 120 s: 240; none of the rows lives 300 s.
    first, _, last = snapshots(machine(42_000_000, 2.0))
    assert 232 <= len(waiting(last)) <= 246
    assert not waiting(first) & waiting(last)


def test_past_the_wrap_nothing_ends() -> None:
    # 2 a second since 1,000 s before the last snapshot, and the 120 s before the wrap whose wait ends after it.
    first, second, last = snapshots(machine(42_949_672.96 + 1000, 2.0))
    assert 2200 <= len(waiting(last)) <= 2280
    assert waiting(first) < waiting(second) < waiting(last)
    assert len(waiting(last)) - len(waiting(first)) == pytest.approx(600, abs=12)
    assert last.active_opens - first.active_opens == pytest.approx(600, abs=12)


def test_a_fixed_machine_does_not_mind_the_wrap() -> None:
    first, _, last = snapshots(machine(42_949_672.96 + 1000, 2.0, clock_wraps=False))
    assert 232 <= len(waiting(last)) <= 246
    assert not waiting(first) & waiting(last)


def test_a_wait_ends_just_before_the_wrap_and_never_after() -> None:
    # The last snapshot is taken 10 s past the wrap: waits that began more than 120 s before the wrap are over.
    last = snapshots(machine(42_949_672.96 + 10, 1.0))[-1]
    assert 126 <= len(waiting(last)) <= 133
    before = snapshots(machine(42_949_672.96 - 10, 1.0))[-1]
    assert 116 <= len(waiting(before)) <= 123


def test_a_full_range_refuses_connections() -> None:
    small = PortRange(50_000, 255)
    first, _, last = snapshots(machine(43_000_000, 1.0, dynamic_ports=small))
    assert ports_in_use(last, small) == 255
    assert last.active_opens == first.active_opens
    assert last.failed_attempts - first.failed_attempts == pytest.approx(300, abs=8)


def test_more_than_the_range_allows_in_a_delay() -> None:
    # 255 ports and 120 s allow 2.1 connections a second; 10 a second keep the range full though ports come back.
    small = PortRange(50_000, 255)
    first, _, last = snapshots(machine(1_000_000, 10.0, dynamic_ports=small))
    assert ports_in_use(last, small) >= 254
    # The ports come back in bursts, a delay apart: two or three of them in the 300 s between.
    assert 510 <= last.active_opens - first.active_opens <= 765


def test_a_fast_opener_brings_the_same_rows_back() -> None:
    first, _, last = snapshots(machine(1_000_000, 130.0))
    assert len(waiting(first) & waiting(last)) > 14_000
    assert last.active_opens - first.active_opens == pytest.approx(39_000, abs=400)


def test_who_closes_first_waits() -> None:
    all_theirs = (Traffic(1536, WEB, 443, per_second=2.0, closes_first=0.0),)
    assert not waiting(snapshots(machine(43_000_000, 2.0, traffic=all_theirs))[-1])


def test_time_wait_belongs_to_nobody_and_others_to_their_process() -> None:
    rows = snapshots(founding_case())[-1].rows
    assert {row.pid for row in rows if row.state == "TIME_WAIT"} == {0}
    assert all(row.pid for row in rows if row.state in ("ESTABLISHED", "CLOSE_WAIT", "LISTENING"))


def test_held_rows_piles_exclusions_and_listeners() -> None:
    quiet = machine(
        1000, 0.001,
        traffic=(), piles=(Pile(WEB, 443, 14_950),), held=(Held(7, WEB, 25, "CLOSE_WAIT", 12),),
        exclusions=(Exclusion(49_152, 49_251),), listeners=(Listener("TCP", 49_300, 4), Listener("UDP", 53, 4)),
    )  # fmt: skip
    last = snapshots(quiet)[-1]
    assert by_state(last) == {"TIME_WAIT": 14_950, "CLOSE_WAIT": 12, "LISTENING": 2}
    assert ports_in_use(last, PortRange()) == 14_963
    assert not {row.local_port for row in last.rows} & set(range(49_152, 49_252))
    with pytest.raises(ValueError, match="larger than the dynamic range"):
        snapshots(replace(quiet, piles=(Pile(WEB, 443, 16_384),)))


def test_no_port_is_taken_twice() -> None:
    for snapshot in snapshots(founding_case()):
        outgoing = [row.local_port for row in snapshot.rows if row.remote == WEB]
        assert len(outgoing) == len(set(outgoing))
