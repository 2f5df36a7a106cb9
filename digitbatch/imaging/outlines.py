"""The outlines of connected ink: far quicker than a picture of labels where there is little ink."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.types import Image

Outline = NDArray[np.int32]
"""(points, 1, 2) x and y of corners, the first in the topmost row, leftmost in it."""


MANY: Final = 600
"""Pieces; with more, a picture of labels is quicker than looking at each."""


def outlines(mask: Image) -> list[Outline]:
    """The outer outline of each 8-connected piece of an (H, W) uint8 mask, also of one in a hole.

    In no order that means anything. (S. Suzuki, K. Abe, Topological structural analysis of
    digitized binary images by border following, CVGIP 30, 1985.)
    """
    found, levels = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if not len(found):
        return []
    outer = np.asarray(levels)[0, :, 3] < 0  # the others are the edges of holes
    return [np.asarray(found[number], np.int32) for number in np.flatnonzero(outer).tolist()]


def boxes_around(found: list[Outline]) -> NDArray[np.int64]:
    """(count, 4) left, top, width and height of each outline, in pixels."""
    boxes = [cv2.boundingRect(outline) for outline in found]
    return np.array(boxes, np.int64).reshape(-1, 4)


def alone(boxes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of some boxes, (count, 4) as above, share no pixel with any other; for few of them."""
    left, top, width, height = boxes.T
    right, bottom = left + width, top + height
    shares = (left[:, None] < right) & (left < right[:, None])
    shares &= (top[:, None] < bottom) & (top < bottom[:, None])
    return np.asarray(shares.sum(axis=1) == 1, np.bool_)


def piece_at(mask: Image, x: int, y: int) -> NDArray[np.bool_]:
    """The pixels of the 8-connected piece of an (H, W) uint8 mask that has the pixel (x, y)."""
    _, labels = cv2.connectedComponents(mask, connectivity=8)
    return np.asarray(labels == labels[y, x], np.bool_)
