"""Leaks, unanswered connects, unfinished closings and shared ports follow their own arithmetic."""

import csv
import io
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from builder import (
    Closing,
    DriverInstall,
    Exclusion,
    Held,
    Incident,
    InstalledProgram,
    LayeredProvider,
    Leak,
    Machine,
    Memory,
    PortRange,
    Process,
    Traffic,
    UdpHeld,
    Unanswered,
    bundle_files,
    snapshots,
)
from builder.consequences import tcp_shortage, udp_shortage
from builder.machine import SERVER_2008_R2, SERVER_2012_R2, SERVER_2016
from builder.ports import Row, Snapshot, ports_in_use
from builder.scenarios import healthy

from tests.samples.reading import active_opens, events_of, tcp_rows

PEER = "10.20.4.15"
AGENT = Process(5000, "agent.exe", "C:\\Agent\\agent.exe", "agent.exe", handles=200)


def machine(**changes: object) -> Machine:
    """A Server 2019 without any traffic."""
    quiet = replace(
        healthy(), traffic=(), held=(), accepted=(), listeners=(), earlier_boots=(), processes=(AGENT,),
        log_begins=healthy().collected_at - timedelta(days=1), everyday_events=1,
    )  # fmt: skip
    return replace(quiet, **changes)  # type: ignore[arg-type]


def in_state(snapshot: Snapshot, state: str) -> set[Row]:
    return {row for row in snapshot.rows if row.state == state}


@pytest.mark.parametrize("state", ["ESTABLISHED", "CLOSE_WAIT", "FIN_WAIT_2", "LAST_ACK", "BOUND"])
def test_leaks_only_grow(state: str) -> None:
    first, second, last = (
        in_state(one, state) for one in snapshots(machine(leaks=(Leak(5000, PEER, 1433, state, 2.0, 1000),)))
    )
    assert first < second < last
    assert len(first) == 1000
    assert len(last) - len(first) == pytest.approx(600, abs=12)
    assert {row.pid for row in last} == {5000}


def test_a_leak_is_counted_as_opens_and_as_handles() -> None:
    leaking = machine(leaks=(Leak(5000, PEER, 1433, "CLOSE_WAIT", 2.0, 1000), Leak(5000, "", 0, "BOUND", 0, 40)))
    first, _, last = snapshots(leaking)
    assert last.active_opens - first.active_opens == len(in_state(last, "CLOSE_WAIT")) - 1000
    assert first.leaked == {5000: 1040}
    table = bundle_files(leaking)["process/wmic-process.csv"].decode("utf-8-sig")
    assert '"5000","agent.exe","C:\\Agent\\agent.exe","agent.exe","1240",' in table


def test_a_leak_fills_the_range_and_then_fails() -> None:
    full = machine(dynamic_ports=PortRange(50_000, 300), leaks=(Leak(77, PEER, 80, "ESTABLISHED", 1.0, 250),))
    first, second, last = snapshots(full)
    assert [ports_in_use(one, full.dynamic_ports) for one in (first, second, last)] == [250, 300, 300]
    assert last.failed_attempts - first.failed_attempts == pytest.approx(250, abs=10)
    with pytest.raises(ValueError, match="larger than the dynamic range"):
        snapshots(replace(full, leaks=(Leak(77, PEER, 80, "ESTABLISHED", 0, 301),)))


def test_a_leak_over_several_remotes_and_one_with_ports_of_its_own() -> None:
    spread = Leak(5000, "198.51.100.1", 443, "ESTABLISHED", 0, 30, remotes=3)
    outside = Leak(5000, PEER, 25, "CLOSE_WAIT", 0, 100, own_ports=20_000)
    last = snapshots(machine(leaks=(spread, outside)))[-1]
    assert Counter(row.remote for row in in_state(last, "ESTABLISHED")) == {
        f"198.51.100.{host}": 10 for host in (1, 2, 3)
    }
    assert {row.local_port for row in in_state(last, "CLOSE_WAIT")} == set(range(20_000, 20_100))


def test_unanswered_connects_turn_over_and_fail() -> None:
    first, _, last = snapshots(machine(unanswered=(Unanswered(5000, PEER, 8080, 10.0),)))
    # Little's law: 10 a second, 21 s each.
    assert len(in_state(last, "SYN_SENT")) == pytest.approx(210, abs=10)
    assert last.active_opens - first.active_opens == pytest.approx(3000, abs=40)
    assert last.failed_attempts - first.failed_attempts == pytest.approx(3000, abs=40)


