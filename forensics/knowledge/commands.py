"""Commands that supply evidence or cure, exactly as a person types them in an elevated command prompt (domain.md §8).

None of them restarts a machine at once, and none changes anything but the last two groups.
"""

import re

EXPORT_LOG = "wevtutil epl System System.evtx"
SYSTEMINFO = "systeminfo > systeminfo.txt"
TCPIP_VERSION = (
    'wmic datafile where name="C:\\\\Windows\\\\System32\\\\drivers\\\\tcpip.sys" '
    "get name,version,creationdate /format:list > tcpip.txt"
)
TCPIP_PARAMETERS = "reg export HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters tcpip-parameters.reg"
DYNAMIC_RANGE = "netsh int ipv4 show dynamicport tcp > dynamicport-ipv4-tcp.txt"
EXCLUDED_RANGES = "netsh int ipv4 show excludedportrange protocol=tcp > excludedportrange-ipv4-tcp.txt"
NETSTAT = "netstat -ano > ano.txt & netstat -s > s.txt"
SYN_SENT = 'netstat -ano | findstr "SYN_SENT" > syn-sent.txt'
NETSTAT_BOUND = "netstat -anoq > anoq.txt"
NETSTAT_OFFLOAD = "netstat -anot > anot.txt"
TCP_GLOBAL = "netsh int tcp show global > tcp-global.txt"
TASKLIST = "tasklist /svc /fo csv > tasklist-svc.csv"
HANDLES = (
    "wmic process get CommandLine,CreationDate,ExecutablePath,HandleCount,Name,ProcessId /format:csv > wmic-process.csv"
)
MEMORY = (
    "wmic path Win32_PerfFormattedData_PerfOS_Memory get "
    "PoolNonpagedBytes,PoolPagedBytes,AvailableBytes,CommittedBytes,CommitLimit /format:list > memory.txt"
)
DRIVERS = "driverquery /v /fo csv > drivers.csv & netsh winsock show catalog > winsock-catalog.txt & fltmc > fltmc.txt"
HOTFIXES = "wmic qfe list /format:csv > hotfixes.csv"

_SERVICE = re.compile(r"[\w$. -]{1,80}")
SYSTEM_PID = 4
_SETTLING = 30  # seconds beyond the delay, as the collector spaces its tables (contracts.md, Timing)

# Waits for the next event 4227 of the last minute, at most a day, and then saves the tables.
NETSTAT_AFTER_EVENT = (
    "for /l %i in (1,1,2880) do @timeout /t 30 /nobreak >nul & "
    'wevtutil qe System /c:1 /rd:true /q:"*[System[(EventID=4227) and TimeCreated[timediff(@SystemTime)<=60000]]]" '
    '| find "4227" >nul && netstat -ano > ano-4227.txt && netstat -s > s-4227.txt && exit'
)
RESTART_PLAIN = 'shutdown /r /t 3600 /d p:0:0 /c "Planned restart: ports are not released"'
RESTART = 'shutdown /r /t 3600 /d p:2:17 /c "Planned restart: KB2553549"'
INSTALL = "wusa.exe <the update's .msu file> /quiet /norestart"


def netstat_twice(delay: int) -> str:
    """Two tables further apart than a TIME_WAIT delay in seconds, each with its counters."""
    return (
        f"netstat -ano > ano-1.txt & netstat -s > s-1.txt & timeout /t {delay + _SETTLING} /nobreak & "
        "netstat -ano > ano-2.txt & netstat -s > s-2.txt"
    )


def dynamic_range(protocol: str, family: int) -> str:
    """The dynamic range of one pool."""
    return f"netsh int ipv{family} show dynamicport {protocol.lower()} > dynamicport-ipv{family}-{protocol.lower()}.txt"


def restart_service(service: str) -> str:
    """Stop and start one service; "" where its name, which comes from the bundle, could be more than a name."""
    return f'net stop "{service}" & net start "{service}"' if _SERVICE.fullmatch(service) else ""


def dump(pid: int) -> str:
    """A full dump of a process, for its vendor (Sysinternals ProcDump); "" for what is no process of its own."""
    return f"procdump -ma {pid}" if pid > SYSTEM_PID else ""


def widen(family: int, protocol: str, start: int, count: int) -> str:
    """Set the dynamic port range; takes effect at once and lasts."""
    return f"netsh int ipv{family} set dynamicport {protocol.lower()} start={start} num={count}"
