"""Who wrote the digits that lines are made of: the digits of a line are mostly by one writer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.training.synthesis.glyphs import Glyph
from digitbatch.types import OTHER

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
    """Put together what each writer wrote.

    Args:
        glyphs: Digits, and letters and signs with the label "other".
        writers: (glyphs,) numbers; -1: not known, such glyphs are of no writer.
        weights: (glyphs,) of each in training.

    Returns:
        The writers of nearly all digits.
    """
    order = np.argsort(writers, kind="stable")
    bounds = np.flatnonzero(np.diff(writers[order])) + 1
    found = []
    for places in np.split(order, bounds):
        if not len(places) or writers[places[0]] < 0:
            continue
        own = [glyphs[place] for place in places]
        digits = tuple(
            tuple(glyph for glyph in own if glyph.label == label) for label in range(OTHER)
        )
        if sum(map(bool, digits)) >= _LEAST_CLASSES:
            marks = tuple(glyph for glyph in own if glyph.label == OTHER)
            found.append(Writer(digits, marks, float(weights[places].sum())))
    return Writers(found)
