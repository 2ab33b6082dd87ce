"""Refuses what could change the system or reach a network: programs, cmdlets, .NET. Positive lists again."""

import re
from collections.abc import Iterator

from tree_sitter import Node

from docs.collector_table import Row
from tests.collectors import vocabulary as words
from tests.collectors.powershell import Script, ancestors, line
from tests.collectors.powershell_2 import NUMBERS, arguments, command_name, newer, type_name

_KEY = r'(?:"HKLM\\[\w\\ ]+"|HKLM\\[\w\\]+)'
_PROVIDER = r"provider=(?:Microsoft-Windows-[\w-]+|\{[0-9a-f-]{36}\}) keywords=0x[0-9a-f]+ level=0x[0-9a-f]+"
_TRACE_OPTIONS = (
    r"capture=(?:no|yes) report=no correlation=no persistent=no maxSize=\d{1,4} fileMode=circular overwrite=yes"
)
PROGRAMS = {
    "lists connections": r"netstat -[anoqbtsr]+",
    "shows settings of the network": r"netsh (?:int(?:erface)? (?:ipv4|ipv6|tcp|udp)|winsock) show [\w =]+",
    "says whether a trace is running": r"netsh trace show status",
    "records a trace, which does not outlive a restart": rf'netsh trace start {_TRACE_OPTIONS} tracefile="\{{etl\}}"'
    rf"(?: {_PROVIDER})*",
    "ends it": r"netsh trace stop",
    "writes a trace as text": r'netsh trace convert input="\{etl\}" output="\{out\}" dump=TXT overwrite=yes',
    "saves a key of the registry": rf"reg export {_KEY} \{{out\}} /y",
    "prints a key of the registry": rf"reg query {_KEY}(?: /ve| /v \w+| /s)?",
    "saves an event log": r'wevtutil epl [\w-]+ \{out\}(?: "/q:[^"&|<>]*(?:<=[^"&|<>]*)?")?',
    "prints events": r'wevtutil qe [\w-]+ "/q:[^"]*" /f:xml /e:Events /u(?:ni)?:true',
    "says when an event log was cleared": r"wevtutil gl [\w-]+",
    "lists processes": r"tasklist(?: /svc)?(?: /fo csv)?",
    "sums Windows up": r"systeminfo",
    "lists drivers": r"driverquery(?: /v)?(?: /fo csv)?",
    "lists filter drivers": r"fltmc",
    "reads WMI": r"wmic [\w ]+ get [\w,]+ /format:\w+",
    "hashes a file": r'certutil -hashfile "\{file\}" SHA256',
}
"""Command lines that may be run, each as a whole."""

_POWERSHELL = re.compile(r'powershell -NoProfile -NonInteractive -Command "([^"]*)"')
_INNER = {"get-wmiobject", "get-nettcpsetting", "select-object", "foreach-object", "sort-object", "where-object"}
_KNOWS_TCP_SETTING = "6.2"  # Windows 8 and Server 2012 brought the module NetTCPIP, with PowerShell 3.0
_BEGINS_LIKE_A_COMMAND = re.compile(
    r"(?i)(?:netstat|netsh|reg|wevtutil|tasklist|systeminfo|driverquery|fltmc|wmic|certutil|powershell|pwsh|cmd|sc|net|"
    r"net1|schtasks|at|bcdedit|shutdown|setx|regedit|regsvr32|rundll32|mshta|cscript|wscript|msiexec|icacls|takeown|"
    r"taskkill|fsutil|bitsadmin|curl|vssadmin|logman|pktmon|dism|wusa|auditpol|secedit|gpupdate|diskpart|format|del|"
    r"attrib|cipher|forfiles|where|tracerpt)(?:\.exe)? "
)

_SENTENCES = {"netsh wrote no recording"}  # begin like a command and are none
_END = "the finally at the end of the script"
# A destructive step is allowed in these functions of the script only, each of which is about the script's own files.
ALLOWED_IN = {
    "delete": {"Remove-IfThere", "Hide-File", _END},
    "move": {"Save-Output", "Hide-File", "Hide-Names", "Complete-Bundle"},
    "copy": {"Get-Trace"},
    "start": {"Start-Program"},
    "kill": {"Stop-Program"},
    "rights": {"Protect-Folder"},  # of the temporary folder, which nobody else should read or write
}
_STEPS = {
    "delete": {"delete", "remove-item"},
    "copy": {"copy", "copy-item"},
    "move": {"move", "moveto", "move-item", "rename-item"},
    "start": {"start-process"},
    "kill": {"kill", "stop-process"},
    "rights": {"set-acl"},
}
_CMDLETS_THAT_ACT = {
    "copy-item",
    "new-item",
    "set-content",
    "export-csv",
    "out-file",
    "start-process",
    "invoke-item",
} | {"set-acl"}
_HARMLESS_CMDLETS = set(words.CMDLETS) - _CMDLETS_THAT_ACT
_COM = {"scripting.filesystemobject", "wbemscripting.swbemdatetime"}
_STATIC_WRITES = {"io.file": {"setlastwritetimeutc"}}
_ASSEMBLY = re.compile(r"(?i)add-type -assemblyname '?system(?:\.\w+)*'?")
_WORDS = (
    (re.compile(r"(?i)\binvoke-expression\b|\biex\b"), "runs text as a program"),
    (re.compile(r"(?i)-e(?:nc|ncodedcommand)\b"), "hides a command"),
    (re.compile(r"(?i)reflection\.assembly|\bdllimport\b|\[activator\]"), "loads code"),
    (re.compile(r"(?i)\bhttps?://|\bftp://|\\\\\\\\[\w.]+\\\\"), "an address of a network"),
    (re.compile(r"(?i)set-executionpolicy|set-mppreference"), "changes a policy"),
    (re.compile(r"(?i)\bcreatesubkey\b|\bsetvalue\b|\bdeletevalue\b|\bdeletesubkey"), "writes to the registry"),
    (re.compile(r"(?i)\bnet\.(?:webclient|sockets|dns|webrequest|httpwebrequest)|\bhttpclient\b"), "reaches a network"),
)


