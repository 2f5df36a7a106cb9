"""Print taken out of a zone's ink: boxes, combs and base lines, and what has another colour."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.page.forms.box_grid import Grid
from digitbatch.stages.line_removal.delete import (
    DELETION,
    EITHER_WAY,
    REST_PX,
    field_runs,
    mended,
    without,
    without_rests,
)
from digitbatch.stages.line_removal.detect import to_its_ends
from digitbatch.stages.line_removal.pen_on_print import with_pen_on_lines
from digitbatch.stages.line_removal.printed_line import Line, Rule
from digitbatch.types import Image


@dataclass(frozen=True, slots=True)
class FieldPrint:
    """How thick the print of a form field is."""

    widest: float = 0.12  # of the zone's height: two walls that all but touch, as one,
    widest_px: int = 4  # or so wide
    beside_px: float = 1.0  # of a band: a wall so near to it goes with it
    thin_px: float = 3.0  # half of what a line is thicker than this, its rests lie farther off


FIELD_PRINT: Final = FieldPrint()


def without_print(
    mask: Image, grid: Grid, places: int | None, levels: Image | None = None
) -> Image:
    """A zone's ink without the lines of its grid.

    Along each line those runs of ink go that are no thicker than it, so strokes that cross it or
    lean on it stay. What it leaves open in strokes is closed, in three directions, by pixels that
    were taken out. What then remains of a line itself is dropped. In boxes and on combs, strokes
    that run along a line stay, too, where the pen is clearly darker than the print.

    `mask`: (H, W) uint8, ink 255 on 0; the zone, with little around it. `places`: How many digits
    it is for; with one line only, a comb's ticks are looked for. `levels`: (H, W) uint8 before
    thresholding, light ink on black; None: not known.
    """
    if not grid.rows and not grid.walls:
        return mask
    widest_px = max(FIELD_PRINT.widest_px, round(FIELD_PRINT.widest * mask.shape[0]))
    rows = [(to_its_ends(mask, row, DELETION.aside_px), 0.0) for row in grid.rows]
    along = field_runs(mask, rows, widest_px)
    left = without(mask, [(runs, runs.within()) for runs in along])
    turned = np.ascontiguousarray(left.T)
    walls = grid.walls or comb_ticks(turned, [row for row, _ in rows], places)
    bands = [(band.first, band.width_px) for band in grid.bands]
    if walls:
        across = field_runs(turned, [*_outside(walls, bands), *bands], widest_px)
        left = np.ascontiguousarray(without(turned, [(r, r.within()) for r in across]).T)
    whole = mended(mask, left, rows=bool(rows), columns=bool(walls), leaning=EITHER_WAY)
    thickest_px = max((runs.usual_px for runs in along), default=1.0)
    aside_px = REST_PX + round(max(0.0, thickest_px - FIELD_PRINT.thin_px) / 2)
    upright = [*((wall, 0.0) for wall in walls), *bands]
    left = without_rests(whole, rows, upright, row_aside_px=aside_px)
    if levels is None or not walls:
        return left
    return with_pen_on_lines(mask, left, levels, [row for row, _ in rows], walls, widest_px)


def _outside(walls: Sequence[Rule], bands: Sequence[Line]) -> list[Line]:
    """The walls that go with no band."""
    near_px = FIELD_PRINT.beside_px
    thick = [(_place(first) - near_px, _place(first) + width + near_px) for first, width in bands]
    alone = (wall for wall in walls if not any(a <= _place(wall) <= b for a, b in thick))
    return [(wall, 0.0) for wall in alone]


def _place(rule: Rule) -> float:
    return rule.height_at((rule.left + rule.right) / 2)


@dataclass(frozen=True, slots=True)
class CombTicks:
    """What a comb's ticks are."""

    lowest: float = 0.1  # of the zone's height: a tick rises at least so high from its line,
    highest: float = 0.6  # and at most so high
    base: float = 0.07  # of the zone's height: the line leaves a gap of this at a tick's foot,
    base_px: int = 3  # or so many pixels
    near: float = 0.12  # of the distance between ticks: so far off its place one may stand
    least: float = 0.6  # of the places between digits must have one: a 1 stands alone
    alike: float = 0.2  # of their height: so much do ticks differ,
    alike_px: float = 2.0  # or so much


COMB_TICKS: Final = CombTicks()


