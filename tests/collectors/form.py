"""How the collector's files must look: bytes, lines, lengths; and what its starter may run."""

import re
from collections.abc import Iterator

from tests.collectors.powershell import Script, line

MOST_LINES = 1350  # the table is some 120, pseudonyms 170, zip and manifest 150
MOST_LINES_OF_A_FUNCTION = 40
MOST_COLUMNS = 120
_STARTER_COMMANDS = set(
    "@echo echo. rem setlocal endlocal set if goto exit pause echo cd pushd popd title :: ( ) else".split()
)
_STARTER_PROGRAMS = re.compile(
    r'(?i)(?:"%SHELL%"|powershell(?:\.exe)?) -NoProfile -ExecutionPolicy Bypass -(?:File "%|Command "try \{ \$p = Start-Process )'
    r'|"%SHELL%" -NoProfile -NonInteractive -ExecutionPolicy Bypass -Command "exit \[int\]\([^;|&]*\(Get-ExecutionPolicy\)\)"$'
    r'|"%SYSTEM%\\(?:fltmc|find)\.exe"(?: |$)|fltmc(?: |$)|net session(?: |$)|"%SYSTEM%\\reg\.exe" query '
)
"""The script, once more with a request for elevation, and what tells whether this start is elevated."""
_CONDITION = re.compile(
    r'(?i)^(?:\)?\s*else\s+)?(?:if\s+(?:/i\s+)?(?:not\s+)?(?:exist\s+(?:"[^"]*"|\S+)|errorlevel\s+\d+|defined\s+\w+|'
    r'(?:"[^"]*"|\S+)\s*(?:==|equ|neq|geq|leq)\s*(?:"[^"]*"|\S+))\s*\(?\s*@?)+'
)
_FORBIDDEN_IN_STARTER = re.compile(
    r"(?i)\b(?:setx|reg(?:\.exe)? add|reg(?:\.exe)? delete|set-executionpolicy|schtasks|sc|bcdedit|del|rd|rmdir|copy|move|"
    r"curl|certutil|bitsadmin|net (?:stop|start|user)|icacls|takeown|netsh|downloadstring|iex)\b|-enc"
)


def ill_formed(data: bytes, table_lines: frozenset[int] = frozenset()) -> list[str]:
    """What is wrong with a PowerShell script as a file. Lines of the table may be long: a command is one line."""
    return list(_ill_formed(data, table_lines))


def _ill_formed(data: bytes, table_lines: frozenset[int]) -> Iterator[str]:
    lines = data.replace(b"\r\n", b"\n").split(b"\n")
    if len(lines) > MOST_LINES:
        yield f"{len(lines)} lines; at most {MOST_LINES}"
    if data and not data.endswith(b"\n"):
        yield "no line end at the end"
    if b"\r" in data.replace(b"\r\n", b""):
        yield "a carriage return alone"
    for number, one in enumerate(lines, 1):
        yield from (f"line {number}: {what}" for what in _ill_line(one, may_be_long=number in table_lines))
    script = Script(data.decode("latin-1").replace("\r\n", "\n"))
    for node in script.nodes("function_statement"):
        length = node.end_point[0] - node.start_point[0] + 1
        if length > MOST_LINES_OF_A_FUNCTION:
            yield f"line {line(node)}: a function of {length} lines; at most {MOST_LINES_OF_A_FUNCTION}"


def _ill_line(one: bytes, *, may_be_long: bool) -> Iterator[str]:
    if not one.isascii():
        yield "not ASCII: PowerShell 2.0 reads it in the machine's code page"
    if b"\t" in one:
        yield "a tab"
    if len(one) > MOST_COLUMNS and not may_be_long:
        yield f"{len(one)} columns; at most {MOST_COLUMNS}"
    if one.rstrip(b" ") != one:
        yield "blanks at its end"


def ill_started(data: bytes) -> list[str]:
    """What is wrong with the .cmd that starts the script."""
    return list(_ill_started(data))


def _ill_started(data: bytes) -> Iterator[str]:
    if data.count(b"\n") != data.count(b"\r\n"):
        yield "line ends must be CRLF: cmd.exe loses labels without"
    if not data.isascii():
        yield "not ASCII: cmd.exe reads it in the machine's code page"
    if not re.search(rb"(?i)-ExecutionPolicy Bypass", data):
        yield "no -ExecutionPolicy Bypass, which holds for one process only"
    for number, one in enumerate(data.decode("latin-1").splitlines(), 1):
        said = one.strip().lstrip("@(").strip()
        if said.lower().startswith(("rem ", "::")) or not said:
            continue
        forbidden = _FORBIDDEN_IN_STARTER.search(re.sub(r"(?i)\becho[. ].*", "", said))
        if forbidden:
            yield f"line {number}: {forbidden[0]} may not be used"
        for part in re.split(r"\s*(?:&&|\|\||&|\|)\s*", re.sub(r'"[^"]*"|\^.|[<>]&\d', _quiet, said)):
            command = _CONDITION.sub("", part.strip("() @"))
            first = command.split(" ")[0].lower()
            known = first in _STARTER_COMMANDS | {""} or first.startswith((":", "echo."))
            if not known and not _STARTER_PROGRAMS.match(command):
                yield f"line {number}: {first} is no command that the starter may use"


def _quiet(quoted: re.Match[str]) -> str:
    """Text in which & and | separate nothing: quoted, escaped, or a redirection."""
    return re.sub(r"[&|]", "_", quoted[0])
