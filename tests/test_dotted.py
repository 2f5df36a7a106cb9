"""A fine stroke that broke into specks is one stroke."""

import numpy as np
import pytest

from digitbatch.acceptance.reasons import Finding, ReviewReason
from digitbatch.page.regions import parted
from digitbatch.page.segments import Segment
from digitbatch.page.small_ink import with_dotted_strokes
from digitbatch.types import Box

SIZE = 60.0


def segment(left: int, top: int, width: int, height: int) -> Segment:
    """Full ink."""
    box = Box(left, top, left + width, top + height)
    return Segment(np.full((height, width), 255, np.uint8), box)


DIGITS = (segment(0, 0, 40, 60), segment(80, 0, 40, 60))
SPECKS = (segment(60, 2, 6, 9), segment(58, 26, 5, 7), segment(57, 50, 5, 8))


def test_specks_over_each_other_are_a_stroke() -> None:
    """They stand where a digit would, and are as high as one together."""
    segments, found = with_dotted_strokes((*DIGITS, *SPECKS), SIZE)
    assert found
    assert [p.box for p in segments] == [DIGITS[0].box, DIGITS[1].box, Box(57, 2, 66, 58)]


def test_such_a_line_is_for_review() -> None:
    """Nobody can be sure of it, and none of them is a point."""
    ink = parted("", SIZE, (*DIGITS, *SPECKS))
    assert ink.findings == (Finding(ReviewReason.DOTTED_STROKE),)
    assert not ink.points


@pytest.mark.parametrize(
    "specks",
    [
        SPECKS[:2],  # a colon
        tuple(segment(60, 20 + 8 * n, 6, 7) for n in range(3)),  # dirt in the middle
        tuple(segment(44 + 14 * n, 2 + 24 * n, 6, 8) for n in range(3)),  # far apart
        tuple(segment(34, 2 + 24 * n, 5, 7) for n in range(3)),  # on a digit
    ],
)
def test_other_specks_stay_what_they_are(specks: tuple[Segment, ...]) -> None:
    """Colons, dirt, and parts of a digit beside it make no stroke."""
    segments, found = with_dotted_strokes((*DIGITS, *specks), SIZE)
    assert not found
    assert segments == (*DIGITS, *specks)
