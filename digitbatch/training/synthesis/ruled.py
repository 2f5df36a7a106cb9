"""Digits that stood on a rule or in a box, as they look when that has been taken out.

What a run takes out leaves its traces: a foot that lay on the line is thinner or gone, and a dash
of the line stays on either side of it. So the lines are drawn and taken out here by the same code.
"""

from typing import Final

import cv2
import numpy as np

from digitbatch.stages.centre import center_crop
from digitbatch.stages.line_removal.delete import delete_rules
from digitbatch.stages.line_removal.mend import mended
from digitbatch.stages.line_removal.printed_line import Rule
from digitbatch.stages.line_removal.residue import without_rests
from digitbatch.types import CROP_SIZE_PX, Crops, Image

_INK: Final = 110  # from this level on, the mask of a run holds it
_FAINT: Final = 40
_BESIDE: Final = 1.2  # of paper on each side of a digit, in digit heights


def make_ruled(digits: Crops, rng: np.random.Generator) -> Crops:
    """Write each digit on a rule or into a box, and take that out again.

    Args:
        digits: (count, 28, 28) uint8, ink 255 on 0.
        rng: Decides everything.

    Returns:
        (count, 28, 28) uint8, as a run cuts and centres them.
    """
    ruled = np.zeros_like(digits)
    for crop, digit in zip(ruled, digits, strict=True):
        ink = _taken_out(enlarged(digit, float(rng.uniform(26, 64)), rng), rng)
        crop[:] = digit if ink is None else center_crop(ink)
    return ruled


def enlarged(digit: Image, height_px: float, rng: np.random.Generator) -> Image:
    """A crop's digit as a pen leaves it at that size, with paper around it."""
    scale = height_px / 20
    size_px = round(CROP_SIZE_PX * scale)
    large = cv2.resize(digit, (size_px, size_px), interpolation=cv2.INTER_CUBIC)
    smooth = cv2.GaussianBlur(large.astype(np.float32), (0, 0), 0.35 * scale) / 255
    # The level at which a stroke ends makes the pen broad or fine.
    edge = float(rng.uniform(0.32, 0.5))
    ink = np.asarray(np.clip((smooth - edge + 0.16) * 3.2, 0, 1) * 255, np.uint8)
    return np.pad(ink, ((size_px // 3,) * 2, (round(_BESIDE * height_px),) * 2))


def _taken_out(ink: Image, rng: np.random.Generator) -> Image | None:
    """Draw lines through a picture of a digit, and take them out; None if nothing is left."""
    rows, columns = _lines(ink, rng)
    levels = ink.copy()
    pen_px = max(1, round(float(rng.uniform(0.02, 0.09)) * len(ink) / 2.2))
    dark = int(rng.integers(150, 256))
    _draw(levels, rows, pen_px, dark)
    _draw(levels.T, columns, pen_px, dark)
    levels = np.asarray(cv2.GaussianBlur(levels, (0, 0), float(rng.uniform(0.4, 0.9))), np.uint8)
    mask = np.asarray(np.where(levels > _INK, 255, 0), np.uint8)
    without = delete_rules(mask, rows)
    turned = np.ascontiguousarray(without.T)
    without = np.ascontiguousarray(delete_rules(turned, columns).T)
    whole = mended(mask, without, rows=bool(rows), columns=bool(columns))
    left = without_rests(whole, [(rule, 0.0) for rule in rows], [(rule, 0.0) for rule in columns])
    taken = cv2.dilate(cv2.subtract(mask, left), np.ones((3, 3), np.uint8))
    near = cv2.dilate(left, np.ones((3, 3), np.uint8))  # the soft edges of what stays
    kept = (near > 0) & ((taken == 0) | (left > 0))
    result = np.asarray(np.where(kept, levels, 0), np.uint8)
    return result if np.count_nonzero(left) > _FAINT else None


def _lines(ink: Image, rng: np.random.Generator) -> tuple[list[Rule], list[Rule]]:
    """Lines along and (turned) across a digit: under it, around it, or through it."""
    inked = ink > _INK
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
        first = np.rint(np.polyval(rule.curve, xs)).astype(np.int64) - pen_px // 2
        for off in range(pen_px):
            ys = np.clip(first + off, 0, len(levels) - 1)
            levels[ys, xs] = np.maximum(levels[ys, xs], dark)
