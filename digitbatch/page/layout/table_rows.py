"""Rows that run alike: the lines of a table bend as one, and stand one pitch apart.

One line alone is led astray where a digit hangs into the row below, or touches it. All of them
together say how the sheet bends; on a sheet laid straight, each component's height says its row.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.imaging.quantiles import median
from digitbatch.page.connected_components import Components
from digitbatch.types import Image

_LEAST_ROWS: Final = 4  # lines of so many components, and as many of them, show how the sheet bends
_REACH: Final = 0.6  # of the widest line's width: how wide the lines are that show it
_WHOLE: Final = (0.6, 1.4)  # digit heights: lower is a fragment, higher are digits of two rows
_ROUNDS: Final = 4  # of fitting, each with less weight on what lies off its row
_OFF: Final = 0.15  # digit heights: what lies farther off its row counts less
_STRAIGHT: Final = 0.2  # digit heights that half of the components may lie off their row
_ONE_ROW: Final = 0.6  # digit heights: lines on levels so close are one row
_NEAREST: Final = 0.8  # digit heights from its row, a component stays in the line it was in
_TWO_ROWS: Final = 1.5  # digit heights from which a component may be digits of two rows
_SEAM: Final = 0.3  # of the pitch: how far from the middle between rows digits are parted


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
    """How a sheet's rows run; None where its lines do not run alike, or are few.

    Args:
        components: The ink of a sheet.
        lines: Its digits, grouped into lines.
        digit_height_px: Height of the digits.
    """
    size = digit_height_px
    wide = [_width(components, line) for line in lines]
    long = [
        line
        for line, width in zip(lines, wide, strict=True)
        if len(line) >= _LEAST_ROWS and width >= _REACH * max(wide)
    ]
    if len(long) < _LEAST_ROWS:
        return None
    index = np.concatenate([np.asarray(line) for line in long])
    row = np.repeat(np.arange(len(long)), [len(line) for line in long])
    height = components.height[index]
    whole = (height >= _WHOLE[0] * size) & (height <= _WHOLE[1] * size)
    index, row = index[whole], row[whole]
    if len(index) < len(long) * 2 + 3:
        return None
    x, y = components.center_x[index], components.center_y[index]
    course, off = _fitted(x, y, row, len(long), size)
    if float(np.median(np.abs(off))) > _STRAIGHT * size:
        return None
    straight = Rows(course, np.zeros(0))
    levels = _levels(components, lines, straight, size)
    return Rows(course, levels)


def _fitted(
    x: NDArray[np.float64], y: NDArray[np.float64], row: NDArray[np.int64], rows: int, size: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The course that all rows share, and how far each component lies off its row."""
    own = np.zeros((len(x), rows))
    own[np.arange(len(x)), row] = 1.0
    system = np.column_stack([own, x, x * x, x * y])
    scale = np.maximum(np.abs(system).max(axis=0), 1e-9)
    weight = np.ones(len(x))
    off = np.zeros(len(x))
    found = np.zeros(system.shape[1])
    for _ in range(_ROUNDS):
        found = np.linalg.lstsq(system / scale * weight[:, None], y * weight, rcond=None)[0] / scale
        off = y - system @ found
        weight = 1 / np.sqrt(1 + np.square(off / (_OFF * size)))
    return np.asarray(found[-3:], np.float64), np.asarray(off, np.float64)


def _levels(
    components: Components, lines: list[list[int]], straight: Rows, size: float
) -> NDArray[np.float64]:
    """The level of each row: of each line, and one for lines on one level."""
    weighed = sorted(zip(_middles(components, lines, straight), map(len, lines), strict=True))
    levels: list[tuple[float, int]] = []
    for level, count in weighed:
        before, so_many = levels[-1] if levels else (-np.inf, 0)
        if level - before < _ONE_ROW * size:
            both = so_many + count
            levels[-1] = ((before * so_many + level * count) / both, both)
        else:
            levels.append((level, count))
    return np.array([level for level, _ in levels])


def _middles(components: Components, lines: list[list[int]], rows: Rows) -> list[float]:
    """The level of the middle one of each line's components."""
    level = rows.level(components.center_x, components.center_y)
    return [median(level[line].tolist()) for line in lines]


def _heights(components: Components, line: list[int], rows: Rows) -> NDArray[np.float64]:
    return rows.level(components.center_x[line], components.center_y[line])


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
        off = np.abs(_heights(components, line, rows)[:, None] - rows.levels[None])
        nearest = off.argmin(axis=1)
        left: list[int] = []
        for index, number, far in zip(line, nearest.tolist(), off.min(axis=1), strict=True):
            (members[number] if far <= _NEAREST * size else left).append(index)
        rest += [left] if left else []
    order = [(float(level), own) for level, own in zip(rows.levels, members, strict=True) if own]
    order += zip(_middles(components, rest, rows), rest, strict=True)
    order.sort(key=lambda entry: entry[0])
    return [sorted(own, key=lambda index: float(components.center_x[index])) for _, own in order]


def _broken(components: Components, lines: list[list[int]], rows: Rows, size: float) -> bool:
    """Whether two lines lie on one level: parts of one row, or halves of its digits."""
    levels = np.sort(_middles(components, lines, rows))
    return bool((np.diff(levels) < _ONE_ROW * size).any())


def _width(components: Components, line: list[int]) -> float:
    left = components.left[line]
    return float((left + components.width[line]).max() - left.min())


def parted_rows(
    mask: Image, components: Components, digits: NDArray[np.int64], rows: Rows, size: float
) -> Image | None:
    """The mask with digits parted that touch the row below; None where there are none.

    Args:
        mask: (H, W) uint8, ink 255 on 0.
        components: Its ink.
        digits: Which of it may be digits.
        rows: How the rows run.
        size: Height of a digit.
    """
    result: Image | None = None
    slope, bend, twist = rows.course
    for index in digits[components.height[digits] >= _TWO_ROWS * size]:
        box = components.box(int(index))
        x = np.array([components.center_x[index]])
        top, foot = (float(rows.level(x, np.array([float(y)]))[0]) for y in (box.top, box.bottom))
        held = np.flatnonzero((rows.levels > top) & (rows.levels < foot))
        for upper, lower in pairwise(held.tolist()):
            pitch = rows.levels[lower] - rows.levels[upper]
            middle = (rows.levels[upper] + rows.levels[lower]) / 2
            at = (middle + slope * x[0] + bend * x[0] ** 2) / (1 - twist * x[0])
            first = max(box.top + 1, round(at - _SEAM * pitch))
            last = min(box.bottom - 1, round(at + _SEAM * pitch) + 1)
            if first >= last:
                continue
            own = components.labels[first:last, box.left : box.right] == index + 1
            seam = first + int(own.sum(axis=1).argmin())
            result = mask.copy() if result is None else result
            part = result[seam, box.left : box.right]
            part[components.labels[seam, box.left : box.right] == index + 1] = 0
    return result
