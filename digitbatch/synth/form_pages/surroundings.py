"""Dark things on a picture that are no ink: scanners' edges, holes, clips, staples, fingers."""

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.synth.form_pages.canvas import PAPER
from digitbatch.synth.form_pages.dice import Dice
from digitbatch.types import Image

Picture = tuple[Image, NDArray[np.uint8]]
"""Pixels (h, w, 3) uint8 and labels (h, w) uint8."""


def with_things(pixels: Image, labels: NDArray[np.uint8], dice: Dice) -> Picture:
    """Lay some of them over a page; what they hide is gone, and they are paper."""
    if dice.share(0.25):
        _edges(pixels, labels, dice)
    if dice.share(0.15):
        _holes(pixels, labels, dice)
    if dice.share(0.2):
        _blots(pixels, labels, dice)
    if dice.share(0.12):
        _staples(pixels, labels, dice)
    if dice.share(0.1):
        _ragged(pixels, labels, dice)
    return pixels, labels


def _edges(pixels: Image, labels: NDArray[np.uint8], dice: Dice) -> None:
    """Dark or bright strips along the sides, hard or fading, as lids and other pages leave them."""
    height, width = labels.shape
    for side in ("left", "right", "top", "bottom"):
        if not dice.share(0.5):
            continue
        wide = max(2, round(dice.by_logarithm(2, 70)))
        tone = np.asarray(dice.arrays.uniform(0, 110, 3) if dice.share(0.8) else [250.0] * 3)
        if dice.share(0.4):
            tone = np.full(3, tone.mean())
        reach = (
            np.ones(wide) if dice.share(0.5) else np.linspace(1, 0, wide) ** dice.between(0.5, 2)
        )
        across = {
            "left": (slice(0, height), slice(0, wide)),
            "right": (slice(0, height), slice(width - wide, width)),
            "top": (slice(0, wide), slice(0, width)),
            "bottom": (slice(height - wide, height), slice(0, width)),
        }[side]
        reach = reach[::-1] if side in ("right", "bottom") else reach
        share = reach[None, :, None] if side in ("left", "right") else reach[:, None, None]
        part = pixels[across]
        part[:] = (part * (1 - share) + tone * share).astype(np.uint8)
        strong = np.broadcast_to(share[..., 0] > 0.5, part.shape[:2])
        labels[across][strong] = PAPER


def _holes(pixels: Image, labels: NDArray[np.uint8], dice: Dice) -> None:
    height, width = labels.shape
    size = dice.count(5, 16)
    tone = dice.arrays.uniform(0, 120, 3) if dice.share(0.75) else dice.arrays.uniform(150, 255, 3)
    x = dice.count(size, 3 * size) if dice.share(0.7) else width - dice.count(size, 3 * size)
    for place in dice.arrays.uniform(0.04, 0.96, dice.count(1, 6)):
        _cover(pixels, labels, (x, int(place * height)), (size, size), 0, tone)


def _blots(pixels: Image, labels: NDArray[np.uint8], dice: Dice) -> None:
    """Clips, magnets, fingers, corners of other things."""
    height, width = labels.shape
    for _ in range(dice.count(1, 3)):
        tone = (
            dice.arrays.uniform(0, 200, 3) if dice.share(0.5) else np.full(3, dice.between(0, 90))
        )
        axes = dice.count(6, 60), dice.count(6, 90)
        on_edge = dice.share(0.8)
        x = dice.pick((0, width)) if on_edge else dice.count(0, width)
        y = dice.count(0, height)
        if on_edge and dice.share(0.4):
            x, y = dice.count(0, width), dice.pick((0, height))
        _cover(pixels, labels, (x, y), axes, dice.between(0, 180), tone)


def _staples(pixels: Image, labels: NDArray[np.uint8], dice: Dice) -> None:
    """Short bright or dark bars near the rim, and rust."""
    height, width = labels.shape
    for _ in range(dice.count(1, 4)):
        x = dice.count(3, 40) if dice.share(0.6) else width - dice.count(3, 40)
        y = dice.count(5, height - 5)
        tone = dice.arrays.uniform(20, 130, 3).tolist()
        turn, long = dice.between(0, np.pi), dice.between(5, 18)
        end = int(x + np.cos(turn) * long), int(y + np.sin(turn) * long)
        thick = dice.count(1, 4)
        cv2.line(pixels, (x, y), end, tone, thick, cv2.LINE_AA)
        cv2.line(labels, (x, y), end, PAPER, thick + 2)


def _ragged(pixels: Image, labels: NDArray[np.uint8], dice: Dice) -> None:
    """A torn side, with what lies below showing."""
    height, width = labels.shape
    steps = np.cumsum(dice.arrays.normal(0, dice.between(0.3, 1.5), height))
    rim = np.clip(steps - steps.min() + dice.between(0, 30), 0, 0.15 * width).astype(int)
    beyond = np.arange(width)[None] < rim[:, None]
    if dice.share(0.5):
        beyond = beyond[:, ::-1]
    pixels[beyond] = dice.arrays.uniform(0, 150, 3).astype(np.uint8)
    labels[beyond] = PAPER


def _cover(
    pixels: Image,
    labels: NDArray[np.uint8],
    middle: tuple[int, int],
    axes: tuple[int, int],
    turn_deg: float,
    tone: NDArray[np.float64],
) -> None:
    cv2.ellipse(pixels, middle, axes, turn_deg, 0, 360, tone.tolist(), -1, cv2.LINE_AA)
    cv2.ellipse(labels, middle, axes, turn_deg, 0, 360, PAPER, -1)
