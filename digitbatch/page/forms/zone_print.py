"""What is printed in a zone, and the ink that is left without it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np

from digitbatch.config import Config, Zone
from digitbatch.page.forms.box_finder import Known, find_boxes
from digitbatch.page.forms.box_grid import Grid
from digitbatch.page.forms.cells import cleaned
from digitbatch.page.forms.print_removal import without_print, without_print_colour
from digitbatch.page.forms.registration import PlacedZone, reference_of
from digitbatch.page.forms.zone_crops import Crop, cut_zone
from digitbatch.page.preparation import prepare_sheet, to_page
from digitbatch.stages.base import Sheet
from digitbatch.stages.hysteresis import Hysteresis, hysteresis
from digitbatch.types import Box, Image, Page, PageRef


@dataclass(frozen=True, slots=True)
class PrintTuning:
    """The print in a zone."""

    inset_of_height: float = 0.1  # of a box: nearer to its walls ink may be print
    low: float = 0.62  # of hysteresis, of its high level: in a zone there is little that is not ink
    kept_templates: int = 4  # of which a process keeps what is printed in their zones


TUNED: Final = PrintTuning()


@dataclass(frozen=True, slots=True)
class Written:
    """What is left of a zone's ink when its print is taken out."""

    crop: Crop
    grid: Grid
    count: tuple[int, int] | None  # digits expected, at least and at most
    others: tuple[Box, ...]  # the page's other zones, in pixels of the crop
    plain: Image  # (H, W) mask without the printed lines
    mask: Image  # (H, W) mask without print of another colour, either
    levels: Image  # (H, W) before thresholding, the same


def written_in(
    placed: PlacedZone, sheet: Sheet, page: Page, config: Config, others: Sequence[Box]
) -> Written:
    """The ink of a zone and around it, without what is printed there.

    `others`: The page's other zones, on the sheet.
    """
    crop = cut_zone(placed.place, sheet, page)
    count = placed.zone.digits
    grid = zone_grid(placed, crop, config)
    if count is not None and not grid.cells and not placed.is_walled:
        wide = cut_zone(placed.place, sheet, page, wide=True)
        grid = grid.moved_right(crop.around.left - wide.around.left)
        crop = wide
    left, top = crop.around.left, crop.around.top
    beside = tuple(
        Box(max(0, o.left - left), max(0, o.top - top), o.right - left, o.bottom - top)
        for o in others
        if o.right > left and o.bottom > top
    )
    return without_grid(crop, grid, count, sheet, page, beside)


def without_grid(
    crop: Crop,
    grid: Grid,
    count: tuple[int, int] | None,
    sheet: Sheet,
    page: Page,
    others: tuple[Box, ...] = (),
) -> Written:
    """The ink of a crop without its grid, the page's lines, and print of another colour."""
    mask = crop.mask
    if crop.rules is not None and not grid.cells:
        mask = np.ascontiguousarray(mask & ~crop.rules)
    plain = without_print(mask, grid, None if count is None else count[1], crop.levels)
    if crop.colored is not None:
        mask = np.asarray(plain & ~crop.colored, np.uint8)
    else:
        dropped = _other_colour(crop, grid, plain, sheet, page)
        if dropped is not None:
            return Written(crop, grid, count, others, plain, *dropped)
        mask = plain
    return Written(crop, grid, count, others, plain, mask, cleaned(crop.levels, crop.mask, mask))


def _other_colour(
    crop: Crop, grid: Grid, mask: Image, sheet: Sheet, page: Page
) -> tuple[Image, Image] | None:
    """The zone's ink and levels without print of another colour; None where there is none."""
    if page.pixels.ndim == 2 or not (grid.rows or grid.walls):
        return None
    shift = np.array([[1.0, 0.0, crop.around.left], [0.0, 1.0, crop.around.top], [0.0, 0.0, 1.0]])
    height, width = mask.shape
    rgb = np.asarray(
        cv2.warpAffine(
            page.pixels, to_page(sheet, page) @ shift, (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE,
        ),
        np.uint8,
    )  # fmt: skip
    within = np.zeros_like(mask)
    for cell in grid.cells:
        inset = TUNED.inset_of_height * cell.height
        rows = slice(round(cell.top + inset), round(cell.bottom - inset))
        within[rows, round(cell.left + inset) : round(cell.right - inset)] = 255
    if not grid.cells:
        zone, around = crop.zone, crop.around
        within[zone.top - around.top : zone.bottom - around.top] = 255
    printed = np.asarray(cv2.subtract(crop.mask, mask), np.uint8)
    levels = without_print_colour(rgb, printed, np.asarray(mask & within, np.uint8))
    if levels is None:
        return None
    high, low = Hysteresis(low=TUNED.low).levels(levels)
    return hysteresis(levels, high, low), levels


def zone_grid(placed: PlacedZone, crop: Crop, config: Config) -> Grid:
    """What is printed in a zone: as on the template's page, if there is one, else as seen."""
    printed = None
    if config.template is not None:
        own = _printed(config)[config.zones.index(placed.zone)]
        x, y = crop.around.width / own.width_px, crop.around.height / own.height_px
        printed = own.grid.scaled(x, y)
    digits = placed.zone.digits
    if placed.is_walled and (digits is None or digits[0] != digits[1]):
        return Grid()  # a cell of a table, for a number of any length
    mask = crop.mask
    if crop.walls is not None and not placed.is_divided:
        mask = np.ascontiguousarray(mask & ~crop.walls)  # those of its cell are none of boxes in it
    return find_boxes(mask, Known(_most(placed.zone), crop.inner, printed=printed))


def _most(zone: Zone) -> int | None:
    """How many digits a zone is for; None: nobody says."""
    return None if zone.digits is None else zone.digits[1]


@dataclass(frozen=True, slots=True)
class _Printed:
    """What the template's page has in a zone, in pixels of the zone's crop there."""

    grid: Grid
    width_px: int
    height_px: int


@lru_cache(maxsize=TUNED.kept_templates)
def _printed(config: Config) -> tuple[_Printed, ...]:
    """What is printed in each zone of the template's page; kept, for it is the same for all."""
    reference, places = reference_of(config)
    page = Page(PageRef("template", 1), reference.pixels, reference.dpi)
    sheet = prepare_sheet(page, config)
    found = []
    for zone, place in zip(config.zones, places, strict=True):
        crop = cut_zone(place, sheet, page)
        grid = find_boxes(crop.mask, Known(_most(zone), crop.inner))
        found.append(_Printed(grid, crop.around.width, crop.around.height))
    return tuple(found)
