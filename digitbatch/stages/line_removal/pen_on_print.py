"""A pen's stroke that lies on a printed line, told from it by its level: it is darker.

The shape of the ink cannot tell: the bar of a 7 on a rule is as thin as the rule, and a 1 along the
wall of a box is as long as the wall.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.stages.line_removal.printed_line import Rule
from digitbatch.types import Image

_PEN: Final = 75  # percentile of the levels of strokes: their edges are half paper
_LEAST_PX: Final = 100  # of strokes, to know the pen's level
_USUAL: Final = (20, 50)  # percentiles of a line's levels, the lower one where it is faint
_BETWEEN: Final = 0.5  # of the way from the line's level to the pen's begins what is the pen's
_SPREADS: Final = 3.0  # and so many times as far from the line's level as its faint parts are
_APART: Final = 0.9  # of the pen's level: where the pen would begin above it, nothing is told
_PLAIN: Final = 0.5  # of the pen's level: fainter lines hardly show beside a stroke
_THIN: Final = 30  # percentile of the thickness of the ink along a line: strokes make it thicker
_ENDS: Final = 0.03  # of the width: ends are faint and often missed
_UPRIGHT: Final = 0.3  # of a field's height, and what is around it, a stroke on a wall is high
_BLOCKS: Final = 0.1  # of the width: in parts at least so long a line has a level of its own


@dataclass(frozen=True, slots=True)
class _Window:
    """The ink along a line."""

    rows: NDArray[np.int64]  # (window, columns) of the mask
    xs: NDArray[np.int64]  # (columns,)
    offsets: NDArray[np.int64]  # (window, 1) from the line
    inked: NDArray[np.bool_]  # (window, columns)
    levels: NDArray[np.uint8]  # (window, columns)

    @classmethod
    def along(cls, mask: Image, levels: Image, rule: Rule, reach: int) -> "_Window":
        height, width = mask.shape
        beyond = round(_ENDS * width)
        xs = np.arange(max(0, rule.left - beyond), min(width, rule.right + beyond + 1))
        offsets = np.arange(-reach, reach + 1)[:, None]
        middle = np.rint(np.polyval(rule.curve, xs)).astype(np.int64)
        rows = np.clip(middle[None] + offsets, 0, height - 1)
        return cls(rows, xs, offsets, mask[rows, xs[None]] > 0, levels[rows, xs[None]])

    @property
    def ridge(self) -> NDArray[np.uint8]:
        """(columns,) the line's level."""
        middle = len(self.rows) // 2
        return np.asarray(self.levels[middle - 1 : middle + 2].max(axis=0), np.uint8)

    def mark(self, view: Image, chosen: NDArray[np.bool_]) -> None:
        """Set the chosen pixels, (window, columns), of a mask."""
        at_row, at_column = np.nonzero(chosen)
        view[self.rows[at_row, at_column], self.xs[at_column]] = 255


def with_pen_on_rules(
    mask: Image,
    without: Image,
    levels: Image,
    rows: Sequence[Rule],
    columns: Sequence[Rule],
    reach_px: int,
    least_px: float,
) -> Image:
    """A mask without its rules, but with what a darker pen wrote along them.

    What is a rule's under a stroke that ends on it goes, too: it would be a dash of the digit.

    Args:
        mask: (H, W) uint8, ink 255 on 0, with the rules.
        without: (H, W) uint8, without them.
        levels: (H, W) uint8 before thresholding, light ink on black.
        rows: Rules along it.
        columns: Rules across it, as rules of the turned mask.
        reach_px: How far from a rule it is looked for.
        least_px: A rule's level is measured in parts of at least this length.

    Returns:
        (H, W) uint8. The same as `without` where the pen is no darker than the rules.
    """
    pen = _pen_level(levels, without)
    if pen is None:
        return without
    dark, light = np.zeros_like(mask), np.zeros_like(mask)
    for rules, of_mask, of_levels, of_dark, of_light in (
        (rows, mask, levels, dark, light),
        (columns, mask.T, levels.T, dark.T, light.T),
    ):
        for rule in rules:
            window = _Window.along(of_mask, of_levels, rule, reach_px)
            begins, is_plain = _begins_along(window.ridge, pen, max(least_px, 1.0))
            is_pen = window.levels >= begins[None]
            window.mark(of_dark, window.inked & is_pen)
            half = max(1, int(np.ceil(np.percentile(window.inked.sum(axis=0), _THIN) / 2)))
            ends = is_plain & (_blank(window, half, 1) | _blank(window, half, -1))
            on_line = window.inked & (np.abs(window.offsets) <= half)
            window.mark(of_light, on_line & ~is_pen & ends[None])
    left = np.asarray(without & ~(light & ~dark), np.uint8)
    return _joined(left, dark)


