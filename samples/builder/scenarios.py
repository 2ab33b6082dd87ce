"""The named samples: each a machine with a story, and the truth about it, written by hand.

Take one as a starting point and change what the test needs: ``replace(founding_case(), language=GERMAN)``,
``with_uptime(founding_case(), 42_949_672)``.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from builder.behaviour import ApplicationLog, Recording
from builder.languages import ENGLISH, FRENCH, GERMAN, JAPANESE, SIMPLIFIED_CHINESE
from builder.machine import (
    SERVER_2008_R2,
    SERVER_2008_R2_ROLLUP,
    SERVER_2019,
    Accepted,
    Boot,
    DriverFile,
    Held,
    Hotfix,
    Incident,
    Listener,
    Machine,
    PortRange,
    Process,
    Servicing,
    Traffic,
)
from builder.zones import CHINA, EASTERN, ROMANCE, TOKYO, W_EUROPE


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What an analyzer should find. Numbers are those of the last snapshot.

    Attributes:
        cause: The verdict's cause, an id of the analyzer's catalogue.
        status: Its status.
        applies_to: ``now`` or ``previous-boot``.
        uptime_seconds: Seconds since the boot at the last snapshot.
        time_wait: TCP rows in TIME_WAIT.
        ports_in_use: Distinct local ports of the IPv4 TCP range, in any state.
        opened: Growth of Active Opens (IPv4) from the first snapshot to the last.
        fix: ``unfixed``, ``fixed``, ``installed-not-loaded`` or ``not-affected``.
        range: The dynamic range of TCP over IPv4.
        connects: Connects begun in the trace; None without one.
        births: Connections that entered TIME_WAIT in the trace.
        submissions: Lines of the application's log.
    """

    cause: str
    status: str
    applies_to: str = "now"
    uptime_seconds: int
    time_wait: int
    ports_in_use: int
    opened: int
    fix: str
    range: PortRange = field(default_factory=PortRange)
    connects: int | None = None
    births: int | None = None
    submissions: int | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """A named sample."""

    machine: Callable[[], Machine]
    truth: Truth


def _utc(*numbers: int) -> datetime:
    year, month, day, hour, minute, second = (*numbers, 0, 0, 0)[:6]
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


_SVCHOST = "C:\\Windows\\system32\\svchost.exe"

SERVER_PROCESSES = (
    Process(0, "System Idle Process", handles=0, started=0),
    Process(4, "System", handles=871, started=0),
    Process(
        264,
        "smss.exe",
        "C:\\Windows\\System32\\smss.exe",
        "\\SystemRoot\\System32\\smss.exe",
        handles=32,
        started=5,
    ),
    Process(424, "wininit.exe", "C:\\Windows\\system32\\wininit.exe", "wininit.exe", handles=79, started=11),
    Process(532, "services.exe", "C:\\Windows\\system32\\services.exe", "", handles=234, started=12),
    Process(540, "lsass.exe", "C:\\Windows\\system32\\lsass.exe", "", ("Netlogon", "SamSs"), 902, 12),
    Process(708, "svchost.exe", _SVCHOST, f"{_SVCHOST} -k RPCSS", ("RpcEptMapper", "RpcSs"), 307, 15),
    Process(
        804,
        "svchost.exe",
        _SVCHOST,
        f"{_SVCHOST} -k LocalServiceNetworkRestricted",
        ("Dhcp", "eventlog"),
        369,
        16,
    ),
    Process(820, "svchost.exe", _SVCHOST, f"{_SVCHOST} -k LocalService", ("nsi", "W32Time"), 322, 17),
    Process(944, "svchost.exe", _SVCHOST, f"{_SVCHOST} -k netsvcs", ("gpsvc", "Schedule", "wuauserv"), 1127, 17),
    Process(
        1012,
        "svchost.exe",
        _SVCHOST,
        f"{_SVCHOST} -k NetworkService",
        ("Dnscache", "NlaSvc", "TermService"),
        513,
        18,
    ),
    Process(1284, "spoolsv.exe", "C:\\Windows\\System32\\spoolsv.exe", "", ("Spooler",), 310, 25),
    Process(
        1720,
        "vmtoolsd.exe",
        "C:\\Program Files\\VMware\\VMware Tools\\vmtoolsd.exe",
        "",
        ("VMTools",),
        288,
        31,
    ),
)
"""What runs on every server here."""

