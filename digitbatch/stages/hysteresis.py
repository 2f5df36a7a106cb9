"""From ink levels to an ink mask, at the level of the page's own pen."""

from typing import ClassVar, Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from digitbatch.imaging.outlines import MANY, alone, boxes_around, outlines, piece_at
from digitbatch.stages.base import PageStage, PixelKind, Sheet
from digitbatch.stages.faint import faint_beside
from digitbatch.types import Image

_FAINTEST: Final = 25  # of 255: below this lies the grain of paper and camera
_GRAIN_PARTS: Final = 0.4  # of the darkest ink; what is darker than that is more than grain
_PAPER_PARTS: Final = 0.84  # of a page's pixels have no more than its grain; of the normal
# distribution, one standard deviation
_DARKEST_PARTS: Final = 0.995  # ... and no more than its darkest ink
_BLANK_PARTS: Final = 0.7  # ... and are neither ink nor print, on nearly every page:
_NOISE_TIMES: Final = 4.8  # 2.5 standard deviations of their grain, half of which is below zero
_MANY_PX: Final = 1_000_000  # of more pixels, some rows say how many have each level
_LARGE_PAGE_PX: Final = 1000  # above this a pixel's own noise is smoothed away first


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
        if max(ink.shape) > _LARGE_PAGE_PX:
            ink = np.asarray(cv2.GaussianBlur(ink, (3, 3), 0), np.uint8)
        counts = _counts(ink)
        high, low = self._levels(counts)
        mask, faint = hysteresis(ink, high, low), None
        if sheet.digit_height_px is not None and high <= 255:
            noise = int(_NOISE_TIMES * _level_at(counts, _BLANK_PARTS))
            faint = faint_beside(ink, mask, low, max(_FAINTEST, noise), sheet.digit_height_px)
        if faint is not None:
            mask = np.asarray(mask | faint, np.uint8)
            sheet = sheet.with_layer("faint", faint)
        return sheet.with_pixels(mask, "mask").with_layer("ink", ink)

    def levels(self, ink: Image) -> tuple[int, int]:
        """The high and the low level for (H, W) uint8 ink; 256 where the page holds none."""
        return self._levels(_counts(ink))

    def _levels(self, counts: NDArray[np.float64]) -> tuple[int, int]:
        grain, darkest = (_level_at(counts, share) for share in (_PAPER_PARTS, _DARKEST_PARTS))
        # On squared paper more than a sixth of the page is print: that is no grain.
        faintest = max(_FAINTEST, int(min(3 * grain, _GRAIN_PARTS * darkest)))
        values = np.arange(256)
        high = faintest
        for _ in range(20):
            above = counts[high:].sum()
            if above < 10:
                return 256, 256
            pen = float(counts[high:] @ values[high:] / above)
            new = int(max(faintest, self.high * pen))
            if new == high:
                break
            high = new
        return high, int(max(self.low * high, min(high, 0.7 * faintest)))


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
    return level_counts(ink[:: 1 + ink.size // _MANY_PX]).astype(np.float64)


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
