"""What Windows writes into its System log when ports run short, at the rates at which it does.

4227 is on every Windows since Vista; the texts of 4231 and 4266 came with 8 and Server 2012 (6.2): WINEVTKB in
domain.md §4. A driver's warning repeats seldom, however many attempts fail: here once every few minutes.
"""

from datetime import datetime

from builder.machine import Incident, System

_FIRST_TO_NAME_EXHAUSTION = (6, 2)


def names_exhaustion(system: System) -> bool:
    """Whether this Windows knows 4231 and 4266."""
    return (system.major, system.minor) >= _FIRST_TO_NAME_EXHAUSTION


def collisions(since: datetime, until: datetime, seconds: float = 600) -> tuple[Incident, ...]:
    """4227: the port chosen was still in TIME_WAIT to the same remote."""
    return (Incident("Tcpip", 4227, since, until, seconds),)


def tcp_shortage(system: System, since: datetime, until: datetime, seconds: float = 600) -> tuple[Incident, ...]:
    """No port was free for TCP: 4227, 4231 where there is such an event, and those who needed a connection."""
    named = (Incident("Tcpip", 4231, since, until, max(300.0, seconds)),) if names_exhaustion(system) else ()
    return (
        *collisions(since, until, seconds),
        *named,
        Incident("NETLOGON", 5719, since, until, 9000),
        Incident("Microsoft-Windows-GroupPolicy", 1129, since, until, 9000),
    )


def udp_shortage(system: System, since: datetime, until: datetime, seconds: float = 600) -> tuple[Incident, ...]:
    """No port was free for UDP: 4266 where there is such an event."""
    return (Incident("Tcpip", 4266, since, until, max(300.0, seconds)),) if names_exhaustion(system) else ()
