"""Filters: smoothing, illumination correction, inversion and grey morphology."""

from dataclasses import dataclass
from typing import ClassVar, Final, Literal

import cv2
import numpy as np
from pydantic import Field, field_validator

from digitbatch.stages.base import MethodStage, PageStage, PixelKind, Sheet
from digitbatch.types import Image


@dataclass(frozen=True, slots=True)
class WindowSize:
    """How large a window is where the config does not say."""

    digit_heights: float = 1.5  # wider than any stroke, so that ink never fills a window
    page_parts: int = 25  # of the shorter side: as much on an A4 form, where nothing is measured
    least_px: int = 15


WINDOW_SIZE: Final = WindowSize()


def window_for(sheet: Sheet, window_px: int | None) -> int:
    """The side of a square window in pixels, odd.

    `window_px`: What the config says; None: 1.5 times the measured digit height, or, where none was
    measured, 1/25 of the sheet's shorter side, and at least 15.
    """
    if window_px is None:
        if sheet.digit_height_px is not None:
            side = WINDOW_SIZE.digit_heights * sheet.digit_height_px
        else:
            side = min(sheet.pixels.shape[:2]) / WINDOW_SIZE.page_parts
        window_px = max(WINDOW_SIZE.least_px, round(side))
    return window_px | 1


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

    `gray`: (H, W) uint8, dark ink on light paper. Returns (H, W) uint8, at least 40: what the page
    would be without ink.
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


_SHAPES: Final = {"rect": cv2.MORPH_RECT, "ellipse": cv2.MORPH_ELLIPSE, "cross": cv2.MORPH_CROSS}
_ONE_CHANNEL: Final[frozenset[PixelKind]] = frozenset({"gray", "ink", "binary", "mask"})


class Invert(PageStage):
    """Swap light and dark: dark ink on paper becomes light ink on black, and back."""

    op: Literal["invert"] = "invert"
    takes: ClassVar[frozenset[PixelKind]] = _ONE_CHANNEL
    gives: ClassVar[dict[PixelKind, PixelKind]] = {
        "gray": "ink",
        "ink": "gray",
        "binary": "mask",
        "mask": "binary",
    }

    def __call__(self, sheet: Sheet) -> Sheet:
        """Return the sheet with 255 minus each pixel."""
        inverted = np.asarray(cv2.bitwise_not(sheet.pixels), np.uint8)
        return sheet.with_pixels(inverted, self.gives[sheet.kind])


class _Morphology(PageStage):
    """What the four operations share. Outside the page there is nothing that could win."""

    takes: ClassVar[frozenset[PixelKind]] = _ONE_CHANNEL
    kernel_px: int = Field(
        default=3, ge=2, le=255, description="Side of the element, in pixels, odd or even."
    )
    shape: Literal["rect", "ellipse", "cross"] = Field(
        default="rect", description="Shape of the element."
    )
    iterations: int = Field(default=1, ge=1, le=50, description="How often, one after the other.")

    def _eroded(self, pixels: Image) -> Image:
        anchor = (self.kernel_px // 2,) * 2
        how = cv2.erode(pixels, self._element(), anchor=anchor, iterations=self.iterations)
        return np.asarray(how, np.uint8)

    def _dilated(self, pixels: Image) -> Image:
        # The element is mirrored, as the definition wants it: with an even side, an erosion and a
        # dilation with the same anchor would move the page by a pixel.
        element = np.ascontiguousarray(self._element()[::-1, ::-1])
        anchor = ((self.kernel_px - 1) // 2,) * 2
        how = cv2.dilate(pixels, element, anchor=anchor, iterations=self.iterations)
        return np.asarray(how, np.uint8)

    def _element(self) -> Image:
        side = (self.kernel_px, self.kernel_px)
        return np.asarray(cv2.getStructuringElement(_SHAPES[self.shape], side), np.uint8)


class Erosion(_Morphology):
    """Give each pixel the darkest value under the element.

    Light ink (ink, mask) gets thinner: digits that touch come apart, thin strokes break. Dark ink
    (gray, binary) gets thicker.
    """

    op: Literal["erosion"] = "erosion"

    def __call__(self, sheet: Sheet) -> Sheet:
        """Return a sheet of the same kind."""
        return sheet.with_pixels(self._eroded(sheet.pixels))


class Dilation(_Morphology):
    """Give each pixel the lightest value under the element.

    Light ink (ink, mask) gets thicker: gaps in strokes close, neighbours may touch. Dark ink
    (gray, binary) gets thinner.
    """

    op: Literal["dilation"] = "dilation"

    def __call__(self, sheet: Sheet) -> Sheet:
        """Return a sheet of the same kind."""
        return sheet.with_pixels(self._dilated(sheet.pixels))


class Opening(_Morphology):
    """Erosion, then dilation: what is light and smaller than the element goes.

    On light ink (ink, mask) specks go; on dark ink (gray, binary) small gaps fill.
    """

    op: Literal["opening"] = "opening"

    def __call__(self, sheet: Sheet) -> Sheet:
        """Return a sheet of the same kind."""
        return sheet.with_pixels(self._dilated(self._eroded(sheet.pixels)))


class Closing(_Morphology):
    """Dilation, then erosion: what is dark and smaller than the element goes.

    On light ink (ink, mask) small gaps fill; on dark ink (gray, binary) specks go.
    """

    op: Literal["closing"] = "closing"

    def __call__(self, sheet: Sheet) -> Sheet:
        """Return a sheet of the same kind."""
        return sheet.with_pixels(self._eroded(self._dilated(sheet.pixels)))
