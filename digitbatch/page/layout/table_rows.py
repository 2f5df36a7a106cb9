"""Rows that run alike: the baselines of a table bend as one, and stand one pitch apart.

One line alone is led astray where a digit hangs into the row below, or touches it. All of them
together say how the sheet bends; on a sheet laid straight, each component's height says its row.
"""

from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.connected_components import Components
from digitbatch.types import Image


@dataclass(frozen=True, slots=True)
class RowTuning:
    """How a table's rows run. "Of digit" is in heights of the page's digits."""

    least_rows: int = 4  # lines of so many components, and as many, show how the sheet bends
    wide_of_widest: float = 0.6  # line: how wide the lines are that show it
    lowest_of_digit: float = 0.6  # lower is a fragment of a digit
    highest_of_digit: float = 1.4  # higher are digits of two rows
    spare: int = 3  # components more than two a row that say it: there are three numbers to fit
    rounds: int = 4  # of fitting, each with less weight on what lies off its row
    off_of_digit: float = 0.15  # what lies farther off its row counts less
    straight_of_digit: float = 0.2  # half of the components may lie so far off their rows
    one_row_of_digit: float = 0.6  # lines on levels so close are one row
    nearest_of_digit: float = 0.8  # farther from any row, a component stays in its line
    two_rows_of_digit: float = 1.5  # from this height on a component may be digits of two rows
    seam_of_pitch: float = 0.3  # how far from the middle between rows digits are parted


TUNED: Final = RowTuning()


