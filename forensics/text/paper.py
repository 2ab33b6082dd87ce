"""The sizes of paper that a report can be set on."""

from enum import StrEnum


class Paper(StrEnum):
    """Each value is the size's name in CSS."""

    A4 = "a4"
    LETTER = "letter"
