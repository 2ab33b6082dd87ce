import pytest

from forensics.parsers.netsh_excludedportrange import ExcludedRange, ExcludedRanges, parse, recognise

from . import corpus
from .scramble import scramble

TABLE = """
Protocol tcp Port Exclusion Ranges

Start Port    End Port
----------    --------
      5357        5357
     50000       50059     *

* - Administered port exclusions.

"""
EMPTY = """
Protocol udp Port Exclusion Ranges

Start Port    End Port
----------    --------

* - Administered port exclusions.
"""


def _table(text: str) -> ExcludedRanges:
    (table,) = parse(text).facts
    assert isinstance(table, ExcludedRanges)
    return table


@corpus.needs_corpus
@pytest.mark.parametrize(
    ("name", "rows", "first", "last", "administered"),
    [
        ("snip_de_excludedportrange.txt", 9, (28380, 28380, 5), (50301, 50400, 13), 1),
        ("snip_es_excludedportrange.txt", 16, (20, 22, 6), (50000, 50059, 21), 10),
        ("snip_zh_excludedportrange.txt", 9, (5106, 5205, 6), (50000, 50059, 14), 1),
    ],
)
def test_real_files(
    name: str, rows: int, first: tuple[int, int, int], last: tuple[int, int, int], administered: int
) -> None:
    text = corpus.text(f"netsh/{name}")
    table = _table(text)
    assert table.protocol == "TCP"
    assert table.family is None
    assert len(table.ranges) == rows
    assert [(row.start, row.end, row.line) for row in (table.ranges[0], table.ranges[-1])] == [first, last]
    assert sum(row.administered for row in table.ranges) == administered == text.count("*") - 1
    assert parse(text).problems == ()
    assert parse(scramble(text)).facts == parse(text).facts


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r\r\n"])
def test_line_ends(line_end: str) -> None:
    ranges = (
        ExcludedRange(5357, 5357, administered=False, line=6),
        ExcludedRange(50000, 50059, administered=True, line=7),
    )
    assert _table(TABLE.replace("\n", line_end)) == ExcludedRanges("TCP", None, ranges, 2)


def test_empty_table_is_a_fact() -> None:
    assert recognise(EMPTY)
    assert _table(EMPTY) == ExcludedRanges("UDP", None, (), 2)


def test_family_of_the_command_above() -> None:
    text = (
        "C:\\>netsh int ipv4 show excludedportrange protocol=tcp\n" + TABLE
        + "C:\\>netsh int ipv6 show excludedportrange protocol=udp store=persistent\n" + EMPTY
    )  # fmt: skip
    facts = parse(text).facts
    assert [(table.protocol, table.family) for table in facts] == [("TCP", 4), ("UDP", 6)]  # type: ignore[attr-defined]


def test_random_labels() -> None:
    for seed in range(20):
        assert parse(scramble(TABLE, seed=seed)).facts == parse(TABLE).facts


def test_mutilated_heading() -> None:
    table = _table(TABLE.replace("tcp", "???"))
    assert table.protocol is None
    assert len(table.ranges) == 2


@pytest.mark.parametrize(
    ("start", "end", "possible"), [(1, 65535, True), (0, 10, False), (10, 9, False), (1, 65536, False)]
)
def test_impossible_rows(start: int, end: int, possible: bool) -> None:
    parsed = parse(TABLE.replace("5357        5357", f"{start} {end}"))
    assert len(parsed.facts[0].ranges) == 1 + possible  # type: ignore[attr-defined]
    assert [problem.line for problem in parsed.problems] == ([] if possible else [6])


def test_other_tables_with_two_columns() -> None:
    assert not recognise("\nCount Name\n----- ----\n    3 5\n")


def test_cut_short() -> None:
    assert _table(TABLE[: TABLE.index("50000") + 5]).ranges == (ExcludedRange(5357, 5357, administered=False, line=6),)
