from forensics.evidence import Source
from forensics.measure.port_space import EXCLUDED, find_port_space, ports_in_use
from forensics.measure.ports import PortUse
from forensics.parsers.netstat import Row


def row(port: int | None, state: str, *, protocol: str = "TCP", family: int = 4) -> Row:
    return Row(protocol, family, "10.0.0.5", port, "203.0.113.9", 443, state, 0, 1)


POOL = PortUse("TCP", 4, 49152, 16384, "assumed", 0, None, None)


def test_neighbours_in_one_state_are_one_run() -> None:
    space = find_port_space([row(port, "TIME_WAIT") for port in (49152, 49153, 49155)], [], [POOL])
    assert [(one.state, one.runs, one.ports) for one in space] == [("TIME_WAIT", ((49152, 49153), (49155, 49155)), 3)]


def test_a_port_has_the_state_that_holds_it_longest_whatever_the_order() -> None:
    for rows in ([row(80, "TIME_WAIT"), row(80, "LISTENING")], [row(80, "LISTENING"), row(80, "TIME_WAIT")]):
        assert [(one.state, one.ports) for one in find_port_space(rows, [], [POOL])] == [("LISTENING", 1)]
    both = [row(50000, "TIME_WAIT"), row(50000, "ESTABLISHED")]
    assert [one.state for one in find_port_space(both, [], [POOL])] == ["ESTABLISHED"]


def test_an_unknown_state_comes_last() -> None:
    assert [one.state for one in find_port_space([row(1, "中"), row(1, "TIME_WAIT")], [], [POOL])] == ["TIME_WAIT"]


def test_bound_rows_of_another_run_count_and_rows_without_a_port_do_not() -> None:
    space = find_port_space([row(None, "ESTABLISHED")], [row(50001, "BOUND")], [POOL])
    assert [(one.state, one.ports) for one in space] == [("BOUND", 1)]


def test_udp_rows_have_the_protocol_for_a_state() -> None:
    pool = PortUse("UDP", 6, 49152, 16384, "assumed", 0, None, None)
    space = find_port_space([row(53, "", protocol="UDP", family=6)], [], [POOL, pool])
    assert [(one.protocol, one.family, one.state) for one in space] == [("UDP", 6, "UDP")]


def test_exclusions_are_told_once_where_they_overlap() -> None:
    source = Source("netsh/excluded.txt")
    pool = PortUse(
        "TCP", 4, 49152, 16384, "netsh", 15, None, None, exclusions=((50000, 50009, source), (50005, 50014, source))
    )
    space = find_port_space([], [], [pool])
    assert [(one.state, one.runs, one.ports) for one in space] == [(EXCLUDED, ((50000, 50014),), 15)]


def test_ports_in_use_are_distinct_and_inside_the_range() -> None:
    rows = [
        row(49152, "TIME_WAIT"),
        row(49152, "ESTABLISHED"),
        row(49151, "TIME_WAIT"),
        row(65535, "TIME_WAIT", family=6),
    ]
    assert ports_in_use(rows, POOL) == 1
