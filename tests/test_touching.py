"""What becomes of groups that the line network reads."""

import numpy as np
import pytest

from digitbatch.page.segments import Segment
from digitbatch.text.ctc_groups import group_texts, touching_groups
from digitbatch.text.decode import decode
from digitbatch.text.hypothesis import Cause, Group
from digitbatch.text.lattice import build_lattice
from digitbatch.types import Box
from tests.fake_answers import Answer, shares

SIZE = 40.0


def wide_segment() -> Segment:
    """Ink of the width of three digits."""
    return Segment(np.full((40, 90), 255, np.uint8), Box(10, 5, 100, 45))


def test_ink_that_is_no_digit_is_left_over() -> None:
    """A cross among digits that touch is named, not forgotten."""
    segment = wide_segment()
    lattice = build_lattice([segment], shares(3, 0.99)[None], SIZE)
    answers = np.stack([shares(3, 0.3)] * len(lattice.candidates))
    first = decode(lattice, answers)
    (group,) = touching_groups(lattice, first)
    reading = decode(lattice, answers, None, group_texts(group, Answer("4?7")))
    assert [int(p.probabilities.argmax()) for p in reading.places] == [4, 7]
    assert [p.group for p in reading.places] == [(0, 0), (0, 1)]
    (mark,) = reading.left_over
    assert mark.cause is Cause.NOISE
    assert mark.segment.box.left == pytest.approx(40, abs=1)
    assert mark.segment.box.right == pytest.approx(70, abs=1)


@pytest.mark.parametrize(("is_wide", "expected"), [(False, 0.6), (True, 0.9)])
def test_two_readers_of_one_digit_weigh_alike(is_wide: bool, expected: float) -> None:
    """Of an unsure digit both are asked; of a wide one the network for single digits knows less."""
    group = Group(0, 1, wide_segment(), (4,), shares(4, 0.3), is_wide)
    (text,) = group_texts(group, Answer("4", 0.9))
    assert np.exp(text.log_probability) == pytest.approx(expected, abs=1e-6)