def test_closings_turn_over_and_do_not_fail() -> None:
    closing = Closing(0, PEER, 8080, "FIN_WAIT_2", 20.0, lasts=100)
    first, second, last = snapshots(machine(closings=(closing,)))
    assert len(in_state(last, "FIN_WAIT_2")) == pytest.approx(2000, abs=60)
    assert last.failed_attempts == first.failed_attempts
    ports = {row.local_port for row in in_state(first, "FIN_WAIT_2")}
    assert ports != {row.local_port for row in in_state(second, "FIN_WAIT_2")}


def test_before_windows_10_a_port_serves_one_connection() -> None:
    held = tuple(Held(5000, f"198.51.100.{host}", 443, "ESTABLISHED", 200) for host in range(1, 6))
    small = PortRange(50_000, 1000)
    last = snapshots(machine(held=held, dynamic_ports=small))[-1]
    assert ports_in_use(last, small) == 1000
    with pytest.raises(ValueError, match="more connections"):
        snapshots(machine(held=(*held, Held(5000, PEER, 1, "ESTABLISHED")), dynamic_ports=small))


def test_shared_ports_serve_several_remotes_but_each_only_once() -> None:
    small = PortRange(50_000, 1000)
    held = tuple(Held(5000, f"198.51.100.{host}", 443, "ESTABLISHED", 800) for host in range(1, 6))
    traffic = (Traffic(5000, PEER, 443, per_second=20, remotes=4),)
    shared = machine(held=held, traffic=traffic, dynamic_ports=small, shared_ports=True)
    last = snapshots(shared)[-1]
    connections = [(row.local_port, row.remote, row.remote_port) for row in last.rows]
    assert len(connections) > 4000 > ports_in_use(last, small)
    assert len(connections) == len(set(connections))
    with pytest.raises(ValueError, match="more connections"):
        snapshots(replace(shared, held=(Held(5000, PEER, 1, "ESTABLISHED", 1001),)))


def test_a_bound_port_serves_nobody_else_even_where_ports_are_shared() -> None:
    small = PortRange(50_000, 1000)
    traffic = (Traffic(5000, PEER, 443, per_second=8), Traffic(5000, "10.20.4.16", 443, per_second=8))
    bound = Leak(5000, "", 0, "BOUND", 1.0, 600)
    first, _, last = snapshots(machine(leaks=(bound,), traffic=traffic, dynamic_ports=small, shared_ports=True))
    for one in (first, last):
        ports = {row.local_port for row in in_state(one, "BOUND")}
        assert not ports & {row.local_port for row in one.rows if row.state != "BOUND"}
    assert last.failed_attempts > first.failed_attempts


def test_exclusions_hold_where_ports_are_shared() -> None:
    traffic = (Traffic(5000, PEER, 443, per_second=8, remotes=20),)
    excluded = (Exclusion(50_100, 50_999),)
    last = snapshots(
        machine(traffic=traffic, dynamic_ports=PortRange(50_000, 1000), exclusions=excluded, shared_ports=True)
    )[-1]
    assert {row.local_port for row in last.rows} <= set(range(50_000, 50_100))


def test_udp_sockets_and_their_own_range() -> None:
    held = machine(udp_held=(UdpHeld(5000, 900, 0.5),), udp_ports=PortRange(40_000, 1000))
    first, _, last = snapshots(held)
    assert len(first.rows) == 900
    assert len(last.rows) == 1000
    assert {row.protocol for row in last.rows} == {"UDP"}
    assert all(40_000 <= row.local_port < 41_000 for row in last.rows)
    files = bundle_files(held)
    assert b": 40000\r\n" in files["netsh/dynamicport-ipv4-udp.txt"]
    assert b": 49152\r\n" in files["netsh/dynamicport-ipv4-tcp.txt"]


