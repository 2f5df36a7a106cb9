"""Specks in crowds: the noise of a dark corner, or the crossings of squares too faint to see.

Where specks stand thick on blank paper, a speck beside a digit is one of them and no segment of it.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.page.connected_components import Components, Sorting


@dataclass(frozen=True, slots=True)
class NoiseTuning:
    """When specks are noise. "Of digit" is in heights of the page's digits."""

    small_of_digit: float = 0.35  # larger ink is no speck
    near_of_digit: float = 0.3  # ink this close to a digit may be a segment of it
    around_of_digit: int = 5  # side of the square in which specks are counted
    crowd: int = 24  # specks in that square, away from digits; dust and a fax have fewer
    usual_percentile: int = 90  # of the sizes of a crowd's specks
    larger: float = 2.0  # times as large as that a segment of a digit must be
    steps_of_digit: int = 8  # into which a digit's height is parted to see what is close to it


TUNED: Final = NoiseTuning()


def noise(
    components: Components, sorting: Sorting, page_shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    """(count,) which components are specks of a crowd.

    Args:
        components: The ink of a sheet.
        sorting: Which of it can be what.
        page_shape: (height, width) of the sheet in pixels.
    """
    size = sorting.digit_height_px
    lost = np.zeros(len(components), np.bool_)
    longer = np.maximum(components.width, components.height)
    small = np.flatnonzero(longer <= TUNED.small_of_digit * size)
    if len(small) <= TUNED.crowd or not len(sorting.fragments):
        return lost
    # A bin is a digit high: finer would only cost time.
    rows, columns = (int(side // size) + 1 for side in page_shape[:2])
    row = np.minimum((components.center_y / size).astype(np.int64), rows - 1)
    column = np.minimum((components.center_x / size).astype(np.int64), columns - 1)
    beside = _beside_digits(components, sorting, small, page_shape)
    away = small[~beside]
    counts = np.zeros((rows, columns), np.float32)
    np.add.at(counts, (row[away], column[away]), 1.0)
    square = TUNED.around_of_digit, TUNED.around_of_digit
    around = cv2.boxFilter(counts, -1, square, normalize=False, borderType=cv2.BORDER_CONSTANT)
    crowded = np.asarray(around)[row, column] > TUNED.crowd
    specks = away[crowded[away]]
    if not len(specks):
        return lost
    least = TUNED.larger * float(np.percentile(longer[specks], TUNED.usual_percentile))
    lost[specks] = True
    lost[small[beside]] = crowded[small[beside]] & (longer[small[beside]] < least)
    return lost


def _beside_digits(
    components: Components,
    sorting: Sorting,
    small: NDArray[np.int64],
    page_shape: tuple[int, ...],
) -> NDArray[np.bool_]:
    """Which specks lie on a digit's box, or close to it."""
    step = max(1.0, sorting.digit_height_px / TUNED.steps_of_digit)
    shape = tuple(int(side // step) + 1 for side in page_shape[:2])
    near = np.zeros(shape, np.uint8)
    beyond = TUNED.near_of_digit * sorting.digit_height_px
    for index in sorting.digits.tolist():
        box = components.box(index)
        top, left = (max(0, int((side - beyond) // step)) for side in (box.top, box.left))
        bottom, right = (int((side + beyond) // step) + 1 for side in (box.bottom, box.right))
        near[top:bottom, left:right] = 1
    y = np.minimum((components.center_y[small] / step).astype(np.int64), shape[0] - 1)
    x = np.minimum((components.center_x[small] / step).astype(np.int64), shape[1] - 1)
    return np.asarray(near[y, x] > 0, np.bool_)