SERVER_LISTENERS = (
    Listener("TCP", 135, 708), Listener("TCP", 443, 4), Listener("TCP", 445, 4), Listener("TCP", 3389, 1012),
    Listener("TCP", 47001, 4), Listener("TCP", 49152, 424), Listener("TCP", 49153, 804),
    Listener("TCP", 49154, 944), Listener("TCP", 49155, 540), Listener("TCP", 49156, 532),
    Listener("UDP", 123, 820), Listener("UDP", 500, 944), Listener("UDP", 4500, 944),
    Listener("UDP", 5355, 1012),
    Listener("UDP", 57011, 1012, ipv4_only=True), Listener("UDP", 62240, 540, ipv4_only=True),
)  # fmt: skip

_HOST_MONITOR = Process(
    1536, "hostmonitor.exe", "C:\\Program Files\\HostMonitor\\hostmonitor.exe",
    '"C:\\Program Files\\HostMonitor\\hostmonitor.exe" service', ("HostMonitor",), 268, 48,
)  # fmt: skip
_WEB_APPLICATION = Process(
    4480, "w3wp.exe", "C:\\Windows\\System32\\inetsrv\\w3wp.exe",
    "C:\\Windows\\System32\\inetsrv\\w3wp.exe -ap Shop -v v4.0", (), 1830, 95,
)  # fmt: skip
_DOMAIN_CONTROLLER, _DATABASE, _MONITOR = "10.20.0.11", "10.20.4.15", "203.0.113.40"


def network_drivers(version: str, created: datetime, built: datetime) -> tuple[DriverFile, ...]:
    """tcpip.sys of that version and its companions."""
    branch = version.rpartition(".")[0]
    return (
        DriverFile("tcpip.sys", version, created, built, 1_924_480),
        DriverFile("afd.sys", f"{branch}.17514", built, built, 499_712),
        DriverFile("netio.sys", f"{branch}.17514", built, built, 376_192),
        DriverFile("netbt.sys", f"{branch}.17514", built, built, 261_632),
        DriverFile("tdx.sys", f"{branch}.17514", built, built, 119_296),
    )


_SP1_BUILT = _utc(2010, 11, 20, 9, 25, 52)
_SP1_DRIVERS = network_drivers("6.1.7601.17514", _utc(2010, 11, 21, 3, 24, 16), _SP1_BUILT)
_SP1_HOTFIXES = (Hotfix("KB976902", date(2010, 11, 21), "Update"),)


def founding_case() -> Machine:
    """The case that this project began with: three days past the wrap, an agent that connects every 15.4 s.

    The agent closes first in four of five connections; the service at the other end in the fifth. Since the
    wrap every TIME_WAIT stays, so the range is 93 % full; 4227 has come since it passed 80 %. The log has
    come round: nothing of the boot is left in it.
    """
    wrapped_range_is_crowded = _utc(2018, 12, 23, 18, 20)
    collected = _utc(2018, 12, 24, 4, 45)
    return Machine(
        host="WEB-SH-03",
        collected_at=collected,
        boot=_utc(2017, 8, 10, 21, 0, 3),
        log_begins=_utc(2018, 11, 18, 16, 12, 9),
        installed_at=_utc(2013, 3, 6, 2, 41, 30),
        language=SIMPLIFIED_CHINESE,
        zone=CHINA,
        tcpip_files=_SP1_DRIVERS,
        hotfixes=_SP1_HOTFIXES,
        processes=(*SERVER_PROCESSES, _HOST_MONITOR, _WEB_APPLICATION),
        listeners=SERVER_LISTENERS,
        traffic=(
            Traffic(1536, _MONITOR, 443, per_second=1 / 15.4, lifetime=5.6, closes_first=0.805),
            Traffic(944, _DOMAIN_CONTROLLER, 389, per_second=1 / 1200),
            Traffic(944, "10.20.0.12", 8530, per_second=1 / 3600),
            Traffic(4480, "10.20.0.25", 25, per_second=1 / 1800),
        ),
        held=(
            Held(1536, _MONITOR, 443, "ESTABLISHED"),
            Held(4480, _DATABASE, 1433, "ESTABLISHED", 232),
            Held(4480, "10.20.4.31", 8080, "CLOSE_WAIT", 6),
            Held(540, _DOMAIN_CONTROLLER, 49155, "ESTABLISHED", 2),
            Held(1720, "10.20.0.9", 902, "ESTABLISHED", 3),
        ),
        accepted=(Accepted(1012, 3389, "10.20.9.5"), Accepted(4, 443, "10.20.7.20", "TIME_WAIT", 9)),
        incidents=(
            Incident("Tcpip", 4227, wrapped_range_is_crowded, collected, 1500),
            Incident("NETLOGON", 5719, wrapped_range_is_crowded, collected, 9000),
            Incident("Microsoft-Windows-GroupPolicy", 1129, wrapped_range_is_crowded, collected, 9000),
        ),
        first_record=184_211,
        oldest_chunk=5,
        seed=2553549,
    )


