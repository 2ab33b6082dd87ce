r"""The dynamic port range: `netsh int ipv4|ipv6 show dynamicport tcp|udp`, in any language.

What Windows prints (Japanese, pasted with its command)::

    C:\>netsh int ipv4 show dynamicport tcp

    プロトコル tcp の動的ポートの範囲
    ---------------------------------
    開始ポート      : 49152
    ポート数        : 16384

The labels are translated; so the numbers are taken by position, as Microsoft's own support diagnostics do:
under the rule, start first, then count (domain.md §5.2). The heading's "tcp" or "udp" is Latin everywhere.

>>> parse(__doc__).facts
(DynamicRange(protocol='TCP', family=4, start=49152, count=16384, line=7),)
"""

import re

import msgspec

from forensics.parsed import Parsed
from forensics.text.lines import split_lines
from forensics.text.netsh_commands import CommandFamilies, heading_above
from forensics.text.problems import Problems, is_known

KIND = "netsh-dynamicport"
READS = "text"

HIGHEST_PORT = 2**16 - 1

_NUMBER = r"[^\r\n]*[:：][ \t\u3000]*([0-9]{1,10})[ \t\u3000]*"
_BLOCK = re.compile(rf"(?<!-)-{{5,}}[ \t]*[\r\n]+{_NUMBER}[\r\n]+{_NUMBER}(?=[\r\n]|\Z)")
_RULE = re.compile(r"[ \t]*-{5,}[ \t]*")
_LABELLED_NUMBER = re.compile(_NUMBER)
_LABELLED = re.compile(r"\s[:：]\s")


class DynamicRange(msgspec.Struct, frozen=True):
    """The ports that Windows gives to outgoing connections and to binds without a port number.

    `protocol` is "TCP" or "UDP", None where the heading is mutilated. `family` is 4 or 6, None where no
    command above the block tells it. `line` is the heading's.
    """

    protocol: str | None
    family: int | None
    start: int
    count: int
    line: int

    @property
    def end(self) -> int:
        """The last port of the range."""
        return self.start + self.count - 1


def recognise(text: str) -> bool:
    """Find a rule with two labelled numbers under it, and no more than two."""
    return "-----" in text and _BLOCK.search(text) is not None and is_known(parse(text))


def parse(text: str) -> Parsed:
    """Read every range in the text. A range that no Windows can have is a problem, not a fact."""
    lines = split_lines(text)
    families = CommandFamilies("dynamicport")
    ranges: list[DynamicRange] = []
    problems = Problems()
    for index, line in enumerate(lines):
        families.read(line)
        numbers = _numbers_under(lines, index)
        if numbers is None:
            continue
        protocol, heading = heading_above(lines, index)
        found = DynamicRange(protocol, families.family(protocol), *numbers, heading)
        if found.start and found.count and found.end <= HIGHEST_PORT:
            ranges.append(found)
        elif protocol or ranges:  # else nothing says that this is a port range at all
            message = f"not a possible port range: start {found.start}, number of ports {found.count}"
            problems.add(index + 2, message)
    summary = f"{len(ranges)} dynamic port range{'s' * (len(ranges) != 1)}"
    return Parsed(tuple(ranges), summary, problems.told())


def _numbers_under(lines: list[str], index: int) -> tuple[int, int] | None:
    """Return start and count where the line is a rule with just these two under it.

    `netsh int tcp show supplemental` too begins with a rule and two numbers; its table goes on.
    """
    if not _RULE.fullmatch(lines[index]):
        return None
    first, second, third = [*lines[index + 1 : index + 4], "", "", ""][:3]
    start, count = _LABELLED_NUMBER.fullmatch(first), _LABELLED_NUMBER.fullmatch(second)
    if start is None or count is None or _LABELLED.search(third):
        return None
    return int(start[1]), int(count[1])
