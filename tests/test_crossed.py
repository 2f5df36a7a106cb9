"""Boxes that are crossed out: surely a cross, in its place, or a person looks at the field."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitbatch.config import Config, Zone
from digitbatch.networks.runtime import open_networks
from digitbatch.packaged import default_model
from digitbatch.page.segments import Segment, tight_segment
from digitbatch.reading import read_page
from digitbatch.reading.evidence import evidence_of
from digitbatch.reading.field_doubts import Seen, Sureness
from digitbatch.reading.field_results import field_result
from digitbatch.synth.strokes import Hand
from digitbatch.text.classification import as_candidates, as_crops
from digitbatch.text.crossed_boxes import crossed_boxes, is_cross, sure_crosses
from digitbatch.text.field_text import joined_boxes
from digitbatch.text.hypothesis import CrossedBox, DigitHypothesis, Hypothesis
from digitbatch.types import OTHER, Box, FieldResult, Image, Networks, Page, PageRef
from tests.made_units import made_networks

SIZE = 40.0  # of the digits
_STYLES = {2: "round", 3: "round", 5: "one_stroke"}
HAND = Hand(styles=_STYLES, slant_deg=4, aspect=1.0, pen=0.08)
UPRIGHT = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def strokes(*lines: tuple[tuple[float, float], ...], thick: int = 4, high: float = SIZE) -> Image:
    """Strokes through points in fractions of a digit's height, tight."""
    ink = np.zeros((80, 80), np.uint8)
    for line in lines:
        points = [[round(10 + high * x), round(10 + high * y)] for x, y in line]
        cv2.polylines(ink, [np.array(points)], False, 255, thick, cv2.LINE_AA)
    return tight(ink)


def tight(ink: Image) -> Image:
    """Ink without its empty margin."""
    segment = tight_segment(ink, 0, 0)
    assert segment is not None
    return segment.ink


FALLING, RISING = ((0.1, 0.1), (0.9, 0.9)), ((0.1, 0.9), (0.9, 0.1))
CROSS = strokes(FALLING, RISING)


class TestShape:
    @given(
        ends=st.lists(st.floats(-0.1, 0.1), min_size=8, max_size=8),
        thick=st.integers(2, 6), high=st.floats(0.8 * SIZE, 1.2 * SIZE),
    )  # fmt: skip
    @settings(max_examples=60, deadline=None)
    def test_two_strokes_that_cross_are_a_cross(
        self, ends: list[float], thick: int, high: float
    ) -> None:
        """Wherever in the corners of a box they begin and end, and with any pen."""
        a, b, c, d, e, f, g, h = ends
        falling = ((0.1 + a, 0.1 + b), (0.9 + c, 0.9 + d))
        rising = ((0.1 + e, 0.9 + f), (0.9 + g, 0.1 + h))
        assert is_cross(strokes(falling, rising, thick=thick, high=high), SIZE)

    @pytest.mark.parametrize("label", range(10))
    def test_no_digit_is_a_cross(self, label: int) -> None:
        """In forty hands."""
        for seed in range(40):
            rng = np.random.default_rng([label, seed])
            assert not is_cross(tight(Hand.draw(rng)(label, rng, SIZE)), SIZE)

    @pytest.mark.parametrize(
        "ink",
        [
            strokes(((0.1, 0.5), (0.9, 0.5))),
            strokes(((0.1, 0.5), (0.9, 0.5)), ((0.5, 0.1), (0.5, 0.9))),
            strokes(RISING),
            strokes(((0.5, 0.5), (0.9, 0.9)), RISING),
            strokes(FALLING, RISING, ((0.1, 0.1), (0.1, 0.9))),
            strokes(FALLING, RISING, ((0.1, 0.1), (0.9, 0.1))),
            strokes(((0.1, 0.1), (0.0, 0.6), (0.9, 0.5)), ((0.9, 0.0), (0.3, 1.0))),
            strokes(((0.1, 0.0), (0.9, 0.0), (0.3, 1.0)), ((0.1, 0.5), (0.8, 0.5))),
            strokes(FALLING, RISING, high=0.4 * SIZE),
            strokes(FALLING, RISING, thick=22),
            np.hstack([CROSS, np.zeros((len(CROSS), 8), np.uint8), CROSS[:, 14:18]]),
        ],
        ids=[
            "dash", "plus", "stroke", "y", "wall", "eight", "open four", "barred seven", "small",
            "blot", "and another stroke",
        ],
    )  # fmt: skip
    def test_other_ink_is_none(self, ink: Image) -> None:
        """A dash may be a minus, strokes that only meet a 7, a third stroke makes a 4 or an 8."""
        assert not is_cross(ink, SIZE)


