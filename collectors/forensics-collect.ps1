<#
.SYNOPSIS
Collects what is needed to find out why this computer runs out of network ports, as one zip. Changes nothing.
.DESCRIPTION
Reads settings, event logs and lists of connections with Windows' own commands: the table below names each of them and
why it is run. Takes five minutes, because connections are listed three times, further apart than a closed connection
may keep its port. The only files it writes are the zip and its own temporary folder beside it, which it deletes.
Nothing is sent anywhere. Runs on PowerShell 2.0 and later. Started elevated it can see more; without, it says what
is lost. Exit status: 0 complete, 1 partial, 2 nothing was collected. See README.md beside this file.
.PARAMETER Quick
List connections once only. Takes a minute; proves less.
.PARAMETER Thorough
Wait longer between the lists (240 s instead of 120 s).
.PARAMETER TraceSeconds
Also record for that many seconds which process opens which port (netsh trace; needs an elevated start).
.PARAMETER TraceHttp
Record HTTP in the trace as well, which can hold addresses, headers and cookies: asks before it does.
.PARAMETER TracePackets
Record packets in the trace as well, which hold what is sent: asks before it does.
.PARAMETER AppLog
Logs of an application to add, separated by semicolons; * and ? are allowed.
.PARAMETER Redact
Replace names of computers, domains and users and all addresses by pseudonyms. The list of them stays with you.
.PARAMETER OutputFolder
Where the zip goes. Default: the folder of this script.
#>
[CmdletBinding()]
param(
    [switch]$Quick,
    [switch]$Thorough,
    [int]$TraceSeconds = 0,
    [switch]$TraceHttp,
    [switch]$TracePackets,
    [string]$AppLog = '',
    [switch]$Redact,
    [string]$OutputFolder = '',
    [Parameter(Position = 0, ValueFromRemainingArguments = $true)][string[]]$Unknown = @()
)

# ---- 1. What is collected -------------------------------------------------------------------------------------------
# One row for each file of the bundle. Run is the command, exactly; what it prints is stored byte for byte, and where
# {out} stands, the command writes that file itself. Else is run where Run's program is not there or fails.
#   When   the snapshot it belongs to (1, 2, 3); 0: once, between the snapshots; 'plain': not with -Redact; 'redacted':
#          only with -Redact; 'http', 'packets', 'trace': only on request
#   Admin  1: only an elevated start can have it    Since  the first Windows that knows the command (6.0: 2008, Vista)
#   Limit  seconds after which the command is ended   Maybe  1: not every system has it, so its absence loses nothing
#   Mask   words in a value that hides: the line is left out (product key, owner); 'secrets': passwords in command lines
$Table = @(
@{ Path = 'registry/tcpip-parameters.reg'; When = 1; Admin = 0; Since = '6.0'; Limit = 30
   Run = 'reg export HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters {out} /y'
   Why = 'How long Windows keeps a closed connection''s port (TcpTimedWaitDelay), and which ports programs may use.' }
@{ Path = 'netstat/ano-1.txt'; When = 1; Admin = 0; Since = '6.0'; Limit = 60; Run = 'netstat -ano'
   Why = 'Every connection, its state and the process that owns it: which ports are taken, and by whom.' }
@{ Path = 'netstat/s-1.txt'; When = 1; Admin = 0; Since = '6.0'; Limit = 30; Run = 'netstat -s'
   Why = 'Counters of the network stack: how many connections were opened since the last reading.' }
@{ Path = 'netstat/anot-1.txt'; When = 1; Admin = 0; Since = '6.0'; Limit = 60; Run = 'netstat -anot'
   Why = 'Which connections the network adapter handles itself: TCP Chimney has a defect of its own after 248 days.' }
@{ Path = 'netstat/anoq-1.txt'; When = 1; Admin = 0; Since = '6.3'; Limit = 60; Maybe = 1; Run = 'netstat -anoq'
   Why = 'Ports that a program holds without a connection; the plain list does not show them.' }
@{ Path = 'netstat/anob.txt'; When = 1; Admin = 1; Since = '6.0'; Limit = 120; Run = 'netstat -anob'
   Why = 'The program and the service behind each connection.' }
@{ Path = 'process/tasklist-svc.csv'; When = 1; Admin = 0; Since = '6.0'; Limit = 60; Run = 'tasklist /svc /fo csv'
   Why = 'The names of the running processes and the services inside them, to put names to process numbers.' }
@{ Path = 'process/wmic-process.csv'; When = 1; Admin = 0; Since = '6.0'; Limit = 90; Mask = 'secrets'
   Run = 'powershell -NoProfile -NonInteractive -Command "Get-WmiObject Win32_Process | Select-Object ProcessId,Name,ExecutablePath,CommandLine,HandleCount,CreationDate | Export-Csv -NoTypeInformation -Encoding UTF8 {out}"'
   Else = 'wmic process get CommandLine,CreationDate,ExecutablePath,HandleCount,Name,ProcessId /format:csv'
   Why = 'Each process with its command line, start and open handles: a leak of sockets is a growing number of handles.' }
@{ Path = 'system/memory.csv'; When = 1; Admin = 0; Since = '6.0'; Limit = 90
   Run = 'powershell -NoProfile -NonInteractive -Command "$n = 0; Get-WmiObject Win32_Process | ForEach-Object { $n += $_.HandleCount }; Get-WmiObject Win32_PerfFormattedData_PerfOS_Memory | Select-Object PoolNonpagedBytes,PoolPagedBytes,AvailableBytes,CommittedBytes,CommitLimit,@{n=''HandleCount'';e={$n}} | Export-Csv -NoTypeInformation -Encoding UTF8 {out}"'
   Why = 'Free memory and kernel pools: connections also fail for want of memory, and that looks alike.' }
@{ Path = 'netsh/dynamicport-ipv4-tcp.txt'; When = 0; Admin = 0; Since = '6.0'; Limit = 30; Run = 'netsh int ipv4 show dynamicport tcp'
   Why = 'How many ports outgoing TCP connections may use.' }
@{ Path = 'netsh/dynamicport-ipv4-udp.txt'; When = 0; Admin = 0; Since = '6.0'; Limit = 30; Run = 'netsh int ipv4 show dynamicport udp'
   Why = 'The same for UDP.' }
@{ Path = 'netsh/dynamicport-ipv6-tcp.txt'; When = 0; Admin = 0; Since = '6.0'; Limit = 30; Run = 'netsh int ipv6 show dynamicport tcp'
   Why = 'The same for TCP over IPv6.' }
@{ Path = 'netsh/dynamicport-ipv6-udp.txt'; When = 0; Admin = 0; Since = '6.0'; Limit = 30; Run = 'netsh int ipv6 show dynamicport udp'
   Why = 'The same for UDP over IPv6.' }
@{ Path = 'netsh/excludedportrange-ipv4-tcp.txt'; When = 0; Admin = 0; Since = '6.1'; Limit = 30; Maybe = 1; Run = 'netsh int ipv4 show excludedportrange protocol=tcp'
   Why = 'Ports that are kept out of that range, for example by Hyper-V or containers.' }
@{ Path = 'netsh/excludedportrange-ipv4-udp.txt'; When = 0; Admin = 0; Since = '6.1'; Limit = 30; Maybe = 1; Run = 'netsh int ipv4 show excludedportrange protocol=udp'
   Why = 'The same for UDP.' }
@{ Path = 'netsh/excludedportrange-ipv6-tcp.txt'; When = 0; Admin = 0; Since = '6.1'; Limit = 30; Maybe = 1; Run = 'netsh int ipv6 show excludedportrange protocol=tcp'
   Why = 'The same for TCP over IPv6.' }
@{ Path = 'netsh/excludedportrange-ipv6-udp.txt'; When = 0; Admin = 0; Since = '6.1'; Limit = 30; Maybe = 1; Run = 'netsh int ipv6 show excludedportrange protocol=udp'
   Why = 'The same for UDP over IPv6.' }
@{ Path = 'netsh/tcp-global.txt'; When = 0; Admin = 0; Since = '6.0'; Limit = 30; Run = 'netsh int tcp show global'
   Why = 'Settings of the network stack, TCP Chimney among them.' }
@{ Path = 'netsh/winsock-catalog.txt'; When = 0; Admin = 0; Since = '6.0'; Limit = 60; Run = 'netsh winsock show catalog'
   Why = 'Software that sits between programs and the network, which can keep sockets open.' }
@{ Path = 'netsh/ipaddresses.txt'; When = 0; Admin = 0; Since = '6.0'; Limit = 30; Run = 'netsh int ipv4 show ipaddresses'
   Why = 'This computer''s own addresses: each has ports of its own.' }
@{ Path = 'registry/tcpip6-parameters.reg'; When = 0; Admin = 0; Since = '6.0'; Limit = 30; Maybe = 1; Run = 'reg export HKLM\SYSTEM\CurrentControlSet\Services\Tcpip6\Parameters {out} /y'
   Why = 'Settings of IPv6.' }
@{ Path = 'registry/afd-parameters.reg'; When = 0; Admin = 0; Since = '6.0'; Limit = 30; Maybe = 1; Run = 'reg export HKLM\SYSTEM\CurrentControlSet\Services\AFD\Parameters {out} /y'
   Why = 'Settings of the driver behind every socket.' }
@{ Path = 'registry/winsock2-parameters.reg'; When = 0; Admin = 0; Since = '6.0'; Limit = 30; Maybe = 1; Run = 'reg export HKLM\SYSTEM\CurrentControlSet\Services\WinSock2\Parameters {out} /y'
   Why = 'Which libraries Windows loads into programs that use the network.' }
@{ Path = 'registry/windows-currentversion.reg'; When = 0; Admin = 0; Since = '6.0'; Limit = 30; Mask = 'DigitalProductId|ProductId|RegisteredO'; Run = 'reg query "HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"'
   Why = 'Which Windows this is, to the build (the product key and the owner''s name are left out).' }
@{ Path = 'registry/timezone.reg'; When = 0; Admin = 0; Since = '6.0'; Limit = 30; Run = 'reg export HKLM\SYSTEM\CurrentControlSet\Control\TimeZoneInformation {out} /y'
   Why = 'The time zone, so that times in this bundle can be compared.' }
@{ Path = 'registry/uninstall.reg'; When = 0; Admin = 0; Since = '6.0'; Limit = 60; Run = 'reg export HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall {out} /y'
   Why = 'Installed programs, among them those that filter network traffic.' }
@{ Path = 'registry/uninstall-wow64.reg'; When = 0; Admin = 0; Since = '6.0'; Limit = 60; Maybe = 1; Run = 'reg export HKLM\SOFTWARE\Wow6432Node\Microsoft\Windows\CurrentVersion\Uninstall {out} /y'
   Why = 'The same for 32-bit programs.' }
@{ Path = 'registry/pending-reboot.reg'; When = 0; Admin = 0; Since = '6.0'; Limit = 30; Maybe = 1; Run = 'reg query "HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending"'
   And = 'reg query "HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending" /ve', 'reg query "HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired"', 'reg query "HKLM\SYSTEM\CurrentControlSet\Control\Session Manager" /v PendingFileRenameOperations'
   Why = 'Whether an update waits for a restart: until then it is on disk, but not at work.' }
@{ Path = 'system/tcpip-files.csv'; When = 0; Admin = 0; Since = '6.0'; Limit = 0; Run = '(this script) version, dates, size and SHA-256 of tcpip.sys, afd.sys, netio.sys, netbt.sys and tdx.sys'
   Why = 'Which version of the network stack is installed: some versions have known defects.' }
@{ Path = 'system/hotfixes.csv'; When = 0; Admin = 0; Since = '6.0'; Limit = 120
   Run = 'powershell -NoProfile -NonInteractive -Command "Get-WmiObject Win32_QuickFixEngineering | Select-Object HotFixID,Description,@{n=''InstalledOn'';e={$_.PSBase.Properties[''InstalledOn''].Value}} | Export-Csv -NoTypeInformation -Encoding UTF8 {out}"'
   Else = 'wmic qfe get Description,HotFixID,InstalledOn /format:csv'
   Why = 'Installed updates.' }
@{ Path = 'system/nettcpsetting.csv'; When = 0; Admin = 0; Since = '6.2'; Limit = 60
   Run = 'powershell -NoProfile -NonInteractive -Command "Get-NetTCPSetting | Export-Csv -NoTypeInformation -Encoding UTF8 {out}"'
   Why = 'Whether connections may share ports.' }
@{ Path = 'system/drivers.csv'; When = 0; Admin = 0; Since = '6.0'; Limit = 120; Run = 'driverquery /v /fo csv'
   Why = 'Drivers: one that filters network traffic can keep ports of processes that are gone.' }
@{ Path = 'system/fltmc.txt'; When = 0; Admin = 1; Since = '6.0'; Limit = 30; Run = 'fltmc'
   Why = 'Filter drivers of security software.' }
@{ Path = 'system/systeminfo.txt'; When = 0; Admin = 0; Since = '6.0'; Limit = 180; Run = 'systeminfo'
   Why = 'Windows version, start time and updates, as Windows itself sums them up.' }
@{ Path = 'eventlog/System.evtx'; When = 'plain'; Admin = 0; Since = '6.0'; Limit = 300; Run = 'wevtutil epl System {out}'
   Why = 'What Windows recorded about itself: how long it has been up, restarts, port warnings (event 4227).' }
@{ Path = 'eventlog/Setup.evtx'; When = 'plain'; Admin = 0; Since = '6.0'; Limit = 120; Run = 'wevtutil epl Setup {out}'
   Why = 'When each update was installed.' }
@{ Path = 'eventlog/Application.evtx'; When = 'plain'; Admin = 0; Since = '6.0'; Limit = 300; Run = 'wevtutil epl Application {out} "/q:*[System[TimeCreated[timediff(@SystemTime) <= 2592000000]]]"'
   Why = 'What applications recorded in the last 30 days.' }
@{ Path = 'eventlog/System.xml'; When = 'redacted'; Admin = 0; Since = '6.0'; Limit = 300; Mask = 'secrets'
   Run = 'wevtutil qe System "/q:*[System[(Provider[@Name=''Microsoft-Windows-Kernel-General'' or @Name=''Microsoft-Windows-Kernel-Power'' or @Name=''Microsoft-Windows-Kernel-Boot'' or @Name=''Microsoft-Windows-Power-Troubleshooter'' or @Name=''Microsoft-Windows-WindowsUpdateClient'' or @Name=''Microsoft-Windows-Time-Service'' or @Name=''Microsoft-Windows-Eventlog''] and EventID<=109 and EventID!=16) or (EventID>=1074 and EventID<=1076) or (EventID>=4226 and EventID<=4266) or (EventID>=4373 and EventID<=4376) or (EventID>=6005 and EventID<=6013) or EventID=7045 or (EventID>=16000 and EventID<=16002)]]" /f:xml /e:Events /uni:true'
   Why = 'The events of the System log about uptime, restarts, updates and ports, as text, so that names can be replaced.' }
@{ Path = 'eventlog/Setup.xml'; When = 'redacted'; Admin = 0; Since = '6.0'; Limit = 120
   Run = 'wevtutil qe Setup "/q:*[System[Provider[@Name=''Microsoft-Windows-Servicing''] and (EventID<=4 or (EventID>=4373 and EventID<=4376))]]" /f:xml /e:Events /uni:true'
   Why = 'When each update was installed, as text.' }
@{ Path = 'netstat/ano-2.txt'; When = 2; Admin = 0; Since = '6.0'; Limit = 60; Run = 'netstat -ano'
   Why = 'The connections again, longer apart than a closed connection may keep its port: what is still there shows the fault.' }
@{ Path = 'netstat/s-2.txt'; When = 2; Admin = 0; Since = '6.0'; Limit = 30; Run = 'netstat -s'
   Why = 'The counters again: the difference is how many connections were opened.' }
@{ Path = 'netstat/ano-3.txt'; When = 3; Admin = 0; Since = '6.0'; Limit = 60; Run = 'netstat -ano'
   Why = 'The connections a third time, to tell a standstill from a busy server.' }
@{ Path = 'netstat/s-3.txt'; When = 3; Admin = 0; Since = '6.0'; Limit = 30; Run = 'netstat -s'
   Why = 'The counters a third time.' }
@{ Path = 'trace/trace.etl'; When = 'trace'; Admin = 1; Since = '6.1'; Limit = 60; Run = 'netsh trace start capture=no report=no correlation=no persistent=no maxSize=100 fileMode=circular overwrite=yes tracefile="{etl}" provider=Microsoft-Windows-TCPIP keywords=0xffffffffffffffff level=0xff provider=Microsoft-Windows-Winsock-AFD keywords=0xffffffffffffffff level=0xff'
   Why = 'A recording of the network stack for the time you asked for: which process opens which port.' }
@{ Path = 'trace/trace.txt'; When = 'trace'; Admin = 1; Since = '6.1'; Limit = 1800; Run = 'netsh trace convert input="{etl}" output="{out}" dump=TXT overwrite=yes'
   Why = 'The recording as text.' }
)

