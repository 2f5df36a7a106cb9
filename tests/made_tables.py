"""Pages with a printed table that is written in by hand, and zones over its cells."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import cv2
import numpy as np

from digitbatch.config import Config, Zone
from digitbatch.reading import read_page
from digitbatch.synth.pages import Draw
from digitbatch.synth.paper import Paper, expose, paste
from digitbatch.types import Box, FieldResult, Image, Networks, Page, PageRef
from tests.plain_hand import HAND

DARK: Final = Paper(print_colour=(70, 70, 74), grain=0.5)
"""White paper, on which print is nearly as dark as the pen, and of no colour either."""


@dataclass(frozen=True, slots=True)
class TableStyle:
    """How a table lies on its page. Pixels."""

    paper: Paper = DARK
    left: int = 90
    top: int = 80
    wide: int = 190  # of a cell, from line to line
    high: int = 66
    digit: int = 40
    thick: int = 2
    rows: int = 6
    columns: int = 3
    size: tuple[int, int] = (760, 560)  # the page


@dataclass(frozen=True, slots=True)
class Table:
    """What is on a page, before it is scanned."""

    style: TableStyle = TableStyle()
    ink: Image = field(init=False)  # (H, W) uint8, by hand
    printed: Image = field(init=False)  # (H, W) uint8

    def __post_init__(self) -> None:
        """Draw the lines."""
        width, height = self.style.size
        object.__setattr__(self, "ink", np.zeros((height, width), np.uint8))
        printed = np.zeros((height, width), np.uint8)
        for row in range(self.style.rows):
            for column in range(self.style.columns):
                cell = self.cell(row, column)
                corners = (cell.left, cell.top), (cell.right, cell.bottom)
                cv2.rectangle(printed, *corners, 255, self.style.thick)
        object.__setattr__(self, "printed", printed)

    def cell(self, row: int, column: int) -> Box:
        """A cell, by the middles of its lines."""
        style = self.style
        left, top = style.left + column * style.wide, style.top + row * style.high
        return Box(left, top, left + style.wide, top + style.high)

    def write(
        self, text: str, row: int, column: int, *, at: float = 0.25, down: float = 0.0,
        draw: Draw = HAND, level: int = 255,
    ) -> int:  # fmt: skip
        """Write a number into a cell; where its ink ends.

        `at`: of the cell's width, where its ink begins. `down`: of a digit's height, from the
        middle. `level`: of 255, how dark.
        """
        cell, size = self.cell(row, column), self.style.digit
        rng = np.random.default_rng(7)
        x = cell.left + round(at * cell.width)
        for char in text:
            digit = np.asarray(draw(int(char), rng, float(size)) * (level / 255), np.uint8)
            y = (cell.top + cell.bottom - digit.shape[0]) / 2 + down * size
            paste(self.ink, digit, x, y)
            x += digit.shape[1] + size // 5
        return x - size // 5

    def scan(self) -> Image:
        """(H, W, 3) uint8 the page as a scanner gives it."""
        return expose(self.ink, self.printed, self.style.paper, np.random.default_rng(3))

    def zone(self, row: int, column: int, grown: float = 0.0, **keys: Any) -> Zone:
        """A zone over a cell; `grown`: beyond it to each side, as a share of its size."""
        cell, (width, height) = self.cell(row, column), self.style.size
        x, y = grown * cell.width, grown * cell.height
        box = (
            (cell.left - x) / width, (cell.top - y) / height,
            (cell.right + x) / width, (cell.bottom + y) / height,
        )  # fmt: skip
        return Zone.model_validate({"name": f"r{row}c{column}", "box": box} | keys)


def read_zones(
    pixels: Image, zones: Sequence[Zone], networks: Networks, without: Sequence[str] = ()
) -> list[FieldResult]:
    """The rows of a page's zones."""
    page = Page(PageRef("page.png", 1), np.ascontiguousarray(pixels))
    config = Config(fields=tuple(zones))
    return list(read_page(page, config, networks, without=frozenset(without)).fields)
