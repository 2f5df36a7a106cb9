"""Digits as a run cuts them from pages: off printed lines, and from scans by other pens.

MNIST's crops were made from the scanned page once; a run's come from a page of its own. What a run
takes out of a page leaves its traces: a foot that lay on a printed line is thinner or gone, and a
dash of the line stays on either side of it. So the lines are drawn and taken out here by the same
code. What pens and scanners do to lines of digits (`synthesis.lines`) is done to single ones.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np

from digitbatch.stages.crops import center_crop
from digitbatch.stages.line_removal.delete import delete_rules, mended, without_rests
from digitbatch.stages.line_removal.printed_line import Rule
from digitbatch.training.synthesis.composition import LineStyle, Written
from digitbatch.training.synthesis.lines import flawed
from digitbatch.types import CROP_SIZE_PX, Crops, Image


@dataclass(frozen=True, slots=True)
class PageCropStyle:
    """How large digits stand on pages, and what befalls them there."""

    least_ruled_px: float = 26.0  # height of a digit on a printed line ...
    most_ruled_px: float = 64.0
    ink_level: int = 110  # from this level on, the mask of a run holds it
    fewest_px: int = 40  # of ink that must be left beside a line; else the digit stays as it was
    beside: float = 1.2  # of paper on each side of a digit, in digit heights
    least_scan_px: float = 16.0  # height of the digits of a coarse scan ...
    most_scan_px: float = 60.0  # ... and of a fine one
    scan: LineStyle = field(
        default_factory=lambda: LineStyle(
            neighbour_share=0.0,  # what stands beside a digit is another component in a run
            wall_share=0.0,
            speck_share=0.0,
            rule_share=0.0,
            noise_share=0.3,
            two_valued_share=0.3,
        )
    )
    part_level: int = 60  # from this level on, ink belongs to a part
    own_share: float = 0.12  # of the largest part's ink: smaller parts are no more of the digit


_STYLE: Final = PageCropStyle()


def make_ruled(digits: Crops, rng: np.random.Generator) -> Crops:
    """Write each digit, (count, 28, 28) uint8, on a rule or into a box, and take that out again."""

    def off_rules(digit: Image) -> Image | None:
        height_px = float(rng.uniform(_STYLE.least_ruled_px, _STYLE.most_ruled_px))
        return _taken_out(_enlarged(digit, height_px, rng), rng)

    return _each(digits, off_rules)


def make_scanned(digits: Crops, rng: np.random.Generator) -> Crops:
    """Write each digit, (count, 28, 28) uint8, with a pen, and scan it."""
    least, most = np.log(_STYLE.least_scan_px), np.log(_STYLE.most_scan_px)

    def scanned(digit: Image) -> Image | None:
        # As many of each doubling: what a pixel more changes depends on how many there are.
        height_px = float(np.exp(rng.uniform(least, most)))
        written = Written(_enlarged(digit, height_px, rng), (0,), (0.0,), height_px)
        ink = _digit_alone(flawed(written, _STYLE.scan, rng))
        return ink if ink.any() else None

    return _each(digits, scanned)


def _each(digits: Crops, change: Callable[[Image], Image | None]) -> Crops:
    """Each digit's ink changed and centred as a run does; as it was where nothing is left."""
    crops = np.zeros_like(digits)
    for crop, digit in zip(crops, digits, strict=True):
        ink = change(digit)
        crop[:] = digit if ink is None else center_crop(ink)
    return crops


