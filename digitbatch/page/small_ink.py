"""Small ink beside digits: decimal points and commas, and specks of a stroke that broke."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from digitbatch.page.segments import Segment, box_around, merged
from digitbatch.types import Box

DECIMAL: Final = ("point", "comma")
"""The kinds of marks that part a number's decimals."""


@dataclass(frozen=True, slots=True)
class PointTuning:
    """What a point or comma is. "Of digit" is in heights of the line's digits."""

    speck_of_digit: float = 0.09  # ink up to this is dirt and says nothing
    largest_of_digit: float = 0.32  # its longer side at the most
    widest_of_digit: float = 0.25  # its width at the most
    comma_length: float = 1.6  # height over width from which it is a comma
    above_of_digit: float = 0.3  # how far above the baseline its middle may be
    below_of_digit: float = 0.5  # and how far below
    raised_of_digit: float = 0.8  # how far above it may be where a decimal point is expected,
    hanging_of_digit: float = 0.48  # its longer side where one is expected, and it hangs so far
    hangs_of_digit: float = 0.12  # below the baseline, and rises
    rises_of_digit: float = 0.3  # no farther above it: a long comma
    falls_of_digit: float = 0.1  # nor begins farther below it: a rest of a printed line
    widest_hanging_of_digit: float = 0.35  # and its width
    raised_length: float = 1.5  # and its height over its width then: a short 1 is no point
    standing_of_digit: float = 0.55  # segments from this height on stand on the baseline
    overlap: float = 0.35  # of its width; more of it under a digit makes it a part of that digit


POINT: Final = PointTuning()


def is_speck(segment: Segment, digit_height_px: float) -> bool:
    """Whether the ink is so small that it is dirt."""
    return segment.size_px <= POINT.speck_of_digit * digit_height_px


def is_point(
    segment: Segment, line: Sequence[Segment], digit_height_px: float, *, is_decimal: bool = False
) -> bool:
    """Whether a segment of a line is a point or a comma.

    A fragment of a digit stands over or under the rest of it; a point stands beside. `is_decimal`:
    Whether one is expected; some are written at half the digits' height.
    """
    size = digit_height_px
    if is_speck(segment, size) or segment.size_px > POINT.hanging_of_digit * size:
        return False
    standing = [other for other in line if other.box.height >= POINT.standing_of_digit * size]
    if not standing:
        return False
    near = sorted(standing, key=lambda other: abs(other.center_x - segment.center_x))[:2]
    base = sum(other.box.bottom for other in near) / len(near)
    middle = (segment.box.top + segment.box.bottom) / 2
    if is_decimal and _is_hanging(segment.box, base, size):
        return True  # no part of a digit hangs so
    if (
        segment.size_px > POINT.largest_of_digit * size
        or segment.box.width > POINT.widest_of_digit * size
    ):
        return False
    is_raised = is_decimal and segment.box.height <= POINT.raised_length * segment.box.width
    above = POINT.raised_of_digit if is_raised else POINT.above_of_digit
    if not -above * size <= middle - base <= POINT.below_of_digit * size:
        return False
    under = max(
        min(segment.box.right, other.box.right) - max(segment.box.left, other.box.left)
        for other in near
    )
    return under <= POINT.overlap * segment.box.width


def _is_hanging(box: Box, base: float, size: float) -> bool:
    """Whether ink begins about the baseline and ends below it, as a long comma does."""
    return (
        box.width <= POINT.widest_hanging_of_digit * size
        and box.height > box.width
        and box.bottom - base >= POINT.hangs_of_digit * size
        and -POINT.falls_of_digit <= (base - box.top) / size <= POINT.rises_of_digit
        and (box.top + box.bottom) / 2 - base <= POINT.below_of_digit * size
    )


def mark_kind(
    segment: Segment, line: Sequence[Segment], digit_height_px: float, *, is_decimal: bool = False
) -> str:
    """What ink is that no digit explains: "point", "comma" or "other"; see `is_point`."""
    if not is_point(segment, line, digit_height_px, is_decimal=is_decimal):
        return "other"
    return "comma" if segment.box.height > POINT.comma_length * segment.box.width else "point"


