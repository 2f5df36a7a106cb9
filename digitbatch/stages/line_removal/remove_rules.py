"""Take ruled lines out of an ink mask and leave the strokes that cross them."""

from typing import ClassVar, Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from digitbatch.imaging.bit_morphology import closed, dilated, opened, packed, unpacked
from digitbatch.imaging.outlines import outlines
from digitbatch.stages.base import PageStage, PixelKind, Sheet, Situation
from digitbatch.stages.line_removal.faint_rules import (
    SURELY_SHOWN,
    darker_along,
    faint_rules,
    grown,
    rule_of_pieces,
)
from digitbatch.stages.line_removal.pen_on_print import with_pen_on_rules
from digitbatch.stages.line_removal.printed_line import Rule
from digitbatch.types import Image

__all__ = ["RemoveRules", "Rule", "columns_of", "delete_rules", "mended", "thin_pieces"]

_THICKEST_PARTS: Final = 160  # a rule is at most this part of the page's longer side thick
_SEGMENT_PARTS: Final = 28  # straight pieces of this part of the page's width are looked for
_LEAST_HEIGHTS: Final = 3.0  # a rule is longer than this many digits are high
_MOST_PIECES: Final = 3000  # the longest ones: rough paper has thousands
_SAMPLES: Final = 9  # points of a piece that are compared with a curve
_SHOWN: Final = 0.7  # of its way a rule is darker than the paper beside it
_STEEPEST: Final = 0.35  # rise over run; steeper lines are found by the other direction


Points = tuple[NDArray[np.int64], NDArray[np.float64]]  # columns, and the line's height at each


class RemoveRules(PageStage):
    """Ruled lines, squared paper, table rules: thin lines that go on across much of the page.

    Straight thin pieces that continue each other are joined to parabolas (paper bends, lenses
    too). A line that covers enough of its way is a rule, if the levels before thresholding show it
    between its pieces too: strokes that stand in line are none. Along it those runs of ink are
    deleted that are no thicker than the rule itself. So the strokes of digits that cross it stay,
    and gaps that it leaves in them are closed, but only where ink was deleted. A stroke that runs
    along the rule stays where it is clearly darker than the rule.
    """

    op: Literal["remove_rules"] = "remove_rules"
    takes: ClassVar[frozenset[PixelKind]] = frozenset({"mask"})
    min_length: float = Field(
        default=0.3,
        gt=0,
        le=1,
        description=(
            "Shortest rule, as a fraction of the page's width or height; at least 3 digit heights."
        ),
    )
    min_coverage: float = Field(
        default=0.55, gt=0, le=1, description="How much of its way a rule must show as thin ink."
    )

    def skipped(self, situation: Situation) -> str:
        """Zones look for their own print; a stage after this one may build on its result."""
        if situation.has_zones and situation.is_last:
            return "each zone takes out its own printed lines"
        return ""

    def __call__(self, sheet: Sheet) -> Sheet:
        """Return the mask without its rules: (H, W) uint8, ink 255 on 0."""
        mask = sheet.pixels
        # On a crop of one line, a 1 is as long as a third of the page.
        least_px = _LEAST_HEIGHTS * (sheet.digit_height_px or 0.0)
        rows = self._find(mask, sheet.ink, least_px)
        without = delete_rules(mask, rows)
        turned = np.asarray(cv2.transpose(without), np.uint8)
        columns = self._find(turned, None if sheet.ink is None else sheet.ink.T, least_px)
        if not rows and not columns:
            return sheet
        without = np.asarray(cv2.transpose(delete_rules(turned, columns)), np.uint8)
        if sheet.ink is not None:
            without = with_pen_on_rules(
                mask, without, sheet.ink, rows, columns, _thickest(mask), least_px
            )
        left = mended(mask, without, rows=bool(rows), columns=bool(columns))
        taken = np.asarray(cv2.subtract(mask, left), np.uint8)
        return sheet.with_pixels(left).with_layer("rules", taken)

    def _find(self, mask: Image, ink: Image | None, least_px: float) -> list[Rule]:
        """The near-horizontal rules of an (H, W) mask that are at least so long."""
        width = mask.shape[1]
        thickest_px = _thickest(mask)
        shortest_px = max(self.min_length * width, least_px)
        pieces = thin_pieces(mask, thickest_px, max(15, round(mask.shape[1] / _SEGMENT_PARTS)))
        rules: list[Rule] = []
        short: list[Points] = []
        if sum(len(xs) for xs, _ in pieces) < self.min_coverage * shortest_px:
            return rules  # all of them together are none
        for xs, ys in _joined(pieces, thickest_px, width, _SHOWN * min(shortest_px, least_px)):
            left, right = int(xs.min()), int(xs.max())
            rule = Rule(left, right, _fit(xs, ys, width))
            if abs(2 * rule.curve[0] * left + rule.curve[1]) > _STEEPEST:
                continue
            shown = columns_of(xs) / max(1, right - left)
            if right - left < shortest_px:
                short.append((xs, ys))
            elif shown < self.min_coverage:
                if (
                    ink is not None
                    and np.mean(darker_along(ink, rule, thickest_px)) >= SURELY_SHOWN
                ):
                    rules.append(grown(ink, rule, thickest_px))
                else:
                    short.append((xs, ys))
            elif ink is None:
                rules.append(rule)
            elif np.mean(darker_along(ink, rule, thickest_px)) >= _SHOWN:
                rules.append(grown(ink, rule, thickest_px))
        if ink is not None and len(rules) >= 2 and least_px > 0:
            rules += [
                faint
                for points in short
                if (faint := rule_of_pieces(ink, points, rules, thickest_px, least_px)) is not None
            ]
        if ink is not None:
            more = faint_rules(ink, rules, thickest_px)
            rules += [grown(ink, rule, thickest_px) for rule in more]
        return rules


