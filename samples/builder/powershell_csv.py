r"""What ``Export-Csv -NoTypeInformation -Encoding UTF8`` of Windows PowerShell writes: quoted, with a byte order mark.

A value that WMI does not give is nothing at all, between two commas.

>>> export(("Name", "Path"), [("System", None), ("x", 'a "b" c')]).decode("utf-8-sig").splitlines()
['"Name","Path"', '"System",', '"x","a ""b"" c"']
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from builder.behaviour import Memory
from builder.machine import Machine

Cell = str | int | None
_MEBIBYTE = 1024 * 1024


def export(columns: Iterable[str], rows: Iterable[Iterable[Cell]]) -> bytes:
    """One table."""
    lines = [",".join(map(_cell, row)) for row in (columns, *rows)]
    return b"\xef\xbb\xbf" + "".join(f"{line}\r\n" for line in lines).encode()


def _cell(value: Cell) -> str:
    return "" if value is None else '"{}"'.format(str(value).replace('"', '""'))


def processes(machine: Machine, leaked: Mapping[int, int]) -> bytes:
    """Win32_Process. Each socket that a process has leaked is one more handle of it."""
    rows = [
        (
            process.pid,
            process.name,
            process.path or None,
            process.command_line or None,
            process.handles + leaked.get(process.pid, 0),
            wmi_time(machine, process.started) if process.path else None,
        )
        for process in machine.processes
    ]
    return export(("ProcessId", "Name", "ExecutablePath", "CommandLine", "HandleCount", "CreationDate"), rows)


def wmi_time(machine: Machine, after_boot: float) -> str:
    """A moment as WMI prints it, local: ``20181224124500.000000+480``."""
    at = datetime.fromtimestamp(machine.boot.timestamp() + after_boot, tz=machine.boot.tzinfo)
    minutes = int(machine.zone.offset(at).total_seconds() // 60)
    return f"{machine.zone.local(at):%Y%m%d%H%M%S.%f}{minutes:+04d}"


def hotfixes(machine: Machine) -> bytes:
    """Win32_QuickFixEngineering, with ``InstalledOn`` as WMI has it: the American way on every system."""
    rows = [
        (one.kb, one.description, f"{one.installed.month}/{one.installed.day}/{one.installed.year}")
        for one in machine.hotfixes
    ]
    return export(("HotFixID", "Description", "InstalledOn"), rows)


def memory(machine: Machine, leaked: Mapping[int, int]) -> bytes:
    """Win32_PerfFormattedData_PerfOS_Memory; of a machine whose story says nothing of memory, that it has enough."""
    counters = machine.memory or _enough(machine, leaked)
    values = (
        counters.pool_nonpaged, counters.pool_paged, counters.available, counters.committed, counters.commit_limit,
        counters.handles,
    )  # fmt: skip
    heading = ("PoolNonpagedBytes", "PoolPagedBytes", "AvailableBytes", "CommittedBytes", "CommitLimit", "HandleCount")
    return export(heading, [values])


def _enough(machine: Machine, leaked: Mapping[int, int]) -> Memory:
    total = machine.memory_mb * _MEBIBYTE
    handles = sum(process.handles + leaked.get(process.pid, 0) for process in machine.processes)
    return Memory(
        pool_nonpaged=total // 50,
        pool_paged=total // 25,
        available=total * 2 // 5,
        committed=total * 7 // 10,
        commit_limit=total * 2,
        handles=handles,
    )
