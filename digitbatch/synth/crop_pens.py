"""Pens that write digits which people wrote: labelled crops, enlarged as a pen would leave them.

Each is a `digitbatch.synth.pages.Draw`, as a `Hand` of the stroke models is. Pages written with
them have the variety of real handwriting, and a known truth.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.types import Crops, Image

Rng = np.random.Generator

_CROP_DIGIT_PX: Final = 20  # height of a digit in a crop, as MNIST has them
_CROP_INK: Final = 40  # grey level from which on a crop's pixel is ink ...
_PEN_INK: Final = 30  # ... and one of an enlarged digit


@dataclass(frozen=True, slots=True)
class Hand:
    """Digits of all ten classes that one person wrote, or many of whom nobody is known."""

    crops: Crops = field(repr=False)  # (count, 28, 28) uint8
    labels: NDArray[np.int64] = field(repr=False)  # (count,)
    share: float = 1.0  # how often it writes a page, against others


class Hands:
    """Hands that take turns, by chance."""

    def __init__(self, hands: Sequence[Hand], rng: Rng) -> None:
        """Take one at least; `rng` decides whose turn it is."""
        self._hands, self._rng = hands, rng
        shares = np.array([hand.share for hand in hands])
        self._ends = np.cumsum(shares / shares.sum())

    def draw(self) -> Hand:
        """Whose turn it is."""
        place = int(np.searchsorted(self._ends, self._rng.random()))
        return self._hands[min(place, len(self._hands) - 1)]


class CropPen:
    """Writes labelled crops at any size, each time another one of the label."""

    def __init__(self, crops: Crops, labels: NDArray[np.int64]) -> None:
        """Take (count, 28, 28) uint8 crops and what they are; only digits are written."""
        self._by_label = [crops[labels == label] for label in range(10)]

    def take_hand(self, hand: Hand) -> None:
        """Write with another one's digits from now on."""
        self._by_label = [hand.crops[hand.labels == label] for label in range(10)]

    def __call__(self, label: int, rng: Rng, height_px: float) -> Image:
        """One digit, (h, w) uint8, light ink on black; enlarged and sharpened to an even stroke."""
        crops = self._by_label[label]
        ink = _tight(crops[rng.integers(len(crops))], _CROP_INK)
        scale = height_px / _CROP_DIGIT_PX * float(rng.uniform(0.95, 1.05))
        size = (
            max(3, round((ink.shape[1] + 2) * scale)),
            max(3, round((ink.shape[0] + 2) * scale)),
        )
        large = cv2.resize(np.pad(ink, 1), size, interpolation=cv2.INTER_CUBIC)
        smooth = cv2.GaussianBlur(large.astype(np.float32), (0, 0), 0.35 * scale) / 255
        return _tight(np.asarray(np.clip((smooth - 0.38) * 3.2, 0, 1) * 255, np.uint8), _PEN_INK)


class DoubleZeroPen(CropPen):
    """Writes every zero as two that lean on each other."""

    def __call__(self, label: int, rng: Rng, height_px: float) -> Image:
        """As `CropPen` does, but for zeros."""
        first = super().__call__(label, rng, height_px)
        if label:
            return first
        second = super().__call__(0, rng, height_px * float(rng.uniform(0.85, 1.1)))
        overlap = round(height_px * rng.uniform(0.02, 0.12))
        height = max(len(first), len(second))
        both = np.zeros((height, first.shape[1] + second.shape[1] - overlap), np.uint8)
        both[height - len(first) :, : first.shape[1]] = first
        part = both[height - len(second) :, both.shape[1] - second.shape[1] :]
        np.maximum(part, second, out=part)
        return both


class WriterPen(CropPen):
    """Writes in one hand at a time, which is slanted, narrow or heavy by chance."""

    def __init__(self, crops: Crops, labels: NDArray[np.int64]) -> None:
        """Begin with digits as they are; see `CropPen`."""
        super().__init__(crops, labels)
        self.change_writer(np.random.default_rng(0), 0.0)

    def change_writer(self, rng: Rng, strength: float) -> None:
        """Take another hand; `strength` is 0 for the crops as they are, 1 for a strange one."""
        self._slant = float(rng.normal(0, 0.2)) * strength
        self._turn_deg = float(rng.normal(0, 7)) * strength
        self._width = float(np.exp(rng.normal(0, 0.18) * strength))
        self._pressure = float(rng.normal(0, 0.035)) * strength  # of the digits' height
        self._unsteady = 0.3 * strength

    def __call__(self, label: int, rng: Rng, height_px: float) -> Image:
        """One digit in this hand, (h, w) uint8, light ink on black."""
        ink = super().__call__(label, rng, height_px)
        slant = self._slant + self._unsteady * float(rng.normal(0, 0.2))
        turn = np.deg2rad(self._turn_deg + self._unsteady * float(rng.normal(0, 7)))
        side = round(max(ink.shape) * 0.4) + 2
        ink = np.pad(ink, side)
        matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        matrix = matrix @ np.array([[self._width, slant], [0.0, 1.0]])
        middle = np.array(ink.shape[::-1]) / 2
        whole = np.column_stack([matrix, middle - matrix @ middle])
        ink = np.asarray(cv2.warpAffine(ink, whole, ink.shape[::-1]), np.uint8)
        return _tight(_pressed(ink, self._pressure, height_px), _PEN_INK)


def _pressed(ink: Image, pressure: float, height_px: float) -> Image:
    """The same digit by a broader or a finer pen; `pressure` is a share of the digit's height."""
    size = round(abs(pressure) * height_px)
    if size and pressure > 0:
        element = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size + 1, size + 1))
        return np.asarray(cv2.dilate(ink, element), np.uint8)
    return _with_finer_pen(ink, -(-size // 2)) if size else ink


def _with_finer_pen(ink: Image, finer_px: int) -> Image:
    """The same digit by a pen that is finer on both sides, down to its strokes' middle.

    A stroke that is lost would leave another digit, or none: what stays is the soft skeleton of
    S. Shit et al., clDice, CVPR 2021.
    """
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    for _ in range(finer_px):
        inner = cv2.erode(ink, cross)
        ridge = cv2.subtract(ink, cv2.dilate(inner, np.ones((3, 3), np.uint8)))
        ink = np.asarray(np.maximum(inner, ridge), np.uint8)
    return ink


def _tight(ink: Image, level: int) -> Image:
    """The part of a picture that holds its ink."""
    inked = ink > level
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
