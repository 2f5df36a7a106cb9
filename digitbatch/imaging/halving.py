"""Half of a page's width and height: no other reduction is nearly as quick."""

import cv2
import numpy as np

from digitbatch.types import Image


def halved(pixels: Image) -> Image:
    """A page of half the width and height; an odd last row or column is left out."""
    height, width = (max(1, side // 2) for side in pixels.shape[:2])
    even = pixels[: 2 * height, : 2 * width]
    return np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
