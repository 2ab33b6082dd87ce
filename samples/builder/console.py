"""What the command line prints: netstat, netsh, systeminfo, tasklist and others, as bytes.

Text goes through the OEM code page with CRLF, as ``command > file`` leaves it.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from hashlib import sha256
from unicodedata import east_asian_width

from builder.languages import Language, StatisticsLabels
from builder.machine import Exclusion, Machine, PortRange
from builder.owners_console import with_owners
from builder.ports import Row, Snapshot
from builder.stack_console import driver_rows


def oem(language: Language, lines: Iterable[str]) -> bytes:
    """Lines as a console program writes them to a file; what the code page lacks becomes a question mark."""
    return "".join(f"{line}\r\n" for line in lines).encode(language.oem_codepage, errors="replace")


def _columns(text: str) -> int:
    """How many columns of a console the text takes: two for each Chinese, Japanese or Korean character."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _padded(label: str, width: int) -> str:
    """The label, filled with blanks to that many columns."""
    return label + " " * (width - _columns(label))


def _csv_line(cells: Iterable[object], *, quote: bool) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL if quote else csv.QUOTE_MINIMAL, lineterminator="").writerow(cells)
    return out.getvalue()


# --- netstat ---


def netstat(language: Language, rows: Sequence[Row]) -> bytes:
    """``netstat -ano``; with BOUND rows it is ``netstat -anoq``."""
    lines = ["", language.netstat_title, "", language.netstat_heading]
    return oem(language, [*lines, *(_row(language, row) for row in rows)])


def netstat_offload(language: Language, rows: Sequence[Row], offloaded: int) -> bytes:
    """``netstat -anot``: so many of the established connections are in the hands of the network adapter."""
    heading = f"{language.netstat_heading}      {language.offload_state}"
    lines = ["", language.netstat_title, "", heading, ""]
    left = offloaded
    for row in rows:
        place = "InHost"
        if row.state == "ESTABLISHED" and left:
            place, left = "Offloaded", left - 1
        lines.append(f"{_row(language, row, 8)} {place}" if row.state else _row(language, row))
    return oem(language, lines)


def netstat_owners(machine: Machine, rows: Sequence[Row]) -> bytes:
    """``netstat -anob``."""
    language = machine.language
    lines = ["", language.netstat_title, "", language.netstat_heading]
    return oem(language, [*lines, *with_owners(machine, ((row, _row(language, row)) for row in rows))])


