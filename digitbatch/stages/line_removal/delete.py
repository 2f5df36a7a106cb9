"""Printed lines deleted from an ink mask: runs of ink across them, by their length.

A stroke that crosses a line makes a run of ink across it that is longer than the line is thick. So
whole runs are deleted, and only those that are no thicker than the line itself, as it is where
nothing crosses it, which is most of its way. Gaps in strokes are closed by morphological closing,
with deleted pixels alone; what then lies nowhere but on lines is dropped.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.stages.line_removal.detect import thickest_rule_px
from digitbatch.stages.line_removal.printed_line import Line, Rule, Window
from digitbatch.types import Image


@dataclass(frozen=True, slots=True)
class Deletion:
    """What is the line's of the ink along it."""

    usual_percent: float = 40.0  # of a line's runs are no longer than it is thick: the median is
    # drawn by strokes, of which there are more than gaps
    thicker: float = 1.6  # times as thick as it usually is, a line may be in places,
    thicker_px: float = 2.0  # or so much thicker, whichever is more
    edge_px: float = 2.0  # the edge of a thick line is that much uneven
    least_columns: int = 4  # of ink on a line, to know how thick it is
    least_ruled_columns: int = 10  # the same for a rule of a page
    reach_times: int = 2  # the thickest rules' thickness, on either side, is looked at
    aside_parts: int = 4  # of that: so much of it may a rule's ink lie off its fitted course,
    aside_px: int = 2  # or so many pixels; no more for a line of a field
    ends: float = 0.03  # of the page's width past a rule's ends: they are faint and often missed


DELETION: Final = Deletion()


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of ink across a printed line: in each column, from where to where there is ink."""

    window: Window
    inked: NDArray[np.bool_]  # (window, columns)
    first: NDArray[np.int16]  # (window, columns) where each pixel's run begins, from the line
    last: NDArray[np.int16]  # (window, columns) and where it ends
    nearest: NDArray[np.int64]  # (columns,) the row of the window whose ink lies nearest to it
    on_line: NDArray[np.bool_]  # (columns,) whether that is the line's
    usual_px: float  # how thick the line is
    band_px: float  # how wide the band is whose first side it is; 0 for a line

    @classmethod
    def along(
        cls, mask: Image, line: Line, reach_px: int, beyond_px: int, aside_px: int, least: int
    ) -> "Runs | None":
        """The runs across a line; None where too few are on it.

        `mask`: (H, W) uint8, ink 255 on 0. `aside_px`: How far its ink may lie from its fitted
        course.
        """
        rule, band_px = line
        window = Window.along(mask.shape, rule, reach_px, beyond_px)
        if len(window.xs) < least:
            return None
        inked = (window.of(mask) > 0) & window.inside
        index = np.arange(len(inked), dtype=np.int16)[:, None]  # small: there are many
        # For each pixel, the paper before and after its run.
        before = np.where(inked, np.int16(-1), index)
        after = np.where(inked, np.int16(len(inked)), index)
        for row, above in pairwise(before):  # numpy's accumulate goes column by column
            np.maximum(row, above, out=above)
        for row, below in pairwise(after[::-1]):
            np.minimum(row, below, out=below)
        # Of each column, the run nearest to the line; of two as near, the upper one.
        near = slice(reach_px - aside_px, reach_px + aside_px + 1)
        order = np.argsort(np.abs(np.arange(-aside_px, aside_px + 1)), kind="stable")
        on_line = np.asarray(inked[near].any(axis=0), np.bool_)
        if np.count_nonzero(on_line) < least:
            return None
        nearest = reach_px - aside_px + order[inked[near][order].argmax(axis=0)]
        columns = np.flatnonzero(on_line)
        at = nearest[columns]
        usual_px = float(
            np.percentile(after[at, columns] - before[at, columns] - 1, DELETION.usual_percent)
        )
        first, last = before - reach_px + 1, after - reach_px - 1
        return cls(window, inked, first, last, nearest, on_line, usual_px, band_px)

    @property
    def thickest_px(self) -> float:
        """The longest run that is the line alone."""
        return max(DELETION.thicker * self.usual_px, self.usual_px + DELETION.thicker_px)

    def no_thicker(self) -> NDArray[np.bool_]:
        """(window, columns) the line's ink: in each column one run, if it is no thicker than it."""
        columns = np.arange(len(self.on_line))
        first, last = self.first[self.nearest, columns], self.last[self.nearest, columns]
        is_line = self.on_line & (last - first + 1 <= self.thickest_px)
        return np.asarray(self.inked & (self.first == first) & is_line, np.bool_)

    def within(self) -> NDArray[np.bool_]:
        """(window, columns) the line's ink: runs that lie wholly on it, or end on it.

        How wide a band is is known: only what lies wholly in it is its.
        """
        if self.band_px:
            low, high = DELETION.edge_px, self.band_px + DELETION.edge_px
            own = (self.first >= -low) & (self.last <= high)
        else:
            slack_px = 0.5 * self.thickest_px + 0.5
            own = (self.first >= -slack_px) & (self.last <= slack_px)
            own |= self._ends_on(slack_px)
        return np.asarray(self.inked & own, np.bool_)

    def _ends_on(self, slack_px: float) -> NDArray[np.bool_]:
        """(window, columns) what is the line's of runs that reach it from one side and end there.

        A foot on a line makes a run that is too thick to be the line alone. Left whole, it would
        keep a dash of it.
        """
        first, last, off = self.first, self.last, self.window.offsets
        half = self.usual_px / 2
        from_above = (first < -slack_px) & (last <= slack_px) & (last >= -1) & (off >= -half)
        from_below = (last > slack_px) & (first >= -slack_px) & (first <= 1) & (off <= half)
        return np.asarray(from_above | from_below, np.bool_)


