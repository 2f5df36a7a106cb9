"""The training set: what was read, digits written in other ways, and crops that are no digit."""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitbatch.stages.crops import center_crop
from digitbatch.synth.strokes import ALL_STYLES, draw_digit
from digitbatch.training.data import Labelled
from digitbatch.training.synthesis.negatives import make_cuts, make_marks
from digitbatch.training.synthesis.page_crops import make_ruled, make_scanned
from digitbatch.types import CROP_SIZE_PX, OTHER, Crops


@dataclass(frozen=True, slots=True)
class Examples:
    """Crops with the class that the network shall learn for them."""

    crops: Crops  # (count, 28, 28) uint8
    labels: NDArray[np.int64]  # (count,) 0 to 10
    doubtful: NDArray[np.bool_]  # (count,) "other", but possibly like a digit
    weights: NDArray[np.float32]  # (count,) how often each comes
    letters: NDArray[np.bool_] | None = None  # (count,) "other" by hand, but possibly like a digit

    def __len__(self) -> int:
        return len(self.labels)

    def fingerprint(self) -> str:
        """A hash of all that is learnt from."""
        letters = () if self.letters is None else (self.letters,)
        return fingerprint(self.crops, self.labels, self.doubtful, self.weights, *letters)


def fingerprint(*values: NDArray[Any]) -> str:
    """A hash of arrays, that tells whether a training goes on with what it began with."""
    found = hashlib.sha256()
    for one in values:
        found.update(np.ascontiguousarray(one).tobytes())
    return found.hexdigest()


def split(
    digits: Labelled, validation_count: int, rng: np.random.Generator
) -> tuple[Labelled, Labelled]:
    """Part the training digits into (those to train on, those to validate on)."""
    kept, held = split_places(digits, validation_count, rng)
    return digits.take(kept), digits.take(held)


def split_places(
    digits: Labelled, validation_count: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The places of the digits that `split` trains on, and of those that it holds back.

    Named sets say themselves what is held back: whole writers.
    """
    if digits.held is not None and digits.held.any():
        return np.flatnonzero(~digits.held), np.flatnonzero(digits.held)
    order = rng.permutation(len(digits))
    return order[validation_count:], order[:validation_count]


def mix(
    digits: Labelled, drawn_count: int, other_count: int, rng: np.random.Generator,
    ruled_count: int = 0, scans: int = 0,
) -> Examples:  # fmt: skip
    """Add drawn and scanned digits, those off rules, and crops of class "other"; they weigh 1 each.

    Where the digits are balanced, those off rules and the scans are as well: a scan weighs as much
    as the digit that it was made of, or the largest set would rule again.

    MNIST's writers are American; the drawn digits bring open fours, crossed sevens, ones with a
    foot, slashed zeros, and pens finer than any of MNIST's. Nor did they write on lines.
    """
    drawn_labels = rng.integers(0, 10, drawn_count)
    drawn = np.zeros((drawn_count, CROP_SIZE_PX, CROP_SIZE_PX), np.uint8)
    for index, label in enumerate(drawn_labels):
        drawn[index] = _draw(int(label), rng)
    mark_count = other_count * 2 // 5
    own = digits.labels != OTHER
    written, own_labels = digits.crops[own], digits.labels[own]
    cuts = make_cuts(written, other_count - mark_count, rng)
    marks = make_marks(mark_count, rng)
    own_weights = digits.weights[own]
    if digits.balanced:
        shares = own_weights.astype(np.float64)
        chosen = rng.choice(len(written), ruled_count, p=shares / shares.sum())
    else:
        chosen = rng.integers(0, len(written), ruled_count)
    ruled = make_ruled(written[chosen], rng)
    scanned = make_scanned(np.tile(written, (scans, 1, 1)), rng)
    made_labels = [
        drawn_labels, own_labels[chosen], np.tile(own_labels, scans), np.full(other_count, OTHER),
    ]  # fmt: skip
    labels = np.concatenate([digits.labels, *made_labels])
    doubtful = np.zeros(len(labels), np.bool_)
    doubtful[len(labels) - other_count : len(labels) - mark_count] = True
    made = np.ones(len(labels) - len(digits), np.float32)
    if digits.balanced:
        made[drawn_count + ruled_count :][: len(scanned)] = np.tile(own_weights, scans)
    weights = np.concatenate([digits.weights, made])
    letters = None
    if digits.doubtful is not None:
        letters = np.zeros(len(labels), np.bool_)
        letters[: len(digits)] = digits.doubtful
    crops = np.concatenate([digits.crops, drawn, ruled, scanned, cuts, marks])
    return Examples(crops, labels, doubtful, weights, letters)


def _draw(label: int, rng: np.random.Generator) -> Crops:
    # From small digits of a photograph to those of a 300 dpi scan; a pen is seldom under 1.3 px.
    height_px = float(rng.choice([14, 20, 28, 40]))
    pen_px = max(1.3, height_px * float(rng.uniform(0.03, 0.15)))
    style = str(rng.choice(ALL_STYLES[label]))
    return center_crop(draw_digit(label, rng, height_px=height_px, pen_px=pen_px, style=style))
