"""Pages as the ink network sees them: one size, paper at one level, whatever light fell on it.

A page that a run reads and a made page that training learns from go through the same function.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.imaging.projective import halved
from digitbatch.types import Image

INK_FORMAT: Final = 1
"""Version of these pictures: weights that read others cannot be used."""

TILE_PX: Final = 32
"""Heights and widths are multiples of it."""

PAPER_LEVEL: Final = 128


@dataclass(frozen=True, slots=True)
class InkView:
    """How a page is brought to what the network sees."""

    area_px: int = 1_000_000  # an A4 page becomes 1190 x 840: the cost is the same for all pages
    least_side_px: int = 288  # the longer side of small pictures is brought up to it
    coarser: int = 8  # the paper's level is found on a picture so much smaller, ...
    around_px: int = 21  # ... as the median of so many of its pixels along and across
    darkest_share: float = 0.004  # of the pixels differ from paper more than the spread, ...
    least_spread: float = 22.0  # ... which is this many levels at least: grain is not blown up
    most_spread: float = 170.0
    reach: float = 96.0  # levels that the spread becomes


INK_VIEW: Final = InkView()


@dataclass(frozen=True, slots=True)
class InkPicture:
    """A page as the network sees it."""

    levels: Image  # (3, H, W) uint8, R, G, B, paper about 128; H, W multiples of 32
    height: int  # of the page within it; beyond it its edge is repeated
    width: int
    scale: float  # pixels here for each of the page


def ink_picture(pixels: Image, scale: float | None = None) -> InkPicture:
    """Bring a page to what the network sees.

    The paper's own level around each place is taken off, channel by channel: shadows and tints go,
    the colour of a pen stays. It is a median, so that light ink on a dark page stays ink as well.

    Args:
        pixels: (H, W) or (H, W, 3) uint8.
        scale: Pixels of the picture for each of the page; None: as `InkView` says.
    """
    height, width = pixels.shape[:2]
    scale = _scale(height, width) if scale is None else scale
    size = max(1, round(width * scale)), max(1, round(height * scale))
    # Halving and then interpolating costs a fifth of means over areas of any size.
    while min(pixels.shape[0] / size[1], pixels.shape[1] / size[0]) >= 2:
        pixels = halved(pixels)
    if size != pixels.shape[1::-1]:
        mode = cv2.INTER_LINEAR if scale < 1 else cv2.INTER_CUBIC
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=mode), np.uint8)
    below, right = -size[1] % TILE_PX, -size[0] % TILE_PX
    if below or right:
        padded = cv2.copyMakeBorder(pixels, 0, below, 0, right, cv2.BORDER_REPLICATE)
        pixels = np.asarray(padded, np.uint8)
    levels = _levelled(pixels)
    planes = cv2.split(levels) if levels.ndim == 3 else [levels] * 3
    return InkPicture(np.stack(planes).astype(np.uint8, copy=False), size[1], size[0], scale)


def _scale(height: int, width: int) -> float:
    view = INK_VIEW
    longer = max(height, width)
    if longer < view.least_side_px:
        return view.least_side_px / longer
    return float(min(1.0, (view.area_px / (height * width)) ** 0.5))


def _levelled(pixels: Image) -> Image:
    view = INK_VIEW
    height, width = pixels.shape[:2]
    small = cv2.resize(
        pixels, (width // view.coarser, height // view.coarser), interpolation=cv2.INTER_AREA
    )
    paper = cv2.resize(
        cv2.medianBlur(small, view.around_px), (width, height), interpolation=cv2.INTER_LINEAR
    )
    some, there = pixels[::4, ::4], paper[::4, ::4]
    differs = np.asarray(cv2.absdiff(some, there)).reshape(-1)
    counts = np.bincount(differs, minlength=256)
    above = np.cumsum(counts[::-1])[::-1]
    spread = float(np.searchsorted(-above, -view.darkest_share * len(differs)))
    gain = view.reach / float(np.clip(spread, view.least_spread, view.most_spread))
    return np.asarray(cv2.addWeighted(pixels, gain, paper, -gain, PAPER_LEVEL), np.uint8)


def log_probabilities(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of each class, (5, h, w)."""
    shifted = logits - logits.max(axis=0)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=0)), np.float32)
