"""The table in the script, the bundle that the analyzer knows and the commands it advises are one and the same."""

import pytest

from docs.collector_table import Row, read_table
from forensics.bundle.layout import LAYOUT, Place, place
from forensics.bundle.manifest import KIND as MANIFEST_KIND
from forensics.bundle.manifest import NAME as MANIFEST_NAME
from forensics.knowledge import commands
from forensics.parsers import all_parsers
from tests.collectors.script import SCRIPT, text_of

# What reports tell people to run, and the file for which the collector runs the same.
ADVISED = {
    commands.SYSTEMINFO: "system/systeminfo.txt",
    commands.DYNAMIC_RANGE: "netsh/dynamicport-ipv4-tcp.txt",
    commands.EXCLUDED_RANGES: "netsh/excludedportrange-ipv4-tcp.txt",
    commands.NETSTAT_BOUND: "netstat/anoq-1.txt",
    commands.NETSTAT_OFFLOAD: "netstat/anot-1.txt",
    commands.TCP_GLOBAL: "netsh/tcp-global.txt",
    commands.TASKLIST: "process/tasklist-svc.csv",
    commands.HANDLES: "process/wmic-process.csv",
    **{
        commands.dynamic_range(protocol, family): f"netsh/dynamicport-ipv{family}-{protocol}.txt"
        for protocol in ("tcp", "udp")
        for family in (4, 6)
    },
    **dict(zip(commands.NETSTAT.split(" & "), ("netstat/ano-1.txt", "netstat/s-1.txt"), strict=True)),
    **dict(
        zip(
            commands.DRIVERS.split(" & "),
            ("system/drivers.csv", "netsh/winsock-catalog.txt", "system/fltmc.txt"),
            strict=True,
        )
    ),
}
# The same for commands that write the file themselves.
EXPORTED = {
    commands.EXPORT_LOG.removesuffix(" System.evtx"): "eventlog/System.evtx",
    commands.TCPIP_PARAMETERS.removesuffix(" tcpip-parameters.reg"): "registry/tcpip-parameters.reg",
}


@pytest.fixture(scope="module")
def table() -> dict[str, Row]:
    rows = read_table(text_of(SCRIPT))
    by_path = {row.path: row for row in rows}
    assert len(by_path) == len(rows), "a path stands twice"
    return by_path


def test_the_table_has_exactly_the_files_of_the_layout(table: dict[str, Row]) -> None:
    fixed = {one.path for one in LAYOUT if not one.path.endswith("/")} - {MANIFEST_NAME}
    assert set(table) == fixed


def test_every_kind_has_its_parser() -> None:
    kinds = {MANIFEST_KIND, *(one.KIND for one in all_parsers())}
    named = {kind for one in LAYOUT for kind in one.kinds}
    assert named == kinds


@pytest.mark.parametrize("one", LAYOUT, ids=lambda one: str(one.path))
def test_a_file_is_read_or_the_layout_says_why_not(one: Place) -> None:
    assert bool(one.kinds) != bool(one.unread)


def test_no_path_stands_twice_and_folders_are_open() -> None:
    assert len({one.path for one in LAYOUT}) == len(LAYOUT)
    assert place("applog/a/b.log") == place("applog/")
    assert place("netstat/ano-4.txt") is None


@pytest.mark.parametrize("command", ADVISED)
def test_what_reports_advise_is_what_the_collector_runs(command: str, table: dict[str, Row]) -> None:
    row = table[ADVISED[command]]
    assert command.partition(" > ")[0] in {row.run, row.otherwise}


@pytest.mark.parametrize("command", EXPORTED)
def test_what_reports_advise_to_export_is_what_the_collector_exports(command: str, table: dict[str, Row]) -> None:
    assert table[EXPORTED[command]].run.startswith(f"{command} {{out}}")


def test_every_row_can_be_understood(table: dict[str, Row]) -> None:
    for row in table.values():
        assert len(row.why) >= 10, row.path
        assert row.why.endswith((".", ").")), row.path
        assert row.since in {"6.0", "6.1", "6.2", "6.3", "10.0"}, row.path
        assert row.commands or Row.own(row.run), row.path
        assert row.limit or Row.own(row.run), f"{row.path}: no time limit"


def test_the_snapshots_are_those_of_the_contract(table: dict[str, Row]) -> None:
    for number in ("1", "2", "3"):
        assert {row.path for row in table.values() if row.when == number} >= {
            f"netstat/ano-{number}.txt",
            f"netstat/s-{number}.txt",
        }
