"""The checkers refuse what they should, for the reason they should, and let ordinary PowerShell 2.0 pass."""

import pytest

from tests.collectors.form import ill_formed, ill_started
from tests.collectors.harmless import changing, refused_command
from tests.collectors.powershell import Script
from tests.collectors.powershell_2 import GUARDS, newer

NEWER = {
    "[ordered]@{ a = 1 }": "[ordered]",
    "[pscustomobject]@{ a = 1 }": "[pscustomobject]",
    "if (1 -in 1, 2) { }": "-in",
    "if (1 -notin 1, 2) { }": "-notin",
    "$x = 1 -shl 2": "-shl",
    "$x = 8 -shr 2": "-shr",
    "$x = [Version]::new(1, 2)": "::new",
    "class A { }": "classes came with 5.0",
    "enum A { B }": "enums came with 5.0",
    "using namespace System.IO": "using",
    "workflow f { }": "workflow",
    "1, 2 | ForEach-Object { $PSItem }": "psitem",
    "$x = $PSScriptRoot": "psscriptroot",
    "$x = $PSCommandPath": "pscommandpath",
    "if ($IsWindows) { }": "iswindows",
    "Get-Process | ForEach-Object Name": "foreach-object without",
    "Get-Process | Where-Object Id -eq 3": "where-object without",
    "Get-Process | % { $_.Id }": "%: neither",
    "Get-Process | ? { $_.Id }": "neither",
    "#requires -RunAsAdministrator\n$x = 1": "#requires",
    "#requires -Version 5.1\n$x = 1": "#requires",
    "ConvertTo-Json @{}": "convertto-json",
    "Get-CimInstance Win32_Process": "get-ciminstance",
    "Get-FileHash a": "get-filehash",
    "Compress-Archive a b": "compress-archive",
    "Get-Content a -Raw": "-raw",
    "Get-Content a -Tail 3": "-tail",
    "Get-ChildItem -File": "-file",
    "Get-ChildItem -Directory": "-directory",
    "Get-ChildItem -Depth 2": "-depth",
    "Out-File a -NoNewline": "-nonewline",
    "Test-NetConnection a": "test-netconnection",
    "Invoke-WebRequest a": "invoke-webrequest",
    "Get-NetTCPConnection": "get-nettcpconnection",
    "Write-Output a && Write-Output b": "&&",
    "Write-Output a || Write-Output b": "||",
    "Write-Output a *> b.txt": "*>",
    "Write-Output a 3>&1": "3>&1",
    "Write-Output a 4> b.txt": "4>",
    "Join-Path a b c": "fewer values",
    "param([Parameter(Mandatory)]$a) $a": "Mandatory=$true",
    "Out-File -FilePath a -Encoding utf8NoBOM": "utf8NoBOM",
    "Split-Path a -LeafBase": "-leafbase",
    "Export-Csv a -Append": "-append",
    "Remove-Item -LiteralPath a -Stream b": "-stream",
    "New-Item -LiteralPath a": "-literalpath",
    "Sort-Object -Top 3": "-top",
    "Select-Object -SkipLast 1": "-skiplast",
    "Start-Sleep -Duration 3": "-duration",
    "'ab' -replace 'a', { 'x' }": "script block",
    "$a = 1, 2; $a.Where({ $_ })": ".where",
    "$a = 1, 2; $a.ForEach({ $_ })": "foreach",
    "[string]::IsNullOrWhiteSpace('')": "isnullorwhitespace",
    "[IO.Path]::Combine('a', 'b', 'c')": "took 2 arguments",
    "[IO.Directory]::EnumerateFiles('a')": "enumeratefiles",
    "[TimeZoneInfo]::Local": "[timezoneinfo]",
    "[Collections.Generic.HashSet[string]]$x = 1": "hashset",
    "New-Object Collections.Generic.HashSet[string]": "hashset",
    "[Environment]::Is64BitOperatingSystem": "is64bitoperatingsystem",
    "$s = New-Object IO.MemoryStream; $s.CopyTo($s)": ".copyto",
    "$s = New-Object IO.MemoryStream; $s.Dispose()": "unguarded",
    "$p = [Diagnostics.Process]::GetCurrentProcess(); $p.Kill($true)": "unguarded",
    "New-Object IO.Compression.ZipArchive $null": "unguarded",
    "New-Object Security.Cryptography.SHA256CryptoServiceProvider": "unguarded",
    "[Linq.Enumerable]::Range(1, 2)": "[linq.enumerable]",
    "[bigint]1": "[bigint]",
    "[Math]::Clamp(1, 2, 3)": "::clamp",
    "$x = 0b101": "binary",
    '$x = "`e[0m"': "escapes",
    '$x = "`u{1F600}"': "escapes",
    "$x = @{ Path = 'a' }; Get-Item @x": "splatting",
    "$n = 'a'; $n.$n": "not written out",
    "$x = $using:y": "scopes",
    "$x = $undefined": "neither the script's own",
    "Write-Host a -Bogus": "-bogus",
    "Write-Information a": "write-information",
    "Set-StrictMode -Version 2 -Foo": "-foo",
    "Get-Process -IncludeUserName": "-includeusername",
    "data { 'a' }": "data section",
    "Write-Output --% a": "--%",
    "New-Object -TypeName ('a' + 'b')": "not written out",
}
CHANGING = {
    "Set-ItemProperty HKLM:\\a b c": "set-itemproperty",
    "New-Service a b": "new-service",
    "Stop-Process 3": "kill outside",
    "Set-ExecutionPolicy Bypass": "policy",
    "Start-Service a": "start-service",
    "schtasks /create": "schtasks",
    "Restart-Computer": "restart-computer",
    "Remove-Item a": "delete outside",
    "Move-Item a b": "move outside",
    "[IO.File]::Delete('a')": "delete outside",
    "function f { [IO.File]::Delete('a') }": "delete outside",
    "function f { [IO.Directory]::Delete('a', $true) }": "delete outside",
    "function f { [IO.File]::Move('a', 'b') }": "move outside",
    "$x = [Microsoft.Win32.Registry]::SetValue('a', 'b', 1)": "registry",
    "$key.CreateSubKey('a')": "registry",
    "$key.DeleteValue('a')": "registry",
    "New-Object Net.WebClient": "network",
    "[Net.Dns]::GetHostName()": "network",
    "New-Object Net.Sockets.TcpClient": "network",
    "$x = 'https://host/file'": "network",
    "Invoke-Expression $x": "runs text",
    "iex $x": "runs text",
    "$x = 'powershell -EncodedCommand AAAA'": "hides",
    "Add-Type -TypeDefinition 'class A { }'": "Add-Type",
    "Add-Type -MemberDefinition 'x' -Name a": "Add-Type",
    "[Reflection.Assembly]::Load($x)": "loads code",
    "& $x": "not written out",
    ". .\\other.ps1": "not written out",
    "& 'cmd.exe' /c dir": "not written out",
    "New-Object -ComObject WScript.Shell": "wscript.shell",
    "Start-Process notepad": "start outside",
    "function f { [Diagnostics.Process]::Start('a') }": "start outside",
    "function f($p) { $p.Kill() }": "kill outside",
    "Set-Content a b": "set-content",
    "$x = 'netsh int ipv4 set dynamicport tcp start=1 num=2'": "known to change nothing",
    "$x = 'reg add HKLM\\a'": "known to change nothing",
}
COMMANDS = (
    "netsh int ipv4 set dynamicport tcp start=1025 num=60000",
    "netsh winsock reset",
    "netsh int tcp set global chimney=disabled",
    "netsh trace start capture=no persistent=yes",
    "netsh int ipv4 show dynamicport tcp & del a",
    "netstat -ano > C:\\a",
    "netstat -ano 1",
    "reg delete HKLM\\SYSTEM /f",
    "reg import a.reg",
    "reg export HKLM\\SYSTEM C:\\a.reg /y",
    "reg query HKLM\\SYSTEM & shutdown",
    "wevtutil cl System",
    "wevtutil sl System /ms:1",
    "wevtutil epl System C:\\a.evtx",
    "fltmc unload a",
    "wmic process call create a",
    "wmic process where name='a' delete",
    "tasklist /s host",
    "driverquery /s host",
    "systeminfo /s host",
    "certutil -urlcache -f a",
    "cmd /c dir",
    'powershell -Command "Get-WmiObject A"',
    'powershell -NoProfile -NonInteractive -Command "Stop-Process 3"',
    'powershell -NoProfile -NonInteractive -Command "Get-WmiObject A | Export-Csv C:\\a.csv"',
    'powershell -NoProfile -NonInteractive -Command "(Get-WmiObject A).Delete()"',
    'powershell -NoProfile -NonInteractive -Command "Get-CimInstance A"',
    'powershell -NoProfile -NonInteractive -Command "Get-NetTCPSetting | Export-Csv {out}"',
    'powershell -NoProfile -NonInteractive -EncodedCommand "AAAA"',
    "shutdown /r",
    "sc stop a",
)
FINE = (
    'param([switch]$Quick, [Parameter(Mandatory=$true)][string]$Path)\nif ($Quick) { Write-Host "$Path" }',
    "foreach ($i in 1..3) { Write-Output $i }",
    "$x = @(1, 2) | Sort-Object { -$_ } | ForEach-Object { $_ + 1 }",
    "try { $s = [IO.File]::OpenRead('a') } catch { $null = $_ } finally { if ($s) { $s.Close() } }",
    "$z = 'System.IO.Compression.ZipArchive' -as [type]\nif ($z) { New-Object IO.Compression.ZipArchive $null }",
    "try { $h = New-Object Security.Cryptography.SHA256CryptoServiceProvider } catch { $null = $_ }",
    "function Stop-Program($p) { try { $p.Kill($true) } catch { $p.Kill() } }",
    "function Remove-IfThere($a) { [IO.File]::Delete($a) }",
    "$t = [Environment]::TickCount64; $r = @{ a = 1 }; $r.a = $t",
    "Join-Path $env:TEMP 'a' | Out-Null",
    "Get-WmiObject Win32_Process -Filter 'ProcessId = 4' | Select-Object Name",
    "switch ('a') { 'a' { 1 } default { 2 } }",
    "$x = 'a,b' -split ',' -join ';' -replace 'a', 'b'",
    "Add-Type -AssemblyName System.IO.Compression",
    "$m = 200MB\n$n = $m / 1MB\n'{0:x}' -f $n",
    "function Start-Program { [Diagnostics.Process]::Start((New-Object Diagnostics.ProcessStartInfo)) }",
    "$c = 'netsh trace show status', 'netstat -ano', 'fltmc'",
    "# https://host in a comment is none\n$x = 1",
)
ALLOWED = (
    "netstat -ano",
    "netsh int ipv4 show excludedportrange protocol=tcp",
    "reg export HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters {out} /y",
    'wevtutil epl Application {out} "/q:*[System[TimeCreated[timediff(@SystemTime) <= 2592000000]]]"',
    "wmic qfe get Description,HotFixID,InstalledOn /format:csv",
    'powershell -NoProfile -NonInteractive -Command "Get-WmiObject A | Export-Csv -NoTypeInformation -Encoding UTF8 {out}"',
)


