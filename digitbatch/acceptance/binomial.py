"""What a count of mistakes says about the share of mistakes."""

from functools import lru_cache
from math import exp, lgamma, log, log1p
from typing import Final

LEVEL: Final = 0.95
"""How sure the bounds are."""


@lru_cache(maxsize=4096)
def upper_bound(wrong: int, count: int) -> float:
    """The share of wrong ones that is not exceeded, with a confidence of `LEVEL`, one-sided.

    C. Clopper and E. Pearson, The use of confidence or fiducial limits illustrated in the case of
    the binomial, Biometrika 26, 1934.

    `wrong` of the `count` that were looked at are; of none nothing is known, so it is 1.
    """
    if not 0 <= wrong <= count:
        raise ValueError(f"expected 0 to {count} wrong of {count}, got {wrong}")
    if wrong == count:
        return 1.0
    low, high = wrong / count, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _at_most(wrong, count, middle) > 1 - LEVEL:
            low = middle
        else:
            high = middle
    return high


def fields_needed(wrong: int, share: float) -> int:
    """How many must be looked at, with so many wrong, for `upper_bound` to be `share` at most."""
    if not 0 < share < 1:
        raise ValueError(f"a share is between 0 and 1, got {share}")
    low, high = wrong, wrong + 1
    while upper_bound(wrong, high) > share:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if upper_bound(wrong, middle) > share else (low, middle)
    return high


def _at_most(wrong: int, count: int, share: float) -> float:
    """The probability of so many wrong at most, if each is with probability `share`."""
    if share <= 0:
        return 1.0
    if share >= 1:
        return 0.0
    logs = [
        lgamma(count + 1) - lgamma(k + 1) - lgamma(count - k + 1)
        + k * log(share) + (count - k) * log1p(-share)
        for k in range(wrong + 1)
    ]  # fmt: skip
    top = max(logs)
    return exp(top) * sum(exp(one - top) for one in logs)
