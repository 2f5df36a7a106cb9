"""Stages that move pixels, resizing and deskew; each keeps the way back to the scan."""

from dataclasses import dataclass
from typing import ClassVar, Final, Literal, Self

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from digitbatch.errors import PageError
from digitbatch.stages.base import PageStage, PixelKind, Sheet
from digitbatch.stages.sheet import TWO_VALUED
from digitbatch.types import Affine, Image

_EVERY_KIND: Final[frozenset[PixelKind]] = frozenset({"color", "gray", "ink", "binary", "mask"})
_DARK_ON_LIGHT: Final = ("color", "gray", "binary")
_MOST_PIXELS: Final = 400_000_000


@dataclass(frozen=True, slots=True)
class Skew:
    """How the direction of a page's lines is found."""

    search_px: int = 1000  # longer side of the page that is searched: 1 px is 0.06 degrees
    least_ink_px: int = 200  # less says nothing about a direction
    most_ink_px: int = 60_000  # more only costs time
    clear_peak: float = 1.25  # the best profile over the median one; pages without lines stay below
    least_angle_deg: float = 0.05  # a page that lies so straight stays as it is
    window_px: int = 15  # of the adaptive threshold that tells ink from paper, or more:
    window_parts: int = 25  # this part of the shorter side
    darker: int = 15  # levels by which ink is darker than its window
    rough_deg: float = 0.5  # steps in which the angle is looked for first,
    rough_px: int = 4  # on profiles with bins this high
    fine_deg: float = 0.05  # steps in which it is looked for then,
    around_deg: float = 0.6  # so far around the first one


SKEW: Final = Skew()


class Resize(PageStage):
    """Scale the page. Give either `height_px` or `scale`."""

    op: Literal["resize"] = "resize"
    takes: ClassVar[frozenset[PixelKind]] = _EVERY_KIND
    height_px: int | None = Field(
        default=None, ge=16, le=20_000, description="Height of the new page, in pixels."
    )
    scale: float | None = Field(
        default=None, ge=0.05, le=8, description="New size over old; 0.5 halves the page."
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.height_px is None) == (self.scale is None):
            raise ValueError("give either height_px or scale, and only one of them")
        return self

    def __call__(self, sheet: Sheet) -> Sheet:
        """Return a scaled sheet of the same kind.

        Raises:
            PageError: If the new page would hold more than 400 million pixels.
        """
        old_height, old_width = sheet.pixels.shape[:2]
        scale = self.scale if self.height_px is None else self.height_px / old_height
        assert scale is not None  # noqa: S101  # one of the two is given, checked at load
        width, height = max(1, round(old_width * scale)), max(1, round(old_height * scale))
        if width * height > _MOST_PIXELS:
            raise PageError(
                f"resize would make a page of {width} x {height} pixels, which is more than "
                f"{_MOST_PIXELS // 1_000_000} million; ask for less in the stage resize"
            )
        return sheet.resized(width, height)


class Deskew(PageStage):
    """Turn the page so that its lines run level.

    The angle is that whose projection profile (ink per row) is the sharpest, after Postl, Detection
    of linear oblique structures and skew scan in digitized documents, 1986. Pages without lines
    stay as they are. The page grows so that no corner is lost; what is new is paper.
    """

    op: Literal["deskew"] = "deskew"
    takes: ClassVar[frozenset[PixelKind]] = _EVERY_KIND
    max_angle_deg: float = Field(
        default=5.0, gt=0, le=30, description="How far a page may lie askew, in degrees."
    )

    def __call__(self, sheet: Sheet) -> Sheet:
        """Return a turned sheet of the same kind, or `sheet` where it lies straight."""
        gray = _gray(sheet)
        angle = skew_deg(gray, self.max_angle_deg)
        if abs(angle) < SKEW.least_angle_deg:
            return sheet
        matrix, width, height = _turn(angle, *sheet.pixels.shape[1::-1])
        return sheet.warped(matrix, width, height, _paper(sheet, gray))


def skew_deg(gray: Image, max_angle_deg: float) -> float:
    """How far the lines of a page turn from level.

    `gray`: (H, W) uint8, dark ink on light paper. Returns degrees, positive where lines fall
    towards the right; 0.0 where no direction stands out.
    """
    shrink = min(1.0, SKEW.search_px / max(gray.shape))
    size = tuple(max(1, round(side * shrink)) for side in gray.shape[::-1])
    small = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    window = max(SKEW.window_px, min(small.shape) // SKEW.window_parts) | 1
    ink = cv2.adaptiveThreshold(
        small, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, window, SKEW.darker
    )
    y, x = np.nonzero(ink)
    if len(y) < SKEW.least_ink_px:
        return 0.0
    step = -(-len(y) // SKEW.most_ink_px)
    y, x = y[::step], x[::step]

    rough = np.arange(-max_angle_deg, max_angle_deg + SKEW.rough_deg / 2, SKEW.rough_deg)
    rough_scores = np.array([_sharpness(y, x, angle, SKEW.rough_px) for angle in rough])
    if rough_scores.max() < SKEW.clear_peak * np.median(rough_scores):
        return 0.0
    around = rough[rough_scores.argmax()] + np.arange(
        -SKEW.around_deg, SKEW.around_deg + SKEW.fine_deg / 50, SKEW.fine_deg
    )
    fine = around[np.abs(around) <= max_angle_deg]
    fine_scores = [_sharpness(y, x, angle, 1) for angle in fine]
    return float(fine[int(np.argmax(fine_scores))])


def _sharpness(y: NDArray[np.intp], x: NDArray[np.intp], angle_deg: float, bin_px: int) -> float:
    angle = np.deg2rad(angle_deg)
    rows = (y * np.cos(angle) - x * np.sin(angle)) / bin_px
    profile = np.bincount(np.floor(rows - rows.min()).astype(np.intp))
    return float(np.square(np.diff(profile)).sum())


def _gray(sheet: Sheet) -> Image:
    if sheet.kind == "color":
        return np.asarray(cv2.cvtColor(sheet.pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    if sheet.kind in _DARK_ON_LIGHT:
        return sheet.pixels
    return np.asarray(cv2.bitwise_not(sheet.pixels), np.uint8)


def _paper(sheet: Sheet, gray: Image) -> int:
    if sheet.kind in TWO_VALUED:
        return 255 if sheet.kind == "binary" else 0
    level = int(np.median(gray[::4, ::4]))  # most of a page is paper
    return level if sheet.kind in _DARK_ON_LIGHT else 255 - level


def _turn(angle_deg: float, width_px: int, height_px: int) -> tuple[Affine, int, int]:
    matrix = np.asarray(cv2.getRotationMatrix2D((0, 0), angle_deg, 1.0), np.float64)
    right, bottom = width_px - 1, height_px - 1
    corners = np.array([[0, right, 0, right], [0, 0, bottom, bottom], [1, 1, 1, 1.0]])
    turned = matrix @ corners
    low, high = np.floor(turned.min(axis=1)), np.ceil(turned.max(axis=1))
    matrix[:, 2] -= low
    new_width, new_height = (int(side) for side in high - low + 1)
    return matrix, new_width, new_height
