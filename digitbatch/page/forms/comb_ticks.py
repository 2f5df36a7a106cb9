"""The ticks of a comb: short upright lines that part the places on a base line."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from digitbatch.stages.line_removal.printed_line import Rule
from digitbatch.types import Image


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

    Args:
        turned: (W, H) uint8, ink 255 on 0: the zone without its lines, turned.
        rows: These lines.
        places: How many digits it is for; None: not known, and no ticks are looked for.
    """
    if not rows or not places:
        return []
    height = turned.shape[1]
    heights = [_middle(row) for row in rows]
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


def _middle(row: Rule) -> float:
    return row.height_at((row.left + row.right) / 2)


def _rise(
    turned: Image, at: float, near_px: float, foot: int, skip_px: int
) -> tuple[int, int] | None:
    """Where near a place the longest unbroken ink stands just above a line, and how high it rises.

    None where there is none.

    Args:
        turned: (W, H) uint8, ink 255 on 0.
        at: The place, a row of that.
        near_px: How far from it is looked.
        foot: The line, a column of that.
        skip_px: The line itself has left a gap of this.
    """
    first = max(0, round(at - near_px))
    strip = turned[first : round(at + near_px) + 1, :foot]
    if strip.shape[1] <= skip_px or not len(strip):
        return None  # the line runs along the zone's edge: there is nothing above it
    paper = strip[:, ::-1][:, skip_px:] == 0
    rise = np.where(paper.any(axis=1), paper.argmax(axis=1), 0)
    best = int(rise.argmax())
    return (first + best, skip_px + int(rise[best])) if rise[best] > 0 else None
