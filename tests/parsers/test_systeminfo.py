import re
from datetime import datetime

import pytest

from forensics.parsers.systeminfo import SystemInfo, parse, recognise

from . import corpus
from .scramble import scramble

LABELS = r"([^:\[]{3,}?):.*"

ENGLISH = """
Host Name:                 SRV-PROD-01
OS Name:                   Microsoft Windows Server 2008 R2 Standard
OS Version:                6.1.7601 Service Pack 1 Build 7601
OS Manufacturer:           Microsoft Corporation
OS Configuration:          Member Server
OS Build Type:             Multiprocessor Free
Registered Owner:          Windows User
Registered Organization:
Product ID:                00477-001-0000421-84164
Original Install Date:     INSTALL
System Boot Time:          BOOT
System Manufacturer:       VMware, Inc.
System Model:              VMware Virtual Platform
System Type:               x64-based PC
Processor(s):              2 Processor(s) Installed.
                           [01]: Intel64 Family 6 Model 78 Stepping 3 GenuineIntel ~2496 Mhz
                           [02]: Intel64 Family 6 Model 78 Stepping 3 GenuineIntel ~2496 Mhz
BIOS Version:              Phoenix Technologies LTD 6.00, BIOS
Windows Directory:         C:\\Windows
System Directory:          C:\\Windows\\system32
Boot Device:               \\Device\\HarddiskVolume1
System Locale:             en-us;English (United States)
Input Locale:              en-us;English (United States)
Time Zone:                 (UTC+08:00) Beijing, Chongqing, Hong Kong, Urumqi
Total Physical Memory:     16,383 MB
Available Physical Memory: 9,001 MB
Virtual Memory: Max Size:  32,765 MB
Virtual Memory: Available: 20,002 MB
Virtual Memory: In Use:    12,763 MB
Page File Location(s):     C:\\pagefile.sys
Domain:                    example.com
Logon Server:              \\\\DC1
Hotfix(s):                 4 Hotfix(s) Installed.
                           [01]: {7A068575-C5DB-43D9-BE20-3895D0C69B17}
                           [02]: KB2553549
                           [03]: 943729
                           [04]: KB2553549
Network Card(s):           1 NIC(s) Installed.
                           [01]: Intel(R) PRO/1000 MT Network Connection
                                 Connection Name: Local Area Connection
                                 DHCP Enabled:    No
                                 IP address(es)
                                 [01]: 192.168.159.209
"""


def _text(install: str, boot: str, bios: str = "", locale: str = "en-us") -> str:
    text = ENGLISH.replace("INSTALL", install).replace("BOOT", boot).replace(", BIOS", f", {bios}")
    return text.replace("en-us;", f"{locale};")


def _only(text: str) -> SystemInfo:
    (info,) = parse(text).facts
    assert isinstance(info, SystemInfo)
    return info


