"""CLOSE_WAIT that an application keeps: every status, each threshold from both sides, and what only looks like it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from builder import Accepted, Exclusion, Leak, Machine, Traffic, bundle_files, console
from builder.languages import ENGLISH, GERMAN, JAPANESE, KOREAN, RUSSIAN, SIMPLIFIED_CHINESE, Language
from builder.machine import SERVER_2008_R2, WINDOWS_10
from builder.ports import Row

from forensics.report.findings import CauseEntry
from tests.bundles import findings_of
from tests.machines import COLLECTED, MONITOR, RANGE, calm, collisions
from tests.property_rewrites import rehashed
from tests.tables import FIRST, GONE, LABEL, LISTENERS, OTHER, entry_of, files_of, idle, lacking, rows, said

ID = "close-wait-leak"
FULL = rows("CLOSE_WAIT", 850)


def judged(folder: Path, *tables: Sequence[Row], machine: Machine | None = None) -> CauseEntry:
    return entry_of(folder, files_of(*tables, machine=machine), ID)


def filtered(files: dict[str, bytes], word: bytes) -> dict[str, bytes]:
    """What `netstat -ano | findstr WORD` leaves of each table."""
    return {
        path: b"".join(line for line in data.splitlines(keepends=True) if word in line) if "ano-" in path else data
        for path, data in files.items()
    }


# Every status.


def test_confirmed_names_the_owner_and_what_helps(tmp_path: Path) -> None:
    """850 of 1,000 ports; the service started an hour after the boot, 40 days ago: 850 in 39.96 days."""
    entry = judged(tmp_path, FULL, FULL)
    assert entry.status == "confirmed"
    assert LABEL in entry.headline
    sentences = said(entry)
    assert sentences["short"].startswith("850 of 1,000 usable dynamic ports are taken (85 %)")
    assert sentences["fills"] == "850 of them are in CLOSE_WAIT."
    assert sentences["held"].startswith("Of 850 such rows 850 were still there 150 s later")
    assert sentences["owner"] == f"850 of these 850 ports belong to {LABEL}."
    assert sentences["remote"] == f"850 of these 850 ports go to {MONITOR}:443."
    assert entry.missing == []
    assert "full again 39 days 23 h after a restart of the owner" in entry.forecast


def test_every_remedy_names_its_effect_and_its_cost(tmp_path: Path) -> None:
    now, widen, for_good = judged(tmp_path, FULL, FULL).remedies
    assert (now.when, now.command) == ("now", 'procdump -ma 2600 & net stop "CacheSvc" & net start "CacheSvc"')
    assert LABEL in now.action
    assert now.effect.startswith("Frees 850 ports at once")
    assert now.cost
    assert (widen.when, widen.command) == ("next", "netsh int ipv4 set dynamicport tcp start=10000 num=55535")
    # 55,535 - 1,000 ports
    assert widen.effect.startswith("Adds 54,535 ports at once")
    assert (widen.cost, widen.caution) != ("", "")
    assert (for_good.when, for_good.command) == ("for-good", "")
    assert for_good.effect


def test_the_owner_is_cited_from_table_and_process_list(tmp_path: Path) -> None:
    entry = judged(tmp_path, FULL, FULL)
    (owner,) = (point for point in entry.evidence if point.id == f"{ID}.owner")
    files = [source.file for source in owner.sources]
    assert files == ["netstat/ano-2.txt", "netstat/ano-2.txt", "process/tasklist-svc.csv"]
    assert "CLOSE_WAIT      2600" in owner.sources[1].quote
    assert '"cachesvc.exe","2600","CacheSvc"' in owner.sources[2].quote


def test_likely_with_one_table_asks_for_a_second(tmp_path: Path) -> None:
    entry = judged(tmp_path, FULL)
    assert entry.status == "likely"
    assert "held" not in said(entry)
    (second,) = (one for one in entry.missing if "second netstat" in one.statement)
    # 120 s of delay by default, 240 s at most (domain.md §3), and 30 s to settle
    assert "timeout /t 270 " in second.command


def test_possible_from_a_quarter_on(tmp_path: Path) -> None:
    part = rows("CLOSE_WAIT", 250)
    entry = judged(tmp_path, part, part)
    assert entry.status == "possible"
    assert said(entry)["part"] == "250 dynamic ports are in CLOSE_WAIT, 25 % of the usable ones."
    assert entry.remedies == []


def test_inconclusive_without_netstat_says_what_to_run(tmp_path: Path) -> None:
    entry = entry_of(tmp_path, lacking(files_of(FULL, FULL), "netstat/"), ID)
    assert entry.status == "inconclusive"
    assert any(one.command.startswith("netstat -ano") for one in entry.missing)


def test_ruled_out_by_a_whole_table_with_few(tmp_path: Path) -> None:
    few = rows("CLOSE_WAIT", 6)
    entry = judged(tmp_path, few, few)
    assert entry.status == "ruled_out"
    assert said(entry)["small"] == "No more than 6 dynamic ports are in CLOSE_WAIT."
    assert all(point.effect == "contradicts" for point in entry.evidence)
    assert entry.remedies == []


# Each threshold from both sides.


@pytest.mark.parametrize(("held", "expected"), [(799, "likely"), (800, "confirmed"), (801, "confirmed")])
def test_80_percent_of_the_ports(tmp_path: Path, held: int, expected: str) -> None:
    table = rows("CLOSE_WAIT", held)
    entry = judged(tmp_path, table, table)
    assert entry.status == expected
    assert ("short" in said(entry)) == (held >= 800)


@pytest.mark.parametrize(("held", "expected"), [(783, "likely"), (784, "confirmed")])
def test_80_percent_of_what_exclusions_leave(tmp_path: Path, held: int, expected: str) -> None:
    """Of 1,000 ports 20 are excluded: 80 % of 980 are 784."""
    machine = idle(exclusions=(Exclusion(50132, 50151),))
    table = rows("CLOSE_WAIT", held)
    assert judged(tmp_path, table, table, machine=machine).status == expected


@pytest.mark.parametrize(("own", "other", "expected"), [(425, 425, "confirmed"), (424, 426, "likely")])
def test_half_of_what_is_held(tmp_path: Path, own: int, other: int, expected: str) -> None:
    table = rows("CLOSE_WAIT", own) + rows("ESTABLISHED", other, FIRST + own, pid=OTHER)
    entry = judged(tmp_path, table, table)
    assert entry.status == expected
    assert ("fills" in said(entry)) == (own == 425)


@pytest.mark.parametrize(("own", "other", "expected"), [(250, 600, "likely"), (249, 601, "ruled_out")])
def test_a_quarter_without_which_the_range_would_not_be_full(
    tmp_path: Path, own: int, other: int, expected: str
) -> None:
    table = rows("CLOSE_WAIT", own) + rows("ESTABLISHED", other, FIRST + own, pid=OTHER)
    entry = judged(tmp_path, table, table)
    assert entry.status == expected
    assert ("other-fills" in said(entry)) == (own == 249)


@pytest.mark.parametrize(
    ("held", "expected"), [(249, "ruled_out"), (250, "possible"), (499, "possible"), (500, "likely")]
)
def test_a_quarter_and_half_of_the_usable_ports(tmp_path: Path, held: int, expected: str) -> None:
    table = rows("CLOSE_WAIT", held)
    assert judged(tmp_path, table, table).status == expected


# One connection may have been opened anew: the counters cannot exclude it.
@pytest.mark.parametrize(
    ("kept", "message", "expected"),
    [(426, "held", "confirmed"), (425, "held", "likely"), (424, "turns-over", "likely")],
)
def test_half_of_the_rows_of_the_first_table(tmp_path: Path, kept: int, message: str, expected: str) -> None:
    later = rows("CLOSE_WAIT", kept) + rows("CLOSE_WAIT", 850 - kept, FIRST + kept, remote="203.0.113.41")
    entry = judged(tmp_path, FULL, later)
    assert entry.status == expected
    assert f"Of 850 such rows {'only ' if kept < 425 else ''}{kept} were still there" in said(entry)[message]


@pytest.mark.parametrize(("gap", "expected"), [(1, "likely"), (120, "likely"), (121, "confirmed")])
def test_tables_further_apart_than_the_delay(tmp_path: Path, gap: int, expected: str) -> None:
    """Whatever stands now stands a second later: the signature asks for minutes."""
    entry = judged(tmp_path, FULL, FULL, machine=idle(snapshot_gap=gap))
    assert entry.status == expected
    assert ("held" in said(entry)) == (gap == 121)


def test_a_copy_of_a_table_is_no_second_one(tmp_path: Path) -> None:
    """Zipped by hand, `ano.txt` beside `ano - copy.txt`: one moment, no time between."""
    files = lacking(files_of(FULL), "manifest", "netstat/")
    files |= dict.fromkeys(("ano.txt", "ano - copy.txt"), console.netstat(ENGLISH, (*LISTENERS, *FULL)))
    assert entry_of(tmp_path, files, ID).status == "likely"


@pytest.mark.parametrize(("first", "expected"), [(1, "likely"), (424, "likely"), (425, "confirmed")])
def test_rows_that_stayed_do_not_prove_more_that_came(tmp_path: Path, first: int, expected: str) -> None:
    """A peer closed the others in these 150 s; whether the application ever will, nobody has seen."""
    assert judged(tmp_path, FULL[:first], FULL).status == expected


@pytest.mark.parametrize(("kept", "expected"), [(250, "likely"), (249, "possible")])
def test_half_of_the_ports_are_a_leak_only_where_they_stay(tmp_path: Path, kept: int, expected: str) -> None:
    later = rows("CLOSE_WAIT", kept) + rows("CLOSE_WAIT", 500 - kept, FIRST + 500)
    assert judged(tmp_path, rows("CLOSE_WAIT", 500), later).status == expected


@pytest.mark.parametrize(("born", "message"), [(9, "held"), (10, "grows")])
def test_growth_without_an_end_of_any_needs_ten(tmp_path: Path, born: int, message: str) -> None:
    entry = judged(tmp_path, rows("CLOSE_WAIT", 600), rows("CLOSE_WAIT", 600 + born))
    assert message in said(entry)


@pytest.mark.parametrize(("own", "message", "expected"), [(425, "owner", "confirmed"), (424, "spread", "likely")])
def test_half_of_them_belong_to_one_process(tmp_path: Path, own: int, message: str, expected: str) -> None:
    """The rest belongs to two others."""
    table = (
        rows("CLOSE_WAIT", own)
        + rows("CLOSE_WAIT", 213, FIRST + own, pid=OTHER)
        + rows("CLOSE_WAIT", 637 - own, FIRST + own + 213, pid=4480)
    )
    entry = judged(tmp_path, table, table)
    assert entry.status == expected
    assert str(own) in said(entry)[message]
    assert "cachesvc.exe" in said(entry)[message]


# When the range is full.


def test_the_forecast_follows_from_the_growth_between_the_tables(tmp_path: Path) -> None:
    """Ten ports in 150 s, 400 left: 400 × 15 s are 1 h 40 min; the 600 come back in 2 h 30 min."""
    entry = judged(tmp_path, rows("CLOSE_WAIT", 590), rows("CLOSE_WAIT", 600))
    assert entry.status == "likely"
    assert entry.forecast == (
        "At one port every 15.0 s (the growth between the tables) the 400 ports that are left last 1 h 40 min."
    )
    assert "held again after 2 h 30 min" in entry.remedies[0].effect


def test_the_forecast_of_a_full_range_says_when_it_is_full_again(tmp_path: Path) -> None:
    """30 ports in 150 s: the 900 of the owner come back in 4,500 s."""
    entry = judged(tmp_path, rows("CLOSE_WAIT", 870), rows("CLOSE_WAIT", 900))
    assert "it is full again 1 h 15 min after a restart of the owner" in entry.forecast


def test_without_growth_and_without_a_start_there_is_no_forecast(tmp_path: Path) -> None:
    entry = entry_of(tmp_path, lacking(files_of(FULL, FULL), "process/wmic"), ID)
    assert entry.forecast == "The range is full now; how fast it filled was not measured."
    assert "was not measured" in entry.remedies[0].effect


# What keeps it from being confirmed.


@pytest.mark.parametrize("start", ["process/", "system/systeminfo", "eventlog/"])
def test_without_a_process_list_nothing_is_confirmed(tmp_path: Path, start: str) -> None:
    """The other two files are not needed."""
    entry = entry_of(tmp_path, lacking(files_of(FULL, FULL), start), ID)
    assert entry.status == ("likely" if start == "process/" else "confirmed")
    assert any("process list" in one.statement for one in entry.missing) == (start == "process/")


def test_an_owner_in_no_process_list_is_no_application(tmp_path: Path) -> None:
    table = rows("CLOSE_WAIT", 850, pid=GONE)
    entry = judged(tmp_path, table, table)
    assert entry.status == "possible"
    assert "PID 7777, which no process in the list has" in said(entry)["owner-gone"]


def test_a_table_without_pids_names_no_owner(tmp_path: Path) -> None:
    """`netstat -an` does not say whose the rows are: PROVES asks for an owner in the process list."""
    files = files_of(FULL, FULL)
    for path in ("netstat/ano-1.txt", "netstat/ano-2.txt"):
        files[path] = b"\r\n".join(
            line.rpartition(b"  ")[0] if b"TCP" in line else line for line in files[path].splitlines()
        )
    entry = entry_of(tmp_path, rehashed(files), ID)
    assert entry.status == "likely"


@pytest.mark.parametrize(("seconds", "expected"), [(-60, "confirmed"), (60, "likely")])
def test_an_owner_that_started_after_the_first_table_is_another(tmp_path: Path, seconds: int, expected: str) -> None:
    """A PID is given again."""
    started = (COLLECTED - idle().boot).total_seconds() + seconds
    processes = tuple(replace(one, started=started) if one.pid == 2600 else one for one in idle().processes)
    assert judged(tmp_path, FULL, FULL, machine=idle(processes=processes)).status == expected


def test_a_filtered_table_confirms_nothing_and_rules_nothing_out(tmp_path: Path) -> None:
    assert entry_of(tmp_path, filtered(files_of(FULL, FULL), b"CLOSE_WAIT"), ID).status == "likely"
    few = rows("CLOSE_WAIT", 6)
    entry = entry_of(tmp_path, filtered(files_of(few, few), b"CLOSE_WAIT"), ID)
    assert entry.status == "inconclusive"
    assert "that need not be all" in said(entry)["small-now"]
    assert any("unfiltered netstat" in one.statement for one in entry.missing)


def test_an_assumed_range_confirms_nothing(tmp_path: Path) -> None:
    """13,108 are 80 % of the default 16,384, rounded up."""
    table = rows("CLOSE_WAIT", 13_108)
    entry = entry_of(tmp_path, lacking(files_of(table, table), "netsh/dynamicport"), ID)
    assert entry.status == "likely"
    (range_,) = (one for one in entry.missing if one.statement == "The dynamic port range.")
    assert range_.command.startswith("netsh int ipv4 show dynamicport tcp")


def test_files_of_two_computers_confirm_nothing(tmp_path: Path) -> None:
    files = files_of(FULL, FULL)
    files["system/systeminfo.txt"] = bundle_files(idle(host="OTHER-07"))["system/systeminfo.txt"]
    findings = findings_of(tmp_path, rehashed(files))
    assert any("different computers" in one.message for one in findings.warnings)
    assert next(one for one in findings.causes if one.id == ID).status == "likely"


def test_port_events_that_no_table_speaks_of_leave_it_open(tmp_path: Path) -> None:
    incident = collisions(COLLECTED - timedelta(hours=9), COLLECTED - timedelta(hours=5))
    entry = judged(tmp_path, [], [], machine=idle(incidents=(incident,)))
    assert entry.status == "inconclusive"
    assert {"small-now", "uncovered"} <= set(said(entry))


def test_without_a_log_a_calm_table_does_not_rule_out(tmp_path: Path) -> None:
    entry = entry_of(tmp_path, lacking(files_of([], []), "eventlog/"), ID)
    assert entry.status == "inconclusive"
    assert any(one.command.startswith("wevtutil epl System") for one in entry.missing)


# Look-alikes.


def test_clients_on_a_listeners_port_use_none_of_the_range(tmp_path: Path) -> None:
    """900 clients of a service that listens on 49160, inside the range."""
    listener = Row("TCP", "0.0.0.0", 49160, "0.0.0.0", 0, "LISTENING", 2600)  # noqa: S104 - only printed
    clients = [Row("TCP", "10.20.0.40", 49160, "198.51.100.9", 20_000 + one, "CLOSE_WAIT", 2600) for one in range(900)]
    entry = entry_of(tmp_path, files_of(clients, clients, listeners=(*LISTENERS, listener)), ID)
    assert entry.status == "ruled_out"
    assert said(entry)["small"] == "No more than 0 dynamic ports are in CLOSE_WAIT."


def test_clients_of_a_web_server_use_none_of_the_range(tmp_path: Path) -> None:
    machine = calm(accepted=(Accepted(4, 443, "198.51.100.9", "CLOSE_WAIT", 900),))
    assert entry_of(tmp_path, bundle_files(machine), ID).status == "ruled_out"


@pytest.mark.parametrize("first", [FIRST - 900, FIRST + RANGE.count])
def test_ports_outside_the_range_do_not_count(tmp_path: Path, first: int) -> None:
    table = rows("CLOSE_WAIT", 900, first)
    assert judged(tmp_path, table, table).status == "ruled_out"


def test_rows_are_counted_by_port(tmp_path: Path) -> None:
    """1,000 rows on 200 ports are 20 % of the range."""
    table = [row for host in range(5) for row in rows("CLOSE_WAIT", 200, remote=f"203.0.113.{host}")]
    assert judged(tmp_path, table, table).status == "ruled_out"


def test_the_range_full_of_time_wait_is_another_trouble(tmp_path: Path) -> None:
    machine = calm(traffic=(Traffic(1536, MONITOR, 443, per_second=8.0),), leaks=(Leak(1536, MONITOR, 80, "CLOSE_WAIT", already=20),))  # fmt: skip
    entry = entry_of(tmp_path, bundle_files(machine), ID)
    assert entry.status == "ruled_out"
    assert "something else holds the rest" in said(entry)["other-fills"]


# Windows that share ports among remotes.


def spread(count: int, remotes: int) -> list[Row]:
    """So many ports, each to one remote, over so many remotes in turn."""
    return [replace(row, remote=f"203.0.113.{number % remotes}") for number, row in enumerate(rows("CLOSE_WAIT", count))]  # fmt: skip


def test_windows_10_one_remote_takes_all_is_as_short_as_ever(tmp_path: Path) -> None:
    entry = judged(tmp_path, FULL, FULL, machine=idle(system=WINDOWS_10))
    assert entry.status == "confirmed"
    assert f"For {MONITOR}:443, 850 of 1,000" in said(entry)["short-for-remote"]


def test_windows_10_many_remotes_and_nothing_shows_sharing_is_open(tmp_path: Path) -> None:
    """Short if every port serves one remote, free if it may serve many."""
    table = spread(850, 50)
    entry = judged(tmp_path, table, table, machine=idle(system=WINDOWS_10))
    assert entry.status == "possible"
    assert any(one.command.startswith("systeminfo") for one in entry.missing)


def test_windows_10_that_is_seen_to_share_has_ports_for_every_remote(tmp_path: Path) -> None:
    table = spread(850, 50) + rows("CLOSE_WAIT", 1, remote="203.0.113.9")
    entry = judged(tmp_path, table, table, machine=idle(system=WINDOWS_10))
    assert entry.status == "ruled_out"
    assert "not-short-for-remote" in said(entry)


def test_windows_2008_many_remotes_take_the_range(tmp_path: Path) -> None:
    table = spread(850, 50)
    entry = judged(tmp_path, table, table, machine=idle(system=SERVER_2008_R2))
    assert entry.status == "confirmed"
    assert "remote" not in said(entry)


@pytest.mark.parametrize(("remotes", "expected"), [(1, "confirmed"), (50, "possible")])
def test_an_unknown_windows_may_share(tmp_path: Path, remotes: int, expected: str) -> None:
    table = spread(850, remotes)
    files = lacking(files_of(table, table), "system/", "eventlog/", "registry/")
    files["manifest.json"] = files["manifest.json"].replace(b'"os_version": "6.1.7601.65536"', b'"os_version": ""')
    findings = findings_of(tmp_path, files)
    assert findings.measurements.system.version == ""
    assert next(one for one in findings.causes if one.id == ID).status == expected


# Simulated, in several languages.


@pytest.mark.parametrize(
    "language", [ENGLISH, GERMAN, JAPANESE, RUSSIAN, KOREAN, SIMPLIFIED_CHINESE], ids=lambda one: one.tag
)
def test_a_simulated_leak_is_found_in_every_language(tmp_path: Path, language: Language) -> None:
    """From 830 on, a port every five seconds."""
    leak = Leak(4480, "10.20.4.31", 8080, "CLOSE_WAIT", per_second=0.2, already=830)
    entry = entry_of(tmp_path, bundle_files(calm(language=language, leaks=(leak,))), ID)
    assert entry.status == "confirmed"
    assert (
        "w3wp.exe (PID 4480; command line C:\\Windows\\System32\\inetsrv\\w3wp.exe -ap Shop -v v4.0)" in entry.headline
    )
    assert "grows" in said(entry)


def test_a_simulated_leak_of_ipv6(tmp_path: Path) -> None:
    leak = Leak(4480, "2001:db8::31", 8080, "CLOSE_WAIT", already=850, family=6)
    entry = entry_of(tmp_path, bundle_files(calm(leaks=(leak,))), ID)
    assert entry.status == "confirmed"
    assert entry.remedies[1].command.startswith("netsh int ipv6 set dynamicport tcp")


# Where the answer looks wrong.


def test_a_crowd_of_a_moment_is_no_leak(tmp_path: Path) -> None:
    """500 that were not there 150 s before: neither held nor grown without end."""
    assert judged(tmp_path, [], rows("CLOSE_WAIT", 500)).status == "possible"


def test_windows_10_ports_to_another_remote_are_not_in_the_way(tmp_path: Path) -> None:
    """850 wait to one remote; 300 in CLOSE_WAIT to another share their ports and would cure nothing."""
    table = rows("TIME_WAIT", 850, pid=0) + rows("CLOSE_WAIT", 300, remote="203.0.113.41")
    entry = judged(tmp_path, table, table, machine=idle(system=WINDOWS_10))
    assert entry.status != "likely"


def test_a_pile_of_the_other_family_is_not_ruled_out(tmp_path: Path) -> None:
    """60 % of IPv6's ports leak; IPv4 is a little fuller with ordinary connections."""
    table = rows("CLOSE_WAIT", 600, remote="2001:db8::9", family=6) + rows("ESTABLISHED", 610, pid=OTHER)
    assert judged(tmp_path, table, table).status == "likely"


def test_nobody_is_told_to_restart_the_system_process(tmp_path: Path) -> None:
    table = rows("CLOSE_WAIT", 850, pid=4)
    entry = judged(tmp_path, table, table)
    assert not [
        one for one in entry.remedies if one.action.startswith("Restart System (PID 4") or "-ma 4" in one.command
    ]
