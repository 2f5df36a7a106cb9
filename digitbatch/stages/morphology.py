"""Inversion and grey morphology."""

from typing import ClassVar, Final, Literal

import cv2
import numpy as np
from pydantic import Field

from digitbatch.stages.base import PageStage, PixelKind, Sheet
from digitbatch.types import Image

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