# Read off the files by eye: host, version, service pack, install, boot, locale, offset, number of lines with a KB, line of
# the boot time.
REAL = [
    ("jc__windows-2012r2_systeminfo.txt", "WIN-1A1A1AA11AA", "6.3.9600", "", (2018, 12, 13, 1, 15, 48), (2021, 3, 28, 14, 34, 44), "en-us", 180),
    ("wesng__10_1809_x64_enterprise_zh-cn_systeminfo.txt", "DESKTOP-0CQH3P2", "10.0.17763", "", (2019, 1, 24, 9, 46, 29), (2019, 1, 24, 10, 32, 25), "zh-cn", 60),
    ("wesng__7_sp1_x64_enterprise_fr_systeminfo_cmd.txt", "WIN-IDKKFN87EL8", "6.1.7601", "Service Pack 1", (2019, 4, 29, 18, 52, 20), (2019, 4, 29, 18, 56, 1), "fr", 60),
    ("wesng__7_sp1_x64_enterprise_fr_systeminfo_powershell.txt", "WIN-IDKKFN87EL8", "6.1.7601", "Service Pack 1", (2019, 4, 29, 18, 52, 20), (2019, 4, 29, 18, 56, 1), "fr", 60),
    ("wesng__7_sp1_x64_ultimaten_de_systeminfo.txt", "OLI7-PC", "6.1.7601", "Service Pack 1", (2016, 6, 15, 18, 34, 33), (2019, 3, 4, 11, 44, 54), "de", 60),
    ("wesng__srv_2008_rtm_x64_standard_en-us_systeminfo.txt", "SRV2K8SP0X64", "6.0.6001", "Service Pack 1", (2014, 4, 25, 23, 48, 11), (2019, 3, 4, 8, 42, 38), "en-us", 60),
    ("wesng__srv_2008r2_sp1_x64_standard_en-us_systeminfo.txt", "SRV2K8R2SP1X64", "6.1.7601", "Service Pack 1", (2014, 4, 25, 20, 13, 44), (2019, 3, 4, 9, 4, 37), "en-us", 60),
    ("wesng__srv_2012r2_u1_systeminfo.txt", "SRV12R2U1X64", "6.3.9600", "", (2014, 4, 25, 11, 13, 57), (2019, 3, 20, 21, 58, 25), "en-us", 60),
    ("wesng__srv_2022_systeminfo.txt", "WIN-RIBN7SM07BK", "10.0.20348", "", (2021, 10, 1, 16, 15, 34), (2021, 10, 22, 8, 36, 55), "en-us", -480),
    ("wesng__vista_x64_sp2_systeminfo.txt", "WINVISTASP0X64", "6.0.6002", "Service Pack 2", (2017, 6, 17, 18, 17, 31), (2019, 3, 21, 17, 32, 14), "en-us", 60),
]  # fmt: skip


@corpus.needs_corpus
@pytest.mark.parametrize(("name", "host", "version", "pack", "install", "boot", "locale", "offset"), REAL)
def test_real_files(
    name: str,
    host: str,
    version: str,
    pack: str,
    install: tuple[int, ...],
    boot: tuple[int, ...],
    locale: str,
    offset: int,
) -> None:
    text = corpus.text(f"systeminfo/{name}")
    info = _only(text)
    assert (info.host, info.os_version, info.service_pack) == (host, version, pack)
    assert info.build == int(version.rpartition(".")[2])
    assert info.original_install_local == datetime(*install)  # type: ignore[arg-type]  # noqa: DTZ001
    assert info.boot_local == (datetime(*boot),)  # type: ignore[arg-type]  # noqa: DTZ001
    assert (info.system_locale, info.utc_offset_minutes) == (locale, offset)
    assert (info.version_line, info.boot_line) == (4, 12)
    printed = set(re.findall(r"KB\d+", text))
    assert printed <= set(info.hotfixes)
    assert all(kb in printed or kb.removeprefix("KB") in text for kb in info.hotfixes)
    assert len(set(info.hotfixes)) == len(info.hotfixes)
    assert info.physical_total_mb in (1022, 1023, 2047, 3555, 4095, 16155)
    assert None not in (
        info.physical_available_mb,
        info.virtual_max_mb,
        info.virtual_available_mb,
        info.virtual_in_use_mb,
    )
    assert parse(text).problems == ()


@corpus.needs_corpus
@pytest.mark.parametrize("name", [case[0] for case in REAL])
def test_real_files_with_random_labels(name: str) -> None:
    text = corpus.text(f"systeminfo/{name}")
    for seed in range(3):
        assert parse(scramble(text, LABELS, seed)).facts == parse(text).facts


@corpus.needs_corpus
@pytest.mark.parametrize("name", [case[0] for case in REAL])
def test_real_files_cut_short(name: str) -> None:
    lines = corpus.text(f"systeminfo/{name}").splitlines(keepends=True)
    whole = _only("".join(lines))
    after_hotfix = _only("".join(lines[: whole.hotfixes_line]))
    assert after_hotfix.boot_local == whole.boot_local
    assert after_hotfix.hotfixes == whole.hotfixes[:1] or not whole.hotfixes
    after_boot = _only("".join(lines[:12]))
    assert after_boot.host == whole.host
    # Without the locale an American date may be ambiguous; it is never wrong.
    assert whole.boot_local[0] in after_boot.boot_local


