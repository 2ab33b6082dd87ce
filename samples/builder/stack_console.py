r"""What tells of the network stack beside netstat: the Winsock catalogue, TCP settings, drivers.

``netsh winsock show catalog`` is written after published output of Windows 7 and 10 in English; the layered entries
(``Layered Chain Entry``, a chain of two) after forum posts of that time, from memory. ``Get-NetTCPSetting |
Export-Csv`` has the properties of MSFT_NetTCPSetting (learn.microsoft.com); their order in the file, and which of
them stand first, could not be verified: go by the headings.
"""

import csv
import io
from collections.abc import Iterable

from builder.languages import Language
from builder.machine import Machine, PortRange

_NO_PORTS = PortRange(0, 0)
_MSWSOCK = "%SystemRoot%\\system32\\mswsock.dll"
_BASE = (
    ("MSAFD Tcpip [TCP/IP]", "{E70F1AA0-AB8B-11CF-8CA3-00805F48A192}", 1001, 2, 16, 1, 6, "0x20066"),
    ("MSAFD Tcpip [UDP/IP]", "{E70F1AA0-AB8B-11CF-8CA3-00805F48A192}", 1002, 2, 16, 2, 17, "0x20609"),
    ("MSAFD Tcpip [RAW/IP]", "{E70F1AA0-AB8B-11CF-8CA3-00805F48A192}", 1003, 2, 16, 3, 0, "0x20609"),
    ("MSAFD Tcpip [TCP/IPv6]", "{F9EAB0C0-26D4-11D0-BBBF-00AA006C34E4}", 1004, 23, 28, 1, 6, "0x20066"),
    ("MSAFD Tcpip [UDP/IPv6]", "{F9EAB0C0-26D4-11D0-BBBF-00AA006C34E4}", 1005, 23, 28, 2, 17, "0x20609"),
)
_LAYERED = "{5B9A3C11-0C5D-4E0B-9C8B-6C1C4C1D2E01}"


def winsock_catalog(machine: Machine) -> bytes:
    """``netsh winsock show catalog``: the layered providers first, as their installers put them."""
    lines: list[str] = []
    for number, provider in enumerate(machine.layered_providers):
        place = 1020 + 2 * number
        over = f"{provider.name} over [MSAFD Tcpip [TCP/IP]]"
        chain = f"{place} : 1001"
        lines += _provider("Layered Chain Entry", over, _LAYERED, provider.path, place + 1, 2, 16, 1, 6, "0x20066", 2)
        lines.append(f"{'Protocol Chain:':<36}{chain}")
        lines += _provider(
            "Layered Service Provider", provider.name, _LAYERED, provider.path, place, 2, 16, 1, 6, "0x66", 0
        )
    for description, guid, place, family, size, kind, protocol, flags in _BASE:
        lines += _provider(
            "Base Service Provider", description, guid, _MSWSOCK, place, family, size, kind, protocol, flags, 1
        )
    lines += [
        "", "Name Space Provider Entry", "-" * 54,
        f"{'Description:':<36}Tcpip", f"{'Provider ID:':<36}{{22059D40-7E9E-11CF-AE5A-00AA00A7112B}}",
        f"{'Name Space:':<36}12", f"{'Active:':<36}1", f"{'Version:':<36}0", "",
    ]  # fmt: skip
    return "".join(f"{line}\r\n" for line in lines).encode(machine.language.oem_codepage, errors="replace")


def _provider(
    entry: str,
    description: str,
    guid: str,
    path: str,
    place: int,
    family: int,
    size: int,
    kind: int,
    protocol: int,
    flags: str,
    chain: int,
) -> list[str]:
    values = {
        "Entry Type:": entry, "Description:": description, "Provider ID:": guid, "Provider Path:": path,
        "Catalog Entry ID:": place, "Version:": 2, "Address Family:": family, "Max Address Length:": size,
        "Min Address Length:": size, "Socket Type:": kind, "Protocol:": protocol, "Service Flags:": flags,
        "Protocol Chain Length:": chain,
    }  # fmt: skip
    heading = ["", "Winsock Catalog Provider Entry", "-" * 54]
    return [*heading, *(f"{label:<36}{value}" for label, value in values.items())]


