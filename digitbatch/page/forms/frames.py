"""Where on a page lines frame something: rows of boxes, combs; by their outlines alone.

Ruled lines are looked for along the whole page (`stages.remove_rules`); boxes are too short for
that, and their walls look like 1s. Here straight ink is looked for at a quarter of the resolution:
upright and level runs that touch each other and leave paper between them.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.imaging.bit_morphology import Bits, packed, unpacked
from digitbatch.types import Box, Image

STEP_PX: Final = 4  # side of a square of pixels that is looked at as one
_RUN_PX: Final = 22  # straight ink from this length on may be a box's line
_LOWEST_PX: Final = 20  # boxes of handwriting are at least so high,
_HIGHEST_PX: Final = 220  # and hardly higher on a sheet whose digits are of a readable size
_NARROWEST: Final = 0.4  # of its height: the width of one box
_SHOWN: Final = 0.8  # of its upper and lower line shows
_INNER: Final = (0.3, 0.7)  # of its height: no line goes through it there; a grid has such
_HALF: Final = 0.5  # of its height: a label is lower than that
_CROSSED: Final = 0.75  # of its width such a line shows
_SIDE: Final = 0.6  # of its outer walls shows
_SIDE_WIDTH: Final = 0.25  # of its height: so far in an outer wall may stand, on a page askew
_GAP: Final = 0.5  # of its height: so far off the next box of a row may be
_LEVEL: Final = 0.25  # of its height: so much may boxes of a row differ in height and place


def framed(mask: Image) -> list[Box]:
    """The outlines of what may be boxes, or rows of boxes that hang together.

    Args:
        mask: (H, W) uint8, ink 255 on 0, all printed lines with it.

    Returns:
        Their places in pixels of the mask, to `STEP_PX`; those of one row as one.
    """
    level, upright = _runs(mask)
    lines = cv2.morphologyEx(level | upright, cv2.MORPH_CLOSE, np.ones((1, 3), np.uint8))
    found, _ = cv2.findContours(lines, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    boxes = []
    for left, top, width, height in map(cv2.boundingRect, found):
        if not _LOWEST_PX <= height * STEP_PX <= _HIGHEST_PX or width < _NARROWEST * height:
            continue
        inside = np.s_[top : top + height, left : left + width]
        above = _label(level[inside])
        if _is_frame(level[inside][above:], upright[inside][above:]):
            edges = (left, top + above, left + width, top + height)
            boxes.append(Box(*(STEP_PX * edge for edge in edges)))
    return _rows(boxes)


def _runs(mask: Image) -> tuple[Image, Image]:
    """Level and upright straight ink, a pixel for each square of `STEP_PX`: (h, w) uint8, 1 on 0.

    Runs may stray within a square's side: pages lie askew.
    """
    height, width = (-(-side // STEP_PX) for side in mask.shape)
    lacking = (STEP_PX * height - mask.shape[0], -(-mask.shape[1] // 8) * 8 - mask.shape[1])
    if any(lacking):
        mask = np.pad(mask, ((0, lacking[0]), (0, lacking[1])))
    bits = packed(mask)  # two squares to a byte
    rows = unpacked(_any_row(bits), mask.shape[1])
    opened = cv2.morphologyEx(rows, cv2.MORPH_OPEN, np.ones((1, _RUN_PX), np.uint8))
    level = packed(np.asarray(opened, np.uint8))
    if not level.any():
        nothing = np.zeros((height, width), np.uint8)
        return nothing, nothing
    columns = _any_column(bits)
    upright = cv2.morphologyEx(columns, cv2.MORPH_OPEN, np.ones((_RUN_PX, 1), np.uint8))
    return _any_column(level)[:, :width], _any_row(np.asarray(upright, np.uint8))[:, :width]


def _any_row(rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Of every `STEP_PX` rows whether any has ink, bit by bit."""
    first, second, third, fourth = (rows[number::STEP_PX] for number in range(STEP_PX))
    return np.asarray(first | second | third | fourth, np.uint8)


def _any_column(bits: Bits) -> Image:
    """Of every `STEP_PX` columns whether any has ink: (h, w) uint8, 1 on 0."""
    found = np.empty((len(bits), 2 * bits.shape[1]), np.uint8)
    found[:, 0::2] = bits > 0x0F
    found[:, 1::2] = (bits & 0x0F) > 0
    return found


def _label(level: Image) -> int:
    """How much of a segment is above the first level line that goes through it.

    A label that is printed close above boxes hangs together with them.
    """
    first = max(3, round(_INNER[0] * len(level)))
    crossed = level[first : round(_HALF * len(level))].mean(axis=1) > _CROSSED
    return first + int(crossed.argmax()) if crossed.any() else 0


def _is_frame(level: Image, upright: Image) -> bool:
    """Whether level ink goes on above and below, not between, and upright ink on both sides."""
    height, width = level.shape
    half = (height + 1) // 2
    if min(level[:half].any(axis=0).mean(), level[half:].any(axis=0).mean()) < _SHOWN:
        return False
    inner = level[round(_INNER[0] * height) : round(_INNER[1] * height)]
    if float(inner.mean(axis=1).max(initial=0.0)) > _CROSSED:
        return False
    side = min(width, max(2, round(_SIDE_WIDTH * height)))
    sides = upright[:, :side], upright[:, width - side :]
    return min(float(one.any(axis=1).mean()) for one in sides) >= _SIDE


def _rows(boxes: list[Box]) -> list[Box]:
    """Boxes that stand side by side as one, from the top down."""
    left_over = sorted(boxes, key=lambda box: (box.left, box.top))
    rows = []
    while left_over:
        row = left_over.pop(0)
        for box in list(left_over):
            if _continues(row, box):
                row = row.union(box)
                left_over.remove(box)
        rows.append(row)
    return sorted(rows, key=lambda box: (box.top, box.left))


def _continues(row: Box, box: Box) -> bool:
    return (
        box.left - row.right <= _GAP * row.height
        and abs(box.top - row.top) <= _LEVEL * row.height
        and abs(box.height - row.height) <= _LEVEL * row.height
    )
