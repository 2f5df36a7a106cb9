"""Lines that may be one: digits of two lines side by side, on one level."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from digitbatch.page.segments import Segment


@dataclass(frozen=True, slots=True)
class AdjacentTuning:
    """When digits of two lines stand side by side."""

    at_once: int = 100  # digits whose sides are looked at: a page may hold thousands
    near_of_digit: float = 2.5  # from side to side, in digit heights
    level_of_lower: float = 0.6  # of the lower digit's height that two on one level share


TUNED: Final = AdjacentTuning()


def beside(lines: Sequence[Sequence[Segment]], digit_height_px: float) -> list[bool]:
    """Which lines have a digit of another line at their side.

    A line that was parted by mistake reads as two whole numbers, and neither shows what it lacks.

    Args:
        lines: The digits of each line of a page.
        digit_height_px: Height of the digits.
    """
    boxes = [segment.box for line in lines for segment in line]
    if not boxes:
        return [False] * len(lines)
    owner = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
    left, top, right, bottom = np.array(
        [(box.left, box.top, box.right, box.bottom) for box in boxes]
    ).T
    found = np.zeros(len(lines), bool)
    for first in range(0, len(boxes), TUNED.at_once):
        own = slice(first, first + TUNED.at_once)
        gap = np.maximum(left[own, None] - right[None], left[None] - right[own, None])
        shared = np.minimum(bottom[own, None], bottom[None]) - np.maximum(top[own, None], top[None])
        lower = np.minimum((bottom - top)[own, None], (bottom - top)[None])
        near = (gap < TUNED.near_of_digit * digit_height_px) & (gap > 0)
        near &= shared > TUNED.level_of_lower * lower
        near &= owner[own, None] != owner
        found[owner[own][near.any(axis=1)]] = True
    return found.tolist()
