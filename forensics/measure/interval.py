"""A number known only between two bounds. Missing evidence widens it, so it can confirm nothing."""

import msgspec


class Interval(msgspec.Struct, frozen=True):
    """`low` ≤ the true value ≤ `high`.

    >>> Interval(10, 20).below(20.5), Interval(10, 20).below(20), Interval(10, 20).at_least(10)
    (True, False, True)
    """

    low: float
    high: float

    def below(self, limit: float) -> bool:
        """Whether the true value is below the limit wherever it lies."""
        return self.high < limit

    def at_least(self, limit: float) -> bool:
        """Whether the true value reaches the limit wherever it lies."""
        return self.low >= limit

    def straddles(self, limit: float) -> bool:
        """Whether the limit lies inside, so that nothing follows."""
        return not self.below(limit) and not self.at_least(limit)
