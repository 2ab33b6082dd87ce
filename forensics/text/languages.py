"""The languages that a report can be written in."""

from enum import StrEnum


class Code(StrEnum):
    """The languages, as they are tagged in HTML and PDF (BCP 47)."""

    ENGLISH = "en"
    CHINESE = "zh-CN"
