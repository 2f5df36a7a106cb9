"""What each run of neighbouring segments might be, and the best way to read all of a line's ink.

Over-segmentation with recognition-driven search: ink that may be several digits is parted at more
places than needed, every run of neighbours that is not too wide becomes a candidate, the network
judges the candidates ("other" tells segments and pairs from digits), and the path through them that
explains the line best is taken (Y. LeCun et al., 1998, section IV; C.-L. Liu et al., Lexicon-driven
segmentation and recognition of handwritten character strings, PAMI 24, 2002).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.segments import Segment, merged
from digitbatch.stages.contours import Contours
from digitbatch.text.segmentation import cut
from digitbatch.types import OTHER, Probabilities

_SURELY_ONE: Final = 0.9  # in digit heights; wider components are tried as several in any case
_SURE: Final = 0.95  # a whole component this likely a digit, and not wide, is not parted
_MOST_PRIMITIVES: Final = 7  # a digit is never in more parts than this
_MOST_PARTS: Final = 4  # nor in more components
WIDEST: Final = 1.45  # in digit heights
_TALLEST: Final = 1.9
_WIDEST_GAP: Final = 0.35  # between two parts of one digit


@dataclass(frozen=True, slots=True)
class Candidate:
    """Atoms `first` to `last` (exclusive) as one digit."""

    first: int
    last: int
    segment: Segment


@dataclass(frozen=True, slots=True)
class Lattice:
    """Everything that a line's ink could be."""

    digit_height_px: float
    primitives: tuple[Segment, ...]  # from left to right
    candidates: tuple[Candidate, ...]
    sources: tuple[int, ...] = ()  # which component each primitive is of


def build_lattice(
    segments: Sequence[Segment],
    whole: Probabilities,
    digit_height_px: float,
    segmenter: Contours | None = None,
) -> Lattice:
    """Part what may be several digits, and list what the parts might be together.

    Args:
        segments: A line's components as they are, in any order.
        whole: (len(segments), 11) what the network says of each.
        digit_height_px: Height of the line's digits.
        segmenter: Whether components may be parted and joined at all.
    """
    segmenter = segmenter or Contours()
    primitives: list[Segment] = []
    wholes: list[tuple[list[int], Segment]] = []
    for segment, probabilities in zip(segments, whole, strict=True):
        parts = [segment]
        if segmenter.cut_touching and may_be_several(segment, probabilities, digit_height_px):
            parts = cut(segment, digit_height_px)
        wholes.append((list(range(len(primitives), len(primitives) + len(parts))), segment))
        primitives += parts
    order = sorted(range(len(primitives)), key=lambda i: (primitives[i].center_x, i))
    place = {primitive: position for position, primitive in enumerate(order)}
    primitives = [primitives[i] for i in order]
    found: dict[tuple[int, int], Segment] = {}
    source = [0] * len(primitives)  # which component each is of
    for component, (members, segment) in enumerate(wholes):
        positions = sorted(place[i] for i in members)
        for position in positions:
            source[position] = component
        if positions[-1] - positions[0] == len(positions) - 1:  # nothing of another segment between
            found[positions[0], positions[-1] + 1] = segment
    if segmenter.join_fragments:
        found |= _unions(found, digit_height_px)
    for first in range(len(primitives)):
        for last in _ends(primitives, first, digit_height_px):
            may_join = segmenter.join_fragments or len(set(source[first:last])) == 1
            if may_join and (first, last) not in found:
                found[first, last] = merged(primitives[first:last])
    candidates = tuple(Candidate(*span, found[span]) for span in sorted(found))
    return Lattice(digit_height_px, tuple(primitives), candidates, tuple(source))


def _unions(wholes: dict[tuple[int, int], Segment], size: float) -> dict[tuple[int, int], Segment]:
    """Neighbouring components together, however many primitives they were parted into."""
    joined: dict[tuple[int, int], Segment] = {}
    spans = sorted(wholes)
    for number, (first, last) in enumerate(spans):
        members, end = [wholes[first, last]], last
        box = members[0].box
        for next_first, next_last in spans[number + 1 : number + _MOST_PARTS]:
            if next_first != end:
                break
            members.append(wholes[next_first, next_last])
            end = next_last
            box = box.union(members[-1].box)
            if box.width > WIDEST * size or box.height > _TALLEST * size:
                break
            joined[first, end] = merged(members)
    return joined


def may_be_several(segment: Segment, probabilities: NDArray[np.float32], size: float) -> bool:
    """Whether a component is worth parting; `probabilities` (11,) is what it is as a whole."""
    width, height = segment.box.width, segment.box.height
    if probabilities[:OTHER].max() > _SURE and width < _SURELY_ONE * size:
        return False
    return width > 0.45 * size and height > 0.5 * size and width > 0.5 * height


def _ends(primitives: Sequence[Segment], first: int, size: float) -> list[int]:
    """Where a digit that begins with an primitive may end."""
    ends = [first + 1]
    box = primitives[first].box
    for last in range(first + 1, min(len(primitives), first + _MOST_PRIMITIVES)):
        more = primitives[last].box
        gap = more.left - box.right
        box = box.union(more)
        if box.width > WIDEST * size or box.height > _TALLEST * size or gap > _WIDEST_GAP * size:
            break
        ends.append(last + 1)
    return ends
