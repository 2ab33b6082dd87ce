r"""Third-party drivers and Winsock providers that hook into the Windows network stack: whose they are, where they hook.

Known means: seen on many machines. It says nothing of a driver's quality. A row's source, by its key:

- ALT: Microsoft's list of allocated filter altitudes (MicrosoftDocs/windows-driver-docs,
  ifs/allocated-altitudes.md, at 0099d1b): the company, and that it is a minifilter.
- NFSDK: the NetFilter SDK's WFP driver (callouts.c), which orders its callouts by those of these drivers.
- CRYPTLIB: cryptlib's table of firewall drivers that block connections.
- KB2454053: Microsoft's article on filter drivers under SQL Server. (KB2752589, on Symantec Endpoint Protection and
  Forefront TMG under a later tcpip.sys, and KB977332, on handle leaks under TDI filters, name no driver.)
- AVA: Antivirus Artifacts III (D. Rochlani): the drivers' own file descriptions.
- SOPHOS: Sophos, "Driving lessons: the kernel drivers in Sophos Intercept X Advanced", and SophosZap's lists.
- ENS: a public account of McAfee Endpoint Security's drivers. VMTOOLS: VMware Tools' documentation.
- DSA: Deep Security's documentation of its LightWeight Filter. CISCO: a public inventory of Secure Client's drivers.
- ISSUES: threads at AdguardTeam/AdguardForWindows (#1651, #5169), nmap/npcap (#678), python-trio/trio (#1659),
  keybase/client (#14431), that show the driver or provider at work.
- SETUP: the product's own setup information or driver description, as it stands in public files.
- HJT: HijackThis's list of known layered providers (the file's name; the vendor by that name).
- LISTS: public lists of drivers by vendor (PPEE, endpoint inventories). They give the vendor; the hook is read off the
  driver's description or its own name (`…tdi`, `…wfp`, `…lwf`, `…ndis`), and is left out where neither tells.

>>> known_driver("\\Driver\\tmtdi").vendor, known_driver("ACSOCK64.SYS").hooks, known_driver("tcpip.sys")
('Trend Micro', ('WFP callout', 'VPN'), None)
"""

import msgspec

TDI = "TDI filter"
WFP = "WFP callout"
NDIS = "NDIS filter"
MINIFILTER = "minifilter"
LSP = "LSP"
ADAPTER = "virtual adapter"
VPN = "VPN"

HOOKS = (TDI, WFP, NDIS, LSP, ADAPTER, VPN, MINIFILTER)  # in the order in which they are told


class KnownDriver(msgspec.Struct, frozen=True):
    """One driver or provider, under every name of its file or service, in small letters.

    `hooks` is empty where no source tells. `programs` are names under which the list of installed programs may have
    its product.
    """

    names: tuple[str, ...]
    vendor: str
    product: str
    hooks: tuple[str, ...]
    source: str
    programs: tuple[str, ...]


class _Product(msgspec.Struct, frozen=True):
    """A product with its drivers: names, hooks, source."""

    vendor: str
    name: str
    drivers: tuple[tuple[str, tuple[str, ...], str], ...]
    programs: tuple[str, ...] = ()


_TREND = ("OfficeScan", "Apex One", "Worry-Free", "Deep Security Agent", "Titanium", "Maximum Security")
_KASPERSKY = (
    "Kaspersky Endpoint Security",
    "Kaspersky Security",
    "Kaspersky Anti-Virus",
    "Kaspersky Internet Security",
)