def with_pen_on_lines(
    mask: Image,
    without: Image,
    levels: Image,
    rows: Sequence[Rule],
    columns: Sequence[Rule],
    reach_px: int,
) -> Image:
    """The same for the lines of one form field, which are all of one level.

    An upright stroke stays also where all of it lies on a wall: a 1.

    Args:
        mask: (H, W) uint8, ink 255 on 0, with the lines.
        without: (H, W) uint8, without them.
        levels: (H, W) uint8 before thresholding, light ink on black.
        rows: Lines along it.
        columns: Lines across it, as rules of the turned mask.
        reach_px: How far from a line it is looked for.
    """
    pen = _pen_level(levels, without)
    windows = [_Window.along(mask, levels, rule, reach_px) for rule in rows]
    turned = [_Window.along(mask.T, levels.T, rule, reach_px) for rule in columns]
    ridges = [window.ridge for window in (*windows, *turned) if len(window.xs)]
    if pen is None or not ridges:
        return without
    begins = _begins(np.concatenate(ridges), pen)
    if begins is None:
        return without
    dark = np.zeros_like(mask)
    for view, own in ((dark, windows), (dark.T, turned)):
        for window in own:
            window.mark(view, window.inked & (window.levels >= begins))
    return _joined(without, dark, round(_UPRIGHT * len(mask)))


def _pen_level(levels: Image, strokes: Image) -> float | None:
    """The level of most of the ink in strokes; None where there is too little."""
    inked = levels[strokes > 0]
    return float(np.percentile(inked, _PEN)) if len(inked) >= _LEAST_PX else None


def _begins(ridge: NDArray[np.uint8], pen: float) -> float | None:
    """The level from which ink on a line is the pen's; None where the two are too alike."""
    faint, usual = np.percentile(ridge, _USUAL)
    begins = max(usual + _BETWEEN * (pen - usual), usual + _SPREADS * (usual - faint))
    return float(begins) if begins <= _APART * pen else None


def _begins_along(
    ridge: NDArray[np.uint8], pen: float, least_px: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The same for each column of a long rule, and whether the rule is dark enough to show there.

    Returns:
        (columns,) 256 and more where nothing is told, and (columns,).
    """
    parts = max(1, round(len(ridge) / max(least_px, _BLOCKS * len(ridge))))
    edges = np.linspace(0, len(ridge), parts + 1).astype(np.int64)
    found = [_begins(ridge[first:last], pen) for first, last in pairwise(edges.tolist())]
    at, middles = np.arange(len(ridge)), (edges[:-1] + edges[1:]) / 2
    begins = np.interp(at, middles, [999.0 if level is None else level for level in found])
    usual = [float(np.median(ridge[first:last])) for first, last in pairwise(edges.tolist())]
    is_plain = (begins < 256) & (np.interp(at, middles, usual) >= _PLAIN * pen)
    return begins, is_plain


def _blank(window: _Window, half: int, side: int) -> NDArray[np.bool_]:
    """(columns,) whether there is paper on one side of a line that is twice `half` thick."""
    reach = len(window.rows) // 2
    near, far = (min(max(reach + side * (half + off), 0), 2 * reach) for off in (1, 2))
    return np.asarray(~window.inked[near] & ~window.inked[far], np.bool_)


def _joined(left: Image, dark: Image, upright_px: int | None = None) -> Image:
    """The ink with those dark pixels that are one with it, or as high as a stroke.

    A dark spot of a rule is no stroke.
    """
    both = np.asarray(left | dark, np.uint8)
    count, labels, about, _ = cv2.connectedComponentsWithStats(both, connectivity=8)
    known = np.zeros(count, np.bool_)
    if upright_px is not None:
        known = np.asarray(about[:, cv2.CC_STAT_HEIGHT] >= upright_px, np.bool_)
        known &= about[:, cv2.CC_STAT_HEIGHT] > about[:, cv2.CC_STAT_WIDTH]
    known[labels[left > 0]] = True
    both[~known[labels]] = 0
    return both
