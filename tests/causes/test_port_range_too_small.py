"""A range that an ordinary load fills: how small, how full, by what, and what else fills a small range.

Nothing listens in the range of 1,000 ports, so shares follow from the counts.
"""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from builder import Exclusion, Held, Incident, Leak, Listener, Machine, PortRange, UdpHeld, bundle_files
from builder.machine import SERVER_2012_R2, SERVER_2019

from forensics.report.findings import CauseEntry, Findings
from tests.bundles import cause, findings_of
from tests.machines import COLLECTED, MONITOR, calm, churning, stuck
from tests.property_rewrites import rehashed
from tests.tables import ids, lacking

LISTENERS = (Listener("TCP", 135, 708), Listener("TCP", 445, 4))
SECOND = timedelta(seconds=1)


def loaded(count: int, **changes: object) -> Machine:
    """So many steady connections, and nothing else."""
    machine = calm(traffic=(), held=(Held(1536, MONITOR, 443, "ESTABLISHED", count),), listeners=LISTENERS)
    return replace(machine, **changes)  # type: ignore[arg-type]


def found(folder: Path, machine: Machine, *without: str) -> Findings:
    files = lacking(bundle_files(machine), *without)
    return findings_of(folder, files)


def judged(folder: Path, machine: Machine, *without: str) -> CauseEntry:
    return cause(found(folder, machine, *without), "port-range-too-small")


def once(event_id: int, at: timedelta) -> Incident:
    return Incident("Tcpip", event_id, COLLECTED + at - SECOND, COLLECTED + at, 1e-9)


def test_an_ordinary_load_in_a_small_range_is_confirmed(tmp_path: Path) -> None:
    findings = found(tmp_path, loaded(900))
    entry = cause(findings, "port-range-too-small")
    assert entry.status == "confirmed"
    assert ids(entry) == {"small", "short", "modest", "ordinary"}
    assert (findings.verdict.cause, findings.verdict.status) == ("port-range-too-small", "confirmed")
    assert "1,000" in entry.headline
    assert [remedy.command for remedy in entry.remedies] == ["netsh int ipv4 set dynamicport tcp start=10000 num=55535"]


@pytest.mark.parametrize(("count", "expected"), [(800, "confirmed"), (799, "ruled_out")])
def test_80_percent_of_the_usable_ports(tmp_path: Path, count: int, expected: str) -> None:
    assert judged(tmp_path, loaded(count)).status == expected


@pytest.mark.parametrize(("count", "expected"), [(800, "confirmed"), (799, "possible")])
def test_port_events_that_no_table_speaks_of_leave_it_open(tmp_path: Path, count: int, expected: str) -> None:
    entry = judged(tmp_path, loaded(count, incidents=(once(4227, -timedelta(hours=9)),)))
    assert entry.status == expected


# 8,192 ports are half of a default range: there they would be a warning too.
@pytest.mark.parametrize(("count", "expected", "point"), [(8191, "confirmed", "modest"), (8192, "ruled_out", "heavy")])
def test_the_load_must_be_ordinary_for_a_default_range(tmp_path: Path, count: int, expected: str, point: str) -> None:
    machine = loaded(count, dynamic_ports=PortRange(49152, 10_238), snapshots=1)
    entry = judged(tmp_path, machine)
    assert entry.status == expected
    assert point in ids(entry)


# Without any table only the range can speak. 8,191 ports are 80 % of 10,239: a modest load fills no larger range.
@pytest.mark.parametrize(
    ("ports", "exclusions", "expected", "point"),
    [
        (PortRange(49152, 16_384), (), "ruled_out", "default"),
        (PortRange(49152, 10_241), (), "ruled_out", "default"),
        (PortRange(49152, 10_240), (), "inconclusive", "small"),
        (PortRange(49152, 10_241), (Exclusion(50_000, 50_000),), "inconclusive", "small"),
        (PortRange(49152, 10_241), (Exclusion(40_000, 49_151),), "ruled_out", "default"),  # below the range
        (PortRange(10_000, 10_241), (Exclusion(50_000, 50_000),), "ruled_out", "default"),  # above it
    ],
)
def test_from_which_size_on_a_range_is_no_small_one(
    tmp_path: Path, ports: PortRange, exclusions: tuple[Exclusion, ...], expected: str, point: str
) -> None:
    entry = judged(tmp_path, loaded(0, dynamic_ports=ports, exclusions=exclusions), "netstat/")
    assert entry.status == expected
    assert point in ids(entry)


