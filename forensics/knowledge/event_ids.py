"""The events that bear on port exhaustion: which provider writes them, and what each one says.

Sources, by the keys of the project's domain notes: WINEVTKB is libyal/winevt-kb at 5e51c65 (message files
netevent.dll, tcpip.sys, afd.sys, user32.dll, w32time.dll, cbsmsg.dll, microsoft-windows-*.dll); MS-REBOOT
and MS-RDP are Microsoft's own articles; EZ is EricZimmerman/evtx, evtx/Maps, at 03a7a1f; PLASO and
OMERB are real logs in which the event was seen.
"""

import msgspec


class KnownEvent(msgspec.Struct, frozen=True):
    """One event identifier of one provider.

    `provider` is the provider's usual name (records may spell it otherwise, see `usual_name`), `source` names
    where the meaning was read.
    """

    provider: str
    id: int
    meaning: str
    source: str


_KERNEL_GENERAL = "Microsoft-Windows-Kernel-General"
_KERNEL_POWER = "Microsoft-Windows-Kernel-Power"
_KERNEL_BOOT = "Microsoft-Windows-Kernel-Boot"
_SERVICING = "Microsoft-Windows-Servicing"
_TIME_SERVICE = "Microsoft-Windows-Time-Service"
_POWER_TROUBLESHOOTER = "Microsoft-Windows-Power-Troubleshooter"
_UPDATE_CLIENT = "Microsoft-Windows-WindowsUpdateClient"

KNOWN_EVENTS = (
    KnownEvent("EventLog", 6005, "event log service started (boot, or a manual restart)", "WINEVTKB, PLASO"),
    KnownEvent("EventLog", 6006, "event log service stopped (clean shutdown)", "WINEVTKB, PLASO"),
    KnownEvent("EventLog", 6008, "the previous shutdown was unexpected", "WINEVTKB, PLASO"),
    KnownEvent("EventLog", 6009, "boot, with the Windows version", "WINEVTKB, PLASO"),
    KnownEvent("EventLog", 6013, "uptime in seconds, with product, build and time zone", "WINEVTKB, PLASO"),
    KnownEvent("Tcpip", 4226, "limit on concurrent TCP connection attempts reached", "WINEVTKB"),
    KnownEvent("Tcpip", 4227, "connection failed: its local endpoint was in TIME_WAIT", "WINEVTKB, MS-RDP"),
    KnownEvent("Tcpip", 4229, "high memory use, TCP connections were terminated", "WINEVTKB"),
    KnownEvent("Tcpip", 4231, "no free ephemeral port in the global TCP port space", "WINEVTKB"),
    KnownEvent("Tcpip", 4266, "no free ephemeral port in the global UDP port space", "WINEVTKB"),
    KnownEvent("User32", 1074, "a process initiated a restart or shutdown", "WINEVTKB, PLASO"),
    KnownEvent("User32", 1076, "reason given for the last unexpected shutdown", "WINEVTKB, PLASO"),
    KnownEvent("Microsoft-Windows-Eventlog", 104, "a log was cleared", "WINEVTKB, OMERB"),
    KnownEvent("Microsoft-Windows-Eventlog", 1102, "the audit log was cleared", "WINEVTKB"),
    KnownEvent(_KERNEL_GENERAL, 1, "the system time was changed", "WINEVTKB, PLASO"),
    KnownEvent(_KERNEL_GENERAL, 12, "the operating system started", "WINEVTKB, PLASO"),
    KnownEvent(_KERNEL_GENERAL, 13, "the operating system is shutting down", "WINEVTKB, PLASO"),
    KnownEvent(_KERNEL_POWER, 41, "rebooted without a clean shutdown", "WINEVTKB, MS-REBOOT, PLASO"),
    KnownEvent(_KERNEL_POWER, 42, "entering sleep", "WINEVTKB, OMERB"),
    KnownEvent(_KERNEL_POWER, 107, "resumed from sleep", "WINEVTKB, OMERB"),
    KnownEvent(_KERNEL_POWER, 109, "the kernel initiated a shutdown transition", "WINEVTKB, PLASO"),
    KnownEvent(_KERNEL_BOOT, 20, "whether the last shutdown and boot succeeded", "WINEVTKB, OMERB"),
    KnownEvent(_KERNEL_BOOT, 27, "boot type: cold, fast startup or hibernate", "WINEVTKB, OMERB"),
    KnownEvent(_POWER_TROUBLESHOOTER, 1, "returned from a low power state", "WINEVTKB, EZ, OMERB"),
    KnownEvent("AFD", 16000, "a transport serves Winsock Kernel over TDI", "WINEVTKB"),
    KnownEvent("AFD", 16001, "a TDI filter was detected", "WINEVTKB"),
    KnownEvent("AFD", 16002, "closing a socket takes long, with local port and process", "WINEVTKB"),
    KnownEvent("Service Control Manager", 7045, "a service or driver was installed", "MS-REBOOT, PLASO"),
    KnownEvent(_SERVICING, 1, "changes to a package begin", "WINEVTKB"),
    KnownEvent(_SERVICING, 2, "a package reached its new state", "WINEVTKB"),
    KnownEvent(_SERVICING, 4, "a package needs a reboot to reach its new state", "WINEVTKB"),
    KnownEvent(_SERVICING, 4373, "a package reached its new state (Vista, 2008)", "WINEVTKB"),
    KnownEvent(_SERVICING, 4376, "a package needs a reboot (Vista, 2008)", "WINEVTKB"),
    KnownEvent(_UPDATE_CLIENT, 19, "an update was installed", "MS-REBOOT, OMERB"),
    KnownEvent(_TIME_SERVICE, 33, "the time service moved the clock", "WINEVTKB"),
    KnownEvent(_TIME_SERVICE, 34, "the time service refused to move the clock", "WINEVTKB"),
    KnownEvent(_TIME_SERVICE, 35, "the time service synchronises with a source", "WINEVTKB, PLASO"),
    KnownEvent(_TIME_SERVICE, 36, "the time service has not synchronised", "WINEVTKB, PLASO"),
    KnownEvent(_TIME_SERVICE, 261, "system time set, with the tick count", "WINEVTKB"),
    KnownEvent(_TIME_SERVICE, 262, "clock rate adjusted, with the tick count", "WINEVTKB"),
    KnownEvent(_TIME_SERVICE, 263, "time service settings changed, with the tick count", "WINEVTKB"),
    KnownEvent(_TIME_SERVICE, 264, "the time service's reachable peers changed, with the tick count", "WINEVTKB"),
    KnownEvent(_TIME_SERVICE, 265, "time source chosen, with the tick count", "WINEVTKB"),
)

