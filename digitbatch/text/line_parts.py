"""A field in parts that the line network reads well, from left to right."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import numpy as np

from digitbatch.page.points import is_speck
from digitbatch.page.segments import Segment
from digitbatch.text.decode import Hypothesis
from digitbatch.types import OTHER, Image

_WIDEST_GAP: Final = (
    0.6  # digit heights between two digits, for the line network; it knows no wider
)
_LONGEST: Final = 12  # digits that it is asked about at once; it learned no longer lines


@dataclass(frozen=True, slots=True)
class LinePart:
    """Some digits of a field, side by side."""

    digits: tuple[Segment, ...]
    text: str  # what they are
    ink: Image  # (height, width) uint8, light ink on black


def line_parts(reading: Hypothesis, digit_height_px: float) -> list[LinePart]:
    """The ink of a field, parted at its widest gaps into what the line network reads well.

    What no digit explains is in it, too, so that the line network can speak against the text. Gaps
    are made as narrow as it knows them.
    """
    texts = {
        id(place.segment): str(int(place.probabilities[:OTHER].argmax()))
        for place in reading.places
    }
    loose = _unexplained(reading, digit_height_px)
    segments = sorted(
        [*(place.segment for place in reading.places), *loose], key=lambda segment: segment.box.left
    )
    found = []
    for part in _parted(segments, [id(segment) in texts for segment in segments]):
        digits = tuple(segment for segment in part if id(segment) in texts)
        text = "".join(texts[id(segment)] for segment in digits)
        ink = _side_by_side(part, round(_WIDEST_GAP * digit_height_px))
        found.append(LinePart(digits, text, ink))
    return found


def _parted(segments: Sequence[Segment], is_digit: Sequence[bool]) -> list[Sequence[Segment]]:
    """Segments from left to right in parts of few digits each, parted where the gaps are widest."""
    if sum(is_digit) <= _LONGEST:
        return [segments]
    rights = list(accumulate((segment.box.right for segment in segments), max))
    gaps = {
        at: segments[at].box.left - rights[at - 1]
        for at in range(1, len(segments))
        if any(is_digit[:at]) and any(is_digit[at:])
    }
    # Of gaps alike, the one nearest to the middle.
    at = max(gaps, key=lambda at: (gaps[at], -abs(2 * at - len(segments))))
    return [*_parted(segments[:at], is_digit[:at]), *_parted(segments[at:], is_digit[at:])]


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
    letters = {id(segment) for segment in reading.letters}
    return [
        segment
        for segment in reading.left_over
        if id(segment) not in letters and not is_speck(segment, digit_height_px)
    ]
