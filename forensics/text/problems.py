"""Keeping a member's problems readable: a damaged file can have one on every line."""

from collections.abc import Sequence

from forensics.parsed import Problem

MOST_PROBLEMS = 20  # named one by one; the rest are counted


def shortened(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Return the first `MOST_PROBLEMS` problems and, where there are more, one that counts the rest.

    >>> shortened([Problem(line, "damaged") for line in range(1, 24)])[-2:]
    (Problem(line=20, message='damaged'), Problem(line=None, message='3 more problems'))
    """
    more = len(problems) - MOST_PROBLEMS
    if more <= 0:
        return tuple(problems)
    return (*problems[:MOST_PROBLEMS], Problem(None, f"{more:,} more problem{'s' * (more != 1)}"))
