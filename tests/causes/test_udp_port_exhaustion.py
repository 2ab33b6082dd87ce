"""UDP's own range: a process that keeps sockets, event 4266, and a DNS server's pool, which is by design."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from builder import Listener, Machine, PortRange, Process, UdpHeld, bundle_files
from builder.languages import FRENCH, GERMAN, JAPANESE, RUSSIAN, Language
from builder.machine import SERVER_2012_R2, SERVER_2019, WINDOWS_10
from builder.ports import Row

from forensics.report.findings import CauseEntry
from tests.bundles import findings_of
from tests.machines import COLLECTED, calm
from tests.tables import FIRST, GONE, LABEL, OTHER, entry_of, files_of, idle, lacking, once, rows, said

ID = "udp-port-exhaustion"
FULL = rows("UDP", 850)
DNS = Process(1900, "dns.exe", "C:\\Windows\\System32\\dns.exe", "C:\\Windows\\system32\\dns.exe", ("DNS",), 5200, 60)
DNS_RANGE = PortRange(40_000, 12_500)  # 80 % of it are 10,000


def judged(folder: Path, *tables: Sequence[Row], machine: Machine | None = None) -> CauseEntry:
    return entry_of(folder, files_of(*tables, machine=machine), ID)


# Every status.


def test_confirmed_names_the_owner_and_what_helps(tmp_path: Path) -> None:
    entry = judged(tmp_path, FULL, rows("UDP", 880))
    assert entry.status == "confirmed"
    assert entry.headline == f"{LABEL} holds 880 UDP ports: the UDP dynamic range is used up."
    sentences = said(entry)
    assert sentences["short"].startswith("880 of 1,000 usable dynamic ports are taken (88 %)")
    assert sentences["fills"] == "880 of them are UDP sockets."
    assert sentences["grows"] == "Within 150 s 30 such rows came and none went."
    assert "remote" not in sentences
    now, widen, for_good = entry.remedies
    assert now.command == 'procdump -ma 2600 & net stop "CacheSvc" & net start "CacheSvc"'
    assert widen.command == "netsh int ipv4 set dynamicport udp start=10000 num=55535"
    assert for_good.action == "Have cachesvc.exe close its UDP sockets."
    assert for_good.command == ""
    assert all((now.effect, now.cost, widen.effect, widen.cost, for_good.effect))
    # 30 in 150 s: 880 in 4,400 s
    assert "it is full again 1 h 13 min after a restart of the owner" in entry.forecast


def test_confirmed_with_one_table_and_4266_just_before_it(tmp_path: Path) -> None:
    machine = idle(system=SERVER_2012_R2, incidents=(once(4266, COLLECTED - timedelta(seconds=5)),))
    entry = judged(tmp_path, FULL, machine=machine)
    assert entry.status == "confirmed"
    assert "Event 4266 was logged" in said(entry)["ran-out"]


def test_likely_with_one_table_and_no_event(tmp_path: Path) -> None:
    entry = judged(tmp_path, FULL)
    assert entry.status == "likely"
    assert any("second netstat" in one.statement for one in entry.missing)


def test_possible_from_a_quarter_on(tmp_path: Path) -> None:
    table = rows("UDP", 300)
    assert judged(tmp_path, table, table).status == "possible"


def test_inconclusive_where_4266_came_at_another_time(tmp_path: Path) -> None:
    machine = idle(system=SERVER_2012_R2, incidents=(once(4266, COLLECTED - timedelta(hours=5)),))
    entry = judged(tmp_path, [], [], machine=machine)
    assert entry.status == "inconclusive"
    assert "Event 4266 was logged" in said(entry)["uncovered"]
    assert any("unfiltered netstat" in one.statement for one in entry.missing)


def test_ruled_out_by_a_whole_table_with_few(tmp_path: Path) -> None:
    table = rows("UDP", 12)
    entry = judged(tmp_path, table, table)
    assert entry.status == "ruled_out"
    assert said(entry)["small"] == "No more than 12 dynamic ports are UDP sockets."


# Each threshold from both sides.


@pytest.mark.parametrize(("held", "expected"), [(799, "likely"), (800, "confirmed")])
def test_80_percent_of_the_ports(tmp_path: Path, held: int, expected: str) -> None:
    table = rows("UDP", held)
    assert judged(tmp_path, table, table).status == expected


@pytest.mark.parametrize(
    ("held", "expected"), [(249, "ruled_out"), (250, "possible"), (499, "possible"), (500, "likely")]
)
def test_a_quarter_and_half_of_the_usable_ports(tmp_path: Path, held: int, expected: str) -> None:
    table = rows("UDP", held)
    assert judged(tmp_path, table, table).status == expected


@pytest.mark.parametrize(("kept", "expected"), [(425, "confirmed"), (424, "likely")])
def test_half_of_the_rows_of_the_first_table(tmp_path: Path, kept: int, expected: str) -> None:
    """Sockets have no remote: a row is another one where its port or owner is another."""
    first = rows("UDP", kept) + rows("UDP", 850 - kept, FIRST + kept, pid=OTHER)
    later = rows("UDP", 850)
    assert judged(tmp_path, first, later).status == expected


@pytest.mark.parametrize(("own", "message", "expected"), [(425, "owner", "confirmed"), (424, "spread", "likely")])
def test_half_of_them_belong_to_one_process(tmp_path: Path, own: int, message: str, expected: str) -> None:
    table = (
        rows("UDP", own)
        + rows("UDP", 213, FIRST + own, pid=OTHER)
        + rows("UDP", 637 - own, FIRST + own + 213, pid=4480)
    )
    entry = judged(tmp_path, table, table)
    assert entry.status == expected
    assert message in said(entry)


@pytest.mark.parametrize(("seconds", "expected"), [(120, "confirmed"), (121, "likely")])
def test_an_event_speaks_for_a_table_within_the_delay(tmp_path: Path, seconds: int, expected: str) -> None:
    """One event, so many seconds before the one table."""
    event = once(4266, COLLECTED - timedelta(seconds=seconds))
    machine = idle(system=SERVER_2012_R2, incidents=(event,))
    findings = findings_of(tmp_path, files_of(FULL, machine=machine))
    assert findings.measurements.event_log.by_id.get("4266") == 1
    assert next(one for one in findings.causes if one.id == ID).status == expected


# A DNS server's socket pool.


@pytest.mark.parametrize(("pool", "expected"), [(10_000, "likely"), (10_001, "confirmed")])
def test_the_largest_pool_that_a_dns_server_can_have(tmp_path: Path, pool: int, expected: str) -> None:
    machine = idle(udp_ports=DNS_RANGE, processes=(*idle().processes, DNS))
    table = rows("UDP", pool, 40_000, pid=DNS.pid)
    entry = judged(tmp_path, table, table, machine=machine)
    assert entry.status == expected
    assert ("dns-pool" in said(entry)) == (pool == 10_000)
    if pool == 10_000:
        assert "dns.exe (PID 1900; services DNS" in said(entry)["dns-pool"]
        assert "can be set to 10,000" in said(entry)["dns-pool"]


def test_a_pool_of_10000_of_anybody_else_is_no_pool(tmp_path: Path) -> None:
    table = rows("UDP", 10_000, 40_000)
    entry = judged(tmp_path, table, table, machine=idle(udp_ports=DNS_RANGE))
    assert entry.status == "confirmed"
    assert "dns-pool" not in said(entry)


def test_the_pool_by_default_of_a_range_by_default_is_ordinary(tmp_path: Path) -> None:
    """2,500 of 16,384."""
    table = rows("UDP", 2500, pid=DNS.pid)
    machine = idle(udp_ports=PortRange(), processes=(*idle().processes, DNS))
    entry = judged(tmp_path, table, table, machine=machine)
    assert entry.status == "ruled_out"


def test_the_name_is_compared_in_any_case(tmp_path: Path) -> None:
    machine = idle(udp_ports=DNS_RANGE, processes=(*idle().processes, replace(DNS, name="DNS.EXE")))
    table = rows("UDP", 10_000, 40_000, pid=DNS.pid)
    assert judged(tmp_path, table, table, machine=machine).status == "likely"


# What keeps it from being confirmed, and look-alikes.


def test_an_owner_that_is_gone_holds_nothing(tmp_path: Path) -> None:
    """A list that lacks whoever holds most is another time's or another machine's, or nobody holds them."""
    table = rows("UDP", 850, pid=GONE)
    assert judged(tmp_path, table, table).status in {"likely", "possible"}


def test_without_a_process_list_nothing_is_confirmed(tmp_path: Path) -> None:
    assert entry_of(tmp_path, lacking(files_of(FULL, FULL), "process/"), ID).status == "likely"


def test_an_assumed_range_asks_for_udps(tmp_path: Path) -> None:
    table = rows("UDP", 13_108)
    entry = entry_of(tmp_path, lacking(files_of(table, table), "netsh/dynamicport"), ID)
    assert entry.status == "likely"
    assert "netsh int ipv4 show dynamicport udp > dynamicport-ipv4-udp.txt" in {one.command for one in entry.missing}


def test_udp_has_a_range_of_its_own(tmp_path: Path) -> None:
    """The same 850 sockets fill 1,000 ports and not 16,384."""
    entry = judged(tmp_path, FULL, FULL, machine=idle(udp_ports=PortRange()))
    assert entry.status == "ruled_out"


def test_tcp_that_is_full_is_not_udps_trouble(tmp_path: Path) -> None:
    table = rows("CLOSE_WAIT", 900)
    entry = judged(tmp_path, table, table)
    assert entry.status == "ruled_out"
    assert "0 of 1,000" in said(entry)["not-short"]


def test_4227_and_4231_are_tcps(tmp_path: Path) -> None:
    incidents = tuple(once(number, COLLECTED - timedelta(hours=5)) for number in (4227, 4231))
    machine = idle(system=SERVER_2019, incidents=incidents)
    assert judged(tmp_path, [], [], machine=machine).status == "ruled_out"


def test_services_on_ports_of_their_own_use_none_of_the_range(tmp_path: Path) -> None:
    machine = calm(listeners=(*calm().listeners, *(Listener("UDP", 20_000 + one, 1012) for one in range(900))))
    assert entry_of(tmp_path, bundle_files(machine), ID).status == "ruled_out"


def test_windows_10_shares_no_udp_ports(tmp_path: Path) -> None:
    entry = judged(tmp_path, FULL, FULL, machine=idle(system=WINDOWS_10))
    assert entry.status == "confirmed"
    assert "short" in said(entry)


def test_ipv6_has_a_range_of_its_own(tmp_path: Path) -> None:
    table = rows("UDP", 850, family=6)
    entry = judged(tmp_path, table, table)
    assert entry.status == "confirmed"
    assert entry.remedies[1].command.startswith("netsh int ipv6 set dynamicport udp")


@pytest.mark.parametrize("language", [GERMAN, FRENCH, JAPANESE, RUSSIAN], ids=lambda one: one.tag)
def test_a_simulated_leak_is_found_in_every_language(tmp_path: Path, language: Language) -> None:
    machine = calm(language=language, udp_held=(UdpHeld(4480, 830, per_second=0.2),))
    entry = entry_of(tmp_path, bundle_files(machine), ID)
    assert entry.status == "confirmed"
    assert "w3wp.exe (PID 4480; command line C:\\Windows\\System32\\inetsrv\\w3wp.exe" in entry.headline


# Where the answer looks wrong.


def test_a_pool_by_design_that_leaves_ports_free_is_no_exhaustion(tmp_path: Path) -> None:
    """A DNS server's 600 of 1,000, the same in every table: 400 are free, and it is no leak (KB956188)."""
    machine = idle(processes=(*idle().processes, DNS))
    table = rows("UDP", 600, pid=DNS.pid)
    assert judged(tmp_path, table, table, machine=machine).status != "likely"
