"""Netstat tables to the row: a machine that does nothing, and as many rows as a test asks for.

Nothing else holds a port of the dynamic range of 1,000, 49152 to 50151, so that all shares follow from the counts.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from builder import Incident, Listener, Machine, Process, bundle_files, console
from builder.ports import Row

from forensics.report.findings import CauseEntry
from tests.bundles import cause, findings_of
from tests.machines import MONITOR, calm

FIRST = 49152
GAP = 150  # seconds between two tables, as the collector spaces them
SERVICE = Process(
    2600, "cachesvc.exe", "C:\\Cache\\cachesvc.exe", "C:\\Cache\\cachesvc.exe -k pool", ("CacheSvc",), 40, 3600
)
OTHER = 1536  # hostmonitor.exe
GONE = 7777  # in no process list
LABEL = "cachesvc.exe (PID 2600; services CacheSvc; command line C:\\Cache\\cachesvc.exe -k pool)"
LISTENERS = (
    Row("TCP", "0.0.0.0", 135, "0.0.0.0", 0, "LISTENING", 708),  # noqa: S104 - only printed
    Row("TCP", "0.0.0.0", 445, "0.0.0.0", 0, "LISTENING", 4),  # noqa: S104 - only printed
)


def idle(**changes: object) -> Machine:
    """A machine that opens nothing and listens on ports below the range."""
    machine = calm(
        traffic=(), held=(), snapshots=2, snapshot_gap=GAP,
        listeners=(Listener("TCP", 135, 708), Listener("TCP", 445, 4)),
        processes=(*calm().processes, SERVICE),
    )  # fmt: skip
    return replace(machine, **changes)  # type: ignore[arg-type]


def rows(
    state: str,
    count: int,
    first: int = FIRST,
    *,
    pid: int = SERVICE.pid,
    remote: str = MONITOR,
    port: int = 443,
    family: int = 4,
) -> list[Row]:
    """So many rows on ports counted up from the first; "UDP" and BOUND have no remote."""
    anywhere, local = ("::", "2001:db8:20::40") if family == 6 else ("0.0.0.0", "10.20.0.40")  # noqa: S104
    ports = range(first, first + count)
    if state == "UDP":
        return [Row("UDP", anywhere, one, pid=pid) for one in ports]
    if state == "BOUND":
        return [Row("TCP", anywhere, one, anywhere, 0, "BOUND", pid) for one in ports]
    return [Row("TCP", local, one, remote, port, state, pid) for one in ports]


def once(number: int, at: datetime) -> Incident:
    """One event of Tcpip at that moment: the next would come a second after it."""
    return Incident("Tcpip", number, at - timedelta(seconds=1), at, 0.001)


def files_of(
    *tables: Sequence[Row],
    machine: Machine | None = None,
    bound: Sequence[Sequence[Row]] = (),
    listeners: Sequence[Row] = LISTENERS,
) -> dict[str, bytes]:
    """The bundle of an idle machine whose `netstat -ano` shows these rows, and its `netstat -anoq` the bound ones too."""
    machine = replace(machine or idle(), snapshots=len(tables))
    files = bundle_files(machine)
    shown = {f"netstat/ano-{number}.txt": table for number, table in enumerate(tables, 1)}
    shown |= {f"netstat/anoq-{number}.txt": (*tables[0], *extra) for number, extra in enumerate(bound, 1)}
    for other in ("anot-1", "anob"):
        files.pop(f"netstat/{other}.txt", None)
    files |= {path: console.netstat(machine.language, (*listeners, *table)) for path, table in shown.items()}
    files["manifest.json"] = _manifest(files, machine.snapshot_gap)
    return files


def _manifest(files: dict[str, bytes], gap: float) -> bytes:
    document = json.loads(files["manifest.json"])
    listed = {entry["path"]: entry for entry in document["files"]}
    if "netstat/anoq-2.txt" in files:
        first = listed["netstat/anoq-1.txt"]
        at = datetime.fromisoformat(first["started_at"]) + timedelta(seconds=gap)
        later = {"started_at": f"{at:%Y-%m-%dT%H:%M:%S}Z", "monotonic_ms": first["monotonic_ms"] + int(gap * 1000)}
        document["files"].append({**first, "path": "netstat/anoq-2.txt", **later})
    for entry in document["files"]:
        data = files.get(entry["path"])
        if data is not None:
            entry |= {"size": len(data), "sha256": sha256(data).hexdigest()}
    return json.dumps(document).encode()


def lacking(files: dict[str, bytes], *starts: str) -> dict[str, bytes]:
    """The same files without those whose path starts so."""
    return {path: data for path, data in files.items() if not path.startswith(starts)}


def entry_of(folder: Path, files: dict[str, bytes], cause_id: str) -> CauseEntry:
    """A cause's answer to a bundle."""
    return cause(findings_of(folder, files), cause_id)


def said(entry: CauseEntry) -> dict[str, str]:
    """The sentences of the evidence by their ids, without the cause's."""
    return {point.id.removeprefix(f"{entry.id}."): point.statement for point in entry.evidence}


def ids(entry: CauseEntry) -> set[str]:
    """The ids of the evidence, without the cause's."""
    return set(said(entry))
