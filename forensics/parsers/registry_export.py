r"""Registry keys: `.reg` files (`reg export`, regedit) and the console output of `reg query`.

What `reg export` writes::

    Windows Registry Editor Version 5.00

    [HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters]
    "TcpTimedWaitDelay"=dword:0000001e
    "DataBasePath"=hex(2):43,00,3a,00,\
      5c,00,65,00,00,00
    "NameServer"="10.0.0.1"

What `reg query` prints::

    HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\AFD\Parameters
        DynamicBacklogGrowthDelta    REG_DWORD    0x64

Names are Latin in every language but for the default value's, which `reg query` translates: it is named `@`
here. A string may run over several lines, and a key's name may hold brackets.

>>> exported, queried = parse(__doc__).facts
>>> exported.value("tcptimedwaitdelay"), exported.value("DataBasePath"), exported.value("Domain")
(30, 'C:\\e', None)
>>> queried.path.rpartition("\\")[2], queried.values[0].type, queried.values[0].value, queried.values[0].line
('Parameters', 'REG_DWORD', 100, 16)
"""

import re
from collections.abc import Sequence

import msgspec

from forensics.parsed import Parsed
from forensics.text.lines import split_lines
from forensics.text.problems import Problems

KIND = "registry"
READS = "text"

Value = str | int | bytes | tuple[str, ...]

# winnt.h; `hex(n):` in a .reg file names the type by this number, in hexadecimal.
_TYPES = (
    "REG_NONE",
    "REG_SZ",
    "REG_EXPAND_SZ",
    "REG_BINARY",
    "REG_DWORD",
    "REG_DWORD_BIG_ENDIAN",
    "REG_LINK",
    "REG_MULTI_SZ",
    "REG_RESOURCE_LIST",
    "REG_FULL_RESOURCE_DESCRIPTOR",
    "REG_RESOURCE_REQUIREMENTS_LIST",
    "REG_QWORD",
)
_BINARY = _TYPES.index("REG_BINARY")
_TEXT_TYPES = ("REG_SZ", "REG_EXPAND_SZ", "REG_LINK")
_NUMBER_BYTES = {
    "REG_DWORD": (4, "little"),
    "REG_DWORD_BIG_ENDIAN": (4, "big"),
    "REG_QWORD": (8, "little"),
}

_HIVE = r"HKEY_(?:LOCAL_MACHINE|CURRENT_USER|CLASSES_ROOT|USERS|CURRENT_CONFIG)"
_KEY = re.compile(rf"[ \t]*\[(-?)({_HIVE}(?:\\.*)?)\][ \t]*")
_KEY_CUT_SHORT = re.compile(rf"[ \t]*\[-?{_HIVE}")
# Possessive, or each character of a long value would cost memory for a way back.
_QUOTED = r'((?:[^"\\]++|\\.)*+)"'
_ASSIGNMENT = re.compile(rf'[ \t]*(?:"{_QUOTED}|(@))=(.*)')
_STRING_END = re.compile(rf"{_QUOTED}[ \t]*")
_HEX = re.compile(r"hex(?:\(([0-9a-fA-F]{1,8})\))?:(.*)")
_MORE_HEX = re.compile(r"[ \t]*[0-9a-fA-F][0-9a-fA-F, \t]*+(?:\\[ \t]*)?")
_DWORD = re.compile(r"dword:([0-9a-fA-F]{1,8})[ \t]*")
_DWORD_DIGITS = 8
_ESCAPED = re.compile(r"\\(.)")

_QUERIED_KEY = re.compile(rf"[ \t]*({_HIVE}\\.*\S)[ \t]*")
_QUERIED_VALUE = re.compile(r"[ \t]+(\S.*?)(?:(?<! ) {2,}|\t)(REG_[A-Z_]+)(?: \(\d+\))?(?:(?: {4}|\t)(.*))?[ \t]*")
_PRINTED_NUMBER = re.compile(r"0x([0-9a-fA-F]{1,16})")
_TRANSLATED_DEFAULT = re.compile(r"\(.+\)|<.+>")

