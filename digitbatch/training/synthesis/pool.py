"""What made lines are written with: digits by their writers, drawn ones, and marks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.errors import UsageError
from digitbatch.synth.strokes import ALL_STYLES, draw_digit
from digitbatch.training.synthesis.negatives import make_marks
from digitbatch.types import OTHER, Crops, Image


@dataclass(frozen=True, slots=True)
class Glyph:
    """One digit or mark, ready to be written at any size."""

    ink: Image = field(repr=False, compare=False)  # tight, light on black
    label: int  # 0 to 10
    height_px: float  # of the digits of its kind at this size


_LEAST_CLASSES: Final = 8  # of the ten digits: with fewer, lines would be of few digits


@dataclass(frozen=True, slots=True)
class Writer:
    """What one writer left, digit by digit."""

    digits: tuple[tuple[Glyph, ...], ...]  # ten; each may be empty
    marks: tuple[Glyph, ...]  # letters and signs
    weight: float  # how much its glyphs weigh in training, together


class Writers:
    """Writers to choose from by weight."""

    def __init__(self, writers: Sequence[Writer] = ()) -> None:
        """Take them; there may be none."""
        self.writers = tuple(writers)
        shares = np.array([writer.weight for writer in self.writers])
        self._ends = np.cumsum(shares / shares.sum()) if len(shares) else shares

    def __len__(self) -> int:
        """How many there are."""
        return len(self.writers)

    def draw(self, rng: np.random.Generator) -> Writer:
        """Choose one; there must be one."""
        place = int(np.searchsorted(self._ends, rng.random()))
        return self.writers[min(place, len(self.writers) - 1)]


def by_writer(
    glyphs: Sequence[Glyph], writers: NDArray[np.int64], weights: NDArray[np.float32]
) -> Writers:
    """Put together what each writer wrote: the writers of nearly all digits.

    Writers are numbers, -1 where not known; letters and signs have the label "other".
    """
    order = np.argsort(writers, kind="stable")
    bounds = np.flatnonzero(np.diff(writers[order])) + 1
    found = []
    for places in np.split(order, bounds):
        if not len(places) or writers[places[0]] < 0:
            continue
        own = [glyphs[place] for place in places]
        digits = _by_label(own)
        if sum(map(bool, digits)) >= _LEAST_CLASSES:
            marks = tuple(glyph for glyph in own if glyph.label == OTHER)
            found.append(Writer(digits, marks, float(weights[places].sum())))
    return Writers(found)


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
    crops: Crops, labels: NDArray[np.int64], drawn: int, marks: int, rng: np.random.Generator,
    writers: NDArray[np.int64] | None = None, weights: NDArray[np.float32] | None = None,
) -> Pool:  # fmt: skip
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