_PRODUCTS = (
    # Security products
    _Product(
        "Symantec",
        "Endpoint Protection",
        (
            ("teefer teefer2 teefer3", (NDIS,), "CRYPTLIB"),
            ("wpsdrvnt", (), "CRYPTLIB"),
            ("symtdi symtdiv", (TDI,), "CRYPTLIB"),
            ("symndis symndisv", (NDIS,), "CRYPTLIB"),
            ("symnets", (WFP,), "NFSDK"),
            ("symevent symevent64x86 symevnt symevnt32", (MINIFILTER,), "ALT"),
            ("symefa symefa64 symefasi symefasi64", (MINIFILTER,), "ALT"),
            ("srtsp srtsp64 srtspx srtspx64", (MINIFILTER,), "ALT"),
        ),
        ("Endpoint Protection", "Endpoint Security", "Norton"),
    ),
    _Product(
        "McAfee",
        "VirusScan and Endpoint Security",
        (
            ("mfewfpk", (WFP,), "ENS"),
            ("mfefirek", (WFP,), "ENS"),
            ("mfenlfk", (NDIS,), "ENS"),
            ("mfetdik mfetdi2k", (TDI,), "KB2454053, CRYPTLIB"),
            ("mfehidk", (MINIFILTER,), "ALT"),
            ("firelm01 firehk4x firehk5x", (), "CRYPTLIB"),
        ),
        ("VirusScan", "Endpoint Security", "Host Intrusion Prevention"),
    ),
    _Product(
        "Trend Micro",
        "OfficeScan or Apex One",
        (
            ("tmtdi", (TDI,), "LISTS"),
            ("tmwfp", (WFP,), "LISTS"),
            ("tmlwf", (NDIS,), "LISTS"),
            ("tm_cfw tmcfw", (), "LISTS"),
            ("tmactmon", (), "LISTS"),
            ("tmevtmgr", (MINIFILTER,), "ALT"),
            ("tmpreflt tmprefilter tmxpflt", (MINIFILTER,), "ALT"),
        ),
        _TREND,
    ),
    _Product("Trend Micro", "Deep Security", (("tbimdsa", (NDIS,), "DSA"),), ("Deep Security Agent",)),
    _Product(
        "Kaspersky",
        "Kaspersky Security",
        (
            ("klim6 klim5", (NDIS,), "ISSUES"),
            ("klwfp klwtp", (WFP,), "NFSDK, LISTS"),
            ("kltdi", (TDI,), "LISTS"),
            ("kneps", (), "LISTS"),
            ("kltap", (ADAPTER, VPN), "LISTS"),
            ("klif", (MINIFILTER,), "ALT"),
        ),
        _KASPERSKY,
    ),
    _Product(
        "Sophos",
        "Endpoint",
        (
            ("swi_callout", (WFP,), "NFSDK"),
            ("sntp", (), "SOPHOS"),
            ("sophosntplwf", (NDIS,), "SOPHOS"),
            ("sophosztnatap", (ADAPTER,), "SOPHOS"),
            ("swi_ifslsp swi_ifslsp_64", (LSP,), "SOPHOS"),
            ("sophosed savonaccess", (MINIFILTER,), "ALT"),
        ),
        ("Sophos Endpoint", "Sophos Anti-Virus", "Sophos Intercept X", "Sophos Network Threat Protection"),
    ),
    _Product(
        "ESET",
        "ESET Security",
        (
            ("epfw", (), "LISTS"),
            ("epfwwfp epfwwfpr", (WFP,), "NFSDK"),
            ("epfwlwf", (NDIS,), "LISTS"),
            ("epfwtdi epfwtdir", (TDI,), "LISTS"),
            ("eamonm", (MINIFILTER,), "ALT"),
            ("ehdrv", (MINIFILTER,), "ALT"),
            ("edevmon", (MINIFILTER,), "ALT"),
            ("imon", (LSP,), "HJT"),
        ),
        ("ESET Endpoint", "ESET Server Security", "ESET File Security", "ESET NOD32", "ESET Smart Security"),
    ),
    _Product(
        "Avast",
        "Avast Antivirus",
        (
            ("aswtdi", (TDI,), "LISTS"),
            ("aswrdr aswrdr2", (WFP,), "LISTS"),
            ("aswstm", (WFP,), "NFSDK"),
            ("aswndisflt aswndis aswndis2", (NDIS,), "LISTS"),
            ("aswnethub", (), "AVA"),
            ("aswsp aswmonflt", (MINIFILTER,), "ALT"),
        ),
        ("Avast",),
    ),
    _Product(
        "AVG",
        "AVG Antivirus",
        (("avgtdix avgtdia", (TDI,), "LISTS"), ("avgmfx64 avgmfx86 avgmfi64", (MINIFILTER,), "ALT")),
        ("AVG",),
    ),
    _Product(
        "Avira",
        "Avira Antivirus",
        (("avnetflt", (WFP,), "AVA"), ("avgntflt", (MINIFILTER,), "ALT"), ("avipbb", (MINIFILTER,), "ALT")),
        ("Avira",),
    ),
    _Product(
        "Bitdefender",
        "Bitdefender",
        (
            ("bdfwfpf bdfwfpf_pc", (WFP,), "NFSDK"),
            ("bdfndisf bdfndisf6", (NDIS,), "LISTS"),
            ("trufos", (MINIFILTER,), "ALT"),
            ("gzflt", (MINIFILTER,), "ALT"),
        ),
    ),
    _Product("CrowdStrike", "Falcon", (("csagent", (MINIFILTER,), "ALT"),), ("CrowdStrike", "Falcon")),
    _Product(
        "Carbon Black",
        "Carbon Black",
        (
            ("carbonblackk cbk7", (MINIFILTER,), "ALT"),
            ("cbtdiflt", (TDI,), "LISTS"),
            ("cbstream", (), "LISTS"),
            ("ctinet", (), "LISTS"),
        ),
        ("Carbon Black", "Cb Defense"),
    ),
    _Product(
        "SentinelOne",
        "Sentinel Agent",
        (("sentinelmonitor", (MINIFILTER,), "ALT"), ("sentinelnetworkmonitor", (), "LISTS")),
    ),
    _Product(
        "Cisco",
        "Secure Endpoint (AMP)",
        (("immunetnetworkmonitor immunetnetworkmonitordriver", (), "CISCO"), ("csaav csaam", (MINIFILTER,), "ALT")),
        ("Cisco AMP for Endpoints", "Cisco Secure Endpoint", "Immunet"),
    ),
    _Product(
        "Check Point",
        "Endpoint Security",
        (("vsdatant", (MINIFILTER,), "ALT"), ("epklib epregflt cpepmon", (MINIFILTER,), "ALT")),
        ("Endpoint Security", "ZoneAlarm"),
    ),
    _Product(
        "Fortinet",
        "FortiClient",
        (
            ("fortifilter", (NDIS,), "SETUP"),
            ("fortitransctrl", (WFP,), "SETUP"),
            ("ftsvnic ft_vnic ftvnic", (ADAPTER, VPN), "SETUP"),
            ("fortips", (), "LISTS"),
            ("fortimon2 fortimon fortirmon", (MINIFILTER,), "ALT"),
            ("fortishield fortiaptfilter", (MINIFILTER,), "ALT"),
        ),
    ),
    _Product(
        "Palo Alto Networks",
        "Cortex XDR",
        (("cyvrfsfd tedrdrv", (MINIFILTER,), "ALT"),),
        ("Cortex XDR", "Traps"),
    ),
    _Product(
        "F-Secure",
        "F-Secure Client Security",
        (
            ("fsni fsni64", (WFP,), "NFSDK"),
            ("fsdfw", (), "LISTS"),
            ("nif2s64", (), "AVA"),
            ("fslsp", (LSP,), "HJT"),
        ),
        ("F-Secure", "WithSecure"),
    ),
    _Product(
        "Doctor Web",
        "Dr.Web",
        (("drwebfwflt drwebfwft", (MINIFILTER,), "ALT"), ("drwebsp", (LSP,), "HJT")),
    ),
    _Product("Malwarebytes", "Malwarebytes", (("mwac", (), "AVA"), ("farwflt mbam", (MINIFILTER,), "ALT"))),
    _Product(
        "Comodo",
        "Comodo Internet Security",
        (("cmdguard", (MINIFILTER,), "ALT"), ("cmdhlp", (), "LISTS"), ("inspect", (), "LISTS")),
        ("Comodo", "COMODO Firewall"),
    ),
    _Product("K7 Computing", "K7 Security", (("k7tdihlp", (TDI,), "LISTS"), ("k7fwfilt", (), "LISTS")), ("K7",)),
    _Product("Quick Heal", "Quick Heal", (("emltdi", (TDI,), "LISTS"),)),
    _Product(
        "G Data",
        "G Data Security",
        (("gdndisic", (NDIS,), "LISTS"), ("gdwfpcd64 gdwfpcd32", (WFP,), "LISTS")),
        ("G Data",),
    ),
    _Product("MicroWorld", "eScan", (("eswfp", (WFP,), "LISTS"), ("econceal", (), "LISTS"))),
    _Product("AhnLab", "AhnLab V3", (("amoncdw7 amoncdw8", (WFP,), "NFSDK"),), ("AhnLab", "V3")),
    _Product(
        "Qihoo 360",
        "360 Total Security",
        (
            ("360netmon", (TDI,), "LISTS"),
            ("360netmon_wfp", (WFP,), "LISTS"),
            ("360antihacker 360antihacker64", (), "LISTS"),
        ),
        ("360",),
    ),
    _Product(
        "Huorong",
        "Huorong Internet Security",
        (("hrwfpdrv hrwfpdrv_win10", (WFP,), "LISTS"), ("hrfwdrv hrfwdrv_win10", (), "LISTS")),
        ("Huorong", "火绒"),
    ),
    _Product("Websense", "Websense Endpoint", (("cwnep", (MINIFILTER,), "ALT"),), ("Websense", "Forcepoint")),
    _Product("Forcepoint", "Forcepoint Endpoint", (("ep_minifilter", (MINIFILTER,), "ALT"),), ("Forcepoint",)),
    # Gateways, tunnels and proxies
    _Product(
        "Cisco",
        "AnyConnect or Secure Client",
        (
            ("acsock acsock64", (WFP, VPN), "NFSDK, CISCO"),
            ("vpnva vpnva-6 vpnva64 vpnva64-6", (ADAPTER, VPN), "CISCO"),
        ),
        ("AnyConnect", "Secure Client"),
    ),
    _Product("Cisco", "VPN Client", (("cvpndrva", (VPN,), "LISTS"),)),
    _Product(
        "Citrix",
        "Deterministic Network Enhancer",
        (("dne2000 dne dnelwf dnelwf64", (NDIS,), "LISTS"),),
        ("Deterministic Network Enhancer", "DNE Update"),
    ),
    _Product("Check Point", "Endpoint VPN Client", (("vna vna_ap", (ADAPTER, VPN), "LISTS"),), ("Check Point VPN",)),
    _Product("Palo Alto Networks", "GlobalProtect", (("pangpd", (ADAPTER, VPN), "SETUP"),)),
    _Product(
        "F5", "BIG-IP Edge Client", (("urvpndrv covpnv64", (ADAPTER, VPN), "LISTS"), ("f5fltdrv f5ipfw", (), "LISTS"))
    ),
    _Product("Ivanti", "Pulse Secure", (("jnprns", (VPN,), "LISTS"),), ("Pulse Secure", "Secure Access Client")),
    _Product("Zscaler", "Client Connector", (("zapprd", (NDIS,), "SETUP"),), ("Zscaler",)),
    _Product("Netskope", "Netskope Client", (("stadrv stadrv6x64 stadrv6x32", (WFP,), "SETUP"),)),
    _Product("OpenVPN", "OpenVPN", (("tap0901 tap0801", (ADAPTER, VPN), "SETUP"),), ("OpenVPN", "TAP-Windows")),
    _Product("WireGuard", "WireGuard", (("wireguard", (ADAPTER, VPN), "SETUP"), ("wintun", (ADAPTER, VPN), "SETUP"))),
    _Product("Astrill", "Astrill", (("asproxy asproxy64", (LSP, VPN), "ISSUES"),)),
    _Product("Initex", "Proxifier", (("prxerdrv", (LSP,), "LISTS"),)),
    _Product("Lavasoft", "Web Companion", (("lavasofttcpservice lavasofttcpservice64", (LSP,), "ISSUES"),)),
    _Product("Google", "Google Desktop", (("googledesktopnetwork1", (LSP,), "HJT"),)),
    _Product(
        "Microsoft",
        "Forefront TMG Client",
        (("fwcwsp fwcwsp64", (LSP,), "HJT, LISTS"),),
        ("Forefront TMG Client", "Firewall Client"),
    ),
    _Product(
        "AdGuard",
        "AdGuard",
        (("adgnetworktdidrv", (TDI,), "ISSUES"), ("adgnetworkwfpdrv", (WFP,), "ISSUES")),
    ),
    # Virtual machines and clouds
    _Product(
        "VMware",
        "VMware Tools",
        (
            ("vnetflt", (TDI,), "VMTOOLS, LISTS"),
            ("vnetwfp", (WFP,), "VMTOOLS"),
            ("vsepflt", (MINIFILTER,), "ALT, VMTOOLS"),
        ),
    ),
    _Product(
        "VMware",
        "VMware Workstation",
        (("vmnetadapter", (ADAPTER,), "LISTS"),),
        ("VMware Workstation", "VMware Player"),
    ),
    _Product(
        "Oracle",
        "VirtualBox",
        (("vboxnetflt vboxnetlwf", (NDIS,), "SETUP"), ("vboxnetadp vboxnetadp6", (ADAPTER,), "SETUP")),
    ),
    _Product(
        "Alibaba",
        "Alibaba Protect or cloud agent",
        (("alifilemonitordriver", (MINIFILTER,), "ALT"), ("alipaladin alipaladinex64", (MINIFILTER,), "LISTS")),
        ("Alibaba",),
    ),
    # Tools
    _Product("Nmap Project", "Npcap", (("npcap npcap_wifi", (NDIS,), "ISSUES"),)),
    _Product("Riverbed", "WinPcap", (("npf", (), "LISTS"),)),  # a protocol of its own beside TCP/IP, no filter
    _Product("Microsoft", "Network Monitor 3", (("nm3", (NDIS,), "SETUP"),), ("Network Monitor 3",)),
    _Product("NT Kernel Resources", "Windows Packet Filter", (("ndisrd", (NDIS,), "SETUP"),)),
    _Product("NetFilter SDK", "a product built on NetFilter SDK", (("netfilter2", (WFP,), "NFSDK"),)),
    _Product("WinDivert", "a program that brings WinDivert", (("windivert windivert64", (WFP,), "SETUP"),)),
    _Product("cFos Software", "cFosSpeed", (("cfosspeed cfosspeed6", (), "SETUP"),)),
    _Product("GlassWire", "GlassWire", (("gwdrv", (), "LISTS"),)),
)

