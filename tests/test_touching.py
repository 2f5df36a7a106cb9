"""What becomes of groups that the line network reads."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitbatch.page.segments import Segment, tight_segment
from digitbatch.stages.crops import center_crop
from digitbatch.text.ctc_groups import group_texts, touching_groups
from digitbatch.text.decode import decode
from digitbatch.text.hypothesis import Cause, Group
from digitbatch.text.lattice import build_lattice
from digitbatch.types import Box, Image
from tests.fake_answers import Answer, shares

SIZE = 40.0


@dataclass(frozen=True)
class PutAt(Answer):
    """A text whose digits all stand in one box."""

    box: Box = field(default_factory=lambda: Box(0, 0, 1, 1))

    def boxes(self, text: str, ink: Image) -> list[Box]:  # noqa: ARG002 - wherever the ink is
        """The box."""
        return [self.box for _ in text]


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


@given(
    gaps=st.lists(st.integers(0, 89), max_size=60, unique=True),
    left=st.integers(0, 88),
    width=st.integers(1, 40),
    top=st.integers(0, 38),
)
def test_a_digit_always_has_ink(gaps: list[int], left: int, width: int, top: int) -> None:
    """Wherever the line network puts a digit, also into a gap, there is ink to make a crop of."""
    ink = np.zeros((40, 90), np.uint8)
    ink[10:30] = 255
    ink[:, gaps] = 0
    segment = tight_segment(ink, 10, 5)
    assert segment is not None
    box = segment.box
    left, top = min(left, box.width - 1), min(top, box.height - 1)
    put = Box(left, top, min(left + width, box.width), box.height)
    group = Group(0, 1, segment, (4,), shares(4, 0.9), True)
    (text,) = group_texts(group, PutAt("4", 0.9, put))
    ((place,), _) = text.write()
    assert place.segment.ink.shape == (place.segment.box.height, place.segment.box.width)
    assert center_crop(place.segment.ink).any()
