"""Where lines frame something on a page: boxes, and rows of boxes, by their outlines alone.

Ruled lines are looked for along the whole page (`stages.line_removal`); boxes are too short for
that, and their walls look like 1s. Here straight ink is looked for at a quarter of the resolution:
upright and level runs that touch each other and leave paper between them. Seen from outside they
are a frame, which may hold a row of boxes; the paper that they enclose is one box.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final

import cv2
import numpy as np

from digitbatch.page.forms.box_grid import STEP_PX, page_lines
from digitbatch.types import Box, Image


@dataclass(frozen=True, slots=True)
class FrameTuning:
    """What frames and boxes look like, on a sheet whose digits are of a readable size.

    "Of height" and "of width" are those of the frame or box.
    """

    lowest_px: int = 20  # boxes of handwriting are at least so high,
    highest_px: int = 220  # and hardly higher
    narrowest_of_height: float = 0.4  # the width of one box
    widest_of_height: float = 16.0  # wider boxes are for words, or are parts of tables
    closed_steps: int = 3  # of `STEP_PX`: narrower gaps in level lines are closed
    shown: float = 0.8  # share of its upper and lower line that shows
    inner_of_height: tuple[float, float] = (0.3, 0.7)  # no line goes through it there; grids do
    label_of_height: float = 0.5  # a label that hangs together with a frame is lower
    least_label_steps: int = 3  # of `STEP_PX`, and higher than this
    crossed: float = 0.75  # share of its width that such a line shows
    side_shown: float = 0.6  # share of its outer walls that shows
    side_of_height: float = 0.25  # so far in an outer wall may stand, on a page askew
    least_side_steps: int = 2  # of `STEP_PX`, and at least so far
    filled: float = 0.93  # share of the box around it that a convex box fills: four right angles
    free: float = 0.4  # share of it that is paper, also where a digit stands in it
    gap_of_height: float = 0.5  # so far off the next box of a row may be
    level_of_height: float = 0.25  # so much may boxes of a row differ in height and place


TUNED: Final = FrameTuning()


def framed(mask: Image) -> list[Box]:
    """The outlines of what may be boxes, or rows of boxes that hang together.

    `mask`: (H, W) uint8, ink 255 on 0, all printed lines with it. Returns their places in pixels of
    the mask, to `STEP_PX`; those of one row as one, from the top down.
    """
    level, upright = page_lines(mask)
    gap = np.ones((1, TUNED.closed_steps), np.uint8)
    lines = cv2.morphologyEx(level | upright, cv2.MORPH_CLOSE, gap)
    found, _ = cv2.findContours(lines, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    boxes = []
    for left, top, width, height in map(cv2.boundingRect, found):
        if not _has_size(width, height):
            continue
        inside = np.s_[top : top + height, left : left + width]
        above = _label(level[inside])
        if _is_frame(level[inside][above:], upright[inside][above:]):
            boxes.append(_box(left, top + above, width, height - above))
    rows = [reduce(Box.union, row) for row in side_by_side(boxes)]
    return sorted(rows, key=lambda box: (box.top, box.left))


def enclosed(mask: Image) -> list[Box]:
    """The paper that lines enclose, where it is a rectangle of a size to write digits in.

    Returns each box by the paper inside of it, in pixels of the mask, to `STEP_PX`; in no order.
    """
    level, upright = page_lines(mask)
    lines = np.asarray(level | upright, np.uint8)
    outlines, tree = cv2.findContours(lines, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    boxes = []
    for outline, (*_, parent) in zip(outlines, tree[0] if outlines else (), strict=True):
        if parent < 0:
            continue  # it goes around lines, and not around paper
        # It runs on the lines' own pixels.
        left, top, width, height = cv2.boundingRect(outline)
        area = (width - 1) * (height - 1)
        if (
            _has_size(width - 2, height - 2)
            and width - 2 <= TUNED.widest_of_height * (height - 2)
            and cv2.contourArea(cv2.convexHull(outline)) >= TUNED.filled * area
            and cv2.contourArea(outline) >= TUNED.free * area
        ):
            boxes.append(_box(left + 1, top + 1, width - 2, height - 2))
    return boxes


def side_by_side(boxes: Sequence[Box], *, of_one_width: float | None = None) -> list[list[Box]]:
    """Boxes that stand in a row, from left to right.

    `of_one_width`: By what share of its width a box may differ from its neighbour; None: by any.
    """
    left_over = sorted(boxes, key=lambda box: (box.left, box.top))
    rows = []
    while left_over:
        row = [left_over.pop(0)]
        for box in list(left_over):
            slack = np.inf if of_one_width is None else of_one_width * row[-1].width
            if _continues(row[-1], box) and abs(box.width - row[-1].width) <= slack:
                row.append(box)
                left_over.remove(box)
        rows.append(row)
    return rows


def _has_size(width: int, height: int) -> bool:
    """Whether so many squares along and across are of a size to write digits in."""
    high = TUNED.lowest_px <= height * STEP_PX <= TUNED.highest_px
    return high and width >= TUNED.narrowest_of_height * height


def _box(left: int, top: int, width: int, height: int) -> Box:
    """A box of squares, in pixels of the mask."""
    edges = (left, top, left + width, top + height)
    return Box(*(STEP_PX * edge for edge in edges))


def _label(level: Image) -> int:
    """How much of an outline is above the first level line that goes through it.

    A label that is printed close above boxes hangs together with them.
    """
    first = max(TUNED.least_label_steps, round(TUNED.inner_of_height[0] * len(level)))
    last = round(TUNED.label_of_height * len(level))
    crossed = level[first:last].mean(axis=1) > TUNED.crossed
    return first + int(crossed.argmax()) if crossed.any() else 0


def _is_frame(level: Image, upright: Image) -> bool:
    """Whether level ink goes on above and below, not between, and upright ink on both sides."""
    height, width = level.shape
    half = (height + 1) // 2
    if min(level[:half].any(axis=0).mean(), level[half:].any(axis=0).mean()) < TUNED.shown:
        return False
    first, last = (round(share * height) for share in TUNED.inner_of_height)
    if float(level[first:last].mean(axis=1).max(initial=0.0)) > TUNED.crossed:
        return False
    side = min(width, max(TUNED.least_side_steps, round(TUNED.side_of_height * height)))
    sides = upright[:, :side], upright[:, width - side :]
    return min(float(one.any(axis=1).mean()) for one in sides) >= TUNED.side_shown


def _continues(last: Box, box: Box) -> bool:
    slack = TUNED.level_of_height * last.height
    return (
        box.left - last.right <= TUNED.gap_of_height * last.height
        and abs(box.top - last.top) <= slack
        and abs(box.height - last.height) <= slack
    )
