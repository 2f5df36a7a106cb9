"""The printed boxes of a zone where the form's reference page has them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from digitbatch.page.forms.boxes.grid import Band, Cell, Grid
from digitbatch.page.forms.boxes.straight_lines import upright_cover
from digitbatch.page.forms.boxes.wall_bands import wall_bands
from digitbatch.stages.line_removal.printed_line import Rule
from digitbatch.types import Image


@dataclass(frozen=True, slots=True)
class ReferenceBoxTuning:
    """How lines are moved from where the reference has them to where they show."""

    snap_of_height: float = 0.03  # of the crop: how far a line may lie from its place
    least_snap_px: int = 2  # and in any crop
    tilt_of_snap: float = 0.5  # how much farther one end may lie than the other
    least_tilt_px: int = 2  # and in any crop
    shortest_px: int = 4  # a line that is shorter in the crop stays where it is
    loss_of_snap: float = 0.05  # share that a line as far from its place must show more
    shown: float = 0.35  # share of a line that must show, or it stays where it is
    edge_px: float = 3  # a cell's edge so near to a line is this line's


TUNED: Final = ReferenceBoxTuning()


def placed_grid(mask: Image, expected: Grid) -> Grid:
    """A grid where the form's reference page has it, moved to the ink that is there.

    Args:
        mask: (H, W) uint8, ink 255 on 0: the zone, with a little around it.
        expected: The reference's grid, in pixels of this crop.

    Returns:
        All of its lines, each where it shows; a faint one where the reference has it.
    """
    height = mask.shape[0]
    reach = max(TUNED.least_snap_px, round(TUNED.snap_of_height * height))
    turned = np.ascontiguousarray(mask.T)
    rows = [_snapped_rule(mask, row, reach) for row in expected.rows]
    walls = [_snapped_rule(turned, wall, reach) for wall in expected.walls]
    cells = tuple(
        Cell(
            _moved(cell.left, (cell.top + cell.bottom) / 2, expected.walls, walls),
            _moved(cell.top, (cell.left + cell.right) / 2, expected.rows, rows),
            _moved(cell.right, (cell.top + cell.bottom) / 2, expected.walls, walls),
            _moved(cell.bottom, (cell.left + cell.right) / 2, expected.rows, rows),
        )
        for cell in expected.cells
    )
    return Grid(tuple(rows), tuple(walls), cells, _thick_walls(mask, cells, walls))


def _thick_walls(mask: Image, cells: Sequence[Cell], walls: Sequence[Rule]) -> tuple[Band, ...]:
    """The walls that are thick on this scan, or two that all but touch."""
    if not cells or not walls or Grid(cells=tuple(cells)).apart:
        return ()
    top, bottom = cells[0].top, cells[0].bottom
    slope = -float(np.median([wall.curve[1] for wall in walls]))
    cover = upright_cover(mask, top, bottom, slope)
    places = [float(np.polyval(wall.curve, (top + bottom) / 2)) for wall in walls]
    return wall_bands(cover, places, top, bottom, slope)


def _snapped_rule(mask: Image, rule: Rule, reach: int) -> Rule:
    """The straight line near a rule that most ink lies on; the rule itself where little does."""
    height, width = mask.shape
    left, right = max(0, rule.left), min(width - 1, rule.right)
    if right - left < TUNED.shortest_px:
        return rule
    xs = np.arange(left, right + 1)
    share = (xs - left) / (right - left)
    ys = np.polyval(rule.curve, xs)
    inked = mask > 0
    near = inked.copy()
    near[1:] |= inked[:-1]
    near[:-1] |= inked[1:]
    best, found = -1.0, (0, 0)
    steepest = max(TUNED.least_tilt_px, int(TUNED.tilt_of_snap * reach))
    shifts = np.arange(-reach, reach + 1)
    for first in shifts:
        tilts = shifts[np.abs(shifts - first) <= steepest]
        paths = np.rint(ys[None] + first + (tilts[:, None] - first) * share[None]).astype(np.int64)
        inside = (paths >= 0) & (paths < height)
        rows = np.clip(paths, 0, height - 1)
        # The line itself counts more than what lies beside it.
        seen = 0.5 * (near[rows, xs[None]] & inside) + 0.5 * (inked[rows, xs[None]] & inside)
        loss = TUNED.loss_of_snap
        score = seen.mean(axis=1) - loss * (abs(int(first)) + np.abs(tilts)) / reach
        top = int(score.argmax())
        if score[top] > best:
            best, found = float(score[top]), (int(first), int(tilts[top]))
    if best < TUNED.shown:
        return rule
    line = np.polyfit(xs, ys + found[0] + (found[1] - found[0]) * share, 1)
    return Rule(left, right, np.array([0.0, line[0], line[1]]))


def _moved(at: float, along: float, before: Sequence[Rule], after: Sequence[Rule]) -> float:
    """A cell's edge where its line is now."""
    if not before:
        return at
    places = [float(np.polyval(rule.curve, along)) for rule in before]
    nearest = min(range(len(places)), key=lambda i: abs(places[i] - at))
    new = after[nearest]
    if abs(places[nearest] - at) > TUNED.edge_px:
        return at
    return float(np.polyval(new.curve, along))