def _row(language: Language, row: Row, pid_width: int = 0) -> str:
    local = f"{_host(row.local)}:{row.local_port}"
    remote = f"{_host(row.remote)}:{row.remote_port}" if row.remote else "*:*"
    state = language.states.get(row.state, row.state)
    protocol = f"{row.protocol:<{language.netstat_protocol_width}}"
    return f"  {protocol}  {local:<21}  {remote:<21}  {state:<14}  {row.pid:<{pid_width}}"


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def netstat_statistics(language: Language, snapshot: Snapshot, uptime_seconds: float) -> bytes:
    """``netstat -s``: the counters since the boot. A few of IPv6 are the system's own, to itself."""
    labels = language.statistics
    packets = int(uptime_seconds * 21)
    none = [0] * len(labels.ip_rows)
    ip = list(none)
    ip[0], ip[5], ip[6], ip[7] = packets, packets // 9000, packets - packets // 9000, int(packets * 0.93)
    segments = int(packets * 0.82)
    tcp4 = (
        snapshot.active_opens, snapshot.passive_opens, snapshot.failed_attempts, snapshot.resets,
        snapshot.current, segments, int(segments * 0.97), segments // 4100,
    )  # fmt: skip
    datagrams = int(uptime_seconds * 1.3)
    opens6, passive6, failed6, resets6, current6 = snapshot.ipv6
    segments6 = 420 + 9 * opens6
    tcp6 = (14 + opens6, 13 + passive6, 1 + failed6, 2 + resets6, current6, segments6, segments6 - 24, 24)
    lines = [
        *_statistics(labels.ip.format("IPv4"), labels.ip_rows, ip),
        *_statistics(
            labels.ip.format("IPv6"), labels.ip_rows, [segments6 if row in (0, 6, 7) else 0 for row in range(17)]
        ),
        *_icmp(labels, "ICMPv4", int(uptime_seconds / 300)),
        *_icmp(labels, "ICMPv6", 17),
        *_statistics(labels.tcp.format("IPv4"), labels.tcp_rows, tcp4),
        *_statistics(labels.tcp.format("IPv6"), labels.tcp_rows, tcp6),
        *_statistics(labels.udp.format("IPv4"), labels.udp_rows, (datagrams, datagrams // 50, 0, int(datagrams * 0.6))),
        *_statistics(labels.udp.format("IPv6"), labels.udp_rows, (212, 0, 0, 530)),
    ]
    return oem(language, lines)


def _statistics(title: str, rows: Sequence[str], values: Sequence[int]) -> list[str]:
    """One block. The counters are 32 bits wide: those of a busy machine start again at 0 within a year."""
    width = max(map(_columns, rows)) + 1
    return [
        "", title, "",
        *(f"  {_padded(label, width)} = {value % 2**32}" for label, value in zip(rows, values, strict=True)),
    ]  # fmt: skip


def _icmp(labels: StatisticsLabels, family: str, messages: int) -> list[str]:
    received, sent = labels.icmp_columns
    values = [messages, 0, messages // 3] + [0] * 4 + [messages // 3, messages // 3] + [0] * 6
    width = max(map(_columns, labels.icmp_rows)) + 3
    lines = ["", labels.icmp.format(family), "", f"  {'':<{width}}{_padded(received, 12)}{sent}"]
    return lines + [
        f"  {_padded(label, width)}{value:<12}{value + 3 if value else 0}"
        for label, value in zip(labels.icmp_rows, values, strict=True)
    ]


# --- netsh ---


def dynamic_ports(language: Language, protocol: str, ports: PortRange) -> bytes:
    """``netsh int ipv4 show dynamicport tcp`` (or ipv6, udp)."""
    title, start, number = language.dynamic_ports
    width = max(16, _columns(start) + 1, _columns(number) + 1)
    return oem(
        language,
        [
            "",
            title.format(protocol),
            "-" * 33,
            f"{_padded(start, width)}: {ports.start}",
            f"{_padded(number, width)}: {ports.count}",
            "",
        ],
    )


def excluded_ports(language: Language, protocol: str, exclusions: Iterable[Exclusion]) -> bytes:
    """``netsh int ipv4 show excludedportrange protocol=tcp``."""
    title, columns, footer = language.excluded_ports
    rows = [
        f"{exclusion.first:>10}  {exclusion.last:>10}{'     *' if exclusion.administered else ''}"
        for exclusion in exclusions
    ]
    return oem(language, ["", title.format(protocol), "", columns, "----------    --------", *rows, "", footer, ""])


def ip_addresses(machine: Machine) -> bytes:
    """``netsh int ipv4 show ipaddresses``, with English labels in every language."""
    lines = []
    for number, name, kind, address in (
        (1, "Loopback Pseudo-Interface 1", "Other", "127.0.0.1"),
        (11, "Local Area Connection", "Manual", machine.address),
    ):
        lines += [
            "", f"Interface {number}: {name}", "", "Addr Type  DAD State   Valid Life Pref. Life Address",
            "---------  ----------- ---------- ---------- ------------------------",
            f"{kind:<9}  Preferred     infinite   infinite {address}",
        ]  # fmt: skip
    return oem(machine.language, [*lines, ""])


def tcp_global(machine: Machine) -> bytes:
    """``netsh int tcp show global``, with English labels in every language; from Windows 10 on without TCP Chimney."""
    settings = (
        _TCP_GLOBAL_10 if machine.system.major >= 10 else {**_TCP_GLOBAL, "Chimney Offload State": machine.chimney}
    )
    lines = ["Querying active state...", "", "TCP Global Parameters", "-" * 46]
    return oem(machine.language, [*lines, *(f"{label:<35} : {value} " for label, value in settings.items()), ""])


_TCP_GLOBAL = {
    "Receive-Side Scaling State": "enabled",
    "Chimney Offload State": "automatic",
    "NetDMA State": "enabled",
    "Direct Cache Acess (DCA)": "disabled",
    "Receive Window Auto-Tuning Level": "normal",
    "Add-On Congestion Control Provider": "ctcp",
    "ECN Capability": "disabled",
    "RFC 1323 Timestamps": "disabled",
}
_TCP_GLOBAL_10 = {
    "Receive-Side Scaling State": "enabled",
    "Receive Window Auto-Tuning Level": "normal",
    "Add-On Congestion Control Provider": "default",
    "ECN Capability": "disabled",
    "RFC 1323 Timestamps": "disabled",
    "Initial RTO": "3000",
    "Receive Segment Coalescing State": "enabled",
    "Non Sack Rtt Resiliency": "disabled",
    "Max SYN Retransmissions": "2",
}


# --- the system ---


def systeminfo(machine: Machine) -> bytes:
    """``systeminfo``."""
    language, system = machine.language, machine.system
    labels, (build, none, installed, standalone, megabyte) = (
        language.systeminfo[:21],
        language.systeminfo[21:],
    )
    number = f"{system.major}.{system.minor}.{system.build}"
    locale = f"{language.tag.lower()};{language.tag}"
    offset = machine.zone.offset(machine.collected_at)
    sign, minutes = ("-", -offset) if offset.total_seconds() < 0 else ("+", offset)
    zone = f"(UTC{sign}{str(minutes).rjust(8, '0')[:5]}) {machine.zone.key}"
    values = (
        machine.host.split(".", maxsplit=1)[0].upper(), f"Microsoft {system.product} ",
        f"{number} {system.csd_version or none} {build} {system.build}", "Microsoft Corporation", standalone,
        "Multiprocessor Free", "Windows User", "00477-001-0000421-84164",
        language.moment(machine.zone.local(machine.installed_at)),
        language.moment(machine.zone.local(machine.boot)),
        "VMware, Inc.", "VMware Virtual Platform", "x64-based PC", "C:\\Windows", locale, locale, zone,
        f"{language.number(machine.memory_mb)} {megabyte}",
        f"{language.number(machine.memory_mb * 2 // 5)} {megabyte}", "corp.example",
        installed.format(len(machine.hotfixes)),
    )  # fmt: skip
    width = max(map(_columns, labels)) + 1
    lines = ["", *(f"{_padded(label, width)}{value}" for label, value in zip(labels, values, strict=True))]
    lines += [f"{'':<{width}}[{number:02}]: {hotfix.kb}" for number, hotfix in enumerate(machine.hotfixes, 1)]
    return oem(language, lines)


def tasklist_services(machine: Machine) -> bytes:
    """``tasklist /svc /fo csv``."""
    language = machine.language
    lines = [_csv_line(language.tasklist, quote=True)]
    for process in machine.processes:
        services = ",".join(process.services) or language.not_available
        lines.append(_csv_line((process.name, process.pid, services), quote=True))
    return oem(language, lines)


def drivers(machine: Machine) -> bytes:
    """``driverquery /v /fo csv``; the headings are English in every language here."""
    language = machine.language
    columns = (
        "Module Name", "Display Name", "Description", "Driver Type", "Start Mode", "State", "Status",
        "Accept Stop",
        "Accept Pause", "Paged Pool(bytes)", "Code(bytes)", "BSS(bytes)", "Link Date", "Path", "Init(bytes)",
    )  # fmt: skip
    lines = [_csv_line(columns, quote=True)]
    for file in machine.tcpip_files:
        module, size = file.name.removesuffix(".sys"), language.number
        title = _DRIVER_TITLES.get(module, module)
        link = language.moment(machine.zone.local(file.modified)).replace(", ", " ")
        cells = (
            module, title, title, "Kernel", "Boot" if module in ("tcpip", "netio") else "System",
            "Running", "OK",
            "TRUE", "FALSE", size(file.size // 40), size(file.size * 3 // 4), "0", link,
            f"C:\\Windows\\system32\\drivers\\{file.name}", size(8192),
        )  # fmt: skip
        lines.append(_csv_line(cells, quote=True))
    lines += [_csv_line(cells, quote=True) for cells in driver_rows(machine, language)]
    return oem(language, lines)


_DRIVER_TITLES = {
    "tcpip": "TCP/IP Protocol Driver",
    "afd": "Ancillary Function Driver for Winsock",
    "netio": "NETIO Legacy TDI Support Driver",
    "netbt": "NetBT",
    "tdx": "NetIO Legacy TDI Support Driver",
}


def filters(language: Language) -> bytes:
    """``fltmc``."""
    return oem(
        language,
        [
            "",
            "Filter Name                     Num Instances    Altitude    Frame",
            "------------------------------  -------------  ------------  -----",
            "luafv                                   1       135000         0",
            "FileInfo                                3        45000         0",
        ],
    )


def tcpip_files(machine: Machine) -> bytes:
    """The collector's own table of the network drivers; times in UTC."""
    lines = [_csv_line(("Path", "Version", "Created", "Modified", "Size", "Sha256"), quote=False)]
    for file in machine.tcpip_files:
        cells = (
            f"C:\\Windows\\System32\\drivers\\{file.name}", file.version,
            f"{file.created:%Y-%m-%dT%H:%M:%SZ}", f"{file.modified:%Y-%m-%dT%H:%M:%SZ}", file.size,
            _invented_digest(f"{file.name} {file.version}"),
        )  # fmt: skip
        lines.append(_csv_line(cells, quote=False))
    return "".join(f"{line}\r\n" for line in lines).encode()


def _invented_digest(subject: str) -> str:
    """A stand-in for a file's SHA-256: no such file is at hand."""
    return sha256(subject.encode()).hexdigest()
