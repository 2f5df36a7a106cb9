"""Where the walls of boxes stand: at equal distances, or each by itself; and which are thick.

All is said by one projection profile: for each column of the zone, how much of the way from the
boxes' upper line to their lower one is inked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Final

import numpy as np

from digitbatch.page.forms.box_grid import Band, Cover, wall_rule


@dataclass(frozen=True, slots=True)
class WallTuning:
    """What walls look like on the projection profile.

    Shares are of the way from line to line that is inked; "of height" is that of the boxes.
    """

    alone: float = 0.85  # share that a wall alone shows
    on_average: float = 0.6  # share that those of a row of boxes show on the average
    faintest: float = 0.25  # share that each of them shows
    near_of_height: float = 0.05  # how far a wall may stand from its place
    outer: float = 0.5  # share that the outer walls must show
    outer_faint: float = 0.35  # and where other walls stand out
    off_of_place: float = 0.4  # of a place's width: how far outer walls may be from the lines' ends
    widest_gap: float = 0.3  # between two boxes, of the distance of two
    narrowest_gap_of_height: float = 0.03  # the same
    narrowest_gap_px: float = 2.0  # and at least
    between: float = 0.6  # more cover than this in such gaps is one thick wall
    gain_apart: float = 0.06  # support gained by boxes apart: they explain twice as many walls
    loss_missed: float = 0.5  # support lost for each place between the lines' ends and the walls
    at_end_px: int = 2  # lines that begin so near to the crop's edge go on beyond it
    narrowest_of_height: float = 0.3  # the width of a box
    narrowest_counted_of_height: float = 0.45  # the same, where nobody says that there are boxes
    sure: float = 0.9  # share that their walls show on the average, there
    beside_of_height: float = 0.2  # nearer to a wall, ink along it is a wall, too
    as_whole: float = 0.02  # share that a wall shows less than the row's others
    widest_alone_of_height: float = 0.2  # how thick a wall alone may be
    widest_alone_px: int = 4  # and so much more
    as_wide: float = 0.5  # of the widest: between narrower walls is a gap


WALL: Final = WallTuning()

Span = tuple[float, float]
"""Where a box begins and ends, in columns of the profile."""

Layout = tuple[float, list[Span]]
"""How well the profile supports some boxes, and the boxes."""


def regular_boxes(
    cover: Cover, places: int, left: float, right: float, height: float, *, faint: bool = False
) -> Layout | None:
    """Boxes of one width at one distance, with shared walls or a gap between them.

    `cover`: (W,) the profile, 0 to 1. `faint`: Whether it is known otherwise that there are boxes,
    and outer walls may be faint. Returns how well the profile supports it, and where each box
    begins and ends; None for no boxes.
    """
    reach = max(1, round(WALL.near_of_height * height))
    near, edge = _sliding_max(cover, reach), len(cover) - 1
    usual = (right - left) / places
    peaks = _peaks(cover, WALL.outer_faint if faint else WALL.outer)
    off = WALL.off_of_place * usual
    outer = product(
        [at for at in peaks if abs(at - left) <= off],
        [at for at in peaks if abs(at - right) <= off],
    )
    best: Layout | None = None
    for first, last in outer:
        # Stems of like digits stand as regularly as walls, but the lines end at walls.
        # (In a table they go on, out of the crop.)
        missed = abs(first - left) * (left > WALL.at_end_px)
        missed += abs(last - right) * (right < edge - WALL.at_end_px)
        # Where the first box ends: at its neighbour's wall, or before it.
        least = WALL.narrowest_of_height * height
        ends = [at for at in peaks if least <= at - first <= usual * (1 + WALL.off_of_place)]
        for spans in _layouts(first, last, ends, places, height):
            score = _support(near, cover, spans) - WALL.loss_missed * missed / usual
            if score >= WALL.on_average and (best is None or score > best[0]):
                best = score, spans
    if best is None:
        return None
    return best[0], [(_snapped(cover, a, reach), _snapped(cover, b, reach)) for a, b in best[1]]


def _layouts(
    first: float, last: float, ends: Sequence[float], places: int, height: float
) -> Iterator[list[Span]]:
    """Boxes between two outer walls: sharing walls, or apart, the first with one of some ends."""
    pitch = (last - first) / places
    yield [(first + i * pitch, first + (i + 1) * pitch) for i in range(places)]
    for end in ends if places > 1 else ():
        pitch = (last - end) / (places - 1)
        gap = pitch - (end - first)
        narrowest = max(WALL.narrowest_gap_px, WALL.narrowest_gap_of_height * height)
        if narrowest <= gap <= WALL.widest_gap * pitch:
            yield [(at, at + end - first) for at in (first + i * pitch for i in range(places))]


def counted_boxes(cover: Cover, left: float, right: float, height: float) -> Layout | None:
    """Boxes of one width at one distance, as many as there are walls for.

    Every other wall would do for boxes twice as wide, so all that looks like a wall must be one.

    `cover`: (W,) the profile, 0 to 1. Returns what `regular_boxes` does.
    """
    most = round((right - left) / (WALL.narrowest_counted_of_height * height))
    near = _sliding_max(cover, max(1, round(WALL.near_of_height * height)))
    found = (regular_boxes(cover, places, left, right, height) for places in range(1, most + 1))
    sure = [
        layout
        for layout in found
        if layout
        and _support(near, cover, layout[1]) >= WALL.sure
        and _has_all(layout[1], cover, height)
    ]
    return max(sure, key=lambda layout: layout[0], default=None)


def _has_all(spans: Sequence[Span], cover: Cover, height: float) -> bool:
    """Whether all that goes as far from line to line as the walls of these boxes is one of them."""
    edges = np.array([edge for span in spans for edge in span])
    at = np.clip(np.rint(edges).astype(np.int64), 0, len(cover) - 1)
    usual = float(np.median(_sliding_max(cover, 1)[at]))
    walls = np.array(_peaks(cover, usual - WALL.as_whole))
    walls = walls[(walls >= edges.min()) & (walls <= edges.max())]
    if not len(walls):
        return False  # what looked like walls is a bar across them, and no wall
    return bool(np.abs(walls[:, None] - edges).min(axis=1).max() <= WALL.beside_of_height * height)


def _support(near: Cover, cover: Cover, spans: Sequence[Span]) -> float:
    """How much ink there is where boxes would have their walls, and none between two of them."""
    apart = any(b - a > 1 for (_, a), (b, _) in pairwise(spans))
    edges = [edge for span in spans for edge in span] if apart else _edges(spans)
    at = np.rint(edges).astype(np.int64)
    inside = (at >= 0) & (at < len(near))
    seen = np.where(inside, near[np.clip(at, 0, len(near) - 1)], 0.0)
    if seen.min() < WALL.faintest:
        return 0.0
    score = float(seen.mean())
    if apart:
        middles = [round((a + b) / 2) for (_, a), (b, _) in pairwise(spans)]
        if float(np.median(cover[np.clip(middles, 0, len(cover) - 1)])) > WALL.between:
            return 0.0
        score += WALL.gain_apart
    return score


def _edges(spans: Sequence[Span]) -> list[float]:
    return [spans[0][0], *(b for _, b in spans)]


def _peaks(cover: Cover, least: float) -> list[float]:
    """The middles of the columns that are covered the most, of each run of covered columns."""
    strong = np.flatnonzero(cover >= least)
    runs = np.split(strong, np.flatnonzero(np.diff(strong) > 1) + 1)
    middles = []
    for run in runs:
        if len(run):
            best = run[cover[run] >= cover[run].max() - 1e-9]
            middles.append(float(best.mean()))
    return middles


def _sliding_max(values: Cover, reach: int) -> Cover:
    padded = np.pad(values, reach)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    return np.asarray(windows.max(axis=1), np.float64)


def _snapped(cover: Cover, at: float, reach: int) -> float:
    """The middle of the best covered columns near a place."""
    first = max(0, round(at) - reach)
    part = cover[first : round(at) + reach + 1]
    if not part.size:
        return at
    return first + float(np.flatnonzero(part >= part.max() - 1e-9).mean())


def separate_boxes(cover: Cover, height: float) -> Layout | None:
    """Boxes between walls that each stand out, at any distances.

    `cover`: (W,) the profile, 0 to 1. Returns what `regular_boxes` does.
    """
    strong = np.flatnonzero(cover >= WALL.alone)
    runs = np.split(strong, np.flatnonzero(np.diff(strong) > 2) + 1)
    thickest = WALL.widest_alone_of_height * height + WALL.widest_alone_px
    walls = [float(run.mean()) for run in runs if len(run) and len(run) <= thickest]
    widest = max((b - a for a, b in pairwise(walls)), default=0.0)
    least = max(WALL.narrowest_of_height * height, WALL.as_wide * widest)
    spans = [(a, b) for a, b in pairwise(walls) if b - a >= least]
    return (0.5, spans) if spans else None


@dataclass(frozen=True, slots=True)
class BandTuning:
    """From which thickness on a wall is a band. "Of height" is that of the boxes."""

    strong: float = 0.75  # of the way from line to line is inked beside a wall: print, too
    thin_px: int = 3  # walls up to this are deleted as they are found: they hide no second one
    beside_of_height: float = 0.16  # how near to a wall another one may stand
    thickest_px: int = 4  # beyond twice that, what is thicker is no wall
    slack_of_thickness: float = 0.25  # a band may be so much thicker than they usually are
    least_slack_px: float = 2.0  # and always so much


BAND: Final = BandTuning()


def wall_bands(
    cover: Cover, walls: Sequence[float], top: float, bottom: float, slope: float
) -> tuple[Band, ...]:
    """Walls that are thick, or two: boxes that all but touch may look as if they shared one.

    All walls of a zone are of one thickness. Where one seems thicker, a digit leans on it.
    """
    beside_px = BAND.beside_of_height * (bottom - top)
    found = _extents(cover, walls, beside_px)
    if not found:
        return ()
    usual = float(np.median([last - first for first, last in found]))
    if usual <= BAND.thin_px or usual > 2 * beside_px + BAND.thickest_px:
        return ()
    slack = max(BAND.least_slack_px, BAND.slack_of_thickness * usual)
    return tuple(
        Band(wall_rule(first, top, bottom, slope), last - first)
        for first, last in found
        if last - first <= usual + slack
    )


def _extents(cover: Cover, walls: Sequence[float], beside_px: float) -> list[tuple[float, float]]:
    """From where to where strong ink goes on near each wall that has some."""
    strong = np.flatnonzero(cover >= BAND.strong)
    runs = [run for run in np.split(strong, np.flatnonzero(np.diff(strong) > 1) + 1) if len(run)]
    found = []
    for wall in walls:
        near = [run for run in runs if max(run[0] - wall, wall - run[-1]) <= beside_px]
        if near:
            found.append((float(min(run[0] for run in near)), float(max(run[-1] for run in near))))
    return found