def refused_command(command: str, since: str = "6.0") -> str:
    """Why a command line may not be run; "" where it may."""
    inner = _POWERSHELL.fullmatch(command)
    if inner:
        return _refused_inner(inner[1], since)
    if any(re.fullmatch(pattern, command, re.IGNORECASE) for pattern in PROGRAMS.values()):
        return ""
    return f"no command line that is known to change nothing: {command[:70]}"


def _refused_inner(text: str, since: str) -> str:
    script = Script(text.replace("{out}", "out.csv"))
    complaints = script.errors() or newer(script)
    if since >= _KNOWS_TCP_SETTING:
        complaints = [one for one in complaints if "get-nettcpsetting: neither" not in one]
    if any(script.nodes("invokation_expression", "type_literal", "redirection")):
        complaints.append("calls a method or writes a file")
    for node in script.nodes("command"):
        name = command_name(script, node)
        written = name == "export-csv" and re.search(r" out\.csv$", script.text(node)) and "{out}" in text
        if name not in _INNER and not written:
            complaints.append(f"{name}: may not be run inside a command of the table")
    return "; ".join(complaints)


def refused_rows(rows: list[Row]) -> list[str]:
    """Every command of the table that may not be run."""
    reasons = [(row, refused_command(command, row.since)) for row in rows for command in row.commands]
    return [f"line {row.line}: {row.path}: {reason}" for row, reason in reasons if reason]


def changing(script: Script, table: frozenset[str] = frozenset()) -> list[str]:
    """Everything in a script that could change the system: `line N: what`. Commands of the table are known already."""
    return [f"line {number}: {what}" for number, what in sorted(set(_all(script, table)))]


def _all(script: Script, table: frozenset[str]) -> Iterator[tuple[int, str]]:
    code = script.without("comment")
    for pattern, why in _WORDS:
        yield from ((code.count("\n", 0, one.start()) + 1, f"{one[0]}: {why}") for one in pattern.finditer(code))
    for node in script.nodes("string_literal"):
        said = script.text(node)[1:-1].replace("''", "'")
        if (
            said not in table
            and said not in _SENTENCES
            and (_BEGINS_LIKE_A_COMMAND.match(said) or said.lower() in {"fltmc", "systeminfo"})
        ):
            reason = refused_command(said)
            if reason:
                yield line(node), reason
    for node in script.nodes("command"):
        yield from ((line(node), what) for what in _command(script, node))
    for node in script.nodes("invokation_expression"):
        yield from ((line(node), what) for what in _call(script, node))


def _command(script: Script, node: Node) -> Iterator[str]:
    name = command_name(script, node)
    functions = {script.text(one).lower() for one in script.nodes("function_name")}
    if script.text(node).startswith("& $Change "):
        return  # a script block that the script's own functions hand over
    if any(child.type == "command_invokation_operator" for child in node.children) or not name:
        yield f"{script.text(node)[:40]}: runs what is not written out"
        return
    yield from _step(script, node, name)
    named, others = arguments(script, node)
    if name == "add-type" and not _ASSEMBLY.fullmatch(script.text(node)):
        yield "Add-Type with anything but the name of a part of the framework"
    if any(one == "comobject" for one, _ in named):
        made = script.text(others[0]).strip("'\"").lower() if others else ""
        if made not in _COM:
            yield f"New-Object -ComObject {made}: not known to be harmless"
    acts = name not in _HARMLESS_CMDLETS and name not in functions and not NUMBERS.fullmatch(name)
    if acts and not any(name in steps for steps in _STEPS.values()):
        yield f"{name}: no cmdlet that is known to change nothing"


def _call(script: Script, node: Node) -> Iterator[str]:
    target = node.children[0]
    member = next((script.text(one).lower() for one in node.children if one.type == "member_name"), "")
    owner = type_name(script.text(target).strip("[]")) if target.type == "type_literal" else ""
    if member == "start" and owner and owner != "diagnostics.process":
        return
    if member == "start" and not owner:
        if "watch" not in script.text(target).lower() and "clock" not in script.text(target).lower():
            yield from _step(script, node, "start-process")
        return
    if owner == "diagnostics.process" and member == "start":
        yield from _step(script, node, "start-process")
        return
    if member in _STATIC_WRITES.get(owner, set()):
        yield f"[{owner}]::{member}: not among the steps that are allowed"
    yield from _step(script, node, member)


def _step(script: Script, node: Node, name: str) -> Iterator[str]:
    kind = next((kind for kind, names in _STEPS.items() if name in names), None)
    if kind is None:
        return
    above = next((one for one in ancestors(node) if one.type == "function_statement"), None)
    if above is not None:
        where = next(script.text(one) for one in above.children if one.type == "function_name")
    else:
        where = _END if any(one.type == "finally_clause" for one in ancestors(node)) else ""
    if where not in ALLOWED_IN[kind]:
        yield f"{name}: a {kind} outside {', '.join(sorted(ALLOWED_IN[kind]))}"
