"""What of a page can be found again on another scan of the same form."""

from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.template.geometry import Points, Projective, scaling, through
from digitbatch.types import Image

SEARCH_PX: Final = (
    1000  # longer side of the pictures that are compared: print shows, grain does not
)
_MOST_FEATURES: Final = 2000
_BLUR_PX: Final = 1.0
_LEAST_CONTRAST: Final = 10  # of 255, between a corner and what is around it
_RATIO: Final = 0.8  # of the best match's distance to the second's: repeated print matches nowhere
_PAPER_SIDE_PX: Final = 200
_STROKE_PX: Final = 7  # on a picture of that size nothing printed is wider


@dataclass(frozen=True, slots=True)
class Features:
    """A page at the size at which pages are compared, and its corners with their surroundings."""

    even: Image = field(repr=False)  # (h, w) grey levels, paper even
    to_page: Projective = field(repr=False)  # from its pixels to the page's
    points: Points = field(repr=False)  # in pixels of the page
    descriptors: NDArray[np.uint8] = field(repr=False)  # (count, 32), as ORB has them


def find_features(pixels: Image, hidden: NDArray[np.bool_] | None = None) -> Features:
    """The corners of a page (E. Rublee et al., ORB: an efficient alternative to SIFT, 2011).

    ORB turns each corner's surroundings upright, so that pages on their side or head match, too.

    Args:
        pixels: (H, W) or (H, W, 3) uint8, dark on light.
        hidden: (H, W) where nothing is looked for.
    """
    gray = pixels if pixels.ndim == 2 else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))
    shrink = min(1.0, SEARCH_PX / max(gray.shape))
    size = (max(1, round(gray.shape[1] * shrink)), max(1, round(gray.shape[0] * shrink)))
    small = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
    even = np.asarray(cv2.GaussianBlur(_even_paper(small), (0, 0), _BLUR_PX), np.uint8)
    to_page = scaling(gray.shape[1] / size[0], gray.shape[0] / size[1])
    mask = None
    if hidden is not None:
        shown = np.asarray(~hidden, np.uint8) * 255
        mask = np.asarray(cv2.resize(shown, size, interpolation=cv2.INTER_NEAREST), np.uint8)
    orb = cv2.ORB.create(_MOST_FEATURES, fastThreshold=_LEAST_CONTRAST)
    found, descriptors = orb.detectAndCompute(even, mask)
    points = np.array([corner.pt for corner in found], np.float64).reshape(-1, 2)
    if not len(points):
        return Features(even, to_page, points, np.zeros((0, 32), np.uint8))
    return Features(even, to_page, through(to_page, points), np.asarray(descriptors, np.uint8))


def matches(one: Features, other: Features) -> tuple[Points, Points]:
    """Points of one page and where on the other they seem to be; many of them wrong.

    A match counts where it is clearly better than the second best (D. Lowe, Distinctive image
    features from scale-invariant keypoints, 2004).
    """
    if len(one.points) < 2 or len(other.points) < 2:
        return np.zeros((0, 2)), np.zeros((0, 2))
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(one.descriptors, other.descriptors, k=2)
    good = [a for a, b in pairs if a.distance < _RATIO * b.distance]
    return (
        one.points[[match.queryIdx for match in good]].reshape(-1, 2),
        other.points[[match.trainIdx for match in good]].reshape(-1, 2),
    )


def _even_paper(gray: Image) -> Image:
    """The page as if it lay in even light."""
    scale = _PAPER_SIDE_PX / max(gray.shape)
    size = (max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale)))
    paper = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    paper = cv2.morphologyEx(paper, cv2.MORPH_CLOSE, np.ones((_STROKE_PX, _STROKE_PX), np.uint8))
    paper = cv2.GaussianBlur(paper, (0, 0), _STROKE_PX)
    paper = cv2.resize(paper, gray.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.divide(gray, paper, scale=240.0), np.uint8)
