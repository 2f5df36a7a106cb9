"""Digits that are fainter than the page's pen, beside digits that are not.

They are connected components between the low level of the hysteresis and the paper's noise.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.imaging.outlines import boxes_around, outlines
from digitbatch.types import Image


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

    Args:
        ink: (H, W) uint8, light ink on black.
        mask: (H, W) uint8, what of it is as dark as the pen, 255 on 0.
        low: The faintest level in the mask, 0 to 255.
        grain: What lies below is paper.
        digit_height_px: Of the page's digits.

    Returns:
        (H, W) uint8, 255 on 0; None where there is no such ink.
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
