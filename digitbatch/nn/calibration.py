"""Make probabilities mean what they say: temperature, and the error that is left."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

_BINS: Final = 15


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Find the number to divide logits by, so that the labels become likeliest.

    Temperature scaling: C. Guo et al., On Calibration of Modern Neural Networks, ICML 2017. The
    loss has one minimum over the inverse temperature, which a golden-section search finds.

    Args:
        logits: (count, classes) of digits that took no part in training.
        labels: (count,) what they are.

    Returns:
        The temperature, 0.1 to 10; above 1 where the network is too sure of itself.
    """
    low, high = 0.1, 10.0  # inverse temperatures
    ratio = (5**0.5 - 1) / 2
    for _ in range(60):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if _loss(logits * left, labels) < _loss(logits * right, labels):
            high = right
        else:
            low = left
    return round(2 / (low + high), 4)


def calibration_error(
    confidences: NDArray[np.float32], right: NDArray[np.bool_], bins: int = _BINS
) -> float:
    """Expected calibration error, 0 to 1, over equally wide bins of confidence (Guo et al., 2017).

    Args:
        confidences: (count,) probability of the class that was named, 0 to 1.
        right: (count,) whether it was the right one.
        bins: How many.
    """
    if not len(confidences):
        return 0.0
    places = np.minimum((confidences * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(places, right.astype(np.float64) - confidences, minlength=bins)
    return float(np.abs(gaps).sum() / len(confidences))


def _loss(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=1))
    return float((log_sum - shifted[np.arange(len(labels)), labels]).mean())
