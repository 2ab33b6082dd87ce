"""From a machine to the bundle that a collector would bring home from it: members, manifest, zip."""

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from builder.collection import ROWS, Row
from builder.contents import contents
from builder.machine import Machine
from builder.recorded import application_log

_ZIP_TIME = (2000, 1, 1, 0, 0, 0)
_LEAD = timedelta(seconds=2)
"""From the start of the collector to the first snapshot."""
_ONCE_AFTER = timedelta(seconds=9)
_ONCE_STEP = timedelta(milliseconds=340)
_LOG_EXPORT_AFTER = timedelta(seconds=20)
"""From the first snapshot to the export of the event logs, which is the newest moment an event can have."""
_LOG_STEP = timedelta(milliseconds=2600)
_TRACE_AFTER = timedelta(seconds=10)
"""From the last snapshot, or the export of the logs, to the beginning of the trace."""
_TRACE_STOPS_AFTER = timedelta(seconds=6)
"""From the end of the recording to its conversion: netsh writes it out first."""
_FIRST = "registry/tcpip-parameters.reg"
"""Read before the first snapshot: it says how far apart they have to be."""
_IN_SNAPSHOT = {
    "netstat/s-1.txt": timedelta(milliseconds=20),
    "netstat/s-2.txt": timedelta(milliseconds=20),
    "netstat/s-3.txt": timedelta(milliseconds=20),
    "netstat/anot-1.txt": timedelta(milliseconds=1200),
    "netstat/anoq-1.txt": timedelta(milliseconds=2400),
    "netstat/anob.txt": timedelta(milliseconds=3600),
    "process/tasklist-svc.csv": timedelta(milliseconds=5000),
    "process/wmic-process.csv": timedelta(milliseconds=5900),
    "system/memory.csv": timedelta(milliseconds=7300),
}
_USUAL_MILLISECONDS = 310
_MILLISECONDS = {
    "netstat/anob.txt": 1300, "process/tasklist-svc.csv": 820, "process/wmic-process.csv": 1240,
    "system/memory.csv": 1600, "system/systeminfo.txt": 5210, "system/hotfixes.csv": 2150, "system/drivers.csv": 940,
    "eventlog/System.evtx": 2400, "eventlog/Setup.evtx": 180,
}  # fmt: skip
_EXIT_CODE = "ended with exit code"
_OWN = "system/tcpip-files.csv"
"""Made by the collector itself, without a command."""
_NO_SUCH_KEY = "ERROR: The system was unable to find the specified registry key or value."
_USAGE = "Displays protocol statistics and current TCP/IP network connections."
_NO_ETL = "left out of this sample: no recording is simulated, only its text"
_LOG_WHY = "A log of the application, as asked for."
_LOGS = sum(row.when == "plain" for row in ROWS)
_TRANSFORMED = {"registry/windows-currentversion.reg": "secrets masked"}


@dataclass(frozen=True, slots=True)
class _Artefact:
    row: Row
    at: datetime
    milliseconds: int
    data: bytes | None
    outcome: str = "ok"
    reason: str = ""


def bundle_files(machine: Machine, *, without: Iterable[str] = (), manifest: bool = True) -> dict[str, bytes]:
    """The members of the machine's bundle, by path.

    Args:
        machine: The machine.
        without: Starts of paths that the collector could not get, such as ``netsh/``: they are no members,
            and the manifest says why. To lose a member *after* collection, delete it from the result instead.
        manifest: Whether to write ``manifest.json``.
    """
    failed = tuple(without)
    artefacts = _artefacts(machine)
    files = {
        artefact.row.path: artefact.data
        for artefact in artefacts
        if artefact.data is not None and not artefact.row.path.startswith(failed)
    }
    if manifest:
        files["manifest.json"] = _manifest(machine, artefacts, failed)
    return files


def zip_bytes(files: Mapping[str, bytes], *, backslashes: bool = False) -> bytes:
    r"""A zip of these members: sorted, with fixed times, so that the same members give the same bytes.

    Args:
        files: Members by path.
        backslashes: Write ``netstat\ano-1.txt``, as some Windows tools do.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(files):
            member = zipfile.ZipInfo("x", _ZIP_TIME)
            # Set here, because ZipInfo() would put the slashes back on Windows.
            member.filename = path.replace("/", "\\") if backslashes else path
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 0  # Windows
            archive.writestr(member, files[path])
    return out.getvalue()


def _artefacts(machine: Machine) -> list[_Artefact]:
    """One for each row of the collector's table, and each log, in the order in which they are collected."""
    data = contents(machine, machine.collected_at + _LOG_EXPORT_AFTER, trace_begins(machine))
    found = [_copied_log(machine)] if machine.application_log else []
    for row, at in _schedule(machine):
        milliseconds = _MILLISECONDS.get(row.path, _USUAL_MILLISECONDS)
        if row.path in data:
            found.append(_Artefact(row, at, milliseconds, data[row.path]))
        else:
            found.append(_Artefact(row, at, milliseconds, None, *_lost(machine, row)))
    return sorted(found, key=lambda artefact: artefact.at)


