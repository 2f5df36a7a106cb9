"""What answers are worth: intervals, confusion, and error against the share that is rejected."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_Z: Final = 1.959964  # both tails of the normal distribution together hold 5 %
_BINS: Final = 15  # of confidence
_REJECTED: Final = (
    0.0, 0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4,
    0.5,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rejection:
    """What is left when the crops with the least confidence are rejected."""

    rejected: float  # share of all crops, 0 to 1
    error: float  # share of wrong answers among those that are kept, 0 to 1
    confidence: float  # the least that is kept, 0 to 1


@dataclass(frozen=True, slots=True)
class ConfidenceBin:
    """Answers of about one confidence: well calibrated where accuracy is as confidence."""

    low: float  # 0 to 1
    high: float
    count: int
    confidence: float  # mean
    accuracy: float


def wilson_interval(right: int, count: int) -> tuple[float, float]:
    """95 % confidence interval of an accuracy, 0 to 1.

    It holds at 100 % and with few digits too, where the usual one has no width: E. B. Wilson,
    Probable inference, the law of succession, and statistical inference, JASA 22, 1927.
    """
    share, z2 = right / count, _Z * _Z
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = _Z / (1 + z2 / count) * (share * (1 - share) / count + z2 / (4 * count**2)) ** 0.5
    # At the ends it is exact, whatever the rounding.
    low = 0.0 if right == 0 else max(0.0, middle - half)
    high = 1.0 if right == count else min(1.0, middle + half)
    return low, high


@dataclass(frozen=True, slots=True)
class Share:
    """How many of some answers are right."""

    right: int
    count: int  # at least 1

    @property
    def accuracy(self) -> float:
        """0 to 1."""
        return self.right / self.count

    @property
    def interval(self) -> tuple[float, float]:
        """Of the accuracy, at 95 % confidence."""
        return wilson_interval(self.right, self.count)


def confusion_matrix(
    labels: NDArray[np.int64], predicted: NDArray[np.int64], classes: int
) -> NDArray[np.int64]:
    """Count answers: row for what stands there, column for what was read."""
    counts = np.bincount(labels * classes + predicted, minlength=classes * classes)
    return np.asarray(counts.reshape(classes, classes), np.int64)


def rejection_curve(
    confidences: NDArray[np.float32],
    right: NDArray[np.bool_],
    shares: tuple[float, ...] = _REJECTED,
) -> list[Rejection]:
    """Error among what is kept, for each share of the least sure that is rejected.

    Of crops that are equally sure, those that were read wrong are rejected last: the curve never
    looks better than a limit on the confidence would make it.
    """
    order = np.lexsort((~right, confidences))
    wrong_from = np.concatenate([np.cumsum(~right[order][::-1])[::-1], [0]])
    count = len(order)
    curve = []
    for share in shares:
        start = min(round(share * count), count - 1)
        error, least = float(wrong_from[start]) / (count - start), float(confidences[order[start]])
        curve.append(Rejection(rejected=start / count, error=error, confidence=least))
    return curve


def confidence_bins(
    confidences: NDArray[np.float32], right: NDArray[np.bool_], bins: int = _BINS
) -> list[ConfidenceBin]:
    """Accuracy by confidence, in equally wide bins; those without answers are left out."""
    places = np.minimum((confidences * bins).astype(np.int64), bins - 1)
    found = []
    for place in np.unique(places):
        here = places == place
        count, sure, share = int(here.sum()), confidences[here].mean(), right[here].mean()
        low, high = float(place / bins), float((place + 1) / bins)
        found.append(ConfidenceBin(low, high, count, float(sure), float(share)))
    return found


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Find the number to divide logits, (count, classes), by, so that the labels become likeliest.

    Temperature scaling: C. Guo et al., On Calibration of Modern Neural Networks, ICML 2017. It is
    0.1 to 10; above 1 where the network is too sure of itself.
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
    """Expected calibration error, 0 to 1, over equal bins of confidence (Guo et al., 2017)."""
    if not len(confidences):
        return 0.0
    places = np.minimum((confidences * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(places, right.astype(np.float64) - confidences, minlength=bins)
    return float(np.abs(gaps).sum() / len(confidences))


def _loss(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=1))
    return float((log_sum - shifted[np.arange(len(labels)), labels]).mean())
