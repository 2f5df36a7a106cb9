"""Walls of boxes that are thick, or two that all but touch: all between their sides is print."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from digitbatch.page.forms.boxes.grid import Band
from digitbatch.page.forms.boxes.straight_lines import Cover, wall_rule


@dataclass(frozen=True, slots=True)
class BandTuning:
    """From which thickness on a wall is a band. "Of height" is that of the boxes."""

    strong: float = 0.75  # of the way from line to line is inked beside a wall: print, too
    thin_px: int = 3  # walls up to this are deleted as they are found: they hide no second one
    beside_of_height: float = 0.16  # how near to a wall another one may stand
    thickest_px: int = 4  # beyond twice that, what is thicker is no wall
    slack_of_thickness: float = 0.25  # a band may be so much thicker than they usually are
    least_slack_px: float = 2.0  # and always so much


TUNED: Final = BandTuning()


def wall_bands(
    cover: Cover, walls: Sequence[float], top: float, bottom: float, slope: float
) -> tuple[Band, ...]:
    """Walls that are thick, or two: boxes that all but touch may look as if they shared one.

    All walls of a zone are of one thickness. Where one seems thicker, a digit leans on it.

    Args:
        cover: Between the lines of the boxes.
        walls: Where there are walls.
        top: Of the boxes, in pixels.
        bottom: Of the boxes.
        slope: Of their lines.
    """
    beside_px = TUNED.beside_of_height * (bottom - top)
    found = _extents(cover, walls, beside_px)
    if not found:
        return ()
    usual = float(np.median([last - first for first, last in found]))
    if usual <= TUNED.thin_px or usual > 2 * beside_px + TUNED.thickest_px:
        return ()
    slack = max(TUNED.least_slack_px, TUNED.slack_of_thickness * usual)
    return tuple(
        Band(wall_rule(first, top, bottom, slope), last - first)
        for first, last in found
        if last - first <= usual + slack
    )


def _extents(cover: Cover, walls: Sequence[float], beside_px: float) -> list[tuple[float, float]]:
    """From where to where strong ink goes on near each wall that has some."""
    strong = np.flatnonzero(cover >= TUNED.strong)
    runs = [run for run in np.split(strong, np.flatnonzero(np.diff(strong) > 1) + 1) if len(run)]
    found = []
    for wall in walls:
        near = [run for run in runs if max(run[0] - wall, wall - run[-1]) <= beside_px]
        if near:
            found.append((float(min(run[0] for run in near)), float(max(run[-1] for run in near))))
    return found
