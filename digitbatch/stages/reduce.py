"""Give large scans no more pixels than their digits need, before anything else costs time."""

from dataclasses import replace
from typing import ClassVar, Final, Literal

import numpy as np
from pydantic import Field

from digitbatch.errors import CoarsePageError
from digitbatch.stages.base import PageStage, PixelKind, Sheet
from digitbatch.stages.fit_scale import MEASURED_SIDE_PX, MeasuredDigits, measured_digits
from digitbatch.stages.halving import halved
from digitbatch.stages.ink_levels import ink_levels, is_dithered
from digitbatch.types import Image

_HALF: Final = np.array([[2.0, 0.0, 0.5], [0.0, 2.0, 0.5], [0.0, 0.0, 1.0]])
"""From a halved page's pixels to the page's: pixel centres lie at whole numbers."""


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

    def __call__(self, sheet: Sheet) -> Sheet:
        """Return the sheet as it is, or reduced, with `digit_height_px` set where one was found.

        Raises:
            CoarsePageError: If the page came halved and should not have.
        """
        measured = _measured(sheet.pixels)
        enough = 2 * self.least_px
        if sheet.came_halved and (
            measured is None or measured.ruled or measured.height_px < self.least_px
        ):
            raise CoarsePageError
        if measured is None:
            return sheet
        height = measured.height_px
        pixels, to_scan = sheet.pixels, sheet.to_scan
        if height >= enough and not measured.ruled and not is_dithered(pixels):
            while height >= enough:
                pixels, to_scan, height = halved(pixels), to_scan @ _HALF, height / 2
        return replace(sheet, pixels=pixels, to_scan=to_scan, digit_height_px=height)


def _measured(pixels: Image) -> MeasuredDigits | None:
    """A page's digits, in its own pixels; None where there are none."""
    times = 1
    while max(pixels.shape) > MEASURED_SIDE_PX:
        pixels, times = halved(pixels), 2 * times
    found = measured_digits(Sheet(ink_levels(pixels), "ink"))
    return None if found is None else found._replace(height_px=times * found.height_px)
