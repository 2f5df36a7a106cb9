"""How good a predictor is on labelled digits. Does not import torch."""

import time
from dataclasses import dataclass
from pathlib import Path

from digitbatch.nn.calibration import calibration_error
from digitbatch.nn.datasets import Digits, load_mnist
from digitbatch.types import OTHER, Predictor


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a predictor got right; "other" where a digit stands is wrong."""

    accuracy: float  # 0 to 1
    count: int
    per_class: dict[str, float]  # accuracy of each digit that is there
    ece: float  # expected calibration error, 0 to 1
    crops_per_s: float


def evaluate_idx(data: Path, predictor: Predictor) -> Evaluation:
    """Evaluate on labelled digits; see `load_labelled`.

    Raises:
        UsageError: If a file is missing or damaged; the message names it.
    """
    return evaluate_digits(predictor, load_labelled(data))


def load_labelled(data: Path) -> Digits:
    """Load the digits that models are judged on: the test digits (`t10k-...`) of IDX files.

    Raises:
        UsageError: If a file is missing or damaged; the message names it.
    """
    return load_mnist(data, "t10k")


def evaluate_digits(predictor: Predictor, digits: Digits) -> Evaluation:
    """Evaluate on labelled digits; there must be at least one."""
    predictor(digits.crops[:1])  # warm up
    start = time.perf_counter()
    probabilities = predictor(digits.crops)
    taken_s = time.perf_counter() - start
    found = probabilities.argmax(axis=1)
    right = found == digits.labels
    return Evaluation(
        accuracy=float(right.mean()),
        count=len(digits),
        per_class={
            str(digit): float(right[digits.labels == digit].mean())
            for digit in range(OTHER)
            if (digits.labels == digit).any()
        },
        ece=calibration_error(probabilities.max(axis=1), right),
        crops_per_s=len(digits) / taken_s,
    )
