"""The boxes of a zone, row or form, and the straight ink that may be their lines and walls."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.imaging.bit_morphology import Bits, packed, unpacked
from digitbatch.stages.line_removal.detect import Points, columns_of, thin_pieces
from digitbatch.stages.line_removal.printed_line import Rule
from digitbatch.types import Image


@dataclass(frozen=True, slots=True)
class Cell:
    """One box, between its walls and lines; pixels of the zone's crop."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def width(self) -> float:
        return self.right - self.left


@dataclass(frozen=True, slots=True)
class Band:
    """A thick line, or two that all but touch: all that lies between its two sides."""

    first: Rule  # its left side, as a rule of the turned crop
    width_px: float


@dataclass(frozen=True, slots=True)
class Grid:
    """What is printed in a zone."""

    rows: tuple[Rule, ...] = ()  # lines along it
    walls: tuple[Rule, ...] = ()  # lines across it, as rules of the turned crop
    cells: tuple[Cell, ...] = ()  # from left to right; none where there are no boxes
    bands: tuple[Band, ...] = ()  # walls that are thick or double; those in `walls` run in them

    @property
    def apart(self) -> bool:
        """Whether there is paper between the boxes, so that each has its own walls."""
        return any(b.left - a.right > 1 for a, b in pairwise(self.cells))

    def scaled(self, x: float, y: float) -> "Grid":
        """The same on a crop with so many times the pixels along and across; without bands."""
        cells = (Cell(c.left * x, c.top * y, c.right * x, c.bottom * y) for c in self.cells)
        return Grid(
            tuple(_scaled(rule, x, y) for rule in self.rows),
            tuple(_scaled(rule, y, x) for rule in self.walls),
            tuple(cells),
        )

    def moved_right(self, by_px: int) -> "Grid":
        """Lines without boxes in a crop that begins farther left."""
        walls = (Rule(w.left, w.right, w.curve + np.array([0.0, 0.0, by_px])) for w in self.walls)
        return Grid(tuple(_moved(row, by_px) for row in self.rows), tuple(walls))


def _scaled(rule: Rule, along: float, across: float) -> Rule:
    a, b, c = rule.curve
    curve = np.array([a * across / along**2, b * across / along, c * across])
    return Rule(round(rule.left * along), round(rule.right * along), curve)


def _moved(rule: Rule, by_px: int) -> Rule:
    a, b, c = rule.curve
    curve = np.array([a, b - 2 * a * by_px, a * by_px * by_px - b * by_px + c])
    return Rule(rule.left + by_px, rule.right + by_px, curve)


STEP_PX: Final = 4  # side of a square of pixels that is looked at as one: two of them are a byte

Cover = NDArray[np.float64]
"""(W,) projection profile: for each column how much of the way from line to line is inked."""


@dataclass(frozen=True, slots=True)
class LineTuning:
    """What is straight ink. "Of width" and "of height" are those of the crop."""

    run_px: int = 22  # straight ink from this length on may be a box's line
    piece_of_width: float = 0.04  # thin segments from this length on may be of a printed line
    least_piece_px: int = 8  # and none shorter
    sloping_of_width: float = 0.15  # from this length on a segment says how its line slopes
    near_of_thickness: float = 0.7  # of the thickest line: how far a segment may lie off its line
    near_px: float = 2.0  # and never nearer
    line_of_width: float = 0.5  # a printed line is at least so long
    shown: float = 0.6  # share of its length where it shows segments that no digit touches
    steepest: float = 0.06  # rise over run: a page lies askew by up to three degrees
    inset: float = 0.06  # of the way from line to line that is left out at its ends


TUNED: Final = LineTuning()


