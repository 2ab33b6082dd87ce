@echo off
rem Starts forensics-collect.ps1 by double click. Asks for elevation; the execution policy is passed for this one
rem process and is not changed. Options are passed on: forensics-collect.cmd -Thorough
setlocal EnableExtensions DisableDelayedExpansion
set "SELF=%~f0"
set "SCRIPT=%~dp0forensics-collect.ps1"
rem Without quotes of its own: those of the options protect their & and spaces.
set OPTIONS=%*

rem A 32-bit Command Prompt on a 64-bit Windows sees the real System32 as Sysnative.
set "SYSTEM=%SystemRoot%\System32"
if exist "%SystemRoot%\Sysnative\cmd.exe" set "SYSTEM=%SystemRoot%\Sysnative"
set "SHELL=%SYSTEM%\WindowsPowerShell\v1.0\powershell.exe"
if not exist "%SHELL%" goto :no_powershell
if not exist "%SCRIPT%" goto :no_script

set "ENGINE=HKLM\SOFTWARE\Microsoft\PowerShell\1\PowerShellEngine"
"%SYSTEM%\reg.exe" query %ENGINE% /v PowerShellVersion 2>nul | "%SYSTEM%\find.exe" "REG_SZ    1.0" >nul
if not errorlevel 1 goto :no_powershell

rem fltmc needs an elevated start: its exit code tells whether this is one.
"%SYSTEM%\fltmc.exe" >nul 2>&1
if not errorlevel 1 goto :run
if "%FORENSICS_ASKED%"=="1" goto :run
set "FORENSICS_ASKED=1"
set "HERE=%CD%"
echo Asking for administrator rights. Without them the collector still runs, and says what is missing.
rem 100, 101, 102: it ran elevated and ended with 0, 1, 2. 198: an administrator does not see this drive. Else: it did not run.
"%SHELL%" -NoProfile -ExecutionPolicy Bypass -Command "try { $p = Start-Process -FilePath ([Environment]::SystemDirectory + '\cmd.exe') -ArgumentList ('/c set FORENSICS_ASKED=1&cd /d \"' + $env:HERE + '\" 2>nul&(if not exist \"' + $env:SELF + '\" exit 98)&\"' + $env:SELF + '\" ' + $env:OPTIONS) -Verb RunAs -PassThru } catch { exit 99 }; try { while ($p -and -not $p.HasExited) { Start-Sleep 1 }; $c = $p.ExitCode; if (0,1,2,98 -notcontains $c) { $c = 2 }; exit (100 + $c) } catch { exit 101 }"
set "STATUS=%ERRORLEVEL%"
if "%STATUS%"=="100" exit /b 0
if "%STATUS%"=="101" exit /b 1
if "%STATUS%"=="102" exit /b 2
if "%STATUS%"=="198" echo An administrator does not see this drive: for a complete result copy the folder to the computer's own disk.
echo Going on without administrator rights.

:run
"%SHELL%" -NoProfile -ExecutionPolicy Bypass -File "%SCRIPT%" %OPTIONS%
set "STATUS=%ERRORLEVEL%"
if "%STATUS%"=="0" goto :end
rem A group policy that allows signed scripts only outranks Bypass; then PowerShell ends with 1 and nothing has run.
"%SHELL%" -NoProfile -NonInteractive -ExecutionPolicy Bypass -Command "exit [int]('Restricted','AllSigned' -contains (Get-ExecutionPolicy))"
if not errorlevel 1 goto :end
echo Nothing was collected: a group policy of this computer allows signed scripts only, and this script does not change that.
echo Please ask its administrator, or run the commands at the top of forensics-collect.ps1 by hand.
set "STATUS=2"
goto :end

:no_powershell
echo PowerShell 2.0 or later is needed and is not on this computer. The commands at the top of forensics-collect.ps1 can be run by hand.
set "STATUS=2"
goto :end

:no_script
echo "%SCRIPT%" is not there. Please unpack the whole folder first, then start this again.
set "STATUS=2"

:end
rem A window that was opened by a double click closes at once: let it be read.
setlocal EnableDelayedExpansion
if not "!CMDCMDLINE:/c=!"=="!CMDCMDLINE!" pause
exit /b %STATUS%
