"""Photographed tables of numbers by hand, with words around them.

`desk_table` is torn squared paper on a dark desk. `mark_table` are marks as a phone's scanning app
leaves them: digits of some 20 px, rules that curve, decimal points, grade letters, at times a
header of words.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.synth.letters import draw_word
from digitbatch.synth.pages import Draw
from digitbatch.synth.paper import Paper, expose, paste
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

    A pixel of a sheet of (height, width) is moved by `most` of the width at most.
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


def desk_table(rng: Rng, draw: Draw) -> tuple[Image, list[str]]:
    """A photograph of torn squared paper on a desk, and the digits of each of its rows."""
    size = float(rng.uniform(28, 44))
    rows, columns = int(rng.integers(5, 9)), int(rng.integers(4, 8))
    each = int(rng.integers(1, 3))
    side = size * (1.6 + 0.5 * each)
    words = rng.random() < 0.5  # before the numbers of each row
    names = 2 if words else 0
    header = int(rng.random() < 0.6)
    grid = Grid(
        tuple(side * np.arange(columns + names + 1)),
        tuple(0.85 * side * np.arange(rows + header + 1)),
    )
    shape = (round(grid.rows[-1]), round(grid.columns[-1]))
    ink, printed = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    pen_px = 0.1 * size
    lines = []
    for row in range(rows + header):
        foot = grid.rows[row + 1] - 0.2 * side
        line = ""
        if words:
            text = str(rng.choice(HEADINGS))
            write_word(ink, text, 0.4 * size, foot, size, pen_px, 1.8 * side, rng)
        for column in range(names, columns + names):
            left = grid.columns[column] + size * float(rng.uniform(0.3, 0.6))
            base = foot + size * float(rng.normal(0, 0.08))
            if row < header:
                if column % 2 == 0:
                    word = str(rng.choice(HEADINGS))
                    write_word(ink, word, left, base, size, pen_px, 1.6 * side, rng)
                continue
            text = "".join(str(d) for d in rng.integers(0, 10, each))
            write_number(ink, text, left, base, size, draw, rng)
            line += text
        if line:
            lines.append(line)
    rule_grid(printed, grid, max(1, round(size / 20)), rng)
    paper = Paper(
        colour=(178, 178, 190), print_colour=(150, 150, 158), pen="blue", noise=2.0,
        shadow=float(rng.uniform(0.1, 0.4)), blur_px=1.0,
    )  # fmt: skip
    return _on_desk(expose(ink, printed, paper, rng), rng), lines


def _on_desk(sheet: Image, rng: Rng) -> Image:
    """A sheet with torn edges on dark wood, seen a little from the side."""
    height, width = sheet.shape[:2]
    torn = np.zeros((height, width), np.uint8)
    cv2.fillPoly(torn, [_torn_outline(width, height, rng)], (255,))
    margins = rng.uniform(0.12, 0.4, 4) * min(width, height)
    full_width, full_height = width + margins[0] + margins[1], height + margins[2] + margins[3]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = corners + np.array([margins[0], margins[2]]) + rng.normal(0, 0.02 * width, (4, 2))
    view = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    shape = (round(full_height), round(full_width))
    seen = cv2.warpPerspective(sheet, view, shape[::-1], flags=cv2.INTER_AREA)
    inside = cv2.warpPerspective(torn, view, shape[::-1], flags=cv2.INTER_AREA)
    bend = bend_maps(shape, rng, 0.01)
    seen, inside = bent(np.asarray(seen, np.uint8), bend), bent(np.asarray(inside, np.uint8), bend)
    grain = cv2.GaussianBlur(rng.standard_normal(shape, np.float32), (0, 0), 8, sigmaY=1.5)
    wood = (30 + 60 * grain)[..., None] + np.array([12.0, 4.0, 0.0])
    # A shadow lies beside the edge.
    share = (cv2.GaussianBlur(inside, (0, 0), 1.2).astype(np.float32) / 255)[..., None]
    shade = 1 - 0.5 * cv2.GaussianBlur(inside, (0, 0), 9).astype(np.float32)[..., None] / 255
    page = seen * share + np.clip(wood, 5, 90) * shade * (1 - share)
    page += rng.normal(0, 2, (*shape, 1))
    return np.asarray(np.clip(page, 0, 255), np.uint8)


def _torn_outline(width: int, height: int, rng: Rng) -> NDArray[np.int32]:
    """The corners of a torn sheet, (count, 2) int32."""
    sides = []
    for start, end in (
        ((0, 0), (width, 0)), ((width, 0), (width, height)),
        ((width, height), (0, height)), ((0, height), (0, 0)),
    ):  # fmt: skip
        at = np.linspace(0, 1, 60, endpoint=False)[:, None]
        line = np.array(start) * (1 - at) + np.array(end) * at
        sides.append(line + rng.normal(0, 2.0, line.shape))
    return np.asarray(np.rint(np.concatenate(sides)), np.int32)


_GRADES: Final = ("A", "B", "C", "D", "E", "F", "A+", "A-", "B+", "B-", "C+", "C-", "D+")


def mark_table(rng: Rng, draw: Draw) -> tuple[Image, list[str]]:
    """A table of marks and its rows: made at twice its size, bent, scanned, brought to its size."""
    size = 2 * float(rng.uniform(17, 23))  # of a digit
    rows, columns = int(rng.integers(10, 16)), int(rng.integers(6, 10))
    digits = rng.choice([1, 2, 2, 2, 3], columns)
    widths = [size * (1.5 + 0.75 * count) for count in digits]
    grades = rng.random() < 0.7
    widths += [size * 2.2] if grades else []
    pitch = size * float(rng.uniform(1.3, 1.6))
    grid = Grid(
        tuple(np.cumsum([float(rng.uniform(0, size)), *widths])),
        tuple(size * 0.6 + pitch * np.arange(rows + 1)),
    )
    points = rng.random(columns) < (0.3 if rng.random() < 0.3 else 0.0)
    shape = (round(grid.rows[-1] + 0.8 * size), round(grid.columns[-1] + 0.8 * size))
    ink, printed = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    pen_px = 0.09 * size
    header = int(rng.random() < 0.3)
    lines = []
    for row in range(rows):
        foot = grid.rows[row + 1] - 0.16 * pitch
        line = ""
        for column in range(columns):
            left = grid.columns[column] + size * float(rng.uniform(0.25, 0.55))
            base = foot + size * float(rng.normal(0, 0.06))
            if row < header:
                room = grid.columns[column + 1] - left
                word = str(rng.choice(HEADINGS))
                write_word(ink, word, left, base, 0.8 * size, pen_px, room, rng)
                continue
            text = "".join(str(d) for d in rng.integers(0, 10, digits[column]))
            write_number(ink, text, left, base, size, draw, rng, point=bool(points[column]))
            line += text
        if row >= header:
            lines.append(line)
        if grades:
            text = "Grade" if row < header else str(rng.choice(_GRADES))
            left = grid.columns[-2] + 0.5 * size
            write_word(ink, text, left, foot, 0.95 * size, pen_px, 2 * size, rng)
    rule_grid(printed, grid, max(2, round(size / 16)), rng)
    bend = bend_maps(shape, rng, 0.012)
    return _scanned_by_app(bent(ink, bend), bent(printed, bend), rng), lines


def _scanned_by_app(ink: Image, printed: Image, rng: Rng) -> Image:
    """The sheet at half of its size; a scanning app sharpens and burns the paper out."""
    level = int(rng.integers(60, 150))
    paper = Paper(
        colour=(248, 248, 248), print_colour=(level, level + 8, level),
        pen="black" if rng.random() < 0.8 else "blue", blur_px=1.2, noise=2.0,
        shadow=float(rng.uniform(0, 0.15)),
    )  # fmt: skip
    pixels = expose(ink, printed, paper, rng)
    small = cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    sharp = cv2.addWeighted(small, 1.6, cv2.GaussianBlur(small, (0, 0), 1.5), -0.6, 0)
    return np.asarray(cv2.convertScaleAbs(sharp, alpha=1.08, beta=-6), np.uint8)
