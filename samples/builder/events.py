"""The events of the System and Setup logs, each with the provider, level, data and binary block of Windows.

Shapes of 6005 to 6013, 1074, Kernel-General, Kernel-Power, the Service Control Manager, Time-Service and 104
were read from real logs. Tcpip, NETLOGON and AFD events follow the layout of kernel drivers (an error-log
packet with the code as binary) and of classic services; Servicing and Group Policy follow published examples.
"""

import struct
from dataclasses import replace
from datetime import datetime

from builder.event_model import (
    Event,
    Fields,
    Provider,
    Strings,
    UserData,
    boolean,
    filetime,
    hex64,
    text,
    uint8,
    uint16,
    uint32,
    uint64,
)
from builder.machine import Machine, Servicing

EVENT_LOG = Provider("EventLog")
TCPIP = Provider("Tcpip")
AFD = Provider("AFD")
NETLOGON = Provider("NETLOGON")
USER32_CLASSIC = Provider("USER32")
USER32 = Provider("User32", "{b0aa8734-56f7-41cc-b2f4-de228e98b946}", "User32")
SERVICE_CONTROL_MANAGER = Provider(
    "Service Control Manager", "{555908d1-a6d7-4695-8e1e-26931d2012f4}", "Service Control Manager"
)
KERNEL_GENERAL = Provider("Microsoft-Windows-Kernel-General", "{a68ca8b7-004f-d7b6-a698-07e2de0f1f5d}")
KERNEL_POWER = Provider("Microsoft-Windows-Kernel-Power", "{331c3b3a-2005-44c2-ac5e-77220c37d6b4}")
EVENTLOG_SERVICE = Provider("Microsoft-Windows-Eventlog", "{fc65ddd8-d6ef-4962-83d5-6e5cfe9ce148}")
TIME_SERVICE = Provider("Microsoft-Windows-Time-Service", "{06edcfeb-0fd0-4e53-acca-a6f8bbf81bcb}")
GROUP_POLICY = Provider("Microsoft-Windows-GroupPolicy", "{aea1b4fa-97d1-45f2-a64c-4d69fffd92c9}")
DNS_CLIENT = Provider("Microsoft-Windows-DNS-Client", "{1c95126e-7eea-49a9-a3fe-a378b03ddb4d}")
FILTER_MANAGER = Provider("Microsoft-Windows-FilterManager", "{f3c5e28e-63f6-49c7-a204-e48a1bc4b09d}")
UPDATE_CLIENT = Provider("Microsoft-Windows-WindowsUpdateClient", "{945a8954-c147-4acd-923f-40c45405a658}")
LICENCES = Provider(
    "Microsoft-Windows-Security-SPP",
    "{E23B33B0-C8C9-472C-A5F9-F2BDFEA0F156}",
    "Software Protection Platform Service",
)
SERVICING = Provider("Microsoft-Windows-Servicing", "{bd12f3b8-fc40-4a61-a307-b7a013a069c1}")

_CLASSIC = 0x80000000000000
_SYSTEM, _LOCAL_SERVICE, _NETWORK_SERVICE = "S-1-5-18", "S-1-5-19", "S-1-5-20"
_WARNING_FACILITY = 0x8000


def _classic(provider: Provider, event_id: int, at: datetime, data: Strings, level: int = 4) -> Event:
    """An event as services and drivers wrote them before there were manifests."""
    return Event(at, provider, event_id, data, level=level, qualifiers=_WARNING_FACILITY, keywords=_CLASSIC)


def systemtime(local: datetime) -> bytes:
    """The 16 bytes of a SYSTEMTIME."""
    weekday = local.isoweekday() % 7
    return struct.pack(
        "<8H", local.year, local.month, weekday, local.day,
        local.hour, local.minute, local.second, local.microsecond // 1000,
    )  # fmt: skip


# --- EventLog ---


def log_started(machine: Machine, at: datetime) -> Event:
    """6005, at each boot."""
    return _classic(EVENT_LOG, 6005, at, Strings(("",), systemtime(machine.zone.local(at)) + bytes(8)))


