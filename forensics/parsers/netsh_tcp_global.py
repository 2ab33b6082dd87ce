"""Whether TCP is offloaded to the network adapter (Chimney): `netsh int tcp show global`, in any language.

What Windows prints under the heading "TCP Global Parameters" (7, Korean)::

    ----------------------------------------------
    받는 쪽 배율 상태                    : enabled
    Chimney 오프로드 상태                : automatic
    NetDMA 상태                          : enabled
    DCA(직접 캐시 액세스)                : disabled
    수신 창 자동 조정 수준               : normal
    추가 정체 제어 공급자                : none
    ECN 기능                             : disabled

The labels are translated; the values are the words that `netsh int tcp set global` takes, English ones in the real
output found of Korean (packetinside.com, 2012), Chinese and Japanese systems (Windows 10, 11). German, French, Spanish
and Russian output was not found. "Chimney" is Latin in Korean and Spanish; Chinese may say 烟囱, as Microsoft's Chinese
texts do. By whatever name, it is the row above NetDMA, which 6.1 and 6.2 have. "ECN" and "RFC 1323" stay Latin.
Windows 11 and late versions of Windows 10 print no Chimney: they have none.

>>> parse(__doc__).facts
(TcpGlobal(chimney='automatic', line=7),)
"""

import re
from collections.abc import Sequence

import msgspec

from forensics.parsed import Parsed
from forensics.text.lines import split_lines
from forensics.text.problems import Problems

KIND = "netsh-tcp-global"
READS = "text"

_RULE = re.compile(r"[ \t]*-{5,}[ \t]*")
_MOST_ROWS = 30  # Windows 11 prints 16
_NAMES = ("chimney", "烟囱")
_BELOW_CHIMNEY = "netdma"
# `enabled`, `disabled` and `automatic` are what systems of every language were seen to print; the Chinese words are
# those that public scripts look for in this output (unverified, but they can mean nothing else). `default` means
# another thing on each system, so it is not understood.
_VALUES = {
    "enabled": "enabled",
    "disabled": "disabled",
    "automatic": "automatic",
    "启用": "enabled",
    "已启用": "enabled",
    "禁用": "disabled",
    "已禁用": "disabled",
}


class TcpGlobal(msgspec.Struct, frozen=True):
    """Whether TCP connections may be offloaded to the network adapter.

    `chimney` is "enabled", "disabled", "automatic", or "" where the system has no such setting or its word is not
    known (a problem tells). `line` is 1-based: that of the setting, without it that of the table's rule.
    """

    chimney: str
    line: int


class _Row(msgspec.Struct, frozen=True):
    label: str
    value: str
    line: int


def recognise(text: str) -> bool:
    """Find a table of TCP parameters: with Chimney in it, or with ECN and RFC 1323."""
    return "-----" in text and bool(parse(text).facts)


def parse(text: str) -> Parsed:
    """Read every table in the text."""
    lines = split_lines(text)
    settings: list[TcpGlobal] = []
    problems = Problems()
    for index, line in enumerate(lines):
        if not _RULE.fullmatch(line):
            continue
        rows = _rows_under(lines, index)
        row = _chimney(rows)
        if row is None:
            if _is_global(rows):
                settings.append(TcpGlobal("", index + 1))
            continue
        value = _VALUES.get(row.value.lower(), "")
        settings.append(TcpGlobal(value, row.line))
        if not value:
            problems.add(row.line, f"the state of Chimney is not understood: {row.value[:40]}")
    summary = ", ".join(f"Chimney {one.chimney or 'not told'}" for one in settings[:3])
    return Parsed(tuple(settings), summary, problems.told())


def _rows_under(lines: Sequence[str], rule: int) -> list[_Row]:
    """The `label : value` lines that follow the rule without a break."""
    rows: list[_Row] = []
    for index in range(rule + 1, min(rule + 1 + _MOST_ROWS, len(lines))):
        label, colon, value = lines[index].replace("：", ":").partition(":")
        if not (colon and label.strip() and value.strip()):
            break
        rows.append(_Row(label.strip(), value.strip(), index + 1))
    return rows


def _chimney(rows: Sequence[_Row]) -> _Row | None:
    labels = [row.label.lower() for row in rows]
    for row, label in zip(rows[1:], labels[1:], strict=True):  # receive-side scaling is first
        if any(name in label for name in _NAMES):
            return row
    below = next((at for at, label in enumerate(labels) if _BELOW_CHIMNEY in label), 0)
    return rows[below - 1] if below and _is_global(rows) else None


def _is_global(rows: Sequence[_Row]) -> bool:
    """Whether this is the table of global parameters: in every language it has ECN and RFC 1323."""
    return any("ECN" in row.label for row in rows) and any("1323" in row.label for row in rows)