KNOWN_DRIVERS = tuple(
    KnownDriver(tuple(names.split()), product.vendor, product.name, hooks, source, product.programs or (product.name,))
    for product in _PRODUCTS
    for names, hooks, source in product.drivers
)

# Who else is the publisher of a vendor's programs: owners before and after.
VENDOR_NAMES = {
    "Symantec": ("Broadcom", "NortonLifeLock"),
    "McAfee": ("Trellix", "Musarubra"),
    "Avast": ("Gen Digital",),
    "AVG": ("Avast", "Gen Digital"),
    "Carbon Black": ("VMware", "Bit9", "Broadcom"),
    "Check Point": ("Zone Labs", "ZoneAlarm"),
    "Websense": ("Forcepoint",),
    "F-Secure": ("WithSecure",),
    "Ivanti": ("Pulse Secure", "Juniper"),
    "Citrix": ("Deterministic Networks",),
    "VMware": ("Broadcom",),
    "Riverbed": ("CACE Technologies",),
    "Lavasoft": ("Adaware",),
    "Qihoo 360": ("360 Security Center", "360.cn"),
}

# Microsoft's own network drivers, of all versions from Server 2003 to 11. None is a third party, whoever names it.
MICROSOFT_DRIVERS = frozenset((
    "afd", "agilevpn", "asyncmac", "bridge", "bridgemp", "fwpkclnt", "http", "hvsocket", "ipfilterdriver", "ipnat",
    "ipsec", "kdnic", "l2bridge", "lltdio", "mpsdrv", "mrxsmb", "mslbfoprovider", "mslldp", "msseccore", "mssecflt",
    "mssecwfp", "mup", "nativewifip", "ndis", "ndiscap", "ndisimplatform", "ndistapi", "ndisuio", "ndisvirtualbus",
    "ndiswan", "ndproxy", "netbios", "netbt", "netio", "netvsc", "nsiproxy", "nwifi", "pacer", "psched", "rasacd",
    "rasl2tp", "raspppoe", "raspptp", "rassstp", "rdbss", "rspndr", "rsvp", "srv", "srv2", "srvnet", "tcpip",
    "tcpip6", "tcpipreg", "tdi", "tdx", "tunnel", "vfpext", "vmsmp", "vmsp", "vmsproxy", "vmsproxyhnic", "vmsvsf",
    "vmsvsp", "vmswitch", "vwifibus", "vwififlt", "vwifimp", "wanarp", "wanarpv6", "wdfilter", "wdiwifi", "wdnisdrv",
    "wfplwf", "wfplwfs", "winnat",
))  # fmt: skip

