"""The illumination of the desk that paper lies on, and what is brighter.

It is a quadratic surface in each colour channel, fitted to the picture's rim by least squares that
leave outliers out.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.types import Image


@dataclass(frozen=True, slots=True)
class Desk:
    """How a desk looks, and paper on it."""

    least_brighter: float = 20.0  # levels, in one colour, of paper against the desk under it
    fit_px: int = 120  # longer side of the picture that the desk's light is fitted on
    rim_part: float = 0.05  # of the picture's sides, on each side
    stroke_part: float = 0.02  # of the longer side: ink and rules on paper are thinner
    same: float = 3.0  # deviations from the desk's light within which the rim is desk
    least_same: float = 0.75  # of the rim that must be
    most_uneven: float = 14.0  # levels; a rim that is less even shows more than a desk
    least_part: float = 0.05  # of the picture; less is no sheet
    clearly: float = 3.5  # deviations of the desk that paper is brighter, too
    rounds: int = 4  # of fits, each without what the one before found to lie on the desk


DESK: Final = Desk()


_SIGMAS: Final = 1.4826  # a normal distribution's standard deviation, in median deviations


def above_desk(small: Image) -> Image | None:
    """How much brighter than the desk each pixel is, in the colour in which that is most.

    A desk is taken to lie all along the picture's rim, lit unevenly but smoothly: its light in each
    colour is a square function of the place. Paper need not be brighter on the whole: in red light,
    white paper is much brighter than a green cloth.

    `small`: (h, w) or (h, w, 3) uint8, a small picture. Returns (h, w) uint8; None where the rim
    shows no desk, or hardly anything is clearly brighter.
    """
    tiny = _without_ink(_fit_size(small))
    places = _places(tiny.shape[0], tiny.shape[1])
    rim = np.ones(tiny.shape[:2], np.bool_)
    down, across = (max(2, round(DESK.rim_part * side)) for side in tiny.shape[:2])
    rim[down:-down, across:-across] = False
    fits = []
    for levels in _channels(tiny):
        fit = _fitted(places[rim], levels[rim])
        if fit is None:
            return None
        fits.append(fit)
    factors = [factor for factor, _ in fits]
    clear = max(DESK.least_brighter, DESK.clearly * max(deviation for _, deviation in fits))
    if np.mean(_above(tiny, factors) >= clear) < DESK.least_part:
        return None
    return np.asarray(np.clip(_above(_without_ink(small), factors), 0, 255), np.uint8)


def _fit_size(small: Image) -> Image:
    factor = DESK.fit_px / max(small.shape[:2])
    if factor >= 1:
        return small
    return np.asarray(
        cv2.resize(small, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8
    )


def _without_ink(picture: Image) -> Image:
    side = max(3, round(DESK.stroke_part * max(picture.shape[:2])) | 1)
    return np.asarray(
        cv2.morphologyEx(picture, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8)), np.uint8
    )


def _channels(picture: Image) -> list[NDArray[np.float32]]:
    parts = [picture] if picture.ndim == 2 else cv2.split(picture)
    return [np.asarray(part, np.float32) for part in parts]


def _places(height: int, width: int) -> NDArray[np.float32]:
    """(height, width, 6): the square functions of a place that a desk's light is made of."""
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    parts = np.broadcast_arrays(np.float32(1), x, y, x * y, x * x, y * y)
    return np.stack([np.broadcast_to(part, (height, width)) for part in parts], axis=-1)


def _above(picture: Image, factors: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    places = _places(*picture.shape[:2])
    above = np.zeros(picture.shape[:2], np.float32)
    for levels, factor in zip(_channels(picture), factors, strict=True):
        np.maximum(above, levels - places @ factor, out=above)
    return above


def _fitted(
    places: NDArray[np.float32], levels: NDArray[np.float32]
) -> tuple[NDArray[np.float32], float] | None:
    """The light of the rim and the deviation from it, without the little that lies on the desk."""
    same = np.ones(len(levels), np.bool_)
    factors = np.zeros(places.shape[-1], np.float32)
    deviation = 0.0
    for _ in range(DESK.rounds):
        solved, *_ = np.linalg.lstsq(places[same], levels[same], rcond=None)
        factors = np.asarray(solved, np.float32)
        away = np.abs(levels - places @ factors)
        deviation = max(1.0, _SIGMAS * float(np.median(away[same])))
        same = away <= DESK.same * deviation
        if deviation > DESK.most_uneven or np.count_nonzero(same) < DESK.least_same * len(levels):
            return None
    return factors, deviation
