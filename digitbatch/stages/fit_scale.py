"""Bring the page to a size at which its digits are neither coarse nor needlessly large."""

from dataclasses import replace
from typing import ClassVar, Final, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from digitbatch.imaging.halving import halved
from digitbatch.imaging.outlines import boxes_around, outlines
from digitbatch.stages.base import PageStage, PixelKind, Sheet
from digitbatch.stages.hysteresis import Hysteresis, hysteresis
from digitbatch.stages.line_removal.remove_rules import RemoveRules
from digitbatch.types import Image

_LOWEST_PX: Final = 6  # fewer rows than this show no digit
_HEIGHT_SPREAD: Final = 0.14  # of the log height: heights within some 15 % count as one size
MEASURED_SIDE_PX: Final = 1400
"""Of the longer side: height is measured on a picture of at most this size, enough for a mode."""
_LONE: Final = 1.5  # components that count as one size: fewer are a single one
_SEVERAL: Final = 5  # ... and so many are digits,
_ANOTHER: Final = 0.2  # if they are so much ink against the single one
_ACROSS: Final = 0.5  # what reaches across more of the page than this is a rule, or tied by one
_LARGEST_SCALE: Final = 4.0


class FitScale(PageStage):
    """Measure the height of the page's digits and resize the page where it is out of range.

    Pages are crops of 500 px and sheets of 5,000 px; what is small against a digit (a speck), thin
    (a rule) or near (a neighbour) follows from the digits' height, which is measured on the ink and
    never assumed from the page's size or dpi. Digits of 15 px gain edges to tell their strokes
    apart by; digits of 200 px gain nothing from their pixels but time.
    """

    op: Literal["fit_scale"] = "fit_scale"
    takes: ClassVar[frozenset[PixelKind]] = frozenset({"ink"})
    least_px: float = Field(
        default=16.0, ge=8, le=200, description="Pages with lower digits are enlarged."
    )
    most_px: float = Field(
        default=110.0, ge=8, le=1000, description="Pages with higher digits are reduced."
    )

    @model_validator(mode="after")
    def _ordered(self) -> "FitScale":
        if self.least_px > self.most_px:
            raise ValueError(
                f"least_px ({self.least_px:g}) must not be above most_px ({self.most_px:g})"
            )
        return self

    def __call__(self, sheet: Sheet) -> Sheet:
        """Return the sheet at its new size, with `digit_height_px` set where one was found."""
        found = sheet.digit_height_px
        if found is None:
            measured = measured_digits(sheet)
            if measured is None:
                return sheet
            found = measured.height_px
        sheet = replace(sheet, digit_height_px=found)
        scale = min(max(found, self.least_px), self.most_px) / found
        if abs(scale - 1) < 0.05:
            return sheet
        scale = min(scale, _LARGEST_SCALE)
        height, width = sheet.pixels.shape[:2]
        new_height, new_width = max(1, round(height * scale)), max(1, round(width * scale))
        resized = sheet.resized(new_width, new_height, enlarging=cv2.INTER_CUBIC)
        return replace(resized, digit_height_px=found * scale)


class MeasuredDigits(NamedTuple):
    """What a page's digits look like."""

    height_px: float  # of most of them
    ruled: bool  # whether rules tie them together


def measured_digits(sheet: Sheet) -> MeasuredDigits | None:
    """The height of most of an ink sheet's digits, measured on a reduced copy; None without ink."""
    ink = sheet.pixels
    scale = 1.0
    while max(ink.shape) > MEASURED_SIDE_PX:
        ink, scale = halved(ink), scale / 2
    high, low = Hysteresis().levels(ink)
    if high > 255:
        return None
    mask = hysteresis(ink, high, low)
    width, height = _sizes(mask)
    page_height, page_width = mask.shape
    ruled = bool(((width > _ACROSS * page_width) | (height > _ACROSS * page_height)).any())
    if ruled:
        # Rules tie digits together: on squared paper all ink is one component.
        mask = RemoveRules().left_of(mask, None, None)
        width, height = _sizes(mask)
    digits = (width < _ACROSS * page_width) | (height < _ACROSS * page_height)
    found = typical_height_px(width[digits], height[digits])
    return None if found is None else MeasuredDigits(found / scale, ruled)


def _sizes(mask: Image) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Width and height of each component, in pixels."""
    boxes = boxes_around(outlines(mask))
    return boxes[:, 2], boxes[:, 3]


def typical_height_px(width: NDArray[np.int64], height: NDArray[np.int64]) -> float | None:
    """The height of most of the ink: the mode of the components' heights, weighted to the tall.

    A mean would be drawn by specks and by lines that touch; the mode of a smoothed histogram over
    the logarithm of height is drawn by neither. One tall stroke (a stain's, a shadow's edge) is no
    mode where several components make another.

    Args:
        width: (count,) of the components, pixels.
        height: (count,) the same.

    Returns:
        Pixels, or None where nothing has the shape of a digit.
    """
    fits = (height >= _LOWEST_PX) & (width < 4 * height) & (width > 0.08 * height)
    if not fits.any():
        return None
    tall = height[fits].astype(np.float64)
    logs = np.log(tall)
    # A histogram first: pages of noise have 100,000 components.
    counts, edges = np.histogram(logs, bins=400)
    held = counts > 0
    at = ((edges[1:] + edges[:-1]) / 2)[held]
    steps = np.linspace(logs.min() - 0.1, logs.max() + 0.1, 200)
    kernel = np.exp(-0.5 * ((steps[:, None] - at[None]) / _HEIGHT_SPREAD) ** 2)
    number = kernel @ counts[held]
    weight = kernel @ (counts[held] * np.exp(1.5 * at))
    best = int(weight.argmax())
    if number[best] < _LONE:
        several = np.where(number >= _SEVERAL, weight, 0.0)
        if several.max() >= _ANOTHER * weight[best]:
            best = int(several.argmax())
    return float(np.exp(steps[best]))
