"""Whether the machine itself was short of memory, and how the non-paged pool stands against its limit."""

import msgspec

from forensics.evidence import Evidence, Source
from forensics.measure.system import System
from forensics.parsers.memory import Memory
from forensics.parsers.systeminfo import SystemInfo

MEGABYTE = 2**20
GIGABYTE = 2**30
# "approximately 32 MB per 4 GB, to a maximum of 64 MB": CreateMemoryResourceNotification, low-memory notification.
LOW_AVAILABLE = 64 * MEGABYTE
LOW_SHARE = 32 * MEGABYTE / (4 * GIGABYTE)
# The memory manager begins to trim a pool at 80 % of its maximum (default of PoolUsageMaximum).
POOL_CRITICAL = 0.8
# x64 limit of the non-paged pool as a share of RAM: win32, memory-limits-for-windows-releases.md @017eca3.
_POOL_LIMITS = {(6, 0): 0.75, (6, 1): 0.75}
_POOL_MOST = 128 * GIGABYTE  # of 6.0 and 6.1
_POOL_LIMIT_SINCE = 1.0  # Windows 8 and later: RAM


class HostMemory(msgspec.Struct, frozen=True):
    """The latest reading in bytes; `pool_limit` is None where the size of the memory is not known."""

    available: int | None
    nonpaged_pool: int | None
    pool_limit: int | None
    source: Source
    total: int | None = None

    @property
    def available_low(self) -> bool:
        """Whether Windows itself would signal low memory."""
        limit = min(LOW_AVAILABLE, self.total * LOW_SHARE) if self.total else LOW_AVAILABLE
        return self.available is not None and self.available <= limit

    @property
    def pool_share(self) -> float | None:
        """The non-paged pool as a share of its limit."""
        return self.nonpaged_pool / self.pool_limit if self.nonpaged_pool is not None and self.pool_limit else None

    @property
    def pool_high(self) -> bool:
        """Whether the non-paged pool is so large that the memory manager trims."""
        return self.pool_share is not None and self.pool_share >= POOL_CRITICAL

    @property
    def low(self) -> bool:
        """Whether either says that memory is short."""
        return self.available_low or self.pool_high


def find_memory(evidence: Evidence, system: System) -> HostMemory | None:
    """The figures of the bundle, each from the first object that has it; the memory's size may be systeminfo's."""
    found = evidence.all(Memory)
    if not found:
        return None
    facts = [one.fact for one in found]
    total = next((one.total_bytes for one in facts if one.total_bytes is not None), None)
    if total is None:
        sizes = [one.fact.physical_total_mb for one in evidence.all(SystemInfo) if one.fact.physical_total_mb]
        total = sizes[0] * MEGABYTE if sizes else None
    share = _POOL_LIMITS.get(system.version or (0, 0), _POOL_LIMIT_SINCE)
    available = next((one.available_bytes for one in facts if one.available_bytes is not None), None)
    pool = next((one.nonpaged_pool_bytes for one in facts if one.nonpaged_pool_bytes is not None), None)
    if available is None and pool is None:
        return None
    limit = round(total * share) if total else None
    if limit and system.version in _POOL_LIMITS:
        limit = min(limit, _POOL_MOST)
    return HostMemory(available, pool, limit, found[0].source(facts[0].line), total)
