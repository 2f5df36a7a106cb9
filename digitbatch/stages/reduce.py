"""Give large scans no more pixels than their digits need, before anything else costs time.

A page is downsampled by powers of two, each pixel the mean of four.
"""

from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from digitbatch.errors import CoarsePageError
from digitbatch.imaging.halving import halved
from digitbatch.imaging.light import Light, light_on
from digitbatch.stages.base import PageStage, PixelKind, Sheet, Situation
from digitbatch.stages.fit_scale import DIGIT_HEIGHT, MeasuredDigits, measured_digits
from digitbatch.stages.ink_levels import ink_levels, is_dithered
from digitbatch.types import Image


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
