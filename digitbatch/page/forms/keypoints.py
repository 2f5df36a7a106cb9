"""Keypoints of a page (ORB), and their matches on another scan of its form (a Hough transform)."""

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


FEATURES: Final = FeatureTuning()


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

    `pixels`: (H, W) or (H, W, 3) uint8, dark on light.
    """
    gray = pixels if pixels.ndim == 2 else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))
    shrink = min(1.0, FEATURES.longer_px / max(gray.shape))
    size = (max(1, round(gray.shape[1] * shrink)), max(1, round(gray.shape[0] * shrink)))
    small = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
    even = np.asarray(cv2.GaussianBlur(_even_paper(small), (0, 0), FEATURES.blur_px), np.uint8)
    to_page = scaling(gray.shape[1] / size[0], gray.shape[0] / size[1])
    orb = cv2.ORB.create(FEATURES.most, fastThreshold=FEATURES.least_contrast)
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
    scale = FEATURES.paper_longer_px / max(gray.shape)
    size = (max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale)))
    paper = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    square = np.ones((FEATURES.stroke_px, FEATURES.stroke_px), np.uint8)
    paper = cv2.morphologyEx(paper, cv2.MORPH_CLOSE, square)
    paper = cv2.GaussianBlur(paper, (0, 0), FEATURES.stroke_px)
    paper = cv2.resize(paper, gray.shape[::-1], interpolation=cv2.INTER_LINEAR)
    even = cv2.divide(gray, paper, scale=float(FEATURES.paper_level))
    paper_level = FEATURES.paper_level
    return np.asarray(np.clip(even, paper_level - FEATURES.darkest, paper_level), np.uint8)


@dataclass(frozen=True, slots=True)
class MatchTuning:
    """The numbers of the Hough transform."""

    neighbours: int = 3  # best matches of each keypoint that are heard
    farthest_bits: int = 64  # of 256: descriptors that differ in more are not alike
    turn_bin_deg: int = 5  # of the histogram of turns
    turn_near_deg: float = 12.0  # a match this near to a turn votes for it
    turns: int = 2  # likeliest turns that are tried
    scale_log: float = 0.7  # farthest scale that is tried: logarithm of the scan's over the form's
    scale_step_log: float = 0.1  # from one such scale to the next
    scale_near_log: float = (
        0.3  # a match this near to a scale votes for it: ORB's steps are a fifth
    )
    shift_bin: float = 0.03  # of the histogram of shifts, in longer sides of the scan
    least_votes: int = 8  # fewer say nothing


MATCHING: Final = MatchTuning()

Pairs = tuple[Points, Points]


def matches(form: Features, scan: Features) -> Pairs:
    """Keypoints of a form and where on a scan they are, most of them inliers.

    Boxes and letters are on a form many times, so one match says little, also where it is clearly
    better than the second best. But right matches agree about how the form lies: each votes for a
    turn, a scale and a shift, and those of the fullest bin are taken (D. Ballard, Generalizing the
    Hough transform to detect arbitrary shapes, 1981; D. Lowe, Distinctive image features from
    scale-invariant keypoints, 2004).

    Returns (count, 2) pixels of the form and of the scan; none where nothing agrees.
    """
    nothing = np.zeros((0, 2)), np.zeros((0, 2))
    if min(len(form.points), len(scan.points)) < MATCHING.neighbours:
        return nothing
    found = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(
        form.descriptors, scan.descriptors, k=MATCHING.neighbours
    )
    good = [pair for pairs in found for pair in pairs if pair.distance < MATCHING.farthest_bits]
    if len(good) < MATCHING.least_votes:
        return nothing
    here = np.array([pair.queryIdx for pair in good])
    there = np.array([pair.trainIdx for pair in good])
    turns = (scan.angles_deg[there] - form.angles_deg[here]) % 360
    scales = np.log(scan.sizes_px[there] / form.sizes_px[here])
    bin_px = MATCHING.shift_bin * float(scan.to_page[0, 0]) * max(scan.even.shape)
    # What the form is larger by in pixels alone is no scale of the paper.
    usual = float(scan.to_page[0, 0] * max(scan.even.shape)) / float(
        form.to_page[0, 0] * max(form.even.shape)
    )
    best: tuple[float, NDArray[np.int64]] = (MATCHING.least_votes - 0.5, np.zeros(0, np.int64))
    for turn in _likely_turns(turns):
        near = np.abs((turns - turn + 180) % 360 - 180) < MATCHING.turn_near_deg
        angle = np.radians(turn)
        rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        for scale in usual * _scales():
            voting = np.flatnonzero(
                near & (np.abs(scales - np.log(scale)) < MATCHING.scale_near_log)
            )
            if len(voting) < MATCHING.least_votes:
                continue
            shifts = scan.points[there[voting]] - scale * form.points[here[voting]] @ rotation.T
            votes, agreeing = _fullest(shifts, bin_px)
            if votes > best[0]:
                best = votes, voting[agreeing]
    return form.points[here[best[1]]], scan.points[there[best[1]]]


def _scales() -> NDArray[np.float64]:
    """The sizes of the scan over the form's that are tried."""
    farthest = MATCHING.scale_log
    return np.asarray(
        np.exp(np.arange(-farthest, farthest + 0.01, MATCHING.scale_step_log)), np.float64
    )


def _likely_turns(turns_deg: NDArray[np.float64]) -> list[float]:
    """The turns that most matches are for, in degrees."""
    bin_deg = MATCHING.turn_bin_deg
    bins = 360 // bin_deg
    counts = np.bincount((turns_deg // bin_deg).astype(np.int64) % bins, minlength=bins)
    smooth = counts + np.roll(counts, 1) + np.roll(counts, -1)
    order = np.argsort(-smooth, kind="stable")[: MATCHING.turns]
    return [float(index * bin_deg + bin_deg / 2) for index in order]


def _fullest(shifts: Points, bin_px: float) -> tuple[float, NDArray[np.bool_]]:
    """The votes in the fullest three by three bins, and which shifts lie in or beside them."""
    at = np.floor(shifts / bin_px).astype(np.int64)
    at -= at.min(axis=0)
    counts = np.zeros(at.max(axis=0) + 1, np.float32)
    np.add.at(counts, (at[:, 0], at[:, 1]), 1)
    around = cv2.boxFilter(counts, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
    peak = np.array(np.unravel_index(int(around.argmax()), around.shape))
    return float(around.max()), np.asarray((np.abs(at - peak) <= 2).all(axis=1))
