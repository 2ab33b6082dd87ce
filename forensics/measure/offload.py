"""TCP Chimney: whether connections may be, and are, in the hands of the network adapter.

The offload fails after half the wrap, 2^31 ticks of 10 ms (KB2553549, second symptom: domain.md §1.1). The setting says
what may be offloaded, the rows of `netstat -t` what is (domain.md §2, C1b).
"""

from collections.abc import Sequence

import msgspec

from forensics.evidence import Evidence, Source
from forensics.measure.collection import Taken
from forensics.measure.snapshots import table_source
from forensics.parsers.netsh_tcp_global import TcpGlobal

_OFFLOADED, _IN_HOST = "offload", "inhost"  # "Offloaded" on 2008, "Offload" on 2008 R2 (KB951037, KB2477730)


class Offload(msgspec.Struct, frozen=True):
    """`setting` is `enabled`, `automatic`, `disabled` or "" (not collected or not understood).

    `rows` are connections whose offload state netstat printed (`-t`), `offloaded` those not in the host's hands; both
    None without such a table, or where its words are not known.
    """

    setting: str
    rows: int | None
    offloaded: int | None
    sources: tuple[Source, ...]


def find_offload(evidence: Evidence, taken: Sequence[Taken]) -> Offload:
    """Read the setting and the latest table with an Offload State column."""
    sources: list[Source] = []
    setting = ""
    for found in evidence.all(TcpGlobal):
        if found.fact.chimney and not setting:
            setting = found.fact.chimney
            sources.append(found.source(found.fact.line))
    shown = [one for one in taken if one.found.fact.has_offload]
    if not shown:
        return Offload(setting, None, None, tuple(sources))
    rows = [row for row in shown[-1].found.fact.rows if row.state == "ESTABLISHED" and row.offload]
    offloaded = [row for row in rows if row.offload.casefold().startswith(_OFFLOADED)]
    in_host = [row for row in rows if row.offload.casefold() == _IN_HOST]
    if not rows or (not offloaded and len(in_host) < len(rows)):
        return Offload(setting, None, None, tuple(sources))  # no connection to tell by, or words that are not known
    example = offloaded[0] if offloaded else rows[0]
    sources += [table_source(shown[-1]), shown[-1].found.source(example.line)]
    return Offload(setting, len(rows), len(offloaded), tuple(sources))
