"""Digits that go on beyond their zone: a number too long for its place is still one number."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.connected_components import Components
from digitbatch.types import Box

_NEAR: Final = 0.7  # digit heights from the number to its next digit
_OVERLAP: Final = 0.2  # digit heights by which that may begin above the last one
_LEVEL: Final = 0.4  # digit heights by which it may stand higher or lower
_AS_TALL: Final = (0.65, 1.5)  # as tall as the number's digits
_BEYOND: Final = 0.6  # of the zone's height: how far behind the zone its middle may lie


def digits_beyond(
    components: Components,
    digits: NDArray[np.int64],
    inside: NDArray[np.bool_],
    zone: Box,
    others: Sequence[Box],
    most: int,
) -> list[int]:
    """Components behind a zone that go on with the number in it, where digits lack there.

    Before a zone there is print more often than a digit.

    Args:
        components: The ink of the zone and around it.
        digits: Which of it may be digits.
        inside: (count,) which of it has its middle in the zone.
        zone: In pixels of the crop.
        others: The page's other zones, also: what lies there is theirs.
        most: How many digits the zone is for.
    """
    number = [int(index) for index in digits if inside[index]]
    if not number:
        return []
    size = float(np.median(components.height[number]))
    right = components.left + components.width
    x, y = components.center_x, components.center_y
    width = components.mask.shape[1]
    last = max(number, key=lambda index: right[index])
    found: list[int] = []
    for index in sorted(digits.tolist(), key=lambda index: x[index]):
        if inside[index] or x[index] < x[last] or len(number) + len(found) >= most:
            continue
        taken = any(o.left <= x[index] < o.right and o.top <= y[index] < o.bottom for o in others)
        near = -_OVERLAP * size < components.left[index] - right[last] < _NEAR * size
        alike = _AS_TALL[0] * size <= components.height[index] <= _AS_TALL[1] * size
        level = abs(y[index] - y[last]) < _LEVEL * size
        # What the crop's edge cuts off is no whole digit.
        whole = right[index] < width and x[index] - zone.right < _BEYOND * zone.height
        if near and alike and level and whole and not taken:
            found.append(index)
            last = index
    return found
