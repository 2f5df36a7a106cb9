"""The columns of a table, by the projection profiles of its lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.segments import Segment


@dataclass(frozen=True, slots=True)
class ColumnTuning:
    """What a table's columns are. "Of digit" is in heights of its digits; shares are of lines."""

    least_lines: int = 3  # fewer lines are no table
    steepest: float = 0.2  # columns lean by up to this, run over rise: pages lie askew
    tilts: int = 41  # that are tried
    tilt_loss: float = 0.2  # share of a tilt's support lost for leaning by its run
    bin_of_digit: float = 0.2  # how finely columns are looked for
    crossed: float = 0.15  # share that may reach across the gap between two columns
    crossing_lines: float = 1.0  # and always so many lines may
    apart_of_digit: float = 0.7  # columns whose digits stand nearer are one
    near_of_digit: float = 0.3  # the same of parts of one column, one with letters, one with digits
    without: float = 0.5  # share that need not leave a gap between two columns
    filled: float = 0.6  # share of a table's cells that hold something
    wide_of_digit: float = 0.8  # a gap between cells, not between digits
    explained: float = 0.75  # share of all such gaps that lie between columns, at least,
    strictly_explained: float = 0.9  # where odd lines are left out: the rest is clearly a table,
    strictly_without: float = 0.2  # whose lines nearly all leave a gap between two columns
    odd: float = 0.35  # share that has ink where only odd lines have
    most_odd: float = 1 / 3  # share of headings, whose words stand across columns


TUNED: Final = ColumnTuning()


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

    `lines`: What stands in each line, in any order: digits and whatever is as large. Returns None
    where the lines are no table: too few, or without gaps that go through. Some may be headings,
    which go across the columns of the others.
    """
    size = digit_height_px
    regions = [_InkedLine.of(line) for line in lines if line]
    if len(regions) < TUNED.least_lines:
        return None
    tilt = _tilt(regions, size)
    best = _columns_of(regions, size, tilt)
    if 2 * sum(line.has_gap(TUNED.apart_of_digit * size) for line in regions) < len(regions):
        return best
    is_clear = _columns_of(regions, size, tilt, strictly=True) == best
    for _ in range(min(int(TUNED.most_odd * len(regions)), len(regions) - TUNED.least_lines)):
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

    `number`: Of the column, from 1.
    """
    own = [[segment for segment in line if columns.of(segment) == number] for line in lines]
    regions = [_InkedLine.of(line) for line in own if line]
    if len(regions) < TUNED.least_lines:
        return []
    left, right, y, owner = _together(regions)
    lean = columns.tilt * y
    return _edges(
        left - lean, right - lean, owner, digit_height_px, TUNED.near_of_digit, TUNED.without
    )


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
    without = TUNED.strictly_without if strictly else TUNED.without
    edges = _edges(left, right, owner, size, TUNED.apart_of_digit, without)
    numbers = 1 + np.searchsorted(edges, (left + right) / 2)
    cells = len(set(zip(owner.tolist(), numbers.tolist(), strict=True)))
    if not edges or cells < TUNED.filled * len(lines) * (len(edges) + 1):
        return None
    order = np.lexsort((left, owner))
    beside = np.diff(owner[order]) == 0
    wide = beside & (left[order][1:] - right[order][:-1] > TUNED.wide_of_digit * size)
    between = wide & (np.diff(numbers[order]) > 0)
    explained = TUNED.strictly_explained if strictly else TUNED.explained
    return Columns(tilt, tuple(edges)) if between.sum() >= explained * wide.sum() else None


def _edges(
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    owner: NDArray[np.int64],
    size: float,
    apart: float,
    without: float,
) -> list[float]:
    """Between the bands in which ink stands above ink, where lines leave so wide a gap.

    `left`: (count,) pixels. `right`: (count,) the same. `owner`: (count,) the line of each.
    """
    inked, first = _profile(left, right, owner, TUNED.bin_of_digit * size)
    taken = inked.sum(axis=0) > max(TUNED.crossing_lines, TUNED.crossed * len(inked))
    change = np.diff(np.concatenate([[False], taken, [False]]).astype(np.int8))
    starts, ends = np.flatnonzero(change == 1), np.flatnonzero(change == -1)
    middles = (first + (ends[:-1] + starts[1:]) / 2) * TUNED.bin_of_digit * size
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
        inked, _ = _profile(left - tilt * y, right - tilt * y, owner, TUNED.bin_of_digit * size)
        return float(np.square(inked.sum(axis=0)).sum()) * (1 - TUNED.tilt_loss * abs(tilt))

    tilts = np.linspace(-TUNED.steepest, TUNED.steepest, TUNED.tilts)
    return float(max(tilts.tolist(), key=clear))


def _oddest(lines: Sequence[_InkedLine], size: float, tilt: float) -> int:
    """The line that has most of its ink where few others have any."""
    left, right, y, owner = _together(lines)
    inked, _ = _profile(left - tilt * y, right - tilt * y, owner, TUNED.bin_of_digit * size)
    odd = inked.sum(axis=0) <= TUNED.odd * len(lines)
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
