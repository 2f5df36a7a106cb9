"""Take the printed boxes, combs and base lines of a zone out of its ink."""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from digitbatch.reading.grid import Grid
from digitbatch.stages.remove_rules import Rule
from digitbatch.types import Image

_TICK: Final = 0.1  # a comb's tick rises at least this part of the zone's height from its line
_TICKS: Final = 0.6  # this share of the places between digits must have one: a 1 stands alone
_THICKEST: Final = 0.07  # of the zone's height: thicker lines are no print of a form
_WIDEST: Final = 0.12  # of the zone's height: two walls that all but touch, as one
_ASIDE_PX: Final = 2  # how far a line's ink may lie from its fitted course
_USUAL: Final = 40  # percentile of the widths along a line: strokes make more of them than gaps
_REST: Final = 2  # pixels beside a line: ink that is nowhere farther off is a rest of it


def without_print(mask: Image, grid: Grid, places: int | None) -> Image:
    """A zone's ink without the lines of its grid.

    Along each line those runs of ink go that are no thicker than it, so strokes that cross it or
    lean on it stay. What it leaves open in strokes is closed, in three directions, by pixels that
    were taken out. What then remains of a line itself is dropped.

    Args:
        mask: (H, W) uint8, ink 255 on 0; the zone, with little around it.
        grid: Its printed lines.
        places: How many digits it is for; with one line only, a comb's ticks are looked for.
    """
    if not grid.rows and not grid.walls:
        return mask
    widest_px = max(4, round(_WIDEST * mask.shape[0]))
    without = _deleted(mask, grid.rows, widest_px)
    turned = np.ascontiguousarray(without.T)
    walls = list(grid.walls)
    if not walls and places and grid.rows:
        walls = _ticks(turned, grid.rows, places, max(3, round(_THICKEST * mask.shape[0])))
    if walls:
        without = np.ascontiguousarray(_deleted(turned, walls, widest_px).T)
    whole = _mended(mask, without, rows=bool(grid.rows), columns=bool(walls))
    return _without_rests(mask, whole, grid.rows, walls)


def _deleted(mask: Image, rules: Sequence[Rule], widest_px: int) -> Image:
    """The mask without the runs of ink along each rule that are no thicker than the rule.

    How thick a rule is shows where no stroke crosses it, which is most of its way.
    """
    height, width = mask.shape
    result = mask.copy()
    offsets = np.arange(-2 * widest_px, 2 * widest_px + 1)[:, None]
    index = np.arange(len(offsets))[:, None]
    for rule in rules:
        xs = np.arange(max(0, rule.left - widest_px), min(width, rule.right + widest_px + 1))
        if len(xs) < 4:
            continue
        rows = np.rint(np.polyval(rule.curve, xs)).astype(np.int64)[None] + offsets
        inside = (rows >= 0) & (rows < height)
        band = (mask[np.clip(rows, 0, height - 1), xs[None]] > 0) & inside
        # In each column, the run of ink that lies nearest to the rule.
        away = np.where(band, np.abs(offsets), 2 * len(offsets))
        nearest, columns = away.argmin(axis=0), np.arange(len(xs))
        on_rule = away.min(axis=0) <= _ASIDE_PX
        above = np.maximum.accumulate(np.where(band, -1, index), axis=0)[nearest, columns]
        gaps = np.where(band, len(offsets), index)
        below = np.minimum.accumulate(gaps[::-1], axis=0)[::-1][nearest, columns]
        run = below - above - 1
        if np.count_nonzero(on_rule) < 4:
            continue
        usual = min(float(np.percentile(run[on_rule], _USUAL)), widest_px)
        thin = on_rule & (run <= max(1.6 * usual, usual + 2))
        at_row, at_column = np.nonzero((index > above) & (index < below) & thin)
        result[rows[at_row, at_column], xs[at_column]] = 0
    return result


def _mended(mask: Image, without: Image, *, rows: bool, columns: bool) -> Image:
    """Strokes closed across deleted lines, by deleted pixels alone."""
    deleted = cv2.subtract(mask, without)
    result = without
    for wanted, turned in ((rows, False), (columns, True)):
        if not wanted:
            continue
        for slant in (-1, 0, 1):
            element = _stroke(slant)
            element = np.ascontiguousarray(element.T) if turned else element
            closed = cv2.morphologyEx(without, cv2.MORPH_CLOSE, element)
            result = np.asarray(cv2.bitwise_or(result, cv2.bitwise_and(closed, deleted)), np.uint8)
    return result


def _stroke(slant: int) -> Image:
    """A short stroke, 3 wide and 7 long, downwards, leaning by up to a half."""
    element = np.zeros((7, 9), np.uint8)
    for row in range(7):
        middle = 4 + round(0.7 * slant * (row - 3))
        element[row, max(0, middle - 1) : middle + 2] = 1
    return element


def _without_rests(mask: Image, whole: Image, rows: Sequence[Rule], walls: Sequence[Rule]) -> Image:
    """Drop the components that lie nowhere farther than a line's own width from it."""
    near = np.zeros(mask.shape, np.bool_)
    for rules, view in ((rows, near), (walls, near.T)):
        height, width = len(view), len(view[0])
        for rule in rules:
            xs = np.arange(max(0, rule.left), min(width - 1, rule.right) + 1)
            ys = np.rint(np.polyval(rule.curve, xs)).astype(np.int64)
            for off in range(-_REST, _REST + 1):
                view[np.clip(ys + off, 0, height - 1), xs] = True
    count, labels = cv2.connectedComponents(whole, connectivity=8)
    beyond = np.zeros(count, np.bool_)
    beyond[np.unique(labels[~near])] = True
    beyond[0] = False
    return np.asarray(np.where(beyond[labels], whole, 0), np.uint8)


def _ticks(turned: Image, rows: Sequence[Rule], places: int, thickest_px: int) -> list[Rule]:
    """A comb's ticks, as rules of the turned zone, if enough of them stand where they must."""
    height = turned.shape[1]
    heights = [float(np.polyval(row.curve, (row.left + row.right) / 2)) for row in rows]
    foot = max(heights)
    base = rows[int(np.argmax(heights))]
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
