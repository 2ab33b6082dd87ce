"""What a pasted `netsh` command says about the output under it.

`show dynamicport` and `show excludedportrange` print the same text for IPv4 and IPv6; only the command tells
which.
"""

import re
from collections.abc import Sequence

_FAMILY = re.compile(r"\bipv([46])\b", re.IGNORECASE)
_PROTOCOL = re.compile(r"(?<![A-Za-z])(tcp|udp)(?![A-Za-z])", re.IGNORECASE)
_HEADING_REACH = 4  # lines above a table's rule among which its heading stands


def protocol_named(line: str) -> str | None:
    """Return "TCP" or "UDP" where the line names just one of them; the words stay Latin in every language.

    >>> protocol_named('Portausschlussbereiche für das Protokoll "tcp"'), protocol_named("tcp and udp")
    ('TCP', None)
    """
    found = {word.upper() for word in _PROTOCOL.findall(line)}
    return found.pop() if len(found) == 1 else None


def heading_above(lines: Sequence[str], rule: int) -> tuple[str | None, int]:
    """Return the protocol that the heading above the rule `lines[rule]` names, and the heading's 1-based line.

    Without a heading that names one: None and the rule's own line.
    """
    for index in range(rule - 1, max(rule - 1 - _HEADING_REACH, -1), -1):
        if _is_command(lines[index]):
            break
        protocol = protocol_named(lines[index])
        if protocol:
            return protocol, index + 1
    return None, rule + 1


def _is_command(line: str) -> bool:
    return ">" in line or "netsh" in line.lower()


class CommandFamilies:
    r"""Follows the commands in a text, line by line, to tell the family of the output under them.

    >>> families = CommandFamilies("dynamicport")
    >>> families.read("netsh int ipv6 show dynamicport tcp")
    >>> families.family("TCP"), families.family("UDP")
    (6, None)
    """

    def __init__(self, command: str) -> None:
        # `show dyn` will do for netsh, as any unambiguous beginning does.
        self._command = re.compile(rf"\bsh(?:ow?)?\s+{command[:3]}\w*", re.IGNORECASE)
        self._protocols: set[str] = set()
        self._families: set[str] = set()

    def read(self, line: str) -> None:
        """Remember the line if it is the command."""
        if "ipv" in line.lower() and self._command.search(line):
            self._protocols = {word.upper() for word in _PROTOCOL.findall(line)}
            self._families = set(_FAMILY.findall(line))

    def family(self, protocol: str | None) -> int | None:
        """Return 4 or 6 from the nearest command above that is about this protocol, else None."""
        if protocol and self._protocols and protocol not in self._protocols:
            return None
        return int(*self._families) if len(self._families) == 1 else None
