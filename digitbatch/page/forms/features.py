"""Keypoints and descriptors (ORB) by which a page is found again on another scan of its form."""

from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.imaging.projective import Points, Projective, scaling, through
from digitbatch.types import Image


@dataclass(frozen=True, slots=True)
class FeatureTuning:
    """The numbers of keypoints; levels are of 255."""

    longer_px: int = 1000  # side of the pictures that are compared: print shows, grain does not
    most: int = 2000  # keypoints of a page
    blur_px: float = 1.0  # sigma, before they are looked for
    least_contrast: int = 10  # levels between a corner and what is around it
    paper_longer_px: int = 200  # side of the picture on which the paper's light is measured
    paper_level: int = 240  # of even paper
    darkest: int = 64  # levels below the paper: pale print says as much as black handwriting
    stroke_px: int = 7  # on the paper's picture nothing printed is wider


TUNED: Final = FeatureTuning()


@dataclass(frozen=True, slots=True)
class Features:
    """A page at the size at which pages are compared, and its keypoints with their descriptors."""

    even: Image = field(repr=False)  # (h, w) grey levels, paper even
    to_page: Projective = field(repr=False)  # from its pixels to the page's
    points: Points = field(repr=False)  # in pixels of the page
    angles_deg: NDArray[np.float64] = field(repr=False)  # (count,) which way each is turned
    sizes_px: NDArray[np.float64] = field(repr=False)  # (count,) how much of the page it is about
    descriptors: NDArray[np.uint8] = field(repr=False)  # (count, 32), as ORB has them


def find_features(pixels: Image) -> Features:
    """The keypoints of a page (E. Rublee et al., ORB: an efficient alternative to SIFT, 2011).

    ORB turns each keypoint's surroundings upright, so that pages on their side or head match, too.

    Args:
        pixels: (H, W) or (H, W, 3) uint8, dark on light.
    """
    gray = pixels if pixels.ndim == 2 else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))
    shrink = min(1.0, TUNED.longer_px / max(gray.shape))
    size = (max(1, round(gray.shape[1] * shrink)), max(1, round(gray.shape[0] * shrink)))
    small = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
    even = np.asarray(cv2.GaussianBlur(_even_paper(small), (0, 0), TUNED.blur_px), np.uint8)
    to_page = scaling(gray.shape[1] / size[0], gray.shape[0] / size[1])
    orb = cv2.ORB.create(TUNED.most, fastThreshold=TUNED.least_contrast)
    found, descriptors = orb.detectAndCompute(even, None)
    points = np.array([corner.pt for corner in found], np.float64).reshape(-1, 2)
    angles = np.array([corner.angle for corner in found], np.float64)
    sizes = np.array([corner.size for corner in found], np.float64) * to_page[0, 0]
    if not len(points):
        return Features(even, to_page, points, angles, sizes, np.zeros((0, 32), np.uint8))
    placed = through(to_page, points)
    return Features(even, to_page, placed, angles, sizes, np.asarray(descriptors, np.uint8))


def _even_paper(gray: Image) -> Image:
    """The page as if it lay in even light: flat-field correction."""
    scale = TUNED.paper_longer_px / max(gray.shape)
    size = (max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale)))
    paper = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    square = np.ones((TUNED.stroke_px, TUNED.stroke_px), np.uint8)
    paper = cv2.morphologyEx(paper, cv2.MORPH_CLOSE, square)
    paper = cv2.GaussianBlur(paper, (0, 0), TUNED.stroke_px)
    paper = cv2.resize(paper, gray.shape[::-1], interpolation=cv2.INTER_LINEAR)
    even = cv2.divide(gray, paper, scale=float(TUNED.paper_level))
    paper_level = TUNED.paper_level
    return np.asarray(np.clip(even, paper_level - TUNED.darkest, paper_level), np.uint8)
