"""From a colour page to levels: grey ones, or how much of its paper's light each pixel lacks.

The latter is illumination correction, and of a colour page a projection on the axis that parts ink
from paper best (Fisher's linear discriminant).
"""

from dataclasses import dataclass, replace
from typing import ClassVar, Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from digitbatch.imaging.bit_morphology import lone, packed
from digitbatch.imaging.light import Light, light_on, paper_level
from digitbatch.stages.base import PageStage, PixelKind, Sheet
from digitbatch.types import Image

_CHANNELS = {"red": 0, "green": 1, "blue": 2}


class Grayscale(PageStage):
    """Turn a colour page into grey levels; a page that is grey already passes as it is.

    `luminance` is how bright a person sees a colour (ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B).
    A single channel hides ink of its own colour and shows the others: `red` makes red rules vanish
    and keeps blue ink. `darkest` takes the lowest of the three, so that ink of any colour is dark.
    """

    op: Literal["grayscale"] = "grayscale"
    takes: ClassVar[frozenset[PixelKind]] = frozenset({"color", "gray"})
    gives: ClassVar[dict[PixelKind, PixelKind]] = {"color": "gray"}
    weights: Literal["luminance", "red", "green", "blue", "darkest"] = Field(
        default="luminance", description="How the three channels become one."
    )

    def __call__(self, sheet: Sheet) -> Sheet:
        """Return a gray sheet, (H, W) uint8, from color (H, W, 3) or gray (H, W)."""
        if sheet.kind == "gray":
            return sheet
        pixels = sheet.pixels
        if self.weights == "luminance":
            return sheet.with_pixels(
                np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8), "gray"
            )
        if self.weights == "darkest":
            return sheet.with_pixels(pixels.min(axis=2), "gray")
        channel = cv2.extractChannel(pixels, _CHANNELS[self.weights])
        return sheet.with_pixels(np.asarray(channel, np.uint8), "gray")


@dataclass(frozen=True, slots=True)
class Ink:
    """How ink, dots and the pen's colour are told from paper."""

    darkest_paper: int = 40  # below this a level is too close to black to tell ink from it
    dots: float = 0.004  # of the pixels: more lone black ones than this are no dirt but a grey
    dots_step: int = 7  # every so many pixels are looked at for levels between black and white
    dots_blur_px: float = 1.4  # makes levels of dots, and keeps strokes
    noise_step: int = 5  # of those pixels, every so many say how even the paper is
    sample_side_px: int = 250  # of the grid of pixels that the pen's colour is judged by
    noise: float = 0.12  # of the paper's light: what lacks less is paper,
    noise_times: int = 3  # or less than so many median lacks
    inked: float = 0.5  # of the darkest ink's lack: what lacks more is the pen's
    darkest_percent: float = 99.7  # of the pixels lack no more than the darkest ink
    least_px: int = 20  # of ink, and of paper, to know their colours
    trust: float = 0.02  # of the light: no channel is trusted beyond that
    own: float = 0.5  # of the weights is the pen's own colour


INK: Final = Ink()


class InkLevels(PageStage):
    """How much light the ink takes from its paper, in the colour in which the pen shows best.

    The paper's level at each place (shadows and all) is what is left when thin dark things are
    closed over and smoothed. Levels relative to it are the ink. Of a colour page, the mix of red,
    green and blue is taken that parts this page's ink from this page's paper best (Fisher's linear
    discriminant), so that a red or pale blue pen reads as well as a black one. Where greys are
    lone black dots, as on some faxes, the dots are smoothed to levels first.
    """

    op: Literal["ink_levels"] = "ink_levels"
    takes: ClassVar[frozenset[PixelKind]] = frozenset({"color", "gray"})
    gives: ClassVar[dict[PixelKind, PixelKind]] = {"color": "ink", "gray": "ink"}
    blur_px: float = Field(
        default=0.0, ge=0, le=20, description="Smoothing before anything else (sigma, in pixels)."
    )

    def __call__(self, sheet: Sheet) -> Sheet:
        """Return an ink sheet: (H, W) uint8, 0 where there is paper, 255 where no light is left."""
        pixels = sheet.pixels
        blur_px = self.blur_px or (INK.dots_blur_px if is_dithered(pixels) else 0.0)
        if blur_px > 0:
            pixels = np.asarray(cv2.GaussianBlur(pixels, (0, 0), blur_px), np.uint8)
        light = light_on(pixels, known=sheet.light)
        return replace(sheet, pixels=ink_levels(pixels, light), kind="ink", light=light)


