"""The processes that the bundle lists, and which PIDs are in no list."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from forensics.evidence import Evidence, Source
from forensics.measure.collection import Taken
from forensics.parsers.tasklist import Process
from forensics.parsers.wmic_process import ProcessDetail
from forensics.text.said import Said

IDLE, KERNEL = 0, 4  # PIDs of the System Idle Process and of System, the same on every Windows since XP


class Listed(msgspec.Struct, frozen=True):
    """A process. `handles` and `created_at` (UTC) come from WMI alone, at `handles_source`."""

    pid: int
    image: str
    services: tuple[str, ...] = ()
    command_line: str = ""
    handles: int | None = None
    created_at: datetime | None = None
    source: Source | None = None
    handles_source: Source | None = None

    @property
    def name(self) -> str | Said:
        """Its image, or words where it has none; "" where nothing is known of it."""
        return _WORDS.get(self.image, self.image)

    @property
    def label(self) -> Said:
        """How people name it: image, PID, services, command line."""
        services = Said("; services {names}", {"names": self.services[:_MOST_SERVICES]}) if self.services else ""
        line = self.command_line
        shown = line if len(line) <= _COMMAND_LENGTH else line[: _COMMAND_LENGTH - 1] + "…"
        return Said(
            "{image} (PID {pid}{services}{command})",
            {
                "image": self.name or Said("a process without a name here"),
                "pid": self.pid,
                "services": services,
                "command": Said("; command line {line}", {"line": shown}) if line else "",
            },
        )


_UNNAMED, _NOBODY = Said("a process that netstat did not name"), Said("no process")
_WORDS = {one.text: one for one in (_UNNAMED, _NOBODY)}
_MOST_SERVICES = 6
_COMMAND_LENGTH = 100


# "will likely be over 10,000 if you can't make outbound connections" (Microsoft, port exhaustion troubleshooting), and
# the processes that have many handles in their ordinary work by the same text.
MANY_HANDLES = 10_000
HANDLES_BY_DESIGN = frozenset({"system", "lsass.exe", "store.exe", "sqlservr.exe"})


class Processes(msgspec.Struct, frozen=True):
    """Every process by PID.

    `listed_at` is when the lists were made, as far as the manifest says. `complete` is False without a list, for one
    without the System process, which every Windows has, and for one that lacks more than one in ten of the PIDs that
    listen or hold UDP sockets: it was filtered, or is another machine's.
    """

    by_pid: Mapping[int, Listed] = {}
    complete: bool = False
    listed_at: tuple[datetime, ...] = ()
    sources: tuple[Source, ...] = ()

    def absent(self, pid: int | None) -> bool:
        """Whether a PID is known to belong to no process. PID 0 is none that could hold a socket."""
        if pid is None:
            return False
        return pid == IDLE or (self.complete and pid not in self.by_pid)

    def with_unexplained_handles(self, rows: Mapping[int, int]) -> Listed | None:
        """The process with most handles beyond its rows in netstat, if these are as many as at exhaustion.

        Args:
            rows: how many rows each PID has.
        """
        beyond = {
            pid: (one.handles or 0) - rows.get(pid, 0)
            for pid, one in self.by_pid.items()
            if pid not in {IDLE, KERNEL} and one.image.lower() not in HANDLES_BY_DESIGN
        }
        pid = max(beyond, key=lambda one: (beyond[one], -one), default=None)
        return self.by_pid[pid] if pid is not None and beyond[pid] >= MANY_HANDLES else None

    @property
    def handles(self) -> int | None:
        """Handles of all processes together but System's; None where one is not known. Each socket is a handle."""
        counts = [one.handles for pid, one in self.by_pid.items() if pid not in {IDLE, KERNEL}]
        known = [count for count in counts if count is not None]
        return sum(known) if self.complete and known and len(known) == len(counts) else None

    def named(self, pid: int | None) -> Listed:
        """What is known of a PID."""
        if pid is None:
            return Listed(-1, _UNNAMED.text)
        known = self.by_pid.get(pid)
        if known:
            return known
        return Listed(pid, {IDLE: _NOBODY.text, KERNEL: "System"}.get(pid, ""))


def find_processes(evidence: Evidence, taken: Iterable[Taken]) -> Processes:
    """Join the lists: tasklist has services, WMI command lines and handles, `netstat -b` images."""
    tables = list(taken)
    images = {row.pid: row.image for one in tables for row in one.found.fact.rows if row.image and row.pid is not None}
    known = {pid: Listed(pid, image) for pid, image in images.items()}
    listed: set[int] = set()
    sources: dict[str, Source] = {}
    times = set()
    for found in evidence.all(Process):
        process = found.fact
        listed.add(process.pid)
        source = found.source(process.line)
        sources.setdefault(found.file, source)
        if found.entry and found.entry.started_at:
            times.add(found.entry.started_at)
        before = known.get(process.pid)
        services = process.services or (before.services if before else ())
        known[process.pid] = Listed(process.pid, process.image, services, source=source)
    for detailed in evidence.all(ProcessDetail):
        detail = detailed.fact
        listed.add(detail.pid)
        source = detailed.source(detail.line)
        sources.setdefault(detailed.file, source)
        if detailed.entry and detailed.entry.started_at:
            times.add(detailed.entry.started_at)
        before = known.get(detail.pid, Listed(detail.pid, detail.image))
        known[detail.pid] = Listed(
            detail.pid, before.image or detail.image, before.services, detail.command_line,
            detail.handles, detail.created_at, before.source or source, source,
        )  # fmt: skip
    complete = KERNEL in listed and _fits(listed, tables)
    return Processes(known, complete, tuple(sorted(times)), tuple(sources.values()))


def _fits(listed: set[int], taken: Sequence[Taken]) -> bool:
    """Whether a list has the lasting owners of the latest table."""
    rows = taken[-1].found.fact.rows if taken else ()
    lasting = {row.pid for row in rows if row.pid and row.state in {"LISTENING", ""}}
    return len(lasting & listed) * 10 >= len(lasting) * 9
