"""Rows of boxes on a page without zones: one digit a box, as a zone over them would be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from digitbatch.page.forms.frames import STEP_PX, framed
from digitbatch.page.forms.grid import Grid, find_row
from digitbatch.stages.line_removal.printed_line import Rule
from digitbatch.types import Box, Image

_AROUND: Final = 0.25  # of its height: so much around a row is looked at
_ENDS: Final = 0.35  # of its height: so far from the ends of its frame its boxes may end
_BEYOND: Final = 0.6  # of their height: so far above and below boxes their walls are looked for
_LINE_PX: Final = 4  # half of a thick line
_SHOWN: Final = 0.85  # of that way: the wall goes on
_STRAY_PX: Final = 2  # from its line's course
_DRAWN: Final = 0.75  # of a row's width its upper and its lower line show
_TAPER: Final = 0.02  # of its width: so much lower may a row be at one end than at the other
_CORNERS: Final = 3
_MOST: Final = 0.5  # of the walls


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

    Args:
        mask: (H, W) uint8, ink 255 on 0, all printed lines with it.
    """
    rows, unclear = [], []
    for frame in framed(mask):
        around = _around(frame, mask)
        part = np.ascontiguousarray(mask[around.top : around.bottom, around.left : around.right])
        left, top = around.left, around.top
        inside = Box(
            frame.left - left, frame.top - top - STEP_PX,
            frame.right - left, frame.bottom - top + STEP_PX,
        )  # fmt: skip
        grid = find_row(part, inside)
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


def _around(frame: Box, mask: Image) -> Box:
    height, width = mask.shape
    beyond = round(_AROUND * frame.height)
    return Box(
        max(0, frame.left - beyond), max(0, frame.top - beyond),
        min(width, frame.right + beyond), min(height, frame.bottom + beyond),
    )  # fmt: skip


def _is_drawn(part: Image, rule: Rule, frame: Box) -> bool:
    """Whether a line shows all along a frame, but for gaps between its boxes.

    Args:
        part: (H, W) uint8, the frame with a little around it.
        rule: The line.
        frame: In pixels of the part.
    """
    xs = np.arange(max(0, frame.left), min(part.shape[1], frame.right))
    ys = np.rint(np.polyval(rule.curve, xs)).astype(np.int64)
    near = np.clip(ys + np.arange(-_STRAY_PX, _STRAY_PX + 1)[:, None], 0, len(part) - 1)
    return float((part[near, xs] > 0).any(axis=0).mean()) >= _DRAWN


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
            left, top = max(0, round(x) - _STRAY_PX), max(0, round(course[column]) - _STRAY_PX)
            corner = part[top : top + 2 * _STRAY_PX + 1, left : left + 2 * _STRAY_PX + 1]
            inked += bool(corner.any())
    return rise <= max(_STRAY_PX, _TAPER * (last.right - first.left)) and inked >= _CORNERS


def _goes_on(mask: Image, row: BoxRow) -> bool:
    """Whether most walls go on above or below: such are no boxes of a row, but cells of a grid."""
    place, beyond = row.place, round(_BEYOND * row.place.height)
    left, right = max(0, place.left - _LINE_PX), place.right + _LINE_PX
    edges = np.array([edge for cell in row.grid.cells for edge in (cell.left, cell.right)])
    at = np.rint(edges).astype(np.int64) + row.around.left - left
    for first, last in (
        (place.top - beyond, place.top - _LINE_PX), (place.bottom + _LINE_PX, place.bottom + beyond)
    ):  # fmt: skip
        strip = mask[max(0, first) : max(0, last), left:right] > 0
        if len(strip) < beyond // 2:
            continue
        near = np.clip(at[:, None] + np.arange(-_LINE_PX, _LINE_PX + 1), 0, strip.shape[1] - 1)
        if float((strip[:, near].any(axis=2).mean(axis=0) > _SHOWN).mean()) > _MOST:
            return True
    return False


def _as_wide(place: Box, frame: Box) -> bool:
    """Whether boxes go from one end of a frame to the other: none was missed."""
    off = max(abs(place.left - frame.left), abs(place.right - frame.right))
    return off <= _ENDS * place.height


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
