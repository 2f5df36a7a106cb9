"""The finder of boxes: for zones, for rows of boxes on a page, and for forms with a reference page.

A box is two lines along the zone with thin walls between them. Walls are often broken, faint or
under a digit, so they are not looked for one by one: the zone has a known number of places, walls
stand at equal distances, and the distance and start that most of the ink supports are taken. Where
the form's reference page has lines, they are moved to the ink that is there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

import numpy as np

from digitbatch.page.forms.box_grid import (
    Band,
    Cell,
    Cover,
    Grid,
    lines_along,
    middle_of,
    upright_cover,
    wall_rule,
)
from digitbatch.page.forms.box_walls import (
    Layout,
    counted_boxes,
    regular_boxes,
    separate_boxes,
    wall_bands,
)
from digitbatch.stages.line_removal.printed_line import Rule
from digitbatch.types import Box, Image


@dataclass(frozen=True, slots=True)
class FinderTuning:
    """Which printed lines may have boxes between them. "Of height" is that of the crop or zone."""

    thickest_of_height: tuple[float, float] = (0.08, 0.13)  # of the crop: thin lines first
    least_thickest_px: int = 3  # lines so thick may be print in any crop
    least_side_px: int = 12  # smaller crops hold no boxes
    slack_of_height: float = 0.04  # of the zone: how far outside of it its boxes may be
    as_long: float = 0.7  # of the longest line: shorter ones without boxes are strokes in a row
    least_reach_of_height: float = 0.4  # of the crop: lines closer than this are no box's


FINDER: Final = FinderTuning()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of boxes before they are looked for; all in pixels of the crop."""

    places: int | None = None  # how many there are; None: not known
    zone: tuple[float, float] | None = None  # top and bottom, between which they lie; None: all
    frame: Box | None = None  # of a row that nobody named: the walls say how many boxes it has
    printed: Grid | None = None  # the reference page's


def find_boxes(mask: Image, known: Known) -> Grid:
    """The printed lines and boxes of a zone or row.

    `mask`: (H, W) uint8, ink 255 on 0: the zone, with a little around it. `known`: What is known of
    them. Where the reference page has lines, they are these.
    """
    if known.printed is not None and (known.printed.rows or known.printed.walls):
        return placed_grid(mask, known.printed)
    height = mask.shape[0]
    if min(mask.shape) < FINDER.least_side_px:
        return Grid()
    thin: Sequence[Rule] = ()
    for thickest in FINDER.thickest_of_height:
        lines = lines_along(mask, max(FINDER.least_thickest_px, round(thickest * height)))
        found = _likeliest(mask, lines, known)
        if found is not None:
            return found
        thin = thin or _long_ones(lines)
    return Grid(tuple(thin))


def _long_ones(lines: Sequence[Rule]) -> list[Rule]:
    longest = max((line.right - line.left for line in lines), default=0)
    return [line for line in lines if line.right - line.left >= FINDER.as_long * longest]


def _likeliest(mask: Image, lines: Sequence[Rule], known: Known) -> Grid | None:
    """The likeliest boxes between two of some lines in the zone."""
    width = mask.shape[1]
    top, bottom = _zone_of(known, mask)
    slack = FINDER.slack_of_height * (bottom - top)
    inside = [line for line in lines if top - slack <= middle_of(line, width) <= bottom + slack]
    inside.sort(key=lambda line: middle_of(line, width))
    best: tuple[float, Grid] | None = None
    for first, second in combinations(range(len(inside)), 2):
        found = _between(mask, inside[first], inside[second], known)
        if found is not None and (best is None or found[0] > best[0]):
            # The bars of several 7 lie on a line, too; but not on one of the boxes'.
            between = inside[first + 1 : second]
            rows = tuple(line for line in lines if not any(line is one for one in between))
            best = found[0], replace(found[1], rows=rows)
    return None if best is None else best[1]


def _zone_of(known: Known, mask: Image) -> tuple[float, float]:
    """Top and bottom of where the boxes are."""
    if known.frame is not None:
        return known.frame.top, known.frame.bottom
    return known.zone or (0.0, float(mask.shape[0]))


