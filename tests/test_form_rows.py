"""What becomes a row of a printed form, and where one of its lines ends."""

import numpy as np
import pytest

from digitbatch.acceptance.reasons import ReviewReason
from digitbatch.page.connected_components import connected_components
from digitbatch.page.ink_classes import InkEvidence
from digitbatch.page.layout.reading_order import in_reading_order
from digitbatch.page.layout.text_lines import divided
from digitbatch.page.regions import Region
from digitbatch.page.segments import Segment
from digitbatch.reading.fields import is_number
from digitbatch.text.hypothesis import DigitHypothesis, Hypothesis
from digitbatch.text.page_context import beside_print
from digitbatch.types import Box, DigitResult, FieldResult, Image, Mark
from tests.made_units import made_unit

HERE = Box(0, 0, 1, 1)


def row(sure: list[float], marks: int = 0, *reasons: ReviewReason) -> FieldResult:
    """A row for review with digits that are so sure."""
    digits = tuple(DigitResult("4", each, HERE) for each in sure)
    codes = tuple(reason.code for reason in reasons)
    other = (Mark("other", HERE),) * marks
    return FieldResult(
        "line-01", "review", "4" * len(sure), digits=digits, marks=other, reasons=codes
    )


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (row([0.99, 0.4, 0.99]), True),
        (row([0.99, 0.4, 0.3]), False),  # a word of which one letter looks like a digit
        (row([0.99, 0.99], 2), True),
        (row([0.99, 0.4], 1), False),
        (row([0.95]), True),
        (row([0.7]), False),
        (row([0.999, 0.95], 0, ReviewReason.ONLY_STROKES), False),
        (row([0.999, 0.99], 0, ReviewReason.ONLY_STROKES), True),
        (FieldResult("line-01", "review"), True),
    ],
)
def test_what_is_hardly_read_is_no_number(entry: FieldResult, expected: bool) -> None:
    """On a form, words by hand and ticks are not for a person to look at as numbers."""
    assert is_number(entry) == expected


def ink_of(boxes: list[Box]) -> Image:
    """A page with blocks of ink."""
    mask = np.zeros((200, 900), np.uint8)
    for box in boxes:
        mask[box.top : box.bottom, box.left : box.right] = 255
    return mask


def standing(*lefts: int, height: int = 40) -> list[Box]:
    """Blocks on one level."""
    return [Box(left, 100 - height // 2, left + 20, 100 + height // 2) for left in lefts]


@pytest.mark.parametrize(("height", "parts"), [(30, [2, 2]), (14, [4])])
def test_print_between_parts_a_line(height: int, parts: list[int]) -> None:
    """A label stands between two fields; a point of print does not."""
    digits = standing(20, 60, 300, 340)
    components = connected_components(ink_of([*digits, *standing(180, height=height)]))
    is_print = components.left == 180
    line = [at for at in np.argsort(components.left).tolist() if not is_print[at]]
    assert [len(part) for part in divided(components, [line], is_print)] == parts


def told(
    digits: list[Box], *, unread: list[Box] | None = None, doubtful: tuple[Box, ...] = ()
) -> tuple[str, ...]:
    """What is said of a number on a page with words far away."""
    components = connected_components(ink_of([*digits, *(unread or [])]))
    words = InkEvidence.with_print(
        components, np.zeros(len(components), np.bool_), (Box(0, 0, 60, 8),), 8.0
    )
    words = InkEvidence(components, words.posterior, words.lines, 8.0, doubtful=doubtful)
    shares = np.eye(11, dtype=np.float32)[4]
    places = tuple(
        DigitHypothesis(Segment(np.full((box.height, box.width), 255, np.uint8), box), shares)
        for box in digits
    )
    (unit,) = beside_print((made_unit(Hypothesis(places, (), 1.0)),), words)
    return tuple(finding.reason.code for finding in unit.findings)


def test_ink_that_is_not_read_makes_doubt() -> None:
    """A digit that is in no line leaves a number that looks whole."""
    digits = standing(20, 60, 100, 140)
    assert "ink-beside" not in told(digits)
    assert "ink-beside" in told(digits, unread=standing(200))
    assert "ink-beside" not in told(digits, unread=standing(200, height=10))
    assert "ink-beside" not in told(digits, unread=[Box(20, 160, 40, 198)])


def test_what_went_for_print_makes_doubt() -> None:
    """Where it may have been a digit."""
    digits = standing(20, 60, 100, 140)
    assert "print-beside" not in told(digits)
    assert "print-beside" in told(digits, doubtful=(Box(220, 80, 240, 120),))


def test_much_paper_makes_doubt() -> None:
    """Out of tables, a number ends where the paper is wide."""
    assert "may-be-two" not in told(standing(20, 60, 100, 140))
    assert "may-be-two" in told(standing(20, 60, 300, 340))


def line_at(left: int, *, of_points: bool = False) -> Region:
    """A line of one piece of ink, or of a point alone."""
    piece = Segment(np.full((40, 20), 255, np.uint8), Box(left, 0, left + 20, 40))
    return Region("", 40.0, () if of_points else (piece,), (piece,) if of_points else ())


def test_lines_side_by_side_go_from_left_to_right() -> None:
    """A form is read level by level, however the middles of its fields differ."""
    placed = [(104.0, 20), (100.0, 600), (180.0, 10), (98.0, 300)]
    ordered = in_reading_order([(middle, line_at(left)) for middle, left in placed])
    assert [line.segments[0].box.left for _, line in ordered] == [20, 300, 600, 10]
    assert in_reading_order([]) == []
    alone = (100.0, line_at(5, of_points=True))
    assert in_reading_order([(100.0, line_at(40)), alone])[0] == alone