def test_exclusions_that_leave_nothing_are_confirmed(tmp_path: Path) -> None:
    machine = loaded(0, held=(), exclusions=(Exclusion(49_000, 50_200),))
    entry = judged(tmp_path, machine)
    assert (entry.status, "no-port" in ids(entry)) == ("confirmed", True)
    one_left = loaded(0, held=(), exclusions=(Exclusion(49_000, 50_150),))
    assert judged(tmp_path, one_left).status == "ruled_out"


def excluded(count: int = 900) -> Machine:
    """WinNAT has taken all but the last 1,000 ports of the default range."""
    return loaded(count, dynamic_ports=PortRange(), exclusions=(Exclusion(49152, 64_535),))


def test_exclusions_eat_the_range(tmp_path: Path) -> None:
    entry = judged(tmp_path, excluded())
    assert entry.status == "confirmed"
    assert {"excluded", "small", "short"} <= ids(entry)
    (point,) = (point for point in entry.evidence if point.id.endswith("excluded"))
    assert "15,384 ports out of the range, the largest 49152-64535" in point.statement
    assert point.sources[0].file == "netsh/excludedportrange-ipv4-tcp.txt"
    assert any("exclusions" in remedy.action for remedy in entry.remedies)


def test_without_the_exclusions_a_default_range_may_be_eaten(tmp_path: Path) -> None:
    entry = judged(tmp_path, excluded(), "netsh/excludedportrange")
    assert entry.status == "inconclusive"
    assert any("excludedportrange" in one.command for one in entry.missing)


def test_without_the_exclusions_a_smaller_range_may_be_eaten_as_well(tmp_path: Path) -> None:
    machine = loaded(900, dynamic_ports=PortRange(50_000, 10_000), exclusions=(Exclusion(50_000, 58_999),))
    assert judged(tmp_path, machine).status == "confirmed"
    assert judged(tmp_path, machine, "netsh/excludedportrange").status == "inconclusive"


@pytest.mark.parametrize(("last", "held", "expected"), [(50_151, 850, True), (50_150, 850, False)])
def test_exclusions_are_a_remedys_business_from_half_of_the_range_on(
    tmp_path: Path, last: int, held: int, *, expected: bool
) -> None:
    """1,000 or 999 of 2,000 ports are excluded."""
    machine = loaded(held, dynamic_ports=PortRange(49152, 2000), exclusions=(Exclusion(49_152, last),))
    entry = judged(tmp_path, machine)
    assert entry.status == "confirmed"
    assert any("Move the exclusions" in remedy.action for remedy in entry.remedies) == expected


def test_max_user_port_sets_a_small_range(tmp_path: Path) -> None:
    """MaxUserPort 5000 makes 1024 to 5000 of it: 3,977 ports, of which 3,182 are 80 %."""
    machine = loaded(3182, dynamic_ports=PortRange(1024, 3977), max_user_port=5000)
    entry = judged(tmp_path, machine)
    assert entry.status == "confirmed"
    assert any("MaxUserPort" in remedy.command for remedy in entry.remedies)
    assert judged(tmp_path, replace(machine, held=(replace(machine.held[0], count=3181),))).status == "ruled_out"
    from_registry = found(tmp_path, machine, "netsh/dynamicport")
    assert from_registry.measurements.ports["tcp_ipv4"].basis == "registry"
    assert cause(from_registry, "port-range-too-small").status == "confirmed"
    assert not any("MaxUserPort" in remedy.command for remedy in judged(tmp_path, loaded(900)).remedies)


def test_an_assumed_range_confirms_nothing(tmp_path: Path) -> None:
    entry = judged(tmp_path, loaded(900), "netsh/")
    assert entry.status == "inconclusive"
    assert any("dynamicport" in one.command for one in entry.missing)


