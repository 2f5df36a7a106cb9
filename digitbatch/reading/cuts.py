"""Where digits that touch might be parted: seams from top to bottom through the least ink."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.reading.pieces import Piece, tight_piece
from digitbatch.types import Image

_STEP_COST: Final = 0.02  # of a step aside, and of a row: straight seams where nothing decides
_SLIVER_PX: Final = 4  # fewer visible pixels are not a piece


def seams(ink: Image, most: int, apart_px: float) -> list[NDArray[np.int64]]:
    """The cheapest paths from the top row to the bottom row, found by dynamic programming.

    (S. Avidan, A. Shamir, Seam Carving for Content-Aware Image Resizing, 2007; the cost here is the
    ink that a seam crosses.)

    Args:
        ink: (height, width) uint8, light ink on black.
        most: How many seams at the most.
        apart_px: Least distance between the middles of two seams; also kept from the borders.

    Returns:
        Columns, (height,) each, from left to right.
    """
    height, width = ink.shape
    if width < 6:
        return []
    cost = ink.astype(np.float32) / 255 + _STEP_COST
    total = cost[0]
    steps = np.zeros((height, width), np.int8)
    wall = np.full(1, np.inf, np.float32)
    for row in range(1, height):
        from_left = np.concatenate([wall, total[:-1]]) + _STEP_COST
        from_right = np.concatenate([total[1:], wall]) + _STEP_COST
        least = np.minimum(total, np.minimum(from_left, from_right))
        steps[row] = np.where(least == total, 0, np.where(least == from_left, -1, 1))
        total = least + cost[row]
    found: list[tuple[float, NDArray[np.int64]]] = []
    for end in np.argsort(total, kind="stable"):
        columns = np.empty(height, np.int64)
        column = int(end)
        for row in range(height - 1, -1, -1):
            columns[row] = column
            column += int(steps[row, column])
        middle = float(columns.mean())
        inside = 0.6 * apart_px <= middle <= width - 0.6 * apart_px
        if inside and all(abs(middle - other) >= apart_px for other, _ in found):
            found.append((middle, columns))
            if len(found) == most:
                break
    return [columns for _, columns in sorted(found, key=lambda seam: seam[0])]


def cut(piece: Piece, digit_height_px: float) -> list[Piece]:
    """Part a piece along its best seams, into more parts than it has digits: the search joins them.

    Args:
        piece: Ink that may be several digits.
        digit_height_px: Height of its line's digits.

    Returns:
        Its parts from left to right, or the piece itself where no seam was found.
    """
    height, width = piece.ink.shape
    most = min(14, int(np.ceil(width / (0.35 * digit_height_px))) + 1)
    paths = seams(piece.ink, most, max(3.0, 0.16 * digit_height_px))
    columns = np.arange(width)[None]
    parts = []
    start = np.zeros(height, np.int64)
    for number in range(len(paths) + 1):
        last = number == len(paths)
        end = np.full(height, width) if last else np.maximum(paths[number], start)
        own = (columns >= start[:, None]) & (columns < end[:, None])
        ink = np.where(own, piece.ink, np.uint8(0))
        part = tight_piece(
            ink, piece.box.left, piece.box.top, cut_left=number > 0, cut_right=not last
        )
        if part is not None and np.count_nonzero(part.ink) >= _SLIVER_PX:
            parts.append(part)
        start = end
    return parts if len(parts) > 1 else [piece]
