"""What a model answers about labelled digits, or about lines made of them. Imports no torch."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from digitbatch.networks.card import Kind
from digitbatch.networks.line_reader import LineReader
from digitbatch.training.data import Labelled
from digitbatch.training.evaluation.measures import (
    ConfidenceBin,
    Rejection,
    Share,
    calibration_error,
    confidence_bins,
    confusion_matrix,
    rejection_curve,
)
from digitbatch.training.synthesis.lines import MadeLine, make_lines
from digitbatch.training.synthesis.pool import make_pool
from digitbatch.types import CLASSES, Image, Predictor


@dataclass(frozen=True, slots=True)
class LineGate:
    """What lines a line network is judged on."""

    lines: int = 2000
    drawn: int = 500  # digits in other ways of writing
    marks: int = 300
    seed: int = 20  # the same digits make the same lines


LINE_GATE: Final = LineGate()
_UNITS: Final[dict[Kind, str]] = {"digit": "crops", "line": "lines", "ink": "components"}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a model answered, each time right or wrong.

    Of a network for single digits the answers are classes of crops; "other" where a digit stands is
    wrong. Of a line network they are texts, right if all of a line's digits are, and no more. Of an
    ink network they are classes of connected components.
    """

    kind: Kind
    about: str  # whose they are, for people: "test digits"
    labels: tuple[str, ...] = field(repr=False)  # what stands there, marks left out
    answers: tuple[str, ...] = field(repr=False)
    confidences: NDArray[np.float32] = field(repr=False, compare=False)  # (count,), 0 to 1
    pictures: Sequence[Image] = field(repr=False, compare=False)  # what was read, (h, w) uint8
    per_s: float = field(compare=False)  # how many were read in a second
    files: tuple[str, ...] = field(default=(), repr=False)  # where each came from, if from files
    indexes: NDArray[np.int64] | None = field(default=None, repr=False, compare=False)
    model_hash: str = ""
    device_name: str = "cpu"

    @property
    def unit(self) -> str:
        """What was read, in words."""
        return _UNITS[self.kind]

    @property
    def count(self) -> int:
        """How many answers there are."""
        return len(self.labels)

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether each answer is right, (count,)."""
        return np.array(
            [one == other for one, other in zip(self.labels, self.answers, strict=True)]
        )

    @property
    def mistakes(self) -> list[int]:
        """Places of wrong answers, the most confident first."""
        wrong = np.flatnonzero(~self.right)
        found: list[int] = wrong[np.argsort(-self.confidences[wrong], kind="stable")].tolist()
        return found

    @property
    def share(self) -> Share:
        """How many are right in all."""
        return Share(int(self.right.sum()), self.count)

    @property
    def accuracy(self) -> float:
        """Share of right answers, 0 to 1."""
        return self.share.accuracy

    @property
    def groups(self) -> dict[str, Share]:
        """How many are right of each class, or of lines with each number of digits."""
        right, of_lines = self.right, self.kind == "line"
        keys = np.array([len(text) for text in self.labels] if of_lines else self.labels)
        names = CLASSES if self.kind == "digit" else np.unique(keys).tolist()
        return {
            str(name): Share(int(right[keys == name].sum()), int((keys == name).sum()))
            for name in names
            if (keys == name).any()
        }

    @property
    def ece(self) -> float:
        """Expected calibration error, 0 to 1."""
        return calibration_error(self.confidences, self.right)

    @property
    def digit_error(self) -> float:
        """Digits of lines that are wrong, missing or too many, for each that stands there."""
        wrong = sum(edits(one, other) for one, other in zip(self.labels, self.answers, strict=True))
        return wrong / max(1, sum(map(len, self.labels)))

    @property
    def confusion(self) -> NDArray[np.int64]:
        """(11, 11), of single digits: row for what stands there, column for what was read."""
        stand, read = (
            np.array([CLASSES.index(name) for name in names], np.int64)
            for names in (self.labels, self.answers)
        )
        return confusion_matrix(stand, read, len(CLASSES))

    @property
    def rejection(self) -> list[Rejection]:
        """The error that is left, by the share that is rejected."""
        return rejection_curve(self.confidences, self.right)

    @property
    def reliability(self) -> list[ConfidenceBin]:
        """Accuracy by confidence."""
        return confidence_bins(self.confidences, self.right)

    def figures(self, part: str) -> dict[str, float]:
        """What a card holds of it; the part is "validation" or "test"."""
        if self.kind == "digit":
            return {f"{part}_accuracy": self.accuracy, f"{part}_ece": self.ece}
        return {
            f"{part}_lines": self.accuracy,
            f"{part}_digit_error": self.digit_error,
            f"{part}_ece": self.ece,
        }


def evaluate_digits(
    predictor: Predictor, digits: Labelled, about: str = "test digits"
) -> Evaluation:
    """Evaluate on labelled digits; there must be at least one."""
    predictor(digits.crops[:1])  # warm up
    start = time.perf_counter()
    probabilities = predictor(digits.crops)
    taken_s = time.perf_counter() - start
    return Evaluation(
        kind="digit",
        about=about,
        labels=tuple(CLASSES[label] for label in digits.labels),
        answers=tuple(CLASSES[label] for label in probabilities.argmax(axis=1)),
        confidences=np.asarray(probabilities.max(axis=1), np.float32),
        pictures=list(digits.crops),
        per_s=len(digits) / taken_s,
        files=digits.files,
        indexes=digits.indexes,
    )


def lines_of(digits: Labelled, count: int | None = None) -> list[MadeLine]:
    """Make the lines on which a network is judged: the same digits make the same lines.

    There are as many as `LINE_GATE` says, or `count`; a UsageError says which digit is missing.
    """
    gate = LINE_GATE
    rng = np.random.default_rng(gate.seed)
    pool = make_pool(digits.crops, digits.labels, gate.drawn, gate.marks, rng)
    return make_lines(pool, gate.lines if count is None else count, rng)


def evaluate_lines(
    reader: LineReader, lines: Sequence[MadeLine], about: str = "made lines"
) -> Evaluation:
    """Evaluate on made lines; there must be at least one."""
    reader([lines[0].strip])  # warm up
    start = time.perf_counter()
    best = [answer.best(most=1)[0] for answer in reader([line.strip for line in lines])]
    taken_s = time.perf_counter() - start
    return Evaluation(
        kind="line",
        about=about,
        labels=tuple(line.text.replace("?", "") for line in lines),
        answers=tuple(text.digits for text in best),
        confidences=np.array([text.probability for text in best], np.float32),
        pictures=[line.strip.ink for line in lines],
        per_s=len(lines) / taken_s,
    )


def evaluation_json(found: Evaluation, data: Labelled) -> dict[str, JsonValue]:
    """What `digitbatch evaluate --json` writes; docs/evaluation.md has every key."""
    content: dict[str, JsonValue] = {
        "accuracy": found.accuracy,
        "accuracy_interval": list(found.share.interval),
        "count": found.count,
        "right": found.share.right,
        "ece": found.ece,
        "rejection": [asdict(point) for point in found.rejection],
        f"{found.unit}_per_s": round(found.per_s, 1),
        "device": found.device_name,
        "model_hash": found.model_hash,
    }
    groups = found.groups
    by_group: dict[str, JsonValue] = {
        name: {"count": own.count, "accuracy": own.accuracy} for name, own in groups.items()
    }
    if found.kind == "line":
        return content | {"digit_error": found.digit_error, "by_length": by_group}
    if found.kind == "ink":
        return content | {"by_class": by_group}
    return content | {
        "per_class": {name: own.accuracy for name, own in groups.items()},
        "per_class_count": {name: own.count for name, own in groups.items()},
        "per_class_interval": {name: list(own.interval) for name, own in groups.items()},
        "classes": list(CLASSES),
        "confusion": [[int(count) for count in row] for row in found.confusion],
        "reliability": [asdict(one) for one in found.reliability],
        "data": {
            "name": data.name,
            "kind": data.kind,
            "inverted": data.inverted,
            "unread": [asdict(bad) for bad in data.unread],
        },
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
