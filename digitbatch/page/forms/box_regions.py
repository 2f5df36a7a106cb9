"""The ink of a row of boxes, one digit a box."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from digitbatch.acceptance.reasons import ReviewReason
from digitbatch.page.forms.boxes.grid import Grid
from digitbatch.page.forms.cells import segments_by_cell
from digitbatch.page.regions import Region, with_finding
from digitbatch.page.segments import Segment, moved_segment
from digitbatch.types import Image


@dataclass(frozen=True, slots=True)
class BoxTuning:
    """How tall digits in boxes are, and what lies on thick walls."""

    usual_of_height: float = 0.7  # of a box: how tall digits are where nothing else says it
    least_of_usual: float = 0.5  # they are no lower, whatever the ink is
    near_band_px: int = 2  # ink so near to a band lies on it


TUNED: Final = BoxTuning()


def boxed_ink(
    name: str,
    mask: Image,
    levels: Image,
    grid: Grid,
    at: tuple[int, int],
    count: tuple[int, int] | None,
) -> Region:
    """The ink of each box, and the rests of their walls.

    Args:
        name: Of the zone; "" for a row of boxes that has none.
        mask: (H, W) uint8, the ink without what is printed.
        levels: (H, W) uint8, its levels before thresholding.
        grid: The boxes, in pixels of the mask.
        at: Left and top of the mask on the sheet.
        count: How many digits are expected, at least and at most.
    """
    by_cell, walls, dropped = segments_by_cell(mask, levels, grid.cells)
    size = _digit_height_px(by_cell, grid.cells[0].height)
    cells = tuple(
        Region(name, size, tuple(moved_segment(p, *at) for p in segments), (), (0, 1))
        for segments in by_cell
    )
    everything = tuple(segment for cell in cells for segment in cell.segments)
    rests = tuple(moved_segment(segment, *at) for segment in walls)
    # One that is lost in a wall leaves its box empty; so it shows where all must be filled, or are.
    shows = all(by_cell) or (count is not None and count[0] == count[1])
    dropped = replace(dropped, left=at[0], top=at[1])
    region = Region(name, size, everything, rests, count, cells, dropped=(dropped,))
    if not shows and _on_bands(by_cell, grid):
        return with_finding(region, ReviewReason.THICK_PRINT)
    return region


def _digit_height_px(by_cell: Sequence[Sequence[Segment]], box_height_px: float) -> float:
    """The height of the digits in boxes, by what they hold."""
    usual = TUNED.usual_of_height * box_height_px
    heights = [max(p.box.height for p in segments) for segments in by_cell if segments]
    return max(float(np.median(heights)), TUNED.least_of_usual * usual) if heights else usual


def _on_bands(by_cell: Sequence[Sequence[Segment]], grid: Grid) -> bool:
    """Whether some ink reaches into a band: of what is taken out there, some may be its own."""
    sides = [
        (float(np.polyval(band.first.curve, (cell.top + cell.bottom) / 2)), band.width_px)
        for band in grid.bands
        for cell in grid.cells[:1]
    ]
    near = TUNED.near_band_px
    return any(
        segment.box.left < side + width + near and segment.box.right > side - near
        for segments in by_cell
        for segment in segments
        for side, width in sides
    )
