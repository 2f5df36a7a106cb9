"""The printed boxes of a zone: found on the page, or where the form's reference page has them.

A box is two lines along the zone with thin walls between them. Walls are often broken, faint or
under a digit, so they are not looked for one by one: the zone has a known number of places, walls
stand at equal distances, and the distance and start that most of the ink supports are taken.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations, pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.forms.wall_pitch import Span, counted_boxes, regular_boxes, separate_boxes
from digitbatch.stages.line_removal.detect import columns_of, thin_pieces
from digitbatch.stages.line_removal.printed_line import Rule
from digitbatch.types import Box, Image

_THICKEST: Final = (0.08, 0.13)  # of the zone's height: thicker lines are no print; thin first
_ROW: Final = 0.5  # a printed line is at least this part of the zone's width long
_PIECE: Final = 0.6  # and shows segments of this part of its length that no digit touches
_STEEPEST: Final = 0.06  # rise over run: a page lies askew by up to three degrees
_SLACK: Final = 0.04  # of the zone's height: how far outside of it its boxes may be
_AS_LONG: Final = 0.7  # of the longest line: shorter ones without boxes are strokes side by side
_LEAST_REACH: Final = 0.4  # of the zone's height: lines closer than this are no box's
_STRONG: Final = 0.75  # of the way from line to line is inked beside a wall: print, too
_THIN_PX: Final = 3  # walls up to this are deleted as they are found: they hide no second one
_BESIDE: Final = 0.16  # of their height: how near to a wall another one may stand


@dataclass(frozen=True, slots=True)
class Cell:
    """One box, between its walls and lines; pixels of the zone's crop."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def width(self) -> float:
        return self.right - self.left


@dataclass(frozen=True, slots=True)
class Band:
    """A thick line, or two that all but touch: all that lies between its two sides."""

    first: Rule  # its left side, as a rule of the turned crop
    width_px: float


@dataclass(frozen=True, slots=True)
class Grid:
    """What is printed in a zone."""

    rows: tuple[Rule, ...]  # lines along it
    walls: tuple[Rule, ...]  # lines across it, as rules of the turned crop
    cells: tuple[Cell, ...]  # from left to right; none where there are no boxes
    bands: tuple[Band, ...] = ()  # walls that are thick or double; those in `walls` run in them

    @property
    def apart(self) -> bool:
        """Whether there is paper between the boxes, so that each has its own walls."""
        return any(b.left - a.right > 1 for a, b in pairwise(self.cells))


_Cover = NDArray[np.float64]
_Layout = Callable[[_Cover, float, float, float], tuple[float, list[Span]] | None]
"""From the cover between two lines, where they begin and end and how far apart they are to the
boxes between them, and how sure they are."""


def find_grid(mask: Image, places: int | None, zone: tuple[float, float] | None = None) -> Grid:
    """The printed lines and boxes of a zone.

    Args:
        mask: (H, W) uint8, ink 255 on 0: the zone, with a little around it.
        places: How many boxes it has; None: not known.
        zone: Its top and bottom in the mask: boxes lie between them. None: anywhere.
    """
    return _find(mask, partial(_boxes_of_zone, places), zone)


def find_row(mask: Image, frame: Box) -> Grid:
    """The boxes of a row that nobody has named: their number, too, is what the walls say.

    Args:
        mask: (H, W) uint8, ink 255 on 0: the row, with a little around it.
        frame: Where it is in the mask, to a few pixels.
    """

    def layout(
        cover: _Cover, _left: float, _right: float, height: float
    ) -> tuple[float, list[Span]] | None:
        return counted_boxes(cover, frame.left, frame.right, height)

    return _find(mask, layout, (frame.top, frame.bottom))


def _find(mask: Image, layout: _Layout, zone: tuple[float, float] | None) -> Grid:
    height, width = mask.shape
    if min(height, width) < 12:
        return Grid((), (), ())
    top, bottom = zone or (0.0, float(height))
    thin = Grid((), (), ())
    for thickest in _THICKEST:
        rows = _long_rows(mask, max(3, round(thickest * height)))
        found = _boxes_among(mask, rows, layout, top, bottom)
        if found is not None:
            return found
        if not thin.rows:
            longest = max((row.right - row.left for row in rows), default=0)
            kept = (row for row in rows if row.right - row.left >= _AS_LONG * longest)
            thin = Grid(tuple(kept), (), ())
    return thin


def _boxes_among(
    mask: Image, rows: Sequence[Rule], layout: _Layout, top: float, bottom: float
) -> Grid | None:
    """The likeliest boxes between two of some lines in the zone."""
    width = mask.shape[1]
    slack = _SLACK * (bottom - top)
    inside = [row for row in rows if top - slack <= _middle(row, width) <= bottom + slack]
    inside.sort(key=lambda row: _middle(row, width))
    best: tuple[float, Grid] | None = None
    for first, second in combinations(range(len(inside)), 2):
        found = _boxes(mask, inside[first], inside[second], layout)
        if found is not None and (best is None or found[0] > best[0]):
            # The bars of several 7 lie on a line, too; but not on one of the boxes'.
            between = {id(row) for row in inside[first + 1 : second]}
            best = found[0], replace(found[1], rows=tuple(r for r in rows if id(r) not in between))
    return None if best is None else best[1]


def _middle(row: Rule, width: int) -> float:
    return float(np.polyval(row.curve, width / 2))


