"""Make probabilities mean what they say: temperature, and the error that is left."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

_BINS: Final = 15


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Find the number to divide logits by, so that the labels become likeliest.

    Temperature scaling: C. Guo et al., On Calibration of Modern Neural Networks, ICML 2017.

    Args:
        logits: (count, classes) of digits that took no part in training.
        labels: (count,) what they are.

    Returns:
        The temperature, 0.1 to 10; above 1 where the network is too sure of itself.
    """
    return likeliest_temperature(lambda inverse: _loss(logits * inverse, labels))


def likeliest_temperature(loss: Callable[[float], float], steps: int = 60) -> float:
    """Find the temperature at which a loss is least; it has one minimum over the inverse.

    Args:
        loss: Of logits that are multiplied by the inverse temperature it is given.
        steps: Of the golden-section search; each takes a third off what is left.

    Returns:
        The temperature, 0.1 to 10.
    """
    low, high = 0.1, 10.0  # inverse temperatures
    ratio = (5**0.5 - 1) / 2
    for _ in range(steps):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if loss(left) < loss(right):
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
