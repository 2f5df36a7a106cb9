"""Scans taken again as other cameras and scanners would have: the writing is the same, else little.

A page that is read by luck is not read when a few of its pixels change. So each is turned, slanted,
enlarged, blurred, dimmed and so on, each change alone, and counts as a page of its own.
"""

from collections.abc import Callable, Iterator
from typing import Final

import cv2
import numpy as np

from digitbatch.types import Image

Change = Callable[[Image, np.random.Generator], Image]


def retakes(pixels: Image, seed: int) -> Iterator[Image]:
    """A page in all ways to take it again, in the order of `CHANGES`.

    Args:
        pixels: (height, width) or (height, width, 3) uint8.
        seed: Of what is left to chance.
    """
    for change in CHANGES.values():
        yield np.ascontiguousarray(change(pixels, np.random.default_rng(seed)))


def _sized(pixels: Image, factor: float) -> Image:
    shrinks = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=shrinks))


def _bent(pixels: Image, *, turn_deg: float = 0.0, slant: float = 0.0, wide: float = 1.0) -> Image:
    """Turned, slanted or stretched; what comes into view looks as the page's edge does."""
    height, width = pixels.shape[:2]
    cosine, sine = np.cos(np.deg2rad(turn_deg)), np.sin(np.deg2rad(turn_deg))
    turned = np.array([[wide * cosine, -sine], [wide * sine, cosine]])
    matrix = turned @ np.array([[1, slant], [0, 1]])
    corners = matrix @ np.array([[0, width, 0, width], [0, 0, height, height]], np.float64)
    across, down = np.ceil(np.ptp(corners, axis=1)).astype(int).tolist()
    whole = np.column_stack([matrix, -corners.min(axis=1)])
    return np.asarray(
        cv2.warpAffine(
            pixels, whole, (across, down), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
    )


def _from_the_side(pixels: Image) -> Image:
    height, width = pixels.shape[:2]
    before = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = np.array([[0.032, 0.008], [-0.012, 0.04], [0, 0], [0, 0]]) * (width, height)
    matrix = cv2.getPerspectiveTransform(before, np.asarray(before + moved, np.float32))
    return np.asarray(
        cv2.warpPerspective(
            pixels, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
    )


def _lit_from_the_left(pixels: Image) -> Image:
    height, width = pixels.shape[:2]
    light = np.linspace(1.0, 0.45, width)[None] * np.linspace(1.0, 0.8, height)[:, None]
    return np.asarray(pixels * (light[..., None] if pixels.ndim == 3 else light), np.uint8)


def _noisy(pixels: Image, rng: np.random.Generator) -> Image:
    return np.asarray(np.clip(pixels + rng.normal(0, 9, pixels.shape), 0, 255), np.uint8)


def _as_jpeg(pixels: Image) -> Image:
    _, file = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 30])
    return np.asarray(cv2.imdecode(file, cv2.IMREAD_UNCHANGED))


def _grey(pixels: Image) -> Image:
    return pixels if pixels.ndim == 2 else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))


CHANGES: Final[dict[str, Change]] = {
    "smaller": lambda pixels, _: _sized(pixels, 0.7),
    "larger": lambda pixels, _: _sized(pixels, 1.6),
    "turned to the left": lambda pixels, _: _bent(pixels, turn_deg=-3),
    "turned to the right": lambda pixels, _: _bent(pixels, turn_deg=2),
    "slanted": lambda pixels, _: _bent(pixels, slant=-0.12),
    "wider": lambda pixels, _: _bent(pixels, wide=1.15),
    "narrower": lambda pixels, _: _bent(pixels, wide=0.88),
    "from the side": lambda pixels, _: _from_the_side(pixels),
    "blurred": lambda pixels, _: np.asarray(cv2.GaussianBlur(pixels, (0, 0), 0.8)),
    "noisy": _noisy,
    "as a poor JPEG": lambda pixels, _: _as_jpeg(pixels),
    "lit from the left": lambda pixels, _: _lit_from_the_left(pixels),
    "without colour": lambda pixels, _: _grey(pixels),
    "with little contrast": lambda pixels, _: np.asarray(
        110 + (pixels.astype(np.float64) - 110) * 0.55, np.uint8
    ),
}
