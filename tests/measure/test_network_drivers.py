"""The inventory of third-party network drivers, from what the programs of Windows print."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builder import Incident, bundle_files, events
from builder.evtx_writer import write_evtx

from forensics.ingest import gather
from forensics.measure.log import system_log
from forensics.measure.network_drivers import NetworkDriver, find_network_drivers
from tests.bundles import zipped
from tests.machines import COLLECTED, calm

HEADINGS = '"Module Name","Display Name","Description","Driver Type","Start Mode","State","Status","Accept Stop","Accept Pause","Paged Pool(bytes)","Code(bytes)","BSS(bytes)","Link Date","Path","Init(bytes)"'
TREND = ("tmtdi", "Trend Micro TDI Driver", "C:\\Windows\\system32\\DRIVERS\\tmtdi.sys")
FLTMC = """
Filter Name                     Num Instances    Altitude    Frame
------------------------------  -------------  ------------  -----
{}                                   3       328510         0
luafv                                   1       135000         0
"""
ENTRY = """
Winsock Catalog Provider Entry
------------------------------------------------------
Entry Type:                         {0}
Description:                        {1}
Provider ID:                        {{2B611370-2190-4059-9AF8-5BC0F58FB742}}
Provider Path:                      {2}
Catalog Entry ID:                   1031
Version:                            2
Address Family:                     2
Max Address Length:                 16
Min Address Length:                 16
Socket Type:                        1
Protocol:                           6
Service Flags:                      0x66
Protocol Chain Length:              {3}
"""
MSWSOCK = ENTRY.format("Base Service Provider", "MSAFD Tcpip [TCP/IP]", "%SystemRoot%\\system32\\mswsock.dll", 1)
START = datetime(2018, 12, 20, 8, 0, tzinfo=UTC)


def driverquery(
    *rows: tuple[str, str, str], stopped: bool = False, words: tuple[str, str] = ("Running", "Stopped")
) -> bytes:
    running, not_running = words
    windows = [
        ("Tcpip", "TCP/IP Protocol Driver", "C:\\Windows\\system32\\drivers\\tcpip.sys"),
        ("AFD", "AFD", "C:\\Windows\\system32\\drivers\\afd.sys"),
    ]
    lines = [HEADINGS]
    for module, name, path in [*windows, *rows]:
        state = not_running if stopped and (module, name, path) in rows else running
        lines.append(
            f'"{module}","{name}","{name}","Kernel ","System","{state}","OK","TRUE","FALSE","4,096","57,344","0","11/20/2010 5:25:52 PM","{path}","8,192"'
        )
    return "\r\n".join(lines).encode("cp850")


def catalog(*entries: tuple[str, str, str, int]) -> bytes:
    return (MSWSOCK + "".join(ENTRY.format(*entry) for entry in entries)).encode()


def uninstall(*programs: tuple[str, str, str], hive: str = "SOFTWARE") -> bytes:
    lines = ["Windows Registry Editor Version 5.00", ""]
    for name, version, publisher in programs:
        lines += [
            f"[HKEY_LOCAL_MACHINE\\{hive}\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\{{{name}}}]",
            f'"DisplayName"="{name}"',
            f'"DisplayVersion"="{version}"',
        ]
        lines += [f'"Publisher"="{publisher}"'] if publisher else []
        lines.append("")
    return "\r\n".join(lines).encode("utf-16")


def afd_found(*drivers: str) -> bytes:
    return write_evtx(
        [events.afd_filter_detected(START + timedelta(hours=number), name) for number, name in enumerate(drivers)],
        "SRV1",
    )


def inventory(folder: Path, files: Mapping[str, bytes]) -> tuple[NetworkDriver, ...]:
    path = folder / "bundle.zip"
    path.write_bytes(zipped(files))
    evidence, _ = gather(path)
    return find_network_drivers(evidence, system_log(evidence))


def only(folder: Path, files: Mapping[str, bytes]) -> NetworkDriver:
    (driver,) = inventory(folder, files)
    return driver


def test_windows_alone_has_nothing_to_list(tmp_path: Path) -> None:
    files = {
        "drivers.csv": driverquery(),
        "fltmc.txt": FLTMC.format("FileInfo").encode(),
        "catalog.txt": catalog(),
        "System.evtx": afd_found("\\Driver\\tdx"),
    }
    assert inventory(tmp_path, files) == ()


def test_one_driver_in_every_source_is_one_entry(tmp_path: Path) -> None:
    files = {
        "drivers.csv": driverquery(TREND),
        "fltmc.txt": FLTMC.format("tmtdi ").encode(),
        "System.evtx": afd_found("\\Driver\\tmtdi", "\\Driver\\TMTDI"),
        "uninstall.reg": uninstall(("Trend Micro OfficeScan Client", "10.6.5162", "Trend Micro Inc.")),
    }
    driver = only(tmp_path, files)
    assert (driver.module, driver.name, driver.vendor) == ("tmtdi", "Trend Micro TDI Driver", "Trend Micro")
    assert (driver.product, driver.version) == ("Trend Micro OfficeScan Client", "10.6.5162")
    assert driver.hooks == ("TDI filter", "minifilter")
    assert driver.path == "C:\\Windows\\system32\\DRIVERS\\tmtdi.sys"
    assert driver.running is True
    assert driver.named_by_event
    assert [(source.file, source.line, source.record) for source in driver.sources] == [
        ("drivers.csv", 4, None),
        ("fltmc.txt", 4, None),
        ("System.evtx", None, 2),  # the newest of its events
        ("uninstall.reg", 5, None),
    ]


def test_an_unknown_driver_counts_where_an_event_names_it(tmp_path: Path) -> None:
    files = {
        "drivers.csv": driverquery(("shieldnt", "Shield Net", "C:\\Shield\\shieldnt.sys"), ("mouclass", "Mouse", ""))
    }
    assert inventory(tmp_path, files) == ()
    driver = only(tmp_path, files | {"System.evtx": afd_found("\\Driver\\ShieldNT")})
    assert (driver.module, driver.name, driver.vendor, driver.product) == ("shieldnt", "Shield Net", "", "")
    assert (driver.hooks, driver.named_by_event, driver.running) == (("TDI filter",), True, True)


def test_an_event_alone_lists_its_driver(tmp_path: Path) -> None:
    driver = only(tmp_path, {"System.evtx": afd_found("\\Driver\\adgnetworktdidrv")})
    assert (driver.vendor, driver.hooks, driver.running, driver.path) == ("AdGuard", ("TDI filter",), None, "")
    assert driver.sources[0].record == 1
    assert "adgnetworktdidrv" in driver.sources[0].quote


def test_an_event_names_the_service_and_driverquery_its_file(tmp_path: Path) -> None:
    files = {
        "drivers.csv": driverquery(("TrendHook", "TDI", TREND[2])),
        "System.evtx": afd_found("\\Driver\\TrendHook"),
    }
    driver = only(tmp_path, files)
    assert (driver.module, driver.vendor, driver.named_by_event) == ("TrendHook", "Trend Micro", True)


@pytest.mark.parametrize(
    "words", [("Running", "Stopped"), ("Wird ausgeführt", "Angehalten"), ("正在运行", "已停止"), ("?????", "???????")]
)
@pytest.mark.parametrize("stopped", [False, True])
def test_running_is_what_tcpip_is(tmp_path: Path, words: tuple[str, str], stopped: bool) -> None:
    text = (
        driverquery(TREND, stopped=stopped, words=("RUN", "STOP"))
        .decode()
        .replace("RUN", words[0])
        .replace("STOP", words[1])
    )
    assert only(tmp_path, {"drivers.csv": text.encode("utf-8")}).running is not stopped


def test_a_plain_list_tells_no_state(tmp_path: Path) -> None:
    plain = '"Module Name","Display Name","Driver Type","Link Date"\r\n"Tcpip","TCP/IP","Kernel ","2010"\r\n"tmtdi","TDI","Kernel ","2010"\r\n'
    driver = only(tmp_path, {"drivers.csv": plain.encode()})
    assert (driver.running, driver.path, driver.hooks) == (None, "", ("TDI filter",))


def test_layered_providers(tmp_path: Path) -> None:
    known, unknown = "C:\\WINDOWS\\system32\\LavasoftTcpService64.dll", "C:\\Shield\\lsp.dll"
    entries = (
        ("Layered Chain Entry", "LavasoftLSP over [MSAFD Tcpip [TCP/IP]]", known, 2),
        ("Layered Service Provider", "LavasoftLSP", known, 0),
        ("Layered Service Provider (32)", "LavasoftLSP", known.replace("64", ""), 0),
        ("Layered Service Provider", "Shield LSP", unknown, 0),
        ("Base Service Provider", "Other base", "C:\\Other\\base.dll", 1),
        ("Layered Service Provider", "Windows", "%SystemRoot%\\system32\\mswsock.dll", 0),
    )
    mine, lavasoft = inventory(
        tmp_path,
        {"catalog.txt": catalog(*entries), "program.reg": uninstall(("Web Companion", "4.8.2078.3950", "Lavasoft"))},
    )
    assert (mine.module, mine.name, mine.vendor, mine.hooks, mine.path, mine.running) == (
        "lsp.dll",
        "Shield LSP",
        "",
        ("LSP",),
        unknown,
        None,
    )
    assert (lavasoft.module, lavasoft.name, lavasoft.vendor, lavasoft.version) == (
        "LavasoftTcpService64.dll",
        "LavasoftLSP",
        "Lavasoft",
        "4.8.2078.3950",
    )
    assert [source.line for source in lavasoft.sources] == [39, 55, 5]


@pytest.mark.parametrize(
    ("programs", "version"),
    [
        ((("Symantec Endpoint Protection", "14.0.3876", "Symantec Corporation"),), "14.0.3876"),
        ((("Symantec Endpoint Protection", "14.3.9", "Broadcom"),), "14.3.9"),
        ((("Symantec Endpoint Protection", "14.0", ""),), "14.0"),
        (
            (
                ("Symantec Endpoint Protection", "14.0", "Symantec"),
                ("Symantec Endpoint Protection Manager", "12.1", "Symantec"),
            ),
            "14.0",
        ),
        (
            (
                ("Symantec Endpoint Protection Small", "1", "Symantec"),
                ("Symantec Endpoint Protection Large", "2", "Symantec"),
            ),
            "",
        ),
        ((("Symantec Backup Exec", "15.0", "Symantec Corporation"),), ""),
        ((("Endpoint Protection", "9.9", "Somebody Else"),), ""),
        ((), ""),
    ],
)
def test_the_version_is_the_installed_products(
    tmp_path: Path, programs: tuple[tuple[str, str, str], ...], version: str
) -> None:
    files = {
        "drivers.csv": driverquery(
            ("SYMTDIV", "Symantec Vista Network Dispatch Driver", "C:\\Windows\\System32\\Drivers\\SYMTDIV.SYS")
        )
    }
    driver = only(
        tmp_path, files | ({"uninstall.reg": uninstall(*programs, hive="SOFTWARE\\WOW6432Node")} if programs else {})
    )
    assert (driver.vendor, driver.version) == ("Symantec", version)
    assert driver.product == ("Endpoint Protection" if not version else programs[0][0])


@pytest.mark.parametrize("publisher", ["Nmap Project", ""])
def test_two_hives_with_one_version_agree(tmp_path: Path, publisher: str) -> None:
    program = ("Npcap", "1.72", publisher)
    files = {
        "drivers.csv": driverquery(
            ("npcap", "Npcap Packet Driver (NPCAP)", "C:\\Windows\\system32\\DRIVERS\\npcap.sys")
        ),
        "a.reg": uninstall(program),
        "b.reg": uninstall(program, hive="SOFTWARE\\WOW6432Node"),
    }
    driver = only(tmp_path, files)
    assert (driver.vendor, driver.product, driver.version) == ("Nmap Project", "Npcap", "1.72")


def test_order_is_by_vendor_and_module_whatever_the_order_of_the_evidence(tmp_path: Path) -> None:
    rows = [
        ("vsepflt", "VMware", ""),
        ("acsock", "Cisco", ""),
        ("vnetflt", "VMware", ""),
        ("CSAgent", "CrowdStrike", ""),
        ("klwtp.KES-21-9", "Kaspersky", ""),
    ]
    expected = [
        ("Cisco", "acsock"),
        ("CrowdStrike", "CSAgent"),
        ("Kaspersky", "klwtp.KES-21-9"),
        ("VMware", "vnetflt"),
        ("VMware", "vsepflt"),
    ]
    for order in (rows, rows[::-1]):
        assert [
            (one.vendor, one.module) for one in inventory(tmp_path, {"drivers.csv": driverquery(*order)})
        ] == expected


def test_a_machine_of_the_sample_builder(tmp_path: Path) -> None:
    seen = Incident(
        "AFD", 16001, COLLECTED - timedelta(days=2), COLLECTED - timedelta(days=1), 3600, ("\\Driver\\tmtdi",)
    )
    machine = replace(calm(), incidents=(seen,))
    assert [(one.module, one.vendor, one.named_by_event) for one in inventory(tmp_path, bundle_files(machine))] == [
        ("tmtdi", "Trend Micro", True)
    ]
    assert inventory(tmp_path, bundle_files(calm())) == ()
