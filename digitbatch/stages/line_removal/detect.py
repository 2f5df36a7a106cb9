"""Printed lines found in an ink mask: thin straight runs, and the curves that join them.

Thin near-horizontal runs of ink are what a morphological opening leaves (`thin_pieces`). Runs that
continue each other are joined, and a parabola is fitted to them by least squares: paper bends, and
lenses bend it too. Lines across a page are those along the turned page.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.imaging.bit_morphology import closed, dilated, opened, packed, unpacked
from digitbatch.imaging.outlines import outlines
from digitbatch.stages.line_removal.faint_rules import (
    FAINT_RULES,
    darker_along,
    faint_rules,
    grown,
    rule_of_pieces,
)
from digitbatch.stages.line_removal.printed_line import Rule
from digitbatch.types import Image

Points = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Columns, and a line's height at each."""


@dataclass(frozen=True, slots=True)
class Detection:
    """What a rule of a page is."""

    thickest_parts: float = 160.0  # a rule is at most this part of the page's longer side thick,
    thickest_px: int = 4  # or so thick
    piece_parts: float = 28.0  # straight pieces of this part of the page's width are looked for,
    piece_px: int = 15  # or of so many pixels
    gap_parts: int = 4  # of a piece's length: shorter gaps in it are closed
    gap_px: int = 3  # or so short ones
    soft_px: int = 3  # what is left of thin ink is so much thicker again: edges are uneven
    steps: float = (
        0.3  # a piece is no higher than this part of its width: steeper ones are strokes,
    )
    steps_times: int = 3  # unless it is no higher than so many of the thickest rule
    piece_shown: float = 0.8  # of the length that is looked for, a piece has
    most_pieces: int = 3000  # the longest ones: rough paper has thousands
    samples: int = 9  # points of a piece that are compared with a curve
    bent: float = 0.4  # of the page's width: a longer line shows how it bends
    far: float = 0.35  # of the page's width: wider gaps in a rule are none
    near: float = 0.02  # of the page's width: pieces that are nearly as near are joined at once
    off: float = 0.6  # of the thickest rule: so far off its curve may a piece lie,
    off_gap: float = 0.012  # and so much farther for each pixel of the gap
    digit_heights: float = 3.0  # a rule is longer than so many digits are high
    steepest: float = 0.35  # rise over run; steeper lines are found by the other direction


DETECTION: Final = Detection()


def thickest_rule_px(mask: Image) -> int:
    """How thick a rule of a page may be."""
    longer_side: int = max(mask.shape)
    return max(DETECTION.thickest_px, round(longer_side / DETECTION.thickest_parts))


def find_rules(
    mask: Image, levels: Image | None, shortest_px: float, digits_px: float, min_coverage: float
) -> list[Rule]:
    """The near-horizontal rules of a page.

    `mask`: (H, W) uint8, ink 255 on 0. `levels`: (H, W) uint8 before thresholding, light ink on
    black; None: not known. With them strokes that stand in line are told from a rule, and rules
    that the mask hardly shows are found. `digits_px`: What a row of digits may be long; 0: not
    known. `min_coverage`: How much of its way a rule shows as thin ink.
    """
    width, thickest = mask.shape[1], thickest_rule_px(mask)
    piece_px = max(DETECTION.piece_px, round(width / DETECTION.piece_parts))
    pieces = thin_pieces(mask, thickest, piece_px)
    if sum(len(xs) for xs, _ in pieces) < min_coverage * shortest_px:
        return []  # all of them together are none
    rules: list[Rule] = []
    short: list[Points] = []
    least_px = FAINT_RULES.shown * min(shortest_px, digits_px)
    for xs, ys in joined(pieces, thickest, width, least_px):
        left, right = int(xs.min()), int(xs.max())
        rule = Rule(left, right, _fit(xs, ys, width))
        if abs(2 * rule.curve[0] * left + rule.curve[1]) > DETECTION.steepest:
            continue
        if right - left < shortest_px:
            short.append((xs, ys))
            continue
        is_covered = columns_of(xs) / max(1, right - left) >= min_coverage
        found = _as_shown(rule, levels, thickest, is_covered=is_covered)
        if found is not None:
            rules.append(found)
        elif not is_covered:
            short.append((xs, ys))
    if levels is None:
        return rules
    if len(rules) >= FAINT_RULES.least_neighbours and digits_px > 0:
        of_pieces = (rule_of_pieces(levels, points, rules, thickest, digits_px) for points in short)
        rules += [rule for rule in list(of_pieces) if rule is not None]
    return rules + [grown(levels, rule, thickest) for rule in faint_rules(levels, rules, thickest)]


def _as_shown(rule: Rule, levels: Image | None, thickest: int, *, is_covered: bool) -> Rule | None:
    """A rule as far as the levels show it; None where they do not, or nothing shows it."""
    if levels is None:
        return rule if is_covered else None
    least = FAINT_RULES.shown if is_covered else FAINT_RULES.surely_shown
    if np.mean(darker_along(levels, rule, thickest)) < least:
        return None
    return grown(levels, rule, thickest)