def comb_ticks(turned: Image, rows: Sequence[Rule], places: int | None) -> list[Rule]:
    """A comb's ticks, as rules of the turned zone, if enough of them stand where they must.

    `turned`: (W, H) uint8, ink 255 on 0: the zone without its lines, turned. `places`: How many
    digits it is for; None: not known, and no ticks are looked for.
    """
    if not rows or not places:
        return []
    height = turned.shape[1]
    heights = [_place(row) for row in rows]
    foot = max(heights)
    base = rows[int(np.argmax(heights))]
    skip_px = max(COMB_TICKS.base_px, round(COMB_TICKS.base * height))
    pitch_px = (base.right - base.left) / places
    expected = [base.left + place * pitch_px for place in range(places + 1)]
    low, high = COMB_TICKS.lowest * height, COMB_TICKS.highest * height
    rises = [_rise(turned, at, COMB_TICKS.near * pitch_px, round(foot), skip_px) for at in expected]
    found = [rise for rise in rises if rise is not None and low <= rise[1] <= high]
    if not found:
        return []
    # Ticks are all of one height; strokes that stand on the line are not.
    usual = float(np.median([rise for _, rise in found]))
    slack = max(COMB_TICKS.alike_px, COMB_TICKS.alike * usual)
    if sum(abs(rise - usual) <= slack for _, rise in found) < COMB_TICKS.least * len(expected):
        return []
    top = max(0, round(foot - min(usual * (1 + COMB_TICKS.alike), usual + COMB_TICKS.alike_px)))
    return [Rule(top, round(foot), np.array([0.0, 0.0, float(at)])) for at, _ in found]


def _rise(
    turned: Image, at: float, near_px: float, foot: int, skip_px: int
) -> tuple[int, int] | None:
    """Where near a place the longest unbroken ink stands just above a line, and how high it rises.

    None where there is none.

    `turned`: (W, H) uint8, ink 255 on 0.
    """
    first = max(0, round(at - near_px))
    strip = turned[first : round(at + near_px) + 1, :foot]
    if strip.shape[1] <= skip_px or not len(strip):
        return None  # the line runs along the zone's edge: there is nothing above it
    paper = strip[:, ::-1][:, skip_px:] == 0
    rise = np.where(paper.any(axis=1), paper.argmax(axis=1), 0)
    best = int(rise.argmax())
    return (first + best, skip_px + int(rise[best])) if rise[best] > 0 else None


@dataclass(frozen=True, slots=True)
class DropoutTuning:
    """The numbers of colour dropout; levels are of 255."""

    least_px: int = 30  # pixels of print and of ink, to know their colours
    least_sine: float = 0.3  # of the angle between the two: below it noise would be enlarged
    least_absorbed: float = 0.05  # of the paper's light: what takes less has no colour
    paper_percentile: int = 90  # of a zone's levels is its paper
    darkest_paper: int = 40  # level
    pen_level: int = 200  # in what is left


DROPOUT: Final = DropoutTuning()


def without_print_colour(rgb: Image, printed: Image, ink: Image) -> Image | None:
    """What a pen left in a zone, in the mix of colours in which the print cannot be seen.

    What print and pen take from the paper's light are two directions in the space of red, green and
    blue. The part of the pen's that is at right angles to the print's does not see the print, also
    where the two cross.

    `rgb`: (H, W, 3) uint8, a zone. `printed`: (H, W) uint8 mask of what is surely print. `ink`: (H,
    W) uint8 mask of what is most probably the pen's. Returns (H, W) uint8, light ink on black; None
    where print and pen are too alike.
    """
    paper = np.maximum(
        np.percentile(rgb.reshape(-1, 3), DROPOUT.paper_percentile, axis=0), DROPOUT.darkest_paper
    )
    lack = (paper - rgb.astype(np.float32)) / paper
    of_print, of_pen = _colour(lack, printed), _colour(lack, ink)
    if of_print is None or of_pen is None:
        return None
    apart = of_pen - of_print * (of_pen @ of_print) / (of_print @ of_print)
    if np.linalg.norm(apart) < DROPOUT.least_sine * np.linalg.norm(of_pen):
        return None
    weights = (apart / (apart @ of_pen) * DROPOUT.pen_level).astype(np.float32)
    return np.asarray(
        np.clip(cv2.transform(lack.astype(np.float32), weights[None]), 0, 255), np.uint8
    )


def _colour(lack: NDArray[np.floating], mask: Image) -> NDArray[np.float64] | None:
    """What most of the ink under a mask takes from the light, by channel."""
    core = mask > 0
    if np.count_nonzero(core) < DROPOUT.least_px:
        return None
    seen = lack[core]
    strength = seen.sum(axis=1)
    full = seen[strength >= np.median(strength)]  # its edges are half paper
    colour = np.asarray(np.median(full, axis=0), np.float64)
    return colour if np.linalg.norm(colour) > DROPOUT.least_absorbed else None