# Asked for the manifest: when Windows started, and its 64-bit counter of the seconds since then.
$UptimeCommand = 'powershell -NoProfile -NonInteractive -Command "$o = Get-WmiObject Win32_OperatingSystem; $s = Get-WmiObject Win32_PerfFormattedData_PerfOS_System; $o.LastBootUpTime + '' '' + $s.SystemUpTime"'
# The further parts of a trace: only on request, after a warning and a yes.
$HttpProviders = 'Microsoft-Windows-WinHttp', 'Microsoft-Windows-WebIO', 'Microsoft-Windows-WinINet'
$TraceStatus = 'netsh trace show status'
$TraceStop = 'netsh trace stop'
$HashCommand = 'certutil -hashfile "{file}" SHA256'   # where .NET has no SHA-256 that the FIPS policy allows

# ---- 2. Limits ------------------------------------------------------------------------------------------------------
$CollectorVersion = '1.0.0'
$UsualDelay = 120         # seconds for which Windows keeps the port of a closed connection
$ThoroughDelay = 240      # what older documents say; with -Thorough
$LongestDelay = 300       # the most that TcpTimedWaitDelay can ask for
$Margin = 30              # seconds by which two lists are further apart than that
$MostPrinted = 200MB      # of one command
$MostMember = 2000MB      # of one file in the zip
$MostAppLog = 50MB        # of one log: its end
$MostAppLogs = 20
$AppLogWhy = 'A log of the application, as asked for.'
$AppLogRow = @{ Path = 'applog/'; Run = '(this script) copies of logs'; Why = $AppLogWhy }
$TraceNeeds = 1500MB      # free disk for a recording of 100 MB (the newest part stays) and its text, which is larger
$SmallFile = 16MB         # up to here a file is redacted as a whole, beyond that line by line
$NotElevated = 'needs an elevated start (Run as administrator)'

# ---- 3. On screen ---------------------------------------------------------------------------------------------------
function Show-Progress {
    # At most four times a second: drawing costs more than most commands.
    $now = $script:Clock.ElapsedMilliseconds
    if ($now - $script:Drawn -lt 250) { return }
    $script:Drawn = $now
    $left = [Math]::Max(1, [int]($script:Expected - $now / 1000))
    $percent = [Math]::Min(99, [int]($now / 10 / $script:Expected))
    $status = "about $left s left"
    Write-Progress -Activity $script:Doing -Status $status -PercentComplete $percent -SecondsRemaining $left
}

function Wait-Until($Milliseconds, $Doing) {
    # Waits for a reading of a clock that nobody can set.
    while ($script:Clock.ElapsedMilliseconds -lt $Milliseconds) {
        $left = [Math]::Ceiling(($Milliseconds - $script:Clock.ElapsedMilliseconds) / 1000)
        $script:Doing = "$Doing ($left s)"
        Show-Progress
        Start-Sleep -Milliseconds 200
    }
}

function Read-Yes($Warning) {
    Write-Host ''
    Write-Host $Warning
    try { return (Read-Host 'Type yes to allow it, anything else to go on without') -eq 'yes' } catch { return $false }
}

function Get-Reason($Failure) {
    # The innermost message of an error, on one line.
    $exception = $Failure.Exception
    while ($exception.InnerException) { $exception = $exception.InnerException }
    return ($exception.Message -replace '\s+', ' ').Trim()
}

# ---- 4. Running a command -------------------------------------------------------------------------------------------
function Find-Program($Name) {
    foreach ($folder in $script:SystemFolders) {
        $path = [IO.Path]::Combine($folder, $Name + '.exe')
        if ([IO.File]::Exists($path)) { return $path }
    }
    if ($script:OnWindows) { return $null }   # never from the PATH: this script may run elevated
    return $Name
}

