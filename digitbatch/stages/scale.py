"""Scale normalisation: a page at a size at which digits are neither coarse nor needlessly large.

The height of the digits is the mode of a kernel density over the heights of connected components.
"""

from dataclasses import dataclass, replace
from typing import ClassVar, Final, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from digitbatch.errors import CoarsePageError
from digitbatch.imaging.light import Light, light_on
from digitbatch.imaging.outlines import boxes_around, outlines
from digitbatch.imaging.projective import halved
from digitbatch.stages.base import PageStage, PixelKind, Sheet, Situation
from digitbatch.stages.hysteresis import Hysteresis, hysteresis
from digitbatch.stages.levels import ink_levels, is_dithered
from digitbatch.stages.line_removal.remove_rules import RemoveRules
from digitbatch.types import Image


@dataclass(frozen=True, slots=True)
class DigitHeight:
    """How the height of a page's digits is measured."""

    lowest_px: int = 6  # fewer rows than this show no digit
    spread: float = 0.14  # of the log height: heights within some 15 % count as one size
    side_px: int = 1400  # of the longer side of the picture that is enough for a mode
    lone: float = 1.5  # components that count as one size: fewer are a single one
    several: int = 5  # ... and so many are digits,
    another: float = 0.2  # if they are so much ink against the single one
    across: float = 0.5  # what reaches across more of the page than this is a rule, or tied by one
    widest: float = 4.0  # of its height: what is wider is no digit,
    narrowest: float = 0.08  # and what is narrower
    tall: float = 1.5  # weight of a component: its height to this power
    margin: float = 0.1  # of the log height: beyond the heights found the mode may lie
    bins: int = 400  # of the histogram of heights: pages of noise have 100,000 components
    steps: int = 200  # places at which the smoothed histogram is looked at
    alike: float = 0.05  # a page that would change by less than this part keeps its size
    largest_scale: float = 4.0


DIGIT_HEIGHT: Final = DigitHeight()


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
        if abs(scale - 1) < DIGIT_HEIGHT.alike:
            return sheet
        scale = min(scale, DIGIT_HEIGHT.largest_scale)
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
    while max(ink.shape) > DIGIT_HEIGHT.side_px:
        ink, scale = halved(ink), scale / 2
    high, low = Hysteresis().levels(ink)
    if high > 255:
        return None
    mask = hysteresis(ink, high, low)
    width, height = _sizes(mask)
    page_height, page_width = mask.shape
    widest_px, highest_px = (DIGIT_HEIGHT.across * side for side in (page_width, page_height))
    ruled = bool(((width > widest_px) | (height > highest_px)).any())
    if ruled:
        # Rules tie digits together: on squared paper all ink is one component.
        mask = RemoveRules().left_of(mask, None, None)
        width, height = _sizes(mask)
    digits = (width < widest_px) | (height < highest_px)
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

    `width`: (count,) of the components, pixels. `height`: (count,) the same. Returns pixels, or
    None where nothing has the shape of a digit.
    """
    fits = (height >= DIGIT_HEIGHT.lowest_px) & (width < DIGIT_HEIGHT.widest * height)
    fits &= width > DIGIT_HEIGHT.narrowest * height
    if not fits.any():
        return None
    tall = height[fits].astype(np.float64)
    logs = np.log(tall)
    counts, edges = np.histogram(logs, bins=DIGIT_HEIGHT.bins)
    held, margin = counts > 0, DIGIT_HEIGHT.margin
    at = ((edges[1:] + edges[:-1]) / 2)[held]
    steps = np.linspace(logs.min() - margin, logs.max() + margin, DIGIT_HEIGHT.steps)
    kernel = np.exp(-0.5 * ((steps[:, None] - at[None]) / DIGIT_HEIGHT.spread) ** 2)
    number = kernel @ counts[held]
    weight = kernel @ (counts[held] * np.exp(DIGIT_HEIGHT.tall * at))
    best = int(weight.argmax())
    if number[best] < DIGIT_HEIGHT.lone:
        several = np.where(number >= DIGIT_HEIGHT.several, weight, 0.0)
        if several.max() >= DIGIT_HEIGHT.another * weight[best]:
            best = int(several.argmax())
    return float(np.exp(steps[best]))


class Reduce(PageStage):
    """Halve a page whose digits stay high enough, as often as they do.

    A scan at 300 dpi or more has several times the pixels that reading needs, and all stages cost
    as much as there are pixels. The digits' height is measured on a small copy of the page; later
    stages need not measure it again. Ruled paper stays as it is: thin rules are told from strokes
    by their pixels. So do pages whose greys are lone black dots: half of such dots are neither.
    """

    op: Literal["reduce"] = "reduce"
    takes: ClassVar[frozenset[PixelKind]] = frozenset({"color", "gray"})
    least_px: float = Field(
        default=38.0, ge=8, le=1000, description="Digits stay at least so high."
    )

    def skipped(self, situation: Situation) -> str:
        """Zones and boxes need all pixels: the walls of two boxes may all but touch."""
        if situation.has_zones:
            return "zones need all pixels of a page"
        return "boxes need all pixels of a page" if situation.has_boxes else ""

    def __call__(self, sheet: Sheet) -> Sheet:
        """Return the sheet as it is, or reduced, with `digit_height_px` set where one was found.

        Raises:
            CoarsePageError: If the page came halved and should not have.
        """
        halves, light = _halves(sheet.pixels)
        measured = _measured(halves, light)
        enough = 2 * self.least_px
        if sheet.came_halved and (
            measured is None or measured.ruled or measured.height_px < self.least_px
        ):
            raise CoarsePageError
        if measured is None:
            return sheet
        height = measured.height_px
        if height >= enough and not measured.ruled and not is_dithered(sheet.pixels):
            halved_before = iter(halves[1:])
            while height >= enough:
                sheet, height = sheet.halved(next(halved_before, None)), height / 2
        return replace(sheet, light=light, digit_height_px=height)


def _halves(pixels: Image) -> tuple[list[Image], Light]:
    """A page, halved as often as digits are measured on it; and its light, for later stages."""
    halves = [pixels]
    while max(halves[-1].shape) > DIGIT_HEIGHT.side_px:
        halves.append(halved(halves[-1]))
    return halves, light_on(halves[-1], pixels.shape)


def _measured(halves: list[Image], light: Light) -> MeasuredDigits | None:
    """A page's digits, in its own pixels; None where there are none."""
    found = measured_digits(Sheet(ink_levels(halves[-1], light), "ink"))
    times = 2 ** (len(halves) - 1)
    return None if found is None else found._replace(height_px=times * found.height_px)
