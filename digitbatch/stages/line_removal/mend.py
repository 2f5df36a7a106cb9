"""Strokes closed across deleted lines: by morphological closing, with deleted pixels alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from digitbatch.types import Image


@dataclass(frozen=True, slots=True)
class Mending:
    """The short strokes that gaps are closed with."""

    long_px: int = 7  # along the stroke: wider gaps stay
    wide_px: int = 3  # across it
    lean: float = 0.7  # columns a row, of strokes that lean


MENDING: Final = Mending()

UPRIGHT: Final = (0,)
EITHER_WAY: Final = (-1, 0, 1)
"""Directions in which strokes are closed: to the left, upright, to the right."""


def mended(
    mask: Image, without: Image, *, rows: bool, columns: bool, leaning: Sequence[int] = UPRIGHT
) -> Image:
    """Close the gaps that deleted lines left in strokes.

    Args:
        mask: (H, W) uint8, ink 255 on 0, with the lines.
        without: (H, W) uint8, without them.
        rows: Whether lines along it were deleted.
        columns: Whether lines across it were.
        leaning: Directions of strokes, as in `EITHER_WAY`.

    Returns:
        (H, W) uint8.
    """
    deleted = cv2.subtract(mask, without)
    result = without
    for wanted, turned in ((rows, False), (columns, True)):
        if not wanted:
            continue
        for slant in leaning:
            element = _stroke(slant)
            element = np.ascontiguousarray(element.T) if turned else element
            closed = cv2.morphologyEx(without, cv2.MORPH_CLOSE, element)
            result = np.asarray(cv2.bitwise_or(result, cv2.bitwise_and(closed, deleted)), np.uint8)
    return result


def _stroke(slant: int) -> Image:
    """A short stroke downwards, leaning by up to a half."""
    high, wide = MENDING.long_px, MENDING.wide_px
    if not slant:
        return np.ones((high, wide), np.uint8)
    reach = round(MENDING.lean * (high // 2))
    element = np.zeros((high, wide + 2 * reach), np.uint8)
    for row in range(high):
        left = reach + round(MENDING.lean * slant * (row - high // 2))
        element[row, left : left + wide] = 1
    return element
