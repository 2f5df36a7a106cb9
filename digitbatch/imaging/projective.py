"""Projective maps of the plane: points, boxes and pictures through them."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.types import Box, Image

Projective = NDArray[np.float64]
"""(3, 3) float64: (x, y, 1) in one picture to that in another; pixel centres are whole numbers."""

Points = NDArray[np.float64]
"""(count, 2) float64: x, y in pixels."""

_GRAIN: Final = 1e-6  # of a pixel: what rounding leaves is no further pixel


def projective(affine: NDArray[np.float64]) -> Projective:
    """A (2, 3) affine map as a (3, 3) one."""
    return np.vstack([affine, [0.0, 0.0, 1.0]])


def scaling(x: float, y: float) -> Projective:
    """What `cv2.resize` does to coordinates by these factors: it keeps edges, not centres."""
    return np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1.0]])


def through(matrix: Projective, points: Points) -> Points:
    """Points as a map moves them."""
    moved = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return np.asarray(moved[:, :2] / moved[:, 2:], np.float64)


def corners(left: float, top: float, right: float, bottom: float) -> Points:
    """The corners of a half-open box; its edges lie half a pixel outside of its pixels."""
    left, top, right, bottom = (edge - 0.5 for edge in (left, top, right, bottom))
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def box_around(points: Points) -> Box:
    """The smallest box of whole pixels, from 0 on, that holds some points."""
    low = np.maximum(np.floor(points.min(axis=0) + 0.5 + _GRAIN), 0)
    high = np.ceil(points.max(axis=0) + 0.5 - _GRAIN)
    left, top = (int(edge) for edge in low)
    return Box(left, top, max(int(high[0]), left + 1), max(int(high[1]), top + 1))


def moved_box(box: Box, matrix: Projective) -> Box:
    """The upright box around a box that was moved."""
    return box_around(through(matrix, corners(box.left, box.top, box.right, box.bottom)))


def local_scale(matrix: Projective, width_px: float, height_px: float) -> tuple[float, float]:
    """How much longer a map makes a picture's width and height, measured through its middle."""
    x, y = width_px / 2, height_px / 2
    ends = through(matrix, np.array([[0.0, y], [width_px, y], [x, 0.0], [x, height_px]]))
    across, down = np.linalg.norm(ends[1] - ends[0]), np.linalg.norm(ends[3] - ends[2])
    return float(across / width_px), float(down / height_px)


def warped(pixels: Image, matrix: Projective, width_px: int, height_px: int) -> Image:
    """Take a picture of this size out of another.

    `pixels`: (H, W) or (H, W, 3) uint8. Returns the new picture; what lies outside of `pixels`
    repeats its edge: no line shows there.
    """
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    found = cv2.warpPerspective(
        pixels, matrix, (width_px, height_px), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(found, np.uint8)


def halved(pixels: Image) -> Image:
    """A page of half the width and height; an odd last row or column is left out."""
    height, width = (max(1, side // 2) for side in pixels.shape[:2])
    even = pixels[: 2 * height, : 2 * width]
    return np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
