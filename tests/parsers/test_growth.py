"""Neither time nor memory grows faster than the input: what follows would take many minutes, or gigabytes, if one did.

Each case once did. What a parser repeats for every line must not depend on how long another line is.
"""

import tracemalloc
from collections.abc import Callable

import pytest

from forensics.parsed import Parsed
from forensics.parsers import (
    TextParser,
    drivers,
    hotfixes,
    memory,
    net_tcp_setting,
    netsh_dynamicport,
    netsh_excludedportrange,
    netstat,
    registry_export,
    remaining_text_parsers,
    systeminfo,
    tasklist,
    tcpip_files,
    text_parsers,
    wmic_process,
)
from forensics.text import wmi_records
from forensics.text.problems import MOST_PROBLEMS, Problems

from . import hostile, shapes

PARSERS = (*text_parsers(), *remaining_text_parsers())


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: str(parser.KIND))
@pytest.mark.parametrize("piece", ["\t", " ", "-", "=", ":", '"', ",", "[", "\\", "\n", "\r", "9", "a ", "&", "\x00"])
def test_a_very_long_line_among_others(parser: TextParser, piece: str) -> None:
    lines = shapes.evidence(parser).split("\n")
    for at in range(0, len(lines), 1 + len(lines) // 3):
        long = lines[at] + piece * (20_000 // len(piece)) + "x"
        parser.recognise("\n".join([*lines[:at], long, *lines[at:]]))
        parser.parse("\n".join([*lines[:at], long, *lines[at:]]))


@pytest.mark.parametrize(
    ("parser", "text"),
    [
        (memory, "AvailableBytes,1\na" + "\t" * 300_000 + "x\n"),
        (netsh_dynamicport, "netsh int ipv4 show dyn tcp" + " tcp" * 200_000 + "\n-----\na : 1024\nb : 99\n" * 20_000),
        (netsh_excludedportrange, "show exc ipv4 tcp" + " tcp" * 200_000 + "\ntcp\n---- ----\n 1 2\n" * 20_000),
        (netsh_excludedportrange, "tcp\n---- ----\n" + " 1 2\n" * 65_000),
        (systeminfo, '"a","b","6.1.7601 x 7601","c' + " " * 130_000 + 'd"\n' + '"a","b","6.1.7601 x 7601","1"\n'),
        (tasklist, "======== ====== =====" + " =" * 100_000 + "\n" + "a.exe      1     \n" * 20_000),
        (tasklist, "======== ====== =====\na.exe         1 a,\n" + (" " * 20 + "b" * 100 + ",\n") * 50_000),
        (tcpip_files, ("a" * 200_000 + "\n" + "Version=6.1.1.1\n\n" * 6) * 5),
    ],
    ids=lambda value: getattr(value, "KIND", None),
)
def test_what_cost_its_square_or_hundreds_of_steps_for_a_character(parser: TextParser, text: str) -> None:
    parser.recognise(text)
    assert isinstance(parser.parse(text), Parsed)


def test_a_row_costs_its_own_length_and_not_its_headings() -> None:
    cells: list[int] = []

    def count(record: wmi_records.Record) -> None:
        cells.append(len(record.properties))

    wmi_records.read(["HotFixID " + "a " * 150, *["b"] * 100, "c d"], "HotFixID", count)
    assert len(cells) == 101
    assert sum(cells) <= 102


def test_of_a_million_problems_few_are_kept() -> None:
    problems = Problems()
    for line in range(1, 1_000_001):
        problems.add(line, "damaged")
    told = problems.told()
    assert len(told) == MOST_PROBLEMS + 1
    assert (told[0].line, told[-1].message) == (1, "999,980 more problems")


def _peak(parse: Callable[[str], Parsed], text: str) -> float:
    """Bytes per character, at most, while a text is read."""
    tracemalloc.start()
    parse(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / len(text)


@pytest.mark.parametrize(
    ("parser", "line", "limit"),
    [
        (registry_export, '"\n', 20),
        (registry_export, "[HKEY_USERS\n", 12),
        (netstat, "TCP a:99999 b:1\n", 12),
        (wmic_process, "1,1\n", 30),
        (hotfixes, "1,2,3\n", 25),
    ],
    ids=lambda value: getattr(value, "KIND", None),
)
def test_lines_that_cannot_be_read_cost_no_memory(parser: TextParser, line: str, limit: float) -> None:
    head = {"registry": "[HKEY_USERS\\a]\n", "wmic-process": "Name,ProcessId,a\n", "hotfixes": "HotFixID,a\n"}
    text = head.get(parser.KIND, "") + line * 20_000
    # A list of the lines themselves takes 60 bytes for each; a problem for each would take 150 more.
    assert _peak(parser.parse, text) < limit
    assert len(parser.parse(text).problems) <= MOST_PROBLEMS + 2


def test_a_long_value_costs_no_memory_for_a_way_back() -> None:
    text = '[HKEY_USERS\\a]\n"a"="' + "x\\\\" * 20_000 + '"\n'
    assert _peak(registry_export.parse, text) < 20


# --- more than any machine has: left out whole, for half a list would seem to be a whole one ---


@pytest.mark.parametrize(
    ("parser", "limit", "head", "row"),
    [
        (tasklist, "_MOST_PROCESSES", "======== ====== =====\n", "a.exe         1 a\n"),
        (tasklist, "_MOST_PROCESSES", "", '"a.exe","1","N/A"\n'),
        (drivers, "_MOST_DRIVERS", "===== ==== ==== ====\n", "acpi  a    b    c\n"),
        (drivers, "_MOST_DRIVERS", '"a","b","c","d"\n', '"acpi","b","c","d"\n'),
    ],
)
def test_too_many_of_one_list(
    parser: TextParser, limit: str, head: str, row: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parser, limit, 50)
    assert len(parser.parse(head + row * 50).facts) == 50
    for text in (head + row * 51, (head + row * 30 + "\n") * 2, head + row * 500):
        if parser.KIND == "drivers" and not head.startswith("=") and text.count(head) > 1:
            continue  # the second heading reads as a driver
        parsed = parser.parse(text)
        assert parsed.facts == ()
        assert [problem.message[:12] for problem in parsed.problems] == ["more than 50"]
        assert parser.recognise(text)


@pytest.mark.parametrize(
    ("parser", "head", "row"),
    [
        (hotfixes, "HotFixID,InstalledOn\n", "KB2553549,3/27/2012\n"),
        (wmic_process, "Name,ProcessId\n", "a.exe,1\n"),
        (tcpip_files, "Path,Version\n", "C:\\tcpip.sys,6.1.7601.17514\n"),
        (net_tcp_setting, "SettingName,InitialRto\n", "Internet,3000\n"),
        (memory, "AvailableBytes,HandleCount\n", "1,2\n"),
    ],
    ids=lambda value: getattr(value, "KIND", None),
)
def test_too_many_objects(parser: TextParser, head: str, row: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wmi_records, "MOST_OBJECTS", 50)
    assert parser.parse(head + row * 50).problems == ()
    parsed = parser.parse(head + row * 51)
    assert parsed.facts == ()
    assert [problem.message[:20] for problem in parsed.problems] == ["more than 50 objects"]
    assert parser.recognise(head + row * 51)


def test_more_excluded_ranges_than_there_are_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(netsh_excludedportrange, "HIGHEST_PORT", 50)
    text = "tcp\n---- ----\n" + " 1 2\n" * 51
    assert netsh_excludedportrange.recognise(text)
    parsed = netsh_excludedportrange.parse(text + "\nudp\n---- ----\n 1 2\n")
    assert [(problem.line, problem.message[:12]) for problem in parsed.problems] == [(1, "more than 50")]
    assert [table.protocol for table in parsed.facts if isinstance(table, netsh_excludedportrange.ExcludedRanges)] == [
        "UDP"
    ]


def test_of_more_connections_than_can_be_read_whole_tables_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(netstat, "MOST_ROWS", 50)
    table = (
        "\nActive Connections\n\n  Proto  Local Address  Foreign Address  State  PID\n"
        + "  TCP    10.0.0.1:80    10.0.0.2:80    TIME_WAIT    0\n" * 20
    )
    parsed = netstat.parse(table * 4)
    assert [len(one.rows) for one in parsed.facts if isinstance(one, netstat.Snapshot)] == [20, 20]
    assert [(one.line, one.message[:12]) for one in parsed.problems] == [(52, "more than 50")]
    assert netstat.parse(table * 2 + table[: table.index("\n  TCP") + 1]).problems == ()


# --- what a parser's own words must not hold ---


@pytest.mark.parametrize("parser", [systeminfo, tcpip_files], ids=lambda parser: str(parser.KIND))
def test_a_summary_does_not_grow_with_what_it_quotes(parser: TextParser) -> None:
    text = hostile.sample(parser).replace("SRV-PROD-01", "S" * 10_000).replace("tcpip.sys,6", f"{'t' * 10_000}.sys,6")
    assert len(parser.parse(text).facts) == len(parser.parse(hostile.sample(parser)).facts)
    assert len(parser.parse(text).summary) < 400
