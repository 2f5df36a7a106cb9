"""Rows of boxes on a page without zones: one digit a box, read as a zone over them would be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from digitbatch.page.forms.box_finder import Known, find_boxes
from digitbatch.page.forms.box_frames import framed
from digitbatch.page.forms.box_grid import STEP_PX, Grid
from digitbatch.page.forms.cells import boxed_ink
from digitbatch.page.forms.zone_crops import crop_of
from digitbatch.page.forms.zone_print import without_grid
from digitbatch.page.regions import Region
from digitbatch.page.segments import box_around
from digitbatch.stages.base import Sheet
from digitbatch.stages.line_removal.printed_line import Rule
from digitbatch.types import Box, Image, Page


@dataclass(frozen=True, slots=True)
class RowTuning:
    """When walls in a frame are a row of boxes. "Of height" is that of the frame or boxes."""

    around_of_height: float = 0.25  # so much around a row is looked at
    ends_of_height: float = 0.35  # so far from the ends of its frame its boxes may end
    beyond_of_height: float = 0.6  # so far above and below boxes their walls are looked for
    line_px: int = 4  # half of a thick line
    goes_on: float = 0.85  # share of that way that a wall shows which goes on
    most_go_on: float = 0.5  # share of the walls that may: of more, they are a grid's
    stray_px: int = 2  # ink may lie from its line's course
    drawn: float = 0.75  # share of a row's width that its upper and its lower line show
    taper_of_width: float = 0.02  # so much lower may a row be at one end than at the other
    corners: int = 3  # of four around which ink goes: one may be worn off


TUNED: Final = RowTuning()


@dataclass(frozen=True, slots=True)
class BoxRow:
    """A row of boxes."""

    place: Box  # of the boxes, on the sheet
    around: Box  # what is looked at, on the sheet
    grid: Grid  # in pixels of that


@dataclass(frozen=True, slots=True)
class Printed:
    """What a page without zones has of boxes."""

    rows: tuple[BoxRow, ...] = ()
    unclear: tuple[Box, ...] = ()  # frames whose boxes are not told apart, on the sheet


def find_box_rows(mask: Image) -> Printed:
    """The rows of boxes on a page.

    `mask`: (H, W) uint8, ink 255 on 0, all printed lines with it.
    """
    rows, unclear = [], []
    for frame in framed(mask):
        around = _beyond(frame, mask)
        part = np.ascontiguousarray(mask[around.top : around.bottom, around.left : around.right])
        left, top = around.left, around.top
        inside = Box(
            frame.left - left, frame.top - top - STEP_PX,
            frame.right - left, frame.bottom - top + STEP_PX,
        )  # fmt: skip
        grid = find_boxes(part, Known(frame=inside))
        row = _row(grid, around)
        if row is not None and _goes_on(mask, row):
            continue  # squared paper, a table
        drawn = sum(_is_drawn(part, rule, inside) for rule in grid.rows) >= 2
        whole = drawn and len(grid.cells) > 1 and _is_upright(part, grid)
        if row is not None and whole and _as_wide(row.place, frame):
            rows.append(row)
        elif row is not None or drawn:  # neither: round strokes
            unclear.append(frame)
    return Printed(tuple(rows), tuple(unclear))


def _beyond(frame: Box, mask: Image) -> Box:
    height, width = mask.shape
    beyond = round(TUNED.around_of_height * frame.height)
    return Box(
        max(0, frame.left - beyond), max(0, frame.top - beyond),
        min(width, frame.right + beyond), min(height, frame.bottom + beyond),
    )  # fmt: skip


def _is_drawn(part: Image, rule: Rule, frame: Box) -> bool:
    """Whether a line shows all along a frame, but for gaps between its boxes.

    `part`: (H, W) uint8, the frame with a little around it.
    """
    xs = np.arange(max(0, frame.left), min(part.shape[1], frame.right))
    ys = rule.rows_at(xs)
    near = np.clip(ys + np.arange(-TUNED.stray_px, TUNED.stray_px + 1)[:, None], 0, len(part) - 1)
    return float((part[near, xs] > 0).any(axis=0).mean()) >= TUNED.drawn


def _is_upright(part: Image, grid: Grid) -> bool:
    """Whether the upper and the lower line are parallel, and ink goes around the corners.

    One corner may be worn off. Two zeros side by side have walls and lines, but not such.
    """
    first, last = grid.cells[0], grid.cells[-1]
    ends = []
    for edge in (first.top, first.bottom):
        courses = [np.polyval(rule.curve, (first.left, last.right)) for rule in grid.rows]
        ends.append(min(courses, key=lambda at: abs(float(at.mean()) - edge)))
    rise = float(np.abs(np.diff(ends[1] - ends[0]))[0])
    inked = 0
    for x, column in ((first.left, 0), (last.right, 1)):
        for course in ends:
            left, top = (max(0, round(at) - TUNED.stray_px) for at in (x, course[column]))
            corner = part[top : top + 2 * TUNED.stray_px + 1, left : left + 2 * TUNED.stray_px + 1]
            inked += bool(corner.any())
    return (
        rise <= max(TUNED.stray_px, TUNED.taper_of_width * (last.right - first.left))
        and inked >= TUNED.corners
    )


def _goes_on(mask: Image, row: BoxRow) -> bool:
    """Whether most walls go on above or below: such are no boxes of a row, but cells of a grid."""
    place, beyond = row.place, round(TUNED.beyond_of_height * row.place.height)
    left, right = max(0, place.left - TUNED.line_px), place.right + TUNED.line_px
    edges = np.array([edge for cell in row.grid.cells for edge in (cell.left, cell.right)])
    at = np.rint(edges).astype(np.int64) + row.around.left - left
    above = place.top - beyond, place.top - TUNED.line_px
    below = place.bottom + TUNED.line_px, place.bottom + beyond
    for first, last in (above, below):
        strip = mask[max(0, first) : max(0, last), left:right] > 0
        if len(strip) < beyond // 2:
            continue
        near = np.clip(
            at[:, None] + np.arange(-TUNED.line_px, TUNED.line_px + 1), 0, strip.shape[1] - 1
        )
        if (
            float((strip[:, near].any(axis=2).mean(axis=0) > TUNED.goes_on).mean())
            > TUNED.most_go_on
        ):
            return True
    return False


def _as_wide(place: Box, frame: Box) -> bool:
    """Whether boxes go from one end of a frame to the other: none was missed."""
    off = max(abs(place.left - frame.left), abs(place.right - frame.right))
    return off <= TUNED.ends_of_height * place.height


def _row(grid: Grid, around: Box) -> BoxRow | None:
    if not grid.cells:
        return None
    first, last = grid.cells[0], grid.cells[-1]
    place = Box(
        around.left + round(first.left), around.top + round(first.top),
        around.left + round(last.right), around.top + round(last.bottom),
    )  # fmt: skip
    return BoxRow(place, around, grid)


def within(box: Box, places: Sequence[Box]) -> bool:
    """Whether a box has its middle in any of some places."""
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    return any(p.left <= x < p.right and p.top <= y < p.bottom for p in places)


def row_ink(row: BoxRow, sheet: Sheet, page: Page) -> Region:
    """The ink of a row of boxes, as that of a zone over it that may be empty."""
    count = (0, len(row.grid.cells))
    crop = crop_of(row.place, row.around, sheet)
    written = without_grid(crop, row.grid, count, sheet, page)
    at = row.around.left, row.around.top
    return boxed_ink("", written.mask, written.levels, row.grid, at, count)


def in_order(
    lines: Sequence[Region], rows: Sequence[Region], boxes: Sequence[BoxRow]
) -> list[Region]:
    """Lines and rows of boxes in reading order: from the top down, on one level from the left."""
    found = [(box_around(line.segments), line) for line in lines]
    placed = sorted(
        zip((row.place for row in boxes), rows, strict=True), key=lambda entry: entry[0].top
    )
    for place, row in placed:
        at = next(
            (number for number, (box, _) in enumerate(found) if _is_behind(box, place)), len(found)
        )
        found.insert(at, (place, row))
    return [ink for _, ink in found]


def _is_behind(box: Box, place: Box) -> bool:
    """Whether a box is read after a place: it is below, or beside it on the right."""
    middle = (box.top + box.bottom) / 2
    if place.top <= middle < place.bottom or box.top <= (place.top + place.bottom) / 2 < box.bottom:
        return box.left > place.left
    return middle > place.bottom
