"""From a machine to the bundle that a collector would bring home from it: members, manifest, zip."""

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from builder import console, history, registry, stack_console
from builder.evtx_writer import write_evtx
from builder.machine import Machine
from builder.ports import Snapshot, snapshots

_ZIP_TIME = (2000, 1, 1, 0, 0, 0)
_KNOWS_BOUND = 10
"""The first major version of Windows whose netstat has -q."""
_LEAD = timedelta(seconds=2)
"""From the start of the collector to the first snapshot."""
_LOG_EXPORT_AFTER = timedelta(seconds=20)
"""From the first snapshot to the export of the event logs, which is the newest moment an event can have."""


@dataclass(frozen=True, slots=True)
class _Artefact:
    path: str
    command: str
    why: str
    at: datetime
    milliseconds: int
    data: bytes | None
    outcome: str = "ok"
    reason: str = ""


def bundle_files(machine: Machine, *, without: Iterable[str] = (), manifest: bool = True) -> dict[str, bytes]:
    """The members of the machine's bundle, by path.

    Args:
        machine: The machine.
        without: Starts of paths that the collector could not get, such as ``netsh/``: they are no members,
            and the manifest says why. To lose a member *after* collection, delete it from the result instead.
        manifest: Whether to write ``manifest.json``.
    """
    failed = tuple(without)
    artefacts = _artefacts(machine)
    files = {
        artefact.path: artefact.data
        for artefact in artefacts
        if artefact.data is not None and not artefact.path.startswith(failed)
    }
    if manifest:
        files["manifest.json"] = _manifest(machine, artefacts, failed)
    return files