def founding_case_recorded() -> Machine:
    """The same with a trace of two minutes and the agent's log, whose counter says how long the agent has been running.

    The agent was installed anew fifteen days after the boot: 485.3 days, as in the article (domain.md, 4.1).
    """
    machine = founding_case()
    processes = tuple(
        replace(one, started=_AGENT_STARTED) if one.pid == _HOST_MONITOR.pid else one for one in machine.processes
    )
    log = ApplicationLog(_HOST_MONITOR.pid, "C:\\Program Files\\HostMonitor\\logs\\hostmonitor.log", hours=6)
    return replace(machine, processes=processes, recording=Recording(120), application_log=log)


_AGENT_STARTED = 1_296_000.0


def busy_patched() -> Machine:
    """Up for 510 days, but fixed long ago: 130 connections a second to a database fill the range.

    Ports are reused as soon as they are free, so most rows of one snapshot stand in the next one too, and yet
    they are new.
    """
    collected = _utc(2020, 3, 10, 18, 20)
    return Machine(
        host="SHOP-APP-2",
        collected_at=collected,
        boot=_utc(2018, 10, 17, 9, 12, 40),
        log_begins=_utc(2020, 2, 3, 11, 40, 2),
        installed_at=_utc(2014, 5, 20, 14, 2, 11),
        system=SERVER_2008_R2_ROLLUP,
        language=ENGLISH,
        zone=EASTERN,
        clock_wraps=False,
        tcpip_files=network_drivers("6.1.7601.24231", _utc(2018, 9, 13, 7, 4, 55), _utc(2018, 8, 11, 15, 10, 2)),
        hotfixes=(
            *_SP1_HOTFIXES,
            Hotfix("KB2688338", date(2014, 5, 21)),
            Hotfix("KB3125574", date(2016, 8, 10), "Update"),
            Hotfix("KB4457144", date(2018, 9, 13)),
        ),
        servicing=(Servicing("KB4457144", _utc(2018, 9, 13, 7, 10, 44)),),
        processes=(*SERVER_PROCESSES, _WEB_APPLICATION),
        listeners=SERVER_LISTENERS,
        traffic=(
            Traffic(4480, _DATABASE, 1433, per_second=130, lifetime=0.045),
            Traffic(944, _DOMAIN_CONTROLLER, 389, per_second=1 / 900),
        ),
        held=(
            Held(4480, "10.20.4.31", 8080, "ESTABLISHED", 24),
            Held(540, _DOMAIN_CONTROLLER, 49155, "ESTABLISHED", 2),
        ),
        accepted=(
            Accepted(4, 443, "198.51.100.17", count=58),
            Accepted(4, 443, "198.51.100.17", "TIME_WAIT", 31),
        ),
        incidents=(Incident("Tcpip", 4227, _utc(2020, 3, 9, 13, 0), collected, 420),),
        first_record=61_040,
        seed=1433,
    )


def busy_patched_recorded() -> Machine:
    """The same with a trace of three seconds: at this rate more would not be small."""
    return replace(busy_patched(), recording=Recording(3))


