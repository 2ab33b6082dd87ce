import pytest

from forensics.parsers.memory import Memory, parse, recognise

# The figures of one published object of Win32_PerfFormattedData_PerfOS_Memory (Sumo Logic's documentation).
HEADINGS = "PoolNonpagedBytes,PoolPagedBytes,AvailableBytes,CommittedBytes,CommitLimit,HandleCount"
FIGURES = "46321664,145367040,1238610176,1131204608,4294033408,31207"
CANONICAL = f"{HEADINGS}\n{FIGURES}\n"
QUOTED = CANONICAL.replace(",", '","').replace("\n", '"\n"')[:-1].join(['"', ""])
PAIRS = "".join(f"{name},{figure}\n" for name, figure in zip(HEADINGS.split(","), FIGURES.split(","), strict=True))


def expected(line: int, **changes: int | None) -> Memory:
    figures: dict[str, int | None] = {
        "nonpaged_pool_bytes": 46321664,
        "paged_pool_bytes": 145367040,
        "available_bytes": 1238610176,
        "committed_bytes": 1131204608,
        "commit_limit_bytes": 4294033408,
        "total_bytes": None,
        "handles": 31207,
    }
    return Memory(**(figures | changes), line=line)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r\r\n", "\r"])
@pytest.mark.parametrize(
    ("text", "line"),
    [
        (CANONICAL, 2),
        (QUOTED, 2),
        (f"{HEADINGS}\n" + '"' + FIGURES.replace(",", '","') + '"\n', 2),
        (PAIRS, 1),
        ('"Name","Value"\n' + PAIRS.replace(",", '","').replace("\n", '"\n"')[:-1].join(['"', ""]), 2),
        ("Name;Value\n" + PAIRS.replace(",", ";"), 2),
    ],
    ids=["csv", "quoted", "quoted figures", "name and value", "quoted name and value", "semicolon"],
)
def test_what_the_collector_writes(text: str, line: int, line_end: str) -> None:
    text = text.replace("\n", line_end)
    assert recognise(text)
    assert parse(text).facts == (expected(line),)
    assert parse(text).problems == ()


def test_wmic_list() -> None:
    text = (
        "\r\r\n\r\r\nAvailableBytes=1238610176\r\r\nAvailableKBytes=1209580\r\r\nAvailableMBytes=1181\r\r\nCaption=\r\r\n"
        "CommitLimit=4294033408\r\r\nCommittedBytes=1131204608\r\r\nDescription=\r\r\nName=\r\r\nPoolNonpagedAllocs=126788\r\r\n"
        "PoolNonpagedBytes=46321664\r\r\nPoolPagedAllocs=105056\r\r\nPoolPagedBytes=145367040\r\r\n\r\r\n"
    )
    assert recognise(text)
    assert parse(text).facts == (expected(3, handles=None),)


def test_wmic_csv() -> None:
    text = (
        "\r\r\nNode,AvailableBytes,AvailableKBytes,AvailableMBytes,CommitLimit,CommittedBytes,PoolNonpagedBytes,PoolPagedBytes\r\r\n"
        "SRV1,1238610176,1209580,1181,4294033408,1131204608,46321664,145367040\r\r\n"
    )
    assert parse(text).facts == (expected(3, handles=None),)


def test_powershell_list() -> None:
    text = "\nCommitLimit       : 4294033408\nPoolNonpagedBytes : 46321664\nPoolPagedBytes    : 145367040\nAvailableMBytes   : 1181\n"
    assert parse(text).facts == (
        expected(2, available_bytes=1181 * 1024 * 1024, committed_bytes=None, handles=None),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("names", "figures", "available"),
    [
        ("AvailableBytes,AvailableKBytes,AvailableMBytes", "5000000,4882,4", 5_000_000),
        ("AvailableKBytes,AvailableMBytes", "4882,4", 4882 * 1024),
        ("AvailableMBytes,CommitLimit", "4,1", 4 * 1024 * 1024),
    ],
)
def test_the_finest_unit_counts(names: str, figures: str, available: int) -> None:
    (memory,) = parse(f"Node,{names}\nSRV1,{figures}\n").facts
    assert isinstance(memory, Memory)
    assert memory.available_bytes == available


def test_kilobytes_of_the_operating_system() -> None:
    """8 GiB, as `wmic os get … /value` and its table print them."""
    nothing = dict.fromkeys(
        ("nonpaged_pool_bytes", "paged_pool_bytes", "committed_bytes", "commit_limit_bytes", "handles")
    )
    figures = nothing | {"available_bytes": 1209580 * 1024, "total_bytes": 8388148 * 1024}
    for text, line in (
        ("\r\r\n\r\r\nFreePhysicalMemory=1209580\r\r\nTotalVisibleMemorySize=8388148\r\r\n", 3),
        ("FreePhysicalMemory  TotalVisibleMemorySize  \r\r\n1209580             8388148                 \r\r\n", 2),
        ("Node,FreePhysicalMemory,TotalVisibleMemorySize\r\r\nSRV1,1209580,8388148\r\r\n", 2),
    ):
        assert recognise(text)
        assert parse(text).facts == (Memory(**figures, line=line),)


def test_two_readings() -> None:
    later = "46321665,145367040,1238610176,1131204608,4294033408,31208"
    assert parse(CANONICAL + later + "\n").facts == (
        expected(2),
        expected(3, nonpaged_pool_bytes=46321665, handles=31208),
    )


@pytest.mark.parametrize(
    "text",
    [
        "Node,HandleCount,Name,ProcessId\nSRV1,60412,agent.exe,1536\n",
        "HandleCount=60412\nName=agent.exe\nProcessId=1536\n",
        # Win32_PerfFormattedData_PerfProc_Process: pools of one process
        "Node,HandleCount,IDProcess,Name,PoolNonpagedBytes,PoolPagedBytes\nSRV1,60412,1536,agent,46321664,145367040\n",
        '"Name","HandleCount","PoolNonpagedBytes"\n"agent","60412","46321664"\n',
        "AvailableBytes is a counter; CommitLimit too\n",
        "AvailableBytes,CommitLimit\n",
        "AvailableBytes=\nCommitLimit=much\n",
    ],
)
def test_processes_and_prose_are_not_the_system(text: str) -> None:
    assert not recognise(text)
    assert parse(text).problems == ()


def test_cut_short() -> None:
    assert not recognise(CANONICAL[: len(HEADINGS) + 1])
    cut = parse(PAIRS[: PAIRS.index("CommitLimit")])
    assert cut.facts == (expected(1, commit_limit_bytes=None, handles=None),)
    assert len(parse(CANONICAL[:-30]).facts) == 0