class TestRule:
    def test_the_network_must_agree_and_its_doubt_is_kept(self) -> None:
        """As likely no digit as nine in ten; of crops, whose prior is not that of candidates."""
        shape = Segment(CROSS, Box(0, 0, CROSS.shape[1], CROSS.shape[0]))
        answers = np.zeros((2, 11), np.float32)
        answers[:, OTHER], answers[:, 4] = (0.95, 0.85), (0.05, 0.15)
        found = sure_crosses([None, shape, shape, None], answers)
        assert [cross is not None for cross in found] == [False, True, False, False]
        assert found[1] is not None
        assert found[1].doubt == pytest.approx(-np.log(0.95), rel=1e-4)
        assert np.allclose(as_crops(as_candidates(answers)), answers, atol=1e-5)

    @pytest.mark.parametrize(
        ("read", "left_out", "count", "are"),
        [
            ((2,), {0, 1}, (0, 3), {0, 1}),
            ((1, 2), {0}, (0, 3), {0}),
            ((0, 1), {2}, (0, 3), {2}),
            ((1, 2), set(), (0, 3), set()),
            ((0, 2), {1}, (0, 3), set()),  # between digits
            ((1, 2), {2}, (0, 3), set()),  # in a digit's box
            ((1, 2), {0, 2}, (0, 3), set()),  # one of them is
            ((2,), {0}, (0, 3), set()),  # what stood in the box between?
            ((1, 2), {3}, (0, 4), set()),  # no cross
            ((1, 2), {0, 3}, (0, 4), set()),
            ((1, 2), {0}, (3, 3), set()),  # too few digits
            ((), {0, 1, 2}, (0, 3), set()),
            ((1, 2), {0}, None, set()),
        ],
    )
    def test_crosses_stand_beside_the_number(
        self, read: tuple[int, ...], left_out: set[int], count: tuple[int, int], are: set[int]
    ) -> None:
        """All that is left out is a cross, or none of it is taken for one."""
        cross = CrossedBox(Segment(CROSS, Box(0, 0, 10, 10)), 0.01)
        assert crossed_boxes(read, left_out, [cross, cross, cross, None], count) == are


def boxed_digit(digit: int, left: int, share: float = 0.99) -> Hypothesis:
    """One digit in a box of its own."""
    shares = np.full(11, (1 - share) / 10, np.float32)
    shares[digit] = share
    segment = Segment(np.full((30, 15), 255, np.uint8), Box(left, 0, left + 15, 30))
    return Hypothesis((DigitHypothesis(segment, shares),), (), 0.9)


class TestField:
    def test_a_cross_speaks_by_its_own_doubt_alone(self) -> None:
        """It is a mark, and no ink that nothing explains."""
        readings = [boxed_digit(OTHER, 0, 0.9), boxed_digit(5, 40), boxed_digit(7, 80)]
        cross = CrossedBox(readings[0].places[0].segment, 0.25)
        plain = joined_boxes(readings, (0, 3)).hypothesis
        joined = joined_boxes(readings, (0, 3), [cross, None, None])
        apart = joined.hypothesis
        assert joined.boxes == (1, 2)
        assert (apart.crossed, apart.left_over) == ((cross,), ())
        assert apart.margin == pytest.approx(0.81)
        before, after = (evidence_of([one], [30.0], made_networks())[0] for one in (plain, apart))
        assert before is not None
        assert after is not None
        assert after.doubts[:-1] == before.doubts
        assert 0 < after.doubts[-1] < 1 - np.exp(-0.25)  # less than of a digit so doubtful
        sure = Sureness(0.999, is_enough=True)
        seen = Seen("n", 30.0, UPRIGHT, (0, 3))
        entry = field_result(apart, seen, sure)
        assert (entry.text, entry.status, entry.message) == ("57", "ok", "")
        assert [(mark.kind, mark.box) for mark in entry.marks] == [("other", cross.segment.box)]
        assert field_result(plain, seen, sure).status == "review"


@pytest.fixture(scope="module")
def networks() -> Networks:
    """The default weights."""
    return open_networks(default_model())


def read_boxes(written: str, networks: Networks, digits: int | tuple[int, int]) -> FieldResult:
    """A row of boxes with digits, "x" for a cross and a blank for an empty box."""
    rng = np.random.default_rng(5)
    page = np.full((160, 620), 250, np.uint8)
    for box, char in enumerate(written):
        left = 60 + 70 * box
        cv2.rectangle(page, (left, 40), (left + 60, 114), 90, 2)
        if char == " ":
            continue
        ink = CROSS if char == "x" else HAND(int(char), rng, 46.0)
        y, x = 77 - ink.shape[0] // 2, left + 30 - ink.shape[1] // 2
        part = page[y : y + ink.shape[0], x : x + ink.shape[1]]
        np.minimum(part, 250 - np.minimum(ink, 230), out=part)
    right = (60 + 70 * len(written)) / 620
    zone = Zone(name="n", box=(50 / 620, 30 / 160, right, 124 / 160), digits=digits)
    return read_page(Page(PageRef("n.png", 1), page), Config(fields=(zone,)), networks).fields[0]


@pytest.mark.parametrize("written", ["xx35", "x352", "35xx"])
def test_crossed_out_boxes_are_no_reason_for_review(written: str, networks: Networks) -> None:
    """They are marks, and the message does not name them."""
    entry = read_boxes(written, networks, (0, 4))
    assert entry.text == written.replace("x", "")
    assert len(entry.marks) == written.count("x")
    assert "left out" not in entry.message


@pytest.mark.parametrize("written", ["x3x5", "x 35", "3x52", "xxxx"])
def test_crosses_elsewhere_are(written: str, networks: Networks) -> None:
    """Between digits, away from them or without any a cross may have another meaning."""
    entry = read_boxes(written, networks, (0, 4))
    assert entry.status == "review"
    assert "left out" in entry.message