def test_a_load_that_fills_an_assumed_range_is_no_ordinary_one(tmp_path: Path) -> None:
    machine = loaded(13_110, dynamic_ports=PortRange(), snapshots=1)
    assert judged(tmp_path, machine, "netsh/").status == "ruled_out"


def test_without_tables_it_is_open(tmp_path: Path) -> None:
    entry = judged(tmp_path, loaded(900), "netstat/")
    assert entry.status == "inconclusive"
    assert any("netstat" in one.command for one in entry.missing)


def filtered(machine: Machine) -> dict[str, bytes]:
    """Somebody let findstr drop the listeners."""
    files = {
        path: data
        for path, data in bundle_files(machine).items()
        if not path.startswith(("netstat/anot", "netstat/anob"))
    }
    for number in range(1, machine.snapshots + 1):
        path = f"netstat/ano-{number}.txt"
        files[path] = b"\r\n".join(line for line in files[path].splitlines() if b"LISTENING" not in line)
    return files


@pytest.mark.parametrize(("count", "expected"), [(800, "likely"), (799, "inconclusive")])
def test_a_filtered_table_is_a_lower_bound(tmp_path: Path, count: int, expected: str) -> None:
    entry = cause(findings_of(tmp_path, filtered(loaded(count))), "port-range-too-small")
    assert entry.status == expected


def test_files_of_two_computers_confirm_nothing(tmp_path: Path) -> None:
    files = bundle_files(loaded(900))
    files["system/systeminfo.txt"] = bundle_files(loaded(900, host="OTHER-HOST"))["system/systeminfo.txt"]
    assert cause(findings_of(tmp_path, rehashed(files)), "port-range-too-small").status == "likely"


# --- what fills it ---


@pytest.mark.parametrize("state", ["CLOSE_WAIT", "SYN_SENT", "FIN_WAIT_2", "LAST_ACK"])
def test_a_leak_would_fill_any_range(tmp_path: Path, state: str) -> None:
    entry = judged(tmp_path, loaded(0, held=(Held(1536, MONITOR, 443, state, 900),)))
    assert (entry.status, "leak" in ids(entry)) == ("likely", True)


@pytest.mark.parametrize(("leak", "expected"), [(450, "likely"), (449, "confirmed")])
def test_a_leak_is_half_of_what_is_held(tmp_path: Path, leak: int, expected: str) -> None:
    load, leaking = Held(1536, MONITOR, 443, "ESTABLISHED", 900 - leak), Held(1536, MONITOR, 443, "CLOSE_WAIT", leak)
    assert judged(tmp_path, loaded(0, held=(load, leaking))).status == expected


def test_connections_that_only_grow_are_a_leak(tmp_path: Path) -> None:
    growing = Leak(1536, MONITOR, 443, "ESTABLISHED", per_second=0.1, already=850)
    entry = judged(tmp_path, loaded(0, held=(), leaks=(growing,)))
    assert (entry.status, "leak" in ids(entry)) == ("likely", True)


def test_a_process_that_is_gone_leaks(tmp_path: Path) -> None:
    entry = judged(tmp_path, loaded(0, held=(), leaks=(Leak(40_001, MONITOR, 443, "ESTABLISHED", already=900),)))
    assert (entry.status, "leak" in ids(entry)) == ("likely", True)


@pytest.mark.parametrize(
    ("leak", "expected"),
    [
        (Leak(1536, MONITOR, 443, "CLOSE_WAIT", already=900), "close-wait-leak"),
        (Leak(1536, MONITOR, 443, "ESTABLISHED", per_second=0.1, already=850), "established-leak"),
        (Leak(40_001, MONITOR, 443, "ESTABLISHED", already=900), "kernel-socket-leak"),
        (Leak(1536, MONITOR, 443, "FIN_WAIT_2", already=900), "fin-wait-pileup"),
    ],
)
def test_the_leak_leads_and_the_small_range_comes_second(tmp_path: Path, leak: Leak, expected: str) -> None:
    findings = found(tmp_path, loaded(0, held=(), leaks=(leak,)))
    assert findings.verdict.cause == expected
    assert cause(findings, "port-range-too-small").status == "likely"


