"""What each file of the collector's table holds on a machine, by its path in the bundle."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from builder import console, history, powershell_csv, recorded, registry, stack_console
from builder.evtx_writer import write_evtx
from builder.machine import Machine
from builder.ports import Snapshot, snapshots

_KNOWS_BOUND = 10
"""The first major version of Windows whose netstat has -q (domain.md, §8)."""
_KNOWS_EXCLUSIONS, _KNOWS_SETTINGS = (6, 1), (6, 2)


def contents(machine: Machine, exported_at: datetime, traced_at: datetime) -> dict[str, bytes]:
    """Every file that the machine can have: its event logs up to their export, a trace from its beginning on."""
    seen = snapshots(machine)
    files = dict(_network(machine))
    for number, snapshot in enumerate(seen, 1):
        files |= _snapshot(machine, number, snapshot)
    files |= _registry(machine)
    if machine.recording:
        files["trace/trace.txt"] = b"".join(recorded.MachineTrace(machine, traced_at).encoded())
    return files | _system(machine, seen[0].leaked if seen else {}) | _event_logs(machine, exported_at)


def _snapshot(machine: Machine, number: int, snapshot: Snapshot) -> Iterator[tuple[str, bytes]]:
    language = machine.language
    rows = [row for row in snapshot.rows if row.state != "BOUND"]
    uptime = machine.uptime(machine.snapshot_times[number - 1])
    yield f"netstat/ano-{number}.txt", console.netstat(language, rows)
    yield f"netstat/s-{number}.txt", console.netstat_statistics(language, snapshot, uptime)
    if number == 1:
        yield "netstat/anot-1.txt", console.netstat_offload(language, rows, machine.offloaded)
        yield "netstat/anob.txt", console.netstat_owners(machine, rows)
        if machine.system.major >= _KNOWS_BOUND:
            yield "netstat/anoq-1.txt", console.netstat(language, snapshot.rows)


def _network(machine: Machine) -> Iterator[tuple[str, bytes]]:
    language, version = machine.language, (machine.system.major, machine.system.minor)
    for family in ("ipv4", "ipv6"):
        for protocol in ("tcp", "udp"):
            ports = (protocol == "udp" and machine.udp_ports) or machine.dynamic_ports
            yield f"netsh/dynamicport-{family}-{protocol}.txt", console.dynamic_ports(language, protocol, ports)
            excluded = machine.exclusions if (family, protocol) == ("ipv4", "tcp") else ()
            if version >= _KNOWS_EXCLUSIONS:
                shown = console.excluded_ports(language, protocol, excluded)
                yield f"netsh/excludedportrange-{family}-{protocol}.txt", shown
    yield "netsh/tcp-global.txt", console.tcp_global(machine)
    if machine.winsock_catalog:
        yield "netsh/winsock-catalog.txt", stack_console.winsock_catalog(machine)
    yield "netsh/ipaddresses.txt", console.ip_addresses(machine)
    if version >= _KNOWS_SETTINGS:
        yield "system/nettcpsetting.csv", stack_console.tcp_settings(machine)


def _registry(machine: Machine) -> dict[str, bytes]:
    queried = {"windows-currentversion": registry.current_version(machine)}
    if machine.pending_restart:
        queried["pending-reboot"] = registry.pending_restart(machine)
    exported = {
        "tcpip-parameters": registry.tcpip_parameters(machine),
        "tcpip6-parameters": registry.tcpip6_parameters(),
        "afd-parameters": registry.afd_parameters(),
        "winsock2-parameters": registry.winsock_parameters(machine),
        "timezone": registry.time_zone(machine),
        "uninstall": registry.uninstall(machine),
        "uninstall-wow64": registry.uninstall_32(),
    }
    printed = {name: console.oem(machine.language, lines) for name, lines in queried.items()}
    return {f"registry/{name}.reg": data for name, data in (exported | printed).items()}


def _system(machine: Machine, leaked: Mapping[int, int]) -> dict[str, bytes]:
    return {
        "process/tasklist-svc.csv": console.tasklist_services(machine),
        "process/wmic-process.csv": powershell_csv.processes(machine, leaked),
        "system/memory.csv": powershell_csv.memory(machine, leaked),
        "system/tcpip-files.csv": console.tcpip_files(machine),
        "system/hotfixes.csv": powershell_csv.hotfixes(machine),
        "system/drivers.csv": console.drivers(machine),
        "system/fltmc.txt": console.filters(machine.language),
        "system/systeminfo.txt": console.systeminfo(machine),
    }


def _event_logs(machine: Machine, exported_at: datetime) -> dict[str, bytes]:
    system = write_evtx(
        history.system_log(machine, exported_at), machine.host,
        first_record=machine.first_record, oldest_chunk=machine.oldest_chunk, dirty=machine.dirty_log,
    )  # fmt: skip
    return {
        "eventlog/System.evtx": system,
        "eventlog/Setup.evtx": write_evtx(history.setup_log(machine), machine.host),
        "eventlog/Application.evtx": write_evtx(history.application_log(machine, exported_at), machine.host),
    }
