"""Where the walls of a zone's boxes stand: at equal distances, or each by itself.

All is said by one profile: for each column of the zone, how much of the way from the boxes' upper
line to their lower one is inked.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

_WALL: Final = 0.85  # a wall alone is inked over this part of the way from line to line
_WALLS: Final = 0.6  # and those of a row of boxes on the average
_FAINTEST: Final = 0.25  # of them each
_NEAR: Final = 0.05  # of the height of a box: how far a wall may stand from its place
_FAINT_PEAK: Final = 0.5  # the outer walls must show this much
_FAINTER_PEAK: Final = 0.35  # and this much where other walls stand out
_OFF: Final = 0.4  # of a place's width: how far the outer walls may be from the lines' ends
_GAP: Final = 0.3  # of the distance of two boxes: the widest gap between them
_CLOSEST: Final = 0.03  # of their height: the narrowest
_BETWEEN: Final = 0.6  # more cover than this in such gaps is one thick wall
_MORE: Final = 0.06  # support gained by boxes apart: they explain twice as many walls
_MISSED: Final = 0.5  # support lost for each box's width between the lines' ends and the walls
_NARROWEST: Final = 0.3  # of its height: the width of a box
_NARROW: Final = 0.45  # the same, where nobody says that there are boxes
_SURE: Final = 0.9  # and so much of their walls shows on the average
_BESIDE: Final = 0.2  # of their height: nearer to a wall, ink along it is a wall, too
_AS_WHOLE: Final = 0.02  # of the way from line to line a wall shows less than the row's others
_AS_WIDE: Final = 0.5  # of the widest: between narrower walls is a gap


Span = tuple[float, float]


def regular_boxes(
    cover: NDArray[np.float64],
    places: int,
    left: float,
    right: float,
    height: float,
    *,
    faint: bool = False,
) -> tuple[float, list[Span]] | None:
    """Boxes of one width at one distance, with shared walls or a gap between them.

    Args:
        cover: (W,) the profile, 0 to 1.
        places: How many boxes there are.
        left: Where the boxes' lines begin.
        right: Where they end.
        height: Of the boxes, in pixels.
        faint: Whether it is known otherwise that there are boxes, and outer walls may be faint.

    Returns:
        How well the profile supports it, and where each box begins and ends; None for no boxes.
    """
    reach = max(1, round(_NEAR * height))
    near, edge = _sliding_max(cover, reach), len(cover) - 1
    usual = (right - left) / places
    peaks = _peaks(cover, _FAINTER_PEAK if faint else _FAINT_PEAK)
    firsts = [at for at in peaks if abs(at - left) <= _OFF * usual]
    lasts = [at for at in peaks if abs(at - right) <= _OFF * usual]
    best: tuple[float, list[Span]] | None = None
    for first in firsts:
        # Where the first box ends: at its neighbour's wall, or before it.
        ends = [at for at in peaks if _NARROWEST * height <= at - first <= usual * (1 + _OFF)]
        for last in lasts:
            pitch = (last - first) / places
            shared = [(first + i * pitch, first + (i + 1) * pitch) for i in range(places)]
            layouts = [shared]
            for end in ends if places > 1 else []:
                pitch = (last - end) / (places - 1)
                gap = pitch - (end - first)
                if max(2.0, _CLOSEST * height) <= gap <= _GAP * pitch:
                    starts = [first + i * pitch for i in range(places)]
                    layouts.append([(at, at + end - first) for at in starts])
            for spans in layouts:
                # Stems of like digits stand as regularly as walls, but the lines end at walls.
                # (In a table they go on, out of the crop.)
                missed = abs(first - left) * (left > 2) + abs(last - right) * (right < edge - 2)
                score = _support(near, cover, spans) - _MISSED * missed / usual
                if score >= _WALLS and (best is None or score > best[0]):
                    best = score, spans
    if best is None:
        return None
    snapped = [tuple(_snapped(cover, at, reach) for at in span) for span in best[1]]
    return best[0], [(a, b) for a, b in snapped]


def counted_boxes(
    cover: NDArray[np.float64], left: float, right: float, height: float
) -> tuple[float, list[Span]] | None:
    """Boxes of one width at one distance, as many as there are walls for.

    Every other wall would do for boxes twice as wide, so all that looks like a wall must be one.

    Args:
        cover: (W,) the profile, 0 to 1.
        left: Where the row begins.
        right: Where it ends.
        height: Of the boxes, in pixels.

    Returns:
        As `regular_boxes`.
    """
    most = round((right - left) / (_NARROW * height))
    near = _sliding_max(cover, max(1, round(_NEAR * height)))
    found = (regular_boxes(cover, places, left, right, height) for places in range(1, most + 1))
    sure = [
        layout
        for layout in found
        if layout
        and _support(near, cover, layout[1]) >= _SURE
        and _has_all(layout[1], cover, height)
    ]
    return max(sure, key=lambda layout: layout[0], default=None)


def _has_all(spans: Sequence[Span], cover: NDArray[np.float64], height: float) -> bool:
    """Whether all that goes as far from line to line as the walls of these boxes is one of them."""
    edges = np.array([edge for span in spans for edge in span])
    at = np.clip(np.rint(edges).astype(np.int64), 0, len(cover) - 1)
    usual = float(np.median(_sliding_max(cover, 1)[at]))
    walls = np.array(_peaks(cover, usual - _AS_WHOLE))
    walls = walls[(walls >= edges.min()) & (walls <= edges.max())]
    if not len(walls):
        return False  # what looked like walls is a bar across them, and no wall
    return bool(np.abs(walls[:, None] - edges).min(axis=1).max() <= _BESIDE * height)


def _support(near: NDArray[np.float64], cover: NDArray[np.float64], spans: Sequence[Span]) -> float:
    """How much ink there is where boxes would have their walls, and none between two of them."""
    apart = any(b - a > 1 for (_, a), (b, _) in pairwise(spans))
    edges = [edge for span in spans for edge in span] if apart else _edges(spans)
    at = np.rint(edges).astype(np.int64)
    inside = (at >= 0) & (at < len(near))
    seen = np.where(inside, near[np.clip(at, 0, len(near) - 1)], 0.0)
    if seen.min() < _FAINTEST:
        return 0.0
    score = float(seen.mean())
    if apart:
        middles = [round((a + b) / 2) for (_, a), (b, _) in pairwise(spans)]
        if float(np.median(cover[np.clip(middles, 0, len(cover) - 1)])) > _BETWEEN:
            return 0.0
        score += _MORE
    return score


def _edges(spans: Sequence[Span]) -> list[float]:
    return [spans[0][0], *(b for _, b in spans)]


def _peaks(cover: NDArray[np.float64], least: float) -> list[float]:
    """The middles of the columns that are covered the most, of each run of covered columns."""
    strong = np.flatnonzero(cover >= least)
    runs = np.split(strong, np.flatnonzero(np.diff(strong) > 1) + 1)
    middles = []
    for run in runs:
        if len(run):
            best = run[cover[run] >= cover[run].max() - 1e-9]
            middles.append(float(best.mean()))
    return middles


def _sliding_max(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    padded = np.pad(values, reach)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    return np.asarray(windows.max(axis=1), np.float64)


def _snapped(cover: NDArray[np.float64], at: float, reach: int) -> float:
    """The middle of the best covered columns near a place."""
    first = max(0, round(at) - reach)
    part = cover[first : round(at) + reach + 1]
    if not part.size:
        return at
    return first + float(np.flatnonzero(part >= part.max() - 1e-9).mean())


def separate_boxes(cover: NDArray[np.float64], height: float) -> tuple[float, list[Span]] | None:
    """Boxes between walls that each stand out, at any distances.

    Args:
        cover: (W,) the profile, 0 to 1.
        height: Of the boxes, in pixels.

    Returns:
        As `regular_boxes`.
    """
    strong = np.flatnonzero(cover >= _WALL)
    runs = np.split(strong, np.flatnonzero(np.diff(strong) > 2) + 1)
    walls = [float(run.mean()) for run in runs if len(run) and len(run) <= 0.2 * height + 4]
    widest = max((b - a for a, b in pairwise(walls)), default=0.0)
    least = max(_NARROWEST * height, _AS_WIDE * widest)
    spans = [(a, b) for a, b in pairwise(walls) if b - a >= least]
    return (0.5, spans) if spans else None
