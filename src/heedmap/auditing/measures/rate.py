"""How often something came about in independent trials, with its interval."""

from __future__ import annotations

from heedmap.auditing.measures.stats import wilson_interval
from heedmap.frozen import Frozen


class Rate(Frozen):
    """A share of episodes, 0..1, with its 95 % Wilson interval."""

    value: float
    low: float
    high: float
    successes: int
    n: int

    @classmethod
    def of(cls, successes: int, n: int) -> Rate:
        """Of so many trials. Raises ValueError without any, or for successes outside of 0..n."""
        low, high = wilson_interval(successes, n)
        return cls(value=successes / n, low=low, high=high, successes=successes, n=n)
