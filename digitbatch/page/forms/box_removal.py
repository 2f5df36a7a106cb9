"""Take the printed boxes, combs and base lines of a zone out of its ink."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from digitbatch.page.forms.boxes.grid import Grid
from digitbatch.page.forms.comb_ticks import comb_ticks
from digitbatch.stages.line_removal.delete import DELETION, field_runs, without
from digitbatch.stages.line_removal.detect import to_its_ends
from digitbatch.stages.line_removal.mend import EITHER_WAY, mended
from digitbatch.stages.line_removal.pen_on_print import with_pen_on_lines
from digitbatch.stages.line_removal.printed_line import Line, Rule
from digitbatch.stages.line_removal.residue import REST_PX, without_rests
from digitbatch.types import Image


@dataclass(frozen=True, slots=True)
class FieldPrint:
    """How thick the print of a form field is."""

    widest: float = 0.12  # of the zone's height: two walls that all but touch, as one,
    widest_px: int = 4  # or so wide
    beside_px: float = 1.0  # of a band: a wall so near to it goes with it
    thin_px: float = 3.0  # half of what a line is thicker than this, its rests lie farther off


FIELD_PRINT: Final = FieldPrint()


def without_print(
    mask: Image, grid: Grid, places: int | None, levels: Image | None = None
) -> Image:
    """A zone's ink without the lines of its grid.

    Along each line those runs of ink go that are no thicker than it, so strokes that cross it or
    lean on it stay. What it leaves open in strokes is closed, in three directions, by pixels that
    were taken out. What then remains of a line itself is dropped. In boxes and on combs, strokes
    that run along a line stay, too, where the pen is clearly darker than the print.

    Args:
        mask: (H, W) uint8, ink 255 on 0; the zone, with little around it.
        grid: Its printed lines.
        places: How many digits it is for; with one line only, a comb's ticks are looked for.
        levels: (H, W) uint8 before thresholding, light ink on black; None: not known.
    """
    if not grid.rows and not grid.walls:
        return mask
    widest_px = max(FIELD_PRINT.widest_px, round(FIELD_PRINT.widest * mask.shape[0]))
    rows = [(to_its_ends(mask, row, DELETION.aside_px), 0.0) for row in grid.rows]
    along = field_runs(mask, rows, widest_px)
    left = without(mask, [(runs, runs.within()) for runs in along])
    turned = np.ascontiguousarray(left.T)
    walls = grid.walls or comb_ticks(turned, [row for row, _ in rows], places)
    bands = [(band.first, band.width_px) for band in grid.bands]
    if walls:
        across = field_runs(turned, [*_outside(walls, bands), *bands], widest_px)
        left = np.ascontiguousarray(without(turned, [(r, r.within()) for r in across]).T)
    whole = mended(mask, left, rows=bool(rows), columns=bool(walls), leaning=EITHER_WAY)
    thickest_px = max((runs.usual_px for runs in along), default=1.0)
    aside_px = REST_PX + round(max(0.0, thickest_px - FIELD_PRINT.thin_px) / 2)
    upright = [*((wall, 0.0) for wall in walls), *bands]
    left = without_rests(whole, rows, upright, row_aside_px=aside_px)
    if levels is None or not walls:
        return left
    return with_pen_on_lines(mask, left, levels, [row for row, _ in rows], walls, widest_px)


def _outside(walls: Sequence[Rule], bands: Sequence[Line]) -> list[Line]:
    """The walls that go with no band."""
    near_px = FIELD_PRINT.beside_px
    thick = [(_place(first) - near_px, _place(first) + width + near_px) for first, width in bands]
    alone = (wall for wall in walls if not any(a <= _place(wall) <= b for a, b in thick))
    return [(wall, 0.0) for wall in alone]


def _place(rule: Rule) -> float:
    return rule.height_at((rule.left + rule.right) / 2)
