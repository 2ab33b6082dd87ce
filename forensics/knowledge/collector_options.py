r"""Which run of the collector brings what a command of `knowledge.commands` would bring, and under which names.

A plain run brings everything in the table of collectors/forensics-collect.ps1, a run with -Thorough besides tables of
connections that stand more than 240 s apart from one to the next (contracts.md, Timing). What only the moment can
show, no option brings: `moment` then says when to start it.

>>> supply_of("wevtutil epl System System.evtx & systeminfo > systeminfo.txt").files
(('eventlog/System.evtx', 'eventlog/System.xml'), ('system/systeminfo.txt',))
>>> supply_of(commands.netstat_twice(240)).option, supply_of("shutdown /r")
('-Thorough', None)
"""

from collections.abc import Mapping

import msgspec

from forensics.knowledge import commands

PROGRAM = "forensics-collect.cmd"  # asks for elevation by itself
THOROUGH = "-Thorough"
_TRACE = "-TraceSeconds 120"
_APP_LOG = '-AppLog "PATH"'

_FIRST_TABLE = (("netstat/ano-1.txt",), ("netstat/s-1.txt",))
_TABLES = tuple((f"netstat/{name}-{number}.txt",) for number in (1, 2, 3) for name in ("ano", "s"))


class Supply(msgspec.Struct, frozen=True):
    """What a run brings.

    Args:
        files: where the collector puts it; of each, any of these paths.
        option: what the run needs beside elevation; "" for a plain one.
        moment: when to start it, where a run at another time shows something else; "" where any time will do.
        again: whether a further run shows more, though the bundle has these files.
        otherwise: the option that helps where this Windows does not have them, and `otherwise_shows` what it shows.
    """

    files: tuple[tuple[str, ...], ...]
    option: str = ""
    moment: str = ""
    again: bool = False
    otherwise: str = ""
    otherwise_shows: str = ""


def _file(path: str) -> Supply:
    return Supply(((path,),))


_RANGES = {
    commands.dynamic_range(protocol, family): _file(f"netsh/dynamicport-ipv{family}-{protocol}.txt")
    for protocol in ("tcp", "udp")
    for family in (4, 6)
}
SUPPLIES: Mapping[str, Supply] = {
    **_RANGES,
    commands.EXPORT_LOG: Supply((("eventlog/System.evtx", "eventlog/System.xml"),)),
    commands.SYSTEMINFO: _file("system/systeminfo.txt"),
    commands.TCPIP_VERSION: _file("system/tcpip-files.csv"),
    commands.TCPIP_PARAMETERS: _file("registry/tcpip-parameters.reg"),
    commands.EXCLUDED_RANGES: _file("netsh/excludedportrange-ipv4-tcp.txt"),
    commands.NETSTAT: Supply(_FIRST_TABLE, moment="while connections fail", again=True),
    commands.NETSTAT_AFTER_EVENT: Supply(_FIRST_TABLE, moment="right after an event 4227", again=True),
    commands.NETSTAT_BOUND: Supply(
        (("netstat/anoq-1.txt",),), otherwise=_TRACE, otherwise_shows="a trace shows which process binds ports"
    ),
    commands.NETSTAT_OFFLOAD: _file("netstat/anot-1.txt"),
    commands.TCP_GLOBAL: _file("netsh/tcp-global.txt"),
    commands.TASKLIST: _file("process/tasklist-svc.csv"),
    commands.HANDLES: _file("process/wmic-process.csv"),
    commands.MEMORY: _file("system/memory.csv"),
    commands.DRIVERS: Supply((("system/drivers.csv",), ("netsh/winsock-catalog.txt",), ("system/fltmc.txt",))),
    commands.HOTFIXES: _file("system/hotfixes.csv"),
    commands.SYN_SENT: Supply(_FIRST_TABLE[:1], _APP_LOG, "while connects fail", again=True),
}
_TWICE = commands.netstat_twice(0).partition("timeout")[0]  # as each of them begins, whatever the delay


def supply_of(command: str) -> Supply | None:
    """What a run of the collector brings instead of the command; None where no run does."""
    if command.startswith(_TWICE):
        return Supply(_TABLES, THOROUGH, again=True)
    if command in SUPPLIES:
        return SUPPLIES[command]
    parts = [SUPPLIES.get(part) for part in command.split(" & ")]
    known = [part for part in parts if part]
    if len(known) < len(parts):
        return None
    helped = next((part for part in known if part.otherwise), known[0])
    files = tuple(file for part in known for file in part.files)
    return Supply(files, otherwise=helped.otherwise, otherwise_shows=helped.otherwise_shows)


def run_of(option: str) -> str:
    """The command line of such a run.

    >>> run_of(THOROUGH)
    'forensics-collect.cmd -Thorough'
    """
    return f"{PROGRAM} {option}".rstrip()