def page_lines(mask: Image) -> tuple[Image, Image]:
    """Level and upright straight ink of a page, a pixel for each square of `STEP_PX`.

    Runs may stray within a square's side: pages lie askew.

    `mask`: (H, W) uint8, ink 255 on 0, all printed lines with it. Returns (h, w) uint8 each, 1 on
    0.
    """
    height, width = (-(-side // STEP_PX) for side in mask.shape)
    lacking = (STEP_PX * height - mask.shape[0], -(-mask.shape[1] // 8) * 8 - mask.shape[1])
    if any(lacking):
        mask = np.pad(mask, ((0, lacking[0]), (0, lacking[1])))
    bits = packed(mask)  # two squares to a byte
    rows = unpacked(_any_row(bits), mask.shape[1])
    opened = cv2.morphologyEx(rows, cv2.MORPH_OPEN, np.ones((1, TUNED.run_px), np.uint8))
    level = packed(np.asarray(opened, np.uint8))
    if not level.any():
        nothing = np.zeros((height, width), np.uint8)
        return nothing, nothing
    columns = _any_column(bits)
    upright = cv2.morphologyEx(columns, cv2.MORPH_OPEN, np.ones((TUNED.run_px, 1), np.uint8))
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


def lines_along(mask: Image, thickest_px: int) -> list[Rule]:
    """Printed lines along a crop, also where digits cross them.

    `mask`: (H, W) uint8, ink 255 on 0.
    """
    width = mask.shape[1]
    found: list[Rule] = []
    shortest_px = max(TUNED.least_piece_px, round(TUNED.piece_of_width * width))
    left_over = thin_pieces(mask, thickest_px, shortest_px)
    while left_over:
        xs, ys, left_over = _joined(left_over, width, thickest_px)
        left, right = int(xs.min()), int(xs.max())
        is_long = right - left >= TUNED.line_of_width * width
        if not is_long or columns_of(xs) < TUNED.shown * (right - left):
            continue
        line = np.polyfit(xs, ys, 1)
        if abs(line[0]) <= TUNED.steepest:
            found.append(Rule(left, right, np.array([0.0, line[0], line[1]])))
    return found


def _joined(
    pieces: Sequence[Points], width: int, thickest_px: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], list[Points]]:
    """The points of the first segment and of those that go on along its line; and the others."""
    (xs, ys), *others = pieces
    is_long = len(xs) > TUNED.sloping_of_width * width
    line = np.polyfit(xs, ys, 1) if is_long else np.array([0.0, np.mean(ys)])
    near_px = max(TUNED.near_px, TUNED.near_of_thickness * thickest_px)
    rest = []
    for more_xs, more_ys in others:
        if _may_meet(line, more_xs, more_ys, near_px) and (
            float(np.median(np.abs(np.polyval(line, more_xs) - more_ys))) <= near_px
        ):
            xs, ys = np.concatenate([xs, more_xs]), np.concatenate([ys, more_ys])
        else:
            rest.append((more_xs, more_ys))
    return xs, ys, rest


def _may_meet(
    line: NDArray[np.float64], xs: NDArray[np.int64], ys: NDArray[np.float64], near_px: float
) -> bool:
    """Whether a straight line may be near a segment's points: most lie far from most lines."""
    first, last = line[0] * xs[0] + line[1], line[0] * xs[-1] + line[1]
    high, low = min(first, last), max(first, last)
    return bool(ys.min() - near_px <= low and high <= ys.max() + near_px)


def middle_of(line: Rule, width: int) -> float:
    """The height of a line along a crop in the middle of the crop."""
    return line.height_at(width / 2)


def wall_rule(at: float, top: float, bottom: float, slope: float) -> Rule:
    """A wall at right angles to lines that rise by `slope`, as a rule of the turned crop."""
    middle = (top + bottom) / 2
    curve = np.array([0.0, -slope, at + slope * middle])
    return Rule(max(0, round(top)), round(bottom), curve)


def upright_cover(mask: Image, top: float, bottom: float, slope: float) -> Cover:
    """The projection profile between two lines; ink counts for the columns beside it, too."""
    height, width = mask.shape
    inset = TUNED.inset * (bottom - top)
    rows = np.arange(max(0, round(top + inset)), min(height, round(bottom - inset)))
    if not len(rows):
        return np.zeros(width, np.float64)
    lean = np.rint(-slope * (rows - (top + bottom) / 2)).astype(np.int64)
    columns = np.arange(width)[None] + lean[:, None]
    inside = (columns >= 0) & (columns < width)
    inked = (mask[rows[:, None], np.clip(columns, 0, width - 1)] > 0) & inside
    near = inked.copy()
    near[:, 1:] |= inked[:, :-1]
    near[:, :-1] |= inked[:, 1:]
    return np.asarray(near.mean(axis=0), np.float64)
