"""Rules too faint for the mask, found beside others: rules of a page run alike."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.stages.line_removal.printed_line import Rule
from digitbatch.types import Image


@dataclass(frozen=True, slots=True)
class FaintRules:
    """How a rule shows in the levels."""

    faintest: float = 4.0  # levels by which a rule is darker than what lies beside it
    shown: float = 0.7  # of its way a rule is so much darker
    surely_shown: float = 0.85  # of its way, a rule of which the mask shows but pieces
    least_rules: int = 3  # fewer say little about how others run
    least_neighbours: int = 2  # of a rule of which the mask shows a piece
    piece: float = 0.15  # of the page: the least that the mask must show of a faint rule
    piece_shown: float = 0.5  # of the way of that piece
    parallel: float = 0.06  # rise over run by which it may differ from its neighbours
    step_px: int = 2  # along a rule
    smooth_px: int = 3  # along a rule; more would close the gaps between strokes in line
    apart_times: int = 3  # thicknesses from a rule that is known
    aside_px: int = 2  # beyond half of a rule's thickness lies the paper that it is compared with


FAINT_RULES: Final = FaintRules()

_COLUMNS_AT_ONCE: Final = 64  # of all heights of a page: a few megabytes


def faint_rules(ink: Image, known: Sequence[Rule], thickest_px: int) -> list[Rule]:
    """Near-horizontal rules that the levels alone show.

    Between two known rules, and a little beyond the outer ones, a rule would run as they do. Along
    every such course it is counted how much of the way is darker than both sides; strokes of digits
    that stand in line leave gaps.

    `ink`: (H, W) uint8 levels, light ink on black. Returns those that are not known, from the top
    down.
    """
    width = ink.shape[1]
    rules = sorted(known, key=lambda rule: rule.height_at(width / 2))
    if len(rules) < FAINT_RULES.least_rules:
        return []
    left = int(np.median([rule.left for rule in rules]))
    right = int(np.median([rule.right for rule in rules]))
    xs = np.arange(max(0, left), min(width, right + 1), FAINT_RULES.step_px)
    if len(xs) < 2:
        return []
    levels = np.array([rule.height_at(width / 2) for rule in rules])
    offs = np.stack([rule.heights_at(xs) for rule in rules]) - levels[:, None]
    shown = _shown_along_courses(_darker(ink, thickest_px), xs, levels, offs)
    near = FAINT_RULES.apart_times * thickest_px
    for level in levels:
        shown[max(0, round(level) - near) : max(0, round(level) + near + 1)] = 0
    found = []
    while float(shown.max()) >= FAINT_RULES.shown:
        # Of rows alike, the middle one.
        best = np.flatnonzero(shown == shown.max())
        at = int(best[len(best) // 2])
        found.append(_rule_at(at, rules, levels, left, right))
        shown[max(0, at - near) : at + near + 1] = 0
    return sorted(found, key=lambda rule: rule.height_at(width / 2))


def _shown_along_courses(
    dark: NDArray[np.bool_],
    xs: NDArray[np.int64],
    levels: NDArray[np.float64],
    offs: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(H,) the share of the columns in which the course that begins at each height is dark.

    A course lies between two rules, so far from either, or runs as the outer one.

    `levels`: (rules,) heights, from the top down. `offs`: (rules, columns) how far off its height
    each rule runs.
    """
    height = len(dark)
    starts = np.arange(height, dtype=np.float64)
    after = np.clip(np.searchsorted(levels, starts, side="right"), 1, len(levels) - 1)
    apart = np.maximum(levels[after] - levels[after - 1], 1.0)
    share = np.clip((starts - levels[after - 1]) / apart, 0.0, 1.0)[:, None]
    shown = np.zeros(height)
    for first in range(0, len(xs), _COLUMNS_AT_ONCE):
        off = offs[:, first : first + _COLUMNS_AT_ONCE]
        courses = starts[:, None] + off[after - 1] + share * (off[after] - off[after - 1])
        rows = np.rint(courses).astype(np.int64)
        inside = (rows >= 0) & (rows < height)
        columns = xs[first : first + _COLUMNS_AT_ONCE]
        shown += (dark[np.where(inside, rows, 0), columns] & inside).sum(axis=1)
    return shown / len(xs)


