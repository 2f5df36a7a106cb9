"""Line normalisation: the ink of some digits, sheared level and scaled to the height of a strip.

Runs and training make the strips that the line network reads by this one function.
"""

from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np

from digitbatch.stages.crops import FAINT
from digitbatch.types import Image

STRIP_FORMAT: Final = 1
"""Version of what `make_strip` makes. Raised when strips change: older weights are then refused."""

STRIP_HEIGHT_PX: Final = 32


@dataclass(frozen=True, slots=True)
class StripShape:
    """What a strip looks like; weights are trained on it, so each belongs to `STRIP_FORMAT`."""

    inner_px: int = 28  # height of the ink in it
    side_px: int = 8  # paper on the left and on the right
    widest_px: int = 1200
    step_px: int = 8  # widths are multiples: the network halves them, and few shapes are quick
    level: float = 5.0  # how far a group is taken for level, in variances of its ink off the line


SHAPE: Final = StripShape()


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
    room = SHAPE.widest_px - 2 * SHAPE.side_px
    scale = min(SHAPE.inner_px / (foot - top), room / width)
    size = max(1, round(width * scale)), max(1, round(len(ink) * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(np.ascontiguousarray(ink), size, interpolation=how)
    across, down = size[0] / width, size[1] / len(ink)
    lean = slope * down / across
    # Of each pixel's centre on the strip, the place on `small`: half pixels cancel but for these.
    y = down * top - (STRIP_HEIGHT_PX - down * (foot - top)) / 2
    y += lean * (0.5 - SHAPE.side_px - middle * across)
    matrix = np.array([[1.0, 0.0, -SHAPE.side_px], [lean, 1.0, y]])
    strip_width = -(-(size[0] + 2 * SHAPE.side_px) // SHAPE.step_px) * SHAPE.step_px
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    strip = cv2.warpAffine(small, matrix, (strip_width, STRIP_HEIGHT_PX), flags=flags)
    return Strip(np.asarray(strip, np.uint8), across, SHAPE.side_px - left * across)


def _marked(ink: Image, faintest: int) -> Image:
    """Where ink is darker than that, 1 on 0."""
    return np.asarray(cv2.threshold(ink, faintest, 1, cv2.THRESH_BINARY)[1], np.uint8)


def _slope(marked: Image) -> float:
    """Rows a column that the line through the ink falls, shrunk towards level for short groups."""
    moments = cv2.moments(marked)
    both, along, across = moments["mu11"], moments["mu20"], moments["mu02"]
    off_line = across - both**2 / max(along, 1.0)
    return float(both / max(along + SHAPE.level * off_line, 1.0))
