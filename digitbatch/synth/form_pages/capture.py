"""What scanners, cameras, copiers and desks do to a page."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.synth.form_pages.dice import Dice
from digitbatch.types import Image

Picture = tuple[Image, NDArray[np.uint8]]
"""Pixels (h, w, 3) uint8 and labels (h, w) uint8."""

_GREY: Final = np.array([0.299, 0.587, 0.114], np.float32)


def laid_out(pixels: Image, labels: NDArray[np.uint8], dice: Dice) -> Picture:
    """Turn the page a little, or photograph it aslant on a desk."""
    height, width = labels.shape
    photo = dice.share(0.33)
    if not photo and dice.share(0.35):
        return pixels, labels
    scale = dice.between(0.74, 1.0) if photo else dice.between(0.97, 1.03)
    turn = np.deg2rad(dice.near(0, 4 if photo else 1.0))
    middle = np.array([width / 2, height / 2])
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = scale * np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    moved = (corners - middle) @ matrix + middle
    if photo:
        moved += dice.arrays.uniform(-0.05, 0.05, (4, 2)) * [width, height] * scale
    warp = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    size = (width, height)
    on_desk = photo or dice.share(0.3)
    edge = cv2.BORDER_CONSTANT if on_desk else cv2.BORDER_REPLICATE
    laid = np.asarray(
        cv2.warpPerspective(pixels, warp, size, flags=cv2.INTER_LINEAR, borderMode=edge), np.uint8
    )
    told = cv2.warpPerspective(labels, warp, size, flags=cv2.INTER_NEAREST)
    if on_desk:
        page = cv2.warpPerspective(np.full((height, width), 255, np.uint8), warp, size)
        below = (
            desk(height, width, dice)
            if dice.share(0.75)
            else np.full_like(pixels, dice.count(0, 255))
        )
        np.copyto(laid, below, where=(page < 128)[..., None])
    return laid, np.asarray(told, np.uint8)


def desk(height: int, width: int, dice: Dice) -> Image:
    """Wood, cloth, leather or plain: (h, w, 3) uint8."""
    picture = np.empty((height, width, 3), np.float32)
    picture[:] = dice.arrays.uniform(10, 220, 3)
    if dice.share(0.45):
        long = dice.arrays.normal(0, 1, (dice.count(40, 220), dice.count(2, 8))).astype(np.float32)
        grain = cv2.resize(long, (width, height), interpolation=cv2.INTER_LINEAR)
        if dice.share(0.5):
            grain = cv2.resize(np.ascontiguousarray(grain.T), (width, height))
        picture += grain[..., None] * dice.between(5, 35)
    picture += slow_noise(height, width, dice.pick((3, 6, 20, 80)), dice)[..., None] * dice.between(
        2, 22
    )
    if dice.share(0.35):
        for _ in range(dice.count(1, 6)):
            ends = dice.arrays.integers(0, max(height, width), 4).tolist()
            tone = dice.arrays.uniform(0, 255, 3).tolist()
            cv2.line(
                picture,
                (ends[0], ends[1]),
                (ends[2], ends[3]),
                tone,
                dice.count(1, 40),
                cv2.LINE_AA,
            )
    return np.asarray(np.clip(picture, 0, 255), np.uint8)


def slow_noise(height: int, width: int, step: int, dice: Dice) -> NDArray[np.float32]:
    """Normal noise of which `step` pixels are alike, (h, w)."""
    small = dice.arrays.normal(0, 1, (max(2, height // step), max(2, width // step))).astype(
        np.float32
    )
    mode = cv2.INTER_LINEAR if step < 40 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(small, (width, height), interpolation=mode), np.float32)


def lit(pixels: Image, dice: Dice) -> Image:
    """Uneven light, shadows with hard and soft edges, folds, glare."""
    height, width = pixels.shape[:2]
    small = max(2, height // 8), max(2, width // 8)
    light = np.ones(small, np.float32)
    light += slow_noise(*small, dice.pick((25, 50, 90)), dice) * dice.between(0.02, 0.13)
    if dice.share(0.4):
        light *= np.linspace(
            dice.between(0.5, 1), dice.between(0.7, 1.05), small[1], dtype=np.float32
        )[None]
    if dice.share(0.3):
        light *= np.linspace(
            dice.between(0.5, 1), dice.between(0.7, 1.05), small[0], dtype=np.float32
        )[:, None]
    if dice.share(0.3):
        shadow = np.zeros(small, np.float32)
        corners = (dice.arrays.random((dice.count(3, 5), 1, 2)) * [small[1], small[0]]).astype(
            np.int32
        )
        cv2.fillPoly(shadow, [corners], 1.0)
        shadow = np.asarray(
            cv2.GaussianBlur(shadow, (0, 0), dice.by_logarithm(0.4, 10)), np.float32
        )
        light *= 1 - shadow * dice.between(0.12, 0.5)
    if dice.share(0.12):  # a fold: one side lighter, a thin dark line between
        at = dice.count(1, small[1] - 2)
        light[:, at:] *= dice.between(0.88, 1.08)
        light[:, at - 1 : at] *= dice.between(0.85, 1.0)
    if dice.share(0.08):
        glare = np.zeros(small, np.float32)
        middle = dice.count(0, small[1]), dice.count(0, small[0])
        cv2.circle(glare, middle, dice.count(3, 20), 1.0, -1)
        light += np.asarray(cv2.GaussianBlur(glare, (0, 0), 6), np.float32) * dice.between(0.2, 0.9)
    factor = cv2.resize(np.clip(light, 0.2, 1.6), (width, height), interpolation=cv2.INTER_LINEAR)
    levels = cv2.multiply(pixels, cv2.merge([factor, factor, factor]), dtype=cv2.CV_8U)
    return np.asarray(levels, np.uint8)


def taken(pixels: Image, dice: Dice) -> Image:
    """Blur, coarse sampling, noise, tint, grey, two levels, JPEG."""
    height, width = pixels.shape[:2]
    if dice.share(0.22):
        share = dice.between(0.45, 0.85)
        small = cv2.resize(pixels, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        pixels = np.asarray(
            cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8
        )
    elif dice.share(0.45):
        pixels = np.asarray(cv2.GaussianBlur(pixels, (0, 0), dice.between(0.35, 1.3)), np.uint8)
    elif dice.share(0.2):
        sharp = cv2.GaussianBlur(pixels, (0, 0), 1.2)
        pixels = np.asarray(cv2.addWeighted(pixels, 1.8, sharp, -0.8, 0), np.uint8)
    grey = dice.share(0.38)
    if grey:
        one = cv2.transform(pixels, _GREY[None])
        pixels = np.asarray(cv2.merge([one, one, one]), np.uint8)
    elif dice.share(0.4):
        tint = np.diag(dice.arrays.uniform(0.78, 1.04, 3)).astype(np.float32)
        pixels = np.asarray(cv2.transform(pixels, tint), np.uint8)
    if dice.share(0.3):
        low, high = dice.between(0, 70), dice.between(150, 255)
        levels = np.clip(low + np.arange(256) * (high - low) / 255, 0, 255).astype(np.uint8)
        pixels = np.asarray(cv2.LUT(pixels, levels), np.uint8)
    if dice.share(0.6):
        pixels = _noisy(pixels, dice)
    if grey and dice.share(0.22):
        pixels = _two_levels(pixels, dice)
    if dice.share(0.45):
        quality = [cv2.IMWRITE_JPEG_QUALITY, dice.count(22, 90)]
        coded = cv2.imencode(".jpg", pixels, quality)[1]
        pixels = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    return pixels


def _noisy(pixels: Image, dice: Dice) -> Image:
    height, width = pixels.shape[:2]
    tile = dice.arrays.normal(0, dice.by_logarithm(1, 11), (256, 256)).astype(np.int16)
    if dice.share(0.3):  # grain of several pixels
        tile = np.asarray(cv2.GaussianBlur(tile.astype(np.float32), (0, 0), 1.0) * 2, np.int16)
    noise = np.tile(tile, (height // 256 + 1, width // 256 + 1))[:height, :width]
    three = cv2.merge([noise, noise, noise])
    return np.asarray(cv2.add(pixels, three, dtype=cv2.CV_8U), np.uint8)


def _two_levels(pixels: Image, dice: Dice) -> Image:
    """A fax, or a copy with much contrast."""
    one = pixels[..., 0]
    if dice.share(0.5):
        middle = float(np.median(one)) * dice.between(0.6, 0.86)
        found = cv2.threshold(one, middle, 255, cv2.THRESH_BINARY)[1]
    else:
        found = cv2.adaptiveThreshold(one, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY,
                                      dice.pick((31, 51, 81)), dice.between(6, 18))  # fmt: skip
    if dice.share(0.4):
        specks = dice.arrays.random(one.shape, np.float32) < dice.by_logarithm(0.0002, 0.006)
        found = np.where(specks, 255 - found, found).astype(np.uint8)
    return np.asarray(cv2.merge([found, found, found]), np.uint8)
