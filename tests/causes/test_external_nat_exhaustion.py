"""A NAT outside that may be out of ports: who waits, what fails, and why nothing here is ever more than possible.

Held rows in SYN_SENT stand in every table; what netstat -s counts is written by hand where a test needs it exactly.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from builder import Accepted, Exclusion, Held, Incident, Listener, Machine, Traffic, Unanswered, bundle_files, console
from builder.languages import ENGLISH
from builder.ports import Snapshot

from forensics.report.findings import CauseEntry, Findings
from tests.bundles import cause, findings_of
from tests.machines import COLLECTED, calm
from tests.property_rewrites import rehashed
from tests.tables import ids, lacking

LISTENERS = (Listener("TCP", 135, 708), Listener("TCP", 445, 4))
OUTSIDE, OTHER, INSIDE = "198.51.100.7", "203.0.113.90", "10.20.4.15"
Counters = Sequence[tuple[int, int]]  # Active Opens and Failed Connection Attempts of each reading


def waiting(count: int = 60, connected: int = 10, private: int = 0, **changes: object) -> Machine:
    held = [Held(1536, OUTSIDE, 443, "SYN_SENT", count), Held(1536, OTHER, 443, "ESTABLISHED", connected)]
    held.append(Held(1536, INSIDE, 1433, "SYN_SENT", private))
    machine = calm(traffic=(), held=tuple(one for one in held if one.count), listeners=LISTENERS)
    return replace(machine, **changes)  # type: ignore[arg-type]


def bundle(machine: Machine, counters: Counters | None = None) -> dict[str, bytes]:
    files = bundle_files(machine)
    for number, (opened, failed) in enumerate(counters or (), 1):
        reading = Snapshot((), opened, 7, failed, 3, 5)
        files[f"netstat/s-{number}.txt"] = console.netstat_statistics(ENGLISH, reading, 1e6)
    return rehashed(files)


def found(folder: Path, machine: Machine, counters: Counters | None = None, *without: str) -> Findings:
    files = bundle(machine, counters)
    return findings_of(folder, lacking(files, *without))


def judged(folder: Path, machine: Machine, counters: Counters | None = None, *without: str) -> CauseEntry:
    return cause(found(folder, machine, counters, *without), "external-nat-exhaustion")


def test_only_public_peers_that_do_not_answer_are_possible(tmp_path: Path) -> None:
    findings = found(tmp_path, waiting(), ((1000, 5), (1060, 65), (1120, 125)))
    entry = cause(findings, "external-nat-exhaustion")
    assert entry.status == "possible"
    assert ids(entry) == {"not-short", "outside-waits", "attempts-fail"}
    assert "60 connects to public addresses wait" in " ".join(point.statement for point in entry.evidence)
    assert any("metrics" in one.statement for one in entry.missing)
    assert entry.remedies == []
    assert cause(findings, "no-exhaustion").status == "confirmed"
    assert findings.verdict.cause == "no-exhaustion"


def test_real_attempts_that_fail_are_possible_and_no_more(tmp_path: Path) -> None:
    """The simulator's own counters: three public networks do not answer, private ones do."""
    machine = waiting(
        0, 0, unanswered=tuple(Unanswered(1536, f"198.51.100.{one}", 443, 1.0) for one in (7, 8, 9)),
        traffic=(Traffic(1536, INSIDE, 1433, 0.2),),
    )  # fmt: skip
    entry = judged(tmp_path, machine)
    assert (entry.status, "attempts-fail" in ids(entry)) == ("possible", True)


# At least every other attempt: opened by 100 between the first reading and the last.
@pytest.mark.parametrize(
    ("failed", "expected", "point"),
    [(50, "possible", "attempts-fail"), (49, "inconclusive", "attempts-succeed"), (100, "possible", "attempts-fail")],
)
def test_half_of_the_attempts_fail(tmp_path: Path, failed: int, expected: str, point: str) -> None:
    entry = judged(tmp_path, waiting(), ((1000, 5), (1040, 10), (1100, 5 + failed)))
    assert entry.status == expected
    assert point in ids(entry)
    assert f"{failed} of 100 connection attempts failed" in " ".join(one.statement for one in entry.evidence)


def test_without_counters_the_rows_speak(tmp_path: Path) -> None:
    entry = judged(tmp_path, waiting(), None, "netstat/s-")
    assert (entry.status, ids(entry)) == ("possible", {"not-short", "outside-waits"})


@pytest.mark.parametrize(("connected", "expected"), [(60, "possible"), (61, "inconclusive")])
def test_as_many_wait_as_are_connected(tmp_path: Path, connected: int, expected: str) -> None:
    assert judged(tmp_path, waiting(60, connected)).status == expected


@pytest.mark.parametrize("private", [60, 10])
def test_private_peers_that_wait_too_rule_it_out(tmp_path: Path, private: int) -> None:
    entry = judged(tmp_path, waiting(private=private))
    assert (entry.status, "inside-waits" in ids(entry)) == ("ruled_out", True)


