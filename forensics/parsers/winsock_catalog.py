r"""The Winsock catalog: `netsh winsock show catalog`, in any language. Layered providers show themselves here.

What Windows prints, with one entry of each kind::

    Winsock Catalog Provider Entry
    ------------------------------------------------------
    Entry Type:                         Base Service Provider
    Description:                        MSAFD Tcpip [TCP/IP]
    Provider ID:                        {E70F1AA0-AB8B-11CF-8CA3-00805F48A192}
    Provider Path:                      %SystemRoot%\system32\mswsock.dll
    Catalog Entry ID:                   1002
    Version:                            2
    Address Family:                     2
    Max Address Length:                 16
    Min Address Length:                 16
    Socket Type:                        1
    Protocol:                           6
    Service Flags:                      0x20066
    Protocol Chain Length:              1

    Winsock Catalog Provider Entry
    ------------------------------------------------------
    Entry Type:                         Layered Service Provider
    Description:                        ASProxy
    Provider ID:                        {E26DCE69-9F96-48B5-9BAC-557D554942DD}
    Provider Path:                      C:\Windows\system32\ASProxy.dll
    Catalog Entry ID:                   1019
    Version:                            2
    Address Family:                     2
    Max Address Length:                 16
    Min Address Length:                 16
    Socket Type:                        0
    Protocol:                           0
    Service Flags:                      0x66
    Protocol Chain Length:              0

    Winsock Catalog Provider Entry
    ------------------------------------------------------
    Entry Type:                         Layered Chain Entry
    Description:                        ASProxy over [MSAFD Tcpip [TCP/IP]]
    Provider ID:                        {C52CDAB2-841F-4051-9A63-7EDE5BFC31C8}
    Provider Path:                      C:\Windows\system32\ASProxy.dll
    Catalog Entry ID:                   1020
    Version:                            2
    Address Family:                     2
    Max Address Length:                 16
    Min Address Length:                 16
    Socket Type:                        1
    Protocol:                           6
    Service Flags:                      0x66
    Protocol Chain Length:              2
    Protocol Chain: 1019 : 1002

    Name Space Provider Entry
    ------------------------------------------------------
    Description:                        Network Location Awareness Legacy (NLAv1) Namespace
    Provider ID:                        {6642243A-3BA8-4AA6-BAA5-2E0BD71FDD83}
    Name Space:                         15
    Active:                             1
    Version:                            0

Labels, types and some descriptions are translated (`项类型:   基本服务提供程序(32)`), so an entry is read by its
order: two texts before the provider's ID make it a protocol's, one a name space's; the length of the chain follows
the service flags. Length 0 is a layered provider, 1 a base provider, more a chain (WSAPROTOCOLCHAIN, winsock2.h).
A 64-bit system prints two catalogs, whose IDs repeat.

Layouts were read in English (python-trio/trio #52 and #1659, keybase/client #14431, Windows Internals, 6th edition)
and Chinese (yuaotian/antigravity-proxy #100). Output in other languages was not found.

>>> [(entry.kind, entry.description, entry.entry_id) for entry in parse(__doc__).facts[1:3]]
[('layered', 'ASProxy', 1019), ('chain', 'ASProxy over [MSAFD Tcpip [TCP/IP]]', 1020)]
>>> base, layered, chain, namespace = parse(__doc__).facts
>>> base.provider_path, chain.chain, chain.line, namespace.kind, namespace.provider_path
('%SystemRoot%\\system32\\mswsock.dll', (1019, 1002), 42, 'namespace', '')
"""

import re
from collections.abc import Sequence

import msgspec

from forensics.parsed import Parsed, Problem
from forensics.text.lines import split_lines
from forensics.text.problems import Problems

KIND = "winsock-catalog"
READS = "text"

_RULE_LENGTH = 40  # of the 54 dashes that Windows prints, enough to tell them from other rules
_RULE = re.compile(rf"[ \t]*-{{{_RULE_LENGTH},}}[ \t]*")
_LABELLED = re.compile(r"[^:：]*[:：](.*)")
_GUID = re.compile(r"\{[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}")
_NUMBER = re.compile(r"[0-9]{1,10}")
_FLAGS = re.compile(r"0[xX][0-9A-Fa-f]{1,8}")
_CHAIN = re.compile(r"[0-9]{1,10}(?:[ \t]*:[ \t]*[0-9]{1,10})+")

_PROTOCOL_TEXTS = 2  # texts before the provider's ID: type and description; a name space has its description alone
_NAMESPACE_NUMBERS = 3  # name space, active, version
_KINDS = {0: "layered", 1: "base"}