_LINE_START = r"(?:\A|(?<=[\r\n]))[ \t]*"
_EXPORTED_KEY_IN_TEXT = re.compile(rf"{_LINE_START}\[{_HIVE}[^\r\n]*\][ \t]*(?:[\r\n]|\Z)")
_QUERIED_IN_TEXT = re.compile(rf"{_LINE_START}{_HIVE}\\[^\r\n]*[\r\n]+[ \t]+\S[^\r\n]*?(?:(?<! ) {{2,}}|\t)REG_[A-Z_]+")


class RegistryValue(msgspec.Struct, frozen=True):
    """One value: REG_DWORD and REG_QWORD int, REG_MULTI_SZ a tuple, text str, all else bytes. `@` is the default."""

    name: str
    type: str
    value: Value
    line: int


class RegistryKey(msgspec.Struct, frozen=True):
    """One key with the values printed under it. `path` begins with the hive's full name."""

    path: str
    line: int
    values: tuple[RegistryValue, ...]

    def find(self, name: str) -> RegistryValue | None:
        """Return the value of that name, whatever its case, with its type and line."""
        wanted = name.casefold()
        return next((value for value in self.values if value.name.casefold() == wanted), None)

    def value(self, name: str) -> Value | None:
        """Return what the value of that name holds, whatever its case."""
        found = self.find(name)
        return None if found is None else found.value


def recognise(text: str) -> bool:
    """Find a bracketed key, or a bare key with a value under it."""
    if "HKEY_" not in text:
        return False
    return _EXPORTED_KEY_IN_TEXT.search(text) is not None or _QUERIED_IN_TEXT.search(text) is not None


def parse(text: str) -> Parsed:
    """Read every key in the text, in both notations."""
    reader = _Reader(split_lines(text))
    reader.read()
    keys = tuple(RegistryKey(path, line, tuple(values)) for path, line, values in reader.keys)
    count = sum(len(key.values) for key in keys)
    summary = f"{len(keys):,} key{'s' * (len(keys) != 1)}, {count:,} value{'s' * (count != 1)}"
    return Parsed(keys, summary, reader.problems.told())