# Fewer are one program's retries.
@pytest.mark.parametrize(("count", "expected"), [(10, "possible"), (9, "inconclusive")])
def test_a_crowd_waits(tmp_path: Path, count: int, expected: str) -> None:
    assert judged(tmp_path, waiting(count, 0)).status == expected


def test_private_peers_alone_are_no_nat(tmp_path: Path) -> None:
    assert judged(tmp_path, waiting(0, private=60)).status == "ruled_out"


def test_one_private_connect_of_a_moment_rules_nothing_out(tmp_path: Path) -> None:
    files = bundle(waiting())
    files["netstat/ano-3.txt"] = bundle(waiting(private=1))["netstat/ano-3.txt"]
    assert cause(findings_of(tmp_path, rehashed(files)), "external-nat-exhaustion").status != "ruled_out"


def test_visitors_are_no_connects_to_the_outside(tmp_path: Path) -> None:
    """A web server behind a NAT has many public clients; they say nothing of its own connects."""
    visitors = Accepted(4, 445, "198.51.100.17", count=200)
    assert judged(tmp_path, waiting(accepted=(visitors,))).status == "possible"


@pytest.mark.parametrize(("connected", "expected"), [(60, "possible"), (439, "inconclusive")])
def test_other_established_rows_do_not_decide_alone(tmp_path: Path, connected: int, expected: str) -> None:
    assert judged(tmp_path, waiting(60, connected)).status == expected


# 800 of 1,000 ports: the host itself is short. 500: it is not calm.
@pytest.mark.parametrize(
    ("private_pool", "expected"),
    [(429, "possible"), (430, "inconclusive"), (729, "inconclusive"), (730, "ruled_out")],
)
def test_the_host_must_have_ports(tmp_path: Path, private_pool: int, expected: str) -> None:
    machine = waiting()
    pool = Held(1536, INSIDE, 1433, "ESTABLISHED", private_pool)
    entry = judged(tmp_path, replace(machine, held=(*machine.held, pool)))
    assert entry.status == expected
    assert ("short" in ids(entry)) == (expected == "ruled_out")


def test_what_waits_must_wait_in_every_table(tmp_path: Path) -> None:
    files = bundle(waiting())
    files["netstat/ano-1.txt"] = bundle(waiting(0))["netstat/ano-1.txt"]
    assert cause(findings_of(tmp_path, rehashed(files)), "external-nat-exhaustion").status == "inconclusive"


# --- nobody waits ---


@pytest.mark.parametrize(
    ("counters", "expected"),
    [
        (((1000, 5), (1040, 10), (1100, 54)), "ruled_out"),
        (((1000, 5), (1040, 10), (1100, 55)), "inconclusive"),
        (((1000, 5), (1000, 5), (1000, 5)), "ruled_out"),  # no attempts at all, three tables without a waiting one
    ],
)
def test_nobody_waits(tmp_path: Path, counters: Counters, expected: str) -> None:
    entry = judged(tmp_path, waiting(0), counters)
    assert entry.status == expected
    assert "nobody-waits" in ids(entry)


def test_nobody_waits_in_one_table_is_no_answer(tmp_path: Path) -> None:
    assert judged(tmp_path, waiting(0, snapshots=1)).status == "inconclusive"
    assert judged(tmp_path, waiting(0, snapshots=2)).status == "ruled_out"


def test_without_tables_it_is_open(tmp_path: Path) -> None:
    entry = judged(tmp_path, waiting(), None, "netstat/")
    assert entry.status == "inconclusive"
    assert any("netstat" in one.command for one in entry.missing)


def test_a_filtered_table_is_no_answer(tmp_path: Path) -> None:
    files = bundle(waiting())
    for path in [path for path in files if path.startswith("netstat/ano")]:
        files[path] = b"\r\n".join(line for line in files[path].splitlines() if b"LISTENING" not in line)
    entry = cause(findings_of(tmp_path, rehashed(files)), "external-nat-exhaustion")
    assert entry.status == "inconclusive"
    assert any("unfiltered" in one.statement for one in entry.missing)


def test_port_events_make_the_host_part_of_the_trouble(tmp_path: Path) -> None:
    at = COLLECTED - timedelta(hours=9)
    collision = Incident("Tcpip", 4227, at - timedelta(seconds=1), at, 1e-9)
    entry = judged(tmp_path, waiting(incidents=(collision,)))
    assert "events" in ids(entry)
    assert entry.confidence < judged(tmp_path, waiting()).confidence


def test_a_small_rest_that_exclusions_leave_makes_the_host_short(tmp_path: Path) -> None:
    entry = judged(tmp_path, waiting(exclusions=(Exclusion(49152, 50_076),)))  # 75 ports are left; 70 are taken
    assert entry.status == "ruled_out"


def test_it_is_never_more_than_possible(tmp_path: Path) -> None:
    for machine in (waiting(300, 0), waiting(450, 0), waiting(60, 0, snapshots=1)):
        assert judged(tmp_path, machine, ((0, 0), (500, 500), (1000, 1000))).status in {"possible", "inconclusive"}