def _schedule(machine: Machine) -> Iterator[tuple[Row, datetime]]:
    """When each file is collected. Of snapshots that the machine does not have, a quick run's are listed."""
    first = machine.collected_at
    taken = dict(enumerate(machine.snapshot_times, 1))
    once, logs = first + _ONCE_AFTER, first + _LOG_EXPORT_AFTER
    last = trace_begins(machine)
    for row in ROWS:
        if row.path == _FIRST:
            yield row, first - timedelta(seconds=1)
        elif row.when == 0:
            yield row, once
            once += _ONCE_STEP
        elif row.when == "plain":
            yield row, logs
            logs += _LOG_STEP
        elif row.when in taken or (row.when == 1 and not row.path.startswith("netstat/")):
            yield row, taken.get(int(row.when), first) + _IN_SNAPSHOT.get(row.path, timedelta())
        elif row.when == "trace" and row.path.endswith(".txt") and machine.recording:
            yield row, last + timedelta(seconds=machine.recording.seconds) + _TRACE_STOPS_AFTER
        elif row.when == "trace" or len(taken) == 1:
            yield row, last


def trace_begins(machine: Machine) -> datetime:
    """When a trace begins that is asked for."""
    return max((*machine.snapshot_times, machine.collected_at + _LOG_EXPORT_AFTER)) + _TRACE_AFTER


def _copied_log(machine: Machine) -> _Artefact:
    log = machine.application_log
    if log is None:
        raise ValueError("no log was asked for")
    at = machine.collected_at + _LOG_EXPORT_AFTER + _LOGS * _LOG_STEP
    name = log.path.rpartition("\\")[2]
    row = Row(f"applog/01-{name}", "plain", "6.0", f"(this script) copy of {log.path}", _LOG_WHY)
    return _Artefact(row, at, _USUAL_MILLISECONDS, application_log(machine, at).text.encode())


def _lost(machine: Machine, row: Row) -> tuple[str, str]:
    """Outcome and reason of what this machine does not have."""
    if row.when == "trace":
        return "skipped", _NO_ETL if machine.recording else "not asked for (-TraceSeconds)"
    if (machine.system.major, machine.system.minor) < row.oldest:
        return "not-supported", f"this Windows is older than {row.since}"
    if row.when in (2, 3):
        return "skipped", "-Quick lists connections once"
    if row.when == 1:
        return _failed(row, _USAGE)
    return _failed(row, _NO_SUCH_KEY if row.path.startswith("registry/") else "it printed nothing")


def _failed(row: Row, printed: str) -> tuple[str, str]:
    """What fails, and is not on every system, is taken for something that this one does not have."""
    reason = f"{_EXIT_CODE} 1: {printed}"
    return ("not-supported", f"this system has no such thing: {reason}") if row.maybe else ("failed", reason)


def _manifest(machine: Machine, artefacts: list[_Artefact], failed: tuple[str, ...]) -> bytes:
    started = machine.collected_at - _LEAD
    finished = max(artefact.at + timedelta(milliseconds=artefact.milliseconds) for artefact in artefacts)
    offset = machine.zone.offset(machine.collected_at)
    system = machine.system
    document = {
        "schema": "forensics.bundle/1",
        "collector": {"name": "forensics-collector", "version": "1.0.0"},
        "host": machine.host.split(".", maxsplit=1)[0],
        "started_at": _iso(started),
        "finished_at": _iso(finished + timedelta(milliseconds=900)),
        "elevated": True,
        "utc_offset_minutes": int(offset.total_seconds() // 60),
        "powershell_version": "2.0" if system.major < 10 else "5.1.17763.1007",
        "os_version": f"{system.major}.{system.minor}.{system.build}.{system.service_pack << 16}",
        "architecture": "AMD64",
        "oem_codepage": int(machine.language.oem_codepage.removeprefix("cp")),
        "ansi_codepage": int(machine.language.ansi_codepage.removeprefix("cp")),
        "ui_language": machine.language.tag,
        "uptime_seconds": int(machine.uptime(started)),
        "boot_time": _iso(machine.boot),
        "options": {
            "quick": machine.snapshots == 1, "thorough": machine.snapshot_gap >= 240,
            "trace_seconds": machine.recording.seconds if machine.recording else 0,
            "trace_http": False, "trace_packets": False,
            "app_log": machine.application_log.path if machine.application_log else [], "redact": False,
        },
        "redacted": False,
        "files": [_manifest_entry(artefact, started, failed) for artefact in artefacts],
    }  # fmt: skip
    return (json.dumps(document, indent=2) + "\n").encode()


def _manifest_entry(artefact: _Artefact, started: datetime, failed: tuple[str, ...]) -> dict[str, object]:
    row, data, outcome, reason = artefact.row, artefact.data, artefact.outcome, artefact.reason
    if data is not None and row.path.startswith(failed):
        data, (outcome, reason) = None, _failed(row, "Access is denied.")
    entry: dict[str, object] = {"path": row.path, "command": row.run, "why": row.why, "outcome": outcome}
    if reason:
        entry["reason"] = reason
    tried = data is not None or _EXIT_CODE in reason
    if tried and row.path != _OWN and not row.path.startswith("applog/"):
        entry["exit_code"] = 0 if data is not None else 1
    if tried:
        entry["started_at"] = _iso(artefact.at)
        entry["monotonic_ms"] = (artefact.at - started) // timedelta(milliseconds=1)
        entry["duration_ms"] = artefact.milliseconds
    if data is not None:
        entry |= {"size": len(data), "sha256": sha256(data).hexdigest()}
        if row.path in _TRANSFORMED:
            entry["transformed"] = _TRANSFORMED[row.path]
    return entry


def _iso(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"
