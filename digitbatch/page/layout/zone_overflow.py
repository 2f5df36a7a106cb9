"""Digits that go on beyond their zone: a number too long for its place is still one number."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.connected_components import Components
from digitbatch.types import Box


@dataclass(frozen=True, slots=True)
class OverflowTuning:
    """When a number goes on behind its zone. "Of digit" is in heights of the number's digits."""

    near_of_digit: float = 0.7  # from the number to its next digit
    overlap_of_digit: float = 0.2  # by which that may begin above the last one
    level_of_digit: float = 0.4  # by which it may stand higher or lower
    lowest_of_digit: float = 0.65  # it is at least so tall,
    tallest_of_digit: float = 1.5  # and no taller
    beyond_of_height: float = 0.6  # of the zone: how far behind the zone its middle may lie


TUNED: Final = OverflowTuning()


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
    reach = TUNED.beyond_of_height * zone.height
    free = [
        index
        for index in sorted(digits.tolist(), key=lambda index: x[index])
        # What the crop's edge cuts off is no whole digit.
        if not inside[index] and right[index] < width and x[index] - zone.right < reach
        if not any(o.left <= x[index] < o.right and o.top <= y[index] < o.bottom for o in others)
    ]
    last = max(number, key=lambda index: right[index])
    found: list[int] = []
    for index in free:
        if len(number) + len(found) >= most:
            break
        if x[index] >= x[last] and _goes_on(components, last, index, size):
            found.append(index)
            last = index
    return found


def _goes_on(components: Components, last: int, index: int, size: float) -> bool:
    """Whether a component is as tall as the digits of a number, and stands right behind the last.

    Args:
        components: The ink of the zone and around it.
        last: The number's last digit.
        index: Of the component.
        size: Height of the number's digits.
    """
    gap = components.left[index] - (components.left[last] + components.width[last])
    near = -TUNED.overlap_of_digit * size < gap < TUNED.near_of_digit * size
    height = components.height[index]
    alike = TUNED.lowest_of_digit * size <= height <= TUNED.tallest_of_digit * size
    off = abs(components.center_y[index] - components.center_y[last])
    return bool(near and alike and off < TUNED.level_of_digit * size)
