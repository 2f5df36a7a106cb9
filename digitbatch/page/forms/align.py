"""The reference page of a form, and where it lies on a scan: an affine map or a homography."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.errors import ConfigError, PageError
from digitbatch.imaging.projective import (
    Points,
    Projective,
    local_scale,
    projective,
    through,
    warped,
)
from digitbatch.inputs import InputOptions, SourceFile, open_source
from digitbatch.page.forms.keypoints import Features, find_features, matches
from digitbatch.types import Fractions, Image, Page


@dataclass(frozen=True, slots=True)
class ReferenceTuning:
    """What of a reference page is print; pixels are those of the picture that is compared."""

    line_of_height: float = 0.6  # of a zone: straight lines from this length on are print
    shortest_line_px: int = 9  # shorter ones are not, in no zone
    least_ink: int = 25  # levels of 255 that ink is darker than the zone's paper
    around_line_px: int = 5  # side of the square by which lines are widened
    most_marks: int = 400  # points that are followed
    mark_quality: float = 0.02  # of the clearest corner's
    marks_apart_px: int = 8  # at least
    mark_block_px: int = 5  # side of the square that makes a corner
    kept_pages: int = 16  # references that a process keeps


REFERENCE: Final = ReferenceTuning()


@dataclass(frozen=True, slots=True)
class Reference:
    """A form as it is printed, known from one page of it, which may be filled in.

    Nothing says which of its ink is print. But what is written into a form is written into its
    zones, and there only long straight lines are taken for print: the points that are followed and
    the measure of fit keep to them. What is written elsewhere (a name, a signature) is not found
    again on a scan, and drops out of the fit as any other wrong match does.
    """

    pixels: Image = field(repr=False, compare=False)  # (H, W) or (H, W, 3)
    dpi: float | None
    features: Features = field(repr=False, compare=False)
    marks: Points = field(repr=False, compare=False)  # printed points, on the small picture
    shown: NDArray[np.bool_] = field(repr=False, compare=False)  # of the small picture: print


def make_reference(page: Page, zones: Sequence[Fractions]) -> Reference:
    """A reference from a page and the places of its zones."""
    features = find_features(page.pixels)
    shown = _print(features.even, zones)
    marks: Any = cv2.goodFeaturesToTrack(
        features.even, REFERENCE.most_marks, REFERENCE.mark_quality, REFERENCE.marks_apart_px,
        mask=np.asarray(shown, np.uint8), blockSize=REFERENCE.mark_block_px,
    )  # fmt: skip
    points = np.zeros((0, 2)) if marks is None else np.asarray(marks, np.float64).reshape(-1, 2)
    return Reference(page.pixels, page.dpi, features, points, shown)


def _print(even: Image, zones: Sequence[Fractions]) -> NDArray[np.bool_]:
    """Where there may be print: outside of the zones, and along the straight lines in them."""
    height, width = even.shape
    shown = np.ones((height, width), np.bool_)
    around = np.ones((REFERENCE.around_line_px, REFERENCE.around_line_px), np.uint8)
    for left, top, right, bottom in zones:
        rows = slice(round(top * height), max(round(top * height) + 1, round(bottom * height)))
        columns = slice(round(left * width), max(round(left * width) + 1, round(right * width)))
        inside = even[rows, columns]
        ink = np.asarray(inside < np.median(inside) - REFERENCE.least_ink, np.uint8)
        length = max(REFERENCE.shortest_line_px, round(REFERENCE.line_of_height * inside.shape[0]))
        lines = np.zeros_like(ink)
        for shape in ((1, length), (length, 1)):
            lines |= np.asarray(cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones(shape, np.uint8)))
        shown[rows, columns] = cv2.dilate(lines, around) > 0
    return shown


@lru_cache(maxsize=REFERENCE.kept_pages)
def load_page(path: Path, number: int, options: InputOptions) -> Page:
    """Read the page that a template names; kept, for it is the same for every scan.

    Raises:
        ConfigError: If it cannot be read.
    """
    try:
        with open_source(SourceFile(path, path.name), options) as source:
            return source.read(number)
    except PageError as error:
        raise ConfigError(f"template: {path}, page {number}: {error}") from error


@lru_cache(maxsize=REFERENCE.kept_pages)
def load_reference(
    path: Path, number: int, options: InputOptions, zones: tuple[Fractions, ...]
) -> Reference:
    """The reference that a template names; kept, for it is the same for every scan.

    Raises:
        ConfigError: If it cannot be read.
    """
    return make_reference(load_page(path, number, options), zones)


@dataclass(frozen=True, slots=True)
class AlignTuning:
    """The numbers of the registration; pixels are those of the pictures that are compared."""

    least_matches: int = 8  # fewer fit no map
    match_px: float = 3.0  # a match this near to where the map puts it is an inlier
    track_px: float = 1.0  # the same for a point that was followed
    back_px: float = 0.5  # a followed point comes back to within this of where it started
    window_px: int = 15  # side of the square by which a point is followed
    rounds: int = 3  # points are followed so often at the most
    enough_found: float = 0.7  # share of the points that are found: it does not get better
    clearly_more: float = 1.1  # times an affine map's inliers that a homography needs
    least_support: int = 20  # fewer points decide nothing about perspective
    sure_support: int = 40  # from so many followed points, each good to a fraction of a pixel, on
    iterations: int = 5000  # of RANSAC at the most
    confidence: float = 0.999  # at which RANSAC ends
    nearest_depth: float = 0.2  # of the farthest corner's, of the nearest: no page lies so steep
    most_uneven: float = 1.5  # no scanner or camera stretches a page more one way than the other
    largest_scale: float = 8.0  # nor is a scan so many times larger than its form, or smaller


ALIGN: Final = AlignTuning()


@dataclass(frozen=True, slots=True)
class Alignment:
    """Where a form lies on a scan, and how well it fits there."""

    to_scan: Projective = field(repr=False, compare=False)  # from the reference's pixels
    matched: int  # features that lie where the map puts them
    found: float  # share of the form's printed points that were found in their places, 0 to 1
    correlation: float  # between the printed parts of the form and of the scan, -1 to 1

    @property
    def turned_deg(self) -> float:
        """How far the form is turned on the scan, clockwise, -180 to 180."""
        ends = through(self.to_scan, np.array([[0.0, 0.0], [100.0, 0.0]]))
        x, y = ends[1] - ends[0]
        return float(np.degrees(np.arctan2(y, x)))


def align(reference: Reference, pixels: Image) -> Alignment | None:
    """Find the form on a scan.

    ORB features are matched, whatever way up the page lies, and an affine map or, where clearly
    more of them agree, a homography is fitted by RANSAC. Then the form's printed points are
    followed from the reference to the scan (B. Lucas, T. Kanade, An iterative image registration
    technique, 1981), and the map is fitted again to where they were found: to a fraction of a
    pixel, and on all of the page instead of where the features happen to be.

    `pixels`: (H, W) or (H, W, 3) uint8, the scan. Returns None where nothing on the scan looks like
    the form.
    """
    scan = find_features(pixels)
    rough, matched = _best_map(
        *matches(reference.features, scan),
        ALIGN.match_px * _scale(scan),
        ALIGN.least_support,
        ALIGN.clearly_more,
    )
    if rough is None or not _plausible(rough, reference):
        return None
    exact, share = rough, 0.0
    for _ in range(ALIGN.rounds):
        closer, found = _followed(reference, scan, exact)
        if found <= share or not _plausible(closer, reference):
            break
        exact, share = closer, found
        if share >= ALIGN.enough_found:
            break
    return Alignment(exact, matched, share, _correlation(reference, scan, exact))


def _scale(features: Features) -> float:
    """Pixels of a page for one of the picture that it is compared by."""
    return float(features.to_page[0, 0])


def _best_map(
    here: Points, there: Points, near_px: float, least: int, more: float
) -> tuple[Projective | None, int]:
    """An affine map or, with `more` times its inliers, a homography; and its number of inliers."""
    if len(here) < ALIGN.least_matches:
        return None, 0
    cv2.setRNGSeed(0)  # the same scan gives the same map, whatever was read before
    affine: Any  # the stubs say neither can be None
    tilted: Any
    affine, agree = cv2.estimateAffine2D(
        here, there, method=cv2.RANSAC, ransacReprojThreshold=near_px,
        maxIters=ALIGN.iterations, confidence=ALIGN.confidence,
    )  # fmt: skip
    support = 0 if affine is None else int(np.count_nonzero(agree))
    best = None if affine is None else projective(np.asarray(affine, np.float64))
    tilted, agree = cv2.findHomography(here, there, cv2.RANSAC, near_px)
    slanted = 0 if tilted is None else int(np.count_nonzero(agree))
    if slanted >= least and slanted >= more * support:
        return np.asarray(tilted, np.float64), slanted
    return best, support


def _plausible(matrix: Projective, reference: Reference) -> bool:
    """Whether a sheet of paper on a scanner or before a camera can lie like this."""
    height, width = reference.pixels.shape[:2]
    outline = np.array([[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]])
    depth = np.column_stack([outline, np.ones(4)]) @ matrix[2]
    if not np.isfinite(matrix).all() or depth.min() <= ALIGN.nearest_depth * depth.max():
        return False
    placed = through(matrix, outline)
    side = np.roll(placed, -1, 0) - placed
    onward = np.roll(side, -1, 0)
    turns = side[:, 0] * onward[:, 1] - side[:, 1] * onward[:, 0]
    x, y = local_scale(matrix, width, height)
    return bool(
        (turns > 0).all()  # neither mirrored nor folded over
        and max(x, y) <= ALIGN.most_uneven * min(x, y)
        and max(x, y) <= ALIGN.largest_scale
        and min(x, y) >= 1 / ALIGN.largest_scale
    )


def _followed(reference: Reference, scan: Features, rough: Projective) -> tuple[Projective, float]:
    """The map fitted to the form's printed points, and the share of them that agree with it."""
    even = reference.features.even
    start = np.asarray(reference.marks, np.float32).reshape(-1, 1, 2)
    if len(start) < ALIGN.least_support:
        return rough, 0.0
    to_scan = rough @ reference.features.to_page  # from the small reference
    seen = _as_reference(reference, scan, to_scan)
    window = (ALIGN.window_px, ALIGN.window_px)
    ended, found, _ = cv2.calcOpticalFlowPyrLK(even, seen, start, np.array(start), winSize=window)
    back, again, _ = cv2.calcOpticalFlowPyrLK(seen, even, ended, np.array(ended), winSize=window)
    kept = (found.ravel() > 0) & (again.ravel() > 0)
    kept &= np.abs(back - start).max(axis=(1, 2)) < ALIGN.back_px
    here = np.asarray(start[kept, 0], np.float64)
    there = through(to_scan, np.asarray(ended[kept, 0], np.float64))
    near_px = ALIGN.track_px * float(np.mean(local_scale(to_scan, *even.shape[::-1])))
    here = through(reference.features.to_page, here)
    fitted, support = _best_map(here, there, near_px, ALIGN.sure_support, more=1.0)
    if fitted is None or support < ALIGN.least_support:
        return rough, support / len(start)
    return fitted, support / len(start)


def _as_reference(reference: Reference, scan: Features, to_scan: Projective) -> Image:
    """The scan as it would look if it lay like the small reference."""
    height, width = reference.features.even.shape
    return warped(scan.even, np.linalg.inv(scan.to_page) @ to_scan, width, height)


def _correlation(reference: Reference, scan: Features, to_scan: Projective) -> float:
    """Between what is printed on the form and what lies there on the scan."""
    seen = _as_reference(reference, scan, to_scan @ reference.features.to_page)
    shown = reference.shown
    return _pearson(reference.features.even[shown], seen[shown])


def _pearson(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    if not len(one):
        return 0.0
    a, b = one.astype(np.float32), other.astype(np.float32)
    a, b = a - a.mean(), b - b.mean()
    spread = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / spread if spread > 0 else 0.0
