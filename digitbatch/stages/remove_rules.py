"""Take ruled lines out of an ink mask and leave the strokes that cross them."""

from dataclasses import dataclass, replace
from typing import ClassVar, Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from digitbatch.stages.base import PageStage, PixelKind, Sheet
from digitbatch.types import Image

_THICKEST_PARTS: Final = 160  # a rule is at most this part of the page's longer side thick
_SEGMENT_PARTS: Final = 28  # straight pieces of this part of the page's width are looked for
_LEAST_HEIGHTS: Final = 3.0  # a rule is longer than this many digits are high
_STEEPEST: Final = 0.35  # rise over run; steeper lines are found by the other direction


@dataclass(frozen=True, slots=True)
class Rule:
    """One ruled line as a parabola: y = a x^2 + b x + c from x = left to right, in pixels."""

    left: int
    right: int
    curve: NDArray[np.float64]  # (3,) a, b, c


class RemoveRules(PageStage):
    """Ruled lines, squared paper, table rules: thin lines that go on across much of the page.

    Straight thin pieces that continue each other are joined to parabolas (paper bends, lenses
    too). A line that covers enough of its way is a rule, and along it those runs of ink are deleted
    that are no thicker than the rule itself. So the strokes of digits that cross it stay, and gaps
    that it leaves in them are closed, but only where ink was deleted.
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

    def __call__(self, sheet: Sheet) -> Sheet:
        """Return the mask without its rules: (H, W) uint8, ink 255 on 0."""
        mask = sheet.pixels
        # On a crop of one line, a 1 is as long as a third of the page.
        least_px = _LEAST_HEIGHTS * (sheet.digit_height_px or 0.0)
        rows = self._find(mask, least_px)
        without = delete_rules(mask, rows)
        turned = np.ascontiguousarray(without.T)
        columns = self._find(turned, least_px)
        if not rows and not columns:
            return sheet
        without = np.ascontiguousarray(delete_rules(turned, columns).T)
        left = mended(mask, without, rows=bool(rows), columns=bool(columns))
        taken = np.asarray(cv2.subtract(mask, left), np.uint8)
        return replace(sheet, pixels=left, rules=taken)

    def _find(self, mask: Image, least_px: float) -> list[Rule]:
        """The near-horizontal rules of an (H, W) mask that are at least so long."""
        width = mask.shape[1]
        thickest_px = _thickest(mask)
        rules = []
        for xs, ys in _joined(
            thin_pieces(mask, thickest_px, max(15, round(mask.shape[1] / _SEGMENT_PARTS))),
            thickest_px,
            width,
        ):
            left, right = int(xs.min()), int(xs.max())
            if right - left < max(self.min_length * width, least_px):
                continue
            if len(np.unique(xs)) < self.min_coverage * (right - left):
                continue
            curve = _fit(xs, ys, width)
            if abs(2 * curve[0] * left + curve[1]) <= _STEEPEST:
                rules.append(Rule(left, right, curve))
        return rules


Points = tuple[NDArray[np.int64], NDArray[np.float64]]  # columns, and the line's height at each


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
    thick = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((thickest_px + 1, 1), np.uint8))
    thin = cv2.dilate(cv2.subtract(mask, thick), np.ones((3, 1), np.uint8))
    bridged = cv2.morphologyEx(thin, cv2.MORPH_CLOSE, np.ones((1, max(3, length // 4)), np.uint8))
    straight = cv2.morphologyEx(bridged, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(straight, connectivity=8)
    pieces = []
    for label in range(1, count):
        left, top, width, height = (int(v) for v in stats[label, :4])
        if height > max(3 * thickest_px, 0.3 * width):
            continue
        own = labels[top : top + height, left : left + width] == label
        ink = own.sum(axis=0)
        inked = ink > 0
        ys = top + (own * np.arange(height)[:, None]).sum(axis=0)[inked] / ink[inked]
        xs = np.arange(left, left + width)[inked]
        if len(xs) >= 0.8 * length:
            pieces.append((xs, ys))
    return sorted(pieces, key=lambda piece: -len(piece[0]))


def _fit(xs: NDArray[np.int64], ys: NDArray[np.float64], page_width_px: int) -> NDArray[np.float64]:
    """A parabola where the line is long enough to show a bend, else a straight line."""
    bent = xs.max() - xs.min() > 0.4 * page_width_px
    fitted = np.polyfit(xs, ys, 2 if bent else 1)
    return np.concatenate([np.zeros(3 - len(fitted)), fitted])


def _joined(pieces: list[Points], thickest_px: int, page_width_px: int) -> list[Points]:
    """Pieces that continue each other, as one each."""
    left_over = list(pieces)
    joined = []
    while left_over:
        xs, ys = left_over.pop(0)
        grown = True
        while grown:
            grown = False
            curve = _fit(xs, ys, page_width_px)
            for index, (more_xs, more_ys) in enumerate(left_over):
                gap = max(more_xs[0] - xs.max(), xs.min() - more_xs[-1], 0)
                if gap >= 0.35 * page_width_px:
                    continue
                miss = float(np.median(np.abs(np.polyval(curve, more_xs) - more_ys)))
                if miss < 0.6 * thickest_px + 0.012 * gap:
                    xs, ys = np.concatenate([xs, more_xs]), np.concatenate([ys, more_ys])
                    del left_over[index]
                    grown = True
                    break
        joined.append((xs, ys))
    return joined


def delete_rules(mask: Image, rules: list[Rule]) -> Image:
    """The mask without the runs of ink along each rule that are no thicker than the rule."""
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
