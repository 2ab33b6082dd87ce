"""Commands that supply evidence or cure, exactly as a person types them in an elevated command prompt (domain.md §8).

None of them restarts a machine at once, and none changes anything but the last two groups.
"""

EXPORT_LOG = "wevtutil epl System System.evtx"
SYSTEMINFO = "systeminfo > systeminfo.txt"
TCPIP_VERSION = (
    'wmic datafile where name="C:\\\\Windows\\\\System32\\\\drivers\\\\tcpip.sys" '
    "get name,version,creationdate /format:list > tcpip.txt"
)
TCPIP_PARAMETERS = "reg export HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters tcpip-parameters.reg"
DYNAMIC_RANGE = "netsh int ipv4 show dynamicport tcp > dynamicport-ipv4-tcp.txt"
NETSTAT = "netstat -ano > ano.txt & netstat -s > s.txt"

_SETTLING = 30  # seconds beyond the delay, as the collector spaces its tables (contracts.md, Timing)

RESTART = 'shutdown /r /t 3600 /d p:2:17 /c "Planned restart: KB2553549"'
INSTALL = "wusa.exe <the update's .msu file> /quiet /norestart"


def netstat_twice(delay: int) -> str:
    """Two tables further apart than a TIME_WAIT delay in seconds, each with its counters."""
    return (
        f"netstat -ano > ano-1.txt & netstat -s > s-1.txt & timeout /t {delay + _SETTLING} /nobreak & "
        "netstat -ano > ano-2.txt & netstat -s > s-2.txt"
    )


def widen(family: int, protocol: str, start: int, count: int) -> str:
    """Set the dynamic port range; takes effect at once and lasts."""
    return f"netsh int ipv{family} set dynamicport {protocol.lower()} start={start} num={count}"
