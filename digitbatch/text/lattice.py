"""What each run of neighbouring segments might be, and what a step through all of them weighs.

Over-segmentation with recognition-driven search: ink that may be several digits is parted at more
places than needed, every run of neighbours that is not too wide becomes a candidate, the network
judges the candidates ("other" tells segments and pairs from digits), and the path through them that
explains the line best is taken (Y. LeCun et al., 1998, section IV; C.-L. Liu et al., Lexicon-driven
segmentation and recognition of handwritten character strings, PAMI 24, 2002).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitbatch.page.segments import Segment, merged
from digitbatch.stages.crops import Contours
from digitbatch.text.segmentation import Oversegmented, oversegmented
from digitbatch.types import OTHER, Box, Probabilities


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


@dataclass(frozen=True, slots=True)
class StepScores:
    """How likely a step is by the shapes and places of its ink, as logarithms."""

    low: float = 0.4  # digit heights: what is lower is hardly a digit; the price of a height less:
    low_price: float = 25.0
    wide_price: float = 12.0  # of a digit height beyond the widest
    cut_width: float = 0.62  # of its height: how wide a digit that was cut is
    cut_width_of_1: float = 0.28
    cut_width_spread: float = 0.35
    cut_width_weight: float = 0.25
    noise: float = 0.15  # of ink that is no part of a digit, be it ever so small; then up to the
    noise_price: float = 9.0  # price of all that is larger than a digit's half and a speck
    speck: float = 0.10  # digit heights
    half: float = 0.5  # digit heights
    touching: float = 3.0  # minus the log of how often a component is several digits
    between: float = 0.75  # and of each digit with a neighbour on both sides
    close: float = 2.0  # minus the log of how often digits stand so close that their boxes overlap
    gap: float = 0.08  # digit heights from which a gap says nothing
    tall: float = 0.75  # digit heights from which a component may well be a digit of its own
    tall_parts: float = 4.0  # minus the log of how often a digit has two such parts
    parts_near: float = 0.05  # digit heights of paper between two parts of a digit that say nothing
    parts_apart: float = 0.7  # the price of a digit height more, on the same scale


TUNED: Final = Oversegmentation()
STEPS: Final = StepScores()
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
        digit_height_px: Of the line's digits.
        segmenter: Whether components may be parted and joined at all.
    """
    segmenter = segmenter or Contours()
    may_cut = segmenter.cut_touching
    cut = [
        _cut(segment, digit_height_px, posterior if may_cut else None)
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
    may_join = segmenter.join_fragments
    for first, last in _runs(primitives, None if may_join else sources, digit_height_px):
        if (first, last) not in found:
            found[first, last] = merged(primitives[first:last])
    candidates = [Candidate(*span, found[span], components.get(span)) for span in sorted(found)]
    seams = tuple(_seams(segments, cut, places))
    return Lattice(digit_height_px, tuple(primitives), tuple(candidates), tuple(sources), seams)


def _seams(
    segments: Sequence[Segment], cut: Sequence[Oversegmented], places: Mapping[tuple[int, int], int]
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
    """Which component has which primitives, where nothing of another stands between them."""
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
            if _is_too_large(box, size):
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


def _is_too_large(box: Box, size: float) -> bool:
    return box.width > WIDEST * size or box.height > TUNED.tallest * size


def _cut(segment: Segment, size: float, posterior: NDArray[np.float32] | None) -> Oversegmented:
    """A component in parts, where it may be several digits; None: it may not be parted."""
    if posterior is None or not may_be_several(segment, posterior, size):
        return Oversegmented((segment,))
    return oversegmented(segment, size)


def _runs(
    primitives: Sequence[Segment], sources: Sequence[int] | None, size: float
) -> Iterator[tuple[int, int]]:
    """Every run of neighbouring primitives that may be one digit.

    `sources`: Which component each is of, where a digit is of one; None: where it may be of more.
    """
    for first in range(len(primitives)):
        for last in _ends(primitives, first, size):
            if sources is None or len(set(sources[first:last])) == 1:
                yield first, last


def _ends(primitives: Sequence[Segment], first: int, size: float) -> list[int]:
    """Where a digit that begins with a primitive may end."""
    ends = [first + 1]
    box = primitives[first].box
    for last in range(first + 1, min(len(primitives), first + TUNED.most_primitives)):
        more = primitives[last].box
        gap = more.left - box.right
        box = box.union(more)
        if _is_too_large(box, size) or gap > TUNED.widest_gap * size:
            break
        ends.append(last + 1)
    return ends


def shape_score(segment: Segment, digit: int, size: float) -> float:
    """How unlikely a digit of this size is, as a logarithm; only cuts are judged by their width.

    Whole components keep the shape in which they were written; a cut may make anything.
    """
    score = 0.0
    height = segment.box.height
    if height < STEPS.low * size:
        score -= STEPS.low_price * (STEPS.low - height / size)
    if segment.box.width > WIDEST * size:  # a word of digits is no digit, whatever the network says
        score -= STEPS.wide_price * (segment.box.width / size - WIDEST)
    if segment.cut_left or segment.cut_right:
        usual = STEPS.cut_width_of_1 if digit == 1 else STEPS.cut_width
        off = (segment.box.width / height - usual) / STEPS.cut_width_spread
        score -= STEPS.cut_width_weight * off**2
        if not segment.cut_left:
            score -= STEPS.touching
        elif segment.cut_right:
            score -= STEPS.between
    return score


def gap_score(primitives: Sequence[Segment], first: int, size: float) -> float:
    """How unlikely it is that a digit begins so near to the ink before it, as a logarithm.

    Fragments of one digit stand closer than digits do. Cuts have no gap and a price of their own.
    """
    if first == 0 or primitives[first].cut_left:
        return 0.0
    before, own = (primitive.box for primitive in primitives[first - 1 : first + 1])
    if min(before.height, own.height) >= STEPS.tall * size:
        return 0.0
    gap = (own.left - before.right) / size
    return -STEPS.close * min(1.0, max(0.0, (STEPS.gap - gap) / (2 * STEPS.gap)))


def join_score(primitives: Sequence[Segment], size: float) -> float:
    """How unlikely it is that these are one digit, as a logarithm, for what they are alone.

    A 1 close to a 2 looks like a 2 beside a rest of a rule, which the network reads as a 2. And a 6
    with a broken 1 behind it is as sure a 6 as without: parts of one digit stand over each other,
    or nearly so.
    """
    if len(primitives) == 1:
        return 0.0
    whole = (one.box for one in primitives if not (one.cut_left or one.cut_right))
    tall = sum(box.height >= STEPS.tall * size for box in whole)
    right = primitives[0].box.right
    gap = 0
    for primitive in primitives[1:]:
        gap = max(gap, primitive.box.left - right)
        right = max(right, primitive.box.right)
    apart = max(0.0, gap / size - STEPS.parts_near)
    return -STEPS.tall_parts * max(0, tall - 1) - STEPS.parts_apart * apart


def noise_score(segment: Segment, size: float) -> float:
    """How unlikely it is that this ink is no digit and no part of one, as a logarithm."""
    larger = (segment.size_px / size - STEPS.speck) / STEPS.half
    return -STEPS.noise - STEPS.noise_price * min(1.0, max(0.0, larger))
