"""Ink too large for a digit that reaches into a line: a stain, a shadow's edge, a scribble.

It may hide digits, and the number without them looks whole.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.connected_components import Components, Sorting

_ASIDE: Final = 1.2  # digit heights beside a line's digits: the next one would stand there
_CORE: Final = 0.15  # of a line's height at its top and foot: neighbours reach in there
_SOME: Final = 0.15  # of its height squared is as much ink as a digit's
_LARGE: Final = 2.0  # digit heights: what is smaller holds no digit and more
_THIN: Final = 0.35  # digit heights: what is thinner is the rest of a rule, and holds no digit


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
    dropped = of & (np.maximum(components.width, components.height) > _LARGE * size)
    dropped[sorting.digits] = False
    dropped[sorting.fragments] = False
    dropped &= np.minimum(components.width, components.height) >= _THIN * size
    large = np.flatnonzero(dropped)
    return [len(large) > 0 and _reaches(components, large.tolist(), line) for line in lines]


def _reaches(components: Components, large: Sequence[int], line: Sequence[int]) -> bool:
    tops = components.top[line]
    top, bottom = float(np.median(tops)), float(np.median(tops + components.height[line]))
    high = bottom - top
    rights = components.left[line] + components.width[line]
    rows = round(top + _CORE * high), round(bottom - _CORE * high)
    columns = (
        round(float(components.left[line].min()) - _ASIDE * high),
        round(float(rights.max()) + _ASIDE * high),
    )
    for index in large:
        box = components.box(index)
        first, last = max(rows[0], box.top) - box.top, min(rows[1], box.bottom) - box.top
        start, end = max(columns[0], box.left) - box.left, min(columns[1], box.right) - box.left
        if first >= last or start >= end:
            continue
        if np.count_nonzero(components.own(index)[first:last, start:end]) >= _SOME * high**2:
            return True
    return False
