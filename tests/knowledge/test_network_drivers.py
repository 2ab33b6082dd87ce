import pytest

from forensics.knowledge.network_drivers import (
    HOOKS,
    KNOWN_DRIVERS,
    MICROSOFT_DRIVERS,
    VENDOR_NAMES,
    is_microsoft_provider,
    known_driver,
    name_of,
)

SOURCES = {"ALT", "NFSDK", "CRYPTLIB", "KB2454053", "AVA", "SOPHOS", "ENS", "VMTOOLS", "DSA", "CISCO", "ISSUES", "SETUP", "HJT", "LISTS"}  # fmt: skip


def test_each_row_is_complete() -> None:
    for row in KNOWN_DRIVERS:
        assert row.names, row
        assert row.vendor, row
        assert row.product, row
        assert row.programs, row
        assert set(row.hooks) <= set(HOOKS), row
        assert set(row.source.split(", ")) <= SOURCES, row
    assert set(VENDOR_NAMES) <= {row.vendor for row in KNOWN_DRIVERS}


def test_no_name_stands_twice_or_is_microsofts() -> None:
    names = [name for row in KNOWN_DRIVERS for name in row.names]
    assert len(set(names)) == len(names)
    assert not set(names) & MICROSOFT_DRIVERS
    assert all(name_of(name) == name for name in (*names, *MICROSOFT_DRIVERS))


def test_a_minifilter_by_microsofts_list_is_one() -> None:
    assert all("minifilter" in row.hooks for row in KNOWN_DRIVERS if row.source == "ALT")


@pytest.mark.parametrize(
    ("name", "vendor", "hook"),
    [
        ("tmtdi", "Trend Micro", "TDI filter"),
        ("\\Driver\\TMTDI", "Trend Micro", "TDI filter"),
        ("C:\\Windows\\system32\\drivers\\teefer3.sys", "Symantec", "NDIS filter"),
        ("SYMEVENT64x86.SYS", "Symantec", "minifilter"),
        ("klim6.K4W-21-25", "Kaspersky", "NDIS filter"),
        ("\\SystemRoot\\system32\\DRIVERS\\acsock64.sys", "Cisco", "WFP callout"),
        ("C:\\PROGRA~1\\Proxifier\\PrxerDrv.dll", "Initex", "LSP"),
        ("vnetWFP", "VMware", "WFP callout"),
        ("EpfwWfp", "ESET", "WFP callout"),
        ("VBoxNetLwf", "Oracle", "NDIS filter"),
        ("AliFileMonitorDriver", "Alibaba", "minifilter"),
    ],
)
def test_known_under_any_spelling(name: str, vendor: str, hook: str) -> None:
    row = known_driver(name)
    assert row is not None
    assert row.vendor == vendor
    assert hook in row.hooks


@pytest.mark.parametrize(
    "name", ["tcpip", "afd.sys", "Tmtdi2", "mytmtdi.sys", "", "\\Driver\\", "mswsock.dll", "vmxnet3"]
)
def test_unknown(name: str) -> None:
    assert known_driver(name) is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("%SystemRoot%\\system32\\mswsock.dll", True),
        ("%SystemRoot%\\System32\\NapiNSP.dll", True),
        ("C:\\Windows\\SysWOW64\\wshbth.dll", True),
        ("rsvpsp.dll", True),
        ("C:\\Users\\Public\\mswsock.dll", False),
        ("C:\\Windows\\system32\\mswsock2.dll", False),
        ("C:\\Windows\\system32\\LavasoftTcpService.dll", False),
    ],
)
def test_providers_of_windows(path: str, expected: bool) -> None:
    assert is_microsoft_provider(path) == expected


@pytest.mark.parametrize(
    "name",
    [
        "tcpip",
        "afd",
        "tdx",
        "netbt",
        "wfplwf",
        "wfplwfs",
        "ndiscap",
        "pacer",
        "nativewifip",
        "vwififlt",
        "WdNisDrv",
        "mpsdrv",
        "vmswitch",
        "vfpext",
        "winnat",
        "bridge",
    ],
)
def test_drivers_of_windows(name: str) -> None:
    assert name_of(name) in MICROSOFT_DRIVERS
