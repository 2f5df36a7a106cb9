"""What of a page can be found again on another scan of the same form."""

from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.imaging.projective import Points, Projective, scaling, through
from digitbatch.types import Image

SEARCH_PX: Final = (
    1000  # longer side of the pictures that are compared: print shows, grain does not
)
_MOST_FEATURES: Final = 2000
_BLUR_PX: Final = 1.0
_LEAST_CONTRAST: Final = 10  # of 255, between a corner and what is around it
_PAPER_SIDE_PX: Final = 200
_PAPER: Final = 240  # grey level of even paper
_DARKEST: Final = 64  # of 255, below the paper
_STROKE_PX: Final = 7  # on a picture of that size nothing printed is wider


@dataclass(frozen=True, slots=True)
class Features:
    """A page at the size at which pages are compared, and its corners with their surroundings."""

    even: Image = field(repr=False)  # (h, w) grey levels, paper even
    to_page: Projective = field(repr=False)  # from its pixels to the page's
    points: Points = field(repr=False)  # in pixels of the page
    angles_deg: NDArray[np.float64] = field(repr=False)  # (count,) which way each is turned
    sizes_px: NDArray[np.float64] = field(repr=False)  # (count,) how much of the page it is about
    descriptors: NDArray[np.uint8] = field(repr=False)  # (count, 32), as ORB has them


def find_features(pixels: Image) -> Features:
    """The corners of a page (E. Rublee et al., ORB: an efficient alternative to SIFT, 2011).

    ORB turns each corner's surroundings upright, so that pages on their side or head match, too.

    Args:
        pixels: (H, W) or (H, W, 3) uint8, dark on light.
    """
    gray = pixels if pixels.ndim == 2 else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))
    shrink = min(1.0, SEARCH_PX / max(gray.shape))
    size = (max(1, round(gray.shape[1] * shrink)), max(1, round(gray.shape[0] * shrink)))
    small = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
    even = np.asarray(cv2.GaussianBlur(_even_paper(small), (0, 0), _BLUR_PX), np.uint8)
    to_page = scaling(gray.shape[1] / size[0], gray.shape[0] / size[1])
    orb = cv2.ORB.create(_MOST_FEATURES, fastThreshold=_LEAST_CONTRAST)
    found, descriptors = orb.detectAndCompute(even, None)
    points = np.array([corner.pt for corner in found], np.float64).reshape(-1, 2)
    angles = np.array([corner.angle for corner in found], np.float64)
    sizes = np.array([corner.size for corner in found], np.float64) * to_page[0, 0]
    if not len(points):
        return Features(even, to_page, points, angles, sizes, np.zeros((0, 32), np.uint8))
    placed = through(to_page, points)
    return Features(even, to_page, placed, angles, sizes, np.asarray(descriptors, np.uint8))


def _even_paper(gray: Image) -> Image:
    """The page as if it lay in even light."""
    scale = _PAPER_SIDE_PX / max(gray.shape)
    size = (max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale)))
    paper = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    paper = cv2.morphologyEx(paper, cv2.MORPH_CLOSE, np.ones((_STROKE_PX, _STROKE_PX), np.uint8))
    paper = cv2.GaussianBlur(paper, (0, 0), _STROKE_PX)
    paper = cv2.resize(paper, gray.shape[::-1], interpolation=cv2.INTER_LINEAR)
    even = cv2.divide(gray, paper, scale=float(_PAPER))
    # Pale print says as much as black handwriting: darker than this is not seen.
    return np.asarray(np.clip(even, _PAPER - _DARKEST, _PAPER), np.uint8)
