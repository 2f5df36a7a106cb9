"""The reference page of a registration: its pixels, what of it is print, and its keypoints."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.errors import ConfigError, PageError
from digitbatch.imaging.projective import Points
from digitbatch.inputs import InputOptions, SourceFile, open_source
from digitbatch.page.forms.features import Features, find_features
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


TUNED: Final = ReferenceTuning()


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
        features.even, TUNED.most_marks, TUNED.mark_quality, TUNED.marks_apart_px,
        mask=np.asarray(shown, np.uint8), blockSize=TUNED.mark_block_px,
    )  # fmt: skip
    points = np.zeros((0, 2)) if marks is None else np.asarray(marks, np.float64).reshape(-1, 2)
    return Reference(page.pixels, page.dpi, features, points, shown)


def _print(even: Image, zones: Sequence[Fractions]) -> NDArray[np.bool_]:
    """Where there may be print: outside of the zones, and along the straight lines in them."""
    height, width = even.shape
    shown = np.ones((height, width), np.bool_)
    around = np.ones((TUNED.around_line_px, TUNED.around_line_px), np.uint8)
    for left, top, right, bottom in zones:
        rows = slice(round(top * height), max(round(top * height) + 1, round(bottom * height)))
        columns = slice(round(left * width), max(round(left * width) + 1, round(right * width)))
        inside = even[rows, columns]
        ink = np.asarray(inside < np.median(inside) - TUNED.least_ink, np.uint8)
        length = max(TUNED.shortest_line_px, round(TUNED.line_of_height * inside.shape[0]))
        lines = np.zeros_like(ink)
        for shape in ((1, length), (length, 1)):
            lines |= np.asarray(cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones(shape, np.uint8)))
        shown[rows, columns] = cv2.dilate(lines, around) > 0
    return shown


@lru_cache(maxsize=TUNED.kept_pages)
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


@lru_cache(maxsize=TUNED.kept_pages)
def load_reference(
    path: Path, number: int, options: InputOptions, zones: tuple[Fractions, ...]
) -> Reference:
    """The reference that a template names; kept, for it is the same for every scan.

    Raises:
        ConfigError: If it cannot be read.
    """
    return make_reference(load_page(path, number, options), zones)