def _between(mask: Image, upper: Rule, lower: Rule, known: Known) -> tuple[float, Grid] | None:
    """The boxes between two lines, and how sure they are."""
    height, width = mask.shape
    top, bottom = middle_of(upper, width), middle_of(lower, width)
    if bottom - top < FINDER.least_reach_of_height * height:
        return None
    slope = float(upper.curve[1] + lower.curve[1]) / 2
    cover = upright_cover(mask, top, bottom, slope)
    if known.frame is not None:
        found = counted_boxes(cover, known.frame.left, known.frame.right, bottom - top)
    else:
        left, right = min(upper.left, lower.left), max(upper.right, lower.right)
        found = _boxes_of_zone(known.places, cover, left, right, bottom - top)
    if found is None:
        return None
    score, spans = found
    edges = sorted({round(edge, 2) for span in spans for edge in span})
    walls = tuple(wall_rule(edge, top, bottom, slope) for edge in edges)
    cells = tuple(Cell(a, top, b, bottom) for a, b in spans)
    thick = () if len(edges) > len(spans) + 1 else wall_bands(cover, edges, top, bottom, slope)
    return score * (bottom - top), Grid((), walls, cells, thick)


def _boxes_of_zone(
    places: int | None, cover: Cover, left: float, right: float, height: float
) -> Layout | None:
    """Boxes at equal distances, or between walls that stand out."""
    found = None if places is None else regular_boxes(cover, places, left, right, height)
    if found is None:
        found = separate_boxes(cover, height)
        if found and places and len(found[1]) != places:
            # Some walls stand out, and others are faint: two boxes look like a wide one.
            faint = regular_boxes(cover, places, left, right, height, faint=True)
            found = faint or found
    return found


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


PLACED: Final = ReferenceBoxTuning()


def placed_grid(mask: Image, expected: Grid) -> Grid:
    """A grid where the form's reference page has it, moved to the ink that is there.

    `mask`: (H, W) uint8, ink 255 on 0: the zone, with a little around it. Returns all of its lines,
    each where it shows; a faint one where the reference has it.
    """
    height = mask.shape[0]
    reach = max(PLACED.least_snap_px, round(PLACED.snap_of_height * height))
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
    places = [wall.height_at((top + bottom) / 2) for wall in walls]
    return wall_bands(cover, places, top, bottom, slope)


def _snapped_rule(mask: Image, rule: Rule, reach: int) -> Rule:
    """The straight line near a rule that most ink lies on; the rule itself where little does."""
    height, width = mask.shape
    left, right = max(0, rule.left), min(width - 1, rule.right)
    if right - left < PLACED.shortest_px:
        return rule
    xs = np.arange(left, right + 1)
    share = (xs - left) / (right - left)
    ys = rule.heights_at(xs)
    inked = mask > 0
    near = inked.copy()
    near[1:] |= inked[:-1]
    near[:-1] |= inked[1:]
    best, found = -1.0, (0, 0)
    steepest = max(PLACED.least_tilt_px, int(PLACED.tilt_of_snap * reach))
    shifts = np.arange(-reach, reach + 1)
    for first in shifts:
        tilts = shifts[np.abs(shifts - first) <= steepest]
        paths = np.rint(ys[None] + first + (tilts[:, None] - first) * share[None]).astype(np.int64)
        inside = (paths >= 0) & (paths < height)
        rows = np.clip(paths, 0, height - 1)
        # The line itself counts more than what lies beside it.
        seen = 0.5 * (near[rows, xs[None]] & inside) + 0.5 * (inked[rows, xs[None]] & inside)
        loss = PLACED.loss_of_snap
        score = seen.mean(axis=1) - loss * (abs(int(first)) + np.abs(tilts)) / reach
        top = int(score.argmax())
        if score[top] > best:
            best, found = float(score[top]), (int(first), int(tilts[top]))
    if best < PLACED.shown:
        return rule
    line = np.polyfit(xs, ys + found[0] + (found[1] - found[0]) * share, 1)
    return Rule(left, right, np.array([0.0, line[0], line[1]]))


def _moved(at: float, along: float, before: Sequence[Rule], after: Sequence[Rule]) -> float:
    """A cell's edge where its line is now."""
    if not before:
        return at
    places = [rule.height_at(along) for rule in before]
    nearest = min(range(len(places)), key=lambda i: abs(places[i] - at))
    new = after[nearest]
    if abs(places[nearest] - at) > PLACED.edge_px:
        return at
    return new.height_at(along)
