import pytest

from forensics.parsers.netstat_statistics import Statistics, TcpCounters, UdpCounters, parse, recognise

from .scramble import scramble

IP = """IPv{0} Statistics

  Packets Received                   = 84511223
  Received Header Errors             = 0
  Received Address Errors            = 41
  Datagrams Forwarded                = 0
  Unknown Protocols Received         = 0
  Received Packets Discarded         = 20177
  Received Packets Delivered         = 84533120
  Output Requests                    = 81022114
  Routing Discards                   = 0
  Discarded Output Packets           = 12
  Output Packet No Route             = 3
  Reassembly Required                = 0
  Reassembly Successful              = 0
  Reassembly Failures                = 0
  Datagrams Successfully Fragmented  = 0
  Datagrams Failing Fragmentation    = 0
  Fragments Created                  = 0

"""
ICMP = """ICMPv4 Statistics

                            Received    Sent
  Messages                  4410        4512
  Errors                    0           0
  Echo Replies              12          4400

"""
TCP = """TCP Statistics for IPv{0}

  Active Opens                        = {1}
  Passive Opens                       = 2
  Failed Connection Attempts          = 3
  Reset Connections                   = 4
  Current Connections                 = 5
  Segments Received                   = 6
  Segments Sent                       = 7
  Segments Retransmitted              = 8

"""
UDP = """UDP Statistics for IPv{0}

  Datagrams Received    = 21
  No Ports              = 22
  Receive Errors        = 23
  Datagrams Sent        = 24

"""
RUN = (
    "\n" + IP.format(4) + IP.format(6) + ICMP + TCP.format(4, 9234511) + TCP.format(6, 11)
    + UDP.format(4) + UDP.format(6)
)  # fmt: skip
LABELS = r"(.*?)(?:=\s*\d+)?\s*"


def _runs(text: str) -> list[Statistics]:
    return [fact for fact in parse(text).facts if isinstance(fact, Statistics)]


def test_one_run() -> None:
    (run,) = _runs(RUN)
    assert run.line == 2
    # 1 blank line, two IP blocks of 20 lines, ICMP of 7, then heading, blank, first counter
    assert run.tcp == (
        TcpCounters(4, 9234511, 2, 3, 4, 5, 6, 7, 8, 51),
        TcpCounters(6, 11, 2, 3, 4, 5, 6, 7, 8, 62),
    )
    assert run.udp == (UdpCounters(4, 21, 22, 23, 24, 73), UdpCounters(6, 21, 22, 23, 24, 80))
    assert parse(RUN).problems == ()
    assert RUN.split("\n")[50].strip() == "Active Opens                        = 9234511"


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r\r\n"])
def test_line_ends(line_end: str) -> None:
    assert _runs(RUN.replace("\n", line_end)) == _runs(RUN)


def test_random_labels() -> None:
    for seed in range(20):
        assert _runs(scramble(RUN, LABELS, seed)) == _runs(RUN)


def test_headings_without_any_latin_word() -> None:
    bare = RUN.replace("TCP", "???").replace("UDP", "???").replace("IPv", "?")
    assert _runs(bare) == _runs(RUN)


def test_second_run_begins_where_the_order_restarts() -> None:
    assert [(run.line, run.tcp[0].active_opens) for run in _runs(RUN + RUN.replace("9234511", "9250000"))] == [
        (2, 9234511),
        (RUN.count("\n") + 2, 9250000),
    ]


def test_several_runs_of_tcp_alone() -> None:
    text = "".join(TCP.format(4, count) for count in (10, 20, 30))
    assert [run.tcp[0].active_opens for run in _runs(text)] == [10, 20, 30]
    with_prompts = "".join("C:\\>netstat -s -p tcp\n\n" + TCP.format("?", count) for count in (10, 20))
    assert [run.tcp[0].active_opens for run in _runs(with_prompts)] == [10, 20]


def test_without_ipv6() -> None:
    text = (TCP.format(4, 1) + UDP.format(4)) * 2
    assert [(len(run.tcp), len(run.udp)) for run in _runs(text)] == [(1, 1), (1, 1)]


def test_cut_short_inside_a_block() -> None:
    cut = RUN[: RUN.rindex("Segments Retransmitted")]
    (run,) = _runs(cut)
    assert [counters.family for counters in run.tcp] == [4]
    assert [problem.message for problem in parse(cut).problems] == ["7 counters for TCP: left out"]


def test_counters_of_other_programs() -> None:
    settings = "[pool]\n" + "".join(f"  key{n} = {n}\n" for n in range(8)) + "[log]\n" + "  a = 1\n" * 3
    assert not recognise(settings)
    assert not recognise("x = 1\ny = 2\n")
    assert not recognise(IP.format(4))


def test_a_number_too_long_for_any_counter() -> None:
    assert not recognise(TCP.format(4, "9" * 5000))


def test_counts_wrap_at_32_bits_and_may_reach_them() -> None:
    (run,) = _runs(TCP.format(4, 2**32 - 1))
    assert run.tcp[0].active_opens == 4294967295
