"""One ruled or printed line, and the pixels of a picture along it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitbatch.types import Image


@dataclass(frozen=True, slots=True)
class Rule:
    """One ruled line as a parabola: y = a x^2 + b x + c from x = left to right, in pixels."""

    left: int
    right: int
    curve: NDArray[np.float64]  # (3,) a, b, c

    def height_at(self, x: float) -> float:
        """The y at one place, which may lie beyond the rule's ends."""
        bend, slope, start = self.curve.tolist()
        return float((bend * x + slope) * x + start)

    def rows_at(self, xs: NDArray[np.int64]) -> NDArray[np.int64]:
        """(columns,) the rows in which it runs, to the nearest pixel."""
        return np.asarray(np.rint(self.heights_at(xs)), np.int64)

    def heights_at(self, xs: NDArray[np.int64]) -> NDArray[np.float64]:
        """(columns,) the y at several places, which may lie beyond the rule's ends."""
        bend, slope, start = self.curve.tolist()
        return np.asarray((bend * xs + slope) * xs + start, np.float64)


Line = tuple[Rule, float]
"""A line by its first side, and how many pixels it reaches beyond that: 0 for all but bands."""


@dataclass(frozen=True, slots=True)
class Window:
    """The pixels along a rule, straightened: one column for each column of the rule."""

    xs: NDArray[np.int64]  # (columns,) of the picture
    rows: NDArray[np.int64]  # (window, columns) of the picture; beyond it, its first or last row
    inside: NDArray[np.bool_]  # (window, columns) whether they are on the picture

    @classmethod
    def along(
        cls, shape: tuple[int, ...], rule: Rule, reach_px: int, beyond_px: int = 0
    ) -> "Window":
        """The pixels up to `reach_px` above and below a rule, and up to `beyond_px` past its ends.

        `reach_px`: The window is 2 * reach_px + 1 high, with the rule in the middle.
        """
        height, width = shape[:2]
        xs = np.arange(max(0, rule.left - beyond_px), min(width, rule.right + beyond_px + 1))
        rows = rule.rows_at(xs)[None] + np.arange(-reach_px, reach_px + 1)[:, None]
        return cls(xs, np.clip(rows, 0, height - 1), (rows >= 0) & (rows < height))

    @property
    def reach_px(self) -> int:
        return len(self.rows) // 2

    @property
    def offsets(self) -> NDArray[np.int64]:
        """(window, 1) how far below the rule each row lies."""
        return np.arange(-self.reach_px, self.reach_px + 1)[:, None]

    def of(self, picture: Image) -> Image:
        """(window, columns) what a picture has there."""
        if picture.flags.c_contiguous:  # several times as quick
            return np.asarray(np.take(picture, self.rows * picture.shape[1] + self.xs), np.uint8)
        return np.asarray(picture[self.rows, self.xs], np.uint8)

    def put(self, picture: Image, chosen: NDArray[np.bool_], level: int) -> None:
        """Give the chosen pixels, (window, columns), of a picture a level."""
        at_row, at_column = np.nonzero(chosen)
        picture[self.rows[at_row, at_column], self.xs[at_column]] = level
