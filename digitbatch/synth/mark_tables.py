"""Mark tables filled in by hand, as a phone's scanning app leaves them.

Digits of some 20 px, rules that curve, decimal points, grade letters, at times a header of words.
"""

from typing import Final

import cv2
import numpy as np

from digitbatch.synth.pages import Draw
from digitbatch.synth.paper import Paper, expose
from digitbatch.synth.table_writing import (
    HEADINGS,
    Grid,
    Rng,
    bend_maps,
    bent,
    rule_grid,
    write_number,
    write_word,
)
from digitbatch.types import Image

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