def delete_rules(mask: Image, rules: Sequence[Rule]) -> Image:
    """The mask of a page without the ink of its rules.

    `mask`: (H, W) uint8, ink 255 on 0. Returns (H, W) uint8: `mask` itself where there are no
    rules.
    """
    if not rules:
        return mask
    reach_px = DELETION.reach_times * thickest_rule_px(mask)
    beyond_px = round(DELETION.ends * mask.shape[1])
    aside_px = max(DELETION.aside_px, reach_px // DELETION.aside_parts)
    least = DELETION.least_ruled_columns
    found = [Runs.along(mask, (rule, 0.0), reach_px, beyond_px, aside_px, least) for rule in rules]
    return without(mask, [(runs, runs.no_thicker()) for runs in found if runs is not None])


def field_runs(mask: Image, lines: Iterable[Line], widest_px: int) -> list[Runs]:
    """The runs across each line of a form field on which there are enough.

    `mask`: (H, W) uint8, ink 255 on 0; the field, with little around it.
    """
    found = []
    for line in lines:
        reach_px = DELETION.reach_times * widest_px + round(line[1])
        aside_px, least = DELETION.aside_px, DELETION.least_columns
        runs = Runs.along(mask, line, reach_px, widest_px, aside_px, least)
        if runs is not None:
            found.append(replace(runs, usual_px=min(runs.usual_px, float(widest_px))))
    return found


def without(mask: Image, chosen: Sequence[tuple[Runs, NDArray[np.bool_]]]) -> Image:
    """A copy of a mask without the chosen pixels of some lines, which were looked for in it."""
    left = mask.copy()
    for runs, own in chosen:
        runs.window.put(left, own, 0)
    return left


@dataclass(frozen=True, slots=True)
class Mending:
    """The short strokes that gaps are closed with."""

    long_px: int = 7  # along the stroke: wider gaps stay
    wide_px: int = 3  # across it
    lean: float = 0.7  # columns a row, of strokes that lean


MENDING: Final = Mending()

UPRIGHT: Final = (0,)
EITHER_WAY: Final = (-1, 0, 1)
"""Directions in which strokes are closed: to the left, upright, to the right."""


def mended(
    mask: Image, without: Image, *, rows: bool, columns: bool, leaning: Sequence[int] = UPRIGHT
) -> Image:
    """Close the gaps that deleted lines left in strokes.

    `mask`: (H, W) uint8, ink 255 on 0, with the lines. `without`: (H, W) uint8, without them.
    Returns (H, W) uint8.
    """
    deleted = cv2.subtract(mask, without)
    result = without
    for wanted, turned in ((rows, False), (columns, True)):
        if not wanted:
            continue
        for slant in leaning:
            element = _stroke(slant)
            element = np.ascontiguousarray(element.T) if turned else element
            closed = cv2.morphologyEx(without, cv2.MORPH_CLOSE, element)
            result = np.asarray(cv2.bitwise_or(result, cv2.bitwise_and(closed, deleted)), np.uint8)
    return result


def _stroke(slant: int) -> Image:
    """A short stroke downwards, leaning by up to a half."""
    high, wide = MENDING.long_px, MENDING.wide_px
    if not slant:
        return np.ones((high, wide), np.uint8)
    reach = round(MENDING.lean * (high // 2))
    element = np.zeros((high, wide + 2 * reach), np.uint8)
    for row in range(high):
        left = reach + round(MENDING.lean * slant * (row - high // 2))
        element[row, left : left + wide] = 1
    return element


REST_PX: Final = 3
"""Pixels beside a line: ink that is nowhere farther off is a rest of it."""


def without_rests(
    mask: Image, rows: Sequence[Line], columns: Sequence[Line], *, row_aside_px: int = REST_PX
) -> Image:
    """Drop the components that lie nowhere but on lines.

    `mask`: (H, W) uint8, ink 255 on 0. `columns`: Lines across it, as rules of the turned mask.
    `row_aside_px`: How far a rest of a row may lie off its course; more for thick ones. Returns (H,
    W) uint8.
    """
    near = np.zeros(mask.shape, np.bool_)
    for view, lines, aside in ((near, rows, row_aside_px), (near.T, columns, REST_PX)):
        height, width = len(view), len(view[0])
        for rule, beyond in lines:
            xs = np.arange(max(0, rule.left), min(width - 1, rule.right) + 1)
            ys = rule.rows_at(xs)
            for off in range(-aside, round(beyond) + aside + 1):
                view[np.clip(ys + off, 0, height - 1), xs] = True
    count, labels = cv2.connectedComponents(mask, connectivity=8)
    kept = np.zeros(count, np.bool_)
    inked = np.flatnonzero(mask > 0)
    own = labels.ravel()[inked]
    kept[own[~near.ravel()[inked]]] = True
    left = mask.copy()
    left.ravel()[inked[~kept[own]]] = 0
    return left