@pytest.mark.parametrize("text", NEWER)
def test_what_is_newer_is_refused(text: str) -> None:
    script = Script(text)
    found = "\n".join(script.errors() + newer(script))
    assert NEWER[text].lower() in found.lower(), found


@pytest.mark.parametrize("text", CHANGING)
def test_what_changes_the_system_is_refused(text: str) -> None:
    script = Script(text)
    found = "\n".join(changing(script))
    assert CHANGING[text].lower() in found.lower(), found


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_that_are_not_listed_are_refused(command: str) -> None:
    assert refused_command(command)


@pytest.mark.parametrize("command", ALLOWED)
def test_listed_commands_pass(command: str) -> None:
    assert refused_command(command) == ""


def test_a_newer_cmdlet_passes_where_windows_has_it() -> None:
    command = 'powershell -NoProfile -NonInteractive -Command "Get-NetTCPSetting | Export-Csv {out}"'
    assert refused_command(command, "6.2") == ""


@pytest.mark.parametrize("text", FINE)
def test_ordinary_powershell_2_passes(text: str) -> None:
    script = Script(text)
    assert script.errors() + newer(script) + changing(script) == []


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: str(guard.what))
def test_every_exception_has_its_reason(guard: object) -> None:
    assert len(getattr(guard, "why", "")) > 10


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"$x = 'caf\xe9'\n", "ASCII"),
        (b"\t$x\n", "tab"),
        (b"#" * 121 + b"\n", "columns"),
        (b"$x = 1", "no line end"),
        (b"$x = 1\r$y = 2\n", "carriage"),
        (b"$x = 1 \n", "blanks"),
        (b"function f {\n" + b"    1\n" * 40 + b"}\n", "a function of 42 lines"),
        (b"$x = 1\n" * 1351, "at most 1350"),
    ],
)
def test_the_form_is_checked(data: bytes, reason: str) -> None:
    assert any(reason in one for one in ill_formed(data))


