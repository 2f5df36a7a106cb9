"""Take the printed boxes, combs and base lines of a zone out of its ink."""

from itertools import pairwise
from typing import Final

import numpy as np

from digitbatch.stages.remove_rules import Rule, delete_rules, mended, thin_pieces
from digitbatch.types import Image

_THICKEST: Final = 0.07  # of the zone's height: thicker lines are no print of a form
_ROW: Final = 0.5  # a printed line is at least this part of the zone's width long
_PIECE: Final = 0.6  # and shows pieces of this part of its length that no digit touches
_WALL: Final = 0.85  # a wall reaches over this part of the way from line to line
_TICK: Final = 0.1  # a comb's tick rises at least this part of the zone's height from its line
_TICKS: Final = 0.6  # this share of the places between digits must have one: a 1 stands alone


def without_boxes(mask: Image, most_digits: int | None) -> Image:
    """A zone's ink without the boxes around its digits.

    Lines along the zone are found first. Then walls: thin upright lines that reach from the upper
    line to the lower one, which a handwritten 1 hardly does. Then a comb's ticks: short ones on the
    lower line, at the places that the expected number of digits gives. Strokes that cross any of
    them stay, as in `stages.remove_rules`.

    Args:
        mask: (H, W) uint8, ink 255 on 0; the zone, with little around it.
        most_digits: How many places the zone has; None: not known, and no ticks are looked for.
    """
    height, width = mask.shape
    if min(height, width) < 12:
        return mask
    thickest_px = max(3, round(_THICKEST * height))
    rows = _long_rows(mask, thickest_px)
    if not rows:
        return mask
    rules = [row for row, _ in rows]
    without = delete_rules(mask, rules)
    turned = np.ascontiguousarray(without.T)
    heights = [middle for _, middle in rows]
    # Boxes of the row above may reach into the zone: each pair of neighbouring lines is tried.
    walls = [
        wall
        for upper, lower in pairwise(sorted(heights))
        for wall in _walls(turned, thickest_px, upper, lower, height)
    ]
    if not walls and most_digits:
        walls = _ticks(turned, thickest_px, rules[int(np.argmax(heights))], heights, most_digits)
    if walls:
        without = np.ascontiguousarray(delete_rules(turned, walls).T)
    return mended(mask, without, rows=True, columns=bool(walls))


def _long_rows(mask: Image, thickest_px: int) -> list[tuple[Rule, float]]:
    """Printed lines along the zone, and their heights in its middle."""
    width = mask.shape[1]
    found: list[tuple[Rule, float]] = []
    left_over = thin_pieces(mask, thickest_px, max(8, round(0.04 * width)))
    while left_over:
        xs, ys = left_over.pop(0)
        slope = np.polyfit(xs, ys, 1) if len(xs) > 0.15 * width else np.array([0.0, np.mean(ys)])
        rest = []
        for more_xs, more_ys in left_over:
            miss = float(np.median(np.abs(np.polyval(slope, more_xs) - more_ys)))
            if miss <= max(2.0, 0.7 * thickest_px):
                xs, ys = np.concatenate([xs, more_xs]), np.concatenate([ys, more_ys])
            else:
                rest.append((more_xs, more_ys))
        left_over = rest
        left, right = int(xs.min()), int(xs.max())
        if right - left < _ROW * width or len(np.unique(xs)) < _PIECE * (right - left):
            continue
        line = np.polyfit(xs, ys, 1)
        rule = Rule(left, right, np.array([0.0, line[0], line[1]]))
        found.append((rule, float(np.polyval(line, (left + right) / 2))))
    return found


def _walls(turned: Image, thickest_px: int, upper: float, lower: float, height: int) -> list[Rule]:
    """Walls from line to line, as rules of the turned zone."""
    reach = lower - upper
    if reach < 0.3 * height:
        return []
    walls = []
    for along, across in thin_pieces(turned, thickest_px, max(5, round(0.25 * reach))):
        begins, ends = float(along.min()), float(along.max())
        inside = min(ends, lower) - max(begins, upper)
        spread = float(np.ptp(across))
        if inside >= _WALL * reach and spread <= 0.12 * reach + 2:
            line = np.polyfit(along, across, 1)
            walls.append(Rule(int(begins), int(ends), np.array([0.0, line[0], line[1]])))
    return walls


def _ticks(
    turned: Image, thickest_px: int, base: Rule, heights: list[float], places: int
) -> list[Rule]:
    """A comb's ticks, as rules of the turned zone, if enough of them stand where they must."""
    height = turned.shape[1]
    foot = max(heights)
    pitch = (base.right - base.left) / places
    ticks = []
    for place in range(places + 1):
        middle = base.left + place * pitch
        first = max(0, round(middle - 0.12 * pitch))
        strip = turned[first : round(middle + 0.12 * pitch) + 1, : round(foot)]
        if not strip.size:
            continue
        # The column with the longest unbroken ink just above the line.
        paper = strip[:, ::-1] == 0
        skip = min(thickest_px, paper.shape[1])  # the line itself has left a gap there
        rise = np.where(paper[:, skip:].any(axis=1), paper[:, skip:].argmax(axis=1), 0)
        best = int(rise.argmax())
        if _TICK * height <= rise[best] + skip <= 0.6 * height and rise[best] > 0:
            at = first + best
            span = round(foot) - skip - int(rise[best])
            ticks.append(Rule(max(0, span), round(foot), np.array([0.0, 0.0, float(at)])))
    return ticks if len(ticks) >= _TICKS * (places + 1) else []
