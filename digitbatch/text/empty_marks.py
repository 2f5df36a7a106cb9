"""Marks that people write into a cell to say that there is no number: a dash, a tick, a T, a cross.

A digit that is taken for one would be missing, so each is asked of by its whole shape, and all of
the cell's ink must be the mark.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from digitbatch.config.tables import EmptyMark
from digitbatch.page.segments import Segment, merged
from digitbatch.text.crossed_boxes import is_cross

_Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class MarkShapes:
    """What the marks look like; lengths in the mark's own width or height, as their names say."""

    inked: int = 127  # level of the ink
    thickest: float = 0.35  # of its longer side: a stroke, up and down
    flat: float = 0.5  # of its width: a dash is no higher,
    dash_of_digit: float = 0.3  # and in digit heights no shorter
    solid: float = 0.9  # of a stroke's way there is ink
    bar: float = 0.3  # of its height: a T's bar is above that,
    barred: float = 0.75  # and so much of its width is in one row of it
    stem: float = 0.3  # of its height: below that a T is its stem alone,
    stem_width: float = 0.35  # of its width, which is no wider
    beside: float = 0.3  # of its width that the bar reaches beyond the stem on both sides
    slimmest: float = 0.45  # width over height of a T
    vertex: tuple[float, float] = (0.08, 0.5)  # of its width, where a tick's corner is
    short_arm: float = 0.12  # of its height that a tick's short arm rises, at least,
    long_arm: float = 0.6  # and its long one
    back: float = 0.08  # of its height that an arm may sink again


TUNED: Final = MarkShapes()


def empty_mark(
    ink: Sequence[Segment], marks: Sequence[EmptyMark], digit_height_px: float
) -> EmptyMark | None:
    """Which of the marks the ink of a cell is, all of it together; None: another thing."""
    if not ink or not marks:
        return None
    whole = merged(list(ink)).ink
    mask = whole > TUNED.inked
    if not mask.any():
        return None
    # A stroke may have been cut into segments: what hangs together counts.
    pieces = cv2.connectedComponents(np.asarray(mask, np.uint8))[0] - 1
    found: dict[EmptyMark, bool] = {
        "dash": pieces == 1 and _is_dash(mask, digit_height_px),
        "tick": pieces == 1 and _is_tick(mask),
        "T": pieces <= 2 and _is_t(mask),
        "cross": pieces <= 2 and is_cross(whole, digit_height_px),
    }
    return next((mark for mark in marks if found[mark]), None)


def _runs(mask: _Mask) -> tuple[NDArray[np.int64], NDArray[np.int64], bool]:
    """First and last inked row of each column that has ink, and whether all between is ink."""
    columns = mask[:, mask.any(axis=0)]
    first = columns.argmax(axis=0)
    last = len(columns) - 1 - columns[::-1].argmax(axis=0)
    share = columns.sum(axis=0) / (last - first + 1)
    return first, last, bool((share >= TUNED.solid).mean() >= TUNED.solid)


def _is_dash(mask: _Mask, digit_height_px: float) -> bool:
    height, width = mask.shape
    first, last, is_solid = _runs(mask)
    return (
        is_solid
        and height <= TUNED.flat * width
        and width >= TUNED.dash_of_digit * digit_height_px
        and len(first) >= TUNED.solid * width
        and int((last - first + 1).max()) <= TUNED.thickest * width
    )


def _is_t(mask: _Mask) -> bool:
    height, width = mask.shape
    bar = mask[: max(1, round(TUNED.bar * height))]
    stem = mask[round(TUNED.stem * height) :]
    across = np.flatnonzero(stem.any(axis=0))
    if width < TUNED.slimmest * height or not len(across):
        return False
    left, right = int(across[0]), int(across[-1]) + 1
    return (
        bool(bar.sum(axis=1).max() >= TUNED.barred * width)
        and bool(stem.any(axis=1).mean() >= TUNED.solid)
        and right - left <= TUNED.stem_width * width
        and min(left, width - right) >= TUNED.beside * width
    )


def _is_tick(mask: _Mask) -> bool:
    height, width = mask.shape
    first, last, is_solid = _runs(mask)
    if not is_solid or len(first) < TUNED.solid * width:
        return False
    low, high = TUNED.vertex
    corner = int(last.argmax())
    before, after = last[: corner + 1], last[corner:]
    back = TUNED.back * height
    return (
        low * width <= corner <= high * width
        and bool((np.diff(before) >= -back).all())
        and bool((np.diff(after) <= back).all())
        and int(last[corner] - before[0]) >= TUNED.short_arm * height
        and int(last[corner] - after[-1]) >= TUNED.long_arm * height
        and int(first[: corner + 1].min()) > int(first[corner:].min())
    )
