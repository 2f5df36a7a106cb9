"""What a stage of the chain is, and the sheet that page stages hand on."""

from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict

from digitbatch.imaging.light import Light
from digitbatch.types import Affine, Image

PixelKind = Literal["color", "gray", "ink", "binary", "mask"]
"""What the pixels of a sheet mean, and their polarity:

color   (H, W, 3) R, G, B
gray    (H, W) grey levels, dark ink on light paper
ink     (H, W) grey levels, light ink on black (an inverted gray)
binary  (H, W) only 0 and 255, ink 0 on paper 255
mask    (H, W) only 0 and 255, ink 255 on 0 (an inverted binary)
"""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page on its way through the page stages, which make new sheets and never write into one."""

    pixels: Image = field(repr=False, compare=False)
    kind: PixelKind
    to_scan: Affine = field(
        default_factory=lambda: np.eye(2, 3), repr=False, compare=False
    )  # from this sheet's pixels to the scan's
    ink: Image | None = field(default=None, repr=False, compare=False)
    """(H, W) the last levels before thresholding, light ink on black: digits are cut from them."""
    rules: Image | None = field(default=None, repr=False, compare=False)
    """(H, W) mask of the ruled lines that were taken out: zones look for their boxes in it."""
    faint: Image | None = field(default=None, repr=False, compare=False)
    """(H, W) mask of the ink that is fainter than the page's pen, and was kept for its place."""
    digit_height_px: float | None = None  # measured once, by the first stage that needs a scale
    light: Light | None = field(default=None, repr=False, compare=False)  # on it, if measured
    came_halved: bool = False  # whether all of its pixels can still be had, if these are too few

    def with_pixels(self, pixels: Image, kind: PixelKind | None = None) -> "Sheet":
        """The same sheet with other pixels of the same height and width."""
        return replace(self, pixels=pixels, kind=kind or self.kind)


class Stage(BaseModel):
    """One entry of `stages:` in pipeline.yaml. Its fields are its parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PageStage(Stage):
    """Sheet in, sheet out; pure."""

    takes: ClassVar[frozenset[PixelKind]]
    gives: ClassVar[
        dict[PixelKind, PixelKind]
    ] = {}  # what becomes of each kind; left out: it stays

    def __call__(self, sheet: Sheet) -> Sheet:
        """Return a new sheet; `sheet` and its arrays stay as they are."""
        raise NotImplementedError


class Segmenter(Stage):
    """Finds the digits on a sheet; the chain has one, after the page stages."""

    takes: ClassVar[frozenset[PixelKind]]


class Normalizer(Stage):
    """Makes the crop of one digit; the chain has one, at its end."""

    def __call__(self, ink: Image) -> Image:
        """Centre one digit: (height, width) uint8, light ink on black, to (28, 28) uint8."""
        raise NotImplementedError


def moved(sheet: Sheet, matrix: Affine, width_px: int, height_px: int, border: int) -> Sheet:
    """Warp a sheet by `matrix` (old pixels to new) and keep the way back to the scan.

    Args:
        sheet: Any kind.
        matrix: (2, 3) from the sheet's pixels to the new ones.
        width_px: Width of the new sheet.
        height_px: Height of the new sheet.
        border: Grey level of what was outside, 0 to 255: 255 where ink is dark.

    Returns:
        The warped sheet; two-valued kinds stay two-valued. A measured digit height is scaled along.
    """
    two_valued = sheet.kind in ("binary", "mask")
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    how = cv2.INTER_NEAREST if two_valued else cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    pixels = np.asarray(
        cv2.warpAffine(
            sheet.pixels, matrix, (width_px, height_px), flags=how, borderValue=(border,) * 3
        ),
        np.uint8,
    )
    back = cv2.invertAffineTransform(matrix)
    to_scan = sheet.to_scan @ np.vstack([back, [0.0, 0.0, 1.0]])
    height = None if sheet.digit_height_px is None else sheet.digit_height_px * scale
    return Sheet(pixels, sheet.kind, to_scan, digit_height_px=height)