def test_ipv6_has_its_own_rows_and_counters() -> None:
    leak = Leak(5000, "2001:db8:4::15", 443, "ESTABLISHED", 1.0, 100, family=6)
    traffic = (Traffic(5000, "2001:db8:4::16", 443, per_second=2, family=6),)
    first, _, last = snapshots(machine(leaks=(leak,), traffic=traffic))
    assert last.active_opens == first.active_opens
    assert last.ipv6[0] - first.ipv6[0] == pytest.approx(900, abs=15)
    assert {row.local for row in last.rows} == {"2001:db8:20::40"}
    files = bundle_files(machine(leaks=(leak,), traffic=traffic))
    assert b"[2001:db8:4::15]:443" in files["netstat/ano-1.txt"]
    shown = [active_opens(files[f"netstat/s-{number}.txt"].decode("cp850"), family=6) for number in (1, 3)]
    assert shown[1] - shown[0] == last.ipv6[0] - first.ipv6[0]


def test_outgoing_connections_come_from_the_auto_reuse_range() -> None:
    reused = machine(traffic=(Traffic(5000, PEER, 443, per_second=5),), auto_reuse=PortRange(20_000, 10_000))
    last = snapshots(reused)[-1]
    assert all(20_000 <= row.local_port < 30_000 for row in last.rows)
    table = list(csv.DictReader(io.StringIO(bundle_files(reused)["system/nettcpsetting.csv"].decode("utf-8-sig"))))
    assert [row["SettingName"] for row in table][:2] == ["Automatic", "InternetCustom"]
    assert table[1]["AutoReusePortRangeNumberOfPorts"] == "10000"


def test_what_a_machine_has_more_stands_in_its_files() -> None:
    more = machine(
        memory=Memory(pool_nonpaged=1, pool_paged=2, available=3, committed=4, commit_limit=5, handles=6),
        layered_providers=(LayeredProvider("ShieldNet LSP", "C:\\Shield\\lsp.dll"),),
        auto_reuse=PortRange(10_000, 100),
        programs=(InstalledProgram("ShieldNet", "4.1", "Example Security"),),
        driver_installs=(
            DriverInstall(
                healthy().collected_at - timedelta(hours=3), "shieldnt", "\\SystemRoot\\drivers\\shieldnt.sys"
            ),
        ),
    )
    files = bundle_files(more)
    assert set(files) == set(bundle_files(machine()))
    assert files["system/memory.csv"].endswith(b'\r\n"1","2","3","4","5","6"\r\n')
    assert b"Layered Chain Entry" in files["netsh/winsock-catalog.txt"]
    assert b"C:\\Shield\\lsp.dll" in files["netsh/winsock-catalog.txt"]
    assert '"DisplayName"="ShieldNet"' in files["registry/uninstall.reg"].decode("utf-16")
    assert b"shieldnt.sys" in files["system/drivers.csv"]
    installed = [data for _, provider, number, _, data in events_of(files) if number == 7045]
    assert installed[0][:2] == ["shieldnt", "\\SystemRoot\\drivers\\shieldnt.sys"]


def test_afd_names_its_driver_and_its_slow_socket() -> None:
    end = healthy().collected_at
    begin = end - timedelta(hours=12)
    afd = (
        Incident("AFD", 16001, begin, end, 3600, ("\\Driver\\shieldnt",)),
        Incident("AFD", 16002, begin, end, 3600, ("49533", "5000")),
    )
    seen = {
        number: data
        for _, provider, number, _, data in events_of(bundle_files(machine(incidents=afd)))
        if provider == "AFD"
    }
    assert "\\Driver\\shieldnt" in "".join(seen[16001])
    assert "49533" in "".join(seen[16002])


def test_chimney_is_printed() -> None:
    old = machine(system=SERVER_2008_R2, chimney="disabled")
    assert b"Chimney Offload State               : disabled" in bundle_files(old)["netsh/tcp-global.txt"]


def test_4231_and_4266_exist_from_6_2_on() -> None:
    begin, end = datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC)
    for system, known in ((SERVER_2008_R2, False), (SERVER_2012_R2, True), (SERVER_2016, True)):
        tcp = {incident.event_id for incident in tcp_shortage(system, begin, end)}
        assert (4231 in tcp) is known
        assert 4227 in tcp
        assert bool(udp_shortage(system, begin, end)) is known


def test_the_table_shows_bound_ports_only_with_q() -> None:
    bound = machine(leaks=(Leak(5000, "", 0, "BOUND", 0, 40),))
    files = bundle_files(bound)
    assert not tcp_rows(files["netstat/ano-1.txt"].decode("cp850"))
    assert len(tcp_rows(files["netstat/anoq-1.txt"].decode("cp850"))) == 40
