import ast
import re
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from forensics.knowledge.tcp_states import english_state
from forensics.parsers.netstat import Row, Snapshot, parse, recognise

from . import corpus
from .scramble import scramble

ANY = "0.0.0.0"  # noqa: S104 - as netstat prints it
HEADING = """
Active Connections

  Proto  Local Address          Foreign Address        State           PID
"""
ROWS = """  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       832
  TCP    10.0.0.5:49153         203.0.113.9:443        TIME_WAIT       0
  TCP    [fe80::1%11]:49160     [fe80::2%11]:445       ESTABLISHED     4
  UDP    0.0.0.0:123            *:*                                    944
"""
TABLE = HEADING + ROWS
HEADINGS = r"(\s*[^\sTU\[].*|.*PID.*)"  # every line that is no row and no image


def _snapshots(text: str) -> list[Snapshot]:
    return [fact for fact in parse(text).facts if isinstance(fact, Snapshot)]


def _only(text: str) -> Snapshot:
    (snapshot,) = _snapshots(text)
    return snapshot


def _without_component(row: Row) -> Row:
    return msgspec.structs.replace(row, component="")


def _states(snapshot: Snapshot) -> Counter[str]:
    return Counter(row.state for row in snapshot.rows if row.protocol == "TCP")


# Counted when the corpus was made: "states={'LISTENING': 44, ...} udp=45 exe_lines=111 ..."
_COUNTS = re.compile(r"states=(\{.*?\}) udp=(\d+) exe_lines=(\d+)")


@corpus.needs_corpus
@pytest.mark.parametrize("path", corpus.files("netstat"), ids=lambda path: path.name)
def test_real_files_have_the_rows_that_the_index_counted(path: Path) -> None:
    name = f"netstat/{path.name}"
    text = corpus.text(name)
    parsed = parse(text)
    snapshot = _only(text)
    assert parsed.problems == ()
    assert len(snapshot.rows) == len(re.findall(r"^\s*(?:TCP|UDP)\s", text, re.MULTILINE))
    counted = _COUNTS.search(corpus.index()[name])
    if counted:
        states = {english_state(word): count for word, count in ast.literal_eval(counted[1]).items()}
        assert dict(_states(snapshot)) == states
        assert sum(row.protocol == "UDP" for row in snapshot.rows) == int(counted[2])
        assert sum(bool(row.image) for row in snapshot.rows) == int(counted[3])
    scrambled = _only(scramble(text, HEADINGS))
    assert [_without_component(row) for row in scrambled.rows] == [_without_component(row) for row in snapshot.rows]


@corpus.needs_corpus
def test_real_korean_and_german_files() -> None:
    korean = _only(corpus.text("netstat/hm-damul__netstat.txt"))
    assert korean.rows[0] == Row("TCP", 4, ANY, 135, ANY, 0, "LISTENING", 424, 5)
    assert korean.has_pids
    assert korean.listens
    assert not korean.has_images
    german = _only(corpus.text("netstat/snip_de_win7_mojibake_an.txt"))
    assert not german.has_pids
    assert german.rows[3].state == "FIN_WAIT_2"
    assert german.rows[9].state == "TIME_WAIT"


@corpus.needs_corpus
def test_real_file_with_owners() -> None:
    snapshot = _only(corpus.text("netstat/LaytonCoombs__netstatnaob.txt"))
    assert snapshot.has_images
    assert (snapshot.rows[0].image, snapshot.rows[0].component) == ("svchost.exe", "RpcSs")
    assert (snapshot.rows[1].image, snapshot.rows[1].component) == ("", "")
    assert snapshot.rows[2].image == "CmRcService.exe"


@corpus.needs_corpus
def test_real_bound_row_and_resolved_names() -> None:
    bound = _only(corpus.text("netstat/snip_en_anq_bound.txt"))
    assert bound.has_bound
    assert bound.rows == (Row("TCP", 4, ANY, 22, ANY, 0, "BOUND", None, 2),)
    named = _only(corpus.text("netstat/snip_es_zoneid.txt")).rows[2]
    assert (named.family, named.local_address, named.local_port) == (6, "fe80::c9ee:eb4d:5f0b:a64f%4", 49703)
    assert (named.remote_address, named.remote_port, named.state) == ("DESKTOP-IGG1O7P", 1521, "TIME_WAIT")


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r\r\n", "\r"])
def test_line_ends(line_end: str) -> None:
    text = TABLE.replace("\n", line_end)
    assert recognise(text)
    assert _only(text) == _only(TABLE)


def test_lines_and_properties() -> None:
    snapshot = _only(TABLE)
    assert snapshot.line == 4
    assert [row.line for row in snapshot.rows] == [5, 6, 7, 8]
    assert snapshot.rows[1].connection == ("10.0.0.5", 49153, "203.0.113.9", 443)
    assert snapshot.rows[3] == Row("UDP", 4, ANY, 123, "*", None, "", 944, 8)
    assert (snapshot.has_pids, snapshot.has_images, snapshot.has_offload, snapshot.has_bound) == (
        True,
        False,
        False,
        False,
    )
    assert parse(TABLE).summary == "1 snapshot, 4 rows"


@pytest.mark.parametrize(
    "heading",
    [
        "アクティブな接続\n\n  プロトコル  ローカル アドレス          外部アドレス           状態            PID",
        "Активные подключения\n\n  Имя    Локальный адрес        Внешний адрес          Состояние       PID",
        "Connexions actives\n\n  Proto  Adresse locale         Adresse distante       État",
        "Conexões ativas\n\n  Proto  Endereço local         Endereço externo       Estado           PID",
    ],
)
def test_languages(heading: str) -> None:
    assert [row.pid for row in _only(f"\n{heading}\n{ROWS}").rows] == [832, 0, 4, 944]