def _enlarged(digit: Image, height_px: float, rng: np.random.Generator) -> Image:
    """A crop's digit as a pen leaves it at that size, with paper around it."""
    scale = height_px / 20
    size_px = round(CROP_SIZE_PX * scale)
    large = cv2.resize(digit, (size_px, size_px), interpolation=cv2.INTER_CUBIC)
    smooth = cv2.GaussianBlur(large.astype(np.float32), (0, 0), 0.35 * scale) / 255
    # The level at which a stroke ends makes the pen broad or fine.
    edge = float(rng.uniform(0.32, 0.5))
    ink = np.asarray(np.clip((smooth - edge + 0.16) * 3.2, 0, 1) * 255, np.uint8)
    return np.pad(ink, ((size_px // 3,) * 2, (round(_STYLE.beside * height_px),) * 2))


def _taken_out(ink: Image, rng: np.random.Generator) -> Image | None:
    """Draw lines through a picture of a digit, and take them out; None if nothing is left."""
    rows, columns = _lines(ink, rng)
    levels = ink.copy()
    pen_px = max(1, round(float(rng.uniform(0.02, 0.09)) * len(ink) / 2.2))
    dark = int(rng.integers(150, 256))
    _draw(levels, rows, pen_px, dark)
    _draw(levels.T, columns, pen_px, dark)
    levels = np.asarray(cv2.GaussianBlur(levels, (0, 0), float(rng.uniform(0.4, 0.9))), np.uint8)
    mask = np.asarray(np.where(levels > _STYLE.ink_level, 255, 0), np.uint8)
    without = delete_rules(mask, rows)
    turned = np.ascontiguousarray(without.T)
    without = np.ascontiguousarray(delete_rules(turned, columns).T)
    whole = mended(mask, without, rows=bool(rows), columns=bool(columns))
    left = without_rests(whole, [(rule, 0.0) for rule in rows], [(rule, 0.0) for rule in columns])
    taken = cv2.dilate(cv2.subtract(mask, left), np.ones((3, 3), np.uint8))
    near = cv2.dilate(left, np.ones((3, 3), np.uint8))  # the soft edges of what stays
    kept = (near > 0) & ((taken == 0) | (left > 0))
    result = np.asarray(np.where(kept, levels, 0), np.uint8)
    return result if np.count_nonzero(left) > _STYLE.fewest_px else None


def _lines(ink: Image, rng: np.random.Generator) -> tuple[list[Rule], list[Rule]]:
    """Lines along and (turned) across a digit: under it, around it, or through it."""
    inked = ink > _STYLE.ink_level
    ys, xs = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    if not len(ys):
        return [], []
    top, foot, left, right = int(ys[0]), int(ys[-1]), int(xs[0]), int(xs[-1])
    size = foot - top + 1
    kind = rng.random()
    across: list[float] = []
    if kind < 0.5:  # it stands on a rule, or nearly
        along = [foot + size * float(rng.uniform(-0.12, 0.04))]
    elif kind < 0.65:  # ruled paper knows nothing of digits
        along = [float(rng.uniform(top, foot))]
    elif kind < 0.85:  # a wall, a comb's tick or a divider that it leans on
        along = []
        reach = size * float(rng.uniform(-0.12, 0.03))
        across = [right + reach if rng.random() < 0.5 else left - reach]
    else:  # a box that is too small for it
        along = [foot + size * float(rng.uniform(-0.1, 0.06))]
        along += [top - size * float(rng.uniform(-0.1, 0.06))]
        across = [right + size * float(rng.uniform(-0.1, 0.1))]
    height, width = ink.shape
    slope = float(rng.normal(0, 0.01))
    return (
        [_rule(y, slope, width) for y in along if 0 < y < height - 1],
        [_rule(x, -slope, height) for x in across if 0 < x < width - 1],
    )


def _rule(middle: float, slope: float, length_px: int) -> Rule:
    return Rule(0, length_px - 1, np.array([0.0, slope, middle - slope * length_px / 2]))


def _draw(levels: Image, rules: list[Rule], pen_px: int, dark: int) -> None:
    for rule in rules:
        xs = np.arange(rule.left, rule.right + 1)
        first = rule.rows_at(xs) - pen_px // 2
        for off in range(pen_px):
            ys = np.clip(first + off, 0, len(levels) - 1)
            levels[ys, xs] = np.maximum(levels[ys, xs], dark)


def _digit_alone(ink: Image) -> Image:
    """Without dust: a run leaves it out."""
    mask = np.asarray(cv2.threshold(ink, _STYLE.part_level, 255, cv2.THRESH_BINARY)[1], np.uint8)
    count, labels, about, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count <= 2:  # paper, and one part
        return ink
    area = about[1:, cv2.CC_STAT_AREA]
    own = np.isin(labels, 1 + np.flatnonzero(area > _STYLE.own_share * area.max())).astype(np.uint8)
    near = cv2.dilate(own, np.ones((3, 3), np.uint8))
    return np.asarray(np.where(near > 0, ink, 0), np.uint8)
