r"""File system minifilters: `fltmc`, in any language. Security and backup products show themselves here.

What Windows prints (Server 2008 R2)::

    Filter Name                     Num Instances    Altitude    Frame
    ------------------------------  -------------  ------------  -----
    SymEFASI                                3       260610         0
    luafv                                   1       135000         0
    oldfilter                                                    <Legacy>

The altitude is the place in the stack, a decimal number that Microsoft assigns; its text is kept, for it can
have a fraction. Server 2003 prints no altitude.

>>> [(filter.name, filter.instances, filter.altitude, filter.frame) for filter in parse(__doc__).facts]
[('SymEFASI', 3, '260610', 0), ('luafv', 1, '135000', 0), ('oldfilter', None, '', None)]
"""

import re
from collections.abc import Iterator, Sequence

import msgspec

from forensics.parsed import Parsed
from forensics.text.lines import split_lines

KIND = "fltmc"
READS = "text"

_RULE = re.compile(r"[ \t]*-{20,}(?: +-{4,}){2,3}[ \t]*")
_RULE_IN_TEXT = re.compile(r"(?<!-)-{20,} +-{4,} +-{4,}")
_FILTER = re.compile(r"\s*(\S(?:.{0,200}?\S)?)\s+(\d{1,6})(?:\s+(\d{5,6}(?:\.\d{1,20})?))?\s+(\d{1,3})\s*", re.ASCII)
_LEGACY = re.compile(r"\s*(\S(?:.{0,200}?\S)?)\s+<[^<>]{1,40}>\s*")


class Minifilter(msgspec.Struct, frozen=True):
    """One filter. A legacy filter (no minifilter) has no instances and no frame: None. `line` is 1-based."""

    name: str
    instances: int | None
    altitude: str
    frame: int | None
    line: int


def recognise(text: str) -> bool:
    """Find the rule of this table with a filter under it."""
    return "----" in text and _RULE_IN_TEXT.search(text) is not None and bool(parse(text).facts)


def parse(text: str) -> Parsed:
    """Read every table in the text."""
    lines = split_lines(text)
    filters = tuple(
        found for index, line in enumerate(lines) if _RULE.fullmatch(line) for found in _filters_under(lines, index)
    )
    return Parsed(filters, f"{len(filters)} filter{'s' * (len(filters) != 1)}")


def _filters_under(lines: Sequence[str], rule: int) -> Iterator[Minifilter]:
    for number in range(rule + 2, len(lines) + 1):
        line = lines[number - 1]
        match, legacy = _FILTER.fullmatch(line), _LEGACY.fullmatch(line)
        if match:
            yield Minifilter(match[1], int(match[2]), match[3] or "", int(match[4]), number)
        elif legacy:
            yield Minifilter(legacy[1], None, "", None, number)
        elif line.strip() or number > rule + 2:
            return
