"""Take ruled lines out of an ink mask and leave the strokes that cross them."""

from typing import ClassVar, Literal

import cv2
import numpy as np
from pydantic import Field

from digitbatch.stages.base import PageStage, PixelKind, Sheet, Situation
from digitbatch.stages.line_removal.delete import delete_rules, mended
from digitbatch.stages.line_removal.detect import DETECTION, find_rules, thickest_rule_px
from digitbatch.stages.line_removal.pen_on_print import with_pen_on_rules
from digitbatch.stages.line_removal.printed_line import Rule
from digitbatch.stages.line_removal.stacked_strokes import with_stacked_strokes
from digitbatch.types import Image


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
        left = self.left_of(sheet.pixels, sheet.ink, sheet.digit_height_px)
        if left is sheet.pixels:
            return sheet
        taken = np.asarray(cv2.subtract(sheet.pixels, left), np.uint8)
        return sheet.with_pixels(left).with_layer("rules", taken)

    def left_of(self, mask: Image, levels: Image | None, digit_height_px: float | None) -> Image:
        """What of a page's ink is not its rules: (H, W) uint8; see `apart`."""
        return self.apart(mask, levels, digit_height_px)[0]

    def apart(
        self, mask: Image, levels: Image | None, digit_height_px: float | None
    ) -> tuple[Image, list[Rule], list[Rule]]:
        """What of a page's ink is not its rules; these along it, and across it, of the turned page.

        `mask`: (H, W) uint8, ink 255 on 0. `levels`: (H, W) uint8 before thresholding, light ink on
        black; None: not known. Returns (H, W) uint8: `mask` itself where there are no rules.
        """
        # On a crop of one line, a 1 is as long as a third of the page.
        digits_px = DETECTION.digit_heights * (digit_height_px or 0.0)

        def found(ink: Image, of: Image | None) -> list[Rule]:
            shortest_px = max(self.min_length * ink.shape[1], digits_px)
            return find_rules(ink, of, shortest_px, digits_px, self.min_coverage)

        rows = found(mask, levels)
        turned = np.asarray(cv2.transpose(delete_rules(mask, rows)), np.uint8)
        columns = found(turned, None if levels is None else levels.T)
        if not rows and not columns:
            return mask, [], []
        without = np.asarray(cv2.transpose(delete_rules(turned, columns)), np.uint8)
        if levels is not None:
            reach_px = thickest_rule_px(mask)
            without = with_pen_on_rules(mask, without, levels, rows, columns, reach_px, digits_px)
            if digit_height_px:
                without = with_stacked_strokes(
                    mask, without, levels, columns, reach_px, digit_height_px
                )
        return mended(mask, without, rows=bool(rows), columns=bool(columns)), rows, columns
