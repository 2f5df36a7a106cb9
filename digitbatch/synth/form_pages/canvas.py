"""A page that is being drawn, and beside each pixel what it is."""

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from digitbatch.types import INK_CLASSES, Image

Colour = NDArray[np.float32]
"""(3,) R, G, B, 0 to 255."""

PAPER, DIGIT, HANDWRITING, PRINT, RULE = range(len(INK_CLASSES))
IGNORED: Final = 255
"""A label: nobody can say, such as the fringe of a stroke or a watermark."""

Pattern = Literal["solid", "dots", "dashes"]

_CORE: Final = 0.38  # of a mask's darkest level: what is as dark is ink ...
_FRINGE: Final = 0.1  # ... and what is lighter than that is paper
_VISIBLE: Final = 11.0  # levels, of the channel that differs most: less is not seen


class Canvas:
    """Pixels and labels of one size."""

    def __init__(self, height: int, width: int, paper: Colour) -> None:
        """Blank paper.

        Args:
            height: In pixels.
            width: In pixels.
            paper: Its colour.
        """
        self.height, self.width = height, width
        self.pixels: Image = np.empty((height, width, 3), np.uint8)
        self.pixels[:] = np.clip(paper, 0, 255).astype(np.uint8)
        self.labels = np.zeros((height, width), np.uint8)

    def put(
        self,
        mask: Image,
        left: float,
        top: float,
        colour: Colour,
        kind: int,
        opacity: float = 1.0,
        *,
        covers: bool = False,
    ) -> None:
        """Lay ink on the page.

        Args:
            mask: (h, w) uint8, how much of each pixel is ink.
            left: Where on the page; what is outside of it is cut off.
            top: The same.
            colour: Of the ink.
            kind: What it is; writing is never hidden by print that is laid on it later.
            opacity: 0 to 1.
            covers: Whether light ink hides what is darker; otherwise ink makes nothing lighter.
        """
        x, y = round(left), round(top)
        height, width = mask.shape
        x0, y0 = max(0, x), max(0, y)
        x1, y1 = min(self.width, x + width), min(self.height, y + height)
        if x1 <= x0 or y1 <= y0:
            return
        mask = mask[y0 - y : y1 - y, x0 - x : x1 - x]
        below = self.pixels[y0:y1, x0:x1]
        share = mask.astype(np.float32)[..., None]
        share *= opacity / 255
        mixed = below + share * (np.asarray(colour, np.float32) - below)
        mixed = np.asarray(mixed + 0.5, np.uint8)
        some = below[:: max(1, below.shape[0] // 4), :: max(1, below.shape[1] // 4)]
        seen = float(np.abs(np.asarray(colour, np.float32) - some).max()) * opacity
        below[:] = mixed if covers else np.minimum(below, mixed)
        self._label(mask, x0, y0, kind if seen >= _VISIBLE else IGNORED)

    def across(
        self, left: float, right: float, y: float, rule: "tuple[float, Colour, Pattern, float]"
    ) -> None:
        """A level line. `rule`: thickness in pixels, colour, pattern, opacity."""
        thick, colour, pattern, opacity = rule
        if right - left < 2:
            return
        mask = _line_mask(int(right - left), thick, pattern)
        self.put(mask, left, y - thick / 2, colour, RULE, opacity)

    def down(
        self, x: float, top: float, bottom: float, rule: "tuple[float, Colour, Pattern, float]"
    ) -> None:
        """An upright line."""
        thick, colour, pattern, opacity = rule
        if bottom - top < 2:
            return
        mask = np.ascontiguousarray(_line_mask(int(bottom - top), thick, pattern).T)
        self.put(mask, x - thick / 2, top, colour, RULE, opacity)

    def frame(
        self,
        left: float,
        top: float,
        width: float,
        height: float,
        rule: "tuple[float, Colour, Pattern, float]",
        sides: str = "tblr",
    ) -> None:
        """The sides of a box: t, b, l, r."""
        right, bottom = left + width, top + height
        if "t" in sides:
            self.across(left, right, top, rule)
        if "b" in sides:
            self.across(left, right, bottom, rule)
        if "l" in sides:
            self.down(left, top, bottom, rule)
        if "r" in sides:
            self.down(right, top, bottom, rule)

    def fill(
        self,
        left: float,
        top: float,
        width: float,
        height: float,
        colour: Colour,
        opacity: float = 1.0,
    ) -> None:
        """Tint a part of the paper: it stays paper."""
        x0, y0 = max(0, round(left)), max(0, round(top))
        x1, y1 = min(self.width, round(left + width)), min(self.height, round(top + height))
        if x1 > x0 and y1 > y0:
            part = self.pixels[y0:y1, x0:x1]
            part[:] = part * (1 - opacity) + np.asarray(colour, np.float32) * opacity

    def _label(self, mask: Image, x: int, y: int, kind: int) -> None:
        darkest = int(mask.max(initial=0))
        if darkest < 8:
            return
        labels = self.labels[y : y + mask.shape[0], x : x + mask.shape[1]]
        core = mask >= max(1, _CORE * darkest)
        fringe = (mask >= max(1, _FRINGE * darkest)) & ~core & (labels == PAPER)
        labels[fringe] = IGNORED
        if kind in (PRINT, RULE, IGNORED):
            core &= (labels != DIGIT) & (labels != HANDWRITING)
            if kind == IGNORED:
                core &= labels == PAPER
        labels[core] = kind


def _line_mask(length: int, thick: float, pattern: Pattern) -> Image:
    height = max(1, round(thick))
    mask = np.full((height, length), 255, np.uint8)
    if thick < 1:
        mask[:] = int(255 * max(0.35, thick))
    if pattern == "dots":
        step = max(3, round(thick * 2.6))
        mask[:, np.arange(length) % step >= max(1, step // 2)] = 0
    elif pattern == "dashes":
        step = max(6, round(thick * 7))
        mask[:, np.arange(length) % step >= step * 0.6] = 0
    return mask
