"""Ink with its place: a component, a cut-off part of one, or several put together."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import cv2
import numpy as np

from digitbatch.reading.components import Components
from digitbatch.types import Box, Image

VISIBLE: Final = 60  # fainter levels belong to the blur around a stroke, not to its box


@dataclass(frozen=True, slots=True)
class Piece:
    """Ink that the search takes as one."""

    ink: Image = field(repr=False, compare=False)  # tight, light ink on black, full at 255
    box: Box  # in pixels of the sheet
    cut_left: bool = False  # whether it was parted there from other ink
    cut_right: bool = False

    @property
    def size_px(self) -> int:
        """Its longer side."""
        return max(self.box.width, self.box.height)

    @property
    def center_x(self) -> float:
        return (self.box.left + self.box.right) / 2


def tight_piece(
    ink: Image, left: int, top: int, *, cut_left: bool = False, cut_right: bool = False
) -> Piece | None:
    """Ink at (left, top) without its empty margin; None where nothing can be seen.

    Args:
        ink: (height, width) uint8, light ink on black.
        left: Column of its first pixel on the sheet.
        top: Row of its first pixel on the sheet.
        cut_left: Whether it was parted there from other ink.
        cut_right: The same on its right.
    """
    visible = ink > VISIBLE
    rows = np.flatnonzero(visible.any(axis=1))
    if not len(rows):
        return None
    columns = np.flatnonzero(visible.any(axis=0))
    box = Box(
        left + int(columns[0]),
        top + int(rows[0]),
        left + int(columns[-1]) + 1,
        top + int(rows[-1]) + 1,
    )
    own = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return Piece(own, box, cut_left, cut_right)


def component_piece(components: Components, index: int, ink: Image) -> Piece | None:
    """One component with the soft edges that thresholding took from it.

    Levels are stretched so that a pen's full ink is 255 whatever the pen, and the blur of camera
    and scanner falls away: MNIST's digits have such edges.

    Args:
        components: The ink of a sheet.
        index: Which component.
        ink: (H, W) uint8, the sheet's levels before thresholding, light ink on black.
    """
    box = components.box(index)
    height, width = ink.shape
    left, top = max(box.left - 1, 0), max(box.top - 1, 0)
    right, bottom = min(box.right + 1, width), min(box.bottom + 1, height)
    own = np.asarray(components.labels[top:bottom, left:right] == index + 1, np.uint8)
    own = np.asarray(cv2.dilate(own, np.ones((3, 3), np.uint8)), np.uint8)
    levels = ink[top:bottom, left:right].astype(np.float32) * own
    full = max(float(np.percentile(levels[own > 0], 85)), 1.0)
    soft = np.clip((levels / full - 0.25) / 0.5, 0, 1) * 255
    return tight_piece(np.asarray(soft, np.uint8), left, top)


def merged(pieces: Sequence[Piece]) -> Piece:
    """Several pieces as one."""
    if len(pieces) == 1:
        return pieces[0]
    box = pieces[0].box
    for piece in pieces[1:]:
        box = box.union(piece.box)
    ink = np.zeros((box.height, box.width), np.uint8)
    for piece in pieces:
        at = piece.box
        part = ink[at.top - box.top : at.bottom - box.top, at.left - box.left : at.right - box.left]
        np.maximum(part, piece.ink, out=part)
    return Piece(ink, box, pieces[0].cut_left, pieces[-1].cut_right)


def moved_piece(piece: Piece, right: int, down: int) -> Piece:
    """The same ink elsewhere."""
    box = piece.box
    at = Box(box.left + right, box.top + down, box.right + right, box.bottom + down)
    return replace(piece, box=at)