# Classic sources appear under several names: by case (USER32 on 6.1, User32 on 10), with the manifest's
# prefix, and the IPv6 stack under a name of its own (registry keys below Services\EventLog\System).
_OTHER_NAMES = {
    "tcpip6": "Tcpip",
    "microsoft-windows-tcpip": "Tcpip",
    "microsoft-windows-user32": "User32",
    "microsoft-windows-winsock-afd": "AFD",
    "microsoft-windows-service control manager": "Service Control Manager",
    "w32time": _TIME_SERVICE,
}
_USUAL_NAMES = {event.provider.lower(): event.provider for event in KNOWN_EVENTS} | _OTHER_NAMES
_BY_KEY = {(event.provider, event.id): event for event in KNOWN_EVENTS}


def usual_name(provider: str) -> str:
    """Return the name under which `KNOWN_EVENTS` lists a provider; an unknown provider keeps its name.

    >>> usual_name("USER32")
    'User32'
    >>> usual_name("Tcpip6")
    'Tcpip'
    """
    return _USUAL_NAMES.get(provider.lower(), provider)


def known_event(provider: str, event_id: int) -> KnownEvent | None:
    """Return the table's row for an event, whatever the spelling of its provider, or None.

    >>> known_event("USER32", 1074).meaning
    'a process initiated a restart or shutdown'
    >>> known_event("Microsoft-Windows-Eventlog", 6005)
    """
    return _BY_KEY.get((usual_name(provider), event_id))
