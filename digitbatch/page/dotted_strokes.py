"""A fine stroke that broke into specks, one over the other in a digit's place: a 1, most likely."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from digitbatch.page.points import is_speck
from digitbatch.page.segments import Segment, merged


@dataclass(frozen=True, slots=True)
class DottedTuning:
    """When specks are a stroke. "Of digit" is in heights of the line's digits."""

    largest_of_digit: float = 0.35  # what is larger is no speck of a fine stroke
    least_specks: int = 3  # two are a colon
    widest_of_digit: float = 0.3  # they stand apart at the most, from left to right
    highest_gap_px: int = 1  # a speck may begin so far above the foot of the one over it
    tall_of_digit: float = 0.75  # from the first one's top to the last one's foot, at least
    free_of_digit: float = 0.06  # of paper to each side of them


TUNED: Final = DottedTuning()


def with_dotted_strokes(
    segments: Sequence[Segment], digit_height_px: float
) -> tuple[tuple[Segment, ...], bool]:
    """The segments of a line, specks that make a stroke as one, and whether there are any.

    Args:
        segments: All of the line's, in any order.
        digit_height_px: Height of its digits.
    """
    size = digit_height_px
    largest = TUNED.largest_of_digit * size
    large = [segment for segment in segments if segment.size_px > largest]
    strokes = [
        own
        for own in _columns(segments, size)
        if len(own) >= TUNED.least_specks and _is_stroke([segments[n] for n in own], large, size)
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
        if segment.size_px <= TUNED.largest_of_digit * size and not is_speck(segment, size)
    ]
    rest.sort(key=lambda number: segments[number].center_x)
    while rest:
        left, widest = segments[rest[0]].box.left, TUNED.widest_of_digit * size
        own = [number for number in rest if segments[number].box.right - left <= widest]
        rest = [number for number in rest if number not in own] if own else rest[1:]
        yield own


def _is_stroke(own: Sequence[Segment], large: Sequence[Segment], size: float) -> bool:
    box = own[0].box
    for segment in own[1:]:
        box = box.union(segment.box)
    free = TUNED.free_of_digit * size
    beside = all(
        other.box.left - box.right >= free or box.left - other.box.right >= free for other in large
    )
    order = sorted(own, key=lambda segment: segment.box.top)
    stacked = all(
        below.box.top >= above.box.bottom - TUNED.highest_gap_px for above, below in pairwise(order)
    )
    return beside and stacked and box.height >= TUNED.tall_of_digit * size