def is_dithered(pixels: Image) -> bool:
    """Whether a page has two levels and shows greys as lone black dots, as some faxes do.

    `pixels`: (H, W) or (H, W, 3) uint8, dark ink on light paper.
    """
    some = pixels[:: INK.dots_step, :: INK.dots_step]
    if pixels.ndim == 3 or not ((some == 0) | (some == 255)).all():
        return False
    most = INK.dots * pixels.size
    bits = packed(pixels < 128)
    # Bytes with dots that no ink of their byte touches: no byte has more than four.
    if 4 * np.count_nonzero(bits & ~((bits >> 1) | (bits << 1))) <= most:
        return False
    return bool(np.count_nonzero(np.unpackbits(lone(bits))) > most)


def ink_levels(pixels: Image, light: Light | None = None) -> Image:
    """How much of the paper's light each pixel lacks.

    `pixels`: (H, W) or (H, W, 3) uint8, dark or coloured ink on lighter paper. `light`: On the
    paper; None: to be measured. Returns (H, W) uint8: 0 paper, 255 black.
    """
    light = light or light_on(pixels)
    if light.is_full and pixels.ndim == 2:
        return np.asarray(cv2.bitwise_not(pixels), np.uint8)
    paper = paper_level(pixels, light)
    floor = np.asarray(cv2.max(paper, np.full_like(paper, INK.darkest_paper)), np.uint8)
    lack = cv2.divide(cv2.subtract(paper, pixels), floor, scale=255.0)
    if pixels.ndim == 3:
        lack = cv2.transform(lack, _pen_direction(pixels, paper)[None].astype(np.float32))
    return np.asarray(lack, np.uint8)


def _pen_direction(pixels: Image, paper: Image) -> NDArray[np.float64]:
    """The weights of red, green and blue, summing to 1, that show this page's ink best."""
    step_y = max(1, pixels.shape[0] // INK.sample_side_px)
    step_x = max(1, pixels.shape[1] // INK.sample_side_px)
    seen, blank = (_channels(part[::step_y, ::step_x]) for part in (pixels, paper))
    lack = (blank - seen) / np.maximum(blank, np.float32(INK.darkest_paper))
    most = np.maximum(np.maximum(lack[0], lack[1]), lack[2])
    noise = max(INK.noise, INK.noise_times * float(np.median(np.abs(lack[:, :: INK.noise_step]))))
    inked = most > max(noise, INK.inked * float(np.percentile(most, INK.darkest_percent)))
    clean = most < noise
    if min(np.count_nonzero(inked), np.count_nonzero(clean)) < INK.least_px:
        return np.full(3, 1 / 3)
    pen = np.maximum(np.median(lack[:, inked], axis=1).astype(np.float64), 0)
    spread = np.cov(lack[:, clean]) + INK.trust**2 * np.eye(3)
    best = np.maximum(np.linalg.solve(spread, pen), 0)
    if best.sum() <= 0 or pen.sum() <= 0:
        return np.full(3, 1 / 3)
    # Some of it is the pen's own colour: the discriminant alone may rest on one noisy channel.
    weights: NDArray[np.float64] = (1 - INK.own) * best / best.sum() + INK.own * pen / pen.sum()
    return weights


def _channels(pixels: Image) -> NDArray[np.float32]:
    """(H, W, 3) as (3, H * W): what is done to each channel runs along memory."""
    return np.ascontiguousarray(pixels.reshape(-1, 3).T, np.float32)
