"""What casts doubt on a line: ink that hides digits, rests of rules, digits at its side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.connected_components import Components, Sorting
from digitbatch.page.segments import Segment
from digitbatch.stages.line_removal.faint_rules import levels_across, stands_out
from digitbatch.types import Image


@dataclass(frozen=True, slots=True)
class OcclusionTuning:
    """Which ink may hide digits. "Of digit" is in heights of the page's or line's digits."""

    aside_of_digit: float = 1.2  # beside a line's digits: the next one would stand there
    margin_of_line: float = 0.15  # of its height, at its top and foot: neighbours reach in there
    ink_of_square: float = 0.15  # of its height squared is as much ink as a digit's
    large_of_digit: float = 2.0  # what is smaller holds no digit and more
    thin_of_digit: float = 0.35  # what is thinner is the rest of a rule, and holds no digit


OCCLUSION: Final = OcclusionTuning()


def occluded(
    components: Components, sorting: Sorting, lines: Sequence[Sequence[int]], of: NDArray[np.bool_]
) -> list[bool]:
    """Whether there is ink in or beside each line that may hide digits.

    `of`: (count,) which components are looked at: not those of printed words, for example.
    """
    size = sorting.digit_height_px
    longer = np.maximum(components.width, components.height)
    shorter = np.minimum(components.width, components.height)
    dropped = of & (longer > OCCLUSION.large_of_digit * size)
    dropped &= shorter >= OCCLUSION.thin_of_digit * size
    dropped[sorting.digits] = dropped[sorting.fragments] = False
    large = np.flatnonzero(dropped)
    return [len(large) > 0 and _reaches(components, large.tolist(), line) for line in lines]


def _reaches(components: Components, large: Sequence[int], line: Sequence[int]) -> bool:
    top, bottom = (float(np.median(ends[line])) for ends in (components.top, components.bottom))
    left, right = float(components.left[line].min()), float(components.right[line].max())
    high = bottom - top
    margin, aside = OCCLUSION.margin_of_line * high, OCCLUSION.aside_of_digit * high
    rows = round(top + margin), round(bottom - margin)
    columns = round(left - aside), round(right + aside)
    for index in large:
        box = components.box(index)
        first, last = max(rows[0], box.top) - box.top, min(rows[1], box.bottom) - box.top
        start, end = max(columns[0], box.left) - box.left, min(columns[1], box.right) - box.left
        if first >= last or start >= end:
            continue
        inked = np.count_nonzero(components.own(index)[first:last, start:end])
        if inked >= OCCLUSION.ink_of_square * high**2:
            return True
    return False


@dataclass(frozen=True, slots=True)
class Residue:
    """How a stroke goes on as a line."""

    thin: float = 0.3  # of its height: a wider component is no such stroke
    beyond: float = 0.6  # of its height: how far it must go on, above and below
    gap_px: int = 2  # beside its ends, where it is blurred
    shown: float = 0.7  # of that way it is darker than both sides


RESIDUE: Final = Residue()


def goes_on(components: Components, line: Sequence[int], levels: Image) -> bool:
    """Whether one of a line's strokes goes on beyond both of its ends.

    `levels`: (H, W) uint8 of the sheet before thresholding, light ink on black.
    """
    for index in line:
        if components.width[index] > RESIDUE.thin * components.height[index]:
            continue
        own = np.asarray(components.own(index), np.bool_)
        high = len(own)
        third = max(1, high // 3)
        head, foot = _middle(own[:third]), _middle(own[-third:])
        lean = (foot - head) / max(1, high - third)
        box = components.box(index)
        beyond, aside = round(RESIDUE.beyond * high), box.width // 2 + 2
        above = np.arange(box.top - RESIDUE.gap_px - beyond, box.top - RESIDUE.gap_px)
        below = np.arange(box.bottom + RESIDUE.gap_px, box.bottom + RESIDUE.gap_px + beyond)
        start = box.left + head - lean * (box.top + third / 2)
        ways = [(rows, np.asarray(start + lean * rows, np.float64)) for rows in (above, below)]
        if all(_shown(levels, rows, columns, aside) >= RESIDUE.shown for rows, columns in ways):
            return True
    return False


def _middle(own: NDArray[np.bool_]) -> float:
    return float(np.flatnonzero(own.any(axis=0)).mean()) if own.any() else own.shape[1] / 2


def _shown(
    levels: Image, rows: NDArray[np.int64], columns: NDArray[np.float64], aside: int
) -> float:
    """On how much of a way the levels are darker than on both sides."""
    height, width = levels.shape
    at = np.rint(columns).astype(np.int64)
    inside = (rows >= 0) & (rows < height) & (at >= 0) & (at < width)
    if not inside.any():
        return 0.0
    # Along a stroke: across rules, so of the turned sheet.
    darker = stands_out(levels_across(levels.T, rows[inside], at[inside], aside))
    return float(np.count_nonzero(darker) / len(rows))


@dataclass(frozen=True, slots=True)
class AdjacentTuning:
    """When digits of two lines stand side by side."""

    at_once: int = 100  # digits whose sides are looked at: a page may hold thousands
    near_of_digit: float = 2.5  # from side to side, in digit heights
    level_of_lower: float = 0.6  # of the lower digit's height that two on one level share


ADJACENT: Final = AdjacentTuning()


def beside(lines: Sequence[Sequence[Segment]], digit_height_px: float) -> list[bool]:
    """Which lines have a digit of another line at their side.

    A line that was parted by mistake reads as two whole numbers, and neither shows what it lacks.
    """
    boxes = [segment.box for line in lines for segment in line]
    if not boxes:
        return [False] * len(lines)
    owner = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
    edges = [(box.left, box.top, box.right, box.bottom) for box in boxes]
    left, top, right, bottom = np.array(edges).T
    found = np.zeros(len(lines), bool)
    for first in range(0, len(boxes), ADJACENT.at_once):
        own = slice(first, first + ADJACENT.at_once)
        gap = np.maximum(left[own, None] - right[None], left[None] - right[own, None])
        shared = np.minimum(bottom[own, None], bottom[None]) - np.maximum(top[own, None], top[None])
        lower = np.minimum((bottom - top)[own, None], (bottom - top)[None])
        near = (gap < ADJACENT.near_of_digit * digit_height_px) & (gap > 0)
        near &= shared > ADJACENT.level_of_lower * lower
        near &= owner[own, None] != owner
        found[owner[own][near.any(axis=1)]] = True
    return found.tolist()