def test_everything() -> None:
    info = _only(_text("4/25/2014, 8:13:44 PM", "3/4/2019, 9:04:37 AM", "4/13/2018"))
    assert info == SystemInfo(
        host="SRV-PROD-01",
        os_name="Microsoft Windows Server 2008 R2 Standard",
        os_version="6.1.7601",
        build=7601,
        service_pack="Service Pack 1",
        original_install_local=datetime(2014, 4, 25, 20, 13, 44),  # noqa: DTZ001
        boot_local=(datetime(2019, 3, 4, 9, 4, 37),),  # noqa: DTZ001
        uptime_seconds=None,
        system_locale="en-us",
        time_zone="(UTC+08:00) Beijing, Chongqing, Hong Kong, Urumqi",
        utc_offset_minutes=480,
        hotfixes=("KB2553549", "KB943729"),
        processors=("Intel64 Family 6 Model 78 Stepping 3 GenuineIntel ~2496 Mhz",) * 2,
        physical_total_mb=16383,
        physical_available_mb=9001,
        virtual_max_mb=32765,
        virtual_available_mb=20002,
        virtual_in_use_mb=12763,
        version_line=4,
        boot_line=12,
        time_zone_line=25,
        hotfixes_line=36,
    )


DAY, MONTH = datetime(2019, 4, 3, 9, 4, 37), datetime(2019, 3, 4, 9, 4, 37)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("install", "boot", "bios", "locale", "expected"),
    [
        # a number above 12 in any date of the file decides
        ("4/25/2014, 8:13:44 PM", "3/4/2019, 9:04:37 AM", "", "de", (MONTH,)),
        ("25/4/2014, 8:13:44 PM", "3/4/2019, 9:04:37 AM", "", "en-us", (DAY,)),
        ("1/2/2014, 8:13:44 PM", "3/4/2019, 9:04:37 AM", "13/4/2018", "en-us", (DAY,)),
        ("1/2/2014, 8:13:44 PM", "3/4/2019, 9:04:37 AM", "4/13/2018", "", (MONTH,)),
        # no boot before the installation
        ("3/5/2019, 8:13:44 PM", "3/4/2019, 9:04:37 AM", "", "", (MONTH,)),
        ("2/4/2019, 8:13:44 PM", "3/4/2019, 9:04:37 AM", "", "", (DAY, MONTH)),
        ("3/8/2019, 8:13:44 PM", "5/4/2019, 9:04:37 AM", "", "", (datetime(2019, 5, 4, 9, 4, 37),)),  # noqa: DTZ001
        # the locale decides where the text agrees with it
        ("1/2/2014, 8:13:44 PM", "3/4/2019, 9:04:37 AM", "", "en-us", (MONTH,)),
        ("01/02/2014, 20:13:44", "03/04/2019, 09:04:37", "", "fr", (DAY,)),
        ("1/02/2014, 8:13:44 PM", "3/04/2019, 9:04:37 AM", "", "en-au", (DAY,)),
        ("01.02.2014, 20:13:44", "03.04.2019, 09:04:37", "", "de", (DAY,)),
        ("1-2-2014, 20:13:44", "3-4-2019, 9:04:37", "", "nl", (DAY,)),
        # a British format on an American system
        ("01/02/2014, 20:13:44", "03/04/2019, 09:04:37", "", "en-us", (DAY, MONTH)),
        ("01/02/2014, 20:13:44", "03/04/2019, 09:04:37", "", "", (DAY, MONTH)),
        # the year first
        ("2014/2/1, 20:13:44", "2019/4/3, 9:04:37", "", "zh-cn", (DAY,)),
        ("2014-02-01, 20:13:44", "2019-04-03, 09:04:37", "", "", (DAY,)),
        ("2014. 02. 01., 20:13:44", "2019. 04. 03., 9:04:37", "", "hu", (DAY,)),
        ("2014-02-01, 오후 8:13:44", "2019-04-03, 오전 9:04:37", "", "ko", (DAY,)),
        ("2014/2/1, 下午 08:13:44", "2019/4/3, 上午 09:04:37", "", "zh-tw", (DAY,)),
        ("2014年2月1日, 20:13:44", "2019年4月3日, 9:04:37", "", "zh-cn", (DAY,)),
        # marks of direction, narrow blanks, dots in the time, a word for the half of the day
        ("\u200e1/\u200e2/\u200e2014, \u200e20:13:44", "\u200e3/\u200e4/\u200e2019, \u200e9:04:37", "", "ar-sa", (DAY,)),
        ("1/2/2014, 8:13:44\u202fPM", "3/4/2019, 9:04:37\u202fAM", "", "en-us", (MONTH,)),
        ("01/02/2014, 08:13:44 p. m.", "03/04/2019, 09:04:37 a. m.", "", "es-mx", (DAY,)),
        ("1/2/2014, 8:13:44 μμ", "3/4/2019, 9:04:37 πμ", "", "el", (DAY,)),
        ("1.2.2014, 20.13.44", "3.4.2019, 9.04.37", "", "fi", (DAY,)),
        ("1.2.2014., 20:13:44", "3.4.2019., 9:04:37", "", "hr", (DAY,)),
        ("1/2/2557, 20:13:44", "3/4/2562, 9:04:37", "", "th", (DAY,)),
    ],
)  # fmt: skip
def test_boot_times(install: str, boot: str, bios: str, locale: str, expected: tuple[datetime, ...]) -> None:
    text = _text(install, boot, bios, locale)
    assert _only(text).boot_local == expected
    assert _only(scramble(text, LABELS)).boot_local == expected


