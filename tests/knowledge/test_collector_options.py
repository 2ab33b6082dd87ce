"""What the collector's runs bring is what reports ask for, under the names that the bundle has."""

import doctest

import pytest

from forensics.bundle.layout import place
from forensics.knowledge import collector_options, commands
from forensics.knowledge.collector_options import SUPPLIES, THOROUGH, Supply, run_of, supply_of

# These change something, or act on one process: no collector runs them.
_NO_EVIDENCE = {"RESTART", "RESTART_PLAIN", "INSTALL"}
_COLLECTING = [
    value for name, value in vars(commands).items() if name.isupper() and name not in _NO_EVIDENCE and name[0] != "_"
]


@pytest.mark.parametrize("command", [one for one in _COLLECTING if isinstance(one, str)])
def test_every_command_that_collects_has_its_run(command: str) -> None:
    assert supply_of(command)


@pytest.mark.parametrize("supply", SUPPLIES.values())
def test_every_file_is_one_of_the_bundles(supply: Supply) -> None:
    assert supply.files
    assert all(place(path) for paths in supply.files for path in paths)


@pytest.mark.parametrize("command", [commands.RESTART, commands.INSTALL, commands.widen(4, "tcp", 10000, 55535), ""])
def test_what_collects_nothing_has_none(command: str) -> None:
    assert supply_of(command) is None


def test_a_half_known_command_has_none() -> None:
    assert supply_of(f"{commands.SYSTEMINFO} & {commands.RESTART}") is None


@pytest.mark.parametrize("delay", [240, 300, 1800])
def test_tables_far_apart_need_a_thorough_run(delay: int) -> None:
    supply = supply_of(commands.netstat_twice(delay))
    assert supply
    assert run_of(supply.option) == f"forensics-collect.cmd {THOROUGH}"
    assert ("netstat/s-3.txt",) in supply.files


def test_several_commands_bring_the_files_of_each() -> None:
    supply = supply_of(f"{commands.NETSTAT_BOUND} & {commands.HANDLES}")
    assert supply
    assert supply.files == (("netstat/anoq-1.txt",), ("process/wmic-process.csv",))
    assert supply.otherwise == "-TraceSeconds 120"


def test_examples() -> None:
    results = doctest.testmod(collector_options)
    assert results.attempted
    assert not results.failed