@dataclass(frozen=True, slots=True)
class Rows:
    """How the rows of a sheet run: y = level + slope x + bend x^2 + twist x y."""

    course: NDArray[np.float64]  # (3,) slope, bend, twist
    levels: NDArray[np.float64]  # of each row, from the top down

    def level(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where points would lie on the straight sheet, pixels down."""
        slope, bend, twist = self.course
        return np.asarray(y - slope * x - bend * x * x - twist * x * y, np.float64)


def find_rows(
    components: Components, lines: list[list[int]], digit_height_px: float
) -> Rows | None:
    """How a sheet's rows run; None where its lines do not run alike, or are few."""
    size = digit_height_px
    wide = [_width(components, line) for line in lines]
    long = [
        line
        for line, width in zip(lines, wide, strict=True)
        if len(line) >= TUNED.least_rows and width >= TUNED.wide_of_widest * max(wide)
    ]
    if len(long) < TUNED.least_rows:
        return None
    index = np.concatenate([np.asarray(line) for line in long])
    row = np.repeat(np.arange(len(long)), [len(line) for line in long])
    height = components.height[index]
    whole = height >= TUNED.lowest_of_digit * size
    whole &= height <= TUNED.highest_of_digit * size
    index, row = index[whole], row[whole]
    if len(index) < len(long) * 2 + TUNED.spare:
        return None
    x, y = components.center_x[index], components.center_y[index]
    course, off = _fitted(x, y, row, len(long), size)
    if float(np.median(np.abs(off))) > TUNED.straight_of_digit * size:
        return None
    return Rows(course, _levels(components, lines, Rows(course, np.zeros(0)), size))


def _fitted(
    x: NDArray[np.float64], y: NDArray[np.float64], row: NDArray[np.int64], rows: int, size: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The course that all rows share, and the residual of each component: robust least squares."""
    own = np.zeros((len(x), rows))
    own[np.arange(len(x)), row] = 1.0
    system = np.column_stack([own, x, x * x, x * y])
    scale = np.maximum(np.abs(system).max(axis=0), 1e-9)
    weight = np.ones(len(x))
    off = np.zeros(len(x))
    found = np.zeros(system.shape[1])
    for _ in range(TUNED.rounds):
        found = np.linalg.lstsq(system / scale * weight[:, None], y * weight, rcond=None)[0] / scale
        off = y - system @ found
        weight = 1 / np.sqrt(1 + np.square(off / (TUNED.off_of_digit * size)))
    return np.asarray(found[-3:], np.float64), np.asarray(off, np.float64)


def _levels(
    components: Components, lines: list[list[int]], straight: Rows, size: float
) -> NDArray[np.float64]:
    """The level of each row: of each line, and one for lines on one level."""
    weighed = sorted(zip(_middles(components, lines, straight), map(len, lines), strict=True))
    levels: list[tuple[float, int]] = []
    for level, count in weighed:
        before, so_many = levels[-1] if levels else (-np.inf, 0)
        if level - before < TUNED.one_row_of_digit * size:
            both = so_many + count
            levels[-1] = ((before * so_many + level * count) / both, both)
        else:
            levels.append((level, count))
    return np.array([level for level, _ in levels])


def _middles(components: Components, lines: list[list[int]], rows: Rows) -> list[float]:
    """The level of the middle one of each line's components."""
    level = rows.level(components.center_x, components.center_y)
    return [median(level[line].tolist()) for line in lines]


def in_rows(
    components: Components, lines: list[list[int]], rows: Rows, digit_height_px: float
) -> list[list[int]]:
    """The lines again, each component in the row that it lies on, where lines were broken off.

    Where each line is a row, they are as they were.
    """
    size = digit_height_px
    if not _broken(components, lines, rows, size):
        return lines
    members: list[list[int]] = [[] for _ in rows.levels]
    rest: list[list[int]] = []
    for line in lines:
        level = rows.level(components.center_x[line], components.center_y[line])
        off = np.abs(level[:, None] - rows.levels[None])
        nearest = off.argmin(axis=1)
        left: list[int] = []
        for index, number, far in zip(line, nearest.tolist(), off.min(axis=1), strict=True):
            (members[number] if far <= TUNED.nearest_of_digit * size else left).append(index)
        rest += [left] if left else []
    order = [(float(level), own) for level, own in zip(rows.levels, members, strict=True) if own]
    order += zip(_middles(components, rest, rows), rest, strict=True)
    order.sort(key=lambda entry: entry[0])
    return [sorted(own, key=lambda index: float(components.center_x[index])) for _, own in order]


def _broken(components: Components, lines: list[list[int]], rows: Rows, size: float) -> bool:
    """Whether two lines lie on one level: parts of one row, or halves of its digits."""
    levels = np.sort(_middles(components, lines, rows))
    return bool((np.diff(levels) < TUNED.one_row_of_digit * size).any())


def _width(components: Components, line: list[int]) -> float:
    return float(components.right[line].max() - components.left[line].min())


def parted_rows(
    mask: Image, components: Components, digits: NDArray[np.int64], rows: Rows, size: float
) -> Image | None:
    """The mask with digits parted that touch the row below; None where there are none.

    `mask`: (H, W) uint8, ink 255 on 0.
    """
    result: Image | None = None
    slope, bend, twist = rows.course
    for index in digits[components.height[digits] >= TUNED.two_rows_of_digit * size]:
        box = components.box(int(index))
        x = np.array([components.center_x[index]])
        top, foot = (float(rows.level(x, np.array([float(y)]))[0]) for y in (box.top, box.bottom))
        held = np.flatnonzero((rows.levels > top) & (rows.levels < foot))
        for upper, lower in pairwise(held.tolist()):
            pitch = rows.levels[lower] - rows.levels[upper]
            middle = (rows.levels[upper] + rows.levels[lower]) / 2
            at = (middle + slope * x[0] + bend * x[0] ** 2) / (1 - twist * x[0])
            first = max(box.top + 1, round(at - TUNED.seam_of_pitch * pitch))
            last = min(box.bottom - 1, round(at + TUNED.seam_of_pitch * pitch) + 1)
            if first >= last:
                continue
            own = components.labels[first:last, box.left : box.right] == index + 1
            seam = first + int(own.sum(axis=1).argmin())
            result = mask.copy() if result is None else result
            part = result[seam, box.left : box.right]
            part[components.labels[seam, box.left : box.right] == index + 1] = 0
    return result
