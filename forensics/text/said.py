"""A sentence that is not yet put into words, so that a report can say it in its reader's language."""

from collections.abc import Mapping

import msgspec


class Said(msgspec.Struct, frozen=True):
    """English text with blanks, and what fills them, as `report.words.fill` does; a blank may be filled with another.

    The text is a literal wherever one is made: the catalogues of forensics/locales are gathered from these literals.
    """

    text: str
    params: Mapping[str, object] = {}
