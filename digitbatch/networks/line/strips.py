"""From the ink of some digits to the strip that the line network reads, in runs and training."""

from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np

from digitbatch.stages.centre import FAINT
from digitbatch.types import Image

STRIP_FORMAT: Final = 1
"""Version of what `make_strip` makes. Raised when strips change: older weights are then refused."""

STRIP_HEIGHT_PX: Final = 32
_INNER_PX: Final = 28  # height of the ink in it
_SIDE_PX: Final = 8  # paper on the left and on the right
_WIDEST_PX: Final = 1200
_STEP_PX: Final = 8  # widths are multiples of it: the network halves them, and few shapes are quick
_LEVEL: Final = 5.0  # how far a group is taken for level, in variances of its ink around the line


@dataclass(frozen=True, slots=True)
class Strip:
    """The ink of a group of digits, levelled and scaled to one height."""

    ink: Image = field(repr=False, compare=False)  # (32, width) uint8, ink up to 255 on 0
    scale: float  # pixels of the strip for each of the ink
    origin_px: float  # left edge of the ink's first column, on the strip

    def to_ink(self, x_px: float) -> float:
        """A place along the strip as one along the ink, both from the left edge."""
        return (x_px - self.origin_px) / self.scale

    def to_strip(self, x_px: float) -> float:
        """A place along the ink as one along the strip."""
        return x_px * self.scale + self.origin_px


def make_strip(ink: Image) -> Strip:
    """Level a group of digits and scale it to the strip's height; its width is free.

    Long groups are levelled by shearing them upright columns against each other, so that places
    along the ink stay what they are; the slope is that of the straight line through the ink. Short
    ones hardly are: a 7 before a 4 slopes without being askew.

    Args:
        ink: (height, width) uint8, light ink on black.

    Raises:
        ValueError: If `ink` holds no ink.
    """
    left, first, width, height = cv2.boundingRect(_marked(ink, FAINT))
    faintest = FAINT
    if not width:
        left, first, width, height = cv2.boundingRect(ink)
        faintest = 0
        if not width:
            raise ValueError("make_strip needs ink, got a picture of zeros")
    ink = ink[first : first + height, left : left + width]
    marked = _marked(ink, faintest)
    slope = _slope(marked)
    middle = width / 2
    columns = np.flatnonzero(marked.any(axis=0))
    shift = slope * (columns + 0.5 - middle)
    inked = marked[:, columns].view(np.bool_)
    top = float((inked.argmax(axis=0) - shift).min())
    foot = float((len(ink) - inked[::-1].argmax(axis=0) - shift).max())
    room = _WIDEST_PX - 2 * _SIDE_PX
    scale = min(_INNER_PX / (foot - top), room / width)
    size = max(1, round(width * scale)), max(1, round(len(ink) * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(np.ascontiguousarray(ink), size, interpolation=how)
    across, down = size[0] / width, size[1] / len(ink)
    lean = slope * down / across
    # Of each pixel's centre on the strip, the place on `small`: half pixels cancel but for these.
    y = down * top - (STRIP_HEIGHT_PX - down * (foot - top)) / 2
    y += lean * (0.5 - _SIDE_PX - middle * across)
    matrix = np.array([[1.0, 0.0, -_SIDE_PX], [lean, 1.0, y]])
    strip_width = -(-(size[0] + 2 * _SIDE_PX) // _STEP_PX) * _STEP_PX
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    strip = cv2.warpAffine(small, matrix, (strip_width, STRIP_HEIGHT_PX), flags=flags)
    return Strip(np.asarray(strip, np.uint8), across, _SIDE_PX - left * across)


def _marked(ink: Image, faintest: int) -> Image:
    """Where ink is darker than that, 1 on 0."""
    return np.asarray(cv2.threshold(ink, faintest, 1, cv2.THRESH_BINARY)[1], np.uint8)


def _slope(marked: Image) -> float:
    """Rows a column that the line through the ink falls, shrunk towards level for short groups."""
    moments = cv2.moments(marked)
    both, along, across = moments["mu11"], moments["mu20"], moments["mu02"]
    off_line = across - both**2 / max(along, 1.0)
    return float(both / max(along + _LEVEL * off_line, 1.0))