START = b'@echo off\r\npowershell -NoProfile -ExecutionPolicy Bypass -File "%~dp0forensics-collect.ps1" %*\r\n'


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (START.replace(b"\r\n", b"\n"), "CRLF"),
        (START.replace(b" -ExecutionPolicy Bypass", b""), "ExecutionPolicy"),
        (START + b"setx A B\r\n", "setx"),
        (START + b"reg add HKLM\\a\r\n", "reg add"),
        (START + b"del a\r\n", "del"),
        (START + b"if 1==1 notepad\r\n", "notepad is no command"),
        (START + b"echo a & calc\r\n", "calc is no command"),
        (START + b"calc\r\n", "calc is no command"),
        (START + b"rem caf\xe9\r\n", "ASCII"),
        (START + b"powershell -EncodedCommand AAAA\r\n", "may not be used"),
    ],
)
def test_a_starter_that_does_more_is_refused(data: bytes, reason: str) -> None:
    found = ill_started(data)
    assert any(reason.lower() in one.lower() for one in found), found


def test_a_plain_starter_passes() -> None:
    assert ill_started(START + b"set STATUS=%errorlevel%\r\npause\r\nexit /b %STATUS%\r\n") == []


def test_there_are_enough_of_them() -> None:
    assert len(NEWER) + len(CHANGING) + len(COMMANDS) >= 60
