"""The hue of ink: what it takes from the paper's light, whatever the strength of the stroke.

That is a direction in the space of red, green and blue. JPEG keeps colour at half of the
resolution, so a pixel has the mean hue of its neighbours.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.types import Image


@dataclass(frozen=True, slots=True)
class HueView:
    """Over how much a hue is seen."""

    blur_px: int = 3
    grain_px: int = 15  # paper is what is lightest within so much,
    paper_px: int = 31  # in the mean over so much
    darkest_paper: int = 40  # level of 255


VIEW: Final = HueView()


def hues_of(rgb: Image, at: NDArray[np.bool_]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The hue of some pixels of a page, and how much of the paper's light each takes.

    `rgb`: (H, W, 3) uint8. `at`: (H, W), the pixels that are asked about. Returns (count, 2)
    float32, red against blue and green against both; (count,) float32, 0 to 1.
    """
    grain = np.ones((VIEW.grain_px, VIEW.grain_px), np.uint8)
    lightest = cv2.dilate(cv2.medianBlur(rgb, VIEW.blur_px), grain)
    paper = cv2.blur(lightest, (VIEW.paper_px, VIEW.paper_px))[at]
    seen = cv2.blur(rgb, (VIEW.blur_px, VIEW.blur_px))[at]
    light = np.maximum(paper, VIEW.darkest_paper).astype(np.float32)
    lack = np.clip((light - seen) / light, 0, 1)
    strength = np.asarray(lack.mean(axis=1), np.float32)
    red, green, blue = (lack / np.maximum(strength, 0.02)[:, None]).T
    hues = np.stack([red - blue, green - (red + blue) / 2], axis=1)
    return np.asarray(hues, np.float32), strength
