"""What made tables share: numbers and words written on a base line, rules, and bent sheets."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.synth.layers import paste
from digitbatch.synth.letters import draw_word
from digitbatch.synth.pages import Draw
from digitbatch.types import Image

Rng = np.random.Generator
Map = NDArray[np.float32]

HEADINGS: Final = (
    "Name", "Marks", "Maths", "Eng", "Phy", "Chem", "Test", "Rank", "Grade", "Mean", "Urdu",
)  # fmt: skip
"""Words that stand beside or above a table's numbers."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Where a table's rules lie on the straight sheet."""

    columns: tuple[float, ...]  # left edges and the last right one, pixels
    rows: tuple[float, ...]


def write_number(
    ink: Image, text: str, left: float, foot: float, size: float, draw: Draw, rng: Rng,
    *, point: bool = False,
) -> None:  # fmt: skip
    """Write a number from `left` on; with a decimal point before its last digit."""
    x = left
    for place, char in enumerate(text):
        if point and len(text) > 1 and place == len(text) - 1:
            radius = max(1, round(0.06 * size))
            cv2.circle(ink, (round(x + radius), round(foot - radius)), radius, 255, -1)
            x += 2 * radius + 0.12 * size
        digit = draw(int(char), rng, size * float(rng.normal(1, 0.05)))
        y = foot - digit.shape[0] + size * float(rng.normal(0, 0.04))
        paste(ink, digit, x, y)
        x += digit.shape[1] + size * float(rng.uniform(0.1, 0.25))


def write_word(
    ink: Image, text: str, left: float, foot: float, size: float, pen_px: float, room: float,
    rng: Rng,
) -> None:  # fmt: skip
    """Write a word on a base line, smaller where there is little room."""
    word, below = draw_word(text, rng, size, pen_px)
    if word.shape[1] > room:
        scale = room / word.shape[1]
        word = np.asarray(
            cv2.resize(word, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
        )
        below, size = below * scale, size * scale
    paste(ink, word, left, foot - size + below)


def rule_grid(printed: Image, grid: Grid, thick: int, rng: Rng) -> None:
    """Draw rules that do not lie quite where they should."""
    height, width = printed.shape
    for x in grid.columns:
        a, b = (round(x + rng.normal(0, 1.5)) for _ in "ab")
        cv2.line(printed, (a, 0), (b, height), 255, thick, cv2.LINE_AA)
    for y in grid.rows:
        a, b = (round(y + rng.normal(0, 1.5)) for _ in "ab")
        cv2.line(printed, (0, a), (width, b), 255, thick, cv2.LINE_AA)


def bend_maps(shape: tuple[int, int], rng: Rng, most: float) -> tuple[Map, Map]:
    """Where each pixel of a bent sheet comes from: parabolas and a little slope, both ways.

    Args:
        shape: Height and width, pixels.
        rng: The only source of chance.
        most: How far a pixel is moved at most, as a share of the width.
    """
    height, width = shape
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    a, b, c, d, e, f = rng.uniform(-1, 1, 6) * most * width
    dy = a * x * x + b * x + 0.4 * c * x * y
    dx = 0.5 * (d * y * y + e * y) + 0.3 * f * x * y
    columns = np.arange(width)[None] + dx
    rows = np.arange(height)[:, None] + dy
    return columns.astype(np.float32), rows.astype(np.float32)


def bent(layer: Image, maps: tuple[Map, Map]) -> Image:
    """A layer or a picture of a sheet that is bent."""
    return np.asarray(cv2.remap(layer, *maps, cv2.INTER_LINEAR), np.uint8)