_COLUMNS = (
    "CwndRestart", "MemoryPressureProtection", "CongestionProvider", "AutoTuningLevelLocal", "EcnCapability",
    "Timestamps", "ScalingHeuristics", "AutoTuningLevelGroupPolicy", "AutoTuningLevelEffective", "AutomaticUseCustom",
    "NonSackRttResiliency", "ForceWS", "Caption", "Description", "ElementName", "InstanceID", "CommonName",
    "PolicyKeywords", "CreationClassName", "PolicyActionName", "PolicyRuleCreationClassName", "PolicyRuleName",
    "SystemCreationClassName", "SystemName", "DoActionLogging", "SettingName", "MinRto", "InitialCongestionWindow",
    "InitialRto", "DynamicPortRangeStartPort", "DynamicPortRangeNumberOfPorts", "DelayedAckTimeout",
    "DelayedAckFrequency", "MaxSynRetransmissions", "AutoReusePortRangeStartPort", "AutoReusePortRangeNumberOfPorts",
    "PSComputerName", "CimClass", "CimInstanceProperties", "CimSystemProperties",
)  # fmt: skip


def tcp_settings(machine: Machine) -> bytes:
    """``Get-NetTCPSetting | Export-Csv``; the profile Automatic has no values of its own."""
    reuse = machine.auto_reuse or _NO_PORTS
    constant = {
        "CimClass": "ROOT/StandardCimv2:MSFT_NetTCPSetting",
        "CimInstanceProperties": "Microsoft.Management.Infrastructure.Internal.Data.CimPropertiesCollection",
        "CimSystemProperties": "Microsoft.Management.Infrastructure.CimSystemProperties",
    }
    values = {
        "CwndRestart": "False", "MemoryPressureProtection": "Enabled", "CongestionProvider": "CTCP",
        "AutoTuningLevelLocal": "Normal", "EcnCapability": "Disabled", "Timestamps": "Disabled",
        "ScalingHeuristics": "Disabled", "AutoTuningLevelGroupPolicy": "NotConfigured",
        "AutoTuningLevelEffective": "Local", "AutomaticUseCustom": "Disabled", "NonSackRttResiliency": "Disabled",
        "ForceWS": "Enabled", "MinRto": 300, "InitialCongestionWindow": 10, "InitialRto": 3000,
        "DynamicPortRangeStartPort": machine.dynamic_ports.start,
        "DynamicPortRangeNumberOfPorts": machine.dynamic_ports.count, "DelayedAckTimeout": 50,
        "DelayedAckFrequency": 2, "MaxSynRetransmissions": 2,
        "AutoReusePortRangeStartPort": reuse.start, "AutoReusePortRangeNumberOfPorts": reuse.count,
    }  # fmt: skip
    out = io.StringIO()
    writer = csv.DictWriter(out, _COLUMNS, restval="", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writeheader()
    writer.writerow(constant | {"SettingName": "Automatic"})
    for name in ("InternetCustom", "DatacenterCustom", "Compat", "Datacenter", "Internet"):
        writer.writerow(constant | values | {"SettingName": name})
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def driver_rows(machine: Machine, language: Language) -> Iterable[tuple[str, ...]]:
    """The rows of ``driverquery /v`` for drivers that were installed later."""
    size = language.number
    for install in machine.driver_installs:
        if not install.driver:
            continue
        link = language.moment(machine.zone.local(install.at)).replace(", ", " ")
        yield (
            install.name, install.name, install.name, "Kernel", "System", "Running", "OK", "TRUE", "FALSE",
            size(4096), size(36_864), "0", link, install.image.replace("\\SystemRoot", "C:\\Windows"), size(8192),
        )  # fmt: skip
