"""Sentences that reach the report in English, told in the language spoken.

The parsers' summaries stand in the findings and the collector's reasons in its manifest: both are English whatever the
report speaks. Those that are known are recognised by their words; others stay as they are.

>>> from forensics.report.language import speaking
>>> with speaking(Code.CHINESE):
...     retold("1 snapshot, 15,216 rows; 2 problems"), retold("this Windows is older than 6.2"), retold("a b, c")
('1 份快照、15,216 行；2 处问题', '此 Windows 的版本低于 6.2', 'a b、c')
"""

import re
from functools import cache

from forensics.report.language import spoken, tr
from forensics.report.words import fill, listed
from forensics.text.languages import Code
from forensics.text.said import Said

# By the noun in the singular, as the parsers count.
_COUNTED = {
    "artefact": Said("{number} artefacts"),
    "character could not be decoded": Said("{number} characters could not be decoded"),
    "characters could not be decoded": Said("{number} characters could not be decoded"),
    "connect": Said("{number} connects"),
    "driver": Said("{number} drivers"),
    "dynamic port range": Said("{number} dynamic port ranges"),
    "events used": Said("{number} events used"),
    "excluded range": Said("{number} excluded ranges"),
    "filter": Said("{number} filters"),
    "key": Said("{number} keys"),
    "layered": Said("{number} layered"),
    "line with a time": Said("{number} lines with a time"),
    "lines with a time": Said("{number} lines with a time"),
    "not collected": Said("{number} not collected"),
    "problem": Said("{number} problems"),
    "process": Said("{number} processes"),
    "provider": Said("{number} providers"),
    "reading of the system's memory": Said("{number} readings of the system's memory"),
    "readings of the system's memory": Said("{number} readings of the system's memory"),
    "record": Said("{number} records"),
    "records with gaps": Said("{number} records with gaps"),
    "row": Said("{number} rows"),
    "run": Said("{number} runs"),
    "service": Said("{number} services"),
    "snapshot": Said("{number} snapshots"),
    "socket": Said("{number} sockets"),
    "table": Said("{number} tables"),
    "TCP setting": Said("{number} TCP settings"),
    "update": Said("{number} updates"),
    "value": Said("{number} values"),
}
_PARTS = (
    Said("{number} connects in {time} s"),
    Said("{number} connect in {time} s"),
    Said("event log"),
    Said("event log as text"),
    Said("{channel} log"),
    Said("{channel} log as text"),
    Said("newest {at}"),
    Said("no events"),
)
_WHOLE = (
    Said("the collector ran: {command}"),
    Said("a second manifest: ignored"),
    Said("no log that this program can read: not enough of its lines bear a time"),
    # Of the collector (collectors/forensics-collect.ps1).
    Said("this Windows is older than {version}"),
    Said("{command} is not on this system"),
    Said("-Quick lists connections once"),
    Said("left out of a redacted bundle"),
    Said("needs an elevated start (Run as administrator)"),
    Said("no such driver is on this system"),
    Said("not asked for (-TraceSeconds)"),
    Said("there is no recording"),
    Said("netsh wrote no recording"),
    Said("no such file"),
)
_LONGEST = 1000  # characters: what is longer is no sentence of ours, and comparing it takes time
_NUMBER = re.compile(r"([\d,]+) (.+)")
_BLANK = re.compile(r"\\\{(\w+)\\\}")


def retold(text: str) -> str:
    """Tell a sentence, or a list of counts, in the language spoken."""
    if spoken() == Code.ENGLISH or not text:
        return text
    if len(text) > _LONGEST:
        return text
    whole = _known(text, _WHOLE)
    return whole or tr("; ").join(listed([_part(one) for one in some.split(", ")]) for some in text.split("; "))


def _part(text: str) -> str:
    counted = _NUMBER.fullmatch(text)
    if counted:
        number, noun = counted.groups()
        for singular in (noun, noun.removesuffix("s"), noun.removesuffix("es")):
            if singular in _COUNTED:
                return fill(tr(_COUNTED[singular].text), {"number": number})
    return _known(text, _PARTS) or text


def _known(text: str, sentences: tuple[Said, ...]) -> str:
    for said in sentences:
        match = _pattern(said.text).fullmatch(text)
        if match:
            return fill(tr(said.text), match.groupdict())
    return ""


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(_BLANK.sub(r"(?P<\1>.+)", re.escape(text)))