def zip_bytes(files: Mapping[str, bytes], *, backslashes: bool = False) -> bytes:
    r"""A zip of these members: sorted, with fixed times, so that the same members give the same bytes.

    Args:
        files: Members by path.
        backslashes: Write ``netstat\ano-1.txt``, as some Windows tools do.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(files):
            member = zipfile.ZipInfo("x", _ZIP_TIME)
            # Set here, because ZipInfo() would put the slashes back on Windows.
            member.filename = path.replace("/", "\\") if backslashes else path
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 0  # Windows
            archive.writestr(member, files[path])
    return out.getvalue()


def _artefacts(machine: Machine) -> list[_Artefact]:
    first = machine.collected_at
    exported = first + _LOG_EXPORT_AFTER
    artefacts = []
    seen = snapshots(machine)
    for number, (at, snapshot) in enumerate(zip(machine.snapshot_times, seen, strict=True), 1):
        artefacts += _snapshot(machine, number, at, snapshot)
    language = machine.language
    step = timedelta(milliseconds=640)
    at = first + timedelta(seconds=4)

    def add(path: str, command: str, why: str, data: bytes, milliseconds: int = 310) -> None:
        nonlocal at
        artefacts.append(_Artefact(path, command, why, at, milliseconds, data))
        at += step

    for path, command, why, data in (*_ranges(machine), *_stack_settings(machine)):
        add(path, command, why, data)
    for path, key, data in (
        (
            "tcpip-parameters",
            "SYSTEM\\CurrentControlSet\\services\\Tcpip\\Parameters",
            registry.tcpip_parameters(machine),
        ),
        (
            "tcpip6-parameters",
            "SYSTEM\\CurrentControlSet\\services\\TCPIP6\\Parameters",
            registry.tcpip6_parameters(),
        ),
        ("afd-parameters", "SYSTEM\\CurrentControlSet\\services\\AFD\\Parameters", registry.afd_parameters()),
        (
            "windows-currentversion",
            "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion",
            registry.current_version(machine),
        ),
        ("timezone", "SYSTEM\\CurrentControlSet\\Control\\TimeZoneInformation", registry.time_zone(machine)),
        ("pending-reboot", "(several keys)", registry.pending_restart(machine)),
        ("uninstall", "SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall", registry.uninstall(machine)),
    ):
        add(
            f"registry/{path}.reg",
            f"reg export HKLM\\{key}",
            "Settings that decide how ports behave.",
            data,
            95,
        )
    add(
        "process/tasklist-svc.csv", "tasklist /svc /fo csv", "The programs behind the process numbers.",
        console.tasklist_services(machine), 820,
    )  # fmt: skip
    add(
        "process/wmic-process.csv", "wmic process get … /format:csv",
        "Programs, their paths and open handles.",
        console.wmic_processes(machine, seen[0].leaked if seen else {}), 1240,
    )  # fmt: skip
    add(
        "system/systeminfo.txt",
        "systeminfo",
        "Windows version and boot time.",
        console.systeminfo(machine),
        5210,
    )
    add(
        "system/hotfixes.csv",
        "wmic qfe list /format:csv",
        "Installed updates.",
        console.hotfixes(machine),
        2150,
    )
    add(
        "system/drivers.csv",
        "driverquery /v /fo csv",
        "Drivers of the network stack.",
        console.drivers(machine),
        940,
    )
    add("system/fltmc.txt", "fltmc", "Filter drivers.", console.filters(language), 60)
    add(
        "system/tcpip-files.csv", "(built in) versions of tcpip.sys, afd.sys, netio.sys, netbt.sys, tdx.sys",
        "Whether the fix is installed.", console.tcpip_files(machine), 130,
    )  # fmt: skip
    for path, command, why, data in _stack_counters(machine):
        add(path, command, why, data)
    at = exported
    events = history.system_log(machine, exported)
    add(
        "eventlog/System.evtx", "wevtutil epl System System.evtx", "What Windows recorded about itself.",
        write_evtx(
            events, machine.host,
            first_record=machine.first_record, oldest_chunk=machine.oldest_chunk, dirty=machine.dirty_log,
        ),
        2400,
    )  # fmt: skip
    if machine.servicing:
        add(
            "eventlog/Setup.evtx", "wevtutil epl Setup Setup.evtx", "When each update was installed.",
            write_evtx(history.setup_log(machine), machine.host), 180,
        )  # fmt: skip
    artefacts += _not_collected(machine, at)
    return artefacts


def _ranges(machine: Machine) -> Iterator[tuple[str, str, str, bytes]]:
    language = machine.language
    for family in ("ipv4", "ipv6"):
        for protocol in ("tcp", "udp"):
            ports = (protocol == "udp" and machine.udp_ports) or machine.dynamic_ports
            yield (
                f"netsh/dynamicport-{family}-{protocol}.txt", f"netsh int {family} show dynamicport {protocol}",
                "The ports that programs may use for outgoing connections.",
                console.dynamic_ports(language, protocol, ports),
            )  # fmt: skip
    for family in ("ipv4", "ipv6"):
        for protocol in ("tcp", "udp"):
            excluded = machine.exclusions if (family, protocol) == ("ipv4", "tcp") else ()
            yield (
                f"netsh/excludedportrange-{family}-{protocol}.txt",
                f"netsh int {family} show excludedportrange protocol={protocol}",
                "Ports that are kept out of that range.", console.excluded_ports(language, protocol, excluded),
            )  # fmt: skip


def _stack_settings(machine: Machine) -> Iterator[tuple[str, str, str, bytes]]:
    if machine.system.major < 10:
        yield (
            "netsh/tcp-global.txt", "netsh int tcp show global", "Settings of the network stack.",
            console.tcp_global(machine.language, chimney=machine.chimney),
        )  # fmt: skip
    if machine.winsock_catalog:
        yield (
            "netsh/winsock-catalog.txt", "netsh winsock show catalog", "Software between programs and the network.",
            stack_console.winsock_catalog(machine),
        )  # fmt: skip


def _stack_counters(machine: Machine) -> Iterator[tuple[str, str, str, bytes]]:
    if machine.memory:
        yield (
            "system/memory.csv", "(built in) counters of memory", "Whether memory is short, not ports.",
            stack_console.memory(machine.memory),
        )  # fmt: skip
    if machine.auto_reuse:
        yield (
            "system/nettcpsetting.csv", "Get-NetTCPSetting | Export-Csv", "Ports that connections may share.",
            stack_console.tcp_settings(machine),
        )  # fmt: skip


def _snapshot(machine: Machine, number: int, at: datetime, snapshot: Snapshot) -> list[_Artefact]:
    language = machine.language
    seen = [row for row in snapshot.rows if row.state != "BOUND"]
    milliseconds = 120 + len(seen) // 20

    def artefact(options: str, why: str, after: float, duration: int, data: bytes) -> _Artefact:
        path, command = f"netstat/{options}-{number}.txt", f"netstat -{options}"
        return _Artefact(path, command, why, at + timedelta(seconds=after), duration, data)

    artefacts = [
        artefact(
            "ano", "Every connection, its state and the process behind it.",
            0, milliseconds, console.netstat(language, seen),
        ),
        artefact(
            "s", "How many connections were opened since the last snapshot.",
            0.02, 90, console.netstat_statistics(language, snapshot, machine.uptime(at)),
        ),
    ]  # fmt: skip
    if number == 1:
        artefacts.append(
            artefact(
                "anot", "Connections that the network adapter handles by itself.",
                1.2, milliseconds, console.netstat_offload(language, seen, machine.offloaded),
            )
        )  # fmt: skip
        if machine.system.major >= _KNOWS_BOUND:
            artefacts.append(
                artefact(
                    "anoq", "Ports held without a connection.",
                    2.4, milliseconds, console.netstat(language, snapshot.rows),
                )
            )  # fmt: skip
    return artefacts


def _not_collected(machine: Machine, at: datetime) -> list[_Artefact]:
    missing = [
        (
            "trace/trace.txt",
            "netsh trace start …",
            "A recording of the network stack.",
            "skipped",
            "not asked for",
        ),
        (
            "netstat/anob.txt",
            "netstat -anob",
            "Program names beside connections.",
            "skipped",
            "not asked for",
        ),
    ]
    if machine.system.major < _KNOWS_BOUND:
        unknown = "this Windows does not know netstat -q"
        missing.append(
            (
                "netstat/anoq-1.txt",
                "netstat -anoq",
                "Ports held without a connection.",
                "not-supported",
                unknown,
            )
        )
    return [
        _Artefact(path, command, why, at, 0, None, outcome, reason) for path, command, why, outcome, reason in missing
    ]


def _manifest(machine: Machine, artefacts: Iterable[_Artefact], failed: tuple[str, ...]) -> bytes:
    started = machine.collected_at - _LEAD
    in_order = sorted(artefacts, key=lambda artefact: artefact.at)
    finished = max(artefact.at + timedelta(milliseconds=artefact.milliseconds) for artefact in in_order)
    offset = machine.zone.offset(machine.collected_at)
    system = machine.system
    document = {
        "schema": "forensics.bundle/1",
        "collector": {"name": "forensics-collector", "version": "1.0.0"},
        "host": machine.host.split(".", maxsplit=1)[0],
        "started_at": _iso(started),
        "finished_at": _iso(finished + timedelta(milliseconds=900)),
        "elevated": True,
        "utc_offset_minutes": int(offset.total_seconds() // 60),
        "powershell_version": "2.0" if system.major < 10 else "5.1.17763.1007",
        "os_version": f"{system.major}.{system.minor}.{system.build}",
        "architecture": "AMD64",
        "oem_codepage": int(machine.language.oem_codepage.removeprefix("cp")),
        "ansi_codepage": int(machine.language.ansi_codepage.removeprefix("cp")),
        "ui_language": machine.language.tag,
        "uptime_seconds": int(machine.uptime(started)),
        "boot_time": _iso(machine.boot),
        "options": {"Thorough": machine.snapshot_gap >= 240, "Redact": False},
        "redacted": False,
        "files": [_manifest_entry(artefact, started, failed) for artefact in in_order],
    }
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def _manifest_entry(artefact: _Artefact, started: datetime, failed: tuple[str, ...]) -> dict[str, object]:
    entry: dict[str, object] = {"path": artefact.path, "command": artefact.command, "why": artefact.why}
    data = artefact.data
    if data is None:
        return entry | {"outcome": artefact.outcome, "reason": artefact.reason}
    entry["outcome"] = "ok"
    entry["exit_code"] = 0
    if artefact.path.startswith(failed):
        entry |= {"outcome": "failed", "reason": "Access is denied.", "exit_code": 1}
    entry |= {
        "started_at": _iso(artefact.at),
        "monotonic_ms": (artefact.at - started) // timedelta(milliseconds=1),
        "duration_ms": artefact.milliseconds,
    }
    if entry["outcome"] == "ok":
        entry |= {"size": len(data), "sha256": sha256(data).hexdigest()}
    return entry


def _iso(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"