def thin_pieces(mask: Image, thickest_px: int, length_px: int) -> list[Points]:
    """Thin near-horizontal pieces of ink, the longest first.

    `mask`: (H, W) uint8, ink 255 on 0.
    """
    height, width = mask.shape
    bits = packed(mask)
    # Top-hat: what an upright opening takes away is thin.
    thin = unpacked(dilated(bits & ~opened(bits, thickest_px + 1), DETECTION.soft_px), width)
    turned = packed(np.asarray(cv2.transpose(thin), np.uint8))
    gap_px = max(DETECTION.gap_px, length_px // DETECTION.gap_parts)
    straight = opened(closed(turned, gap_px), length_px)
    if not straight.any():
        return []
    lines = np.asarray(cv2.transpose(unpacked(straight, height)), np.uint8)
    least_px = DETECTION.piece_shown * length_px
    pieces = []
    # From the top down, two rows at a time.
    for outline in sorted(outlines(lines), key=lambda o: (o[0, 0, 1] // 2, o[0, 0, 0] // 2)):
        left, top, wide, high = cv2.boundingRect(outline)
        if high > max(DETECTION.steps_times * thickest_px, DETECTION.steps * wide):
            continue
        if wide < least_px:
            continue
        part = lines[top : top + high, left : left + wide]
        _, labels = cv2.connectedComponents(part, connectivity=8)
        own = labels == labels[outline[0, 0, 1] - top, outline[0, 0, 0] - left]
        ink = own.sum(axis=0)
        inked = ink > 0
        ys = top + (own * np.arange(high)[:, None]).sum(axis=0)[inked] / ink[inked]
        xs = np.arange(left, left + wide)[inked]
        if len(xs) >= least_px:
            pieces.append((xs, ys))
    return sorted(pieces, key=lambda piece: -len(piece[0]))


def columns_of(xs: NDArray[np.int64]) -> int:
    """How many columns some points stand in."""
    return int(np.count_nonzero(np.bincount(xs)))


def _fit(xs: NDArray[np.int64], ys: NDArray[np.float64], page_width_px: int) -> NDArray[np.float64]:
    """A parabola where the line is long enough to show a bend, else a straight line."""
    is_long = xs.max() - xs.min() > DETECTION.bent * page_width_px
    fitted = np.polyfit(xs, ys, 2 if is_long else 1)
    return np.concatenate([np.zeros(3 - len(fitted)), fitted])


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Pieces of lines, and what of each is compared with a curve."""

    points: list[Points]
    length: NDArray[np.int64]  # (count,) columns
    first: NDArray[np.int64]  # (count,)
    last: NDArray[np.int64]  # (count,)
    at_x: NDArray[np.int64]  # (count, samples) a few of its points say how far a piece lies off
    at_y: NDArray[np.float64]  # (count, samples)

    @classmethod
    def of(cls, points: list[Points]) -> "_Pieces":
        length = np.array([len(xs) for xs, _ in points])
        first = np.array([xs[0] for xs, _ in points])
        last = np.array([xs[-1] for xs, _ in points])
        picks = [np.linspace(0, count - 1, DETECTION.samples).astype(np.int64) for count in length]
        at_x = np.stack([xs[pick] for (xs, _), pick in zip(points, picks, strict=True)])
        at_y = np.stack([ys[pick] for (_, ys), pick in zip(points, picks, strict=True)])
        return cls(points, length, first, last, at_x, at_y)


def joined(
    points: list[Points], thickest_px: int, page_width_px: int, least_px: float
) -> list[Points]:
    """Pieces that continue each other, as one each; those that show less than `least_px` left out.

    The longest piece is followed first, from its nearest continuation to the farthest, and the
    curve is fitted anew on the way.
    """
    if not points:
        return []
    pieces = _Pieces.of(points[: DETECTION.most_pieces])
    free = np.ones(len(pieces.points), np.bool_)
    lines = []
    for seed in range(len(free)):
        if not free[seed]:
            continue
        if pieces.length[free].sum() < least_px:
            break
        line = _followed(pieces, seed, free, thickest_px, page_width_px)
        if len(line[0]) >= least_px:
            lines.append(line)
    return lines


def _followed(
    pieces: _Pieces, seed: int, free: NDArray[np.bool_], thickest_px: int, page_width_px: int
) -> Points:
    """A piece with all that continue it; these are free no longer."""
    free[seed] = False
    xs, ys = pieces.points[seed]
    left, right = int(pieces.first[seed]), int(pieces.last[seed])
    while free.any():
        curve = _fit(xs, ys, page_width_px)
        gap = np.maximum(np.maximum(pieces.first - right, left - pieces.last), 0)
        heights = (curve[0] * pieces.at_x + curve[1]) * pieces.at_x + curve[2]
        off = np.median(np.abs(heights - pieces.at_y), axis=1)
        fits = free & (gap < DETECTION.far * page_width_px)
        fits &= off < DETECTION.off * thickest_px + DETECTION.off_gap * gap
        if not fits.any():
            break
        near = fits & (gap <= gap[fits].min() + DETECTION.near * page_width_px)
        found = np.flatnonzero(near)
        xs = np.concatenate([xs, *(pieces.points[index][0] for index in found)])
        ys = np.concatenate([ys, *(pieces.points[index][1] for index in found)])
        left = min(left, int(pieces.first[found].min()))
        right = max(right, int(pieces.last[found].max()))
        free[found] = False
    return xs, ys


def to_its_ends(mask: Image, line: Rule, aside_px: int) -> Rule:
    """A line of a form field as far as its ink goes on: a fit often misses the last segments.

    `mask`: (H, W) uint8, ink 255 on 0; the field. `aside_px`: How far its ink may lie from its
    fitted course.
    """
    height, width = mask.shape
    xs = np.arange(width)
    near = line.rows_at(xs)[None] + np.arange(-aside_px, aside_px + 1)[:, None]
    inked = (mask[np.clip(near, 0, height - 1), xs[None]] > 0).any(axis=0)
    paper = np.flatnonzero(~inked)
    before, after = paper[paper < line.left], paper[paper > line.right]
    left = int(before[-1]) + 1 if len(before) else 0
    right = int(after[0]) - 1 if len(after) else width - 1
    return Rule(min(left, line.left), max(right, line.right), line.curve)
