"""What each run of neighbouring segments might be, and the best way to read all of a line's ink.

Over-segmentation with recognition-driven search: ink that may be several digits is parted at more
places than needed, every run of neighbours that is not too wide becomes a candidate, the network
judges the candidates ("other" tells segments and pairs from digits), and the path through them that
explains the line best is taken (Y. LeCun et al., 1998, section IV; C.-L. Liu et al., Lexicon-driven
segmentation and recognition of handwritten character strings, PAMI 24, 2002).
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.segments import Segment, merged
from digitbatch.stages.contours import Contours
from digitbatch.text.segmentation import Oversegmented, oversegmented
from digitbatch.types import OTHER, Probabilities


@dataclass(frozen=True, slots=True)
class Oversegmentation:
    """What the lattice of a line may hold; lengths in digit heights."""

    surely_one: float = 0.9  # in digit heights; wider components are tried as several in any case
    sure: float = 0.95  # a whole component this likely a digit, and not wide, is not parted
    most_primitives: int = 7  # a digit is never in more parts than this
    most_parts: int = 4  # nor in more components
    tallest: float = 1.9
    several_width: float = 0.45  # what is narrower is one digit,
    several_height: float = 0.5  # what is lower is one,
    several_aspect: float = 0.5  # and so is what is narrower than this of its own height
    widest_gap: float = 0.35  # between two parts of one digit


TUNED: Final = Oversegmentation()
WIDEST: Final = 1.45  # in digit heights


@dataclass(frozen=True, slots=True)
class Candidate:
    """Primitive segments `first` to `last` (exclusive) as one digit."""

    first: int
    last: int
    segment: Segment
    component: int | None = None  # which component it is, if it is one as it stands


@dataclass(frozen=True, slots=True)
class Seam:
    """Where a component is cut."""

    component: int
    top: int  # row of the sheet where it begins
    columns: NDArray[np.int64] = field(repr=False, compare=False)  # (height,) of the sheet
    sides: tuple[int, int] = (0, 0)  # the primitives before and behind it


@dataclass(frozen=True, slots=True)
class Lattice:
    """Everything that a line's ink could be."""

    digit_height_px: float
    primitives: tuple[Segment, ...]  # from left to right
    candidates: tuple[Candidate, ...]
    sources: tuple[int, ...] = ()  # which component each primitive is of
    seams: tuple[Seam, ...] = ()  # along which components are cut, from left to right in each


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
    cut = [
        oversegmented(segment, digit_height_px)
        if segmenter.cut_touching and may_be_several(segment, posterior, digit_height_px)
        else Oversegmented((segment,))
        for segment, posterior in zip(segments, whole, strict=True)
    ]
    owned = [
        (part, component, number)
        for component, own in enumerate(cut)
        for number, part in enumerate(own.parts)
    ]
    owned.sort(key=lambda each: each[0].center_x)
    primitives = [part for part, _, _ in owned]
    sources = [component for _, component, _ in owned]
    places = {(component, number): at for at, (_, component, number) in enumerate(owned)}
    components = _spans(sources, len(segments))
    found = {span: segments[component] for span, component in components.items()}
    if segmenter.join_fragments:
        found |= _unions(found, digit_height_px)
    found |= _joins(primitives, sources, found, digit_height_px, segmenter)
    candidates = [Candidate(*span, found[span], components.get(span)) for span in sorted(found)]
    seams = tuple(_seams(segments, cut, places))
    return Lattice(digit_height_px, tuple(primitives), tuple(candidates), tuple(sources), seams)


def _joins(
    primitives: Sequence[Segment],
    sources: Sequence[int],
    known: Container[tuple[int, int]],
    size: float,
    segmenter: Contours,
) -> dict[tuple[int, int], Segment]:
    """Every run of neighbouring primitives that may be one digit and is not known yet."""
    return {
        (first, last): merged(primitives[first:last])
        for first in range(len(primitives))
        for last in _ends(primitives, first, size)
        if (segmenter.join_fragments or len(set(sources[first:last])) == 1)
        and (first, last) not in known
    }


def _seams(
    segments: Sequence[Segment],
    cut: Sequence[Oversegmented],
    places: Mapping[tuple[int, int], int],
) -> Iterator[Seam]:
    """The seams of components; `places`: which primitive each part of each component is.

    A slanted seam may leave the part before it farther right than the one behind.
    """
    for component, (segment, own) in enumerate(zip(segments, cut, strict=True)):
        numbers = range(len(own.parts) - 1)
        for columns, number in zip(own.seams, numbers, strict=False):  # a part may hold no ink
            sides = places[component, number], places[component, number + 1]
            yield Seam(component, segment.box.top, columns + segment.box.left, sides)


def _spans(sources: Sequence[int], count: int) -> dict[tuple[int, int], int]:
    """Which component has which primitives, where nothing of another stands between them.

    Args:
        sources: Which component each primitive is of, from left to right.
        count: How many components there are.
    """
    positions: list[list[int]] = [[] for _ in range(count)]
    for position, component in enumerate(sources):
        positions[component].append(position)
    return {
        (own[0], own[-1] + 1): component
        for component, own in enumerate(positions)
        if own[-1] - own[0] == len(own) - 1
    }


def _unions(wholes: dict[tuple[int, int], Segment], size: float) -> dict[tuple[int, int], Segment]:
    """Neighbouring components together, however many primitives they were parted into."""
    joined: dict[tuple[int, int], Segment] = {}
    spans = sorted(wholes)
    for number, (first, last) in enumerate(spans):
        members, end = [wholes[first, last]], last
        box = members[0].box
        for next_first, next_last in spans[number + 1 : number + TUNED.most_parts]:
            if next_first != end:
                break
            members.append(wholes[next_first, next_last])
            end = next_last
            box = box.union(members[-1].box)
            if box.width > WIDEST * size or box.height > TUNED.tallest * size:
                break
            joined[first, end] = merged(members)
    return joined


def may_be_several(segment: Segment, probabilities: NDArray[np.float32], size: float) -> bool:
    """Whether a component is worth parting; `probabilities` (11,) is what it is as a whole."""
    width, height = segment.box.width, segment.box.height
    if probabilities[:OTHER].max() > TUNED.sure and width < TUNED.surely_one * size:
        return False
    wide = width > TUNED.several_width * size and width > TUNED.several_aspect * height
    return wide and height > TUNED.several_height * size


def _ends(primitives: Sequence[Segment], first: int, size: float) -> list[int]:
    """Where a digit that begins with an primitive may end."""
    ends = [first + 1]
    box = primitives[first].box
    for last in range(first + 1, min(len(primitives), first + TUNED.most_primitives)):
        more = primitives[last].box
        gap = more.left - box.right
        box = box.union(more)
        if (
            box.width > WIDEST * size
            or box.height > TUNED.tallest * size
            or gap > TUNED.widest_gap * size
        ):
            break
        ends.append(last + 1)
    return ends
