"""The columns of a table: where the ink of many lines stands one under the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.segments import Segment

_LEAST_LINES: Final = 3  # fewer lines are no table
_TILTS: Final = np.linspace(-0.2, 0.2, 41)  # columns lean by up to this: pages lie askew
_BIN: Final = 0.2  # of a digit's height: how finely columns are looked for
_CROSSED: Final = 0.15  # of the lines may reach across the gap between two columns
_APART: Final = 0.7  # digit heights: columns whose digits stand nearer are one
_NEAR: Final = 0.3  # the same of parts of one column, if one holds letters and the other digits
_FILLED: Final = 0.6  # of a table's cells hold something
_WIDE: Final = 0.8  # digit heights: a gap between cells, not between digits
_EXPLAINED: Final = 0.75  # of all such gaps lie between columns, at least,
_STRICTLY: Final = 0.9  # where odd lines are left out: the rest shows a table clearly,
_WITHOUT: Final = 0.2  # and only so many of its lines leave no gap between two columns
_ODD: Final = 0.35  # of the lines have ink where only odd ones have
_MOST_ODD: Final = 1 / 3  # of the lines: headings, whose words stand across columns


@dataclass(frozen=True, slots=True)
class Columns:
    """Upright bands, one beside the other, that lean as one."""

    tilt: float  # how far they move to the right on the way of one pixel down
    edges: tuple[float, ...]  # between them, from left to right, where y is 0

    def __len__(self) -> int:
        return len(self.edges) + 1

    def of(self, segment: Segment) -> int:
        """The column that a segment stands in, from 1."""
        y = (segment.box.top + segment.box.bottom) / 2
        return 1 + int(np.searchsorted(self.edges, segment.center_x - self.tilt * y))

    def parted_at(self, edge: float) -> "Columns":
        """The same with one edge more."""
        return Columns(self.tilt, tuple(sorted((*self.edges, edge))))


def find_columns(lines: Sequence[Sequence[Segment]], digit_height_px: float) -> Columns | None:
    """The columns in which the ink of most lines stands.

    Args:
        lines: What stands in each line, in any order: digits and whatever is as large.
        digit_height_px: Height of the digits.

    Returns:
        None where the lines are no table: too few, or without gaps that go through. Some may be
        headings, which go across the columns of the others.
    """
    size = digit_height_px
    regions = [_InkedLine.of(line) for line in lines if line]
    if len(regions) < _LEAST_LINES:
        return None
    tilt = _tilt(regions, size)
    best = _columns_of(regions, size, tilt)
    if 2 * sum(line.has_gap(_APART * size) for line in regions) < len(regions):
        return best
    is_clear = _columns_of(regions, size, tilt, strictly=True) == best
    for _ in range(min(int(_MOST_ODD * len(regions)), len(regions) - _LEAST_LINES)):
        regions.pop(_oddest(regions, size, tilt))
        found = _columns_of(regions, size, tilt, strictly=True)
        more = len(found or ()) - len(best or ())
        if found is not None and (more > 0 or (more == 0 and not is_clear)):
            is_clear = True
            # How they lean is clearer without the odd ones.
            again = _columns_of(regions, size, _tilt(regions, size), strictly=True)
            best = found if again is None or len(again) < len(found) else again
    return best


def inner_edges(
    lines: Sequence[Sequence[Segment]], columns: Columns, number: int, digit_height_px: float
) -> list[float]:
    """Where most lines leave a narrow gap inside a column: words often stand close to numbers.

    Args:
        lines: What stands in each line, as for `find_columns`.
        columns: The table's.
        number: Of the column, from 1.
        digit_height_px: Height of the digits.
    """
    own = [[segment for segment in line if columns.of(segment) == number] for line in lines]
    regions = [_InkedLine.of(line) for line in own if line]
    if len(regions) < _LEAST_LINES:
        return []
    left, right, y, owner = _together(regions)
    lean = columns.tilt * y
    return _edges(left - lean, right - lean, owner, digit_height_px, _NEAR)


@dataclass(frozen=True, slots=True)
class _InkedLine:
    """The ink of one line; (count,) pixels each."""

    left: NDArray[np.float64]
    right: NDArray[np.float64]
    y: NDArray[np.float64]

    @classmethod
    def of(cls, segments: Sequence[Segment]) -> "_InkedLine":
        boxes = np.array([(p.box.left, p.box.right, p.box.top, p.box.bottom) for p in segments])
        left, right, top, bottom = boxes.astype(np.float64).T
        order = np.argsort(left, kind="stable")
        return cls(left[order], right[order], ((top + bottom) / 2)[order])

    def has_gap(self, wide_px: float) -> bool:
        """Whether there is so much paper between two parts of it."""
        return bool((self.left[1:] - np.maximum.accumulate(self.right)[:-1] >= wide_px).any())


def _columns_of(
    lines: Sequence[_InkedLine], size: float, tilt: float, *, strictly: bool = False
) -> Columns | None:
    """The columns of all these lines, which lean so much."""
    left, right, y, owner = _together(lines)
    left, right = left - tilt * y, right - tilt * y
    edges = _edges(left, right, owner, size, _APART, _WITHOUT if strictly else 0.5)
    numbers = 1 + np.searchsorted(edges, (left + right) / 2)
    cells = len(set(zip(owner.tolist(), numbers.tolist(), strict=True)))
    if not edges or cells < _FILLED * len(lines) * (len(edges) + 1):
        return None
    order = np.lexsort((left, owner))
    beside = np.diff(owner[order]) == 0
    wide = beside & (left[order][1:] - right[order][:-1] > _WIDE * size)
    between = wide & (np.diff(numbers[order]) > 0)
    explained = _STRICTLY if strictly else _EXPLAINED
    return Columns(tilt, tuple(edges)) if between.sum() >= explained * wide.sum() else None


def _edges(
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    owner: NDArray[np.int64],
    size: float,
    apart: float,
    without: float = 0.5,
) -> list[float]:
    """Between the bands in which ink stands above ink, where lines leave so wide a gap.

    Args:
        left: (count,) pixels.
        right: (count,) the same.
        owner: (count,) the line of each.
        size: Height of a digit, pixels.
        apart: How wide a gap, in digit heights.
        without: Share of the lines that need not leave it.
    """
    inked, first = _profile(left, right, owner, _BIN * size)
    taken = inked.sum(axis=0) > max(1.0, _CROSSED * len(inked))
    change = np.diff(np.concatenate([[False], taken, [False]]).astype(np.int8))
    starts, ends = np.flatnonzero(change == 1), np.flatnonzero(change == -1)
    middles = (first + (ends[:-1] + starts[1:]) / 2) * _BIN * size
    return _wide_ones(middles, left, right, owner, apart * size, without)


def _together(
    lines: Sequence[_InkedLine],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Left and right ends and heights of all ink, and its lines' numbers."""
    return (
        np.concatenate([line.left for line in lines]),
        np.concatenate([line.right for line in lines]),
        np.concatenate([line.y for line in lines]),
        np.repeat(np.arange(len(lines)), [len(line.y) for line in lines]),
    )


