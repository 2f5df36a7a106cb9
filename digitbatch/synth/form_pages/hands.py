"""Whose handwriting stands on the pages: characters by writer, as pen tracks or as pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.synth.form_pages.dice import Dice
from digitbatch.synth.strokes import ALL_STYLES, digit_paths
from digitbatch.types import Image

Tracks = list[NDArray[np.float64]]
"""A character: for each stroke (points, 2), x to the right, y down, the longer side about 1."""

Character = Tracks | Image
"""Pen tracks, or a picture cut to its ink, 255 on 0."""

LETTER_HEIGHTS: Final = {
    **dict.fromkeys("acemnorsuvwxz", (0.62, 0.0)),
    **dict.fromkeys("gpqyj", (0.9, 0.28)),
    **dict.fromkeys("bdfhklt", (1.0, 0.0)),
    "i": (0.85, 0.0),
}
"""Height of small letters, of a capital's, and how far of it they reach below the line."""


@dataclass(frozen=True, slots=True)
class Writer:
    """What one writer left."""

    digits: tuple[tuple[Character, ...], ...]  # ten; each may be empty


@dataclass(frozen=True, slots=True)
class Letters:
    """What one writer left, or several together, of letters and signs."""

    by_label: dict[str, tuple[Tracks, ...]]  # letters and signs, as the label says


@dataclass(frozen=True, slots=True)
class Hands:
    """Writers to draw from."""

    collections: tuple[tuple[Writer, ...], ...]  # sets of digits, each with its writers
    weights: tuple[float, ...]  # of each collection
    letters: tuple[Letters, ...]  # writers of letters; may be none
    signs: tuple[Character, ...] = ()  # symbols and other marks that are no digit
    drawn_share: float = 0.12  # of the writers: drawn from stroke models instead

    def writer(self, dice: Dice) -> Writer | None:
        """Somebody; None: whom the stroke models stand for."""
        if not self.collections or dice.share(self.drawn_share):
            return None
        return dice.pick(dice.weighted(self.collections, self.weights))

    def letter_writer(self, dice: Dice) -> Letters | None:
        """Somebody who wrote letters; None: nobody did."""
        return dice.pick(self.letters) if self.letters else None


DRAWN_ONLY: Final = Hands((), (), (), drawn_share=1.0)
"""Nobody's: digits from stroke models, for tests."""


def modelled_digit(label: int, dice: Dice, style: str | None = None) -> Tracks:
    """A digit from the stroke models."""
    style = style or dice.pick(ALL_STYLES[label])
    return [
        np.asarray(curve[::3], np.float64) / 100
        for curve in digit_paths(label, dice.arrays, height_px=100.0, style=style)
    ]


def by_writer(
    characters: Sequence[Character], labels: Sequence[int], writers: Sequence[int], least: int = 6
) -> tuple[Writer, ...]:
    """Put together what each writer wrote.

    Args:
        characters: Digits.
        labels: Their labels, 0 to 9.
        writers: Numbers, -1 where not known: such digits are one writer's, together.
        least: Of the ten digits that a writer must have.

    Returns:
        Those who wrote enough of them; all together where nobody did.
    """
    piles: dict[int, list[list[Character]]] = {}
    for character, label, writer in zip(characters, labels, writers, strict=True):
        piles.setdefault(writer, [[] for _ in range(10)])[label].append(character)
    found = tuple(
        Writer(tuple(tuple(pile) for pile in own))
        for own in piles.values()
        if sum(map(bool, own)) >= least
    )
    if found or not characters:
        return found
    whole = [[one for own in piles.values() for one in own[label]] for label in range(10)]
    return (Writer(tuple(tuple(pile) for pile in whole)),)
