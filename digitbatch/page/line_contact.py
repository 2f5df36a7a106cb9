"""Digits that touch a printed line, and how they would look with its ink: strokes hide in lines.

The base of a 2 that was written on a line goes with the line, and leaves a 7.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from digitbatch.page.segments import Segment, merged, tight_segment
from digitbatch.types import Box, Image


@dataclass(frozen=True, slots=True)
class ContactTuning:
    """Which digits touch a line, and what of it may be theirs. Set on real forms with zones."""

    least_px: int = 2  # pixels of a line beside a digit's ink
    aside: float = 0.15  # of a digit's size: so far beyond its box to each side,
    aside_px: int = 2  # at least so far,
    beyond_px: int = 6  # and so far above and below
    least_of_digit: float = 0.5  # digit heights: what is lower is no digit
    inked: int = 127  # level of a segment's ink


TUNED: Final = ContactTuning()


@dataclass(frozen=True, slots=True)
class LineContact:
    """A digit that touches a printed line."""

    box: Box  # of its ink, on the sheet
    completed: Segment  # with what it touches of the line


def line_contacts(
    segments: Sequence[Segment], lines: Image, at: tuple[int, int], digit_height_px: float
) -> tuple[LineContact, ...]:
    """The digits of a zone that touch its printed lines.

    `lines`: (H, W) uint8, what was taken out as lines, 255 on 0. `at`: left and top of that on the
    sheet.
    """
    tall = (one for one in segments if one.box.height >= TUNED.least_of_digit * digit_height_px)
    found = ((one.box, _completed(_with_parts(one, segments), lines, at)) for one in tall)
    return tuple(LineContact(box, whole) for box, whole in found if whole is not None)


def _with_parts(segment: Segment, segments: Sequence[Segment]) -> Segment:
    """A digit with the pieces above and below it that a line parted from it."""
    parts = [
        one
        for one in segments
        if one.box.left >= segment.box.left and one.box.right <= segment.box.right
    ]
    return segment if len(parts) == 1 else merged(parts)


def _completed(segment: Segment, lines: Image, at: tuple[int, int]) -> Segment | None:
    """A digit with the pieces of lines that touch it; None where none does."""
    height, width = lines.shape
    left, top = segment.box.left - at[0], segment.box.top - at[1]
    aside = max(round(TUNED.aside * segment.size_px), TUNED.aside_px)
    columns = slice(max(0, left - aside), min(width, left + segment.box.width + aside))
    rows = slice(
        max(0, top - TUNED.beyond_px), min(height, top + segment.box.height + TUNED.beyond_px)
    )
    near = lines[rows, columns] > 0
    if not near.any():
        return None
    own = np.zeros(near.shape, np.uint8)
    y, x = top - rows.start, left - columns.start
    own[y : y + segment.box.height, x : x + segment.box.width] = segment.ink
    beside = cv2.dilate(np.asarray(own > TUNED.inked, np.uint8), np.ones((3, 3), np.uint8)) > 0
    touched = beside & near
    if np.count_nonzero(touched) < TUNED.least_px:
        return None
    _, labels = cv2.connectedComponents(np.asarray(near, np.uint8), connectivity=8)
    theirs = near & np.isin(labels, np.unique(labels[touched]))
    whole = np.where(theirs, np.uint8(255), own)
    return tight_segment(whole, columns.start + at[0], rows.start + at[1])