def log_stopped(at: datetime) -> Event:
    """6006, at a clean shutdown."""
    return _classic(EVENT_LOG, 6006, at, Strings(("",), struct.pack("<Ii", 1, 0)))


def unexpected_shutdown(machine: Machine, at: datetime, ended: datetime, uptime_seconds: int) -> Event:
    """6008, at the boot after a session that just ended; its last heartbeat and uptime."""
    local = machine.zone.local(ended)
    mark = "\N{LEFT-TO-RIGHT MARK}"
    half = "AM" if local.hour < 12 else "PM"
    clock = f"{(local.hour + 11) % 12 + 1}:{local.minute:02}:{local.second:02} {half}"
    day = f"{mark}{local.month}/{mark}{local.day}/{mark}{local.year}"
    binary = systemtime(local) + systemtime(ended) + struct.pack("<IIIIIIII", 60, 60, 0, 0, 0, 0, 1, 0)
    return _classic(EVENT_LOG, 6008, at, Strings((clock, day, "", "", str(uptime_seconds), "", ""), binary), level=2)


def system_version(machine: Machine, at: datetime) -> Event:
    """6009, at each boot."""
    system = machine.system
    revision = str(system.revision) if system.major < 10 else "0"
    strings = (
        f"{system.major}.{system.minor:02}.", str(system.build), system.csd_version, "Multiprocessor Free",
        revision,
    )  # fmt: skip
    return _classic(EVENT_LOG, 6009, at, Strings(strings))


def uptime(machine: Machine, at: datetime, seconds: int) -> Event:
    """6013, after each boot and at noon. Its binary block tells product, build, install date and language."""
    system = machine.system
    zone = f"{machine.zone.bias_minutes} {machine.zone.standard_name(machine.language.tag)}"
    strings = ("", "", "", "", str(seconds), "60", zone)
    block = (
        "1.1", "0", system.product,
        f"{system.major}.{system.minor}.{system.build} Build {system.build} {system.csd_version or ' '}",
        "Multiprocessor Free", system.build_lab, f"{int(machine.installed_at.timestamp()):x}",
        "Not Available", "Not Available", "9", str(machine.cpu_count), str(machine.memory_mb),
        f"{machine.language.lcid:x}", machine.host, "",
    )  # fmt: skip
    binary = "".join(f"{field}\0" for field in block).encode("utf-16-le")
    return _classic(EVENT_LOG, 6013, at, Strings(strings, binary))


# --- the network stack ---


def _driver_packet(strings: int, code: int) -> bytes:
    """What a driver hands to IoWriteErrorLogEntry, without its strings: the code stands at byte 12."""
    return struct.pack("<BBHHHHHIIIQQ", 0, 0, 0, strings, 0x28, 0, 0, code, 0, 0, 0, 0)


def tcpip(event_id: int, at: datetime) -> Event:
    """4227: the endpoint was used too recently for this remote. 4229: memory is short. 4231, 4266: no port left."""
    code = 0x80000000 | event_id
    return _classic(TCPIP, event_id, at, Strings(("",), _driver_packet(1, code)), level=3)


def afd_filter_detected(at: datetime, driver: str) -> Event:
    """AFD 16001: a TDI filter was found."""
    return _classic(AFD, 16001, at, Strings(("", driver), _driver_packet(2, 0x80003E81)), level=3)


def afd_slow_close(at: datetime, port: int, pid: int) -> Event:
    """AFD 16002: closing a socket takes longer than expected."""
    strings = ("", "TCP", str(port), str(pid))
    return _classic(AFD, 16002, at, Strings(strings, _driver_packet(4, 0x80003E82)), level=3)


def no_domain_controller(at: datetime) -> Event:
    """NETLOGON 5719: a side symptom when no connection can be opened."""
    event = _classic(NETLOGON, 5719, at, Strings(("CORP", "%%1311"), bytes.fromhex("5e0000c0")), level=2)
    return replace(event, qualifiers=0)


