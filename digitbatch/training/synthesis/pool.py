"""What made lines are written with: training digits, drawn digits, and marks that are no digit."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.errors import UsageError
from digitbatch.synth.paths import ALL_STYLES
from digitbatch.synth.strokes import draw_digit
from digitbatch.training.synthesis.glyphs import Glyph
from digitbatch.training.synthesis.negatives import make_marks
from digitbatch.training.synthesis.writers import Writers, by_writer
from digitbatch.types import OTHER, Crops, Image

_CROP_DIGIT_PX: Final = 20.0  # height of a digit in a crop
_DRAWN_PX: Final = 32.0
_FAINT: Final = 40
_FLAT: Final = 0.45


@dataclass(frozen=True, slots=True)
class Pool:
    """Glyphs by what they are."""

    digits: tuple[tuple[Glyph, ...], ...]  # ten, of real hands
    drawn: tuple[tuple[Glyph, ...], ...]  # ten, in other ways of writing; each may be empty
    marks: tuple[Glyph, ...]
    writers: Writers = field(default_factory=Writers)  # those that are known


def make_pool(
    crops: Crops,
    labels: NDArray[np.int64],
    drawn: int,
    marks: int,
    rng: np.random.Generator,
    writers: NDArray[np.int64] | None = None,
    weights: NDArray[np.float32] | None = None,
) -> Pool:
    """Prepare glyphs.

    Args:
        crops: (count, 28, 28) uint8 digits, ink 255 on 0; those of class "other" are left out,
            but as letters and signs of a known writer.
        labels: (count,) what they are; each of 0 to 9 at least once.
        drawn: How many digits to draw from stroke models.
        marks: How many marks to make.
        rng: Decides everything.
        writers: (count,) who wrote each, a number, -1 where not known; None: nobody is known.
        weights: (count,) how much each counts when a writer is chosen; None: all alike.

    Raises:
        UsageError: If a digit is missing.
    """
    counts = np.bincount(labels[labels != OTHER], minlength=10)
    if not counts.all():
        missing = ", ".join(str(digit) for digit in np.flatnonzero(counts == 0))
        raise UsageError(
            f"lines are made of all ten digits, and the data have no {missing}; name more with"
            " another --data"
        )
    if writers is None:
        writers = np.full(len(labels), -1)
    if weights is None:
        weights = np.ones(len(labels), np.float32)
    used = np.flatnonzero((labels != OTHER) | (writers >= 0))
    written = [
        Glyph(_tight(crop), int(label), _CROP_DIGIT_PX)
        for crop, label in zip(crops[used], labels[used], strict=True)
    ]
    ways = [
        Glyph(_tight(_draw(number % 10, rng)), number % 10, _DRAWN_PX) for number in range(drawn)
    ]
    strange = [Glyph(_tight(mark), OTHER, _CROP_DIGIT_PX) for mark in make_marks(marks, rng)]
    # Flat ones are rests of rules, which lines have anyway and which nothing is to be read for.
    upright = [mark for mark in strange if len(mark.ink) > _FLAT * mark.ink.shape[1]]
    known = by_writer(written, writers[used], weights[used])
    return Pool(_by_label(written), _by_label(ways), tuple(upright), known)


def _draw(label: int, rng: np.random.Generator) -> Image:
    pen_px = _DRAWN_PX * float(rng.uniform(0.04, 0.15))
    style = str(rng.choice(ALL_STYLES[label]))
    return draw_digit(label, rng, height_px=_DRAWN_PX, pen_px=pen_px, style=style)


def _by_label(glyphs: Sequence[Glyph]) -> tuple[tuple[Glyph, ...], ...]:
    return tuple(tuple(glyph for glyph in glyphs if glyph.label == label) for label in range(OTHER))


def _tight(ink: Image) -> Image:
    inked = ink > _FAINT
    if not inked.any():
        inked = ink > 0
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    return np.ascontiguousarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
