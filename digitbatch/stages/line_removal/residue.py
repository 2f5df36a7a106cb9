"""What stays of printed lines when they are taken out: ink that lies nowhere but on them."""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from digitbatch.stages.line_removal.printed_line import Line
from digitbatch.types import Image

REST_PX: Final = 3
"""Pixels beside a line: ink that is nowhere farther off is a rest of it."""


def without_rests(
    mask: Image, rows: Sequence[Line], columns: Sequence[Line], *, row_aside_px: int = REST_PX
) -> Image:
    """Drop the components that lie nowhere but on lines.

    Args:
        mask: (H, W) uint8, ink 255 on 0.
        rows: Lines along it.
        columns: Lines across it, as rules of the turned mask.
        row_aside_px: How far a rest of a row may lie off its course; more for thick ones.

    Returns:
        (H, W) uint8.
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