def _long_rows(mask: Image, thickest_px: int) -> list[Rule]:
    """Printed lines along the zone."""
    width = mask.shape[1]
    found: list[Rule] = []
    left_over = thin_pieces(mask, thickest_px, max(8, round(0.04 * width)))
    while left_over:
        xs, ys = left_over.pop(0)
        slope = np.polyfit(xs, ys, 1) if len(xs) > 0.15 * width else np.array([0.0, np.mean(ys)])
        near_px = max(2.0, 0.7 * thickest_px)
        rest = []
        for more_xs, more_ys in left_over:
            if not _may_meet(slope, more_xs, more_ys, near_px):
                rest.append((more_xs, more_ys))
                continue
            miss = float(np.median(np.abs(np.polyval(slope, more_xs) - more_ys)))
            if miss <= near_px:
                xs, ys = np.concatenate([xs, more_xs]), np.concatenate([ys, more_ys])
            else:
                rest.append((more_xs, more_ys))
        left_over = rest
        left, right = int(xs.min()), int(xs.max())
        if right - left < _ROW * width or columns_of(xs) < _PIECE * (right - left):
            continue
        line = np.polyfit(xs, ys, 1)
        if abs(line[0]) > _STEEPEST:
            continue
        found.append(Rule(left, right, np.array([0.0, line[0], line[1]])))
    return found


def _may_meet(
    line: NDArray[np.float64], xs: NDArray[np.int64], ys: NDArray[np.float64], near_px: float
) -> bool:
    """Whether a straight line may be near a segment's points: most lie far from most lines."""
    first, last = line[0] * xs[0] + line[1], line[0] * xs[-1] + line[1]
    high, low = min(first, last), max(first, last)
    return bool(ys.min() - near_px <= low and high <= ys.max() + near_px)


def _boxes(mask: Image, upper: Rule, lower: Rule, layout: _Layout) -> tuple[float, Grid] | None:
    """The boxes between two lines, and how sure they are."""
    height, width = mask.shape
    top, bottom = _middle(upper, width), _middle(lower, width)
    if bottom - top < _LEAST_REACH * height:
        return None
    slope = float(upper.curve[1] + lower.curve[1]) / 2
    cover = upright_cover(mask, top, bottom, slope)
    left, right = min(upper.left, lower.left), max(upper.right, lower.right)
    found = layout(cover, left, right, bottom - top)
    if found is None:
        return None
    score, spans = found
    edges = sorted({round(edge, 2) for span in spans for edge in span})
    walls = tuple(wall_rule(edge, top, bottom, slope) for edge in edges)
    cells = tuple(Cell(a, top, b, bottom) for a, b in spans)
    thick = () if len(edges) > len(spans) + 1 else wall_bands(cover, edges, top, bottom, slope)
    return score * (bottom - top), Grid((), walls, cells, thick)


def _boxes_of_zone(
    places: int | None, cover: _Cover, left: float, right: float, height: float
) -> tuple[float, list[Span]] | None:
    """Boxes at equal distances, or between walls that stand out."""
    found = None if places is None else regular_boxes(cover, places, left, right, height)
    if found is None:
        found = separate_boxes(cover, height)
        if found and places and len(found[1]) != places:
            # Some walls stand out, and others are faint: two boxes look like a wide one.
            faint = regular_boxes(cover, places, left, right, height, faint=True)
            found = faint or found
    return found


def wall_rule(at: float, top: float, bottom: float, slope: float) -> Rule:
    """A wall at right angles to lines that rise by `slope`, as a rule of the turned crop."""
    middle = (top + bottom) / 2
    curve = np.array([0.0, -slope, at + slope * middle])
    return Rule(max(0, round(top)), round(bottom), curve)


def upright_cover(mask: Image, top: float, bottom: float, slope: float) -> NDArray[np.float64]:
    """For each column how much of the way from line to line is inked within a pixel of it."""
    height, width = mask.shape
    inset = 0.06 * (bottom - top)
    rows = np.arange(max(0, round(top + inset)), min(height, round(bottom - inset)))
    if not len(rows):
        return np.zeros(width, np.float64)
    lean = np.rint(-slope * (rows - (top + bottom) / 2)).astype(np.int64)
    columns = np.arange(width)[None] + lean[:, None]
    inside = (columns >= 0) & (columns < width)
    inked = (mask[rows[:, None], np.clip(columns, 0, width - 1)] > 0) & inside
    near = inked.copy()
    near[:, 1:] |= inked[:, :-1]
    near[:, :-1] |= inked[:, 1:]
    return np.asarray(near.mean(axis=0), np.float64)


def wall_bands(
    cover: NDArray[np.float64], walls: Sequence[float], top: float, bottom: float, slope: float
) -> tuple[Band, ...]:
    """Walls that are thick, or two: boxes that all but touch may look as if they shared one.

    All walls of a zone are of one thickness. Where one seems thicker, a digit leans on it.

    Args:
        cover: (W,) from `upright_cover`.
        walls: Where there are walls.
        top: Of the boxes, in pixels.
        bottom: Of the boxes.
        slope: Of their lines.
    """
    height = bottom - top
    strong = np.flatnonzero(cover >= _STRONG)
    runs = [run for run in np.split(strong, np.flatnonzero(np.diff(strong) > 1) + 1) if len(run)]
    found: list[tuple[float, float]] = []
    for wall in walls:
        near = [run for run in runs if max(run[0] - wall, wall - run[-1]) <= _BESIDE * height]
        if near:
            found.append((float(min(run[0] for run in near)), float(max(run[-1] for run in near))))
    if not found:
        return ()
    usual = float(np.median([last - first for first, last in found]))
    if usual <= _THIN_PX or usual > 2 * _BESIDE * height + 4:
        return ()
    slack = max(2.0, 0.25 * usual)
    return tuple(
        Band(wall_rule(first, top, bottom, slope), last - first)
        for first, last in found
        if last - first <= usual + slack
    )
