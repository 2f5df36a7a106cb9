"""A field in parts that the line network reads well, from left to right."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import numpy as np

from digitbatch.page.points import is_speck
from digitbatch.page.segments import Segment
from digitbatch.text.decode import Hypothesis, Letter
from digitbatch.types import CLASSES, Image


@dataclass(frozen=True, slots=True)
class LineParting:
    """What the line network reads well; it learned no longer lines and no wider gaps."""

    widest_gap: float = 0.6  # digit heights between two digits
    longest: int = 12  # digits that it is asked about at once


TUNED: Final = LineParting()


@dataclass(frozen=True, slots=True)
class LinePart:
    """Some digits of a field, side by side."""

    digits: tuple[int, ...]  # which of the hypothesis's
    text: str  # what they are
    ink: Image  # (height, width) uint8, light ink on black


def line_parts(reading: Hypothesis, digit_height_px: float) -> list[LinePart]:
    """The ink of a field, parted at its widest gaps into what the line network reads well.

    What no digit explains is in it, too, so that the line network can speak against the text. Gaps
    are made as narrow as it knows them.
    """
    inked = [(place.segment, at) for at, place in enumerate(reading.places)]
    inked += [(segment, _NO_DIGIT) for segment in _unexplained(reading, digit_height_px)]
    inked.sort(key=lambda each: each[0].box.left)
    found = []
    for part in _parted(inked):
        digits = tuple(at for _, at in part if at != _NO_DIGIT)
        text = "".join(CLASSES[reading.places[at].digit] for at in digits)
        widest_px = round(TUNED.widest_gap * digit_height_px)
        found.append(LinePart(digits, text, _side_by_side([s for s, _ in part], widest_px)))
    return found


_NO_DIGIT: Final = -1
_Inked = Sequence[tuple[Segment, int]]
"""Segments from left to right, and which digit each is, or `_NO_DIGIT`."""


def _parted(inked: _Inked) -> list[_Inked]:
    """Segments in parts of few digits each, parted where the gaps are widest."""
    is_digit = [at != _NO_DIGIT for _, at in inked]
    if sum(is_digit) <= TUNED.longest:
        return [inked]
    segments = [segment for segment, _ in inked]
    rights = list(accumulate((segment.box.right for segment in segments), max))
    gaps = {
        at: segments[at].box.left - rights[at - 1]
        for at in range(1, len(segments))
        if any(is_digit[:at]) and any(is_digit[at:])
    }
    # Of gaps alike, the one nearest to the middle.
    at = max(gaps, key=lambda at: (gaps[at], -abs(2 * at - len(segments))))
    return [*_parted(inked[:at]), *_parted(inked[at:])]


def _side_by_side(segments: Sequence[Segment], widest_px: int) -> Image:
    """Segments from left to right as one picture, without what gaps between them have too much."""
    lefts = []
    right = segments[0].box.left  # of all ink so far, on the sheet
    taken = 0  # from gaps
    for segment in segments:
        taken += max(0, segment.box.left - right - widest_px)
        lefts.append(segment.box.left - taken)
        right = max(right, segment.box.right)
    first, top = lefts[0], min(segment.box.top for segment in segments)
    width = max(left + p.box.width for left, p in zip(lefts, segments, strict=True)) - first
    ink: Image = np.zeros((max(p.box.bottom for p in segments) - top, width), np.uint8)
    for left, segment in zip(lefts, segments, strict=True):
        down, across = segment.box.top - top, left - first
        part = ink[down : down + segment.box.height, across : across + segment.box.width]
        np.maximum(part, segment.ink, out=part)
    return ink


def _unexplained(reading: Hypothesis, digit_height_px: float) -> list[Segment]:
    """The ink of a field that nothing explains: a letter in a column of letters is explained."""
    return [
        left.segment
        for left in reading.left_over
        if left.letter is Letter.NO and not is_speck(left.segment, digit_height_px)
    ]
