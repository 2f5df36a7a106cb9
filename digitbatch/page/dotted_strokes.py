"""A fine stroke that broke into specks, one over the other in a digit's place: a 1, most likely."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from digitbatch.page.points import is_speck
from digitbatch.page.segments import Segment, merged

_LARGEST: Final = 0.35  # digit heights: what is larger is no speck of a fine stroke
_LEAST: Final = 3  # two are a colon
_WIDE: Final = 0.3  # digit heights that they stand apart at most, from left to right
_HIGH: Final = 0.75  # digit heights from the first one's top to the last one's foot, at least
_FREE: Final = 0.06  # digit heights of paper to each side of them


def with_dotted_strokes(
    segments: Sequence[Segment], digit_height_px: float
) -> tuple[tuple[Segment, ...], bool]:
    """The segments of a line, specks that make a stroke as one, and whether there are any.

    Args:
        segments: All of the line's, in any order.
        digit_height_px: Height of its digits.
    """
    size = digit_height_px
    small = [p for p in segments if p.size_px <= _LARGEST * size and not is_speck(p, size)]
    if len(small) < _LEAST:
        return tuple(segments), False
    large = [p for p in segments if p.size_px > _LARGEST * size]
    small.sort(key=lambda segment: segment.center_x)
    strokes: list[list[Segment]] = []
    rest = small
    while rest:
        first = rest[0]
        own = [p for p in rest if p.box.right - first.box.left <= _WIDE * size]
        rest = [p for p in rest if p not in own] if own else rest[1:]
        if len(own) >= _LEAST and _is_stroke(own, large, size):
            strokes.append(own)
    used = {id(segment) for own in strokes for segment in own}
    kept = [segment for segment in segments if id(segment) not in used]
    return (*kept, *(merged(own) for own in strokes)), bool(strokes)


def _is_stroke(own: Sequence[Segment], large: Sequence[Segment], size: float) -> bool:
    box = own[0].box
    for segment in own[1:]:
        box = box.union(segment.box)
    free = _FREE * size
    beside = all(
        other.box.left - box.right >= free or box.left - other.box.right >= free for other in large
    )
    order = sorted(own, key=lambda segment: segment.box.top)
    stacked = all(below.box.top >= above.box.bottom - 1 for above, below in pairwise(order))
    return beside and stacked and box.height >= _HIGH * size
