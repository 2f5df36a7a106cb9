"""One picture file of a crop to its grey pixels."""

import warnings
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from digitbatch.errors import PageError
from digitbatch.inputs.pixels import from_pillow, orientation_of, upright
from digitbatch.types import Image

MAX_PIXELS: Final = 4_000_000
"""A crop is one digit: what has more pixels is a page, and is not decoded."""

_FORMATS: Final = ("PNG", "JPEG", "BMP", "TIFF", "WEBP")


def read_picture(path: Path) -> Image:
    """Decode one crop: PNG, JPEG, BMP, TIFF or WebP, of any size up to `MAX_PIXELS`.

    Returns:
        (height, width) uint8, upright; colours as grey, alpha over white.

    Raises:
        PageError: It cannot be read; the message says why, without the file's name.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of tags, and of sizes that are checked here
            with Pillow.open(path, formats=_FORMATS) as picture:
                _check_size(*picture.size)
                picture.load()
                pixels = upright(from_pillow(picture), orientation_of(picture.info.get("exif")))
    except PageError:
        raise
    except FileNotFoundError as error:
        raise PageError("is not there") from error
    except UnidentifiedImageError as error:
        raise PageError("is no PNG, JPEG, BMP, TIFF or WebP") from error
    except Exception as error:  # decoders raise nearly anything on a damaged file
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise PageError(f"cannot be read ({reason})") from error
    if pixels.ndim == 3:
        pixels = np.asarray(Pillow.fromarray(pixels).convert("L"), np.uint8)
    return np.ascontiguousarray(pixels)


def _check_size(width_px: int, height_px: int) -> None:
    if width_px * height_px > MAX_PIXELS:
        raise PageError(
            f"has {width_px} x {height_px} pixels, too many for one digit (at most {MAX_PIXELS:,})"
        )