@pytest.mark.parametrize(
    ("clock", "hours"),
    [
        ("12:04:37 AM", (0,)),
        ("12:04:37 PM", (12,)),
        ("11:04:37 PM", (23,)),
        ("11:04:37 xx", (11, 23)),
        ("23:04:37", (23,)),
    ],
)
def test_noon_and_midnight(clock: str, hours: tuple[int, ...]) -> None:
    info = _only(_text("4/25/2014, 8:13:44 PM", f"3/14/2019, {clock}"))
    assert tuple(moment.hour for moment in info.boot_local) == hours


@pytest.mark.parametrize(
    "boot", ["3/4/1440, 9:04:37", "yesterday", "N/A", "31/31/2019, 9:04:37", "3/14/2019, 25:04:37"]
)
def test_unreadable_boot_time_is_a_problem(boot: str) -> None:
    parsed = parse(_text("4/25/2014, 8:13:44 PM", boot))
    assert _only(_text("4/25/2014, 8:13:44 PM", boot)).boot_local == ()
    assert [problem.message for problem in parsed.problems] == ["no readable boot time"]
    assert _only(_text("4/25/2014, 8:13:44 PM", boot)).original_install_local == datetime(2014, 4, 25, 20, 13, 44)  # noqa: DTZ001


def test_uptime_of_windows_server_2003() -> None:
    text = _text("1/2/2008, 8:13:44 PM", "UP").replace(
        "6.1.7601 Service Pack 1 Build 7601", "5.2.3790 Service Pack 2 Build 3790"
    )
    for up, seconds in (
        ("3 Days, 2 Hours, 5 Minutes, 30 Seconds", 266730),
        ("498 Tage, 0 Stunden, 0 Minuten, 1 Sekunden", 43027201),
        ("3 天 2 小时 5 分 30 秒", 266730),
    ):
        info = _only(text.replace("UP", up))
        assert (info.uptime_seconds, info.boot_local, info.boot_line) == (seconds, (), 12)
        assert (info.os_version, info.service_pack) == ("5.2.3790", "Service Pack 2")
        assert parse(text.replace("UP", up)).problems == ()


@pytest.mark.parametrize(
    ("zone", "offset"),
    [
        ("(UTC-03:30) Newfoundland", -210),
        ("(UTC) Coordinated Universal Time", 0),
        ("(GMT+05:45) Kathmandu", 345),
        ("\u200e(UTC+02:00) Jerusalem", 120),
    ],
)
def test_time_zones(zone: str, offset: int) -> None:
    text = _text("x", "2019-04-03, 9:04:37").replace("(UTC+08:00) Beijing, Chongqing, Hong Kong, Urumqi", zone)
    assert _only(text).utc_offset_minutes == offset


