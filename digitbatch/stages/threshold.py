"""Binarisation by a global level (fixed, Otsu) or a local one (adaptive mean, Sauvola)."""

from typing import ClassVar, Final, Literal

import cv2
import numpy as np
from pydantic import Field

from digitbatch.stages.base import MethodStage, PixelKind, Sheet
from digitbatch.stages.filters import window_for
from digitbatch.types import Image

_DYNAMIC_RANGE: Final = 128.0  # R of Sauvola's formula: the largest deviation of 8-bit grey levels
_STRIP_PX: Final = 256  # rows at a time: float copies of a whole sheet would cost 12 bytes a pixel


class Threshold(MethodStage):
    """Decide for each pixel whether it is ink; the polarity stays as it is.

    `fixed`: one level for the page. `otsu`: one level, the one that parts the histogram best
    (Otsu, A Threshold Selection Method from Gray-Level Histograms, 1979). `adaptive`: ink is
    `offset` darker than the mean of its window. `sauvola`: as `adaptive`, but where the window
    holds little contrast a pixel must be much darker than the mean (Sauvola and Pietikäinen,
    Adaptive document image binarization, Pattern Recognition 33, 2000).

    The grey levels from before stay on the sheet: digits are cut from them, not from two values.
    """

    op: Literal["threshold"] = "threshold"
    takes: ClassVar[frozenset[PixelKind]] = frozenset({"gray", "ink"})
    gives: ClassVar[dict[PixelKind, PixelKind]] = {"gray": "binary", "ink": "mask"}
    method_parameters: ClassVar[dict[str, dict[str, float | int | None]]] = {
        "fixed": {"level": 127},
        "otsu": {},
        "adaptive": {"window_px": None, "offset": 10},
        "sauvola": {"window_px": None, "k": 0.2},
    }
    method: Literal["fixed", "otsu", "adaptive", "sauvola"] = Field(
        default="sauvola", description="How the level is found."
    )
    level: int | None = Field(
        default=None,
        ge=0,
        le=254,
        description="fixed: grey levels above it become 255, the others 0.",
    )
    window_px: int | None = Field(
        default=None,
        ge=3,
        le=999,
        description=(
            "adaptive, sauvola: side of the window, in pixels; an even number is rounded up to an "
            "odd one. Left out: 1.5 times the measured digit height or, where none was measured, "
            "1/25 of the page's shorter side."
        ),
    )
    offset: int | None = Field(
        default=None,
        ge=0,
        le=127,
        description="adaptive: how many grey levels ink is darker than its surroundings.",
    )
    k: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="sauvola: weight of the missing contrast; higher finds less ink.",
    )

    def __call__(self, sheet: Sheet) -> Sheet:
        """Return a binary sheet from gray, a mask from ink; (H, W) uint8, only 0 and 255."""
        dark_ink = sheet.kind == "gray"
        light = np.asarray(cv2.bitwise_not(sheet.pixels), np.uint8) if dark_ink else sheet.pixels
        if self.level is not None:
            _, found = cv2.threshold(sheet.pixels, self.level, 255, cv2.THRESH_BINARY)
        elif self.method == "otsu":
            how = cv2.THRESH_BINARY | cv2.THRESH_OTSU
            _, found = cv2.threshold(sheet.pixels, 0, 255, how)
        else:
            # The local methods are made for dark ink on light paper.
            gray = sheet.pixels if dark_ink else np.asarray(cv2.bitwise_not(light), np.uint8)
            found = self._local(gray, window_for(sheet, self.window_px))
            found = found if dark_ink else cv2.bitwise_not(found)
        kind: PixelKind = "binary" if dark_ink else "mask"
        return sheet.with_pixels(np.asarray(found, np.uint8), kind).with_layer("ink", light)

    def _local(self, gray: Image, window_px: int) -> Image:
        if self.k is not None:
            return sauvola(gray, window_px, self.k)
        mean = cv2.ADAPTIVE_THRESH_MEAN_C
        offset = float(self.offset or 0)
        found = cv2.adaptiveThreshold(gray, 255, mean, cv2.THRESH_BINARY, window_px, offset)
        return np.asarray(found, np.uint8)


def sauvola(gray: Image, window_px: int, k: float) -> Image:
    """Binarize by mean and standard deviation of each pixel's window.

    level = mean * (1 + k * (deviation / 128 - 1)); both from running sums, so that the cost does
    not depend on the window (Sauvola and Pietikäinen 2000; sums as in Shafait, Keysers and Breuel,
    Efficient implementation of local adaptive thresholding techniques using integral images, 2008).

    `gray`: (H, W) uint8, dark ink on light paper. `k`: Weight of the missing contrast, above 0.
    Returns (H, W) uint8, ink 0 on paper 255.
    """
    height = gray.shape[0]
    half = window_px // 2
    strip = max(_STRIP_PX, window_px)
    window = (window_px, window_px)
    binary = np.empty_like(gray)
    for top in range(0, height, strip):
        bottom = min(height, top + strip)
        first = max(0, top - half)
        part = gray[first : min(height, bottom + half)]
        inside = slice(top - first, bottom - first)
        means = cv2.boxFilter(part, cv2.CV_32F, window, borderType=cv2.BORDER_REPLICATE)
        squares = cv2.sqrBoxFilter(part, cv2.CV_32F, window, borderType=cv2.BORDER_REPLICATE)
        mean = np.asarray(means[inside], np.float32)
        deviation = np.sqrt(np.maximum(np.asarray(squares[inside]) - mean * mean, 0))
        level = mean * (1 + k * (deviation / _DYNAMIC_RANGE - 1))
        binary[top:bottom] = np.where(part[inside] > level, 255, 0)
    return binary
