"""The ink of a row of boxes, one digit a box."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from digitbatch.reading.cells import pieces_by_cell
from digitbatch.reading.grid import Grid
from digitbatch.reading.ink import Ink
from digitbatch.reading.pieces import Piece, moved_piece
from digitbatch.types import Image

_USUAL: Final = 0.7  # of a box's height: how tall digits are where nothing else says it


def boxed_ink(
    name: str,
    mask: Image,
    levels: Image,
    grid: Grid,
    at: tuple[int, int],
    count: tuple[int, int] | None,
) -> Ink:
    """The ink of each box, and the rests of their walls.

    Args:
        name: Of the zone; "" for a row of boxes that has none.
        mask: (H, W) uint8, the ink without what is printed.
        levels: (H, W) uint8, its levels before thresholding.
        grid: The boxes, in pixels of the mask.
        at: Left and top of the mask on the sheet.
        count: How many digits are expected, at least and at most.
    """
    by_cell, walls = pieces_by_cell(mask, levels, grid.cells)
    heights = [max(p.box.height for p in pieces) for pieces in by_cell if pieces]
    usual = _USUAL * grid.cells[0].height
    size = max(float(np.median(heights)), 0.5 * usual) if heights else usual
    cells = tuple(
        Ink(name, size, tuple(moved_piece(p, *at) for p in pieces), (), (0, 1))
        for pieces in by_cell
    )
    everything = tuple(piece for cell in cells for piece in cell.pieces)
    rests = tuple(moved_piece(piece, *at) for piece in walls)
    # One that is lost in a wall leaves its box empty; so it shows where all must be filled, or are.
    shows = all(by_cell) or (count is not None and count[0] == count[1])
    doubt = "a digit lies on thick print" if not shows and _on_bands(by_cell, grid) else ""
    return Ink(name, size, everything, rests, count, cells, doubt)


def _on_bands(by_cell: Sequence[Sequence[Piece]], grid: Grid) -> bool:
    """Whether some ink reaches into a band: of what is taken out there, some may be its own."""
    sides = [
        (float(np.polyval(band.first.curve, (cell.top + cell.bottom) / 2)), band.width_px)
        for band in grid.bands
        for cell in grid.cells[:1]
    ]
    return any(
        piece.box.left < side + width + 2 and piece.box.right > side - 2
        for pieces in by_cell
        for piece in pieces
        for side, width in sides
    )
