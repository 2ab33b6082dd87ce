r"""What ``reg export`` writes: UTF-16 with byte order mark, ``[keys]``, values with their types; and ``reg query``.

>>> export({"HKEY_LOCAL_MACHINE\\SOFTWARE\\X": {"Answer": 42}}).decode("utf-16").splitlines()[2:]
['[HKEY_LOCAL_MACHINE\\SOFTWARE\\X]', '"Answer"=dword:0000002a', '']
"""

from dataclasses import dataclass

from builder.machine import Machine

_LINE = 79
_TCPIP = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\services\\Tcpip\\Parameters"
_CURRENT_VERSION = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"
_ZONE = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\TimeZoneInformation"
_SERVICING = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing"
_AUTO_UPDATE = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update"
_SESSION_MANAGER = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Session Manager"
_UNINSTALL = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall"
_UNINSTALL_32 = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Wow6432Node\\Microsoft\\Windows\\CurrentVersion\\Uninstall"
_WINSOCK = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\services\\WinSock2\\Parameters"
_AFD = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\services\\AFD\\Parameters"
_TCPIP6 = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\services\\TCPIP6\\Parameters"


@dataclass(frozen=True, slots=True)
class Expand:
    """A REG_EXPAND_SZ."""

    text: str


Data = str | int | bytes | tuple[str, ...] | Expand
"""REG_SZ, REG_DWORD, REG_BINARY, REG_MULTI_SZ, REG_EXPAND_SZ."""
Key = dict[str, Data]


def export(keys: dict[str, Key]) -> bytes:
    """One .reg file with these keys and their values, in the order given."""
    lines = ["Windows Registry Editor Version 5.00", ""]
    for key, values in keys.items():
        lines.append(f"[{key}]")
        lines += [_value(name, value) for name, value in values.items()]
        lines.append("")
    return b"\xff\xfe" + "".join(f"{line}\r\n" for line in lines).encode("utf-16-le")


def _value(name: str, value: Data) -> str:
    label = "@" if not name else f'"{_escaped(name)}"'
    match value:
        case str():
            return f'{label}="{_escaped(value)}"'
        case int():
            return f"{label}=dword:{value & 0xFFFFFFFF:08x}"
        case bytes():
            return _hex(f"{label}=hex:", value)
        case Expand():
            return _hex(f"{label}=hex(2):", f"{value.text}\0".encode("utf-16-le"))
        case tuple():
            return _hex(f"{label}=hex(7):", "".join(f"{item}\0" for item in (*value, "")).encode("utf-16-le"))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _hex(start: str, data: bytes) -> str:
    """Bytes in hexadecimal, broken with a backslash where the line would pass column 79."""
    lines = [start]
    for index, byte in enumerate(data):
        part = f"{byte:02x}" + ("," if index < len(data) - 1 else "")
        if len(lines[-1]) + len(part) + 1 > _LINE:
            lines[-1] += "\\"
            lines.append("  ")
        lines[-1] += part
    return "\r\n".join(lines)


def query(key: str, values: Key) -> list[str]:
    """The lines that ``reg query`` prints of one key: the console's, not a file's."""
    return ["", key, *(f"    {name}    {_printed(value)}" for name, value in values.items()), ""]


def _printed(value: Data) -> str:
    match value:
        case str():
            return f"REG_SZ    {value}"
        case int():
            return f"REG_DWORD    {value & 0xFFFFFFFF:#x}"
        case bytes():
            return f"REG_BINARY    {value.hex().upper()}"
        case Expand():
            return f"REG_EXPAND_SZ    {value.text}"
        case tuple():
            return "REG_MULTI_SZ    " + "\\0".join(value)


def tcpip_parameters(machine: Machine) -> bytes:
    r"""``Tcpip\Parameters``, with TcpTimedWaitDelay and MaxUserPort only where somebody set them."""
    values: Key = {
        "ICSDomain": "mshome.net",
        "DataBasePath": Expand("%SystemRoot%\\System32\\drivers\\etc"),
        "NameServer": "",
        "ForwardBroadcasts": 0,
        "IPEnableRouter": 0,
        "Domain": "corp.example",
        "SearchList": "",
        "UseDomainNameDevolution": 1,
        "EnableICMPRedirect": 1,
        "DeadGWDetectDefault": 1,
        "DontAddDefaultGatewayDefault": 0,
        "Hostname": machine.host.split(".", maxsplit=1)[0],
        "SyncDomainWithMembership": 1,
    }
    if machine.registry_time_wait_delay is not None:
        values["TcpTimedWaitDelay"] = machine.registry_time_wait_delay
    if machine.max_user_port is not None:
        values["MaxUserPort"] = machine.max_user_port
    interface = f"{_TCPIP}\\Interfaces\\{{5b0d8e0c-6b35-4c2f-9a41-2a7d1c9ce001}}"
    return export(
        {
            _TCPIP: values,
            interface: {"EnableDHCP": 0, "IPAddress": (machine.address,), "SubnetMask": ("255.255.0.0",)},
        }
    )


