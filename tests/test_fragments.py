"""Fragments that stand beside a digit may be all that is left of another."""

import numpy as np
import pytest

from digitbatch.page.segments import Segment, merged
from digitbatch.text.hypothesis import DigitHypothesis
from digitbatch.text.lattice import Lattice
from digitbatch.text.page_context import has_fragment_beside
from digitbatch.types import Box

SIZE = 40.0


def segment(left: int, top: int, width: int, height: int) -> Segment:
    """Full ink."""
    box = Box(left, top, left + width, top + height)
    return Segment(np.full((height, width), 255, np.uint8), box)


def joined(*primitives: Segment, was_cut: bool = False) -> bool:
    """Whether a digit made of these is doubted."""
    lattice = Lattice(SIZE, primitives, ())
    whole = DigitHypothesis(
        merged(primitives), np.zeros(11, np.float32), was_cut, (0, len(primitives))
    )
    return has_fragment_beside(lattice, whole)


DIGIT = segment(20, 10, 24, 40)


@pytest.mark.parametrize("left", [4, 60])
def test_a_speck_beside_a_digit_is_doubted(left: int) -> None:
    """On either side, where a fine 1 would stand."""
    assert joined(*sorted([DIGIT, segment(left, 15, 5, 9)], key=lambda p: p.box.left))


def test_a_part_over_or_under_a_digit_belongs_to_it() -> None:
    """The bar of a 5 stands over its belly, and reaches a little farther."""
    assert not joined(DIGIT, segment(36, 2, 12, 5))


def test_a_large_part_is_no_fragment() -> None:
    """Halves of a digit that broke apart are seen by the network as what they are."""
    assert not joined(segment(20, 10, 12, 40), segment(38, 10, 12, 38))


def test_a_digit_of_one_segment_has_none() -> None:
    """Nothing was joined."""
    assert not joined(DIGIT)


def test_cuts_have_none() -> None:
    """What the line network parts is no fragment."""
    assert not joined(DIGIT, segment(60, 15, 5, 9), was_cut=True)
