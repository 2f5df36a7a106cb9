"""Zones for the boxes that are printed on a form, as a start for the person who names them."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from digitbatch.imaging.light import paper_level
from digitbatch.types import Box, Image

_LINE: Final = 0.009  # of the page's longer side: straight ink from this length on is a line
_LOWEST: Final = 0.012  # of the page's longer side: lower boxes hold no handwriting
_HIGHEST: Final = 0.09  # and higher ones are tables or pictures
_WIDEST: Final = 16.0  # of its height: wider boxes are for words, or are parts of tables
_NARROWEST: Final = 0.35
_SMALL: Final = 0.5  # of the height of most boxes
_FREE: Final = 0.4  # of a box is paper, also where a digit stands in it
_FILLED: Final = 0.93  # of its outline is its own: it has four right angles
_PRINT: Final = 0.3  # of the darkest ink's level: from here on a pixel belongs to a line
_FAINTEST: Final = 20.0  # of 255: less is the grain of the paper
_GAP: Final = 0.5  # of its height: so far off the next box of a row may be
_LEVEL: Final = 0.2  # of its height: so much may boxes of a row differ in height and place
_ALIKE: Final = 0.3  # of its width: so much may boxes of one number differ in width
_ONE_DIGIT: Final = 1.6  # of its height: a wider box is for more than one digit
_MARGIN: Final = 0.12  # of its height: the zone goes so far beyond its boxes


@dataclass(frozen=True, slots=True)
class Proposal:
    """A zone around one box, or around the boxes of one number."""

    name: str
    box: tuple[float, float, float, float]  # fractions of the page
    digits: int | None  # how many boxes there are; None: one box for all of the number


def propose_zones(pixels: Image) -> list[Proposal]:
    """The boxes of a form that are of a size to write digits in, in reading order.

    Lines are straight thin ink along and across the page; a box is a rectangle of paper between
    them. Boxes of one height and width that stand in a row are one number.

    Args:
        pixels: (H, W) or (H, W, 3) uint8, the form, as straight as it is to be.
    """
    height, width = pixels.shape[:2]
    rows = _rows(find_boxes(pixels))
    found: list[Proposal] = []
    for row in rows:
        around = row[0]
        for box in row[1:]:
            around = around.union(box)
        margin = _MARGIN * around.height
        place = (
            max(0.0, (around.left - margin) / width), max(0.0, (around.top - margin) / height),
            min(1.0, (around.right + margin) / width), min(1.0, (around.bottom + margin) / height),
        )  # fmt: skip
        alone = len(row) == 1 and around.width > _ONE_DIGIT * around.height
        left, top, right, bottom = (round(edge, 4) for edge in place)
        name = f"field{len(found) + 1:02d}"
        found.append(Proposal(name, (left, top, right, bottom), None if alone else len(row)))
    return found


def find_boxes(pixels: Image) -> list[Box]:
    """The printed boxes of a page, each by the paper inside of it."""
    longer = max(pixels.shape[:2])
    lack = cv2.subtract(paper_level(pixels), pixels)
    ink = lack if lack.ndim == 2 else lack.max(axis=2)  # print of any colour
    dark = float(np.percentile(ink, 99.5))
    mask = np.asarray(ink > max(_FAINTEST, _PRINT * dark), np.uint8)
    length = max(8, round(_LINE * longer))
    lines = np.zeros_like(mask)
    for shape in ((1, length), (length, 1)):
        lines |= np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones(shape, np.uint8)))
    # Small breaks in a line do not open a box.
    lines = np.asarray(cv2.dilate(lines, np.ones((3, 3), np.uint8)), np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(1 - lines, connectivity=4)
    boxes = []
    for label, (left, top, wide, high, area) in enumerate(stats.tolist()):
        if (
            label > 0
            and _LOWEST * longer <= high <= _HIGHEST * longer
            and _NARROWEST * high <= wide <= _WIDEST * high
            and area >= _FREE * wide * high
        ):
            own = np.asarray(labels[top : top + high, left : left + wide] == label, np.uint8)
            hull = cv2.convexHull(np.asarray(cv2.findNonZero(own), np.int32))
            if cv2.contourArea(hull) >= _FILLED * (wide - 1) * (high - 1):
                boxes.append(Box(left, top, left + wide, top + high))
    # The inside of a printed letter may be square, but it is small.
    usual = float(np.median([box.height for box in boxes])) if boxes else 0.0
    return [box for box in boxes if box.height >= _SMALL * usual]


def _rows(boxes: list[Box]) -> list[list[Box]]:
    """Boxes of one number together, from left to right; numbers from the top down."""
    left_over = sorted(boxes, key=lambda box: (box.left, box.top))
    rows: list[list[Box]] = []
    while left_over:
        row = [left_over.pop(0)]
        if row[0].width <= _ONE_DIGIT * row[0].height:
            for box in list(left_over):
                if _continues(row[-1], box):
                    row.append(box)
                    left_over.remove(box)
        rows.append(row)
    usual = float(np.median([row[0].height for row in rows])) if rows else 1.0
    return sorted(rows, key=lambda row: (round(row[0].top / (0.7 * usual)), row[0].left))


def _continues(last: Box, box: Box) -> bool:
    gap = box.left - last.right
    return (
        0 <= gap <= _GAP * last.height
        and abs(box.top - last.top) <= _LEVEL * last.height
        and abs(box.height - last.height) <= _LEVEL * last.height
        and abs(box.width - last.width) <= _ALIKE * last.width
    )
