"""The dynamic range, its exclusions and its use, by hand-counted tables."""

from pathlib import Path

import pytest
from builder import Exclusion, Held, bundle_files
from builder.languages import LANGUAGES
from builder.machine import SERVER_2016

from forensics.report.findings import PoolEntry
from tests.bundles import findings_of
from tests.machines import MONITOR, calm

TABLE = b"""\r\nActive Connections\r\n
  Proto  Local Address          Foreign Address        State           PID\r
  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       832\r
  TCP    0.0.0.0:49152          0.0.0.0:0              LISTENING       424\r
  TCP    [::]:49152             [::]:0                 LISTENING       424\r
  TCP    10.0.0.5:49152         10.0.0.9:443           ESTABLISHED     424\r
  TCP    10.0.0.5:49153         10.0.0.9:443           TIME_WAIT       0\r
  TCP    10.0.0.5:49153         10.0.0.8:443           TIME_WAIT       0\r
  TCP    10.0.0.5:65535         10.0.0.9:443           CLOSE_WAIT      900\r
  TCP    10.0.0.5:445           10.0.0.7:50000         TIME_WAIT       0\r
  TCP    10.0.0.5:49151         10.0.0.9:443           TIME_WAIT       0\r
  UDP    0.0.0.0:49152          *:*                                    944\r
  UDP    0.0.0.0:53             *:*                                    944\r
"""


def pool(findings: object, name: str) -> PoolEntry:
    found: PoolEntry = findings.measurements.ports[name]  # type: ignore[attr-defined]
    return found


def netsh(start: int, count: int, protocol: str = "tcp") -> bytes:
    label = b"-" * 33
    return b"\r\nProtocol %s Dynamic Port Range\r\n%s\r\nStart Port      : %d\r\nNumber of Ports : %d\r\n\r\n" % (
        protocol.encode(),
        label,
        start,
        count,
    )


def test_ports_are_counted_once_inside_the_range(tmp_path: Path) -> None:
    """49152 (listener and connection), 49153 (two rows), 65535; 49151 and 445 lie outside."""
    findings = findings_of(tmp_path, {"n.txt": TABLE, "netsh int ipv4 tcp.txt": netsh(49152, 16384)})
    assert (pool(findings, "tcp_ipv4").in_use, pool(findings, "tcp_ipv4").basis) == (3, "netsh")
    assert pool(findings, "tcp_ipv6").in_use == 1
    assert pool(findings, "udp_ipv4").in_use == 1
    assert findings.measurements.connections.by_state == {
        "TIME_WAIT": 4,
        "LISTENING": 3,
        "CLOSE_WAIT": 1,
        "ESTABLISHED": 1,
    }
    assert findings.measurements.time_wait.dynamic_ports == 1


def test_time_wait_on_a_listeners_port_uses_up_nothing(tmp_path: Path) -> None:
    table = TABLE.replace(b"0.0.0.0:135  ", b"0.0.0.0:49153")
    findings = findings_of(tmp_path, {"n.txt": table, "r.txt": netsh(49152, 16384)})
    assert findings.measurements.time_wait.dynamic_ports == 0


@pytest.mark.parametrize(("start", "in_use"), [(1024, 4), (49153, 2), (49154, 1)])
def test_the_range_decides_what_counts(tmp_path: Path, start: int, in_use: int) -> None:
    findings = findings_of(tmp_path, {"n.txt": TABLE, "r.txt": netsh(start, 65536 - start)})
    assert pool(findings, "tcp_ipv4").in_use == in_use


def test_without_netsh_the_default_is_assumed_and_marked(tmp_path: Path) -> None:
    entry = pool(findings_of(tmp_path, {"n.txt": TABLE}), "tcp_ipv4")
    assert (entry.start, entry.count, entry.basis) == (49152, 16384, "assumed")


def test_max_user_port_moves_the_range(tmp_path: Path) -> None:
    """domain.md §3: start 1024, count MaxUserPort − 1023."""
    reg = (
        "Windows Registry Editor Version 5.00\r\n\r\n"
        "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters]\r\n"
        '"MaxUserPort"=dword:0000fffe\r\n'
    ).encode("utf-16")
    entry = pool(findings_of(tmp_path, {"n.txt": TABLE, "t.reg": reg}), "tcp_ipv4")
    assert (entry.start, entry.count, entry.basis) == (1024, 64511, "registry")


def test_exclusions_inside_the_range_are_not_usable(tmp_path: Path) -> None:
    """1,000 ports from 49152: 49100–49161 takes ten of them, 50000–50009 ten more, 20–22 none."""
    machine = calm(exclusions=(Exclusion(49100, 49161), Exclusion(50000, 50009, administered=True), Exclusion(20, 22)))
    entry = pool(findings_of(tmp_path, bundle_files(machine)), "tcp_ipv4")
    assert (entry.count, entry.usable) == (1000, 980)
    assert entry.in_use is not None
    assert entry.utilisation == pytest.approx(entry.in_use / 980, abs=0.0001)


def test_bound_ports_come_from_q_alone(tmp_path: Path) -> None:
    few = pool(findings_of(tmp_path, bundle_files(calm(system=SERVER_2016))), "tcp_ipv4").in_use or 0
    machine = calm(system=SERVER_2016, held=(Held(1536, MONITOR, 443, "ESTABLISHED"), Held(1536, "", 0, "BOUND", 300)))
    many = pool(findings_of(tmp_path, bundle_files(machine)), "tcp_ipv4").in_use or 0
    assert many - few == 300


@pytest.mark.parametrize("tag", sorted(LANGUAGES))
def test_every_language_gives_the_same_figures(tmp_path: Path, tag: str) -> None:
    machine = calm(language=LANGUAGES[tag], held=(Held(1536, MONITOR, 443, "CLOSE_WAIT", 7),))
    findings = findings_of(tmp_path, bundle_files(machine, manifest=False))
    english = findings_of(tmp_path, bundle_files(calm(held=machine.held), manifest=False))
    assert findings.measurements.connections.by_state == english.measurements.connections.by_state
    assert {name: (one.start, one.count, one.in_use) for name, one in findings.measurements.ports.items()} == {
        name: (one.start, one.count, one.in_use) for name, one in english.measurements.ports.items()
    }
    assert not [one for one in findings.warnings if "unknown state" in one.message]
