"""What a sheet has in the place of a zone, and a little around it."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from digitbatch.page.preparation import zone_edges
from digitbatch.stages.base import Sheet
from digitbatch.types import Box, Fractions, Image, Page


@dataclass(frozen=True, slots=True)
class CropTuning:
    """How much around a zone is looked at, in heights of the zone."""

    beyond_of_height: float = 0.25  # how far beyond it a digit is followed
    beside_of_height: float = 0.8  # the same to its sides, where no boxes hold the digits


TUNED: Final = CropTuning()


@dataclass(frozen=True, slots=True)
class Crop:
    """A zone on a sheet, with a little around it."""

    zone: Box  # on the sheet
    around: Box  # what was cut out, on the sheet
    mask: Image  # (H, W) its ink, printed lines too
    levels: Image  # (H, W) before thresholding

    @property
    def inner(self) -> tuple[float, float]:
        """Top and bottom of the zone in the crop."""
        return self.zone.top - self.around.top, self.zone.bottom - self.around.top


def cut_zone(place: Fractions, sheet: Sheet, page: Page, *, wide: bool = False) -> Crop:
    """Cut a zone out of a sheet, with a little around it: digits leave it.

    Args:
        place: Of the zone.
        sheet: The page as its page stages left it.
        page: As it was laid.
        wide: Whether to look farther to its sides, where no boxes hold the digits.
    """
    box = on_sheet(place, sheet, page)
    beyond = round(TUNED.beyond_of_height * box.height)
    aside = round(TUNED.beside_of_height * box.height) if wide else beyond
    height, width = sheet.pixels.shape
    around = Box(
        max(0, box.left - aside), max(0, box.top - beyond),
        min(width, box.right + aside), min(height, box.bottom + beyond),
    )  # fmt: skip
    return crop_of(box, around, sheet)


def crop_of(box: Box, around: Box, sheet: Sheet) -> Crop:
    """What a sheet has in a place, and a little around it."""
    rows, columns = slice(around.top, around.bottom), slice(around.left, around.right)
    # A box's long sides may be gone as ruled lines already; its walls are found by them.
    mask = sheet.pixels[rows, columns]
    if sheet.rules is not None:
        mask = mask | sheet.rules[rows, columns]
    levels = sheet.pixels if sheet.ink is None else sheet.ink
    return Crop(box, around, np.ascontiguousarray(mask), levels[rows, columns])


def on_sheet(place: Fractions, sheet: Sheet, page: Page) -> Box:
    """The upright box on the sheet around a zone of the page."""
    edges = zone_edges(place, sheet, page)
    sheet_height, sheet_width = sheet.pixels.shape[:2]
    low = np.clip(np.floor(edges[:2]), 0, (sheet_width - 1, sheet_height - 1))
    high = np.clip(np.ceil(edges[2:]), low + 1, (sheet_width, sheet_height))
    return Box(int(low[0]), int(low[1]), int(high[0]), int(high[1]))