def policy_without_network(at: datetime) -> Event:
    """GroupPolicy 1129: the same symptom for Group Policy."""
    data = Fields(
        (
            ("SupportInfo1", uint32(1)),
            ("SupportInfo2", uint32(1548)),
            ("ProcessingMode", uint32(0)),
            ("ProcessingTimeInMilliseconds", uint32(21044)),
            ("ErrorCode", uint32(1222)),
            ("ErrorDescription", text("The network is not present or not started. ")),
        )
    )
    return Event(at, GROUP_POLICY, 1129, data, level=2, opcode=1, process_id=944, thread_id=2052, user=_SYSTEM)


# --- boots, shutdowns, clocks ---


def system_started(machine: Machine, at: datetime, start: datetime) -> Event:
    """Kernel-General 12."""
    system = machine.system
    data = Fields(
        (
            ("MajorVersion", uint32(system.major)),
            ("MinorVersion", uint32(system.minor)),
            ("BuildVersion", uint32(system.build)),
            ("QfeVersion", uint32(system.revision)),
            ("ServiceVersion", uint32(system.service_pack)),
            ("BootMode", uint32(0)),
            ("StartTime", filetime(start)),
        )
    )
    return Event(at, KERNEL_GENERAL, 12, data, process_id=4, thread_id=8, user=_SYSTEM)


def system_stopping(at: datetime) -> Event:
    """Kernel-General 13."""
    return Event(at, KERNEL_GENERAL, 13, Fields((("StopTime", filetime(at)),)), process_id=4, thread_id=40)


def clock_changed(at: datetime, old: datetime) -> Event:
    """Kernel-General 1, as Windows 7 and 2008 R2 write it (no reason)."""
    data = Fields((("NewTime", filetime(at)), ("OldTime", filetime(old))))
    keywords = 0x8000000000000010
    return Event(at, KERNEL_GENERAL, 1, data, keywords=keywords, process_id=820, thread_id=1124, user=_LOCAL_SERVICE)


def not_shut_down(at: datetime) -> Event:
    """Kernel-Power 41."""
    data = Fields(
        (
            ("BugcheckCode", uint32(0)),
            *((f"BugcheckParameter{number}", hex64(0)) for number in range(1, 5)),
            ("SleepInProgress", boolean(value=False)),
            ("PowerButtonTimestamp", uint64(0)),
        )
    )
    return Event(
        at, KERNEL_POWER, 41, data,
        version=2, level=1, task=63, keywords=0x8000000000000002, process_id=4, thread_id=8, user=_SYSTEM,
    )  # fmt: skip


def going_to_sleep(at: datetime) -> Event:
    """Kernel-Power 42, into S3."""
    data = Fields((("TargetState", uint32(4)), ("EffectiveState", uint32(4)), ("Reason", uint32(7))))
    return Event(at, KERNEL_POWER, 42, data, task=64, keywords=0x8000000000000404, process_id=4, thread_id=96)


def resumed(at: datetime) -> Event:
    """Kernel-Power 107, from S3 (Windows 10 and newer)."""
    data = Fields((("TargetState", uint32(4)), ("EffectiveState", uint32(4)), ("WakeFromState", uint32(4))))
    return Event(at, KERNEL_POWER, 107, data, task=102, keywords=0x8000000000000444, process_id=4, thread_id=96)


def shutdown_transition(at: datetime) -> Event:
    """Kernel-Power 109."""
    data = Fields((("ShutdownActionType", uint32(5)), ("ShutdownEventCode", uint32(0)), ("ShutdownReason", uint32(0))))
    return Event(at, KERNEL_POWER, 109, data, task=103, keywords=0x8000000000000004, process_id=388, thread_id=392)