@pytest.mark.parametrize(
    "build", ["6.1.7601 Service Pack 1 Kompilacja 7601", "10.0.19045 N/A ビルド 19045", "10.0.17763 暂缺 Build 17763"]
)
def test_versions(build: str) -> None:
    text = _text("x", "2019-04-03, 9:04:37").replace("6.1.7601 Service Pack 1 Build 7601", build)
    assert _only(text).os_version == build.split(maxsplit=1)[0]


@pytest.mark.parametrize(
    ("size", "megabytes"), [("16.383 МБ", 16383), ("16\xa0383 Mo", 16383), ("512 MB", 512), ("1,048,575 MB", 1048575)]
)
def test_memory(size: str, megabytes: int) -> None:
    text = _text("x", "2019-04-03, 9:04:37").replace("16,383 MB", size)
    assert _only(text).physical_total_mb == megabytes


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r\r\n"])
def test_line_ends_and_a_prompt_above(line_end: str) -> None:
    text = "C:\\>systeminfo" + _text("4/25/2014, 8:13:44 PM", "3/4/2019, 9:04:37 AM")
    assert recognise(text.replace("\n", line_end))
    assert parse(text.replace("\n", line_end)).facts == parse(text).facts


CSV = (
    '"主机名","OS 名称","OS 版本","a","b","c","d","e","产品 ID","初始安装日期","系统启动时间","f","g","h","处理器","BIOS","i","j","k",'
    '"系统区域设置","输入","时区","物理内存总量","可用的物理内存","虚拟内存: 最大值","虚拟内存: 可用","虚拟内存: 使用中","l","m","n","修补程序","网卡"\n'
    '"SRV1","Microsoft Windows Server 2008 R2 Standard","6.1.7601 Service Pack 1 Build 7601","Microsoft Corporation","","","","",'
    '"00477-001-0000421-84164","2014/4/25, 20:13:44","2019/3/4, 9:04:37","VMware, Inc.","VMware7,1","x64-based PC",'
    '"安装了 1 个处理器。,[01]: Intel64 Family 6 Model 158 ~2808 Mhz","VMware, Inc. VMW71, 2018/8/21","C:\\Windows","C:\\Windows\\system32",'
    '"\\Device\\HarddiskVolume2","zh-cn;中文(中国)","zh-cn;中文(中国)","(UTC+08:00) 北京","2,047 MB","417 MB","3,199 MB","1,662 MB",'
    '"1,537 MB","C:\\pagefile.sys","WORKGROUP","暂缺","安装了 2 个修补程序。,[01]: KB2553549,[02]: KB976902","安装了 1 个 NIC。,[01]: Intel"\n'
)  # fmt: skip


def test_csv() -> None:
    assert recognise(CSV)
    for text in (CSV, scramble(CSV, '("主机名.*)')):
        info = _only(text)
        assert (info.host, info.os_name) == ("SRV1", "Microsoft Windows Server 2008 R2 Standard")
        assert info.boot_local == (datetime(2019, 3, 4, 9, 4, 37),)  # noqa: DTZ001
        assert info.hotfixes == ("KB2553549", "KB976902")
        assert info.processors == ("Intel64 Family 6 Model 158 ~2808 Mhz",)
        assert (info.physical_total_mb, info.virtual_in_use_mb) == (2047, 1537)
        assert (info.system_locale, info.utc_offset_minutes, info.boot_line) == ("zh-cn", 480, 2)


def test_two_runs_in_one_file() -> None:
    text = _text("4/25/2014, 8:13:44 PM", "3/4/2019, 9:04:37 AM")
    first, second = parse(text + text.replace("SRV-PROD-01", "SRV-PROD-02")).facts
    assert [first.host, second.host] == ["SRV-PROD-01", "SRV-PROD-02"]  # type: ignore[attr-defined]


def test_what_is_no_systeminfo() -> None:
    for text in (
        "Version: 6.1.7601 Build 7601",
        "2019-03-04 INFO os: 6.1.7601 Service Pack 1 Build 7601\nlocale: en;x",
    ):
        assert not recognise(text), text


def test_a_version_that_holds_a_number_in_brackets_is_none() -> None:
    text = '"SRV1","Windows","6.1.7601 x [1]: 7601","1/2/2019, 1:1:1"\n'
    assert parse(text).facts == ()
    assert not recognise(text)