def approaching_489d() -> Machine:
    """Nothing is wrong yet: an unfixed server eight days before the wrap."""
    return Machine(
        host="FILESRV01",
        collected_at=_utc(2014, 9, 16, 7, 30),
        boot=_utc(2013, 5, 15, 5, 10, 20),
        log_begins=_utc(2014, 6, 30, 4, 20, 51),
        installed_at=_utc(2012, 2, 14, 9, 30),
        language=GERMAN,
        zone=W_EUROPE,
        tcpip_files=_SP1_DRIVERS,
        hotfixes=_SP1_HOTFIXES,
        processes=(*SERVER_PROCESSES, _HOST_MONITOR),
        listeners=SERVER_LISTENERS,
        traffic=(
            Traffic(1536, _MONITOR, 443, per_second=1 / 12, lifetime=2),
            Traffic(944, _DOMAIN_CONTROLLER, 389, per_second=1 / 90),
        ),
        held=(
            Held(1536, _MONITOR, 443, "ESTABLISHED"),
            Held(540, _DOMAIN_CONTROLLER, 49155, "ESTABLISHED", 2),
            Held(4, "10.20.0.31", 445, "ESTABLISHED", 41),
            Held(944, "10.20.0.12", 8530, "SYN_SENT"),
            Held(944, "10.20.0.13", 80, "FIN_WAIT_2", 2),
            Held(1284, "10.20.0.60", 9100, "CLOSE_WAIT", 3),
        ),
        accepted=(Accepted(4, 445, "10.20.7.33", count=37),),
        first_record=20_118,
        everyday_events=25,
        seed=489,
    )


def rebooted_after_incident() -> Machine:
    """The customer restarted first and collected three hours later: only the log tells of the wrap.

    That boot had run for 497.1 days on 2017-05-31; 4227 came from 3 June on; it was restarted on 5 June after
    502 days.
    """
    return Machine(
        host="APP-NY-11",
        collected_at=_utc(2017, 6, 5, 13, 2),
        boot=_utc(2017, 6, 5, 10, 7),
        log_begins=_utc(2017, 4, 20, 8, 15, 33),
        installed_at=_utc(2012, 10, 9, 18, 45, 12),
        language=ENGLISH,
        zone=EASTERN,
        tcpip_files=_SP1_DRIVERS,
        hotfixes=_SP1_HOTFIXES,
        earlier_boots=(Boot(_utc(2016, 1, 20, 3, 15), _utc(2017, 6, 5, 10, 2, 30)),),
        processes=(*SERVER_PROCESSES, _HOST_MONITOR, _WEB_APPLICATION),
        listeners=SERVER_LISTENERS,
        traffic=(
            Traffic(1536, _MONITOR, 443, per_second=1 / 15.4, lifetime=5.6, closes_first=0.8),
            Traffic(944, _DOMAIN_CONTROLLER, 389, per_second=1 / 60),
        ),
        held=(
            Held(1536, _MONITOR, 443, "ESTABLISHED"),
            Held(4480, _DATABASE, 1433, "ESTABLISHED", 88),
            Held(540, _DOMAIN_CONTROLLER, 49155, "ESTABLISHED", 2),
        ),
        accepted=(Accepted(4, 443, "198.51.100.17", count=22),),
        incidents=(
            Incident("Tcpip", 4227, _utc(2017, 6, 3, 9, 30), _utc(2017, 6, 5, 9, 58), 900),
            Incident("NETLOGON", 5719, _utc(2017, 6, 4, 6), _utc(2017, 6, 5, 9, 50), 10_800),
        ),
        first_record=97_404,
        seed=497,
    )


def patched_not_rebooted() -> Machine:
    """The rollup with the fix came 20 days ago, but nobody restarted: the old tcpip.sys runs, and wrapped."""
    installed = _utc(2019, 5, 18, 17, 10, 27)
    collected = _utc(2019, 6, 7, 1, 30)
    crowded = _utc(2019, 6, 6, 8, 0)
    return Machine(
        host="KAIKEI-02",
        collected_at=collected,
        boot=_utc(2018, 1, 22, 0, 20, 10),
        log_begins=_utc(2019, 4, 26, 3, 5, 40),
        installed_at=_utc(2013, 9, 2, 1, 12, 9),
        system=SERVER_2008_R2,
        language=JAPANESE,
        zone=TOKYO,
        tcpip_files=network_drivers("6.1.7601.24441", _utc(2019, 5, 18, 17, 8, 51), _utc(2019, 4, 30, 2, 11, 30)),
        hotfixes=(*_SP1_HOTFIXES, Hotfix("KB4499164", date(2019, 5, 19))),
        servicing=(
            Servicing(
                "KB4499164",
                installed,
                waits_for_restart=True,
                title="2019-05 x64 マンスリー ロールアップ (KB4499164)",
            ),
        ),
        pending_restart=True,
        processes=(*SERVER_PROCESSES, _HOST_MONITOR, _WEB_APPLICATION),
        listeners=SERVER_LISTENERS,
        traffic=(
            Traffic(1536, _MONITOR, 443, per_second=1 / 20, lifetime=4, closes_first=0.85),
            Traffic(944, _DOMAIN_CONTROLLER, 389, per_second=1 / 1500),
        ),
        held=(
            Held(1536, _MONITOR, 443, "ESTABLISHED"),
            Held(4480, _DATABASE, 1433, "ESTABLISHED", 140),
            Held(540, _DOMAIN_CONTROLLER, 49155, "ESTABLISHED", 2),
        ),
        accepted=(Accepted(1012, 3389, "10.20.9.5"),),
        incidents=(Incident("Tcpip", 4227, crowded, collected, 1800),),
        first_record=140_902,
        seed=4499164,
    )


