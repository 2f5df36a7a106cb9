"""Numbers on torn squared paper that lies on a dark desk, with words around them."""

import cv2
import numpy as np
from numpy.typing import NDArray

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


def desk_table(rng: Rng, draw: Draw) -> tuple[Image, list[str]]:
    """A photograph of such paper, and the digits of each of its rows."""
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
