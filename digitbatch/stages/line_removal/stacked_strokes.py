"""Upright strokes that stand one above another, as the 1s of a column do, and are no rule."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from digitbatch.stages.line_removal.faint_rules import FAINT_RULES, darker_along
from digitbatch.stages.line_removal.printed_line import Rule
from digitbatch.types import Image


@dataclass(frozen=True, slots=True)
class StackedStrokes:
    """What of a rule's ink may be strokes."""

    lowest: float = 0.6  # digit heights: a stroke is so high at least
    highest: float = 1.6  # digit heights; a wall from one printed row to the next is higher
    upright: float = 1.5  # times as high as wide
    taken: float = 0.7  # of a stroke's ink was taken for the rule's
    aside_px: int = 3  # beside a rule's course begins what is no part of it


STACKED_STROKES: Final = StackedStrokes()


def with_stacked_strokes(
    mask: Image,
    without: Image,
    levels: Image,
    columns: Sequence[Rule],
    thickest_px: int,
    digit_height_px: float,
) -> Image:
    """A mask without its rules, but with strokes that together were taken for a rule across.

    A printed line shows in the levels on nearly all of its way and is joined to the lines that it
    crosses. Where one shows on less of it, the components of the mask that stand alone, are as high
    as digits and would vanish whole are put back: whether they are digits is for others to say.

    `mask`: (H, W) uint8, ink 255 on 0, with the rules. `without`: (H, W) uint8, without them.
    `levels`: (H, W) uint8 before thresholding, light ink on black. `columns`: Rules of the turned
    mask. Returns (H, W) uint8: `without` itself where there are none.
    """
    result = without
    least_px, most_px = (
        share * digit_height_px for share in (STACKED_STROKES.lowest, STACKED_STROKES.highest)
    )
    for rule in columns:
        if np.mean(darker_along(levels.T, rule, thickest_px)) >= FAINT_RULES.surely_shown:
            continue
        aside = rule.rows_at(np.array([rule.left, (rule.left + rule.right) // 2, rule.right]))
        reach_px = thickest_px + STACKED_STROKES.aside_px
        left, right = max(0, int(aside.min()) - reach_px), int(aside.max()) + reach_px + 1
        strip = mask[:, left:right]
        count, labels, about, _ = cv2.connectedComponentsWithStats(strip, connectivity=8)
        wide, high = about[:, cv2.CC_STAT_WIDTH], about[:, cv2.CC_STAT_HEIGHT]
        start = about[:, cv2.CC_STAT_LEFT]
        alone = (start > 0) & (start + wide < strip.shape[1])
        alone &= (high >= least_px) & (high <= most_px) & (high >= STACKED_STROKES.upright * wide)
        stays = np.bincount(labels[without[:, left:right] > 0], minlength=count)
        alone &= stays < (1 - STACKED_STROKES.taken) * about[:, cv2.CC_STAT_AREA]
        alone[0] = False
        if not alone.any():
            continue
        if result is without:
            result = without.copy()
        result[:, left:right][alone[labels]] = 255
    return result
