"""The sheet that page stages hand on: its pixels, layers that lie on them, the way to the scan."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import cv2
import numpy as np

from digitbatch.imaging.light import Light
from digitbatch.imaging.projective import Projective, halved, projective, scaling
from digitbatch.types import Affine, Box, Image

PixelKind = Literal["color", "gray", "ink", "binary", "mask"]
"""What the pixels of a sheet mean, and their polarity:

color   (H, W, 3) R, G, B
gray    (H, W) grey levels, dark ink on light paper
ink     (H, W) grey levels, light ink on black (an inverted gray)
binary  (H, W) only 0 and 255, ink 0 on paper 255
mask    (H, W) only 0 and 255, ink 255 on 0 (an inverted binary)
"""

TWO_VALUED: Final[frozenset[PixelKind]] = frozenset({"binary", "mask"})

Layer = Literal["ink", "rules", "walls", "colored", "faint"]

LAYER_KINDS: Final[Mapping[Layer, PixelKind]] = {
    "ink": "ink",  # the last levels before thresholding: digits are cut from them
    "rules": "mask",  # the ruled lines that were taken out: zones look for their boxes in it
    "walls": "mask",  # where upright lines of a page with zones run
    "colored": "mask",  # print of another colour than the pen's, taken out of a page with zones
    "faint": "mask",  # the ink that is fainter than the page's pen, and was kept for its place
}
"""What a sheet may have beside its pixels, pixel on pixel; each has one kind and is 0 on paper."""

_HALVED_BACK: Final = np.array([[2.0, 0.0, 0.5], [0.0, 2.0, 0.5], [0.0, 0.0, 1.0]])
"""From a halved page's pixels to the page's: pixel centres lie at whole numbers."""
_TWO_VALUED_LEVEL: Final = 127  # a mean of ink and paper above this is ink


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page on its way through the page stages, which make new sheets and never write into one.

    What moves pixels (`cropped`, `halved`, `resized`, `warped`) moves every layer along with them.

    Raises:
        ValueError: If a layer is of another height or width than the pixels.
    """

    pixels: Image = field(repr=False, compare=False)
    kind: PixelKind
    to_scan: Affine = field(
        default_factory=lambda: np.eye(2, 3), repr=False, compare=False
    )  # from this sheet's pixels to the scan's
    layers: Mapping[Layer, Image] = field(default_factory=dict, repr=False, compare=False)
    """(H, W) each, of the kinds that `LAYER_KINDS` says; one that is not known is not there."""
    digit_height_px: float | None = None  # measured once, by the first stage that needs a scale
    light: Light | None = field(default=None, repr=False, compare=False)
    """As it was measured last; it holds what it was measured on, so that it is used for no other
    pixels."""
    came_halved: bool = False  # whether all of its pixels can still be had, if these are too few

    def __post_init__(self) -> None:
        for name, layer in self.layers.items():
            if layer.shape != self.pixels.shape[:2]:
                raise ValueError(
                    f"the layer {name} is {layer.shape}, the sheet {self.pixels.shape[:2]}"
                )

    @property
    def ink(self) -> Image | None:
        """(H, W) the last levels before thresholding, light ink on black."""
        return self.layers.get("ink")

    @property
    def rules(self) -> Image | None:
        """(H, W) mask of the ruled lines that were taken out."""
        return self.layers.get("rules")

    @property
    def faint(self) -> Image | None:
        """(H, W) mask of the kept ink that is fainter than the page's pen."""
        return self.layers.get("faint")

    def with_pixels(self, pixels: Image, kind: PixelKind | None = None) -> "Sheet":
        """The same sheet with other pixels of the same height and width."""
        return replace(self, pixels=pixels, kind=kind or self.kind)

    def with_layer(self, name: Layer, layer: Image) -> "Sheet":
        """The same sheet with a layer: new levels take the place of old ones, masks are united."""
        known = self.layers.get(name)
        if known is not None and LAYER_KINDS[name] in TWO_VALUED:
            layer = np.asarray(cv2.bitwise_or(known, layer), np.uint8)
        return replace(self, layers={**self.layers, name: layer})

    def cropped(self, box: Box) -> "Sheet":
        """What of a sheet lies in a box."""
        back = np.array([[1.0, 0.0, box.left], [0.0, 1.0, box.top], [0.0, 0.0, 1.0]])

        def cut(picture: Image, _kind: PixelKind = "ink") -> Image:
            return np.ascontiguousarray(picture[box.top : box.bottom, box.left : box.right])

        return self._moved(cut(self.pixels), cut, back)

    def halved(self, pixels: Image | None = None) -> "Sheet":
        """The sheet at half of its width and height; an odd last row or column is left out."""

        def half(picture: Image, kind: PixelKind) -> Image:
            return _two_valued(halved(picture), kind)

        known = half(self.pixels, self.kind) if pixels is None else pixels
        return self._moved(known, half, _HALVED_BACK)

    def resized(self, width_px: int, height_px: int, enlarging: int = cv2.INTER_LINEAR) -> "Sheet":
        """The sheet at another size; where it shrinks, pixels are the means of those they cover."""
        height, width = self.pixels.shape[:2]
        how = cv2.INTER_AREA if width_px * height_px < width * height else enlarging
        forth = scaling(width_px / width, height_px / height)[:2]

        def scaled(picture: Image, kind: PixelKind) -> Image:
            # Not a warp: that takes single points, which loses thin strokes when a page shrinks.
            new = cv2.resize(picture, (width_px, height_px), interpolation=how)
            return _two_valued(np.asarray(new, np.uint8), kind)

        back = _inverse(forth)
        return self._moved(scaled(self.pixels, self.kind), scaled, back)

    def warped(self, matrix: Affine, width_px: int, height_px: int, paper: int) -> "Sheet":
        """The sheet through an affine map that keeps sizes, such as a turn.

        `matrix`: (2, 3) from the sheet's pixels to the new ones. `paper`: Level, 0 to 255, of what
        was outside, in the sheet's own pixels.
        """

        def turned(picture: Image, kind: PixelKind, outside: int = 0) -> Image:
            how = cv2.INTER_NEAREST if kind in TWO_VALUED else cv2.INTER_LINEAR
            size, border = (width_px, height_px), (outside,) * 3
            new = cv2.warpAffine(picture, matrix, size, flags=how, borderValue=border)
            return np.asarray(new, np.uint8)

        back = _inverse(matrix)
        return self._moved(turned(self.pixels, self.kind, paper), turned, back)

    def _moved(
        self, pixels: Image, move: Callable[[Image, PixelKind], Image], back: Projective
    ) -> "Sheet":
        """The sheet with pixels that were moved, and every layer moved alike."""
        height_px = self.digit_height_px
        if height_px is not None:
            height_px /= float(np.hypot(back[0, 1], back[1, 1]))
        return replace(
            self,
            pixels=pixels,
            layers={name: move(layer, LAYER_KINDS[name]) for name, layer in self.layers.items()},
            to_scan=self.to_scan @ back,
            digit_height_px=height_px,
        )


def _inverse(matrix: Affine) -> Projective:
    """The way back, (3, 3)."""
    return projective(np.asarray(cv2.invertAffineTransform(matrix), np.float64))


def _two_valued(pixels: Image, kind: PixelKind) -> Image:
    """Pixels of a kind, where two values were mixed."""
    if kind not in TWO_VALUED:
        return pixels
    return np.asarray(cv2.threshold(pixels, _TWO_VALUED_LEVEL, 255, cv2.THRESH_BINARY)[1], np.uint8)