class _Reader:
    """One pass over the lines; `keys` and `problems` are what it found."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._next = 0
        self._wide = True  # text inside hex() is UTF-16LE, but in REGEDIT4 files
        self._after_blank = False  # a blank line ends a key's values; other output may follow
        self.keys: list[tuple[str, int, list[RegistryValue]]] = []
        self.problems = Problems()

    def read(self) -> None:
        exported: list[RegistryValue] | None = None
        queried: list[RegistryValue] | None = None
        while self._next < len(self._lines):
            line = self._lines[self._next]
            self._next += 1
            start = line.lstrip()[:5]
            self._after_blank = self._after_blank or not start
            if start.startswith("["):
                self._after_blank = False
                exported, queried = self._exported_key(line), None
            elif start.startswith(('"', "@")):
                if exported is not None:
                    self._exported_value(line, exported)
            elif start == "HKEY_":
                exported, queried = None, self._queried_key(line)
            elif queried is not None and "REG_" in line:
                self._queried_value(line, queried)
            elif start == "REGED":
                self._wide = line.strip() != "REGEDIT4"

    def _exported_key(self, line: str) -> list[RegistryValue] | None:
        match = _KEY.fullmatch(line)
        values: list[RegistryValue] = []
        if match is None:
            if _KEY_CUT_SHORT.match(line):
                self.problems.add(self._next, "a key's name is cut short")
        elif match[1]:
            self.problems.add(self._next, f"deletes a key, so it is no export: {match[2][:80]}")
        else:
            self.keys.append((match[2], self._next, values))
            return values
        return None

    def _exported_value(self, line: str, values: list[RegistryValue]) -> None:
        number = self._next
        match = _ASSIGNMENT.fullmatch(line)
        if match is None:
            if not self._after_blank:
                self.problems.add(number, f"not a registry value: {line.strip()[:80]}")
            return
        name = match[2] or _ESCAPED.sub(r"\1", match[1])
        data = match[3]
        if data == "-":
            return
        typed = self._string(data[1:]) if data.startswith('"') else self._data(data)
        if typed is None:
            self.problems.add(number, f"the data of '{name[:40]}' are damaged")
        else:
            values.append(RegistryValue(name, *typed, number))

    def _string(self, data: str) -> tuple[str, Value] | None:
        """Read a quoted string; line ends inside it are written as they are."""
        parts: list[str] = []
        while True:
            end = _STRING_END.fullmatch(data)
            if end:
                return "REG_SZ", _ESCAPED.sub(r"\1", "\n".join([*parts, end[1]]))
            if self._next == len(self._lines):
                return None
            following = self._lines[self._next]
            if _ASSIGNMENT.match(following) or _KEY_CUT_SHORT.match(following):
                return None
            parts.append(data)
            data = following
            self._next += 1

    def _data(self, data: str) -> tuple[str, Value] | None:
        dword = _DWORD.fullmatch(data)
        if dword:
            # Windows writes eight digits. People write fewer, but not at the end of a file that was cut.
            is_cut = len(dword[1]) < _DWORD_DIGITS and self._next == len(self._lines)
            return None if is_cut else ("REG_DWORD", int(dword[1], 16))
        parts = [data.rstrip()]
        while parts[-1].endswith("\\"):
            if self._next == len(self._lines) or not _MORE_HEX.fullmatch(self._lines[self._next]):
                return None  # cut: half a value is another value
            parts[-1] = parts[-1][:-1]
            parts.append(self._lines[self._next].strip())
            self._next += 1
        match = _HEX.fullmatch("".join(parts))
        if match is None or match[2].endswith(","):
            return None
        try:
            content = bytes.fromhex(match[2].replace(",", " "))
        except ValueError:
            return None
        number = int(match[1], 16) if match[1] else _BINARY
        kind = _TYPES[number] if number < len(_TYPES) else f"hex({number:x})"
        return kind, _decoded(kind, content, "utf-16-le" if self._wide else "cp1252")

    def _queried_key(self, line: str) -> list[RegistryValue] | None:
        match = _QUERIED_KEY.fullmatch(line)
        if match is None:
            return None
        values: list[RegistryValue] = []
        self.keys.append((match[1], self._next, values))
        return values

    def _queried_value(self, line: str, values: list[RegistryValue]) -> None:
        match = _QUERIED_VALUE.fullmatch(line)
        if match is None:
            return
        value = _printed(match[2], match[3] or "")
        if value is None:
            self.problems.add(self._next, f"the data of '{match[1][:40]}' are damaged")
            return
        name = "@" if _TRANSLATED_DEFAULT.fullmatch(match[1]) else match[1]
        values.append(RegistryValue(name, match[2], value, self._next))


def _decoded(kind: str, content: bytes, encoding: str) -> Value:
    """Give the bytes of a `hex(n):` value their meaning; bytes that do not fit their type stay bytes."""
    if kind in _TEXT_TYPES:
        return content.decode(encoding, "replace").rstrip("\0")
    if kind == "REG_MULTI_SZ":
        return tuple(part for part in content.decode(encoding, "replace").split("\0") if part)
    size, order = _NUMBER_BYTES.get(kind, (0, "little"))
    if size and len(content) == size:
        return int.from_bytes(content, "big" if order == "big" else "little")
    return content


def _printed(kind: str, data: str) -> Value | None:
    """Give the text that `reg query` prints its meaning; None where it cannot be."""
    try:
        if kind in _NUMBER_BYTES:
            digits = _PRINTED_NUMBER.fullmatch(data.strip())
            most = 2 * _NUMBER_BYTES[kind][0]
            return int(digits[1], 16) if digits and len(digits[1]) <= most else None
        if kind in ("REG_SZ", "REG_EXPAND_SZ", "REG_LINK"):
            return data
        if kind == "REG_MULTI_SZ":
            return tuple(part for part in data.split("\\0") if part)
        return bytes.fromhex(data)
    except ValueError:
        return None