def restart_requested(machine: Machine, at: datetime, process: str, user: str, comment: str) -> Event:
    """User32 1074: positional up to Windows 7 and 2008 R2, with names since."""
    reason, restart = machine.language.planned_restart
    strings = (f"{process} ({machine.host})", machine.host, reason, "0x85000000", restart, comment, user)
    if machine.system.major < 10:
        binary = struct.pack("<I", 0x85000000) + bytes(36)
        event = _classic(USER32_CLASSIC, 1074, at, Strings(strings, binary))
        return replace(event, user="S-1-5-21-1004336348-1177238915-682003330-500")
    named = tuple((f"param{number}", text(value)) for number, value in enumerate(strings, 1))
    return Event(
        at, USER32, 1074, Fields(named),
        qualifiers=_WARNING_FACILITY, keywords=0x8080000000000000,
        process_id=684, thread_id=1204, user=_SYSTEM,
    )  # fmt: skip


def log_cleared(at: datetime, host: str, user: str = "Administrator", channel: str = "System") -> Event:
    """Eventlog 104: somebody cleared a log."""
    data = UserData(
        "LogFileCleared",
        "http://manifests.microsoft.com/win/2004/08/windows/eventlog",
        (
            ("SubjectUserName", text(user)),
            ("SubjectDomainName", text(host)),
            ("Channel", text(channel)),
            ("BackupPath", text("")),
        ),
    )
    return Event(at, EVENTLOG_SERVICE, 104, data, task=104, process_id=804, thread_id=3108)


# --- services, updates, the everyday ---


def service_installed(at: datetime, name: str, image: str, *, driver: bool = False) -> Event:
    """Service Control Manager 7045."""
    kind, start, account = (
        ("kernel mode driver", "system start", "") if driver else ("user mode service", "auto start", "LocalSystem")
    )
    data = Fields(
        (
            ("ServiceName", text(name)),
            ("ImagePath", text(image)),
            ("ServiceType", text(kind)),
            ("StartType", text(start)),
            ("AccountName", text(account)),
        )
    )
    return Event(
        at, SERVICE_CONTROL_MANAGER, 7045, data,
        qualifiers=0x4000, keywords=0x8080000000000000, process_id=532, thread_id=2216, user=_SYSTEM,
    )  # fmt: skip


def service_state(at: datetime, service: str, state: str, key: str) -> Event:
    """Service Control Manager 7036, the most frequent event of all."""
    data = Fields((("param1", text(service)), ("param2", text(state))), binary=f"{key}\0".encode("utf-16-le"))
    return Event(
        at, SERVICE_CONTROL_MANAGER, 7036, data,
        qualifiers=0x4000, keywords=0x8080000000000000, process_id=532, thread_id=4020,
    )  # fmt: skip


def time_source(at: datetime, source: str, event_id: int = 35) -> Event:
    """Time-Service 35 (chosen) and 37 (reachable)."""
    name = "TMP_EVENT_TIME_SOURCE_CHOSEN" if event_id == 35 else "TMP_EVENT_TIME_SOURCE_REACHABLE"
    data = Fields((("TimeSource", text(source)),), name=name)
    return Event(at, TIME_SERVICE, event_id, data, process_id=820, thread_id=1124, user=_LOCAL_SERVICE)


def domain_hierarchy_root(at: datetime) -> Event:
    """Time-Service 12: it shares its number with Kernel-General's start of the system."""
    data = Fields((), name="TMP_EVENT_DOMAIN_HIERARCHY_ROOT")
    return Event(at, TIME_SERVICE, 12, data, level=3, process_id=820, thread_id=1124, user=_LOCAL_SERVICE)


def policy_applied(at: datetime, milliseconds: int, controller: str) -> Event:
    """GroupPolicy 1500."""
    data = Fields(
        (
            ("SupportInfo1", uint32(1)),
            ("SupportInfo2", uint32(3793)),
            ("ProcessingMode", uint32(0)),
            ("ProcessingTimeInMilliseconds", uint32(milliseconds)),
            ("DCName", text(controller)),
        )
    )
    return Event(at, GROUP_POLICY, 1500, data, opcode=1, process_id=944, thread_id=2052, user=_SYSTEM)