def _tilt(lines: Sequence[_InkedLine], size: float) -> float:
    """How the columns lean: so that ink stands above ink."""
    left, right, y, owner = _together(lines)

    def clear(tilt: float) -> float:
        inked, _ = _profile(left - tilt * y, right - tilt * y, owner, _BIN * size)
        return float(np.square(inked.sum(axis=0)).sum()) * (1 - 0.2 * abs(tilt))

    return float(max(_TILTS.tolist(), key=clear))


def _oddest(lines: Sequence[_InkedLine], size: float, tilt: float) -> int:
    """The line that has most of its ink where few others have any."""
    left, right, y, owner = _together(lines)
    inked, _ = _profile(left - tilt * y, right - tilt * y, owner, _BIN * size)
    odd = inked.sum(axis=0) <= _ODD * len(lines)
    return int((inked & odd).sum(axis=1).argmax())


def _profile(
    left: NDArray[np.float64], right: NDArray[np.float64], owner: NDArray[np.int64], step: float
) -> tuple[NDArray[np.bool_], int]:
    """Whether each line has ink above each bin of the x axis, and the number of the first bin."""
    begin = np.floor(left / step).astype(np.int64)
    end = np.maximum(begin + 1, np.ceil(right / step).astype(np.int64))
    first = int(begin.min())
    lines = int(owner.max()) + 1
    change = np.zeros((lines, int(end.max()) - first + 1))
    np.add.at(change, (owner, begin - first), 1)
    np.add.at(change, (owner, end - first), -1)
    return np.cumsum(change, axis=1) > 0, first


def _wide_ones(
    edges: NDArray[np.float64],
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    owner: NDArray[np.int64],
    least_px: float,
    without: float,
) -> list[float]:
    """The edges beside which all but a share of the lines leave so wide a gap."""
    middle = (left + right) / 2
    kept = []
    for edge in edges:
        gaps = []
        for line in range(int(owner.max()) + 1):
            own = owner == line
            before, after = right[own & (middle < edge)], left[own & (middle >= edge)]
            if len(before) and len(after):
                gaps.append(float(after.min() - before.max()))
        if gaps and np.quantile(gaps, without) >= least_px:
            kept.append(float(edge))
    return kept