def healthy() -> Machine:
    """A Server 2019 with an ordinary load, up for 40 days."""
    return Machine(
        host="SRV-LYON-07",
        collected_at=_utc(2020, 10, 20, 8, 0),
        boot=_utc(2020, 9, 10, 5, 31, 12),
        log_begins=_utc(2020, 8, 12, 14, 2, 5),
        installed_at=_utc(2019, 11, 4, 10, 20, 41),
        system=SERVER_2019,
        language=FRENCH,
        zone=ROMANCE,
        memory_mb=16384,
        clock_wraps=False,
        tcpip_files=network_drivers("10.0.17763.1339", _utc(2020, 9, 10, 5, 12, 20), _utc(2020, 9, 10, 5, 12, 21)),
        hotfixes=(
            Hotfix("KB4565625", date(2020, 7, 16), "Update"),
            Hotfix("KB4558998", date(2020, 7, 16)),
        ),
        servicing=(Servicing("KB4558998", _utc(2020, 7, 16, 3, 20, 11)),),
        earlier_boots=(Boot(_utc(2020, 7, 16, 4, 2), _utc(2020, 9, 10, 5, 29, 3)),),
        processes=(*SERVER_PROCESSES, _WEB_APPLICATION),
        listeners=SERVER_LISTENERS,
        traffic=(
            Traffic(4480, _DATABASE, 1433, per_second=0.5, lifetime=0.2),
            Traffic(944, _DOMAIN_CONTROLLER, 389, per_second=1 / 60),
        ),
        held=(
            Held(4480, _DATABASE, 1433, "ESTABLISHED", 120),
            Held(4480, "10.20.4.31", 8080, "ESTABLISHED", 36),
            Held(540, _DOMAIN_CONTROLLER, 49155, "ESTABLISHED", 2),
        ),
        accepted=(Accepted(4, 443, "198.51.100.17", count=144),),
        first_record=3021,
        seed=2019,
    )


SAMPLES = {
    "founding-case": Sample(
        founding_case_recorded,
        Truth(
            cause="tick-wrap-497d", status="confirmed", fix="unfixed",
            uptime_seconds=43_228_197, time_wait=14_952, ports_in_use=15_192, opened=20,
            connects=7, births=5, submissions=1402,
        ),
    ),
    "busy-patched": Sample(
        busy_patched_recorded,
        Truth(
            cause="time-wait-churn", status="confirmed", fix="fixed",
            uptime_seconds=44_097_140, time_wait=15_632, ports_in_use=15_638, opened=39_003,
            connects=390, births=390,
        ),
    ),
    "approaching-489d": Sample(
        approaching_489d,
        Truth(
            cause="tick-wrap-approaching", status="confirmed", fix="unfixed",
            uptime_seconds=42_258_280, time_wait=11, ports_in_use=66, opened=28,
        ),
    ),
    "rebooted-after-incident": Sample(
        rebooted_after_incident,
        Truth(
            cause="tick-wrap-497d", status="likely", applies_to="previous-boot", fix="unfixed",
            uptime_seconds=10_800, time_wait=10, ports_in_use=106, opened=24,
        ),
    ),
    "patched-not-rebooted": Sample(
        patched_not_rebooted,
        Truth(
            cause="tick-wrap-497d", status="confirmed", fix="installed-not-loaded",
            uptime_seconds=43_290_890, time_wait=14_711, ports_in_use=14_859, opened=15,
        ),
    ),
    "healthy": Sample(
        healthy,
        Truth(
            cause="no-exhaustion", status="confirmed", fix="not-affected",
            uptime_seconds=3_465_228, time_wait=62, ports_in_use=225, opened=155,
        ),
    ),
}  # fmt: skip
"""Every sample by name, with its truth."""
