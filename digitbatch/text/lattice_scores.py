"""How likely a step through a lattice is by the shapes and places of its ink, as logarithms."""

from collections.abc import Sequence
from typing import Final

from digitbatch.page.segments import Segment
from digitbatch.text.lattice import WIDEST

_TOUCHING: Final = 3.0  # minus the log of how often a component is several digits
_BETWEEN: Final = 0.75  # and of each digit with a neighbour on both sides
_CLOSE: Final = 2.0  # minus the log of how often digits stand so close that their boxes overlap
_GAP: Final = 0.08  # digit heights from which a gap says nothing
_TALL: Final = 0.75  # digit heights from which a component may well be a digit of its own
_TALL_PARTS: Final = 4.0  # minus the log of how often a digit has two such parts
_PARTS_NEAR: Final = 0.05  # digit heights of paper between two parts of a digit that say nothing
_PARTS_APART: Final = 0.7  # the price of a digit height more, on the same scale


def shape_score(segment: Segment, digit: int, size: float) -> float:
    """How unlikely a digit of this size is, as a logarithm; only cuts are judged by their width.

    Whole components keep the shape in which they were written; a cut may make anything.
    """
    score = 0.0
    height = segment.box.height
    if height < 0.4 * size:
        score -= 25 * (0.4 - height / size)
    if segment.box.width > WIDEST * size:  # a word of digits is no digit, whatever the network says
        score -= 12 * (segment.box.width / size - WIDEST)
    if segment.cut_left or segment.cut_right:
        usual = 0.28 if digit == 1 else 0.62
        score -= 0.25 * ((segment.box.width / height - usual) / 0.35) ** 2
        if not segment.cut_left:
            score -= _TOUCHING
        elif segment.cut_right:
            score -= _BETWEEN
    return score


def gap_score(primitives: Sequence[Segment], first: int, size: float) -> float:
    """How unlikely it is that a digit begins so near to the ink before it, as a logarithm.

    Fragments of one digit stand closer than digits do. Cuts have no gap and a price of their own.
    """
    if first == 0 or primitives[first].cut_left:
        return 0.0
    if min(primitive.box.height for primitive in primitives[first - 1 : first + 1]) >= _TALL * size:
        return 0.0
    gap = (primitives[first].box.left - primitives[first - 1].box.right) / size
    return -_CLOSE * min(1.0, max(0.0, (_GAP - gap) / (2 * _GAP)))


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
    tall = sum(primitive.box.height >= _TALL * size for primitive in whole)
    right = primitives[0].box.right
    gap = 0
    for primitive in primitives[1:]:
        gap = max(gap, primitive.box.left - right)
        right = max(right, primitive.box.right)
    apart = max(0.0, gap / size - _PARTS_NEAR)
    return -_TALL_PARTS * max(0, tall - 1) - _PARTS_APART * apart


def noise_score(segment: Segment, size: float) -> float:
    """How unlikely it is that this ink is no digit and no part of one, as a logarithm."""
    return -0.15 - 9.0 * min(1.0, max(0.0, (segment.size_px / size - 0.10) / 0.5))