def _darker(ink: Image, thickest_px: int) -> NDArray[np.bool_]:
    """Where the levels are darker than on both sides, above and below, at a rule's distance."""
    smooth = np.asarray(cv2.blur(ink, (FAINT_RULES.smooth_px, 1)), np.float32)
    apart = thickest_px // 2 + FAINT_RULES.aside_px
    ink_here = np.asarray(cv2.dilate(smooth, np.ones((3, 1), np.uint8)), np.float32)
    beside = np.zeros_like(smooth)
    beside[apart:] = smooth[:-apart]
    beside[:-apart] = np.maximum(beside[:-apart], smooth[apart:])
    return ink_here - beside > FAINT_RULES.faintest


def _rule_at(
    level: int, rules: Sequence[Rule], levels: NDArray[np.float64], left: int, right: int
) -> Rule:
    """A rule at a level, which bends as its neighbours do."""
    after = min(int(np.searchsorted(levels, level)), len(rules) - 1)
    before = max(0, after - 1) if levels[after] > level else after
    gap = levels[after] - levels[before]
    share = (level - levels[before]) / gap if gap else 0.0
    course = (1 - share) * rules[before].curve + share * rules[after].curve
    between = (1 - share) * levels[before] + share * levels[after]
    return Rule(left, right, course + np.array([0.0, 0.0, level - between]))


def darker_along(ink: Image, rule: Rule, thickest_px: int) -> NDArray[np.bool_]:
    """Where on its way, from left to right, a rule is darker than what lies on either side.

    Strokes that happen to stand in line are told from a rule by what lies between them, also where
    the rule is fainter than the level of the mask.
    """
    xs = np.arange(rule.left, rule.right + 1)
    aside_px = thickest_px // 2 + FAINT_RULES.aside_px
    levels = levels_across(ink, xs, rule.rows_at(xs), aside_px)
    return stands_out(np.asarray(cv2.blur(levels, (FAINT_RULES.smooth_px, 1)), np.float32))


def levels_across(
    ink: Image, xs: NDArray[np.int64], rows: NDArray[np.int64], aside_px: int
) -> NDArray[np.float32]:
    """(5, columns) levels: above a course, on it (its own row and those next to it), below it.

    What lies beyond the picture looks as its edge does.

    `ink`: (H, W) uint8 levels, light ink on black. `xs`: (columns,) of the course. `rows`:
    (columns,) its row in each.
    """
    offsets = np.array([-aside_px, -1, 0, 1, aside_px])[:, None]
    return np.asarray(ink[np.clip(rows + offsets, 0, len(ink) - 1), xs], np.float32)


def stands_out(levels: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(columns,) where a course is darker than both sides, by its `levels_across`."""
    beside = np.maximum(levels[0], levels[4])
    return np.asarray(levels[1:4].max(axis=0) - beside > FAINT_RULES.faintest, np.bool_)


def rule_of_pieces(
    ink: Image,
    points: tuple[NDArray[np.int64], NDArray[np.float64]],
    rules: list[Rule],
    thickest_px: int,
    least_px: float,
) -> Rule | None:
    """A rule of which the mask shows but a piece, if it runs as its neighbours do.

    It has the bend of the nearest rule, and goes on as far as the levels show it.
    """
    xs, ys = points
    left, right = int(xs.min()), int(xs.max())
    shown = int(np.count_nonzero(np.bincount(xs))) / max(1, right - left)
    if (
        right - left < max(least_px, FAINT_RULES.piece * ink.shape[1])
        or shown < FAINT_RULES.piece_shown
    ):
        return None
    middle = (left + right) / 2
    nearest = min(rules, key=lambda rule: abs(rule.height_at(middle) - ys.mean()))
    bend = nearest.curve[0]
    line = np.polyfit(xs, ys - bend * np.square(xs), 1)
    if abs(line[0] - nearest.curve[1]) > FAINT_RULES.parallel:
        return None
    curve = np.array([bend, line[0], line[1]])
    rule = Rule(left, right, curve)
    if np.mean(darker_along(ink, rule, thickest_px)) < FAINT_RULES.surely_shown:
        return None
    return grown(ink, rule, thickest_px)


def grown(ink: Image, rule: Rule, thickest_px: int) -> Rule:
    """A rule as far as the levels show it."""
    left, right = rule.left, rule.right
    whole = darker_along(ink, replace(rule, left=0, right=ink.shape[1] - 1), thickest_px)
    before = np.cumsum(whole[:left][::-1]) >= FAINT_RULES.shown * np.arange(1, left + 1)
    after = np.cumsum(whole[right + 1 :]) >= FAINT_RULES.shown * np.arange(1, len(whole) - right)
    goes_left = int(np.flatnonzero(before)[-1]) + 1 if before.any() else 0
    goes_right = int(np.flatnonzero(after)[-1]) + 1 if after.any() else 0
    return replace(rule, left=left - goes_left, right=right + goes_right)
