"""Binarisation at the level of the page's own pen: from ink levels to an ink mask.

Hysteresis thresholding: a connected component of the low level is ink if it reaches the high one,
or if it has a digit's size and stands beside digits.
"""

from dataclasses import dataclass
from typing import ClassVar, Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from digitbatch.imaging.outlines import MANY, alone, boxes_around, outlines, piece_at
from digitbatch.stages.base import PageStage, PixelKind, Sheet
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

    `ink`: (H, W) uint8, light ink on black. `high`: Level that a piece must reach, 1 to 256.
    Returns (H, W) uint8 mask, ink 255 on 0.
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


@dataclass(frozen=True, slots=True)
class FaintDigits:
    """What faint ink is a digit's."""

    least: float = 0.5  # of the page's low level; what is fainter shines through from the back
    rim_px: int = 7  # around ink lies its blur
    some: float = 0.04  # of a digit's height squared: less ink is no digit's stroke
    lowest: float = 0.5  # digits' heights that a digit has at least,
    highest: float = 1.7  # and at most, and how wide it is at most
    full: float = 0.75  # of its box: fuller than that is no stroke but a stain, unless narrow
    around_px: int = 4  # around such ink its paper is looked at,
    blur_px: int = 5  # but for its own blur;
    outstanding: float = 3.0  # it is so many times as dark as that
    near: float = 1.5  # digit heights from a digit, in the same line
    same_line: float = 0.5  # of the lower one's height both have in common


FAINT_DIGITS: Final = FaintDigits()


Boxes = NDArray[np.int64]
"""(count, 4) left, top, width and height, in pixels."""


def faint_beside(
    ink: Image, mask: Image, low: int, grain: int, digit_height_px: float
) -> Image | None:
    """Ink too faint for the page's pen that has a digit's size and stands beside digits.

    A pen runs dry, a lamp shines on the paper, a digit is written over one that was erased: a
    number whose faint digit is dropped looks whole. Alone, such ink is the back's that shines
    through, a watermark or dirt; beside a digit it is another one, or a person should look.

    `ink`: (H, W) uint8, light ink on black. `mask`: (H, W) uint8, what of it is as dark as the pen,
    255 on 0. `low`: The faintest level in the mask, 0 to 255. Returns (H, W) uint8, 255 on 0; None
    where there is no such ink.
    """
    least = max(grain, round(FAINT_DIGITS.least * low))
    if least >= low:
        return None
    seen = np.asarray(cv2.threshold(ink, least - 1, 255, cv2.THRESH_BINARY)[1], np.uint8)
    around = np.ones((FAINT_DIGITS.rim_px, FAINT_DIGITS.rim_px), np.uint8)
    least_px = FAINT_DIGITS.some * digit_height_px**2
    if cv2.countNonZero(cv2.subtract(seen, cv2.dilate(mask, around))) < least_px:
        return None  # as on nearly all pages
    pieces = outlines(seen)
    sizes = boxes_around(pieces)
    possible = np.flatnonzero(_as_digits(sizes, digit_height_px)).tolist()
    found: list[tuple[Image, Boxes]] = []
    for number in possible:
        left, top, width, height = sizes[number].tolist()
        part = slice(top, top + height), slice(left, left + width)
        own = np.zeros((height, width), np.uint8)
        cv2.drawContours(own, pieces, number, 255, cv2.FILLED, offset=(-left, -top))
        own &= seen[part]
        inked = cv2.countNonZero(own)
        narrow = width < FAINT_DIGITS.lowest * digit_height_px
        stain = inked > FAINT_DIGITS.full * width * height and not narrow
        if inked < least_px or stain:
            continue
        # What touches the mask is the blur around a stroke.
        if not cv2.countNonZero(own & mask[part]) and _stands_out(ink, own, left, top):
            found.append((own, sizes[number]))
    if not found:
        return None
    known = boxes_around(outlines(mask))
    beside = _reached(known[_as_digits(known, digit_height_px)], found, digit_height_px)
    if not beside:
        return None
    faint = np.zeros_like(mask)
    for own, (left, top, width, height) in beside:
        faint[top : top + height, left : left + width] |= own
    return faint


def _stands_out(ink: Image, own: Image, left: int, top: int) -> bool:
    """Whether ink lies on blank paper: the noise of a dark corner makes shapes, too, among more."""
    height, width = own.shape
    beyond = FAINT_DIGITS.around_px
    first, start = max(0, top - beyond), max(0, left - beyond)
    levels = ink[first : top + height + beyond, start : left + width + beyond]
    within = np.zeros(levels.shape, np.uint8)
    within[top - first : top - first + height, left - start : left - start + width] = own
    blur = cv2.dilate(within, np.ones((FAINT_DIGITS.blur_px,) * 2, np.uint8))
    inside = cv2.mean(levels, within)[0]
    return inside >= FAINT_DIGITS.outstanding * cv2.mean(levels, cv2.bitwise_not(blur))[0]


def _as_digits(boxes: Boxes, size: float) -> NDArray[np.bool_]:
    width, height = boxes[:, 2], boxes[:, 3]
    high = (height >= FAINT_DIGITS.lowest * size) & (height <= FAINT_DIGITS.highest * size)
    return np.asarray(high & (width <= FAINT_DIGITS.highest * size), np.bool_)


def _reached(
    known: Boxes, found: list[tuple[Image, Boxes]], size: float
) -> list[tuple[Image, Boxes]]:
    """What stands beside a digit, or beside what does."""
    reached, rest = [], found
    while len(known):
        near = [bool(_beside(known, box, size).any()) for _, box in rest]
        new = [one for one, is_near in zip(rest, near, strict=True) if is_near]
        rest = [one for one, is_near in zip(rest, near, strict=True) if not is_near]
        reached += new
        known = np.array([box for _, box in new], np.int64).reshape(-1, 4)
    return reached


def _beside(known: Boxes, box: Boxes, size: float) -> NDArray[np.bool_]:
    left, top, width, height = known.T
    gap = np.maximum(left - (box[0] + box[2]), box[0] - (left + width))
    common = np.minimum(top + height, box[1] + box[3]) - np.maximum(top, box[1])
    level = common >= FAINT_DIGITS.same_line * np.minimum(height, box[3])
    return np.asarray((gap <= FAINT_DIGITS.near * size) & level, np.bool_)
