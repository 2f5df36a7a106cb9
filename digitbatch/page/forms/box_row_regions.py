"""The ink of rows of boxes on a page without zones, and where they stand among its lines."""

from collections.abc import Sequence

from digitbatch.page.forms.box_regions import boxed_ink
from digitbatch.page.forms.box_rows import BoxRow
from digitbatch.page.forms.zone_crops import crop_of
from digitbatch.page.forms.zone_regions import without_grid
from digitbatch.page.regions import Region
from digitbatch.stages.base import Sheet
from digitbatch.types import Box, Page


def row_ink(row: BoxRow, sheet: Sheet, page: Page) -> Region:
    """The ink of a row of boxes, as that of a zone over it that may be empty.

    Args:
        row: Where it is.
        sheet: The page as its page stages left it.
        page: As it was laid.
    """
    count = (0, len(row.grid.cells))
    crop = crop_of(row.place, row.around, sheet)
    written = without_grid(crop, row.grid, count, sheet, page)
    at = row.around.left, row.around.top
    return boxed_ink("", written.mask, written.levels, row.grid, at, count)


def in_order(
    lines: Sequence[Region], rows: Sequence[Region], boxes: Sequence[BoxRow]
) -> list[Region]:
    """Lines and rows of boxes in reading order: from the top down, on one level from the left.

    Args:
        lines: In their order, which stays.
        rows: The ink of the rows of boxes.
        boxes: Where these are.
    """
    found = [(_around(line), line) for line in lines]
    placed = sorted(
        zip((row.place for row in boxes), rows, strict=True), key=lambda entry: entry[0].top
    )
    for place, row in placed:
        at = next(
            (number for number, (box, _) in enumerate(found) if _is_behind(box, place)), len(found)
        )
        found.insert(at, (place, row))
    return [ink for _, ink in found]


def _around(line: Region) -> Box:
    box = line.segments[0].box
    for segment in line.segments[1:]:
        box = box.union(segment.box)
    return box


def _is_behind(box: Box, place: Box) -> bool:
    """Whether a box is read after a place: it is below, or beside it on the right."""
    middle = (box.top + box.bottom) / 2
    if place.top <= middle < place.bottom or box.top <= (place.top + place.bottom) / 2 < box.bottom:
        return box.left > place.left
    return middle > place.bottom
