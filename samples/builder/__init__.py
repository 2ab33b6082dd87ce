"""Builds evidence bundles of simulated Windows machines.

It knows nothing of the analyzer: it is the second, independent source of truth that the analyzer is tested
against.

    from dataclasses import replace
    from builder import SAMPLES, bundle_files, zip_bytes, with_uptime
    from builder.scenarios import founding_case

    machine = founding_case()                           # frozen: change any field with replace()
    machine = with_uptime(machine, 42_949_673)          # exact uptime at the last snapshot
    machine = with_tcpip_version(machine, "6.1.7601.17757")    # on disk; behaviour stays
    machine = replace(machine, traffic=(), piles=(Pile("203.0.113.40", 443, 14_950),))  # exact rows
    machine = replace(machine, language=GERMAN, zone=W_EUROPE, system=SERVER_2016, snapshot_gap=30)
    files = bundle_files(machine)                       # {"netstat/ano-1.txt": b"…", …}
    files = bundle_files(machine, without=("netsh/",), manifest=False)
    del files["netstat/s-2.txt"]                        # lost after collection
    archive = zip_bytes(files)                          # or backslashes=True

    machine = replace(machine, leaks=(Leak(1536, "203.0.113.40", 443, "CLOSE_WAIT", 0.1, 12_000),))  # and others:
    machine = replace(machine, recording=Recording(30), application_log=ApplicationLog(1536, "agent.log", 8))
    # unanswered, closings, udp_held, shared_ports, auto_reuse, memory, …: builder.behaviour and README.md

``SAMPLES[name].machine()`` and ``SAMPLES[name].truth`` give the named samples. ``ports.snapshots(machine)``
gives rows as data, without text; ``evtx_writer.write_evtx`` writes any event log. Where ``traffic`` and a
wrapped clock are given, the simulation starts at the wrap: some 20,000 connections cost a tenth of a second.
``builder.draws`` draws whole cases at random, with their truth.
"""

from builder.behaviour import (
    ApplicationLog,
    Closing,
    DriverInstall,
    InstalledProgram,
    LayeredProvider,
    Leak,
    Memory,
    Recording,
    UdpHeld,
    Unanswered,
)
from builder.bundle import bundle_files, zip_bytes
from builder.evtx_writer import write_evtx
from builder.machine import (
    CLOCK_WRAP_SECONDS,
    Accepted,
    Boot,
    DriverFile,
    Exclusion,
    Held,
    Hotfix,
    Incident,
    Listener,
    Machine,
    Pile,
    PortRange,
    Process,
    Servicing,
    System,
    Traffic,
    with_tcpip_version,
    with_uptime,
)
from builder.ports import snapshots
from builder.scenarios import SAMPLES, Sample, Truth

__all__ = [
    "CLOCK_WRAP_SECONDS",
    "SAMPLES",
    "Accepted",
    "ApplicationLog",
    "Boot",
    "Closing",
    "DriverFile",
    "DriverInstall",
    "Exclusion",
    "Held",
    "Hotfix",
    "Incident",
    "InstalledProgram",
    "LayeredProvider",
    "Leak",
    "Listener",
    "Machine",
    "Memory",
    "Pile",
    "PortRange",
    "Process",
    "Recording",
    "Sample",
    "Servicing",
    "System",
    "Traffic",
    "Truth",
    "UdpHeld",
    "Unanswered",
    "bundle_files",
    "snapshots",
    "with_tcpip_version",
    "with_uptime",
    "write_evtx",
    "zip_bytes",
]
