"""Specks in crowds: the noise of a dark corner, or the crossings of squares too faint to see.

Where specks stand thick on blank paper, a speck beside a digit is one of them and no segment of it.
"""

from dataclasses import replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.page.connected_components import Components, Reason, Sorting

_SMALL: Final = 0.35  # digit heights: larger ink is no speck
_NEAR: Final = 0.3  # digit heights: ink this close to a digit may be a segment of it
_AROUND: Final = 5  # digit heights: side of the square in which specks are counted
_CROWD: Final = 24  # specks in that square, away from digits; dust and a fax have fewer
_USUAL: Final = 90  # percentile of the sizes of a crowd's specks
_LARGER: Final = 2.0  # times as large as these a segment of a digit must be


def without_noise(components: Components, sorting: Sorting, page_shape: tuple[int, ...]) -> Sorting:
    """What may be what, without the fragments that are specks of a crowd.

    Args:
        components: The ink of a sheet.
        sorting: Which of it can be what.
        page_shape: (height, width) of the sheet in pixels.
    """
    size = sorting.digit_height_px
    longer = np.maximum(components.width, components.height)
    small = np.flatnonzero(longer <= _SMALL * size)
    if len(small) <= _CROWD or not len(sorting.fragments):
        return sorting
    # A bin is a digit high: finer would only cost time.
    rows, columns = (int(side // size) + 1 for side in page_shape[:2])
    row = np.minimum((components.center_y / size).astype(np.int64), rows - 1)
    column = np.minimum((components.center_x / size).astype(np.int64), columns - 1)
    beside = _beside_digits(components, sorting, small, page_shape)
    away = small[~beside]
    counts = np.zeros((rows, columns), np.float32)
    np.add.at(counts, (row[away], column[away]), 1.0)
    around = cv2.boxFilter(
        counts, -1, (_AROUND, _AROUND), normalize=False, borderType=cv2.BORDER_CONSTANT
    )
    crowded = np.asarray(around)[row, column] > _CROWD
    specks = away[crowded[away]]
    if not len(specks):
        return sorting
    least = _LARGER * float(np.percentile(longer[specks], _USUAL))
    lost = np.zeros(len(components), np.bool_)
    lost[specks] = True
    lost[small[beside]] = crowded[small[beside]] & (longer[small[beside]] < least)
    still = np.zeros(len(components), np.bool_)
    still[sorting.fragments] = True
    lost &= still
    kept = sorting.fragments[~lost[sorting.fragments]]
    return replace(sorting, fragments=kept, faults=(*sorting.faults, (Reason.TOO_SMALL, lost)))


def _beside_digits(
    components: Components,
    sorting: Sorting,
    small: NDArray[np.int64],
    page_shape: tuple[int, ...],
) -> NDArray[np.bool_]:
    """Which specks lie on a digit's box, or close to it."""
    step = max(1.0, sorting.digit_height_px / 8)
    shape = tuple(int(side // step) + 1 for side in page_shape[:2])
    near = np.zeros(shape, np.uint8)
    beyond = _NEAR * sorting.digit_height_px
    for index in sorting.digits.tolist():
        box = components.box(index)
        top, left = (max(0, int((side - beyond) // step)) for side in (box.top, box.left))
        bottom, right = (int((side + beyond) // step) + 1 for side in (box.bottom, box.right))
        near[top:bottom, left:right] = 1
    y = np.minimum((components.center_y[small] / step).astype(np.int64), shape[0] - 1)
    x = np.minimum((components.center_x[small] / step).astype(np.int64), shape[1] - 1)
    return np.asarray(near[y, x] > 0, np.bool_)
