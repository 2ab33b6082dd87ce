r"""The counters of `netstat -s`, in any language.

What Windows prints (German, without the blocks for IP and ICMP)::

    TCP-Statistik für IPv4

      Aktiv geöffnet                      = 9234511
      Passiv geöffnet                     = 51266
      Erfolglose Verbindungsversuche      = 40110
      Zurückgesetzte Verbindungen         = 60512
      Aktuelle Verbindungen               = 3
      Empfangene Segmente                 = 81221093
      Gesendete Segmente                  = 79112930
      Erneut übertragene Segmente         = 120331

    UDP-Statistik für IPv4

      Empfangene Datagramme = 402234
      Keine Anschlüsse      = 5120
      Empfangsfehler        = 0
      Gesendete Datagramme  = 391188

The labels are translated, their number and order are not: a block of eight counters is TCP, of four UDP, of
twelve and more IP (left out, as is ICMP, which has two columns). The counters follow RFC 4022 and RFC 4113;
Windows keeps them in 32 bits (`MIB_TCPSTATS`), so a difference between two runs is to be taken modulo 2**32.

>>> statistics, = parse(__doc__).facts
>>> statistics.tcp[0].family, statistics.tcp[0].active_opens, statistics.tcp[0].segments_retransmitted
(4, 9234511, 120331)
>>> statistics.udp[0].datagrams_sent, statistics.line
(391188, 5)
"""

import re
from collections.abc import Iterator

import msgspec

from forensics.parsed import Parsed
from forensics.text.lines import split_lines
from forensics.text.problems import Problems

KIND = "netstat-s"
READS = "text"

TCP_COUNTERS = 8
UDP_COUNTERS = 4
FEWEST_IP_COUNTERS = 12  # 16 to 18 are seen

_COUNTER = re.compile(r"[ \t]+\S[^=\r\n]*=[ \t]*([0-9]{1,20})[ \t]*")
_RUN_OF_COUNTERS = re.compile(r"[\r\n](?:[ \t]+\S[^=\r\n]*=[ \t]*[0-9]{1,20}[ \t]*[\r\n]+){4}")
_FAMILY = re.compile(r"IPv([46])", re.IGNORECASE)
_TCP = re.compile(r"(?<![A-Za-z])TCP(?![A-Za-z])", re.IGNORECASE)
_UDP = re.compile(r"(?<![A-Za-z])UDP(?![A-Za-z])", re.IGNORECASE)


class TcpCounters(msgspec.Struct, frozen=True):
    """TCP since boot, one family. `current_established` is a gauge; the others only grow (modulo 2**32).

    `active_opens` counts every connect() that left CLOSED, successful or not. `line` is the first counter's.
    """

    family: int
    active_opens: int
    passive_opens: int
    failed_attempts: int
    resets: int
    current_established: int
    segments_received: int
    segments_sent: int
    segments_retransmitted: int
    line: int


class UdpCounters(msgspec.Struct, frozen=True):
    """UDP since boot, one family. `no_ports` are datagrams to a port on which nobody listens."""

    family: int
    datagrams_received: int
    no_ports: int
    receive_errors: int
    datagrams_sent: int
    line: int


class Statistics(msgspec.Struct, frozen=True):
    """One run of `netstat -s`. `line` is the heading of its first block."""

    line: int
    tcp: tuple[TcpCounters, ...]
    udp: tuple[UdpCounters, ...]


class _Block(msgspec.Struct, frozen=True):
    """Counters that follow one another, and the heading over them."""

    heading: str
    heading_line: int
    first_line: int
    counters: tuple[int, ...]
    new_run: bool

    @property
    def protocol(self) -> str:
        """Tell by the heading's Latin word, else by the number of counters."""
        if _TCP.search(self.heading):
            return "TCP"
        if _UDP.search(self.heading):
            return "UDP"
        if len(self.counters) >= FEWEST_IP_COUNTERS:
            return "IP"
        return {TCP_COUNTERS: "TCP", UDP_COUNTERS: "UDP"}.get(len(self.counters), "")

    @property
    def whole(self) -> bool:
        expected = {"TCP": TCP_COUNTERS, "UDP": UDP_COUNTERS}.get(self.protocol)
        return expected is None or len(self.counters) == expected

    @property
    def family(self) -> int | None:
        found = _FAMILY.search(self.heading)
        return int(found[1]) if found else None