@dataclass(frozen=True, slots=True)
class EncircledTuning:
    """When ink stands within other ink: a digit in a circle is a 0 that has something in it."""

    least_of_digit: float = 0.3  # digit heights: what is smaller is a speck
    inked: int = 127  # level of a segment's ink


ENCIRCLED: Final = EncircledTuning()


def encircled(segments: Sequence[Segment], digit_height_px: float) -> bool:
    """Whether some of a line's ink stands within other ink of it, which is on all four sides."""
    least_px = ENCIRCLED.least_of_digit * digit_height_px
    return any(
        outer.box.holds(inner.box) and _is_around(outer, inner.box)
        for inner in segments
        if inner.size_px >= least_px
        for outer in segments
        if outer is not inner
    )


def _is_around(outer: Segment, box: Box) -> bool:
    """Whether there is ink above, below, left and right of a box's middle, beyond the box."""
    ink = outer.ink > ENCIRCLED.inked
    left, top = box.left - outer.box.left, box.top - outer.box.top
    right, bottom = left + box.width, top + box.height
    column, row = ink[:, (left + right) // 2], ink[(top + bottom) // 2]
    sides = column[:top], column[bottom:], row[:left], row[right:]
    return all(bool(side.any()) for side in sides)


@dataclass(frozen=True, slots=True)
class DottedTuning:
    """When specks are a stroke. "Of digit" is in heights of the line's digits."""

    largest_of_digit: float = 0.35  # what is larger is no speck of a fine stroke
    least_specks: int = 3  # two are a colon
    widest_of_digit: float = 0.3  # they stand apart at the most, from left to right
    highest_gap_px: int = 1  # a speck may begin so far above the foot of the one over it
    tall_of_digit: float = 0.75  # from the first one's top to the last one's foot, at least
    free_of_digit: float = 0.06  # of paper to each side of them


DOTTED: Final = DottedTuning()


def with_dotted_strokes(
    segments: Sequence[Segment], digit_height_px: float
) -> tuple[tuple[Segment, ...], bool]:
    """The segments of a line, specks that make a stroke as one, and whether there are any."""
    size = digit_height_px
    largest = DOTTED.largest_of_digit * size
    large = [segment for segment in segments if segment.size_px > largest]
    strokes = [
        own
        for own in _columns(segments, size)
        if len(own) >= DOTTED.least_specks and _is_stroke([segments[n] for n in own], large, size)
    ]
    used = {number for own in strokes for number in own}
    kept = [segment for number, segment in enumerate(segments) if number not in used]
    joined = (merged([segments[number] for number in own]) for own in strokes)
    return (*kept, *joined), bool(strokes)


def _columns(segments: Sequence[Segment], size: float) -> Iterator[list[int]]:
    """Which specks stand in one place of a digit's, place by place from the left."""
    rest = [
        number
        for number, segment in enumerate(segments)
        if segment.size_px <= DOTTED.largest_of_digit * size and not is_speck(segment, size)
    ]
    rest.sort(key=lambda number: segments[number].center_x)
    while rest:
        left, widest = segments[rest[0]].box.left, DOTTED.widest_of_digit * size
        own = [number for number in rest if segments[number].box.right - left <= widest]
        rest = [number for number in rest if number not in own] if own else rest[1:]
        yield own


def _is_stroke(own: Sequence[Segment], large: Sequence[Segment], size: float) -> bool:
    box = box_around(own)
    free = DOTTED.free_of_digit * size
    beside = all(
        other.box.left - box.right >= free or box.left - other.box.right >= free for other in large
    )
    order = sorted(own, key=lambda segment: segment.box.top)
    stacked = all(
        below.box.top >= above.box.bottom - DOTTED.highest_gap_px
        for above, below in pairwise(order)
    )
    return beside and stacked and box.height >= DOTTED.tall_of_digit * size
