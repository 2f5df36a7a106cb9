"""Lines that may be one: digits of two lines side by side, on one level."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from digitbatch.page.segments import Segment

_AT_ONCE: Final = 100  # digits whose sides are looked at
_NEAR: Final = 2.5  # digit heights from side to side
_LEVEL: Final = 0.6  # of the lower digit's height that two on one level share


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
    for first in range(0, len(boxes), _AT_ONCE):  # a page may hold thousands of digits
        own = slice(first, first + _AT_ONCE)
        gap = np.maximum(left[own, None] - right[None], left[None] - right[own, None])
        shared = np.minimum(bottom[own, None], bottom[None]) - np.maximum(top[own, None], top[None])
        lower = np.minimum((bottom - top)[own, None], (bottom - top)[None])
        near = (gap < _NEAR * digit_height_px) & (gap > 0) & (shared > _LEVEL * lower)
        near &= owner[own, None] != owner
        found[owner[own][near.any(axis=1)]] = True
    return found.tolist()
