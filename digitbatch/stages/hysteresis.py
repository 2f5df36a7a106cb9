"""Binarisation at the level of the page's own pen: from ink levels to an ink mask.

Hysteresis thresholding: a connected component of the low level is ink if it reaches the high one.
"""

from dataclasses import dataclass
from typing import ClassVar, Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from digitbatch.imaging.outlines import MANY, alone, boxes_around, outlines, piece_at
from digitbatch.stages.base import PageStage, PixelKind, Sheet
from digitbatch.stages.faint import faint_beside
from digitbatch.types import Image


@dataclass(frozen=True, slots=True)
class PenLevel:
    """How the pen's level and the paper's grain are measured."""

    faintest: int = 25  # of 255: below this lies the grain of paper and camera
    grain_part: float = 0.4  # of the darkest ink; what is darker than that is more than grain
    grain_times: int = 3  # the grain's level: what is darker than that is ink
    paper_share: float = 0.84  # of a page's pixels have no more than its grain: one deviation
    darkest_share: float = 0.995  # ... and no more than its darkest ink
    blank_share: float = 0.7  # ... and are neither ink nor print, on nearly every page:
    noise_times: float = 4.8  # 2.5 standard deviations of their grain, half of which is below zero
    many_px: int = 1_000_000  # of more pixels, some rows say how many have each level
    large_page_px: int = 1000  # above this a pixel's own noise is smoothed away first
    least_px: int = 10  # of ink, to know the pen's level
    rounds: int = 20  # of the search for it, at most
    faint_part: float = 0.7  # of the faintest level: no low level is below it


PEN_LEVEL: Final = PenLevel()


class Hysteresis(PageStage):
    """Ink is what is as dark as the pen, and what is nearly as dark and touches it.

    The pen's level is measured on the page: the mean of all ink above half of itself, found by
    iteration (Ridler and Calvard, Picture thresholding using an iterative selection method, 1978),
    and never below the paper's grain. Two levels keep faint ends of strokes and drop faint specks
    (Canny, A computational approach to edge detection, 1986).
    """

    op: Literal["hysteresis"] = "hysteresis"
    takes: ClassVar[frozenset[PixelKind]] = frozenset({"ink"})
    gives: ClassVar[dict[PixelKind, PixelKind]] = {"ink": "mask"}
    high: float = Field(
        default=0.5, gt=0, lt=1, description="Surely ink: this part of the pen's level."
    )
    low: float = Field(
        default=0.7,
        gt=0,
        le=1,
        description="Ink if it touches such ink: this part of the high level.",
    )

    def __call__(self, sheet: Sheet) -> Sheet:
        """Return a mask sheet: (H, W) uint8, ink 255 on 0."""
        ink = sheet.pixels
        if max(ink.shape) > PEN_LEVEL.large_page_px:
            ink = np.asarray(cv2.GaussianBlur(ink, (3, 3), 0), np.uint8)
        counts = _counts(ink)
        high, low = self._levels(counts)
        mask, faint = hysteresis(ink, high, low), None
        if sheet.digit_height_px is not None and high <= 255:
            noise = int(PEN_LEVEL.noise_times * _level_at(counts, PEN_LEVEL.blank_share))
            least = max(PEN_LEVEL.faintest, noise)
            faint = faint_beside(ink, mask, low, least, sheet.digit_height_px)
        if faint is not None:
            mask = np.asarray(mask | faint, np.uint8)
            sheet = sheet.with_layer("faint", faint)
        return sheet.with_pixels(mask, "mask").with_layer("ink", ink)

    def levels(self, ink: Image) -> tuple[int, int]:
        """The high and the low level for (H, W) uint8 ink; 256 where the page holds none."""
        return self._levels(_counts(ink))

    def _levels(self, counts: NDArray[np.float64]) -> tuple[int, int]:
        grain = _level_at(counts, PEN_LEVEL.paper_share)
        darkest = _level_at(counts, PEN_LEVEL.darkest_share)
        # On squared paper more than a sixth of the page is print: that is no grain.
        faintest = max(
            PEN_LEVEL.faintest,
            int(min(PEN_LEVEL.grain_times * grain, PEN_LEVEL.grain_part * darkest)),
        )
        values = np.arange(256)
        high = faintest
        for _ in range(PEN_LEVEL.rounds):
            above = counts[high:].sum()
            if above < PEN_LEVEL.least_px:
                return 256, 256
            pen = float(counts[high:] @ values[high:] / above)
            new = int(max(faintest, self.high * pen))
            if new == high:
                break
            high = new
        return high, int(max(self.low * high, min(high, PEN_LEVEL.faint_part * faintest)))


def hysteresis(ink: Image, high: int, low: int) -> Image:
    """Connected ink of at least `low` that somewhere reaches `high`.

    Args:
        ink: (H, W) uint8, light ink on black.
        high: Level that a piece must reach, 1 to 256.
        low: Level of its pixels, at most `high`.

    Returns:
        (H, W) uint8 mask, ink 255 on 0.
    """
    if high > 255:
        return np.zeros_like(ink)
    found = np.asarray(cv2.threshold(ink, low - 1, 255, cv2.THRESH_BINARY)[1], np.uint8)
    pieces = outlines(found)
    if len(pieces) <= MANY:
        sure = np.asarray(cv2.threshold(ink, high - 1, 255, cv2.THRESH_BINARY)[1], np.uint8)
        boxes = boxes_around(pieces)
        for outline, box, is_alone in zip(pieces, boxes, alone(boxes).tolist(), strict=True):
            left, top, width, height = box.tolist()
            part = slice(top, top + height), slice(left, left + width)
            if is_alone and cv2.countNonZero(sure[part]):
                continue
            own = piece_at(found[part], outline[0, 0, 0] - left, outline[0, 0, 1] - top)
            if not sure[part][own].any():
                found[part][own] = 0
        return found
    count, labels = cv2.connectedComponents(found, connectivity=8)
    keep = np.zeros(count, np.bool_)
    keep[labels.ravel()[np.flatnonzero(ink >= high)]] = True
    keep[0] = True
    if not keep.all():
        inked = np.flatnonzero(ink >= low)
        found.ravel()[inked[~keep[labels.ravel()[inked]]]] = 0
    return found


def _counts(ink: Image) -> NDArray[np.float64]:
    return level_counts(ink[:: 1 + ink.size // PEN_LEVEL.many_px]).astype(np.float64)


def _level_at(counts: NDArray[np.float64], share: float) -> int:
    """The level that so large a share of the pixels does not exceed."""
    return int(np.searchsorted(np.cumsum(counts), share * counts.sum()))


def level_counts(levels: Image) -> NDArray[np.int64]:
    """How many pixels of a picture have each level, (256,)."""
    flat = np.ascontiguousarray(levels).ravel()
    even = flat.size // 2 * 2
    pairs = np.bincount(flat[:even].view(np.uint16), minlength=1 << 16).reshape(256, 256)
    counts = pairs.sum(axis=0) + pairs.sum(axis=1)
    counts[flat[even:]] += 1
    return np.asarray(counts, np.int64)