function Start-Program($CommandLine) {
    # A process without a window of its own; what it prints comes to us. Nothing where there is no such program.
    $name, $arguments = $CommandLine -split ' ', 2
    $path = Find-Program $name
    if (-not $path) { return $null }
    $start = New-Object Diagnostics.ProcessStartInfo
    # PowerShell 7's modules are not for Windows PowerShell. With two variables of one name (Path, PATH) this throws,
    # and the variables stay as they are.
    try { $start.EnvironmentVariables.Remove('PSModulePath') }
    catch { $start = New-Object Diagnostics.ProcessStartInfo }
    $start.FileName = $path
    $start.Arguments = "$arguments"
    $start.WorkingDirectory = $script:Work
    $start.UseShellExecute = $false
    $start.CreateNoWindow = $true
    $start.RedirectStandardInput = $true
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardError = $true
    try { $process = [Diagnostics.Process]::Start($start) }
    catch {
        if ($script:OnWindows) { throw }   # it is there, and a starved system could not start it
        return $null
    }
    try { $process.StandardInput.Close() } catch { $null = $_ }   # one that asks gets no answer
    return $process
}

function Stop-Program($Process) {
    # With its children where the framework can (PowerShell 6); older ones have no such method. It may have just ended.
    try { $Process.Kill($true) } catch { try { $Process.Kill() } catch { $null = $_ } }
    [void]$Process.WaitForExit(5000)
}

function Read-Program($Process, $File, $Complaints, $Limit) {
    # Copies what a program prints, byte for byte, and watches the clock. Returns why it was cut short, else nothing.
    $clock = [Diagnostics.Stopwatch]::StartNew()
    $quiet = [Diagnostics.Stopwatch]::StartNew()
    $streams = @($Process.StandardOutput.BaseStream, $Process.StandardError.BaseStream)
    $targets = @($File, $Complaints)
    $buffers = @((New-Object byte[] 65536), (New-Object byte[] 65536))
    $reads = @($null, $null)
    $rounds = 0
    foreach ($i in 0, 1) { $reads[$i] = $streams[$i].BeginRead($buffers[$i], 0, 65536, $null, $null) }
    while ($reads[0] -or $reads[1] -or -not $Process.HasExited) {
        if ($clock.Elapsed.TotalSeconds -ge $Limit) { return "no end after $Limit s; ended by the collector" }
        # A program that has ended can leave a child behind that holds its output open.
        if ($Process.HasExited -and $quiet.Elapsed.TotalSeconds -ge 5) { return $null }
        $idle = $true
        foreach ($i in 0, 1) {
            if (-not $reads[$i] -or -not $reads[$i].IsCompleted) { continue }
            $idle = $false
            $count = $streams[$i].EndRead($reads[$i])
            $reads[$i] = $null
            if ($count -le 0) { continue }
            $quiet = [Diagnostics.Stopwatch]::StartNew()
            if ($targets[$i].Length -lt $MostPrinted) { $targets[$i].Write($buffers[$i], 0, $count) }
            $reads[$i] = $streams[$i].BeginRead($buffers[$i], 0, 65536, $null, $null)
        }
        if ($File.Length -ge $MostPrinted) { return "printed more than $($MostPrinted / 1MB) MB; ended here" }
        if ($idle) { $rounds++ } else { $rounds = 0 }
        if ($rounds -gt 20) { Start-Sleep -Milliseconds 10 }   # a program that prints is not kept waiting for us
        Show-Progress
    }
    return $null
}

function Invoke-Program($CommandLine, $Limit, $Printed) {
    # Runs one command; appends what it prints to the file Printed. Returns its outcome, reason and exit code.
    try { $process = Start-Program $CommandLine }
    catch { return @{ outcome = 'failed'; reason = "could not be started: $(Get-Reason $_)" } }
    if (-not $process) {
        return @{ outcome = 'not-supported'; reason = ($CommandLine -replace ' .*') + ' is not on this system' }
    }
    $complaints = New-Object IO.MemoryStream
    $file = $null
    try {
        $file = New-Object IO.FileStream $Printed, ([IO.FileMode]::Append)
        $cut = Read-Program $process $file $complaints $Limit
    } finally {
        if (-not $process.HasExited) { Stop-Program $process }
        if ($file) { $file.Close() }
    }
    if ($cut -like 'no end*') { return @{ outcome = 'timed-out'; reason = $cut } }
    if ($cut) { return @{ outcome = 'failed'; reason = $cut } }
    $code = $process.ExitCode
    if ($code -eq 0) { return @{ outcome = 'ok'; exit_code = 0 } }
    $said = Get-FirstLine $complaints.ToArray()
    if (-not $said) { $said = Get-FirstLine (Read-Start $Printed) }
    if (-not $said) { $said = 'it printed nothing' }
    return @{ outcome = 'failed'; reason = "ended with exit code ${code}: $said"; exit_code = $code }
}

function Get-FirstLine($Bytes) {
    $text = (Get-Encoding $Bytes).GetString($Bytes)
    foreach ($line in ($text -split '[\r\n]+')) {
        $line = $line.Trim([char]0xFEFF, [char]32)
        if ($line) { return $line.Substring(0, [Math]::Min(200, $line.Length)) }
    }
    return ''
}

function Read-Start($Path, $Most = 4096) {
    $stream = [IO.File]::OpenRead($Path)
    try {
        $bytes = New-Object byte[] ([int][Math]::Min($Most, $stream.Length))
        [void]$stream.Read($bytes, 0, $bytes.Length)
        return , $bytes
    } finally { $stream.Close() }
}

# ---- 5. From a row of the table to a file of the bundle -------------------------------------------------------------
function New-Entry($Row) {
    $entry = @{ path = $Row.Path; command = $Row.Run; why = $Row.Why }
    [void]$script:Entries.Add($entry)
    return $entry
}

function Set-Outcome($Entry, $Outcome, $Reason) {
    # A loss is what this system could have given: it makes the bundle a partial one.
    $Entry.outcome = $Outcome
    if (-not $Reason) { return }
    $Entry.reason = $Reason
    $isLoss = 'failed', 'timed-out' -contains $Outcome -or $Reason -eq $NotElevated
    if ($isLoss -or $Reason -like '*is not on this system') {
        [void]$script:Lost.Add($Entry)
        Write-Host "  $($Entry.path): $Reason"
    }
}

function Get-Obstacle($Row) {
    # Why a row is not even tried: outcome and reason.
    if ($script:Windows -lt [Version]$Row.Since) { return 'not-supported', "this Windows is older than $($Row.Since)" }
    if ('2', '3' -contains $Row.When -and $Quick) { return 'skipped', '-Quick lists connections once' }
    if ("$($Row.When)" -eq 'plain' -and $Redact) { return 'skipped', 'left out of a redacted bundle' }
    if ($Row.Admin -and -not $script:Elevated) { return 'skipped', $NotElevated }
    return $null
}

function Invoke-Row($Row) {
    # Runs a row's command, with its alternative or its further ones. The result is in output.tmp.
    if ($Row.Run -like '(this script)*') { return Write-DriverVersions $script:Output }
    $result = Invoke-One $Row.Run $Row.Limit
    if ($result.outcome -ne 'ok' -and $Row.Else) {
        Remove-IfThere $script:Output
        $other = Invoke-One $Row.Else $Row.Limit
        if ($other.outcome -eq 'ok') {
            $other.command = $Row.Else
            return $other
        }
    }
    foreach ($command in @($Row.And | Where-Object { $_ })) {
        $next = Invoke-One $command $Row.Limit
        if ($next.outcome -eq 'ok') { $result = $next }
    }
    return $result
}

function Invoke-One($Command, $Limit) {
    # {out} is a plain name: the program runs in the temporary folder, and no path needs quotes.
    if ($Command -notlike '*{out}*') { return Invoke-Program $Command $Limit $script:Output }
    $printed = Get-WorkPath 'printed.tmp'
    Remove-IfThere $printed
    $result = Invoke-Program $Command.Replace('{out}', 'output.tmp') $Limit $printed
    if ($result.outcome -eq 'ok' -and -not [IO.File]::Exists($script:Output)) {
        $said = Get-FirstLine (Read-Start $printed)
        return @{ outcome = 'failed'; reason = "wrote no file: $said"; exit_code = 0 }
    }
    return $result
}

function Get-Artefact($Row) {
    $entry = New-Entry $Row
    $outcome, $reason = Get-Obstacle $Row
    if ($outcome) {
        Set-Outcome $entry $outcome $reason
        return
    }
    $script:Doing = "$($Row.Path): $($Row.Run -replace '(?<=^.{50}).+', ' ...')"
    $entry.started_at = Get-Stamp
    $entry.monotonic_ms = $script:Clock.ElapsedMilliseconds
    try {
        Remove-IfThere $script:Output
        $result = Invoke-Row $Row
    } catch { $result = @{ outcome = 'failed'; reason = Get-Reason $_ } }
    $entry.duration_ms = $script:Clock.ElapsedMilliseconds - $entry.monotonic_ms
    foreach ($key in 'exit_code', 'command') { if ($result.ContainsKey($key)) { $entry[$key] = $result[$key] } }
    if ($result.outcome -eq 'failed' -and $Row.Maybe) {
        $result.outcome = 'not-supported'
        $result.reason = 'this system has no such thing: ' + $result.reason
    }
    if ($result.outcome -eq 'ok') {
        try { Save-Output $entry $Row.Mask } catch { $result = @{ outcome = 'failed'; reason = Get-Reason $_ } }
    }
    Set-Outcome $entry $result.outcome $result.reason
}

function Save-Output($Entry, $Mask) {
    # Moves output.tmp to where the zip will have it.
    if ((New-Object IO.FileInfo $script:Output).Length -gt $MostMember) { throw "larger than $($MostMember / 1MB) MB" }
    if ($Mask -and (Hide-Secrets $script:Output $Mask)) { $Entry.transformed = 'secrets masked' }
    $path = Get-WorkPath $Entry.path
    [void][IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($path))
    [IO.File]::Move($script:Output, $path)
}

function Get-WorkPath($Name) {
    return [IO.Path]::Combine($script:Work, $Name)
}

function Remove-IfThere($Path) {
    if ([IO.File]::Exists($Path)) { [IO.File]::Delete($Path) }
}

