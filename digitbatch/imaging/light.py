"""The illumination of a page's paper, shadows and all, as if nothing were written on it.

It is estimated on a small picture by a grey-level closing, which strokes do not survive, a median
and a Gaussian.
"""

from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np

from digitbatch.imaging.projective import halved
from digitbatch.types import Image


@dataclass(frozen=True, slots=True)
class PaperLight:
    """How the light on paper is measured."""

    side_px: int = 480  # paper and its shadows change slowly: they are measured on a small picture
    stroke_px: int = 11  # no pen stroke is wider than this on the small picture
    coarser: int = 2  # times as coarse is the picture on which its light is smoothed


PAPER_LIGHT: Final = PaperLight()


_BRIGHTEST: Final = 255


@dataclass(frozen=True, slots=True)
class Light:
    """What was measured of a page, and on what."""

    seen: Image = field(repr=False, compare=False)  # the page, halved until it was small
    size: tuple[int, int]  # width and height of the picture on which strokes were closed over
    levels: Image = field(repr=False, compare=False)  # (h, w[, 3]) of the paper, in less detail

    @property
    def is_full(self) -> bool:
        """Whether all of the paper is as bright as can be: a page's levels say all of its ink."""
        return int(self.levels.min()) == _BRIGHTEST


def light_on(
    pixels: Image, page_shape: tuple[int, ...] | None = None, known: Light | None = None
) -> Light:
    """Measure the light on a page.

    `pixels`: (H, W) or (H, W, 3) uint8, dark ink on light paper; the page, or halved. `page_shape`:
    Height and width of the page; None: `pixels` are all of it. `known`: What was measured before;
    it is returned where it would be the same again.
    """
    seen = pixels
    while (
        max(seen.shape) >= 2 * PAPER_LIGHT.side_px
    ):  # halving costs a tenth of any other reduction
        seen = halved(seen)
    height, width = (page_shape or pixels.shape)[:2]
    scale = min(1.0, PAPER_LIGHT.side_px / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if known is not None and known.size == size and np.array_equal(known.seen, seen):
        return known
    return Light(seen, size, _without_ink(seen, size))


def _without_ink(seen: Image, size: tuple[int, int]) -> Image:
    small = np.asarray(cv2.resize(seen, size, interpolation=cv2.INTER_AREA), np.uint8)
    stroke = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (PAPER_LIGHT.stroke_px,) * 2)
    small = np.asarray(cv2.morphologyEx(small, cv2.MORPH_CLOSE, stroke), np.uint8)
    # Without ink a coarser picture says as much.
    coarser = PAPER_LIGHT.coarser
    size = (-(-size[0] // coarser), -(-size[1] // coarser))
    if small.min() == small.max():  # as on most pages of two levels: nothing to be smoothed
        return small[: size[1], : size[0]]
    small = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_AREA), np.uint8)
    small = np.asarray(cv2.medianBlur(small, 2 * (PAPER_LIGHT.stroke_px // coarser) + 1), np.uint8)
    sigma_px = PAPER_LIGHT.stroke_px / 2 / coarser
    return np.asarray(cv2.GaussianBlur(small, (0, 0), sigma_px), np.uint8)


def paper_level(pixels: Image, light: Light | None = None) -> Image:
    """The paper's own level at each pixel, as if nothing were written on it.

    `pixels`: (H, W) or (H, W, 3) uint8, dark ink on light paper. `light`: On it; None: to be
    measured. Returns the same shape, uint8.
    """
    levels = (light or light_on(pixels)).levels
    size = pixels.shape[1::-1]
    return np.asarray(cv2.resize(levels, size, interpolation=cv2.INTER_LINEAR), np.uint8)