def tcpip6_parameters() -> bytes:
    r"""``TCPIP6\Parameters``."""
    return export({_TCPIP6: {"Dhcpv6DUID": bytes.fromhex("000100011f3a5c7e005056a1b2c3")}})


def afd_parameters() -> bytes:
    r"""``AFD\Parameters``, empty as on most machines."""
    return export({_AFD: {}})


def winsock_parameters(machine: Machine) -> bytes:
    r"""``WinSock2\Parameters``: which library stands behind each entry of the catalogue, layered providers first."""
    paths = [provider.path for provider in machine.layered_providers] + ["%SystemRoot%\\system32\\mswsock.dll"] * 2
    catalog = f"{_WINSOCK}\\Protocol_Catalog9"
    entries: dict[str, Key] = {
        f"{catalog}\\Catalog_Entries64\\{number:012}": {
            "PackedCatalogItem": path.encode("ascii", "replace").ljust(260, b"\0")
        }
        for number, path in enumerate(paths, 1)
    }
    heads: dict[str, Key] = {
        _WINSOCK: {"WinSock_Registry_Version": "2.0", "Current_Protocol_Catalog": "Protocol_Catalog9"},
        catalog: {"Num_Catalog_Entries64": len(paths), "Serial_Access_Num": 5},
    }
    return export(heads | entries)


def current_version(machine: Machine) -> list[str]:
    r"""``reg query`` of ``Windows NT\CurrentVersion``, product key and owner left out."""
    system = machine.system
    lab, _, branch = system.build_lab.partition(".")
    values: Key = {
        "CurrentVersion": f"{system.major}.{system.minor}" if system.major < 10 else "6.3",
        "CurrentBuild": str(system.build),
        "SoftwareType": "System",
        "CurrentType": "Multiprocessor Free",
        "InstallDate": int(machine.installed_at.timestamp()),
        "SystemRoot": "C:\\Windows",
        "InstallationType": "Server" if "Server" in system.product else "Client",
        "EditionID": system.edition,
        "ProductName": system.product,
        "CurrentBuildNumber": str(system.build),
        "BuildLab": system.build_lab,
        "BuildLabEx": f"{lab}.{system.revision}.amd64fre.{branch}",
    }
    if system.csd_version:
        values["CSDVersion"] = system.csd_version
    if system.major >= 10:
        values |= {"CurrentMajorVersionNumber": system.major, "CurrentMinorVersionNumber": system.minor}
        values["UBR"] = system.revision
    return [*query(_CURRENT_VERSION, values), *(f"{_CURRENT_VERSION}\\{name}" for name in ("AeDebug", "Winlogon"))]


def time_zone(machine: Machine) -> bytes:
    r"""``Control\TimeZoneInformation``."""
    zone = machine.zone
    empty = bytes(16)
    active = -int(zone.offset(machine.collected_at).total_seconds() // 60)
    return export(
        {
            _ZONE: {
                "Bias": zone.bias_minutes,
                "DaylightBias": -60 if zone.daylight_start else 0,
                "DaylightName": f"@tzres.dll,-{zone.daylight_resource}",
                "DaylightStart": zone.daylight_start.registry() if zone.daylight_start else empty,
                "StandardBias": 0,
                "StandardName": f"@tzres.dll,-{zone.daylight_resource + 1}",
                "StandardStart": zone.standard_start.registry() if zone.standard_start else empty,
                "TimeZoneKeyName": zone.key,
                "DynamicDaylightTimeDisabled": 0,
                "ActiveTimeBias": active,
            }
        }
    )


def pending_restart(machine: Machine) -> list[str]:
    """``reg query`` of the keys that say a restart is due, one after another; nothing where none is."""
    if not machine.pending_restart:
        return []
    return [
        *query(f"{_SERVICING}\\RebootPending", {}),
        *query(f"{_AUTO_UPDATE}\\RebootRequired", {"a4f2a1de-53c0-4b57-9d0e-2f6f6f0c7c11": 1}),
        *query(_SESSION_MANAGER, {"PendingFileRenameOperations": ("\\??\\C:\\Windows\\Temp\\cab_3296_2", "")}),
    ]


def uninstall(machine: Machine) -> bytes:
    """Installed programs, a few."""
    programs: dict[str, Key] = {
        f"{_UNINSTALL}\\{program.name}": {
            "DisplayName": program.name,
            "DisplayVersion": program.version,
            "Publisher": program.publisher,
        }
        for program in machine.programs
    }
    usual: dict[str, Key] = {
        f"{_UNINSTALL}\\VMware Tools": {
            "DisplayName": "VMware Tools",
            "DisplayVersion": "9.4.15.2827462",
        },
        f"{_UNINSTALL}\\HostMonitor": {
            "DisplayName": "HostMonitor Agent",
            "DisplayVersion": "3.2.18",
            "Publisher": "Example Monitoring",
        },
    }
    return export(usual | programs)


def uninstall_32() -> bytes:
    """Installed programs of 32 bits: one."""
    name = "Microsoft Visual C++ 2008 Redistributable - x86"
    return export({_UNINSTALL_32: {}, f"{_UNINSTALL_32}\\{name}": {"DisplayName": name, "DisplayVersion": "9.0.30729"}})
