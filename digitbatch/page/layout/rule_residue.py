"""Strokes like 1 that go on above and below as a fainter line: the residue of a rule or frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.connected_components import Components
from digitbatch.stages.line_removal.faint_rules import levels_across, stands_out
from digitbatch.types import Image


@dataclass(frozen=True, slots=True)
class Residue:
    """How a stroke goes on as a line."""

    thin: float = 0.3  # of its height: a wider component is no such stroke
    beyond: float = 0.6  # of its height: how far it must go on, above and below
    gap_px: int = 2  # beside its ends, where it is blurred
    shown: float = 0.7  # of that way it is darker than both sides


RESIDUE: Final = Residue()


def goes_on(components: Components, line: Sequence[int], levels: Image) -> bool:
    """Whether one of a line's strokes goes on beyond both of its ends.

    Args:
        components: The ink of a sheet.
        line: Which of it are the line's digits.
        levels: (H, W) uint8 of the sheet before thresholding, light ink on black.
    """
    for index in line:
        if components.width[index] > RESIDUE.thin * components.height[index]:
            continue
        own = np.asarray(components.own(index), np.bool_)
        high = len(own)
        third = max(1, high // 3)
        head, foot = _middle(own[:third]), _middle(own[-third:])
        lean = (foot - head) / max(1, high - third)
        box = components.box(index)
        beyond, aside = round(RESIDUE.beyond * high), box.width // 2 + 2
        above = np.arange(box.top - RESIDUE.gap_px - beyond, box.top - RESIDUE.gap_px)
        below = np.arange(box.bottom + RESIDUE.gap_px, box.bottom + RESIDUE.gap_px + beyond)
        start = box.left + head - lean * (box.top + third / 2)
        ways = [(rows, np.asarray(start + lean * rows, np.float64)) for rows in (above, below)]
        if all(_shown(levels, rows, columns, aside) >= RESIDUE.shown for rows, columns in ways):
            return True
    return False


def _middle(own: NDArray[np.bool_]) -> float:
    return float(np.flatnonzero(own.any(axis=0)).mean()) if own.any() else own.shape[1] / 2


def _shown(
    levels: Image, rows: NDArray[np.int64], columns: NDArray[np.float64], aside: int
) -> float:
    """On how much of a way the levels are darker than on both sides."""
    height, width = levels.shape
    at = np.rint(columns).astype(np.int64)
    inside = (rows >= 0) & (rows < height) & (at >= 0) & (at < width)
    if not inside.any():
        return 0.0
    # Along a stroke: across rules, so of the turned sheet.
    darker = stands_out(levels_across(levels.T, rows[inside], at[inside], aside))
    return float(np.count_nonzero(darker) / len(rows))