def _thickest(mask: Image) -> int:
    longer_side: int = max(mask.shape)
    return max(4, round(longer_side / _THICKEST_PARTS))


def thin_pieces(mask: Image, thickest_px: int, length: int) -> list[Points]:
    """Thin near-horizontal pieces of ink, the longest first.

    Args:
        mask: (H, W) uint8, ink 255 on 0.
        thickest_px: What is thicker is no rule.
        length: Shortest piece, in pixels.

    Returns:
        For each the columns that it covers, and its height at each.
    """
    height, width = mask.shape
    bits = packed(mask)
    thin = unpacked(dilated(bits & ~opened(bits, thickest_px + 1), 3), width)
    turned = packed(np.asarray(cv2.transpose(thin), np.uint8))
    straight = opened(closed(turned, max(3, length // 4)), length)
    if not straight.any():
        return []
    lines = np.asarray(cv2.transpose(unpacked(straight, height)), np.uint8)
    pieces = []
    # From the top down, two rows at a time.
    for outline in sorted(outlines(lines), key=lambda o: (o[0, 0, 1] // 2, o[0, 0, 0] // 2)):
        left, top, wide, high = cv2.boundingRect(outline)
        if high > max(3 * thickest_px, 0.3 * wide) or wide < 0.8 * length:
            continue
        part = lines[top : top + high, left : left + wide]
        _, labels = cv2.connectedComponents(part, connectivity=8)
        own = labels == labels[outline[0, 0, 1] - top, outline[0, 0, 0] - left]
        ink = own.sum(axis=0)
        inked = ink > 0
        ys = top + (own * np.arange(high)[:, None]).sum(axis=0)[inked] / ink[inked]
        xs = np.arange(left, left + wide)[inked]
        if len(xs) >= 0.8 * length:
            pieces.append((xs, ys))
    return sorted(pieces, key=lambda piece: -len(piece[0]))


def columns_of(xs: NDArray[np.int64]) -> int:
    """How many columns some points stand in."""
    return int(np.count_nonzero(np.bincount(xs)))


def _fit(xs: NDArray[np.int64], ys: NDArray[np.float64], page_width_px: int) -> NDArray[np.float64]:
    """A parabola where the line is long enough to show a bend, else a straight line."""
    bent = xs.max() - xs.min() > 0.4 * page_width_px
    fitted = np.polyfit(xs, ys, 2 if bent else 1)
    return np.concatenate([np.zeros(3 - len(fitted)), fitted])


def _joined(
    pieces: list[Points], thickest_px: int, page_width_px: int, least_px: float
) -> list[Points]:
    """Pieces that continue each other, as one each; those that show less than `least_px` left out.

    The longest piece is followed first, from its nearest continuation to the farthest, and the
    curve is fitted anew on the way.
    """
    pieces = pieces[:_MOST_PIECES]
    if not pieces:
        return []
    length = np.array([len(xs) for xs, _ in pieces])
    first = np.array([xs[0] for xs, _ in pieces])
    last = np.array([xs[-1] for xs, _ in pieces])
    # A few points of each say how far it lies off a curve.
    picks = [np.linspace(0, count - 1, _SAMPLES).astype(np.int64) for count in length]
    at_x = np.stack([xs[pick] for (xs, _), pick in zip(pieces, picks, strict=True)])
    at_y = np.stack([ys[pick] for (_, ys), pick in zip(pieces, picks, strict=True)])
    free = np.ones(len(pieces), bool)
    joined = []
    for seed in range(len(pieces)):
        if not free[seed]:
            continue
        if length[free].sum() < least_px:
            break
        free[seed] = False
        xs, ys = pieces[seed]
        left, right = int(first[seed]), int(last[seed])
        while free.any():
            curve = _fit(xs, ys, page_width_px)
            gap = np.maximum(np.maximum(first - right, left - last), 0)
            off = np.median(np.abs(np.polyval(curve, at_x) - at_y), axis=1)
            fits = free & (gap < 0.35 * page_width_px) & (off < 0.6 * thickest_px + 0.012 * gap)
            if not fits.any():
                break
            near = fits & (gap <= gap[fits].min() + 0.02 * page_width_px)
            found = np.flatnonzero(near)
            xs = np.concatenate([xs, *(pieces[index][0] for index in found)])
            ys = np.concatenate([ys, *(pieces[index][1] for index in found)])
            left, right = min(left, int(first[found].min())), max(right, int(last[found].max()))
            free[found] = False
        if len(xs) >= least_px:
            joined.append((xs, ys))
    return joined


def delete_rules(mask: Image, rules: list[Rule]) -> Image:
    """The mask without the runs of ink along each rule that are no thicker than the rule."""
    if not rules:
        return mask
    height, width = mask.shape
    reach = 2 * _thickest(mask)
    result = mask.copy()
    for rule in rules:
        beyond = round(0.03 * width)  # ends are faint and often missed
        xs = np.arange(max(0, rule.left - beyond), min(width, rule.right + beyond + 1))
        offsets = np.arange(-reach, reach + 1)
        rows = np.rint(np.polyval(rule.curve, xs)).astype(np.int64)[None] + offsets[:, None]
        inside = (rows >= 0) & (rows < height)
        band = (mask[np.clip(rows, 0, height - 1), xs[None]] > 0) & inside
        # In each column, the run of ink that lies nearest to the rule.
        distance = np.where(band, np.abs(offsets)[:, None], 2 * reach + 1)
        nearest = distance.argmin(axis=0)
        on_rule = distance.min(axis=0) <= max(2, reach // 4)
        if np.count_nonzero(on_rule) < 10:
            continue
        index = np.arange(len(offsets))[:, None]
        columns = np.arange(len(xs))
        above = np.maximum.accumulate(np.where(band, -1, index), axis=0)[nearest, columns]
        gaps = np.where(band, len(offsets), index)
        below = np.minimum.accumulate(gaps[::-1], axis=0)[::-1][nearest, columns]
        run = below - above - 1
        thickness = float(np.percentile(run[on_rule], 40))
        thin = on_rule & (run <= max(1.6 * thickness, thickness + 2))
        at_row, at_column = np.nonzero((index > above) & (index < below) & thin)
        result[rows[at_row, at_column], xs[at_column]] = 0
    return result


def mended(mask: Image, without: Image, *, rows: bool, columns: bool) -> Image:
    """Close the gaps that deleted rules left in strokes, using deleted pixels alone."""
    deleted = cv2.subtract(mask, without)
    result = without
    for found, shape in ((rows, (3, 7)), (columns, (7, 3))):
        if found:
            element = np.ones(shape[::-1], np.uint8)
            closed = cv2.morphologyEx(without, cv2.MORPH_CLOSE, element)
            both = cv2.bitwise_or(result, cv2.bitwise_and(closed, deleted))
            result = np.asarray(both, np.uint8)
    return result
