"""The reference page: its pixels, what of it is print, and its features."""

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
from digitbatch.types import Image, Page

Fractions = tuple[float, float, float, float]
"""Left, top, right, bottom as fractions of the page's width and height."""

_LINE: Final = 0.6  # of a zone's height: straight lines from this length on are print
_SHORTEST_LINE_PX: Final = 9
_LEAST_INK: Final = 25  # of 255, darker than the zone's paper
_MOST_MARKS: Final = 400
_MARK_QUALITY: Final = 0.02  # of the clearest corner
_MARKS_APART_PX: Final = 8


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
        features.even, _MOST_MARKS, _MARK_QUALITY, _MARKS_APART_PX,
        mask=np.asarray(shown, np.uint8), blockSize=5,
    )  # fmt: skip
    points = np.zeros((0, 2)) if marks is None else np.asarray(marks, np.float64).reshape(-1, 2)
    return Reference(page.pixels, page.dpi, features, points, shown)


def _print(even: Image, zones: Sequence[Fractions]) -> NDArray[np.bool_]:
    """Where there may be print: outside of the zones, and along the straight lines in them."""
    height, width = even.shape
    shown = np.ones((height, width), np.bool_)
    for left, top, right, bottom in zones:
        rows = slice(round(top * height), max(round(top * height) + 1, round(bottom * height)))
        columns = slice(round(left * width), max(round(left * width) + 1, round(right * width)))
        inside = even[rows, columns]
        ink = np.asarray(inside < np.median(inside) - _LEAST_INK, np.uint8)
        length = max(_SHORTEST_LINE_PX, round(_LINE * inside.shape[0]))
        lines = np.zeros_like(ink)
        for shape in ((1, length), (length, 1)):
            lines |= np.asarray(cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones(shape, np.uint8)))
        shown[rows, columns] = cv2.dilate(lines, np.ones((5, 5), np.uint8)) > 0
    return shown


@lru_cache(maxsize=16)
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


@lru_cache(maxsize=16)
def load_reference(
    path: Path, number: int, options: InputOptions, zones: tuple[Fractions, ...]
) -> Reference:
    """The reference that a template names; kept, for it is the same for every scan.

    Raises:
        ConfigError: If it cannot be read.
    """
    return make_reference(load_page(path, number, options), zones)
