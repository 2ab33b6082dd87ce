r"""The table at the top of the collector, read as text: what the pages and the tests know of the script.

One hashtable a row, values in single quotes (`''` is a quote) or whole numbers, lists with commas::

    @{ Path = 'netstat/s-1.txt'; When = 1; Admin = 0; Since = '6.0'; Limit = 60; Run = 'netstat -s'
       Why = 'Counters of the network stack: how many connections were opened since the last reading.' }

>>> rows = __doc__.split("::")[1].split(">>>")[0].replace("\n    ", "\n")
>>> (row,) = read_table("$Table = @(\n" + rows.strip() + "\n)")
>>> row.path, row.when, row.elevated, row.limit, row.commands
('netstat/s-1.txt', '1', False, 60, ('netstat -s',))
"""

import re
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent.parent / "collectors" / "forensics-collect.ps1"

_STARTS = re.compile(r"^\$Table\s*=\s*@\([ \t]*$", re.MULTILINE)
_ROW = re.compile(r"^@\{(.*?)\}[ \t]*$", re.MULTILINE | re.DOTALL)
_KEY = re.compile(r"[\s;]*(\w+)\s*=\s*")
_VALUE = re.compile(r"(\d+)|'((?:[^'\r\n]|'')*)'")
_NEXT = re.compile(r"\s*,\s*")
_END_OF_VALUE = re.compile(r"[ \t]*(?:;|\r?\n|$)")
_REQUIRED = {"Path", "When", "Admin", "Since", "Limit", "Run", "Why"}
_OPTIONAL = {"Else", "And", "Maybe", "Mask"}
_WHENS = {"0", "1", "2", "3", "plain", "redacted", "trace", "http", "packets"}


@dataclass(frozen=True)
class Row:
    """One file of the bundle. `otherwise` is run where `run` is not there or fails; `more` follows in the same file."""

    path: str
    when: str
    elevated: bool
    since: str
    limit: int
    run: str
    why: str
    otherwise: str = ""
    more: tuple[str, ...] = ()
    maybe: bool = False
    mask: str = ""
    line: int = 0

    @property
    def commands(self) -> tuple[str, ...]:
        """Every command line of the row; what the script does by itself, without a program, is none."""
        return tuple(one for one in (self.run, self.otherwise, *self.more) if one and not self.own(one))

    @staticmethod
    def own(command: str) -> bool:
        """Whether the script itself does it: such a row describes it in words."""
        return command.startswith("(this script)")


def read_table(script: str) -> list[Row]:
    """Read every row of the table, strictly: what this does not understand, a reader would not either.

    Raises:
        ValueError: naming the line.
    """
    start = _STARTS.search(script)
    if start is None:
        raise ValueError("no table: '$Table = @(' on a line of its own")
    end = script.find("\n)", start.end())
    if end < 0:
        raise ValueError("the table has no end: ')' at the start of a line")
    body = script[start.end() : end + 1]
    rows = []
    rest = 0
    first = script.count("\n", 0, start.end()) + 1
    for match in _ROW.finditer(body):
        line = first + body.count("\n", 0, match.start())
        between = body[rest : match.start()]
        _only_comments(between, line)
        rows.append(_row(match[1], line))
        rest = match.end()
    _only_comments(body[rest:], first + body.count("\n"))
    return rows


def _only_comments(text: str, line: int) -> None:
    odd = [one for one in text.splitlines() if one.strip() and not one.lstrip().startswith("#")]
    if odd:
        raise ValueError(f"before line {line}: neither a row nor a comment: {odd[0][:60]!r}")


def _row(text: str, line: int) -> Row:
    values = _values(text, line)
    missing, unknown = _REQUIRED - set(values), set(values) - _REQUIRED - _OPTIONAL
    if missing or unknown:
        raise ValueError(f"line {line}: keys missing: {sorted(missing)}; unknown: {sorted(unknown)}")
    single = {key: value[0] for key, value in values.items()}
    lists = [key for key, value in values.items() if len(value) > 1 and key != "And"]
    if lists or single["When"] not in _WHENS or single["Admin"] not in {"0", "1"}:
        raise ValueError(f"line {line}: a list, When or Admin with a value that has no meaning")
    return Row(
        path=single["Path"],
        when=single["When"],
        elevated=single["Admin"] == "1",
        since=single["Since"],
        limit=int(single["Limit"]),
        run=single["Run"],
        why=single["Why"],
        otherwise=single.get("Else", ""),
        more=values.get("And", ()),
        maybe=single.get("Maybe", "0") == "1",
        mask=single.get("Mask", ""),
        line=line,
    )


def _values(text: str, line: int) -> dict[str, tuple[str, ...]]:
    """Every key of a row and its values."""
    found: dict[str, tuple[str, ...]] = {}
    position = 0
    while text[position:].strip(" \t\r\n;"):
        key = _KEY.match(text, position)
        if key is None or key[1] in found:
            raise ValueError(f"line {line}: no key, or one twice: {text[position : position + 60].strip()!r}")
        position = key.end()
        values = []
        while True:
            value = _VALUE.match(text, position)
            if value is None:
                raise ValueError(f"line {line}: {key[1]} is neither a number nor in single quotes")
            values.append(value[1] if value[1] is not None else value[2].replace("''", "'"))
            comma = _NEXT.match(text, value.end())
            if comma is None:
                position = value.end()
                break
            position = comma.end()
        if not _END_OF_VALUE.match(text, position):
            raise ValueError(f"line {line}: after {key[1]} neither ';' nor the line's end")
        found[key[1]] = tuple(values)
    return found
