"""Pictures that Pillow has opened or decoded, as pixels of a page: R, G, B or grey, upright."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from digitbatch.errors import PageError
from digitbatch.types import Image

_limit_lock = threading.Lock()
_ORIENTATION_TAG = 0x0112
# EXIF orientations from 1: quarter turns counterclockwise, then whether to mirror left-right.
_TURNS = (
    (0, False), (0, True), (2, False), (2, True), (3, True), (3, False), (1, True), (1, False),
)  # fmt: skip


@contextmanager
def pillow_limit(max_pixels: int) -> Iterator[None]:
    """Let Pillow take pages up to our limit and keep its warnings, about tags, to itself.

    Its own limit is a global that refuses pages from 179 million pixels on; it is put back, and
    threads take turns, so that nobody else's Pillow changes.
    """
    with _limit_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = Pillow.MAX_IMAGE_PIXELS
        Pillow.MAX_IMAGE_PIXELS = max(1, (max_pixels + 1) // 2)  # it raises above twice that
        try:
            yield
        finally:
            Pillow.MAX_IMAGE_PIXELS = before


def over_white(rgba: Image) -> Image:
    """Lay (H, W, 4), alpha last and not premultiplied, on white paper: (H, W, 3)."""
    alpha = rgba[:, :, 3]
    if alpha.min() == 255:
        return rgba[:, :, :3]
    out = np.empty((*alpha.shape, 3), np.uint8)
    paper = (255 - alpha).astype(np.uint16) * 255 + 127  # 127: the division below rounds
    for channel in range(3):  # one by one: the wide sums of a large page need the room
        out[:, :, channel] = (rgba[:, :, channel] * alpha.astype(np.uint16) + paper) // 255
    return out


def to_8_bit(samples: NDArray[np.uint16]) -> Image:
    """Bring 16-bit samples to 8 bits, of any shape.

    The full range becomes 0 to 255, as viewers show it. Scanners and cameras also store 8, 10 or
    12 bits in 16: there even white is below 1/16 of the range, and a viewer shows black on black.
    So where no sample is above such a range, that range is white's.
    """
    top = int(samples.max())
    white = next((limit for limit in (255, 1023, 4095) if top <= limit), 65535)
    return np.asarray(cv2.convertScaleAbs(samples, alpha=255 / white), np.uint8)


def upright(pixels: Image, orientation: int) -> Image:
    """Turn a picture as its EXIF orientation (1 to 8) says; other values leave it as it is."""
    turns, mirrored = _TURNS[orientation - 1] if 1 <= orientation <= 8 else _TURNS[0]
    turned = np.rot90(pixels, turns)
    return turned[:, ::-1] if mirrored else turned


def orientation_of(exif: bytes | None) -> int:
    """EXIF orientation, 1 where there is none or the EXIF block is damaged."""
    if not exif:
        return 1
    block = Pillow.Exif()
    try:
        block.load(exif)
        value = block.get(_ORIENTATION_TAG, 1)
    except Exception:  # noqa: BLE001 - a damaged EXIF block does not harm the pixels
        return 1
    return value if isinstance(value, int) else 1


def from_pillow(picture: Pillow.Image) -> Image:
    """Pixels of a picture that Pillow has decoded, alpha over white: (H, W) for grey, else R, G, B.

    Raises:
        PageError: The mode is not for pages (32-bit samples, Lab).
    """
    mode = picture.mode
    if mode in ("1", "L") and "transparency" not in picture.info:
        return np.asarray(picture.convert("L"), np.uint8)
    if mode.startswith("I;16"):
        return to_8_bit(np.asarray(picture).astype(np.uint16))
    if mode in ("I", "F", "LAB"):
        kind = "Lab colours" if mode == "LAB" else "32-bit samples"
        raise PageError(f"{kind} are not read: save the page as 8-bit grey or RGB")
    if mode == "RGBX" or (
        mode in ("RGB", "CMYK", "YCbCr", "P") and "transparency" not in picture.info
    ):
        return np.asarray(picture.convert("RGB"), np.uint8)
    seen = over_white(np.asarray(picture.convert("RGBA"), np.uint8))
    return seen[:, :, 0] if mode in ("1", "L", "LA", "La") else seen
