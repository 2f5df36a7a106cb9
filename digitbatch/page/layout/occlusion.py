"""Ink too large for a digit that reaches into a line: a stain, a shadow's edge, a scribble.

It may hide digits, and the number without them looks whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.connected_components import Components, Sorting


@dataclass(frozen=True, slots=True)
class OcclusionTuning:
    """Which ink may hide digits. "Of digit" is in heights of the page's or line's digits."""

    aside_of_digit: float = 1.2  # beside a line's digits: the next one would stand there
    margin_of_line: float = 0.15  # of its height, at its top and foot: neighbours reach in there
    ink_of_square: float = 0.15  # of its height squared is as much ink as a digit's
    large_of_digit: float = 2.0  # what is smaller holds no digit and more
    thin_of_digit: float = 0.35  # what is thinner is the rest of a rule, and holds no digit


TUNED: Final = OcclusionTuning()


def occluded(
    components: Components,
    sorting: Sorting,
    lines: Sequence[Sequence[int]],
    of: NDArray[np.bool_],
) -> list[bool]:
    """Whether there is ink in or beside each line that may hide digits.

    Args:
        components: The ink of a sheet.
        sorting: Which of it can be what.
        lines: Which components are each line's digits.
        of: (count,) which components are looked at: not those of printed words, for example.
    """
    size = sorting.digit_height_px
    dropped = of & (np.maximum(components.width, components.height) > TUNED.large_of_digit * size)
    dropped[sorting.digits] = False
    dropped[sorting.fragments] = False
    dropped &= np.minimum(components.width, components.height) >= TUNED.thin_of_digit * size
    large = np.flatnonzero(dropped)
    return [len(large) > 0 and _reaches(components, large.tolist(), line) for line in lines]


def _reaches(components: Components, large: Sequence[int], line: Sequence[int]) -> bool:
    tops = components.top[line]
    top, bottom = float(np.median(tops)), float(np.median(tops + components.height[line]))
    high = bottom - top
    rights = components.left[line] + components.width[line]
    margin, aside = TUNED.margin_of_line * high, TUNED.aside_of_digit * high
    rows = round(top + margin), round(bottom - margin)
    columns = (
        round(float(components.left[line].min()) - aside),
        round(float(rights.max()) + aside),
    )
    for index in large:
        box = components.box(index)
        first, last = max(rows[0], box.top) - box.top, min(rows[1], box.bottom) - box.top
        start, end = max(columns[0], box.left) - box.left, min(columns[1], box.right) - box.left
        if first >= last or start >= end:
            continue
        if (
            np.count_nonzero(components.own(index)[first:last, start:end])
            >= TUNED.ink_of_square * high**2
        ):
            return True
    return False
