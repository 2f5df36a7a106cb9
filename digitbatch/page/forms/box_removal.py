"""Take the printed boxes, combs and base lines of a zone out of its ink."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.page.forms.boxes.grid import Band, Grid
from digitbatch.stages.line_removal.pen_on_print import with_pen_on_lines
from digitbatch.stages.line_removal.printed_line import Rule
from digitbatch.stages.line_removal.residue import REST_PX, without_rests
from digitbatch.types import Image

_TICK: Final = 0.1  # a comb's tick rises at least this part of the zone's height from its line
_TICKS: Final = 0.6  # this share of the places between digits must have one: a 1 stands alone
_ALIKE: Final = 0.2  # of their height: so much do ticks differ
_THICKEST: Final = 0.07  # of the zone's height: thicker lines are no print of a form
_WIDEST: Final = 0.12  # of the zone's height: two walls that all but touch, as one
_EDGE_PX: Final = 2.0  # a band's edge is that much uneven
_ASIDE_PX: Final = 2  # how far a line's ink may lie from its fitted course
_USUAL: Final = 40  # percentile of the widths along a line: strokes make more of them than gaps


def without_print(
    mask: Image, grid: Grid, places: int | None, levels: Image | None = None
) -> Image:
    """A zone's ink without the lines of its grid.

    Along each line those runs of ink go that are no thicker than it, so strokes that cross it or
    lean on it stay. What it leaves open in strokes is closed, in three directions, by pixels that
    were taken out. What then remains of a line itself is dropped. In boxes and on combs, strokes
    that run along a line stay, too, where the pen is clearly darker than the print.

    Args:
        mask: (H, W) uint8, ink 255 on 0; the zone, with little around it.
        grid: Its printed lines.
        places: How many digits it is for; with one line only, a comb's ticks are looked for.
        levels: (H, W) uint8 before thresholding, light ink on black; None: not known.
    """
    if not grid.rows and not grid.walls:
        return mask
    widest_px = max(4, round(_WIDEST * mask.shape[0]))
    rows = [_to_its_ends(mask, row) for row in grid.rows]
    along = [_Runs.along(mask, row, 0.0, widest_px) for row in rows]
    without = _deleted(mask, [(run, 0.0) for run in along])
    turned = np.ascontiguousarray(without.T)
    walls = list(grid.walls)
    if not walls and places and rows:
        walls = _ticks(turned, rows, places, max(3, round(_THICKEST * mask.shape[0])))
    if walls:
        across = _across(turned, walls, grid.bands, widest_px)
        without = np.ascontiguousarray(_deleted(turned, across).T)
    whole = _mended(mask, without, rows=bool(rows), columns=bool(walls))
    thickest = max((run.usual for run in along if run is not None), default=1.0)
    aside_px = REST_PX + round(max(0.0, thickest - 3) / 2)
    thick = [(band.first, band.width_px) for band in grid.bands]
    left = without_rests(
        whole,
        [(row, 0.0) for row in rows],
        [*((wall, 0.0) for wall in walls), *thick],
        row_aside_px=aside_px,
    )
    if levels is None or not walls:
        return left
    return with_pen_on_lines(mask, left, levels, rows, walls, widest_px)


def _to_its_ends(mask: Image, rule: Rule) -> Rule:
    """A line along the zone as far as its ink goes on: a fit often misses the last segments."""
    height, width = mask.shape
    xs = np.arange(width)
    at = np.rint(np.polyval(rule.curve, xs)).astype(np.int64)
    near = at[None] + np.arange(-_ASIDE_PX, _ASIDE_PX + 1)[:, None]
    inked = (mask[np.clip(near, 0, height - 1), xs[None]] > 0).any(axis=0)
    paper = np.flatnonzero(~inked)
    before, after = paper[paper < rule.left], paper[paper > rule.right]
    left = int(before[-1]) + 1 if len(before) else 0
    right = int(after[0]) - 1 if len(after) else width - 1
    return Rule(min(left, rule.left), max(right, rule.right), rule.curve)


def _across(
    turned: Image, walls: Sequence[Rule], bands: Sequence[Band], widest_px: int
) -> list[tuple["_Runs | None", float]]:
    """The runs of ink across each wall and band, and how wide the band is: 0 for a wall."""
    thick = [(_place(band.first), band.width_px) for band in bands]
    alone = [
        (wall, 0.0)
        for wall in walls  # the others go with their band
        if not any(side - 1 <= _place(wall) <= side + width + 1 for side, width in thick)
    ]
    both = [*alone, *((band.first, band.width_px) for band in bands)]
    return [(_Runs.along(turned, rule, beyond, widest_px), beyond) for rule, beyond in both]


def _deleted(mask: Image, runs: Sequence[tuple["_Runs | None", float]]) -> Image:
    """The mask without the runs of ink that lie wholly on a rule or in a band, or end on a rule.

    How thick a rule is shows where no stroke crosses it, which is most of its way. How wide a band
    is is known.

    Args:
        mask: (H, W) uint8, ink 255 on 0.
        runs: Those across each rule or band, and how wide the band is: 0 for a rule.
    """
    result = mask.copy()
    for run, beyond in runs:
        if run is None:
            continue
        slack = _EDGE_PX if beyond else 0.5 * max(1.6 * run.usual, run.usual + 2) + 0.5
        thin = run.band & (run.before >= -slack) & (run.after <= beyond + slack)
        if not beyond:
            thin |= _ends_on(run, slack)
        at_row, at_column = np.nonzero(thin & run.inside)
        result[run.rows[at_row, at_column], run.xs[at_column]] = 0
    return result


def _ends_on(run: "_Runs", slack: float) -> NDArray[np.bool_]:
    """(window, columns) what is the line's of runs that reach it from one side and end there.

    A foot on a line makes a run that is too thick to be the line alone. Left whole, it would keep
    a dash of it.
    """
    off = np.arange(len(run.rows))[:, None] - len(run.rows) // 2
    half = run.usual / 2
    from_above = (run.before < -slack) & (run.after <= slack) & (run.after >= -1) & (off >= -half)
    from_below = (run.after > slack) & (run.before >= -slack) & (run.before <= 1) & (off <= half)
    return np.asarray(run.band & (from_above | from_below), np.bool_)


def _place(rule: Rule) -> float:
    return float(np.polyval(rule.curve, (rule.left + rule.right) / 2))


@dataclass(frozen=True, slots=True)
class _Runs:
    """The runs of ink across a rule, in a window around it."""

    xs: NDArray[np.int64]  # (columns,) of the mask
    rows: NDArray[np.int64]  # (window, columns) of the mask
    inside: NDArray[np.bool_]  # (window, columns) whether they are on the mask
    band: NDArray[np.bool_]  # (window, columns) the ink
    before: NDArray[np.int16]  # (window, columns) where each pixel's run begins, from the rule
    after: NDArray[np.int16]  # (window, columns) and where it ends
    usual: float  # how thick most of the runs on the rule are

    @classmethod
    def along(cls, mask: Image, rule: Rule, beyond: float, widest_px: int) -> "_Runs | None":
        """The runs along a rule; None where too few are on it."""
        height, width = mask.shape
        xs = np.arange(max(0, rule.left - widest_px), min(width, rule.right + widest_px + 1))
        if len(xs) < 4:
            return None
        reach = 2 * widest_px + round(beyond)
        offsets = np.arange(-reach, reach + 1)[:, None]
        index = np.arange(len(offsets), dtype=np.int16)[:, None]  # small: there are many
        rows = np.rint(np.polyval(rule.curve, xs)).astype(np.int64)[None] + offsets
        inside = (rows >= 0) & (rows < height)
        places = np.clip(rows, 0, height - 1) * width + xs
        band = (np.take(mask, places) > 0) & inside
        # For each pixel, the paper before and after its run.
        before = np.where(band, np.int16(-1), index)
        after = np.where(band, np.int16(len(offsets)), index)
        for row, last in pairwise(before):  # numpy's accumulate goes column by column
            np.maximum(row, last, out=last)
        for row, last in pairwise(after[::-1]):
            np.minimum(row, last, out=last)
        near = slice(reach - _ASIDE_PX, reach + _ASIDE_PX + 1)
        on_rule = band[near]
        columns = np.flatnonzero(on_rule.any(axis=0))
        if len(columns) < 4:
            return None
        # Of each column, the run nearest to the rule.
        order = np.argsort(np.abs(np.arange(-_ASIDE_PX, _ASIDE_PX + 1)), kind="stable")
        row = reach - _ASIDE_PX + order[on_rule[order].argmax(axis=0)][columns]
        run = after[row, columns] - before[row, columns] - 1
        usual = min(float(np.percentile(run, _USUAL)), float(widest_px))
        return cls(xs, rows, inside, band, before - reach + 1, after - reach - 1, usual)


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


def _ticks(turned: Image, rows: Sequence[Rule], places: int, thickest_px: int) -> list[Rule]:
    """A comb's ticks, as rules of the turned zone, if enough of them stand where they must."""
    height = turned.shape[1]
    heights = [float(np.polyval(row.curve, (row.left + row.right) / 2)) for row in rows]
    foot = max(heights)
    base = rows[int(np.argmax(heights))]
    pitch = (base.right - base.left) / places
    found: list[tuple[int, int]] = []  # where, and how high above the line
    for place in range(places + 1):
        middle = base.left + place * pitch
        first = max(0, round(middle - 0.12 * pitch))
        strip = turned[first : round(middle + 0.12 * pitch) + 1, : round(foot)]
        if strip.shape[1] <= thickest_px or not len(strip):
            continue  # the line runs along the zone's edge: there is nothing above it
        # The column with the longest unbroken ink just above the line.
        paper = strip[:, ::-1] == 0
        skip = thickest_px  # the line itself has left a gap there
        rise = np.where(paper[:, skip:].any(axis=1), paper[:, skip:].argmax(axis=1), 0)
        best = int(rise.argmax())
        if _TICK * height <= rise[best] + skip <= 0.6 * height and rise[best] > 0:
            found.append((first + best, skip + int(rise[best])))
    if not found:
        return []
    # Ticks are all of one height; strokes that stand on the line are not.
    usual = float(np.median([rise for _, rise in found]))
    alike = sum(abs(rise - usual) <= max(2.0, _ALIKE * usual) for _, rise in found)
    if alike < _TICKS * (places + 1):
        return []
    span = max(0, round(foot - min(usual * (1 + _ALIKE), usual + 2)))
    return [Rule(span, round(foot), np.array([0.0, 0.0, float(at)])) for at, _ in found]
