"""Rules too faint for the mask, found beside others: rules of a page run alike."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.stages.line_removal.printed_line import Rule
from digitbatch.types import Image

FAINTEST: Final = 4.0
"""Levels by which a rule is darker than what lies beside it."""

SURELY_SHOWN: Final = 0.85
"""Of its way, a rule of which the mask shows but pieces is so much darker than what lies beside."""

_LEAST_RULES: Final = 3  # fewer say little about how others run
_SHOWN: Final = 0.7  # of its way a rule is darker than the paper beside it
_PIECE: Final = 0.15  # of the page: the least that the mask must show of a faint rule
_PIECE_SHOWN: Final = 0.5  # of the way of that piece
_PARALLEL: Final = 0.06  # rise over run by which it may differ from its neighbours
_STEP_PX: Final = 2  # along a rule
_SMOOTH_PX: Final = 3  # along a rule; more would close the gaps between strokes in line
_APART: Final = 3  # thicknesses from a rule that is known


def faint_rules(ink: Image, known: Sequence[Rule], thickest_px: int) -> list[Rule]:
    """Near-horizontal rules that the levels alone show.

    Between two known rules, and a little beyond the outer ones, a rule would run as they do. Along
    every such course it is counted how much of the way is darker than both sides; strokes of digits
    that stand in line leave gaps.

    Args:
        ink: (H, W) uint8 levels, light ink on black.
        known: The rules that the mask shows.
        thickest_px: The thickest that a rule is.

    Returns:
        Those that are not known, from the top down.
    """
    height, width = ink.shape
    rules = sorted(known, key=lambda rule: float(np.polyval(rule.curve, width / 2)))
    if len(rules) < _LEAST_RULES:
        return []
    left = int(np.median([rule.left for rule in rules]))
    right = int(np.median([rule.right for rule in rules]))
    xs = np.arange(max(0, left), min(width, right + 1), _STEP_PX)
    if len(xs) < 2:
        return []
    levels = np.array([np.polyval(rule.curve, width / 2) for rule in rules])
    offs = np.stack([np.polyval(rule.curve, xs) for rule in rules]) - levels[:, None]
    dark = _darker(ink, thickest_px)
    starts = np.arange(height, dtype=np.float64)
    shown = np.zeros(height)
    for x, off in zip(xs, offs.T, strict=True):
        rows = np.rint(starts + np.interp(starts, levels, off)).astype(np.int64)
        inside = (rows >= 0) & (rows < height)
        shown += dark[np.where(inside, rows, 0), x] & inside
    shown /= len(xs)
    near = _APART * thickest_px
    for level in levels:
        shown[max(0, round(level) - near) : max(0, round(level) + near + 1)] = 0
    found = []
    while float(shown.max()) >= _SHOWN:
        # Of rows alike, the middle one.
        best = np.flatnonzero(shown == shown.max())
        at = int(best[len(best) // 2])
        found.append(_rule_at(at, rules, levels, left, right))
        shown[max(0, at - near) : at + near + 1] = 0
    return sorted(found, key=lambda rule: float(np.polyval(rule.curve, width / 2)))


def _darker(ink: Image, thickest_px: int) -> NDArray[np.bool_]:
    """Where the levels are darker than on both sides, above and below, at a rule's distance."""
    smooth = np.asarray(cv2.blur(ink, (_SMOOTH_PX, 1)), np.float32)
    apart = thickest_px // 2 + 2
    ink_here = np.asarray(cv2.dilate(smooth, np.ones((3, 1), np.uint8)), np.float32)
    beside = np.zeros_like(smooth)
    beside[apart:] = smooth[:-apart]
    beside[:-apart] = np.maximum(beside[:-apart], smooth[apart:])
    return ink_here - beside > FAINTEST


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
    height = ink.shape[0]
    xs = np.arange(rule.left, rule.right + 1)
    middle = np.rint(np.polyval(rule.curve, xs)).astype(np.int64)
    apart = thickest_px // 2 + 2
    offsets = np.array([-apart, -1, 0, 1, apart])
    levels = ink[np.clip(middle[None] + offsets[:, None], 0, height - 1), xs[None]]
    smooth = cv2.blur(levels.astype(np.float32), (_SMOOTH_PX, 1))
    return np.asarray(
        smooth[1:4].max(axis=0) - np.maximum(smooth[0], smooth[4]) > FAINTEST, np.bool_
    )


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
    if right - left < max(least_px, _PIECE * ink.shape[1]) or shown < _PIECE_SHOWN:
        return None
    middle = (left + right) / 2
    nearest = min(rules, key=lambda rule: abs(float(np.polyval(rule.curve, middle)) - ys.mean()))
    bend = nearest.curve[0]
    line = np.polyfit(xs, ys - bend * np.square(xs), 1)
    if abs(line[0] - nearest.curve[1]) > _PARALLEL:
        return None
    curve = np.array([bend, line[0], line[1]])
    rule = Rule(left, right, curve)
    if np.mean(darker_along(ink, rule, thickest_px)) < SURELY_SHOWN:
        return None
    return grown(ink, rule, thickest_px)


def grown(ink: Image, rule: Rule, thickest_px: int) -> Rule:
    """A rule as far as the levels show it."""
    left, right = rule.left, rule.right
    whole = darker_along(ink, replace(rule, left=0, right=ink.shape[1] - 1), thickest_px)
    before = np.cumsum(whole[:left][::-1]) >= _SHOWN * np.arange(1, left + 1)
    after = np.cumsum(whole[right + 1 :]) >= _SHOWN * np.arange(1, len(whole) - right)
    goes_left = int(np.flatnonzero(before)[-1]) + 1 if before.any() else 0
    goes_right = int(np.flatnonzero(after)[-1]) + 1 if after.any() else 0
    return replace(rule, left=left - goes_left, right=right + goes_right)
