"""Boxes that are crossed out: a form has more of them than the number has digits.

A digit that is taken for a cross would be missing from a number that looks right, so two things
must hold: the ink is made of two straight strokes, one falling and one rising, and of nothing else;
and the network takes it for no digit. Neither is enough alone. The network takes a digit on which a
rest of a wall hangs for none, and some hands have an x for a 4 or an 8.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.page.regions import Region
from digitbatch.page.segments import Segment, merged
from digitbatch.text.hypothesis import CrossedBox
from digitbatch.types import OTHER, Image, Probabilities


@dataclass(frozen=True, slots=True)
class CrossShape:
    """What a cross looks like; lengths in digit heights unless said."""

    sure: float = 0.9  # that the ink is no digit, as the network says of crops
    inked: int = 127  # level of the ink
    shortest: float = 0.6  # a stroke; shorter ones are marks of other kinds
    tallest: float = 1.6  # the cross
    aside: float = 0.11  # how far from its stroke ink may be, beyond half the stroke's width
    hole: float = 0.1  # across; a smaller one is a gap in the ink, no loop of a digit
    middle: float = 0.2  # of a stroke: nearer to its ends the other does not cross it
    thickest: float = 0.3  # of the cross's shorter side: a stroke; what is thicker is a blot
    steepest: float = 0.3  # of a stroke's length: so far it goes across, and down, at least
    covered: float = 0.95  # of a stroke's length
    beside: float = 0.05  # of the digits' height: so near to a stroke ink covers it


TUNED: Final = CrossShape()


def cross_shapes(ink: Region) -> list[Segment | None]:
    """The whole ink of each unit of a line or zone; None where it is no box that may be empty.

    So it is, too, where the ink has not the shape of a cross: the network need not be asked.
    """
    if not ink.cells or ink.count is None or ink.count[0] >= len(ink.cells):
        return [None] * len(ink.units)
    wholes = [merged(cell.segments) if cell.segments else None for cell in ink.cells]
    return [one if one and is_cross(one.ink, ink.digit_height_px) else None for one in wholes]


def sure_crosses(
    shapes: Sequence[Segment | None], answers: Probabilities
) -> list[CrossedBox | None]:
    """Those of the shapes that the network takes for no digit.

    `answers` is what it says of their crops: a row for each shape that is not None.
    """
    said = iter(answers[:, OTHER].tolist())
    found: list[CrossedBox | None] = []
    for shape in shapes:
        share = min(1.0, next(said)) if shape else 0.0
        is_sure = shape and share >= TUNED.sure
        found.append(CrossedBox(shape, -float(np.log(share))) if shape and is_sure else None)
    return found


def crossed_boxes(
    read: Sequence[int],
    left_out: Collection[int],
    crosses: Sequence[CrossedBox | None],
    count: tuple[int, int] | None,
) -> frozenset[int]:
    """Which boxes of a zone are crossed out; none where any ink is left out that is not explained.

    The digits stand in neighbouring boxes, the crosses in those next to them. In boxes of `read`,
    from left to right, are digits, in those of `left_out` is other ink; `crosses` holds the sure
    cross of each box, and is empty where none is looked for.
    """
    filled = sorted({*read, *left_out})
    explained = (
        bool(crosses)
        and count is not None
        and count[0] <= len(read) <= count[1]
        and all(crosses[box] for box in left_out)
        and len(filled) == len(read) + len(left_out)
        and _neighbours(read)
        and _neighbours(filled)
    )
    return frozenset(left_out) if explained else frozenset()


def _neighbours(boxes: Sequence[int]) -> bool:
    return bool(boxes) and boxes[-1] - boxes[0] == len(boxes) - 1


def is_cross(ink: Image, digit_height_px: float) -> bool:
    """Whether ink, tight and light on black, is a cross, as people strike out a spare box."""
    size = digit_height_px
    mask = np.asarray(ink > TUNED.inked, np.uint8)
    y, x = (found.astype(np.float64) for found in np.nonzero(mask))
    if not len(x) or max(mask.shape) > TUNED.tallest * size or _has_hole(mask, size):
        return False
    points = np.column_stack([x, y])
    across, down = x / mask.shape[1], y / mask.shape[0]
    strokes = [
        (points[(across + down).argmin()], points[(across + down).argmax()]),  # falling
        (points[(across - down).argmin()], points[(across - down).argmax()]),  # rising
    ]
    lengths = [float(np.hypot(*(end - start))) for start, end in strokes]
    slanted = [
        TUNED.steepest * length <= min(float(end[0] - start[0]), way * float(end[1] - start[1]))
        for (start, end), length, way in zip(strokes, lengths, (1, -1), strict=True)
    ]
    if min(lengths) < TUNED.shortest * size or not all(slanted):
        return False
    half_width = len(x) / sum(lengths) / 2
    away = np.minimum(*(_distance(points, start, end) for start, end in strokes))
    return (
        2 * half_width <= TUNED.thickest * min(mask.shape)
        and _cross_in_the_middle(strokes[0], strokes[1])
        and float(away.max()) <= half_width + TUNED.aside * size
        and all(_covered(mask, stroke, size) for stroke in strokes)
    )


_Point = NDArray[np.float64]
_Stroke = tuple[_Point, _Point]


def _has_hole(mask: Image, size: float) -> bool:
    """Whether the ink goes around paper, as that of 0, 6, 8, 9 and most 4s."""
    around = np.asarray(np.pad(mask, 1) == 0, np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(around, connectivity=4)
    # Nought is the ink, and one of the others the paper around it.
    areas = sorted(int(area) for area in stats[1:count, cv2.CC_STAT_AREA])
    return len(areas) > 1 and areas[-2] > (TUNED.hole * size) ** 2


def _distance(points: NDArray[np.float64], start: _Point, end: _Point) -> NDArray[np.float64]:
    """How far points, (count, 2), are from a stroke."""
    along = end - start
    share = np.clip((points - start) @ along / (along @ along), 0, 1)
    return np.asarray(np.linalg.norm(points - start - share[:, None] * along, axis=1))


def _cross_in_the_middle(first: _Stroke, second: _Stroke) -> bool:
    """Whether each of two strokes crosses the other away from its ends."""
    (a, b), (c, d) = first, second
    shares = np.linalg.solve(np.column_stack([b - a, c - d]), c - a)
    return bool(np.all((shares > TUNED.middle) & (shares < 1 - TUNED.middle)))


def _covered(mask: Image, stroke: _Stroke, size: float) -> bool:
    """Whether there is ink all along a stroke."""
    reach = 2 * max(1, round(TUNED.beside * size)) + 1
    near = cv2.dilate(mask, np.ones((reach, reach), np.uint8))
    steps = np.linspace(*stroke, 64).round().astype(int)
    return float((near[steps[:, 1], steps[:, 0]] > 0).mean()) >= TUNED.covered
