r"""Processes with their command lines: `wmic process`, or PowerShell's `Get-CimInstance Win32_Process | Export-Csv`.

What `wmic process get CommandLine,CreationDate,ExecutablePath,HandleCount,Name,ProcessId /format:csv`
prints::

    Node,CommandLine,CreationDate,ExecutablePath,HandleCount,Name,ProcessId
    SRV1,"C:\App\agent.exe" --peers=a,b,20170503085601.125000+060,C:\App\agent.exe,60412,agent.exe,1536

wmic does not quote, so the surplus commas are the command line's. Lists (`/format:list`) and tables are read
too.

>>> process, = parse(__doc__).facts
>>> process.pid, process.image, process.command_line, process.handles
(1536, 'agent.exe', '"C:\\App\\agent.exe" --peers=a,b', 60412)
>>> process.created_at.isoformat()
'2017-05-03T07:56:01.125000+00:00'
"""

from datetime import UTC, datetime

import msgspec

from forensics.knowledge.calendar import CLOCK_YEARS
from forensics.parsed import Parsed
from forensics.text.lines import split_lines
from forensics.text.problems import Problems, is_known
from forensics.text.wmi_records import Record, cim_datetime, read

KIND = "wmic-process"
READS = "text"

_KEY = "ProcessId"  # as wmic and PowerShell spell it in every language
_MOST_DIGITS = 10  # of a DWORD
_MAY_HAVE_COMMAS = ("CommandLine", "ExecutablePath", "Name")


class ProcessDetail(msgspec.Struct, frozen=True):
    """One process. `created_at` is UTC, None where it is not printed or its zone is not; `line` is 1-based."""

    pid: int
    image: str
    path: str
    command_line: str
    handles: int | None
    created_at: datetime | None
    line: int


def recognise(text: str) -> bool:
    """Find the property ProcessId as a heading or a label, with at least one process."""
    return _KEY in text and is_known(parse(text))


def parse(text: str) -> Parsed:
    """Read every process in the text."""
    unread = Problems()
    found = read(split_lines(text), _KEY, lambda record: _detail(record, unread), _MAY_HAVE_COMMAS, _plausible)
    details = found.made
    summary = f"{len(details):,} process{'es' * (len(details) != 1)}"
    problems = (*found.problems.told(), *unread.told())
    return Parsed(tuple(details), summary, problems if found.known else ())


def _plausible(properties: dict[str, str]) -> bool:
    """Whether the commas were given to the right column: then number and time stand in theirs."""
    created = properties.get("creationdate", "")
    return _number(properties.get("processid", "")) is not None and (not created or cim_datetime(created) is not None)


def _detail(record: Record, unread: Problems) -> ProcessDetail | None:
    if not record.aligned:
        unread.add(record.line, f"not a readable process: {record.text.strip()[:80]}")
        return None
    properties = record.properties
    pid = _number(properties.get("processid", ""))
    path = properties.get("executablepath") or properties.get("path", "")
    command_line = properties.get("commandline", "")
    image = (
        properties.get("name") or properties.get("caption") or _file_name(path) or _file_name(_program(command_line))
    )
    if pid is None or not image:
        return None
    handles = _number(properties.get("handlecount", ""))
    created = properties.get("creationdate", "")
    return ProcessDetail(pid, image, path, command_line, handles, _moment(created), record.line)


def _file_name(path: str) -> str:
    return path.rpartition("\\")[2]


def _program(command_line: str) -> str:
    """Return what a command line starts: its first word, or what its first quotes hold."""
    if command_line.startswith('"'):
        return command_line[1:].partition('"')[0]
    return command_line.partition(" ")[0]


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def _moment(text: str) -> datetime | None:
    """Read WMI's notation, or ISO 8601 with a zone. PowerShell's other notations have neither zone nor fixed order."""
    cim = cim_datetime(text)
    if cim:
        return cim
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo and moment.year in CLOCK_YEARS else None
