"""How likely a step through a lattice is by the shapes and places of its ink, as logarithms."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from digitbatch.page.segments import Segment
from digitbatch.text.lattice import WIDEST


@dataclass(frozen=True, slots=True)
class StepScores:
    """What a step through a lattice weighs, as logarithms."""

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


TUNED: Final = StepScores()


def shape_score(segment: Segment, digit: int, size: float) -> float:
    """How unlikely a digit of this size is, as a logarithm; only cuts are judged by their width.

    Whole components keep the shape in which they were written; a cut may make anything.
    """
    score = 0.0
    height = segment.box.height
    if height < TUNED.low * size:
        score -= TUNED.low_price * (TUNED.low - height / size)
    if segment.box.width > WIDEST * size:  # a word of digits is no digit, whatever the network says
        score -= TUNED.wide_price * (segment.box.width / size - WIDEST)
    if segment.cut_left or segment.cut_right:
        usual = TUNED.cut_width_of_1 if digit == 1 else TUNED.cut_width
        off = (segment.box.width / height - usual) / TUNED.cut_width_spread
        score -= TUNED.cut_width_weight * off**2
        if not segment.cut_left:
            score -= TUNED.touching
        elif segment.cut_right:
            score -= TUNED.between
    return score


def gap_score(primitives: Sequence[Segment], first: int, size: float) -> float:
    """How unlikely it is that a digit begins so near to the ink before it, as a logarithm.

    Fragments of one digit stand closer than digits do. Cuts have no gap and a price of their own.
    """
    if first == 0 or primitives[first].cut_left:
        return 0.0
    if (
        min(primitive.box.height for primitive in primitives[first - 1 : first + 1])
        >= TUNED.tall * size
    ):
        return 0.0
    gap = (primitives[first].box.left - primitives[first - 1].box.right) / size
    return -TUNED.close * min(1.0, max(0.0, (TUNED.gap - gap) / (2 * TUNED.gap)))


def join_score(primitives: Sequence[Segment], size: float) -> float:
    """How unlikely it is that these are one digit, as a logarithm, for what they are alone.

    A 1 close to a 2 looks like a 2 beside a rest of a rule, which the network reads as a 2. And a 6
    with a broken 1 behind it is as sure a 6 as without: parts of one digit stand over each other,
    or nearly so.
    """
    if len(primitives) == 1:
        return 0.0
    whole = [
        primitive for primitive in primitives if not (primitive.cut_left or primitive.cut_right)
    ]
    tall = sum(primitive.box.height >= TUNED.tall * size for primitive in whole)
    right = primitives[0].box.right
    gap = 0
    for primitive in primitives[1:]:
        gap = max(gap, primitive.box.left - right)
        right = max(right, primitive.box.right)
    apart = max(0.0, gap / size - TUNED.parts_near)
    return -TUNED.tall_parts * max(0, tall - 1) - TUNED.parts_apart * apart


def noise_score(segment: Segment, size: float) -> float:
    """How unlikely it is that this ink is no digit and no part of one, as a logarithm."""
    larger = (segment.size_px / size - TUNED.speck) / TUNED.half
    return -TUNED.noise - TUNED.noise_price * min(1.0, max(0.0, larger))
