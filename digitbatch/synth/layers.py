"""Layers of a page that is being made: marks laid onto ink, print set with type, JPEG."""

from io import BytesIO
from typing import Final

import numpy as np
from PIL import Image as Pil
from PIL import ImageDraw, ImageFont

from digitbatch.types import Image

INK: Final = 255
"""Full ink or print on a layer, whose bare paper is 0."""


def paste(layer: Image, mark: Image, x: float, y: float) -> None:
    """Lay a mark onto a layer in place, clipped at the layer's edges.

    Args:
        layer: (height, width) uint8, 255 on 0.
        mark: (height, width) uint8, the same.
        x: Of the mark's left edge, in pixels.
        y: Of its top edge.
    """
    top, left = round(y), round(x)
    skip_y, skip_x = max(0, -top), max(0, -left)
    under = layer[top + skip_y : top + mark.shape[0], left + skip_x : left + mark.shape[1]]
    np.maximum(under, mark[skip_y:, skip_x:][: under.shape[0], : under.shape[1]], out=under)


def set_type(printed: Image, text: str, left: float, top: float, size_px: float) -> None:
    """Set a printed text onto a layer in place; Pillow carries the typeface with it."""
    layer = Pil.fromarray(printed)
    typeface = ImageFont.load_default(size_px)
    ImageDraw.Draw(layer).text((round(left), round(top)), text, INK, typeface)
    printed[:] = np.asarray(layer)


def through_jpeg(pixels: Image, quality: int) -> Image:
    """A page as it comes out of a JPEG.

    Args:
        pixels: (height, width) or (height, width, 3) uint8.
        quality: 1 to 95, as libjpeg has it.
    """
    file = BytesIO()
    Pil.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Pil.open(file))
