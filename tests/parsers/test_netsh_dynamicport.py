import pytest

from forensics.parsers.netsh_dynamicport import DynamicRange, parse, recognise

from . import corpus
from .scramble import scramble

ENGLISH = """
Protocol tcp Dynamic Port Range
---------------------------------
Start Port      : 49152
Number of Ports : 16384

"""
GERMAN = ENGLISH.replace("Protocol tcp Dynamic Port Range", 'Dynamischer Portbereich für das Protokoll "udp"')
SUPPLEMENTAL = """
TCP Supplemental Parameters
----------------------------------------------
Minimum RTO (msec)                  : 300
Initial Congestion Window (MSS)     : 4
Congestion Control Provider         : ctcp
Enable Congestion Window Restart    : disabled
"""


@corpus.needs_corpus
def test_real_files() -> None:
    english = parse(corpus.text("netsh/snip_en_dynamicport_64511.txt"))
    assert english.facts == (DynamicRange("TCP", 4, 1024, 64511, 3),)
    assert english.facts[0].end == 65534
    assert parse(corpus.text("netsh/snip_ja_dynamicport.txt")).facts == (DynamicRange("TCP", 4, 49152, 16384, 3),)
    chinese = parse(corpus.text("netsh/snip_zh_dynamicport_x4.txt"))
    assert chinese.facts == (
        DynamicRange("TCP", 4, 1024, 13977, 3),
        DynamicRange("TCP", 6, 1024, 13977, 11),
        DynamicRange("UDP", 4, 49152, 16384, 19),
        DynamicRange("UDP", 6, 49152, 16384, 27),
    )
    assert chinese.problems == ()
    assert chinese.summary == "4 dynamic port ranges"


@corpus.needs_corpus
def test_real_files_with_random_labels() -> None:
    for path in corpus.files("netsh"):
        if "dynamicport" in path.name:
            text = corpus.text(f"netsh/{path.name}")
            assert parse(scramble(text, r"([^:]*?)(?::.*)?")).facts == parse(text).facts


def test_without_command_the_family_is_not_known() -> None:
    assert parse(ENGLISH).facts == (DynamicRange("TCP", None, 49152, 16384, 2),)
    assert parse(GERMAN).facts == (DynamicRange("UDP", None, 49152, 16384, 2),)


@pytest.mark.parametrize(
    ("command", "family"),
    [
        ("C:\\>netsh int ipv6 show dynamicport tcp", 6),
        ("netsh interface ipv4>show dynamicport tcp", 4),
        ("PS C:\\> netsh interface IPV4 sh dyn tcp", 4),
        ("C:\\>netsh int ipv6 show dynamicport udp", None),
        ("we then looked at ipv6", None),
    ],
)
def test_family_of_the_command_above(command: str, family: int | None) -> None:
    assert parse(command + "\n" + ENGLISH).facts[0].family == family  # type: ignore[attr-defined]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r\r\n", "\r"])
def test_line_ends(line_end: str) -> None:
    text = ENGLISH.replace("\n", line_end)
    assert recognise(text)
    assert parse(text).facts == (DynamicRange("TCP", None, 49152, 16384, 2),)


def test_random_labels_and_full_width_colon() -> None:
    for seed in range(20):
        assert parse(scramble(ENGLISH, seed=seed)).facts == parse(ENGLISH).facts
    assert parse(ENGLISH.replace(" :", "：")).facts == parse(ENGLISH).facts


def test_mutilated_heading_leaves_the_protocol_open() -> None:
    assert parse(ENGLISH.replace("tcp", "???")).facts == (DynamicRange(None, None, 49152, 16384, 3),)


@pytest.mark.parametrize(
    ("start", "count", "possible"),
    [
        (1024, 64512, True),
        (1024, 64513, False),
        (1, 1, True),
        (0, 16384, False),
        (49152, 0, False),
        (65535, 1, True),
        (65536, 1, False),
        (99999, 16384, False),
    ],
)
def test_only_possible_ranges(start: int, count: int, possible: bool) -> None:
    text = ENGLISH.replace("49152", str(start)).replace("16384", str(count))
    parsed = parse(text)
    assert len(parsed.facts) == possible
    assert [problem.line for problem in parsed.problems] == ([] if possible else [4])


def test_other_tables_under_a_rule() -> None:
    assert not recognise(SUPPLEMENTAL)
    assert parse(SUPPLEMENTAL).facts == ()
    assert parse(SUPPLEMENTAL).problems == ()


def test_cut_short() -> None:
    whole = ENGLISH.index("16384") + len("16384")
    for end in range(whole):
        cut = parse(ENGLISH[:end])
        assert all(fact.start == 49152 and fact.count < 16384 for fact in cut.facts), end  # type: ignore[attr-defined]


@pytest.mark.parametrize(("start", "count"), [(65536, 10), (0, 65536), (49152, 0), (49152, 16385)])
def test_a_range_that_cannot_be_is_told_though_it_is_the_only_one(start: int, count: int) -> None:
    text = f"\r\nProtocol tcp Dynamic Port Range\r\n---------------------------------\r\nStart Port : {start}\r\nNumber of Ports : {count}\r\n"
    assert recognise(text)
    parsed = parse(text)
    assert parsed.facts == ()
    assert parsed.problems[0].message == f"not a possible port range: start {start}, number of ports {count}"
    assert not recognise(text.replace("Protocol tcp Dynamic Port Range", "Some other settings"))
