"""From colour to grey levels."""

from typing import ClassVar, Literal

import cv2
import numpy as np
from pydantic import Field

from digitbatch.stages.base import PageStage, PixelKind, Sheet

_CHANNELS = {"red": 0, "green": 1, "blue": 2}


class Grayscale(PageStage):
    """Turn a colour page into grey levels; a page that is grey already passes as it is.

    `luminance` is how bright a person sees a colour (ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B).
    A single channel hides ink of its own colour and shows the others: `red` makes red rules vanish
    and keeps blue ink. `darkest` takes the lowest of the three, so that ink of any colour is dark.
    """

    op: Literal["grayscale"] = "grayscale"
    takes: ClassVar[frozenset[PixelKind]] = frozenset({"color", "gray"})
    gives: ClassVar[dict[PixelKind, PixelKind]] = {"color": "gray"}
    weights: Literal["luminance", "red", "green", "blue", "darkest"] = Field(
        default="luminance", description="How the three channels become one."
    )

    def __call__(self, sheet: Sheet) -> Sheet:
        """Return a gray sheet, (H, W) uint8, from color (H, W, 3) or gray (H, W)."""
        if sheet.kind == "gray":
            return sheet
        pixels = sheet.pixels
        if self.weights == "luminance":
            return sheet.with_pixels(
                np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8), "gray"
            )
        if self.weights == "darkest":
            return sheet.with_pixels(pixels.min(axis=2), "gray")
        channel = cv2.extractChannel(pixels, _CHANNELS[self.weights])
        return sheet.with_pixels(np.asarray(channel, np.uint8), "gray")
