"""The dynamic port range, what exclusions leave of it, and how much of it is in use, per protocol and family."""

from collections.abc import Iterable, Sequence

import msgspec

from forensics.evidence import Evidence, Found, Source
from forensics.knowledge.dynamic_ports import (
    DEFAULT,
    DEFAULT_BEFORE_VISTA,
    FIRST_VERSION_WITH_DEFAULT,
    HIGHEST_PORT,
    MAX_USER_PORT_LEAST,
    MAX_USER_PORT_START,
)
from forensics.measure.system import System
from forensics.parsers.netsh_dynamicport import DynamicRange
from forensics.parsers.netsh_excludedportrange import ExcludedRanges
from forensics.parsers.netstat import Row
from forensics.parsers.registry_export import RegistryKey

_KNOWS_EXCLUSIONS = (6, 1)
"""The first Windows with `netsh int ipv4 show excludedportrange`: an older one keeps no port out of the range."""
_NEWEST = (10, 0)  # of an unknown Windows nothing is taken for granted

TCPIP_PARAMETERS = "\\services\\tcpip\\parameters"
FAMILIES = (("TCP", 4), ("TCP", 6), ("UDP", 4), ("UDP", 6))


class PortUse(msgspec.Struct, frozen=True):
    """One protocol and family.

    `count` is the range's size; `usable` less the exclusions inside it; `in_use` distinct local ports inside the range
    with a row in any state (contracts.md), None where no netstat was read. `basis` is `netsh`, `registry` or `assumed`.
    `exclusions` are those inside the range, first and last port; without `exclusions_known` nothing says that there are
    none.
    """

    protocol: str
    family: int
    start: int
    count: int
    basis: str
    excluded: int
    in_use: int | None
    source: Source | None
    exclusions_known: bool = False
    exclusions: tuple[tuple[int, int, Source], ...] = ()

    @property
    def end(self) -> int:
        """The last port of the range."""
        return self.start + self.count - 1

    @property
    def usable(self) -> int:
        """Ports that the range can give."""
        return self.count - self.excluded

    @property
    def utilisation(self) -> float | None:
        """Share of the usable ports in use."""
        return None if self.in_use is None else self.in_use / self.usable if self.usable else 1.0

    def holds(self, port: int | None) -> bool:
        """Whether a local port belongs to the range."""
        return port is not None and self.start <= port <= self.end


def find_ports(
    evidence: Evidence, system: System, rows: Sequence[Row] | None, bound: Iterable[Row] = ()
) -> tuple[PortUse, ...]:
    """Measure all four pools on the rows of the latest snapshot, and BOUND rows of a `-q` run beside it."""
    ranges, exclusions = _ranges(evidence), _exclusions(evidence)
    fallback = _fallback(evidence, system)
    used: dict[tuple[str, int], set[int]] = {pool: set() for pool in FAMILIES}
    for row in (*(rows or ()), *bound):
        if row.local_port is not None:
            used[row.protocol, row.family].add(row.local_port)
    pools = []
    for protocol, family in FAMILIES:
        start, count, basis, source = ranges.get((protocol, family), fallback)
        end = start + count - 1
        listed = exclusions.get((protocol, family))
        inside = tuple(one for one in listed or () if one[0] <= end and one[1] >= start)
        excluded: set[int] = set()
        for low, high, _ in inside:
            excluded.update(range(max(low, start), min(high, end) + 1))
        known = listed is not None or (system.version or _NEWEST) < _KNOWS_EXCLUSIONS
        in_use = None if rows is None else sum(start <= port <= end for port in used[protocol, family])
        pools.append(
            PortUse(
                protocol, family, start, count, basis, len(excluded), in_use, source, known, inside
            )
        )  # fmt: skip
    return tuple(pools)


def _ranges(evidence: Evidence) -> dict[tuple[str, int], tuple[int, int, str, Source | None]]:
    found: dict[tuple[str, int], tuple[int, int, str, Source | None]] = {}
    for one in evidence.all(DynamicRange):
        protocol = one.fact.protocol or _word_of(one, ("tcp", "udp")).upper()
        if not protocol:
            continue
        for family in _families(one, one.fact.family, {family for name, family in found if name == protocol}):
            found.setdefault((protocol, family), (one.fact.start, one.fact.count, "netsh", one.source(one.fact.line)))
    return found


def _exclusions(evidence: Evidence) -> dict[tuple[str, int], list[tuple[int, int, Source]]]:
    found: dict[tuple[str, int], list[tuple[int, int, Source]]] = {}
    for one in evidence.all(ExcludedRanges):
        protocol = one.fact.protocol or _word_of(one, ("tcp", "udp")).upper()
        if not protocol:
            continue
        known = {family for name, family in found if name == protocol}
        for family in _families(one, one.fact.family, known):
            ranges = found.setdefault((protocol, family), [])
            ranges.extend((part.start, part.end, one.source(part.line)) for part in one.fact.ranges)
    return found


def _families(one: Found[object], family: int | None, known: set[int]) -> tuple[int, ...]:
    """The family a netsh table speaks of: its own command, the manifest's, the member's name; else IPv4, then IPv6."""
    if family:
        return (family,)
    word = _word_of(one, ("ipv4", "ipv6"))
    if word:
        return (int(word[-1]),)
    return (6,) if 4 in known and 6 not in known else (4,)  # noqa: PLR2004 - IP versions


def _word_of(one: Found[object], words: tuple[str, str]) -> str:
    """Which of two words the command, or else the member's name, contains; "" for none or both."""
    for text in (one.entry.command if one.entry else "", one.file.rsplit("/", 1)[-1]):
        present = [word for word in words if word in text.lower()]
        if len(present) == 1:
            return present[0]
    return ""


def tcpip_parameter(evidence: Evidence, name: str) -> tuple[int, Source] | None:
    """Find a DWORD of the key Services, Tcpip, Parameters in any control set, and its line."""
    for found in evidence.all(RegistryKey):
        if not found.fact.path.lower().endswith(TCPIP_PARAMETERS):
            continue
        for value in found.fact.values:
            if value.name.lower() == name.lower() and isinstance(value.value, int):
                return value.value, found.source(value.line)
    return None


def has_tcpip_parameters(evidence: Evidence) -> bool:
    """Whether the key was exported at all: only then does a missing value mean "not set"."""
    return any(found.fact.path.lower().endswith(TCPIP_PARAMETERS) for found in evidence.all(RegistryKey))


def _fallback(evidence: Evidence, system: System) -> tuple[int, int, str, Source | None]:
    """Without netsh: MaxUserPort where it is set, else the system's default, marked as assumed."""
    old = system.version is not None and system.version < FIRST_VERSION_WITH_DEFAULT
    value = tcpip_parameter(evidence, "MaxUserPort")
    if value and MAX_USER_PORT_LEAST <= value[0] <= HIGHEST_PORT:
        start = DEFAULT_BEFORE_VISTA[0] if old else MAX_USER_PORT_START
        return start, value[0] - start + 1, "registry", value[1]
    start, count = DEFAULT_BEFORE_VISTA if old else DEFAULT
    return start, count, "assumed", None
