"""Connects that fail: attempts that netstat counts as failed, and rows in SYN_SENT by whether their peer is outside.

"Failed Connection Attempts" counts connects that ended without a connection, of either family (RFC 4022,
tcpAttemptFails); a connect that nobody answers sits in SYN_SENT until it is given up (knowledge/connects.py).
"""

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

import msgspec

from forensics.evidence import Source
from forensics.measure.collection import Taken, seconds_between
from forensics.measure.rates import Counted, grown
from forensics.measure.snapshots import listening_ports, table_source

# Ranges for examples (RFC 5737, RFC 3849) stand for public addresses, as they do in documentation and in our samples.
_DOCUMENTATION = tuple(
    ip_network(one) for one in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)


class Attempts(msgspec.Struct, frozen=True):
    """Connects between the first and the last reading of `netstat -s`, and rows in SYN_SENT of the latest table.

    `opened` and `failed` over `seconds`, None without two readings. `waiting` are SYN_SENT rows, `waiting_outside`
    those towards public addresses; `outside` those that this machine opened to public addresses, `tables_waiting` how
    many tables show SYN_SENT towards a public address at all.
    """

    opened: int | None
    failed: int | None
    seconds: float | None
    waiting: int
    waiting_outside: int
    tables_waiting: int
    outside: int
    sources: tuple[Source, ...]
    counter_sources: tuple[Source, ...]

    @property
    def failed_share(self) -> float | None:
        """Failed attempts as a share of all; None where none was counted."""
        return self.failed / self.opened if self.failed is not None and self.opened else None


def find_attempts(tables: Sequence[Taken], readings: Sequence[Counted]) -> Attempts:
    """Count what failed and what still waits."""
    opened, failed, seconds, counters = _failed(readings)
    latest = tables[-1].found.fact.rows if tables else ()
    waiting = [row for row in latest if row.state == "SYN_SENT"]
    outside = [row for row in waiting if is_public(row.remote_address)]
    listening = listening_ports(latest)
    connected = [
        row
        for row in latest
        if row.state == "ESTABLISHED"
        and (row.family, row.local_port) not in listening
        and is_public(row.remote_address)
    ]
    with_waiting = [
        table
        for table in tables
        if any(row.state == "SYN_SENT" and is_public(row.remote_address) for row in table.found.fact.rows)
    ]
    sources = (table_source(tables[-1]),) if tables else ()
    if outside:
        sources = (*sources, tables[-1].found.source(outside[0].line))
    return Attempts(
        opened, failed, seconds, len(waiting), len(outside), len(with_waiting), len(connected), sources, counters
    )


def _failed(readings: Sequence[Counted]) -> tuple[int | None, int | None, float | None, tuple[Source, ...]]:
    if len(readings) < 2:  # noqa: PLR2004 - a difference needs two
        return None, None, None, ()
    opened = [one for family in (4, 6) if (one := grown(readings, family, "active_opens")) is not None]
    failed = [one for family in (4, 6) if (one := grown(readings, family, "failed_attempts")) is not None]
    if not opened or not failed:
        return None, None, None, ()
    sources = tuple(
        one.found.source(counters.line) for one in (readings[0], readings[-1]) for counters in one.found.fact.tcp
    )
    return sum(opened), sum(failed), seconds_between(readings[0], readings[-1]), sources


def is_public(address: str) -> bool:
    """Whether an address lies beyond the networks that an organisation numbers itself.

    >>> is_public("203.0.113.9"), is_public("10.0.0.5"), is_public("fe80::1%11"), is_public("*")
    (True, False, False, False)
    """
    try:
        parsed = ip_address(address.split("%", maxsplit=1)[0])
    except ValueError:
        return False
    if any(parsed in network for network in _DOCUMENTATION if network.version == parsed.version):
        return True
    return parsed.is_global