def name_not_resolved(at: datetime, name: str, server: str) -> Event:
    """DNS-Client 1014."""
    address = struct.pack(">HH4B8x", 0x0200, 53, *(int(part) for part in server.split(".")))
    data = Fields((("QueryName", text(name)), ("AddressLength", uint32(128)), ("Address", text(address.hex()))))
    return Event(
        at, DNS_CLIENT, 1014, data, level=3, task=1014, keywords=0x4000000000000000,
        process_id=1012, thread_id=3380, user=_NETWORK_SERVICE,
    )  # fmt: skip


def filter_loaded(at: datetime, name: str) -> Event:
    """FilterManager 6."""
    data = Fields(
        (
            ("FinalStatus", uint32(0)),
            ("DeviceVersionMajor", uint32(6)),
            ("DeviceVersionMinor", uint32(1)),
            ("DeviceNameLength", uint16(len(name))),
            ("DeviceName", text(name)),
            ("DeviceTime", filetime(at)),
        )
    )
    return Event(at, FILTER_MANAGER, 6, data, process_id=4, thread_id=8, user=_SYSTEM)


def update_installed(at: datetime, title: str) -> Event:
    """WindowsUpdateClient 19."""
    data = Fields((("updateTitle", text(title)), ("updateRevisionNumber", uint32(200)), ("flag", uint8(0))))
    return Event(
        at, UPDATE_CLIENT, 19, data,
        version=1, task=1, opcode=13, keywords=0x8000000000000018,
        process_id=944, thread_id=5124, user=_SYSTEM,
    )  # fmt: skip


_SETUP_XMLNS = "http://manifests.microsoft.com/win/2004/08/windows/setup_provider"
_PACKAGE_STATES = {"Absent": 5000, "Staged": 5064, "Installed": 5112}


def package_change_begins(at: datetime, kb: str, current: str, target: str) -> Event:
    """Servicing 1, in the Setup log."""
    data = UserData(
        "CbsPackageInitiateChanges",
        _SETUP_XMLNS,
        (
            ("PackageIdentifier", text(kb)),
            ("InitialPackageState", uint32(_PACKAGE_STATES[current])),
            ("InitialPackageStateTextized", text(current)),
            ("IntendedPackageState", uint32(_PACKAGE_STATES[target])),
            ("IntendedPackageStateTextized", text(target)),
            ("Client", text("WindowsUpdateAgent")),
        ),
    )
    return Event(
        at,
        SERVICING,
        1,
        data,
        level=0,
        task=1,
        channel="Setup",
        process_id=3296,
        thread_id=3300,
        user=_SYSTEM,
    )


def package_changed(at: datetime, kb: str, state: str, event_id: int = 2) -> Event:
    """Servicing 2 (the package is now in that state) and 4 (a restart must come first), in the Setup log."""
    data = UserData(
        "CbsPackageChangeState",
        _SETUP_XMLNS,
        (
            ("PackageIdentifier", text(kb)),
            ("IntendedPackageState", uint32(_PACKAGE_STATES[state])),
            ("IntendedPackageStateTextized", text(state)),
            ("ErrorCode", text("0x0")),
            ("Client", text("WindowsUpdateAgent")),
        ),
    )
    return Event(
        at, SERVICING, event_id, data,
        level=0, task=1, channel="Setup", process_id=3296, thread_id=3300, user=_SYSTEM,
    )  # fmt: skip


def update_title(servicing: Servicing) -> str:
    """The title that Windows Update shows."""
    return servicing.title or f"Security Update for Windows Server ({servicing.kb})"


# --- Application ---


def licence_checked(at: datetime) -> Event:
    """1003 of the licence service, in the Application log: as everyday as events are."""
    strings = ("55c92734-d682-4d71-983e-d6ec3f16059f", "1: 55c92734-d682-4d71-983e-d6ec3f16059f, 1, 1 [(0 )]")
    return replace(_classic(LICENCES, 1003, at, Strings(strings)), channel="Application")
