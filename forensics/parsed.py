"""What every parser hands over: facts, problems and one line about what it found."""

import msgspec


class Problem(msgspec.Struct, frozen=True):
    """Something in a member that could not be read; the rest of the member was.

    `line` is 1-based, None where the problem belongs to the whole member.
    """

    line: int | None
    message: str


class Parsed(msgspec.Struct, frozen=True):
    """The yield of one parser on one member.

    `summary` is for people (`inspect`, the report's list of files): "3 snapshots, 48,012 rows".
    """

    facts: tuple[object, ...]
    summary: str
    problems: tuple[Problem, ...] = ()
