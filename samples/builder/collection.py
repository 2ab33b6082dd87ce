"""What the collector collects, in its order: the same rows as the table in ``collectors/forensics-collect.ps1``.

Written down once more, because the builder is the second source of truth; a test compares the two. Rows of redacted
bundles are left out: none is simulated.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One file of a bundle.

    Attributes:
        path: Where it stands in the bundle.
        when: The snapshot that it belongs to (1, 2, 3); 0: once, between the first and the second; ``plain``: unless
            redacted; ``trace``: only on request.
        since: The first Windows that knows the command.
        run: The command, as the manifest names it; ``{out}`` is the file that it writes.
        why: What it is good for, as the customer reads it.
        admin: Whether only an elevated start can have it.
        maybe: Whether not every system has it.
        also: Commands whose output follows in the same file.
    """

    path: str
    when: int | str
    since: str
    run: str
    why: str
    admin: bool = False
    maybe: bool = False
    also: tuple[str, ...] = ()

    @property
    def oldest(self) -> tuple[int, int]:
        """``since`` as numbers."""
        major, _, minor = self.since.partition(".")
        return int(major), int(minor)


# ruff: noqa: E501 - commands and sentences stand on one line, as in the script
# fmt: off
ROWS = (
    Row(
        "registry/tcpip-parameters.reg", 1, "6.0",
        r"reg export HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters {out} /y",
        "How long Windows keeps a closed connection's port (TcpTimedWaitDelay), and which ports programs may use.",
    ),
    Row(
        "netstat/ano-1.txt", 1, "6.0",
        "netstat -ano",
        "Every connection, its state and the process that owns it: which ports are taken, and by whom.",
    ),
    Row(
        "netstat/s-1.txt", 1, "6.0",
        "netstat -s",
        "Counters of the network stack: how many connections were opened since the last reading.",
    ),
    Row(
        "netstat/anot-1.txt", 1, "6.0",
        "netstat -anot",
        "Which connections the network adapter handles itself: TCP Chimney has a defect of its own after 248 days.",
    ),
    Row(
        "netstat/anoq-1.txt", 1, "6.3",
        "netstat -anoq",
        "Ports that a program holds without a connection; the plain list does not show them.",
        maybe=True,
    ),
    Row(
        "netstat/anob.txt", 1, "6.0",
        "netstat -anob",
        "The program and the service behind each connection.",
        admin=True,
    ),
    Row(
        "process/tasklist-svc.csv", 1, "6.0",
        "tasklist /svc /fo csv",
        "The names of the running processes and the services inside them, to put names to process numbers.",
    ),
    Row(
        "process/wmic-process.csv", 1, "6.0",
        'powershell -NoProfile -NonInteractive -Command "Get-WmiObject Win32_Process | Select-Object ProcessId,Name,ExecutablePath,CommandLine,HandleCount,CreationDate | Export-Csv -NoTypeInformation -Encoding UTF8 {out}"',
        "Each process with its command line, start and open handles: a leak of sockets is a growing number of handles.",
    ),
    Row(
        "system/memory.csv", 1, "6.0",
        "powershell -NoProfile -NonInteractive -Command \"$n = 0; Get-WmiObject Win32_Process | ForEach-Object { $n += $_.HandleCount }; Get-WmiObject Win32_PerfFormattedData_PerfOS_Memory | Select-Object PoolNonpagedBytes,PoolPagedBytes,AvailableBytes,CommittedBytes,CommitLimit,@{n='HandleCount';e={$n}} | Export-Csv -NoTypeInformation -Encoding UTF8 {out}\"",
        "Free memory and kernel pools: connections also fail for want of memory, and that looks alike.",
    ),
    Row(
        "netsh/dynamicport-ipv4-tcp.txt", 0, "6.0",
        "netsh int ipv4 show dynamicport tcp",
        "How many ports outgoing TCP connections may use.",
    ),
    Row(
        "netsh/dynamicport-ipv4-udp.txt", 0, "6.0",
        "netsh int ipv4 show dynamicport udp",
        "The same for UDP.",
    ),
    Row(
        "netsh/dynamicport-ipv6-tcp.txt", 0, "6.0",
        "netsh int ipv6 show dynamicport tcp",
        "The same for TCP over IPv6.",
    ),
    Row(
        "netsh/dynamicport-ipv6-udp.txt", 0, "6.0",
        "netsh int ipv6 show dynamicport udp",
        "The same for UDP over IPv6.",
    ),
    Row(
        "netsh/excludedportrange-ipv4-tcp.txt", 0, "6.1",
        "netsh int ipv4 show excludedportrange protocol=tcp",
        "Ports that are kept out of that range, for example by Hyper-V or containers.",
        maybe=True,
    ),
    Row(
        "netsh/excludedportrange-ipv4-udp.txt", 0, "6.1",
        "netsh int ipv4 show excludedportrange protocol=udp",
        "The same for UDP.",
        maybe=True,
    ),
    Row(
        "netsh/excludedportrange-ipv6-tcp.txt", 0, "6.1",
        "netsh int ipv6 show excludedportrange protocol=tcp",
        "The same for TCP over IPv6.",
        maybe=True,
    ),
    Row(
        "netsh/excludedportrange-ipv6-udp.txt", 0, "6.1",
        "netsh int ipv6 show excludedportrange protocol=udp",
        "The same for UDP over IPv6.",
        maybe=True,
    ),
    Row(
        "netsh/tcp-global.txt", 0, "6.0",
        "netsh int tcp show global",
        "Settings of the network stack, TCP Chimney among them.",
    ),
    Row(
        "netsh/winsock-catalog.txt", 0, "6.0",
        "netsh winsock show catalog",
        "Software that sits between programs and the network, which can keep sockets open.",
    ),
    Row(
        "netsh/ipaddresses.txt", 0, "6.0",
        "netsh int ipv4 show ipaddresses",
        "This computer's own addresses: each has ports of its own.",
    ),
    Row(
        "registry/tcpip6-parameters.reg", 0, "6.0",
        r"reg export HKLM\SYSTEM\CurrentControlSet\Services\Tcpip6\Parameters {out} /y",
        "Settings of IPv6.",
        maybe=True,
    ),
    Row(
        "registry/afd-parameters.reg", 0, "6.0",
        r"reg export HKLM\SYSTEM\CurrentControlSet\Services\AFD\Parameters {out} /y",
        "Settings of the driver behind every socket.",
        maybe=True,
    ),
    Row(
        "registry/winsock2-parameters.reg", 0, "6.0",
        r"reg export HKLM\SYSTEM\CurrentControlSet\Services\WinSock2\Parameters {out} /y",
        "Which libraries Windows loads into programs that use the network.",
        maybe=True,
    ),
    Row(
        "registry/windows-currentversion.reg", 0, "6.0",
        r'reg query "HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"',
        "Which Windows this is, to the build (the product key and the owner's name are left out).",
    ),
    Row(
        "registry/timezone.reg", 0, "6.0",
        r"reg export HKLM\SYSTEM\CurrentControlSet\Control\TimeZoneInformation {out} /y",
        "The time zone, so that times in this bundle can be compared.",
    ),
    Row(
        "registry/uninstall.reg", 0, "6.0",
        r"reg export HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall {out} /y",
        "Installed programs, among them those that filter network traffic.",
    ),
    Row(
        "registry/uninstall-wow64.reg", 0, "6.0",
        r"reg export HKLM\SOFTWARE\Wow6432Node\Microsoft\Windows\CurrentVersion\Uninstall {out} /y",
        "The same for 32-bit programs.",
        maybe=True,
    ),
    Row(
        "registry/pending-reboot.reg", 0, "6.0",
        r'reg query "HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending"',
        "Whether an update waits for a restart: until then it is on disk, but not at work.",
        maybe=True, also=(r'reg query "HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending" /ve', r'reg query "HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired"', r'reg query "HKLM\SYSTEM\CurrentControlSet\Control\Session Manager" /v PendingFileRenameOperations'),
    ),
    Row(
        "system/tcpip-files.csv", 0, "6.0",
        "(this script) version, dates, size and SHA-256 of tcpip.sys, afd.sys, netio.sys, netbt.sys and tdx.sys",
        "Which version of the network stack is installed: some versions have known defects.",
    ),
    Row(
        "system/hotfixes.csv", 0, "6.0",
        "powershell -NoProfile -NonInteractive -Command \"Get-WmiObject Win32_QuickFixEngineering | Select-Object HotFixID,Description,@{n='InstalledOn';e={$_.PSBase.Properties['InstalledOn'].Value}} | Export-Csv -NoTypeInformation -Encoding UTF8 {out}\"",
        "Installed updates.",
    ),
    Row(
        "system/nettcpsetting.csv", 0, "6.2",
        'powershell -NoProfile -NonInteractive -Command "Get-NetTCPSetting | Export-Csv -NoTypeInformation -Encoding UTF8 {out}"',
        "Whether connections may share ports.",
    ),
    Row(
        "system/drivers.csv", 0, "6.0",
        "driverquery /v /fo csv",
        "Drivers: one that filters network traffic can keep ports of processes that are gone.",
    ),
    Row(
        "system/fltmc.txt", 0, "6.0",
        "fltmc",
        "Filter drivers of security software.",
        admin=True,
    ),
    Row(
        "system/systeminfo.txt", 0, "6.0",
        "systeminfo",
        "Windows version, start time and updates, as Windows itself sums them up.",
    ),
    Row(
        "eventlog/System.evtx", "plain", "6.0",
        "wevtutil epl System {out}",
        "What Windows recorded about itself: how long it has been up, restarts, port warnings (event 4227).",
    ),
    Row(
        "eventlog/Setup.evtx", "plain", "6.0",
        "wevtutil epl Setup {out}",
        "When each update was installed.",
    ),
    Row(
        "eventlog/Application.evtx", "plain", "6.0",
        'wevtutil epl Application {out} "/q:*[System[TimeCreated[timediff(@SystemTime) <= 2592000000]]]"',
        "What applications recorded in the last 30 days.",
    ),
    Row(
        "netstat/ano-2.txt", 2, "6.0",
        "netstat -ano",
        "The connections again, longer apart than a closed connection may keep its port: what is still there shows the fault.",
    ),
    Row(
        "netstat/s-2.txt", 2, "6.0",
        "netstat -s",
        "The counters again: the difference is how many connections were opened.",
    ),
    Row(
        "netstat/ano-3.txt", 3, "6.0",
        "netstat -ano",
        "The connections a third time, to tell a standstill from a busy server.",
    ),
    Row(
        "netstat/s-3.txt", 3, "6.0",
        "netstat -s",
        "The counters a third time.",
    ),
    Row(
        "trace/trace.etl", "trace", "6.1",
        'netsh trace start capture=no report=no correlation=no persistent=no maxSize=100 fileMode=circular overwrite=yes tracefile="{etl}" provider=Microsoft-Windows-TCPIP keywords=0xffffffffffffffff level=0xff provider=Microsoft-Windows-Winsock-AFD keywords=0xffffffffffffffff level=0xff',
        "A recording of the network stack for the time you asked for: which process opens which port.",
        admin=True,
    ),
    Row(
        "trace/trace.txt", "trace", "6.1",
        'netsh trace convert input="{etl}" output="{out}" dump=TXT overwrite=yes',
        "The recording as text.",
        admin=True,
    ),
)
# fmt: on