def recognise(text: str) -> bool:
    """Find a block of TCP's eight counters under a heading with "TCP", or with UDP's four after it."""
    return "=" in text and _RUN_OF_COUNTERS.search(text) is not None and bool(parse(text).facts)


def parse(text: str) -> Parsed:
    """Read every run in the text; a block cut short is a problem and left out."""
    blocks = list(_blocks(split_lines(text)))
    if not _is_netstat(blocks):
        return Parsed((), "0 runs")
    problems = Problems()
    for block in blocks:
        if not block.whole:
            problems.add(block.heading_line, f"{len(block.counters)} counters for {block.protocol}: left out")
    runs = tuple(_runs([block for block in blocks if block.whole and block.protocol]))
    return Parsed(runs, f"{len(runs)} run{'s' * (len(runs) != 1)}", problems.told())


def _is_netstat(blocks: list[_Block]) -> bool:
    """Tell counters of netstat from any other list of `name = number`."""
    for index, block in enumerate(blocks):
        if block.protocol == "TCP" and block.whole:
            if _TCP.search(block.heading):
                return True
            after = blocks[index + 1 : index + 3]
            if any(following.protocol == "UDP" and following.whole for following in after):
                return True
    return False


def _blocks(lines: list[str]) -> Iterator[_Block]:
    heading, heading_line, first = "", 1, 0
    counters: list[int] = []
    command = False
    for number, line in enumerate([*lines, "end"], 1):
        counter = _COUNTER.fullmatch(line)
        if counter:
            first = first or number
            counters.append(int(counter[1]))
        elif line.strip():
            if counters:
                yield _Block(heading, heading_line if heading else first, first, tuple(counters), command)
                counters, first, command = [], 0, False
            command = command or "netstat" in line.lower()
            heading, heading_line = line, number


def _runs(blocks: list[_Block]) -> Iterator[Statistics]:
    """Gather the blocks of one run; netstat prints IP, ICMP, TCP, UDP, of each IPv4 before IPv6."""
    run: list[_Block] = []
    for block in blocks:
        if run and (block.new_run or _restarts(run, block)):
            yield from _statistics(run)
            run = []
        run.append(block)
    yield from _statistics(run)


def _restarts(run: list[_Block], block: _Block) -> bool:
    order = ("IP", "TCP", "UDP")
    if order.index(block.protocol) < order.index(run[-1].protocol):
        return True
    same = [earlier for earlier in run if earlier.protocol == block.protocol]
    return len(same) > 1 or bool(block.family and any(earlier.family == block.family for earlier in same))


def _statistics(run: list[_Block]) -> Iterator[Statistics]:
    tcp = [block for block in run if block.protocol == "TCP"]
    udp = [block for block in run if block.protocol == "UDP"]
    if tcp or udp:
        yield Statistics(
            run[0].heading_line,
            tuple(_tcp_counters(block, _family(tcp, place)) for place, block in enumerate(tcp)),
            tuple(_udp_counters(block, _family(udp, place)) for place, block in enumerate(udp)),
        )


def _tcp_counters(block: _Block, family: int) -> TcpCounters:
    active, passive, failed, resets, current, received, sent, retransmitted = block.counters
    return TcpCounters(
        family, active, passive, failed, resets, current, received, sent, retransmitted, block.first_line
    )


def _udp_counters(block: _Block, family: int) -> UdpCounters:
    received, no_ports, errors, sent = block.counters
    return UdpCounters(family, received, no_ports, errors, sent, block.first_line)


def _family(blocks: list[_Block], place: int) -> int:
    """Tell by the heading, else by the order: IPv4 comes first."""
    return blocks[place].family or (4, 6)[min(place, 1)]
