"""What a sheet has in the place of a zone, and the digits that go on beyond it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.connected_components import Components
from digitbatch.page.preparation import zone_edges
from digitbatch.stages.base import Sheet
from digitbatch.types import Box, Fractions, Image, Page


@dataclass(frozen=True, slots=True)
class CropTuning:
    """How much around a zone is looked at, in heights of the zone."""

    beyond_of_height: float = 0.25  # how far beyond it a digit is followed
    beside_of_height: float = 0.8  # the same to its sides, where no boxes hold the digits


CROP: Final = CropTuning()


@dataclass(frozen=True, slots=True)
class Crop:
    """A zone on a sheet, with a little around it."""

    zone: Box  # on the sheet
    around: Box  # what was cut out, on the sheet
    mask: Image  # (H, W) its ink, printed lines too
    levels: Image  # (H, W) before thresholding
    rules: Image | None = None  # (H, W) what of the mask is the page's printed lines; None: nothing
    walls: Image | None = None  # (H, W) where upright ones of them run
    colored: Image | None = None  # (H, W) what of the mask is print of another colour

    @property
    def inner(self) -> tuple[float, float]:
        """Top and bottom of the zone in the crop."""
        return self.zone.top - self.around.top, self.zone.bottom - self.around.top


def cut_zone(place: Fractions, sheet: Sheet, page: Page, *, wide: bool = False) -> Crop:
    """Cut a zone out of a sheet, with a little around it: digits leave it.

    `wide`: Whether to look farther to its sides, where no boxes hold the digits.
    """
    box = on_sheet(place, sheet, page)
    beyond = round(CROP.beyond_of_height * box.height)
    aside = round(CROP.beside_of_height * box.height) if wide else beyond
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
    layers = {name: layer[rows, columns] for name, layer in sheet.layers.items()}
    rules, colored = layers.get("rules"), layers.get("colored")
    for taken in (rules, colored):
        mask = mask if taken is None else mask | taken
    levels = layers.get("ink", sheet.pixels[rows, columns])
    return Crop(
        box, around, np.ascontiguousarray(mask), levels, rules, layers.get("walls"), colored
    )


def on_sheet(place: Fractions, sheet: Sheet, page: Page) -> Box:
    """The upright box on the sheet around a zone of the page."""
    edges = zone_edges(place, sheet, page)
    sheet_height, sheet_width = sheet.pixels.shape[:2]
    low = np.clip(np.floor(edges[:2]), 0, (sheet_width - 1, sheet_height - 1))
    high = np.clip(np.ceil(edges[2:]), low + 1, (sheet_width, sheet_height))
    return Box(int(low[0]), int(low[1]), int(high[0]), int(high[1]))


@dataclass(frozen=True, slots=True)
class OverflowTuning:
    """When a number goes on behind its zone. "Of digit" is in heights of the number's digits."""

    near_of_digit: float = 0.7  # from the number to its next digit
    overlap_of_digit: float = 0.2  # by which that may begin above the last one
    level_of_digit: float = 0.4  # by which it may stand higher or lower
    lowest_of_digit: float = 0.65  # it is at least so tall,
    tallest_of_digit: float = 1.5  # and no taller
    beyond_of_height: float = 0.6  # of the zone: how far behind the zone its middle may lie


OVERFLOW: Final = OverflowTuning()


def digits_beyond(
    components: Components,
    digits: NDArray[np.int64],
    inside: NDArray[np.bool_],
    zone: Box,
    others: Sequence[Box],
    most: int,
) -> list[int]:
    """Components behind a zone that go on with the number in it, where digits lack there.

    Before a zone there is print more often than a digit.

    `inside`: (count,) which of it is the zone's. `others`: The page's other zones,
    also: what lies there is theirs.
    """
    number = [int(index) for index in digits if inside[index]]
    if not number:
        return []
    size = float(np.median(components.height[number]))
    right, x, y = components.right, components.center_x, components.center_y
    width = components.mask.shape[1]
    reach = OVERFLOW.beyond_of_height * zone.height
    free = [
        index
        for index in sorted(digits.tolist(), key=lambda index: x[index])
        # What the crop's edge cuts off is no whole digit.
        if not inside[index] and right[index] < width and x[index] - zone.right < reach
        if not any(o.left <= x[index] < o.right and o.top <= y[index] < o.bottom for o in others)
    ]
    last = max(number, key=lambda index: right[index])
    found: list[int] = []
    for index in free:
        if len(number) + len(found) >= most:
            break
        if x[index] >= x[last] and _goes_on(components, last, index, size):
            found.append(index)
            last = index
    return found


def _goes_on(components: Components, last: int, index: int, size: float) -> bool:
    """Whether a component is as tall as a number's digits, and stands right behind the last."""
    gap = components.left[index] - components.right[last]
    near = -OVERFLOW.overlap_of_digit * size < gap < OVERFLOW.near_of_digit * size
    height = components.height[index]
    alike = OVERFLOW.lowest_of_digit * size <= height <= OVERFLOW.tallest_of_digit * size
    off = abs(components.center_y[index] - components.center_y[last])
    return bool(near and alike and off < OVERFLOW.level_of_digit * size)
