"""What a line network says of a strip: n-best texts, and of any text its score and its digits.

Scores are summed over alignments (the CTC forward algorithm), digits stand where the best alignment
has them (Viterbi). Does not import torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from digitbatch.networks.card import model_hash
from digitbatch.networks.ctc import (
    FRAME_PX,
    LogProbabilities,
    align,
    best_texts,
    count_probabilities,
    text_log_probabilities,
)
from digitbatch.networks.line_strips import Strip
from digitbatch.networks.onnx_runtime import OnnxLines
from digitbatch.types import CLASSES, OTHER, Box, GroupAnswer, Image, Probabilities

_NAMES: Final = (*CLASSES[:OTHER], "?")


@dataclass(frozen=True, slots=True)
class DigitPlacing:
    """How the digits of a text are told apart."""

    faintest: float = -9.0  # log posterior; fainter labels are not weighed one by one
    near_frames: int = 3  # around a digit's own, in which others may stand in its place
    stroke_level: int = 60  # of 255; fainter ink is the blur around a stroke
    off_middle_px: float = 60.0  # of ink: what it costs to part two digits a whole pitch off


PLACING: Final = DigitPlacing()


@dataclass(frozen=True, slots=True)
class LineText:
    """One text that a strip may say."""

    text: str  # digits, "?" for ink that is no digit
    probability: float  # calibrated, 0 to 1; among texts with so many digits if a count was given

    @property
    def digits(self) -> str:
        """The text without what is no digit."""
        return self.text.replace("?", "")


@dataclass(frozen=True)
class LineAnswer:
    """What the network says of one strip."""

    strip: Strip
    logs: LogProbabilities = field(repr=False, compare=False)  # (frames, 12) log posteriors

    def best(self, count: tuple[int, int] | None = None, most: int = 5) -> list[LineText]:
        """The n-best texts, best first; none if no text with `count` digits is possible at all.

        Args:
            count: How many digits there are, at least and at most; None: any number.
            most: How many texts.
        """
        texts = best_texts(self.logs, count, most)
        among = 1.0
        if count:
            among = float(count_probabilities(self.logs, count[1])[count[0] :].sum())
        return [
            LineText(
                "".join(_NAMES[label] for label in text.labels),
                min(1.0, float(np.exp(text.log_probability)) / max(among, 1e-300)),
            )
            for text in texts
        ]

    def spans(self, text: str) -> list[tuple[float, float]]:
        """From where to where each digit of a text reaches, in pixels along the group's ink.

        Neighbours part where the least ink is, near the middle between them.

        Raises:
            ValueError: If the strip is too short for the text.
        """
        if not text:
            return []
        strip = self.strip
        middles = [FRAME_PX * (first + last) / 2 for first, last in self._aligned(text)]
        inked = np.flatnonzero(self._ink_by_column)
        parted = [self._least_ink(left, right) for left, right in pairwise(middles)]
        ends = [float(inked[0]), *parted, float(inked[-1] + 1)]
        return [
            (strip.to_ink(left), strip.to_ink(max(right, left + 1)))
            for left, right in pairwise(ends)
        ]

    def boxes(self, text: str, ink: Image) -> list[Box]:
        """The box of each digit of a text on the ink that `make_strip` was given, in its pixels.

        Raises:
            ValueError: If the strip is too short for the text.
        """
        height, width = ink.shape
        boxes = []
        for left, right in self.spans(text):
            first = min(max(0, round(left)), width - 1)
            last = max(first + 1, min(width, round(right)))
            marked = ink[:, first:last] > PLACING.stroke_level
            rows, columns = np.flatnonzero(marked.any(axis=1)), np.flatnonzero(marked.any(axis=0))
            if len(rows):
                first, last = first + int(columns[0]), first + int(columns[-1]) + 1
                boxes.append(Box(first, int(rows[0]), last, int(rows[-1]) + 1))
            else:
                boxes.append(Box(first, 0, last, height))
        return boxes

    def places(self, text: str) -> Probabilities:
        """What each digit of a text is, the others being what they are, (digits, 11).

        The probabilities of a row sum to 1; they say nothing of digits that are missing or too
        many, which `best` weighs.

        Raises:
            ValueError: If the strip is too short for the text.
        """
        labels = _labels(text)
        asked, wheres = [], []
        for place, (first, last) in enumerate(self._aligned(text)):
            frames = slice(max(0, first - PLACING.near_frames), last + PLACING.near_frames)
            near = self.logs[frames, : OTHER + 1].max(axis=0)
            for label in np.flatnonzero(near > PLACING.faintest):
                asked.append((self.logs, [*labels[:place], int(label), *labels[place + 1 :]]))
                wheres.append((place, int(label)))
        shares = np.zeros((len(labels), len(CLASSES)))
        if asked:
            rows, columns = np.array(wheres).T
            weights = text_log_probabilities(asked)
            shares[rows, columns] = np.exp(weights - weights.max())
        # One whose own answer is faint all over stands on the alignment alone.
        alone = shares.sum(axis=1) == 0
        shares[alone, np.array(labels, np.int64)[alone]] = 1.0
        return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)

    def _aligned(self, text: str) -> list[tuple[int, int]]:
        """The frames of each label; kept, for where digits stand and what they are both need it."""
        if text not in self._alignments:
            self._alignments[text] = align(self.logs, _labels(text))
        return self._alignments[text]

    @cached_property
    def _alignments(self) -> dict[str, list[tuple[int, int]]]:
        return {}

    @cached_property
    def _ink_by_column(self) -> NDArray[np.float64]:
        return np.asarray(self.strip.ink.sum(axis=0), np.float64) / 255

    def _least_ink(self, left: float, right: float) -> float:
        """Where to part two digits whose middles are these."""
        first, last = round(left), max(round(right), round(left) + 1)
        columns = np.arange(first, last)
        off = np.abs(columns + 0.5 - (left + right) / 2) / max(right - left, 1.0)
        inside = np.clip(columns, 0, len(self._ink_by_column) - 1)
        cost = self._ink_by_column[inside] + PLACING.off_middle_px * off**2
        return float(columns[int(cost.argmin())]) + 0.5


class LineAnswers(list[LineAnswer]):
    """What the network says of some strips."""

    def scores_of(self, texts: Sequence[str]) -> list[float]:
        """The log probability of a text for each strip, which may have been found otherwise."""
        asked = [(one.logs, _labels(text)) for one, text in zip(self, texts, strict=True)]
        return [float(score) for score in text_log_probabilities(asked)]

    def regrouped(self, answers: Sequence[GroupAnswer]) -> "LineAnswers":
        """Answers of the same network, maybe of several questions, together."""
        return LineAnswers(cast("Sequence[LineAnswer]", answers))


class LineReader:
    """A line network alone on the CPU, without the second one that it may have beside it."""

    def __init__(self, folder: Path) -> None:
        """Load the model in `folder`; a ModelError as for `OnnxLines`."""
        self._network = OnnxLines(folder)
        self.model_hash = model_hash(folder, "line")

    @classmethod
    def from_bytes(cls, onnx: bytes) -> "LineReader":
        """Load a network that is in no folder yet."""
        reader = cls.__new__(cls)
        reader._network = OnnxLines.from_bytes(onnx)
        reader.model_hash = ""
        return reader

    def __call__(self, strips: Sequence[Strip]) -> LineAnswers:
        """Answer each strip by itself: no answer depends on what else is asked."""
        said = self._network([strip.ink for strip in strips])
        return LineAnswers(
            LineAnswer(strip, logs.astype(np.float64))
            for strip, logs in zip(strips, said, strict=True)
        )


def _labels(text: str) -> list[int]:
    return [_NAMES.index(char) for char in text]