def test_random_headings() -> None:
    for seed in range(20):
        assert _snapshots(scramble(TABLE + TABLE, HEADINGS, seed)) == _snapshots(TABLE + TABLE)


def test_owners() -> None:
    text = (
        HEADING
        + """  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       832
  RpcEptMapper
  RpcSs
 [svchost.exe]
  TCP    0.0.0.0:445            0.0.0.0:0              LISTENING       4
 Impossible d'obtenir les informations de propriétaire
  TCP    10.0.0.5:49153         203.0.113.9:443        ESTABLISHED     1536
 [netstat agent.exe]
  TCP    10.0.0.5:49154         203.0.113.9:443        ESTABLISHED     1536
 [agent.exe]
"""
    )
    owners = [(row.image, row.component) for row in _only(text).rows]
    assert owners == [("svchost.exe", "RpcEptMapper"), ("", ""), ("netstat agent.exe", ""), ("agent.exe", "")]


def test_offload_column() -> None:
    text = (
        HEADING
        + """  TCP    10.0.0.5:49153         203.0.113.9:443        ESTABLISHED     1536     InHost
  TCP    10.0.0.5:49154         203.0.113.9:443        TIME_WAIT       0        Offloaded
"""
    )
    assert [(row.state, row.pid, row.offload) for row in _only(text).rows] == [
        ("ESTABLISHED", 1536, "InHost"),
        ("TIME_WAIT", 0, "Offloaded"),
    ]
    without_pid = _only("  TCP    10.0.0.5:49153         203.0.113.9:443        ESTABLISHED     InHost\n").rows[0]
    assert (without_pid.state, without_pid.pid, without_pid.offload) == ("ESTABLISHED", None, "InHost")


def test_each_heading_starts_a_snapshot() -> None:
    assert [(snapshot.line, len(snapshot.rows)) for snapshot in _snapshots(TABLE * 3)] == [(4, 4), (12, 4), (20, 4)]
    prompts = f"C:\\>netstat -ano | findstr TCP\n{ROWS}\nC:\\>netstat -ano | findstr TCP\n{ROWS}"
    assert [(snapshot.line, len(snapshot.rows)) for snapshot in _snapshots(prompts)] == [(1, 4), (7, 4)]


def test_double_spaced() -> None:
    assert [len(snapshot.rows) for snapshot in _snapshots((TABLE * 2).replace("\n", "\n\n"))] == [4, 4]


def test_blank_lines_between_rows_do_not_split() -> None:
    assert len(_only(TABLE + "\n" + ROWS).rows) == 8


@pytest.mark.parametrize("prefix", ["{}:", "netstat.txt:{}:", "C:\\logs\\netstat.txt:{}:"])
def test_filtered_with_line_numbers(prefix: str) -> None:
    text = "\n".join(prefix.format(number) + row for number, row in enumerate(ROWS.splitlines(), 7))
    assert recognise(text)
    assert [row.local_port for row in _only(text).rows] == [135, 49153, 49160, 123]


def test_ports() -> None:
    text = "".join(
        f"  TCP    10.0.0.5:{port}   203.0.113.9:443   ESTABLISHED   1\n" for port in (0, 65535, 65536, "https")
    )
    parsed = parse(text)
    assert [row.local_port for row in _only(text).rows] == [0, 65535, None]
    assert [problem.line for problem in parsed.problems] == [3]


def test_the_owner_of_an_unreadable_row_is_nobody_elses() -> None:
    text = """  TCP    10.0.0.5:1000   203.0.113.9:443   ESTABLISHED   1
 [right.exe]
  TCP    10.0.0.5:99999   203.0.113.9:443   ESTABLISHED   1
 [wrong.exe]
"""
    assert [row.image for row in _only(text).rows] == ["right.exe"]


def test_unknown_state_is_kept_and_said() -> None:
    text = ROWS.replace("TIME_WAIT", "OCZEKUJE")
    assert _only(text).rows[1].state == "OCZEKUJE"
    (problem,) = parse(text).problems
    assert problem.line == 2
    assert "OCZEKUJE" in problem.message


def test_very_large_numbers_are_no_pids() -> None:
    assert _only("  TCP  10.0.0.5:1  1.2.3.4:443  ESTABLISHED  12345678901\n").rows[0].pid is None


def test_cut_short_in_a_row() -> None:
    cut = TABLE[: TABLE.index("[fe80::2")]
    assert [row.line for row in _only(cut).rows] == [5, 6]


def test_what_is_no_table() -> None:
    for text in (
        "TCP is a protocol: see RFC 793, and RFC 1122.",
        "TCP: connection 10.0.0.1:80 to 10.0.0.2:90",
        "UDP a b",
    ):
        assert not recognise(text)


def test_many_rows_take_little_time() -> None:
    row = "  TCP    10.0.0.5:{}         203.0.113.9:443        TIME_WAIT       0\n"
    text = HEADING + "".join(row.format(1024 + number) for number in range(64_000))
    assert len(_only(text).rows) == 64_000


@pytest.mark.parametrize("port", ["65536", "99999", "000443", "9" * 30, "-1"])
def test_no_such_port(port: str) -> None:
    parsed = parse(f"{HEADING}{ROWS}  TCP    10.0.0.1:{port}    10.0.0.2:443    TIME_WAIT    0\n")
    (snapshot,) = (fact for fact in parsed.facts if isinstance(fact, Snapshot))
    assert all(row.local_port is None or row.local_port <= 49160 for row in snapshot.rows)
    assert len(snapshot.rows) == (5 if port == "-1" else 4)  # a word may be the name of a service
