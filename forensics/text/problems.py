"""Keeping a member's problems readable: a damaged file can have one on every line."""

from collections.abc import Sequence

from forensics.parsed import Parsed, Problem

MOST_PROBLEMS = 20  # named one by one; the rest are counted


def shortened(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Return the first `MOST_PROBLEMS` problems and, where there are more, one that counts the rest.

    >>> shortened([Problem(line, "damaged") for line in range(1, 24)])[-2:]
    (Problem(line=20, message='damaged'), Problem(line=None, message='3 more problems'))
    """
    more = len(problems) - MOST_PROBLEMS
    if more <= 0:
        return tuple(problems)
    return (*problems[:MOST_PROBLEMS], _more(more))


def is_known(parsed: Parsed) -> bool:
    """Whether a parser that tells problems only of its own kind has found that kind."""
    return bool(parsed.facts or parsed.problems)


class Problems:
    """Collects the problems of a member as it is read, in memory that does not grow with them.

    >>> problems = Problems()
    >>> for line in range(1, 24):
    ...     problems.add(line, "damaged")
    >>> problems.told()[-2:]
    (Problem(line=20, message='damaged'), Problem(line=None, message='3 more problems'))
    """

    def __init__(self) -> None:
        self._named: list[Problem] = []
        self._more = 0

    def add(self, line: int | None, message: str) -> None:
        """Keep the problem, or count it where there are many."""
        if len(self._named) < MOST_PROBLEMS:
            self._named.append(Problem(line, message))
        else:
            self._more += 1

    def told(self) -> tuple[Problem, ...]:
        """The first problems and, where there were more, one that counts the rest."""
        return (*self._named, *([_more(self._more)] if self._more else []))


def _more(count: int) -> Problem:
    return Problem(None, f"{count:,} more problem{'s' * (count != 1)}")