@pytest.mark.parametrize("state", ["CLOSE_WAIT", "FIN_WAIT_2", "SYN_SENT"])
def test_the_leak_leads_where_it_is_no_more_than_likely(tmp_path: Path, state: str) -> None:
    """One table: a leak is likely, and so is the range; the leak would fill a larger range too."""
    findings = found(tmp_path, loaded(0, held=(Held(1536, MONITOR, 443, state, 900),), snapshots=1))
    assert findings.verdict.status == "likely"
    assert findings.verdict.cause != "port-range-too-small"


def test_a_bound_leak_leads_where_it_is_no_more_than_likely(tmp_path: Path) -> None:
    machine = loaded(0, held=(), leaks=(Leak(1536, state="BOUND", already=900),), system=SERVER_2019)
    findings = found(tmp_path, machine, "process/wmic")
    assert cause(findings, "bound-port-leak").status in {"confirmed", "likely"}
    assert findings.verdict.cause == "bound-port-leak"


def test_time_wait_is_an_ordinary_load_where_the_wrap_is_excluded(tmp_path: Path) -> None:
    findings = found(tmp_path, churning())
    assert cause(findings, "port-range-too-small").status == "confirmed"
    assert cause(findings, "time-wait-churn").status == "confirmed"


def test_time_wait_that_may_never_end_is_no_ordinary_load(tmp_path: Path) -> None:
    findings = found(tmp_path, stuck())
    entry = cause(findings, "port-range-too-small")
    assert (entry.status, "wrap-open" in ids(entry)) == ("likely", True)
    assert findings.verdict.cause == "tick-wrap-497d"
    assert any("tcpip.sys" in one.statement for one in entry.missing)


# --- other pools, sharing, events ---


@pytest.mark.parametrize(("count", "expected"), [(204, "confirmed"), (203, "ruled_out")])
def test_the_range_of_udp_is_judged_too(tmp_path: Path, count: int, expected: str) -> None:
    """204 of 255 ports are 80 %."""
    machine = loaded(10, udp_ports=PortRange(60_000, 255), udp_held=(UdpHeld(1536, count),))
    entry = judged(tmp_path, machine)
    assert entry.status == expected
    assert any("UDP over IPv4" in point.statement for point in entry.evidence)


def test_many_remotes_share_the_ports_of_windows_10(tmp_path: Path) -> None:
    crowd = tuple(Held(1536, f"198.51.100.{number}", 443, "ESTABLISHED", 100) for number in range(1, 11))
    shared = loaded(0, held=crowd, system=SERVER_2019, shared_ports=True)
    assert judged(tmp_path, shared).status == "ruled_out"
    assert judged(tmp_path, loaded(0, held=crowd[:9], system=SERVER_2012_R2)).status == "confirmed"


def test_one_remote_fills_a_shared_range_too(tmp_path: Path) -> None:
    entry = judged(tmp_path, loaded(900, system=SERVER_2019, shared_ports=True))
    assert entry.status == "confirmed"
    assert any("may serve many remotes" in point.statement for point in entry.evidence)


@pytest.mark.parametrize("event_id", [4231, 4227])
def test_4231_says_that_ports_ran_out(tmp_path: Path, event_id: int) -> None:
    machine = loaded(900, system=SERVER_2012_R2, incidents=(once(event_id, -timedelta(minutes=1)),))
    entry = judged(tmp_path, machine)
    assert ("ran-out" in ids(entry)) == (event_id == 4231)
    assert entry.status == "confirmed"


def test_a_large_range_is_ruled_out_however_full(tmp_path: Path) -> None:
    machine = loaded(13_200, dynamic_ports=PortRange(), snapshots=1)
    findings = found(tmp_path, machine)
    assert findings.measurements.ports["tcp_ipv4"].in_use == 13_200
    assert cause(findings, "port-range-too-small").status == "ruled_out"


def test_a_full_default_range_of_tcp_does_not_hide_a_small_one_of_udp(tmp_path: Path) -> None:
    machine = loaded(
        15_900, dynamic_ports=PortRange(), snapshots=1,
        udp_ports=PortRange(60_000, 255), udp_held=(UdpHeld(1536, 230),),
    )  # fmt: skip
    assert judged(tmp_path, machine).status == "confirmed"
