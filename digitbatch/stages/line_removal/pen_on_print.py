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

from digitbatch.stages.line_removal.printed_line import Rule, Window
from digitbatch.types import Image


@dataclass(frozen=True, slots=True)
class PenOnPrint:
    """How a pen's level is told from a printed line's."""

    pen_percent: float = 75.0  # of the levels of strokes: their edges are half paper
    least_px: int = 100  # of strokes, to know the pen's level
    faint_percent: float = 20.0  # of a line's levels: where it is faint,
    usual_percent: float = 50.0  # and as it usually is
    between: float = 0.5  # of the way from the line's level to the pen's begins what is the pen's,
    spreads: float = 3.0  # and so many times as far from the line's level as its faint parts are
    apart: float = 0.9  # of the pen's level: where the pen would begin above it, nothing is told
    plain: float = 0.5  # of the pen's level: fainter lines hardly show beside a stroke
    thin_percent: float = 30.0  # of the thickness of ink along a line: strokes make it thicker
    ends: float = 0.03  # of the width: ends are faint and often missed
    upright: float = 0.3  # of a field's height, and what is around it, a stroke on a wall is high
    blocks: float = 0.1  # of the width: in parts at least so long a line has a level of its own


PEN_ON_PRINT: Final = PenOnPrint()


@dataclass(frozen=True, slots=True)
class _Ink:
    """The ink along a line, and its levels."""

    window: Window
    inked: NDArray[np.bool_]  # (window, columns)
    levels: Image  # (window, columns)

    @classmethod
    def along(cls, mask: Image, levels: Image, rule: Rule, reach_px: int) -> "_Ink":
        beyond_px = round(PEN_ON_PRINT.ends * mask.shape[1])
        window = Window.along(mask.shape, rule, reach_px, beyond_px)
        return cls(window, window.of(mask) > 0, window.of(levels))

    @property
    def ridge(self) -> Image:
        """(columns,) the line's level."""
        middle = self.window.reach_px
        return np.asarray(self.levels[middle - 1 : middle + 2].max(axis=0), np.uint8)


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

    `mask`: (H, W) uint8, ink 255 on 0, with the rules. `without`: (H, W) uint8, without them.
    `levels`: (H, W) uint8 before thresholding, light ink on black. `columns`: Rules across it, as
    rules of the turned mask. `reach_px`: How far from a rule it is looked for. `least_px`: A rule's
    level is measured in parts of at least this length. Returns (H, W) uint8. The same as `without`
    where the pen is no darker than the rules.
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
            ink = _Ink.along(of_mask, of_levels, rule, reach_px)
            begins, is_plain = _begins_along(ink.ridge, pen, max(least_px, 1.0))
            is_pen = ink.levels >= begins[None]
            ink.window.put(of_dark, ink.inked & is_pen, 255)
            thin = np.percentile(ink.inked.sum(axis=0), PEN_ON_PRINT.thin_percent)
            half = max(1, int(np.ceil(thin / 2)))
            ends = is_plain & (_blank(ink.inked, half, 1) | _blank(ink.inked, half, -1))
            on_line = ink.inked & (np.abs(ink.window.offsets) <= half)
            ink.window.put(of_light, on_line & ~is_pen & ends[None], 255)
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

    `mask`: (H, W) uint8, ink 255 on 0, with the lines. `without`: (H, W) uint8, without them.
    `levels`: (H, W) uint8 before thresholding, light ink on black. `columns`: Lines across it, as
    rules of the turned mask. `reach_px`: How far from a line it is looked for.
    """
    pen = _pen_level(levels, without)
    along = [_Ink.along(mask, levels, rule, reach_px) for rule in rows]
    across = [_Ink.along(mask.T, levels.T, rule, reach_px) for rule in columns]
    ridges = [ink.ridge for ink in (*along, *across) if len(ink.window.xs)]
    if pen is None or not ridges:
        return without
    begins = _begins(np.concatenate(ridges), pen)
    if begins is None:
        return without
    dark = np.zeros_like(mask)
    for view, inks in ((dark, along), (dark.T, across)):
        for ink in inks:
            ink.window.put(view, ink.inked & (ink.levels >= begins), 255)
    return _joined(without, dark, round(PEN_ON_PRINT.upright * len(mask)))


def _pen_level(levels: Image, strokes: Image) -> float | None:
    """The level of most of the ink in strokes; None where there is too little."""
    inked = levels[strokes > 0]
    return (
        float(np.percentile(inked, PEN_ON_PRINT.pen_percent))
        if len(inked) >= PEN_ON_PRINT.least_px
        else None
    )


def _begins(ridge: Image, pen: float) -> float | None:
    """The level from which ink on a line is the pen's; None where the two are too alike."""
    faint, usual = np.percentile(ridge, (PEN_ON_PRINT.faint_percent, PEN_ON_PRINT.usual_percent))
    begins = max(
        usual + PEN_ON_PRINT.between * (pen - usual), usual + PEN_ON_PRINT.spreads * (usual - faint)
    )
    return float(begins) if begins <= PEN_ON_PRINT.apart * pen else None


def _begins_along(
    ridge: Image, pen: float, least_px: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The same for each column of a long rule, and whether the rule is dark enough to show there.

    Returns (columns,) 256 and more where nothing is told, and (columns,).
    """
    parts = max(1, round(len(ridge) / max(least_px, PEN_ON_PRINT.blocks * len(ridge))))
    edges = np.linspace(0, len(ridge), parts + 1).astype(np.int64)
    found = [_begins(ridge[first:last], pen) for first, last in pairwise(edges.tolist())]
    at, middles = np.arange(len(ridge)), (edges[:-1] + edges[1:]) / 2
    begins = np.interp(at, middles, [999.0 if level is None else level for level in found])
    usual = [float(np.median(ridge[first:last])) for first, last in pairwise(edges.tolist())]
    is_plain = (begins < 256) & (np.interp(at, middles, usual) >= PEN_ON_PRINT.plain * pen)
    return begins, is_plain


def _blank(inked: NDArray[np.bool_], half: int, side: int) -> NDArray[np.bool_]:
    """(columns,) whether there is paper on one side of a line that is twice `half` thick."""
    reach = len(inked) // 2
    near, far = (min(max(reach + side * (half + off), 0), 2 * reach) for off in (1, 2))
    return np.asarray(~inked[near] & ~inked[far], np.bool_)


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
