"""How alike equal digits of a page are: the same shape in type, never quite the same by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.page.segments import Segment
from digitbatch.types import Image

ALIKE: Final = 0.985
"""Correlation of two digits of one typeface and size, or more; hands reach it by chance alone."""
_ONE: Final = 1  # strokes are alike in any hand


@dataclass(frozen=True, slots=True)
class TwinTuning:
    """How digits are compared."""

    height_px: int = 32  # to which digits are scaled
    widest_px: int = 48  # and at the most
    canvas_width_px: int = 54  # room for wide digits, whose mass lies off centre
    canvas_height_px: int = 42  # the same
    softened_px: float = 0.7  # sigma: a pixel's grid is no difference
    frame_px: int = 3  # so far softening reaches
    most: int = 3000  # digits of a page that are compared


TUNED: Final = TwinTuning()

Likeness = NDArray[np.float32]
"""(digits, digits) correlation, 0 to 1, of those that are read alike; -1 for all other pairs."""


def likeness(segments: Sequence[Segment], digits: Sequence[int]) -> Likeness:
    """How alike each two equal digits are, whatever their size.

    Args:
        segments: The digits of a page.
        digits: What each is read as. A 1 is like nothing, and so is what is beyond 3000 digits.
    """
    labels = np.asarray(digits[: TUNED.most])
    found = np.full((len(segments), len(segments)), -1.0, np.float32)
    compared = np.flatnonzero(labels != _ONE)
    if len(compared):
        shapes = _shapes([segments[index] for index in compared.tolist()])
        for digit in set(labels[compared].tolist()):
            own = labels[compared] == digit
            found[np.ix_(compared[own], compared[own])] = shapes[own] @ shapes[own].T
    np.fill_diagonal(found, -1.0)
    return found


def _shapes(segments: Sequence[Segment]) -> NDArray[np.float32]:
    """Digits at one height, about their centres of mass, as vectors of length 1."""
    width, height, frame = TUNED.canvas_width_px, TUNED.canvas_height_px, TUNED.frame_px
    framed = np.empty((height + 2 * frame, len(segments), width + 2 * frame), np.uint8)
    for number, segment in enumerate(segments):
        around = (frame, frame, frame, frame)
        cv2.copyMakeBorder(
            _centred(segment), *around, cv2.BORDER_REFLECT_101, dst=framed[:, number]
        )
    # Side by side and softened at once; the frames keep them apart.
    soft = cv2.GaussianBlur(framed.reshape(len(framed), -1), (0, 0), TUNED.softened_px)
    inner = np.asarray(soft).reshape(framed.shape)[frame:-frame, :, frame:-frame]
    shapes = np.ascontiguousarray(inner.transpose(1, 0, 2), np.float32)
    vectors = shapes.reshape(len(segments), -1)
    vectors /= np.maximum(np.sqrt(np.einsum("dv,dv->d", vectors, vectors)), 1e-9)[:, None]
    return vectors


def _centred(segment: Segment) -> Image:
    """A digit at one height, with its centre of mass in the middle of a canvas."""
    height, width = segment.ink.shape
    scale = min(TUNED.height_px / height, TUNED.widest_px / width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    ink: Image = np.asarray(cv2.resize(segment.ink, size, interpolation=way), np.uint8)
    mass = cv2.moments(ink)
    total = max(mass["m00"], 1.0)
    canvas = TUNED.canvas_width_px, TUNED.canvas_height_px
    shift = (canvas[0] - 1) / 2 - mass["m10"] / total, (canvas[1] - 1) / 2 - mass["m01"] / total
    move = np.array([[1.0, 0.0, shift[0]], [0.0, 1.0, shift[1]]])
    return np.asarray(cv2.warpAffine(ink, move, canvas), np.uint8)
