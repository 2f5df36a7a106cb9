"""From a picture of a digit in any frame to the crop that a run would cut of it.

Paper is taken away, dark ink on light paper is inverted, then the function that centres the crops
of a run does the rest. MNIST's own digits go that way too: a run knows no other.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.stages.crops import center_crop
from digitbatch.types import Image


@dataclass(frozen=True, slots=True)
class Framing:
    """How ink is told from paper. Levels are grey levels."""

    contrast: int = 16  # fewer levels than this between ink and paper are none
    full_ink: int = 200  # as strong on black needs no stretching
    sure: float = 0.95  # so much of the border is paper where nothing touches it
    sure_of_set: float = 0.05  # so much of a set that is sure decides for the rest of it
    grain: float = 3.0  # standard deviations of the paper's levels that are paper too


_FRAMING: Final = Framing()


@dataclass(frozen=True, slots=True)
class _Framed:
    dark: bool | None  # whether its ink is surely dark; None: cannot be said from it alone
    light_border: float  # share of the border that is light
    as_light: Image | None  # the crop if its ink is light; None: blank then, or not asked for
    as_dark: Image | None


class Framer:
    """Frames pictures one by one, and decides at the end for those that alone leave it open.

    A digit that is stretched to fill its frame touches the border all around, and a 1 may be little
    but ink: whether ink is dark or light is then what it is in the rest of the set.
    """

    def __init__(self) -> None:
        self._framed: list[_Framed] = []
        self.inverted = 0  # after `crops`: how many had dark ink

    def add(self, picture: Image) -> None:
        """Take one picture, (height, width) uint8, neither side 0."""
        dark, light_border = _polarity(picture)
        as_light = None if dark is True else frame(picture, dark_ink=False)
        as_dark = None if dark is False else frame(picture, dark_ink=True)
        self._framed.append(_Framed(dark, light_border, as_light, as_dark))

    def crops(self) -> list[Image | None]:
        """One crop for each picture, (28, 28) uint8, ink up to 255 on 0; None: it has no ink."""
        mostly_dark = self._mostly_dark()
        crops = []
        self.inverted = 0
        for framed in self._framed:
            dark = mostly_dark if framed.dark is None else framed.dark
            self.inverted += dark
            crops.append(framed.as_dark if dark else framed.as_light)
        return crops

    def _mostly_dark(self) -> bool:
        sure = [framed.dark for framed in self._framed if framed.dark is not None]
        if len(sure) / max(1, len(self._framed)) > _FRAMING.sure_of_set:
            return sum(sure) * 2 > len(sure)
        borders = [framed.light_border for framed in self._framed]
        return bool(borders) and float(np.mean(borders)) > 0.5


def frame(picture: Image, *, dark_ink: bool = False) -> Image | None:
    """Bring one digit, (height, width) uint8 on paper of any grey, into the frame of a run's crops.

    Returns:
        (28, 28) uint8, ink up to 255 on 0; None if there is no ink.
    """
    light = 255 - picture if dark_ink else picture
    ink = _without_paper(light)
    return center_crop(ink) if ink.any() else None


def _border(picture: Image) -> NDArray[np.uint8]:
    return np.concatenate([picture[0], picture[-1], picture[1:-1, 0], picture[1:-1, -1]])


def _polarity(picture: Image) -> tuple[bool | None, float]:
    """Whether the ink is surely dark (None: not sure), and the share of the border that is light.

    Sure is a picture whose border is paper all around and whose ink is inside.
    """
    low, high = int(picture.min()), int(picture.max())
    if high - low < _FRAMING.contrast:
        return None, 0.0  # nothing to tell ink by: light on black, as files of digits mostly are
    light = picture > (low + high) / 2
    border = _border(light.astype(np.uint8))
    share = float(border.mean())
    for dark, paper in ((True, share), (False, 1 - share)):
        if paper >= _FRAMING.sure:
            ink_px = int((~light if dark else light).sum())
            ink_at_border_px = round((1 - paper) * border.size)
            if ink_px > 2 * ink_at_border_px:
                return dark, share
    return None, share


def _without_paper(light: Image) -> Image:
    """Take the grey of the paper and its grain away and let the ink reach up to 255, if pale."""
    low, high = int(light.min()), int(light.max())
    black = low == 0 and high >= _FRAMING.full_ink and np.median(_border(light)) == 0
    if black or high - low < _FRAMING.contrast:
        return light
    border = _border(light).astype(np.float64)
    paper = border[border <= (low + high) / 2]
    if not paper.size:
        paper = np.array([float(low)])  # ink all around
    level = float(np.median(paper))
    # Standard deviations as a robust estimate has them.
    level += _FRAMING.grain * 1.4826 * float(np.median(np.abs(paper - level)))
    level = min(level, (low + high) / 2)
    ink = (light.astype(np.float64) - level) * (255 / (high - level))
    return np.asarray(np.clip(np.rint(ink), 0, 255), np.uint8)
