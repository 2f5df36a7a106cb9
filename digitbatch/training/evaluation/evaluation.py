"""How good a predictor is on labelled digits. Does not import torch."""

import logging
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from digitbatch.training.data import Labelled, read_data, summary_lines
from digitbatch.training.datasets import Digits
from digitbatch.training.evaluation.measures import (
    ConfidenceBin,
    Rejection,
    confidence_bins,
    confusion_matrix,
    rejection_curve,
    wilson_interval,
)
from digitbatch.training.temperature import calibration_error
from digitbatch.types import CLASSES, Predictor, Probabilities

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a predictor got right; "other" where a digit stands is wrong."""

    accuracy: float  # 0 to 1
    interval: tuple[float, float]  # of the accuracy, at 95 % confidence
    count: int
    per_class: dict[str, float]  # accuracy of each class that is there
    per_class_count: dict[str, int]
    ece: float  # expected calibration error, 0 to 1
    crops_per_s: float
    labels: NDArray[np.int64] = field(repr=False, compare=False)  # (count,) 0 to 10
    probabilities: Probabilities = field(repr=False, compare=False)  # (count, 11)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The likeliest class of each crop, (count,) 0 to 10."""
        return np.asarray(self.probabilities.argmax(axis=1), np.int64)

    @property
    def confidences(self) -> NDArray[np.float32]:
        """The probability of `predicted`, (count,) 0 to 1."""
        return np.asarray(self.probabilities.max(axis=1), np.float32)

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether `predicted` is the label, (count,)."""
        return np.asarray(self.predicted == self.labels, np.bool_)

    @property
    def confusion(self) -> NDArray[np.int64]:
        """(11, 11): row for what stands there, column for what was read."""
        return confusion_matrix(self.labels, self.predicted, len(CLASSES))

    @property
    def rejection(self) -> list[Rejection]:
        """The error that is left, by the share that is rejected."""
        return rejection_curve(self.confidences, self.right)

    @property
    def reliability(self) -> list[ConfidenceBin]:
        """Accuracy by confidence."""
        return confidence_bins(self.confidences, self.right)


def evaluate_idx(data: Path, predictor: Predictor) -> Evaluation:
    """Evaluate on labelled digits; see `load_labelled`.

    Raises:
        UsageError: If a file is missing or damaged; the message names it.
    """
    return evaluate_digits(predictor, load_labelled(data))


def load_labelled(data: Path) -> Digits:
    """Load the digits that models are judged on: whatever `read_data` reads, its test digits.

    What was read, and what was not, goes to the log.

    Raises:
        UsageError: If a file is missing or damaged; the message names it.
    """
    found = read_data([data], "test")
    for line in summary_lines(found):
        log.info("%s", line)
    return Digits(found.crops, found.labels)


def evaluate_digits(predictor: Predictor, digits: Digits | Labelled) -> Evaluation:
    """Evaluate on labelled digits; there must be at least one."""
    predictor(digits.crops[:1])  # warm up
    start = time.perf_counter()
    probabilities = predictor(digits.crops)
    taken_s = time.perf_counter() - start
    right = np.asarray(probabilities.argmax(axis=1) == digits.labels, np.bool_)
    there = {name: digits.labels == label for label, name in enumerate(CLASSES)}
    there = {name: here for name, here in there.items() if here.any()}
    return Evaluation(
        accuracy=float(right.mean()),
        interval=wilson_interval(int(right.sum()), len(right)),
        count=len(digits),
        per_class={name: float(right[here].mean()) for name, here in there.items()},
        per_class_count={name: int(here.sum()) for name, here in there.items()},
        ece=calibration_error(probabilities.max(axis=1), right),
        crops_per_s=len(digits) / taken_s,
        labels=digits.labels,
        probabilities=probabilities,
    )


def evaluation_json(found: Evaluation, data: Labelled) -> dict[str, JsonValue]:
    """What `digitbatch evaluate --json` writes; docs/evaluation.md has every key."""
    intervals: dict[str, JsonValue] = {
        name: list(wilson_interval(round(share * count), count))
        for (name, share), count in zip(
            found.per_class.items(), found.per_class_count.values(), strict=True
        )
    }
    return {
        "accuracy": found.accuracy,
        "accuracy_interval": list(found.interval),
        "count": found.count,
        "right": int(found.right.sum()),
        "per_class": {**found.per_class},
        "per_class_count": {**found.per_class_count},
        "per_class_interval": intervals,
        "ece": found.ece,
        "classes": list(CLASSES),
        "confusion": [[int(count) for count in row] for row in found.confusion],
        "rejection": [asdict(point) for point in found.rejection],
        "reliability": [asdict(one) for one in found.reliability],
        "crops_per_s": round(found.crops_per_s, 1),
        "data": {
            "name": data.name,
            "kind": data.kind,
            "inverted": data.inverted,
            "unread": [asdict(bad) for bad in data.unread],
        },
    }
