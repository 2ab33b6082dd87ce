"""The collector's bundle as the analyzer knows it: which parser reads each file, or why none does.

Nothing here decides what a file is: every member is recognised by its content, under any name. The tests hold this
list against the table in the collector's script, and docs/bundle.md is written from both.

>>> place("netstat/anoq-1.txt").kinds
('netstat',)
>>> place("applog/agent/2018-12.log").kinds, place("notes.txt")
(('application-log',), None)
"""

import msgspec

from forensics.bundle.manifest import KIND as MANIFEST_KIND
from forensics.bundle.manifest import NAME as MANIFEST_NAME


class Place(msgspec.Struct, frozen=True):
    """A file of the bundle. `kinds` are the parsers that read it; `unread` says why none does.

    A path that ends in a slash is a folder that holds whatever was given.
    """

    path: str
    kinds: tuple[str, ...] = ()
    unread: str = ""


_PROTOCOLS = tuple((family, protocol) for family in ("ipv4", "ipv6") for protocol in ("tcp", "udp"))

LAYOUT = (
    Place(MANIFEST_NAME, (MANIFEST_KIND,)),
    *(Place(f"netstat/ano-{number}.txt", ("netstat",)) for number in (1, 2, 3)),
    *(Place(f"netstat/{name}.txt", ("netstat",)) for name in ("anot-1", "anoq-1", "anob")),
    *(Place(f"netstat/s-{number}.txt", ("netstat-s",)) for number in (1, 2, 3)),
    *(Place(f"netsh/dynamicport-{family}-{protocol}.txt", ("netsh-dynamicport",)) for family, protocol in _PROTOCOLS),
    *(
        Place(f"netsh/excludedportrange-{family}-{protocol}.txt", ("netsh-excludedportrange",))
        for family, protocol in _PROTOCOLS
    ),
    Place("netsh/winsock-catalog.txt", ("winsock-catalog",)),
    Place("netsh/tcp-global.txt", ("netsh-tcp-global",)),
    Place("netsh/ipaddresses.txt", unread="for people: netstat's rows name the addresses that are in use"),
    *(
        Place(f"registry/{name}.reg", ("registry",))
        for name in (
            "tcpip-parameters",
            "tcpip6-parameters",
            "afd-parameters",
            "winsock2-parameters",
            "windows-currentversion",
            "timezone",
            "uninstall",
            "uninstall-wow64",
            "pending-reboot",
        )
    ),
    *(Place(f"eventlog/{name}.evtx", ("event-log",)) for name in ("System", "Application", "Setup")),
    *(Place(f"eventlog/{name}.xml", ("event-xml",)) for name in ("System", "Setup")),
    Place("process/tasklist-svc.csv", ("tasklist",)),
    Place("process/wmic-process.csv", ("wmic-process",)),
    Place("system/systeminfo.txt", ("systeminfo",)),
    Place("system/hotfixes.csv", ("hotfixes",)),
    Place("system/drivers.csv", ("drivers",)),
    Place("system/fltmc.txt", ("fltmc",)),
    Place("system/tcpip-files.csv", ("tcpip-files",)),
    Place("system/memory.csv", ("memory",)),
    Place("system/nettcpsetting.csv", ("nettcpsetting",)),
    Place("trace/trace.txt", ("trace",)),
    Place("trace/trace.etl", unread="kept for Microsoft's tools: trace.txt is its text"),
    Place("applog/", ("application-log",)),
)


def place(path: str) -> Place | None:
    """What the layout says of a bundle's file, None where it is no part of it."""
    return next((one for one in LAYOUT if _is_at(one.path, path)), None)


def _is_at(place_path: str, path: str) -> bool:
    return path.startswith(place_path) if place_path.endswith("/") else path == place_path
