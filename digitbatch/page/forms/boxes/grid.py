"""The boxes of a zone, row or form: cells, the printed lines around them, and thick walls."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from digitbatch.stages.line_removal.printed_line import Rule


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
