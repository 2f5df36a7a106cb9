"""Smoothing (Gaussian, median), and illumination correction: evening out the light."""

from dataclasses import dataclass
from typing import ClassVar, Final, Literal

import cv2
import numpy as np
from pydantic import Field, field_validator

from digitbatch.stages.base import PageStage, PixelKind, Sheet
from digitbatch.stages.methods import MethodStage
from digitbatch.stages.window import window_for
from digitbatch.types import Image


@dataclass(frozen=True, slots=True)
class Background:
    """How the paper under the ink is found."""

    window_px: int = 9  # it is smooth: a window this wide on a reduced page finds it
    darkest: int = 40  # below that a pixel is mostly noise, and dividing would blow it up


BACKGROUND: Final = Background()


class Blur(MethodStage):
    """Smooth noise away: `gaussian` for grain, `median` for specks (it keeps edges)."""

    op: Literal["blur"] = "blur"
    takes: ClassVar[frozenset[PixelKind]] = frozenset({"color", "gray", "ink"})
    method_parameters: ClassVar[dict[str, dict[str, float | int | None]]] = {
        "gaussian": {"sigma_px": 1.0},
        "median": {"kernel_px": 3},
    }
    method: Literal["gaussian", "median"] = Field(default="gaussian", description="The filter.")
    sigma_px: float | None = Field(
        default=None, ge=0.1, le=50, description="gaussian: standard deviation, in pixels."
    )
    kernel_px: int | None = Field(
        default=None, ge=3, le=255, description="median: side of the window, in pixels, odd."
    )

    @field_validator("kernel_px")
    @classmethod
    def _odd(cls, value: int | None) -> int | None:
        if value is not None and value % 2 == 0:
            raise ValueError(f"must be odd, for example {value + 1}")
        return value

    def __call__(self, sheet: Sheet) -> Sheet:
        """Return a sheet of the same kind."""
        if self.sigma_px is not None:
            blurred = cv2.GaussianBlur(sheet.pixels, (0, 0), self.sigma_px)
        else:
            blurred = cv2.medianBlur(sheet.pixels, self.kernel_px or 3)
        return sheet.with_pixels(np.asarray(blurred, np.uint8))


class FlattenBackground(PageStage):
    """Take shadows and uneven light out: paper becomes white (255), ink keeps its share of it.

    The page is divided by its background, which is what a grey closing leaves: each pixel's
    brightest neighbours, smoothed. The window must be wider than any stroke and narrower than a
    shadow; it works on a reduced page, so that its cost does not grow with its size.
    """

    op: Literal["flatten_background"] = "flatten_background"
    takes: ClassVar[frozenset[PixelKind]] = frozenset({"gray"})
    window_px: int | None = Field(
        default=None,
        ge=3,
        le=2000,
        description=(
            "Side of the window, in pixels; wider than any stroke. Left out: 1.5 times the "
            "measured digit height or, where none was measured, 1/25 of the page's shorter side."
        ),
    )

    def __call__(self, sheet: Sheet) -> Sheet:
        """Return a gray sheet, paper near 255."""
        background = background_of(sheet.pixels, window_for(sheet, self.window_px))
        flat = cv2.divide(sheet.pixels, background, scale=255)
        return sheet.with_pixels(np.asarray(flat, np.uint8))


def background_of(gray: Image, window_px: int) -> Image:
    """The paper under the ink.

    Args:
        gray: (H, W) uint8, dark ink on light paper.
        window_px: Wider than any stroke, in pixels.

    Returns:
        (H, W) uint8, at least 40: what the page would be without ink.
    """
    height, width = gray.shape
    step = max(1, window_px // BACKGROUND.window_px)
    small_size = (-(-width // step), -(-height // step))
    small = cv2.resize(gray, small_size, interpolation=cv2.INTER_AREA)
    side = round(window_px / step) | 1
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    smooth = cv2.GaussianBlur(closed, (0, 0), side / 3, borderType=cv2.BORDER_REPLICATE)
    full = cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.maximum(np.asarray(full, np.uint8), np.uint8(BACKGROUND.darkest))
