"""How good a line network is on lines made of labelled digits. Does not import torch."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from digitbatch.networks.line.reader import LineReader
from digitbatch.training.data import Labelled
from digitbatch.training.datasets import Digits
from digitbatch.training.evaluation.measures import Rejection, rejection_curve, wilson_interval
from digitbatch.training.synthesis.glyphs import make_pool
from digitbatch.training.synthesis.lines import MadeLine, make_lines
from digitbatch.training.temperature import calibration_error

LINES: Final = 2000
"""How many lines a network is judged on."""

_DRAWN: Final = 500  # digits in other ways of writing
_MARKS: Final = 300
_SEED: Final = 20  # of evaluations: the same digits make the same lines


@dataclass(frozen=True, slots=True)
class LineEvaluation:
    """What a line network got right; a line is right if all of its digits are, and no more."""

    texts: tuple[str, ...] = field(repr=False)  # what stands there, marks left out
    read: tuple[str, ...] = field(repr=False)
    confidences: NDArray[np.float32] = field(repr=False)  # (count,) of `read`, 0 to 1
    lines_per_s: float

    @property
    def count(self) -> int:
        """How many lines."""
        return len(self.texts)

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether each was read right, (count,)."""
        return np.array([one == other for one, other in zip(self.texts, self.read, strict=True)])

    @property
    def accuracy(self) -> float:
        """Share of lines that were read right, 0 to 1."""
        return float(self.right.mean())

    @property
    def interval(self) -> tuple[float, float]:
        """Of the accuracy, at 95 % confidence."""
        return wilson_interval(int(self.right.sum()), self.count)

    @property
    def digit_error(self) -> float:
        """Digits that are wrong, missing or too many, for each that stands there."""
        wrong = sum(edits(one, other) for one, other in zip(self.texts, self.read, strict=True))
        return wrong / max(1, sum(map(len, self.texts)))

    @property
    def by_length(self) -> dict[int, tuple[int, float]]:
        """Number of lines, and share of them read right, by number of digits."""
        lengths, right = np.array([len(text) for text in self.texts]), self.right
        return {
            int(length): (int((lengths == length).sum()), float(right[lengths == length].mean()))
            for length in np.unique(lengths)
        }

    @property
    def ece(self) -> float:
        """Expected calibration error of the lines' confidences, 0 to 1."""
        return calibration_error(self.confidences, self.right)

    @property
    def rejection(self) -> list[Rejection]:
        """The error that is left, by the share of lines that is rejected."""
        return rejection_curve(self.confidences, self.right)


def lines_of(digits: Digits | Labelled, count: int | None = None) -> list[MadeLine]:
    """Make the lines on which a network is judged: the same digits make the same lines.

    Args:
        digits: What they are written with, and with drawn digits; each of 0 to 9 at least once.
        count: How many; None: `LINES`.

    Raises:
        UsageError: If a digit is missing.
    """
    rng = np.random.default_rng(_SEED)
    pool = make_pool(digits.crops, digits.labels, _DRAWN, _MARKS, rng)
    return make_lines(pool, LINES if count is None else count, rng)


def evaluate_lines(reader: LineReader, lines: Sequence[MadeLine]) -> LineEvaluation:
    """Evaluate on made lines; there must be at least one."""
    reader([lines[0].strip])  # warm up
    start = time.perf_counter()
    best = [answer.best(most=1)[0] for answer in reader([line.strip for line in lines])]
    taken_s = time.perf_counter() - start
    return LineEvaluation(
        texts=tuple(line.text.replace("?", "") for line in lines),
        read=tuple(text.digits for text in best),
        confidences=np.array([text.probability for text in best], np.float32),
        lines_per_s=len(lines) / taken_s,
    )


def line_evaluation_json(found: LineEvaluation) -> dict[str, JsonValue]:
    """What `digitbatch evaluate --json` writes of a line network; see docs/evaluation.md."""
    return {
        "accuracy": found.accuracy,
        "accuracy_interval": list(found.interval),
        "count": found.count,
        "right": int(found.right.sum()),
        "digit_error": found.digit_error,
        "by_length": {
            str(length): {"count": count, "accuracy": accuracy}
            for length, (count, accuracy) in found.by_length.items()
        },
        "ece": found.ece,
        "rejection": [asdict(point) for point in found.rejection],
        "lines_per_s": round(found.lines_per_s, 1),
    }


def edits(one: str, other: str) -> int:
    """Least number of digits to change, put in or take out (V. Levenshtein, 1966)."""
    row = list(range(len(other) + 1))
    for place, char in enumerate(one, 1):
        new = [place]
        for there, found in enumerate(other, 1):
            new.append(min(row[there] + 1, new[-1] + 1, row[there - 1] + (char != found)))
        row = new
    return row[-1]