class CatalogEntry(msgspec.Struct, frozen=True):
    """One provider, or one chain of them.

    `kind` is "base", "layered", "chain" or "namespace", "" where the entry is cut short. `provider_path` is as printed,
    "" for name spaces. `chain` holds entry IDs, the topmost first. `line` is that of the path, else of the description.
    """

    kind: str
    description: str
    provider_path: str
    provider_id: str
    entry_id: int | None
    chain: tuple[int, ...]
    line: int


class _Value(msgspec.Struct, frozen=True):
    text: str
    line: int


def recognise(text: str) -> bool:
    """Find a rule with a provider under it."""
    return "-" * _RULE_LENGTH in text and "{" in text and bool(parse(text).facts)


def parse(text: str) -> Parsed:
    """Read every entry in the text."""
    lines = split_lines(text)
    entries: list[CatalogEntry] = []
    problems = Problems()
    for index, line in enumerate(lines):
        if _RULE.fullmatch(line):
            entry, problem = _entry(_values_under(lines, index), index + 1)
            entries += [entry] if entry else []
            if problem:
                problems.add(problem.line, problem.message)
    layered = sum(entry.kind == "layered" for entry in entries)
    summary = f"{len(entries):,} provider{'s' * (len(entries) != 1)}, {layered:,} layered"
    return Parsed(tuple(entries), summary, problems.told())


def _values_under(lines: Sequence[str], rule: int) -> list[_Value]:
    """What stands after the labels, down to a blank line or the next rule. A line without a label says nothing."""
    values = []
    for number in range(rule + 2, len(lines) + 1):
        line = lines[number - 1]
        if not line.strip() or _RULE.fullmatch(line):
            break
        labelled = _LABELLED.fullmatch(line)
        if labelled:
            values.append(_Value(labelled[1].strip(), number))
    return values


def _entry(values: Sequence[_Value], rule: int) -> tuple[CatalogEntry | None, Problem | None]:
    texts = next((at for at, value in enumerate(values[: _PROTOCOL_TEXTS + 1]) if _GUID.fullmatch(value.text)), 0)
    if not texts:
        damaged = any(_is_path(value.text) for value in values) and any(
            _FLAGS.fullmatch(value.text) for value in values
        )
        return None, Problem(rule, "a provider without its ID") if damaged else None
    description, provider, rest = values[texts - 1], values[texts], values[texts + 1 :]
    if texts == _PROTOCOL_TEXTS:
        return _protocol(description, provider, rest)
    numbers = [value for value in rest if _NUMBER.fullmatch(value.text)]
    if len(numbers) < _NAMESPACE_NUMBERS or not description.text:
        return None, Problem(provider.line, f"the entry of a provider is cut short: {description.text[:60]}")
    return CatalogEntry("namespace", description.text, "", provider.text, None, (), description.line), None


def _protocol(
    description: _Value, provider: _Value, rest: Sequence[_Value]
) -> tuple[CatalogEntry | None, Problem | None]:
    if not rest or not _is_path(rest[0].text):
        return None, Problem(provider.line, f"a provider without its path: {description.text[:60]}")
    path, numbers = rest[0], rest[1:]
    entry_id = int(numbers[0].text) if numbers and _NUMBER.fullmatch(numbers[0].text) else None
    flags = next((at for at, value in enumerate(numbers) if _FLAGS.fullmatch(value.text)), len(numbers))
    length, chain = _chain([value.text for value in numbers[flags + 1 :]])
    kind = "" if length is None else _KINDS.get(length, "chain")
    problem = None
    if not kind:
        problem = Problem(path.line, f"the entry of a provider is cut short: {description.text[:60]}")
    elif kind == "chain" and len(chain) != length:
        problem = Problem(path.line, f"a chain of {length:,} names {len(chain):,} providers: {description.text[:60]}")
    return CatalogEntry(kind, description.text, path.text, provider.text, entry_id, chain, path.line), problem


def _chain(after_flags: Sequence[str]) -> tuple[int | None, tuple[int, ...]]:
    """The length of the chain, and the entries that it names."""
    if not after_flags or not _NUMBER.fullmatch(after_flags[0]):
        return None, ()
    named = after_flags[1] if len(after_flags) > 1 and _CHAIN.fullmatch(after_flags[1]) else ""
    return int(after_flags[0]), tuple(int(number) for number in named.split(":")) if named else ()


def _is_path(text: str) -> bool:
    return "\\" in text or text.lower().endswith(".dll")
