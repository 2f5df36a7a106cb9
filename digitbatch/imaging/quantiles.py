"""Quantiles of a few numbers: numpy takes longer to look at what it was given than to find them."""

from collections.abc import Sequence


def median(values: Sequence[float]) -> float:
    """The number in the middle; of an even number of them, the mean of both.

    Args:
        values: At least one.
    """
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def quantile(values: Sequence[float], share: float) -> float:
    """The number below which a share of some numbers lies, between the two nearest; as numpy's.

    Args:
        values: At least one.
        share: 0 to 1.
    """
    ordered = sorted(values)
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])