# Microsoft's own Winsock providers, transports and name spaces.
_MICROSOFT_PROVIDERS = frozenset((
    "mswsock", "msafd", "napinsp", "nlaapi", "nwprovau", "pnrpnsp", "rnr20", "rsvpsp", "wlidnsp", "winrnr", "wshbth",
    "wship6", "wshirda", "wshqos", "wshtcpip",
))  # fmt: skip
_SYSTEM_FOLDERS = ("", "system32", "syswow64", "sysnative")

_BY_NAME = {name: driver for driver in KNOWN_DRIVERS for name in driver.names}


def name_of(path: str) -> str:
    r"""Return the name by which drivers are compared: of a file, a service or a driver object, in small letters.

    Vendors append a product's version to a service's name behind a dot.

    >>> name_of(r"C:\Windows\system32\DRIVERS\SYMTDIV.SYS"), name_of(r"\Driver\tmtdi"), name_of("klim6.K4W-21-25")
    ('symtdiv', 'tmtdi', 'klim6')
    """
    return path.strip().strip('"').replace("/", "\\").rpartition("\\")[2].partition(".")[0].lower()


def known_driver(name: str) -> KnownDriver | None:
    """Return the table's row for a driver's file, service or driver object, whatever its case; None for others."""
    return _BY_NAME.get(name_of(name))


def is_microsoft_provider(path: str) -> bool:
    r"""Tell a Winsock provider of Windows itself, in the folder where it belongs.

    >>> is_microsoft_provider(r"%SystemRoot%\system32\mswsock.dll"), is_microsoft_provider(r"C:\Temp\mswsock.dll")
    (True, False)
    """
    folder = path.strip().lower().replace("/", "\\").rpartition("\\")[0].rpartition("\\")[2]
    return name_of(path) in _MICROSOFT_PROVIDERS and folder in _SYSTEM_FOLDERS
