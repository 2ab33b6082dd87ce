"""The catalogue of root causes as people read it: the same sections in `forensics causes ID` and in docs/causes."""

import re
from collections.abc import Iterator

import msgspec

from forensics.causes import Cause
from forensics.judgement import DECISIVE, STRONG, WEAK, Weight
from forensics.report.language import tr
from forensics.report.words import say, tell
from forensics.text.said import Said

_GRADES = {
    WEAK: Said("for, weak"),
    STRONG: Said("for, strong"),
    DECISIVE: Said("for, decisive"),
    -WEAK: Said("against, weak"),
    -STRONG: Said("against, strong"),
    -DECISIVE: Said("against, decisive"),
}
_BLANK = re.compile(r"\{(\w+)(?::\w+)?\}")


class Section(msgspec.Struct, frozen=True):
    """A title and what stands under it."""

    title: str
    text: str


class WeighedLine(msgspec.Struct, frozen=True):
    """One piece of evidence: its words with the blanks named, its grade, what it was observed on, and the source."""

    words: str
    grade: str
    witness: str
    source: str


def sections(cause: Cause) -> tuple[Section, ...]:
    """What a cause is, how it shows, what proves it, what rules it out and what cures it."""
    return (
        Section(tr("What it is"), tr(cause.ABOUT)),
        Section(tr("How it shows"), tr(cause.SHOWS)),
        Section(tr("What proves it"), tr(cause.PROVES)),
        Section(tr("What rules it out"), tr(cause.RULES_OUT)),
        Section(tr("What cures it"), tr(cause.CURES)),
    )


def weighed(cause: Cause) -> Iterator[WeighedLine]:
    """The table of a cause's evidence, the heaviest for first, the heaviest against last."""
    for message, weight in sorted(cause.WEIGHTS.items(), key=lambda item: -item[1].grade):
        words = _BLANK.sub(lambda match: f"[{match[1].replace('_', ' ')}]", tr(cause.TEXTS[message]))
        yield WeighedLine(words, grade_of(weight), weight.witness, weight.source)


def grade_of(weight: Weight) -> str:
    """A grade in words.

    >>> grade_of(Weight(2, "fullness", "SDP")), grade_of(Weight(-3, "rate", "Little's law", computed=True))
    ('for, strong', 'against, decisive (computed)')
    """
    grade = say(_GRADES[weight.grade])
    return tell("{grade} (computed)", grade=grade) if weight.computed else grade