function Get-Stamp {
    return [DateTime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ss.fffZ', [Globalization.CultureInfo]::InvariantCulture)
}

function Write-DriverVersions($Path) {
    # The numeric parts of the version block: its text can be the release's.
    $lines = @('Path,Version,Created,Modified,Size,Sha256')
    foreach ($name in 'tcpip.sys', 'afd.sys', 'netio.sys', 'netbt.sys', 'tdx.sys') {
        $file = "$($script:SystemFolders[0])\drivers\$name"
        if (-not [IO.File]::Exists($file)) { continue }
        $about = New-Object IO.FileInfo $file
        $v = [Diagnostics.FileVersionInfo]::GetVersionInfo($file)
        $version = $v.FileMajorPart, $v.FileMinorPart, $v.FileBuildPart, $v.FilePrivatePart -join '.'
        $times = $about.CreationTimeUtc, $about.LastWriteTimeUtc | ForEach-Object { $_.ToString('s') + 'Z' }
        $lines += (@("$([Environment]::SystemDirectory)\drivers\$name", $version) + $times +
            @($about.Length, (Get-Sha256 $file))) -join ','
    }
    if ($lines.Count -eq 1) { return @{ outcome = 'not-supported'; reason = 'no such driver is on this system' } }
    [IO.File]::WriteAllText($Path, ($lines -join "`r`n") + "`r`n")
    return @{ outcome = 'ok' }
}

# ---- 6. Text, hashes, secrets ---------------------------------------------------------------------------------------
function Get-Sha256($Path) {
    # Under the FIPS policy the managed class is refused; the system's own came with .NET 3.5.
    try { Add-Type -AssemblyName System.Core } catch { $null = $_ }   # older than 3.5
    $hasher = $null
    foreach ($name in 'SHA256CryptoServiceProvider', 'SHA256Managed') {
        if (-not $hasher) { try { $hasher = New-Object "Security.Cryptography.$name" } catch { $null = $_ } }
    }
    if ($hasher) {
        $stream = [IO.File]::OpenRead($Path)
        try { return [BitConverter]::ToString($hasher.ComputeHash($stream)).Replace('-', '').ToLowerInvariant() }
        finally { $stream.Close() }
    }
    $printed = Get-WorkPath 'hash.tmp'
    Remove-IfThere $printed
    [void](Invoke-Program $HashCommand.Replace('{file}', $Path) 300 $printed)
    $said = [IO.File]::ReadAllText($printed) -replace '(?<=[0-9a-fA-F]{2}) (?=[0-9a-fA-F]{2})'
    if ($said -match '(?m)^[0-9a-fA-F]{64}') { return $matches[0].ToLowerInvariant() }
    throw 'this system has no way to compute a SHA-256'
}

function Get-Encoding($Bytes) {
    # An encoding that gives back the same bytes: by byte order mark, by NULs, UTF-8 if valid, the console's, Latin-1.
    $latin1 = [Text.Encoding]::GetEncoding(28591)
    $start = $latin1.GetString($Bytes, 0, [Math]::Min($Bytes.Length, 512))
    if ($start -cmatch '^\xFF\xFE' -or $start -match '^([^\0]\0){2}') { return [Text.Encoding]::Unicode }
    if ($start -cmatch '^\xFE\xFF') { return [Text.Encoding]::BigEndianUnicode }
    $utf8 = New-Object Text.UTF8Encoding $false, $true
    foreach ($encoding in @($utf8, $script:Console)) {
        if (-not $encoding) { continue }
        try { if (Test-SameBytes $Bytes $encoding.GetBytes($encoding.GetString($Bytes))) { return $encoding } }
        catch { $null = $_ }   # not valid in this encoding
    }
    return $latin1
}

function Test-SameBytes($One, $Other) {
    return [Convert]::ToBase64String($One) -ceq [Convert]::ToBase64String($Other)
}

function Edit-Text($Path, $Change) {
    # Puts a file's text through a script block, keeping its encoding. Tells whether anything changed.
    $bytes = [IO.File]::ReadAllBytes($Path)
    if ($bytes.Length -eq 0) { return $false }
    $encoding = Get-Encoding $bytes
    $text = $encoding.GetString($bytes)
    $changed = & $Change $text
    if ($changed -ceq $text) { return $false }
    [IO.File]::WriteAllBytes($Path, $encoding.GetBytes($changed))
    return $true
}

# What a secret looks like after its name: quoted (in a CSV the quotes are doubled), else up to a blank, to the next
# name=value or to wmic's next column. A quote in the middle belongs to it; the one at the end does not.
$Value = '(?:\\"{1,2}[^"\r\n]*?\\"{1,2}|""""[^"\r\n]+""""|""(?:""""|\\""|[^"\r\n])*(?:""|(?="(?:,|\s)))|"(?![",])(?:""|\\"|[^"\r\n])*"|' +
    '''[^''"\r\n]*''|(?:[^\s,;&<"]|<(?!/)|[,;&](?!(?:amp;)?[\w .-]+=|\d{14}\.|[,"\s]|amp;\s)|"{1,2}(?=[^\s",}\]]))+)'
$Secret = '(?:passw(?:or)?[dt]|passwd|passphrase|kennwort|\u5BC6\u7801|\u5BC6\u78BC|\u53E3\u4EE4|pwd|secret|token(?!izer)|credential|sessionid|' +
    '(?:api|access|account|auth|private|license|encryption|shared|master)[-_]?key|(?<!by|com|sur|tres|over|under)pass(?![a-z]))'
$Secrets = @(
    "(?i)(?<=[\w-]*$Secret[\w-]*\\?[""']{0,2}\s{0,3}[=:]\s{0,3})$Value",   # password=x, --api-key:x
    "(?i)(?<=-[\w-]*$Secret[\w-]*\s{1,3})(?!-)$Value",                        # --password x
    "(?i)(?<=/[\w-]*$Secret[\w-]*\s{1,3})(?![-/])$Value",                     # /password x
    "(?i)(?<=\s(?:--?|/)(?:p|pw|rp)[ :=])(?!\d{1,5}(?!\w)|[-/]|[a-z]:[\\/]|\w+://|(?:tcp|udp|ip|icmp)(?:v6)?\b)$Value",   # -p x, but not a port or a path
    "(?<=\b(?:mysql|mariadb|sshpass|7z|[Rr]ar|Win[Rr][Aa][Rr])[^\r\n]{0,200}\s-h?p)$Value",      # mysql -px
    "(?<=\b(?i:sqlcmd|osql|isql|bcp)\b[^\r\n]{0,200}\s-P)$Value",               # sqlcmd -Px
    "(?i)(?<=\b(?:ldap\w+|redis-cli)\b[^\r\n]{0,200}\s-[wa]\s{1,3})(?!-)$Value",    # ldapsearch -w x, redis-cli -a x
    '(?i)(?<=\b(?:sqlplusw?|exp|imp|expdp|impdp|sqlldr|rman)\b[^\r\n]{0,200}\s(?:userid=|target\s)?"{0,2}[\w$#]+/)(?:"{1,2}[^"\r\n]*"{1,2}|[^\s@",]+)',
    "(?i)(?<=\bnet1?(?:\.exe)?""{0,2}\s{1,3}use\s(?:[^\r\n]{0,200}\s)?(?:\\\\[^\s,""]+|/u(?:ser)?:[^\s,""]+)\s{1,3})(?![/""],|/)$Value",      # net use \\server\share x
    "(?i)(?<=\bnet1?(?:\.exe)?""{0,2}\s{1,3}user\s{1,3}(?:""{1,2}[^""\r\n]+""{1,2}|[^\s""/,]+)\s{1,3})(?!/)$Value",                    # net user name x
    "(?i)(?<=aws_secret_access_key\s{1,3}|ConvertTo-SecureString\s{1,3}(?:-String\s{1,3})?)(?![-(]|\$\w)$Value",
    "(?i)(?<=(?:\s-{1,2}|[-=])key=)$Value",                               # --key=x
    '(?i)(?<=\s(?:-u|--(?:proxy-)?user)[ =][^\s:",]*:)[^\s,"]+',          # curl -u name:x
    '(?i)(?<=\s(?:-u|--(?:proxy-)?user)[ =]"{1,2}[^:",]*:)[^"\r\n]+',     # curl -u "name:x y"
    '(?i)(?<=\bcurl[^\r\n]{0,200}\s-u[^\s:",]+:)[^\s,"]+',                      # curl -uname:x
    '(?i)(?<=\s-U\s{1,3}[^\s%",]+%)[^\s,"]+',                                 # smbclient -U name%x
    '(?<=://[^/\s:@"]*:)[^/\s"]+(?=@)',                                   # https://name:x@host
    '(?i)(?<=\b(?:bearer|basic)\s{1,3})[\w.~+/=-]{8,}',                       # Authorization: Bearer x
    '(?i)(?<=\s[-/]e(?:c|n|nc|nco\w*)?[\s:]\s{0,3}"{0,2})[\w+/=]{16,}',       # powershell -EncodedCommand x
    '(?i)(?<=[?&;](?:sig|key|code)=)[^&\s"]+',                            # https://host/path?sig=x
    '(?<=hooks\.slack\.com/services/)[^\s",]+',
    '\bA[KS]IA[0-9A-Z]{16}\b', '\beyJ[\w-]+\.[\w-]+\.[\w-]+', '\bgh[oprsu]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{20,}|\bxox[a-z]-[\w-]{10,}|\bhvs\.[\w-]{10,}'
)

function Hide-Secrets($Path, $Mask) {
    if ($Mask -eq 'secrets') {
        return Edit-Text $Path {
            param($text)
            foreach ($form in $Secrets) { $text = $text -replace $form, '***' }
            $text
        }
    }
    if ($Redact) { Add-Owner ([IO.File]::ReadAllText($Path, $script:Console)) }
    return Edit-Text $Path { param($text) $text -replace "(?m)^\s*(?:$Mask).*\r*\n", '' }
}

# ---- 7. Pseudonyms (-Redact) ----------------------------------------------------------------------------------------
# Words of the evidence itself, and accounts that every Windows has: names that are left as they are.
$NotNames = ('administrator system localsystem network service services local localhost workgroup public default ' +
    'guest user users windows microsoft tcp udp tcpip event events data name value path http https com net nt ' +
    'authority version provider true false none state process memory address port ports null').Split(' ')
$NameForms = @(   # kind, and where such a name stands: in exports of the registry, paths, events, URLs
    @('host', '(?im)^"(?:NV )?Hostname"="([^"]+)"'), @('domain', '(?im)^"(?:\w+ ?)?(?:Domain|DomainName|SearchList)"="([^"]+)"'),
    @('user', '(?i)\\+(?:Users|Documents and Settings)\\+([^\\/:*?"<>|\r\n]{1,64})(?=\\)'),
    @('fqdn', '<Computer>([^<]+)</Computer>'), @('account', '<Data[^>]*>([^<\\/:.][^<\\/:]*\\[^<\\/:]+)</Data>'), @('user', '<Data[^>]*>\.\\([^<\\/:]+)</Data>'),
    @('user', '(?im)\\+(?:Users|Documents and Settings)\\+([^\\/:*?"<>|\s,;]{1,64})(?=["''<,;]|$)'),
    @('user', '(?i)(?<![\w.+-])([a-z][\w.+-]*)@[a-z][\w-]*(?:\.[a-z][\w-]*)+'),
    @('fqdn', '(?i)(?<![\w.+-])[a-z][\w.+-]*@([a-z][\w-]*(?:\.[a-z][\w-]*)+)'),
    @('fqdn', '(?i)://(?:[^/@\s"]*@)?([a-z][\w.-]*[a-z0-9])(?=[:/"\s,]|$)'),
    @('fqdn', '(?i)\b(?:Server|Data Source|Host(?:name)?)=(?:tcp:)?([a-z][\w.-]*[a-z0-9])'),
    @('fqdn', '(?im)(?<![\\:\w?.])\\\\([a-z][\w.-]+)(?=[\\"\s]|$)', 'not in .reg files: they double them'),
    @('fqdn', '(?i)(?<!\\)\\{4}([a-z][\w.-]+)\\\\')
)
$Blocks = @(   # which block of addresses a pseudonym is from, so that private stays private and public public
    @('^10\.', '10'), @('^172\.(1[6-9]|2\d|3[01])\.', '172.16'), @('^192\.168\.', '192.168'),
    @('^169\.254\.', '169.254'), @('^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.', '100.64'),
    @('^fe[89ab]', 'fe80::'), @('^f[cd]', 'fd00::'), @(':', '2a00::'), @('.', '11')
)
$IPv4 = '(?<!\d|\d\.|Version"=")(?:(?:25[0-5]|2[0-4]\d|[01]?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|[01]?\d?\d)(?!\d|\.\d)'
$IPv6 = '(?<![\w:.])(?=[0-9A-Fa-f:]*:)[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:]|\.\d)'

function Add-Name($Kind, $Name) {
    $name = ("$Name" -replace '^\.\\').Trim([char]'\', [char]'.', [char]' ')
    if ($Kind -eq 'domain') {
        if ($name -match '^NT ') { return }
        if ($name -match '[,\s]') { foreach ($one in ($name -split '[,\s]+')) { Add-Name 'domain' $one }; return }
    }
    if ($Kind -eq 'account') {
        $domain, $user = $name -split '\\', 2
        if ($domain -match '^NT |^(?:Window Manager|Font Driver Host)$') { return }
        Add-Name 'domain' $domain
        Add-Name 'user' $user
        return
    }
    if ($Kind -eq 'fqdn') {
        if ($name -match '(?i)(^|\.)microsoft\.com$') { return }
        $label, $domain = $name -split '\.', 2
        if ($domain -match '\.') { Add-Name 'domain' $domain }   # not "de" of www.example.de
        # dc01 is a name wherever it stands; the first word of updates.corp.example is also an ordinary one.
        if ($label -match '[\d-]' -or $script:Pseudonyms.ContainsKey($label)) { $name = $label }
        $Kind = 'host'
    }
    if ($name.Length -lt 2 -or $name -notmatch '[^\d.]' -or $NotNames -contains $name) { return }
    if ($script:Pseudonyms.ContainsKey($name)) { return }
    $script:Counts[$Kind] = 1 + $script:Counts[$Kind]
    $script:Pseudonyms[$name] = $Kind.ToUpperInvariant() + '-' + $script:Counts[$Kind]
}

function Add-Owner($Text) {
    # Before the lines are left out: systeminfo prints the owner's name as well.
    Add-Names 'user' '(?m)^\s*RegisteredO\w+\s+REG_SZ\s+(\S.*?)\s*$' $Text
}

function Add-Names($Kind, $Form, $Text) {
    foreach ($match in [regex]::Matches($Text, $Form)) { Add-Name $Kind $match.Groups[1].Value }
}

function Get-Pseudonym($Address) {
    # Equal stays equal. Counted, not computed, so that nobody can compute it back.
    if ($Address -match '^(127|0|22[4-9]|2[3-5]\d)\.|^::1?$|^ff') { return $Address }
    if ($script:Pseudonyms.ContainsKey($Address)) { return $script:Pseudonyms[$Address] }
    foreach ($form in $Blocks) {
        if ($Address -match $form[0]) { $block = $form[1]; break }
    }
    $n = $script:Counts[$block] = 1 + $script:Counts[$block]
    $name = '{0}{1:x}' -f $block, $n
    if ($block -notmatch ':') {
        $parts = @(([Math]::Floor($n / 65536) % 256), ([Math]::Floor($n / 256) % 256), ($n % 256))
        $name = ($block.Split('.') + $parts[($block.Split('.').Length - 1)..2]) -join '.'
    }
    $script:Pseudonyms[$Address] = $name
    return $name
}

function Hide-Text($Text) {
    $text = $Text
    if ($script:OwnPattern) { $text = [regex]::Replace($text, $script:OwnPattern, 'HOST-1') }
    if ($script:NamePattern) {
        $text = [regex]::Replace($text, $script:NamePattern, { param($m) $script:Pseudonyms[$m.Value] })
    }
    $text = [regex]::Replace($text, $IPv4, { param($m) Get-Pseudonym ($m.Value -replace '(?<=^|\.)0+(?=\d)') })
    $text = [regex]::Replace($text, $IPv6, {
            param($m)
            $address = $null
            if ([Net.IPAddress]::TryParse($m.Value, [ref]$address)) { return Get-Pseudonym $address.ToString() }
            $m.Value
        })
    # systeminfo prints the product ID.
    $text = [regex]::Replace($text, '\b\d{5}-[0-9A-Z]{3,5}-\d{5,7}-[0-9A-Z]{5}\b', 'PRODUCT-ID')
    return [regex]::Replace($text, '(?i)S-1-(?:5-21-\d+-\d+-\d+|12-1-\d+-\d+-\d+-\d+)', 'S-1-5-21-0-0-0')
}

function Hide-Registry($Text) {
    # Lists of text stand as hexadecimal numbers; long binary values can hold anything and are left out.
    # Dhcp* and *Address* hold addresses as bytes, whatever their length.
    $text = [regex]::Replace($Text, '(?im)^"(?:Dhcp|[^"\r\n]*Addr)[^"\r\n]*"=hex:[0-9a-f,\\\s]*?\r?\n(?!\s)', '')
    $long = '(?m)^(?:"[^"\r\n]*"|@)=hex:(?:[0-9a-fA-F]{2},(?:\\\r?\n\s*)?){16,}[0-9a-fA-F]{2}\r?\n'
    $text = [regex]::Replace($text, $long, '')
    return [regex]::Replace($text, '(?<=hex\([27]\):)[0-9a-fA-F,\\\s]+', {
            param($m)
            $pairs = [regex]::Matches($m.Value, '[0-9a-fA-F]{2}')
            $bytes = [byte[]]@($pairs | ForEach-Object { [Convert]::ToByte($_.Value, 16) })
            $hidden = [Text.Encoding]::Unicode.GetBytes((Hide-Text ([Text.Encoding]::Unicode.GetString($bytes))))
            [BitConverter]::ToString($hidden).Replace('-', ',').ToLowerInvariant() + "`r`n"
        })
}

function Hide-File($Path) {
    if ((New-Object IO.FileInfo $Path).Length -le $SmallFile) {
        return Edit-Text $Path {
            param($text)
            if ($text -match '^\uFEFF?(Windows Registry Editor|REGEDIT4)') { $text = Hide-Registry $text }
            Hide-Text $text
        }
    }
    # UTF-16 as such; else bytes, and each line in the encoding that gives it back: a log can mix them.
    $encoding = Get-Encoding (Read-Start $Path)
    $wide = $encoding.GetByteCount('x') -eq 2
    if (-not $wide) { $encoding = [Text.Encoding]::GetEncoding(28591) }
    $reader = New-Object IO.StreamReader $Path, $encoding, $wide
    $writer = New-Object IO.StreamWriter "$Path.new", $false, $encoding
    try {
        while (($line = $reader.ReadLine()) -ne $null) {
            if ($wide -or $line -notmatch '[^\x00-\x7F]') { $writer.WriteLine((Hide-Text $line)) } else {
                $bytes = $encoding.GetBytes($line)
                $own = Get-Encoding $bytes
                $writer.WriteLine($encoding.GetString($own.GetBytes((Hide-Text ($own.GetString($bytes))))))
            }
            Show-Progress
        }
    } finally { $writer.Close(); $reader.Close() }
    [IO.File]::Delete($Path)
    [IO.File]::Move("$Path.new", $Path)
    return $true
}

function Add-OwnNames {
    $own = [Environment]::MachineName
    Add-Name 'host' $own
    if (-not $script:Pseudonyms.ContainsKey($own)) {
        # A number or an ordinary word: only where Windows prints it as this computer's name.
        $script:Counts['host'] = 1
        $it = [regex]::Escape($own)
        $before = '>|Hostname"="|\(|\\\\|^[^:,\r\n]{1,30}:[ \t]{1,30}'
        $script:OwnPattern = "(?im)$it(?<=(?:$before)$it)(?=[<""\s).\\]|`$)" +
            "|^$it(?=,)|(?<![\w.])$it(?=\.[a-z][\w-]*\.[a-z])"
    }
    Add-Name 'user' ([Environment]::UserName)
    Add-Name 'domain' ([Environment]::UserDomainName)
    Add-Name 'fqdn' $env:LOGONSERVER
    Add-Name 'domain' $env:USERDNSDOMAIN
}

function Add-NamesOfDomains($Texts) {
    # Other computers and accounts of the domains found.
    foreach ($domain in @($script:Pseudonyms.Keys | Where-Object { $script:Pseudonyms[$_] -like 'DOMAIN-*' })) {
        $escaped = [regex]::Escape($domain)
        foreach ($text in $texts) {
            Add-Names 'fqdn' "(?i)([a-z0-9-]+\.$escaped)\b" $text
            Add-Names 'user' "(?i)\b$escaped\\+([\w.-]+)" $text
        }
    }
}

function Find-Names($Files) {
    Add-OwnNames
    $texts = @()
    foreach ($file in $Files) {
        $bytes = Read-Start $file $SmallFile
        $text = (Get-Encoding $bytes).GetString($bytes)
        foreach ($form in $NameForms) {
            if ($form[2] -and $file -like '*.reg') { continue }
            Add-Names $form[0] $form[1] $text
        }
        $texts += $text
    }
    # Paths of the application's logs hold names as well.
    $commands = @($script:Entries | Where-Object { $_.path -like 'applog/*' } | ForEach-Object { $_.command })
    foreach ($form in $NameForms) { Add-Names $form[0] $form[1] ($commands -join "`n") }
    Add-NamesOfDomains $texts
}

function Hide-Names {
    # Replaces names and addresses in every file, and writes the list of them beside the zip: it is not part of it.
    $script:Doing = 'Replacing names and addresses'
    $kept = @($script:Entries | Where-Object { $_.outcome -eq 'ok' })
    $files = @($kept | ForEach-Object { Get-WorkPath $_.path })
    Find-Names $files
    $longest = @($script:Pseudonyms.Keys | Sort-Object { -$_.Length } | ForEach-Object { [regex]::Escape($_) })
    if ($longest) {   # but not in "Windows Server 2008", nor in a provider's name
        $script:NamePattern = '(?i)(?<![A-Za-z0-9_])(?:' + ($longest -join '|') + ')(?![A-Za-z0-9_])' +
            '(?<!\bWindows \S{1,64}|(?:Provider |EventSource)Name=[''"][^''"<>]{1,80})'
    }
    $sharp = @($longest | Where-Object { $_ -match '[\d-]' })   # WEB01 in WEB01_old.log, but not TIME in TIME_WAIT
    if ($sharp) { $script:NamePattern += '|(?i)(?<![A-Za-z0-9])(?:' + ($sharp -join '|') + ')(?![A-Za-z0-9])' }
    foreach ($entry in $kept) {
        $path = Get-WorkPath $entry.path
        try { $changed = Hide-File $path } catch {
            Remove-IfThere $path
            Set-Outcome $entry 'failed' "left out, as its names could not be replaced: $(Get-Reason $_)"
            continue
        }
        if ($changed) {
            $earlier = @($entry.transformed | Where-Object { $_ })
            $entry.transformed = ($earlier + 'names and addresses replaced') -join ', '
        }
        $hidden = $entry.path
        if ($hidden -like 'applog/*') { $hidden = Hide-Text $hidden }
        if ($hidden -cne $entry.path) {
            [IO.File]::Move($path, (Get-WorkPath $hidden))
            $entry.path = $hidden
        }
    }
    foreach ($entry in $script:Entries) {
        if ($entry.reason) { $entry.reason = Hide-Text $entry.reason }
        if ($entry.path -like 'applog/*') { $entry.command = Hide-Text $entry.command }
    }
}

function Save-Pseudonyms($Path) {
    $lines = @('real,pseudonym')
    foreach ($name in @($script:Pseudonyms.Keys | Sort-Object)) {
        $lines += "`"$name`",`"$($script:Pseudonyms[$name])`""
    }
    # A file of that name that somebody put there is not written to.
    $file = New-Object IO.FileStream $Path, ([IO.FileMode]::CreateNew)
    $writer = New-Object IO.StreamWriter $file, ([Text.Encoding]::UTF8)
    try { $writer.Write(($lines -join "`r`n") + "`r`n") } finally { $writer.Close() }
}

# ---- 8. Manifest and zip --------------------------------------------------------------------------------------------
$FieldOrder = ('schema collector name version host started_at finished_at elevated utc_offset_minutes ' +
    'powershell_version os_version architecture oem_codepage ansi_codepage ui_language uptime_seconds boot_time ' +
    'options quick thorough trace_seconds trace_http trace_packets app_log redact redacted files path command ' +
    'why outcome reason exit_code monotonic_ms duration_ms size sha256 transformed').Split(' ')

function ConvertTo-JsonString($Text) {
    # Plain ASCII, whatever the host's name and language: everything else is escaped.
    $json = New-Object Text.StringBuilder
    foreach ($letter in "$Text".ToCharArray()) {
        $code = [int]$letter
        $plain = $code -ge 32 -and $code -le 126 -and $code -ne 34 -and $code -ne 92
        if ($plain) { [void]$json.Append($letter) } else { [void]$json.AppendFormat('\u{0:x4}', $code) }
    }
    return '"' + $json.ToString() + '"'
}

function ConvertTo-JsonText($Value, $Indent) {
    # Null, truth, numbers, text, tables (in the order above) and lists.
    if ($null -eq $Value) { return 'null' }
    if ($Value -is [bool]) { return "$Value".ToLowerInvariant() }
    if ($Value -is [string]) { return ConvertTo-JsonString $Value }
    if ($Value -is [ValueType]) { return [Convert]::ToString($Value, [Globalization.CultureInfo]::InvariantCulture) }
    $inner = $Indent + '  '
    $parts = @()
    if ($Value -is [Collections.IDictionary]) {
        foreach ($name in $FieldOrder) {
            if ($Value.Contains($name)) { $parts += "`"$name`": " + (ConvertTo-JsonText $Value[$name] $inner) }
        }
        return '{' + (($parts | ForEach-Object { "`n$inner$_" }) -join ',') + "`n$Indent}"
    }
    foreach ($item in $Value) { $parts += $inner + (ConvertTo-JsonText $item $inner) }
    return "[`n" + ($parts -join ",`n") + "`n$Indent]"
}

function Write-Manifest {
    foreach ($entry in $script:Entries) {
        if ($entry.outcome -ne 'ok') { continue }
        $path = Get-WorkPath $entry.path
        $entry.size = (New-Object IO.FileInfo $path).Length
        $entry.sha256 = Get-Sha256 $path
        Show-Progress
    }
    $script:Facts.finished_at = Get-Stamp
    $script:Facts.files = $script:Entries
    $json = (ConvertTo-JsonText $script:Facts '') + "`n"
    [IO.File]::WriteAllText((Get-WorkPath 'manifest.json'), $json, [Text.Encoding]::ASCII)
}

function Copy-Stream($From, $To, $Most) {
    $bytes = New-Object byte[] 65536
    while ($Most -gt 0) {
        $count = $From.Read($bytes, 0, [int][Math]::Min($bytes.Length, $Most))
        if ($count -le 0) { break }
        $To.Write($bytes, 0, $count)
        $Most -= $count
        Show-Progress
    }
}

function Write-Zip($Path, $Names) {
    # With the framework's own class where there is one (.NET 4.5), else with ours.
    $file = New-Object IO.FileStream $Path, ([IO.FileMode]::CreateNew)
    try {
        try { Add-Type -AssemblyName System.IO.Compression } catch { $null = $_ }   # older than 4.5
        if ('System.IO.Compression.ZipArchive' -as [type]) { Write-FrameworkZip $file $Names }
        else { Write-OwnZip $file $Names }
    } finally { $file.Close() }
}

function Write-FrameworkZip($File, $Names) {
    $mode = [IO.Compression.ZipArchiveMode]::Create
    $archive = New-Object IO.Compression.ZipArchive $File, $mode, $true, ([Text.Encoding]::UTF8)
    try {
        foreach ($name in $Names) {
            $member = $archive.CreateEntry($name).Open()
            $from = [IO.File]::OpenRead((Get-WorkPath $name))
            try { Copy-Stream $from $member $from.Length } finally { $from.Close(); $member.Close() }
        }
    } finally { $archive.Dispose() }
}

function Write-OwnZip($File, $Names) {
    # PKWARE's APPNOTE, 4.3: a header and the packed bytes of each file, then the directory, then its end.
    $writer = New-Object IO.BinaryWriter $File
    $directory = New-Object IO.MemoryStream
    $index = New-Object IO.BinaryWriter $directory
    foreach ($name in $Names) {
        $packed = Compress-File (Get-WorkPath $name)
        $bytes = [Text.Encoding]::UTF8.GetBytes($name)
        $offset = $File.Position
        $writer.Write([uint32]0x04034b50)
        Write-ZipFields $writer $packed $bytes.Length
        $File.Write($bytes, 0, $bytes.Length)
        $from = [IO.File]::OpenRead($packed.Path)
        try {
            [void]$from.Seek($packed.Skip, [IO.SeekOrigin]::Begin)
            Copy-Stream $from $File $packed.Length
        } finally { $from.Close() }
        $index.Write([uint32]0x02014b50)
        $index.Write([uint16]20)
        Write-ZipFields $index $packed $bytes.Length
        $index.Write([byte[]](New-Object byte[] 10))   # no comment, first disk, no attributes
        $index.Write([uint32]$offset)
        $index.Write([byte[]]$bytes)
    }
    $start = $File.Position
    $directory.WriteTo($File)
    $writer.Write([uint32]0x06054b50)
    $writer.Write([uint32]0)
    $writer.Write([uint16]@($Names).Count)
    $writer.Write([uint16]@($Names).Count)
    $writer.Write([uint32]$directory.Length)
    $writer.Write([uint32]$start)
    $writer.Write([uint16]0)
    $writer.Flush()
}

function Write-ZipFields($Writer, $Packed, $NameLength) {
    # What a file's header and its line in the directory share. 0x0800: names are UTF-8.
    $Writer.Write([uint16]20)
    $Writer.Write([uint16]0x0800)
    $Writer.Write([uint16]$Packed.Method)
    $now = [DateTime]::Now
    $Writer.Write([uint16]($now.Hour * 2048 + $now.Minute * 32 + [Math]::Floor($now.Second / 2)))
    $Writer.Write([uint16](($now.Year - 1980) * 512 + $now.Month * 32 + $now.Day))
    $Writer.Write([uint32]$Packed.Crc)
    $Writer.Write([uint32]$Packed.Length)
    $Writer.Write([uint32]$Packed.Size)
    $Writer.Write([uint16]$NameLength)
    $Writer.Write([uint16]0)
}

function Compress-File($Path) {
    # GZipStream is DeflateStream with the CRC: ten bytes of header, the packed bytes, CRC, size (RFC 1952).
    $size = (New-Object IO.FileInfo $Path).Length
    if ($size -eq 0) { return @{ Path = $Path; Method = 0; Crc = 0; Size = 0; Length = 0; Skip = 0 } }
    $gzip = Get-WorkPath 'packed.tmp'
    $to = [IO.File]::Create($gzip)
    $from = [IO.File]::OpenRead($Path)
    try {
        $packer = New-Object IO.Compression.GZipStream $to, ([IO.Compression.CompressionMode]::Compress), $true
        Copy-Stream $from $packer $size
        $packer.Close()
        $length = $to.Length - 18
        [void]$to.Seek(-8, [IO.SeekOrigin]::End)
        $trailer = New-Object byte[] 8
        [void]$to.Read($trailer, 0, 8)
    } finally { $from.Close(); $to.Close() }
    $crc = [BitConverter]::ToUInt32($trailer, 0)
    return @{ Path = $gzip; Method = 8; Crc = $crc; Size = $size; Length = $length; Skip = 10 }
}

# ---- 9. The computer ------------------------------------------------------------------------------------------------
function Test-Elevated {
    try {
        $me = New-Object Security.Principal.WindowsPrincipal ([Security.Principal.WindowsIdentity]::GetCurrent())
        return $me.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
    } catch { return [Environment]::UserName -eq 'root' }   # not Windows: how our tests run this script
}

function Get-CodePage($Name) {
    $key = 'HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Nls\CodePage'
    try { return [int][Microsoft.Win32.Registry]::GetValue($key, $Name, $null) } catch { return $null }
}

function Initialize-Collector {
    $script:OnWindows = [Environment]::OSVersion.Platform -eq 'Win32NT'
    $script:Windows = [Environment]::OSVersion.Version
    $script:SystemFolders = @()
    if ($script:OnWindows) {
        # A 32-bit PowerShell on a 64-bit Windows sees the real System32 as Sysnative.
        $system = [IO.Path]::Combine([IO.Path]::GetDirectoryName([Environment]::SystemDirectory), 'Sysnative')
        if (-not [IO.Directory]::Exists($system)) { $system = [Environment]::SystemDirectory }
        $script:SystemFolders = @($system, "$system\wbem", "$system\WindowsPowerShell\v1.0")
    } else { $script:Windows = [Version]'10.0' }
    $script:Elevated = Test-Elevated
    $oem = Get-CodePage 'OEMCP'
    try { $script:Console = [Text.Encoding]::GetEncoding([int]$oem) }
    catch { $script:Console = [Text.Encoding]::Default }
    $script:Facts = @{
        schema = 'forensics.bundle/1'; collector = @{ name = 'forensics-collector'; version = $CollectorVersion }
        host = [Environment]::MachineName; started_at = Get-Stamp; elevated = $script:Elevated
        utc_offset_minutes = [int][TimeZone]::CurrentTimeZone.GetUtcOffset([DateTime]::Now).TotalMinutes
        powershell_version = "$($PSVersionTable.PSVersion)"; architecture = $env:PROCESSOR_ARCHITECTURE
        oem_codepage = $oem; ansi_codepage = (Get-CodePage 'ACP'); uptime_seconds = $null; boot_time = $null
        ui_language = [Globalization.CultureInfo]::CurrentUICulture.Name; redacted = [bool]$Redact
        options = @{
            quick = [bool]$Quick; thorough = [bool]$Thorough; trace_seconds = $TraceSeconds
            trace_http = [bool]$TraceHttp; trace_packets = [bool]$TracePackets; app_log = $AppLog
            redact = [bool]$Redact
        }
    }
    if ($env:PROCESSOR_ARCHITEW6432) { $script:Facts.architecture = $env:PROCESSOR_ARCHITEW6432 }
    if ($script:OnWindows) { $script:Facts.os_version = "$($script:Windows)" }
}

function Set-Uptime {
    # The counter is 64 bits wide; what is read is carried back to the start of this run.
    $script:Doing = 'How long Windows has been up'
    if (-not $script:OnWindows) { return }
    $printed = Get-WorkPath 'uptime.tmp'
    $result = Invoke-Program $UptimeCommand 120 $printed
    if ($result.outcome -ne 'ok') { return }
    $form = '(\d{14})\.\d+([+-]\d{3}) +(\d+)'   # WMI writes local time and the minutes it is ahead of UTC
    if ([IO.File]::ReadAllText($printed) -notmatch $form) { return }
    $local = [DateTime]::ParseExact($matches[1], 'yyyyMMddHHmmss', [Globalization.CultureInfo]::InvariantCulture)
    $script:Facts.boot_time = $local.AddMinutes(-[int]$matches[2]).ToString('s') + 'Z'
    $script:Facts.uptime_seconds = [Math]::Max(0, [long]$matches[3] - [long]($script:Clock.ElapsedMilliseconds / 1000))
}

function Get-FreeDisk {
    try { return (New-Object IO.DriveInfo $OutputFolder).AvailableFreeSpace }
    catch { return [long]::MaxValue }   # a share does not tell
}

function Test-Disk {
    # The logs are copied and then zipped.
    $needed = 50MB
    if ($script:OnWindows) {
        foreach ($log in 'System', 'Application', 'Setup') {
            $file = New-Object IO.FileInfo "$($script:SystemFolders[0])\winevt\Logs\$log.evtx"
            if ($file.Exists) { $needed += 2 * $file.Length }
        }
    }
    $free = Get-FreeDisk
    if ($free -ge $needed) { return }
    throw ("$([int]($needed / 1MB)) MB of free disk are needed, and $OutputFolder has $([int]($free / 1MB)) MB. " +
        'Choose another folder with -OutputFolder.')
}

# ---- 10. The run ----------------------------------------------------------------------------------------------------
function Get-Delay {
    # From the export made a moment ago: seconds for which a closed connection keeps its port.
    $delay = $UsualDelay
    if ($Thorough) { $delay = $ThoroughDelay }
    $path = Get-WorkPath 'registry/tcpip-parameters.reg'
    if (-not [IO.File]::Exists($path)) { return $delay }
    if ([IO.File]::ReadAllText($path) -match '"TcpTimedWaitDelay"=dword:([0-9a-fA-F]{8})') {
        $set = [Convert]::ToInt64($matches[1], 16)
        $delay = [Math]::Max($delay, [Math]::Min($set, $LongestDelay))
    }
    return $delay
}

function Get-Rows($When) {
    foreach ($row in $Table) { if ("$($row.When)" -eq "$When") { Get-Artefact $row } }
}

function Get-Snapshots {
    $first = $script:Clock.ElapsedMilliseconds
    Write-Host 'Connections, processes and memory now ...'
    Get-Rows 1
    try { Set-Uptime } catch { $null = $_ }   # the manifest then has none
    $delay = Get-Delay
    $gap = 1000 * ($delay + $Margin)
    if ($Quick) { $script:Expected = 60 } else { $script:Expected = 2 * $gap / 1000 + $TraceSeconds + 20 }
    Write-Host 'Settings, drivers and event logs ...'
    Get-Rows 0
    if ($Redact) { Get-Rows 'redacted' }
    Get-Rows 'plain'
    try { Get-AppLogs } catch { Set-Outcome (New-Entry $AppLogRow) 'failed' (Get-Reason $_) }
    try { Get-Trace } catch { Set-Outcome $script:Entries[$script:Entries.Count - 1] 'failed' (Get-Reason $_) }
    foreach ($number in 2, 3) {
        if (-not $Quick) {
            Write-Host "Waiting $($gap / 1000) s, to list the connections again ($number of 3) ..."
            if ($number -eq 2) {
                Write-Host "  Windows keeps a closed connection's port for up to $delay s; only what is still"
                Write-Host '  there after that shows a fault. Ctrl+C stops everything.'
            }
            Wait-Until ($first + $gap) "Waiting for list $number of 3"
        }
        $first = $script:Clock.ElapsedMilliseconds
        Get-Rows $number
    }
}

function Get-AppLogs {
    $found = @($AppLog.Split(';') | ForEach-Object { $_.Trim() } | Where-Object { $_ })
    foreach ($pattern in $found) {
        $files = @(Get-ChildItem -Path $pattern -Force -ErrorAction SilentlyContinue)
        $files = @($files | Where-Object { -not $_.PSIsContainer })
        if ($files.Count -eq 0) {
            $entry = New-Entry @{ Path = 'applog/'; Run = "(this script) copy of $pattern"; Why = $AppLogWhy }
            Set-Outcome $entry 'failed' 'no such file'
        }
        foreach ($file in $files) { Copy-AppLog $file }
    }
}

function Copy-AppLog($File) {
    $script:AppLogs++
    $name = 'applog/{0:00}-{1}' -f $script:AppLogs, $File.Name
    $entry = New-Entry @{ Path = $name; Run = "(this script) copy of $($File.FullName)"; Why = $AppLogWhy }
    $script:Doing = $entry.command
    # Started elevated, this script reads what the person who laid a link there may not.
    if ([int]$File.Attributes -band 1024) { return Set-Outcome $entry 'failed' 'a link: name the file itself' }
    if ($script:AppLogs -gt $MostAppLogs) { return Set-Outcome $entry 'skipped' "more than $MostAppLogs logs" }
    $entry.started_at = Get-Stamp
    $entry.monotonic_ms = $script:Clock.ElapsedMilliseconds
    Remove-IfThere $script:Output
    try {
        # The application may be writing to it.
        $share = [IO.FileShare]'ReadWrite, Delete'
        $from = New-Object IO.FileStream $File.FullName, ([IO.FileMode]::Open), ([IO.FileAccess]::Read), $share
        try {
            $to = [IO.File]::Create($script:Output)
            try {
                if ($from.Length -gt $MostAppLog) {
                    [void]$from.Seek(-$MostAppLog, [IO.SeekOrigin]::End)
                    $entry.transformed = "the last $($MostAppLog / 1MB) of $([int]($from.Length / 1MB)) MB"
                }
                Copy-Stream $from $to $MostAppLog
            } finally { $to.Close() }
        } finally { $from.Close() }
        $start = Read-Start $script:Output
        $binary = (Get-Encoding $start).GetString($start).IndexOf([char]0) -ge 0
        if ($Redact -and $binary) { throw 'not plain text: left out of a redacted bundle' }
        Save-Output $entry ''
        Set-Outcome $entry 'ok'
    } catch { Set-Outcome $entry 'failed' (Get-Reason $_) }
    $entry.duration_ms = $script:Clock.ElapsedMilliseconds - $entry.monotonic_ms
}

# ---- 11. The network trace (-TraceSeconds) --------------------------------------------------------------------------
function Get-TraceObstacle($Row) {
    if ($TraceSeconds -le 0) { return 'skipped', 'not asked for (-TraceSeconds)' }
    $outcome, $reason = Get-Obstacle $Row
    if ($outcome) { return $outcome, $reason }
    if ((Get-FreeDisk) -lt $TraceNeeds) { return 'failed', "a trace needs $($TraceNeeds / 1MB) MB of free disk" }
    $printed = Get-WorkPath 'status.tmp'
    [void](Invoke-Program $TraceStatus 60 $printed)
    if ([IO.File]::Exists($printed) -and [IO.File]::ReadAllText($printed) -match '(?i)\.etl') {
        return 'failed', 'another network trace is running; whoever started it can end it with: netsh trace stop'
    }
    return $null
}

function Get-TraceOptions {
    $options = ''
    if ($TraceHttp -and (Read-Yes ('-TraceHttp also records what programs send by HTTP: addresses, headers, cookies. ' +
                'These can hold passwords and personal data, and they go into the zip.'))) {
        foreach ($one in $HttpProviders) { $options += " provider=$one keywords=0xffffffffffffffff level=0xff" }
    }
    if ($TracePackets -and (Read-Yes ('-TracePackets also records network packets with their contents: ' +
                'anything this computer sends or receives unencrypted goes into the zip.'))) { return $options, 'yes' }
    return $options, 'no'
}

function Get-Trace {
    $start, $convert = @($Table | Where-Object { "$($_.When)" -eq 'trace' })
    $outcome, $reason = Get-TraceObstacle $start
    $etl = Get-WorkPath 'trace.etl'
    if (-not $outcome) {
        $more, $packets = Get-TraceOptions
        $run = $start.Run.Replace('{etl}', $etl).Replace('capture=no', "capture=$packets") + $more
        $begun = Get-Stamp
        $outcome, $reason = Invoke-Trace $run $start.Limit
    }
    $entry = New-Entry $start
    if ($more) { $entry.why += ' HTTP is recorded too, as asked for and allowed.' }
    if ($packets -eq 'yes') { $entry.why += ' Packets are recorded too, as asked for and allowed.' }
    if (-not $outcome) { $entry.command = $run.Replace($etl, '{etl}') }
    if (-not $outcome) {
        $entry.started_at = $begun
        if ($Redact) { $outcome, $reason = 'skipped', 'left out of a redacted bundle' } else {
            [IO.File]::Copy($etl, $script:Output, $true)
            Save-Output $entry ''
            $outcome = 'ok'
        }
        Set-Outcome $entry $outcome $reason
        Get-Artefact @{
            Path = $convert.Path; Run = $convert.Run.Replace('{etl}', $etl); Why = $convert.Why
            Admin = 1; Since = $convert.Since; Limit = $convert.Limit; When = 'trace'
        }
        $script:Entries[$script:Entries.Count - 1].command = $convert.Run   # without a path of this computer
        return
    }
    Set-Outcome $entry $outcome $reason
    if ($outcome -ne 'skipped') { $reason = 'there is no recording' }
    Set-Outcome (New-Entry $convert) $outcome $reason
}

function Invoke-Trace($Run, $Limit) {
    Write-Host "Recording the network stack for $TraceSeconds s ..."
    $script:Tracing = $true   # before it runs, so that an interruption in between stops it too
    $result = Invoke-Program $Run $Limit (Get-WorkPath 'trace.tmp')
    if ($result.outcome -ne 'ok') {
        $script:Tracing = $result.outcome -eq 'timed-out'
        Stop-Trace
        return $result.outcome, $result.reason
    }
    Wait-Until ($script:Clock.ElapsedMilliseconds + 1000 * $TraceSeconds) 'Recording the network stack'
    Stop-Trace
    if ([IO.File]::Exists((Get-WorkPath 'trace.etl'))) { return $null }
    return 'failed', 'netsh wrote no recording'
}

function Stop-Trace {
    if (-not $script:Tracing) { return }
    $script:Doing = 'Ending the recording'
    Write-Host 'Ending the recording. This can take minutes; please do not press Ctrl+C again.'
    $result = Invoke-Program $TraceStop 900 (Get-WorkPath 'stop.tmp')
    if ($result.outcome -eq 'ok') { $script:Tracing = $false }
    else { Write-Host "The recording could not be ended ($($result.reason)). Please run: netsh trace stop" }
}

# ---- 12. Main -------------------------------------------------------------------------------------------------------
function Get-ZipName {
    $name = [regex]::Replace([Environment]::MachineName, '[\\/:*?"<>|\s]', '-')
    if ($Redact) { $name = $script:Facts.host }
    return $name + '_' + ($script:Facts.started_at -replace '\.\d+|[-:]')
}

function Complete-Bundle {
    # The zip is written aside and then renamed: it is complete, or it is not there.
    if (-not @($script:Entries | Where-Object { $_.outcome -eq 'ok' })) { throw 'no command could be run' }
    if ($Redact) {
        Hide-Names
        $script:Facts.host = 'HOST-1'   # the first name added is this computer's
        $script:Facts.options.app_log = Hide-Text $AppLog
    }
    $script:Doing = 'Writing the zip'
    Write-Manifest
    $taken = @($script:Entries | Where-Object { $_.outcome -eq 'ok' })
    $zip = [IO.Path]::Combine($OutputFolder, (Get-ZipName) + '.zip')
    $aside = $script:Aside = $script:Work -replace '\.tmp$', '.part'
    Write-Zip $aside (@($taken | ForEach-Object { $_.path }) + 'manifest.json')
    $hash = Get-Sha256 $aside
    if ($Redact) { Save-Pseudonyms ($zip -replace '\.zip$', '-pseudonyms.csv') }
    [IO.File]::Move($aside, $zip)
    Write-Summary $zip $hash
}

function Write-Summary($Zip, $Hash) {
    Write-Progress -Activity 'Done' -Status 'Done' -Completed
    Write-Host ''
    Write-Host "Done. Please send this file to your support engineer:"
    Write-Host "  $Zip"
    $size = [Math]::Ceiling((New-Object IO.FileInfo $Zip).Length / 1KB)
    Write-Host "  $size KB. Its SHA-256; send it by another way, so that the file can be checked:"
    Write-Host "  $Hash"
    if ($Redact) { Write-Host 'Keep the list of pseudonyms beside it; do not send that.' }
    if ($script:Lost.Count) {
        Write-Host ''
        Write-Host "Not complete: $($script:Lost.Count) of $($script:Entries.Count) items are missing:"
        foreach ($entry in $script:Lost) { Write-Host "  $($entry.path): $($entry.reason)" }
        Write-Host 'Please send it all the same: it is useful.'
        if (-not $script:Elevated) { Write-Host 'For a complete one run it again as administrator.' }
        $script:ExitCode = 1
    } else { $script:ExitCode = 0 }
}

function Protect-Folder {
    # Nobody else reads or replaces what is gathered: administrators, the system, the event log's service, this user.
    $me = [Security.Principal.WindowsIdentity]::GetCurrent().User.Value
    $rights = New-Object Security.AccessControl.DirectorySecurity
    $rights.SetAccessRuleProtection($true, $false)
    foreach ($sid in 'S-1-5-32-544', 'S-1-5-18', 'S-1-5-19', $me) {
        $who = New-Object Security.Principal.SecurityIdentifier $sid
        $below = 'ContainerInherit, ObjectInherit'
        $rule = New-Object Security.AccessControl.FileSystemAccessRule $who, 'FullControl', $below, 'None', 'Allow'
        $rights.AddAccessRule($rule)
    }
    Set-Acl -Path $script:Work -AclObject $rights
    if ([IO.Directory]::GetFileSystemEntries($script:Work).Length) { throw 'somebody wrote into the temporary folder' }
}

function Invoke-Collector {
    if ($Unknown) { throw "there is no such option: $Unknown. README.md lists them." }
    if ($Quick -and $Thorough) { throw '-Quick and -Thorough exclude each other' }
    if ($TraceSeconds -lt 0) { throw '-TraceSeconds needs a number of seconds' }
    if (($TraceHttp -or $TracePackets) -and ($Redact -or -not $TraceSeconds)) {
        throw '-TraceHttp and -TracePackets need -TraceSeconds, and cannot be redacted'
    }
    if ("$OutputFolder$AppLog" -match '"') {
        throw 'a folder in quotes must not end with a backslash: write "D:\my out", not "D:\my out\"'
    }
    if (-not $OutputFolder) { $script:OutputFolder = $ScriptFolder }
    $script:OutputFolder = [IO.Path]::GetFullPath([IO.Path]::Combine((Get-Location).ProviderPath, $OutputFolder))
    Initialize-Collector
    Test-Disk
    $name = 'forensics-' + [Guid]::NewGuid().ToString('N').Substring(0, 8) + '.tmp'
    $script:Work = [IO.Path]::Combine($OutputFolder, $name)
    $script:Output = Get-WorkPath 'output.tmp'
    try { [void][IO.Directory]::CreateDirectory($script:Work) }
    catch { throw "cannot write to ${OutputFolder}: $(Get-Reason $_) Choose another folder with -OutputFolder." }
    if ($script:OnWindows) {
        try { Protect-Folder } catch { Write-Host "Other users of this computer may read along: $(Get-Reason $_)" }
    }
    Write-Host 'Collecting evidence about network ports. Nothing is changed, nothing is sent.'
    $minutes = 'five minutes'
    if ($Thorough) { $minutes = 'ten minutes' }
    if ($Quick) { $minutes = 'a minute' }
    Write-Host "This takes about $minutes; most of it is waiting."
    if (-not $script:Elevated) { Write-Host 'Not started as administrator: some items will be missing.' }
    Get-Snapshots
    try { Complete-Bundle } catch {
        if ($Redact -or -not $script:Facts.files) { throw }
        # Five minutes of evidence that a restart wipes out: better unzipped than lost.
        $script:Keep = $true
        Write-Host "Collected, but the zip could not be written: $(Get-Reason $_)"
        Write-Host 'The files are here; make room, zip this folder yourself, send it and delete it:'
        Write-Host "  $($script:Work)"
    }
}

if ("$($ExecutionContext.SessionState.LanguageMode)" -eq 'ConstrainedLanguage') {
    Write-Host 'Nothing was collected: a policy limits PowerShell here (constrained language mode).'
    Write-Host 'Please ask the administrator of this computer, or run the commands of the table by hand.'
    exit 2
}
Set-StrictMode -Off
$ErrorActionPreference = 'Stop'
# I and i are one letter, and a year is a year, whatever the user's language (Turkish, Thai). For this run only.
[Threading.Thread]::CurrentThread.CurrentCulture = [Globalization.CultureInfo]::InvariantCulture
$ScriptFolder = [IO.Path]::GetDirectoryName($MyInvocation.MyCommand.Path)
$script:Clock = [Diagnostics.Stopwatch]::StartNew()
$script:Entries = New-Object Collections.ArrayList
$script:Lost = New-Object Collections.ArrayList
$script:Pseudonyms = @{}
$script:Counts = @{}
$script:Expected = 330
$script:Doing = 'Starting'
$script:Drawn = -1000
$script:AppLogs = 0
$script:Tracing = $false
$script:OwnPattern = ''
$script:NamePattern = ''
$script:Aside = ''
$script:Keep = $false
$script:ExitCode = 2
try { Invoke-Collector } catch { Write-Host "Nothing was collected: $(Get-Reason $_)" }
finally {
    # Also after Ctrl+C: end the recording, delete the temporary folder. A zip is there only if it is complete.
    Stop-Trace
    if ($script:Aside) { Remove-IfThere $script:Aside }
    if ($script:Work -and -not $script:Keep -and [IO.Directory]::Exists($script:Work)) {
        try { [IO.Directory]::Delete($script:Work, $true) } catch { Write-Host "Please delete $($script:Work)." }
    }
}
exit $script:ExitCode
